//! An event on a bus, and the documents that are made of it.

use serde_json::value::RawValue;

use crate::{clock, ids};

/// An event. Its detail is kept as the sender wrote it, but for blanks: the order of its members reaches the targets.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(super) source: String,
    pub(super) detail_type: String,
    pub(super) account: String,
    pub(super) time_ms: u64,
    pub(super) region: String,
    pub(super) resources: Vec<String>,
    /// Compact JSON.
    pub(super) detail: String,
    pub(super) trace: Option<String>,
}

/// What a service that sends an event says of it.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// A new event of that source.
    New {
        source: String,
        detail_type: String,
        resources: Vec<String>,
    },
    /// The event of another bus, and over how many buses it came.
    Forwarded(Box<Event>, u32),
}

impl Event {
    /// A new event of now.
    pub(super) fn new(
        (account, region): (&str, &str),
        source: String,
        detail_type: String,
        resources: Vec<String>,
        time_ms: u64,
        detail: &str,
    ) -> Self {
        Self {
            id: ids::uuid(),
            source,
            detail_type,
            account: account.to_owned(),
            time_ms,
            region: region.to_owned(),
            resources,
            detail: compact(detail),
            trace: None,
        }
    }

    /// The event as targets get it. The order of the members is recorded.
    pub(crate) fn document(&self) -> String {
        let head = self.head("detail-type");
        format!("{head},\"detail\":{}}}", self.detail)
    }

    /// The event of the predefined variable `aws.events.event`: it has no detail, and `detailType` has another spelling. `[R]`
    pub(super) fn document_without_detail(&self) -> String {
        self.head("detailType") + "}"
    }

    fn head(&self, detail_type: &str) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let resources: Vec<_> = self.resources.iter().map(|one| quoted(one)).collect();
        format!(
            "{{\"version\":\"0\",\"id\":{},\"{detail_type}\":{},\"source\":{},\"account\":{},\"time\":{},\"region\":{},\"resources\":[{}]",
            quoted(&self.id),
            quoted(&self.detail_type),
            quoted(&self.source),
            quoted(&self.account),
            quoted(&clock::timestamp_s(self.time_ms)),
            quoted(&self.region),
            resources.join(",")
        )
    }
}

/// True if the text is a JSON object.
pub(super) fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{') && serde_json::from_str::<&RawValue>(text).is_ok()
}

/// JSON without the blanks between its tokens.
pub(super) fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    for character in json.chars() {
        if in_string {
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else if character.is_ascii_whitespace() {
            continue;
        } else {
            in_string = character == '"';
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_blanks_between_tokens_are_left_out() {
        let written = "{ \"b c\" : [ 1.50 , \"x \\\" y\\\\\" ] ,\n\"a\": { } }";
        let expected = "{\"b c\":[1.50,\"x \\\" y\\\\\"],\"a\":{}}";
        assert_eq!(compact(written), expected);
    }

    #[test]
    fn members_have_their_recorded_order_and_times_whole_seconds() {
        let mut event = Event::new(
            ("123456789012", "us-east-1"),
            "shop".into(),
            "a \"b\"".into(),
            vec!["r".into()],
            1_798_761_599_123,
            "{\"z\": 1, \"a\": 2}",
        );
        event.id = "i".into();
        assert_eq!(
            event.document(),
            r#"{"version":"0","id":"i","detail-type":"a \"b\"","source":"shop","account":"123456789012","time":"2026-12-31T23:59:59Z","region":"us-east-1","resources":["r"],"detail":{"z":1,"a":2}}"#
        );
    }
}
