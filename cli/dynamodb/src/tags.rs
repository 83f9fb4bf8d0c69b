//! Tags: what AWS refuses of resources and tags, and the engine accepts.

use serde_json::{Map, Value};

use crate::failure::Failure;

/// Checks the resource and the tags of an input.
///
/// # Errors
/// `ValidationException`.
pub(crate) fn check(input: &Map<String, Value>) -> Result<(), Failure> {
    if let Some(arn) = input.get("ResourceArn").and_then(Value::as_str) {
        // Tables have tags, their indexes have none.
        if arn.contains("/index/") {
            return Err(Failure::validation(&format!(
                "Invalid TableArn: Invalid ResourceArn provided as input {arn}"
            )));
        }
    }
    check_tags(input)
}

/// Checks the tags of a new table, or those that a resource gets.
///
/// # Errors
/// `ValidationException` of the first tag with a character that tags cannot have, or of too many tags.
pub(crate) fn check_tags(input: &Map<String, Value>) -> Result<(), Failure> {
    let tags = input.get("Tags").and_then(Value::as_array);
    let Some(tags) = tags else {
        return Ok(());
    };
    if tags.len() > MOST {
        return Err(Failure::validation(&format!(
            "One or more parameter values were invalid: Too many tags: {}, at most {MOST}",
            tags.len()
        )));
    }
    for text in tags.iter().flat_map(|tag| [&tag["Key"], &tag["Value"]]) {
        let text = text.as_str().unwrap_or_default();
        if !text.chars().all(is_allowed) {
            return Err(Failure::validation(&format!(
                "One or more parameter values were invalid: Tag contains characters that are not allowed: {text}"
            )));
        }
    }
    Ok(())
}

/// The most tags of a resource.
const MOST: usize = 50;

/// Letters, numbers, spaces and these signs.
///
/// [Tagging restrictions](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Tagging.html).
fn is_allowed(character: char) -> bool {
    character.is_alphanumeric()
        || character.is_whitespace()
        || matches!(character, '+' | '-' | '=' | '.' | '_' | ':' | '/' | '@')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn indexes_and_odd_characters_are_refused() {
        let refusal = |input: Value| check(input.as_object().unwrap()).is_err();
        assert!(refusal(
            json!({"ResourceArn": "arn:aws:dynamodb:r:a:table/t/index/i"})
        ));
        assert!(refusal(json!({"Tags": [{"Key": "a%", "Value": ""}]})));
        assert!(!refusal(json!({
            "ResourceArn": "arn:aws:dynamodb:r:a:table/t",
            "Tags": [{"Key": "größe:a/b", "Value": "x y"}],
        })));
    }
}
