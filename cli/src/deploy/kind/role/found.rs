//! The actual roles of functions, by read calls only.

use serde_json::Value;

use crate::{
    aws::{Aws, error::Result, iam::Role},
    deploy::{
        found::Found,
        names::{Names, POLICY},
    },
};

/// A role with its policy.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WholeRole {
    /// The role.
    pub(crate) role: Found<Role>,
    /// Its inline policy.
    pub(crate) policy: Option<Value>,
    /// The names of its other inline policies.
    pub(crate) inline: Vec<String>,
    /// The ARNs of the managed policies that are attached to it.
    pub(crate) attached: Vec<String>,
}

impl WholeRole {
    /// A role that is not there.
    pub(crate) const ABSENT: Self = Self {
        role: Found::Absent,
        policy: None,
        inline: Vec::new(),
        attached: Vec::new(),
    };
}

/// Reads the role of a function, and its policies if it exists.
pub(crate) async fn role<A: Aws>(
    aws: &A,
    names: &Names,
    function: &str,
) -> Result<(String, WholeRole)> {
    let name = names.role_of(function);
    let found = Box::pin(aws.role(&name)).await?;
    if found.is_none() {
        return Ok((function.to_owned(), WholeRole::ABSENT));
    }
    let (policy, mut inline, attached) = tokio::try_join!(
        Box::pin(aws.role_policy(&name, POLICY)),
        Box::pin(aws.inline_policies(&name)),
        Box::pin(aws.attached_policies(&name)),
    )?;
    inline.retain(|policy| policy != POLICY);
    let whole = WholeRole {
        role: Found::sort(found, names, |role| &role.tags),
        policy,
        inline,
        attached,
    };
    Ok((function.to_owned(), whole))
}
