//! The rules for every plan: no version gets traffic while callers reach its guarded routes without
//! the guard, and nothing is opened before all traffic has moved.
//!
//! The plan is run on a model of the ways in: the routes of APIs that have a stage and may invoke
//! the function, what REST stages serve, and the function's URL. What is not known of one counts as
//! open.

use std::collections::BTreeMap;

use crate::{
    aws::apigateway::{Checks, Guard},
    deploy::{
        access::{Access, Asked, Routes, Shift, exposed, shift},
        ids::{ApiId, AuthorizerId, Handle},
        kind::{
            function::step::FunctionStep,
            function_url::step::UrlStep,
            http_api::step::HttpStep,
            rest_api::{
                plan::between,
                step::RestStep,
                usable_keys::{self as keys, Keys},
            },
        },
        model::{Desired, openapi},
        names::{GRANT, REST_GRANT, THROUGH_URL_GRANT, URL_GRANT},
        observe::Actual,
        plan::door::behind_url,
        step::{Plan, Step},
    },
};

/// An HTTP API; its id is empty if the plan creates it.
struct Http {
    id: String,
    open: bool,
    routes: BTreeMap<String, Guard<AuthorizerId>>,
    /// Id, name, and which callers each admits.
    authorizers: Vec<(String, String, Checks)>,
}

/// The ways in.
struct Doors<'a> {
    main: &'a str,
    http: Vec<Http>,
    /// The deployments that the stages of REST APIs serve.
    rest: BTreeMap<String, Routes>,
    /// The last imported document, and its deployments, by digest.
    imported: Routes,
    made: BTreeMap<String, Routes>,
    /// The digests of the existing deployments, by id.
    known: BTreeMap<String, String>,
    /// True if callers of the URL sign their requests.
    url: Option<bool>,
    grants: Vec<String>,
    /// The API keys of REST APIs.
    keys: Keys,
}

impl<'a> Doors<'a> {
    fn of(desired: &'a Desired, actual: &Actual) -> Self {
        let main = &desired.names.function;
        let http = actual.apis.iter().map(|whole| Http {
            id: whole.api.id.clone(),
            open: whole.is_open(),
            routes: whole
                .routes
                .iter()
                .map(|route| {
                    let guard = route.guard.map(|id| AuthorizerId {
                        name: String::new(),
                        id: Some(id.clone()),
                    });
                    (route.key.clone(), guard)
                })
                .collect(),
            authorizers: whole
                .authorizers
                .iter()
                .map(|one| (one.id.clone(), one.name.clone(), one.checks.clone()))
                .collect(),
        });
        let mut doors = Self {
            main,
            http: http.collect(),
            rest: BTreeMap::new(),
            imported: Routes::new(),
            made: BTreeMap::new(),
            known: BTreeMap::new(),
            url: actual.url.as_ref().map(|found| found.settings.iam),
            grants: {
                let held = actual.function(main).grants.iter();
                held.map(|grant| grant.id.clone()).collect()
            },
            keys: Keys::of(actual),
        };
        if let Some(rest) = &desired.rest {
            let wanted = openapi::guards(&rest.document);
            // An interrupted deploy may have left an intermediate deployment.
            for served in actual
                .rests
                .apis
                .iter()
                .flat_map(|whole| whole.served.values())
            {
                let (digest, document) = between(rest, served);
                doors.made.insert(digest, openapi::guards(&document));
            }
            doors.made.insert(rest.digest(), wanted);
        }
        for whole in &actual.rests.apis {
            let all = whole.deployments.iter();
            doors
                .known
                .extend(all.map(|one| (one.id.clone(), one.description.clone())));
            for stage in &whole.stages {
                let routes = match (whole.served.get(&stage.name), &stage.deployment) {
                    (Some(served), _) => openapi::guards(served),
                    (None, Some(id)) => doors.serving(id),
                    (None, None) => behind_url(false),
                };
                doors.rest.insert(stage.name.clone(), routes);
            }
        }
        doors
    }

    /// The content of an existing deployment.
    fn serving(&self, id: &str) -> Routes {
        let digest = self.known.get(id);
        let routes = digest.and_then(|digest| self.made.get(digest));
        routes.cloned().unwrap_or_else(|| behind_url(false))
    }

    /// The routes of each way in that is open.
    fn open(&self) -> Vec<Routes> {
        let held = |id: &str| self.grants.iter().any(|held| held == id);
        let mut all = Vec::new();
        for api in self.http.iter().filter(|api| api.open && held(GRANT)) {
            let routes = api.routes.iter().map(|(key, guard)| {
                let guard = guard.map(|asked| api.asked(asked));
                let api_key = None;
                (key.clone(), Access { guard, api_key })
            });
            all.push(routes.collect());
        }
        if held(REST_GRANT) {
            all.extend(self.rest.values().cloned());
        }
        match self.url {
            Some(true) => all.push(behind_url(true)),
            Some(false) if held(URL_GRANT) && held(THROUGH_URL_GRANT) => {
                all.push(behind_url(false));
            }
            Some(false) | None => {}
        }
        all
    }

    fn api(&mut self, handle: &Handle<ApiId>) -> &mut Http {
        let id = match handle {
            Handle::Known(ApiId(id)) => id.as_str(),
            Handle::Made => "",
        };
        self.api_of(id)
    }

    fn api_of(&mut self, id: &str) -> &mut Http {
        let at = self.http.iter().position(|api| api.id == id);
        let at = at.unwrap_or_else(|| {
            self.http.push(Http {
                id: id.to_owned(),
                open: false,
                routes: BTreeMap::new(),
                authorizers: Vec::new(),
            });
            self.http.len() - 1
        });
        &mut self.http[at]
    }

    /// The effect of a step on them.
    fn apply(&mut self, step: &Step) {
        match step {
            Step::Http(HttpStep::CreateRoute {
                api, key, guard, ..
            }) => {
                self.api(api).routes.insert(key.clone(), guard.clone());
            }
            Step::Http(HttpStep::UpdateRoute {
                api, key, guard, ..
            }) => {
                let routes = &mut self.api_of(&api.0).routes;
                routes.insert(key.clone(), guard.clone());
            }
            Step::Http(HttpStep::DeleteRoute { api, key, .. }) => {
                drop(self.api_of(&api.0).routes.remove(key));
            }
            Step::Http(HttpStep::CreateAuthorizer { api, name, checks }) => {
                let made = (String::new(), name.clone(), checks.clone());
                self.api(api).authorizers.push(made);
            }
            Step::Http(HttpStep::UpdateAuthorizer {
                api, id, checks, ..
            }) => {
                let all = self.api_of(&api.0).authorizers.iter_mut();
                for (_, _, held) in all.filter(|(held, ..)| held == id) {
                    held.clone_from(checks);
                }
            }
            Step::Http(HttpStep::CreateStage { api, .. }) => self.api(api).open = true,
            Step::Http(HttpStep::DeleteApi { api, .. }) => {
                self.http.retain(|held| held.id != api.0);
            }
            Step::Http(HttpStep::AddPermission {
                function,
                asks: false,
                ..
            }) if function == self.main => self.grants.push(GRANT.to_owned()),
            Step::Url(UrlStep::AddPermission { function, grant }) if function == self.main => {
                self.grants.push(grant.id.clone());
            }
            Step::Function(FunctionStep::RemovePermission { function, id })
                if function == self.main =>
            {
                self.grants.retain(|held| held != id);
            }
            Step::Url(UrlStep::Create { settings, .. })
            | Step::Url(UrlStep::Update { settings, .. }) => {
                self.url = Some(settings.iam);
            }
            Step::Url(UrlStep::Delete { .. }) => self.url = None,
            Step::Rest(step) => self.apply_rest(step),
            _ => {}
        }
    }

    /// True if a stage of a REST API asks for keys.
    fn ask_for_keys(&self) -> bool {
        let mut all = self.rest.values().flat_map(Routes::values);
        all.any(|access| access.api_key.is_some())
    }

    fn apply_rest(&mut self, step: &RestStep) {
        self.keys.apply(step);
        match step {
            RestStep::AddPermission {
                function,
                asks: false,
                ..
            } if function == self.main => self.grants.push(REST_GRANT.to_owned()),
            RestStep::PutApi { document, .. } => self.imported = openapi::guards(document),
            RestStep::CreateDeployment { digest, .. } => {
                self.made.insert(digest.clone(), self.imported.clone());
            }
            RestStep::CreateStage {
                stage, deployment, ..
            } => {
                let routes = match &deployment.id {
                    Some(id) => self.serving(id),
                    None => self.made.get(&deployment.name).cloned().unwrap_or_default(),
                };
                self.rest.insert(stage.name.clone(), routes);
            }
            RestStep::UpdateStage {
                stage,
                change,
                deploys,
                ..
            } => {
                let routes = match (&change.deployment, deploys) {
                    (_, Some(digest)) => self.made.get(digest).cloned().unwrap_or_default(),
                    (Some(id), None) => self.serving(id),
                    (None, None) => return,
                };
                self.rest.insert(stage.clone(), routes);
            }
            RestStep::DeleteStage { stage, .. } => drop(self.rest.remove(stage)),
            RestStep::DeleteApi { .. } => self.rest.clear(),
            _ => {}
        }
    }
}

impl Http {
    /// The authorizer of a guard, with which callers it admits.
    fn asked(&self, asked: &AuthorizerId) -> Asked {
        let mut all = self.authorizers.iter();
        let found = all.find(|(id, name, _)| match &asked.id {
            Some(wanted) => id == wanted,
            None => *name == asked.name,
        });
        Asked {
            name: found.map_or_else(|| asked.name.clone(), |(_, name, _)| name.clone()),
            checks: found.map(|(.., checks)| checks.clone()),
        }
    }
}

/// The promise that a plan breaks, in words.
pub(super) fn broken(desired: &Desired, actual: &Actual, plan: &Plan) -> Option<String> {
    let app = desired.access();
    let main = desired.names.function.as_str();
    let takes = |step: &Step| match step {
        Step::Function(FunctionStep::CreateAlias { function, .. }) => function == main,
        step => step.moves() == Some(main),
    };
    let first = plan.steps.iter().find(|planned| takes(&planned.step));
    let moves = first.map(|planned| planned.phase);
    let mut doors = Doors::of(desired, actual);
    let before = doors.open();
    // Keys that no route requires admit nobody.
    let keys = doors.ask_for_keys().then(|| doors.keys.admitted());
    let added = |doors: &Doors<'_>| {
        let keys = keys.as_ref()?;
        keys::added(keys, &doors.keys.admitted())
    };
    let relies_on_keys = app.values().any(|access| access.api_key.is_some());
    // If nothing moves, the serving version is the desired one.
    let (early, late): (Vec<_>, Vec<_>) = plan
        .steps
        .iter()
        .partition(|planned| moves.is_some_and(|moves| planned.phase < moves));
    for planned in early {
        doors.apply(&planned.step);
    }
    if let Some((key, found, wanted)) = opened(&before, &doors) {
        return Some(format!(
            "a route would be opened before all traffic has moved: `{key}`, {found} → {wanted}"
        ));
    }
    if let Some(key) = added(&doors).filter(|_| moves.is_some()) {
        return Some(format!(
            "an API key would be admitted before all traffic has moved: `{key}`"
        ));
    }
    let mut open = doors.open();
    for planned in late {
        if moves.is_some()
            && relies_on_keys
            && let Some(key) = keys::foreign(desired, actual, &doors.keys.admitted())
        {
            return Some(format!(
                "a version would get traffic without its guard: the API key `{key}` is still admitted"
            ));
        }
        for api in open.iter().filter(|_| moves.is_some()) {
            if let Some((key, wanted)) = exposed(api, &app) {
                return Some(format!(
                    "a version would get traffic while callers reach `{wanted}` without its guard, through `{key}`"
                ));
            }
        }
        doors.apply(&planned.step);
        open = doors.open();
    }
    if desired.canary.is_some()
        && let Some((key, found, wanted)) = opened(&before, &doors)
    {
        return Some(format!(
            "a route would be opened during a canary: `{key}`, {found} → {wanted}"
        ));
    }
    if desired.canary.is_some()
        && let Some(key) = added(&doors)
    {
        return Some(format!(
            "an API key would be admitted during a canary: `{key}`"
        ));
    }
    None
}

/// An existing route that admits more callers now, unless it gets a different guard.
fn opened(before: &[Routes], doors: &Doors<'_>) -> Option<(String, Access, Access)> {
    let now = doors.open();
    // A gateway that no longer exists admits nobody.
    for (before, now) in before.iter().zip(&now) {
        for (key, found) in before {
            if let Some(access) = now.get(key)
                && shift(found, access) == Shift::Looser
            {
                return Some((key.clone(), found.clone(), access.clone()));
            }
        }
    }
    None
}
