//! Bucket policies: their form, and what they decide (IAM user guide, "Policy evaluation logic" and "IAM JSON policy elements").

mod compare;

use compare::compare;
pub(crate) use compare::matches;
use serde_json::{Map, Value};

use crate::error::{S3Error, S3Result, error_with};
use crate::request::Caller;

/// What a policy says about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Allow,
    Deny,
    /// Nothing: somebody else decides.
    Neither,
}

/// A policy, read.
#[derive(Debug)]
pub(crate) struct Policy {
    statements: Vec<Statement>,
}

#[derive(Debug)]
struct Statement {
    allow: bool,
    principals: Principals,
    actions: (bool, Vec<String>),
    resources: (bool, Vec<String>),
    conditions: Vec<Condition>,
}

#[derive(Debug)]
struct Principals {
    /// Whether it is `NotPrincipal`.
    inverted: bool,
    any: bool,
    aws: Vec<String>,
    canonical: Vec<String>,
}

#[derive(Debug)]
struct Condition {
    operator: String,
    key: String,
    values: Vec<String>,
}

/// A request as a policy sees it.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) action: &'a str,
    pub(crate) resource: &'a str,
    /// The values of condition keys. Names are in lower case, up to a tag's own.
    pub(crate) context: &'a [(String, Vec<String>)],
}

fn malformed(message: &str) -> S3Error {
    error_with("MalformedPolicy", message)
}

fn list(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect(),
        _ => None,
    }
}

const OPERATORS: [&str; 27] = [
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "Null",
];

impl Policy {
    /// Reads a policy for that bucket.
    ///
    /// # Errors
    /// `MalformedPolicy` with what is wrong.
    pub(crate) fn parse(text: &str, bucket: &str) -> S3Result<Self> {
        let document: Value = serde_json::from_str(text)
            .map_err(|_| malformed("This policy contains invalid Json"))?;
        let document = document.as_object().ok_or_else(|| {
            malformed("Policies must be valid JSON and the first byte must be '{'")
        })?;
        let unknown = document
            .keys()
            .find(|key| !matches!(key.as_str(), "Version" | "Id" | "Statement"));
        if let Some(unknown) = unknown {
            return Err(malformed(&format!("Unknown field {unknown}")));
        }
        match document.get("Version").map(Value::as_str) {
            None | Some(Some("2012-10-17" | "2008-10-17")) => {}
            _ => return Err(malformed("The policy must contain a valid version string")),
        }
        let statements = match document.get("Statement") {
            Some(Value::Array(items)) => items.clone(),
            Some(one @ Value::Object(_)) => vec![one.clone()],
            _ => return Err(malformed("Missing required field Statement")),
        };
        if statements.is_empty() {
            return Err(malformed("Could not parse the policy: Statement is empty!"));
        }
        let statements = statements
            .iter()
            .map(|one| statement(one, bucket))
            .collect::<S3Result<_>>()?;
        Ok(Self { statements })
    }

    /// What the policy says about a request: one denial is enough.
    pub(crate) fn decide(&self, request: &Request<'_>) -> Decision {
        let mut decision = Decision::Neither;
        for statement in &self.statements {
            if statement.applies(request) {
                if !statement.allow {
                    return Decision::Deny;
                }
                decision = Decision::Allow;
            }
        }
        decision
    }

    /// Whether it lets everybody in (S3 user guide, "The meaning of public"): an allowance to anybody, without a condition on who it is
    /// or where from.
    pub(crate) fn is_public(&self) -> bool {
        const FIXED: [&str; 9] = [
            "aws:sourceip",
            "aws:sourcevpc",
            "aws:sourcevpce",
            "aws:sourcearn",
            "aws:sourceaccount",
            "aws:userid",
            "aws:principalorgid",
            "aws:principalaccount",
            "aws:principalarn",
        ];
        self.statements.iter().any(|statement| {
            let anybody = statement.principals.inverted || statement.principals.any;
            let narrowed = statement.conditions.iter().any(|condition| {
                let is_fixed =
                    FIXED.contains(&condition.key.as_str()) && !condition.operator.contains("Not");
                is_fixed
                    && condition.values.iter().all(|value| {
                        !value.contains('*') && value != "0.0.0.0/0" && value != "::/0"
                    })
            });
            statement.allow && anybody && !narrowed
        })
    }
}

fn statement(value: &Value, bucket: &str) -> S3Result<Statement> {
    let fields = value
        .as_object()
        .ok_or_else(|| malformed("Could not parse the policy"))?;
    const KNOWN: [&str; 9] = [
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ];
    if let Some(unknown) = fields.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(malformed(&format!("Unknown field {unknown}")));
    }
    let allow = match fields.get("Effect").and_then(Value::as_str) {
        Some("Allow") => true,
        Some("Deny") => false,
        Some(other) => return Err(malformed(&format!("Invalid effect: {other}"))),
        None => return Err(malformed("Missing required field Effect")),
    };
    let either = |name: &str, inverse: &str, lower: bool| -> S3Result<(bool, Vec<String>)> {
        let (inverted, value) = match (fields.get(name), fields.get(inverse)) {
            (Some(value), None) => (false, value),
            (None, Some(value)) => (true, value),
            _ => return Err(malformed(&format!("Missing required field {name}"))),
        };
        let texts = list(value)
            .filter(|texts| !texts.is_empty())
            .ok_or_else(|| malformed(&format!("Invalid {name}")))?;
        Ok((
            inverted,
            texts
                .into_iter()
                .map(|text| if lower { text.to_lowercase() } else { text })
                .collect(),
        ))
    };
    let actions = either("Action", "NotAction", true)?;
    if actions
        .1
        .iter()
        .any(|action| action != "*" && !action.starts_with("s3:") && !action.contains(':'))
    {
        return Err(malformed("Policy has invalid action"));
    }
    let resources = either("Resource", "NotResource", false)?;
    let arn = format!("arn:aws:s3:::{bucket}");
    for resource in &resources.1 {
        let of_bucket = resource == "*"
            || resource.strip_prefix("arn:aws:s3:::").is_some_and(|name| {
                let name = name.split('/').next().unwrap_or_default();
                matches(name, bucket)
            });
        if !of_bucket && !resource.starts_with(&arn) {
            return Err(malformed("Policy has invalid resource"));
        }
    }
    let conditions = match fields.get("Condition") {
        None => Vec::new(),
        Some(Value::Object(map)) => conditions(map)?,
        Some(_) => return Err(malformed("Invalid Condition")),
    };
    let principals = principals(fields)?;
    if allow && principals.inverted {
        return Err(malformed("Allow with NotPrincipal is not allowed."));
    }
    Ok(Statement {
        allow,
        principals,
        actions,
        resources,
        conditions,
    })
}

fn principals(fields: &Map<String, Value>) -> S3Result<Principals> {
    let (inverted, value) = match (fields.get("Principal"), fields.get("NotPrincipal")) {
        (Some(value), None) => (false, value),
        (None, Some(value)) => (true, value),
        _ => return Err(malformed("Missing required field Principal")),
    };
    let invalid = || malformed("Invalid principal in policy");
    let mut principals = Principals {
        inverted,
        any: false,
        aws: Vec::new(),
        canonical: Vec::new(),
    };
    match value {
        Value::String(text) if text == "*" => principals.any = true,
        Value::Object(map) => {
            for (kind, value) in map {
                let texts = list(value).ok_or_else(invalid)?;
                match kind.as_str() {
                    "AWS" => {
                        principals.any |= texts.iter().any(|text| text == "*");
                        principals.aws.extend(texts);
                    }
                    "CanonicalUser" => principals.canonical.extend(texts),
                    "Service" | "Federated" => {}
                    _ => return Err(invalid()),
                }
            }
        }
        _ => return Err(invalid()),
    }
    Ok(principals)
}

fn conditions(map: &Map<String, Value>) -> S3Result<Vec<Condition>> {
    let mut conditions = Vec::new();
    for (operator, keys) in map {
        let plain = operator
            .split_once(':')
            .map_or(operator.as_str(), |(set, rest)| match set {
                "ForAnyValue" | "ForAllValues" => rest,
                _ => "",
            });
        let plain = plain.strip_suffix("IfExists").unwrap_or(plain);
        if !OPERATORS.contains(&plain) {
            return Err(malformed(&format!("Invalid Condition type : {operator}")));
        }
        let keys = keys
            .as_object()
            .ok_or_else(|| malformed("Invalid Condition"))?;
        for (key, value) in keys {
            let values = match value {
                Value::Array(items) => items.iter().map(scalar).collect::<Option<Vec<_>>>(),
                one => scalar(one).map(|one| vec![one]),
            };
            conditions.push(Condition {
                operator: operator.clone(),
                key: condition_key(key),
                values: values.ok_or_else(|| malformed("Invalid Condition"))?,
            });
        }
    }
    Ok(conditions)
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A condition key in lower case, up to the key of a tag, which keeps its own.
pub(crate) fn condition_key(key: &str) -> String {
    match key.split_once('/') {
        Some((name, tag)) => format!("{}/{tag}", name.to_lowercase()),
        None => key.to_lowercase(),
    }
}

impl Statement {
    fn applies(&self, request: &Request<'_>) -> bool {
        let action = request.action.to_lowercase();
        let acts = self
            .actions
            .1
            .iter()
            .any(|pattern| matches(pattern, &action))
            != self.actions.0;
        let on = self
            .resources
            .1
            .iter()
            .any(|pattern| matches(pattern, request.resource))
            != self.resources.0;
        acts && on
            && self.principals.have(request.caller)
            && self
                .conditions
                .iter()
                .all(|condition| condition.holds(request.context))
    }
}

impl Principals {
    fn have(&self, caller: &Caller) -> bool {
        let named = self.any
            || caller.user().is_some_and(|user| {
                self.canonical.contains(&user.id)
                    || self.aws.iter().any(|principal| is_user(principal, user))
            });
        named != self.inverted
    }
}

/// Whether a principal names a user: by the account, its root, or the user's own ARN. Emulators of accounts leave the account out.
fn is_user(principal: &str, user: &crate::users::User) -> bool {
    if principal == user.account || principal == user.root_arn() || principal == user.arn() {
        return true;
    }
    let Some(rest) = principal.strip_prefix("arn:aws:iam::") else {
        return false;
    };
    let Some((account, path)) = rest.split_once(':') else {
        return false;
    };
    let name = path
        .strip_prefix("user/")
        .and_then(|path| path.rsplit('/').next());
    (account.is_empty() || account == user.account)
        && (path == "root" || name.is_some_and(|name| name == user.id || name == user.display_name))
}

impl Condition {
    fn holds(&self, context: &[(String, Vec<String>)]) -> bool {
        let values = context
            .iter()
            .find(|(key, _)| *key == self.key)
            .map(|(_, values)| values.as_slice());
        let (set, operator) = match self.operator.split_once(':') {
            Some((set, operator)) => (Some(set), operator),
            None => (None, self.operator.as_str()),
        };
        let (operator, if_exists) = match operator.strip_suffix("IfExists") {
            Some(operator) => (operator, true),
            None => (operator, false),
        };
        if operator == "Null" {
            let wants_missing = self
                .values
                .iter()
                .any(|value| value.eq_ignore_ascii_case("true"));
            return values.is_none() == wants_missing;
        }
        let negated = operator.contains("Not");
        let Some(values) = values.filter(|values| !values.is_empty()) else {
            // A key that is missing satisfies what is negated, and what only asks of it if it is there.
            return if_exists || negated || set == Some("ForAllValues");
        };
        let one = |value: &String| {
            let any = self
                .values
                .iter()
                .any(|expected| compare(operator, expected, value));
            if negated {
                self.values
                    .iter()
                    .all(|expected| compare(operator, expected, value))
            } else {
                any
            }
        };
        match set {
            Some("ForAllValues") => values.iter().all(one),
            _ => values.iter().any(one),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(statement: &str, action: &str, resource: &str, context: &[(&str, &str)]) -> Decision {
        let policy = Policy::parse(&format!("{{\"Statement\":[{statement}]}}"), "b").unwrap();
        let context: Vec<(String, Vec<String>)> = context
            .iter()
            .map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()]))
            .collect();
        policy.decide(&Request {
            caller: &Caller::Anonymous,
            action,
            resource,
            context: &context,
        })
    }

    #[test]
    fn statements_decide() {
        let all = r#"{"Effect":"Allow","Principal":"*","Action":"s3:Get*","Resource":"arn:aws:s3:::b/*"}"#;
        assert_eq!(
            decide(all, "s3:GetObject", "arn:aws:s3:::b/k", &[]),
            Decision::Allow
        );
        assert_eq!(
            decide(all, "s3:PutObject", "arn:aws:s3:::b/k", &[]),
            Decision::Neither
        );
        let from = r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/*","Condition":{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}"#;
        assert_eq!(
            decide(
                from,
                "s3:GetObject",
                "arn:aws:s3:::b/k",
                &[("aws:sourceip", "10.1.2.3")]
            ),
            Decision::Neither
        );
        assert_eq!(
            decide(
                from,
                "s3:GetObject",
                "arn:aws:s3:::b/k",
                &[("aws:sourceip", "11.1.2.3")]
            ),
            Decision::Deny
        );
        let tag = r#"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"s3:ExistingObjectTag/Sec":"public"}}}"#;
        assert_eq!(
            decide(
                tag,
                "s3:GetObject",
                "arn:aws:s3:::b/k",
                &[("s3:existingobjecttag/Sec", "public")]
            ),
            Decision::Allow
        );
        assert_eq!(
            decide(tag, "s3:GetObject", "arn:aws:s3:::b/k", &[]),
            Decision::Neither
        );
    }

    #[test]
    fn what_is_not_a_policy_is_refused() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"Statement":[]}"#,
            r#"{"Statement":[{"Effect":"Maybe","Principal":"*","Action":"s3:*","Resource":"*"}]}"#,
            r#"{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#,
            r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::other/*"}]}"#,
            r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"Odd":{"a":"b"}}}]}"#,
        ] {
            assert!(Policy::parse(text, "b").is_err(), "{text}");
        }
    }
}
