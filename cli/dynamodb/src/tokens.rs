//! Transactions with a `ClientRequestToken`: the same one within ten minutes is run once.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::failure::Failure;

/// How long a token is remembered.
const LIFE_MS: u64 = 10 * 60 * 1000;
/// The most characters of a token.
const LONGEST: usize = 36;

/// What was run with a token.
#[derive(Debug)]
struct Run {
    at_ms: u64,
    /// The actions. Other members of the input do not matter.
    actions: Value,
    answer: Vec<u8>,
}

/// The tokens of the last minutes, by operation.
#[derive(Debug, Default)]
pub(crate) struct Tokens(HashMap<(String, String), Run>);

impl Tokens {
    /// Runs an operation, or answers again what it answered with the same token.
    pub(crate) fn run(
        &mut self,
        operation: &str,
        input: Map<String, Value>,
        now_ms: u64,
        run: impl FnOnce(Map<String, Value>) -> Result<Vec<u8>, Failure>,
    ) -> Result<Vec<u8>, Failure> {
        let token = input.get("ClientRequestToken").and_then(Value::as_str);
        let Some(token) = token.map(ToOwned::to_owned) else {
            return run(input);
        };
        let bound = match token.chars().count() {
            0 => Some("greater than or equal to 1".to_owned()),
            length if length > LONGEST => Some(format!("less than or equal to {LONGEST}")),
            _ => None,
        };
        if let Some(bound) = bound {
            return Err(Failure::validation(&format!(
                "1 validation error detected: Value '{token}' at 'clientRequestToken' failed to satisfy constraint: Member must have length {bound}"
            )));
        }
        self.0
            .retain(|_, run| now_ms.saturating_sub(run.at_ms) < LIFE_MS);
        let actions = ["TransactItems", "TransactStatements"]
            .iter()
            .find_map(|name| input.get(*name).cloned())
            .unwrap_or_default();
        let key = (operation.to_owned(), token);
        if let Some(before) = self.0.get(&key) {
            if before.actions != actions {
                return Err(Failure::own(
                    "IdempotentParameterMismatchException",
                    "An error occurred (IdempotentParameterMismatchException)",
                ));
            }
            return Ok(as_read(&before.answer));
        }
        let answer = run(input)?;
        let done = Run {
            at_ms: now_ms,
            actions,
            answer: answer.clone(),
        };
        self.0.insert(key, done);
        Ok(answer)
    }
}

/// The answer of a transaction that is not run again: it consumed reads and no writes.
fn as_read(answer: &[u8]) -> Vec<u8> {
    let Ok(mut document) = serde_json::from_slice::<Value>(answer) else {
        return answer.to_vec();
    };
    let entries = document
        .get_mut("ConsumedCapacity")
        .and_then(Value::as_array_mut);
    for entry in entries.into_iter().flatten() {
        let Some(entry) = entry.as_object_mut() else {
            continue;
        };
        if let Some(units) = entry.remove("WriteCapacityUnits") {
            entry.insert("ReadCapacityUnits".into(), units);
        }
    }
    document.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_runs_once_in_ten_minutes() {
        let mut tokens = Tokens::default();
        let mut runs = 0;
        let mut call = |token: &str, actions: u32, now_ms| {
            let input = json!({"ClientRequestToken": token, "TransactItems": [actions]});
            let Value::Object(input) = input else {
                unreachable!()
            };
            let done = tokens.run("TransactWriteItems", input, now_ms, |_| {
                runs += 1;
                Ok(b"{}".to_vec())
            });
            (done.map_err(|failure| failure.message().to_owned()), runs)
        };
        assert_eq!(call("a", 1, 0), (Ok(b"{}".to_vec()), 1));
        assert_eq!(call("a", 1, 599_999), (Ok(b"{}".to_vec()), 1));
        assert!(call("a", 2, 599_999).0.unwrap_err().contains("Mismatch"));
        assert_eq!(call("a", 2, 600_000), (Ok(b"{}".to_vec()), 2));
        assert!(
            call(&"a".repeat(37), 1, 0)
                .0
                .unwrap_err()
                .contains("at 'clientRequestToken'")
        );
    }
}
