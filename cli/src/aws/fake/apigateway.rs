//! API Gateway: names are no keys, route keys are; what is in use cannot be deleted, and what is not there not be used.

use super::{Fake, FakeApi, State, domains::mapped, missing};
use crate::{
    aws::{
        apigateway::{
            AccessLog, Api, ApiGateway, Authorizer, CREATE_API, CREATE_AUTHORIZER,
            CREATE_INTEGRATION, CREATE_ROUTE, CREATE_STAGE, Checks, DELETE_ACCESS_LOG, DELETE_API,
            DELETE_AUTHORIZER, DELETE_CORS, DELETE_INTEGRATION, DELETE_ROUTE,
            DELETE_ROUTE_SETTINGS, DELETE_STAGE, GET_APIS, GET_AUTHORIZERS, GET_INTEGRATIONS,
            GET_ROUTES, GET_STAGES, Guard, Integration, Route, Stage, UPDATE_API,
            UPDATE_AUTHORIZER, UPDATE_INTEGRATION, UPDATE_ROUTE, UPDATE_STAGE,
        },
        error::Result,
    },
    values::{
        gateway::{Cors, PayloadFormat},
        names::Tags,
    },
};

const GONE: &str = "NotFoundException";
const CONFLICT: &str = "ConflictException";
const REFUSED: &str = "BadRequestException";

type Refused = (&'static str, String);

fn known<'a>(state: &'a mut State, id: &str) -> Result<&'a mut FakeApi, Refused> {
    let found = state.apis.iter_mut().find(|held| held.api.id == id);
    found.ok_or_else(|| missing(GONE, id))
}

fn connected(api: &FakeApi, integration: &str) -> Result<(), Refused> {
    let mut all = api.integrations.iter();
    if all.any(|held| held.id == integration) {
        return Ok(());
    }
    Err(missing(GONE, integration))
}

/// Whether a guard's authorizer is there.
fn guarded(api: &FakeApi, guard: &Guard<String>) -> Result<(), Refused> {
    let Some(id) = guard.authorizer() else {
        return Ok(());
    };
    match api.authorizers.iter().find(|held| held.id == *id) {
        None => Err(missing(GONE, id)),
        Some(held) => match (&held.checks, guard) {
            (Checks::Jwt { .. }, Guard::Jwt(..)) | (Checks::Function { .. }, Guard::Lambda(_)) => {
                Ok(())
            }
            _ => Err((REFUSED, format!("{id} is no authorizer of this kind"))),
        },
    }
}

/// API Gateway knows the buckets of routes that are there only.
fn throttled(api: &FakeApi, stage: &Stage) -> Result<(), Refused> {
    let unknown = |key: &&String| !api.routes.iter().any(|route| route.key == **key);
    match stage.routes.keys().find(unknown) {
        Some(key) => Err((
            GONE,
            format!("Unable to find Route by key {key} within the provided RouteSettings"),
        )),
        None => Ok(()),
    }
}

/// API Gateway waits for 50 ms at the least.
fn waits(timeout: u32) -> Result<(), Refused> {
    match (50..=Integration::TIMEOUT).contains(&timeout) {
        true => Ok(()),
        false => Err((
            REFUSED,
            format!("Timeout should be between 50 ms and 30000 ms: {timeout}"),
        )),
    }
}

/// Whether the group that a log is to be written to is there.
pub(super) fn writable(state: &State, log: &AccessLog) -> bool {
    let name = log.group.split(':').nth(6);
    name.is_some_and(|name| state.groups.contains_key(name))
}

/// API Gateway writes to groups that are there only.
fn logged(state: &State, stage: &Stage) -> Result<(), Refused> {
    match &stage.log {
        Some(log) if !writable(state, log) => Err(missing(REFUSED, &log.group)),
        _ => Ok(()),
    }
}

fn held<'a>(api: &'a mut FakeApi, stage: &str) -> Result<&'a mut Stage, Refused> {
    let found = api.stages.iter_mut().find(|held| held.name == stage);
    found.ok_or_else(|| missing(GONE, stage))
}

impl ApiGateway for Fake {
    async fn apis(&self) -> Result<Vec<Api>> {
        self.later().await.call(GET_APIS, |state| {
            Ok(state.apis.iter().map(|held| held.api.clone()).collect())
        })
    }

    async fn integrations(&self, api: &str) -> Result<Vec<Integration>> {
        self.later().await.call(GET_INTEGRATIONS, |state| {
            Ok(known(state, api)?.integrations.clone())
        })
    }

    async fn routes(&self, api: &str) -> Result<Vec<Route>> {
        self.later()
            .await
            .call(GET_ROUTES, |state| Ok(known(state, api)?.routes.clone()))
    }

    async fn stages(&self, api: &str) -> Result<Vec<Stage>> {
        self.later()
            .await
            .call(GET_STAGES, |state| Ok(known(state, api)?.stages.clone()))
    }

    async fn authorizers(&self, api: &str) -> Result<Vec<Authorizer>> {
        self.later().await.call(GET_AUTHORIZERS, |state| {
            Ok(known(state, api)?.authorizers.clone())
        })
    }

    async fn create_api(&self, name: &str, cors: Option<&Cors>, tags: &Tags) -> Result<Api> {
        self.later().await.call(CREATE_API, |state| {
            let id = self.id("api");
            let api = Api {
                endpoint: format!("https://{id}.execute-api.{}.amazonaws.com", Self::REGION),
                id,
                name: name.to_owned(),
                cors: cors.cloned(),
                tags: tags.clone(),
            };
            state.apis.push(FakeApi {
                api: api.clone(),
                integrations: Vec::new(),
                routes: Vec::new(),
                authorizers: Vec::new(),
                stages: Vec::new(),
            });
            Ok(api)
        })
    }

    async fn set_cors(&self, api: &str, cors: &Cors) -> Result<()> {
        self.later().await.call(UPDATE_API, |state| {
            known(state, api)?.api.cors = Some(cors.clone());
            Ok(())
        })
    }

    async fn delete_cors(&self, api: &str) -> Result<()> {
        self.later().await.call(DELETE_CORS, |state| {
            known(state, api)?.api.cors = None;
            Ok(())
        })
    }

    async fn delete_api(&self, api: &str) -> Result<()> {
        self.later().await.call(DELETE_API, |state| {
            mapped(state, api, None)?;
            known(state, api)?;
            state.apis.retain(|held| held.api.id != api);
            Ok(())
        })
    }

    async fn create_integration(
        &self,
        api: &str,
        uri: &str,
        format: PayloadFormat,
        timeout: u32,
    ) -> Result<String> {
        self.later().await.call(CREATE_INTEGRATION, |state| {
            waits(timeout)?;
            let found = known(state, api)?;
            let id = self.id("integration");
            found.integrations.push(Integration {
                id: id.clone(),
                uri: uri.to_owned(),
                format: Some(format),
                timeout,
            });
            Ok(id)
        })
    }

    async fn update_integration(
        &self,
        api: &str,
        id: &str,
        uri: &str,
        format: PayloadFormat,
        timeout: u32,
    ) -> Result<()> {
        self.later().await.call(UPDATE_INTEGRATION, |state| {
            waits(timeout)?;
            let mut all = known(state, api)?.integrations.iter_mut();
            let held = all.find(|held| held.id == id);
            let held = held.ok_or_else(|| missing(GONE, id))?;
            uri.clone_into(&mut held.uri);
            held.format = Some(format);
            held.timeout = timeout;
            Ok(())
        })
    }

    async fn delete_integration(&self, api: &str, id: &str) -> Result<()> {
        self.later().await.call(DELETE_INTEGRATION, |state| {
            let found = known(state, api)?;
            connected(found, id)?;
            let mut routes = found.routes.iter();
            if routes.any(|route| route.integration.as_deref() == Some(id)) {
                return Err((CONFLICT, format!("{id} is used by a route")));
            }
            found.integrations.retain(|held| held.id != id);
            Ok(())
        })
    }

    async fn create_route(
        &self,
        api: &str,
        key: &str,
        integration: &str,
        guard: &Guard<String>,
    ) -> Result<()> {
        self.later().await.call(CREATE_ROUTE, |state| {
            let found = known(state, api)?;
            connected(found, integration)?;
            guarded(found, guard)?;
            if found.routes.iter().any(|route| route.key == key) {
                return Err((CONFLICT, format!("route with key {key} already exists")));
            }
            found.routes.push(Route {
                id: self.id("route"),
                key: key.to_owned(),
                integration: Some(integration.to_owned()),
                guard: guard.clone(),
            });
            Ok(())
        })
    }

    async fn update_route(
        &self,
        api: &str,
        id: &str,
        integration: &str,
        guard: &Guard<String>,
    ) -> Result<()> {
        self.later().await.call(UPDATE_ROUTE, |state| {
            let found = known(state, api)?;
            connected(found, integration)?;
            guarded(found, guard)?;
            let held = found.routes.iter_mut().find(|held| held.id == id);
            let held = held.ok_or_else(|| missing(GONE, id))?;
            held.integration = Some(integration.to_owned());
            held.guard = guard.clone();
            Ok(())
        })
    }

    async fn delete_route(&self, api: &str, id: &str) -> Result<()> {
        self.later().await.call(DELETE_ROUTE, |state| {
            let found = known(state, api)?;
            let before = found.routes.len();
            found.routes.retain(|held| held.id != id);
            if found.routes.len() == before {
                return Err(missing(GONE, id));
            }
            Ok(())
        })
    }

    async fn create_stage(&self, api: &str, stage: &Stage, _tags: &Tags) -> Result<()> {
        self.later().await.call(CREATE_STAGE, |state| {
            logged(state, stage)?;
            let found = known(state, api)?;
            if held(found, &stage.name).is_ok() {
                return Err((CONFLICT, "stage already exists".to_owned()));
            }
            throttled(found, stage)?;
            found.stages.push(stage.clone());
            Ok(())
        })
    }

    async fn update_stage(&self, api: &str, stage: &Stage, gone: &[String]) -> Result<()> {
        self.later().await.call(UPDATE_STAGE, |state| {
            logged(state, stage)?;
            let found = known(state, api)?;
            let mut all = held(found, &stage.name)?.clone();
            // What is not said stays as it was.
            all.auto = stage.auto;
            all.variables.extend(stage.variables.clone());
            all.variables.retain(|name, _| !gone.contains(name));
            all.throttle = stage.throttle;
            all.routes.extend(stage.routes.clone());
            all.log = stage.log.clone().or(all.log);
            throttled(found, &all)?;
            *held(found, &stage.name)? = all;
            Ok(())
        })
    }

    async fn delete_stage(&self, api: &str, stage: &str) -> Result<()> {
        self.later().await.call(DELETE_STAGE, |state| {
            mapped(state, api, Some(stage))?;
            let found = known(state, api)?;
            held(found, stage)?;
            found.stages.retain(|held| held.name != stage);
            Ok(())
        })
    }

    async fn delete_route_settings(&self, api: &str, stage: &str, key: &str) -> Result<()> {
        self.later().await.call(DELETE_ROUTE_SETTINGS, |state| {
            let stage = held(known(state, api)?, stage)?;
            stage.routes.remove(key);
            Ok(())
        })
    }

    async fn delete_access_log(&self, api: &str, stage: &str) -> Result<()> {
        self.later().await.call(DELETE_ACCESS_LOG, |state| {
            held(known(state, api)?, stage)?.log = None;
            Ok(())
        })
    }

    async fn create_authorizer(&self, api: &str, name: &str, checks: &Checks) -> Result<String> {
        self.later().await.call(CREATE_AUTHORIZER, |state| {
            let found = known(state, api)?;
            let id = self.id("authorizer");
            found.authorizers.push(Authorizer {
                id: id.clone(),
                name: name.to_owned(),
                checks: checks.clone(),
            });
            Ok(id)
        })
    }

    async fn update_authorizer(&self, api: &str, id: &str, checks: &Checks) -> Result<()> {
        self.later().await.call(UPDATE_AUTHORIZER, |state| {
            let mut all = known(state, api)?.authorizers.iter_mut();
            let held = all.find(|held| held.id == id);
            held.ok_or_else(|| missing(GONE, id))?.checks = checks.clone();
            Ok(())
        })
    }

    async fn delete_authorizer(&self, api: &str, id: &str) -> Result<()> {
        self.later().await.call(DELETE_AUTHORIZER, |state| {
            let found = known(state, api)?;
            if !found.authorizers.iter().any(|held| held.id == id) {
                return Err(missing(GONE, id));
            }
            let uses = |guard: &Guard<String>| guard.authorizer().is_some_and(|used| used == id);
            if found.routes.iter().any(|route| uses(&route.guard)) {
                return Err((CONFLICT, format!("{id} is used by a route")));
            }
            found.authorizers.retain(|held| held.id != id);
            Ok(())
        })
    }
}
