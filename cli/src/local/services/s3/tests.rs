//! The app's policy, enforced: what IAM would deny is denied, and told.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use fw_manifest::Part;

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Region, retry::RetryConfig},
};

use super::{Credentials, EmbeddedS3, Hosts, S3Options};
use crate::local::services::policy_guard::{Policies, PolicyGuard};
use crate::values::{
    credentials::{DEVELOPER_KEY, access_key},
    statement::{Effect, Statement},
};

const ACCESS_KEY: &str = "local-access-key";
const SECRET_KEY: &str = "local-secret-key";

/// A client with an access key.
fn client_of(s3: &EmbeddedS3, access_key: &str, secret_key: &str) -> Client {
    let own = aws_sdk_s3::config::Credentials::new(access_key, secret_key, None, None, "test");
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(own)
        .endpoint_url(s3.endpoint())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .region(Region::from_static("eu-central-1"))
        .retry_config(RetryConfig::disabled());
    Client::from_conf(config.build())
}

fn client(s3: &EmbeddedS3, secret_key: &str) -> Client {
    client_of(s3, ACCESS_KEY, secret_key)
}

fn allow(actions: &[&str], resources: &[&str]) -> Statement {
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    Statement {
        sid: None,
        effect: Effect::Allow,
        actions: owned(actions),
        resources: owned(resources),
        ..Statement::default()
    }
}

fn app(app: Vec<Statement>) -> Policies {
    Policies {
        app,
        ..Policies::default()
    }
}

struct Guarded {
    _folder: tempfile::TempDir,
    s3: EmbeddedS3,
    guard: PolicyGuard,
    told: Arc<Mutex<Vec<String>>>,
}

impl Guarded {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let lines = Arc::clone(&told);
        let guard = PolicyGuard::telling(move |line| lines.lock().unwrap().push(line.to_owned()));
        let options = S3Options {
            root: folder.path().join("s3"),
            buckets: vec!["notes".to_owned(), "other".to_owned()],
            credentials: Credentials {
                access_key: ACCESS_KEY.to_owned(),
                secret_key: SECRET_KEY.to_owned(),
                developer_secret: DEVELOPER_KEY.to_owned(),
            },
            hosts: Hosts::new(Ipv4Addr::LOCALHOST.into(), &[]),
        };
        let s3 = EmbeddedS3::start_guarded(options, guard.clone())
            .await
            .unwrap();
        Self {
            _folder: folder,
            s3,
            guard,
            told,
        }
    }

    fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.told.lock().unwrap())
    }
}

/// `ok`, or the error's code or status.
fn outcome<T, E>(answer: Result<T, aws_sdk_s3::error::SdkError<E>>) -> String
where
    E: aws_sdk_s3::error::ProvideErrorMetadata,
{
    match answer {
        Ok(_) => "ok".to_owned(),
        Err(error) => {
            let status = error.raw_response().map(|raw| raw.status().as_u16());
            let code = error.into_service_error_code();
            code.unwrap_or_else(|| status.unwrap_or_default().to_string())
        }
    }
}

trait Code {
    fn into_service_error_code(self) -> Option<String>;
}

impl<E: aws_sdk_s3::error::ProvideErrorMetadata> Code for aws_sdk_s3::error::SdkError<E> {
    fn into_service_error_code(self) -> Option<String> {
        self.as_service_error()?.code().map(str::to_owned)
    }
}

#[tokio::test]
async fn until_a_policy_is_set_everything_is_allowed() {
    let guarded = Guarded::start().await;
    let client = client(&guarded.s3, SECRET_KEY);
    let put = client.put_object().bucket("notes").key("a").send().await;
    assert_eq!(outcome(put), "ok");
    guarded.guard.enforce(Policies::default());
    let get = client.get_object().bucket("notes").key("a").send().await;
    assert_eq!(outcome(get), "AccessDenied");
    assert_eq!(outcome(client.list_buckets().send().await), "AccessDenied");
    assert_eq!(guarded.told().len(), 2);
    guarded.s3.shutdown().await;
}

#[tokio::test]
async fn the_developers_own_key_is_held_to_no_policy() {
    let guarded = Guarded::start().await;
    guarded.guard.enforce(Policies::default());
    let developer = client_of(&guarded.s3, DEVELOPER_KEY, DEVELOPER_KEY);
    let put = developer.put_object().bucket("notes").key("a").send().await;
    assert_eq!(outcome(put), "ok");
    // A missing key is 404 to callers who may list.
    let get = developer.get_object().bucket("notes").key("b").send().await;
    assert_eq!(outcome(get), "NoSuchKey");
    assert_eq!(guarded.told(), [""; 0]);
    let wrong = client_of(&guarded.s3, DEVELOPER_KEY, "other");
    let get = wrong.get_object().bucket("notes").key("a").send().await;
    assert_eq!(outcome(get), "SignatureDoesNotMatch");
    guarded.s3.shutdown().await;
}

#[tokio::test]
async fn each_operation_needs_its_action_on_its_resource() {
    let guarded = Guarded::start().await;
    let client = client(&guarded.s3, SECRET_KEY);
    let theirs = client.put_object().bucket("other").key("x").send().await;
    assert_eq!(outcome(theirs), "ok");
    guarded.guard.enforce(app(vec![
        allow(&["s3:GetObject", "s3:PutObject"], &["arn:aws:s3:::notes/*"]),
        allow(&["s3:ListBucket"], &["arn:aws:s3:::notes"]),
    ]));
    let put = |bucket: &'static str| client.put_object().bucket(bucket).key("a/b c").send();
    assert_eq!(outcome(put("notes").await), "ok");
    assert_eq!(outcome(put("other").await), "AccessDenied");
    let told = guarded.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with(
            "S3 denied PutObject: no statement of the app's policy allows `s3:PutObject` on `arn:aws:s3:::other/a/b c`"
        ) && told[0].contains("actions = [\"s3:PutObject\"]"),
        "{told:?}"
    );
    let get = client
        .get_object()
        .bucket("notes")
        .key("a/b c")
        .send()
        .await;
    assert_eq!(outcome(get), "ok");
    let head = client
        .head_object()
        .bucket("notes")
        .key("a/b c")
        .send()
        .await;
    assert_eq!(outcome(head), "ok");
    let list = |bucket: &'static str| client.list_objects_v2().bucket(bucket).send();
    assert_eq!(outcome(list("notes").await), "ok");
    assert_eq!(outcome(list("other").await), "AccessDenied");
    let copy = |from: &'static str, to: &'static str| {
        client
            .copy_object()
            .copy_source(from)
            .bucket(to)
            .key("c")
            .send()
    };
    assert_eq!(outcome(copy("notes/a%2Fb%20c", "notes").await), "ok");
    assert_eq!(outcome(copy("other/x", "notes").await), "AccessDenied");
    assert_eq!(
        outcome(copy("notes/a%2Fb%20c", "other").await),
        "AccessDenied"
    );
    // A read is of what it reads, whatever it says of a copy.
    let says_copy = client
        .get_object()
        .bucket("other")
        .key("x")
        .customize()
        .mutate_request(|request| {
            let allowed = "notes/a%2Fb%20c";
            request.headers_mut().insert("x-amz-copy-source", allowed);
        })
        .send()
        .await;
    assert_eq!(outcome(says_copy), "AccessDenied");
    let delete = client.delete_object().bucket("notes").key("c").send().await;
    assert_eq!(outcome(delete), "AccessDenied");
    let deletes = || {
        use aws_sdk_s3::types::{Delete, ObjectIdentifier};
        let one = |key: &str| ObjectIdentifier::builder().key(key).build().unwrap();
        let delete = Delete::builder()
            .objects(one("c"))
            .objects(one("d"))
            .build();
        client
            .delete_objects()
            .bucket("notes")
            .delete(delete.unwrap())
            .send()
    };
    // S3 answers for each key (S3 API reference, `DeleteObjects`).
    let denied = deletes().await.expect("an answer");
    let codes: Vec<_> = denied
        .errors()
        .iter()
        .filter_map(|error| error.code())
        .collect();
    assert_eq!(codes, ["AccessDenied", "AccessDenied"]);
    assert!(denied.deleted().is_empty());
    guarded.guard.enforce(app(vec![allow(
        &["s3:DeleteObject"],
        &["arn:aws:s3:::notes/*"],
    )]));
    let deleted = deletes().await.expect("an answer");
    assert_eq!((deleted.errors().len(), deleted.deleted().len()), (0, 2));
    guarded.s3.shutdown().await;
}

#[tokio::test]
async fn who_may_not_list_is_not_told_that_a_key_is_missing() {
    let guarded = Guarded::start().await;
    let client = client(&guarded.s3, SECRET_KEY);
    let get = || client.get_object().bucket("notes").key("gone").send();
    let read = allow(&["s3:GetObject"], &["arn:aws:s3:::notes/*"]);
    guarded.guard.enforce(app(vec![read.clone()]));
    assert_eq!(outcome(get().await), "AccessDenied");
    assert!(guarded.told()[0].contains("`s3:ListBucket` on `arn:aws:s3:::notes`"));
    let list = allow(&["s3:ListBucket"], &["arn:aws:s3:::notes"]);
    guarded.guard.enforce(app(vec![read, list]));
    assert_eq!(outcome(get().await), "NoSuchKey");
    assert_eq!(guarded.told(), [""; 0]);
    guarded.s3.shutdown().await;
}

/// Each function's processes sign with a key of their own, and are held to the policy of that function.
#[tokio::test]
async fn an_authorizer_is_held_to_its_own_policy() {
    let guarded = Guarded::start().await;
    let apps = client(&guarded.s3, SECRET_KEY);
    let door = Part::Authorizer("door".to_owned());
    let key = access_key(&door);
    let doors = client_of(&guarded.s3, &key, SECRET_KEY);
    let read = |bucket: &str| {
        let objects = format!("arn:aws:s3:::{bucket}/*");
        let listed = format!("arn:aws:s3:::{bucket}");
        allow(&["s3:GetObject", "s3:ListBucket"], &[&objects, &listed])
    };
    let policies = Policies {
        app: vec![read("notes"), read("other")],
        others: [(key, (door, vec![read("other")]))].into(),
    };
    guarded.guard.enforce(policies);
    let get = async |client: &Client, bucket: &str| {
        outcome(client.get_object().bucket(bucket).key("a").send().await)
    };
    assert_eq!(get(&apps, "notes").await, "NoSuchKey");
    assert_eq!(get(&doors, "other").await, "NoSuchKey");
    assert_eq!(guarded.told(), [""; 0]);
    assert_eq!(get(&doors, "notes").await, "AccessDenied");
    let told = guarded.told();
    assert!(
        told[0].contains("no statement of the authorizer `door`'s policy allows `s3:GetObject`")
            && told[0].contains("`functions = [\"door\"]`"),
        "{told:?}"
    );
    // A key of nobody's opens nothing.
    let nobody = client_of(&guarded.s3, "AKIALOCALFW00000000x", SECRET_KEY);
    assert_eq!(get(&nobody, "other").await, "InvalidAccessKeyId");
    guarded.s3.shutdown().await;
}
