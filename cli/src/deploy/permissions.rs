//! A policy's statements in plain words, and the permissions that a change adds and removes.

use serde::Serialize;
use serde_json::Value;

/// A policy document's statements, whether it has one or a list.
pub(crate) fn statements(document: &Value) -> Vec<Value> {
    match &document["Statement"] {
        Value::Array(list) => list.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

/// The permissions that a change of the role's policy adds and removes: a sentence for each
/// statement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Permissions {
    /// What the function may do in addition, or is no longer denied.
    pub(crate) added: Vec<String>,
    /// What the function may no longer do.
    pub(crate) removed: Vec<String>,
}

impl Permissions {
    /// The difference between two policies; without the old one all of the new one is added.
    pub(crate) fn between(old: Option<&Value>, new: &Value) -> Self {
        let old = old.map(statements).unwrap_or_default();
        let new = statements(new);
        let without = |one: &[Value], other: &[Value]| -> Vec<String> {
            let rest = one.iter().filter(|statement| !other.contains(statement));
            rest.map(sentence).collect()
        };
        Self {
            added: without(&new, &old),
            removed: without(&old, &new),
        }
    }
}

/// `may s3:GetObject, s3:PutObject on arn:aws:s3:::notes/*`.
fn sentence(statement: &Value) -> String {
    let list = |key: &str| match &statement[key] {
        Value::Array(list) => list
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(", "),
        Value::String(one) => one.clone(),
        _ => "?".to_owned(),
    };
    let may = if statement["Effect"] == "Deny" {
        "must not"
    } else {
        "may"
    };
    let condition = if statement["Condition"].is_null() {
        ""
    } else {
        ", under a condition"
    };
    // Statements of other tools may be written by exclusion.
    let (what, on) = match (&statement["Action"], &statement["Resource"]) {
        (Value::Null, _) => (
            format!("all except {}", list("NotAction")),
            list("Resource"),
        ),
        (_, Value::Null) => (
            list("Action"),
            format!("all except {}", list("NotResource")),
        ),
        _ => (list("Action"), list("Resource")),
    };
    format!("{may} {what} on {on}{condition}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::deploy::permissions::Permissions;

    #[test]
    fn a_change_is_told_by_what_it_gives_and_takes() {
        let read = json!({"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::a/*"]});
        let write = json!({"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*", "Condition": {"Bool": {}}});
        let deny = json!({"Effect": "Deny", "NotAction": ["s3:*"], "Resource": ["*"]});
        let old = json!({"Statement": [read, write]});
        let new = json!({"Statement": [deny, read]});
        let change = Permissions::between(Some(&old), &new);
        assert_eq!(change.added, ["must not all except s3:* on *"]);
        assert_eq!(change.removed, ["may s3:PutObject on *, under a condition"]);
        let first = Permissions::between(None, &json!({"Statement": read}));
        assert_eq!(first.added, ["may s3:GetObject on arn:aws:s3:::a/*"]);
        assert_eq!(
            Permissions::between(Some(&old), &old),
            Permissions::default()
        );
    }
}
