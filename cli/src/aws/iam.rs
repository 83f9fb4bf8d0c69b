//! IAM: the role that the functions run as, with its one inline policy.

use aws_sdk_iam::{error::BuildError, types::Tag};
use serde_json::Value;

use crate::{
    aws::{
        account::Account,
        error::{Error, Operation, Result},
    },
    values::names::Tags,
};

pub(super) const GET_ROLE: Operation = Operation::new("iam", "GetRole");
pub(super) const GET_ROLE_POLICY: Operation = Operation::new("iam", "GetRolePolicy");
pub(super) const LIST_ROLE_POLICIES: Operation = Operation::new("iam", "ListRolePolicies");
pub(super) const LIST_ATTACHED: Operation = Operation::new("iam", "ListAttachedRolePolicies");
pub(super) const DETACH: Operation = Operation::new("iam", "DetachRolePolicy");
pub(super) const CREATE_ROLE: Operation = Operation::new("iam", "CreateRole");
pub(super) const UPDATE_TRUST: Operation = Operation::new("iam", "UpdateAssumeRolePolicy");
pub(super) const PUT_ROLE_POLICY: Operation = Operation::new("iam", "PutRolePolicy");
pub(super) const DELETE_ROLE_POLICY: Operation = Operation::new("iam", "DeleteRolePolicy");
pub(crate) const BOUND: Operation = Operation::new("iam", "PutRolePermissionsBoundary");
pub(crate) const UNBOUND: Operation = Operation::new("iam", "DeleteRolePermissionsBoundary");
pub(super) const DELETE_ROLE: Operation = Operation::new("iam", "DeleteRole");

/// A role.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Role {
    /// The trust policy: who may assume it. `Null` if it is not JSON.
    pub(crate) trust: Value,
    /// The ARN of its permissions boundary.
    pub(crate) boundary: Option<String>,
    /// Its tags.
    pub(crate) tags: Tags,
}

/// The calls used.
pub(crate) trait Iam {
    /// `GetRole`.
    async fn role(&self, name: &str) -> Result<Option<Role>>;
    /// `GetRolePolicy`: an inline policy's document. `Null` if it is not JSON.
    async fn role_policy(&self, role: &str, policy: &str) -> Result<Option<Value>>;
    /// `ListRolePolicies`: the names of its inline policies, to the last page.
    async fn inline_policies(&self, role: &str) -> Result<Vec<String>>;
    /// `ListAttachedRolePolicies`: the ARNs of the managed policies that are attached to it, to the last page.
    async fn attached_policies(&self, role: &str) -> Result<Vec<String>>;
    /// `DetachRolePolicy`.
    async fn detach_policy(&self, role: &str, policy: &str) -> Result<()>;
    /// `CreateRole`.
    async fn create_role(
        &self,
        name: &str,
        trust: &Value,
        boundary: Option<&str>,
        tags: &Tags,
    ) -> Result<()>;
    /// `PutRolePermissionsBoundary`, or `DeleteRolePermissionsBoundary` for none.
    async fn bound(&self, role: &str, boundary: Option<&str>) -> Result<()>;
    /// `UpdateAssumeRolePolicy`.
    async fn update_trust(&self, role: &str, trust: &Value) -> Result<()>;
    /// `PutRolePolicy`.
    async fn put_role_policy(&self, role: &str, policy: &str, document: &Value) -> Result<()>;
    /// `DeleteRolePolicy`.
    async fn delete_role_policy(&self, role: &str, policy: &str) -> Result<()>;
    /// `DeleteRole`.
    async fn delete_role(&self, name: &str) -> Result<()>;
}

impl Iam for Account {
    async fn role(&self, name: &str) -> Result<Option<Role>> {
        let request = self.iam.get_role().role_name(name);
        let answer = GET_ROLE.sort_found(request.send().await)?;
        Ok(answer.and_then(|answer| answer.role).map(|role| Role {
            trust: document(role.assume_role_policy_document().unwrap_or_default()),
            boundary: role
                .permissions_boundary()
                .and_then(|boundary| boundary.permissions_boundary_arn().map(str::to_owned)),
            tags: role
                .tags()
                .iter()
                .map(|tag| (tag.key().to_owned(), tag.value().to_owned()))
                .collect(),
        }))
    }

    async fn role_policy(&self, role: &str, policy: &str) -> Result<Option<Value>> {
        let request = self
            .iam
            .get_role_policy()
            .role_name(role)
            .policy_name(policy);
        let answer = GET_ROLE_POLICY.sort_found(request.send().await)?;
        Ok(answer.map(|answer| document(answer.policy_document())))
    }

    async fn inline_policies(&self, role: &str) -> Result<Vec<String>> {
        let mut found = Vec::new();
        let mut page = None;
        loop {
            let request = self.iam.list_role_policies().role_name(role);
            let answer = request.set_marker(page).send().await;
            let Some(answer) = LIST_ROLE_POLICIES.sort_found(answer)? else {
                return Ok(found);
            };
            found.extend(answer.policy_names);
            page = answer.marker.filter(|_| answer.is_truncated);
            if page.is_none() {
                return Ok(found);
            }
        }
    }

    async fn attached_policies(&self, role: &str) -> Result<Vec<String>> {
        let mut found = Vec::new();
        let mut page = None;
        loop {
            let request = self.iam.list_attached_role_policies().role_name(role);
            let answer = request.set_marker(page).send().await;
            let Some(answer) = LIST_ATTACHED.sort_found(answer)? else {
                return Ok(found);
            };
            let all = answer.attached_policies.unwrap_or_default().into_iter();
            found.extend(all.filter_map(|policy| policy.policy_arn));
            page = answer.marker.filter(|_| answer.is_truncated);
            if page.is_none() {
                return Ok(found);
            }
        }
    }

    async fn detach_policy(&self, role: &str, policy: &str) -> Result<()> {
        let request = self.iam.detach_role_policy().role_name(role);
        DETACH
            .sort(request.policy_arn(policy).send().await)
            .map(drop)
    }

    async fn bound(&self, role: &str, boundary: Option<&str>) -> Result<()> {
        let Some(boundary) = boundary else {
            let request = self.iam.delete_role_permissions_boundary();
            return UNBOUND.sort(request.role_name(role).send().await).map(drop);
        };
        let request = self
            .iam
            .put_role_permissions_boundary()
            .role_name(role)
            .permissions_boundary(boundary);
        BOUND.sort(request.send().await).map(drop)
    }

    async fn create_role(
        &self,
        name: &str,
        trust: &Value,
        boundary: Option<&str>,
        tags: &Tags,
    ) -> Result<()> {
        let tags = tags
            .iter()
            .map(|(key, value)| Tag::builder().key(key).value(value).build())
            .collect::<Result<Vec<_>, BuildError>>()
            .map_err(|error| Error::answered(CREATE_ROLE, "InvalidInput", error.to_string()))?;
        let request = self
            .iam
            .create_role()
            .role_name(name)
            .assume_role_policy_document(trust.to_string())
            .set_permissions_boundary(boundary.map(str::to_owned))
            .set_tags(Some(tags));
        CREATE_ROLE.sort(request.send().await).map(drop)
    }

    async fn update_trust(&self, role: &str, trust: &Value) -> Result<()> {
        let request = self
            .iam
            .update_assume_role_policy()
            .role_name(role)
            .policy_document(trust.to_string());
        UPDATE_TRUST.sort(request.send().await).map(drop)
    }

    async fn put_role_policy(&self, role: &str, policy: &str, document: &Value) -> Result<()> {
        let request = self
            .iam
            .put_role_policy()
            .role_name(role)
            .policy_name(policy)
            .policy_document(document.to_string());
        PUT_ROLE_POLICY.sort(request.send().await).map(drop)
    }

    async fn delete_role_policy(&self, role: &str, policy: &str) -> Result<()> {
        let request = self
            .iam
            .delete_role_policy()
            .role_name(role)
            .policy_name(policy);
        DELETE_ROLE_POLICY.sort(request.send().await).map(drop)
    }

    async fn delete_role(&self, name: &str) -> Result<()> {
        let request = self.iam.delete_role().role_name(name);
        DELETE_ROLE.sort(request.send().await).map(drop)
    }
}

/// A policy document as IAM returns it: JSON, percent-encoded (IAM API reference, `GetRolePolicy`).
fn document(text: &str) -> Value {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8_lossy();
    serde_json::from_str(&decoded).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn a_document_is_percent_decoded_and_nonsense_is_null() {
        let encoded = "%7B%22Version%22%3A%20%222012-10-17%22%7D";
        assert_eq!(super::document(encoded), json!({"Version": "2012-10-17"}));
        assert_eq!(super::document("{\"a\":1}"), json!({"a": 1}));
        assert_eq!(super::document("%7B"), json!(null));
    }
}
