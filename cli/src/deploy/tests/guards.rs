//! No version takes traffic while callers reach what it guards without passing the guard: looked at after every call of every deploy,
//! canary, promotion and rollback, undisturbed and interrupted.

use super::{App, FIRST, console, run};
use crate::{
    args::Approval,
    aws::{
        apigateway::Guard,
        fake::{Fake, FakeApi, Fault, Latency, State},
    },
    deploy::{
        access::{Access, Asked, Routes, Shift, exposed_by, named, shift},
        apply::apply,
        approve::{approve, openings, wants_approval},
        check,
        execute::checked,
        model::openapi,
        phase::Phase,
        rollback,
        traffic::Release,
    },
};

/// What an API admits, read from the state alone.
fn api(api: &FakeApi) -> Routes {
    let routes = api.routes.iter().map(|route| {
        let guard = route.guard.map(|id| {
            let found = api.authorizers.iter().find(|one| one.id == *id).unwrap();
            Asked {
                name: found.name.clone(),
                checks: Some(found.checks.clone()),
            }
        });
        let api_key = None;
        (route.key.clone(), Access { guard, api_key })
    });
    routes.collect()
}

/// What every way in admits that leads to the main function.
fn doors(state: &State) -> Vec<Routes> {
    let Some(function) = state.functions.get("s3test-dev") else {
        return Vec::new();
    };
    let grants = function.grants.get("live");
    let permitted = |id: &str| {
        let source = format!(":{id}/*/*");
        grants.is_some_and(|all| all.iter().any(|grant| grant.source.ends_with(&source)))
    };
    let mut all = Vec::new();
    for found in &state.apis {
        if !found.stages.is_empty() && permitted(&found.api.id) {
            all.push(api(found));
        }
    }
    for rest in state.rests.iter().filter(|rest| permitted(&rest.api.id)) {
        for stage in &rest.stages {
            let mut all_of = rest.deployments.iter();
            let served = all_of.find(|(held, _)| Some(&held.id) == stage.deployment.as_ref());
            all.push(openapi::guards(&served.unwrap().1));
        }
    }
    if let Some(url) = &function.url {
        let everybody = grants.map_or(0, |all| {
            all.iter().filter(|one| one.principal == "*").count()
        });
        let guard = match url.settings.iam {
            true => Guard::Iam,
            false => Guard::Open,
        };
        if url.settings.iam || everybody > 1 {
            let api_key = None;
            all.push([("$default".to_owned(), Access { guard, api_key })].into());
        }
    }
    all
}

/// The versions that take traffic.
fn serving(state: &State) -> Vec<String> {
    let function = state.functions.get("s3test-dev");
    let alias = function.and_then(|function| function.aliases.get("live"));
    alias
        .map(|alias| {
            let canary = alias.canary.iter().map(|canary| canary.version.clone());
            std::iter::once(alias.version.clone())
                .chain(canary)
                .collect()
        })
        .unwrap_or_default()
}

/// An API key: its name and its value.
type Sent = (String, Option<String>);

/// The keys that callers of REST APIs can use.
fn sent(state: &State) -> Vec<Sent> {
    let rests: Vec<&String> = state.rests.iter().map(|rest| &rest.api.id).collect();
    let plans = state.plans.iter();
    let plans = plans.filter(|(plan, _)| plan.stages.iter().any(|(api, _)| rests.contains(&api)));
    let ids: Vec<&String> = plans.flat_map(|(_, keys)| keys).collect();
    let keys = state.keys.iter();
    let keys = keys.filter(|key| key.enabled && ids.contains(&&key.id));
    keys.map(|key| (key.name.clone(), Some(key.value.0.clone())))
        .collect()
}

/// What a version relies on: who may call its routes, and with which keys.
#[derive(Clone)]
struct Relies {
    routes: Routes,
    /// The keys that may be used, by name, each with its value where that is set.
    keys: Vec<Sent>,
}

impl Relies {
    async fn of(aws: &Fake, app: &App) -> Self {
        let desired = app.desired(aws).await.unwrap();
        let rest = desired.rest.iter();
        let keys = rest.flat_map(|rest| {
            let under = |name: &String| rest.plans.values().any(|plan| plan.keys.contains(name));
            let keys = rest.keys.iter();
            let keys = keys.filter(move |(name, key)| key.enabled && under(name));
            keys.map(|(name, key)| {
                let value = key.value.as_ref().map(|value| value.0.clone());
                (name.clone(), value)
            })
        });
        Self {
            keys: keys.collect(),
            routes: desired.access(),
        }
    }

    /// True if a key may be used. Another value of a key may be, where `replaced` says so.
    fn takes(&self, (name, value): &Sent, replaced: bool) -> bool {
        let mut keys = self.keys.iter();
        let found = keys.find(|(held, _)| held == name);
        found.is_some_and(|(_, wanted)| replaced || wanted.is_none() || wanted == value)
    }
}

/// The newest version's number.
fn newest(state: &State) -> u32 {
    state
        .functions
        .get("s3test-dev")
        .map_or(0, |one| one.published)
}

/// Looks at the account after each call: the versions up to `old` want one thing, those after it another. What is asked of callers of
/// an old version may be replaced, and is never widened; the others have what they want.
fn watch(aws: &Fake, old: u32, before: Relies, after: Relies, what: &str) {
    let what = what.to_owned();
    aws.watch.set(move |state, call| {
        for version in serving(state) {
            let number: u32 = version.parse().unwrap();
            let relies = if number > old { &after } else { &before };
            let wanted = &relies.routes;
            for door in doors(state) {
                let asks = |routes: &Routes| routes.values().any(|access| access.api_key.is_some());
                if asks(wanted) && asks(&door) {
                    for key in sent(state) {
                        // Before the traffic moves, a key with another value takes the place of the old one.
                        assert!(
                            relies.takes(&key, number <= old),
                            "after {call}, version {version} of {what}: the key {key:?}"
                        );
                    }
                }
                let fits = |found: &Access, wanted: &Access| {
                    let moved = shift(wanted, found);
                    let other = moved == Shift::Other && number <= old;
                    other || matches!(moved, Shift::Same | Shift::Tighter)
                };
                let open = exposed_by(&door, wanted, fits);
                assert!(
                    open.is_none(),
                    "after {call}, version {version} of {what}: {open:?} in {door:?}"
                );
            }
        }
    });
}

async fn wanted(aws: &Fake, app: &App) -> Routes {
    Relies::of(aws, app).await.routes
}

async fn deployed(app: &App) -> State {
    let aws = Fake::default();
    app.deploy(&aws).await.unwrap();
    aws.state.into_inner()
}

async fn watched(before: &State, from: &App, to: &App) -> Fake {
    let aws = Fake::holding(before.clone());
    let (old, new) = (Relies::of(&aws, from).await, Relies::of(&aws, to).await);
    let what = format!(
        "{:?} {:?} to {:?} {:?}",
        from.guards, from.settings, to.guards, to.settings
    );
    watch(&aws, newest(before), old, new, &what);
    aws
}

/// From one app to another: undisturbed, and failed and killed at each call; and on from there.
async fn moved(from: &App, to: &App) {
    let before = deployed(from).await;
    let undisturbed = watched(&before, from, to).await;
    to.deploy(&undisturbed).await.unwrap();
    for nth in 0..undisturbed.writes().len() {
        for (killed, fault) in [
            (None, Some(Fault::Before(nth))),
            (None, Some(Fault::After(nth))),
            (Some(nth), None),
        ] {
            let aws = watched(&before, from, to).await;
            aws.clock.start(Latency::Uneven(nth as u64));
            aws.killed.set(killed);
            aws.fault.set(fault);
            to.deploy(&aws).await.unwrap_err();
            aws.killed.set(None);
            aws.fault.set(None);
            if let Err(failure) = to.deploy(&aws).await {
                panic!(
                    "{failure:?}: {:?} to {:?}, killed {killed:?}, failed {fault:?}",
                    from.code, to.code
                );
            }
            assert!(to.plan(&aws).await.unwrap().is_empty());
        }
    }
}

const ROUTES: &[(&str, &str)] = &[("GET", "/a"), ("GET", "/{x}"), ("ANY", "/b")];
const DOOR: &str = r#"{ "type": "lambda", "name": "door" }"#;
const GATE: &str = r#"{ "type": "lambda", "name": "gate" }"#;
const IAM: &str = r#"{ "type": "iam" }"#;
const JWT: &str = r#"{ "type": "jwt", "name": "users" }"#;
const READ: &str = r#"{ "type": "jwt", "name": "users", "scopes": ["read"] }"#;
const BOTH: &str = r#"{ "type": "jwt", "name": "users", "scopes": ["read", "write"] }"#;
const WRITE: &str = r#"{ "type": "jwt", "name": "users", "scopes": ["write"] }"#;

const USERS: &str =
    "[jwt.users]\nissuer = \"https://issuer.example.org/\"\naudience = [\"notes\", \"more\"]\n";
const FEWER: &str =
    "[jwt.users]\nissuer = \"https://issuer.example.org/\"\naudience = [\"notes\"]\n";
const ANOTHER: &str =
    "[jwt.users]\nissuer = \"https://another.example.org/\"\naudience = [\"notes\"]\n";
const CACHED: &str = "[jwt.users]\nissuer = \"https://issuer.example.org/\"\naudience = [\"notes\"]\n[authorizers.door]\nttl = 60\nidentity = [\"$request.header.x\"]\n";
const UNCACHED: &str = "[jwt.users]\nissuer = \"https://issuer.example.org/\"\naudience = [\"notes\"]\n[authorizers.door]\nttl = 0\nidentity = [\"$request.header.x\", \"$request.header.y\"]\n";

const fn app(
    code: &'static str,
    guards: &'static [(&'static str, &'static str)],
    settings: &'static str,
) -> App {
    App {
        code,
        routes: ROUTES,
        authorizers: &["door", "gate"],
        sources: &[],
        guards,
        settings,
    }
}

/// Apps behind an HTTP API, each guarded in another way.
fn http() -> Vec<App> {
    let mut all = vec![
        app("a", &[], ""),
        app("b", &[("GET /a", IAM)], ""),
        app("c", &[("GET /a", DOOR), ("ANY /b", IAM)], ""),
        app("d", &[("GET /a", GATE), ("GET /{x}", DOOR)], ""),
        app("e", &[("GET /a", JWT)], USERS),
        app("f", &[("GET /a", READ), ("ANY /b", JWT)], FEWER),
        app("g", &[("GET /a", BOTH)], USERS),
        app("h", &[("GET /a", WRITE), ("GET /{x}", IAM)], ANOTHER),
        app("i", &[("GET /a", DOOR), ("ANY /b", READ)], CACHED),
        app("j", &[("GET /a", DOOR), ("ANY /b", JWT)], UNCACHED),
    ];
    // Other routes: what one guards another one would answer.
    for (code, routes, guards) in [
        ("k", &[("ANY", "$default")][..], &[][..]),
        (
            "l",
            &[("ANY", "$default"), ("GET", "/a")],
            &[("GET /a", IAM)],
        ),
        ("m", &[("GET", "/{rest+}")], &[("GET /{rest+}", IAM)]),
        (
            "n",
            &[("GET", "/a"), ("PUT", "/a"), ("ANY", "/b/{x}")],
            &[("PUT /a", IAM), ("ANY /b/{x}", JWT)],
        ),
    ] {
        all.push(App {
            routes,
            ..app(code, guards, USERS)
        });
    }
    all
}

const KEYS: &str =
    "gateway = \"rest-api\"\n[[api_keys]]\nname = \"one\"\n[usage_plans.all]\nkeys = [\"one\"]\n";
/// Two keys, under a usage plan.
const TWO: &str = "gateway = \"rest-api\"\n[[api_keys]]\nname = \"one\"\n[[api_keys]]\nname = \"two\"\n[usage_plans.all]\nkeys = [\"one\", \"two\"]\n";
/// The same, one of them disabled.
const DISABLED: &str = "gateway = \"rest-api\"\n[[api_keys]]\nname = \"one\"\nenabled = false\n[[api_keys]]\nname = \"two\"\n[usage_plans.all]\nkeys = [\"one\", \"two\"]\n";
/// The same, one of them under no usage plan.
const LOOSE: &str = "gateway = \"rest-api\"\n[[api_keys]]\nname = \"one\"\n[[api_keys]]\nname = \"two\"\n[usage_plans.all]\nkeys = [\"two\"]\n";
/// A key of the same name with a value of its own, under another usage plan.
const VALUE: &str = "gateway = \"rest-api\"\napi_key_source = \"authorizer\"\n[[api_keys]]\nname = \"two\"\nvalue = \"12345678901234567890\"\n[usage_plans.more]\nkeys = [\"two\"]\n";
/// Another value.
const REPLACED: &str = "gateway = \"rest-api\"\n[[api_keys]]\nname = \"two\"\nvalue = \"another-value-4567890\"\n[usage_plans.more]\nkeys = [\"two\"]\n";
const KEY: &str = r#"{ "api_key": true }"#;
const DOOR_KEY: &str = r#"{ "type": "lambda", "name": "door", "api_key": true }"#;

const REST: &str = "gateway = \"rest-api\"\n";
const REST_CACHED: &str = "gateway = \"rest-api\"\nstage_name = \"v1\"\n[authorizers.door]\nttl = 60\nidentity = [\"$request.header.x\"]\n";

fn rest() -> Vec<App> {
    let mut all = vec![
        app("a", &[], REST),
        app("b", &[("GET /a", IAM)], REST),
        app("c", &[("GET /a", DOOR), ("ANY /b", IAM)], REST),
        app("d", &[("GET /a", GATE), ("GET /{x}", DOOR)], KEYS),
        app("e", &[("GET /a", DOOR), ("GET /{x}", IAM)], REST_CACHED),
        app("p", &[("GET /a", KEY)], KEYS),
        app("q", &[("GET /a", KEY), ("GET /{x}", DOOR_KEY)], TWO),
        app("r", &[("GET /a", KEY)], DISABLED),
        app("s", &[("GET /a", KEY), ("ANY /b", KEY)], LOOSE),
        app("t", &[("GET /a", DOOR_KEY)], VALUE),
        app("u", &[("GET /a", DOOR_KEY)], REPLACED),
    ];
    for (code, routes, guards) in [
        (
            "m",
            &[("GET", "/{rest+}")][..],
            &[("GET /{rest+}", IAM)][..],
        ),
        (
            "n",
            &[("GET", "/a"), ("PUT", "/a"), ("ANY", "/b/{x}")],
            &[("PUT /a", IAM), ("ANY /b/{x}", DOOR)],
        ),
    ] {
        all.push(App {
            routes,
            ..app(code, guards, REST)
        });
    }
    all
}

fn url() -> Vec<App> {
    vec![
        app("a", &[], "gateway = \"function-url\""),
        app("b", &[], "gateway = \"function-url\"\nauth = \"iam\""),
        app(
            "c",
            &[],
            "gateway = \"function-url\"\nauth = \"iam\"\ninvoke_mode = \"response-stream\"",
        ),
    ]
}

#[test]
fn no_version_serves_an_http_api_without_the_guards_that_it_relies_on() {
    run(async {
        let all = http();
        for (at, from) in all.iter().enumerate() {
            for (other, to) in all.iter().enumerate().filter(|(other, _)| *other != at) {
                // All are looked at, and some are interrupted everywhere.
                if (at + 2 * other) % 5 == 0 {
                    moved(from, to).await;
                } else {
                    let aws = watched(&deployed(from).await, from, to).await;
                    to.deploy(&aws).await.unwrap();
                    assert!(to.plan(&aws).await.unwrap().is_empty());
                }
            }
        }
    });
}

#[test]
fn no_version_serves_a_rest_api_or_a_url_without_the_guards_that_it_relies_on() {
    run(async {
        for all in [rest(), url()] {
            for (at, from) in all.iter().enumerate() {
                for (other, to) in all.iter().enumerate().filter(|(other, _)| *other != at) {
                    // All are looked at, and some are interrupted everywhere.
                    if (at + 2 * other) % 4 == 0 {
                        moved(from, to).await;
                    } else {
                        let aws = watched(&deployed(from).await, from, to).await;
                        to.deploy(&aws).await.unwrap();
                        assert!(to.plan(&aws).await.unwrap().is_empty());
                    }
                }
            }
        }
    });
}

#[test]
fn no_version_is_reached_around_its_guards_through_the_gateway_that_goes() {
    run(async {
        let some = [
            http().into_iter().step_by(3).collect::<Vec<_>>(),
            rest().into_iter().step_by(2).collect(),
            url(),
        ];
        for (at, from) in some.iter().enumerate() {
            for (other, to) in some.iter().enumerate().filter(|(other, _)| *other != at) {
                let pairs = from
                    .iter()
                    .flat_map(|from| to.iter().map(move |to| (from, to)));
                for (nth, (from, to)) in pairs.enumerate() {
                    let to = App {
                        code: "new",
                        ..to.clone()
                    };
                    // All are looked at, and some are interrupted everywhere.
                    if (nth + other) % 5 == 0 {
                        moved(from, &to).await;
                    } else {
                        let aws = watched(&deployed(from).await, from, &to).await;
                        to.deploy(&aws).await.unwrap();
                    }
                }
            }
        }
    });
}

/// A canary of an app beside another one, and its promotion, as the commands do it.
async fn canary(aws: &Fake, app: &App) -> crate::error::Result<()> {
    let mut desired = app.desired(aws).await?;
    desired.canary = Some(10);
    let actual = crate::deploy::observe(aws, &desired.names).await?;
    let plan = checked(&desired, &actual)?;
    apply(aws, &plan, &console(), super::RETRY, "cargo fw deploy").await?;
    let again = crate::deploy::observe(aws, &desired.names).await?;
    let again = checked(&desired, &again)?;
    assert!(again.is_empty(), "{:?}", again.steps);
    Ok(())
}

async fn promote(aws: &Fake) -> crate::error::Result<()> {
    let names = App::names();
    let release = Release::read(aws, &names).await?;
    let flips = release.forward(&names)?;
    rollback::promote(aws, &names, &release, &flips, &console(), super::RETRY).await
}

#[test]
fn a_canary_and_its_promotion_have_the_guards_before_the_traffic() {
    run(async {
        let mut refused = 0;
        for all in [http(), rest(), url()] {
            for from in &all {
                for to in all.iter().filter(|to| to.code != from.code) {
                    let before = deployed(from).await;
                    let aws = watched(&before, from, to).await;
                    if let Err(failure) = canary(&aws, to).await {
                        assert_eq!(
                            failure.message(),
                            "a canary cannot add guards to a REST API"
                        );
                        assert_eq!(aws.writes(), [""; 0]);
                        refused += 1;
                        continue;
                    }
                    promote(&aws).await.unwrap();
                    to.deploy(&aws).await.unwrap();
                    assert!(to.plan(&aws).await.unwrap().is_empty());
                }
            }
        }
        assert!(refused > 10, "{refused}");
    });
}

#[test]
fn an_interrupted_canary_has_the_guards_before_the_traffic() {
    run(async {
        for (from, to) in [(0, 4), (1, 5), (4, 3), (8, 9)] {
            let (from, to) = (&http()[from], &http()[to]);
            let before = deployed(from).await;
            let undisturbed = watched(&before, from, to).await;
            canary(&undisturbed, to).await.unwrap();
            for nth in 0..undisturbed.writes().len() {
                for fault in [Fault::Before(nth), Fault::After(nth)] {
                    let aws = watched(&before, from, to).await;
                    aws.fault.set(Some(fault));
                    canary(&aws, to).await.unwrap_err();
                    aws.fault.set(None);
                    canary(&aws, to).await.unwrap();
                    promote(&aws).await.unwrap();
                }
            }
        }
    });
}

/// A deployment of `from`, and `to` after it, each with its manifest in its zip.
async fn packed(aws: &Fake, apps: &[&App]) {
    for app in apps {
        super::rollback::deploy(aws, app).await;
    }
}

#[test]
fn a_promotion_puts_guards_back_that_somebody_took_away() {
    run(async {
        let guarded = App {
            guards: &[("GET /objects/{key}", IAM)],
            code: "two",
            ..FIRST
        };
        let aws = Fake::default();
        packed(&aws, &[&FIRST]).await;
        super::rollback::deploy_part(&aws, &guarded, Some(10)).await;
        let (old, new) = (
            Relies::of(&aws, &FIRST).await,
            Relies::of(&aws, &guarded).await,
        );
        let open = Guard::Open;
        for route in &mut aws.state.borrow_mut().apis[0].routes {
            route.guard = open.clone();
        }
        aws.forget();
        promote(&aws).await.unwrap();
        assert_eq!(aws.writes(), ["UpdateRoute", "UpdateAlias"]);
        watch(&aws, 1, old, new, "the promoted version");
        guarded.deploy(&aws).await.unwrap();
    });
}

#[test]
fn a_rollback_has_the_guards_of_the_older_version_before_the_traffic() {
    run(async {
        for all in [http(), rest()] {
            for older in &all {
                for newer in all.iter().filter(|newer| newer.code != older.code) {
                    let aws = Fake::default();
                    packed(&aws, &[older, newer]).await;
                    // What stays guarded in another way is not open.
                    let (old, new) = (wanted(&aws, older).await, wanted(&aws, newer).await);
                    let what = format!("{:?} back to {:?}", newer.guards, older.guards);
                    let before = aws.state.borrow().clone();
                    let count = {
                        watch_names(&aws, &old, &new, &what);
                        aws.forget();
                        let done = super::rollback::rollback(&aws).await;
                        if let Err(failure) = done {
                            let told = failure.message();
                            assert!(
                                told.contains("relies on a guard") || told.contains("older routes"),
                                "{told}: {what}"
                            );
                        }
                        aws.writes().len()
                    };
                    for nth in 0..count {
                        let aws = Fake::holding(before.clone());
                        watch_names(&aws, &old, &new, &what);
                        aws.fault.set(Some(Fault::After(nth)));
                        super::rollback::rollback(&aws).await.unwrap_err();
                    }
                }
            }
        }
    });
}

/// Looks for routes that are open, or ask for less, to the version that relies on their guard; of authorizers only the names count, since
/// a rollback leaves their settings as they are.
fn watch_names(aws: &Fake, first: &Routes, second: &Routes, what: &str) {
    let what = what.to_owned();
    let (first, second) = (named(first), named(second));
    aws.watch.set(move |state, call| {
        for version in serving(state) {
            let wanted = if version == "1" { &first } else { &second };
            for door in doors(state) {
                let fits = |found: &Access, wanted: &Access| shift(wanted, found) != Shift::Looser;
                let open = exposed_by(&named(&door), wanted, fits)
                    .map(|(a, b)| (a.to_owned(), b.to_owned()));
                assert!(
                    open.is_none(),
                    "after {call}, version {version} of {what}: {open:?} in {door:?}"
                );
            }
        }
    });
}

#[test]
fn a_plan_that_moves_the_traffic_first_is_not_sound() {
    run(async {
        let plans = [
            (&http()[0], &http()[1]),
            (&http()[6], &http()[5]),
            (&http()[8], &http()[9]),
            (&rest()[0], &rest()[1]),
            (&rest()[1], &rest()[3]),
            // A key is disabled, another is taken from its usage plan.
            (&rest()[6], &rest()[7]),
            (&app("v", &[("GET /a", KEY)], TWO), &rest()[8]),
            (&url()[0], &url()[1]),
            (&http()[0], &url()[1]),
            (&url()[0], &http()[2]),
            (&rest()[0], &http()[2]),
        ];
        for (from, to) in plans {
            let to = App {
                code: "new",
                ..to.clone()
            };
            let aws = Fake::holding(deployed(from).await);
            let desired = to.desired(&aws).await.unwrap();
            let actual = crate::deploy::observe(&aws, &desired.names).await.unwrap();
            let plan = checked(&desired, &actual).unwrap();
            let what = format!("{:?} to {:?}", from.settings, to.settings);
            let guards = plan.steps.iter().filter(|one| one.phase == Phase::Tighten);
            assert!(guards.count() > 0, "{what}: {:?}", plan.steps);
            // Without the guards, and with the guards after the traffic.
            let mut without = plan.clone();
            without.steps.retain(|one| one.phase != Phase::Tighten);
            let mut late = plan.clone();
            for one in &mut late.steps {
                if one.phase == Phase::Tighten {
                    one.phase = Phase::Follow;
                }
            }
            late.steps.sort_by_key(|one| one.phase);
            for plan in [without, late] {
                let failure = check::plan(&desired, &actual, &plan).unwrap_err();
                let why = failure.causes().join("\n");
                assert!(
                    why.contains("without its guard") || why.contains("prepares after"),
                    "{what}: {why}"
                );
            }
        }
        // What opens comes after the traffic.
        for (from, to) in [
            (&http()[1], &http()[0]),
            (&rest()[1], &rest()[0]),
            (&rest()[5], &app("v", &[("GET /a", KEY)], TWO)),
            (&rest()[7], &app("v", &[("GET /a", KEY)], TWO)),
            (&url()[1], &url()[0]),
        ] {
            let aws = Fake::holding(deployed(from).await);
            let desired = to.desired(&aws).await.unwrap();
            let actual = crate::deploy::observe(&aws, &desired.names).await.unwrap();
            let mut plan = checked(&desired, &actual).unwrap();
            for one in &mut plan.steps {
                if one.phase == Phase::Follow || one.phase == Phase::Open {
                    one.phase = Phase::Tighten;
                }
            }
            plan.steps.sort_by_key(|one| one.phase);
            let failure = check::plan(&desired, &actual, &plan).unwrap_err();
            let why = &failure.causes()[0];
            assert!(why.contains("before all traffic has moved"), "{failure}");
        }
    });
}

#[test]
fn a_key_that_goes_is_refused_before_the_traffic_and_one_that_comes_is_admitted_after_it() {
    run(async {
        let keyed = |code, settings| app(code, &[("GET /a", KEY)], settings);
        let replaced = "gateway = \"rest-api\"\n[[api_keys]]\nname = \"one\"\nvalue = \"12345678901234567890\"\n[usage_plans.all]\nkeys = [\"one\"]\n";
        for (from, to, early, late) in [
            (TWO, DISABLED, &["UpdateApiKey"][..], &[][..]),
            (TWO, LOOSE, &["DeleteUsagePlanKey"], &[]),
            (TWO, KEYS, &["UpdateApiKey"], &["DeleteApiKey"]),
            (DISABLED, TWO, &[], &["UpdateApiKey"]),
            (LOOSE, TWO, &[], &["CreateUsagePlanKey"]),
            (KEYS, TWO, &[], &["CreateApiKey", "CreateUsagePlanKey"]),
            // The holders of a key have the old value or the new one at every moment.
            (
                KEYS,
                replaced,
                &["CreateApiKey", "CreateUsagePlanKey", "UpdateApiKey"],
                &["DeleteApiKey"],
            ),
        ] {
            let (from, to) = (keyed("one", from), keyed("two", to));
            let before = deployed(&from).await;
            let of_keys = |writes: &[&'static str]| -> Vec<&'static str> {
                let all = writes.iter().copied();
                all.filter(|write| write.contains("ApiKey") || write.contains("UsagePlan"))
                    .collect()
            };
            let what = format!("{} to {}", from.settings, to.settings);
            let aws = watched(&before, &from, &to).await;
            canary(&aws, &to).await.unwrap();
            assert_eq!(of_keys(&aws.writes()), early, "a canary: {what}");
            promote(&aws).await.unwrap();
            assert_eq!(of_keys(&aws.writes()), early, "its promotion: {what}");
            aws.forget();
            to.deploy(&aws).await.unwrap();
            assert_eq!(of_keys(&aws.writes()), late, "a deploy: {what}");
            assert!(to.plan(&aws).await.unwrap().is_empty());
            let aws = watched(&before, &from, &to).await;
            to.deploy(&aws).await.unwrap();
            let writes = aws.writes();
            let flip = writes.iter().position(|write| *write == "UpdateAlias");
            let (before, after) = writes.split_at(flip.unwrap());
            assert_eq!(
                (&*of_keys(before), &*of_keys(after)),
                (early, late),
                "{what}"
            );
        }
        // Where no route asks for a key as yet, all keys are there before one does.
        let open = app("one", &[], REST);
        let aws = watched(&deployed(&open).await, &open, &keyed("two", TWO)).await;
        keyed("two", TWO).deploy(&aws).await.unwrap();
        let writes = aws.writes();
        let at = |name: &str| writes.iter().rposition(|write| *write == name).unwrap();
        assert!(at("CreateUsagePlanKey") < at("PutRestApi"), "{writes:?}");
        assert!(at("UpdateStage") < at("UpdateAlias"), "{writes:?}");
    });
}

#[test]
fn another_place_of_the_key_is_a_guard() {
    run(async {
        let by = |code, source: &'static str| app(code, &[("GET /a", DOOR_KEY)], source);
        let header = "gateway = \"rest-api\"\n[[api_keys]]\nname = \"one\"\n[usage_plans.all]\nkeys = [\"one\"]\n";
        let authorizer = "gateway = \"rest-api\"\napi_key_source = \"authorizer\"\n[[api_keys]]\nname = \"one\"\n[usage_plans.all]\nkeys = [\"one\"]\n";
        for (from, to) in [(header, authorizer), (authorizer, header)] {
            let (from, to) = (by("one", from), by("two", to));
            let aws = Fake::holding(deployed(&from).await);
            let plan = to.plan(&aws).await.unwrap();
            assert!(openings(&plan).join(" ").contains("who may call `GET /a`"));
            to.deploy(&aws).await.unwrap();
            let writes = aws.writes();
            let at = |name: &str| writes.iter().position(|write| *write == name).unwrap();
            assert!(at("UpdateStage") < at("UpdateAlias"), "{writes:?}");
        }
    });
}

#[test]
fn somebody_agrees_to_more_callers() {
    run(async {
        let keyed = App {
            guards: &[("GET /a", IAM)],
            settings: "gateway = \"rest-api\"\n[[api_keys]]\nname = \"one\"\n[[api_keys]]\nname = \"two\"\n[usage_plans.all]\nkeys = [\"one\", \"two\"]\n",
            ..app("x", &[], "")
        };
        let more = [
            (
                &http()[1],
                &http()[0],
                "route `GET /a` (who may call it: iam → everybody)",
            ),
            (&http()[5], &http()[6], "audience: notes → notes, more"),
            (&http()[9], &http()[8], "ttl: 0 s → 60 s"),
            (&http()[2], &http()[1], "authorizer → iam"),
            (
                &http()[5],
                &App {
                    guards: &[("GET /a", BOTH), ("ANY /b", JWT)],
                    ..http()[5].clone()
                },
                "jwt: read → jwt users: read or write",
            ),
            (
                &http()[12],
                &App {
                    routes: &[("GET", "/{rest+}"), ("GET", "/a")],
                    ..http()[12].clone()
                },
                "route `GET /a` (in the app",
            ),
            (
                &rest()[1],
                &rest()[0],
                "who may call `GET /a`: iam → everybody",
            ),
            (&rest()[3], &keyed, "API key `s3test-dev-two`"),
            (&url()[1], &url()[0], "auth: iam → none"),
        ];
        for (from, to, told) in more {
            let aws = Fake::holding(deployed(from).await);
            let plan = to.plan(&aws).await.unwrap();
            let opens = openings(&plan).join("\n");
            assert!(opens.contains(told), "{told}: {opens}");
            assert!(wants_approval(&plan, Approval::Deletions));
            let failure = approve(&plan, Approval::Deletions, false, &console()).unwrap_err();
            assert_eq!(failure.exit(), crate::error::Exit::Usage);
            assert!(failure.causes()[0].contains("more callers"), "{failure}");
            approve(&plan, Approval::Deletions, true, &console()).unwrap();
            approve(&plan, Approval::Never, false, &console()).unwrap();
            let lines = crate::deploy::report::lines(&plan).join("\n");
            assert!(lines.contains("(opens: more callers)"), "{lines}");
            let desired = to.desired(&aws).await.unwrap();
            let actual = crate::deploy::observe(&aws, &desired.names).await.unwrap();
            let text = crate::deploy::report::document(&desired, &actual, &plan, None, None);
            assert!(text.contains("\"opens\": true"), "{text}");
        }
        // Fewer callers are nobody's loss that somebody has to agree to.
        for (from, to) in [
            (&http()[0], &http()[1]),
            (&rest()[0], &rest()[1]),
            (&url()[0], &url()[1]),
        ] {
            let aws = Fake::holding(deployed(from).await);
            let plan = to.plan(&aws).await.unwrap();
            assert!(openings(&plan).is_empty(), "{:?}", openings(&plan));
        }
        // Nor is what a first deploy opens.
        for app in [&http()[0], &rest()[3], &url()[0]] {
            assert!(openings(&app.plan(&Fake::default()).await.unwrap()).is_empty());
        }
    });
}

#[test]
fn another_gateway_that_admits_more_is_asked_about_as_that() {
    run(async {
        for (from, to, more) in [
            (&url()[1], &http()[0], true),
            (&url()[1], &rest()[0], true),
            (&http()[1], &url()[0], true),
            (&http()[1], &rest()[0], true),
            (&rest()[5], &http()[0], true),
            (&rest()[5], &url()[0], true),
            (&url()[0], &http()[2], false),
            (&http()[0], &url()[1], false),
            (&http()[1], &rest()[1], false),
            (&rest()[0], &url()[1], false),
        ] {
            let aws = Fake::holding(deployed(from).await);
            let plan = to.plan(&aws).await.unwrap();
            let opens = openings(&plan);
            let what = format!("{:?} to {:?}: {opens:?}", from.settings, to.settings);
            assert_eq!(!opens.is_empty(), more, "{what}");
            assert!(wants_approval(&plan, Approval::Deletions), "{what}");
        }
    });
}

#[test]
fn a_canary_does_not_take_traffic_from_a_gateway_that_goes_and_guards_less() {
    run(async {
        for (from, to) in [
            (&url()[0], &http()[2]),
            (&rest()[0], &http()[2]),
            (&http()[0], &url()[1]),
        ] {
            let aws = Fake::holding(deployed(from).await);
            let failure = canary(
                &aws,
                &App {
                    code: "new",
                    ..to.clone()
                },
            )
            .await
            .unwrap_err();
            assert!(failure.message().contains("another gateway"), "{failure}");
            assert!(failure.advice().unwrap().contains("without `--canary`"));
            assert_eq!(aws.writes(), [""; 0]);
        }
    });
}

#[test]
fn a_version_without_an_alias_finds_its_guards() {
    run(async {
        for (from, to) in [(&http()[0], &http()[2]), (&rest()[0], &rest()[2])] {
            let mut before = deployed(from).await;
            // Somebody deleted the function, and the API is open.
            before.functions.remove("s3test-dev").unwrap();
            let aws = Fake::holding(before);
            let new = Relies::of(&aws, to).await;
            watch(&aws, 0, new.clone(), new, "a new function");
            to.deploy(&aws).await.unwrap();
            assert!(to.plan(&aws).await.unwrap().is_empty());
        }
    });
}
