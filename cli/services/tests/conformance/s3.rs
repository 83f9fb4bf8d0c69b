//! S3 for the cases: `fw-s3` behind the endpoint of the services, and a client that shows results and errors as boto3 does.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fw_s3::{BucketReports, Change, Notifier, Receiver, S3Service, TestIds};
use fw_services::{BucketNotifications, Fallback, NotificationTarget, S3Event, Services};
use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::Incoming;
use md5::{Digest as _, Md5};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use crate::client::{self, ApiError, Outcome};
use crate::context::plain;
use crate::xml;

const KEY: &str = "test";
const SECRET: &str = "test";
const REGION: &str = "us-east-1";
/// What is not encoded in a path.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/');

/// Opens S3 in a folder.
///
/// # Errors
/// Why it does not open.
pub(crate) fn open(folder: &Path) -> Result<S3Service, String> {
    S3Service::open(fw_s3::Options::new(folder.to_owned())).map_err(|error| error.to_string())
}

/// Connects S3 with the services: what its buckets report is kept there, and delivered.
pub(crate) fn connect(s3: &S3Service, services: &Arc<Services>) {
    s3.notify_by(Arc::new(Kept(Arc::downgrade(services))));
    let services = Arc::downgrade(services);
    let Some(mut changes) = s3.changes().listen() else {
        return;
    };
    tokio::spawn(async move {
        while let (Some(change), Some(services)) = (changes.recv().await, services.upgrade()) {
            services.deliver_s3_event(&event_of(change));
        }
    });
}

fn event_of(change: Change) -> S3Event {
    S3Event {
        bucket: change.bucket,
        name: change.name.to_owned(),
        key: change.key,
        size: change.size,
        etag: change.etag,
        version_id: change.version,
        ..S3Event::default()
    }
}

/// What the services keep of buckets.
struct Kept(Weak<Services>);

impl Notifier for Kept {
    fn reports(&self, bucket: &str) -> BucketReports {
        let services = self.0.upgrade();
        let found = services.map(|services| services.bucket_notifications(bucket));
        let found = found.unwrap_or_default();
        let receiver = |one: NotificationTarget| Receiver {
            id: one.id,
            arn: one.arn,
            events: one.events,
            prefix: one.prefix,
            suffix: one.suffix,
        };
        BucketReports {
            receivers: found.targets.into_iter().map(receiver).collect(),
            event_bridge: found.event_bridge,
        }
    }

    fn refuses(&self, arn: &str) -> Option<String> {
        self.0.upgrade()?.notification_refusal(arn)
    }

    fn replace(&self, bucket: &str, reports: BucketReports, tested: &[String], ids: &TestIds) {
        let Some(services) = self.0.upgrade() else {
            return;
        };
        let target = |one: Receiver| NotificationTarget {
            id: one.id,
            arn: one.arn,
            events: one.events,
            prefix: one.prefix,
            suffix: one.suffix,
        };
        let notifications = BucketNotifications {
            targets: reports.receivers.into_iter().map(target).collect(),
            event_bridge: reports.event_bridge,
        };
        services.set_bucket_notifications(bucket, notifications);
        services.test_bucket_notifications(bucket, tested, (&ids.request, &ids.host));
    }
}

/// S3 behind the endpoint of the services.
pub(crate) struct Behind(pub(crate) S3Service);

impl Fallback for Behind {
    fn call(
        &self,
        request: http::Request<Incoming>,
    ) -> Pin<Box<dyn Future<Output = http::Response<fw_services::Body>> + Send + '_>> {
        Box::pin(async {
            let (parts, body) = self.0.handle(request, None).await.into_parts();
            let body = body.collect().await;
            let bytes = body
                .map(http_body_util::Collected::to_bytes)
                .unwrap_or_default();
            http::Response::from_parts(parts, Either::Left(Full::new(bytes)))
        })
    }
}

/// A request before it is signed.
#[derive(Default)]
struct Draft {
    method: &'static str,
    path: String,
    /// Parameters in their order of letters.
    query: Vec<(&'static str, String)>,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Draft {
    fn of(method: &'static str, input: &Map<String, Value>, resource: &'static str) -> Self {
        let text = |name: &str| input.get(name).map(plain).unwrap_or_default();
        let mut path = format!("/{}", text("Bucket"));
        if input.contains_key("Key") {
            path = format!("{path}/{}", text("Key"));
        }
        let mut query = Vec::new();
        if !resource.is_empty() {
            query.push((resource, String::new()));
        }
        if input.contains_key("VersionId") {
            query.push(("versionId", text("VersionId")));
        }
        Self {
            method,
            path,
            query,
            ..Self::default()
        }
    }

    fn header(mut self, name: &str, value: Option<&Value>) -> Self {
        if let Some(value) = value {
            self.headers.insert(name.to_owned(), plain(value));
        }
        self
    }

    fn with(mut self, body: String) -> Self {
        let md5 = BASE64_STANDARD.encode(Md5::digest(&body));
        self.headers.insert("content-md5".to_owned(), md5);
        self.body = body;
        self
    }

    async fn send(mut self, endpoint: &str) -> Result<client::Answer, String> {
        let encode = |text: &str| utf8_percent_encode(text, PATH).to_string();
        let query: Vec<String> = self
            .query
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        let (path, query) = (encode(&self.path), query.join("&"));
        let time = time();
        let host = endpoint.trim_start_matches("http://");
        self.headers.insert("x-amz-date".into(), time.clone());
        let payload = "UNSIGNED-PAYLOAD";
        self.headers
            .insert("x-amz-content-sha256".into(), payload.into());
        let mut signed = self.headers.clone();
        signed.insert("host".into(), host.into());
        let lines: String = signed
            .iter()
            .map(|(name, value)| format!("{name}:{value}\n"))
            .collect();
        let names: Vec<&str> = signed.keys().map(String::as_str).collect();
        let names = names.join(";");
        let method = self.method;
        let canonical = format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{payload}");
        let scope = scope(&time);
        let hash = hex(&Sha256::digest(canonical));
        let signature = sign(&time, &format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{hash}"));
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={KEY}/{scope}, SignedHeaders={names}, Signature={signature}"
        );
        self.headers.insert("authorization".into(), authorization);
        let url = match query.is_empty() {
            true => format!("{endpoint}{path}"),
            false => format!("{endpoint}{path}?{query}"),
        };
        client::send(method, &url, &self.headers, self.body).await
    }
}

/// Calls an operation of S3.
///
/// # Errors
/// What the cases do not call, and requests without an answer.
pub(crate) async fn call(
    endpoint: &str,
    operation: &str,
    input: &Map<String, Value>,
) -> Result<Outcome, String> {
    let of = |method, resource| Draft::of(method, input, resource);
    let text = |name: &str| input.get(name).map(plain).unwrap_or_default();
    let draft = match operation {
        "CreateBucket" => of("PUT", ""),
        "PutBucketNotificationConfiguration" => {
            let skip = input.get("SkipDestinationValidation");
            of("PUT", "notification")
                .with(notification(&input["NotificationConfiguration"]))
                .header("x-amz-skip-destination-validation", skip)
        }
        "GetBucketNotificationConfiguration" => of("GET", "notification"),
        "PutObject" => of("PUT", "")
            .with(text("Body"))
            .header("x-amz-storage-class", input.get("StorageClass")),
        "CopyObject" => {
            let from = &input["CopySource"];
            let from = format!("{}/{}", plain(&from["Bucket"]), plain(&from["Key"]));
            of("PUT", "").header("x-amz-copy-source", Some(&from.into()))
        }
        "DeleteObject" => of("DELETE", ""),
        "DeleteObjects" => of("POST", "delete").with(to_delete(&input["Delete"])),
        "PutObjectTagging" => of("PUT", "tagging").with(tagging(&input["Tagging"])),
        "PutObjectAcl" => of("PUT", "acl")
            .header("x-amz-acl", input.get("ACL"))
            .header("x-amz-grant-read", input.get("GrantRead")),
        "DeleteBucketOwnershipControls" => of("DELETE", "ownershipControls"),
        "DeletePublicAccessBlock" => of("DELETE", "publicAccessBlock"),
        "PutBucketVersioning" => {
            let status = plain(&input["VersioningConfiguration"]["Status"]);
            of("PUT", "versioning").with(format!(
                "<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>"
            ))
        }
        "RestoreObject" => {
            let days = plain(&input["RestoreRequest"]["Days"]);
            let tier = plain(&input["RestoreRequest"]["GlacierJobParameters"]["Tier"]);
            of("POST", "restore").with(format!(
                "<RestoreRequest><Days>{days}</Days><GlacierJobParameters><Tier>{tier}</Tier></GlacierJobParameters></RestoreRequest>"
            ))
        }
        other => return Err(format!("unknown operation s3.{other}")),
    };
    let answer = draft.send(endpoint).await?;
    let result = if answer.status >= 300 {
        let document = xml::parse(&answer.body).unwrap_or_default();
        Err(ApiError {
            code: plain(&document["Code"]),
            message: plain(&document["Message"]),
            json_type: None,
            document,
        })
    } else if operation == "GetBucketNotificationConfiguration" {
        Ok(configuration(&answer.body))
    } else {
        let mut output = json!({});
        if let Some(version) = answer.headers.get("x-amz-version-id") {
            output["VersionId"] = version.as_str().into();
        }
        Ok(output)
    };
    Ok(Outcome {
        status: answer.status,
        headers: answer.headers,
        result,
    })
}

/// Uploads a file as a form of a browser, with a policy that the client has signed.
///
/// # Errors
/// A request without an answer.
pub(crate) async fn post(input: &Map<String, Value>) -> Result<Outcome, String> {
    let url = plain(&input["url"]);
    let (bucket, key) = (
        plain(&input["presigned_post"]["Bucket"]),
        plain(&input["presigned_post"]["Key"]),
    );
    let time = time();
    let credential = format!("{KEY}/{}", scope(&time));
    let policy = json!({
        "expiration": "2099-01-01T00:00:00Z",
        "conditions": [
            { "bucket": bucket }, { "key": key }, { "x-amz-algorithm": "AWS4-HMAC-SHA256" },
            { "x-amz-credential": credential }, { "x-amz-date": time },
        ],
    });
    let policy = BASE64_STANDARD.encode(policy.to_string());
    let signature = sign(&time, &policy);
    let fields = [
        ("key", key),
        ("policy", policy),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256".to_owned()),
        ("x-amz-credential", credential),
        ("x-amz-date", time),
        ("x-amz-signature", signature),
        ("file", plain(&input["file"])),
    ];
    let mut body = String::new();
    for (name, value) in fields {
        body.push_str(&format!(
            "--part\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str("--part--\r\n");
    let kind = "multipart/form-data; boundary=part".to_owned();
    let headers = BTreeMap::from([("content-type".to_owned(), kind)]);
    let answer = client::send("POST", &url, &headers, body).await?;
    let result = json!({ "status": answer.status, "headers": answer.headers, "body": answer.body });
    Ok(Outcome {
        status: answer.status,
        headers: answer.headers,
        result: Ok(result),
    })
}

/// The kinds of receivers: boto3's names of the list and of the ARN, and those of the document.
const KINDS: [[&str; 4]; 3] = [
    [
        "TopicConfigurations",
        "TopicArn",
        "TopicConfiguration",
        "Topic",
    ],
    [
        "QueueConfigurations",
        "QueueArn",
        "QueueConfiguration",
        "Queue",
    ],
    [
        "LambdaFunctionConfigurations",
        "LambdaFunctionArn",
        "CloudFunctionConfiguration",
        "CloudFunction",
    ],
];

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn notification(configuration: &Value) -> String {
    let element = |name: &str, value: &Value| match value {
        Value::Null => String::new(),
        value => format!("<{name}>{}</{name}>", plain(value)),
    };
    let mut body = "<NotificationConfiguration>".to_owned();
    for [list, arn, one, name] in KINDS {
        for item in items(&configuration[list]) {
            body.push_str(&format!(
                "<{one}>{}{}",
                element("Id", &item["Id"]),
                element(name, &item[arn])
            ));
            for event in items(&item["Events"]) {
                body.push_str(&element("Event", event));
            }
            let rules = items(&item["Filter"]["Key"]["FilterRules"]);
            if !rules.is_empty() {
                let rules: String = rules
                    .iter()
                    .map(|rule| {
                        let (name, value) = (&rule["Name"], &rule["Value"]);
                        let (name, value) = (element("Name", name), element("Value", value));
                        format!("<FilterRule>{name}{value}</FilterRule>")
                    })
                    .collect();
                body.push_str(&format!("<Filter><S3Key>{rules}</S3Key></Filter>"));
            }
            body.push_str(&format!("</{one}>"));
        }
    }
    if configuration["EventBridgeConfiguration"].is_object() {
        body.push_str("<EventBridgeConfiguration></EventBridgeConfiguration>");
    }
    body + "</NotificationConfiguration>"
}

/// The configuration of a bucket, from its document.
fn configuration(body: &str) -> Value {
    /// The contents of all elements of that name.
    fn all<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let pieces = text.split(open.as_str()).skip(1);
        pieces
            .filter_map(|piece| Some(piece.split_once(close.as_str())?.0))
            .collect()
    }
    let first = |text: &str, name: &str| all(text, name).first().map(|found| (*found).to_owned());
    let mut made = json!({});
    for [list, arn, one, name] in KINDS {
        let found: Vec<Value> = all(body, one)
            .iter()
            .map(|text| {
                let mut item = json!({ "Id": first(text, "Id"), "Events": all(text, "Event") });
                item[arn] = json!(first(text, name));
                let rules = all(text, "FilterRule");
                let rules = rules.iter();
                let rules: Vec<Value> = rules
                    .map(|rule| json!({ "Name": first(rule, "Name"), "Value": first(rule, "Value") }))
                    .collect();
                if !rules.is_empty() {
                    item["Filter"] = json!({ "Key": { "FilterRules": rules } });
                }
                item
            })
            .collect();
        if !found.is_empty() {
            made[list] = found.into();
        }
    }
    if body.contains("<EventBridgeConfiguration>") {
        made["EventBridgeConfiguration"] = json!({});
    }
    made
}

fn to_delete(asked: &Value) -> String {
    let keys: String = items(&asked["Objects"])
        .iter()
        .map(|object| format!("<Object><Key>{}</Key></Object>", plain(&object["Key"])))
        .collect();
    format!("<Delete><Quiet>{}</Quiet>{keys}</Delete>", asked["Quiet"])
}

fn tagging(asked: &Value) -> String {
    let tags: String = items(&asked["TagSet"])
        .iter()
        .map(|tag| {
            let (key, value) = (plain(&tag["Key"]), plain(&tag["Value"]));
            format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>")
        })
        .collect();
    format!("<Tagging><TagSet>{tags}</TagSet></Tagging>")
}

/// The machine's time as signatures have it: `20260101T000000Z`.
fn time() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    // The Gregorian calendar repeats every 400 years of 146097 days; days are counted from 1 March 0000.
    let days = seconds / 86400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = match month < 10 {
        true => (era * 400 + year, month + 3),
        false => (era * 400 + year + 1, month - 9),
    };
    let rest = seconds % 86400;
    format!(
        "{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

fn scope(time: &str) -> String {
    format!("{}/{REGION}/s3/aws4_request", &time[..8])
}

fn sign(time: &str, text: &str) -> String {
    let first = hmac(format!("AWS4{SECRET}").as_bytes(), &time[..8]);
    let key = [REGION, "s3", "aws4_request"]
        .iter()
        .fold(first, |key, part| hmac(&key, part));
    hex(&hmac(&key, text))
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text);
    let outer = Sha256::new().chain_update(pad(0x5c));
    outer.chain_update(inner.finalize()).finalize().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
