//! Topics, buses, schedules, buckets and calls that invoke functions of `cargo fw local`, and the commands that send to them.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::json;

use crate::{
    doors_support::call,
    events_support::{app, command, done, received, serve, services_port, source},
    local_ports::{NOBODY, is_root, raw_as},
    local_support::ask,
};

#[test]
fn topics_buses_and_schedules_invoke_their_functions() {
    let folder = app(
        "",
        &json!([
            source("mail", &json!({ "type": "sns", "topic": "alerts" })),
            source(
                "paid",
                &json!({ "type": "event", "bus": "trade", "pattern": { "source": ["bank"], "detail": { "sum": [{ "numeric": [">", 10] }] } } })
            ),
            source(
                "placed",
                &json!({ "type": "event", "pattern": { "detail-type": ["placed"] } })
            ),
            source(
                "nightly",
                &json!({ "type": "schedule", "expression": "cron(0 2 * * ? *)", "timezone": "Europe/Berlin" })
            ),
            source("report", &json!({ "type": "function" })),
        ]),
    );
    let local = serve(&folder, &[]);
    for shown in [
        "sns       topic alerts",
        "event     bus trade {\"source\":[\"bank\"]",
        "event     bus default {\"detail-type\":[\"placed\"]}",
        "schedule  cron(0 2 * * ? *) Europe/Berlin, next 2",
        "function  called directly",
    ] {
        assert!(local.log().contains(shown), "{shown}: {}", local.log());
    }

    done(
        &folder,
        &["publish", "alerts", "the disk is full", "--subject", "Disk"],
    );
    let mail = &received(&folder, "mail", 1)[0].document["Records"][0]["Sns"];
    assert_eq!(mail["Message"], "the disk is full");
    assert_eq!(mail["Subject"], "Disk");
    local.wait_for_line("topic alerts → function mail: delivered (attempt 1)");

    let put = |more: &[&str], detail: &str| {
        let args = [
            &["put-event", "--source", "bank", "--detail-type", "placed"],
            more,
            &[detail],
        ];
        done(&folder, &args.concat());
    };
    put(&["--bus", "trade"], "{\"sum\": 7}");
    put(&["--bus", "trade"], "{\"sum\": 70}");
    put(&[], "{\"sum\": 7}");
    let paid = received(&folder, "paid", 1);
    assert_eq!(
        (paid.len(), &paid[0].document["detail"]["sum"]),
        (1, &json!(70))
    );
    let placed = received(&folder, "placed", 1);
    assert_eq!(
        (placed.len(), &placed[0].document["detail"]["sum"]),
        (1, &json!(7))
    );
    local.wait_for_line("rule paid → function paid: delivered (attempt 1)");

    done(&folder, &["fire", "nightly"]);
    received(&folder, "nightly", 1);
    done(&folder, &["clock", "advance", "2d"]);
    let nights = received(&folder, "nightly", 3);
    assert_eq!(nights[1].document["detail-type"], "Scheduled Event");
    local.wait_for_line("schedule nightly → function nightly: delivered");

    let (code, stdout, stderr) = command(&folder, &["invoke", "report"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stdout, "{\"batchItemFailures\":[]}\n");
    done(&folder, &["invoke", "report", "--type", "event"]);
    received(&folder, "report", 2);
}

#[test]
fn commands_say_what_is_wrong() {
    let queue = source("ship", &json!({ "type": "sqs", "queue": "orders" }));
    let folder = app("", &json!([queue]));
    let (code, _, stderr) = command(&folder, &["send", "orders", "x"]);
    assert_eq!(code, Some(69), "{stderr}");
    assert!(stderr.contains("start `cargo fw local`"), "{stderr}");
    let _local = serve(&folder, &[]);
    for (args, said) in [
        (vec!["send", "order", "x"], "did you mean `orders`?"),
        (vec!["send", "quite-another", "x"], "use one of: orders"),
        (vec!["publish", "alerts", "x"], "the app has no topic"),
        (vec!["fire", "nightly"], "the app has no schedule"),
        (
            vec!["queues", "--redrive", "order"],
            "did you mean `orders`?",
        ),
        (
            vec![
                "put-event",
                "--source",
                "a",
                "--detail-type",
                "b",
                "nonsense",
            ],
            "the detail is not a JSON object",
        ),
        (
            vec!["send", "orders", ""],
            "the services refused the request (400 Bad Request)",
        ),
    ] {
        let (code, stdout, stderr) = command(&folder, &args);
        assert_eq!(code, Some(65), "{args:?}: {stderr}");
        assert!(stderr.contains(said), "{args:?}: {stderr}");
        assert_eq!(stdout, "", "{args:?}");
    }
    let (code, _, stderr) = command(&folder, &["clock", "advance", "soon"]);
    assert_eq!(code, Some(64), "{stderr}");
    assert!(stderr.contains("`90s`, `10m`"), "{stderr}");
}

#[test]
fn a_services_port_is_taken_from_the_start() {
    let folder = app("", &json!([]));
    let local = serve(&folder, &["--services-port", "0"]);
    let (_, url) = ask(local.port, "GET", "/env/AWS_ENDPOINT_URL");
    let port = url.rsplit(':').next().expect("a port");
    let second = app("", &json!([]));
    let (code, _, stderr) = command(&second, &["local", "--port", "0", "--services-port", port]);
    assert_eq!(code, Some(69), "{stderr}");
    assert!(
        stderr.contains(&format!("port {port} is in use")),
        "{stderr}"
    );
    assert!(stderr.contains("--services-port"), "{stderr}");
}

#[cfg(feature = "dynamodb")]
#[test]
fn a_table_of_the_settings_exists_from_the_start() {
    let folder = app("[tables.late-orders]\npartition_key = \"id\"\n", &json!([]));
    let local = serve(&folder, &[]);
    let variable = |name: &str| ask(local.port, "GET", &format!("/env/{name}")).1;
    assert_eq!(variable("FW_TABLE_LATE_ORDERS"), "shop-dev-late-orders");
    let port = services_port(&local);
    assert_eq!(
        variable("AWS_ENDPOINT_URL_DYNAMODB"),
        format!("http://127.0.0.1:{port}")
    );
    let resources = call(port, "GET", "/_fw/resources", &[], "").body;
    assert!(
        resources.contains(r#""tables":["shop-dev-late-orders"]"#),
        "{resources}"
    );
}

#[test]
fn the_services_answer_their_user_alone_and_no_page() {
    let queue = source("ship", &json!({ "type": "sqs", "queue": "orders" }));
    let folder = app("", &json!([queue]));
    let local = serve(&folder, &["--allow-host", "box.test"]);
    let port = services_port(&local);
    let status = |headers: &[(&str, &str)]| call(port, "GET", "/_fw/resources", headers, "").status;
    assert_eq!(status(&[]), 200);
    assert_eq!(status(&[("host", "box.test")]), 200);
    assert_eq!(status(&[("host", "shop.example")]), 403);
    assert_eq!(status(&[("origin", "https://shop.example")]), 403);
    assert_eq!(status(&[("sec-fetch-site", "cross-site")]), 403);
    if is_root() {
        let text = "POST /_fw/reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let (status, body) = raw_as(NOBODY, port, text).expect("an answer");
        assert_eq!(status, 403, "{body}");
    }
}

/// Python of the tools that `.ci/test` installs, with an AWS SDK.
fn python() -> Command {
    let program = std::env::var_os("FW_TOOLS").map_or_else(
        || PathBuf::from("python3"),
        |tools| Path::new(&tools).join("python"),
    );
    Command::new(program)
}

/// AWS's own SDK for Python talks to all services by the one endpoint; changes of a bucket invoke its function.
#[test]
fn an_aws_sdk_reaches_every_service_by_one_endpoint() {
    const SCRIPT: &str = r#"
import boto3, sys
from botocore.config import Config
def client(name, key="AKIALOCALFW000000000", secret="local"):
    return boto3.client(name, endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret, config=Config(retries={"total_max_attempts": 1}))
s3 = client("s3")
print(sorted(bucket["Name"] for bucket in s3.list_buckets()["Buckets"]))
s3.put_object(Bucket="shop-dev-uploads", Key="in/a b+c.png", Body=b"12345")
s3.put_object(Bucket="shop-dev-uploads", Key="in/a.txt", Body=b"1")
s3.copy_object(Bucket="shop-dev-uploads", Key="in/copy.png", CopySource={"Bucket": "shop-dev-uploads", "Key": "in/a b+c.png"})
print(s3.get_object(Bucket="shop-dev-uploads", Key="in/a b+c.png")["Body"].read())
s3.delete_object(Bucket="shop-dev-uploads", Key="in/copy.png")
s3.delete_object(Bucket="shop-dev-uploads", Key="in/copy.png")
s3.delete_objects(Bucket="shop-dev-uploads", Delete={"Objects": [{"Key": "in/a.txt"}, {"Key": "in/none.txt"}]})
sqs = client("sqs")
print([url.rsplit("/", 1)[1] for url in sqs.list_queues().get("QueueUrls", [])])
lamb = client("lambda")
print(lamb.invoke(FunctionName="shop-dev-report", Payload=b"{}")["Payload"].read())
print(lamb.invoke(FunctionName="shop-dev-report", InvocationType="Event", Payload=b"{}")["StatusCode"])
for key, secret in (("AKIALOCALFW000000000", "wrong"), ("AKIA0000000000000000", "local")):
    try:
        client("sqs", key, secret).list_queues()
    except Exception as error:
        print(error.response["Error"]["Code"])
"#;
    let events = json!(["s3:ObjectCreated:*"]);
    let folder = app(
        "",
        &json!([
            source(
                "thumb",
                &json!({ "type": "s3", "bucket": "uploads", "events": events, "suffix": ".png" })
            ),
            source(
                "gone",
                &json!({ "type": "s3", "bucket": "uploads", "events": ["s3:ObjectRemoved:*"] })
            ),
            source("ship", &json!({ "type": "sqs", "queue": "orders" })),
            source("report", &json!({ "type": "function" })),
        ]),
    );
    let local = serve(&folder, &[]);
    let url = format!("http://127.0.0.1:{}", services_port(&local));
    assert!(local.log().contains("buckets: shop-dev-uploads"));
    let output = python()
        .args(["-c", SCRIPT, &url])
        .output()
        .expect("Python with boto3: `.ci/test` installs it and sets FW_TOOLS");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(
        said,
        "['shop-dev-uploads']\nb'12345'\n['shop-dev-orders']\nb'{\"batchItemFailures\":[]}'\n202\nSignatureDoesNotMatch\nInvalidClientTokenId\n"
    );
    let object = |function: &str, count: usize| -> Vec<_> {
        let events = received(&folder, function, count);
        let records = events.iter().map(|event| {
            let record = &event.document["Records"][0];
            let object = &record["s3"]["object"];
            let name = record["eventName"].as_str().expect("a name").to_owned();
            (
                name,
                object["key"].as_str().expect("a key").to_owned(),
                object["size"].clone(),
            )
        });
        let mut records: Vec<_> = records.collect();
        records.sort_by(|one, other| one.0.cmp(&other.0).then(one.1.cmp(&other.1)));
        records
    };
    let created =
        |name: &str, key: &str| (format!("ObjectCreated:{name}"), key.to_owned(), json!(5));
    assert_eq!(
        object("thumb", 2),
        [
            created("Copy", "in/copy.png"),
            created("Put", "in/a+b%2Bc.png")
        ]
    );
    let removed = |key: &str| {
        (
            "ObjectRemoved:Delete".to_owned(),
            key.to_owned(),
            json!(null),
        )
    };
    assert_eq!(
        object("gone", 3),
        [
            removed("in/a.txt"),
            removed("in/copy.png"),
            // `DeleteObjects` reports keys that never existed, too (case s3e-005).
            removed("in/none.txt")
        ]
    );
    received(&folder, "report", 2);
    local.wait_for_line("bucket uploads → function thumb: delivered");
}
