//! Runs a plan's steps, phase by phase and the lanes of a phase side by side, and says what it does.
//!
//! Any step may fail. What was done before it stays, and is found again by name and tag, so the next run continues; steps that
//! are under way beside it are brought to their end, and no other is begun.
//! Where AWS is eventually consistent, a step waits with bounded back-off: a new role that Lambda cannot assume yet, a
//! function that is still being made or changed, an API that is not known everywhere yet.

mod domain;
mod rest;

use std::{cell::RefCell, collections::BTreeMap, time::Instant};

use super::{
    health::Health,
    model::{ASK_GRANT, GRANT, POLICY},
    patience::Patience,
    step::{
        Action, ApiId, AuthorizerId, Handle, IntegrationId, Plan, Planned, Step, Version,
        domain::{DomainStep, Led},
    },
    together::Together,
};
use crate::{
    aws::{
        Aws, Error, Kind, Operation,
        apigateway::Guard,
        lambda::{Canary, Grant, Readiness},
    },
    console::{Console, DIM},
    error::{Failure, Result},
    values::lambda::{ALIAS, InvocationType},
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
    /// What belongs to a REST API.
    rest: rest::Made,
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

/// What came of a plan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Applied {
    /// The API's URL, when it made one.
    pub(crate) endpoint: Option<String>,
    /// The versions that it made, by function.
    pub(crate) versions: BTreeMap<String, Version>,
}

/// Runs the plan; gives what it made. `again` is the command that continues after a failure.
///
/// # Errors
///
/// The steps that fail, with what was done before them.
pub(crate) async fn apply<A: Aws>(
    aws: &A,
    plan: &Plan,
    console: &Console,
    patience: Patience,
    again: &str,
) -> Result<Applied> {
    let run = Run {
        aws,
        console,
        patience,
        made: RefCell::default(),
    };
    let mut done = Vec::new();
    for lanes in plan.phases() {
        let mut failed = Vec::new();
        let mut lanes: Vec<_> = lanes.into_iter().map(Vec::into_iter).collect();
        let mut together = Together::new();
        for (at, lane) in lanes.iter_mut().enumerate() {
            if let Some(planned) = lane.next() {
                together.push((at, planned), run.step(&planned.step));
            }
        }
        while let Some(((at, planned), result)) = together.next().await {
            match result {
                Ok(()) => done.push(planned),
                Err(trouble) => failed.push((planned, trouble)),
            }
            let next = lanes.get_mut(at).and_then(Iterator::next);
            if let Some(planned) = next.filter(|_| failed.is_empty()) {
                together.push((at, planned), run.step(&planned.step));
            }
        }
        if !failed.is_empty() {
            return Err(told(failed, plan, &done, again));
        }
    }
    let Made {
        endpoint, versions, ..
    } = run.made.into_inner();
    Ok(Applied { endpoint, versions })
}

/// Why a step failed.
enum Trouble {
    /// A call of AWS failed.
    Aws(Error),
    /// The new version does not work; how it was tried, what it answered, and its log.
    Sick(Failure),
}

impl Trouble {
    /// What AWS answered.
    fn aws(&self) -> Option<&Error> {
        match self {
            Self::Aws(error) => Some(error),
            Self::Sick(_) => None,
        }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Aws(error)
    }
}

/// The failure of the steps that failed side by side: which the first is, why, what was done, what comes next.
fn told(failed: Vec<(&Planned, Trouble)>, plan: &Plan, done: &[&Planned], again: &str) -> Failure {
    let mut all = failed.into_iter().map(|(planned, trouble)| {
        let (action, resource) = planned.step.subject();
        match trouble {
            Trouble::Aws(error) => {
                let failure =
                    error.into_failure(format!("cannot {} the {resource}", action.verb()));
                (failure, "once that is mended: it continues from here")
            }
            Trouble::Sick(failure) => (failure, "with the app mended"),
        }
    });
    let Some((mut failure, advice)) = all.next() else {
        return Failure::new("nothing failed");
    };
    for (other, _) in all {
        failure = failure.because_of(format!(
            "{}: {}",
            other.message(),
            other.causes().join(": ")
        ));
    }
    let so_far = match done.len() {
        0 => "nothing was changed".to_owned(),
        count => format!("{count} of {} steps are done and stay", plan.steps.len()),
    };
    let takes = |planned: &&Planned| takes_traffic(&planned.step);
    let traffic = match (
        plan.steps.iter().any(|one| takes(&one)),
        done.iter().any(takes),
    ) {
        (true, false) => "; the traffic still goes to the version before",
        (true, true) => "; the traffic goes to the new version",
        (false, _) => "",
    };
    let advice = format!("run `{again}` again {advice}");
    let hint = match failure.advice() {
        Some(hint) => format!("{hint}; then {advice}"),
        None => advice,
    };
    failure.because_of(format!("{so_far}{traffic}")).hint(hint)
}

fn takes_traffic(step: &Step) -> bool {
    matches!(step, Step::MoveAlias { .. } | Step::ShiftTraffic { .. })
}

/// What running the steps needs.
struct Run<'a, A> {
    aws: &'a A,
    console: &'a Console,
    patience: Patience,
    made: RefCell<Made>,
}

impl<A: Aws> Run<'_, A> {
    /// Runs a step and says so.
    async fn step(&self, step: &Step) -> Result<(), Trouble> {
        let (action, resource) = step.subject();
        self.console
            .verbose(format_args!("to {} the {resource}", action.verb()));
        if let Step::Store(step) = step
            && let Some(what) = step.begins()
        {
            self.console.status("Uploading", what);
        }
        let begun = Instant::now();
        match self.patiently(step).await {
            Ok(()) => {
                let seconds = begun.elapsed().as_secs_f32();
                self.console.status(
                    action.done(),
                    format_args!("{resource} {DIM}{seconds:.1} s{DIM:#}"),
                );
                Ok(())
            }
            // Deleting is done when it is gone, whoever did it.
            Err(Trouble::Aws(error))
                if action == Action::Delete && error.kind == Kind::NotFound =>
            {
                self.console
                    .status("Gone", format_args!("{resource} already"));
                Ok(())
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Runs a step, and again while it fails for a reason that passes.
    async fn patiently(&self, step: &Step) -> Result<(), Trouble> {
        let once = async || self.once(step).await;
        let made = self.patience.made(self.console, step, once, Trouble::aws);
        made.await
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
            let reason = "until Lambda has it ready";
            self.patience.wait(self.console, reason, tried).await;
        }
    }

    async fn once(&self, step: &Step) -> Result<(), Trouble> {
        // As in `observe`: the clients' futures are large.
        Box::pin(self.change(step)).await
    }

    /// Calls the version. Only where Lambda says that it is not ready yet, it is asked how far it is: mostly it is ready.
    async fn try_version(
        &self,
        function: &str,
        version: &Handle<Version>,
        health: &Health,
    ) -> Result<(), Trouble> {
        let Version(version) = self.version(function, version)?;
        let call = || {
            let kind = InvocationType::RequestResponse;
            self.aws
                .invoke(function, Some(&version), kind, health.event(), None)
        };
        let answer = match Box::pin(call()).await {
            Err(error) if error.kind == Kind::Conflict => {
                let invoke = Operation::new("lambda", "InvokeFunction");
                self.ready(invoke, function, Some(&version)).await?;
                Box::pin(call()).await?
            }
            answer => answer?,
        };
        health.judge(&version, &answer).map_err(Trouble::Sick)
    }

    /// The version that is meant, known or made by now.
    fn version(&self, function: &str, handle: &Handle<Version>) -> Result<Version, Error> {
        resolve(handle, self.made.borrow().versions.get(function))
    }

    fn api(&self, handle: &Handle<ApiId>) -> Result<ApiId, Error> {
        resolve(handle, self.made.borrow().api.as_ref())
    }

    fn integration(&self, handle: &Handle<IntegrationId>) -> Result<IntegrationId, Error> {
        resolve(handle, self.made.borrow().integration.as_ref())
    }

    fn published(&self, function: &str, version: String) {
        let mut made = self.made.borrow_mut();
        made.versions.insert(function.to_owned(), Version(version));
    }

    /// Makes a step's call: each kind of step has its arm, so that none can be forgotten.
    async fn change(&self, step: &Step) -> Result<(), Trouble> {
        let aws = self.aws;
        let done: Result<(), Error> = match step {
            Step::TryVersion {
                function,
                version,
                health,
            } => return self.try_version(function, version, health).await,
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
            Step::Store(step) => Box::pin(step.run(aws)).await,
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
                let version = aws
                    .create_function(function, code, configuration, tags)
                    .await?;
                self.published(function, version);
                Ok(())
            }
            Step::UpdateCode {
                function,
                code,
                publish,
            } => {
                let version = aws.update_code(function, code, *publish).await?;
                if *publish {
                    self.published(function, version);
                }
                Ok(())
            }
            Step::UpdateConfiguration {
                function,
                configuration,
            } => {
                aws.update_configuration(function, configuration).await?;
                // What Lambda cannot set up is told here, and not published with the configuration before.
                let update = Operation::new("lambda", "UpdateFunctionConfiguration");
                self.ready(update, function, None).await
            }
            Step::PublishVersion { function, sha256 } => {
                let version = aws.publish_version(function, sha256).await?;
                self.published(function, version);
                Ok(())
            }
            Step::CreateAlias { function, version } => {
                let Version(version) = self.version(function, version)?;
                aws.create_alias(function, ALIAS, &version).await
            }
            Step::MoveAlias {
                function, version, ..
            } => {
                let Version(version) = self.version(function, version)?;
                aws.update_alias(function, ALIAS, &version, None).await
            }
            Step::ShiftTraffic {
                function,
                from: Version(from),
                version,
                percent,
            } => {
                let Version(version) = self.version(function, version)?;
                let canary = Canary {
                    version,
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
                let ApiId(api) = self.api(api)?;
                let grant = match asks {
                    true => Grant::of_api(ASK_GRANT, place.asking(&api)),
                    false => Grant::of_api(GRANT, place.api(&api)),
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
            Step::CreateUrl { function, settings } => {
                let url = aws.create_function_url(function, ALIAS, settings).await?;
                self.made.borrow_mut().endpoint = Some(url);
                Ok(())
            }
            Step::UpdateUrl { function, settings } => {
                aws.update_function_url(function, ALIAS, settings).await
            }
            Step::DeleteUrl { function } => aws.delete_function_url(function, ALIAS).await,
            Step::CreateApi { name, cors, tags } => {
                let api = aws.create_api(name, cors.as_ref(), tags).await?;
                let mut made = self.made.borrow_mut();
                made.api = Some(ApiId(api.id));
                made.endpoint = Some(api.endpoint);
                Ok(())
            }
            Step::SetCors { api, cors, .. } => aws.set_cors(&api.0, cors).await,
            Step::DeleteCors { api, .. } => aws.delete_cors(&api.0).await,
            Step::CreateIntegration {
                api,
                alias,
                format,
                timeout,
                ..
            } => {
                let ApiId(api) = self.api(api)?;
                let id = aws
                    .create_integration(&api, alias, *format, *timeout)
                    .await?;
                self.made.borrow_mut().integration = Some(IntegrationId(id));
                Ok(())
            }
            Step::UpdateIntegration {
                api,
                id,
                alias,
                format,
                timeout,
                ..
            } => {
                aws.update_integration(&api.0, &id.0, alias, *format, *timeout)
                    .await
            }
            Step::DeleteIntegration { api, id } => aws.delete_integration(&api.0, &id.0).await,
            Step::CreateRoute {
                api,
                key,
                integration,
                guard,
            } => {
                let ApiId(api) = self.api(api)?;
                let IntegrationId(id) = self.integration(integration)?;
                let guard = self.made.borrow().guard(guard)?;
                aws.create_route(&api, key, &id, &guard).await
            }
            Step::UpdateRoute {
                api,
                id,
                integration,
                guard,
                ..
            } => {
                let IntegrationId(integration) = self.integration(integration)?;
                let guard = self.made.borrow().guard(guard)?;
                aws.update_route(&api.0, id, &integration, &guard).await
            }
            Step::DeleteRoute { api, id, .. } => aws.delete_route(&api.0, id).await,
            Step::DeleteApi { api, .. } => aws.delete_api(&api.0).await,
            Step::CreateAuthorizer { api, name, checks } => {
                let ApiId(api) = self.api(api)?;
                let id = aws.create_authorizer(&api, name, checks).await?;
                let mut made = self.made.borrow_mut();
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
                let ApiId(api) = self.api(api)?;
                aws.create_stage(&api, stage, tags).await?;
                let mut made = self.made.borrow_mut();
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
            Step::Rest(step) => {
                // Steps of other lanes may run meanwhile, and make nothing of this.
                let mut rest = self.made.borrow().rest.clone();
                let opened = Box::pin(rest::run(aws, step, &mut rest)).await?;
                let mut made = self.made.borrow_mut();
                made.rest.extend(rest);
                if opened.is_some() {
                    made.endpoint = opened;
                }
                Ok(())
            }
            Step::Domain(step) => {
                let api = match step.led() {
                    None => String::new(),
                    Some(Led::Http(api)) => self.api(api)?.0,
                    Some(Led::Rest(named)) => self.made.borrow().rest.id("api", named)?.to_owned(),
                };
                let target = Box::pin(domain::run(aws, step, &api)).await?;
                if let (Some(target), DomainStep::Create { name, .. }) = (target, &**step) {
                    let todo = format_args!(
                        "`{name}` has to lead to `{target}`: a CNAME or an alias record, which you make"
                    );
                    self.console.status("DNS", todo);
                }
                Ok(())
            }
        };
        Ok(done?)
    }
}

fn resolve<T: Clone>(handle: &Handle<T>, made: Option<&T>) -> Result<T, Error> {
    match handle {
        Handle::Known(value) => Ok(value.clone()),
        Handle::Made => made
            .cloned()
            .ok_or_else(|| unplanned("an earlier step should have made it")),
    }
}

/// `check` lets no such plan through.
fn unplanned(reason: &str) -> Error {
    Error::answered(Operation::new("fw", "Apply"), "Unplanned", reason)
}
