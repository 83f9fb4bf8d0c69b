//! The steps on a role, its policies and its boundary.

use serde_json::Value;

use crate::{
    aws::{Aws, error::Error},
    deploy::{
        change::{Action, Change, Output, Resource, lost},
        names::POLICY,
        phase::Lane,
        retry::just_made,
        run::{Run, Trouble},
    },
    values::names::Tags,
};

/// One change of a role: one mutating call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RoleStep {
    /// Creates the role, which cannot be used until it has its policy.
    Create {
        role: String,
        trust: Value,
        boundary: Option<String>,
        tags: Tags,
    },
    /// Sets the trust policy of the role.
    UpdateTrust { role: String, trust: Value },
    /// Sets what the role allows: creates its policy, or changes it.
    PutPolicy {
        role: String,
        document: Value,
        action: Action,
    },
    /// Sets the permissions boundary of the role; `None` removes it.
    Bound {
        role: String,
        boundary: Option<String>,
    },
    /// Takes a managed policy from the role.
    Detach { role: String, policy: String },
    /// Removes an inline policy of the role that is not the deployment's.
    DropPolicy { role: String, policy: String },
    /// Removes the role's policy, without which the role cannot be removed.
    DeletePolicy { role: String },
    /// Removes the role.
    Delete { role: String },
}

impl Change for RoleStep {
    fn subject(&self) -> (Action, Resource<'_>) {
        use Action::{Create, Delete, Update};
        let (action, kind, name) = match self {
            Self::Create { role, .. } => (Create, "role", role),
            Self::UpdateTrust { role, .. } => (Update, "trust of role", role),
            Self::PutPolicy { role, action, .. } => (*action, "policy of role", role),
            Self::Bound { role, .. } => (Update, "permissions boundary of role", role),
            Self::Detach { policy, .. } => (Delete, "policy attached to the role", policy),
            Self::DropPolicy { policy, .. } => (Delete, "inline policy of the role", policy),
            Self::DeletePolicy { role } => (Delete, "policy of role", role),
            Self::Delete { role } => (Delete, "role", role),
        };
        (action, Resource { kind, name })
    }

    fn lane(&self) -> Lane<'_> {
        match self {
            Self::Create { role, .. }
            | Self::UpdateTrust { role, .. }
            | Self::PutPolicy { role, .. }
            | Self::Bound { role, .. }
            | Self::Detach { role, .. }
            | Self::DropPolicy { role, .. }
            | Self::DeletePolicy { role }
            | Self::Delete { role } => Lane::Role(role),
        }
    }

    fn needs(&self) -> Vec<Output<'_>> {
        Vec::new()
    }

    fn makes(&self) -> Option<Output<'_>> {
        None
    }

    fn prepares(&self) -> bool {
        matches!(self, Self::Create { .. } | Self::UpdateTrust { .. })
    }

    fn loses(&self) -> Vec<String> {
        match self {
            Self::Detach { .. } | Self::DropPolicy { .. } => lost(self),
            // They go with their function, which is in the list.
            Self::DeletePolicy { .. } | Self::Delete { .. } => Vec::new(),
            Self::Create { .. }
            | Self::UpdateTrust { .. }
            | Self::PutPolicy { .. }
            | Self::Bound { .. } => Vec::new(),
        }
    }

    fn passes(&self, error: &Error) -> Option<&'static str> {
        just_made(error).filter(|_| matches!(self, Self::PutPolicy { .. }))
    }

    fn begins(&self) -> Option<String> {
        None
    }

    async fn run<A: Aws>(&self, run: &Run<'_, A>) -> Result<(), Trouble> {
        let aws = run.aws;
        match self {
            Self::Create {
                role,
                trust,
                boundary,
                tags,
            } => {
                let boundary = boundary.as_deref();
                aws.create_role(role, trust, boundary, tags).await?;
            }
            Self::UpdateTrust { role, trust } => aws.update_trust(role, trust).await?,
            Self::PutPolicy { role, document, .. } => {
                aws.put_role_policy(role, POLICY, document).await?;
            }
            Self::Bound { role, boundary } => aws.bound(role, boundary.as_deref()).await?,
            Self::Detach { role, policy } => aws.detach_policy(role, policy).await?,
            Self::DropPolicy { role, policy } => aws.delete_role_policy(role, policy).await?,
            Self::DeletePolicy { role } => aws.delete_role_policy(role, POLICY).await?,
            Self::Delete { role } => aws.delete_role(role).await?,
        }
        Ok(())
    }
}
