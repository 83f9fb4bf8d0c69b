//! What a REST API served with an older version: its deployment is still there, and one call makes the stage serve it again.
//!
//! Which deployment that was is written down at the main function after each deploy (`fw:served`), by digest. A deployment is
//! served whole or not at all: where it would let in whom the API keeps out now, or asks an authorizer that is gone, the stage
//! stays as it is.

use bytes::Bytes;
use fw_manifest::{Authorization, Manifest};

use super::{guards, manifest};
use crate::{
    aws::{Aws, rest::StageChange},
    console::Console,
    deploy::{
        apply::apply,
        model::{Names, REST_ASK_GRANT},
        patience::Patience,
        phase::Phase,
        release::Release,
        step::{
            Plan, Step,
            rest::{Named, RestStep},
        },
        tags::Served,
    },
    error::{Failure, Result},
};

/// Makes the stage of the deployment's REST API, where it has one, serve what it served with that version, whose code was asked for.
///
/// # Errors
///
/// When that cannot be known or would not be safe, or a call fails: the stage then stays as it is.
pub(super) async fn stage<A: Aws>(
    aws: &A,
    names: &Names,
    release: &Release,
    (version, code): (&str, Result<Bytes>),
    console: &Console,
    patience: Patience,
) -> Result<()> {
    let told = |error: crate::aws::Error| error.into_failure("cannot read what is deployed");
    let mut apis = aws.rest_apis().await.map_err(told)?;
    apis.retain(|api| names.own(&api.tags));
    let Some(api) = apis.first() else {
        return Ok(());
    };
    let (deployments, stages) = tokio::try_join!(
        Box::pin(aws.deployments(&api.id)),
        Box::pin(aws.rest_stages(&api.id))
    )
    .map_err(told)?;
    let [stage] = stages.as_slice() else {
        return match stages.is_empty() {
            true => Ok(()),
            false => Err(Failure::new(format!(
                "the REST API has {} stages: a deploy was interrupted",
                stages.len()
            ))),
        };
    };
    let record = Served::of(release.tags());
    let Some(wanted) = record.digest(version) else {
        return Err(Failure::new(format!(
            "nothing is written down of what the REST API served with version {version}"
        )));
    };
    let mut all = deployments.iter();
    let serves = all.find(|one| Some(&one.id) == stage.deployment.as_ref());
    let serves = serves.map_or("", |one| one.description.as_str());
    if serves.starts_with(wanted) {
        return Ok(());
    }
    let mut all = deployments.iter();
    let Some(target) = all.find(|one| one.description.starts_with(wanted)) else {
        return Err(Failure::new(format!(
            "what the REST API served with version {version} is no longer kept"
        )));
    };
    let kept = |number: &&str| release.has(number);
    let Some(now) = record.versions(serves).find(kept) else {
        return Err(Failure::new(
            "what the REST API serves now is of no version that is still there",
        ));
    };
    let now = aws.code(&names.function, now).await.map_err(told)?;
    let (now, then) = (manifest(names, &now)?, manifest(names, &code?)?);
    safe(names, release, &now, &then)?;
    let mut plan = Plan::default();
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
        deploys: false,
    };
    let reason = format!("what it served with version {version}");
    plan.push(Step::Rest(Box::new(step)), reason);
    let again = format!("cargo fw rollback --to {version}");
    apply(aws, &plan, console, patience, &again).await?;
    Ok(())
}

/// Whether the routes of then may take the place of those of now.
fn safe(names: &Names, release: &Release, now: &Manifest, then: &Manifest) -> Result<()> {
    let opened = guards::opened(now, then);
    if !opened.is_empty() {
        return Err(Failure::new(format!(
            "the older routes do not guard what is guarded now: `{}`",
            opened.join("`, `")
        )));
    }
    for route in &then.routes {
        let Some(Authorization::Lambda { name }) = &route.authorization else {
            continue;
        };
        if !release.permits(&names.authorizer(name), REST_ASK_GRANT) {
            return Err(Failure::new(format!(
                "the older routes ask an authorizer that is gone: `{name}`"
            )));
        }
    }
    Ok(())
}
