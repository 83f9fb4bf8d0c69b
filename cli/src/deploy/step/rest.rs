//! The steps on a REST API, its keys and its usage plans: as in the parent, each is one mutating call.

use serde_json::Value;

use super::{Action, STAGE};
use crate::{
    aws::rest::{PlanLimits, RestStage, Secret, StageChange},
    deploy::model::Place,
    values::names::Tags,
};

/// A thing that is there already, or that an earlier step makes: its id, and the name that the step makes it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// Its name.
    pub(crate) name: String,
    /// Its id, when it is there already.
    pub(crate) id: Option<String>,
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RestStep {
    /// Makes the API, with no way in until it has a stage.
    CreateApi { name: String, tags: Tags },
    /// Lets the API invoke the alias.
    AddPermission {
        function: String,
        api: Named,
        place: Place,
        /// Whether it asks the function who may call.
        asks: bool,
    },
    /// Imports the document; no stage serves it before it is deployed.
    PutApi {
        api: Named,
        document: Value,
        /// The routes that it has no longer.
        removed: Vec<String>,
    },
    /// Makes what the API is now ready for stages to serve.
    CreateDeployment { api: Named, digest: String },
    /// Removes a deployment that no stage serves.
    DeleteDeployment { api: String, deployment: Named },
    /// Opens the API.
    CreateStage {
        api: Named,
        stage: RestStage,
        /// What it serves, by the digest of the document.
        deployment: Named,
        tags: Tags,
        place: Place,
    },
    /// Sets up the stage, and what it serves.
    UpdateStage {
        api: Named,
        stage: String,
        change: StageChange,
        /// What it is to serve that an earlier step makes, by the digest of the document.
        deploys: Option<String>,
    },
    /// Closes the API's way in under that name.
    DeleteStage { api: String, stage: String },
    /// Removes the API and all in it.
    DeleteApi {
        name: String,
        api: String,
        /// Whether it takes traffic.
        open: bool,
    },
    /// Makes a key.
    CreateKey {
        name: String,
        value: Option<Secret>,
        enabled: bool,
        tags: Tags,
    },
    /// Sets whether a key is taken.
    UpdateKey {
        id: String,
        name: String,
        enabled: bool,
    },
    /// Removes a key.
    DeleteKey { id: String, name: String },
    /// Makes a usage plan for the stage.
    CreatePlan {
        name: String,
        limits: PlanLimits,
        api: Named,
        stage: String,
        tags: Tags,
    },
    /// Sets how much the holders of its keys may call, and of what.
    UpdatePlan {
        id: String,
        name: String,
        before: PlanLimits,
        limits: PlanLimits,
        /// The stage that it is for, when it is not yet: of which API.
        added: Option<(Named, String)>,
        removed: Vec<(String, String)>,
    },
    /// Removes a usage plan.
    DeletePlan { id: String, name: String },
    /// Puts a key under a plan.
    AddPlanKey { plan: Named, key: Named },
    /// Takes a key from a plan.
    RemovePlanKey {
        plan: String,
        key: String,
        name: String,
    },
}

impl RestStep {
    /// What it does, and to what: the kind and the name.
    pub(super) fn subject(&self) -> (Action, &'static str, &str) {
        use Action::{Create, Delete, Update};
        match self {
            Self::CreateApi { name, .. } => (Create, "REST API", name),
            Self::AddPermission { function, .. } => (Create, "permission on function", function),
            Self::PutApi { api, .. } => (Update, "document of REST API", &api.name),
            Self::CreateDeployment { api, .. } => (Create, "deployment of REST API", &api.name),
            Self::DeleteDeployment { deployment, .. } => {
                let name = deployment.id.as_ref().unwrap_or(&deployment.name);
                (Delete, "deployment", name)
            }
            Self::CreateStage { stage, .. } => (Create, STAGE, &stage.name),
            Self::UpdateStage { stage, .. } => (Update, STAGE, stage),
            Self::DeleteStage { stage, .. } => (Delete, STAGE, stage),
            Self::DeleteApi { name, .. } => (Delete, "REST API", name),
            Self::CreateKey { name, .. } => (Create, "API key", name),
            Self::UpdateKey { name, .. } => (Update, "API key", name),
            Self::DeleteKey { name, .. } => (Delete, "API key", name),
            Self::CreatePlan { name, .. } => (Create, "usage plan", name),
            Self::UpdatePlan { name, .. } => (Update, "usage plan", name),
            Self::DeletePlan { name, .. } => (Delete, "usage plan", name),
            Self::AddPlanKey { key, .. } => (Create, "API key in a usage plan", &key.name),
            Self::RemovePlanKey { name, .. } => (Update, "API key in a usage plan", name),
        }
    }

    /// What it needs that an earlier step makes: the kind, and its name.
    pub(crate) fn needs(&self) -> Vec<(&'static str, &str)> {
        fn made<'a>(kind: &'static str, named: &'a Named) -> Option<(&'static str, &'a str)> {
            named.id.is_none().then_some((kind, named.name.as_str()))
        }
        let (api, more) = match self {
            Self::AddPermission { api, .. }
            | Self::PutApi { api, .. }
            | Self::CreateDeployment { api, .. }
            | Self::CreatePlan { api, .. } => (Some(api), None),
            Self::CreateStage {
                api, deployment, ..
            } => (Some(api), made("deployment", deployment)),
            Self::UpdateStage { api, deploys, .. } => {
                let made = deploys.as_deref();
                (Some(api), made.map(|digest| ("deployment", digest)))
            }
            Self::DeleteDeployment { deployment, .. } => (None, made("deployment", deployment)),
            Self::UpdatePlan { added, .. } => (added.as_ref().map(|(api, _)| api), None),
            Self::AddPlanKey { plan, key } => {
                let all = [made("plan", plan), made("key", key)];
                return all.into_iter().flatten().collect();
            }
            _ => (None, None),
        };
        let api = api.and_then(|api| made("api", api));
        api.into_iter().chain(more).collect()
    }

    /// What it makes that later steps use.
    pub(crate) fn makes(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::CreateApi { name, .. } => Some(("api", name)),
            Self::CreateDeployment { digest, .. } => Some(("deployment", digest)),
            Self::CreateKey { name, .. } => Some(("key", name)),
            Self::CreatePlan { name, .. } => Some(("plan", name)),
            _ => None,
        }
    }

    /// The function that it lets the API invoke.
    pub(crate) fn permits(&self) -> Option<&str> {
        match self {
            Self::AddPermission { function, .. } => Some(function),
            _ => None,
        }
    }

    /// Whether it makes what a new version needs, and so must come before the traffic.
    pub(crate) fn prepares(&self) -> bool {
        matches!(self, Self::CreateApi { .. } | Self::AddPermission { .. })
    }
}
