//! The steps on a REST API, its keys and its usage plans: as in the parent, each is one mutating call.

use serde_json::Value;

use super::run::call;
use crate::{
    aws::{
        Aws,
        error::Error,
        rest::{PlanLimits, RestStage, Secret, StageChange},
    },
    deploy::{
        change::{Action, Change, Output, Resource, STAGE, lost},
        names::AwsLocation,
        phase::Lane,
        retry::{changing, just_made},
        run::{Run, Trouble},
    },
    values::names::Tags,
};

/// A resource that already exists, or that an earlier step creates: its id, and the name by which
/// the step creates it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// Its name.
    pub(crate) name: String,
    /// Its id, if it already exists.
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
        place: AwsLocation,
        /// True if it invokes the function as an authorizer.
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
        /// The deployment that it serves, by the digest of the document.
        deployment: Named,
        tags: Tags,
        place: AwsLocation,
    },
    /// Sets up the stage, and what it serves.
    UpdateStage {
        api: Named,
        stage: String,
        change: StageChange,
        /// The deployment to serve that an earlier step creates, by the digest of the document.
        deploys: Option<String>,
    },
    /// Closes the API's way in under that name.
    DeleteStage { api: String, stage: String },
    /// Removes the API and all in it.
    DeleteApi {
        name: String,
        api: String,
        /// True if it gets traffic.
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

fn made<'a>(kind: &'static str, named: &'a Named) -> Option<Output<'a>> {
    let missing = named.id.is_none();
    missing.then_some(Output::Rest(kind, named.name.as_str()))
}

impl RestStep {
    /// The kind and the name of what it creates for later steps.
    pub(crate) fn output(&self) -> Option<(&'static str, &str)> {
        match self.makes() {
            Some(Output::Rest(kind, name)) => Some((kind, name)),
            _ => None,
        }
    }
}

impl Change for RestStep {
    fn subject(&self) -> (Action, Resource<'_>) {
        use Action::{Create, Delete, Update};
        let (action, kind, name) = match self {
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
        };
        (action, Resource { kind, name })
    }

    fn lane(&self) -> Lane<'_> {
        match self {
            Self::AddPermission { function, .. } => Lane::Function(function),
            Self::CreateApi { .. }
            | Self::PutApi { .. }
            | Self::CreateDeployment { .. }
            | Self::DeleteDeployment { .. }
            | Self::CreateStage { .. }
            | Self::UpdateStage { .. }
            | Self::DeleteStage { .. }
            | Self::DeleteApi { .. }
            | Self::CreateKey { .. }
            | Self::UpdateKey { .. }
            | Self::DeleteKey { .. }
            | Self::CreatePlan { .. }
            | Self::UpdatePlan { .. }
            | Self::DeletePlan { .. }
            | Self::AddPlanKey { .. }
            | Self::RemovePlanKey { .. } => Lane::Api,
        }
    }

    fn needs(&self) -> Vec<Output<'_>> {
        let all = match self {
            Self::AddPermission { api, .. }
            | Self::PutApi { api, .. }
            | Self::CreateDeployment { api, .. }
            | Self::CreatePlan { api, .. } => [made("api", api), None],
            Self::CreateStage {
                api, deployment, ..
            } => [made("api", api), made("deployment", deployment)],
            Self::UpdateStage { api, deploys, .. } => {
                let deployment = deploys.as_deref();
                let deployment = deployment.map(|digest| Output::Rest("deployment", digest));
                [made("api", api), deployment]
            }
            Self::DeleteDeployment { deployment, .. } => [made("deployment", deployment), None],
            Self::UpdatePlan { added, .. } => {
                let api = added.as_ref().and_then(|(api, _)| made("api", api));
                [api, None]
            }
            Self::AddPlanKey { plan, key } => [made("plan", plan), made("key", key)],
            Self::CreateApi { .. }
            | Self::DeleteStage { .. }
            | Self::DeleteApi { .. }
            | Self::CreateKey { .. }
            | Self::UpdateKey { .. }
            | Self::DeleteKey { .. }
            | Self::DeletePlan { .. }
            | Self::RemovePlanKey { .. } => [None, None],
        };
        all.into_iter().flatten().collect()
    }

    fn makes(&self) -> Option<Output<'_>> {
        match self {
            Self::CreateApi { name, .. } => Some(Output::Rest("api", name)),
            Self::CreateDeployment { digest, .. } => Some(Output::Rest("deployment", digest)),
            Self::CreateKey { name, .. } => Some(Output::Rest("key", name)),
            Self::CreatePlan { name, .. } => Some(Output::Rest("plan", name)),
            _ => None,
        }
    }

    fn prepares(&self) -> bool {
        matches!(self, Self::CreateApi { .. } | Self::AddPermission { .. })
    }

    fn loses(&self) -> Vec<String> {
        match self {
            Self::PutApi { removed, .. } => {
                removed.iter().map(|key| format!("route `{key}`")).collect()
            }
            Self::DeleteStage { .. }
            | Self::DeleteApi { open: true, .. }
            | Self::DeleteKey { .. }
            | Self::DeletePlan { .. } => lost(self),
            // Nobody reaches these.
            Self::DeleteDeployment { .. } | Self::DeleteApi { open: false, .. } => Vec::new(),
            Self::CreateApi { .. }
            | Self::AddPermission { .. }
            | Self::CreateDeployment { .. }
            | Self::CreateStage { .. }
            | Self::UpdateStage { .. }
            | Self::CreateKey { .. }
            | Self::UpdateKey { .. }
            | Self::CreatePlan { .. }
            | Self::UpdatePlan { .. }
            | Self::AddPlanKey { .. }
            | Self::RemovePlanKey { .. } => Vec::new(),
        }
    }

    fn passes(&self, error: &Error) -> Option<&'static str> {
        changing(error).or_else(|| just_made(error))
    }

    fn begins(&self) -> Option<String> {
        None
    }

    async fn run<A: Aws>(&self, run: &Run<'_, A>) -> Result<(), Trouble> {
        // Steps of other lanes may run in the meantime, but create nothing of this kind.
        let mut rest = run.made.borrow().rest.clone();
        let opened = call(run.aws, self, &mut rest).await?;
        let mut made = run.made.borrow_mut();
        made.rest.extend(rest);
        if opened.is_some() {
            made.endpoint = opened;
        }
        Ok(())
    }
}
