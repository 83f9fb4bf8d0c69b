//! Each function runs as a role of its own: made before, narrowed after, kept for what a rollback goes back to, and gone with it.

use serde_json::json;

use super::{App, FIRST, delete, run};
use crate::{
    aws::{
        fake::{Fake, Fault, State},
        iam::Iam as _,
    },
    deploy::{
        names::{Names, POLICY},
        plan::plan,
        report,
        snapshot::{self, Snapshot},
    },
};

const MAIN: &str = "s3test-dev";
const DOOR: &str = "s3test-dev-door";

const GUARDED: App = App {
    authorizers: &["door"],
    settings: "keep_versions = 2\n[authorizers.door]\ntracing = \"active\"",
    ..FIRST
};

fn coded(code: &'static str) -> App {
    App { code, ..GUARDED }
}

fn role(function: &str) -> String {
    App::names().role_of(function)
}

fn policy(state: &State, function: &str) -> String {
    state.roles[&role(function)].policies[POLICY].to_string()
}

/// The role that a function's version runs as, by its name.
fn runs_as(state: &State, function: &str, version: u32) -> String {
    let arn = &state.functions[function].versions[&version]
        .configuration
        .role;
    arn.rsplit('/').next().unwrap_or_default().to_owned()
}

/// The account as a deploy left it when all functions had one role.
async fn of_one_role() -> State {
    let aws = Fake::default();
    GUARDED.deploy(&aws).await.unwrap();
    let desired = GUARDED.desired(&aws).await.unwrap();
    let mut state = aws.state.into_inner();
    let shared = desired.place.role(&desired.names.role);
    let door = state.roles.remove(&role(DOOR)).unwrap();
    let found = state.functions.get_mut(DOOR).unwrap();
    found.latest.configuration.role.clone_from(&shared);
    for version in found.versions.values_mut() {
        version.configuration.role.clone_from(&shared);
    }
    let main = state.roles.get_mut(&desired.names.role).unwrap();
    let main = main.policies.get_mut(POLICY).unwrap();
    let logs = &door.policies[POLICY]["Statement"][0]["Resource"][0];
    let statements = main["Statement"].as_array_mut().unwrap();
    statements[0]["Resource"]
        .as_array_mut()
        .unwrap()
        .push(logs.clone());
    statements.push(door.policies[POLICY]["Statement"][1].clone());
    state
}

#[test]
fn each_function_has_a_role_with_what_it_needs_itself() {
    run(async {
        let aws = Fake::default();
        GUARDED.deploy(&aws).await.unwrap();
        let state = aws.snapshot();
        assert_eq!(state.roles.len(), 2);
        assert_eq!(role(DOOR), format!("{DOOR}-{}", Fake::REGION));
        for function in [MAIN, DOOR] {
            assert_eq!(runs_as(&state, function, 1), role(function));
            assert!(App::names().own(&state.roles[&role(function)].tags));
        }
        let (main, door) = (policy(&state, MAIN), policy(&state, DOOR));
        assert!(main.contains("/aws/lambda/s3test-dev:*"), "{main}");
        assert!(!main.contains("xray:") && !main.contains(DOOR), "{main}");
        assert!(door.contains("/aws/lambda/s3test-dev-door:*"), "{door}");
        assert!(door.contains("xray:"), "{door}");
        assert!(!door.contains("/aws/lambda/s3test-dev:*"), "{door}");
    });
}

#[test]
fn a_deployment_of_one_role_gets_one_for_each_function_and_is_never_without() {
    run(async {
        let before = of_one_role().await;
        let undisturbed = Fake::holding(before.clone());
        let plan = coded("two").deploy(&undisturbed).await.unwrap();
        let writes = undisturbed.writes();
        let made = writes.iter().position(|write| *write == "CreateRole");
        assert_eq!(
            writes[made.unwrap()..][..3],
            ["CreateRole", "PutRolePolicy", "UpdateFunctionConfiguration"]
        );
        let state = undisturbed.snapshot();
        assert_eq!(runs_as(&state, DOOR, 2), role(DOOR));
        let told = format!("{:?}", report::lines(&plan));
        let moved = format!("→ arn:aws:iam::123456789012:role/{}", role(DOOR));
        assert!(told.contains(&moved), "{told}");
        assert!(coded("two").plan(&undisturbed).await.unwrap().is_empty());
        // A rollback goes to the version before, which runs as the main function's role: that lets it write its log still.
        assert_eq!(runs_as(&state, DOOR, 1), role(MAIN));
        assert!(policy(&state, MAIN).contains(DOOR));
        assert!(policy(&state, MAIN).contains("xray:"));
        for nth in 0..writes.len() {
            for fault in [Fault::Before(nth), Fault::After(nth)] {
                let aws = Fake::holding(before.clone());
                aws.fault.set(Some(fault));
                coded("two").deploy(&aws).await.unwrap_err();
                let state = aws.snapshot();
                let live: u32 = state.functions[DOOR].aliases["live"]
                    .version
                    .parse()
                    .unwrap();
                let serving = runs_as(&state, DOOR, live);
                let allowed = state.roles[&serving].policies[POLICY].to_string();
                assert!(allowed.contains(&format!("{DOOR}:*")), "{fault:?}");
                assert!(allowed.contains("xray:"), "{fault:?}");
                aws.fault.set(None);
                coded("two").deploy(&aws).await.unwrap();
                assert_eq!(aws.snapshot(), undisturbed.snapshot(), "{fault:?}");
                assert!(coded("two").plan(&aws).await.unwrap().is_empty());
            }
        }
        // With the last version that ran as it goes what it was lent for.
        coded("three").deploy(&undisturbed).await.unwrap();
        let state = undisturbed.snapshot();
        assert!(!state.functions[DOOR].versions.contains_key(&1));
        assert!(!policy(&state, MAIN).contains(DOOR));
        assert!(!policy(&state, MAIN).contains("xray:"));
        assert!(coded("three").plan(&undisturbed).await.unwrap().is_empty());
        delete(&undisturbed).await.unwrap();
        assert_eq!(undisturbed.snapshot(), State::default());
    });
}

#[test]
fn a_role_goes_with_its_function_and_not_with_its_log() {
    run(async {
        let aws = Fake::default();
        GUARDED.deploy(&aws).await.unwrap();
        let alone = App {
            settings: "keep_versions = 2",
            ..FIRST
        };
        let undisturbed = Fake::holding(aws.state.borrow().clone());
        alone.deploy(&undisturbed).await.unwrap();
        let state = undisturbed.snapshot();
        assert!(!state.roles.contains_key(&role(DOOR)) && state.roles.len() == 1);
        assert!(state.groups.contains_key(&Names::log_group_of(DOOR)));
        for nth in 0..undisturbed.writes().len() {
            for fault in [Fault::Before(nth), Fault::After(nth)] {
                let aws = Fake::holding(aws.state.borrow().clone());
                aws.fault.set(Some(fault));
                alone.deploy(&aws).await.unwrap_err();
                aws.fault.set(None);
                alone.deploy(&aws).await.unwrap();
                assert_eq!(aws.snapshot(), undisturbed.snapshot(), "{fault:?}");
            }
        }
    });
}

/// A first deploy ends anywhere, and the authorizer is gone from the app before the next: nothing of it is left but logs.
#[test]
fn a_role_is_found_by_the_log_group_that_is_made_before_it() {
    run(async {
        let count = {
            let aws = Fake::default();
            GUARDED.deploy(&aws).await.unwrap();
            aws.writes().len()
        };
        for nth in 0..count {
            let aws = Fake::default();
            aws.fault.set(Some(Fault::After(nth)));
            GUARDED.deploy(&aws).await.unwrap_err();
            aws.fault.set(None);
            FIRST.deploy(&aws).await.unwrap();
            let state = aws.snapshot();
            assert!(!state.roles.contains_key(&role(DOOR)), "{nth}");
            delete(&aws).await.unwrap();
            assert_eq!(aws.snapshot(), State::default(), "{nth}");
        }
    });
}

#[test]
fn drift_is_mended_and_a_role_of_somebody_elses_stops_the_deploy() {
    run(async {
        let aws = Fake::default();
        GUARDED.deploy(&aws).await.unwrap();
        let undisturbed = aws.snapshot();
        {
            let mut state = aws.state.borrow_mut();
            let door = state.roles.get_mut(&role(DOOR)).unwrap();
            door.trust = json!("nobody");
            door.policies.clear();
            door.boundary = Some("arn:aws:iam::1:policy/most".to_owned());
        }
        let plan = GUARDED.deploy(&aws).await.unwrap();
        let said = format!("{:?}", report::lines(&plan));
        assert!(said.contains(&role(DOOR)) && !said.contains(&format!("`{}`", role(MAIN))));
        assert_eq!(aws.snapshot(), undisturbed);

        let aws = Fake::default();
        let tags = [("team".to_owned(), "others".to_owned())].into();
        aws.create_role(&role(DOOR), &json!({}), None, &tags)
            .await
            .unwrap();
        aws.forget();
        let failure = GUARDED.deploy(&aws).await.unwrap_err();
        let told = failure.causes().join("\n");
        assert!(
            told.contains(&format!("the role `{}` belongs to", role(DOOR))),
            "{told}"
        );
        assert_eq!(aws.writes(), [""; 0]);
    });
}

#[test]
fn one_that_the_settings_name_is_taken_and_the_own_one_stays_for_older_versions() {
    run(async {
        let aws = Fake::default();
        GUARDED.deploy(&aws).await.unwrap();
        let named = App {
            settings: "keep_versions = 2\npermissions_boundary = \"arn:aws:iam::1:policy/most\"\n[authorizers.door]\nrole = \"arn:aws:iam::123456789012:role/theirs\"",
            ..GUARDED
        };
        let theirs = aws.state.borrow().roles[&role(MAIN)].clone();
        aws.state
            .borrow_mut()
            .roles
            .insert("theirs".to_owned(), theirs);
        named.deploy(&aws).await.unwrap();
        let state = aws.snapshot();
        assert_eq!(runs_as(&state, DOOR, 2), "theirs");
        assert_eq!(runs_as(&state, DOOR, 1), role(DOOR));
        assert!(state.roles[&role(MAIN)].boundary.is_some());
        assert!(
            state.roles[&role(DOOR)].policies[POLICY]
                .to_string()
                .contains(DOOR)
        );
        assert!(named.plan(&aws).await.unwrap().is_empty());
    });
}

#[test]
fn a_name_that_iam_would_refuse_is_refused_before() {
    run(async {
        let long = App {
            authorizers: &["a_name_of_forty_one_characters_for_a_door"],
            settings: "",
            ..FIRST
        };
        let aws = Fake::default();
        let failure = long.desired(&aws).await.unwrap_err();
        let told = failure.causes().join("\n");
        assert!(told.contains("IAM accepts 64"), "{told}");
        let named = App {
            settings: "[authorizers.a_name_of_forty_one_characters_for_a_door]\nrole = \"arn:aws:iam::123456789012:role/theirs\"",
            ..long
        };
        let desired = named.desired(&aws).await.unwrap();
        let roles: Vec<_> = desired
            .functions
            .iter()
            .map(|one| one.role.is_some())
            .collect();
        assert_eq!(roles, [true, false]);
    });
}

#[test]
fn an_authorizers_own_variables_and_statements_are_its_functions_alone() {
    run(async {
        let aws = Fake::default();
        let own = App {
            settings: "environment = { TABLE = \"notes\", MODE = \"plain\" }\n\
                [[policy]]\nactions = [\"sqs:SendMessage\"]\nresources = [\"*\"]\nfunctions = [\"app\"]\n\
                [[policy]]\nactions = [\"dynamodb:GetItem\"]\nresources = [\"*\"]\nfunctions = [\"door\"]\n\
                [authorizers.door.environment]\nTABLE = \"keys\"",
            ..GUARDED
        };
        own.deploy(&aws).await.unwrap();
        let state = aws.snapshot();
        let table = |function: &str| {
            let found = &state.functions[function].latest.configuration.environment;
            (found["TABLE"].clone(), found["MODE"].clone())
        };
        assert_eq!(table(MAIN), ("notes".to_owned(), "plain".to_owned()));
        assert_eq!(table(DOOR), ("keys".to_owned(), "plain".to_owned()));
        let (main, door) = (policy(&state, MAIN), policy(&state, DOOR));
        assert!(
            main.contains("sqs:") && !main.contains("dynamodb:"),
            "{main}"
        );
        assert!(
            door.contains("dynamodb:") && !door.contains("sqs:"),
            "{door}"
        );
        // Drift of one is mended there alone.
        aws.state
            .borrow_mut()
            .functions
            .get_mut(DOOR)
            .unwrap()
            .latest
            .configuration
            .environment
            .insert("TABLE".to_owned(), "other".to_owned());
        let plan = own.plan(&aws).await.unwrap();
        assert_eq!(plan.steps.len(), 1);
        assert_eq!(plan.steps[0].reason, "variable `TABLE` changed");
    });
}

#[test]
fn a_snapshot_knows_each_functions_role_and_one_of_before_that_there_was_one() {
    run(async {
        let aws = Fake::default();
        let mut desired = snapshot::masked(GUARDED.desired(&aws).await.unwrap());
        desired.code = snapshot::code(desired.code.architecture);
        let mut saved = serde_json::to_value(Snapshot::of(&desired)).unwrap();
        let account = |saved: &serde_json::Value| {
            let read: Snapshot = serde_json::from_value(saved.clone()).unwrap();
            read.account(&desired)
        };
        assert!(plan(&desired, &account(&saved)).is_empty());
        saved.as_object_mut().unwrap().remove("policies");
        saved["authorizers"][DOOR]["role"] = json!(desired.place.role(&desired.names.role));
        let steps = report::lines(&plan(&desired, &account(&saved))).join("\n");
        for said in [
            format!("role `{}`", role(DOOR)),
            format!("policy of role `{}`", role(DOOR)),
            format!("configuration of function `{DOOR}`"),
        ] {
            assert!(steps.contains(&said), "{steps}");
        }
    });
}
