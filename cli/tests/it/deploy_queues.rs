//! Queues of the settings, deployed to moto and read back by boto3.

use serde_json::json;

use crate::{deploy_moto::Moto, deploy_settings::boto3, deploy_support::App};

const GET: &str = "GET /objects/{key}";

const SETTINGS: &str = "
[queues.orders]
visibility_timeout = 60
dead_letter = \"failed\"
[queues.failed]
retention = 1_209_600
[queues.steps]
fifo = true
content_based_deduplication = true
";

/// The attributes of a queue that the settings say, its tags, and what the function finds.
const READ: &str = "
sqs = client('sqs')
def queue(name):
    url = sqs.get_queue_url(QueueName=name)['QueueUrl']
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=['All'])['Attributes']
    tags = sqs.list_queue_tags(QueueUrl=url).get('Tags', {})
    redrive = json.loads(found['RedrivePolicy']) if found.get('RedrivePolicy') else None
    return [found['VisibilityTimeout'], found['MessageRetentionPeriod'], found.get('FifoQueue'),
            found.get('ContentBasedDeduplication'), redrive, tags.get('fw:app'), tags.get('fw:stage')]
function = client('lambda').get_function_configuration(FunctionName='notes-dev')['Environment']['Variables']
tags = client('lambda').list_tags(Resource='arn:aws:lambda:eu-central-1:123456789012:function:notes-dev')['Tags']
out = [queue('notes-dev-orders'), queue('notes-dev-failed'), queue('notes-dev-steps.fifo'),
       function['FW_QUEUE_ORDERS'], tags.get('fw:kinds')]
";

#[test]
fn queues_are_deployed_changed_and_deleted() {
    let moto = Moto::start();
    let app = App::new("notes");
    app.program("one", &[GET]);
    app.settings(SETTINGS);
    app.fw(&moto, &["deploy"])
        .ends(0)
        .says("Created queue `notes-dev-orders`");
    let failed = "arn:aws:sqs:eu-central-1:123456789012:notes-dev-failed";
    let redrive = json!({ "deadLetterTargetArn": failed, "maxReceiveCount": 3 });
    assert_eq!(
        boto3(&moto, READ),
        json!([
            ["60", "345600", null, null, redrive, "notes", "dev"],
            ["30", "1209600", null, null, null, "notes", "dev"],
            ["30", "345600", "true", "true", null, "notes", "dev"],
            "https://sqs.eu-central-1.amazonaws.com/123456789012/notes-dev-orders",
            "queue",
        ])
    );
    app.fw(&moto, &["plan"]).ends(0);

    // Somebody else changes one: it is put right.
    boto3(
        &moto,
        "sqs = client('sqs')\n\
         url = sqs.get_queue_url(QueueName='notes-dev-orders')['QueueUrl']\n\
         sqs.set_queue_attributes(QueueUrl=url, Attributes={'VisibilityTimeout': '5'})\n\
         sqs.send_message(QueueUrl=url, MessageBody='one')",
    );
    app.fw(&moto, &["deploy"])
        .ends(0)
        .says("visibility timeout: 5 s → 60 s");
    app.fw(&moto, &["plan"]).ends(0);
    let info = app.fw(&moto, &["info"]).ends(0).stdout;
    assert!(info.contains("notes-dev-orders, about 1 waiting"), "{info}");

    // One with a message in it leaves the settings: nobody is there to agree.
    app.settings("[queues.failed]\nretention = 1_209_600\n");
    app.fw(&moto, &["deploy"])
        .ends(64)
        .says("queue `notes-dev-orders` with the messages in it");
    app.fw(&moto, &["deploy", "--yes"])
        .ends(0)
        .says("Deleted queue `notes-dev-orders`");
    let names =
        "out = [url.split('/')[-1] for url in client('sqs').list_queues().get('QueueUrls', [])]";
    assert_eq!(boto3(&moto, names), json!(["notes-dev-failed"]));
    app.fw(&moto, &["plan"]).ends(0);

    app.fw(&moto, &["delete", "--yes", "--logs"])
        .ends(0)
        .says("queue `notes-dev-failed`");
    assert_eq!(boto3(&moto, names), json!([]));
}

#[test]
fn a_queue_of_somebody_else_stops_the_deploy() {
    let moto = Moto::start();
    let app = App::new("notes");
    app.program("one", &[GET]);
    app.settings("[queues.orders]\n");
    boto3(
        &moto,
        "client('sqs').create_queue(QueueName='notes-dev-orders')",
    );
    app.fw(&moto, &["deploy"])
        .ends(1)
        .says("the queue `notes-dev-orders` belongs to something other than `cargo fw`");
    let functions = "out = client('lambda').list_functions()['Functions']";
    assert_eq!(boto3(&moto, functions), json!([]));
}
