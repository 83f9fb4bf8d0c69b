//! How a function's asynchronous invocations should be handled: from its table.

use fw_manifest::Part;

use crate::{
    error::Result,
    settings::{
        Settings,
        asynchronous::{AsyncKeys, Destination},
    },
    values::{
        asynchronous::Asynchronous,
        resources::{Reference, ResourceKind},
        statement::Statement,
    },
};

/// How the asynchronous invocations of a part are handled; `None` where its table says nothing of it. `arn` gives the ARN of what the app
/// calls so, and `alias` that of the alias of the function that it calls so.
///
/// # Errors
///
/// When a name is too long for AWS; exit code 65.
pub(crate) fn invoke_config(
    part: &Part,
    settings: &Settings,
    arn: impl Fn(ResourceKind, &str) -> Result<String>,
    alias: impl Fn(&str) -> String,
) -> Result<Option<Asynchronous>> {
    let Some(keys) = keys(part, settings) else {
        return Ok(None);
    };
    let to = |to: &Option<String>| -> Result<Option<String>> {
        let Some(to) = to.as_deref().and_then(Destination::of) else {
            return Ok(None);
        };
        Ok(Some(match to {
            Destination::Resource(Reference { kind, name }) => arn(kind, &name)?,
            Destination::Function(name) => alias(name),
            Destination::Arn(arn) => arn.to_owned(),
        }))
    };
    let defaults = Asynchronous::default();
    Ok(Some(Asynchronous {
        retries: keys.retries.unwrap_or(defaults.retries),
        max_event_age: keys.max_event_age.unwrap_or(defaults.max_event_age),
        on_success: to(&keys.on_success)?,
        on_failure: to(&keys.on_failure)?,
    }))
}

/// What sending the records needs of the role that the function runs as (Lambda developer guide, "Capturing records of Lambda asynchronous
/// invocations"), with the app's own names for what the settings declare.
pub(crate) fn statements(
    part: &Part,
    settings: &Settings,
    found: Option<&Asynchronous>,
) -> Vec<Statement> {
    let Some(keys) = keys(part, settings) else {
        return Vec::new();
    };
    let written = [&keys.on_success, &keys.on_failure];
    let arns = found.map(|found| [&found.on_success, &found.on_failure]);
    let arns = arns.into_iter().flatten();
    let mut all: Vec<Statement> = Vec::new();
    for (written, arn) in written.into_iter().zip(arns) {
        let (Some(written), Some(arn)) = (written, arn) else {
            continue;
        };
        let resource = match Destination::of(written) {
            Some(Destination::Resource(reference)) => reference.to_string(),
            _ => arn.clone(),
        };
        let (sid, action) = match service(written, arn) {
            Some(ResourceKind::Queue) => ("DestinationQueue", "sqs:SendMessage"),
            Some(ResourceKind::Topic) => ("DestinationTopic", "sns:Publish"),
            Some(ResourceKind::Bus) => ("DestinationBus", "events:PutEvents"),
            None => ("DestinationFunction", "lambda:InvokeFunction"),
        };
        match all.iter_mut().find(|held| held.sid.as_deref() == Some(sid)) {
            Some(held) if held.resources.contains(&resource) => {}
            Some(held) => held.resources.push(resource),
            None => all.push(Statement {
                sid: Some(sid.to_owned()),
                actions: vec![action.to_owned()],
                resources: vec![resource],
                ..Statement::default()
            }),
        }
    }
    all
}

/// What a destination is; `None` for a function.
fn service(written: &str, arn: &str) -> Option<ResourceKind> {
    if let Some(Reference { kind, .. }) = Reference::of(written) {
        return Some(kind);
    }
    let service = arn.split(':').nth(2);
    let mut kinds = [ResourceKind::Queue, ResourceKind::Topic, ResourceKind::Bus].into_iter();
    kinds.find(|kind| Some(kind.service()) == service)
}

fn keys<'s>(part: &Part, settings: &'s Settings) -> Option<&'s AsyncKeys> {
    settings.asynchronous.get(part.name()?)
}
