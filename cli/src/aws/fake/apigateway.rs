//! API Gateway: names are no keys, route keys are; an integration in use cannot be deleted.

use super::{Fake, FakeApi, State, missing};
use crate::{
    aws::{
        Result, Tags,
        apigateway::{
            Api, ApiGateway, CREATE_API, CREATE_INTEGRATION, CREATE_ROUTE, CREATE_STAGE,
            DELETE_API, DELETE_CORS, DELETE_INTEGRATION, DELETE_ROUTE, GET_APIS, GET_INTEGRATIONS,
            GET_ROUTES, GET_STAGE, Integration, Route, UPDATE_API, UPDATE_INTEGRATION,
            UPDATE_ROUTE, UPDATE_STAGE,
        },
    },
    settings::Cors,
};

const GONE: &str = "NotFoundException";
const CONFLICT: &str = "ConflictException";

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

impl ApiGateway for Fake {
    async fn apis(&self) -> Result<Vec<Api>> {
        self.call(GET_APIS, |state| {
            Ok(state.apis.iter().map(|held| held.api.clone()).collect())
        })
    }

    async fn integrations(&self, api: &str) -> Result<Vec<Integration>> {
        self.call(GET_INTEGRATIONS, |state| {
            Ok(known(state, api)?.integrations.clone())
        })
    }

    async fn routes(&self, api: &str) -> Result<Vec<Route>> {
        self.call(GET_ROUTES, |state| Ok(known(state, api)?.routes.clone()))
    }

    async fn stage(&self, api: &str) -> Result<Option<bool>> {
        self.call(GET_STAGE, |state| Ok(known(state, api)?.stage))
    }

    async fn create_api(&self, name: &str, cors: Option<&Cors>, tags: &Tags) -> Result<Api> {
        self.call(CREATE_API, |state| {
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
                stage: None,
            });
            Ok(api)
        })
    }

    async fn set_cors(&self, api: &str, cors: &Cors) -> Result<()> {
        self.call(UPDATE_API, |state| {
            known(state, api)?.api.cors = Some(cors.clone());
            Ok(())
        })
    }

    async fn delete_cors(&self, api: &str) -> Result<()> {
        self.call(DELETE_CORS, |state| {
            known(state, api)?.api.cors = None;
            Ok(())
        })
    }

    async fn delete_api(&self, api: &str) -> Result<()> {
        self.call(DELETE_API, |state| {
            known(state, api)?;
            state.apis.retain(|held| held.api.id != api);
            Ok(())
        })
    }

    async fn create_integration(&self, api: &str, uri: &str) -> Result<String> {
        self.call(CREATE_INTEGRATION, |state| {
            let found = known(state, api)?;
            let id = self.id("integration");
            found.integrations.push(Integration {
                id: id.clone(),
                uri: uri.to_owned(),
                proxy: true,
            });
            Ok(id)
        })
    }

    async fn update_integration(&self, api: &str, id: &str, uri: &str) -> Result<()> {
        self.call(UPDATE_INTEGRATION, |state| {
            let mut all = known(state, api)?.integrations.iter_mut();
            let held = all.find(|held| held.id == id);
            let held = held.ok_or_else(|| missing(GONE, id))?;
            uri.clone_into(&mut held.uri);
            held.proxy = true;
            Ok(())
        })
    }

    async fn delete_integration(&self, api: &str, id: &str) -> Result<()> {
        self.call(DELETE_INTEGRATION, |state| {
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

    async fn create_route(&self, api: &str, key: &str, integration: &str) -> Result<()> {
        self.call(CREATE_ROUTE, |state| {
            let found = known(state, api)?;
            connected(found, integration)?;
            if found.routes.iter().any(|route| route.key == key) {
                return Err((CONFLICT, format!("route with key {key} already exists")));
            }
            found.routes.push(Route {
                id: self.id("route"),
                key: key.to_owned(),
                integration: Some(integration.to_owned()),
            });
            Ok(())
        })
    }

    async fn update_route(&self, api: &str, id: &str, integration: &str) -> Result<()> {
        self.call(UPDATE_ROUTE, |state| {
            let found = known(state, api)?;
            connected(found, integration)?;
            let held = found.routes.iter_mut().find(|held| held.id == id);
            let held = held.ok_or_else(|| missing(GONE, id))?;
            held.integration = Some(integration.to_owned());
            Ok(())
        })
    }

    async fn delete_route(&self, api: &str, id: &str) -> Result<()> {
        self.call(DELETE_ROUTE, |state| {
            let found = known(state, api)?;
            let before = found.routes.len();
            found.routes.retain(|held| held.id != id);
            if found.routes.len() == before {
                return Err(missing(GONE, id));
            }
            Ok(())
        })
    }

    async fn create_stage(&self, api: &str, _tags: &Tags) -> Result<()> {
        self.call(CREATE_STAGE, |state| {
            let found = known(state, api)?;
            if found.stage.is_some() {
                return Err((CONFLICT, "stage already exists".to_owned()));
            }
            found.stage = Some(true);
            Ok(())
        })
    }

    async fn update_stage(&self, api: &str) -> Result<()> {
        self.call(UPDATE_STAGE, |state| {
            let found = known(state, api)?;
            if found.stage.is_none() {
                return Err(missing(GONE, "$default"));
            }
            found.stage = Some(true);
            Ok(())
        })
    }
}
