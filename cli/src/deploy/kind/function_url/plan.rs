//! The function URL: the front door without API Gateway.

use super::step::UrlStep;
use crate::{
    aws::lambda::{Allows, Grant, UrlSettings},
    deploy::{
        change::MISSING,
        kind::{
            function::step::FunctionStep,
            http_api::plan::{cors_differences, normal},
        },
        model::Desired,
        names::{GRANT, REST_GRANT, THROUGH_URL_GRANT, URL_GRANT},
        observe::Actual,
        step::{Plan, Planned, Step},
    },
    values::gateway::Gateway,
};

/// The permissions that let everyone call the URL.
const GRANTS: [(&str, Allows); 2] = [
    (URL_GRANT, Allows::Url),
    (THROUGH_URL_GRANT, Allows::ThroughUrl),
];

/// Admits only callers that sign their requests, if the settings require it and the URL is open to
/// everyone.
pub(crate) fn tighten(plan: &mut Plan, desired: &Desired, actual: &Actual, settings: &UrlSettings) {
    let Some(found) = actual.url.as_ref().filter(|_| settings.iam) else {
        return;
    };
    let reason = "callers sign their requests";
    withdraw(plan, desired, actual, &GRANTS.map(|(id, _)| id), reason);
    if !found.settings.iam {
        // The rest of the settings is for the new version.
        let tight = UrlSettings {
            iam: true,
            ..found.settings.clone()
        };
        let step = Step::Url(UrlStep::Update {
            function: desired.names.function.clone(),
            settings: tight.clone(),
        });
        plan.push(step, difference(&found.settings, &tight));
    }
}

/// Brings the URL to the settings' state; a new one is opened last.
pub(crate) fn open(plan: &mut Plan, desired: &Desired, actual: &Actual, settings: &UrlSettings) {
    let function = &desired.names.function;
    let everybody = GRANTS.map(|(id, allows)| Grant::of_url(id, allows));
    if settings.iam && actual.url.is_none() {
        let reason = "callers sign their requests";
        withdraw(plan, desired, actual, &GRANTS.map(|(id, _)| id), reason);
    }
    // Somebody may have removed the permission of a URL to close it.
    let closed = actual.url.as_ref().is_some_and(|found| !found.settings.iam);
    for grant in everybody.into_iter().filter(|_| !settings.iam) {
        if !actual.function(function).grants.contains(&grant) {
            let function = function.clone();
            let step = Step::Url(UrlStep::AddPermission { function, grant });
            plan.push_opening(step, MISSING, closed);
        }
    }
    let found = actual.url.as_ref().map(|found| UrlSettings {
        iam: found.settings.iam || settings.iam,
        ..found.settings.clone()
    });
    match found {
        None => {
            let step = Step::Url(UrlStep::Create {
                function: function.clone(),
                settings: settings.clone(),
            });
            plan.push(step, MISSING);
        }
        Some(found) if !same(&found, settings) => {
            let step = Step::Url(UrlStep::Update {
                function: function.clone(),
                settings: settings.clone(),
            });
            let opens = found.iam && !settings.iam;
            plan.push_opening(step, difference(&found, settings), opens);
        }
        Some(_) => {}
    }
    withdraw(
        plan,
        desired,
        actual,
        &[GRANT, REST_GRANT],
        "no API invokes it any more",
    );
}

/// Marks a URL that an API will replace, if it is not marked yet: next to an open API the next
/// deploy looks for a URL only if it finds a permission of one, and a URL whose callers sign has
/// none. This permission grants nothing, because it is bound to a URL whose callers do not sign.
pub(crate) fn mark(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let function = &desired.names.function;
    let marked = |grant: &Grant| GRANTS.iter().any(|(id, _)| *id == grant.id);
    if actual.url.is_none() || actual.function(function).grants.iter().any(marked) {
        return;
    }
    let step = Step::Url(UrlStep::AddPermission {
        function: function.clone(),
        grant: Grant::of_url(THROUGH_URL_GRANT, Allows::ThroughUrl),
    });
    plan.push(step, "it permits nothing, and marks a URL that is deleted");
}

/// Removes the URL when an API replaces it.
pub(crate) fn close(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    const REASON: &str = "there is no URL any more";
    let function = &desired.names.function;
    let deletes = |planned: &Planned| matches!(planned.step, Step::Url(UrlStep::Delete { .. }));
    if actual.url.is_some() && !plan.steps.iter().any(deletes) {
        let function = function.clone();
        let reason = format!("the {} replaces it", desired.gateway());
        plan.push(Step::Url(UrlStep::Delete { function }), reason);
    }
    withdraw(plan, desired, actual, &GRANTS.map(|(id, _)| id), REASON);
    let marks =
        |planned: &Planned| matches!(planned.step, Step::Url(UrlStep::AddPermission { .. }));
    if plan.steps.iter().any(marks) {
        let step = Step::Function(FunctionStep::RemovePermission {
            function: function.clone(),
            id: THROUGH_URL_GRANT.to_owned(),
        });
        plan.push(step, REASON);
    }
    let other = match desired.gateway() {
        Gateway::RestApi => GRANT,
        Gateway::HttpApi | Gateway::FunctionUrl => REST_GRANT,
    };
    withdraw(
        plan,
        desired,
        actual,
        &[other],
        "this API no longer invokes it",
    );
}

/// Removes these permissions from the alias if they exist, each once.
pub(crate) fn withdraw(
    plan: &mut Plan,
    desired: &Desired,
    actual: &Actual,
    ids: &[&str],
    reason: &str,
) {
    let found = actual.function(&desired.names.function);
    for grant in found
        .grants
        .iter()
        .filter(|grant| ids.contains(&grant.id.as_str()))
    {
        let step = Step::Function(FunctionStep::RemovePermission {
            function: desired.names.function.clone(),
            id: grant.id.clone(),
        });
        if !plan.steps.iter().any(|planned| planned.step == step) {
            plan.push(step, reason);
        }
    }
}

/// True if they are equal; no CORS configuration equals an empty one.
fn same(one: &UrlSettings, other: &UrlSettings) -> bool {
    let cors = |settings: &UrlSettings| normal(&settings.cors.clone().unwrap_or_default());
    (one.iam, one.stream) == (other.iam, other.stream) && cors(one) == cors(other)
}

fn difference(old: &UrlSettings, new: &UrlSettings) -> String {
    let auth = |settings: &UrlSettings| if settings.iam { "iam" } else { "none" };
    let mode = |settings: &UrlSettings| {
        if settings.stream {
            "response-stream"
        } else {
            "buffered"
        }
    };
    let mut list = Vec::new();
    for (what, old, new) in [
        ("auth", auth(old), auth(new)),
        ("invoke_mode", mode(old), mode(new)),
    ] {
        if old != new {
            list.push(format!("{what}: {old} → {new}"));
        }
    }
    let cors = |settings: &UrlSettings| normal(&settings.cors.clone().unwrap_or_default());
    let (old, new) = (cors(old), cors(new));
    if old != new {
        list.push(cors_differences(&old, &new));
    }
    list.join(", ")
}
