//! The steps from the actual to the desired state: pure and synchronous.
//!
//! The order of the steps keeps traffic safe. Everything that a new version needs comes first and
//! changes nothing for the old one. Then the alias moves. What only the new version needs (its
//! added routes, its CORS) and what only the old one needed (removed routes, withdrawn permissions)
//! comes after. So a deploy that fails before the alias moves changes no response, and one that
//! fails after it leaves every kept route served by the new version. An API without a stage gets no
//! traffic, so a first deploy opens it last.

pub(crate) mod door;

use super::{
    ids::ApiId,
    kind::{
        artifact_bucket::plan as store,
        bucket::plan as bucket,
        bus::plan as bus,
        domain::plan as domain,
        domain::step::Led,
        function::{
            plan::{Move, concurrency, prune, version},
            step::FunctionStep,
        },
        function_url::plan as url,
        http_api::{access, plan as gateway},
        http_api::{
            access::Side,
            plan::{Connection, connect, forbid, gone, routes, tidy, unask},
            step::HttpStep,
        },
        invoke_config::plan as invoke_config,
        log_group::plan::{log_group, log_groups},
        log_group::step::LogStep,
        mapping::plan as mapping,
        note::plan as note,
        permission::plan as permission,
        queue::plan as queue,
        rest_api::plan as rest,
        rest_api::{desired::Rest, step::Named},
        role::plan as role,
        role::plan::{Lent, lent},
        schedule::plan as schedule,
        topic::plan as topic,
    },
    model::Desired,
    names::Names,
    observe::Actual,
    phase::Phase,
    step::{Plan, Step},
    tags::tags,
};
use crate::values::gateway::Gateway;
use fw_manifest::Part;

/// The steps to the desired state; empty if the account already has it.
pub(crate) fn plan(desired: &Desired, actual: &Actual) -> Plan {
    // Retained statements depend on the versions that stay, which the plan decides.
    let all = lent(desired, actual, None);
    let plan = lending(desired, actual, &all);
    let held = lent(desired, actual, Some(&plan));
    match held == all {
        true => plan,
        false => lending(desired, actual, &held),
    }
}

/// The plan where the main function's role keeps that for others.
fn lending(desired: &Desired, actual: &Actual, lent: &Lent) -> Plan {
    let mut plan = Plan::default();
    plan.enter(Phase::Note);
    note::note(&mut plan, desired, actual);
    plan.enter(Phase::Prepare);
    let api = desired.api();
    let withdrawn = api.and_then(|one| role::role(&mut plan, desired, one, actual, lent));
    let mut withdrawn: Vec<(Step, String)> = withdrawn.into_iter().collect();
    tags(&mut plan, desired, actual);
    domain::note(&mut plan, desired, actual);
    for one in desired.in_order() {
        let found = actual.function(&one.name).log_group.ours();
        log_group(
            &mut plan,
            desired,
            &one.log_group,
            desired.log_retention,
            found,
        );
        if one.part != Part::Api {
            withdrawn.extend(role::role(&mut plan, desired, one, actual, lent));
        }
    }
    if let Some(days) = desired.access_log {
        let found = actual.access_log.group.ours();
        log_group(&mut plan, desired, &desired.names.access_log(), days, found);
    }
    store::prepare(&mut plan, desired, actual);
    queue::prepare(&mut plan, desired, actual);
    topic::prepare(&mut plan, desired, actual);
    bus::prepare(&mut plan, desired, actual);
    schedule::prepare(&mut plan, desired, actual);
    bucket::prepare(&mut plan, desired, actual);
    let api = actual.apis.first();
    let connection = match desired.gateway() {
        Gateway::HttpApi => Some(connect(&mut plan, desired, api)),
        Gateway::RestApi | Gateway::FunctionUrl => None,
    };
    let rest = desired.rest.as_ref();
    let rest = rest.map(|rest| (rest, rest::connect(&mut plan, desired, actual)));
    // Nobody reaches an API without a stage, so its routes need not wait.
    let closed = api.is_none_or(|whole| !whole.is_open());
    if let Some(connection) = connection.as_ref().filter(|_| closed) {
        access::authorizers(&mut plan, desired, api, connection, Side::All);
        routes(&mut plan, desired, api, connection, Side::All);
    }

    // Without an alias the new version gets the traffic of an open API as soon as it exists.
    let orphan = actual.function(&desired.names.function).live.is_none();
    let ways = Ways {
        connection: connection.as_ref().filter(|_| !closed),
        rest: rest.as_ref(),
    };
    if orphan {
        tighten(&mut plan, desired, actual, &ways);
    }

    plan.enter(Phase::Publish);
    let mut moves = Vec::new();
    for one in desired.in_order() {
        moves.extend(version(&mut plan, desired, one, actual.function(&one.name)));
    }
    if let Some(connection) = &connection {
        gateway::permission(&mut plan, desired, actual, connection);
    }
    permission::grant(&mut plan, desired, actual);
    if let Some((rest, api)) = &rest {
        rest::permission(&mut plan, desired, actual, rest, api);
    }
    if desired.url.is_none() {
        url::mark(&mut plan, desired, actual);
    }

    plan.enter(Phase::Tighten);
    if !orphan {
        tighten(&mut plan, desired, actual, &ways);
    }

    let canary = moves.iter().any(|moves| moves.canary) || holds_canary(desired, actual);
    let main = |moves: &Move| moves.step.moves() == Some(desired.names.function.as_str());
    let (main, guards): (Vec<_>, Vec<_>) = moves.into_iter().partition(main);
    for (phase, moves) in [(Phase::Guard, guards), (Phase::Move, main)] {
        plan.enter(phase);
        for moves in moves {
            plan.push(moves.step, moves.reason);
        }
    }
    if canary {
        // What only the new version needs, and what only the old one needed, waits until one of
        // them has all traffic.
        plan.enter(Phase::Remove);
        store::tidy(&mut plan, desired, actual);
        return plan;
    }

    plan.enter(Phase::Follow);
    if let Some(connection) = connection.as_ref().filter(|_| !closed) {
        access::authorizers(&mut plan, desired, api, connection, Side::After);
        routes(&mut plan, desired, api, connection, Side::After);
    }
    let http = desired.gateway() == Gateway::HttpApi;
    if let Some(whole) = api.filter(|_| http) {
        let gone = match closed {
            true => std::collections::BTreeSet::new(),
            false => gone(desired, whole),
        };
        access::unthrottle(&mut plan, desired, whole, &gone);
        tidy(&mut plan, desired, whole, &gone);
        access::dismiss(&mut plan, desired, whole);
    }
    mapping::follow(&mut plan, desired, actual);
    invoke_config::follow(&mut plan, desired, actual);
    for (step, reason) in withdrawn {
        plan.push(step, reason);
    }
    for one in desired.in_order() {
        if let Some(own) = &one.role {
            role::strip(&mut plan, &own.name, actual.role(&one.name));
        }
    }

    plan.enter(Phase::Open);
    let gateway = desired.gateway();
    if let Some(connection) = connection {
        let led = Led::Http(connection.api.clone());
        access::stage(&mut plan, desired, api, connection.api);
        domain::open(&mut plan, desired, actual, led, &desired.http.stage.name);
        domain::close(&mut plan, &desired.names, actual, desired.mapping());
        access::spare(&mut plan, desired, api);
    }
    if let Some((rest, api)) = &rest {
        rest::open(&mut plan, desired, actual, rest, api);
    }
    if let Some(settings) = &desired.url {
        url::open(&mut plan, desired, actual, settings);
    }
    topic::open(&mut plan, desired, actual);
    bus::open(&mut plan, desired, actual);
    schedule::open(&mut plan, desired, actual);
    bucket::open(&mut plan, desired, actual);
    if door::admits_more(desired, actual) {
        let mut steps = plan.steps.iter_mut();
        if let Some(planned) = steps.find(|planned| planned.step.opens_gateway()) {
            planned.opens = true;
        }
    }
    plan.enter(Phase::Close);
    mapping::close(&mut plan, desired, actual);
    topic::close(&mut plan, desired, actual);
    bus::close(&mut plan, desired, actual);
    schedule::close(&mut plan, desired, actual);
    bucket::close(&mut plan, desired, actual);
    if desired.url.is_none() {
        url::close(&mut plan, desired, actual);
    }
    if rest.is_none() {
        rest::dismiss(&mut plan, actual, None);
    }
    if desired.url.is_some() {
        domain::close(&mut plan, &desired.names, actual, None);
    }
    unask(&mut plan, desired, actual);
    rest::close(&mut plan, actual, usize::from(rest.is_some()), gateway);
    let kept = usize::from(gateway == Gateway::HttpApi);
    for spare in actual.apis.iter().skip(kept) {
        let open = spare.is_open();
        let step = Step::Http(HttpStep::DeleteApi {
            name: spare.api.name.clone(),
            api: ApiId(spare.api.id.clone()),
            open,
        });
        let reason = match open {
            true => format!("the {gateway} replaces it"),
            false => "incomplete: it has no stage".to_owned(),
        };
        plan.push(step, reason);
    }

    plan.enter(Phase::Remove);
    permission::withdraw(&mut plan, desired, actual);
    for (name, found) in &actual.functions {
        let wanted = desired.names.functions().any(|wanted| wanted == name);
        if !wanted && found.function.ours().is_some() {
            let function = name.clone();
            let reason = "the app no longer has it; its logs are kept";
            plan.push(Step::Function(FunctionStep::Delete { function }), reason);
        }
    }
    for one in desired.in_order() {
        let found = actual.function(&one.name);
        concurrency(&mut plan, one, found);
        prune(&mut plan, desired, &one.name, found);
    }
    domain::forget(&mut plan, desired, actual);
    store::tidy(&mut plan, desired, actual);
    queue::remove(&mut plan, desired, actual);
    topic::remove(&mut plan, desired, actual);
    bus::remove(&mut plan, desired, actual);
    schedule::remove(&mut plan, desired, actual);
    bucket::remove(&mut plan, desired, actual);
    plan.enter(Phase::Forget);
    note::forget(&mut plan, desired, actual);
    for function in actual.roles.keys() {
        if !desired.names.functions().any(|wanted| wanted == function) {
            let names = &desired.names;
            role::remove(
                &mut plan,
                names,
                function,
                actual,
                "its function is deleted",
            );
        }
    }
    plan
}

/// The ways in that take traffic, or will.
struct Ways<'a> {
    /// The HTTP API, where it has a stage.
    connection: Option<&'a Connection>,
    /// The REST API.
    rest: Option<&'a (&'a Rest, Named)>,
}

/// Changes that admit fewer or different callers: the old version does not need them, but the new
/// one relies on them.
fn tighten(plan: &mut Plan, desired: &Desired, actual: &Actual, ways: &Ways<'_>) {
    if let Some(connection) = ways.connection {
        let api = actual.apis.first();
        access::authorizers(plan, desired, api, connection, Side::Before);
        routes(plan, desired, api, connection, Side::Before);
    }
    if let Some((rest, api)) = ways.rest {
        rest::tighten(plan, desired, actual, rest, api);
    }
    if let Some(settings) = &desired.url {
        url::tighten(plan, desired, actual, settings);
    }
    door::shut(plan, desired, actual);
    forbid(plan, desired, actual);
}

/// True if the requested canary is already in place.
fn holds_canary(desired: &Desired, actual: &Actual) -> bool {
    desired.canary.is_some()
        && desired.functions.iter().any(|one| {
            let live = actual.function(&one.name).live.as_ref();
            let held = live.and_then(|live| live.canary.as_ref());
            desired.canary == held.map(|canary| canary.percent)
        })
}

/// The steps that delete everything of the deployment, the logs only if `logs` is set. Traffic
/// stops first.
pub(crate) fn deletion(names: &Names, actual: &Actual, logs: bool) -> Plan {
    let mut plan = Plan::default();
    plan.enter(Phase::Close);
    mapping::delete_all(&mut plan, actual);
    topic::close_all(&mut plan, actual);
    bus::close_all(&mut plan, actual);
    schedule::close_all(&mut plan, names, actual);
    bucket::close_all(&mut plan, names, actual);
    domain::close(&mut plan, names, actual, None);
    for whole in &actual.apis {
        let api = ApiId(whole.api.id.clone());
        let name = whole.api.name.clone();
        let open = whole.is_open();
        plan.push(
            Step::Http(HttpStep::DeleteApi { name, api, open }),
            whole.url.as_ref().unwrap_or(&whole.api.endpoint).clone(),
        );
    }
    rest::dismiss(&mut plan, actual, None);
    rest::remove(&mut plan, actual);
    plan.enter(Phase::Remove);
    for (name, found) in &actual.functions {
        if found.function.ours().is_some() {
            let function = name.clone();
            plan.push(
                Step::Function(FunctionStep::Delete { function }),
                "with all its versions and its alias",
            );
        }
    }
    store::remove(&mut plan, actual);
    queue::delete_all(&mut plan, actual);
    topic::delete_all(&mut plan, actual);
    bus::delete_all(&mut plan, actual);
    schedule::delete_all(&mut plan, names, actual);
    bucket::delete_all(&mut plan, actual);
    // The role of another function is found by its log group, so it goes before that.
    let reason = "nothing else uses it";
    for function in actual.roles.keys().filter(|name| **name != names.function) {
        role::remove(&mut plan, names, function, actual, reason);
    }
    plan.enter(Phase::Forget);
    role::remove(&mut plan, names, &names.function, actual, reason);
    if logs {
        for group in log_groups(names, actual) {
            plan.push(Step::Logs(LogStep::Delete { group }), "with its logs");
        }
    }
    plan
}
