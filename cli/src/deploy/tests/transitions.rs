//! From any app to any other: one deploy, and the next plan is empty.

use super::{App, run};
use crate::aws::fake::Fake;

const ROUTES: [&[(&str, &str)]; 5] = [
    &[("GET", "/")],
    &[("GET", "/"), ("POST", "/")],
    &[("GET", "/{a}"), ("GET", "/{a}/{b+}"), ("ANY", "$default")],
    &[("ANY", "$default")],
    &[("GET", "/{x}"), ("POST", "/")],
];

const SETTINGS: [&str; 11] = [
    "",
    "memory = 512\ntimeout = 3\nlog_retention = 1\ntags = { team = \"pay\", cost = \"1\" }",
    "environment = { A1 = \"1\" }\narchitecture = \"arm64\"",
    "environment = { A1 = \"2\" }\ncors = { allow_origins = [\"https://a.example\"], max_age = 5 }",
    "cors = { allow_methods = [\"GET\"] }\npolicy = [{ effect = \"deny\", actions = [\"s3:*\"], resources = [\"*\"] }]",
    "log_format = \"json\"\nephemeral_storage = 1024\ntracing = \"active\"\nkms_key = \"arn:aws:kms:r:1:key/k\"\nlayers = [\"arn:aws:lambda:r:1:layer:l:1\"]\ndead_letter = \"arn:aws:sqs:r:1:q\"\nvpc = { subnets = [\"subnet-1\"], security_groups = [\"sg-1\"] }",
    "stage_name = \"v1\"\nstage_variables = { a = \"b\" }\npayload_format = \"1.0\"",
    "throttle = { rate = 3, burst = 4 }",
    "tags = { team = \"shop\" }\nconcurrency = 5\nprovisioned_concurrency = 2\npermissions_boundary = \"arn:aws:iam::1:policy/most\"",
    "gateway = \"function-url\"",
    "gateway = \"function-url\"\nauth = \"iam\"\ninvoke_mode = \"response-stream\"\ncors = { allow_origins = [\"*\"] }",
];

fn apps() -> Vec<App> {
    let mut all = Vec::new();
    for routes in ROUTES {
        for settings in SETTINGS {
            for code in ["one", "two"] {
                all.push(App {
                    code,
                    routes,
                    guards: &[],
                    settings,
                    authorizers: &[],
                    sources: &[],
                });
            }
        }
    }
    all
}

#[test]
fn any_change_is_made_by_one_deploy() {
    run(async {
        let apps = apps();
        let mut fresh = Vec::new();
        for app in &apps {
            let aws = Fake::default();
            app.deploy(&aws).await.unwrap();
            fresh.push((aws.snapshot(), aws.state.into_inner()));
        }
        let mut changes = 0;
        for (from, (same, before)) in apps.iter().zip(&fresh) {
            for (to, (wanted, _)) in apps.iter().zip(&fresh) {
                let aws = Fake::holding(before.clone());
                let plan = to.deploy(&aws).await.unwrap();
                assert_eq!(plan.is_empty(), same == wanted);
                let left = to.plan(&aws).await.unwrap();
                assert!(left.is_empty(), "{from:?} to {to:?}: {:?}", left.steps);
                for (method, path) in to.routes {
                    let key = match *path {
                        "$default" => (*path).to_owned(),
                        path => format!("{method} {path}"),
                    };
                    let served = match to.settings.contains("function-url") {
                        true => aws.serves_by_url(),
                        false => aws.serves(&key),
                    };
                    assert_eq!(served, Some(super::hash(to.code)));
                }
                let mut after = aws.snapshot();
                let name = &App::names().function;
                let versions = after.functions[name].versions.len();
                assert!(versions <= 2, "one deploy publishes one version");
                // All but the history of versions is as if it had been deployed afresh.
                let function = after.functions.get_mut(name).unwrap();
                let (_, live) = function.versions.pop_last().unwrap();
                function.versions = [(1, live)].into();
                function.published = 1;
                "1".clone_into(&mut function.aliases.get_mut("live").unwrap().version);
                assert_eq!(forget_ids(after), forget_ids(wanted.clone()));
                changes += usize::from(from.code != to.code);
            }
        }
        assert_eq!(changes, 110 * 110 / 2);
    });
}

/// Ids of integrations and so of routes' targets are chosen by API Gateway.
fn forget_ids(mut state: crate::aws::fake::State) -> crate::aws::fake::State {
    for function in state.functions.values_mut() {
        for grant in function.grants.values_mut().flatten() {
            grant.source.truncate("arn:aws:execute-api".len());
        }
    }
    for api in &mut state.apis {
        api.api.id.clear();
        api.api.endpoint.clear();
        for route in &mut api.routes {
            route.integration = None;
        }
        for integration in &mut api.integrations {
            integration.id.clear();
        }
    }
    state
}
