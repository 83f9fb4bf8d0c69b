//! The checker finds plans that the planner must never make, and a plan is told as it is.

use super::{App, FIRST, check, console, run};
use crate::{
    aws::fake::Fake,
    deploy::{
        ids::{ApiId, Handle},
        kind::{function::step::FunctionStep, http_api::step::HttpStep},
        model::Desired,
        observe::Actual,
        report,
        step::{Plan, Step},
    },
    error::{Exit, Failure},
};

/// The parts that a check takes: of an app that is deployed, or of one that is not.
async fn parts(aws: &Fake, app: &App) -> (Desired, Actual, Plan) {
    let desired = app.desired(aws).await.unwrap();
    let actual = super::super::observe(aws, &desired.names).await.unwrap();
    let plan = super::plan(&desired, &actual);
    (desired, actual, plan)
}

fn refused(desired: &Desired, actual: &Actual, plan: &Plan) -> Failure {
    let failure = check::plan(desired, actual, plan).unwrap_err();
    assert!(failure.advice().unwrap().contains("bug"));
    failure
}

#[test]
fn a_broken_promise_stops_the_deploy() {
    run(async {
        let aws = Fake::default();
        let (desired, actual, plan) = parts(&aws, &FIRST).await;
        check::plan(&desired, &actual, &plan).unwrap();

        let mut backwards = plan.clone();
        backwards.steps.reverse();
        let failure = refused(&desired, &actual, &backwards);
        assert!(
            failure.causes()[0].contains("no earlier step creates"),
            "{failure}"
        );

        let mut short = plan.clone();
        short
            .steps
            .retain(|planned| !matches!(&planned.step, Step::Http(HttpStep::CreateRoute { key, .. }) if key.starts_with("PUT")));
        let failure = refused(&desired, &actual, &short);
        assert!(failure.causes()[0].contains("routes"), "{failure}");

        let mut silent = plan.clone();
        silent.steps[3].reason.clear();
        let failure = refused(&desired, &actual, &silent);
        assert!(failure.causes()[0].contains("no reason"), "{failure}");

        FIRST.deploy(&aws).await.unwrap();
        let second = App {
            code: "two",
            ..FIRST
        };
        let (desired, actual, plan) = parts(&aws, &second).await;
        let mut destroying = plan.clone();
        let api = ApiId(actual.apis[0].api.id.clone());
        let name = desired.names.function.clone();
        destroying.push(
            Step::Http(HttpStep::DeleteApi {
                name,
                api,
                open: true,
            }),
            "because",
        );
        let failure = refused(&desired, &actual, &destroying);
        assert!(failure.causes()[0].contains("delete the API"), "{failure}");

        let mut late = plan.clone();
        let function = desired.names.function.clone();
        let code = desired.code.clone();
        late.push(
            Step::Function(FunctionStep::UpdateCode {
                function,
                code,
                publish: true,
            }),
            "because",
        );
        let failure = refused(&desired, &actual, &late);
        assert!(
            failure.causes()[0].contains("after the traffic"),
            "{failure}"
        );

        let mut unmade = plan;
        let function = desired.names.function.clone();
        let version = Handle::Made;
        unmade.steps.clear();
        let ends = None;
        unmade.push(
            Step::Function(FunctionStep::MoveAlias {
                function,
                version,
                ends,
            }),
            "because",
        );
        refused(&desired, &actual, &unmade);
    });
}

#[test]
fn a_timeout_beyond_the_gateways_is_a_warning() {
    run(async {
        let aws = Fake::default();
        let (desired, ..) = parts(&aws, &FIRST).await;
        assert_eq!(check::warnings(&desired), [""; 0]);
        let slow = App {
            settings: "timeout = 31",
            ..FIRST
        };
        let (desired, ..) = parts(&aws, &slow).await;
        assert_eq!(
            check::warnings(&desired),
            ["an HTTP API answers 503 after 30 s, but the function's `timeout` is 31 s"]
        );
    });
}

#[test]
fn a_plan_is_lined_up_and_a_document_is_versioned() {
    run(async {
        let aws = Fake::default();
        FIRST.deploy(&aws).await.unwrap();
        let second = App {
            routes: &[("GET", "/objects/{key}"), ("GET", "/")],
            settings: "memory = 256",
            ..FIRST
        };
        let (desired, actual, plan) = parts(&aws, &second).await;
        let plain: Vec<String> = report::lines(&plan)
            .iter()
            .map(|line| anstream::adapter::strip_str(line).to_string())
            .collect();
        assert_eq!(
            plain,
            [
                "  ~ update  configuration of function `s3test-dev`  memory: 128 MB → 256 MB",
                "  + create  version of function `s3test-dev`        the live version 1 is a different one",
                "  ? check   version of function `s3test-dev`        it is invoked once before it gets traffic",
                "  ~ update  alias of function `s3test-dev`          `live`: version 1 → the new one",
                "  + create  route `GET /`                           in the app but not in the API",
                "  - delete  route `PUT /objects/{key}`              in the API but not in the app",
            ]
        );
        let text = report::document(&desired, &actual, &plan, actual.url(), None);
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["schema"], 1);
        assert_eq!(document["changes"][5]["action"], "delete");
        assert_eq!(document["changes"][5]["name"], "PUT /objects/{key}");
        assert!(document["url"].as_str().unwrap().starts_with("https://api"));
        report::show(&console(), &desired, &actual, &plan);
        assert_eq!(
            document["unchanged"][0],
            serde_json::json!({"resource": "role", "name": "s3test-dev-eu-central-1"})
        );
        assert_eq!(document["unchanged"].as_array().unwrap().len(), 8);
    });
}

#[test]
fn a_denied_read_names_its_action() {
    run(async {
        for (call, action) in [
            ("GetRole", "`iam:GetRole`"),
            ("GetApis", "`apigateway:GET`"),
            ("DescribeLogGroups", "`logs:DescribeLogGroups`"),
        ] {
            let aws = Fake::default();
            aws.denied.set(Some(call));
            let failure = FIRST.deploy(&aws).await.unwrap_err();
            assert_eq!(failure.exit(), Exit::Denied);
            let hint = failure.advice().unwrap();
            assert!(hint.contains(action), "{hint}");
            assert!(hint.contains("\"Effect\":\"Allow\""), "{hint}");
            assert_eq!(aws.writes(), [""; 0]);
        }
    });
}
