//! The actual HTTP APIs of a deployment, by read calls only.

use crate::{
    aws::{
        Aws,
        apigateway::{Api, Authorizer, Integration, Route, Stage},
        error::Result,
    },
    deploy::{
        access::{Access, Asked, Routes},
        found::owner,
        names::Names,
    },
};

/// An API with all that is in it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WholeApi {
    /// The API itself.
    pub(crate) api: Api,
    /// Its integrations.
    pub(crate) integrations: Vec<Integration>,
    /// Its routes.
    pub(crate) routes: Vec<Route>,
    /// Its authorizers.
    pub(crate) authorizers: Vec<Authorizer>,
    /// Its stages, by name: one, unless it is about to have another name.
    pub(crate) stages: Vec<Stage>,
    /// Where it answers, once it has a stage.
    pub(crate) url: Option<String>,
}

impl WholeApi {
    /// Whether it takes traffic.
    pub(crate) fn is_open(&self) -> bool {
        !self.stages.is_empty()
    }

    /// Which callers its routes admit, by route key. Of several authorizers of one name the first one is that of the name.
    pub(crate) fn access(&self) -> Routes {
        let asked = |id: &String| {
            let found = self.authorizers.iter().find(|one| one.id == *id);
            let of_name = |name: &str| self.authorizers.iter().find(|one| one.name == name);
            let kept = found.filter(|found| of_name(&found.name).is_some_and(|one| one.id == *id));
            Asked {
                name: kept.map_or_else(|| id.clone(), |kept| kept.name.clone()),
                checks: found.map(|found| found.checks.clone()),
            }
        };
        let all = self.routes.iter().map(|route| {
            let access = Access {
                guard: route.guard.map(asked),
                api_key: None,
            };
            (route.key.clone(), access)
        });
        all.collect()
    }

    /// Its stage of that name.
    pub(crate) fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.name == name)
    }
}

/// Reads the APIs of a deployment, and the owners of others with its name.
pub(crate) async fn apis<A: Aws>(aws: &A, names: &Names) -> Result<(Vec<WholeApi>, Vec<String>)> {
    let all = aws.apis().await?;
    let (ours, others): (Vec<Api>, Vec<Api>) =
        all.into_iter().partition(|api| names.own(&api.tags));
    let foreign = others
        .iter()
        .filter(|api| api.name == names.function)
        .map(|api| owner(&api.tags))
        .collect();
    let mut apis = Vec::new();
    for api in ours {
        let (integrations, routes, authorizers, mut stages) = tokio::try_join!(
            aws.integrations(&api.id),
            aws.routes(&api.id),
            aws.authorizers(&api.id),
            aws.stages(&api.id),
        )?;
        stages.sort_by(|one, other| one.name.cmp(&other.name));
        let url = stages.first();
        let url = url.map(|stage| format!("{}{}", api.endpoint, stage.prefix()));
        apis.push(WholeApi {
            api,
            integrations,
            routes,
            authorizers,
            stages,
            url,
        });
    }
    let order = |whole: &WholeApi| (!whole.is_open(), whole.api.id.clone());
    apis.sort_by_key(order);
    Ok((apis, foreign))
}
