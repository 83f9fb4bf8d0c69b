//! Document paths of projections and updates.

use serde_json::{Map, Value};

use super::{Expression, Token, tokens};
use crate::failure::Failure;

/// The most levels of a path.
const DEEPEST: usize = 32;

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Name(String),
    Index(usize),
}

/// A path, from the attribute down.
pub(crate) type Path = Vec<Step>;

/// Reads a path at the beginning of the tokens. Returns it with the number of its tokens.
fn path<'a>(tokens: &[Token<'a>]) -> Option<(Vec<Step>, usize)> {
    let name = |token: Option<&Token<'a>>| {
        let word = token?.word()?;
        (!word.starts_with(':')).then(|| Step::Name(word.to_owned()))
    };
    let mut steps = vec![name(tokens.first())?];
    let mut position = 1;
    loop {
        match tokens.get(position) {
            Some(Token::Sign(".")) => {
                steps.push(name(tokens.get(position + 1))?);
                position += 2;
            }
            Some(Token::Sign("[")) => {
                let index = tokens.get(position + 1)?.word()?.parse().ok()?;
                if tokens.get(position + 2) != Some(&Token::Sign("]")) {
                    return None;
                }
                steps.push(Step::Index(index));
                position += 3;
            }
            _ => return Some((steps, position)),
        }
    }
}

/// Replaces `#names` by what they stand for.
fn named(path: Path, names: Option<&Value>) -> Path {
    let steps = path.into_iter().map(|step| match step {
        Step::Name(name) => {
            let found = names
                .and_then(|names| names.get(&name))
                .and_then(Value::as_str);
            Step::Name(found.map_or(name, ToOwned::to_owned))
        }
        index @ Step::Index(_) => index,
    });
    steps.collect()
}

/// The paths that an update sets or removes, and whether it has anything that creates an absent item.
pub(crate) fn update_paths(expression: &str, names: Option<&Value>) -> (Vec<Path>, bool) {
    let tokens = tokens(expression);
    let (mut paths, mut creates) = (Vec::new(), false);
    let (mut position, mut expects_path, mut depth) = (0, false, 0);
    while let Some(token) = tokens.get(position) {
        let is_section = ["SET", "REMOVE", "ADD", "DELETE"]
            .iter()
            .any(|word| token.is(word));
        if is_section && depth == 0 && !expects_path {
            creates |= token.is("SET") || token.is("ADD");
            expects_path = true;
            position += 1;
            continue;
        }
        if expects_path {
            expects_path = false;
            if let Some((path, length)) = path(&tokens[position..]) {
                paths.push(named(path, names));
                position += length;
                continue;
            }
        }
        match token {
            Token::Sign("(") => depth += 1,
            Token::Sign(")") => depth -= 1,
            Token::Sign(",") if depth == 0 => expects_path = true,
            _ => {}
        }
        position += 1;
    }
    (paths, creates)
}

/// Whether two paths use one place as a map and as a list.
fn conflict(one: &Path, other: &Path) -> bool {
    let differing = one.iter().zip(other).find(|(one, other)| one != other);
    matches!(
        differing,
        Some((Step::Name(_), Step::Index(_)) | (Step::Index(_), Step::Name(_)))
    )
}

fn check_paths(expression: &Expression<'_>, paths: &[Path]) -> Result<(), Failure> {
    for (position, one) in paths.iter().enumerate() {
        if one.len() > DEEPEST {
            return Err(expression.refuse(&format!(
                "The document path has too many nesting levels; nesting levels: {}",
                one.len()
            )));
        }
        for other in &paths[position + 1..] {
            if conflict(one, other) {
                return Err(expression.refuse(&format!(
                    "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: {}, path two: {}",
                    shown(one),
                    shown(other)
                )));
            }
        }
    }
    Ok(())
}

/// A path as messages show it: `[a, b, [1]]`.
fn shown(path: &Path) -> String {
    let steps: Vec<_> = path
        .iter()
        .map(|step| match step {
            Step::Name(name) => name.clone(),
            Step::Index(index) => format!("[{index}]"),
        })
        .collect();
    format!("[{}]", steps.join(", "))
}

fn names(input: &Map<String, Value>) -> Option<&Value> {
    input.get("ExpressionAttributeNames")
}

/// Refuses an index that is no number of 32 bits.
fn check_indexes(expression: &Expression<'_>) -> Result<(), Failure> {
    for three in expression.tokens.windows(3) {
        if let [Token::Sign("["), Token::Word(index), Token::Sign("]")] = three
            && index.bytes().all(|byte| byte.is_ascii_digit())
            && index.parse::<i32>().is_err()
        {
            return Err(expression.refuse(&format!(
                "List index is not within the allowable range; index: [{index}]"
            )));
        }
    }
    Ok(())
}

/// The attributes that a projection begins with.
pub(crate) fn projected(input: &Map<String, Value>) -> Option<Vec<String>> {
    let text = input.get("ProjectionExpression")?.as_str()?;
    let paths = text.split(',').filter_map(|part| path(&tokens(part)));
    let names = names(input);
    let first = paths.filter_map(|(path, _)| named(path, names).into_iter().next());
    let first = first.filter_map(|step| match step {
        Step::Name(name) => Some(name),
        Step::Index(_) => None,
    });
    Some(first.collect())
}

/// Checks a projection.
pub(super) fn check_projection(expression: &Expression<'_>) -> Result<(), Failure> {
    check_indexes(expression)?;
    let (mut paths, mut position) = (Vec::new(), 0);
    while let Some((path, length)) = path(&expression.tokens[position..]) {
        paths.push(named(path, names(expression.input)));
        position += length;
        if expression.tokens.get(position) != Some(&Token::Sign(",")) {
            break;
        }
        position += 1;
    }
    check_paths(expression, &paths)
}

/// Checks an update.
pub(super) fn check_update(expression: &Expression<'_>) -> Result<(), Failure> {
    check_indexes(expression)?;
    let tokens = &expression.tokens;
    for (position, token) in tokens.iter().enumerate() {
        let Some(word) = token.word() else {
            continue;
        };
        let is_function = tokens.get(position + 1) == Some(&Token::Sign("("));
        // A name begins with a letter. Names that do not are written as `#names`.
        if word.starts_with('_')
            || (is_function && word.starts_with(|first: char| first.is_ascii_digit()))
        {
            let near: String = [
                tokens.get(position.wrapping_sub(1)),
                Some(token),
                tokens.get(position + 1),
            ]
            .into_iter()
            .flatten()
            .map(|token| match token {
                Token::Word(text) | Token::Sign(text) => *text,
            })
            .collect::<Vec<_>>()
            .join(" ");
            return Err(expression.refuse(&format!(
                "Syntax error; token: \"{}\", near: \"{near}\"",
                &word[..1]
            )));
        }
        if word == "#" {
            return Err(expression.refuse("Syntax error; token: \"#\", near: \"#\""));
        }
        // Names of functions are written in lower case.
        let is_misspelt = ["list_append", "if_not_exists"]
            .iter()
            .any(|known| word.eq_ignore_ascii_case(known) && word != *known);
        if is_function && is_misspelt {
            let text = format!("Invalid function name; function: {word}");
            return Err(expression.refuse(&text));
        }
        if is_function && word == "list_append" {
            check_append(expression, &tokens[position + 2..])?;
        }
    }
    let text = expression
        .input
        .get("UpdateExpression")
        .and_then(Value::as_str);
    let (paths, _) = update_paths(text.unwrap_or_default(), names(expression.input));
    check_paths(expression, &paths)
}

/// Checks the operands of `list_append`: two, neither of them the result of the same function.
fn check_append(expression: &Expression<'_>, rest: &[Token<'_>]) -> Result<(), Failure> {
    let (mut depth, mut count) = (0, 1);
    for (position, token) in rest.iter().enumerate() {
        match token {
            Token::Sign("(") => depth += 1,
            Token::Sign(")") if depth == 0 => break,
            Token::Sign(")") => depth -= 1,
            Token::Sign(",") if depth == 0 => count += 1,
            Token::Word("list_append") if rest.get(position + 1) == Some(&Token::Sign("(")) => {
                return Err(expression.refuse(
                    "The function is not allowed to be used this way in an expression; function: list_append",
                ));
            }
            Token::Word(_) => {
                if let Some((kind, _)) = token.value().and_then(|name| expression.value(name))
                    && depth == 0
                    && kind != "L"
                {
                    return Err(expression.refuse(&format!(
                        "Incorrect operand type for operator or function; operator or function: list_append, operand type: {kind}"
                    )));
                }
            }
            Token::Sign(_) => {}
        }
    }
    if count == 2 {
        return Ok(());
    }
    Err(expression.refuse(&format!(
        "Incorrect number of operands for operator or function; operator or function: list_append, number of operands: {count}"
    )))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::refusal;
    use super::*;

    #[test]
    fn paths_of_updates_are_found() {
        let names = json!({"#x": "set"});
        let (paths, creates) = update_paths("REMOVE a.#x[2], b DELETE c :v", Some(&names));
        let name = |name: &str| Step::Name(name.to_owned());
        assert_eq!(
            paths,
            [
                vec![name("a"), name("set"), Step::Index(2)],
                vec![name("b")],
                vec![name("c")],
            ]
        );
        assert!(!creates);
        let (paths, creates) = update_paths("SET a = if_not_exists(b, :v), c.d = :w", None);
        assert_eq!(paths, [vec![name("a")], vec![name("c"), name("d")]]);
        assert!(creates);
    }

    #[test]
    fn paths_that_conflict_are_refused() {
        let none = json!({":v": {"S": "x"}, ":l": {"L": []}});
        let cases = [
            ("ProjectionExpression", "a.b, a[1]", "conflict"),
            (
                "ProjectionExpression",
                "a[99999999999]",
                "index: [99999999999]",
            ),
            ("UpdateExpression", "SET a.b = :v, a[1] = :v", "conflict"),
            ("UpdateExpression", "SET _a = :v", "Syntax error"),
            (
                "UpdateExpression",
                "SET a = list_append(:l)",
                "number of operands: 1",
            ),
            (
                "UpdateExpression",
                "SET a = list_append(:l, :v)",
                "operand type: S",
            ),
            (
                "UpdateExpression",
                "SET a = list_append(list_append(:l, :l), :l)",
                "not allowed",
            ),
            ("ProjectionExpression", "a.b, a.c[1]", ""),
            (
                "UpdateExpression",
                "SET a = list_append(if_not_exists(a, :l), :l)",
                "",
            ),
        ];
        for (member, text, part) in cases {
            let found = refusal(member, text, &none);
            assert!(found.contains(part), "{text}: {found}");
            assert_eq!(found.is_empty(), part.is_empty(), "{text}: {found}");
        }
    }
}
