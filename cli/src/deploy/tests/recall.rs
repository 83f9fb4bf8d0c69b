//! A rollback restores the routes of the version that it goes back to.

use std::io::Write as _;

use zip::{ZipWriter, write::SimpleFileOptions};

use super::{App, FIRST, console, run};
use crate::{
    artifact::MANIFEST,
    aws::{
        apigateway::Guard,
        fake::{Fake, Fault},
    },
    deploy::{
        apply::apply,
        plan::plan,
        recall,
        release::{Release, flip},
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

async fn deploy(aws: &Fake, app: &App) {
    let mut desired = app.desired(aws).await.unwrap();
    desired.code.zip = packed(app).into();
    let actual = crate::deploy::observe(aws, &desired.names).await.unwrap();
    let plan = plan(&desired, &actual);
    apply(aws, &plan, &console(), super::PATIENCE, "cargo fw deploy")
        .await
        .unwrap();
}

async fn rollback(aws: &Fake) -> Result<()> {
    let names = App::names();
    let release = Release::read(aws, &names).await?;
    let flips = release.back(&names, None)?;
    flip(aws, &release, &flips, &console()).await?;
    let version = release.older(&names, &flips).unwrap();
    recall::routes(aws, &names, version, &console(), super::PATIENCE).await
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
        assert_eq!(failure.message(), "its code is no zip");
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
                assert_eq!(aws.snapshot(), after, "{fault:?}");
            }
        }
    });
}
