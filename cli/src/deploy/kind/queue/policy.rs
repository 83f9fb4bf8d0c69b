//! A queue's own policy: a statement for each service that sends to it, beside those of others, which stay as they are.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{calls::POLICY, desired::Sender};

/// What the ids of the deployment's own statements begin with.
const OWN: &str = "fw-";

/// The attribute that says who may send to the queue of that ARN; empty where nobody may by it.
pub(super) fn setting(arn: &str, senders: &[Sender], others: &[Value]) -> (String, String) {
    let statements = senders.iter().map(|one| statement(arn, one));
    let statements: Vec<Value> = others.iter().cloned().chain(statements).collect();
    let policy = match statements.is_empty() {
        true => String::new(),
        false => json!({ "Version": "2012-10-17", "Statement": statements }).to_string(),
    };
    (POLICY.to_owned(), policy)
}

/// The statement that lets a service send (SNS developer guide, "Fanout to Amazon SQS queues"; `EventBridge` user guide, "Using dead-letter
/// queues to process undelivered events").
pub(crate) fn statement(arn: &str, sender: &Sender) -> Value {
    let Sender { service, sources } = sender;
    let id = service.split('.').next().unwrap_or_default();
    json!({
        "Sid": format!("{OWN}{id}"),
        "Effect": "Allow",
        "Principal": { "Service": service },
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": { "ArnLike": { "aws:SourceArn": sources } },
    })
}

/// Who may send by the deployment's own statements.
pub(super) fn senders(policy: Option<&String>) -> Vec<Sender> {
    let (own, _): (Vec<Value>, Vec<Value>) = split(policy);
    let mut all: Vec<Sender> = own.iter().map(read).collect();
    all.sort_by(|one, other| one.service.cmp(&other.service));
    all
}

/// The statements of others.
pub(super) fn others(policy: Option<&String>) -> Vec<Value> {
    split(policy).1
}

fn split(policy: Option<&String>) -> (Vec<Value>, Vec<Value>) {
    let policy = policy.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let statements = policy.and_then(|mut policy| policy.get_mut("Statement").map(Value::take));
    let statements = match statements {
        Some(Value::Array(all)) => all,
        Some(one @ Value::Object(_)) => vec![one],
        _ => Vec::new(),
    };
    let own = |one: &Value| one["Sid"].as_str().is_some_and(|id| id.starts_with(OWN));
    statements.into_iter().partition(own)
}

/// What a statement says. One that somebody has changed in what it allows has no service, so that it differs from what is wanted.
fn read(statement: &Value) -> Sender {
    let sources = &statement["Condition"]["ArnLike"]["aws:SourceArn"];
    let sources: BTreeSet<String> = match sources {
        Value::String(one) => BTreeSet::from([one.clone()]),
        all => {
            let all = all.as_array().into_iter().flatten();
            all.filter_map(|one| Some(one.as_str()?.to_owned()))
                .collect()
        }
    };
    let action = statement["Action"].as_str().unwrap_or_default();
    let sends = action.eq_ignore_ascii_case("sqs:SendMessage") && statement["Effect"] == "Allow";
    let service = statement["Principal"]["Service"].as_str();
    let service = service.filter(|_| sends && !sources.is_empty());
    Sender {
        service: service.unwrap_or_default().to_owned(),
        sources,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Sender, others, senders, setting};

    #[test]
    fn what_is_written_is_what_is_read_and_others_statements_stay() {
        let sender = |service: &str, sources: &[&str]| Sender {
            service: service.to_owned(),
            sources: sources.iter().map(|&one| one.to_owned()).collect(),
        };
        let all = [
            sender("events.amazonaws.com", &["arn:aws:events:r:1:rule/x-*"]),
            sender(
                "sns.amazonaws.com",
                &["arn:aws:sns:r:1:a", "arn:aws:sns:r:1:x-*"],
            ),
        ];
        let theirs =
            json!({ "Sid": "mine", "Effect": "Deny", "Principal": "*", "Action": "sqs:*" });
        let (_, policy) = setting("arn:aws:sqs:r:1:q", &all, std::slice::from_ref(&theirs));
        assert_eq!(senders(Some(&policy)), all);
        assert_eq!(others(Some(&policy)), [theirs]);
        // One source in a text of its own is the same.
        let mut document: Value = serde_json::from_str(&policy).unwrap();
        let source = &mut document["Statement"][1]["Condition"]["ArnLike"]["aws:SourceArn"];
        *source = source[0].take();
        assert_eq!(senders(Some(&document.to_string())), all);
        // What allows more is not what is wanted.
        document["Statement"][1]["Action"] = json!("sqs:*");
        assert_ne!(senders(Some(&document.to_string())), all);
        assert_eq!(setting("q", &[], &[]).1, "");
        for none in [None, Some(&String::new()), Some(&"[]".to_owned())] {
            assert!(senders(none).is_empty() && others(none).is_empty());
        }
    }
}
