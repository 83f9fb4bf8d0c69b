//! The calls of `EventBridge` that buses and rules need.

use serde_json::{Value, json};

use super::desired::{DesiredRule, TARGET};
use crate::{
    aws::{
        Kind,
        error::{Error, Operation, Result},
        json::Json,
    },
    values::names::Tags,
};

pub(super) const CREATE: Operation = Operation::new("events", "CreateEventBus");
pub(super) const DELETE: Operation = Operation::new("events", "DeleteEventBus");
pub(super) const DELETE_RULE: Operation = Operation::new("events", "DeleteRule");
pub(super) const LIST: Operation = Operation::new("events", "ListEventBuses");
pub(super) const LIST_RULES: Operation = Operation::new("events", "ListRules");
pub(super) const LIST_TAGS: Operation = Operation::new("events", "ListTagsForResource");
pub(super) const LIST_TARGETS: Operation = Operation::new("events", "ListTargetsByRule");
pub(super) const PUT_RULE: Operation = Operation::new("events", "PutRule");
pub(super) const PUT_TARGETS: Operation = Operation::new("events", "PutTargets");
pub(super) const REMOVE_TARGETS: Operation = Operation::new("events", "RemoveTargets");
pub(super) const TAG: Operation = Operation::new("events", "TagResource");
pub(super) const UNTAG: Operation = Operation::new("events", "UntagResource");

/// All of them: what a deploy with buses or rules needs of IAM.
pub(crate) const ALL: [Operation; 12] = [
    CREATE,
    DELETE,
    DELETE_RULE,
    LIST,
    LIST_RULES,
    LIST_TAGS,
    LIST_TARGETS,
    PUT_RULE,
    PUT_TARGETS,
    REMOVE_TARGETS,
    TAG,
    UNTAG,
];

/// A bus that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundBus {
    /// Its ARN.
    pub(crate) arn: String,
    /// Its tags.
    pub(crate) tags: Tags,
}

/// A rule that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundRule {
    /// The name of its bus.
    pub(crate) bus: String,
    /// Its name.
    pub(crate) name: String,
    /// Its ARN.
    pub(crate) arn: String,
    /// Which events it takes.
    pub(crate) pattern: Value,
    /// Whether it takes any.
    pub(crate) enabled: bool,
    /// Where it leads.
    pub(crate) target: Option<Value>,
    /// The ids of all its targets, those of others too.
    pub(crate) targets: Vec<String>,
    /// Its tags.
    pub(crate) tags: Tags,
}

/// `ListEventBuses`: the names and ARNs of the buses that begin with that.
pub(crate) async fn buses<A: Json>(aws: &A, prefix: &str) -> Result<Vec<(String, String)>> {
    let named = |one: &Value| {
        let text = |key: &str| Some(one[key].as_str()?.to_owned());
        Some((text("Name")?, text("Arn")?))
    };
    let asked = json!({ "NamePrefix": prefix });
    let found = pages(aws, LIST, asked, "EventBuses").await?;
    Ok(found.iter().filter_map(named).collect())
}

/// The tags of a bus.
pub(crate) async fn find<A: Json>(aws: &A, arn: String) -> Result<Option<FoundBus>> {
    let tags = tags(aws, &arn).await?;
    Ok(tags.map(|tags| FoundBus { arn, tags }))
}

/// `ListRules`: the rules of a bus that begin with that, and nothing where there is no such bus.
pub(crate) async fn rules<A: Json>(aws: &A, bus: &str, prefix: &str) -> Result<Vec<Value>> {
    let asked = json!({ "EventBusName": bus, "NamePrefix": prefix });
    match pages(aws, LIST_RULES, asked, "Rules").await {
        Err(error) if error.kind == Kind::NotFound => Ok(Vec::new()),
        answer => answer,
    }
}

/// `ListTargetsByRule` and `ListTagsForResource` of a rule as it is listed.
pub(crate) async fn find_rule<A: Json>(
    aws: &A,
    bus: &str,
    listed: &Value,
) -> Result<Option<FoundRule>> {
    let text = |key: &str| listed[key].as_str().unwrap_or_default().to_owned();
    let (name, arn) = (text("Name"), text("Arn"));
    let asked = json!({ "Rule": name, "EventBusName": bus });
    let (targets, tags) = tokio::join!(
        Box::pin(pages(aws, LIST_TARGETS, asked, "Targets")),
        Box::pin(tags(aws, &arn)),
    );
    let targets = match targets {
        Err(error) if error.kind == Kind::NotFound => return Ok(None),
        answer => answer?,
    };
    let Some(tags) = tags? else { return Ok(None) };
    let pattern = serde_json::from_str(&text("EventPattern"));
    Ok(Some(FoundRule {
        bus: bus.to_owned(),
        name,
        arn,
        pattern: pattern.unwrap_or_default(),
        enabled: listed["State"] != "DISABLED",
        target: targets.iter().find(|one| one["Id"] == TARGET).cloned(),
        targets: targets
            .iter()
            .filter_map(|one| Some(one["Id"].as_str()?.to_owned()))
            .collect(),
        tags,
    }))
}

/// `ListTagsForResource`; `None` for what is not there.
async fn tags<A: Json>(aws: &A, arn: &str) -> Result<Option<Tags>> {
    let answer = match aws.json(LIST_TAGS, &json!({ "ResourceARN": arn })).await {
        Err(error) if error.kind == Kind::NotFound => return Ok(None),
        answer => answer?,
    };
    let tags = answer["Tags"].as_array().into_iter().flatten();
    let tags = tags.filter_map(|tag| {
        let key = tag["Key"].as_str()?.to_owned();
        Some((key, tag["Value"].as_str().unwrap_or_default().to_owned()))
    });
    Ok(Some(tags.collect()))
}

/// What all pages of a list have.
async fn pages<A: Json>(
    aws: &A,
    operation: Operation,
    mut asked: Value,
    key: &str,
) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    loop {
        let answer = aws.json(operation, &asked).await?;
        let page = answer[key].as_array().into_iter().flatten();
        all.extend(page.cloned());
        match answer["NextToken"].as_str() {
            Some(token) => asked["NextToken"] = token.into(),
            None => return Ok(all),
        }
    }
}

/// `CreateEventBus` with its tags.
pub(crate) async fn create<A: Json>(aws: &A, name: &str, tags: &Tags) -> Result<()> {
    let asked = json!({ "Name": name, "Tags": list_of(tags) });
    aws.json(CREATE, &asked).await.map(drop)
}

/// `DeleteEventBus`.
pub(crate) async fn delete<A: Json>(aws: &A, name: &str) -> Result<()> {
    aws.json(DELETE, &json!({ "Name": name })).await.map(drop)
}

/// `PutRule`: creates it with its tags, or sets what it takes; tags of a rule that is there stay as they are.
pub(crate) async fn put_rule<A: Json>(
    aws: &A,
    rule: &DesiredRule,
    tags: Option<&Tags>,
) -> Result<()> {
    let mut asked = json!({
        "Name": rule.name,
        "EventBusName": rule.bus,
        "EventPattern": rule.pattern.to_string(),
        "State": if rule.enabled { "ENABLED" } else { "DISABLED" },
    });
    if let Some(tags) = tags {
        asked["Tags"] = list_of(tags).into();
    }
    aws.json(PUT_RULE, &asked).await.map(drop)
}

/// `PutTargets` of the one target.
pub(crate) async fn put_target<A: Json>(aws: &A, rule: &DesiredRule) -> Result<()> {
    let asked = json!({ "Rule": rule.name, "EventBusName": rule.bus, "Targets": [rule.target] });
    let answer = aws.json(PUT_TARGETS, &asked).await?;
    failed(PUT_TARGETS, &answer)
}

/// `RemoveTargets`.
pub(crate) async fn remove_targets<A: Json>(
    aws: &A,
    bus: &str,
    name: &str,
    ids: &[String],
) -> Result<()> {
    let asked = json!({ "Rule": name, "EventBusName": bus, "Ids": ids });
    let answer = aws.json(REMOVE_TARGETS, &asked).await?;
    failed(REMOVE_TARGETS, &answer)
}

/// The first entry that failed of a call that is answered with 200 all the same.
fn failed(operation: Operation, answer: &Value) -> Result<()> {
    let first = answer["FailedEntries"]
        .as_array()
        .and_then(|all| all.first());
    let Some(first) = first else { return Ok(()) };
    let text = |key: &str| first[key].as_str().unwrap_or_default().to_owned();
    Err(Error::answered(
        operation,
        text("ErrorCode"),
        text("ErrorMessage"),
    ))
}

/// `DeleteRule`: one without targets.
pub(crate) async fn delete_rule<A: Json>(aws: &A, bus: &str, name: &str) -> Result<()> {
    let asked = json!({ "Name": name, "EventBusName": bus });
    aws.json(DELETE_RULE, &asked).await.map(drop)
}

/// `TagResource`: sets those tags and leaves others.
pub(crate) async fn tag<A: Json>(aws: &A, arn: &str, tags: &Tags) -> Result<()> {
    let asked = json!({ "ResourceARN": arn, "Tags": list_of(tags) });
    aws.json(TAG, &asked).await.map(drop)
}

/// `UntagResource`.
pub(crate) async fn untag<A: Json>(aws: &A, arn: &str, keys: &[String]) -> Result<()> {
    let asked = json!({ "ResourceARN": arn, "TagKeys": keys });
    aws.json(UNTAG, &asked).await.map(drop)
}

fn list_of(tags: &Tags) -> Vec<Value> {
    let all = tags.iter();
    all.map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}
