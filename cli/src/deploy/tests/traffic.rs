//! Traffic moves last, a part of it when asked, and back.

use super::{App, FIRST, console, hash, run};
use crate::{
    aws::{fake::Fake, lambda::Invoked},
    deploy::{
        apply::apply,
        approve::losses,
        check,
        plan::plan,
        step::Plan,
        traffic::{Release, flip},
    },
    error::{Exit, Result},
};

const CODES: [&str; 8] = [
    "one", "two", "three", "four", "five", "six", "seven", "eight",
];

fn coded(code: &'static str) -> App {
    App { code, ..FIRST }
}

async fn deployed(count: usize) -> Fake {
    let aws = Fake::default();
    for code in &CODES[..count] {
        coded(code).deploy(&aws).await.unwrap();
    }
    aws.forget();
    aws
}

fn versions(aws: &Fake) -> Vec<u32> {
    let state = aws.state.borrow();
    state.functions["s3test-dev"]
        .versions
        .keys()
        .copied()
        .collect()
}

fn live(aws: &Fake) -> (String, Option<(String, u32)>) {
    let state = aws.state.borrow();
    let alias = &state.functions["s3test-dev"].aliases["live"];
    let canary = alias.canary.clone();
    (
        alias.version.clone(),
        canary.map(|one| (one.version, one.percent)),
    )
}

async fn canary(aws: &Fake, app: &App, percent: u32) -> Result<Plan> {
    let mut desired = app.desired(aws).await?;
    desired.canary = Some(percent);
    let actual = crate::deploy::observe(aws, &desired.names).await?;
    check::canary(&desired, &actual)?;
    let plan = plan(&desired, &actual);
    check::plan(&desired, &actual, &plan)?;
    apply(aws, &plan, &console(), super::RETRY, "cargo fw deploy").await?;
    Ok(plan)
}

async fn back(aws: &Fake, to: Option<u64>) -> Result<()> {
    let names = App::names();
    let release = Release::read(aws, &names).await?;
    let flips = release.back(&names, to)?;
    flip(aws, &release, &flips, &console(), super::RETRY).await
}

#[test]
fn a_version_that_does_not_work_takes_no_traffic() {
    run(async {
        let aws = deployed(1).await;
        aws.answer.replace(Some(Invoked {
            payload: "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"exit status: 3\"}"
                .into(),
            failed: true,
            log: Some("START\nthere is no database\nEND\n".to_owned()),
        }));
        let second = App {
            code: "two",
            routes: &[("GET", "/objects/{key}"), ("GET", "/new")],
            ..FIRST
        };
        let failure = second.deploy(&aws).await.unwrap_err();
        assert_eq!(failure.exit(), Exit::Failure);
        assert_eq!(failure.message(), "the new version does not work: 2");
        let causes = failure.causes().join("\n");
        assert!(
            causes.contains("Runtime.ExitError: exit status: 3"),
            "{causes}"
        );
        assert!(causes.contains("there is no database"), "{causes}");
        assert!(
            causes.contains("the traffic still goes to the previous version"),
            "{causes}"
        );
        assert_eq!(live(&aws), ("1".to_owned(), None));
        assert_eq!(aws.serves("GET /objects/{key}"), Some(hash("one")));
        assert!(aws.serves("PUT /objects/{key}").is_some() && aws.serves("GET /new").is_none());

        // Once it works the next deploy tries the same version again, and publishes no other.
        aws.answer.replace(None);
        aws.forget();
        second.deploy(&aws).await.unwrap();
        assert_eq!(
            aws.writes(),
            [
                "InvokeFunction",
                "UpdateAlias",
                "CreateRoute",
                "DeleteRoute"
            ]
        );
        assert_eq!(live(&aws), ("2".to_owned(), None));
        assert_eq!(aws.invoked.borrow().last().unwrap().0, "2");
    });
}

#[test]
fn a_first_version_that_does_not_work_opens_no_api() {
    run(async {
        let aws = Fake::default();
        aws.answer.replace(Some(Invoked {
            failed: true,
            ..Invoked::default()
        }));
        FIRST.deploy(&aws).await.unwrap_err();
        assert!(aws.state.borrow().apis.is_empty() || aws.serves("GET /objects/{key}").is_none());
        aws.answer.replace(None);
        FIRST.deploy(&aws).await.unwrap();
        let fresh = Fake::default();
        FIRST.deploy(&fresh).await.unwrap();
        assert_eq!(aws.snapshot(), fresh.snapshot());
    });
}

#[test]
fn a_route_of_the_settings_is_asked_through_the_new_version() {
    run(async {
        let aws = Fake::default();
        let app = App {
            settings: "health = \"/objects/health\"",
            ..FIRST
        };
        aws.answer.replace(Some(Invoked {
            payload: "{\"statusCode\":200}".into(),
            ..Invoked::default()
        }));
        app.deploy(&aws).await.unwrap();
        let (version, event) = aws.invoked.borrow()[0].clone();
        let event: serde_json::Value = serde_json::from_str(&event).unwrap();
        assert_eq!(version, "1");
        assert_eq!(event["routeKey"], "GET /objects/{key}");
        assert_eq!(event["pathParameters"]["key"], "health");
        let app = App {
            settings: "health = \"/nowhere\"",
            ..FIRST
        };
        assert_eq!(app.plan(&aws).await.unwrap_err().exit(), Exit::Input);
    });
}

#[test]
fn a_canary_takes_a_part_until_it_is_promoted_or_rolled_back() {
    run(async {
        let aws = deployed(1).await;
        let second = App {
            code: "two",
            routes: &[("GET", "/objects/{key}"), ("GET", "/new")],
            ..FIRST
        };
        canary(&aws, &second, 10).await.unwrap();
        assert_eq!(
            aws.writes(),
            ["UpdateFunctionCode", "InvokeFunction", "UpdateAlias"]
        );
        assert_eq!(live(&aws), ("1".to_owned(), Some(("2".to_owned(), 10))));
        // Its routes wait: nine of ten requests would find no handler.
        assert!(aws.serves("GET /new").is_none() && aws.serves("PUT /objects/{key}").is_some());
        assert!(canary(&aws, &second, 10).await.unwrap().is_empty());
        let more = canary(&aws, &second, 50).await.unwrap();
        assert_eq!(more.steps.len(), 1, "{more:?}");
        assert_eq!(live(&aws), ("1".to_owned(), Some(("2".to_owned(), 50))));

        // Promoted: one flip; the next deploy does the rest.
        let names = App::names();
        let release = Release::read(&aws, &names).await.unwrap();
        aws.forget();
        flip(
            &aws,
            &release,
            &release.forward(&names).unwrap(),
            &console(),
            super::RETRY,
        )
        .await
        .unwrap();
        assert_eq!(aws.writes(), ["UpdateAlias"]);
        assert_eq!(live(&aws), ("2".to_owned(), None));
        aws.forget();
        second.deploy(&aws).await.unwrap();
        assert_eq!(aws.writes(), ["CreateRoute", "DeleteRoute"]);

        // Rolled back: the version beside it has all of it.
        canary(&aws, &coded("three"), 1).await.unwrap();
        assert_eq!(live(&aws), ("2".to_owned(), Some(("3".to_owned(), 1))));
        back(&aws, None).await.unwrap();
        assert_eq!(live(&aws), ("2".to_owned(), None));
        Release::read(&aws, &names)
            .await
            .unwrap()
            .forward(&names)
            .unwrap_err();

        // A plain deploy of what is a canary promotes it, and one of what serves ends it, as one of anything else does: somebody
        // is asked about that.
        canary(&aws, &coded("three"), 5).await.unwrap();
        for code in ["two", "four"] {
            let ends = coded(code).plan(&aws).await.unwrap();
            let lost = "canary, version 3 of function `s3test-dev`".to_owned();
            assert!(losses(&ends).contains(&lost), "{ends:?}");
            let told = ends.steps.iter().map(|planned| planned.reason.as_str());
            let told = told.filter(|told| told.ends_with("the canary ends: version 3 with 5 %"));
            assert_eq!(told.count(), 1, "{ends:?}");
        }
        let promotes = coded("three").plan(&aws).await.unwrap();
        assert_eq!(losses(&promotes), ["route `GET /new`"]);
        aws.forget();
        coded("three").deploy(&aws).await.unwrap();
        assert_eq!(live(&aws), ("3".to_owned(), None));
        assert!(
            !aws.writes().contains(&"PublishVersion"),
            "{:?}",
            aws.writes()
        );
        canary(&aws, &coded("four"), 5).await.unwrap();
        coded("three").deploy(&aws).await.unwrap();
        assert_eq!(live(&aws), ("3".to_owned(), None));
        assert!(coded("three").plan(&aws).await.unwrap().is_empty());

        let nothing = Fake::default();
        let failure = canary(&nothing, &FIRST, 5).await.unwrap_err();
        assert!(failure.advice().unwrap().contains("without `--canary`"));
        assert_eq!(nothing.writes(), [""; 0]);
    });
}

#[test]
fn a_rollback_is_one_flip_and_the_next_deploy_flips_forward() {
    run(async {
        let aws = deployed(3).await;
        back(&aws, None).await.unwrap();
        assert_eq!(live(&aws).0, "2");
        back(&aws, None).await.unwrap();
        assert_eq!(aws.writes(), ["UpdateAlias", "UpdateAlias"]);
        assert_eq!(aws.serves("GET /objects/{key}"), Some(hash("one")));
        let failure = back(&aws, None).await.unwrap_err();
        assert!(failure.message().contains("no version before"), "{failure}");
        back(&aws, Some(2)).await.unwrap();
        assert_eq!(live(&aws).0, "2");
        let failure = back(&aws, Some(9)).await.unwrap_err();
        assert_eq!(failure.causes(), ["existing versions: 3, 2, 1"]);
        aws.forget();
        coded("three").deploy(&aws).await.unwrap();
        assert_eq!(aws.writes(), ["InvokeFunction", "UpdateAlias"]);
        assert_eq!(live(&aws).0, "3");

        let failure = back(&Fake::default(), None).await.unwrap_err();
        assert!(failure.message().contains("is not deployed"), "{failure}");
    });
}

#[test]
fn the_newest_five_versions_are_kept_and_what_serves() {
    run(async {
        let aws = deployed(7).await;
        assert_eq!(versions(&aws), [3, 4, 5, 6, 7]);
        back(&aws, Some(3)).await.unwrap();
        assert!(coded("three").plan(&aws).await.unwrap().steps.is_empty() || live(&aws).0 == "3");
        coded("eight").deploy(&aws).await.unwrap();
        assert_eq!(versions(&aws), [4, 5, 6, 7, 8]);
        assert!(coded("eight").plan(&aws).await.unwrap().is_empty());
        let fewer = App {
            settings: "keep_versions = 2",
            ..coded("eight")
        };
        fewer.deploy(&aws).await.unwrap();
        assert_eq!(versions(&aws), [7, 8]);
        // What serves is kept, however old.
        let aws = deployed(4).await;
        back(&aws, Some(1)).await.unwrap();
        let old = App {
            settings: "keep_versions = 2",
            ..coded("one")
        };
        old.deploy(&aws).await.unwrap();
        assert_eq!(versions(&aws), [1, 3, 4]);
        assert!(old.plan(&aws).await.unwrap().is_empty());
    });
}
