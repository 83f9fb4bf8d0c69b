//! The calls of Scheduler that schedules need.

use serde_json::{Map, Value, json};

use super::desired::DesiredSchedule;
use crate::{
    aws::{
        Kind,
        error::{Operation, Result},
        json::Json,
    },
    values::names::Tags,
};

pub(super) const CREATE: Operation = Operation::new("scheduler", "CreateSchedule");
pub(super) const CREATE_GROUP: Operation = Operation::new("scheduler", "CreateScheduleGroup");
pub(super) const DELETE: Operation = Operation::new("scheduler", "DeleteSchedule");
pub(super) const DELETE_GROUP: Operation = Operation::new("scheduler", "DeleteScheduleGroup");
pub(super) const GET: Operation = Operation::new("scheduler", "GetSchedule");
pub(super) const GET_GROUP: Operation = Operation::new("scheduler", "GetScheduleGroup");
pub(super) const LIST: Operation = Operation::new("scheduler", "ListSchedules");
pub(super) const LIST_TAGS: Operation = Operation::new("scheduler", "ListTagsForResource");
pub(super) const TAG: Operation = Operation::new("scheduler", "TagResource");
pub(super) const UNTAG: Operation = Operation::new("scheduler", "UntagResource");
pub(super) const UPDATE: Operation = Operation::new("scheduler", "UpdateSchedule");

/// All of them: what a deploy with schedules needs of IAM, besides passing the role.
pub(crate) const ALL: [Operation; 11] = [
    CREATE,
    CREATE_GROUP,
    DELETE,
    DELETE_GROUP,
    GET,
    GET_GROUP,
    LIST,
    LIST_TAGS,
    TAG,
    UNTAG,
    UPDATE,
];

/// A group that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundGroup {
    /// Its ARN.
    pub(crate) arn: String,
    /// Its tags.
    pub(crate) tags: Tags,
}

/// A schedule that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundSchedule {
    /// Its name in the group.
    pub(crate) name: String,
    /// How it is set.
    pub(crate) document: Value,
}

/// `GetScheduleGroup` and `ListTagsForResource`. One that is being deleted is not there any more.
pub(crate) async fn find_group<A: Json>(aws: &A, name: &str) -> Result<Option<FoundGroup>> {
    let found = there(aws.json(GET_GROUP, &json!({ "Name": name })).await)?;
    let Some(found) = found.filter(|found| found["State"] != "DELETING") else {
        return Ok(None);
    };
    let arn = found["Arn"].as_str().unwrap_or_default().to_owned();
    let answer = aws.json(LIST_TAGS, &json!({ "ResourceArn": arn })).await;
    let Some(answer) = there(answer)? else {
        return Ok(None);
    };
    let tags = answer["Tags"].as_array().into_iter().flatten();
    let tags = tags.filter_map(|tag| {
        let key = tag["Key"].as_str()?.to_owned();
        Some((key, tag["Value"].as_str().unwrap_or_default().to_owned()))
    });
    let tags = tags.collect();
    Ok(Some(FoundGroup { arn, tags }))
}

/// `ListSchedules`: the names of those in a group.
pub(crate) async fn names<A: Json>(aws: &A, group: &str) -> Result<Vec<String>> {
    let mut all = Vec::new();
    let mut asked = json!({ "GroupName": group });
    loop {
        let Some(answer) = there(aws.json(LIST, &asked).await)? else {
            return Ok(all);
        };
        let page = answer["Schedules"].as_array().into_iter().flatten();
        all.extend(page.filter_map(|one| Some(one["Name"].as_str()?.to_owned())));
        match answer["NextToken"].as_str() {
            Some(token) => asked["NextToken"] = token.into(),
            None => return Ok(all),
        }
    }
}

/// `GetSchedule`.
pub(crate) async fn find<A: Json>(
    aws: &A,
    group: &str,
    name: String,
) -> Result<Option<FoundSchedule>> {
    let found = aws
        .json(GET, &json!({ "GroupName": group, "Name": name }))
        .await;
    Ok(there(found)?.map(|found| FoundSchedule {
        name,
        document: read(&found),
    }))
}

/// What is compared of a schedule. Members that a deploy never sets stay as they are until it changes the schedule.
fn read(found: &Value) -> Value {
    let picked = |from: &Value, keys: &[&str]| {
        let all = keys.iter().filter(|key| !from[**key].is_null());
        let all = all.map(|key| ((*key).to_owned(), from[*key].clone()));
        Value::Object(all.collect::<Map<_, _>>())
    };
    let mut document = picked(
        found,
        &[
            "ScheduleExpression",
            "ScheduleExpressionTimezone",
            "FlexibleTimeWindow",
            "State",
        ],
    );
    document["Target"] = picked(
        &found["Target"],
        &["Arn", "RoleArn", "Input", "RetryPolicy", "DeadLetterConfig"],
    );
    document
}

/// `CreateScheduleGroup` with its tags.
pub(crate) async fn create_group<A: Json>(aws: &A, name: &str, tags: &Tags) -> Result<()> {
    let asked = json!({ "Name": name, "Tags": list_of(tags) });
    aws.json(CREATE_GROUP, &asked).await.map(drop)
}

/// `DeleteScheduleGroup`, with the schedules in it.
pub(crate) async fn delete_group<A: Json>(aws: &A, name: &str) -> Result<()> {
    aws.json(DELETE_GROUP, &json!({ "Name": name }))
        .await
        .map(drop)
}

/// `CreateSchedule`.
pub(crate) async fn create<A: Json>(aws: &A, group: &str, one: &DesiredSchedule) -> Result<()> {
    aws.json(CREATE, &whole(group, one)).await.map(drop)
}

/// `UpdateSchedule`, which sets all of it.
pub(crate) async fn update<A: Json>(aws: &A, group: &str, one: &DesiredSchedule) -> Result<()> {
    aws.json(UPDATE, &whole(group, one)).await.map(drop)
}

fn whole(group: &str, one: &DesiredSchedule) -> Value {
    let mut asked = one.document.clone();
    asked["Name"] = one.name.as_str().into();
    asked["GroupName"] = group.into();
    asked
}

/// `DeleteSchedule`.
pub(crate) async fn delete<A: Json>(aws: &A, group: &str, name: &str) -> Result<()> {
    let asked = json!({ "GroupName": group, "Name": name });
    aws.json(DELETE, &asked).await.map(drop)
}

/// `TagResource`: sets those tags and leaves others.
pub(crate) async fn tag<A: Json>(aws: &A, arn: &str, tags: &Tags) -> Result<()> {
    let asked = json!({ "ResourceArn": arn, "Tags": list_of(tags) });
    aws.json(TAG, &asked).await.map(drop)
}

/// `UntagResource`.
pub(crate) async fn untag<A: Json>(aws: &A, arn: &str, keys: &[String]) -> Result<()> {
    let asked = json!({ "ResourceArn": arn, "TagKeys": keys });
    aws.json(UNTAG, &asked).await.map(drop)
}

fn list_of(tags: &Tags) -> Vec<Value> {
    let all = tags.iter();
    all.map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}

/// What is not there is nothing.
fn there(answer: Result<Value>) -> Result<Option<Value>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.kind == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
