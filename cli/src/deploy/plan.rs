//! From what should be and what is to the steps between: pure and synchronous.
//!
//! The order of the steps is what keeps traffic safe. Everything that a new version needs comes first and changes nothing
//! for the old one; then the alias moves; what only the new version needs (its added routes, its CORS) and what only the
//! old one needed (removed routes, withdrawn permissions) comes after. So a deploy that fails before the alias moves
//! changes no request's answer, and one that fails after it leaves every kept route served by the new version. An API
//! without a stage takes no traffic, so a first deploy opens it last.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    model::{ALIAS, Desired, GRANT, Names},
    observe::{Actual, WholeApi},
    step::{Action, ApiId, Handle, IntegrationId, Plan, Step},
};
use crate::{
    aws::lambda::{Configuration, Function, Grant, Readiness},
    settings::Cors,
};

const MISSING: &str = "not there yet";

/// The steps that make the account hold what is desired; none when it does.
pub(crate) fn plan(desired: &Desired, actual: &Actual) -> Plan {
    let mut plan = Plan::default();
    let policies = policies(&desired.policy, actual.policy.as_ref());
    role(&mut plan, desired, actual);
    if let Some((document, reason)) = policies.before {
        let action = match actual.policy {
            None => Action::Create,
            Some(_) => Action::Update,
        };
        put_policy(&mut plan, desired, document, action, reason);
    }
    log_group(&mut plan, desired, actual);
    function(&mut plan, desired, actual);
    let moves = version(&mut plan, desired, actual);
    let api = actual.apis.first();
    let connection = connect(&mut plan, desired, api);
    permission(&mut plan, desired, actual, &connection);
    if let Some(reason) = moves {
        let function = desired.names.function.clone();
        let version = Handle::Made;
        plan.push(Step::MoveAlias { function, version }, reason);
    }
    routes(&mut plan, desired, api, &connection);
    if let Some(whole) = api {
        tidy(&mut plan, desired, whole);
    }
    if let Some((document, reason)) = policies.after {
        put_policy(&mut plan, desired, document, Action::Update, reason);
    }
    stage(&mut plan, desired, api, connection.api);
    for spare in actual.apis.iter().skip(1) {
        let name = spare.api.name.clone();
        let api = ApiId(spare.api.id.clone());
        plan.push(
            Step::DeleteApi { name, api },
            "half-made: no stage opens it",
        );
    }
    plan
}

/// The steps that remove everything of the deployment; traffic stops first.
pub(crate) fn deletion(names: &Names, actual: &Actual) -> Plan {
    let mut plan = Plan::default();
    for whole in &actual.apis {
        let api = ApiId(whole.api.id.clone());
        let name = whole.api.name.clone();
        plan.push(Step::DeleteApi { name, api }, whole.api.endpoint.clone());
    }
    if actual.function.ours().is_some() {
        let function = names.function.clone();
        plan.push(
            Step::DeleteFunction { function },
            "with all its versions and its alias",
        );
    }
    if actual.role.ours().is_some() {
        let role = names.role.clone();
        if actual.policy.is_some() {
            let role = role.clone();
            plan.push(Step::DeleteRolePolicy { role }, "the role's own");
        }
        plan.push(Step::DeleteRole { role }, "nothing else uses it");
    }
    if actual.log_group.ours().is_some() {
        let group = names.log_group.clone();
        plan.push(Step::DeleteLogGroup { group }, "with the logs in it");
    }
    plan
}

fn role(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let role = desired.names.role.clone();
    let trust = desired.trust.clone();
    match actual.role.ours() {
        None => {
            let tags = desired.names.tags();
            plan.push(Step::CreateRole { role, trust, tags }, MISSING);
        }
        Some(found) if found.trust != trust => {
            plan.push(
                Step::UpdateTrust { role, trust },
                "it was changed outside `cargo fw`",
            );
        }
        Some(_) => {}
    }
}

/// The role's policy before and after the alias moves.
struct Policies {
    before: Option<(Value, String)>,
    after: Option<(Value, String)>,
}

/// The version that serves keeps what it was allowed until it serves no more: before the alias moves, allowing statements
/// are added and denying ones removed; after it, the rest.
fn policies(desired: &Value, actual: Option<&Value>) -> Policies {
    let Some(actual) = actual else {
        return Policies {
            before: Some((desired.clone(), MISSING.to_owned())),
            after: None,
        };
    };
    let (new, old) = (statements(desired), statements(actual));
    let denies = |statement: &Value| statement["Effect"] == "Deny";
    let mut both: Vec<Value> = new
        .iter()
        .filter(|statement| !denies(statement) || old.contains(statement))
        .cloned()
        .collect();
    let kept = old
        .iter()
        .filter(|statement| !denies(statement) && !new.contains(statement));
    both.extend(kept.cloned());
    let same = |one: &[Value], other: &[Value]| {
        one.len() == other.len() && one.iter().all(|statement| other.contains(statement))
    };
    let added = new.iter().filter(|statement| !old.contains(statement));
    let removed = old.iter().filter(|statement| !new.contains(statement));
    let (added, removed) = (added.count(), removed.count());
    let reason = format!("{added} statements more, {removed} fewer");
    let document = json!({ "Version": "2012-10-17", "Statement": both });
    Policies {
        before: (!same(&both, &old)).then(|| (document, reason.clone())),
        after: (!same(&both, &new)).then(|| (desired.clone(), reason)),
    }
}

fn statements(document: &Value) -> Vec<Value> {
    match &document["Statement"] {
        Value::Array(list) => list.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

fn put_policy(plan: &mut Plan, desired: &Desired, document: Value, action: Action, reason: String) {
    let role = desired.names.role.clone();
    let step = Step::PutRolePolicy {
        role,
        document,
        action,
    };
    plan.push(step, reason);
}

fn log_group(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let group = desired.names.log_group.clone();
    let found = actual.log_group.ours();
    if found.is_none() {
        let (group, tags) = (group.clone(), desired.names.tags());
        plan.push(Step::CreateLogGroup { group, tags }, MISSING);
    }
    let days = desired.log_retention;
    let old = found.and_then(|found| found.retention);
    if old != Some(days) {
        let old = old.map_or("for ever".to_owned(), |old| format!("{old} days"));
        let reason = format!("{old} → {days} days");
        plan.push(Step::PutRetention { group, days }, reason);
    }
}

fn function(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let function = desired.names.function.clone();
    let (code, configuration) = (desired.code.clone(), desired.configuration.clone());
    let Some(found) = actual.function.ours() else {
        let tags = desired.names.tags();
        let reason = format!("{MISSING}; {}", bytes(code.zip.len() as u64));
        let step = Step::CreateFunction {
            function,
            code,
            configuration,
            tags,
        };
        return plan.push(step, reason);
    };
    if let Some(reason) = code_differs(desired, found) {
        let function = function.clone();
        plan.push(Step::UpdateCode { function, code }, reason);
    }
    let mut differences = differences(&found.configuration, &configuration);
    if let Readiness::Failed(reason) = &found.readiness {
        differences.push(format!("the last change failed: {reason}"));
    }
    if !differences.is_empty() {
        let step = Step::UpdateConfiguration {
            function,
            configuration,
        };
        plan.push(step, differences.join(", "));
    }
}

/// Publishes when what serves is not what is desired; gives the reason to move the alias when there is one to move.
fn version(plan: &mut Plan, desired: &Desired, actual: &Actual) -> Option<String> {
    let function = desired.names.function.clone();
    let published = actual.live.as_ref().and_then(|live| live.function.as_ref());
    if published.is_some_and(|published| {
        code_differs(desired, published).is_none()
            && published.configuration == desired.configuration
    }) {
        return None;
    }
    let sha256 = desired.code.sha256.clone();
    let step = Step::PublishVersion {
        function: function.clone(),
        sha256,
    };
    match &actual.live {
        None => {
            plan.push(step, "no version is live");
            let version = Handle::Made;
            plan.push(Step::CreateAlias { function, version }, MISSING);
            None
        }
        Some(live) => {
            let version = &live.version;
            plan.push(step, format!("the live version, {version}, is another"));
            Some(format!("`{ALIAS}`: version {version} → the new one"))
        }
    }
}

fn code_differs(desired: &Desired, found: &Function) -> Option<String> {
    let code = &desired.code;
    let architecture = code.architecture.as_str();
    if found.architecture != architecture {
        return Some(format!("{} → {architecture}", found.architecture));
    }
    (found.sha256 != code.sha256).then(|| {
        let (old, new) = (bytes(found.size), bytes(code.zip.len() as u64));
        let short = |sha256: &str| sha256.chars().take(8).collect::<String>();
        let (from, to) = (short(&found.sha256), short(&code.sha256));
        format!("{old} {from} → {new} {to}")
    })
}

/// What differs, in words. Variables are named and their values left out: they may be secrets.
fn differences(old: &Configuration, new: &Configuration) -> Vec<String> {
    let mut list = Vec::new();
    let mut differ = |what: &str, old: String, new: String| {
        if old != new {
            list.push(format!("{what}: {old} → {new}"));
        }
    };
    differ(
        "memory",
        format!("{} MB", old.memory),
        format!("{} MB", new.memory),
    );
    differ(
        "timeout",
        format!("{} s", old.timeout),
        format!("{} s", new.timeout),
    );
    differ("role", old.role.clone(), new.role.clone());
    differ("runtime", old.runtime.clone(), new.runtime.clone());
    differ("handler", old.handler.clone(), new.handler.clone());
    let names: BTreeSet<&String> = old
        .environment
        .keys()
        .chain(new.environment.keys())
        .collect();
    for name in names {
        match (old.environment.get(name), new.environment.get(name)) {
            (None, Some(_)) => list.push(format!("variable `{name}` added")),
            (Some(_), None) => list.push(format!("variable `{name}` removed")),
            (one, other) if one != other => list.push(format!("variable `{name}` changed")),
            _ => {}
        }
    }
    list
}

/// The API and its integration, known or made by then.
struct Connection {
    api: Handle<ApiId>,
    integration: Handle<IntegrationId>,
}

fn connect(plan: &mut Plan, desired: &Desired, api: Option<&WholeApi>) -> Connection {
    let function = desired.names.function.clone();
    let alias = desired.place.alias(&function);
    let Some(whole) = api else {
        let step = Step::CreateApi {
            name: desired.names.function.clone(),
            cors: desired.cors.clone(),
            tags: desired.names.tags(),
        };
        plan.push(step, MISSING);
        let step = Step::CreateIntegration {
            api: Handle::Made,
            function,
            alias,
        };
        plan.push(step, MISSING);
        return Connection {
            api: Handle::Made,
            integration: Handle::Made,
        };
    };
    let id = ApiId(whole.api.id.clone());
    let api = Handle::Known(id.clone());
    let right = |uri: &str, proxy: bool| proxy && uri == alias;
    let found = whole
        .integrations
        .iter()
        .find(|integration| right(&integration.uri, integration.proxy))
        .or(whole.integrations.first());
    let Some(found) = found else {
        let step = Step::CreateIntegration {
            api: api.clone(),
            function,
            alias,
        };
        plan.push(step, MISSING);
        return Connection {
            api,
            integration: Handle::Made,
        };
    };
    let integration = IntegrationId(found.id.clone());
    if !right(&found.uri, found.proxy) {
        let step = Step::UpdateIntegration {
            api: id,
            id: integration.clone(),
            function,
            alias,
        };
        plan.push(step, "it was changed outside `cargo fw`");
    }
    Connection {
        api,
        integration: Handle::Known(integration),
    }
}

fn permission(plan: &mut Plan, desired: &Desired, actual: &Actual, connection: &Connection) {
    let wanted = match &connection.api {
        Handle::Known(ApiId(id)) => Some(grant(desired, id)),
        Handle::Made => None,
    };
    if wanted
        .as_ref()
        .is_some_and(|wanted| actual.grants.contains(wanted))
    {
        return;
    }
    let function = desired.names.function.clone();
    // A statement cannot be changed, and its id cannot be given twice.
    if actual.grants.iter().any(|grant| grant.id == GRANT) {
        let step = Step::RemovePermission {
            function: function.clone(),
            id: GRANT.to_owned(),
        };
        plan.push(step, "it is another API's");
    }
    let step = Step::AddPermission {
        function,
        api: connection.api.clone(),
        place: desired.place.clone(),
    };
    plan.push(step, MISSING);
}

/// The permission that the API with that id needs.
fn grant(desired: &Desired, api: &str) -> Grant {
    Grant::of_api(GRANT, desired.place.api(api))
}

fn routes(plan: &mut Plan, desired: &Desired, api: Option<&WholeApi>, connection: &Connection) {
    let found: BTreeMap<&str, _> = api
        .map(|whole| whole.routes.as_slice())
        .unwrap_or_default()
        .iter()
        .map(|route| (route.key.as_str(), route))
        .collect();
    for key in &desired.routes {
        let integration = connection.integration.clone();
        match (found.get(key.as_str()), &connection.api) {
            (Some(route), Handle::Known(api)) => {
                let target = route.integration.clone().map(IntegrationId);
                if target.map(Handle::Known).as_ref() != Some(&integration) {
                    let step = Step::UpdateRoute {
                        api: api.clone(),
                        id: route.id.clone(),
                        key: key.clone(),
                        integration,
                    };
                    plan.push(step, "it leads elsewhere");
                }
            }
            _ => {
                let step = Step::CreateRoute {
                    api: connection.api.clone(),
                    key: key.clone(),
                    integration,
                };
                plan.push(step, "in the app and not in the API");
            }
        }
    }
}

/// What an API that is there has too much or otherwise.
fn tidy(plan: &mut Plan, desired: &Desired, whole: &WholeApi) {
    let api = ApiId(whole.api.id.clone());
    let name = whole.api.name.clone();
    match (&desired.cors, &whole.api.cors) {
        (Some(new), old) if old.as_ref().map(normal) != Some(normal(new)) => {
            let reason = if old.is_some() { "it differs" } else { MISSING };
            let step = Step::SetCors {
                name,
                api: api.clone(),
                cors: new.clone(),
            };
            plan.push(step, reason);
        }
        (None, Some(_)) => {
            let api = api.clone();
            plan.push(Step::DeleteCors { name, api }, "not in the settings");
        }
        _ => {}
    }
    for route in &whole.routes {
        if !desired.routes.contains(&route.key) {
            let step = Step::DeleteRoute {
                api: api.clone(),
                id: route.id.clone(),
                key: route.key.clone(),
            };
            plan.push(step, "in the API and not in the app");
        }
    }
    let alias = desired.place.alias(&desired.names.function);
    let kept = whole
        .integrations
        .iter()
        .find(|integration| integration.proxy && integration.uri == alias)
        .or(whole.integrations.first())
        .map(|integration| &integration.id);
    for integration in &whole.integrations {
        if Some(&integration.id) != kept {
            let step = Step::DeleteIntegration {
                api: api.clone(),
                id: IntegrationId(integration.id.clone()),
            };
            plan.push(step, "no route uses it");
        }
    }
}

/// A CORS configuration as it is compared: lists are sets, header names have no case (RFC 9110 §5.1).
fn normal(cors: &Cors) -> Cors {
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

fn stage(plan: &mut Plan, desired: &Desired, api: Option<&WholeApi>, handle: Handle<ApiId>) {
    match api.and_then(|whole| whole.stage.map(|auto| (auto, &whole.api.id))) {
        Some((true, _)) => {}
        Some((false, id)) => {
            let api = ApiId(id.clone());
            plan.push(Step::UpdateStage { api }, "it does not deploy by itself");
        }
        None => {
            let tags = desired.names.tags();
            plan.push(Step::CreateStage { api: handle, tags }, MISSING);
        }
    }
}

/// A size in words.
pub(crate) fn bytes(count: u64) -> String {
    let kilobytes = count / 1000;
    match (kilobytes / 1000, kilobytes) {
        (0, 0) => format!("{count} B"),
        (0, kilobytes) => format!("{kilobytes} kB"),
        (megabytes, _) => format!("{megabytes}.{} MB", kilobytes % 1000 / 100),
    }
}
