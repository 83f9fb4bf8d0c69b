//! The settings as they are written, and what is refused.

mod examples;
mod functions;

use fw_manifest::Part;

use super::{Settings, compatibility};
use crate::{
    error::Exit,
    values::{gateway::Gateway, lambda::Architecture},
};

#[test]
fn a_stage_goes_over_the_defaults_key_by_key() {
    let text = r#"
        memory = 256
        derive_policy = true
        environment = { BUCKET = "one", MODE = "plain" }
        architecture = "arm64"
        [stages.prod]
        memory = 512
        derive_policy = false
        environment = { BUCKET = "two" }
    "#;
    let dev = Settings::from_toml(text, "dev", None, None).unwrap();
    let prod = Settings::from_toml(text, "prod", None, None).unwrap();
    let (dev_app, prod_app) = (dev.of(&Part::Api), prod.of(&Part::Api));
    assert_eq!((dev_app.memory, prod_app.memory), (256, 512));
    assert_eq!((dev.derive_policy, prod.derive_policy), (true, false));
    assert_eq!(prod.architecture, Architecture::Arm64);
    assert_eq!(prod_app.environment["BUCKET"], "two");
    assert_eq!(prod_app.environment["MODE"], "plain");
    assert_eq!(dev_app.environment["BUCKET"], "one");
    assert_eq!(dev_app.timeout, 30);
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    for (text, hint) in [
        ("memry = 1", Some("did you mean `memory`?")),
        ("[stages.prod]\ntimeot = 1", Some("did you mean `timeout`?")),
        (
            "[cors]\nallowed_origins = []",
            Some("did you mean `allow_origins`?"),
        ),
        ("architecture = \"x86-64\"", Some("did you mean `x86_64`?")),
        (
            "zzz = 1",
            Some(
                "use one of: access_log, api, api_key_source, api_keys, architecture, artifact_bucket, auth, authorizers, binary_media_types, buckets, buses, concurrency, cors, dead_letter, derive_policy, domain, environment, ephemeral_storage, functions, gateway, gateway_responses, health, integration_timeout, invoke_mode, jwt, keep_versions, keep_warm, kms_key, layers, local, log_format, log_level, log_retention, memory, payload_format, permissions_boundary, policy, provisioned_concurrency, queues, request_validation, role, rules, schedules, stage_name, stage_variables, stages, system_log_level, tables, tags, throttle, timeout, topics, tracing, usage_plans, vpc",
            ),
        ),
    ] {
        let failure = Settings::from_toml(text, "dev", None, None).unwrap_err();
        assert_eq!(failure.exit(), Exit::Input, "{text}");
        assert_eq!(failure.advice(), hint, "{text}");
    }
}

#[test]
fn each_gateway_has_its_own_settings() {
    let http = Settings::from_toml("", "dev", None, None).unwrap();
    assert_eq!(
        (http.gateway, http.gateway_settings.prefix().as_str()),
        (Gateway::HttpApi, "")
    );
    let text = r#"
        gateway = "rest-api"
        binary_media_types = ["image/*"]
        stage_variables = { table = "t1" }
        request_validation = true
        [[api_keys]]
        name = "acme"
        [usage_plans.basic]
        keys = ["acme"]
        rate = 5
        burst = 10
        quota = { limit = 1000, period = "day" }
        [gateway_responses.ACCESS_DENIED]
        status = 404
        [stages.prod]
        stage_name = "v1"
        stage_variables = { color = "red" }
    "#;
    let dev = Settings::from_toml(text, "dev", None, None).unwrap();
    let prod = Settings::from_toml(text, "prod", None, None).unwrap();
    assert_eq!(
        (
            dev.gateway_settings.prefix(),
            prod.gateway_settings.prefix()
        ),
        ("/dev".to_owned(), "/v1".to_owned())
    );
    assert_eq!(prod.gateway_settings.stage_variables.len(), 2);
    // Bytes arrive as bytes, unless the file names types, or none.
    for (text, types) in [
        ("gateway = \"rest-api\"", &["*/*"][..]),
        ("gateway = \"rest-api\"\nbinary_media_types = []", &[]),
        ("", &[]),
        ("gateway = \"function-url\"", &[]),
    ] {
        let settings = Settings::from_toml(text, "dev", None, None).unwrap();
        assert_eq!(
            settings.gateway_settings.binary_media_types, types,
            "{text}"
        );
    }
    assert_eq!(dev.access.usage_plans["basic"].rate, Some(5.0));
    assert!(dev.access.api_keys[0].enabled);
    // Another gateway on the command line leaves out what it does not have, and says so.
    let there = Settings::from_toml(text, "dev", None, Some(Gateway::FunctionUrl)).unwrap();
    assert_eq!(
        there.left_out,
        [
            "stage_variables",
            "binary_media_types",
            "api_keys",
            "usage_plans",
            "gateway_responses",
            "request_validation"
        ]
    );
    assert_eq!(there.gateway_settings.prefix(), "");
    for (text, hint) in [
        ("binary_media_types = [\"*/*\"]", "`gateway = \"rest-api\"`"),
        (
            "gateway = \"rest-api\"\npayload_format = \"1.0\"",
            "always 1.0",
        ),
        (
            "gateway = \"function-url\"\nstage_name = \"v1\"",
            "has no stages",
        ),
        ("auth = \"iam\"", "#[route(…, iam)]"),
        (
            "gateway = \"rest-api\"\n[jwt.x]\nissuer = \"https://i/\"\naudience = \"a\"",
            "#[authorizer]",
        ),
        (
            "gateway = \"rest-api\"\nstage_name = \"$default\"",
            "stage_name = \"v1\"",
        ),
        (
            "gateway = \"rest-api\"\n[cors]\nallow_origins = [\"https://a\", \"https://b\"]",
            "one origin",
        ),
        (
            "gateway = \"function-url\"\n[access_log]\nformat = \"json\"",
            "`gateway = \"rest-api\"`; a function URL has no access log",
        ),
        (
            "gateway = \"function-url\"\n[domain]\nname = \"a.example.org\"",
            "`gateway = \"rest-api\"`; a function URL has its own host",
        ),
        (
            "domain = { name = \"a.example.org\", base_pth = \"v1\" }",
            "did you mean `base_path`?",
        ),
        (
            "domain = { name = \"a.example.org\", base_path = \"/v1/\" }",
            "`base_path = \"v1\"`",
        ),
        (
            "domain = { name = \"https://a.example.org\" }",
            "`name = \"api.example.org\"`",
        ),
        (
            "access_log = { formt = \"json\" }",
            "did you mean `format`?",
        ),
        ("gateway = \"rest\"", "did you mean `rest-api`?"),
        (
            "gateway = \"rest-api\"\n[gateway_responses.ACESS_DENIED]",
            "`ACCESS_DENIED`",
        ),
        ("[jwt.users]\nisuer = \"x\"", "did you mean `issuer`?"),
    ] {
        let failure = Settings::from_toml(text, "dev", None, None).unwrap_err();
        assert_eq!(failure.exit(), Exit::Input, "{text}");
        let advice = failure.advice().unwrap_or_default();
        assert!(advice.contains(hint), "{text}: {failure}: {advice}");
    }
}

#[test]
fn what_aws_would_refuse_is_refused_here() {
    for text in [
        "stage_name = \"a b\"",
        "stage_variables = { \"a-b\" = \"x\" }",
        "stage_variables = { a = \"x y\" }",
        "[jwt.x]\nissuer = \"issuer\"\naudience = \"a\"",
        "[jwt.x]\nissuer = \"http://example.org\"\naudience = \"a\"",
        "[jwt.x]\nissuer = \"https://i/\"\naudience = []",
        "[jwt.x]\nissuer = \"https://i/\"\naudience = \"a\"\nidentity = \"Authorization\"",
        "[authorizers.x]\nttl = 3601",
        "[authorizers.x]\nidentity = [\"Authorization\"]",
        "throttle = { rate = 1 }",
        "throttle = { rate = -1, burst = 1 }",
        "gateway = \"rest-api\"\napi_keys = [{ name = \"a\", value = \"short\" }]",
        "gateway = \"rest-api\"\napi_keys = [{ name = \"a\" }, { name = \"a\" }]",
        "gateway = \"rest-api\"\nusage_plans.x = { keys = [\"a\"] }",
        "gateway = \"rest-api\"\nbinary_media_types = [\"png\"]",
        "memory = 64",
        "tags = { \"fw:app\" = \"x\" }",
        "tags = { \"a b\" = \"x\" }",
        "tags = { a = \"x,y\" }",
        "timeout = 901",
        "log_retention = 31",
        "access_log = { retention = 31 }",
        "domain = { name = \"example\" }",
        "domain = { name = \"*.example.org\" }",
        "domain = { name = \"Api.example.org\" }",
        "domain = { name = \"a.example.org\", certificate = \"x\" }",
        "domain = { name = \"a.example.org\", certificate = \"arn:aws:acm:eu-central-1:1:key/x\" }",
        "domain = { name = \"a.example.org\", base_path = \"\" }",
        "domain = { name = \"a.example.org\", base_path = \"a//b\" }",
        "domain = { name = \"a.example.org\", base_path = \"{x}\" }",
        "access_log = { format = \"$context.status\" }",
        "keep_versions = 1",
        "health = \"health\"",
        "environment = { AWS_REGION = \"x\" }",
        "environment = { \"9x\" = \"x\" }",
        "cors = { allow_origins = [\"*\"], allow_credentials = true }",
        "cors = { allow_origins = [\"example.org\"] }",
        "cors = { allow_origins = [\"https://example.org/\"] }",
        "buckets = [\"ab\"]",
        "buckets = [\"Documents\"]",
        "policy = [{ actions = [\"GetObject\"], resources = [\"*\"] }]",
        "policy = [{ actions = [\"s3:GetObject\"], resources = [\"bucket\"] }]",
        "[stages.prod.stages.x]",
        "[stages.Prod]",
    ] {
        let failure = Settings::from_toml(text, "dev", None, None).unwrap_err();
        assert_eq!(failure.exit(), Exit::Input, "{text}");
    }
}

#[test]
fn an_authorizers_own_variables_go_over_the_apps() {
    let text = r#"
        environment = { MODE = "plain", TABLE = "notes", TOKEN = "secret:a" }
        [authorizers.door.environment]
        TABLE = "keys"
        TOKEN = "open"
        KEY = "secret:b"
        [stages.prod.authorizers.door.environment]
        TABLE = "keys-prod"
    "#;
    let mut dev = Settings::from_toml(text, "dev", None, None).unwrap();
    let prod = Settings::from_toml(text, "prod", None, None).unwrap();
    assert_eq!(dev.of_name("door").environment["TABLE"], "keys");
    assert_eq!(dev.of_name("door").environment["MODE"], "plain");
    assert_eq!(dev.of_name("admin").environment["TABLE"], "notes");
    assert_eq!(prod.of_name("door").environment["TABLE"], "keys-prod");
    assert_eq!(prod.of_name("door").environment["TOKEN"], "open");
    assert!(!dev.of(&Part::Api).environment.contains_key("KEY"));
    let named = super::secret::named(&dev);
    let named: Vec<&str> = named.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(named, ["TOKEN", "KEY"]);
    let folder = tempfile::tempdir().unwrap();
    let secrets = "TOKEN = \"one\"\nKEY = \"two\"\n";
    std::fs::write(
        folder.path().join(crate::values::names::SECRETS_FILE),
        secrets,
    )
    .unwrap();
    super::secret::from_developer(&mut dev, folder.path()).unwrap();
    let door = dev.of_name("door");
    assert_eq!(dev.of(&Part::Api).environment["TOKEN"], "one");
    assert_eq!(door.environment["TOKEN"], "open");
    assert_eq!(door.environment["KEY"], "two");
    let secrets: Vec<&String> = door.secrets.iter().collect();
    assert_eq!(secrets, ["KEY"], "what is overridden is none");
    let one = "[[policy]]\nactions = [\"s3:*\"]\nresources = [\"*\"]\nfunctions = \"door\"";
    let one = Settings::from_toml(one, "dev", None, None).unwrap();
    assert_eq!(one.policy[0].functions, Some(vec!["door".to_owned()]));
    let own = "[[authorizers.door.policy]]\nactions = [\"s3:*\"]\nresources = [\"*\"]";
    let failure = Settings::from_toml(own, "dev", None, None).unwrap_err();
    assert!(
        failure
            .advice()
            .unwrap()
            .contains("`functions = [\"AUTHORIZER\"]`")
    );
    for wrong in [
        "[authorizers.door.environment]\nAWS_REGION = \"x\"",
        "[authorizers.door.environment]\n\"a b\" = \"x\"",
        "[authorizers.door.environment]\nKEY = \"secret:\"",
        "[[policy]]\nactions = [\"s3:*\"]\nresources = [\"*\"]\nfunctions = []",
    ] {
        let failure = Settings::from_toml(wrong, "dev", None, None).unwrap_err();
        assert_eq!(failure.exit(), Exit::Input, "{wrong}");
    }
}

/// What the app behind a REST API must know, because no event says it.
#[test]
fn the_variables_of_a_gateway_are_those_that_its_routes_need() {
    let mut manifest = fw_manifest::Manifest::new("app");
    let mut route = fw_manifest::ManifestRoute::new("GET", "/s");
    manifest.set_routes(vec![route.clone()]);
    let plain = manifest.clone();
    route.stream = true;
    manifest.set_routes(vec![route]);
    let rest = "gateway = \"rest-api\"\n";
    let cors = "[cors]\nallow_origins = [\"https://a.example\"]\nexpose_headers = [\"etag\"]\nallow_credentials = true\n";
    let of = |text: &str, manifest: &fw_manifest::Manifest| {
        let settings = Settings::from_toml(text, "dev", None, None).unwrap();
        settings.of_gateway(manifest).collect::<Vec<_>>()
    };
    let mode = |mode: &str| ("FW_INVOKE_MODE".to_owned(), mode.to_owned());
    assert_eq!(of(rest, &manifest), [mode("stream-routes")]);
    assert_eq!(of(rest, &plain), []);
    assert_eq!(of("", &manifest), []);
    assert_eq!(of(cors, &plain), []);
    let url = "gateway = \"function-url\"\ninvoke_mode = \"response-stream\"";
    assert_eq!(of(url, &plain), [mode("response-stream")]);
    let headers = "Access-Control-Allow-Origin=https://a.example; Access-Control-Expose-Headers=etag; \
                   Access-Control-Allow-Credentials=true";
    assert_eq!(
        of(&format!("{rest}{cors}"), &plain),
        [("FW_CORS".to_owned(), headers.to_owned())]
    );
}

#[test]
fn streams_that_are_collected_and_routes_without_cors_are_told() {
    let mut manifest = fw_manifest::Manifest::new("app");
    let mut route = fw_manifest::ManifestRoute::new("GET", "/s");
    route.stream = true;
    manifest.set_routes(vec![route.clone()]);
    let settings = |text: &str| Settings::from_toml(text, "dev", None, None).unwrap();
    let rest = "gateway = \"rest-api\"\n";
    let note = |text: &str| compatibility::collected_streams(&manifest, &settings(text));
    assert!(note("").unwrap().contains("may have 6 MB: `GET /s`"));
    assert!(note("gateway = \"function-url\"").is_some());
    assert_eq!(note(rest), None);
    route.no_cors = true;
    manifest.set_routes(vec![route]);
    let cors = "[cors]\nallow_origins = [\"*\"]\n";
    let refused = compatibility::check(&manifest, &settings(cors)).unwrap_err();
    assert!(
        refused.advice().unwrap().contains("cors = false"),
        "{refused}"
    );
    assert!(compatibility::check(&manifest, &settings(&format!("{rest}{cors}"))).is_ok());
    assert!(compatibility::check(&manifest, &settings("")).is_ok());
}
