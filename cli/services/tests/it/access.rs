//! Who is let in: signatures, and the decisions of an `Access`, in the words of each service.

use std::collections::BTreeMap;
use std::sync::Arc;

use fw_services::{Access, Caller, Options, Services};

use crate::support::Client;

/// Denies everything, in IAM's words.
struct Nobody;

impl Access for Nobody {
    fn decide(&self, caller: &Caller, action: &str, resource: &str) -> Result<(), String> {
        let key = &caller.access_key;
        Err(format!(
            "User: {key} is not authorized to perform: {action} on resource: {resource}"
        ))
    }
}

/// A request to each service: method and path, signing name, target.
const REQUESTS: [((&str, &str), &str, Option<&str>); 4] = [
    (("POST", "/"), "sqs", Some("AmazonSQS.ListQueues")),
    (("POST", "/"), "events", Some("AWSEvents.ListEventBuses")),
    (("GET", "/schedules"), "scheduler", None),
    (
        ("GET", "/?Action=ListTopics&Version=2010-03-31"),
        "sns",
        None,
    ),
];

#[tokio::test]
async fn denials_have_the_form_of_each_service() {
    let options = Options {
        access: Arc::new(Nobody),
        ..Options::default()
    };
    let services = Services::start(options).await.unwrap();
    let client = Client(&services);
    let mut found = Vec::new();
    for (request, service, target) in REQUESTS {
        let (status, head, body) = client.send(request, service, target, "{}").await;
        let kind = body["__type"].as_str().unwrap_or_default().to_owned();
        let header = head
            .lines()
            .find_map(|line| line.strip_prefix("x-amzn-errortype: "));
        found.push((status, format!("{kind}{}", header.unwrap_or_default())));
    }
    assert_eq!(
        found,
        [
            (403, "com.amazonaws.sqs#AccessDeniedException".into()),
            (400, "AccessDeniedException".into()),
            (403, "accessdeniedexception".into()),
            (403, String::new()),
        ]
    );
}

/// A key with a secret must sign; the suite's own signature is checked in the unit tests.
#[tokio::test]
async fn a_signature_that_does_not_hold_is_refused_by_each_service() {
    let options = Options {
        access_keys: BTreeMap::from([("test".into(), "secret".into())]),
        ..Options::default()
    };
    let services = Services::start(options).await.unwrap();
    let client = Client(&services);
    let mut statuses = Vec::new();
    for (request, service, target) in REQUESTS {
        let (status, _, _) = client.send(request, service, target, "{}").await;
        statuses.push(status);
    }
    assert_eq!(statuses, [403, 400, 403, 403]);
}
