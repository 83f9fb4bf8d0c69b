//! Messages of the engine in the words that AWS has in `us-east-1`.
//!
//! DynamoDB words some refusals in two ways, by region. The engine has the newer words; ours are the older ones where a recorded answer
//! has them.

use serde_json::{Map, Value};

/// What messages quote of an input, kept while the engine has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quoted {
    segment: Option<i64>,
    segments: Option<i64>,
    returns: Option<String>,
}

impl Quoted {
    pub(crate) fn of(input: &Map<String, Value>) -> Self {
        let number = |name: &str| input.get(name).and_then(Value::as_i64);
        let returns = input.get("ReturnValues").and_then(Value::as_str);
        Self {
            segment: number("Segment"),
            segments: number("TotalSegments"),
            returns: returns.map(ToOwned::to_owned),
        }
    }
}

const NAME: &str = "1 validation error detected: Value at 'TableName' failed";
const LIMIT: &str = "1 validation error detected: Value at 'Limit' failed";
const RETURNS: &str = "Failed to satisfy constraint: Member must satisfy enum value set: [ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]";
const NO_CONDITION: &str = "can only be specified when using expressions";
const DUPLICATES: &str = "Input collection [";
const ZERO_BASED: &str =
    "The Segment parameter is zero-based and must be less than parameter TotalSegments";

/// The message in the older words, or `None` if they are the same.
pub(crate) fn older(operation: &str, quoted: &Quoted, text: &str) -> Option<String> {
    if let Some(rest) = text.strip_prefix(NAME) {
        return Some(format!(
            "1 validation error detected: Value '' at 'tableName' failed{rest}"
        ));
    }
    if let (Some(rest), "Scan") = (text.strip_prefix(LIMIT), operation) {
        return Some(format!(
            "1 validation error detected: Value '0' at 'limit' failed{rest}"
        ));
    }
    if let (Some(found), Some(position)) = (&quoted.returns, text.find(RETURNS)) {
        let named = format!(
            "Value '{found}' at 'returnValues' failed to satisfy constraint: Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"
        );
        let (before, after) = (&text[..position], &text[position + RETURNS.len()..]);
        let before = match before {
            "" => "1 validation error detected: ",
            before => before,
        };
        return Some(format!("{before}{named}{after}"));
    }
    if text.ends_with(NO_CONDITION) && matches!(operation, "PutItem" | "DeleteItem") {
        return Some(format!("{text}: ConditionExpression is null"));
    }
    if let Some((before, rest)) = text.split_once(DUPLICATES)
        && let Some((items, after)) = rest.split_once(']')
    {
        let items = items.replace('"', "");
        return Some(format!("{before}{DUPLICATES}{items}]{after}"));
    }
    if let (ZERO_BASED, Some(segment), Some(segments)) = (text, quoted.segment, quoted.segments) {
        return Some(format!(
            "{text}: Segment: {segment} is not less than TotalSegments: {segments}"
        ));
    }
    if operation == "BatchGetItem"
        && text.starts_with("1 validation error detected: Value at 'RequestItems'")
    {
        return Some("The requestItems parameter is required for BatchGetItem".into());
    }
    if let Some(rest) = text.strip_prefix("1 validation error detected: Value provided in ") {
        return Some(format!("Value provided in {rest}"));
    }
    if text.starts_with("Expected attribute name, got ") {
        return Some(format!(
            "Invalid KeyConditionExpression: Syntax error; {text}"
        ));
    }
    if text.starts_with("The number of query conditions (") {
        return Some("Query key condition not supported".into());
    }
    if text.starts_with("Collection size of items exceeded") && operation == "TransactWriteItems" {
        return Some("Transaction payload size cannot exceed 4MB".into());
    }
    if let Some((before, token)) = text.split_once("Expected number in brackets, got ") {
        return Some(format!(
            "{before}Syntax error; token: \"{token}\", near: \"[{token}\""
        ));
    }
    if text == "The provided starting key is invalid" {
        return Some(format!(
            "{text}: The provided key element does not match the schema"
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn newer_words_become_older_ones() {
        let quoted = Quoted {
            segment: Some(5),
            segments: Some(2),
            returns: Some("X".into()),
        };
        let older =
            |operation: &str, text: &str| older(operation, &quoted, text).unwrap_or_default();
        assert!(
            older("PutItem", &format!("{NAME} to x"))
                .contains("Value '' at 'tableName' failed to x")
        );
        assert!(older("Scan", &format!("{LIMIT} to x")).contains("Value '0' at 'limit' failed"));
        assert_eq!(older("Query", &format!("{LIMIT} to x")), "");
        assert!(
            older("UpdateItem", RETURNS)
                .starts_with("1 validation error detected: Value 'X' at 'returnValues'")
        );
        assert!(
            older("Scan", ZERO_BASED).ends_with("Segment: 5 is not less than TotalSegments: 2")
        );
        assert_eq!(
            older(
                "PutItem",
                "invalid: Input collection [\"a\", \"a\"] contains duplicates."
            ),
            "invalid: Input collection [a, a] contains duplicates."
        );
        let input = json!({"Segment": 1});
        assert_eq!(Quoted::of(input.as_object().unwrap()).segment, Some(1));
    }
}
