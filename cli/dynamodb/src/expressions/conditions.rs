//! Conditions and filters: the operands of functions and comparisons.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Expression, Token};
use crate::failure::Failure;
use crate::legacy;

/// The functions of conditions, with the number of their operands.
const FUNCTIONS: [(&str, usize); 6] = [
    ("attribute_exists", 1),
    ("attribute_not_exists", 1),
    ("attribute_type", 2),
    ("begins_with", 2),
    ("contains", 2),
    ("size", 1),
];
/// The types of values as AWS lists them.
const TYPES: [&str; 10] = ["B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M"];

/// Checks a condition.
pub(super) fn check(expression: &Expression<'_>) -> Result<(), Failure> {
    check_functions(expression)?;
    check_comparisons(expression)
}

/// Checks the functions of a condition or a key condition.
pub(super) fn check_functions(expression: &Expression<'_>) -> Result<(), Failure> {
    let tokens = &expression.tokens;
    for (position, token) in tokens.iter().enumerate() {
        let (Some(name), Some(Token::Sign("("))) = (token.word(), tokens.get(position + 1)) else {
            continue;
        };
        if ["AND", "OR", "NOT", "IN", "BETWEEN"]
            .iter()
            .any(|word| token.is(word))
        {
            continue;
        }
        if name == "if_not_exists" || name == "list_append" {
            let place = match expression.member {
                "FilterExpression" => "filter",
                _ => "condition",
            };
            let text =
                format!("The function is not allowed in a {place} expression; function: {name}");
            return Err(expression.refuse(&text));
        }
        match FUNCTIONS.iter().find(|(known, _)| *known == name) {
            Some((_, count)) => {
                let operands = operands(&tokens[position + 2..]);
                check_function(expression, name, *count, &operands)?;
            }
            // Names of functions are written in lower case.
            None if FUNCTIONS
                .iter()
                .any(|(known, _)| known.eq_ignore_ascii_case(name)) =>
            {
                let text = format!("Invalid function name; function: {name}");
                return Err(expression.refuse(&text));
            }
            None => {}
        }
    }
    Ok(())
}

/// The operands up to the closing bracket, each with its tokens.
fn operands<'a>(tokens: &'a [Token<'a>]) -> Vec<&'a [Token<'a>]> {
    let (mut depth, mut start, mut all) = (0, 0, Vec::new());
    for (position, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign("(") => depth += 1,
            Token::Sign(")") if depth > 0 => depth -= 1,
            Token::Sign(")") => {
                all.push(&tokens[start..position]);
                break;
            }
            Token::Sign(",") if depth == 0 => {
                all.push(&tokens[start..position]);
                start = position + 1;
            }
            _ => {}
        }
    }
    all.retain(|operand| !operand.is_empty());
    all
}

fn check_function(
    expression: &Expression<'_>,
    name: &str,
    count: usize,
    operands: &[&[Token<'_>]],
) -> Result<(), Failure> {
    let refuse = |text: String| Err(expression.refuse(&text));
    // No operand is a syntax error.
    if operands.len() != count && !operands.is_empty() {
        return refuse(format!(
            "Incorrect number of operands for operator or function; operator or function: {name}, number of operands: {}",
            operands.len()
        ));
    }
    let value = |at: usize| match operands.get(at) {
        Some([token]) => token.value().and_then(|name| expression.value(name)),
        _ => None,
    };
    let is_value = |at: usize| matches!(operands.get(at), Some([token]) if token.value().is_some());
    match name {
        "attribute_exists" | "attribute_not_exists" if is_value(0) => refuse(format!(
            "Operator or function requires a document path; operator or function: {name}"
        )),
        "size" => match value(0) {
            Some((kind @ ("N" | "BOOL" | "NULL"), _)) => refuse(format!(
                "Incorrect operand type for operator or function; operator or function: size, operand type: {kind}"
            )),
            _ => Ok(()),
        },
        "attribute_type" if operands.len() == 2 && !is_value(1) => refuse(
            "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: document path"
                .into(),
        ),
        "attribute_type" => match value(1) {
            Some(("S", Value::String(kind))) if !TYPES.contains(&kind.as_str()) => refuse(format!(
                "Invalid attribute type name found; type: {kind}, valid types: {{{}}}",
                TYPES.join(",")
            )),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Checks comparisons with constants: only texts, numbers and binaries have an order.
fn check_comparisons(expression: &Expression<'_>) -> Result<(), Failure> {
    let tokens = &expression.tokens;
    let constant = |position: Option<usize>| {
        let token = tokens.get(position?)?;
        expression.value(token.value()?)
    };
    let ordered = |operator: &str, found: Option<(&str, &Value)>| {
        match found {
        Some((kind, _)) if !matches!(kind, "S" | "N" | "B") => Err(expression.refuse(&format!(
            "Incorrect operand type for operator or function; operator: {operator}, operand type: {kind}"
        ))),
        _ => Ok(()),
    }
    };
    for (position, token) in tokens.iter().enumerate() {
        if let Token::Sign(operator @ ("<" | "<=" | ">" | ">=")) = token {
            ordered(operator, constant(position.checked_sub(1)))?;
            ordered(operator, constant(Some(position + 1)))?;
        }
        if !token.is("BETWEEN") {
            continue;
        }
        let (low, high) = (constant(Some(position + 1)), constant(Some(position + 3)));
        ordered("BETWEEN", low)?;
        ordered("BETWEEN", high)?;
        let (Some((low_kind, low)), Some((high_kind, high))) = (low, high) else {
            continue;
        };
        if low_kind == high_kind && legacy::order(low_kind, low, high) == Ordering::Greater {
            let shown = |value: &Value| {
                format!(
                    "AttributeValue: {{{low_kind}:{}}}",
                    value.as_str().unwrap_or_default()
                )
            };
            return Err(expression.refuse(&format!(
                "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: {}, upper bound operand: {}",
                shown(low),
                shown(high)
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::refusal;

    #[test]
    fn operands_are_checked_without_an_item() {
        let values =
            json!({":l": {"L": []}, ":n": {"N": "9"}, ":m": {"N": "10"}, ":s": {"S": "DOG"}});
        let cases = [
            ("a < :l", "operator: <, operand type: L"),
            (":l >= a", "operator: >=, operand type: L"),
            ("a BETWEEN :l AND :n", "operator: BETWEEN, operand type: L"),
            (
                "a BETWEEN :m AND :n",
                "lower bound operand: AttributeValue: {N:10}",
            ),
            ("attribute_exists(:n)", "requires a document path"),
            ("attribute_type(a, :s)", "type: DOG, valid types: {B,NULL"),
            ("attribute_type(a, b)", "operand type: document path"),
            ("size(:n) = :m", "function: size, operand type: N"),
            ("size(a, b) = :m", "number of operands: 2"),
            ("NOT begins_with(a)", "begins_with, number of operands: 1"),
            (
                "BEGINS_WITH(a, :s)",
                "Invalid function name; function: BEGINS_WITH",
            ),
            (
                "if_not_exists(a, :n) = :n",
                "not allowed in a condition expression",
            ),
        ];
        for (text, part) in cases {
            let found = refusal("ConditionExpression", text, &values);
            assert!(found.contains(part), "{text}: {found}");
        }
        for text in [
            "a = :l",
            "a BETWEEN :n AND :m",
            "contains(a, :l) AND NOT (b < :n)",
        ] {
            assert_eq!(refusal("ConditionExpression", text, &values), "", "{text}");
        }
    }
}
