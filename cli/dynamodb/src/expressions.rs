//! What AWS refuses in expressions, and the engine accepts or words in another way.
//!
//! The engine parses expressions. These checks read their tokens alone, and leave whatever they do not know to the engine.

mod conditions;
mod paths;

use serde_json::{Map, Value};

use crate::failure::Failure;

pub(crate) use paths::{Path, Step, projected, update_paths};

/// A part of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A word: a name, `#name`, `:value` or a number.
    Word(&'a str),
    /// An operator or a bracket.
    Sign(&'a str),
}

impl<'a> Token<'a> {
    fn word(self) -> Option<&'a str> {
        match self {
            Self::Word(word) => Some(word),
            Self::Sign(_) => None,
        }
    }

    /// The name of a value, with its colon.
    fn value(self) -> Option<&'a str> {
        self.word().filter(|word| word.starts_with(':'))
    }

    fn is(self, keyword: &str) -> bool {
        self.word()
            .is_some_and(|word| word.eq_ignore_ascii_case(keyword))
    }
}

/// The tokens of an expression.
pub(crate) fn tokens(expression: &str) -> Vec<Token<'_>> {
    let bytes = expression.as_bytes();
    let is_word = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'#' | b':') || !byte.is_ascii()
    };
    let (mut all, mut position) = (Vec::new(), 0);
    while position < bytes.len() {
        let start = position;
        let byte = bytes[position];
        position += 1;
        if byte.is_ascii_whitespace() {
            continue;
        }
        if is_word(byte) {
            while position < bytes.len() && is_word(bytes[position]) {
                position += 1;
            }
            all.push(Token::Word(&expression[start..position]));
            continue;
        }
        if matches!(
            &bytes[start..(start + 2).min(bytes.len())],
            b"<=" | b">=" | b"<>"
        ) {
            position += 1;
        }
        all.push(Token::Sign(&expression[start..position]));
    }
    all
}

/// The members that hold expressions.
const MEMBERS: [&str; 5] = [
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
];

/// The most bytes of an expression. The engine refuses longer ones before it parses them.
const LONGEST: usize = 4096;
/// The most operators and functions of an expression.
///
/// [Quotas](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters).
const MOST_OPERATORS: usize = 300;

/// An expression with what its input says of names and values.
struct Expression<'a> {
    /// The member, which messages name.
    member: &'a str,
    tokens: Vec<Token<'a>>,
    input: &'a Map<String, Value>,
}

impl Expression<'_> {
    fn refuse(&self, text: &str) -> Failure {
        Failure::validation(&format!("Invalid {}: {text}", self.member))
    }

    /// The type and the value of `:name`.
    fn value(&self, name: &str) -> Option<(&str, &Value)> {
        let values = self.input.get("ExpressionAttributeValues")?.as_object()?;
        let (kind, value) = values.get(name)?.as_object()?.iter().next()?;
        Some((kind.as_str(), value))
    }
}

/// Checks the expressions of an input, and those of the actions of a transaction.
///
/// # Errors
/// `ValidationException` of the first expression that is not valid.
pub(crate) fn check(operation: &str, input: &Map<String, Value>) -> Result<(), Failure> {
    check_members(input)?;
    if matches!(operation, "TransactWriteItems" | "TransactGetItems") {
        let actions = input.get("TransactItems").and_then(Value::as_array);
        let actions = actions.into_iter().flatten().filter_map(Value::as_object);
        for action in actions.flat_map(Map::values).filter_map(Value::as_object) {
            check_members(action)?;
        }
    }
    Ok(())
}

fn check_members(input: &Map<String, Value>) -> Result<(), Failure> {
    for member in MEMBERS {
        let Some(text) = input.get(member).and_then(Value::as_str) else {
            continue;
        };
        if text.len() > LONGEST {
            continue;
        }
        let expression = Expression {
            member,
            tokens: tokens(text),
            input,
        };
        let count = operators(&expression.tokens);
        if count > MOST_OPERATORS {
            let text = format!(
                "The expression contains too many operators; operator count: {}",
                MOST_OPERATORS + 1
            );
            return Err(expression.refuse(&text));
        }
        match member {
            "ConditionExpression" | "FilterExpression" => conditions::check(&expression)?,
            "KeyConditionExpression" => conditions::check_functions(&expression)?,
            "ProjectionExpression" => paths::check_projection(&expression)?,
            _ => paths::check_update(&expression)?,
        }
    }
    Ok(())
}

/// How many operators and functions an expression has.
fn operators(tokens: &[Token<'_>]) -> usize {
    const WORDS: [&str; 5] = ["AND", "OR", "NOT", "BETWEEN", "IN"];
    let all = tokens.iter().enumerate();
    all.filter(|(position, token)| match token {
        Token::Sign(sign) => matches!(*sign, "=" | "<" | ">" | "<=" | ">=" | "<>" | "+" | "-"),
        Token::Word(_) => {
            WORDS.iter().any(|word| token.is(word))
                || tokens.get(position + 1) == Some(&Token::Sign("("))
        }
    })
    .count()
}

/// The part of a map of names or values that an expression uses. `None` if it uses nothing of it.
pub(crate) fn used(map: Option<&Value>, expression: &str) -> Option<Value> {
    let used = tokens(expression);
    let map = map?.as_object()?.iter();
    let map: Map<String, Value> = map
        .filter(|(name, _)| used.contains(&Token::Word(name.as_str())))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    (!map.is_empty()).then_some(Value::Object(map))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What a member with these values is refused with. Empty if it is not.
    pub(super) fn refusal(member: &str, text: &str, values: &Value) -> String {
        let input = json!({ member: text, "ExpressionAttributeValues": values });
        match check("PutItem", input.as_object().expect("an object")) {
            Ok(()) => String::new(),
            Err(failure) => failure.message().to_owned(),
        }
    }

    #[test]
    fn operators_are_counted() {
        let cases = [
            ("a = :v", 1),
            ("a <> :v AND b <= :w or not c", 5),
            ("SET a = a + :v", 2),
            ("attribute_exists(a) and size (b) > :v", 4),
            ("a BETWEEN :b AND :c", 2),
            ("(((a)))", 0),
        ];
        for (expression, expected) in cases {
            assert_eq!(operators(&tokens(expression)), expected, "{expression}");
        }
        let long = vec!["a"; 302].join("<");
        let text = refusal("ConditionExpression", &long, &json!({}));
        assert!(text.ends_with("operator count: 301"), "{text}");
    }

    #[test]
    fn names_and_values_that_are_used_are_found() {
        let names = json!({"#a": "x", "#b": "y"});
        assert_eq!(used(Some(&names), "#a = :v"), Some(json!({"#a": "x"})));
        assert_eq!(used(Some(&names), "#aa = :v"), None);
    }
}
