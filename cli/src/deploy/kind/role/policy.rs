//! The role's policy, changed in two parts around the move of the traffic.

use serde_json::{Value, json};

use crate::{
    deploy::{change::MISSING, permissions::statements},
    values::text::counted,
};

/// The role's policy before and after the alias moves.
pub(crate) struct Policies {
    /// The policy to set before it, and why.
    pub(crate) before: Option<(Value, String)>,
    /// The policy to set after it, and why.
    pub(crate) after: Option<(Value, String)>,
}

/// The serving version keeps its permissions until it no longer serves. Before the alias moves,
/// allowing statements are added and denying ones removed; the rest follows after it.
pub(crate) fn policies(desired: &Value, actual: Option<&Value>) -> Policies {
    let Some(actual) = actual else {
        return Policies {
            before: Some((desired.clone(), MISSING.to_owned())),
            after: None,
        };
    };
    let (new, old) = (statements(desired), statements(actual));
    let denies = |statement: &Value| statement["Effect"] == "Deny";
    let mut both: Vec<Value> = new
        .iter()
        .filter(|statement| !denies(statement) || old.contains(statement))
        .cloned()
        .collect();
    let kept = old
        .iter()
        .filter(|statement| !denies(statement) && !new.contains(statement));
    // Two statements of one document have no id in common (IAM user guide, "IAM JSON policy elements: Sid").
    let taken =
        |sid: &Value| !sid.is_null() && new.iter().any(|statement| statement["Sid"] == *sid);
    both.extend(kept.cloned().map(|mut statement| {
        if taken(&statement["Sid"])
            && let Some(fields) = statement.as_object_mut()
        {
            fields.shift_remove("Sid");
        }
        statement
    }));
    let same = |one: &[Value], other: &[Value]| {
        one.len() == other.len() && one.iter().all(|statement| other.contains(statement))
    };
    let added = new.iter().filter(|statement| !old.contains(statement));
    let removed = old.iter().filter(|statement| !new.contains(statement));
    let (added, removed) = (added.count(), removed.count());
    let reason = match (added, removed) {
        (added, 0) => format!("{} more", counted(added, "statement")),
        (0, removed) => format!("{} fewer", counted(removed, "statement")),
        (added, removed) => format!("{} more, {removed} fewer", counted(added, "statement")),
    };
    let document = json!({ "Version": "2012-10-17", "Statement": both });
    Policies {
        before: (!same(&both, &old)).then(|| (document, reason.clone())),
        after: (!same(&both, &new)).then(|| (desired.clone(), reason)),
    }
}
