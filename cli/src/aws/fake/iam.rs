//! IAM: a role with a policy cannot be deleted, and each name is given once.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Fake, FakeRole, missing};
use crate::{
    aws::{
        error::Result,
        iam::{
            BOUND, CREATE_ROLE, DELETE_ROLE, DELETE_ROLE_POLICY, DETACH, GET_ROLE, GET_ROLE_POLICY,
            Iam, LIST_ATTACHED, LIST_ROLE_POLICIES, PUT_ROLE_POLICY, Role, UNBOUND, UPDATE_TRUST,
        },
    },
    values::names::Tags,
};

const GONE: &str = "NoSuchEntity";

impl Iam for Fake {
    async fn role(&self, name: &str) -> Result<Option<Role>> {
        self.later().await.call(GET_ROLE, |state| {
            Ok(state.roles.get(name).map(|role| Role {
                trust: role.trust.clone(),
                boundary: role.boundary.clone(),
                tags: role.tags.clone(),
            }))
        })
    }

    async fn role_policy(&self, role: &str, policy: &str) -> Result<Option<Value>> {
        self.later().await.call(GET_ROLE_POLICY, |state| {
            let role = state.roles.get(role);
            Ok(role.and_then(|role| role.policies.get(policy).cloned()))
        })
    }

    async fn inline_policies(&self, role: &str) -> Result<Vec<String>> {
        self.later().await.call(LIST_ROLE_POLICIES, |state| {
            let found = state.roles.get(role);
            let names = found.into_iter().flat_map(|role| role.policies.keys());
            Ok(names.cloned().collect())
        })
    }

    async fn attached_policies(&self, role: &str) -> Result<Vec<String>> {
        self.later().await.call(LIST_ATTACHED, |state| {
            let found = state.roles.get(role);
            let all = found.into_iter().flat_map(|role| &role.attached);
            Ok(all.cloned().collect())
        })
    }

    async fn detach_policy(&self, role: &str, policy: &str) -> Result<()> {
        self.later().await.call(DETACH, |state| {
            let found = state.roles.get_mut(role);
            let found = found.ok_or_else(|| missing(GONE, role))?;
            match found.attached.remove(policy) {
                true => Ok(()),
                false => Err(missing(GONE, policy)),
            }
        })
    }

    async fn bound(&self, role: &str, boundary: Option<&str>) -> Result<()> {
        let operation = boundary.map_or(UNBOUND, |_| BOUND);
        self.later().await.call(operation, |state| {
            let found = state.roles.get_mut(role);
            found.ok_or_else(|| missing(GONE, role))?.boundary = boundary.map(str::to_owned);
            Ok(())
        })
    }

    async fn create_role(
        &self,
        name: &str,
        trust: &Value,
        boundary: Option<&str>,
        tags: &Tags,
    ) -> Result<()> {
        self.later().await.call(CREATE_ROLE, |state| {
            if state.roles.contains_key(name) {
                return Err(("EntityAlreadyExists", format!("{name} exists")));
            }
            let role = FakeRole {
                trust: trust.clone(),
                tags: tags.clone(),
                policies: [].into(),
                attached: [].into(),
                boundary: boundary.map(str::to_owned),
                lag: self.role_lag.get(),
            };
            state.roles.insert(name.to_owned(), role);
            Ok(())
        })
    }

    async fn update_trust(&self, role: &str, trust: &Value) -> Result<()> {
        self.later().await.call(UPDATE_TRUST, |state| {
            let found = state
                .roles
                .get_mut(role)
                .ok_or_else(|| missing(GONE, role))?;
            found.trust = trust.clone();
            Ok(())
        })
    }

    async fn put_role_policy(&self, role: &str, policy: &str, document: &Value) -> Result<()> {
        self.later().await.call(PUT_ROLE_POLICY, |state| {
            let mut ids = BTreeSet::new();
            let statements = document["Statement"].as_array().into_iter().flatten();
            let mut sids = statements.filter_map(|statement| statement["Sid"].as_str());
            if !sids.all(|sid| ids.insert(sid)) {
                let message = "Statement IDs (SID) in a single policy must be unique.";
                return Err(("MalformedPolicyDocument", message.to_owned()));
            }
            let found = state
                .roles
                .get_mut(role)
                .ok_or_else(|| missing(GONE, role))?;
            found.policies.insert(policy.to_owned(), document.clone());
            Ok(())
        })
    }

    async fn delete_role_policy(&self, role: &str, policy: &str) -> Result<()> {
        self.later().await.call(DELETE_ROLE_POLICY, |state| {
            let found = state
                .roles
                .get_mut(role)
                .ok_or_else(|| missing(GONE, role))?;
            let removed = found.policies.remove(policy);
            removed.map(drop).ok_or_else(|| missing(GONE, policy))
        })
    }

    async fn delete_role(&self, name: &str) -> Result<()> {
        self.later().await.call(DELETE_ROLE, |state| {
            let found = state.roles.get(name).ok_or_else(|| missing(GONE, name))?;
            if !found.policies.is_empty() || !found.attached.is_empty() {
                return Err(("DeleteConflict", format!("{name} has policies")));
            }
            state.roles.remove(name);
            Ok(())
        })
    }
}
