//! Zips that are too large for a call: the bucket that they go through, and what is left in it.

use super::{App, FIRST, console, converge::deleted, delete, hash, run};
use crate::{
    aws::fake::{Fake, FakeBucket, Fault, State},
    deploy::{
        check,
        kind::artifact_bucket::{desired::ArtifactBucket, step::ArtifactBucketStep},
        names::Names,
        observe::Actual,
        step::{Plan, Step},
    },
    error::Exit,
    values::{code::Way, names::Tags},
};

const BUCKET: &str = "fw-s3test-dev-123456789012-eu-central-1";

const LARGE: App = App {
    code: "large one",
    ..FIRST
};

const NEXT: App = App {
    code: "large two",
    ..FIRST
};

const GUARDED: App = App {
    authorizers: &["door", "admin"],
    ..LARGE
};

const YOURS: App = App {
    settings: "artifact_bucket = \"builds\"",
    ..LARGE
};

/// The key of an app's zip.
fn key(app: &App) -> String {
    format!("fw/s3test/dev/{}.zip", app.code().digits())
}

fn put(aws: &Fake, bucket: &str, key: &str) {
    let mut state = aws.state.borrow_mut();
    let found = state.buckets.get_mut(bucket).unwrap();
    found.objects.insert(key.to_owned(), "x".into());
}

fn made(aws: &Fake, name: &str, owner: &str, tags: Tags) {
    let bucket = FakeBucket {
        owner: owner.to_owned(),
        tags,
        private: true,
        objects: [].into(),
        notifications: crate::aws::notifications::Notifications::default(),
    };
    let mut state = aws.state.borrow_mut();
    state.buckets.insert(name.to_owned(), bucket);
}

fn keys(aws: &Fake, bucket: &str) -> Vec<String> {
    let state = aws.state.borrow();
    state.buckets[bucket].objects.keys().cloned().collect()
}

async fn deployed(apps: &[&App]) -> State {
    let aws = Fake::default();
    for app in apps {
        app.deploy(&aws).await.unwrap();
    }
    aws.state.into_inner()
}

#[test]
fn a_large_zip_goes_through_a_private_bucket_of_the_deployments_own() {
    run(async {
        let aws = Fake::default();
        LARGE.deploy(&aws).await.unwrap();
        {
            let state = aws.state.borrow();
            let bucket = &state.buckets[BUCKET];
            assert!(bucket.private);
            assert_eq!(bucket.tags, App::names().tags());
            assert!(bucket.objects.is_empty());
        }
        assert_eq!(aws.serves("GET /objects/{key}"), Some(hash("large one")));
        aws.forget();
        assert!(LARGE.deploy(&aws).await.unwrap().is_empty());
        assert_eq!(aws.writes(), [""; 0]);
        NEXT.deploy(&aws).await.unwrap();
        assert_eq!(
            aws.writes(),
            [
                "PutObject",
                "UpdateFunctionCode",
                "InvokeFunction",
                "UpdateAlias",
                "DeleteObject"
            ]
        );
        assert_eq!(aws.serves("GET /objects/{key}"), Some(hash("large two")));
        // The bucket waits for the next large zip; a small one asks nothing of it.
        aws.forget();
        FIRST.deploy(&aws).await.unwrap();
        assert!(aws.state.borrow().buckets.contains_key(BUCKET));
        let of_bucket = |call: &&&str| call.contains("Object") || call.contains("Bucket");
        assert_eq!(aws.calls().iter().filter(of_bucket).count(), 0);
        delete(&aws).await.unwrap();
        assert_eq!(aws.snapshot(), State::default());
    });
}

#[test]
fn the_plan_says_what_is_uploaded_and_where() {
    run(async {
        let plan = LARGE.plan(&Fake::default()).await.unwrap();
        let lines = crate::deploy::report::lines(&plan);
        let line = |needle: &str| lines.iter().any(|line| line.contains(needle));
        assert!(line(&format!("bucket `{BUCKET}`")), "{lines:?}");
        assert!(line(&format!("object `{}`", key(&LARGE))), "{lines:?}");
        assert!(line(&format!(
            "9 B to `{BUCKET}`: Lambda accepts 50 MB in a call"
        )));
    });
}

#[test]
fn all_functions_are_made_of_one_upload() {
    run(async {
        let aws = Fake::default();
        GUARDED.deploy(&aws).await.unwrap();
        let uploads = aws
            .writes()
            .iter()
            .filter(|one| **one == "PutObject")
            .count();
        assert_eq!(uploads, 1);
        assert_eq!(keys(&aws, BUCKET), [""; 0]);
    });
}

#[test]
fn a_canary_leaves_nothing_in_the_bucket() {
    run(async {
        let aws = Fake::holding(deployed(&[&LARGE]).await);
        let mut desired = NEXT.desired(&aws).await.unwrap();
        desired.canary = Some(10);
        let actual = crate::deploy::observe(&aws, &desired.names).await.unwrap();
        let plan = crate::deploy::plan::plan(&desired, &actual);
        check::plan(&desired, &actual, &plan).unwrap();
        crate::deploy::apply::apply(&aws, &plan, &console(), super::RETRY, "again")
            .await
            .unwrap();
        assert_eq!(keys(&aws, BUCKET), [""; 0]);
    });
}

/// Whichever call fails, the next deploy ends where an undisturbed one does, and nothing is left in the bucket; whichever code
/// that next one has.
#[test]
fn an_interrupted_upload_leaves_nothing() {
    run(async {
        let starts = [
            (State::default(), GUARDED),
            (deployed(&[&GUARDED]).await, App { ..NEXT }),
        ];
        for (before, app) in starts {
            for other in [
                app.clone(),
                App {
                    code: "large three",
                    ..app.clone()
                },
            ] {
                let undisturbed = Fake::holding(before.clone());
                app.deploy(&undisturbed).await.unwrap();
                for nth in 0..undisturbed.writes().len() {
                    for fault in [Fault::Before(nth), Fault::After(nth)] {
                        let aws = Fake::holding(before.clone());
                        aws.fault.set(Some(fault));
                        app.deploy(&aws).await.unwrap_err();
                        aws.fault.set(None);
                        other.deploy(&aws).await.unwrap();
                        assert!(other.plan(&aws).await.unwrap().is_empty(), "{fault:?}");
                        if other.code == app.code {
                            assert_eq!(aws.snapshot(), undisturbed.snapshot(), "{fault:?}");
                        }
                        let state = aws.snapshot();
                        assert_eq!(state.buckets, undisturbed.snapshot().buckets, "{fault:?}");
                    }
                }
            }
        }
    });
}

#[test]
fn an_interrupted_delete_takes_the_bucket_with_it_in_the_end() {
    run(async {
        // A deploy that was interrupted has left its zip.
        let aws = Fake::holding(deployed(&[&LARGE]).await);
        aws.fault.set(Some(Fault::Before(1)));
        NEXT.deploy(&aws).await.unwrap_err();
        aws.fault.set(None);
        assert_eq!(keys(&aws, BUCKET), [key(&NEXT)]);
        let before = aws.state.into_inner();
        deleted(&before).await;
    });
}

#[test]
fn what_lies_there_already_is_not_uploaded_again() {
    run(async {
        let aws = Fake::holding(deployed(&[&LARGE]).await);
        // The upload arrives, and the function does not get it.
        aws.fault.set(Some(Fault::Before(1)));
        NEXT.deploy(&aws).await.unwrap_err();
        aws.fault.set(None);
        aws.forget();
        NEXT.deploy(&aws).await.unwrap();
        assert_eq!(
            aws.writes(),
            [
                "UpdateFunctionCode",
                "InvokeFunction",
                "UpdateAlias",
                "DeleteObject"
            ]
        );
    });
}

#[test]
fn somebody_elses_bucket_stops_the_deploy_before_the_first_write() {
    run(async {
        for (owner, tags, told) in [
            (
                "999999999999",
                App::names().tags(),
                "belongs to another account",
            ),
            (Fake::ACCOUNT, Tags::new(), "it has no `fw:app` tag"),
        ] {
            let aws = Fake::default();
            made(&aws, BUCKET, owner, tags);
            let before = aws.snapshot();
            let failure = LARGE.deploy(&aws).await.unwrap_err();
            let causes = failure.causes().join("\n");
            assert!(causes.contains(told) && causes.contains(BUCKET), "{causes}");
            assert_eq!(aws.writes(), [""; 0]);
            assert!(delete(&aws).await.unwrap().is_empty());
            assert_eq!(aws.snapshot(), before);
            // A zip that needs no bucket is not kept from being deployed by one.
            FIRST.deploy(&aws).await.unwrap();
        }
    });
}

#[test]
fn a_bucket_of_yours_is_used_and_never_changed() {
    run(async {
        let aws = Fake::default();
        let failure = YOURS.deploy(&aws).await.unwrap_err();
        assert_eq!(failure.exit(), Exit::Input);
        assert_eq!(
            failure.message(),
            "the bucket for the code does not exist: builds"
        );
        assert_eq!(aws.writes(), [""; 0]);
        let tags = Tags::from([("team".to_owned(), "build".to_owned())]);
        made(&aws, "builds", "999999999999", tags);
        put(&aws, "builds", "somebody's.zip");
        aws.state
            .borrow_mut()
            .buckets
            .get_mut("builds")
            .unwrap()
            .private = false;
        let before = aws.snapshot().buckets;
        YOURS.deploy(&aws).await.unwrap();
        assert_eq!(aws.snapshot().buckets, before);
        assert!(YOURS.plan(&aws).await.unwrap().is_empty());
        // What a deploy left there goes with the deployment; the bucket and all else stay.
        put(&aws, "builds", &key(&YOURS));
        super::delete_of(&aws, "artifact_bucket = \"builds\"")
            .await
            .unwrap();
        let after = aws.snapshot();
        let buckets = before;
        assert_eq!(
            after,
            State {
                buckets,
                ..State::default()
            }
        );
    });
}

#[test]
fn a_bucket_with_somebody_elses_objects_outlives_the_deployment() {
    run(async {
        let aws = Fake::holding(deployed(&[&LARGE]).await);
        put(&aws, BUCKET, "report.pdf");
        let mut names = App::names();
        let place = crate::deploy::place(&aws).await.unwrap();
        names.artifact_buckets = vec![ArtifactBucket::own(&names, &place)];
        let actual = crate::deploy::observe(&aws, &names).await.unwrap();
        assert_eq!(
            check::occupied(&actual),
            [format!(
                "the bucket `{BUCKET}` contains objects that are not from a deploy"
            )]
        );
        delete(&aws).await.unwrap();
        assert_eq!(keys(&aws, BUCKET), ["report.pdf"]);
        assert!(delete(&aws).await.unwrap().is_empty());
    });
}

#[test]
fn a_bucket_that_was_changed_by_hand_is_mended() {
    run(async {
        let aws = Fake::holding(deployed(&[&LARGE]).await);
        let before = aws.snapshot();
        {
            let mut state = aws.state.borrow_mut();
            let bucket = state.buckets.get_mut(BUCKET).unwrap();
            bucket.private = false;
            bucket.tags.insert("team".to_owned(), "other".to_owned());
        }
        LARGE.deploy(&aws).await.unwrap();
        assert_eq!(aws.writes(), ["PutBucketTagging", "PutPublicAccessBlock"]);
        assert_eq!(aws.snapshot(), before);
        // And one that is gone is made when a zip needs it, and not before.
        aws.state.borrow_mut().buckets.clear();
        assert!(LARGE.deploy(&aws).await.unwrap().is_empty());
        NEXT.deploy(&aws).await.unwrap();
        assert_eq!(aws.snapshot().buckets, before.buckets);
    });
}

#[test]
fn a_plan_that_uploads_nothing_is_not_sound() {
    run(async {
        let aws = Fake::default();
        let desired = LARGE.desired(&aws).await.unwrap();
        assert!(matches!(desired.code.way, Way::Stored { .. }));
        let actual: Actual = crate::deploy::observe(&aws, &desired.names).await.unwrap();
        let mut plan: Plan = crate::deploy::plan::plan(&desired, &actual);
        plan.steps.retain(|planned| match &planned.step {
            Step::ArtifactBucket(step) => !matches!(**step, ArtifactBucketStep::Put { .. }),
            _ => true,
        });
        let failure = check::plan(&desired, &actual, &plan).unwrap_err();
        assert!(failure.causes()[0].contains("not uploaded"), "{failure}");
    });
}

#[test]
fn no_name_is_another_stages() {
    let place = super::super::snapshot::nowhere();
    let of = |app: &str, stage: &str| {
        let names = Names::new(app, stage, Fake::REGION).unwrap();
        ArtifactBucket::own(&names, &place).bucket.name
    };
    assert_ne!(of("s3test", "dev"), of("s3test", "prod"));
}
