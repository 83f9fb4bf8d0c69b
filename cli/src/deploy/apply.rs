//! Runs a plan's steps, one by one, and says what it does.
//!
//! Any step may fail. What was done before it stays, and is found again by name and tag, so the next run continues.
//! Where AWS is eventually consistent, a step waits with bounded back-off: a new role that Lambda cannot assume yet, a
//! function that is still being made or changed, an API that is not known everywhere yet.

use std::{collections::BTreeMap, time::Instant};

use super::{
    model::{ALIAS, ASK_GRANT, GRANT, POLICY},
    patience::{Patience, passing},
    step::{Action, ApiId, AuthorizerId, Handle, IntegrationId, Plan, Step, Version},
};
use crate::{
    args::InvocationType,
    aws::{
        Aws, Error, Kind, Operation,
        apigateway::Guard,
        lambda::{Canary, Grant, Readiness},
    },
    console::{Console, DIM},
    error::{Failure, Result},
};

/// What the steps have made, for those that come after.
#[derive(Debug, Default)]
struct Made {
    api: Option<ApiId>,
    integration: Option<IntegrationId>,
    /// By function.
    versions: BTreeMap<String, Version>,
    /// The authorizers' ids, by name.
    authorizers: BTreeMap<String, String>,
    endpoint: Option<String>,
}

impl Made {
    /// A guard with its authorizer's id.
    fn guard(&self, guard: &Guard<AuthorizerId>) -> Result<Guard<String>, Error> {
        guard.try_map(|AuthorizerId { name, id }| {
            let made = || self.authorizers.get(name);
            let id = id.as_ref().or_else(made).cloned();
            id.ok_or_else(|| unplanned("an earlier step should have made the authorizer"))
        })
    }
}

/// Runs the plan; gives the URL of the API when it made one. `again` is the command that continues after a failure.
///
/// # Errors
///
/// The first step that fails, with what was done before it.
pub(crate) async fn apply<A: Aws>(
    aws: &A,
    plan: &Plan,
    console: &Console,
    patience: Patience,
    again: &str,
) -> Result<Option<String>> {
    let mut made = Made::default();
    for (index, planned) in plan.steps.iter().enumerate() {
        let step = &planned.step;
        let (action, resource) = step.subject();
        console.verbose(format_args!("to {} the {resource}", action.verb()));
        let begun = Instant::now();
        let run = Run {
            aws,
            console,
            patience,
        };
        match run.patiently(step, &mut made).await {
            Ok(()) => {
                let seconds = begun.elapsed().as_secs_f32();
                console.status(
                    action.done(),
                    format_args!("{resource} {DIM}{seconds:.1} s{DIM:#}"),
                );
            }
            // Deleting is done when it is gone, whoever did it.
            Err(Trouble::Aws(error))
                if action == Action::Delete && error.kind == Kind::NotFound =>
            {
                console.status("Gone", format_args!("{resource} already"));
            }
            Err(trouble) => {
                return Err(failed(trouble, plan, index, again));
            }
        }
    }
    Ok(made.endpoint)
}

/// Why a step failed.
enum Trouble {
    /// A call of AWS failed.
    Aws(Error),
    /// The new version does not work; how it was tried, what it answered, and its log.
    Sick(Failure),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Aws(error)
    }
}

/// The failure of a step: which it is, why, what was done, what comes next.
fn failed(trouble: Trouble, plan: &Plan, index: usize, again: &str) -> Failure {
    let (action, resource) = plan.steps[index].step.subject();
    let done = match index {
        0 => "nothing was changed".to_owned(),
        _ => format!("{index} of {} steps are done and stay", plan.steps.len()),
    };
    let moved = plan.steps[..index]
        .iter()
        .any(|planned| takes_traffic(&planned.step));
    let moves = plan
        .steps
        .iter()
        .any(|planned| takes_traffic(&planned.step));
    let traffic = match (moves, moved) {
        (true, false) => "; the traffic still goes to the version before",
        (true, true) => "; the traffic goes to the new version",
        (false, _) => "",
    };
    let error = match trouble {
        Trouble::Aws(error) => error,
        Trouble::Sick(failure) => {
            return failure
                .because_of(format!("{done}{traffic}"))
                .hint(format!("mend the app, and run `{again}` again"));
        }
    };
    let failure = error.into_failure(format!("cannot {} the {resource}", action.verb()));
    let advice = format!("run `{again}` again once that is mended: it continues from here");
    let hint = match failure.advice() {
        Some(hint) => format!("{hint}; then {advice}"),
        None => advice,
    };
    failure.because_of(format!("{done}{traffic}")).hint(hint)
}

fn takes_traffic(step: &Step) -> bool {
    matches!(step, Step::MoveAlias { .. } | Step::ShiftTraffic { .. })
}

/// What running one step needs.
struct Run<'a, A> {
    aws: &'a A,
    console: &'a Console,
    patience: Patience,
}

impl<A: Aws> Run<'_, A> {
    /// Runs a step, and again while it fails for a reason that passes.
    async fn patiently(&self, step: &Step, made: &mut Made) -> Result<(), Trouble> {
        let mut tried = 0;
        loop {
            let error = match self.once(step, made).await {
                Ok(()) => return Ok(()),
                Err(Trouble::Aws(error)) => error,
                Err(sick) => return Err(sick),
            };
            tried += 1;
            let Some(reason) = passing(step, &error) else {
                return Err(error.into());
            };
            if tried >= self.patience.tries {
                return Err(error.into());
            }
            self.wait(reason, tried).await;
        }
    }

    async fn wait(&self, reason: &str, tried: u32) {
        if tried == 1 {
            self.console.status("Waiting", reason);
        }
        tokio::time::sleep(self.patience.pause(tried - 1)).await;
    }

    /// Waits until a function or a version of it can be used and changed.
    async fn ready(
        &self,
        operation: Operation,
        function: &str,
        version: Option<&str>,
    ) -> Result<(), Error> {
        let mut tried = 0;
        loop {
            let found = self.aws.function(function, version).await?;
            match found.map(|found| found.readiness) {
                Some(Readiness::Ready) => return Ok(()),
                Some(Readiness::Failed(reason)) => {
                    return Err(Error::answered(operation, "Failed", reason));
                }
                Some(Readiness::Pending) | None => {}
            }
            tried += 1;
            if tried >= self.patience.tries {
                let reason = "it is still not ready";
                return Err(Error::answered(operation, "Pending", reason));
            }
            self.wait("until Lambda has it ready", tried).await;
        }
    }

    async fn once(&self, step: &Step, made: &mut Made) -> Result<(), Trouble> {
        if let Step::TryVersion {
            function,
            version,
            health,
        } = step
        {
            let Version(version) = resolve(version, made.versions.get(function))?;
            let kind = InvocationType::RequestResponse;
            let event = health.event();
            let answer = self
                .aws
                .invoke(function, Some(version), kind, event, None)
                .await?;
            return health.judge(version, &answer).map_err(Trouble::Sick);
        }
        // As in `observe`: the clients' futures are large.
        Ok(Box::pin(self.change(step, made)).await?)
    }

    /// The steps on everything but the API.
    async fn change(&self, step: &Step, made: &mut Made) -> Result<(), Error> {
        let aws = self.aws;
        match step {
            Step::CreateRole {
                role,
                trust,
                boundary,
                tags,
            } => {
                aws.create_role(role, trust, boundary.as_deref(), tags)
                    .await
            }
            Step::Set(setting) => Box::pin(setting.run(aws)).await,
            Step::UpdateTrust { role, trust } => aws.update_trust(role, trust).await,
            Step::PutRolePolicy { role, document, .. } => {
                aws.put_role_policy(role, POLICY, document).await
            }
            Step::CreateLogGroup { group, tags } => aws.create_log_group(group, tags).await,
            Step::PutRetention { group, days } => aws.put_retention(group, *days).await,
            Step::CreateFunction {
                function,
                code,
                configuration,
                tags,
            } => {
                aws.create_function(function, code, configuration, tags)
                    .await
            }
            Step::UpdateCode { function, code } => aws.update_code(function, code).await,
            Step::UpdateConfiguration {
                function,
                configuration,
            } => aws.update_configuration(function, configuration).await,
            Step::PublishVersion { function, sha256 } => {
                // Lambda publishes only what it has finished making.
                self.ready(PUBLISH, function, None).await?;
                let version = aws.publish_version(function, sha256).await?;
                self.ready(PUBLISH, function, Some(&version)).await?;
                made.versions.insert(function.clone(), Version(version));
                Ok(())
            }
            Step::CreateAlias { function, version } => {
                let Version(version) = resolve(version, made.versions.get(function))?;
                aws.create_alias(function, ALIAS, version).await
            }
            Step::MoveAlias { function, version } => {
                let Version(version) = resolve(version, made.versions.get(function))?;
                aws.update_alias(function, ALIAS, version, None).await
            }
            Step::ShiftTraffic {
                function,
                from: Version(from),
                version,
                percent,
            } => {
                let Version(version) = resolve(version, made.versions.get(function))?;
                let canary = Canary {
                    version: version.clone(),
                    percent: *percent,
                };
                let canary = Some(&canary);
                aws.update_alias(function, ALIAS, from, canary).await
            }
            Step::DeleteVersion { function, version } => {
                aws.delete_version(function, &version.0).await
            }
            Step::AddPermission {
                function,
                api,
                place,
                asks,
            } => {
                let ApiId(api) = resolve(api, made.api.as_ref())?;
                let grant = match asks {
                    true => Grant::of_api(ASK_GRANT, place.asking(api)),
                    false => Grant::of_api(GRANT, place.api(api)),
                };
                aws.add_permission(function, ALIAS, &grant).await
            }
            Step::AddUrlPermission { function, grant } => {
                aws.add_permission(function, ALIAS, grant).await
            }
            Step::RemovePermission { function, id } => {
                aws.remove_permission(function, ALIAS, id).await
            }
            Step::DeleteFunction { function } => aws.delete_function(function).await,
            Step::DeleteRolePolicy { role } => aws.delete_role_policy(role, POLICY).await,
            Step::DeleteRole { role } => aws.delete_role(role).await,
            Step::DeleteLogGroup { group } => aws.delete_log_group(group).await,
            _ => Box::pin(self.gateway(step, made)).await,
        }
    }

    /// The steps on the API.
    async fn gateway(&self, step: &Step, made: &mut Made) -> Result<(), Error> {
        let aws = self.aws;
        match step {
            Step::CreateUrl { function, settings } => {
                let url = aws.create_function_url(function, ALIAS, settings).await?;
                made.endpoint = Some(url);
                Ok(())
            }
            Step::UpdateUrl { function, settings } => {
                aws.update_function_url(function, ALIAS, settings).await
            }
            Step::DeleteUrl { function } => aws.delete_function_url(function, ALIAS).await,
            Step::CreateApi { name, cors, tags } => {
                let api = aws.create_api(name, cors.as_ref(), tags).await?;
                made.api = Some(ApiId(api.id));
                made.endpoint = Some(api.endpoint);
                Ok(())
            }
            Step::SetCors { api, cors, .. } => aws.set_cors(&api.0, cors).await,
            Step::DeleteCors { api, .. } => aws.delete_cors(&api.0).await,
            Step::CreateIntegration {
                api, alias, format, ..
            } => {
                let ApiId(api) = resolve(api, made.api.as_ref())?;
                let id = aws.create_integration(api, alias, *format).await?;
                made.integration = Some(IntegrationId(id));
                Ok(())
            }
            Step::UpdateIntegration {
                api,
                id,
                alias,
                format,
                ..
            } => aws.update_integration(&api.0, &id.0, alias, *format).await,
            Step::DeleteIntegration { api, id } => aws.delete_integration(&api.0, &id.0).await,
            Step::CreateRoute {
                api,
                key,
                integration,
                guard,
            } => {
                let ApiId(api) = resolve(api, made.api.as_ref())?;
                let IntegrationId(id) = resolve(integration, made.integration.as_ref())?;
                aws.create_route(api, key, id, &made.guard(guard)?).await
            }
            Step::UpdateRoute {
                api,
                id,
                integration,
                guard,
                ..
            } => {
                let IntegrationId(integration) = resolve(integration, made.integration.as_ref())?;
                aws.update_route(&api.0, id, integration, &made.guard(guard)?)
                    .await
            }
            Step::DeleteRoute { api, id, .. } => aws.delete_route(&api.0, id).await,
            Step::DeleteApi { api, .. } => aws.delete_api(&api.0).await,
            _ => Box::pin(self.access(step, made)).await,
        }
    }

    /// The steps on the API's authorizers and stages.
    async fn access(&self, step: &Step, made: &mut Made) -> Result<(), Error> {
        let aws = self.aws;
        match step {
            Step::CreateAuthorizer { api, name, checks } => {
                let ApiId(api) = resolve(api, made.api.as_ref())?;
                let id = aws.create_authorizer(api, name, checks).await?;
                made.authorizers.insert(name.clone(), id);
                Ok(())
            }
            Step::UpdateAuthorizer {
                api, id, checks, ..
            } => aws.update_authorizer(&api.0, id, checks).await,
            Step::DeleteAuthorizer { api, id, .. } => aws.delete_authorizer(&api.0, id).await,
            Step::CreateStage {
                api,
                endpoint,
                stage,
                tags,
            } => {
                let ApiId(api) = resolve(api, made.api.as_ref())?;
                aws.create_stage(api, stage, tags).await?;
                let endpoint = endpoint.as_ref().or(made.endpoint.as_ref());
                made.endpoint = endpoint.map(|url| format!("{url}{}", stage.prefix()));
                Ok(())
            }
            Step::UpdateStage { api, stage, gone } => aws.update_stage(&api.0, stage, gone).await,
            Step::DropThrottle { api, stage, key } => {
                aws.delete_route_settings(&api.0, stage, key).await
            }
            Step::DropAccessLog { api, stage } => aws.delete_access_log(&api.0, stage).await,
            Step::DeleteStage { api, stage } => aws.delete_stage(&api.0, stage).await,
            other => Err(unplanned(&format!("no such step: {other:?}"))),
        }
    }
}

const PUBLISH: Operation = Operation::new("lambda", "PublishVersion");

fn resolve<'a, T>(handle: &'a Handle<T>, made: Option<&'a T>) -> Result<&'a T, Error> {
    match handle {
        Handle::Known(value) => Ok(value),
        Handle::Made => made.ok_or_else(|| unplanned("an earlier step should have made it")),
    }
}

/// `check` lets no such plan through.
fn unplanned(reason: &str) -> Error {
    Error::answered(Operation::new("fw", "Apply"), "Unplanned", reason)
}
