//! The API: integration, permission, routes, CORS.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    access::{self, Side},
    found::WholeApi,
    step::HttpStep,
};
use crate::{
    aws::{
        apigateway::{Integration, Route, Stage},
        lambda::Grant,
    },
    deploy::{
        access::{interim, named, opens, shift},
        change::MISSING,
        ids::{ApiId, Handle, IntegrationId},
        kind::{function::step::FunctionStep, permission},
        model::Desired,
        names::{ASK_GRANT, GRANT, GRANTS, REST_ASK_GRANT},
        observe::Actual,
        step::{Plan, Step},
    },
    values::gateway::Cors,
};

/// The API and its integration, known or created by an earlier step.
pub(crate) struct Connection {
    /// The API.
    pub(crate) api: Handle<ApiId>,
    /// The integration with the function's alias.
    pub(crate) integration: Handle<IntegrationId>,
}

/// The API and its integration with the alias.
pub(crate) fn connect(plan: &mut Plan, desired: &Desired, api: Option<&WholeApi>) -> Connection {
    let function = desired.names.function.clone();
    let alias = desired.place.alias(&function);
    let Some(whole) = api else {
        let step = Step::Http(HttpStep::CreateApi {
            name: desired.names.function.clone(),
            cors: desired.cors.clone(),
            tags: desired.names.tags(),
        });
        plan.push(step, MISSING);
        let step = Step::Http(HttpStep::CreateIntegration {
            api: Handle::Made,
            function,
            alias,
            format: desired.http.format,
            timeout: desired.http.timeout,
        });
        plan.push(step, MISSING);
        return Connection {
            api: Handle::Made,
            integration: Handle::Made,
        };
    };
    let id = ApiId(whole.api.id.clone());
    let api = Handle::Known(id.clone());
    let Some(found) = main(whole, &alias) else {
        let step = Step::Http(HttpStep::CreateIntegration {
            api: api.clone(),
            function,
            alias,
            format: desired.http.format,
            timeout: desired.http.timeout,
        });
        plan.push(step, MISSING);
        return Connection {
            api,
            integration: Handle::Made,
        };
    };
    let integration = IntegrationId(found.id.clone());
    let (format, timeout) = (desired.http.format, desired.http.timeout);
    let mut reasons = Vec::new();
    match found.format {
        Some(_) if found.uri != alias => {
            reasons.push("it was changed outside `cargo fw`".to_owned());
        }
        None => reasons.push("it was changed outside `cargo fw`".to_owned()),
        Some(old) if old != format => {
            let (old, new) = (old.as_str(), format.as_str());
            reasons.push(format!("payload_format: {old} → {new}"));
        }
        Some(_) => {}
    }
    if found.timeout != timeout {
        let old = found.timeout;
        reasons.push(format!("integration_timeout: {old} ms → {timeout} ms"));
    }
    if !reasons.is_empty() {
        let step = Step::Http(HttpStep::UpdateIntegration {
            api: id,
            id: integration.clone(),
            function,
            alias,
            format,
            timeout,
        });
        plan.push(step, reasons.join(", "));
    }
    Connection {
        api,
        integration: Handle::Known(integration),
    }
}

/// The integration that an API keeps: one that leads to the alias, or that can be changed to.
fn main<'a>(whole: &'a WholeApi, alias: &str) -> Option<&'a Integration> {
    let mut all = whole.integrations.iter();
    all.find(|integration| leads_to(integration, alias))
        .or(whole.integrations.first())
}

fn leads_to(integration: &Integration, alias: &str) -> bool {
    integration.format.is_some() && integration.uri == alias
}

/// The permissions of the API: to invoke the alias, and to ask the authorizers.
pub(crate) fn permission(
    plan: &mut Plan,
    desired: &Desired,
    actual: &Actual,
    connection: &Connection,
) {
    let mut functions = vec![(desired.names.function.clone(), false)];
    functions.extend(
        desired
            .http
            .functions(&desired.place)
            .map(|name| (name, true)),
    );
    for (function, asks) in functions {
        let id = if asks { ASK_GRANT } else { GRANT };
        let source = |api: &str| match asks {
            true => desired.place.asking(api),
            false => desired.place.api(api),
        };
        let wanted = match &connection.api {
            Handle::Known(ApiId(api)) => Some(Grant::of_api(id, source(api))),
            Handle::Made => None,
        };
        let grants = &actual.function(&function).grants;
        if wanted
            .as_ref()
            .is_some_and(|wanted| grants.contains(wanted))
        {
            continue;
        }
        // A statement cannot be changed, and its id cannot be used twice.
        if grants.iter().any(|grant| grant.id == id) {
            let step = Step::Function(FunctionStep::RemovePermission {
                function: function.clone(),
                id: id.to_owned(),
            });
            plan.push(step, "it belongs to another API");
        }
        let step = Step::Http(HttpStep::AddPermission {
            function,
            api: connection.api.clone(),
            place: desired.place.clone(),
            asks,
        });
        plan.push(step, MISSING);
    }
}

/// Removes invoke permissions that somebody else added: their holders pass no guard.
pub(crate) fn forbid(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    for function in desired.names.functions() {
        for grant in &actual.function(function).grants {
            let own = GRANTS.contains(&grant.id.as_str()) || permission::is_own(&grant.id);
            if own || grant.id.is_empty() {
                continue;
            }
            let step = Step::Function(FunctionStep::RemovePermission {
                function: function.to_owned(),
                id: grant.id.clone(),
            });
            let who = match grant.principal.as_str() {
                "*" => "everybody",
                "" => "somebody",
                who => who,
            };
            let reason =
                format!("it lets {who} call `{function}`, and was added outside `cargo fw`");
            plan.push(step, reason);
        }
    }
}

/// Takes the permission to ask from the authorizers that no API asks.
pub(crate) fn unask(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let http: Vec<String> = desired.http.functions(&desired.place).collect();
    let rest = desired.rest.as_ref().map(|rest| rest.asked.as_slice());
    for (id, asked) in [
        (ASK_GRANT, http.as_slice()),
        (REST_ASK_GRANT, rest.unwrap_or_default()),
    ] {
        for function in desired.names.functions() {
            let held = &actual.function(function).grants;
            let held = held.iter().any(|grant| grant.id == id);
            if held && !asked.iter().any(|asked| asked == function) {
                let step = Step::Function(FunctionStep::RemovePermission {
                    function: function.to_owned(),
                    id: id.to_owned(),
                });
                plan.push(step, "no API uses it any more");
            }
        }
    }
}

/// The routes that are missing or lead elsewhere; before the traffic moves also those that go, where a version would serve their
/// callers by what it guards.
pub(crate) fn routes(
    plan: &mut Plan,
    desired: &Desired,
    api: Option<&WholeApi>,
    connection: &Connection,
    side: Side,
) {
    let held = api.map(|whole| named(&whole.access())).unwrap_or_default();
    let wanted = named(&desired.access());
    let early = interim(&held, &wanted);
    let found: BTreeMap<&str, _> = api
        .map(|whole| whole.routes.as_slice())
        .unwrap_or_default()
        .iter()
        .map(|route| (route.key.as_str(), route))
        .collect();
    let mut keys: Vec<&String> = desired.routes.iter().collect();
    if side != Side::All {
        // A request never reaches a vaguer route while the one that guards it is not there yet.
        keys.sort_by_key(|key| {
            let vague = (key.as_str() == "$default", key.starts_with("ANY "));
            (wanted[*key].is_open(), vague)
        });
    }
    for key in keys {
        let integration = connection.integration.clone();
        let guard = access::guard(desired, api, key);
        match (found.get(key.as_str()), &connection.api) {
            (Some(route), Handle::Known(api)) => {
                let target = route.integration.clone().map(IntegrationId);
                let leads = target.map(Handle::Known).as_ref() == Some(&integration);
                let guarded = access::guarded(&route.guard, &guard);
                let shift = shift(&held[key], &wanted[key]);
                if (!leads || !guarded) && side.takes(shift.is_guard()) {
                    let reason = match guarded {
                        true => "it leads elsewhere".to_owned(),
                        false => access::guard_difference(&route.guard, &guard),
                    };
                    let step = Step::Http(HttpStep::UpdateRoute {
                        api: api.clone(),
                        id: route.id.clone(),
                        key: key.clone(),
                        integration,
                        guard,
                    });
                    plan.push_opening(step, reason, shift.admits_more());
                }
            }
            _ if side.takes(early.contains_key(key)) => {
                let step = Step::Http(HttpStep::CreateRoute {
                    api: connection.api.clone(),
                    key: key.clone(),
                    integration,
                    guard,
                });
                let opens = opens(&held, key, &wanted[key]);
                plan.push_opening(step, "in the app but not in the API", opens);
            }
            _ => {}
        }
    }
    let Some(whole) = api.filter(|_| side == Side::Before) else {
        return;
    };
    let gone = gone(desired, whole);
    for route in whole
        .routes
        .iter()
        .filter(|route| gone.contains(&route.key))
    {
        let throttled = |stage: &&Stage| stage.routes.contains_key(&route.key);
        for stage in whole.stages.iter().filter(throttled) {
            let step = Step::Http(HttpStep::DropThrottle {
                api: ApiId(whole.api.id.clone()),
                stage: stage.name.clone(),
                key: route.key.clone(),
            });
            plan.push(step, "its route is deleted");
        }
        delete(
            plan,
            whole,
            route,
            "its requests would reach a guarded route",
        );
    }
}

/// The routes of an API that go before the traffic moves: a version would serve their callers by what it guards.
pub(crate) fn gone(desired: &Desired, whole: &WholeApi) -> BTreeSet<String> {
    let held = named(&whole.access());
    let early = interim(&held, &named(&desired.access()));
    let gone = held.into_keys().filter(|key| !early.contains_key(key));
    gone.collect()
}

fn delete(plan: &mut Plan, whole: &WholeApi, route: &Route, reason: &str) {
    let step = Step::Http(HttpStep::DeleteRoute {
        api: ApiId(whole.api.id.clone()),
        id: route.id.clone(),
        key: route.key.clone(),
    });
    plan.push(step, reason);
}

/// Superfluous or different settings of an existing API.
pub(crate) fn tidy(plan: &mut Plan, desired: &Desired, whole: &WholeApi, gone: &BTreeSet<String>) {
    let api = ApiId(whole.api.id.clone());
    let name = whole.api.name.clone();
    match (&desired.cors, &whole.api.cors) {
        (Some(new), old) if old.as_ref().map(normal) != Some(normal(new)) => {
            let reason = match old {
                Some(old) => cors_differences(&normal(old), &normal(new)),
                None => MISSING.to_owned(),
            };
            let step = Step::Http(HttpStep::SetCors {
                name,
                api: api.clone(),
                cors: new.clone(),
            });
            plan.push(step, reason);
        }
        (None, Some(_)) => {
            let api = api.clone();
            plan.push(
                Step::Http(HttpStep::DeleteCors { name, api }),
                "not in the settings",
            );
        }
        _ => {}
    }
    for route in &whole.routes {
        if !desired.routes.contains(&route.key) && !gone.contains(&route.key) {
            delete(plan, whole, route, "in the API but not in the app");
        }
    }
    let alias = desired.place.alias(&desired.names.function);
    let kept = main(whole, &alias);
    for integration in &whole.integrations {
        if Some(integration) != kept {
            let step = Step::Http(HttpStep::DeleteIntegration {
                api: api.clone(),
                id: IntegrationId(integration.id.clone()),
            });
            plan.push(step, "no route uses it");
        }
    }
}

/// The differences of two normalised ones, as old → new.
pub(crate) fn cors_differences(old: &Cors, new: &Cors) -> String {
    let list = |list: &[String]| match list {
        [] => "none".to_owned(),
        list => list.join(" "),
    };
    let told = |cors: &Cors| {
        [
            ("origins", list(&cors.allow_origins)),
            ("methods", list(&cors.allow_methods)),
            ("headers", list(&cors.allow_headers)),
            ("exposed headers", list(&cors.expose_headers)),
            ("max age", format!("{} s", cors.max_age.unwrap_or_default())),
            ("credentials", cors.allow_credentials.to_string()),
        ]
    };
    let pairs = told(old).into_iter().zip(told(new));
    let differ = pairs.filter(|((_, old), (_, new))| old != new);
    let words: Vec<String> = differ
        .map(|((what, old), (_, new))| format!("{what}: {old} → {new}"))
        .collect();
    words.join(", ")
}

/// A CORS configuration for comparison: lists are sets, header names have no case (RFC 9110 §5.1).
pub(crate) fn normal(cors: &Cors) -> Cors {
    let set = |list: &[String]| -> Vec<String> {
        let set: BTreeSet<String> = list.iter().map(|item| item.to_ascii_lowercase()).collect();
        set.into_iter().collect()
    };
    Cors {
        allow_origins: set(&cors.allow_origins),
        allow_methods: set(&cors.allow_methods),
        allow_headers: set(&cors.allow_headers),
        expose_headers: set(&cors.expose_headers),
        // An API without a number has the default, 0 (API reference, `Cors`).
        max_age: Some(cors.max_age.unwrap_or_default()),
        allow_credentials: cors.allow_credentials,
    }
}
