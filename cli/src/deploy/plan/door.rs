//! The gateway that another one replaces.
//!
//! It leads to the same alias until it is removed, after the new one is open. If callers could
//! reach guarded routes of the new version through it, it is closed before the traffic moves.

use crate::{
    aws::apigateway::Guard,
    deploy::{
        access::{Access, Routes, exposed},
        kind::{
            function_url::{plan as url, step::UrlStep},
            http_api::found::WholeApi,
            rest_api::found::WholeRest,
        },
        model::Desired,
        names::{GRANT, REST_GRANT, THROUGH_URL_GRANT, URL_GRANT},
        observe::Actual,
        step::{Plan, Step},
    },
    values::gateway::Gateway,
};

/// How a gateway is closed.
enum Shut {
    /// By taking the permission of that id, without which it cannot invoke the alias.
    Withdraw(&'static str),
    /// By removing the URL, whose callers have their own permissions.
    Delete,
}

/// The callers that a URL admits.
pub(crate) fn behind_url(iam: bool) -> Routes {
    let access = Access {
        guard: if iam { Guard::Iam } else { Guard::Open },
        api_key: None,
    };
    Routes::from([("$default".to_owned(), access)])
}

/// How the old gateways are closed before the traffic moves, if they must be.
fn shuts(desired: &Desired, actual: &Actual) -> Vec<Shut> {
    let app = desired.access();
    let mut all = Vec::new();
    if app.values().all(Access::is_open) {
        return all;
    }
    let gateway = desired.gateway();
    let held = |id: &str| {
        let grants = &actual.function(&desired.names.function).grants;
        grants.iter().any(|grant| grant.id == id)
    };
    let mut open = actual.apis.iter().filter(|whole| whole.is_open());
    if gateway != Gateway::HttpApi
        && held(GRANT)
        && open.any(|whole| exposed(&whole.access(), &app).is_some())
    {
        all.push(Shut::Withdraw(GRANT));
    }
    // The guards of a REST API are not read if another gateway replaces it.
    if gateway != Gateway::RestApi
        && held(REST_GRANT)
        && actual.rests.apis.iter().any(WholeRest::is_open)
    {
        all.push(Shut::Withdraw(REST_GRANT));
    }
    if let (Some(found), Gateway::HttpApi | Gateway::RestApi) = (&actual.url, gateway)
        && exposed(&behind_url(found.settings.iam), &app).is_some()
    {
        // Without permissions an open URL answers nobody (Lambda developer guide, "Control access
        // to Lambda function URLs"); the remaining permission marks the URL for the next deploy.
        match (found.settings.iam, held(URL_GRANT), held(THROUGH_URL_GRANT)) {
            (false, true, true) => all.push(Shut::Withdraw(URL_GRANT)),
            (false, false, _) => {}
            (true, ..) | (false, true, false) => all.push(Shut::Delete),
        }
    }
    all
}

/// True if an old gateway must be closed before the traffic moves.
pub(crate) fn is_shut(desired: &Desired, actual: &Actual) -> bool {
    !shuts(desired, actual).is_empty()
}

/// True if the new gateway admits callers that the old one refuses.
///
/// The guards of a REST API are not read if another gateway replaces it, so an open route counts as
/// more callers.
pub(super) fn admits_more(desired: &Desired, actual: &Actual) -> bool {
    let comes = match &desired.url {
        Some(url) => behind_url(url.iam),
        None => desired.access(),
    };
    let gateway = desired.gateway();
    let rests = actual.rests.apis.iter();
    let rest = gateway != Gateway::RestApi && rests.clone().any(WholeRest::is_open);
    let apis = actual.apis.iter().filter(|whole| whole.is_open());
    let mut goes: Vec<Routes> = match gateway {
        Gateway::HttpApi => Vec::new(),
        Gateway::RestApi | Gateway::FunctionUrl => apis.map(WholeApi::access).collect(),
    };
    if let (Some(found), Gateway::HttpApi | Gateway::RestApi) = (&actual.url, gateway) {
        goes.push(behind_url(found.settings.iam));
    }
    (rest && comes.values().any(Access::is_open))
        || goes.iter().any(|goes| exposed(&comes, goes).is_some())
}

/// Closes the gateways that go, where a version would serve their callers by what it guards.
pub(super) fn shut(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let reason = format!(
        "the {} guards routes that this gateway does not guard",
        desired.gateway()
    );
    for shut in shuts(desired, actual) {
        match shut {
            Shut::Withdraw(id) => url::withdraw(plan, desired, actual, &[id], &reason),
            Shut::Delete => {
                let function = desired.names.function.clone();
                plan.push(Step::Url(UrlStep::Delete { function }), reason.clone());
            }
        }
    }
}
