//! Buckets: the deployment's own, and what they and others report to functions.

use super::{App, FIRST, delete, run};
use crate::{
    aws::{
        fake::{Fake, FakeBucket, State},
        notifications::Notifications,
    },
    deploy::{
        change::Change as _,
        kind::bucket::{self, plan::kept},
        report,
        step::Plan,
    },
    values::{
        names::Tags,
        notification::{Notification, Receiver},
    },
};

/// Two functions that objects of a bucket invoke, a bucket of a table, and one that is there.
pub(super) const BUCKETS: App = App {
    sources: &[
        "thumb @ uploads in/ .png",
        "index @ uploads in/ .txt",
        "audit @ theirs",
    ],
    settings: "[buckets.archive]\n[buckets.theirs]\nexisting = \"shared-bucket\"",
    ..FIRST
};

/// The same without the one that is there, which an account has first.
pub(super) const OWN: App = App {
    sources: &["thumb @ uploads in/ .png", "index @ uploads in/ .txt"],
    settings: "[buckets.archive]",
    ..FIRST
};

/// Each in another way.
pub(super) const OTHER: App = App {
    code: "two",
    sources: &["thumb @ uploads out/ .png", "index @ texts"],
    settings: "",
    ..FIRST
};

const UPLOADS: &str = "s3test-dev-uploads-123456789012-eu-central-1";
const ARCHIVE: &str = "s3test-dev-archive-123456789012-eu-central-1";
const SHARED: &str = "shared-bucket";

fn theirs() -> Notification {
    Notification {
        id: "theirs".to_owned(),
        receiver: Receiver::Queue("arn:aws:sqs:eu-central-1:123456789012:q".to_owned()),
        events: ["s3:ObjectRemoved:*".to_owned()].into(),
        prefix: None,
        suffix: None,
    }
}

/// An account with a bucket of somebody else's that reports to a queue.
fn account() -> Fake {
    let aws = Fake::default();
    let shared = FakeBucket {
        owner: Fake::ACCOUNT.to_owned(),
        tags: Tags::new(),
        private: false,
        objects: [("key".to_owned(), "text".into())].into(),
        notifications: Notifications {
            all: vec![theirs()],
            event_bridge: true,
        },
    };
    aws.state
        .borrow_mut()
        .buckets
        .insert(SHARED.to_owned(), shared);
    aws
}

fn held<T>(aws: &Fake, name: &str, see: impl FnOnce(&mut FakeBucket) -> T) -> T {
    see(aws.state.borrow_mut().buckets.get_mut(name).unwrap())
}

fn ids(aws: &Fake, name: &str) -> Vec<String> {
    let mut all = held(aws, name, |one| {
        let all = one.notifications.all.iter();
        all.map(|one| one.id.clone()).collect::<Vec<_>>()
    });
    all.sort();
    all
}

fn of_buckets(plan: &Plan) -> Vec<String> {
    let steps = plan.steps.iter();
    let steps = steps.filter(|planned| planned.step.subject().1.kind.contains(bucket::KIND));
    steps
        .map(|planned| {
            let (action, resource) = planned.step.subject();
            format!("{} {resource}: {}", action.verb(), planned.reason)
        })
        .collect()
}

#[test]
fn objects_invoke_functions() {
    run(async {
        let aws = account();
        let plan = BUCKETS.deploy(&aws).await.unwrap();
        assert_eq!(
            of_buckets(&plan),
            [
                format!("create bucket `{ARCHIVE}`: does not exist yet"),
                format!("update public access of bucket `{ARCHIVE}`: all public access is blocked"),
                format!("create bucket `{UPLOADS}`: does not exist yet"),
                format!("update public access of bucket `{UPLOADS}`: all public access is blocked"),
                format!("update notifications of bucket `{SHARED}`: `audit`: does not exist yet"),
                format!(
                    "update notifications of bucket `{UPLOADS}`: `index`: does not exist yet, `thumb`: does not exist yet"
                ),
            ]
        );
        assert_eq!(
            ids(&aws, UPLOADS),
            ["fw:s3test:dev:index", "fw:s3test:dev:thumb"]
        );
        held(&aws, UPLOADS, |one| {
            let mut all = one.notifications.all.iter();
            let thumb = all.find(|one| one.id.ends_with("thumb")).unwrap();
            assert_eq!(thumb.prefix.as_deref(), Some("in/"));
            assert_eq!(thumb.suffix.as_deref(), Some(".png"));
            let alias = "arn:aws:lambda:eu-central-1:123456789012:function:s3test-dev-thumb:live";
            assert_eq!(thumb.receiver, Receiver::Function(alias.to_owned()));
            assert!(one.private);
            assert_eq!(one.tags["fw:bucket"], "uploads");
        });
        // What others have stays.
        assert_eq!(ids(&aws, SHARED), ["fw:s3test:dev:audit", "theirs"]);
        held(&aws, SHARED, |one| {
            assert!(one.notifications.event_bridge && !one.private && one.tags.is_empty());
        });
        // One statement a function, for its bucket in this account.
        let state = aws.state.borrow();
        for function in ["thumb", "index", "audit"] {
            let grants = &state.functions[&format!("s3test-dev-{function}")].grants["live"];
            assert_eq!(grants.len(), 1, "{grants:?}");
            assert_eq!(grants[0].principal, "s3.amazonaws.com");
            assert_eq!(grants[0].account.as_deref(), Some(Fake::ACCOUNT));
        }
        let environment = &state.functions["s3test-dev"]
            .latest
            .configuration
            .environment;
        assert_eq!(environment["FW_BUCKET_UPLOADS"], UPLOADS);
        assert_eq!(environment["FW_BUCKET_THEIRS"], SHARED);
    });
}

#[test]
fn a_second_deploy_finds_nothing_to_do_and_an_app_without_buckets_asks_for_none() {
    run(async {
        let aws = account();
        BUCKETS.deploy(&aws).await.unwrap();
        let plan = BUCKETS.deploy(&aws).await.unwrap();
        assert!(plan.is_empty(), "{:?}", report::lines(&plan));
        let aws = Fake::default();
        FIRST.deploy(&aws).await.unwrap();
        FIRST.deploy(&aws).await.unwrap();
        assert!(!aws.actions().iter().any(|action| action.starts_with("s3:")));
    });
}

#[test]
fn what_changes_is_set_and_what_the_app_no_longer_has_goes() {
    run(async {
        let aws = account();
        BUCKETS.deploy(&aws).await.unwrap();
        held(&aws, ARCHIVE, |one| {
            one.objects.insert("old".to_owned(), "text".into());
        });
        let plan = OTHER.deploy(&aws).await.unwrap();
        let told = of_buckets(&plan).join("\n");
        for line in [
            format!(
                "update notifications of bucket `{UPLOADS}`: `thumb`: changed, `index`: the app no longer has it"
            ),
            format!("update notifications of bucket `{SHARED}`: `audit`: the app no longer has it"),
        ] {
            assert!(told.contains(&line), "{told}");
        }
        assert_eq!(ids(&aws, UPLOADS), ["fw:s3test:dev:thumb"]);
        assert_eq!(ids(&aws, SHARED), ["theirs"]);
        // What the settings no longer have stays: objects may be in it.
        assert!(aws.state.borrow().buckets.contains_key(ARCHIVE));
        let plan = OTHER.deploy(&aws).await.unwrap();
        assert!(plan.is_empty(), "{:?}", report::lines(&plan));
    });
}

#[test]
fn a_bucket_that_nothing_wants_goes_while_it_is_empty_and_stays_with_objects() {
    run(async {
        let aws = Fake::default();
        OWN.deploy(&aws).await.unwrap();
        held(&aws, ARCHIVE, |one| {
            one.objects.insert("old".to_owned(), "text".into());
        });
        let desired = FIRST.desired(&aws).await.unwrap();
        let actual = crate::deploy::observe(&aws, &desired.names).await.unwrap();
        assert_eq!(
            kept(Some(&desired), &actual),
            [format!("the bucket `{ARCHIVE}` has objects")]
        );
        let plan = FIRST.deploy(&aws).await.unwrap();
        let told = of_buckets(&plan);
        let gone = "neither the app nor the settings have it, and it has no objects";
        assert!(
            told.contains(&format!("delete bucket `{UPLOADS}`: {gone}")),
            "{told:?}"
        );
        // The deploy asks before it deletes one.
        let mut steps = plan.steps.iter();
        assert!(steps.any(|one| one.step.loses() == [format!("bucket `{UPLOADS}`")]));
        let left = || {
            aws.state
                .borrow()
                .buckets
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(left(), [ARCHIVE]);
        assert!(FIRST.deploy(&aws).await.unwrap().is_empty());
        delete(&aws).await.unwrap();
        assert_eq!(left(), [ARCHIVE]);
    });
}

#[test]
fn drift_is_put_right() {
    run(async {
        let aws = Fake::default();
        OWN.deploy(&aws).await.unwrap();
        held(&aws, UPLOADS, |one| {
            one.private = false;
            one.tags.insert("cost".to_owned(), "7".to_owned());
            one.tags.remove("fw:tags");
            one.notifications
                .all
                .retain(|one| one.id.ends_with("thumb"));
            one.notifications.all[0].suffix = Some(".gif".to_owned());
        });
        let plan = OWN.deploy(&aws).await.unwrap();
        assert_eq!(
            of_buckets(&plan),
            [
                format!("update public access of bucket `{UPLOADS}`: all public access is blocked"),
                format!(
                    "update notifications of bucket `{UPLOADS}`: `index`: does not exist yet, `thumb`: changed"
                ),
            ]
        );
        assert!(held(&aws, UPLOADS, |one| one.tags.contains_key("cost")));
        assert!(OWN.deploy(&aws).await.unwrap().is_empty());
        // Tags of the settings are set, and go with them; those of others stay.
        let tagged = App {
            settings: "tags = { team = \"shop\" }\n[buckets.archive]",
            ..OWN
        };
        tagged.deploy(&aws).await.unwrap();
        assert_eq!(held(&aws, UPLOADS, |one| one.tags["team"].clone()), "shop");
        OWN.deploy(&aws).await.unwrap();
        let keys = held(&aws, UPLOADS, |one| {
            one.tags.keys().cloned().collect::<Vec<_>>()
        });
        assert_eq!(keys, ["cost", "fw:app", "fw:bucket", "fw:stage"]);
    });
}

#[test]
fn somebody_elses_bucket_and_a_missing_one_stop_the_deploy_before_it_writes() {
    run(async {
        let aws = account();
        let foreign = held(&aws, SHARED, |one| one.clone());
        aws.state
            .borrow_mut()
            .buckets
            .insert(UPLOADS.to_owned(), foreign);
        let failure = OWN.deploy(&aws).await.unwrap_err();
        let why = failure.causes().join("; ");
        assert!(
            why.contains(&format!("the bucket `{UPLOADS}` belongs to")),
            "{why}"
        );
        assert_eq!(aws.writes(), [""; 0]);

        let aws = Fake::default();
        let failure = BUCKETS.deploy(&aws).await.unwrap_err();
        assert!(failure.message().contains(SHARED), "{failure}");
        assert_eq!(aws.writes(), [""; 0]);
    });
}

#[test]
fn what_overlaps_in_a_bucket_that_is_there_stops_the_deploy_before_it_writes() {
    run(async {
        let aws = account();
        held(&aws, SHARED, |one| {
            one.notifications.all[0].events = ["s3:ObjectCreated:Put".to_owned()].into();
        });
        let failure = BUCKETS.deploy(&aws).await.unwrap_err();
        assert!(failure.message().contains("`audit`"), "{failure}");
        let why = failure.causes().join("; ");
        assert!(why.contains("`theirs`"), "{why}");
        assert_eq!(aws.writes(), [""; 0]);
    });
}

#[test]
fn everything_of_them_goes_with_the_deployment_but_what_objects_are_in() {
    run(async {
        let aws = Fake::default();
        OWN.deploy(&aws).await.unwrap();
        delete(&aws).await.unwrap();
        assert_eq!(aws.snapshot(), State::default());

        let aws = account();
        BUCKETS.deploy(&aws).await.unwrap();
        held(&aws, UPLOADS, |one| {
            one.objects.insert("in/a.png".to_owned(), "text".into());
        });
        delete(&aws).await.unwrap();
        assert_eq!(ids(&aws, SHARED), ["theirs"]);
        assert_eq!(ids(&aws, UPLOADS), [""; 0]);
        assert!(aws.state.borrow().functions.is_empty());
    });
}
