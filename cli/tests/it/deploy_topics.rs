//! Topics of the settings and of functions, deployed to moto and read back by boto3.

use serde_json::json;

use crate::{deploy_moto::Moto, deploy_settings::boto3, deploy_support::App};

const MANIFEST: &str = r#"{"schema":2,"app":"notes","routes":[{"method":"GET","path":"/"}],
    "sources":[{"name":"mail","event":{"type":"sns","topic":"news"}}]}"#;

const BARE: &str = r#"{"schema":2,"app":"notes","routes":[{"method":"GET","path":"/"}]}"#;

const SETTINGS: &str = "
[queues.late]
[queues.steps]
fifo = true
[topics.news.functions.mail]
filter = { kind = [\"urgent\"] }
dead_letter = \"late\"
[topics.news.queues.late]
raw = true
[topics.moves]
fifo = true
content_based_deduplication = true
[topics.moves.queues.steps]
";

/// Each topic with its tags, each subscription with its attributes, who may invoke the function, and who may send to the queue.
const READ: &str = "
sns = client('sns')
def topic(arn):
    found = sns.get_topic_attributes(TopicArn=arn)['Attributes']
    tags = {tag['Key']: tag['Value'] for tag in sns.list_tags_for_resource(ResourceArn=arn)['Tags']}
    return [arn.split(':')[-1], found.get('FifoTopic'), found.get('ContentBasedDeduplication'), tags['fw:app'], tags['fw:stage']]
def subscription(one):
    found = sns.get_subscription_attributes(SubscriptionArn=one['SubscriptionArn'])['Attributes']
    read = lambda key: json.loads(found[key]) if found.get(key) else None
    return [one['TopicArn'].split(':')[-1], one['Protocol'], one['Endpoint'].split(':', 5)[-1], read('FilterPolicy'),
            found.get('RawMessageDelivery'), read('RedrivePolicy')]
policy = json.loads(client('lambda').get_policy(FunctionName='notes-dev-mail', Qualifier='live')['Policy'])['Statement']
url = client('sqs').get_queue_url(QueueName='notes-dev-late')['QueueUrl']
sender = json.loads(client('sqs').get_queue_attributes(QueueUrl=url, AttributeNames=['Policy'])['Attributes']['Policy'])['Statement']
function = client('lambda').get_function_configuration(FunctionName='notes-dev')['Environment']['Variables']
out = [sorted(topic(one['TopicArn']) for one in sns.list_topics()['Topics']),
       sorted((subscription(one) for one in sns.list_subscriptions()['Subscriptions']), key=str),
       [[one['Principal']['Service'], one['Condition']] for one in policy],
       [[one['Principal']['Service'], one['Condition']['ArnLike']['aws:SourceArn']] for one in sender],
       function['FW_TOPIC_NEWS']]
";

#[test]
fn topics_are_deployed_changed_and_deleted() {
    let moto = Moto::start();
    let app = App::new("notes");
    app.program_of("one", MANIFEST);
    app.settings(SETTINGS);
    app.fw(&moto, &["deploy"])
        .ends(0)
        .says("Created subscription `notes-dev-news → notes-dev-mail`");
    let all = "arn:aws:sns:eu-central-1:123456789012:notes-dev-*";
    let late = "arn:aws:sqs:eu-central-1:123456789012:notes-dev-late";
    assert_eq!(
        boto3(&moto, READ),
        json!([
            [
                ["notes-dev-moves.fifo", "true", "true", "notes", "dev"],
                ["notes-dev-news", null, null, "notes", "dev"],
            ],
            [
                ["notes-dev-moves.fifo", "sqs", "notes-dev-steps.fifo", null, "false", null],
                [
                    "notes-dev-news", "lambda", "function:notes-dev-mail:live", { "kind": ["urgent"] }, "false",
                    { "deadLetterTargetArn": late },
                ],
                ["notes-dev-news", "sqs", "notes-dev-late", null, "true", null],
            ],
            [["sns.amazonaws.com", { "ArnLike": { "AWS:SourceArn": all } }]],
            [["sns.amazonaws.com", [all]]],
            "arn:aws:sns:eu-central-1:123456789012:notes-dev-news",
        ])
    );
    app.fw(&moto, &["plan"]).ends(0);
    let info = app.fw(&moto, &["info"]).ends(0).stdout;
    assert!(
        info.contains("notes-dev-news, which leads to notes-dev-mail, notes-dev-late"),
        "{info}"
    );

    // Somebody else changes a filter: it is put right.
    boto3(
        &moto,
        "sns = client('sns')\n\
         all = sns.list_subscriptions()['Subscriptions']\n\
         one = [one['SubscriptionArn'] for one in all if one['Protocol'] == 'lambda'][0]\n\
         sns.set_subscription_attributes(SubscriptionArn=one, AttributeName='FilterPolicy', AttributeValue='{}')",
    );
    app.fw(&moto, &["deploy"])
        .ends(0)
        .says("filter: none → {\"kind\":[\"urgent\"]}");
    app.fw(&moto, &["plan"]).ends(0);

    // The function and the topics leave the app: nobody is there to agree.
    app.program_of("two", BARE);
    app.settings("[queues.late]\n");
    app.fw(&moto, &["deploy"])
        .ends(64)
        .says("topic `notes-dev-news`");
    app.fw(&moto, &["deploy", "--yes"])
        .ends(0)
        .says("Deleted topic `notes-dev-news`");
    let left = "sns = client('sns')\nout = [sns.list_topics()['Topics'], sns.list_subscriptions()['Subscriptions']]";
    assert_eq!(boto3(&moto, left), json!([[], []]));
    app.fw(&moto, &["plan"]).ends(0);

    app.program_of("three", MANIFEST);
    app.settings(SETTINGS);
    app.fw(&moto, &["deploy"]).ends(0);
    app.fw(&moto, &["delete", "--yes", "--logs"])
        .ends(0)
        .says("topic `notes-dev-moves.fifo`");
    assert_eq!(boto3(&moto, left), json!([[], []]));
}

#[test]
fn a_topic_of_somebody_else_stops_the_deploy_and_one_that_is_there_is_used() {
    let moto = Moto::start();
    let app = App::new("notes");
    app.program_of("one", MANIFEST);
    boto3(&moto, "client('sns').create_topic(Name='notes-dev-news')");
    app.fw(&moto, &["deploy"])
        .ends(1)
        .says("the topic `notes-dev-news` belongs to something other than `cargo fw`");
    app.settings(
        "[topics.news]\nexisting = \"arn:aws:sns:eu-central-1:123456789012:notes-dev-news\"\n",
    );
    app.fw(&moto, &["deploy"]).ends(0);
    app.fw(&moto, &["plan"]).ends(0);
    app.fw(&moto, &["delete", "--yes"]).ends(0);
    let left = "sns = client('sns')\n\
        out = [[one['TopicArn'].split(':')[-1] for one in sns.list_topics()['Topics']], sns.list_subscriptions()['Subscriptions']]";
    assert_eq!(boto3(&moto, left), json!([["notes-dev-news"], []]));
}
