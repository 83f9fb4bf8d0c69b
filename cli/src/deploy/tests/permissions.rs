//! What lets a service invoke a function that it is the source of.

use super::{App, FIRST, run};
use crate::{
    aws::{fake::Fake, lambda::Grant},
    deploy::{
        change::Change as _,
        step::{Plan, Planned},
    },
};

const NEWS: App = App {
    sources: &[r#"mail {"type":"sns","topic":"news"}"#],
    ..FIRST
};

const THEIRS: App = App {
    settings: "[topics.news]\nexisting = \"arn:aws:sns:eu-central-1:210987654321:news\"",
    ..NEWS
};

const RULE: App = App {
    sources: &[r#"mail {"type":"event","pattern":{"source":["shop"]}}"#],
    ..FIRST
};

fn held(aws: &Fake) -> Vec<Grant> {
    let state = aws.state.borrow();
    let grants = &state.functions["s3test-dev-mail"].grants;
    grants.get("live").cloned().unwrap_or_default()
}

fn of_permissions(plan: &Plan) -> Vec<String> {
    let steps = plan.steps.iter();
    let steps = steps.filter(|planned| {
        let (_, resource) = planned.step.subject();
        resource.kind.contains("permission") && resource.name != "s3test-dev"
    });
    let said = |planned: &Planned| {
        let (action, resource) = planned.step.subject();
        format!("{} {resource}: {}", action.verb(), planned.reason)
    };
    steps.map(said).collect()
}

#[test]
fn a_topic_of_the_deployment_may_invoke_its_function() {
    run(async {
        let aws = Fake::default();
        NEWS.deploy(&aws).await.unwrap();
        let all = "arn:aws:sns:eu-central-1:123456789012:s3test-dev-*".to_owned();
        let wanted = Grant::of_service("fw-sns", "sns.amazonaws.com", all);
        assert_eq!(held(&aws), std::slice::from_ref(&wanted));
        // The alias is there by then, and the next deploy has nothing to do.
        assert!(NEWS.plan(&aws).await.unwrap().is_empty());

        // Somebody lets another one in by the same statement, and by one of their own.
        {
            let mut state = aws.state.borrow_mut();
            let function = state.functions.get_mut("s3test-dev-mail").unwrap();
            let grants = function.grants.get_mut("live").unwrap();
            grants[0].source = "arn:aws:sns:*:*:*".to_owned();
            let other = "arn:aws:sns:eu-central-1:1:x".to_owned();
            grants.push(Grant::of_service("other", "sns.amazonaws.com", other));
        }
        let plan = NEWS.deploy(&aws).await.unwrap();
        assert_eq!(
            of_permissions(&plan),
            [
                "delete permission `fw-sns`: it lets something else call it",
                "create permission on function `s3test-dev-mail`: does not exist yet",
                "delete permission `other`: it lets sns.amazonaws.com call `s3test-dev-mail`, and was added outside `cargo fw`",
            ]
        );
        assert_eq!(held(&aws), [wanted]);
    });
}

#[test]
fn a_topic_that_is_there_is_named_alone_and_another_source_takes_its_place() {
    run(async {
        let aws = Fake::default();
        THEIRS.deploy(&aws).await.unwrap();
        let grants = held(&aws);
        assert_eq!(grants.len(), 1);
        assert_eq!(
            grants[0].source,
            "arn:aws:sns:eu-central-1:210987654321:news"
        );
        assert!(grants[0].id.starts_with("fw-sns-"), "{}", grants[0].id);
        assert!(THEIRS.plan(&aws).await.unwrap().is_empty());

        // It is let in before the other one is shut out.
        RULE.deploy(&aws).await.unwrap();
        let rules = "arn:aws:events:eu-central-1:123456789012:rule/s3test-dev-*".to_owned();
        let wanted = Grant::of_service("fw-events", "events.amazonaws.com", rules);
        assert_eq!(held(&aws), [wanted]);
        let writes = aws.writes();
        let first = writes.iter().rposition(|call| *call == "AddPermission");
        let last = writes.iter().rposition(|call| *call == "RemovePermission");
        assert!(first < last, "{writes:?}");
        assert!(RULE.plan(&aws).await.unwrap().is_empty());
    });
}
