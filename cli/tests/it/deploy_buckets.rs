//! Functions that objects of buckets invoke, deployed to moto and read back by boto3.

use serde_json::{Value, json};

use crate::{deploy_moto::Moto, deploy_settings::boto3, deploy_support::App};

const ARCHIVE: &str = "shop-dev-archive-123456789012-eu-central-1";
const OWN: &str = "shop-dev-uploads-123456789012-eu-central-1";

/// What buckets report, and what lets S3 invoke the functions.
const READ: &str = "
s3 = client('s3')
def reports(bucket):
    found = s3.get_bucket_notification_configuration(Bucket=bucket)
    own = [[one['Id'], one['LambdaFunctionArn'].split(':function:')[-1], one['Events'],
            {rule['Name'].lower(): rule['Value'] for rule in one.get('Filter', {}).get('Key', {}).get('FilterRules', [])}]
           for one in found.get('LambdaFunctionConfigurations', [])]
    return sorted(own) + [one['Id'] for one in found.get('QueueConfigurations', [])]
def allowed(function):
    policy = json.loads(client('lambda').get_policy(FunctionName=function, Qualifier='live')['Policy'])
    return [[one['Principal']['Service'], one['Condition']['ArnLike']['AWS:SourceArn'],
             one['Condition']['StringEquals']['AWS:SourceAccount']] for one in policy['Statement']]
def private(bucket):
    block = s3.get_public_access_block(Bucket=bucket)['PublicAccessBlockConfiguration']
    tags = {tag['Key']: tag['Value'] for tag in s3.get_bucket_tagging(Bucket=bucket)['TagSet']}
    return [sorted(block.values()), tags, s3.get_bucket_location(Bucket=bucket)['LocationConstraint']]
def variables(function):
    return client('lambda').get_function_configuration(FunctionName=function)['Environment']['Variables']
";

fn program(app: &App, code: &str, sources: &Value) {
    let manifest = json!({
        "schema": 2, "app": "shop", "routes": [{ "method": "GET", "path": "/" }], "sources": sources,
    });
    app.program_of(code, &manifest.to_string());
}

fn objects(name: &str, bucket: &str, prefix: &str) -> Value {
    json!({ "name": name, "event": {
        "type": "s3", "bucket": bucket, "events": ["s3:ObjectCreated:*"], "prefix": prefix, "suffix": ".png" } })
}

#[test]
fn objects_invoke_functions_and_others_notifications_stay() {
    let moto = Moto::start();
    let app = App::new("shop");
    boto3(
        &moto,
        "s3, sqs = client('s3'), client('sqs')\n\
         s3.create_bucket(Bucket='theirs', CreateBucketConfiguration={'LocationConstraint': 'eu-central-1'})\n\
         url = sqs.create_queue(QueueName='q')['QueueUrl']\n\
         arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=['QueueArn'])['Attributes']['QueueArn']\n\
         one = {'Id': 'mine', 'QueueArn': arn, 'Events': ['s3:ObjectRemoved:*']}\n\
         s3.put_bucket_notification_configuration(Bucket='theirs', NotificationConfiguration={'QueueConfigurations': [one]})",
    );
    let (thumb, audit) = (
        objects("thumb", "uploads", "in/"),
        objects("audit", "theirs", ""),
    );
    program(&app, "one", &json!([audit, thumb]));
    app.settings("[buckets.theirs]\nexisting = \"theirs\"");
    app.fw(&moto, &["deploy"])
        .ends(0)
        .says(&format!("Created bucket `{OWN}`"))
        .says("Updated notifications of bucket `theirs`");
    let read = format!(
        "{READ}out = [reports('{OWN}'), reports('theirs'), allowed('shop-dev-thumb'), private('{OWN}'), \
         variables('shop-dev')['FW_BUCKET_UPLOADS'], variables('shop-dev')['FW_BUCKET_THEIRS']]"
    );
    let events = json!(["s3:ObjectCreated:*"]);
    assert_eq!(
        boto3(&moto, &read),
        json!([
            [["fw:shop:dev:thumb", "shop-dev-thumb:live", events, { "prefix": "in/", "suffix": ".png" }]],
            [["fw:shop:dev:audit", "shop-dev-audit:live", events, { "suffix": ".png" }], "mine"],
            [["s3.amazonaws.com", format!("arn:aws:s3:::{OWN}"), "123456789012"]],
            [
                [true, true, true, true],
                { "fw:app": "shop", "fw:stage": "dev", "fw:bucket": "uploads" },
                "eu-central-1",
            ],
            OWN,
            "theirs",
        ])
    );
    app.fw(&moto, &["plan"]).ends(0);
    let info = app.fw(&moto, &["info"]).ends(0).stdout;
    assert!(info.contains(OWN), "{info}");

    // What somebody changes by hand is put right.
    boto3(
        &moto,
        &format!(
            "s3 = client('s3')\n\
             s3.delete_public_access_block(Bucket='{OWN}')\n\
             s3.put_bucket_notification_configuration(Bucket='{OWN}', NotificationConfiguration={{}})"
        ),
    );
    app.fw(&moto, &["plan"]).ends(2);
    app.fw(&moto, &["deploy"]).ends(0);
    let again = format!("{READ}out = [len(reports('{OWN}')), private('{OWN}')[0]]");
    assert_eq!(boto3(&moto, &again), json!([1, [true, true, true, true]]));

    // One goes, the other one is for other objects.
    program(&app, "two", &json!([objects("thumb", "uploads", "new/")]));
    app.settings("[buckets.archive]");
    app.fw(&moto, &["deploy", "--yes"])
        .ends(0)
        .says("`audit`: the app no longer has it");
    let read = format!("{READ}out = [reports('{OWN}')[0][3], reports('theirs')]");
    assert_eq!(
        boto3(&moto, &read),
        json!([{ "prefix": "new/", "suffix": ".png" }, ["mine"]])
    );
    app.fw(&moto, &["plan"]).ends(0);

    // One that nothing wants goes while it is empty, and the deploy asks.
    app.settings("");
    app.fw(&moto, &["deploy"]).ends(64).says(ARCHIVE);
    app.fw(&moto, &["deploy", "--yes"])
        .ends(0)
        .says(&format!("Deleted bucket `{ARCHIVE}`"));

    // A bucket with objects stays, and that is said.
    boto3(
        &moto,
        &format!("client('s3').put_object(Bucket='{OWN}', Key='a', Body=b'text')"),
    );
    app.fw(&moto, &["delete", "--yes", "--logs"])
        .ends(0)
        .says(&format!("the bucket `{OWN}` has objects, and stays"));
    let names = "out = sorted(one['Name'] for one in client('s3').list_buckets()['Buckets'])";
    assert_eq!(boto3(&moto, names), json!([OWN, "theirs"]));
}
