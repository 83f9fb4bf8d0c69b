//! A rollback restores the routes of the version that it goes back to.

use std::{io::Write as _, path::Path};

use zip::{ZipWriter, write::SimpleFileOptions};

use super::{App, FIRST, console, run};
use crate::{
    artifact::MANIFEST,
    aws::{
        apigateway::Guard,
        fake::{Fake, Fault, State},
    },
    deploy::{
        apply::apply,
        check,
        execute::Executed,
        plan::plan,
        rollback, tags,
        traffic::{Release, flip},
    },
    error::Result,
};

/// The app's zip as it is uploaded: with its manifest.
fn packed(app: &App) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer
        .start_file(MANIFEST, SimpleFileOptions::default())
        .unwrap();
    let manifest = serde_json::to_vec(&app.manifest()).unwrap();
    writer.write_all(&manifest).unwrap();
    writer.finish().unwrap().into_inner()
}

pub(super) async fn deploy(aws: &Fake, app: &App) {
    deploy_part(aws, app, None).await;
}

/// The same for a part of the traffic.
pub(super) async fn deploy_part(aws: &Fake, app: &App, canary: Option<u32>) {
    let mut desired = app.desired(aws).await.unwrap();
    desired.canary = canary;
    desired.code.zip = packed(app).into();
    let actual = crate::deploy::observe(aws, &desired.names).await.unwrap();
    let plan = plan(&desired, &actual);
    check::plan(&desired, &actual, &plan).unwrap();
    let made = apply(aws, &plan, &console(), super::RETRY, "cargo fw deploy")
        .await
        .unwrap();
    let done = Executed { actual, plan, made };
    let version = done.serving(&desired.names.function);
    tags::record(aws, &desired, Path::new("."), &done.actual, version)
        .await
        .unwrap();
}

pub(super) async fn rollback(aws: &Fake) -> Result<()> {
    rollback_to(aws, None).await
}

async fn rollback_to(aws: &Fake, version: Option<u64>) -> Result<()> {
    let names = App::names();
    let release = Release::read(aws, &names).await?;
    let flips = release.back(&names, version)?;
    release.older(&names, &flips).unwrap();
    let left = rollback::rollback(aws, &names, &release, &flips, &console(), super::RETRY).await?;
    left.map_or(Ok(()), Err)
}

fn routes(aws: &Fake) -> Vec<(String, Guard<String>)> {
    let state = aws.snapshot();
    let routes = state.apis[0].routes.iter();
    routes
        .map(|route| (route.key.clone(), route.guard.clone()))
        .collect()
}

const SECOND: App = App {
    code: "two",
    routes: &[("GET", "/objects/{key}"), ("GET", "/new")],
    ..FIRST
};

#[test]
fn a_rollback_takes_the_routes_of_the_older_version() {
    run(async {
        let aws = Fake::default();
        deploy(&aws, &FIRST).await;
        let before = routes(&aws);
        deploy(&aws, &SECOND).await;
        let after = routes(&aws);
        assert_ne!(before, after);
        aws.forget();
        rollback(&aws).await.unwrap();
        assert_eq!(aws.writes(), ["UpdateAlias", "CreateRoute", "DeleteRoute"]);
        assert_eq!(routes(&aws), before);
        // And forward again.
        deploy(&aws, &SECOND).await;
        assert_eq!(routes(&aws), after);
    });
}

#[test]
fn a_rollback_lets_nobody_in_who_is_not_now() {
    run(async {
        let open = App {
            routes: &[("GET", "/"), ("GET", "/old")],
            ..FIRST
        };
        let guarded = App {
            code: "two",
            routes: &[("GET", "/")],
            guards: &[("GET /", "{\"type\":\"iam\"}")],
            ..FIRST
        };
        let aws = Fake::default();
        deploy(&aws, &open).await;
        deploy(&aws, &guarded).await;
        assert_eq!(routes(&aws), [("GET /".to_owned(), Guard::Iam)]);
        rollback(&aws).await.unwrap();
        assert_eq!(
            routes(&aws),
            [
                ("GET /".to_owned(), Guard::Iam),
                ("GET /old".to_owned(), Guard::Open)
            ]
        );
        // The other way round the older version's guard comes back with it.
        let aws = Fake::default();
        deploy(
            &aws,
            &App {
                code: "one",
                ..guarded.clone()
            },
        )
        .await;
        deploy(
            &aws,
            &App {
                code: "two",
                ..open.clone()
            },
        )
        .await;
        rollback(&aws).await.unwrap();
        assert_eq!(routes(&aws), [("GET /".to_owned(), Guard::Iam)]);
    });
}

#[test]
fn without_a_manifest_the_traffic_moves_and_the_routes_stay() {
    run(async {
        let aws = Fake::default();
        FIRST.deploy(&aws).await.unwrap();
        SECOND.deploy(&aws).await.unwrap();
        let before = routes(&aws);
        let failure = rollback(&aws).await.unwrap_err();
        assert_eq!(failure.message(), "its code is not a zip");
        assert_eq!(aws.serves("GET /objects/{key}"), Some(super::hash("one")));
        assert_eq!(routes(&aws), before);
    });
}

#[test]
fn an_interrupted_rollback_is_made_right_by_a_deploy() {
    run(async {
        let aws = Fake::default();
        deploy(&aws, &FIRST).await;
        deploy(&aws, &SECOND).await;
        let before = aws.state.into_inner();
        let after = Fake::holding(before.clone()).snapshot();
        for nth in 0..3 {
            for fault in [Fault::Before(nth), Fault::After(nth)] {
                let aws = Fake::holding(before.clone());
                aws.fault.set(Some(fault));
                rollback(&aws).await.unwrap_err();
                aws.fault.set(None);
                deploy(&aws, &SECOND).await;
                assert_eq!(told(&aws), told(&Fake::holding(after.clone())), "{fault:?}");
            }
        }
    });
}

/// What it holds, but for when it was deployed.
fn told(aws: &Fake) -> State {
    let mut state = aws.snapshot();
    for function in state.functions.values_mut() {
        function.tags.remove("fw:at");
    }
    state
}

#[test]
fn a_guarded_route_stays_where_an_open_one_is_behind_it() {
    run(async {
        let open = App {
            routes: &[("GET", "/{x}"), ("GET", "/n/m")],
            ..FIRST
        };
        let guarded = App {
            code: "two",
            routes: &[("GET", "/{x}"), ("GET", "/admin"), ("ANY", "/n/{rest+}")],
            guards: &[
                ("GET /admin", "{\"type\":\"iam\"}"),
                ("ANY /n/{rest+}", "{\"type\":\"iam\"}"),
            ],
            ..FIRST
        };
        let aws = Fake::default();
        deploy(&aws, &open).await;
        deploy(&aws, &guarded).await;
        let before = routes(&aws);
        rollback(&aws).await.unwrap();
        // Neither goes nor comes what would answer for one that is guarded.
        assert_eq!(routes(&aws), before);
        assert_eq!(aws.serves("GET /admin"), Some(super::hash("one")));
    });
}

const REST: App = App {
    settings: "gateway = \"rest-api\"",
    ..FIRST
};

const REST_NEXT: App = App {
    code: "two",
    routes: &[("GET", "/objects/{key}"), ("GET", "/new")],
    ..REST
};

#[test]
fn a_rollback_makes_a_rest_api_serve_what_it_served_then() {
    run(async {
        let aws = Fake::default();
        deploy(&aws, &REST).await;
        deploy(
            &aws,
            &App {
                code: "new",
                ..REST
            },
        )
        .await;
        deploy(&aws, &REST_NEXT).await;
        let after = told(&aws);
        assert!(aws.serves_by_rest("GET /new").is_some());
        aws.forget();
        rollback(&aws).await.unwrap();
        assert_eq!(aws.writes(), ["UpdateAlias", "UpdateStage"]);
        let old = Some(super::hash("new"));
        assert_eq!(aws.serves_by_rest("PUT /objects/{key}"), old);
        assert!(aws.serves_by_rest("GET /new").is_none());
        // One further back has the same routes: nothing is to be done for them.
        aws.forget();
        rollback(&aws).await.unwrap();
        assert_eq!(aws.writes(), ["UpdateAlias"]);
        // A deploy sees it, says so, and is where it was.
        let plan = REST_NEXT.plan(&aws).await.unwrap();
        let lines = crate::deploy::report::lines(&plan).join("\n");
        assert!(lines.contains("it serves another deployment"), "{lines}");
        aws.forget();
        deploy(&aws, &REST_NEXT).await;
        assert!(
            !aws.writes().contains(&"CreateDeployment"),
            "{:?}",
            aws.writes()
        );
        assert_eq!(told(&aws), after);
        assert!(REST_NEXT.plan(&aws).await.unwrap().is_empty());
    });
}

#[test]
fn an_interrupted_rollback_of_a_rest_api_is_made_right_by_a_deploy() {
    run(async {
        let aws = Fake::default();
        deploy(&aws, &REST).await;
        deploy(&aws, &REST_NEXT).await;
        let before = aws.state.into_inner();
        let after = told(&Fake::holding(before.clone()));
        for nth in 0..2 {
            for fault in [Fault::Before(nth), Fault::After(nth)] {
                let aws = Fake::holding(before.clone());
                aws.fault.set(Some(fault));
                rollback(&aws).await.unwrap_err();
                aws.fault.set(None);
                deploy(&aws, &REST_NEXT).await;
                assert_eq!(told(&aws), after, "{fault:?}");
            }
        }
    });
}

/// The message of a rollback that leaves the stage as it is, while the traffic moves.
async fn left(aws: &Fake, version: Option<u64>) -> String {
    let stages = aws.snapshot().rests[0].stages.clone();
    let failure = rollback_to(aws, version).await.unwrap_err();
    assert_eq!(aws.snapshot().rests[0].stages, stages);
    failure.message().to_owned()
}

#[test]
fn a_rest_api_opens_nothing_that_is_guarded_now() {
    run(async {
        let guarded = App {
            code: "three",
            guards: &[("GET /new", "{\"type\":\"iam\"}")],
            ..REST_NEXT
        };
        let aws = Fake::default();
        deploy(
            &aws,
            &App {
                code: "zero",
                ..REST_NEXT
            },
        )
        .await;
        deploy(&aws, &REST).await;
        deploy(
            &aws,
            &App {
                code: "two",
                ..REST_NEXT
            },
        )
        .await;
        deploy(&aws, &guarded).await;
        let told = "the older routes do not guard a route that is guarded now: `GET /new`";
        assert_eq!(left(&aws, None).await, told);
        // What is compared with is what is served, and not the version that has the traffic by now.
        assert_eq!(left(&aws, Some(1)).await, told);
        // The routes of `REST` open nothing: they do not have it.
        deploy(&aws, &guarded).await;
        rollback_to(&aws, Some(2)).await.unwrap();
        assert!(aws.serves_by_rest("PUT /objects/{key}").is_some());
    });
}

#[test]
fn a_rest_api_asks_no_authorizer_that_is_gone() {
    run(async {
        let asked = App {
            authorizers: &["door"],
            guards: &[(
                "GET /objects/{key}",
                "{\"type\":\"lambda\",\"name\":\"door\"}",
            )],
            ..REST
        };
        let aws = Fake::default();
        deploy(&aws, &asked).await;
        deploy(&aws, &REST_NEXT).await;
        assert_eq!(
            left(&aws, None).await,
            "the older routes use an authorizer that no longer exists: `door`"
        );
        // While it is there, it is asked again.
        let aws = Fake::default();
        deploy(&aws, &asked).await;
        deploy(
            &aws,
            &App {
                code: "two",
                routes: &[("GET", "/objects/{key}")],
                ..asked
            },
        )
        .await;
        rollback(&aws).await.unwrap();
        assert!(aws.serves_by_rest("PUT /objects/{key}").is_some());
    });
}

#[test]
fn a_rest_api_whose_past_is_not_known_stays_as_it_is() {
    run(async {
        // Deployed before it was written down what is served.
        let aws = Fake::default();
        REST.deploy(&aws).await.unwrap();
        deploy(&aws, &REST_NEXT).await;
        assert_eq!(
            left(&aws, None).await,
            "there is no record of what the REST API served with version 1"
        );
        // The deployment is gone.
        let aws = Fake::default();
        deploy(&aws, &REST).await;
        deploy(&aws, &REST_NEXT).await;
        aws.state.borrow_mut().rests[0].deployments.remove(0);
        assert_eq!(
            left(&aws, None).await,
            "the deployment that the REST API served with version 1 no longer exists"
        );
        // Somebody else's deployment is served.
        let aws = Fake::default();
        deploy(&aws, &REST).await;
        deploy(&aws, &REST_NEXT).await;
        aws.state.borrow_mut().rests[0].deployments[1]
            .0
            .description
            .clear();
        assert_eq!(
            left(&aws, None).await,
            "the deployment that the REST API serves now does not belong to an existing version"
        );
    });
}

#[test]
fn a_canary_and_its_promotion_leave_a_rest_api_to_the_next_deploy() {
    run(async {
        let aws = Fake::default();
        deploy(&aws, &REST).await;
        let before = aws.snapshot().rests;
        let mut desired = REST_NEXT.desired(&aws).await.unwrap();
        desired.code.zip = packed(&REST_NEXT).into();
        desired.canary = Some(10);
        let actual = crate::deploy::observe(&aws, &desired.names).await.unwrap();
        let plan = plan(&desired, &actual);
        apply(&aws, &plan, &console(), super::RETRY, "cargo fw deploy")
            .await
            .unwrap();
        assert_eq!(aws.snapshot().rests, before);
        let names = App::names();
        let release = Release::read(&aws, &names).await.unwrap();
        // Back from a canary the API needs nothing.
        let back = release.back(&names, None).unwrap();
        assert_eq!(release.older(&names, &back), None);
        let forward = release.forward(&names).unwrap();
        flip(&aws, &release, &forward, &console(), super::RETRY)
            .await
            .unwrap();
        assert_eq!(aws.snapshot().rests, before);
        deploy(&aws, &REST_NEXT).await;
        assert!(aws.serves_by_rest("GET /new").is_some());
        rollback(&aws).await.unwrap();
        assert!(aws.serves_by_rest("PUT /objects/{key}").is_some());
    });
}
