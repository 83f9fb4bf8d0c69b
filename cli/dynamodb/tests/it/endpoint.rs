//! The database behind the endpoint: what it keeps, whom it lets in, what it does as time passes, and what no client can do to it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fw_dynamodb::DynamoDb;
use fw_services::{Access, Caller, Declarations, DeclaredTable, Options, Services};
use serde_json::{Value, json};

use crate::client;

const TABLE: &str = r#"{"TableName":"orders","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}}"#;

async fn start(data: Option<&Path>, options: Options) -> Services {
    let folder = data.map(|data| data.join("dynamodb"));
    let database = DynamoDb::open(folder.as_deref()).expect("a database");
    let options = Options {
        data: data.map(Path::to_owned),
        tables: Some(Arc::new(database)),
        ..options
    };
    Services::start(options).await.expect("services")
}

/// Calls an operation without holding up the runtime.
async fn call(address: SocketAddr, operation: &str, body: impl Into<String>) -> (u16, Value) {
    let (operation, body) = (operation.to_owned(), body.into());
    let called = tokio::task::spawn_blocking(move || client::call(address, &operation, &body));
    let answer = called.await.expect("an answer");
    (answer.status, answer.document())
}

async fn put(address: SocketAddr, item: Value) {
    let input = json!({"TableName": "orders", "Item": item});
    let (status, answer) = call(address, "dynamodb.PutItem", input.to_string()).await;
    assert_eq!(status, 200, "{answer}");
}

/// The records of the table's stream.
async fn records(address: SocketAddr) -> Vec<Value> {
    let (_, listed) = call(address, "dynamodbstreams.ListStreams", "{}").await;
    let arn = listed["Streams"][0]["StreamArn"].clone();
    let input = json!({ "StreamArn": arn });
    let (_, described) = call(address, "dynamodbstreams.DescribeStream", input.to_string()).await;
    let shard = &described["StreamDescription"]["Shards"][0]["ShardId"];
    let input = json!({"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"});
    let (_, at) = call(
        address,
        "dynamodbstreams.GetShardIterator",
        input.to_string(),
    )
    .await;
    let (_, read) = call(address, "dynamodbstreams.GetRecords", at.to_string()).await;
    read["Records"].as_array().cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_items_and_streams_outlive_the_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let services = start(Some(folder.path()), Options::default()).await;
    let address = services.address();
    let (status, created) = call(address, "dynamodb.CreateTable", TABLE).await;
    assert_eq!(status, 200, "{created}");
    put(address, json!({"pk": {"S": "a"}})).await;
    let before = records(address).await;
    assert_eq!(before.len(), 1);
    // As a kill would: nothing is written at the end.
    drop(services);

    let folder_of_second = folder.path().join("dynamodb");
    let second = DynamoDb::open(Some(&folder_of_second)).expect("a database");
    let services = Services::start(Options {
        tables: Some(Arc::new(second)),
        ..Options::default()
    })
    .await
    .expect("services");
    let address = services.address();
    let input = r#"{"TableName":"orders","Key":{"pk":{"S":"a"}}}"#;
    let (_, found) = call(address, "dynamodb.GetItem", input).await;
    assert_eq!(found["Item"], json!({"pk": {"S": "a"}}));
    put(address, json!({"pk": {"S": "b"}})).await;
    let after = records(address).await;
    assert_eq!(after.len(), 2);
    assert_eq!(after[0], before[0]);
    assert_eq!(services.resources().tables, ["orders"]);
    services.reset();
    assert!(services.resources().tables.is_empty());
    assert!(records(address).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_items_go_as_the_clock_moves_and_their_records_say_why() {
    let services = start(None, Options::default()).await;
    let address = services.address();
    call(address, "dynamodb.CreateTable", TABLE).await;
    let ttl = r#"{"TableName":"orders","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"until"}}"#;
    let (status, answer) = call(address, "dynamodb.UpdateTimeToLive", ttl).await;
    assert_eq!(status, 200, "{answer}");
    let in_an_hour = services.clock().now_ms() / 1000 + 3600;
    put(
        address,
        json!({"pk": {"S": "a"}, "until": {"N": in_an_hour.to_string()}}),
    )
    .await;
    put(address, json!({"pk": {"S": "b"}, "until": {"S": "never"}})).await;
    services.clock().advance(Duration::from_secs(7200));
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let (_, all) = call(address, "dynamodb.Scan", r#"{"TableName":"orders"}"#).await;
        if all["Count"] == 1 {
            break;
        }
        assert!(Instant::now() < end, "{all}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let records = records(address).await;
    let last = records.last().expect("a record");
    assert_eq!(last["eventName"], "REMOVE");
    assert_eq!(
        last["userIdentity"],
        json!({"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"})
    );
    // Records can be read for a day.
    services.clock().advance(Duration::from_secs(23 * 3600));
    assert_eq!(self::records(address).await.len(), 1);
    services.clock().advance(Duration::from_secs(3700));
    assert!(self::records(address).await.is_empty());
}

/// Notes what is asked, and denies what a list does not have.
struct Listed {
    allowed: Vec<(&'static str, &'static str)>,
    asked: Mutex<Vec<String>>,
}

impl Access for Listed {
    fn decide(&self, _: &Caller, action: &str, resource: &str) -> Result<(), String> {
        let mut asked = self.asked.lock().expect("a lock");
        asked.push(format!("{action} {resource}"));
        let is_allowed = self.allowed.contains(&(action, resource));
        is_allowed.then_some(()).ok_or_else(|| "denied".into())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_call_needs_its_actions_on_its_tables_and_indexes() {
    let orders = "arn:aws:dynamodb:us-east-1:123456789012:table/orders";
    let access = Arc::new(Listed {
        allowed: vec![
            ("dynamodb:CreateTable", orders),
            ("dynamodb:PutItem", orders),
        ],
        asked: Mutex::default(),
    });
    let options = Options {
        access: Arc::clone(&access) as Arc<dyn Access>,
        ..Options::default()
    };
    let services = start(None, options).await;
    let address = services.address();
    call(address, "dynamodb.CreateTable", TABLE).await;
    put(address, json!({"pk": {"S": "a"}})).await;
    let input = json!({"TableName": orders, "IndexName": "by-day"}).to_string();
    let (status, refused) = call(address, "dynamodb.Scan", input).await;
    assert_eq!(status, 400);
    assert_eq!(
        refused,
        json!({"__type": "com.amazon.coral.service#AccessDeniedException", "message": "denied"})
    );
    let transaction = json!({"TransactItems": [
        {"Put": {"TableName": "orders", "Item": {"pk": {"S": "b"}}}},
        {"ConditionCheck": {"TableName": "other", "Key": {}, "ConditionExpression": "a = b"}},
    ]});
    call(
        address,
        "dynamodb.TransactWriteItems",
        transaction.to_string(),
    )
    .await;
    let statement = json!({"Statement": "UPDATE \"orders\" SET a = 1 WHERE pk = 'a'"});
    call(address, "dynamodb.ExecuteStatement", statement.to_string()).await;
    let asked = access.asked.lock().expect("a lock").clone();
    assert_eq!(
        asked[2..],
        [
            format!("dynamodb:Scan {orders}/index/by-day"),
            "dynamodb:ConditionCheckItem arn:aws:dynamodb:us-east-1:123456789012:table/other"
                .into(),
            format!("dynamodb:PartiQLUpdate {orders}"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_are_known_and_answers_have_their_checksum() {
    let services = start(None, Options::default()).await;
    let address = services.address();
    let send = |target: &'static str, key: &'static str, body: &'static str| {
        tokio::task::spawn_blocking(move || client::send(address, target, key, body))
    };
    let stranger = send("DynamoDB_20120810.ListTables", "AKIASTRANGER", "{}")
        .await
        .expect("an answer");
    assert_eq!(stranger.status, 400);
    assert_eq!(
        stranger.document()["__type"],
        "com.amazon.coral.service#UnrecognizedClientException"
    );
    let listed = send("DynamoDB_20120810.ListTables", "test", "{}")
        .await
        .expect("an answer");
    assert_eq!(listed.text, r#"{"TableNames":[]}"#);
    assert_eq!(listed.header("x-amz-crc32"), Some("1315925753"));
    assert_eq!(
        listed.header("content-type"),
        Some("application/x-amz-json-1.0")
    );
    let backup = send("DynamoDB_20120810.CreateBackup", "test", "{}")
        .await
        .expect("an answer");
    assert_eq!(backup.status, 501);
    let unknown = send("DynamoDB_20120810.DropTable", "test", "{}")
        .await
        .expect("an answer");
    assert_eq!(
        unknown.document()["__type"],
        "com.amazon.coral.service#UnknownOperationException"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_inputs_are_refused_and_nothing_ends() {
    let services = start(None, Options::default()).await;
    let address = services.address();
    call(address, "dynamodb.CreateTable", TABLE).await;
    let scan = |filter: String| {
        json!({
            "TableName": "orders",
            "FilterExpression": filter,
            "ExpressionAttributeValues": {":v": {"S": "x"}},
        })
        .to_string()
    };
    let inputs = [
        ("PutItem", String::new()),
        ("PutItem", "[]".into()),
        ("PutItem", "{".into()),
        (
            "PutItem",
            format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)),
        ),
        (
            "PutItem",
            r#"{"TableName":"orders","Item":{"pk":{"S":7}}}"#.into(),
        ),
        (
            "Scan",
            scan(format!("{}a = :v{}", "(".repeat(2000), ")".repeat(2000))),
        ),
        ("Scan", scan(format!("{}a = :v", "NOT ".repeat(1000)))),
        ("Scan", scan("(".repeat(4096))),
        ("Scan", scan("a.".repeat(2048))),
        ("Scan", scan(format!("a{}", "[0]".repeat(1365)))),
        ("Scan", scan("é = :v".into())),
        (
            "ExecuteStatement",
            json!({"Statement": "(".repeat(8000)}).to_string(),
        ),
        (
            "ExecuteStatement",
            json!({"Statement": "select"}).to_string(),
        ),
        ("TagResource", r#"{"ResourceArn":"x","Tags":[1]}"#.into()),
        (
            "BatchWriteItem",
            r#"{"RequestItems":{"orders":[null]}}"#.into(),
        ),
        (
            "TransactWriteItems",
            r#"{"TransactItems":[{"Put":1}]}"#.into(),
        ),
        (
            "UpdateTable",
            r#"{"TableName":"orders","StreamSpecification":{}}"#.into(),
        ),
    ];
    for (operation, body) in inputs {
        let shown: String = body.chars().take(60).collect();
        let (status, answer) = call(address, &format!("dynamodb.{operation}"), body).await;
        assert!(
            (400..=500).contains(&status),
            "{operation} {shown}: {answer}"
        );
        assert!(
            answer["__type"].is_string(),
            "{operation} {shown}: {answer}"
        );
    }
    for (operation, body) in [
        ("GetRecords", r#"{"ShardIterator":"x|1|!"}"#),
        (
            "DescribeStream",
            r#"{"StreamArn":"arn:aws:dynamodb:us-east-1:123456789012:table/x/stream/y"}"#,
        ),
        ("GetShardIterator", "{}"),
    ] {
        let (status, answer) = call(address, &format!("dynamodbstreams.{operation}"), body).await;
        assert_eq!(status, 400, "{operation}: {answer}");
    }
    put(address, json!({"pk": {"S": "alive"}})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn declared_tables_are_created_and_brought_to_what_is_declared() {
    let services = start(None, Options::default()).await;
    let address = services.address();
    let create = json!({
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    });
    let mut table = DeclaredTable {
        create,
        time_to_live: None,
    };
    let declare = |table: &DeclaredTable| {
        let mut wanted = Declarations::default();
        wanted.tables.insert("orders".into(), table.clone());
        services.declare(&wanted).map_err(|error| error.to_string())
    };
    declare(&table).expect("a table");
    put(address, json!({"pk": {"S": "a"}, "day": {"S": "monday"}})).await;
    // The same twice changes nothing.
    declare(&table).expect("the same table");

    let index = |name: &str| {
        json!({
            "IndexName": name,
            "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        })
    };
    table.create["AttributeDefinitions"] = json!([
        {"AttributeName": "day", "AttributeType": "S"},
        {"AttributeName": "pk", "AttributeType": "S"},
    ]);
    table.create["GlobalSecondaryIndexes"] = json!([index("by-day"), index("by-day-too")]);
    table.create["StreamSpecification"] =
        json!({"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"});
    table.time_to_live = Some("until".into());
    declare(&table).expect("indexes, a stream and a time to live");
    let scan = r#"{"TableName":"orders","IndexName":"by-day"}"#;
    let (_, found) = call(address, "dynamodb.Scan", scan).await;
    assert_eq!(found["Count"], 1);
    let named = r#"{"TableName":"orders"}"#;
    let (_, ttl) = call(address, "dynamodb.DescribeTimeToLive", named).await;
    assert_eq!(ttl["TimeToLiveDescription"]["AttributeName"], "until");

    table.create["GlobalSecondaryIndexes"] = json!([index("by-day-too")]);
    table.create["StreamSpecification"] =
        json!({"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"});
    table.time_to_live = None;
    declare(&table).expect("fewer indexes");
    let (_, described) = call(address, "dynamodb.DescribeTable", named).await;
    let described = &described["Table"];
    assert_eq!(
        described["GlobalSecondaryIndexes"][0]["IndexName"],
        "by-day-too"
    );
    assert_eq!(described["GlobalSecondaryIndexes"][1], Value::Null);
    assert_eq!(
        described["StreamSpecification"]["StreamViewType"],
        "NEW_IMAGE"
    );
    let (_, ttl) = call(address, "dynamodb.DescribeTimeToLive", named).await;
    assert_eq!(ttl["TimeToLiveDescription"]["TimeToLiveStatus"], "DISABLED");
    let item = r#"{"TableName":"orders","Key":{"pk":{"S":"a"}}}"#;
    let (_, found) = call(address, "dynamodb.GetItem", item).await;
    assert!(found["Item"].is_object(), "items stay");

    table.create["KeySchema"] = json!([{"AttributeName": "day", "KeyType": "HASH"}]);
    let refused = declare(&table).expect_err("another key");
    assert!(
        refused.starts_with("cannot declare table `orders`: other keys"),
        "{refused}"
    );
}
