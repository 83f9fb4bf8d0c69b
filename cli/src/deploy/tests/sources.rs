//! An app with a source: a function as any other, with its own settings, role, log group, versions and alias.

use serde_json::json;

use super::{App, FIRST, run};
use crate::aws::fake::Fake;

const SHIP: &str = "s3test-dev-ship";

const APP: App = App {
    authorizers: &["door"],
    sources: &["ship"],
    settings: "timeout = 10\n[functions.ship]\nmemory = 512\nenvironment = { TABLE = \"orders\" }\n\
        [[policy]]\nactions = [\"sqs:SendMessage\"]\nresources = [\"*\"]\nfunctions = \"ship\"",
    ..FIRST
};

#[test]
fn a_source_has_a_function_of_its_own() {
    run(async {
        let aws = Fake::default();
        APP.deploy(&aws).await.unwrap();
        {
            let state = aws.state.borrow();
            let names: Vec<&str> = state.functions.keys().map(String::as_str).collect();
            assert_eq!(names, ["s3test-dev", "s3test-dev-door", SHIP]);
            let ship = &state.functions[SHIP];
            let configuration = &ship.latest.configuration;
            assert_eq!(configuration.handler, "source.ship");
            assert_eq!((configuration.memory, configuration.timeout), (512, 10));
            assert_eq!(configuration.environment["TABLE"], "orders");
            assert!(ship.aliases.contains_key("live"));
        }
        let desired = APP.desired(&aws).await.unwrap();
        let order: Vec<&str> = desired.in_order().map(|one| one.name.as_str()).collect();
        assert_eq!(
            order,
            ["s3test-dev-door", SHIP, "s3test-dev"],
            "the API is the last"
        );
        for one in &desired.functions {
            let statements = one.role.as_ref().unwrap().policy["Statement"].clone();
            let sends = statements.as_array().unwrap().iter();
            let sends = sends.filter(|statement| statement["Action"] == json!(["sqs:SendMessage"]));
            assert_eq!(sends.count(), usize::from(one.name == SHIP), "{statements}");
        }
        // The next deploy has nothing to do.
        aws.forget();
        APP.deploy(&aws).await.unwrap();
        assert_eq!(aws.writes(), [""; 0]);
    });
}

#[test]
fn a_source_that_goes_loses_its_function() {
    run(async {
        let aws = Fake::default();
        APP.deploy(&aws).await.unwrap();
        let without = App {
            sources: &[],
            settings: "timeout = 10",
            ..APP
        };
        without.deploy(&aws).await.unwrap();
        let state = aws.state.borrow();
        let names: Vec<&str> = state.functions.keys().map(String::as_str).collect();
        assert_eq!(names, ["s3test-dev", "s3test-dev-door"]);
    });
}
