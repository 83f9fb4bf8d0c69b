//! Buses, rules and schedules, deployed to moto and read back by boto3.

use serde_json::json;

use crate::{deploy_moto::Moto, deploy_settings::boto3, deploy_support::App};

const MANIFEST: &str = r#"{"schema":2,"app":"notes","routes":[{"method":"GET","path":"/"}],"sources":[
    {"name":"paid","event":{"type":"event","bus":"shop","pattern":{"source":["bank"]}}},
    {"name":"seen","event":{"type":"event","pattern":{"source":["bank"]}}},
    {"name":"nightly","event":{"type":"schedule","expression":"cron(0 2 * * ? *)","timezone":"Europe/Berlin"}}]}"#;

const BARE: &str = r#"{"schema":2,"app":"notes","routes":[{"method":"GET","path":"/"}]}"#;

const SETTINGS: &str = "
keep_warm = \"rate(5 minutes)\"
[queues.late]
[rules.paid]
input_path = \"$.detail\"
dead_letter = \"late\"
retries = 3
[rules.seen]
enabled = false
[schedules.nightly]
window = 15
dead_letter = \"late\"
";

/// Each rule with its target, each schedule, what the schedules' role allows, and who may invoke a function.
const READ: &str = "
events, scheduler = client('events'), client('scheduler')
def rule(bus, name):
    found = events.describe_rule(Name=name, EventBusName=bus)
    tags = {tag['Key']: tag['Value'] for tag in events.list_tags_for_resource(ResourceARN=found['Arn'])['Tags']}
    targets = events.list_targets_by_rule(Rule=name, EventBusName=bus)['Targets']
    return [json.loads(found['EventPattern']), found['State'], targets, tags['fw:app'], tags['fw:stage']]
def schedule(name):
    found = scheduler.get_schedule(GroupName='notes-dev', Name=name)
    return [found['ScheduleExpression'], found['ScheduleExpressionTimezone'], found['State'], found['FlexibleTimeWindow'],
            found['Target']['Arn'].split(':', 5)[-1], found['Target']['RoleArn'].split(':')[-1],
            found['Target'].get('DeadLetterConfig')]
statements = client('iam').get_role_policy(RoleName='notes-dev.scheduler-eu-central-1', PolicyName='fw')['PolicyDocument']['Statement']
policy = json.loads(client('lambda').get_policy(FunctionName='notes-dev-paid', Qualifier='live')['Policy'])['Statement']
out = [rule('notes-dev-shop', 'notes-dev-paid'), rule('default', 'notes-dev-seen'), schedule('nightly'), schedule('keep-warm.app'),
       [one['Action'] for one in statements], [one['Condition'] for one in policy]]
";

const LEFT: &str = "
events, scheduler = client('events'), client('scheduler')
out = [[one['Name'] for one in events.list_event_buses()['EventBuses']], events.list_rules()['Rules'],
       [one['Name'] for one in scheduler.list_schedule_groups()['ScheduleGroups']],
       [one['RoleName'] for one in client('iam').list_roles()['Roles'] if 'scheduler' in one['RoleName']]]
";

#[test]
fn rules_and_schedules_are_deployed_changed_and_deleted() {
    let moto = Moto::start();
    let app = App::new("notes");
    app.program_of("one", MANIFEST);
    app.settings(SETTINGS);
    app.fw(&moto, &["deploy"])
        .ends(0)
        .says("Created rule `notes-dev-shop/notes-dev-paid`");
    let alias = |name: &str| {
        format!("arn:aws:lambda:eu-central-1:123456789012:function:notes-dev-{name}:live")
    };
    let late = "arn:aws:sqs:eu-central-1:123456789012:notes-dev-late";
    let role = "role/notes-dev.scheduler-eu-central-1";
    assert_eq!(
        boto3(&moto, READ),
        json!([
            [
                { "source": ["bank"] }, "ENABLED",
                [{
                    "Id": "fw", "Arn": alias("paid"), "InputPath": "$.detail", "DeadLetterConfig": { "Arn": late },
                    "RetryPolicy": { "MaximumRetryAttempts": 3 },
                }],
                "notes", "dev",
            ],
            [{ "source": ["bank"] }, "DISABLED", [{ "Id": "fw", "Arn": alias("seen") }], "notes", "dev"],
            [
                "cron(0 2 * * ? *)", "Europe/Berlin", "ENABLED", { "Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15 },
                "function:notes-dev-nightly:live", role, { "Arn": late },
            ],
            ["rate(5 minutes)", "UTC", "ENABLED", { "Mode": "OFF" }, "function:notes-dev:live", role, null],
            [["lambda:InvokeFunction"], ["sqs:SendMessage"]],
            [{ "ArnLike": { "AWS:SourceArn": "arn:aws:events:eu-central-1:123456789012:rule/notes-dev-*" } }],
        ])
    );
    app.fw(&moto, &["plan"]).ends(0);
    let info = app.fw(&moto, &["info"]).ends(0).stdout;
    assert!(
        info.contains("nightly, cron(0 2 * * ? *) in Europe/Berlin"),
        "{info}"
    );

    // Somebody else switches a rule off: it is put right.
    boto3(
        &moto,
        "client('events').disable_rule(Name='notes-dev-paid', EventBusName='notes-dev-shop')",
    );
    app.fw(&moto, &["deploy"])
        .ends(0)
        .says("state: disabled → enabled");
    app.fw(&moto, &["plan"]).ends(0);

    // The functions leave the app: nobody is there to agree.
    app.program_of("two", BARE);
    app.settings("");
    app.fw(&moto, &["deploy"])
        .ends(64)
        .says("schedule `nightly`");
    app.fw(&moto, &["deploy", "--yes"])
        .ends(0)
        .says("Deleted bus `notes-dev-shop`");
    assert_eq!(
        boto3(&moto, LEFT),
        json!([["default"], [], ["default"], []])
    );
    app.fw(&moto, &["plan"]).ends(0);

    app.program_of("three", MANIFEST);
    app.settings(SETTINGS);
    app.fw(&moto, &["deploy"]).ends(0);
    app.fw(&moto, &["delete", "--yes", "--logs"])
        .ends(0)
        .says("schedule group `notes-dev`");
    assert_eq!(
        boto3(&moto, LEFT),
        json!([["default"], [], ["default"], []])
    );
}
