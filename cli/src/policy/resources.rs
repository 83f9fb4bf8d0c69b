//! The ARNs that the settings name: what the stage's environment variables hold.
//!
//! A variable names a resource if its value is an ARN or a queue's URL, or if a word of its own
//! name says so: `TABLE = "notes"`, `UPLOAD_BUCKET = "notes-uploads"`. Formats: Service
//! Authorization Reference, "Resource types".

use std::collections::BTreeSet;

use super::actions::{On, prefix};
use crate::{
    settings::{function::FunctionSettings, resources::Resources},
    values::resources::{Reference, bucket as bucket_reference},
};

/// The location of the resources.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub(super) partition: &'a str,
}

/// The ARNs for a service's actions on this kind, or `None` if the settings name none.
pub(super) fn arns(
    service: &str,
    on: On,
    (function, declared): (&FunctionSettings, &Resources),
    place: &Place<'_>,
) -> Option<Vec<String>> {
    let Place { partition } = place;
    let mut found = BTreeSet::new();
    match on {
        On::Everything => return None,
        On::Bucket | On::Object => {
            let objects = if on == On::Object { "/*" } else { "" };
            for bucket in buckets(function) {
                found.insert(format!("arn:{partition}:s3:::{bucket}{objects}"));
            }
            // One that `cargo fw` creates is named as `bucket:uploads`, because its name is known only later.
            for (name, one) in &declared.buckets {
                found.insert(match &one.existing {
                    Some(bucket) => format!("arn:{partition}:s3:::{bucket}{objects}"),
                    None => bucket_reference(name, on == On::Object),
                });
            }
        }
        On::Resource => {
            found.extend(self::declared(service, declared));
            for (name, value) in named(function) {
                if let Some(arn) = resource(service, name, value, partition) {
                    if service == "dynamodb" {
                        // Queries of an index go by the index's own ARN.
                        found.insert(format!("{arn}/index/*"));
                    }
                    found.insert(arn);
                }
            }
        }
    }
    (!found.is_empty()).then(|| found.into_iter().collect())
}

/// The resources that the settings declare. A resource that `cargo fw` creates is named
/// `queue:orders`, because its ARN is known only later; an existing one by its ARN. The caller
/// leaves out those whose variables only other functions read.
fn declared(service: &str, resources: &Resources) -> BTreeSet<String> {
    let all = resources.all();
    let all = all.filter(|(kind, ..)| kind.service() == prefix(service));
    all.map(|(kind, name, existing)| match existing {
        Some(arn) => arn.to_owned(),
        None => {
            let name = name.to_owned();
            Reference { kind, name }.to_string()
        }
    })
    .collect()
}

/// The variables that name a resource of one of the services with a pattern, a sentence each. Nothing is derived from them.
pub(super) fn patterns(services: &BTreeSet<&str>, function: &FunctionSettings) -> Vec<String> {
    let variables = public(function).filter(|(_, value)| is_pattern(value));
    variables
        .filter(|(name, value)| {
            services.iter().any(|&service| match service {
                "s3" => bucket(name, value).is_some(),
                _ => is_meant(service, name, value),
            })
        })
        .map(|(name, value)| {
            format!(
                "`{name}` holds a pattern and not a name: `{value}`, so nothing is derived from it: write the resource as \
                 `[[policy]]`"
            )
        })
        .collect()
}

/// True if a text has a wildcard or a variable of IAM policies (IAM JSON policy elements:
/// `Resource`, "policy variables"). In an ARN it would stand for every resource that it matches; a
/// name that the code uses never has one.
fn is_pattern(value: &str) -> bool {
    value.contains(['*', '?']) || value.contains("${")
}

/// The variables that are not secrets, because many people can read a policy.
fn public(function: &FunctionSettings) -> impl Iterator<Item = (&String, &String)> {
    let all = function.environment.iter();
    all.filter(|(name, _)| !function.secrets.contains(*name))
}

/// Those that can be names.
fn named(function: &FunctionSettings) -> impl Iterator<Item = (&String, &String)> {
    public(function).filter(|(_, value)| !is_pattern(value))
}

fn buckets(function: &FunctionSettings) -> BTreeSet<&str> {
    named(function)
        .filter_map(|(name, value)| bucket(name, value))
        .collect()
}

/// The bucket that a variable holds or names.
fn bucket<'s>(name: &str, value: &'s str) -> Option<&'s str> {
    if let Some((_, bucket)) = value.split_once(":s3:::") {
        return bucket.split('/').next();
    }
    // A colon inside `${…}` is not a separator.
    let plain = !value.is_empty() && (is_pattern(value) || !value.contains([':', '/', ' ']));
    (says(name, "BUCKET") && plain).then_some(value)
}

/// The ARN that a variable holds or names, if it belongs to this service.
fn resource(service: &str, name: &str, value: &str, partition: &str) -> Option<String> {
    let prefix = prefix(service);
    if let Some(rest) = value.strip_prefix("arn:") {
        return (rest.split(':').nth(1) == Some(prefix)).then(|| value.to_owned());
    }
    if service == "sqs"
        && let Some(rest) = value.strip_prefix("https://sqs.")
    {
        // https://sqs.REGION.amazonaws.com/ACCOUNT/NAME
        let (host, path) = rest.split_once('/')?;
        let (account, queue) = path.split_once('/')?;
        let region = host.split('.').next()?;
        return Some(format!("arn:{partition}:sqs:{region}:{account}:{queue}"));
    }
    let word = word(service)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    if !says(name, word) || value.is_empty() || !value.chars().all(plain) {
        return None;
    }
    let resource = match service {
        "dynamodb" => format!("table/{value}"),
        "eventbridge" => format!("event-bus/{value}"),
        // Secrets Manager adds a hyphen and six characters to the name.
        "secretsmanager" => format!("secret:{value}-??????"),
        "ssm" => format!("parameter/{}", value.trim_start_matches('/')),
        "lambda" => format!("function:{value}"),
        _ => value.to_owned(),
    };
    Some(format!("arn:{partition}:{prefix}:*:*:{resource}"))
}

/// True if a variable is meant to name a resource of this service, with any value.
fn is_meant(service: &str, name: &str, value: &str) -> bool {
    match value.strip_prefix("arn:") {
        Some(rest) => rest.split(':').nth(1) == Some(prefix(service)),
        None => {
            let queue = service == "sqs" && value.starts_with("https://sqs.");
            queue || word(service).is_some_and(|word| says(name, word))
        }
    }
}

/// The word in the name of a variable that says that its value is a resource of this service.
fn word(service: &str) -> Option<&'static str> {
    Some(match service {
        "dynamodb" => "TABLE",
        "sqs" => "QUEUE",
        "sns" => "TOPIC",
        "eventbridge" => "BUS",
        "secretsmanager" => "SECRET",
        "ssm" => "PARAMETER",
        "lambda" => "FUNCTION",
        _ => return None,
    })
}

/// True if a variable's name has this word.
fn says(name: &str, word: &str) -> bool {
    name.split('_').any(|part| part.eq_ignore_ascii_case(word))
}
