//! The function URL as the front door, and one front door in another's place.

use super::{App, FIRST, run};
use crate::{
    aws::fake::{Fake, Fault},
    deploy::{approve::losses, change::Change as _},
};

const URL: App = App {
    settings: "gateway = \"function-url\"",
    ..FIRST
};

#[test]
fn a_function_url_is_opened_last_and_left_alone() {
    run(async {
        let aws = Fake::default();
        URL.deploy(&aws).await.unwrap();
        let writes = aws.writes();
        assert_eq!(
            writes[writes.len() - 4..],
            [
                "CreateAlias",
                "AddPermission",
                "AddPermission",
                "CreateFunctionUrlConfig"
            ]
        );
        assert!(aws.state.borrow().apis.is_empty());
        assert!(URL.plan(&aws).await.unwrap().is_empty());
        aws.forget();
        let signed = App {
            settings: "gateway = \"function-url\"\nauth = \"iam\"",
            ..FIRST
        };
        let plan = signed.deploy(&aws).await.unwrap();
        assert_eq!(
            aws.writes(),
            [
                "RemovePermission",
                "RemovePermission",
                "UpdateFunctionUrlConfig"
            ]
        );
        assert_eq!(plan.steps[2].reason, "auth: none → iam");
        assert!(signed.plan(&aws).await.unwrap().is_empty());
    });
}

#[test]
fn the_function_of_a_url_that_streams_has_the_variable_that_says_so() {
    run(async {
        let aws = Fake::default();
        let streaming = App {
            settings: "gateway = \"function-url\"\ninvoke_mode = \"response-stream\"",
            ..FIRST
        };
        for (app, expected) in [
            (streaming, Some("response-stream")),
            (URL, None),
            (FIRST, None),
        ] {
            let desired = app.desired(&aws).await.unwrap();
            let variables = &desired.api().unwrap().configuration.environment;
            let mode = variables.get("FW_INVOKE_MODE");
            assert_eq!(mode.map(String::as_str), expected, "{}", app.settings);
        }
    });
}

#[test]
fn a_change_of_the_gateway_is_a_replacement_that_converges() {
    run(async {
        for (from, to) in [(FIRST, URL), (URL, FIRST)] {
            let aws = Fake::default();
            from.deploy(&aws).await.unwrap();
            let before = aws.state.into_inner();
            let undisturbed = Fake::holding(before.clone());
            let plan = to.deploy(&undisturbed).await.unwrap();
            let lost = losses(&plan);
            assert_eq!(lost.len(), 1, "{lost:?}");
            // The new door is open before the old one closes.
            let steps = plan.steps.iter().map(|planned| planned.step.subject());
            let steps: Vec<String> = steps
                .map(|(action, what)| format!("{} {what}", action.verb()))
                .collect();
            let (opens, closes) = match to.settings.is_empty() {
                true => (
                    "create stage of the API `$default`",
                    "delete URL of function `s3test-dev`",
                ),
                false => (
                    "create URL of function `s3test-dev`",
                    "delete API `s3test-dev`",
                ),
            };
            let at = |text: &str| steps.iter().position(|step| step == text).unwrap();
            assert!(at(opens) < at(closes), "{steps:?}");
            for nth in 0..undisturbed.writes().len() {
                for fault in [Fault::Before(nth), Fault::After(nth)] {
                    let aws = Fake::holding(before.clone());
                    aws.fault.set(Some(fault));
                    to.deploy(&aws).await.unwrap_err();
                    aws.fault.set(None);
                    to.deploy(&aws).await.unwrap();
                    assert_eq!(aws.snapshot(), undisturbed.snapshot(), "{fault:?}");
                    assert!(to.plan(&aws).await.unwrap().is_empty());
                }
            }
        }
    });
}
