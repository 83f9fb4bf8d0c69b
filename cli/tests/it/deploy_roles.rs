//! A role for each function, deployed to moto and read back by boto3.

use serde_json::json;

use crate::{deploy_moto::Moto, deploy_settings::boto3, deploy_support::App};

const READ: &str = "
out = {}
for role in client('iam').list_roles()['Roles']:
    policy = client('iam').get_role_policy(RoleName=role['RoleName'], PolicyName='fw')['PolicyDocument']
    statements = [one['Action'] + one['Resource'] for one in policy['Statement']]
    out[role['RoleName']] = statements
for name in ['notes-dev', 'notes-dev-door']:
    try:
        found = client('lambda').get_function_configuration(FunctionName=name, Qualifier='live')
        out[name] = [found['Role'].split('/')[-1], found['Environment']['Variables']]
    except client('lambda').exceptions.ResourceNotFoundException:
        out[name] = None
";

const SETTINGS: &str = r#"
environment = { TABLE = "notes", MODE = "plain" }

[[policy]]
actions = ["dynamodb:PutItem"]
resources = ["arn:aws:dynamodb:*:*:table/notes"]
functions = ["app"]

[[policy]]
actions = ["dynamodb:GetItem"]
resources = ["arn:aws:dynamodb:*:*:table/keys"]
functions = ["door"]

[authorizers.door.environment]
TABLE = "keys"
"#;

#[test]
fn each_function_has_a_role_and_variables_of_its_own() {
    let moto = Moto::start();
    let app = App::new("notes");
    let door = json!([{ "name": "door", "identity": ["$request.header.Authorization"] }]);
    let guarded = json!([{
        "method": "GET", "path": "/", "authorization": { "type": "lambda", "name": "door" },
    }]);
    app.program_asking("one", &guarded, &door);
    app.settings(SETTINGS);
    let plan = app.fw(&moto, &["plan"]).ends(2).stdout;
    for line in [
        "permissions of `notes-dev-door`:",
        "+ may dynamodb:GetItem on arn:aws:dynamodb:*:*:table/keys",
    ] {
        assert!(plan.contains(line), "{plan}");
    }
    app.fw(&moto, &["deploy"]).ends(0);
    let logs = |function: &str| {
        json!([
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            format!("arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/{function}:*"),
        ])
    };
    assert_eq!(
        boto3(&moto, READ),
        json!({
            "notes-dev-eu-central-1": [
                logs("notes-dev"),
                ["dynamodb:PutItem", "arn:aws:dynamodb:*:*:table/notes"],
            ],
            "notes-dev-door-eu-central-1": [
                logs("notes-dev-door"),
                ["dynamodb:GetItem", "arn:aws:dynamodb:*:*:table/keys"],
            ],
            "notes-dev": ["notes-dev-eu-central-1", { "TABLE": "notes", "MODE": "plain" }],
            "notes-dev-door": ["notes-dev-door-eu-central-1", { "TABLE": "keys", "MODE": "plain" }],
        })
    );
    app.fw(&moto, &["plan"]).ends(0);

    // What is taken from one function is told of that one, and taken from it alone.
    app.settings(&SETTINGS.replace("\"dynamodb:GetItem\"", "\"dynamodb:Query\""));
    let plan = app.fw(&moto, &["plan"]).ends(2).stdout;
    assert!(plan.contains("- may dynamodb:GetItem on"), "{plan}");
    assert!(!plan.contains("permissions of `notes-dev`:"), "{plan}");

    // A name that the app does not have stops before anything is changed.
    app.settings(&SETTINGS.replace("[\"door\"]", "[\"dor\"]"));
    app.fw(&moto, &["plan"])
        .ends(65)
        .says("did you mean `door`?");

    // The authorizer goes, and all of its own but the log with it.
    app.program("two", &["GET /"]);
    app.settings("environment = { MODE = \"plain\" }");
    app.fw(&moto, &["deploy", "--yes"]).ends(0);
    let left = boto3(&moto, READ);
    assert_eq!(left["notes-dev-door"], json!(null));
    assert!(left.get("notes-dev-door-eu-central-1").is_none(), "{left}");
    app.fw(&moto, &["delete", "--yes"]).ends(0);
    assert_eq!(
        boto3(&moto, READ),
        json!({ "notes-dev": null, "notes-dev-door": null })
    );
}
