//! What else a function has, deployed to moto and read back by boto3.
//!
//! moto keeps neither logging, KMS key nor dead-letter target of a function, and changes neither disk nor tracing of one that is
//! there; those are tried on the account in memory.

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use crate::{
    deploy_moto::Moto,
    deploy_support::{App, REGION},
};

const GET: &str = "GET /objects/{key}";

/// Runs Python with a boto3 client of each service under its name; gives what the script puts into `out`.
pub(crate) fn boto3(moto: &Moto, script: &str) -> Value {
    let server = std::env::var_os("FW_MOTO_SERVER").unwrap_or_else(|| "moto_server".into());
    let python = match Path::new(&server).parent() {
        Some(folder) if folder != Path::new("") => folder.join("python3"),
        _ => "python3".into(),
    };
    let program = format!(
        "import boto3, io, json, zipfile\n\
         def client(name):\n    return boto3.client(name, endpoint_url={:?}, region_name={REGION:?}, \
         aws_access_key_id='test', aws_secret_access_key='test')\n\
         out = None\n{script}\nprint(json.dumps(out, default=str))\n",
        moto.url
    );
    let ran = Command::new(python)
        .args(["-c", &program])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{errors}");
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// A layer's version.
const LAYER: &str = "
body = io.BytesIO()
with zipfile.ZipFile(body, 'w') as archive:
    archive.writestr('a.txt', 'a')
out = client('lambda').publish_layer_version(LayerName='agent', Content={'ZipFile': body.getvalue()})['LayerVersionArn']
";

#[test]
fn a_function_is_deployed_with_all_that_is_set_of_it() {
    let moto = Moto::start();
    // moto looks for layers where functions are that Docker runs.
    moto.call("/moto-api/config", "{\"lambda\":{\"use_docker\":true}}");
    let layer = boto3(&moto, LAYER);
    moto.call("/moto-api/config", "{\"lambda\":{\"use_docker\":false}}");
    let layer = layer.as_str().unwrap();
    let app = App::new("notes");
    app.program("one", &[GET]);
    app.settings(&format!(
        "ephemeral_storage = 1024\nconcurrency = 7\npermissions_boundary = \"arn:aws:iam::123456789012:policy/most\"\ntracing = \"active\"\nlayers = [\"{layer}\"]\n\
         vpc = {{ subnets = [\"subnet-2\", \"subnet-1\"], security_groups = [\"sg-1\"] }}\n"
    ));
    let plan = app.fw(&moto, &["plan"]).ends(2).stdout;
    assert!(
        plan.contains("+ may ec2:CreateNetworkInterface, "),
        "{plan}"
    );
    app.fw(&moto, &["deploy"]).ends(0);
    let read = "
found = client('lambda').get_function_configuration(FunctionName='notes-dev', Qualifier='live')
policy = client('iam').get_role_policy(RoleName='notes-dev-eu-central-1', PolicyName='fw')['PolicyDocument']
out = [found['EphemeralStorage']['Size'], found['TracingConfig']['Mode'],
       [layer['Arn'] for layer in found.get('Layers', [])],
       found.get('VpcConfig', {}).get('SubnetIds'), found.get('VpcConfig', {}).get('SecurityGroupIds'),
       [one.get('Sid') for one in policy['Statement']],
       client('lambda').get_function_concurrency(FunctionName='notes-dev').get('ReservedConcurrentExecutions'),
       client('iam').get_role(RoleName='notes-dev-eu-central-1')['Role'].get('PermissionsBoundary', {}).get('PermissionsBoundaryArn')]
";
    assert_eq!(
        boto3(&moto, read),
        json!([
            1024,
            "Active",
            [layer],
            ["subnet-1", "subnet-2"],
            ["sg-1"],
            ["Logs", "Network", "Tracing"],
            7,
            "arn:aws:iam::123456789012:policy/most"
        ])
    );
    app.fw(&moto, &["plan"]).ends(0);
    let info = app.fw(&moto, &["info"]).ends(0).stdout;
    assert!(info.contains("ephemeral_storage 1024 MB"), "{info}");

    // Taken back, and told as what it was.
    app.settings("ephemeral_storage = 1024\ntracing = \"active\"\n");
    app.fw(&moto, &["deploy"])
        .ends(0)
        .says("vpc.subnets: subnet-1 subnet-2 → none")
        .says("layers: arn:")
        .says("concurrency of function `notes-dev`")
        .says("7 → none");
    let back = boto3(&moto, read);
    assert_eq!(back[2], json!([]));
    assert_eq!(back[3], json!([]));
    assert_eq!(back[5], json!(["Logs", "Tracing"]));
    assert_eq!([&back[6], &back[7]], [&json!(null), &json!(null)]);
    app.fw(&moto, &["plan"]).ends(0);

    // Somebody else changes it: it is put right.
    boto3(
        &moto,
        "client('lambda').update_function_configuration(FunctionName='notes-dev', MemorySize=512, \
         VpcConfig={'SubnetIds': ['subnet-9'], 'SecurityGroupIds': ['sg-9']})",
    );
    app.fw(&moto, &["deploy"])
        .ends(0)
        .says("memory: 512 MB → 128 MB, vpc.subnets: subnet-9 → none");
    app.fw(&moto, &["plan"]).ends(0);
}

#[test]
fn tags_are_set_changed_and_taken_back() {
    let moto = Moto::start();
    let app = App::new("notes");
    app.program("one", &[GET]);
    app.settings("tags = { team = \"shop\", cost = \"1\" }\n");
    app.fw(&moto, &["deploy"]).ends(0);
    let arn = |rest: &str| format!("arn:aws:{rest}").replace("REGION", REGION);
    let function = arn("lambda:REGION:123456789012:function:notes-dev");
    // Somebody else's tag is theirs.
    boto3(
        &moto,
        &format!(
            "client('lambda').tag_resource(Resource='{function}', Tags={{'theirs': 'x', 'team': 'other'}})"
        ),
    );
    app.settings("tags = { team = \"pay\" }\n");
    app.fw(&moto, &["deploy"])
        .ends(0)
        .says("team: other → pay")
        .says("not in the settings: cost");
    let group = arn("logs:REGION:123456789012:log-group:/aws/lambda/notes-dev");
    let read = format!(
        "
api = client('apigatewayv2').get_apis()['Items'][0]
role = client('iam').list_role_tags(RoleName='notes-dev-eu-central-1')['Tags']
out = [client('lambda').list_tags(Resource='{function}')['Tags'], {{tag['Key']: tag['Value'] for tag in role}},
       client('logs').list_tags_for_resource(resourceArn='{group}')['tags'], api['Tags']]
out[0].pop('fw:at'), out[0].pop('fw:by'), out[0].pop('fw:commit')
"
    );
    let ours = json!({"fw:app": "notes", "fw:stage": "dev", "fw:tags": "team", "team": "pay"});
    let mut functions = ours.clone();
    functions["theirs"] = json!("x");
    assert_eq!(boto3(&moto, &read), json!([functions, ours, ours, ours]));
    app.fw(&moto, &["plan"]).ends(0);
    let info = app.fw(&moto, &["info"]).ends(0).stdout;
    assert!(info.contains("by arn:aws:"), "{info}");
    // Without a change nobody has deployed.
    let at = format!("out = client('lambda').list_tags(Resource='{function}')['Tags']['fw:at']");
    let before = boto3(&moto, &at);
    app.fw(&moto, &["deploy"]).ends(0);
    assert_eq!(boto3(&moto, &at), before);
}

/// A secret and a parameter.
const SECRETS: &str = "
client('secretsmanager').create_secret(Name='db', SecretString=json.dumps({'password': 'hush-one', 'port': 5432}))
client('secretsmanager').create_secret(Name='whole', SecretString='hush-two')
client('ssm').put_parameter(Name='/notes/token', Type='SecureString', Value='hush-three')
";

#[test]
fn secrets_are_looked_up_and_never_told() {
    let moto = Moto::start();
    boto3(&moto, SECRETS);
    let app = App::new("notes");
    app.program("one", &[GET]);
    app.settings(
        "[environment]\nPASSWORD = \"secret:db#password\"\nPORT = \"secret:db#port\"\nWHOLE_SECRET = \"secret:whole\"\n\
         TOKEN = \"secret:ssm:/notes/token\"\nPLAIN = \"x\"\n",
    );
    let mut said = String::new();
    for args in [
        &["plan"][..],
        &["deploy", "-v"],
        &["plan", "--output", "json"],
        &["info", "--output", "json"],
    ] {
        let ran = app.fw(&moto, args);
        assert!(matches!(ran.code, Some(0 | 2)), "{}", ran.stderr);
        said.push_str(&ran.stdout);
        said.push_str(&ran.stderr);
    }
    app.command_without_account(&["plan", "--offline", "--save"])
        .output()
        .unwrap();
    said.push_str(&app.read("fw.dev.snapshot.json"));
    let ran = app
        .command_without_account(&["package", "--format", "cloudformation", "out"])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    said.push_str(&app.read("out/template.json"));
    assert!(said.contains("{{resolve:ssm:/notes/token}}"), "{said}");
    assert!(!said.contains("hush"), "{said}");
    let read = "out = client('lambda').get_function_configuration(FunctionName='notes-dev', Qualifier='live')['Environment']['Variables']";
    assert_eq!(
        boto3(&moto, read),
        json!({"PASSWORD": "hush-one", "PORT": "5432", "WHOLE_SECRET": "hush-two", "TOKEN": "hush-three", "PLAIN": "x"})
    );
    app.fw(&moto, &["plan"]).ends(0);

    // A new value is a change, and nothing more is told of it.
    boto3(
        &moto,
        "client('secretsmanager').put_secret_value(SecretId='whole', SecretString='hush-four')",
    );
    let changed = app
        .fw(&moto, &["deploy"])
        .ends(0)
        .says("secret `WHOLE_SECRET` changed");
    assert!(!changed.stderr.contains("hush"), "{}", changed.stderr);
    assert_eq!(boto3(&moto, read)["WHOLE_SECRET"], "hush-four");

    // What is not there stops before anything is built or changed.
    app.settings("environment = { TOKEN = \"secret:ssm:/notes/tokn\" }\n");
    app.fw(&moto, &["deploy"])
        .ends(65)
        .says("the parameter `/notes/tokn` is not in this account")
        .says("aws ssm put-parameter");
    // Nor is a variable made of bytes, and they are not told as absent.
    boto3(
        &moto,
        "client('secretsmanager').create_secret(Name='bytes', SecretBinary=b'hush-five')",
    );
    for reference in ["secret:bytes", "secret:bytes#field"] {
        app.settings(&format!("environment = {{ TOKEN = \"{reference}\" }}\n"));
        let ran = app
            .fw(&moto, &["deploy"])
            .ends(65)
            .says("the secret `bytes` is binary, for `TOKEN`")
            .says("put-secret-value --secret-id bytes --secret-string");
        assert!(
            !ran.stderr.contains("not in this account"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn a_role_of_yours_is_taken_as_it_is() {
    let moto = Moto::start();
    let script = "out = client('iam').create_role(RoleName='mine', AssumeRolePolicyDocument='{}')['Role']['Arn']";
    let role = boto3(&moto, script);
    let role = role.as_str().unwrap();
    let app = App::new("notes");
    app.program("one", &[GET]);
    app.settings(&format!("role = \"{role}\"\n"));
    app.fw(&moto, &["deploy"])
        .ends(0)
        .says("no role is created: `role` names `arn:");
    let read = "
out = [client('lambda').get_function_configuration(FunctionName='notes-dev', Qualifier='live')['Role'],
       [one['RoleName'] for one in client('iam').list_roles()['Roles']],
       client('iam').list_role_policies(RoleName='mine')['PolicyNames']]
";
    assert_eq!(boto3(&moto, read), json!([role, ["mine"], []]));
    app.fw(&moto, &["plan"]).ends(0);
    app.fw(&moto, &["delete", "--yes"]).ends(0);
    let left = "out = [one['RoleName'] for one in client('iam').list_roles()['Roles']]";
    assert_eq!(boto3(&moto, left), json!(["mine"]));
}
