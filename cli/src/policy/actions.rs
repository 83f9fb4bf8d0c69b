//! The IAM actions of an operation, and the kind of resource that they are for.
//!
//! By default the action is named like the operation (Service Authorization Reference). The exceptions are those of
//! the reference's tables and of each service's API reference, cited at their place.

/// The resource of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum On {
    /// Objects of buckets.
    Object,
    /// Buckets.
    Bucket,
    /// The service's main resource: a queue, a table, a topic, a function.
    Resource,
    /// The action knows no resources: it is allowed on `*` or not at all.
    Everything,
}

impl On {
    /// The word for it in a statement's id.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Object => "Objects",
            Self::Bucket => "Buckets",
            Self::Resource => "Resources",
            Self::Everything => "Everything",
        }
    }
}

/// The actions that an operation needs: `service` as in the crate's name, `operation` as the API names it, and whether the
/// call sets a parameter of that name.
pub(crate) fn actions(
    service: &str,
    operation: &str,
    sets: &dyn Fn(&str) -> bool,
) -> Vec<(String, On)> {
    if service == "s3" {
        return s3(operation, sets);
    }
    let prefix = prefix(service);
    let action = |names: &[&str], on: On| -> Vec<(String, On)> {
        let name = |name: &&str| (format!("{prefix}:{name}"), on);
        names.iter().map(name).collect()
    };
    match (service, operation) {
        // "No permissions are required" (STS API reference, `GetCallerIdentity`).
        ("sts", "GetCallerIdentity") => Vec::new(),
        // A batch is allowed by the action for one (SQS developer guide, "Amazon SQS API permissions").
        ("sqs", "SendMessageBatch") => action(&["SendMessage"], On::Resource),
        ("sqs", "DeleteMessageBatch") => action(&["DeleteMessage"], On::Resource),
        ("sqs", "ChangeMessageVisibilityBatch") => {
            action(&["ChangeMessageVisibility"], On::Resource)
        }
        // Service Authorization Reference, "Amazon SNS": `Publish` allows batches too.
        ("sns", "PublishBatch") => action(&["Publish"], On::Resource),
        // DynamoDB developer guide, "Using IAM with transactions": each part needs its own action.
        ("dynamodb", "TransactGetItems") => action(&["GetItem"], On::Resource),
        ("dynamodb", "TransactWriteItems") => action(
            &["ConditionCheckItem", "DeleteItem", "PutItem", "UpdateItem"],
            On::Resource,
        ),
        // DynamoDB developer guide, "IAM security policies with PartiQL": by the statement's first word, which is data.
        ("dynamodb", "ExecuteStatement" | "BatchExecuteStatement" | "ExecuteTransaction") => {
            action(
                &[
                    "PartiQLDelete",
                    "PartiQLInsert",
                    "PartiQLSelect",
                    "PartiQLUpdate",
                ],
                On::Resource,
            )
        }
        // Lambda API reference: `Invoke`, and its form with a stream, need `lambda:InvokeFunction`.
        ("lambda", "Invoke" | "InvokeWithResponseStream") => {
            action(&["InvokeFunction"], On::Resource)
        }
        // Secrets Manager API reference, `BatchGetSecretValue`: both, and the value's own for each secret.
        ("secretsmanager", "BatchGetSecretValue") => {
            let mut all = action(&["BatchGetSecretValue", "ListSecrets"], On::Everything);
            all.extend(action(&["GetSecretValue"], On::Resource));
            all
        }
        // SES API v2 reference, `SendEmail`: raw messages go by `ses:SendRawEmail`.
        ("sesv2", "SendEmail") => action(&["SendEmail", "SendRawEmail"], On::Resource),
        // API Gateway developer guide, "Control access to WebSocket APIs": one action for all of `@connections`.
        ("apigatewaymanagement", _) => action(&["ManageConnections"], On::Resource),
        _ => {
            let on = if lists(service, operation) {
                On::Everything
            } else {
                On::Resource
            };
            action(&[operation], on)
        }
    }
}

/// Operations over all resources: their actions do not support resources (Service Authorization
/// Reference, each service's table of actions).
fn lists(service: &str, operation: &str) -> bool {
    matches!(
        (service, operation),
        ("sqs", "ListQueues")
            | ("sns", "ListTopics" | "ListSubscriptions")
            | ("dynamodb", "ListTables" | "DescribeLimits")
            | ("eventbridge", "ListEventBuses" | "TestEventPattern")
            | ("ssm", "DescribeParameters")
            | ("secretsmanager", "ListSecrets" | "GetRandomPassword")
            | ("lambda", "ListFunctions" | "GetAccountSettings")
            | ("kms", "ListKeys" | "ListAliases" | "GenerateRandom")
            | ("sfn", "ListStateMachines")
            | ("cloudwatch", _)
    )
}

/// The prefix of a service's actions, where it is not the crate's name (Service Authorization Reference).
pub(super) fn prefix(service: &str) -> &str {
    match service {
        "apigatewaymanagement" => "execute-api",
        "bedrockruntime" => "bedrock",
        "cloudwatchlogs" => "logs",
        "cognitoidentity" => "cognito-identity",
        "cognitoidentityprovider" => "cognito-idp",
        "databasemigration" => "dms",
        "dynamodbstreams" => "dynamodb",
        "ecrpublic" => "ecr-public",
        "efs" => "elasticfilesystem",
        "elasticloadbalancingv2" => "elasticloadbalancing",
        "eventbridge" => "events",
        "rdsdata" => "rds-data",
        "redshiftdata" => "redshift-data",
        "resourcegroupstagging" => "tag",
        "servicediscovery" => "servicediscovery",
        "sesv2" => "ses",
        "sfn" => "states",
        "timestreamquery" | "timestreamwrite" => "timestream",
        same => same,
    }
}

/// S3 (user guide, "Required permissions for Amazon S3 API operations"): the actions are not named like the operations.
fn s3(operation: &str, sets: &dyn Fn(&str) -> bool) -> Vec<(String, On)> {
    use On::{Bucket, Everything, Object};
    let mut all: Vec<(&str, On)> = match operation {
        "ListBuckets" => vec![("ListAllMyBuckets", Everything)],
        "ListObjects" | "ListObjectsV2" | "HeadBucket" => vec![("ListBucket", Bucket)],
        "ListObjectVersions" => vec![("ListBucketVersions", Bucket)],
        "ListMultipartUploads" => vec![("ListBucketMultipartUploads", Bucket)],
        "ListParts" => vec![("ListMultipartUploadParts", Object)],
        "HeadObject" | "GetObject" | "SelectObjectContent" => vec![("GetObject", Object)],
        "GetObjectAttributes" => vec![("GetObject", Object), ("GetObjectAttributes", Object)],
        "CopyObject" | "UploadPartCopy" => vec![("GetObject", Object), ("PutObject", Object)],
        "PutObject" | "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload" => {
            vec![("PutObject", Object)]
        }
        "DeleteObject" | "DeleteObjects" => vec![("DeleteObject", Object)],
        "GetBucketCors" | "PutBucketCors" => vec![(
            if operation == "GetBucketCors" {
                "GetBucketCORS"
            } else {
                "PutBucketCORS"
            },
            Bucket,
        )],
        "DeleteBucketCors" => vec![("PutBucketCORS", Bucket)],
        "GetBucketLifecycleConfiguration" => vec![("GetLifecycleConfiguration", Bucket)],
        "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle" => {
            vec![("PutLifecycleConfiguration", Bucket)]
        }
        "GetBucketNotificationConfiguration" => vec![("GetBucketNotification", Bucket)],
        "PutBucketNotificationConfiguration" => vec![("PutBucketNotification", Bucket)],
        "GetBucketEncryption" => vec![("GetEncryptionConfiguration", Bucket)],
        "PutBucketEncryption" | "DeleteBucketEncryption" => {
            vec![("PutEncryptionConfiguration", Bucket)]
        }
        "DeleteBucketTagging" => vec![("PutBucketTagging", Bucket)],
        other => {
            let on = match other {
                "AbortMultipartUpload" | "RestoreObject" => Object,
                named if named.contains("Object") && !named.contains("ObjectLockConfiguration") => {
                    Object
                }
                _ => Bucket,
            };
            vec![(other, on)]
        }
    };
    // A version of an object has its own action, and so do the ACL and the tags that are set with
    // it.
    if sets("version_id") {
        let versions: Vec<_> = all
            .iter()
            .filter_map(|(name, on)| match *name {
                "GetObject" => Some(("GetObjectVersion", *on)),
                "DeleteObject" => Some(("DeleteObjectVersion", *on)),
                _ => None,
            })
            .collect();
        all.extend(versions);
    }
    if all.iter().any(|(name, _)| *name == "PutObject") {
        if sets("acl") {
            all.push(("PutObjectAcl", Object));
        }
        if sets("tagging") {
            all.push(("PutObjectTagging", Object));
        }
    }
    all.into_iter()
        .map(|(name, on)| (format!("s3:{name}"), on))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{On, actions};

    fn shown(service: &str, operation: &str, set: &[&str]) -> String {
        let all = actions(service, operation, &|name| set.contains(&name));
        let all = all.iter().map(|(action, on)| match on {
            On::Object => format!("{action}/o"),
            On::Bucket => format!("{action}/b"),
            On::Resource => action.clone(),
            On::Everything => format!("{action}/*"),
        });
        all.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn actions_are_iams_and_not_the_operations() {
        for (service, operation, expected) in [
            ("s3", "HeadObject", "s3:GetObject/o"),
            ("s3", "ListObjectsV2", "s3:ListBucket/b"),
            ("s3", "HeadBucket", "s3:ListBucket/b"),
            ("s3", "CopyObject", "s3:GetObject/o s3:PutObject/o"),
            ("s3", "DeleteObjects", "s3:DeleteObject/o"),
            ("s3", "UploadPart", "s3:PutObject/o"),
            ("s3", "AbortMultipartUpload", "s3:AbortMultipartUpload/o"),
            ("s3", "ListBuckets", "s3:ListAllMyBuckets/*"),
            ("s3", "CreateBucket", "s3:CreateBucket/b"),
            ("s3", "GetBucketLocation", "s3:GetBucketLocation/b"),
            ("s3", "GetObjectTagging", "s3:GetObjectTagging/o"),
            ("sqs", "SendMessageBatch", "sqs:SendMessage"),
            ("sqs", "ListQueues", "sqs:ListQueues/*"),
            ("dynamodb", "BatchGetItem", "dynamodb:BatchGetItem"),
            ("dynamodb", "TransactGetItems", "dynamodb:GetItem"),
            ("eventbridge", "PutEvents", "events:PutEvents"),
            ("lambda", "Invoke", "lambda:InvokeFunction"),
            ("sfn", "StartExecution", "states:StartExecution"),
            ("sts", "GetCallerIdentity", ""),
            ("ssm", "GetParametersByPath", "ssm:GetParametersByPath"),
        ] {
            assert_eq!(
                shown(service, operation, &[]),
                expected,
                "{service} {operation}"
            );
        }
        assert_eq!(
            shown("s3", "GetObject", &["version_id"]),
            "s3:GetObject/o s3:GetObjectVersion/o"
        );
        assert_eq!(
            shown("s3", "PutObject", &["acl", "tagging"]),
            "s3:PutObject/o s3:PutObjectAcl/o s3:PutObjectTagging/o"
        );
    }
}
