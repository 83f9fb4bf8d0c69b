//! What is around an API, on moto, through the real binary, read back by boto3.

use serde_json::{Value, json};

use crate::{deploy_moto::Moto, deploy_settings::boto3, deploy_support::App};

const GET: &str = "GET /objects/{key}";

/// The log groups of gateways, and the stages' access logs.
const LOGS: &str = "
v2, v1 = client('apigatewayv2'), client('apigateway')
out = {
    'groups': client('logs').describe_log_groups(logGroupNamePrefix='/aws/apigateway/')['logGroups'],
    'http': [one.get('AccessLogSettings') for api in v2.get_apis()['Items'] for one in v2.get_stages(ApiId=api['ApiId'])['Items']],
    'rest': [one.get('accessLogSettings') for api in v1.get_rest_apis()['items'] for one in v1.get_stages(restApiId=api['id'])['item']],
}
";

fn logs(moto: &Moto) -> Value {
    boto3(moto, LOGS)
}

#[test]
fn the_gateway_logs_requests_as_the_settings_say() {
    let moto = Moto::start();
    let app = App::new("notes");
    app.program("one", &[GET]);
    app.settings("log_retention = 14\n[access_log]\nretention = 90");
    app.fw(&moto, &["deploy"])
        .ends(0)
        .says("log group `/aws/apigateway/notes-dev`");
    app.fw(&moto, &["deploy", "--plan"]).ends(0);
    let seen = logs(&moto);
    assert_eq!(
        seen["groups"][0]["logGroupName"],
        "/aws/apigateway/notes-dev"
    );
    assert_eq!(seen["groups"][0]["retentionInDays"], 90);
    let log = &seen["http"][0];
    let destination = log["DestinationArn"].as_str().unwrap();
    assert!(
        destination.ends_with(":log-group:/aws/apigateway/notes-dev"),
        "{destination}"
    );
    let line: Value = serde_json::from_str(log["Format"].as_str().unwrap()).unwrap();
    assert_eq!(line["route"], "$context.routeKey");
    let info = app.fw(&moto, &["info"]).ends(0).stdout;
    assert!(
        info.contains("/aws/apigateway/notes-dev, kept 90 days"),
        "{info}"
    );

    // It goes off by a call, and what was logged stays until it is asked for.
    app.settings("log_retention = 14");
    let off = app.fw(&moto, &["deploy"]).ends(0);
    assert_eq!(off.steps(), ["Updated access log of stage `$default`"]);
    let seen = logs(&moto);
    assert_eq!(seen["http"], json!([null]));
    app.fw(&moto, &["delete", "--yes"])
        .ends(0)
        .says("`/aws/apigateway/notes-dev`");
    assert_eq!(logs(&moto)["groups"].as_array().unwrap().len(), 1);
    app.fw(&moto, &["delete", "--yes", "--logs"]).ends(0);
    assert_eq!(logs(&moto)["groups"], json!([]));
}

#[test]
fn a_rest_api_logs_where_the_account_lets_it() {
    let moto = Moto::start();
    let app = App::new("notes");
    app.program("one", &[GET]);
    app.settings("gateway = \"rest-api\"\n[access_log]\nformat = \"clf\"");
    app.fw(&moto, &["deploy"])
        .ends(1)
        .says("AmazonAPIGatewayPushToCloudWatchLogs");
    assert_eq!(logs(&moto)["groups"], json!([]));
    boto3(
        &moto,
        "client('apigateway').update_account(patchOperations=[{'op': 'replace', 'path': '/cloudwatchRoleArn', \
         'value': 'arn:aws:iam::123456789012:role/logs'}])",
    );
    app.fw(&moto, &["deploy"]).ends(0);
    app.fw(&moto, &["deploy", "--plan"]).ends(0);
    let log = &logs(&moto)["rest"][0];
    assert!(
        log["format"]
            .as_str()
            .unwrap()
            .ends_with("$context.requestId")
    );
    app.settings("gateway = \"rest-api\"");
    app.fw(&moto, &["deploy"]).ends(0);
    assert_eq!(logs(&moto)["rest"], json!([null]));
    app.fw(&moto, &["deploy", "--plan"]).ends(0);
}

/// The domains, and what leads from them.
const DOMAINS: &str = "
v2 = client('apigatewayv2')
out = {
    'domains': v2.get_domain_names()['Items'],
    'mappings': [one for domain in v2.get_domain_names()['Items'] for one in v2.get_api_mappings(DomainName=domain['DomainName'])['Items']],
    'http': [api['ApiId'] for api in v2.get_apis()['Items']],
    'rest': [api['id'] for api in client('apigateway').get_rest_apis()['items']],
}
";

#[test]
fn a_domain_leads_to_the_app_as_the_settings_say() {
    let moto = Moto::start();
    let app = App::new("notes");
    app.program("one", &[GET]);
    let settings = |more: &str| {
        app.settings(&format!(
            "{more}\n[domain]\nname = \"api.example.org\"\nbase_path = \"orders/v1\"\n\
             certificate = \"arn:aws:acm:eu-central-1:123456789012:certificate/one\""
        ));
    };
    settings("");
    let first = app
        .fw(&moto, &["deploy"])
        .ends(0)
        .says("`api.example.org` must point to");
    assert_eq!(first.stdout.trim_end(), "https://api.example.org/orders/v1");
    app.fw(&moto, &["deploy", "--plan"]).ends(0);
    assert_eq!(app.fw(&moto, &["url"]).ends(0).stdout, first.stdout);
    let info = app.fw(&moto, &["info"]).ends(0).stdout;
    assert!(info.contains("https://api.example.org/orders/v1"), "{info}");
    assert!(info.contains(".execute-api."), "{info}");
    let seen = boto3(&moto, DOMAINS);
    let domain = &seen["domains"][0];
    assert_eq!(domain["DomainName"], "api.example.org");
    assert_eq!(domain["Tags"]["fw:app"], "notes");
    let configuration = &domain["DomainNameConfigurations"][0];
    assert_eq!(configuration["EndpointType"], "REGIONAL");
    assert_eq!(configuration["SecurityPolicy"], "TLS_1_2");
    let mapping = &seen["mappings"][0];
    assert_eq!(mapping["ApiMappingKey"], "orders/v1");
    assert_eq!(mapping["ApiId"], seen["http"][0]);
    assert_eq!(mapping["Stage"], "$default");

    // Another gateway takes over the path by one call, and the URL stays.
    settings("gateway = \"rest-api\"");
    let moved = app.fw(&moto, &["deploy", "--yes"]).ends(0);
    assert_eq!(moved.stdout, first.stdout);
    app.fw(&moto, &["deploy", "--plan"]).ends(0);
    let seen = boto3(&moto, DOMAINS);
    assert_eq!(seen["mappings"].as_array().unwrap().len(), 1);
    assert_eq!(seen["mappings"][0]["ApiId"], seen["rest"][0]);

    // Somebody else's mapping keeps the domain; ours goes, and asks.
    boto3(
        &moto,
        "v2 = client('apigatewayv2')\napi = v2.create_api(Name='other', ProtocolType='HTTP')['ApiId']\n\
         v2.create_stage(ApiId=api, StageName='$default')\n\
         v2.create_api_mapping(ApiId=api, DomainName='api.example.org', Stage='$default', ApiMappingKey='other')",
    );
    app.settings("gateway = \"rest-api\"");
    app.fw(&moto, &["deploy"])
        .ends(64)
        .says("mapping `https://api.example.org/orders/v1`");
    app.fw(&moto, &["deploy", "--yes"]).ends(0);
    app.fw(&moto, &["deploy", "--plan"]).ends(0);
    let seen = boto3(&moto, DOMAINS);
    assert_eq!(seen["mappings"].as_array().unwrap().len(), 1);
    assert_eq!(seen["mappings"][0]["ApiMappingKey"], "other");
    app.settings("[domain]\nname = \"api.example.org\"\nbase_path = \"other\"");
    app.fw(&moto, &["deploy", "--yes"])
        .ends(1)
        .says("the path is already in use");
}
