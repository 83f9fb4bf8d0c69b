//! Everything that the settings can say, behind each gateway: made, changed, taken back and deleted, and interrupted at each
//! mutating call of that.

use super::{App, delete, rest::forget_ids, run};
use crate::aws::fake::{Fake, Fault, Latency, State};

/// What is set of the function and around it.
macro_rules! function {
    () => {
        r#"
memory = 256
timeout = 9
log_retention = 7
log_format = "json"
log_level = "warn"
system_log_level = "debug"
ephemeral_storage = 1024
concurrency = 5
provisioned_concurrency = 2
permissions_boundary = "arn:aws:iam::1:policy/most"
tracing = "active"
layers = ["arn:aws:lambda:r:1:layer:l:1"]
kms_key = "arn:aws:kms:r:1:key/k"
dead_letter = "arn:aws:sqs:r:1:q"
vpc = { subnets = ["subnet-1"], security_groups = ["sg-1"] }
tags = { team = "shop", cost = "1" }
environment = { A1 = "1", B1 = "1" }
policy = [{ actions = ["s3:GetObject"], resources = ["*"] }]
keep_versions = 2
queues = { orders = { delay = 5, dead_letter = "failed", kms_key = "arn:aws:kms:r:1:key/k" }, failed = { retention = 60 } }
functions = { ship = { batch_size = 20, batch_window = 1, filters = [{ body = { kind = ["order"] } }], max_concurrency = 2 }, log = { retries = 0, max_event_age = 60, on_failure = "queue:failed" } }
topics = { news = { kms_key = "arn:aws:kms:r:1:key/k", functions = { mail = { filter = { kind = ["a"] }, dead_letter = "failed" } }, queues = { orders = { raw = true } } }, theirs = { existing = "arn:aws:sns:eu-central-1:210987654321:theirs", queues = { failed = {} } } }
rules = { paid = { dead_letter = "failed", max_age = 60, input_path = "$.detail" } }
schedules = { nightly = { dead_letter = "failed", window = 15 } }
keep_warm = "rate(5 minutes)"
"#
    };
}

/// The same, each in another way.
macro_rules! other_function {
    () => {
        r#"
memory = 512
timeout = 8
log_retention = 30
ephemeral_storage = 2048
concurrency = 3
provisioned_concurrency = 1
permissions_boundary = "arn:aws:iam::1:policy/least"
layers = ["arn:aws:lambda:r:1:layer:l:2", "arn:aws:lambda:r:1:layer:m:1"]
kms_key = "arn:aws:kms:r:1:key/other"
dead_letter = "arn:aws:sns:r:1:topic"
vpc = { subnets = ["subnet-2", "subnet-3"], security_groups = ["sg-2"] }
tags = { team = "pay" }
environment = { A1 = "2", C1 = "1" }
policy = [{ effect = "deny", actions = ["s3:*"], resources = ["*"] }]
queues = { orders = { visibility_timeout = 9 }, more = { fifo = true, content_based_deduplication = true } }
functions = { ship = { pollers = { min = 2, max = 3 } }, log = { on_success = "queue:orders" } }
topics = { news = { functions = { mail = { filter = { kind = { of = [1] } }, filter_scope = "body" } }, queues = { orders = { dead_letter = "orders" } } }, moves = { fifo = true, queues = { more = {} } } }
buses = { more = {}, far = { existing = "arn:aws:events:eu-central-1:123456789012:event-bus/far" } }
rules = { paid = { enabled = false } }
schedules = { nightly = { enabled = false, retries = 3 } }
"#
    };
}

/// What is set of an authorizer.
macro_rules! door {
    () => {
        r#"
[authorizers.door]
ttl = 60
identity = ["$request.header.x-key"]
memory = 128
timeout = 3
concurrency = 2
provisioned_concurrency = 1
"#
    };
}

/// What HTTP and REST APIs have alike.
macro_rules! api {
    () => {
        r#"
stage_name = "v1"
stage_variables = { table = "notes", other = "x" }
integration_timeout = 5000
cors = { allow_origins = ["https://example.org"], allow_methods = ["GET"], allow_headers = ["x-a"], max_age = 60 }
[throttle]
rate = 100
burst = 200
[throttle.routes."GET /objects/{key}"]
rate = 5
burst = 10
[access_log]
retention = 14
"#
    };
}

const ROUTES: &[(&str, &str)] = &[
    ("GET", "/objects/{key}"),
    ("PUT", "/objects/{key}"),
    ("POST", "/objects"),
];

const OTHER_ROUTES: &[(&str, &str)] = &[("GET", "/objects/{key}"), ("ANY", "/more/{rest+}")];

/// A source of each kind.
const SOURCES: &[&str] = &[
    "log",
    "ship < orders",
    "thumb @ uploads in/ .png",
    r#"mail {"type":"sns","topic":"news"}"#,
    r#"tell {"type":"sns","topic":"theirs"}"#,
    r#"paid {"type":"event","bus":"shop","pattern":{"source":["bank"]}}"#,
    r#"nightly {"type":"schedule","expression":"cron(0 2 * * ? *)","timezone":"Europe/Berlin"}"#,
];

/// The same functions, each with another one.
const OTHER_SOURCES: &[&str] = &[
    "log",
    "pack < more",
    "ship < orders",
    "thumb @ texts",
    r#"mail {"type":"sns","topic":"news"}"#,
    r#"tell {"type":"event","bus":"far","pattern":{"source":["bank"]}}"#,
    r#"paid {"type":"event","pattern":{"source":["bank", "shop"]}}"#,
    r#"nightly {"type":"schedule","expression":"rate(1 day)"}"#,
];

/// Fewer of them: sources do not depend on the gateway, and each function makes many more interruptions.
const FEW: &[&str] = &["ship < orders", "thumb @ uploads in/ .png"];

/// The same functions, each with another one.
const OTHER_FEW: &[&str] = &["ship < more", "thumb @ texts"];

const DOOR: &str = r#"{ "type": "lambda", "name": "door" }"#;

const HTTP: App = App {
    code: "large one",
    routes: ROUTES,
    authorizers: &["door", "late"],
    sources: SOURCES,
    guards: &[
        (
            "GET /objects/{key}",
            r#"{ "type": "jwt", "name": "users", "scopes": ["notes:read"] }"#,
        ),
        ("PUT /objects/{key}", r#"{ "type": "iam" }"#),
        ("POST /objects", DOOR),
    ],
    settings: concat!(
        "payload_format = \"1.0\"\n",
        function!(),
        api!(),
        "[jwt.users]\nissuer = \"https://issuer.example.org/\"\naudience = \"notes\"\n",
        door!(),
    ),
};

const OTHER_HTTP: App = App {
    code: "large two",
    routes: OTHER_ROUTES,
    authorizers: &["door"],
    sources: OTHER_SOURCES,
    guards: &[("GET /objects/{key}", DOOR)],
    settings: concat!(
        other_function!(),
        "stage_name = \"v2\"\nstage_variables = { table = \"other\" }\nthrottle = { rate = 1, burst = 2 }\naccess_log = { format = \"clf\" }\n",
    ),
};

const REST: App = App {
    code: "large one",
    routes: ROUTES,
    authorizers: &["door", "late"],
    sources: FEW,
    guards: &[
        ("GET /objects/{key}", DOOR),
        ("PUT /objects/{key}", r#"{ "type": "iam" }"#),
    ],
    settings: concat!(
        "gateway = \"rest-api\"\nbinary_media_types = [\"image/*\"]\nrequest_validation = true\napi_key_source = \"header\"\n",
        function!(),
        api!(),
        r#"
[[api_keys]]
name = "acme"
value = "acme-secret-0123456789"
[[api_keys]]
name = "made"
enabled = false
[usage_plans.basic]
keys = ["acme", "made"]
rate = 10
burst = 20
quota = { limit = 1000, period = "month" }
[usage_plans.more]
keys = ["made"]
[gateway_responses.ACCESS_DENIED]
status = 404
"#,
        door!(),
    ),
};

const OTHER_REST: App = App {
    code: "large two",
    routes: OTHER_ROUTES,
    authorizers: &["door"],
    sources: OTHER_FEW,
    guards: &[("GET /objects/{key}", DOOR)],
    settings: concat!(
        "gateway = \"rest-api\"\n",
        other_function!(),
        r#"
stage_name = "v2"
access_log = { retention = 30, format = "clf" }
[[api_keys]]
name = "acme"
value = "another-secret-0123456789"
[[api_keys]]
name = "third"
[usage_plans.basic]
keys = ["acme", "third"]
rate = 1
burst = 2
"#,
    ),
};

const URL: App = App {
    code: "large one",
    routes: ROUTES,
    authorizers: &[],
    sources: FEW,
    guards: &[],
    settings: concat!(
        "gateway = \"function-url\"\nauth = \"iam\"\ninvoke_mode = \"response-stream\"\n",
        function!(),
        "[cors]\nallow_origins = [\"*\"]\n",
    ),
};

const OTHER_URL: App = App {
    code: "large two",
    routes: OTHER_ROUTES,
    authorizers: &[],
    sources: OTHER_FEW,
    guards: &[],
    settings: concat!("gateway = \"function-url\"\n", other_function!()),
};

/// Of each gateway: everything, all of it otherwise, and nothing beside the gateway.
const ALL: [[App; 3]; 3] = [
    [
        HTTP,
        OTHER_HTTP,
        App {
            code: "three",
            authorizers: &[],
            sources: &[],
            guards: &[],
            settings: "",
            ..HTTP
        },
    ],
    [
        REST,
        OTHER_REST,
        App {
            code: "three",
            authorizers: &[],
            sources: &[],
            guards: &[],
            settings: "gateway = \"rest-api\"",
            ..REST
        },
    ],
    [
        URL,
        OTHER_URL,
        App {
            code: "three",
            sources: &[],
            settings: "gateway = \"function-url\"",
            ..URL
        },
    ],
];

async fn deployed(app: &App) -> State {
    let aws = Fake::default();
    app.deploy(&aws).await.unwrap();
    aws.state.into_inner()
}

/// What an account holds, but for ids, how often something was published, and what is left of former versions.
fn told(aws: &Fake) -> State {
    let mut state = forget_ids(aws.snapshot());
    for api in &mut state.apis {
        api.api.endpoint.clear();
        api.api.id.clear();
        for integration in &mut api.integrations {
            integration.id.clear();
        }
        for route in &mut api.routes {
            route.integration = route.integration.take().map(|_| String::new());
        }
    }
    for rest in &mut state.rests {
        rest.api.id.clear();
    }
    for (plan, _) in &mut state.plans {
        plan.stages.iter_mut().for_each(|(api, _)| api.clear());
    }
    state
        .plans
        .sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
    for function in state.functions.values_mut() {
        for grant in function.grants.values_mut().flatten() {
            // The API's id stands before the first slash.
            let at = grant.source.find('/').unwrap_or(0);
            let before = grant.source[..at].rfind(':').unwrap_or(0);
            grant.source.replace_range(before..at, "");
        }
        function.grants.retain(|_, grants| !grants.is_empty());
        for grants in function.grants.values_mut() {
            grants.sort_by(|one, other| one.id.cmp(&other.id));
        }
    }
    state
}

/// From that account to that app, or to nothing: undisturbed, and then with each mutating call lost before or after it arrives,
/// and with the process killed amid whatever is under way beside it.
async fn interrupted(before: &State, to: Option<&App>) -> usize {
    let go = async |aws: &Fake| match to {
        Some(app) => app.deploy(aws).await.map(drop),
        None => delete(aws).await.map(drop),
    };
    let undisturbed = Fake::holding(before.clone());
    go(&undisturbed).await.unwrap();
    let wanted = told(&undisturbed);
    let what = to.map_or("nothing", |app| app.settings);
    let count = undisturbed.writes().len();
    for nth in 0..count {
        let disturbed = [
            (None, Some(Fault::Before(nth)), None),
            (None, Some(Fault::After(nth)), None),
            (Some(nth), None, Some(Latency::Uneven(nth as u64))),
        ];
        for (killed, fault, latency) in disturbed {
            let aws = Fake::holding(before.clone());
            if let Some(latency) = latency {
                aws.clock.start(latency);
            }
            aws.killed.set(killed);
            aws.fault.set(fault);
            go(&aws).await.unwrap_err();
            aws.killed.set(None);
            aws.fault.set(None);
            let told_of = format!("{killed:?} {fault:?} on the way to {what}");
            go(&aws)
                .await
                .unwrap_or_else(|failure| panic!("{failure}: {told_of}"));
            assert_eq!(told(&aws), wanted, "{told_of}");
            let left = match to {
                Some(app) => app.plan(&aws).await.unwrap(),
                None => delete(&aws).await.unwrap(),
            };
            assert!(left.is_empty(), "{told_of}: {:?}", left.steps);
        }
    }
    count
}

#[test]
fn everything_that_can_be_set_is_made() {
    run(async {
        for [whole, other, bare] in ALL {
            for app in [&whole, &other, &bare] {
                let count = interrupted(&State::default(), Some(app)).await;
                assert!(count > 8, "{count}");
            }
        }
    });
}

#[test]
fn everything_that_can_be_set_is_changed_and_taken_back() {
    run(async {
        for [whole, other, bare] in ALL {
            let (one, two, three) = (
                deployed(&whole).await,
                deployed(&other).await,
                deployed(&bare).await,
            );
            for (before, to) in [
                (&one, &other),
                (&two, &whole),
                (&one, &bare),
                (&three, &whole),
            ] {
                interrupted(before, Some(to)).await;
            }
        }
    });
}

#[test]
fn everything_that_can_be_set_is_deleted() {
    run(async {
        for [whole, other, _] in ALL {
            for app in [&whole, &other] {
                let before = deployed(app).await;
                interrupted(&before, None).await;
                let aws = Fake::holding(before);
                delete(&aws).await.unwrap();
                assert_eq!(aws.snapshot(), State::default());
            }
            // One that was interrupted half-way is deleted as well, wherever that was.
            let undisturbed = Fake::default();
            whole.deploy(&undisturbed).await.unwrap();
            for nth in 0..undisturbed.writes().len() {
                let aws = Fake::default();
                aws.fault.set(Some(Fault::After(nth)));
                whole.deploy(&aws).await.unwrap_err();
                aws.fault.set(None);
                delete(&aws).await.unwrap();
                assert_eq!(aws.snapshot(), State::default(), "{nth}");
            }
        }
    });
}

#[test]
fn everything_that_can_be_set_goes_with_its_gateway() {
    run(async {
        for from in [HTTP, REST, URL] {
            let before = deployed(&from).await;
            for to in [OTHER_HTTP, OTHER_REST, OTHER_URL] {
                interrupted(&before, Some(&to)).await;
            }
        }
    });
}
