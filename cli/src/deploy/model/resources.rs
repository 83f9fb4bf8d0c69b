//! What the functions know about the resources in the settings: a variable for each, and statements
//! with their ARNs instead of logical names.

use std::collections::BTreeMap;

use fw_manifest::{Manifest, Part};

use crate::{
    deploy::{
        kind::{bucket::desired as bucket, naming::Naming, queue::desired as queue},
        names::{AwsLocation, Names},
    },
    error::{Failure, Result},
    settings::{Settings, resources::TableSettings},
    values::{
        resources::{BUCKET, Reference, ResourceKind, TABLE, bucket_of, variable},
        statement::{Effect, Statement},
    },
};

/// Lambda's limit for all environment variables together, in bytes (gateway-truth §4.5).
const ENVIRONMENT_LIMIT: usize = 4096;

/// The variables by which the code finds what the settings declare: a queue's URL, a topic's or a bus' ARN, a bucket's name.
///
/// # Errors
///
/// If a name is too long for AWS; exit code 65.
pub(crate) fn variables(
    settings: &Settings,
    at: (&Names, &AwsLocation),
) -> Result<BTreeMap<String, String>> {
    let all = settings.resources.all();
    let all = all.map(|(kind, name, _)| {
        let arn = arn(settings, kind, name, at)?;
        let value = match kind {
            ResourceKind::Queue => queue::url(&arn),
            ResourceKind::Topic | ResourceKind::Bus => arn,
        };
        Ok((kind.variable(name), value))
    });
    let buckets = settings.resources.buckets.keys();
    let buckets = buckets.map(|key| Ok((variable(BUCKET, key), bucket(settings, at, key))));
    let tables = settings.resources.tables.iter();
    let tables = tables.map(|(key, one)| Ok((variable(TABLE, key), table(key, one)?)));
    all.chain(buckets).chain(tables).collect()
}

/// The name of an existing table.
///
/// # Errors
///
/// If the table is to be created, which a deployment cannot do yet; exit code 65.
fn table(key: &str, one: &TableSettings) -> Result<String> {
    one.existing_name().map(str::to_owned).ok_or_else(|| {
        Failure::input(format!(
            "tables are not deployed yet: `tables.{key}` would be missing"
        ))
        .because_of("`cargo fw local` creates tables, and `deploy` and `package` do not")
        .hint(format!(
            "create the table in the account, and write its ARN: `existing = \"arn:aws:dynamodb:REGION:123456789012:table/NAME\"` in \
             `[tables.{key}]` or in that of the stage"
        ))
    })
}

/// The name of the bucket that the app calls so: an existing one's, or the deployment's own.
fn bucket(settings: &Settings, (names, place): (&Names, &AwsLocation), key: &str) -> String {
    let declared = settings.resources.buckets.get(key);
    let existing = declared.and_then(|one| one.existing.clone());
    existing.unwrap_or_else(|| bucket::name(&names.prefix(), (&place.account, &place.region), key))
}

/// The settings with the queues, topics and buses that functions have as their sources and no table declares: those are there with defaults.
///
/// # Errors
///
/// When such a name is not one for its kind, or has the variable of another one; exit code 65.
pub(crate) fn with_used(manifest: &Manifest, settings: &Settings) -> Result<Settings> {
    let mut settings = settings.clone();
    settings.resources.declare_used(manifest);
    settings.resources.check()?;
    Ok(settings)
}

/// Refuses more variables than Lambda accepts, including those that `cargo fw` adds.
///
/// # Errors
///
/// If they are too long together; exit code 65.
pub(crate) fn fits(environment: &BTreeMap<String, String>) -> Result<()> {
    let lengths = environment.iter();
    let total: usize = lengths.map(|(name, value)| name.len() + value.len()).sum();
    if total <= ENVIRONMENT_LIMIT {
        return Ok(());
    }
    Err(
        Failure::input(format!("the environment is too large: {total} bytes")).because_of(format!(
            "Lambda accepts {ENVIRONMENT_LIMIT} bytes, names and values together, and each queue, topic and bus of the settings has a \
             variable"
        )),
    )
}

/// The statements with ARNs in place of the app's own names, and what the keys of queues and topics need besides.
///
/// # Errors
///
/// If a name is too long for AWS; exit code 65.
pub(crate) fn resolved(
    mut statements: Vec<Statement>,
    settings: &Settings,
    at: (&Names, &AwsLocation),
) -> Result<Vec<Statement>> {
    let keys = keys(&statements, settings);
    for statement in &mut statements {
        for resource in &mut statement.resources {
            if let Some(Reference { kind, name }) = Reference::of(resource) {
                *resource = arn(settings, kind, &name, at)?;
            } else if let Some((key, inside)) = bucket_of(resource) {
                let name = bucket(settings, at, key);
                *resource = at.1.bucket(&name) + inside;
            }
        }
    }
    statements.extend(keys);
    Ok(statements)
}

/// What sending to and reading from queues, and publishing to topics with keys needs (SQS developer guide, "Configuring KMS permissions
/// for Amazon SQS": a producer generates and decrypts, a consumer decrypts; SNS developer guide, "Managing Amazon SNS encryption keys
/// and costs": a publisher generates and decrypts).
fn keys(statements: &[Statement], settings: &Settings) -> Option<Statement> {
    let allowed = statements.iter().filter(|one| one.effect == Effect::Allow);
    let mut actions = Vec::new();
    let mut keys = Vec::new();
    for statement in allowed {
        let named = statement
            .resources
            .iter()
            .filter_map(|one| Reference::of(one));
        let resources = &settings.resources;
        let held = named.filter_map(|one| match one.kind {
            ResourceKind::Queue => resources.queues.get(&one.name)?.kms_key.as_ref(),
            ResourceKind::Topic => resources.topics.get(&one.name)?.kms_key.as_ref(),
            ResourceKind::Bus => None,
        });
        let held: Vec<&String> = held.collect();
        let does = |action: &str| statement.actions.iter().any(|one| one == action);
        let sends = does("sqs:SendMessage") || does("sns:Publish");
        if sends && !held.is_empty() {
            actions.extend(["kms:Decrypt", "kms:GenerateDataKey"]);
        }
        if does("sqs:ReceiveMessage") && !held.is_empty() {
            actions.push("kms:Decrypt");
        }
        keys.extend(held);
    }
    actions.sort_unstable();
    actions.dedup();
    keys.sort_unstable();
    keys.dedup();
    (!actions.is_empty()).then(|| Statement {
        sid: Some("ResourceKeys".to_owned()),
        actions: actions.into_iter().map(str::to_owned).collect(),
        resources: keys.into_iter().cloned().collect(),
        ..Statement::default()
    })
}

/// The ARN of what the settings declare.
///
/// # Errors
///
/// If its name is too long for AWS; exit code 65.
pub(crate) fn arn(
    settings: &Settings,
    kind: ResourceKind,
    name: &str,
    (names, place): (&Names, &AwsLocation),
) -> Result<String> {
    let resources = &settings.resources;
    if let Some(existing) = resources.existing(kind, name) {
        return Ok(existing.to_owned());
    }
    let suffix = resources.suffix(kind, name);
    let name = kind.physical(&names.function, name, suffix)?;
    Ok(match kind {
        ResourceKind::Queue => place.queue(&name),
        ResourceKind::Topic => place.topic(&name),
        ResourceKind::Bus => place.arn("events", &format!("event-bus/{name}")),
    })
}

/// The names and ARNs of a deployment with those settings in that place.
pub(crate) struct At<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) names: &'a Names,
    pub(crate) place: &'a AwsLocation,
}

impl Naming for At<'_> {
    fn deployment(&self) -> &str {
        &self.names.function
    }

    fn prefix(&self) -> String {
        self.names.prefix()
    }

    fn function(&self, part: &Part) -> String {
        self.names.of(part)
    }

    fn alias(&self, function: &str) -> String {
        self.place.alias(function)
    }

    fn arn(&self, kind: ResourceKind, key: &str) -> Result<String> {
        arn(self.settings, kind, key, (self.names, self.place))
    }

    fn topic(&self, name: &str) -> String {
        self.place.topic(name)
    }

    fn rule(&self, name: &str) -> String {
        self.place.rule(name)
    }

    fn bucket(&self, key: &str) -> String {
        bucket(self.settings, (self.names, self.place), key)
    }

    fn bucket_arn(&self, name: &str) -> String {
        self.place.bucket(name)
    }

    fn scheduler(&self) -> String {
        self.names.role_of(&self.names.scheduler())
    }

    fn role(&self, name: &str) -> String {
        self.place.role(name)
    }

    fn account(&self) -> &str {
        &self.place.account
    }
}

#[cfg(test)]
mod tests {
    use super::{TableSettings, table};

    #[test]
    fn a_table_that_exists_is_used_and_another_one_is_refused() {
        let existing = TableSettings {
            existing: Some("arn:aws:dynamodb:eu-west-1:123456789012:table/shop-orders".to_owned()),
            ..TableSettings::default()
        };
        assert_eq!(table("orders", &existing).unwrap(), "shop-orders");
        let failure = table("orders", &TableSettings::default()).unwrap_err();
        assert_eq!(
            failure.message(),
            "tables are not deployed yet: `tables.orders` would be missing"
        );
        let advice = failure.advice().unwrap_or_default();
        assert!(
            advice.contains("existing = \"arn:aws:dynamodb:"),
            "{advice}"
        );
    }
}
