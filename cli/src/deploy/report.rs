//! Reports a plan and its result: lines for people, one versioned JSON document for scripts.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::{
    change::{Action, Change as _, Resource, STAGE},
    kind::{
        bucket, bus,
        domain::step::MAPPING,
        invoke_config, mapping, queue,
        role::plan::{lent, wanted},
        schedule, topic,
    },
    model::Desired,
    names::{AwsLocation, Names},
    observe::Actual,
    permissions::Permissions,
    step::Plan,
};
use crate::{
    console::{BAD, BOLD, Console, DIM, GOOD, WARN, columns},
    values::{gateway::Gateway, text::counted},
};

/// The newest schema of [`PlanDocument`].
const SCHEMA: u32 = 1;

/// The document of `--output json`. Fields may be added within a schema; none is removed or
/// changed.
#[derive(Debug, Serialize)]
pub(crate) struct PlanDocument<'a> {
    /// The schema of this document.
    schema: u32,
    /// The app.
    app: &'a str,
    /// The stage.
    stage: &'a str,
    /// The account's twelve digits.
    account: &'a str,
    /// The region.
    region: &'a str,
    /// The code that is, or was, to be deployed.
    code: CodeTold<'a>,
    /// What is, or was, to change, in order.
    changes: Vec<Change<'a>>,
    /// What is as it should be.
    unchanged: Vec<Unchanged<'a>>,
    /// What the functions may do in future, a sentence for each statement.
    permissions: PermissionsTold<'a>,
    /// The URL, when there is one.
    url: Option<&'a str>,
    /// What the change of the API means for clients of the deployed version; absent where there is nothing to compare.
    #[serde(skip_serializing_if = "Option::is_none")]
    api: Option<Value>,
}

/// The code, as Lambda knows it.
#[derive(Debug, Serialize)]
struct CodeTold<'a> {
    /// Of the zip, in base64.
    sha256: &'a str,
    /// Of the zip, in bytes.
    size: usize,
    architecture: &'static str,
}

/// A resource that is as it should be.
#[derive(Debug, Serialize)]
struct Unchanged<'a> {
    resource: &'static str,
    name: &'a str,
}

/// The permissions that a change of the policies adds and removes: of all functions, each sentence
/// once, and of each.
#[derive(Debug, Serialize)]
struct PermissionsTold<'a> {
    added: Vec<String>,
    removed: Vec<String>,
    functions: BTreeMap<&'a str, Permissions>,
}

/// One change.
#[derive(Debug, Serialize)]
struct Change<'a> {
    action: Action,
    resource: &'static str,
    name: &'a str,
    reason: &'a str,
    /// True if it admits callers that are refused now.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    opens: bool,
}

/// The document of a plan. `api` is what it means for clients, as `cargo fw diff --output json` prints it.
pub(crate) fn document(
    desired: &Desired,
    actual: &Actual,
    plan: &Plan,
    url: Option<&str>,
    api: Option<Value>,
) -> String {
    let Desired { names, place, .. } = desired;
    let around = around(desired);
    let changes = plan.steps.iter().map(|planned| {
        let (action, resource) = planned.step.subject();
        Change {
            action,
            resource: resource.kind,
            name: resource.name,
            reason: &planned.reason,
            opens: planned.opens,
        }
    });
    let document = PlanDocument {
        schema: SCHEMA,
        app: &names.app,
        stage: &names.stage,
        account: &place.account,
        region: &place.region,
        code: CodeTold {
            sha256: &desired.code.sha256,
            size: desired.code.zip.len(),
            architecture: desired.code.architecture.as_str(),
        },
        changes: changes.collect(),
        unchanged: unchanged(desired, plan, &around)
            .into_iter()
            .map(|Resource { kind, name }| Unchanged {
                resource: kind,
                name,
            })
            .collect(),
        permissions: {
            let functions = permissions(desired, actual, plan);
            let all = |list: fn(&Permissions) -> &Vec<String>| -> Vec<String> {
                let every: BTreeSet<&String> = functions.values().flat_map(list).collect();
                every.into_iter().cloned().collect()
            };
            PermissionsTold {
                added: all(|one| &one.added),
                removed: all(|one| &one.removed),
                functions,
            }
        },
        url,
        api,
    };
    // Only strings and numbers: it cannot fail.
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

/// The permissions that a change of the policies adds and removes, by function; without those that
/// do not change.
fn permissions<'a>(
    desired: &'a Desired,
    actual: &Actual,
    plan: &Plan,
) -> BTreeMap<&'a str, Permissions> {
    let lent = lent(desired, actual, Some(plan));
    let functions = desired.functions.iter();
    functions
        .filter_map(|one| {
            let wanted = wanted(one, &lent)?;
            let held = actual.role(&one.name).policy.as_ref();
            let change = Permissions::between(held, &wanted);
            (change != Permissions::default()).then_some((one.name.as_str(), change))
        })
        .collect()
}

/// What is around the API, and the other kinds of resources: the kind and the name.
fn around(desired: &Desired) -> Vec<(&'static str, String)> {
    let access_log = desired.access_log.map(|_| desired.names.access_log());
    let mapping = desired
        .domain
        .as_ref()
        .map(|domain| (MAPPING, domain.url()));
    let access_log = access_log.map(|name| ("log group", name));
    let queues = desired.queues.iter();
    let queues = queues.map(|one| (queue::KIND, one.name.clone()));
    let mappings = desired.mappings.iter();
    let mappings = mappings.map(|one| (mapping::KIND, one.name.clone()));
    let own = desired.buckets.iter().filter(|one| one.own());
    let own = own.map(|one| (bucket::KIND, one.name.clone()));
    let reports = desired.buckets.iter();
    let reports = reports.filter(|one| !one.notifications.is_empty());
    let reports = reports.map(|one| (bucket::NOTIFICATIONS, one.name.clone()));
    let set = desired.functions.iter();
    let set = set.filter(|one| one.asynchronous.is_some());
    let set = set.map(|one| (invoke_config::KIND, one.name.clone()));
    let topics = desired.topics.iter();
    let topics = topics.map(|one| (topic::KIND, one.name.clone()));
    let subscriptions = desired.subscriptions.iter();
    let subscriptions = subscriptions.map(|one| (topic::SUBSCRIPTION, one.name()));
    let buses = desired.buses.iter();
    let buses = buses.map(|one| (bus::KIND, one.name.clone()));
    let rules = desired.rules.iter();
    let rules = rules.map(|one| (bus::RULE, one.called()));
    let scheduled = desired.schedules.iter();
    let scheduled = scheduled.flat_map(|all| {
        let own = [
            (schedule::GROUP, all.group.clone()),
            ("role", all.role.clone()),
        ];
        let schedules = all.schedules.iter();
        let schedules = schedules.map(|one| (schedule::KIND, one.name.clone()));
        own.into_iter().chain(schedules)
    });
    access_log
        .into_iter()
        .chain(set)
        .chain(own)
        .chain(reports)
        .chain(mapping)
        .chain(queues)
        .chain(mappings)
        .chain(topics)
        .chain(subscriptions)
        .chain(buses)
        .chain(rules)
        .chain(scheduled)
        .collect()
}

/// The resources of the deployment that no step is about.
fn unchanged<'a>(
    desired: &'a Desired,
    plan: &Plan,
    around: &'a [(&'static str, String)],
) -> Vec<Resource<'a>> {
    let names = &desired.names;
    let mut named = Vec::new();
    for one in &desired.functions {
        if let Some(role) = &one.role {
            named.extend([("role", &role.name), ("policy of role", &role.name)]);
        }
        named.push(("log group", &one.log_group));
        named.push(("function", &one.name));
        named.push(("alias of function", &one.name));
    }
    let around = around.iter().map(|(kind, name)| Resource { kind, name });
    let url = [("URL of function", &names.function)];
    let api = [
        ("API", &names.function),
        ("integration with function", &names.function),
        ("permission on function", &names.function),
    ];
    let routes = desired.routes.iter().map(|key| ("route", key));
    let rest = desired.rest.as_ref();
    let rest = rest.into_iter().flat_map(|rest| {
        let keys = rest.keys.keys().map(|name| ("API key", name));
        let plans = rest.plans.keys().map(|name| ("usage plan", name));
        let api = [
            ("REST API", &names.function),
            ("permission on function", &names.function),
            (STAGE, &rest.stage.name),
        ];
        api.into_iter().chain(keys).chain(plans)
    });
    let all = named.into_iter();
    let all: Vec<_> = match desired.gateway() {
        Gateway::FunctionUrl => all.chain(url).collect(),
        Gateway::RestApi => all.chain(rest).collect(),
        Gateway::HttpApi => all.chain(api).chain(routes).collect(),
    };
    let stage = (desired.gateway() == Gateway::HttpApi).then_some(Resource {
        kind: STAGE,
        name: &desired.http.stage.name,
    });
    let authorizers = desired.http.authorizers.keys();
    let authorizers = authorizers.map(|name| Resource {
        kind: "authorizer",
        name,
    });
    let all = all.into_iter();
    let all = all.map(|(kind, name)| Resource { kind, name });
    let touched: Vec<(&str, &str)> = plan
        .steps
        .iter()
        .map(|planned| planned.step.subject().1)
        .map(|resource| (whole(resource.kind), resource.name))
        .collect();
    all.chain(authorizers)
        .chain(stage)
        .chain(around)
        .filter(|resource| !touched.contains(&(resource.kind, resource.name)))
        .collect()
}

/// The resource that a part belongs to: a function's code to the function.
fn whole(kind: &str) -> &str {
    match kind {
        "trust of role" | "permissions boundary of role" | "tags of role" => "role",
        "retention of log group" | "tags of log group" => "log group",
        "code of function"
        | "configuration of function"
        | "version of function"
        | "concurrency of function"
        | "tags of function"
        | "provisioned concurrency of function" => "function",
        "CORS of API" => "API",
        "access log of stage" => STAGE,
        "document of REST API" | "deployment of REST API" | "tags of REST API" => "REST API",
        "throttle of route" => "route",
        "attributes of queue" | "tags of queue" => queue::KIND,
        "tags of event source mapping" => mapping::KIND,
        "attributes of topic" | "tags of topic" => topic::KIND,
        "attributes of subscription" => topic::SUBSCRIPTION,
        "tags of bus" => bus::KIND,
        "target of rule" | "tags of rule" => bus::RULE,
        "tags of schedule group" => schedule::GROUP,
        "public access of bucket" | "tags of bucket" => "bucket",
        other => other,
    }
}

/// The line above a plan.
pub(crate) fn headline(names: &Names, place: &AwsLocation) -> String {
    format!(
        "{BOLD}{}{BOLD:#}, stage {BOLD}{}{BOLD:#}, in {} of account {}",
        names.app, names.stage, place.region, place.account
    )
}

/// A plan's lines: a sign, what, and why.
pub(crate) fn lines(plan: &Plan) -> Vec<String> {
    let rows: Vec<Vec<String>> = plan
        .steps
        .iter()
        .map(|planned| {
            let (action, resource) = planned.step.subject();
            vec![
                format!("{} {}", action.sign(), action.verb()),
                resource.to_string(),
                match planned.opens {
                    true => format!("{} (opens: more callers)", planned.reason),
                    false => planned.reason.clone(),
                },
            ]
        })
        .collect();
    let colours = plan
        .steps
        .iter()
        .map(|planned| match planned.step.subject().0 {
            _ if planned.opens => BAD,
            Action::Create => GOOD,
            Action::Update | Action::Check => WARN,
            Action::Delete => BAD,
        });
    // Colours go on after the columns are lined up: their bytes have no width.
    columns(&rows)
        .iter()
        .zip(colours)
        .map(|(line, colour)| {
            let (sign, rest) = line.split_at_checked(8).unwrap_or((line, ""));
            format!("  {colour}{sign}{colour:#}{rest}")
        })
        .collect()
}

/// Shows a plan on standard error: what a deploy is about to do.
pub(crate) fn show(console: &Console, desired: &Desired, actual: &Actual, plan: &Plan) {
    told(desired, actual, plan, false)
        .iter()
        .for_each(|line| console.line(line));
}

/// Prints a plan on standard output: what `--plan` was asked for.
pub(crate) fn result(console: &Console, desired: &Desired, actual: &Actual, plan: &Plan) {
    told(desired, actual, plan, true)
        .iter()
        .for_each(|line| console.result(line));
}

/// The plan in lines; with all that is unchanged, or with how much that is.
fn told(desired: &Desired, actual: &Actual, plan: &Plan, whole: bool) -> Vec<String> {
    let mut all = vec![headline(&desired.names, &desired.place)];
    all.extend(lines(plan));
    for (function, Permissions { added, removed }) in permissions(desired, actual, plan) {
        all.push(format!("  permissions of `{function}`:"));
        let added = added.iter();
        all.extend(added.map(|sentence| format!("    {GOOD}+{GOOD:#} {sentence}")));
        let removed = removed.iter();
        all.extend(removed.map(|sentence| format!("    {BAD}-{BAD:#} {sentence}")));
    }
    let around = around(desired);
    let same = unchanged(desired, plan, &around);
    if whole {
        all.extend(
            same.iter()
                .map(|resource| format!("  {DIM}= same    {resource}{DIM:#}")),
        );
    }
    all.push(match (plan.is_empty(), same.len()) {
        (true, count) => format!("  no changes: {count} resources are up to date"),
        (false, 0) => format!("  {}", counted(plan.steps.len(), "step")),
        (false, count) => format!(
            "  {}; {} as before",
            counted(plan.steps.len(), "step"),
            counted(count, "resource"),
        ),
    });
    all
}

/// The URL of a deployed app, as JSON.
pub(crate) fn location(names: &Names, region: &str, url: &str) -> String {
    serde_json::json!({
        "schema": SCHEMA,
        "app": names.app,
        "stage": names.stage,
        "region": region,
        "url": url,
    })
    .to_string()
}
