//! The deployment as a template, for pipelines with another tool: `CloudFormation`, SAM, Terraform.
//!
//! A template is written from [`Desired`], which `deploy` also plans from, in a location named by
//! the template's own variables. So both create the same resources, and a test shows that a deploy
//! has nothing to do after a template. The owner differs: a stack's resources belong to the stack,
//! and `cargo fw deploy` must not be used for the same stage.

mod cloudformation;
mod options;
mod secrets;
mod terraform;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use fw_manifest::Part;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    args::PackageFormat,
    aws::apigateway::Integration,
    deploy::{
        kind::function::desired::DesiredFunction,
        model::Desired,
        names::{AwsLocation, TAG_DOMAIN},
    },
    error::{Context as _, Failure, Result},
    values::{gateway::Cors, text::hex},
};

/// A file to write next to the zip.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template {
    /// Its name.
    pub(crate) name: &'static str,
    /// What is in it.
    pub(crate) document: Value,
}

impl Template {
    /// The parameters or variables that the user must pass to the tool, except those for a stack's
    /// code: the hidden values of API keys, and Terraform's bucket for a large zip.
    pub(crate) fn asks(&self) -> Vec<&str> {
        let parameters = self.document["Parameters"].as_object();
        let hidden = parameters.into_iter().flatten();
        let hidden = hidden.filter(|(_, said)| said["NoEcho"] == true);
        let variables = self.document["variable"].as_object();
        let all = hidden.chain(variables.into_iter().flatten());
        all.map(|(name, _)| name.as_str()).collect()
    }
}

impl Template {
    /// The file's text.
    ///
    /// # Errors
    ///
    /// Never for what is in a template; JSON in general may fail.
    pub(crate) fn text(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(&self.document).context("cannot write JSON")?;
        Ok(text + "\n")
    }
}

/// Placeholders for the partition, the account and the region, which the tool fills in. They have
/// no colons, because ARNs are split at colons.
const PLACE: [&str; 3] = ["${fw-partition}", "${fw-account}", "${fw-region}"];

/// The location to build [`Desired`] in.
pub(crate) fn place() -> AwsLocation {
    let [partition, account, region] = PLACE.map(str::to_owned);
    AwsLocation {
        partition,
        account,
        region,
    }
}

/// Names of a function's resources in templates.
impl DesiredFunction {
    /// The function's tags: those of the deployment, on the API's function also the domain, and on
    /// one function the kinds of other resources. A deploy finds the rest by them.
    fn tags(&self, desired: &Desired) -> BTreeMap<String, String> {
        let mut all = tags(desired);
        all.extend(desired.note_of(&self.name));
        if let (Part::Api, Some(domain)) = (&self.part, &desired.domain) {
            all.insert(TAG_DOMAIN.to_owned(), domain.name.clone());
        }
        all
    }

    /// A stack's name for a resource of the function: for the API's function only the kind.
    fn id(&self, kind: &str) -> String {
        match self.part.name() {
            None => kind.to_owned(),
            Some(name) => named(kind, &[name]),
        }
    }

    /// Terraform's name for what the function has of any kind, where `api` is that for the API's.
    fn label(&self, api: &str) -> String {
        match &self.part {
            Part::Api => api.to_owned(),
            Part::Authorizer(name) => named("authorizer_", &[name]),
            Part::Source(name) => named("source_", &[name]),
        }
    }
}

/// The values that the tool fills in: the placeholders in [`Desired`], and their names in the tool.
struct Variables(Vec<(String, String)>);

impl Variables {
    /// Stands before a variable's name until all else is escaped.
    const MARK: char = '\u{1}';

    /// The text with a mark before and `}` after each variable; `None` if it has no variable.
    fn mark(&self, text: &str) -> Option<String> {
        let mut marked = text.to_owned();
        for (known, variable) in &self.0 {
            marked = marked.replace(known, &format!("{}{variable}}}", Self::MARK));
        }
        marked.contains(Self::MARK).then_some(marked)
    }
}

/// Refuses a template that would have to change the notifications of an existing bucket: a stack has no resource for that, and
/// Terraform's would remove what the bucket reports to others.
///
/// # Errors
///
/// The first such bucket; exit code 65.
pub(crate) fn fits(format: PackageFormat, desired: &Desired) -> Result<()> {
    let mut existing = desired.buckets.iter().filter(|one| !one.own());
    match existing.next() {
        Some(one) if format != PackageFormat::Zip => Err(existing_bucket(&one.key)),
        _ => Ok(()),
    }
}

/// The refusal of a template for a function that objects of an existing bucket invoke; `key` is the app's name for the bucket.
pub(crate) fn existing_bucket(key: &str) -> Failure {
    Failure::input(format!(
        "a template cannot let an existing bucket invoke a function: `[buckets.{key}]`"
    ))
    .because_of("the template would have to change the notifications of a bucket that it does not create")
    .hint("deploy it with `cargo fw deploy`, or remove `existing` to let the template create a bucket")
}

/// The template for a deployment in [`place`], or `None` for the zip alone. `zip` is the zip's file name.
pub(crate) fn template(format: PackageFormat, desired: &Desired, zip: &str) -> Option<Template> {
    let (name, document) = match format {
        PackageFormat::Zip => return None,
        PackageFormat::Cloudformation => (
            "template.json",
            cloudformation::document(desired, cloudformation::Code::Parameters),
        ),
        PackageFormat::Sam => (
            "template.json",
            cloudformation::document(desired, cloudformation::Code::Serverless { zip }),
        ),
        PackageFormat::Terraform => ("main.tf.json", terraform::document(desired, zip)),
    };
    Some(Template { name, document })
}

/// A name for something without a name of its own: its kind, and eight digits of its digest.
fn named(kind: &str, parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
        digest.update([0]);
    }
    let digits = hex(&digest.finalize()[..4]);
    format!("{kind}{digits}")
}

/// A table without what is empty.
fn table(pairs: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    let pairs = pairs.into_iter().filter(|(_, value)| !empty(value));
    Value::Object(pairs.map(|(key, value)| (key.to_owned(), value)).collect())
}

/// CORS with a format's names: origins, methods, headers, exposed headers, age, credentials.
fn cors(cors: Option<&Cors>, names: [&'static str; 6]) -> Value {
    let Some(cors) = cors else { return Value::Null };
    let [origins, methods, headers, exposed, age, credentials] = names;
    table([
        (origins, json!(cors.allow_origins)),
        (methods, json!(cors.allow_methods)),
        (headers, json!(cors.allow_headers)),
        (exposed, json!(cors.expose_headers)),
        (age, json!(cors.max_age)),
        (
            credentials,
            if cors.allow_credentials {
                json!(true)
            } else {
                Value::Null
            },
        ),
    ])
}

/// For how many milliseconds an HTTP API waits for the function, where that is not as long as it can.
fn patience(desired: &Desired) -> Value {
    let timeout = desired.http.timeout;
    match timeout == Integration::TIMEOUT {
        true => Value::Null,
        false => timeout.into(),
    }
}

/// The name of the API's stage.
fn stage(desired: &Desired) -> &str {
    let rest = desired.rest.as_ref().map(|rest| &rest.stage.name);
    rest.unwrap_or(&desired.http.stage.name)
}

/// A document with every string in it changed.
fn map_strings(value: &Value, change: &impl Fn(&str) -> Value) -> Value {
    match value {
        Value::String(text) => change(text),
        Value::Array(list) => list.iter().map(|one| map_strings(one, change)).collect(),
        Value::Object(map) => {
            let pairs = map.iter();
            let pairs = pairs.map(|(key, one)| (key.clone(), map_strings(one, change)));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// Tags as a table.
fn tags(desired: &Desired) -> BTreeMap<String, String> {
    desired.names.tags()
}
