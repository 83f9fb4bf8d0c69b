//! Why invocations failed, for the log's lines about deliveries: what the function itself wrote. Its answer has the ids of failed messages
//! and the public words of an error, and the reasons are in its log.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tokio::time::timeout;

use crate::local::tail::Tail;

/// How long the last lines of a function may take after its answer.
const LAST_LINES: Duration = Duration::from_millis(500);
/// How many reasons wait at most for somebody who asks.
const MOST: usize = 64;
/// The modules of the framework that log why a source failed.
const TARGETS: &str = "fw::source";

/// Reasons by request id, the latest last.
#[derive(Debug, Default)]
pub(super) struct Reasons(Mutex<VecDeque<(String, String)>>);

impl Reasons {
    /// Keeps the reason of an invocation, once its log is whole.
    pub(super) async fn note(&self, request_id: &str, tail: &Tail) {
        let _ = timeout(LAST_LINES, tail.ended()).await;
        if let Some(reason) = in_log(&tail.text()) {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if all.len() == MOST {
                all.pop_front();
            }
            all.push_back((request_id.to_owned(), reason));
        }
    }

    /// The reason of an invocation, which is forgotten.
    pub(super) fn take(&self, request_id: &str) -> Option<String> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = all.iter().position(|(id, _)| id == request_id)?;
        all.remove(at).map(|(_, reason)| reason)
    }
}

/// True if an answer reports messages of a batch as failed.
pub(super) fn reports_failures(answer: &[u8]) -> bool {
    serde_json::from_slice::<Value>(answer).is_ok_and(|answer| {
        let list = answer.get("batchItemFailures").and_then(Value::as_array);
        list.is_some_and(|list| !list.is_empty())
    })
}

/// What the sources of the framework logged as errors: the first, and how many more there are.
fn in_log(log: &str) -> Option<String> {
    let mut errors = log.lines().filter_map(in_line);
    let first = errors.next()?;
    Some(match errors.count() {
        0 => first,
        more => format!("{first} (and {more} more)"),
    })
}

/// The message of a line about an error of a source, in either of the log's formats.
fn in_line(line: &str) -> Option<String> {
    if line.starts_with('{') {
        let line: Value = serde_json::from_str(line).ok()?;
        let text = |name: &str| line.get(name).and_then(Value::as_str);
        let is_it = text("level") == Some("ERROR") && text("target")?.starts_with(TARGETS);
        return is_it.then(|| text("message").map(str::to_owned)).flatten();
    }
    let (_, rest) = line.split_once(" ERROR ")?;
    let (target, rest) = rest.trim_start().split_once(": ")?;
    if !target.starts_with(TARGETS) {
        return None;
    }
    // The fields stand behind the message.
    let ends = [" source=", " message_id="]
        .into_iter()
        .filter_map(|name| rest.rfind(name));
    let end = ends.min().unwrap_or(rest.len());
    rest.get(..end).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_read_from_both_formats_of_the_log() {
        let text = "START RequestId: 1 Version: $LATEST\n\
            2026-12-01T07:00:00.000Z  INFO shop: packing source=no\n\
            2026-12-01T07:00:00.000Z ERROR fw::source::sqs: sold out: no more of A1 source=ship message_id=5 receive_count=1 request_id=1\n\
            2026-12-01T07:00:00.000Z ERROR shop: not of the framework\n\
            END RequestId: 1\n";
        assert_eq!(in_log(text).as_deref(), Some("sold out: no more of A1"));
        let json = r#"{"timestamp":"t","level":"ERROR","requestId":"1","message":"sold out","target":"fw::source::serve","source":"ship"}
{"timestamp":"t","level":"ERROR","requestId":"1","message":"late","target":"fw::source::serve","source":"ship"}"#;
        assert_eq!(in_log(json).as_deref(), Some("sold out (and 1 more)"));
        for none in [
            "",
            "{",
            "an ERROR",
            "x ERROR fw::source",
            "{\"level\":\"ERROR\"}",
        ] {
            assert_eq!(in_log(none), None, "{none}");
        }
    }

    #[test]
    fn an_answer_that_reports_failures_is_told_from_others() {
        assert!(reports_failures(
            br#"{"batchItemFailures":[{"itemIdentifier":"1"}]}"#
        ));
        for other in ["", "null", "{}", r#"{"batchItemFailures":[]}"#, "[1]"] {
            assert!(!reports_failures(other.as_bytes()), "{other}");
        }
    }

    #[tokio::test]
    async fn a_reason_is_given_once_and_old_ones_are_forgotten() {
        let reasons = Reasons::default();
        let tail = Tail::default();
        tail.push("t ERROR fw::source::sqs: sold out source=ship");
        drop(tail.writer());
        for number in 0..=MOST {
            drop(tail.writer());
            reasons.note(&number.to_string(), &tail).await;
        }
        assert_eq!(reasons.take("0"), None);
        assert_eq!(reasons.take("1").as_deref(), Some("sold out"));
        assert_eq!(reasons.take("1"), None);
    }
}
