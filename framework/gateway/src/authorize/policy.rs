//! IAM policies, as far as authorizers write them.
//!
//! [The grammar](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html)
//! without conditions. They are not evaluated, so a statement with a condition allows nothing and
//! denies everything that it names. The same applies to variables (`${aws:username}`, `${*}`): a
//! statement with a variable allows nothing, and denies everything that its text could name.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::authorize::spelling::CallArns;

/// A policy: statements of which one must allow and none may deny.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct Policy {
    statements: Statements,
}

/// From an object only: derived, a list of statements would be taken for one too.
impl TryFrom<Map<String, Value>> for Policy {
    type Error = String;

    fn try_from(mut policy: Map<String, Value>) -> Result<Self, Self::Error> {
        let statements = policy
            .remove("Statement")
            .ok_or("a policy has a `Statement`")?;
        serde_json::from_value(statements)
            .map(|statements| Self { statements })
            .map_err(|error| error.to_string())
    }
}

/// A policy's decision about an action on a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// A statement allows it and none denies it.
    Allowed,
    /// No statement allows it.
    Denied,
    /// A statement denies it.
    ExplicitlyDenied,
}

impl Policy {
    /// The policy's decision about an action (`execute-api:Invoke`) on the resource with this ARN.
    #[must_use]
    pub fn decide(&self, action: &str, arn: &str) -> Decision {
        let mut decision = Decision::Denied;
        for statement in self.statements.0.iter() {
            if !statement.names(action, arn) {
                continue;
            }
            match statement.effect {
                Effect::Deny => return Decision::ExplicitlyDenied,
                Effect::Allow if statement.depends() => {}
                Effect::Allow => decision = Decision::Allowed,
            }
        }
        decision
    }

    /// The policy's decision about a request in all its spellings, and the ARN that it depends on.
    ///
    /// If one spelling is denied, the request is denied. If one is not allowed, it is denied too,
    /// unless a statement allows the exact ARN of the request as sent, as an authorizer returns it
    /// that repeats the ARN from its event.
    #[must_use]
    pub fn decide_call<'a>(&self, action: &str, arns: &'a CallArns) -> (Decision, &'a str) {
        let mut all = (self.decide(action, arns.sent()), arns.sent());
        if all.0 == Decision::ExplicitlyDenied {
            return all;
        }
        let repeated = self.repeats(action, arns.sent());
        for arn in arns.others() {
            match self.decide(action, arn) {
                Decision::Allowed => {}
                Decision::Denied if repeated => {}
                Decision::Denied if all.0 == Decision::Denied => {}
                Decision::Denied => all = (Decision::Denied, arn),
                Decision::ExplicitlyDenied => return (Decision::ExplicitlyDenied, arn),
            }
        }
        all
    }

    /// True if a statement allows this action on this exact ARN, without wildcards.
    fn repeats(&self, action: &str, arn: &str) -> bool {
        !arn.contains(['*', '?'])
            && self.statements.0.iter().any(|statement| {
                let named = match &statement.resources {
                    Scope::Only(patterns) => patterns.0.iter().any(|pattern| pattern == arn),
                    Scope::AllBut(_) => false,
                };
                named
                    && statement.effect == Effect::Allow
                    && !statement.depends()
                    && statement.names(action, arn)
            })
    }

    /// True if a statement has a condition or a variable.
    pub(super) fn has_conditions(&self) -> bool {
        self.statements.0.iter().any(Statement::depends)
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Statements(Vec<Statement>);

impl<'de> Deserialize<'de> for Statements {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let one_or_more = match Value::deserialize(deserializer)? {
            Value::Array(statements) => statements,
            statement => vec![statement],
        };
        one_or_more
            .into_iter()
            .map(|statement| match statement {
                Value::Object(_) => serde_json::from_value(statement).map_err(D::Error::custom),
                _ => Err(D::Error::custom("a statement is an object")),
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// Unknown keys are an error: one that narrows the statement must not be passed over.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RawStatement {
    #[serde(rename = "Sid")]
    _sid: Option<String>,
    effect: Effect,
    action: Option<Patterns>,
    not_action: Option<Patterns>,
    resource: Option<Patterns>,
    not_resource: Option<Patterns>,
    #[serde(default)]
    condition: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "RawStatement")]
struct Statement {
    effect: Effect,
    actions: Scope,
    resources: Scope,
    conditional: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Effect {
    Allow,
    Deny,
}

/// The resources of a statement.
#[derive(Debug, Clone, PartialEq)]
enum Scope {
    Only(Patterns),
    AllBut(Patterns),
}

impl TryFrom<RawStatement> for Statement {
    type Error = &'static str;

    fn try_from(raw: RawStatement) -> Result<Self, Self::Error> {
        let scope = |only, all_but, message| match (only, all_but) {
            (Some(patterns), None) => Ok(Scope::Only(patterns)),
            (None, Some(patterns)) => Ok(Scope::AllBut(patterns)),
            _ => Err(message),
        };
        Ok(Self {
            effect: raw.effect,
            actions: scope(
                raw.action,
                raw.not_action,
                "a statement has either `Action` or `NotAction`",
            )?,
            resources: scope(
                raw.resource,
                raw.not_resource,
                "a statement has either `Resource` or `NotResource`",
            )?,
            conditional: !raw.condition.is_empty(),
        })
    }
}

impl Statement {
    /// True if it depends on something unknown: a condition, or a variable in a text.
    fn depends(&self) -> bool {
        self.conditional || self.actions.has_variables() || self.resources.has_variables()
    }

    fn names(&self, action: &str, arn: &str) -> bool {
        // Actions are compared in any case, ARNs are not: IAM User Guide, "IAM JSON policy elements: Action".
        let action = action.to_ascii_lowercase();
        self.actions
            .has(|pattern| matches(&pattern.to_ascii_lowercase(), &action))
            && self.resources.has(|pattern| matches(pattern, arn))
    }
}

/// The start of a variable (IAM User Guide, "IAM policy elements: Variables and tags").
const VARIABLE: &str = "${";

/// A pattern whose variables may be anything. If a variable is not closed, the rest may be
/// anything.
fn with_any(pattern: &str) -> String {
    let mut parts = pattern.split(VARIABLE);
    let mut written = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.split_once('}').map_or("", |(_, rest)| rest);
        written.push('*');
        written.push_str(rest);
    }
    written
}

impl Scope {
    /// True if it covers the text, or could because of variables.
    fn has(&self, matches: impl Fn(&str) -> bool) -> bool {
        let is_fixed = |pattern: &String| !pattern.contains(VARIABLE);
        match self {
            Self::Only(patterns) => patterns.0.iter().any(|pattern| match is_fixed(pattern) {
                true => matches(pattern),
                false => matches(&with_any(pattern)),
            }),
            Self::AllBut(patterns) => {
                let mut fixed = patterns.0.iter().filter(|pattern| is_fixed(pattern));
                !fixed.any(|pattern| matches(pattern))
            }
        }
    }

    fn has_variables(&self) -> bool {
        let (Self::Only(patterns) | Self::AllBut(patterns)) = self;
        patterns.0.iter().any(|pattern| pattern.contains(VARIABLE))
    }
}

/// One or several texts.
#[derive(Debug, Clone, PartialEq)]
struct Patterns(Vec<String>);

impl<'de> Deserialize<'de> for Patterns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum OneOrMore {
            One(String),
            More(Vec<String>),
        }
        Ok(Self(match OneOrMore::deserialize(deserializer)? {
            OneOrMore::One(pattern) => vec![pattern],
            OneOrMore::More(patterns) => patterns,
        }))
    }
}

/// True if a text matches a pattern with `*` (any text) and `?` (one character).
///
/// Only the last `*` is ever tried again: an earlier one that took more could match nothing that this one cannot.
fn matches(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let rest_of_text = text.clone();
        match (pattern.next(), text.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                text = rest_of_text;
                retry = Some((pattern.clone(), text.clone()));
            }
            (Some(wanted), Some(found)) if wanted == '?' || wanted == found => {}
            _ => {
                let Some((after_star, mut from)) = retry.take() else {
                    return false;
                };
                if from.next().is_none() {
                    return false;
                }
                pattern = after_star.clone();
                text = from.clone();
                retry = Some((after_star, from));
            }
        }
    }
}

/// True if a resource matches one of a policy, with `*` for any text and `?` for one character.
#[must_use]
pub fn is_like(resource: &str, pattern: &str) -> bool {
    matches(pattern, resource)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ARN: &str = "arn:aws:execute-api:us-east-1:123456789012:abc/dev/GET/a/b";

    fn decide(statement: &Value) -> Option<Decision> {
        let policy: Policy = serde_json::from_value(json!({"Statement": statement})).ok()?;
        Some(policy.decide("execute-api:Invoke", ARN))
    }

    #[test]
    fn decides_as_iam_does() {
        use Decision::{Allowed, Denied, ExplicitlyDenied};
        let allow = json!({"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"});
        let deny = |resource: &str| json!({"Effect": "Deny", "Action": "*", "Resource": resource});
        let table = [
            (json!([]), Some(Denied)),
            (allow.clone(), Some(Allowed)),
            (json!([allow]), Some(Allowed)),
            (json!([deny("*/GET/*"), allow]), Some(ExplicitlyDenied)),
            (json!([allow, deny("*/GET/a/?")]), Some(ExplicitlyDenied)),
            (json!([allow, deny("*/PUT/*")]), Some(Allowed)),
            (
                json!([{"Effect": "Allow", "Action": ["s3:*", "EXECUTE-API:inv*"], "Resource": ["x", "arn:aws:execute-api:*:*:abc/dev/*"]}]),
                Some(Allowed),
            ),
            (
                json!([{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "arn:aws:execute-api:us-east-1:123456789012:abc/dev/GET/a"}]),
                Some(Denied),
            ),
            (
                json!([{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*/get/*"}]),
                Some(Denied),
            ),
            (
                json!([{"Effect": "Allow", "NotAction": "s3:*", "NotResource": "*/PUT/*"}]),
                Some(Allowed),
            ),
            (
                json!([{"Effect": "Allow", "NotAction": "execute-api:*", "Resource": "*"}]),
                Some(Denied),
            ),
            (
                json!([{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}]),
                Some(Denied),
            ),
            (
                json!([allow, {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"x": "true"}}}]),
                Some(ExplicitlyDenied),
            ),
            (
                json!([{"Sid": "s", "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {}}]),
                Some(Allowed),
            ),
            // Variables are not known.
            (
                json!([{"Effect": "Allow", "Action": "*", "Resource": "*/GET/${aws:username}/*"}]),
                Some(Denied),
            ),
            (
                json!([{"Effect": "Allow", "Action": "*", "NotResource": "*/${x}"}]),
                Some(Denied),
            ),
            (
                json!([allow, deny("*/GET/${aws:username}/b")]),
                Some(ExplicitlyDenied),
            ),
            (json!([allow, deny("*/GET/a/${*}")]), Some(ExplicitlyDenied)),
            (json!([allow, deny("*/GET/${")]), Some(ExplicitlyDenied)),
            (json!([allow, deny("*/PUT/${x}/b")]), Some(Allowed)),
            (
                json!([allow, {"Effect": "Deny", "Action": "*", "NotResource": "*/GET/${x}"}]),
                Some(ExplicitlyDenied),
            ),
        ];
        for (statement, expected) in table {
            assert_eq!(decide(&statement), expected, "{statement}");
        }
    }

    #[test]
    fn refuses_what_it_does_not_understand() {
        for statement in [
            json!("x"),
            json!([1]),
            json!([[null, "Allow", "*", null, "*", null]]),
            json!({}),
            json!({"Effect": "allow", "Action": "*", "Resource": "*"}),
            json!({"Effect": "Allow", "Resource": "*"}),
            json!({"Effect": "Allow", "Action": "*"}),
            json!({"Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*"}),
            json!({"Effect": "Allow", "Action": 1, "Resource": "*"}),
            json!({"Effect": "Allow", "Action": "*", "Resource": [null]}),
            json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Conditions": {}}),
            json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": "x"}),
        ] {
            assert_eq!(decide(&statement), None, "{statement}");
        }
    }

    #[test]
    fn matches_wildcards() {
        let table = [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("a*b*c", "aXbYbZc", true),
            ("*a", "aaab", false),
            ("?", "é", true),
            ("??", "é", false),
            ("a?*", "a", false),
            ("**b", "ab", true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
        let long = "a".repeat(20_000);
        assert!(!matches(&format!("{}b", "a*".repeat(20)), &long));
    }
}
