//! The operations on schedules, and the way to all operations by their paths.

use http::{Method, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::schedule::{ScheduleSettings, StoredSchedule};
use super::{DEFAULT, Scheduler, SchedulerError};
use crate::access::Caller;
use crate::form::{self, Form};
use crate::ids;
use crate::reply::{self, Body};

/// A request for Scheduler.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) caller: Caller,
}

/// The outcome of an operation.
pub(super) type Answer = Result<Value, SchedulerError>;

/// True for paths of Scheduler. A bucket may have the same name, so the caller's signature decides between them.
pub(crate) fn owns(path: &str, caller: Option<&Caller>) -> bool {
    let first = path.trim_start_matches('/').split('/').next();
    matches!(first, Some("schedules" | "schedule-groups" | "tags"))
        && caller.is_some_and(|caller| caller.service == "scheduler")
}

impl Scheduler {
    /// Answers a request.
    pub(crate) fn answer(&self, request: &Request<'_>) -> Response<Body> {
        let mut response = match self.run(request) {
            Ok(document) => reply::json(StatusCode::OK, &document),
            Err(error) => error.response(),
        };
        if let Ok(id) = ids::uuid().parse() {
            response.headers_mut().insert("x-amzn-requestid", id);
        }
        response
    }

    fn run(&self, request: &Request<'_>) -> Answer {
        let mut parts = request.path.trim_start_matches('/').splitn(2, '/');
        let kind = parts.next().unwrap_or_default();
        let name = parts.next().map(form::decode).unwrap_or_default();
        let query = Form::parse(request.query).unwrap_or_default();
        let group = query.get("groupName").unwrap_or(DEFAULT);
        let caller = &request.caller;
        match (request.method.as_str(), kind, name.is_empty()) {
            ("POST", "schedules", false) => {
                self.create(caller, &name, read("CreateSchedule", request.body)?)
            }
            ("PUT", "schedules", false) => {
                self.update(caller, &name, read("UpdateSchedule", request.body)?)
            }
            ("GET", "schedules", false) => self.get(caller, group, &name),
            ("DELETE", "schedules", false) => self.delete(caller, group, &name),
            ("GET", "schedules", true) => self.list(caller, &query),
            ("POST", "schedule-groups", false) => {
                self.create_group(caller, &name, read("CreateScheduleGroup", request.body)?)
            }
            ("GET", "schedule-groups", false) => self.get_group(caller, &name),
            ("DELETE", "schedule-groups", false) => self.delete_group(caller, &name),
            ("GET", "schedule-groups", true) => self.list_groups(caller, &query),
            ("POST", "tags", false) => self.tag(caller, &name, read("TagResource", request.body)?),
            ("DELETE", "tags", false) => self.untag(caller, &name, &query),
            ("GET", "tags", false) => self.list_tags(caller, &name),
            (method, _, _) => Err(SchedulerError::not_implemented(&format!(
                "Scheduler {method} {}",
                request.path
            ))),
        }
    }

    pub(super) fn create(&self, caller: &Caller, name: &str, settings: ScheduleSettings) -> Answer {
        let group = settings
            .group_name
            .clone()
            .unwrap_or_else(|| DEFAULT.into());
        let arn = self.arn(&group, name);
        self.admit(caller, "CreateSchedule", &arn)?;
        check_name(name)?;
        settings.check()?;
        let now = self.now();
        let mut state = self.state();
        if !state.groups.contains_key(&group) {
            return Err(SchedulerError::not_found("Schedule group", &group));
        }
        let key = (group, name.to_owned());
        if state.schedules.contains_key(&key) {
            return Err(SchedulerError::exists("Schedule", name));
        }
        let item = StoredSchedule {
            arn: arn.clone(),
            next_ms: settings.first(now),
            settings,
            created_ms: now,
            modified_ms: now,
        };
        state.schedules.insert(key, item);
        drop(state);
        self.change();
        Ok(json!({"ScheduleArn": arn}))
    }

    pub(super) fn update(&self, caller: &Caller, name: &str, settings: ScheduleSettings) -> Answer {
        let group = settings
            .group_name
            .clone()
            .unwrap_or_else(|| DEFAULT.into());
        let arn = self.arn(&group, name);
        self.admit(caller, "UpdateSchedule", &arn)?;
        settings.check()?;
        let now = self.now();
        let mut state = self.state();
        let item = state
            .schedules
            .get_mut(&(group, name.to_owned()))
            .ok_or_else(|| SchedulerError::not_found("Schedule", name))?;
        item.next_ms = settings.first(now);
        item.settings = settings;
        item.modified_ms = now;
        drop(state);
        self.change();
        Ok(json!({"ScheduleArn": arn}))
    }

    fn get(&self, caller: &Caller, group: &str, name: &str) -> Answer {
        self.admit(caller, "GetSchedule", &self.arn(group, name))?;
        let state = self.state();
        let item = state
            .schedules
            .get(&(group.to_owned(), name.to_owned()))
            .ok_or_else(|| SchedulerError::not_found("Schedule", name))?;
        let mut document = serde_json::to_value(&item.settings).unwrap_or_default();
        document["Name"] = name.into();
        document["GroupName"] = group.into();
        document["Arn"] = item.arn.as_str().into();
        document["State"] = state_of(&item.settings).into();
        document["ScheduleExpressionTimezone"] = item
            .settings
            .schedule_expression_timezone
            .as_deref()
            .unwrap_or("UTC")
            .into();
        document["CreationDate"] = (item.created_ms as f64 / 1000.0).into();
        document["LastModificationDate"] = (item.modified_ms as f64 / 1000.0).into();
        Ok(document)
    }

    fn delete(&self, caller: &Caller, group: &str, name: &str) -> Answer {
        self.admit(caller, "DeleteSchedule", &self.arn(group, name))?;
        let key = (group.to_owned(), name.to_owned());
        let removed = self.state().schedules.remove(&key);
        removed.ok_or_else(|| SchedulerError::not_found("Schedule", name))?;
        self.change();
        Ok(json!({}))
    }

    fn list(&self, caller: &Caller, query: &Form) -> Answer {
        let group = query.get("ScheduleGroup");
        self.admit(
            caller,
            "ListSchedules",
            &self.arn(group.unwrap_or("*"), "*"),
        )?;
        let prefix = query.get("NamePrefix").unwrap_or_default();
        let wanted = query.get("State");
        let state = self.state();
        if let Some(group) = group.filter(|group| !state.groups.contains_key(*group)) {
            return Err(SchedulerError::not_found("Schedule group", group));
        }
        let token = query
            .get("NextToken")
            .and_then(|token| token.split_once('/'));
        let mut rest = state.schedules.iter().filter(|((of, name), item)| {
            group.is_none_or(|group| group == of)
                && name.starts_with(prefix)
                && wanted.is_none_or(|wanted| wanted == state_of(&item.settings))
                && token.is_none_or(|token| (of.as_str(), name.as_str()) > token)
        });
        let page: Vec<_> = rest.by_ref().take(most(query)).collect();
        let documents: Vec<_> = page
            .iter()
            .map(|((group, name), item)| {
                json!({
                    "Arn": item.arn,
                    "Name": name,
                    "GroupName": group,
                    "State": state_of(&item.settings),
                    "CreationDate": item.created_ms as f64 / 1000.0,
                    "LastModificationDate": item.modified_ms as f64 / 1000.0,
                    "Target": {"Arn": item.settings.target.arn},
                })
            })
            .collect();
        let mut document = json!({"Schedules": documents});
        if let (Some(_), Some(((group, name), _))) = (rest.next(), page.last()) {
            document["NextToken"] = format!("{group}/{name}").into();
        }
        Ok(document)
    }
}

fn state_of(settings: &ScheduleSettings) -> &'static str {
    if settings.is_enabled() {
        "ENABLED"
    } else {
        "DISABLED"
    }
}

/// How many items a page has.
pub(super) fn most(query: &Form) -> usize {
    let most = query.get("MaxResults").and_then(|most| most.parse().ok());
    most.unwrap_or(100).clamp(1, 100)
}

/// Checks the name of a schedule or a group.
pub(super) fn check_name(name: &str) -> Result<(), SchedulerError> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !name.bytes().all(is_allowed) {
        let constraint = "satisfy regular expression pattern: ^[0-9a-zA-Z-_.]+$";
        return Err(SchedulerError::constraint(name, "name", constraint));
    }
    if name.len() > 64 {
        let constraint = "have length less than or equal to 64";
        return Err(SchedulerError::constraint(name, "name", constraint));
    }
    Ok(())
}

/// Reads an input. A member that the operation does not have here is refused by its name, as it would be ignored.
fn read<T: DeserializeOwned>(operation: &str, body: &[u8]) -> Result<T, SchedulerError> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| {
        let text = error.to_string();
        match text.strip_prefix("unknown field `") {
            Some(rest) => {
                let member = rest.split('`').next().unwrap_or_default();
                SchedulerError::not_implemented(&format!(
                    "Scheduler {operation} parameter {member}"
                ))
            }
            None => SchedulerError::malformed(text),
        }
    })
}
