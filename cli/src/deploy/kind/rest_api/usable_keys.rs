//! Which API keys callers of the REST API can use as a plan is run: the keys that are enabled and under a usage plan for a stage.

use std::collections::BTreeSet;

use super::step::{Named, RestStep};
use crate::deploy::{model::Desired, observe::Actual};

/// A key: its name, and its id where it was there before the plan.
type KeyId = (String, Option<String>);

struct Held {
    key: KeyId,
    enabled: bool,
}

struct Under {
    plan: KeyId,
    /// True if the usage plan is for a stage of the API.
    is_linked: bool,
    keys: BTreeSet<KeyId>,
}

/// The keys and the usage plans.
pub(crate) struct Keys {
    keys: Vec<Held>,
    plans: Vec<Under>,
}

fn key_id(named: &Named) -> KeyId {
    (named.name.clone(), named.id.clone())
}

fn has_id(key: &KeyId, id: &str) -> bool {
    key.1.as_deref() == Some(id)
}

impl Keys {
    /// The keys of the account.
    pub(crate) fn of(actual: &Actual) -> Self {
        let rests = &actual.rests;
        let is_ours = |id: &String| rests.apis.iter().any(|whole| whole.api.id == *id);
        let name = |id: &String| {
            let found = rests.keys.iter().find(|key| key.id == *id);
            found.map_or_else(|| id.clone(), |key| key.name.clone())
        };
        let keys = rests.keys.iter().map(|key| Held {
            key: (key.name.clone(), Some(key.id.clone())),
            enabled: key.enabled,
        });
        let plans = rests.plans.iter().map(|(plan, keys)| Under {
            plan: (plan.name.clone(), Some(plan.id.clone())),
            is_linked: plan.stages.iter().any(|(api, _)| is_ours(api)),
            keys: keys.iter().map(|id| (name(id), Some(id.clone()))).collect(),
        });
        Self {
            keys: keys.collect(),
            plans: plans.collect(),
        }
    }

    /// The keys that callers can use. A key that is not the deployment's counts as enabled.
    pub(crate) fn admitted(&self) -> BTreeSet<KeyId> {
        let plans = self.plans.iter().filter(|plan| plan.is_linked);
        let is_disabled = |id: &&KeyId| {
            self.keys
                .iter()
                .any(|held| held.key == **id && !held.enabled)
        };
        let keys = plans.flat_map(|plan| &plan.keys);
        keys.filter(|id| !is_disabled(id)).cloned().collect()
    }

    /// The effect of a step on them.
    pub(crate) fn apply(&mut self, step: &RestStep) {
        match step {
            RestStep::CreateKey { name, enabled, .. } => self.keys.push(Held {
                key: (name.clone(), None),
                enabled: *enabled,
            }),
            RestStep::UpdateKey { id, enabled, .. } => {
                let found = self.keys.iter_mut().filter(|held| has_id(&held.key, id));
                found.for_each(|held| held.enabled = *enabled);
            }
            RestStep::DeleteKey { id, .. } => {
                self.keys.retain(|held| !has_id(&held.key, id));
                for plan in &mut self.plans {
                    plan.keys.retain(|key| !has_id(key, id));
                }
            }
            RestStep::CreatePlan { name, .. } => self.plans.push(Under {
                plan: (name.clone(), None),
                is_linked: true,
                keys: BTreeSet::new(),
            }),
            RestStep::UpdatePlan { id, added, .. } => {
                let found = self.plans.iter_mut().filter(|held| has_id(&held.plan, id));
                found.for_each(|held| held.is_linked |= added.is_some());
            }
            RestStep::DeletePlan { id, .. } => self.plans.retain(|held| !has_id(&held.plan, id)),
            RestStep::AddPlanKey { plan, key } => {
                let plan = key_id(plan);
                let found = self.plans.iter_mut().filter(|held| held.plan == plan);
                found.for_each(|held| held.keys.extend([key_id(key)]));
            }
            RestStep::RemovePlanKey { plan, key, .. } => {
                let found = self
                    .plans
                    .iter_mut()
                    .filter(|held| has_id(&held.plan, plan));
                found.for_each(|held| held.keys.retain(|held| !has_id(held, key)));
            }
            _ => {}
        }
    }
}

/// The name of an admitted key that the settings do not admit.
pub(crate) fn foreign(
    desired: &Desired,
    actual: &Actual,
    admitted: &BTreeSet<KeyId>,
) -> Option<String> {
    let rest = desired.rest.as_ref()?;
    let is_wanted = |(name, id): &KeyId| {
        let under = rest.plans.values().any(|plan| plan.keys.contains(name));
        let found = actual
            .rests
            .keys
            .iter()
            .find(|key| Some(&key.id) == id.as_ref());
        rest.keys.get(name).is_some_and(|key| {
            let same = key
                .value
                .as_ref()
                .is_none_or(|value| found.is_none_or(|found| found.value == *value));
            key.enabled && under && same
        })
    };
    admitted
        .iter()
        .find(|key| !is_wanted(key))
        .map(|(name, _)| name.clone())
}

/// The name of a key that callers can use now and could not before, unless it replaces one of its name.
pub(crate) fn added(before: &BTreeSet<KeyId>, now: &BTreeSet<KeyId>) -> Option<String> {
    let is_new = |(name, id): &&KeyId| {
        !before.contains(&(name.clone(), id.clone()))
            && !before.iter().any(|(held, _)| held == name)
    };
    now.iter().find(is_new).map(|(name, _)| name.clone())
}
