//! The account in memory is held against moto: the same deploys make the same plans and leave the same things.

#[path = "../../../tests/it/deploy_moto.rs"]
mod deploy_moto;

use self::deploy_moto::Moto;
use super::{App, FIRST, delete, run};
use crate::{
    aws::{Account, Aws, fake::Fake},
    deploy::{found::Found, observe::Actual},
};

/// A life in which everything changes once.
const LIFE: [App; 11] = [
    FIRST,
    App {
        code: "two",
        ..FIRST
    },
    App {
        code: "two",
        settings: "memory = 256\nenvironment = { A1 = \"1\" }\nlog_retention = 7",
        ..FIRST
    },
    App {
        code: "three",
        routes: &[("GET", "/objects/{key}"), ("ANY", "$default")],
        guards: &[],
        settings: "policy = [{ actions = [\"s3:GetObject\"], resources = [\"*\"] }]",
        authorizers: &["door"],
        sources: &[],
    },
    App {
        settings: "cors = { allow_origins = [\"*\"], allow_headers = [\"x-a\", \"x-b\"], max_age = 60 }",
        ..FIRST
    },
    super::access::GUARDED,
    super::access::SHAPED,
    super::domains::DEEPER,
    super::domains::OWN,
    App {
        settings: "stage_name = \"v1\"",
        ..FIRST
    },
    FIRST,
];

/// The same for a REST API, which then gives way to an HTTP API.
const REST_LIFE: [App; 6] = [
    super::rest::WHOLE,
    App {
        code: "two",
        routes: &[("ANY", "/more/{rest+}"), ("GET", "/")],
        settings: "gateway = \"rest-api\"\nstage_name = \"v1\"\n[[api_keys]]\nname = \"made\"\n[usage_plans.basic]\nkeys = [\"made\"]\nrate = 20\nburst = 20\nquota = { limit = 1000, period = \"month\" }",
        ..FIRST
    },
    App {
        settings: "gateway = \"rest-api\"",
        ..FIRST
    },
    super::domains::REST_OWN,
    super::domains::OWN,
    FIRST,
];

/// Queues that come, change and go.
const QUEUE_LIFE: [App; 4] = [FIRST, super::queues::QUEUES, super::queues::OTHER, FIRST];

/// Functions that read queues, each in another way, and no longer.
const MAPPING_LIFE: [App; 4] = [
    super::mappings::READS,
    super::mappings::OTHER,
    App {
        sources: &["ship"],
        ..super::mappings::READS
    },
    FIRST,
];

/// Functions whose asynchronous invocations are set, in another way, and no longer.
const EVENT_LIFE: [App; 4] = [
    super::invoke_configs::SET,
    super::invoke_configs::OTHER,
    App {
        settings: "",
        ..super::invoke_configs::SET
    },
    FIRST,
];

/// Topics, in the same way.
const TOPIC_LIFE: [App; 4] = [FIRST, super::topics::TOPICS, super::topics::OTHER, FIRST];

/// Buses with rules and schedules, in the same way.
const TARGET_LIFE: [App; 4] = [FIRST, super::targets::TARGETS, super::targets::OTHER, FIRST];
/// Buckets that report to functions, in another way, and as before.
const BUCKET_LIFE: [App; 3] = [
    super::buckets::OWN,
    super::buckets::OTHER,
    super::buckets::OWN,
];

#[test]
fn the_account_in_memory_is_as_motos() {
    let moto = Moto::start();
    run(async {
        let moto = Account::of_moto(&moto.url, Fake::REGION).await;
        for life in [
            LIFE.as_slice(),
            &REST_LIFE,
            &QUEUE_LIFE,
            &MAPPING_LIFE,
            &EVENT_LIFE,
            &TOPIC_LIFE,
            &TARGET_LIFE,
            &BUCKET_LIFE,
        ] {
            lived(life, &moto).await;
        }
    });
}

/// Lives a life on both, and compares them after each deploy.
async fn lived(life: &[App], moto: &Account) {
    let fake = Fake::default();
    for (index, app) in life.iter().enumerate() {
        let one = app.deploy(&fake).await.unwrap();
        let other = app.deploy(moto).await.unwrap();
        let said =
            |plan: &crate::deploy::step::Plan| format!("{:?}", crate::deploy::report::lines(plan));
        assert_eq!(said(&one), said(&other), "plan {index}");
        assert_eq!(seen(&fake).await, seen(moto).await, "account {index}");
        assert!(app.plan(moto).await.unwrap().is_empty(), "{index}");
    }
    let one = delete(&fake).await.unwrap();
    let other = delete(moto).await.unwrap();
    assert_eq!(one.steps.len(), other.steps.len());
    assert_eq!(seen(&fake).await, seen(moto).await);
    assert!(delete(moto).await.unwrap().is_empty());
}

/// What is observed, without the ids that API Gateway chooses.
async fn seen(aws: &impl Aws) -> Actual {
    let mut actual = super::super::observe(aws, &App::names()).await.unwrap();
    for whole in &mut actual.apis {
        let functions = actual.functions.values_mut();
        for grant in functions.flat_map(|function| &mut function.grants) {
            grant.source = grant.source.replace(&whole.api.id, "ID");
        }
        whole.api.endpoint = whole.api.endpoint.replace(&whole.api.id, "ID");
        whole.url = whole
            .url
            .as_ref()
            .map(|url| url.replace(&whole.api.id, "ID"));
        whole.api.id = "ID".to_owned();
        let named = |id: &String| {
            let found = whole.authorizers.iter().find(|one| one.id == *id);
            found.map(|one| one.name.clone()).ok_or(())
        };
        for route in &mut whole.routes {
            route.guard = route.guard.try_map(named).unwrap();
        }
        for authorizer in &mut whole.authorizers {
            authorizer.id.clear();
        }
        for integration in &mut whole.integrations {
            integration.id.clear();
        }
        for route in &mut whole.routes {
            route.id.clear();
            route.integration = route.integration.take().map(|_| String::new());
        }
        whole.routes.sort_by(|one, other| one.key.cmp(&other.key));
    }
    for whole in &mut actual.queues {
        // moto's URLs are at moto.
        if let Found::Ours(found) = &mut whole.found {
            found.url.clear();
        }
    }
    let functions = actual.functions.values_mut();
    for whole in functions.flat_map(|function| &mut function.mappings) {
        if let Found::Ours(found) = &mut whole.found {
            found.mapping.id.clear();
            found.mapping.arn.clear();
        }
    }
    for found in &mut actual.topics.subscriptions {
        found.arn.clear();
    }
    for whole in &mut actual.buckets {
        if let Found::Ours(found) = &mut whole.found {
            let all = &mut found.notifications.all;
            all.sort_by(|one, other| one.id.cmp(&other.id));
        }
    }
    for whole in &mut actual.domains {
        if let Some(found) = &mut whole.found {
            found.target.clear();
        }
        for mapping in &mut whole.mappings {
            mapping.id.clear();
            mapping.api.clear();
        }
    }
    let rests = &mut actual.rests;
    for whole in &mut rests.apis {
        let id = std::mem::replace(&mut whole.api.id, "ID".to_owned());
        for function in actual.functions.values_mut() {
            for grant in &mut function.grants {
                grant.source = grant.source.replace(&id, "ID");
            }
        }
        whole.url = whole.url.as_ref().map(|url| url.replace(&id, "ID"));
        for stage in &mut whole.stages {
            let served = stage.deployment.take();
            let mut all = whole.deployments.iter();
            let found = all.find(|held| Some(&held.id) == served.as_ref());
            stage.deployment = found.map(|held| held.description.clone());
        }
        whole
            .deployments
            .sort_by(|one, other| one.description.cmp(&other.description));
        for held in &mut whole.deployments {
            held.id.clear();
            held.created = 0;
        }
    }
    for (plan, keys) in &mut rests.plans {
        plan.id.clear();
        for (api, _) in &mut plan.stages {
            api.clear();
        }
        for key in keys.iter_mut() {
            let named = rests.keys.iter().find(|held| held.id == *key);
            *key = named.map(|held| held.name.clone()).unwrap_or_default();
        }
        keys.sort_unstable();
    }
    for key in &mut rests.keys {
        key.id.clear();
        if key.name.ends_with("made") {
            key.value.0.clear();
        }
    }
    rests.keys.sort_by(|one, other| one.name.cmp(&other.name));
    actual
}
