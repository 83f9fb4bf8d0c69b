//! What a REST API served with an older version: its deployment still exists, and one call makes
//! the stage serve it again.
//!
//! The main function records this deployment after each deploy (`fw:served`), by digest. A
//! deployment is restored as a whole or not at all: if it would admit callers that the API refuses
//! now, or uses an authorizer that no longer exists, the stage stays unchanged.

use bytes::Bytes;
use fw_manifest::{Authorization, Manifest};

use super::{Recall, access, exposed, guards, manifest};
use crate::{
    aws::{
        Aws,
        rest::{Deployment, RestApi, RestStage, StageChange},
    },
    deploy::{
        kind::rest_api::step::{Named, RestStep},
        names::{Names, REST_ASK_GRANT},
        phase::Phase,
        step::{Plan, Step},
        tags::Served,
        traffic::Release,
    },
    error::{Failure, Result},
};

/// Finds out how the stage of the deployment's REST API, if there is one, can serve what it served
/// with this version, whose code was read: after the traffic has moved, or before it if the version
/// guards routes that the API does not guard now.
///
/// # Errors
///
/// If the version would serve a route without its guard, or a call fails.
pub(super) async fn prepare<A: Aws>(
    aws: &A,
    names: &Names,
    release: &Release,
    (version, code): (&str, Result<Bytes>),
) -> Result<Recall> {
    let told = |error: crate::aws::Error| error.into_failure("cannot read what is deployed");
    let mut apis = aws.rest_apis().await.map_err(told)?;
    apis.retain(|api| names.own(&api.tags));
    let Some(api) = apis.first() else {
        return Ok(Recall::after(Ok(Plan::default())));
    };
    let (deployments, stages) = tokio::try_join!(
        Box::pin(aws.deployments(&api.id)),
        Box::pin(aws.rest_stages(&api.id))
    )
    .map_err(told)?;
    if stages.is_empty() {
        return Ok(Recall::after(Ok(Plan::default())));
    }
    let then = code.and_then(|code| manifest(names, &code));
    let record = Served::of(release.tags());
    let mut all = deployments.iter();
    let serves = all.find(|one| Some(&one.id) == stages[0].deployment.as_ref());
    let serves = serves.map_or("", |one| one.description.as_str());
    let kept = |number: &&str| release.has(number);
    let known = record.versions(serves).find(kept);
    // An API guards at least what the version guards that has the traffic.
    let now = aws.code(&names.function, known.unwrap_or(release.serving()));
    let now = now.await.map_err(told);
    let now = now.and_then(|code| manifest(names, &code));
    let plan = plan(
        names,
        release,
        api,
        (&deployments, &stages),
        (&record, version, serves),
        known.and(now.as_ref().ok()),
        then.as_ref().ok(),
    );
    let (plan, then) = match (plan, then) {
        (Ok(None), Ok(_)) => return Ok(Recall::after(Ok(Plan::default()))),
        (Ok(Some(plan)), Ok(then)) => (Ok(plan), then),
        (Err(failure), Ok(then)) => (Err(failure), then),
        // The guards that it relies on are not known.
        (Ok(Some(plan)), Err(failure)) if plan.is_empty() => {
            return Ok(Recall::after(Err(failure)));
        }
        (plan, Err(_)) => return Ok(Recall::after(plan.map(Option::unwrap_or_default))),
    };
    let app = access(&then);
    let is_exposed = match &now {
        Ok(now) => exposed(&access(now), &app).is_some(),
        Err(_) => app.values().any(|access| !access.is_open()),
    };
    if !is_exposed {
        return Ok(Recall::after(plan));
    }
    let before = plan.map_err(|failure| {
        failure
            .because_of("the older version guards routes that the REST API does not guard now, so the traffic stays where it is")
            .hint("run `cargo fw deploy` with the older sources, which puts the guards in place before it moves the traffic")
    })?;
    Ok(Recall {
        before,
        ..Recall::after(Ok(Plan::default()))
    })
}

/// The step that makes the stage serve what it served with this version: none if it already does,
/// and an empty plan if the version's own manifest is not known.
fn plan(
    names: &Names,
    release: &Release,
    api: &RestApi,
    (deployments, stages): (&[Deployment], &[RestStage]),
    (record, version, serves): (&Served, &str, &str),
    now: Option<&Manifest>,
    then: Option<&Manifest>,
) -> Result<Option<Plan>> {
    let [stage] = stages else {
        return Err(Failure::new(format!(
            "the REST API has {} stages: a deploy was interrupted",
            stages.len()
        )));
    };
    let Some(wanted) = record.digest(version) else {
        return Err(Failure::new(format!(
            "there is no record of what the REST API served with version {version}"
        )));
    };
    if serves.starts_with(wanted) {
        return Ok(None);
    }
    let mut all = deployments.iter();
    let Some(target) = all.find(|one| one.description.starts_with(wanted)) else {
        return Err(Failure::new(format!(
            "the deployment that the REST API served with version {version} no longer exists"
        )));
    };
    let Some(now) = now else {
        return Err(Failure::new(
            "the deployment that the REST API serves now does not belong to an existing version",
        ));
    };
    let mut plan = Plan::default();
    let Some(then) = then else {
        return Ok(Some(plan));
    };
    safe(names, release, now, then)?;
    plan.enter(Phase::Follow);
    let step = RestStep::UpdateStage {
        api: Named {
            name: api.name.clone(),
            id: Some(api.id.clone()),
        },
        stage: stage.name.clone(),
        change: StageChange {
            deployment: Some(target.id.clone()),
            ..StageChange::default()
        },
        deploys: None,
    };
    let reason = format!("the deployment that it served with version {version}");
    plan.push(Step::Rest(Box::new(step)), reason);
    Ok(Some(plan))
}

/// True if the older routes may replace the current ones.
fn safe(names: &Names, release: &Release, now: &Manifest, then: &Manifest) -> Result<()> {
    let opened = guards::opened(now, then);
    if !opened.is_empty() {
        return Err(Failure::new(format!(
            "the older routes do not guard a route that is guarded now: `{}`",
            opened.join("`, `")
        )));
    }
    for route in &then.routes {
        let Some(Authorization::Lambda { name }) = &route.authorization else {
            continue;
        };
        if !release.permits(&names.authorizer(name), REST_ASK_GRANT) {
            return Err(Failure::new(format!(
                "the older routes use an authorizer that no longer exists: `{name}`"
            )));
        }
    }
    Ok(())
}
