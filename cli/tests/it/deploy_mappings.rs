//! Functions that read queues, deployed to moto and read back by boto3.

use serde_json::{Value, json};

use crate::{deploy_moto::Moto, deploy_settings::boto3, deploy_support::App};

const SETTINGS: &str = "
timeout = 10
[queues.steps]
fifo = true
[functions.ship]
batch_size = 100
batch_window = 5
max_concurrency = 4
filters = [{ body = { kind = [\"order\"] } }]
";

/// The event source mappings, each with its function and tags, and what the roles allow.
const READ: &str = "
fn = client('lambda')
def mapping(one):
    tags = fn.list_tags(Resource=one['EventSourceMappingArn'])['Tags']
    filters = [json.loads(filter['Pattern']) for filter in one.get('FilterCriteria', {}).get('Filters', [])]
    return [one['EventSourceArn'].split(':')[-1], one['BatchSize'], one.get('MaximumBatchingWindowInSeconds', 0), filters,
            one.get('ScalingConfig', {}).get('MaximumConcurrency'), one['FunctionResponseTypes'], one['State'], tags.get('fw:app')]
def of(function):
    alias = 'arn:aws:lambda:eu-central-1:123456789012:function:' + function + ':live'
    return [mapping(one) for one in fn.list_event_source_mappings(FunctionName=alias)['EventSourceMappings']]
def allowed(function):
    policy = client('iam').get_role_policy(RoleName=function + '-eu-central-1', PolicyName='fw')['PolicyDocument']
    return [[one['Action'], one['Resource']] for one in policy['Statement'] if one['Sid'] == 'Source']
queue = client('sqs').get_queue_attributes(QueueUrl=client('sqs').get_queue_url(QueueName='shop-dev-orders')['QueueUrl'],
                                           AttributeNames=['All'])['Attributes']
out = [of('shop-dev-ship'), of('shop-dev-step'), allowed('shop-dev-ship'), queue['VisibilityTimeout']]
";

fn program(app: &App, code: &str, sources: &Value) {
    let manifest = json!({
        "schema": 2, "app": "shop", "routes": [{ "method": "GET", "path": "/" }], "sources": sources,
    });
    app.program_of(code, &manifest.to_string());
}

fn reads(name: &str, queue: &str) -> Value {
    json!({ "name": name, "event": { "type": "sqs", "queue": queue } })
}

#[test]
fn functions_that_read_queues_are_deployed_changed_and_deleted() {
    let moto = Moto::start();
    let app = App::new("shop");
    let (ship, step) = (reads("ship", "orders"), reads("step", "steps"));
    program(&app, "one", &json!([ship, step]));
    app.settings(SETTINGS);
    app.fw(&moto, &["deploy"])
        .ends(0)
        .says("Created event source mapping `shop-dev-orders → shop-dev-ship`")
        .says("Created queue `shop-dev-orders`");
    let reports = json!(["ReportBatchItemFailures"]);
    let actions = [
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
    ];
    let orders = "arn:aws:sqs:eu-central-1:123456789012:shop-dev-orders";
    assert_eq!(
        boto3(&moto, READ),
        json!([
            [["shop-dev-orders", 100, 5, [{ "body": { "kind": ["order"] } }], 4, reports, "Enabled", "shop"]],
            [["shop-dev-steps.fifo", 10, 0, [], null, reports, "Enabled", "shop"]],
            [[actions, [orders]]],
            "60",
        ])
    );
    app.fw(&moto, &["plan"]).ends(0);
    let info = app.fw(&moto, &["info"]).ends(0).stdout;
    assert!(
        info.contains(
            "shop-dev-ship reads shop-dev-orders, up to 100 messages at once, batch_window 5 s"
        ),
        "{info}"
    );

    // Somebody else stops it: it is started again, and what the settings no longer have is as Lambda has it.
    boto3(
        &moto,
        "fn = client('lambda')\n\
         for one in fn.list_event_source_mappings()['EventSourceMappings']:\n    \
             fn.update_event_source_mapping(UUID=one['UUID'], Enabled=False)",
    );
    app.settings("timeout = 10\n[queues.steps]\nfifo = true\n[functions.ship]\nbatch_size = 5\n");
    app.fw(&moto, &["deploy"])
        .ends(0)
        .says("batch_size: 100 → 5")
        .says("enabled: no → yes");
    let read = boto3(&moto, READ);
    assert_eq!(
        read[0],
        json!([[
            "shop-dev-orders",
            5,
            0,
            [],
            null,
            reports,
            "Enabled",
            "shop"
        ]])
    );
    assert_eq!(read[1][0][6], "Enabled");
    app.fw(&moto, &["plan"]).ends(0);

    // One function reads another queue, and one is deleted with its queue, which needs consent.
    program(&app, "two", &json!([reads("ship", "jobs")]));
    app.settings("timeout = 10");
    app.fw(&moto, &["deploy"])
        .ends(64)
        .says("queue `shop-dev-orders`");
    app.fw(&moto, &["deploy", "--yes"])
        .ends(0)
        .says("Deleted event source mapping `shop-dev-orders → shop-dev-ship`")
        .says("Deleted event source mapping `shop-dev-steps.fifo → shop-dev-step`");
    let left = "out = sorted(one['EventSourceArn'].split(':')[-1] for one in \
                client('lambda').list_event_source_mappings()['EventSourceMappings'])";
    assert_eq!(boto3(&moto, left), json!(["shop-dev-jobs"]));
    app.fw(&moto, &["plan"]).ends(0);

    app.fw(&moto, &["delete", "--yes", "--logs"]).ends(0);
    assert_eq!(boto3(&moto, left), json!([]));
}

#[test]
fn what_lambda_would_refuse_is_refused_before_anything_is_written() {
    let moto = Moto::start();
    let app = App::new("shop");
    program(&app, "one", &json!([reads("ship", "orders")]));
    for (settings, says) in [
        (
            "[functions.ship]\nbatch_size = 11",
            "needs a `batch_window`",
        ),
        (
            "[queues.orders]\nfifo = true\n[functions.ship]\nbatch_window = 1",
            "not for a FIFO queue",
        ),
        (
            "timeout = 20\n[queues.orders]\nvisibility_timeout = 19",
            "shorter than the timeout of the function that reads it",
        ),
    ] {
        app.settings(settings);
        app.fw(&moto, &["deploy"]).ends(65).says(says);
    }
    let functions = "out = client('lambda').list_functions()['Functions']";
    assert_eq!(boto3(&moto, functions), json!([]));
}

/// How asynchronous invocations are handled is set, changed and taken back.
#[test]
fn events_of_functions_are_handled_as_the_settings_say() {
    const READ: &str = "
fn = client('lambda')
try:
    found = fn.get_function_event_invoke_config(FunctionName='shop-dev-mail', Qualifier='live')
    to = found.get('DestinationConfig', {})
    out = [found['MaximumRetryAttempts'], found['MaximumEventAgeInSeconds'],
           to.get('OnSuccess', {}).get('Destination'), to.get('OnFailure', {}).get('Destination')]
except fn.exceptions.ResourceNotFoundException:
    out = None
";
    let moto = Moto::start();
    let app = App::new("shop");
    let called = |name: &str| json!({ "name": name, "event": { "type": "function" } });
    program(&app, "one", &json!([called("log"), called("mail")]));
    app.settings(
        "[queues.failed]\n[functions.mail]\nretries = 0\nmax_event_age = 60\n\
         on_success = \"function:log\"\non_failure = \"queue:failed\"",
    );
    app.fw(&moto, &["deploy"])
        .ends(0)
        .says("Created asynchronous invocation of function `shop-dev-mail`");
    let log = "arn:aws:lambda:eu-central-1:123456789012:function:shop-dev-log:live";
    let failed = "arn:aws:sqs:eu-central-1:123456789012:shop-dev-failed";
    assert_eq!(boto3(&moto, READ), json!([0, 60, log, failed]));
    let info = app.fw(&moto, &["info"]).ends(0).stdout;
    assert!(info.contains("retries 0, max_event_age 60 s"), "{info}");
    app.fw(&moto, &["plan"]).ends(0);
    app.settings("[queues.failed]\n[functions.mail]\nretries = 1");
    app.fw(&moto, &["deploy"]).ends(0).says("retries: 0 → 1");
    assert_eq!(boto3(&moto, READ), json!([1, 21600, null, null]));
    app.settings("[queues.failed]");
    app.fw(&moto, &["deploy"]).ends(0);
    assert_eq!(boto3(&moto, READ), json!(null));
    app.fw(&moto, &["plan"]).ends(0);
}
