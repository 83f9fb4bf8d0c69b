//! Steps on what is set of a deployment beside its versions: concurrency, the role's boundary. Each takes effect at once.

use super::{
    model::{Desired, DesiredFunction},
    observe::{WholeFunction, WholeRole},
    step::{Action, Plan, Resource, Step},
};
use crate::{
    aws::{
        Aws,
        error::Result,
        tags::{Taggable, TaggedKind},
    },
    values::{lambda::ALIAS, names::Tags},
};

/// One such change: one mutating call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Setting {
    /// Keeps so many invocations for the function, and lets it have no more; none takes that back.
    Reserve { function: String, most: Option<u32> },
    /// Keeps so many processes awake for the alias; none takes that back.
    Provision {
        function: String,
        count: Option<u32>,
    },
    /// Sets what the role may be allowed at the most; none takes that back.
    Bound {
        role: String,
        boundary: Option<String>,
    },
    /// Takes a managed policy from the role.
    Detach { role: String, policy: String },
    /// Removes an inline policy of the role that is not the deployment's.
    Drop { role: String, policy: String },
    /// Sets tags of a resource that is there.
    Tag { resource: Taggable, tags: Tags },
    /// Removes tags that a deploy before has set.
    Untag {
        resource: Taggable,
        keys: Vec<String>,
    },
}

impl Setting {
    /// What it does, and to what.
    pub(super) fn subject(&self) -> (Action, Resource<'_>) {
        let (kind, name) = match self {
            Self::Detach { policy, .. } => {
                let kind = "policy that is attached to the role";
                return (Action::Delete, Resource { kind, name: policy });
            }
            Self::Drop { policy, .. } => {
                let kind = "inline policy of the role";
                return (Action::Delete, Resource { kind, name: policy });
            }
            Self::Reserve { function, .. } => ("concurrency of function", function),
            Self::Provision { function, .. } => ("provisioned concurrency of function", function),
            Self::Tag { resource, .. } | Self::Untag { resource, .. } => {
                let kind = match resource.kind {
                    TaggedKind::Function => "tags of function",
                    TaggedKind::Role => "tags of role",
                    TaggedKind::LogGroup => "tags of log group",
                    TaggedKind::Api => "tags of API",
                    TaggedKind::RestApi => "tags of REST API",
                };
                (kind, &resource.name)
            }
            Self::Bound { role, .. } => ("permissions boundary of role", role),
        };
        (Action::Update, Resource { kind, name })
    }

    /// Makes the call.
    pub(super) async fn run<A: Aws>(&self, aws: &A) -> Result<()> {
        match self {
            Self::Reserve { function, most } => aws.reserve(function, *most).await,
            Self::Provision { function, count } => aws.provision(function, ALIAS, *count).await,
            Self::Tag { resource, tags } => aws.tag(resource, tags).await,
            Self::Untag { resource, keys } => aws.untag(resource, keys).await,
            Self::Detach { role, policy } => aws.detach_policy(role, policy).await,
            Self::Drop { role, policy } => aws.delete_role_policy(role, policy).await,
            Self::Bound { role, boundary } => aws.bound(role, boundary.as_deref()).await,
        }
    }
}

/// Sets the boundary of a role that is there.
pub(super) fn boundary(role: &str, desired: &Desired, found: &WholeRole) -> Option<(Step, String)> {
    let found = found.role.ours()?;
    (found.boundary != desired.boundary).then(|| {
        let told = |boundary: &Option<String>| boundary.clone().unwrap_or("none".to_owned());
        let reason = format!("{} → {}", told(&found.boundary), told(&desired.boundary));
        let step = Setting::Bound {
            role: role.to_owned(),
            boundary: desired.boundary.clone(),
        };
        (Step::Set(step), reason)
    })
}

/// Reserves what is to be reserved. Lambda provisions no more than that, so less is reserved after less is provisioned.
pub(super) fn concurrency(plan: &mut Plan, one: &DesiredFunction, actual: &WholeFunction) {
    let found = actual.function.ours();
    let reserved = found.and_then(|found| found.reserved);
    let function = one.name.clone();
    let told = |count: Option<u32>| count.map_or("none".to_owned(), |count| count.to_string());
    let mut steps = Vec::new();
    if reserved != one.reserved {
        let most = one.reserved;
        let reason = format!("{} → {}", told(reserved), told(most));
        let function = function.clone();
        steps.push((Setting::Reserve { function, most }, reason));
    }
    if actual.provisioned != one.provisioned {
        let count = one.provisioned;
        let reason = format!("{} → {}", told(actual.provisioned), told(count));
        steps.push((Setting::Provision { function, count }, reason));
    }
    if one.provisioned < actual.provisioned {
        steps.reverse();
    }
    for (step, reason) in steps {
        plan.push(Step::Set(step), reason);
    }
}
