//! A statement of the functions' IAM policy.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};

/// A statement of the functions' IAM policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Statement {
    /// Its id in the policy document. Statements of the settings have none.
    #[serde(skip)]
    pub(crate) sid: Option<String>,
    /// `Allow`, or `Deny`.
    #[serde(default)]
    pub(crate) effect: Effect,
    /// Actions, such as `s3:GetObject`.
    pub(crate) actions: Vec<String>,
    /// Resources' ARNs.
    pub(crate) resources: Vec<String>,
    /// The functions that it is for, if it names them: `app`, authorizers' names.
    #[serde(default, deserialize_with = "some_or_several")]
    pub(crate) functions: Option<Vec<String>>,
    /// The functions that it is for according to the sources; `None` means all.
    #[serde(skip)]
    pub(crate) callers: Option<BTreeSet<String>>,
}

impl Statement {
    /// The statement as IAM's policy documents have it.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let mut document = serde_json::Map::new();
        if let Some(sid) = &self.sid {
            document.insert("Sid".to_owned(), sid.as_str().into());
        }
        let effect = match self.effect {
            Effect::Allow => "Allow",
            Effect::Deny => "Deny",
        };
        document.insert("Effect".to_owned(), effect.into());
        document.insert("Action".to_owned(), self.actions.clone().into());
        document.insert("Resource".to_owned(), self.resources.clone().into());
        document.into()
    }
}

/// A statement's effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum Effect {
    /// The statement allows what it lists.
    #[default]
    #[serde(rename = "allow", alias = "Allow")]
    Allow,
    /// The statement denies what it lists.
    #[serde(rename = "deny", alias = "Deny")]
    Deny,
}

/// A list of texts; a single text counts as a list of one.
pub(crate) fn one_or_several<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a text or a list of texts")]
    enum OneOrSeveral {
        One(String),
        Several(Vec<String>),
    }
    Ok(match OneOrSeveral::deserialize(deserializer)? {
        OneOrSeveral::One(one) => vec![one],
        OneOrSeveral::Several(several) => several,
    })
}

/// The same for an optional value.
pub(crate) fn some_or_several<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<String>>, D::Error> {
    one_or_several(deserializer).map(Some)
}
