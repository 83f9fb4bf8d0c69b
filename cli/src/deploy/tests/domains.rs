//! A domain of one's own: made, shared, moved, and left alone.

use super::{
    App, FIRST,
    converge::{completed, deleted},
    delete_domain, run,
};
use crate::{
    aws::{
        domains::{DomainName, Mapping},
        fake::{Fake, FakeDomain, State},
    },
    deploy::{approve::losses, change::Change as _},
    values::names::Tags,
};

const CERTIFICATE: &str = "arn:aws:acm:eu-central-1:123456789012:certificate/one";

/// At the root of a domain of its own.
pub(super) const OWN: App = App {
    settings: "[domain]\nname = \"api.example.org\"\n\
               certificate = \"arn:aws:acm:eu-central-1:123456789012:certificate/one\"",
    ..FIRST
};

/// Deeper, with another stage.
pub(super) const DEEPER: App = App {
    settings: "stage_name = \"v1\"\n[domain]\nname = \"api.example.org\"\nbase_path = \"orders/v1\"\n\
               certificate = \"arn:aws:acm:eu-central-1:123456789012:certificate/two\"",
    ..FIRST
};

const ELSEWHERE: App = App {
    settings: "[domain]\nname = \"other.example.org\"\n\
               certificate = \"arn:aws:acm:eu-central-1:123456789012:certificate/one\"",
    ..FIRST
};

pub(super) const REST_OWN: App = App {
    settings: "gateway = \"rest-api\"\n[domain]\nname = \"api.example.org\"\nbase_path = \"orders/v1\"\n\
               certificate = \"arn:aws:acm:eu-central-1:123456789012:certificate/one\"",
    ..FIRST
};

const REST: App = App {
    settings: "gateway = \"rest-api\"",
    ..FIRST
};

const URL: App = App {
    settings: "gateway = \"function-url\"",
    ..FIRST
};

/// Somebody else's domain, with a path of theirs.
fn shared(levels: bool) -> FakeDomain {
    FakeDomain {
        domain: DomainName {
            name: "api.example.org".to_owned(),
            certificate: "arn:aws:acm:eu-central-1:123456789012:certificate/theirs".to_owned(),
            target: "d-1.execute-api.eu-central-1.amazonaws.com".to_owned(),
            levels,
            tags: Tags::new(),
        },
        mappings: vec![Mapping {
            id: "theirs".to_owned(),
            api: "another".to_owned(),
            stage: "prod".to_owned(),
            key: "theirs".to_owned(),
        }],
    }
}

async fn deployed(app: &App) -> State {
    let aws = Fake::default();
    app.deploy(&aws).await.unwrap();
    aws.state.into_inner()
}

async fn custom(aws: &Fake) -> Option<String> {
    let mut names = App::names();
    let actual = super::super::observe(aws, &names).await.unwrap();
    let url = actual.custom().map(|(url, _)| url);
    names.sought.domain = Some("api.example.org".to_owned());
    let found = crate::deploy::observe::url(aws, &names).await.unwrap();
    assert_eq!(found, url.clone().or(actual.url().map(str::to_owned)));
    url
}

#[test]
fn a_domain_is_made_last_and_left_alone() {
    run(async {
        for (app, url) in [
            (OWN, "https://api.example.org"),
            (REST_OWN, "https://api.example.org/orders/v1"),
        ] {
            let aws = Fake::default();
            app.deploy(&aws).await.unwrap();
            let writes = aws.writes();
            assert_eq!(
                writes[writes.len() - 3..],
                ["CreateStage", "CreateDomainName", "CreateApiMapping"]
            );
            let held = aws.snapshot().domains[0].clone();
            assert_eq!(held.domain.certificate, CERTIFICATE);
            assert_eq!(held.domain.tags["fw:stage"], "dev");
            assert_eq!(custom(&aws).await.as_deref(), Some(url));
            aws.forget();
            assert!(app.deploy(&aws).await.unwrap().is_empty());
            assert_eq!(aws.writes(), [""; 0]);
            let asks = aws.calls();
            let plain = Fake::default();
            let without = if app.settings.contains("rest") {
                REST
            } else {
                FIRST
            };
            without.deploy(&plain).await.unwrap();
            plain.forget();
            without.deploy(&plain).await.unwrap();
            assert_eq!(asks.len(), plain.calls().len() + 2);
            // New code is an upload, a version, a flip: the domain stays as it is.
            App { code: "two", ..app }.deploy(&aws).await.unwrap();
            assert_eq!(aws.writes().last(), Some(&"UpdateAlias"));
        }
    });
}

#[test]
fn each_part_of_it_changes_by_a_call() {
    run(async {
        let aws = Fake::holding(deployed(&OWN).await);
        let plan = DEEPER.deploy(&aws).await.unwrap();
        assert_eq!(
            aws.writes(),
            [
                "CreateStage",
                "UpdateDomainName",
                "CreateApiMapping",
                "DeleteApiMapping",
                "DeleteStage"
            ]
        );
        let lost = losses(&plan);
        assert!(
            lost.contains(&"mapping `https://api.example.org`".to_owned()),
            "{lost:?}"
        );
        assert_eq!(
            custom(&aws).await.as_deref(),
            Some("https://api.example.org/orders/v1")
        );
        // A domain without its certificate in the settings keeps the one that it has.
        let without = App {
            settings: "stage_name = \"v1\"\n[domain]\nname = \"api.example.org\"\nbase_path = \"orders/v1\"",
            ..FIRST
        };
        assert!(without.plan(&aws).await.unwrap().is_empty());
        aws.forget();
        let plan = FIRST.deploy(&aws).await.unwrap();
        let lost = losses(&plan);
        assert!(
            lost.contains(&"domain `api.example.org`".to_owned()),
            "{lost:?}"
        );
        assert_eq!(aws.snapshot().domains, []);
        assert!(
            !aws.snapshot().functions["s3test-dev"]
                .tags
                .contains_key("fw:domain")
        );
        aws.forget();
        assert!(FIRST.deploy(&aws).await.unwrap().is_empty());
        assert!(!aws.calls().contains(&"GetDomainName"));
    });
}

#[test]
fn a_shared_domain_is_used_as_it_is() {
    run(async {
        let aws = Fake::default();
        aws.state.borrow_mut().domains.push(shared(true));
        let plan = REST_OWN.deploy(&aws).await.unwrap();
        let planned = plan
            .steps
            .iter()
            .find(|planned| planned.step.subject().1.kind == "mapping");
        assert_eq!(
            planned.unwrap().reason,
            "the domain is shared and is not changed"
        );
        let held = aws.snapshot().domains[0].clone();
        assert_eq!(held.domain, shared(true).domain);
        assert_eq!(held.mappings.len(), 2);
        assert!(REST_OWN.plan(&aws).await.unwrap().is_empty());
        delete_domain(&aws).await.unwrap();
        let held = aws.snapshot().domains[0].clone();
        assert_eq!(held.domain, shared(true).domain);
        assert_eq!(held.mappings.len(), 1);
    });
}

#[test]
fn a_domain_of_ours_that_others_use_stays() {
    run(async {
        let aws = Fake::holding(deployed(&OWN).await);
        let theirs = shared(true).mappings.remove(0);
        aws.state.borrow_mut().domains[0].mappings.push(theirs);
        delete_domain(&aws).await.unwrap();
        let held = aws.snapshot().domains[0].clone();
        assert_eq!(held.mappings.len(), 1);
        // Once they are gone, so is it.
        aws.state.borrow_mut().domains[0].mappings.clear();
        delete_domain(&aws).await.unwrap();
        assert_eq!(aws.snapshot(), State::default());
    });
}

#[test]
fn what_cannot_be_stops_before_the_first_write() {
    run(async {
        let refused = async |app: App, domain: Option<FakeDomain>, told: &str, hint: &str| {
            let aws = Fake::default();
            aws.state.borrow_mut().domains.extend(domain);
            let failure = app.deploy(&aws).await.unwrap_err();
            assert!(failure.message().contains(told), "{failure}");
            let advice = failure.advice().unwrap_or_default();
            assert!(advice.contains(hint), "{advice}");
            assert_eq!(aws.writes(), [""; 0]);
        };
        let of = |settings: &'static str| App { settings, ..FIRST };
        let theirs = of("[domain]\nname = \"api.example.org\"\nbase_path = \"theirs\"");
        refused(
            theirs,
            Some(shared(true)),
            "https://api.example.org/theirs",
            "another `base_path`",
        )
        .await;
        refused(
            of("[domain]\nname = \"api.example.org\""),
            None,
            "without a certificate",
            "`domain.certificate`",
        )
        .await;
        refused(
            of("[domain]\nname = \"api.example.org\"\nbase_path = \"a/b\""),
            Some(shared(false)),
            "several segments",
            "without a slash",
        )
        .await;
        refused(
            of(
                "[domain]\nname = \"api.example.org\"\ncertificate = \"arn:aws:acm:us-east-1:123456789012:certificate/x\"",
            ),
            None,
            "another region: `us-east-1`",
            "ACM",
        )
        .await;
    });
}

#[test]
fn what_was_changed_by_hand_is_mended() {
    run(async {
        for app in [OWN, REST_OWN] {
            let aws = Fake::holding(deployed(&app).await);
            let before = aws.snapshot();
            aws.state.borrow_mut().domains[0].domain.certificate = "another".to_owned();
            aws.state.borrow_mut().domains[0].mappings.clear();
            app.deploy(&aws).await.unwrap();
            assert_eq!(aws.snapshot(), before);
            aws.state.borrow_mut().domains.clear();
            app.deploy(&aws).await.unwrap();
            assert_eq!(aws.snapshot(), before);
            assert!(app.plan(&aws).await.unwrap().is_empty());
        }
    });
}

#[test]
fn an_interrupted_change_of_the_domain_is_completed_by_the_next() {
    run(async {
        let changes = [
            (None, OWN),
            (None, REST_OWN),
            (Some(FIRST), OWN),
            (Some(OWN), FIRST),
            (Some(OWN), DEEPER),
            (Some(DEEPER), OWN),
            (Some(OWN), ELSEWHERE),
            (Some(REST), REST_OWN),
            (Some(REST_OWN), REST),
            (Some(OWN), REST_OWN),
            (Some(REST_OWN), OWN),
            (Some(REST_OWN), URL),
            (Some(OWN), URL),
            (Some(URL), OWN),
        ];
        for (from, to) in changes {
            let before = match &from {
                None => State::default(),
                Some(app) => deployed(app).await,
            };
            completed(&before, &to).await;
        }
    });
}

#[test]
fn an_interrupted_deletion_takes_the_domain_too() {
    run(async {
        for app in [OWN, REST_OWN] {
            let before = deployed(&app).await;
            // Without the setting: what is noted is enough.
            deleted(&before).await;
        }
    });
}
