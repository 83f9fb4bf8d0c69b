//! The steps that a plan is made of: typed data that can be printed, checked and run.

pub(crate) mod domain;
pub(crate) mod rest;
pub(crate) mod store;

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use self::{domain::DomainStep, rest::RestStep, store::StoreStep};
use super::{
    health::Health,
    model::Place,
    phase::{Lane, Phase},
    setting::Setting,
};
use crate::{
    aws::{
        apigateway::{Checks, Guard, Stage},
        lambda::{Configuration, Grant, UrlSettings},
    },
    values::{
        code::Code,
        gateway::{Cors, PayloadFormat},
        names::Tags,
    },
};

/// An API's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiId(pub(crate) String);

/// An integration's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IntegrationId(pub(crate) String);

/// An authorizer's name, and its id where it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthorizerId {
    /// Its name, by which an earlier step makes it.
    pub(crate) name: String,
    /// Its id, when it is there already.
    pub(crate) id: Option<String>,
}

/// A version's number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version(pub(crate) String);

/// A value that is known when planning, or that an earlier step of the same plan makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Handle<T> {
    /// It is this.
    Known(T),
    /// The one step that makes a `T` gives it.
    Made,
}

/// What a step does to its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    /// Makes it.
    Create,
    /// Changes it.
    Update,
    /// Removes it.
    Delete,
    /// Tries whether it works.
    Check,
}

impl Action {
    /// The word for it when it is done.
    pub(crate) const fn done(self) -> &'static str {
        match self {
            Self::Create => "Created",
            Self::Update => "Updated",
            Self::Delete => "Deleted",
            Self::Check => "Checked",
        }
    }

    /// The word for doing it.
    pub(crate) const fn verb(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Check => "check",
        }
    }

    /// The sign in front of it in a printed plan.
    pub(crate) const fn sign(self) -> char {
        match self {
            Self::Create => '+',
            Self::Update => '~',
            Self::Delete => '-',
            Self::Check => '?',
        }
    }
}

/// What a step is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resource<'a> {
    /// The kind: `role`, `function`, `route`.
    pub(crate) kind: &'static str,
    /// Its name.
    pub(crate) name: &'a str,
}

impl fmt::Display for Resource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`", self.kind, self.name)
    }
}

/// One change to the account: one mutating call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// Makes the role, which nobody can use until it has its policy.
    CreateRole {
        role: String,
        trust: Value,
        boundary: Option<String>,
        tags: Tags,
    },
    /// Sets what no version carries.
    Set(Setting),
    /// Sets who may assume the role.
    UpdateTrust { role: String, trust: Value },
    /// Sets what the role allows: makes its policy, or changes it.
    PutRolePolicy {
        role: String,
        document: Value,
        action: Action,
    },
    /// Makes the log group.
    CreateLogGroup { group: String, tags: Tags },
    /// Sets how long logs are kept.
    PutRetention { group: String, days: u32 },
    /// Makes the function and its first version.
    CreateFunction {
        function: String,
        code: Code,
        configuration: Configuration,
        tags: Tags,
    },
    /// Uploads code, which no traffic reaches until an alias moves, and makes a version of it and the configuration.
    UpdateCode {
        function: String,
        code: Code,
        /// Whether it makes the version; one that is there already may do.
        publish: bool,
    },
    /// Sets the configuration, which no traffic reaches until it is published.
    UpdateConfiguration {
        function: String,
        configuration: Configuration,
    },
    /// Makes a version of that code and the configuration.
    PublishVersion { function: String, sha256: String },
    /// Calls the version, which takes no traffic yet, once.
    TryVersion {
        function: String,
        version: Handle<Version>,
        health: Health,
    },
    /// Makes the alias.
    CreateAlias {
        function: String,
        version: Handle<Version>,
    },
    /// Moves the traffic to the version.
    MoveAlias {
        function: String,
        version: Handle<Version>,
        /// The canary that loses its part of the traffic by it.
        ends: Option<Version>,
    },
    /// Gives the version a part of the traffic.
    ShiftTraffic {
        function: String,
        from: Version,
        version: Handle<Version>,
        percent: u32,
    },
    /// Removes a version that nobody needs any more.
    DeleteVersion { function: String, version: Version },
    /// Makes the API, with no way in until it has a stage.
    CreateApi {
        name: String,
        cors: Option<Cors>,
        tags: Tags,
    },
    /// Sets the API's CORS configuration.
    SetCors {
        name: String,
        api: ApiId,
        cors: Cors,
    },
    /// Removes the API's CORS configuration.
    DeleteCors { name: String, api: ApiId },
    /// Connects the API with the alias.
    CreateIntegration {
        api: Handle<ApiId>,
        function: String,
        alias: String,
        format: PayloadFormat,
        /// In milliseconds.
        timeout: u32,
    },
    /// Connects the API with the alias again.
    UpdateIntegration {
        api: ApiId,
        id: IntegrationId,
        function: String,
        alias: String,
        format: PayloadFormat,
        /// In milliseconds.
        timeout: u32,
    },
    /// Removes a connection that no route uses.
    DeleteIntegration { api: ApiId, id: IntegrationId },
    /// Lets the API invoke the alias.
    AddPermission {
        function: String,
        api: Handle<ApiId>,
        place: Place,
        /// Whether it asks the function who may call.
        asks: bool,
    },
    /// Lets everybody call the URL.
    AddUrlPermission { function: String, grant: Grant },
    /// Makes the alias' URL, which opens it.
    CreateUrl {
        function: String,
        settings: UrlSettings,
    },
    /// Sets up the alias' URL.
    UpdateUrl {
        function: String,
        settings: UrlSettings,
    },
    /// Removes the alias' URL.
    DeleteUrl { function: String },
    /// Takes a permission away.
    RemovePermission { function: String, id: String },
    /// Makes a route.
    CreateRoute {
        api: Handle<ApiId>,
        key: String,
        integration: Handle<IntegrationId>,
        guard: Guard<AuthorizerId>,
    },
    /// Connects a route with the integration, and sets who may call it.
    UpdateRoute {
        api: ApiId,
        id: String,
        key: String,
        integration: Handle<IntegrationId>,
        guard: Guard<AuthorizerId>,
    },
    /// Removes a route.
    DeleteRoute { api: ApiId, id: String, key: String },
    /// Makes an authorizer, which guards nothing until a route asks for it.
    CreateAuthorizer {
        api: Handle<ApiId>,
        name: String,
        checks: Checks,
    },
    /// Changes whom an authorizer lets pass.
    UpdateAuthorizer {
        api: ApiId,
        id: String,
        name: String,
        checks: Checks,
    },
    /// Removes an authorizer that no route asks for.
    DeleteAuthorizer {
        api: ApiId,
        id: String,
        name: String,
    },
    /// Opens the API.
    CreateStage {
        api: Handle<ApiId>,
        /// Where the API answers, when it is there already.
        endpoint: Option<String>,
        stage: Stage,
        tags: Tags,
    },
    /// Sets up the stage.
    UpdateStage {
        api: ApiId,
        stage: Stage,
        /// The variables that it has no longer.
        gone: Vec<String>,
    },
    /// Takes a route's own throttle away.
    DropThrottle {
        api: ApiId,
        stage: String,
        key: String,
    },
    /// Logs requests no longer.
    DropAccessLog { api: ApiId, stage: String },
    /// Closes the API's way in under that name.
    DeleteStage { api: ApiId, stage: String },
    /// Removes the API and all in it.
    DeleteApi {
        name: String,
        api: ApiId,
        /// Whether it takes traffic.
        open: bool,
    },
    /// A change of a REST API, its keys or its usage plans.
    Rest(Box<RestStep>),
    /// A change of a custom domain or a mapping of it.
    Domain(Box<DomainStep>),
    /// A change of the bucket through which a large zip goes.
    Store(Box<StoreStep>),
    /// Removes the function, its versions and its alias.
    DeleteFunction { function: String },
    /// Removes the role's policy, without which the role cannot be removed.
    DeleteRolePolicy { role: String },
    /// Removes the role.
    DeleteRole { role: String },
    /// Removes the log group and the logs in it.
    DeleteLogGroup { group: String },
}

impl Step {
    /// The function of which it makes a version.
    pub(crate) fn publishes(&self) -> Option<&str> {
        match self {
            Self::CreateFunction { function, .. }
            | Self::UpdateCode {
                function,
                publish: true,
                ..
            }
            | Self::PublishVersion { function, .. } => Some(function),
            _ => None,
        }
    }

    /// The function whose traffic it moves.
    pub(crate) fn moves(&self) -> Option<&str> {
        match self {
            Self::MoveAlias { function, .. } | Self::ShiftTraffic { function, .. } => {
                Some(function)
            }
            _ => None,
        }
    }

    /// What it does, and to what.
    pub(crate) fn subject(&self) -> (Action, Resource<'_>) {
        use Action::{Check, Create, Delete, Update};
        let (action, kind, name) = match self {
            Self::CreateRole { role, .. } => (Create, "role", role),
            Self::Set(setting) => return setting.subject(),
            Self::Store(step) => return step.subject(),
            Self::UpdateTrust { role, .. } => (Update, "trust of role", role),
            Self::PutRolePolicy { role, action, .. } => (*action, "policy of role", role),
            Self::CreateLogGroup { group, .. } => (Create, "log group", group),
            Self::PutRetention { group, .. } => (Update, "retention of log group", group),
            Self::CreateFunction { function, .. } => (Create, "function", function),
            Self::UpdateCode { function, .. } => (Update, "code of function", function),
            Self::UpdateConfiguration { function, .. } => {
                (Update, "configuration of function", function)
            }
            Self::PublishVersion { function, .. } => (Create, "version of function", function),
            Self::TryVersion { function, .. } => (Check, "version of function", function),
            Self::DeleteVersion { version, .. } => (Delete, "version", &version.0),
            Self::ShiftTraffic { function, .. } => (Update, "alias of function", function),
            Self::CreateAlias { function, .. } => (Create, "alias of function", function),
            Self::MoveAlias { function, .. } => (Update, "alias of function", function),
            Self::CreateApi { name, .. } => (Create, "API", name),
            Self::SetCors { name, .. } => (Update, "CORS of API", name),
            Self::DeleteCors { name, .. } => (Delete, "CORS of API", name),
            Self::CreateIntegration { function, .. } => {
                (Create, "integration with function", function)
            }
            Self::UpdateIntegration { function, .. } => {
                (Update, "integration with function", function)
            }
            Self::DeleteIntegration { id, .. } => (Delete, "integration", &id.0),
            Self::AddPermission { function, .. } => (Create, "permission on function", function),
            Self::AddUrlPermission { grant, .. } => (Create, "permission", &grant.id),
            Self::CreateUrl { function, .. } => (Create, "URL of function", function),
            Self::UpdateUrl { function, .. } => (Update, "URL of function", function),
            Self::DeleteUrl { function } => (Delete, "URL of function", function),
            Self::RemovePermission { id, .. } => (Delete, "permission", id),
            Self::CreateRoute { key, .. } => (Create, "route", key),
            Self::UpdateRoute { key, .. } => (Update, "route", key),
            Self::DeleteRoute { key, .. } => (Delete, "route", key),
            Self::CreateAuthorizer { name, .. } => (Create, "authorizer", name),
            Self::UpdateAuthorizer { name, .. } => (Update, "authorizer", name),
            Self::DeleteAuthorizer { name, .. } => (Delete, "authorizer", name),
            Self::CreateStage { stage, .. } => (Create, STAGE, &stage.name),
            Self::UpdateStage { stage, .. } => (Update, STAGE, &stage.name),
            Self::DropThrottle { key, .. } => (Update, "throttle of route", key),
            Self::DropAccessLog { stage, .. } => (Update, "access log of stage", stage),
            Self::DeleteStage { stage, .. } => (Delete, STAGE, stage),
            Self::DeleteApi { name, .. } => (Delete, "API", name),
            Self::Rest(step) => {
                let (action, kind, name) = step.subject();
                return (action, Resource { kind, name });
            }
            Self::Domain(step) => {
                let (action, kind, name) = step.subject();
                return (action, Resource { kind, name });
            }
            Self::DeleteFunction { function } => (Delete, "function", function),
            Self::DeleteRolePolicy { role } => (Delete, "policy of role", role),
            Self::DeleteRole { role } => (Delete, "role", role),
            Self::DeleteLogGroup { group } => (Delete, "log group", group),
        };
        (action, Resource { kind, name })
    }
}

/// What an API's stage is called.
pub(crate) const STAGE: &str = "stage of the API";

/// A step and why it is planned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Planned {
    /// The step.
    pub(crate) step: Step,
    /// Why: what is missing or differs.
    pub(crate) reason: String,
    /// True if it admits callers that are refused now: somebody has to agree to that.
    pub(crate) opens: bool,
    /// When it runs.
    pub(crate) phase: Phase,
    /// The log group behind whose steps it queues, where it does not queue by itself.
    behind: Option<String>,
}

impl Planned {
    /// Where it queues.
    pub(crate) fn lane(&self) -> Lane<'_> {
        let behind = self.behind.as_deref();
        behind.map_or_else(|| self.step.lane(), Lane::Logs)
    }
}

/// The steps, in the order that they are run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plan {
    /// Each with its reason.
    pub(crate) steps: Vec<Planned>,
    /// The phase of the steps that are added now.
    phase: Phase,
}

impl Plan {
    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Begins a phase: what is added from now on runs when all before it is done.
    pub(crate) fn enter(&mut self, phase: Phase) {
        self.phase = phase;
    }

    /// Adds a step.
    pub(crate) fn push(&mut self, step: Step, reason: impl Into<String>) {
        self.steps.push(Planned {
            step,
            reason: reason.into(),
            opens: false,
            phase: self.phase,
            behind: None,
        });
    }

    /// Adds a step that may admit callers that are refused now.
    pub(crate) fn push_opening(&mut self, step: Step, reason: impl Into<String>, opens: bool) {
        self.push(step, reason);
        if let Some(planned) = self.steps.last_mut() {
            planned.opens = opens;
        }
    }

    /// Adds a step that runs after those on that log group.
    pub(crate) fn push_behind(&mut self, step: Step, reason: impl Into<String>, group: &str) {
        self.push(step, reason);
        if let Some(planned) = self.steps.last_mut() {
            planned.behind = Some(group.to_owned());
        }
    }
}
