//! The log's lines about deliveries: what went from where to where, in which attempt, with which outcome.

use fw_services::{Deliveries, Delivery, DeliveryOutcome};

use super::names::LocalNames;
use crate::local::logs::Logs;

/// Prints each delivery until the services end.
pub(super) async fn print(mut deliveries: Deliveries, names: NamesOfApp, logs: Logs) {
    while let Some(delivery) = deliveries.next().await {
        logs.note(line(&delivery, names.borrow().as_ref()));
    }
}

/// The names of the app that is currently served; none before the first build.
pub(super) type NamesOfApp = tokio::sync::watch::Receiver<Option<LocalNames>>;

/// `queue orders → ship: delivered (attempt 1)`.
fn line(delivery: &Delivery, names: Option<&LocalNames>) -> String {
    let source = place(&delivery.source, names);
    let target = place(&delivery.target, names);
    let attempt = delivery.attempt;
    let outcome = match &delivery.outcome {
        DeliveryOutcome::Delivered => format!("delivered (attempt {attempt})"),
        DeliveryOutcome::Failed { reason } => format!("failed (attempt {attempt}): {reason}"),
        DeliveryOutcome::DeadLettered { queue } => {
            format!(
                "gave up after attempt {attempt}, moved to {}",
                place(queue, names)
            )
        }
        DeliveryOutcome::Dropped { reason } => {
            format!("gave up after attempt {attempt}, discarded: {reason}")
        }
        other => format!("{other:?}"),
    };
    format!("{source} → {target}: {outcome}")
}

/// An ARN in the app's words: `queue orders`, `function ship`. Other texts stay unchanged.
fn place(arn: &str, names: Option<&LocalNames>) -> String {
    let mut parts = arn.splitn(6, ':').skip(2);
    let (Some(service), Some(resource)) = (parts.next(), parts.nth(2)) else {
        return match arn {
            "lambda:InvokeFunction" => "call".to_owned(),
            other => other.to_owned(),
        };
    };
    let short = |name: &str| names.map_or(name, |names| names.logical(name)).to_owned();
    let last = resource.rsplit('/').next().unwrap_or(resource);
    match service {
        "sqs" => format!("queue {}", short(resource)),
        "sns" => format!("topic {}", short(resource)),
        "s3" => format!("bucket {}", short(resource)),
        "lambda" => {
            let name = resource.strip_prefix("function:").unwrap_or(resource);
            let name = name.split(':').next().unwrap_or(name);
            format!("function {}", short(name))
        }
        "events" if resource.starts_with("rule/") => format!("rule {}", short(last)),
        "events" => format!("bus {}", short(last)),
        "scheduler" => format!("schedule {}", short(last)),
        _ => arn.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_one_line_in_the_apps_words() {
        let mut delivery = Delivery {
            at_ms: 0,
            source: "arn:aws:sqs:us-east-1:123456789012:shop-dev-orders".to_owned(),
            target: "arn:aws:lambda:us-east-1:123456789012:function:shop-dev-ship".to_owned(),
            attempt: 2,
            outcome: DeliveryOutcome::Delivered,
        };
        let shown = |delivery: &Delivery| line(delivery, Some(&LocalNames::of("shop-dev")));
        assert_eq!(
            shown(&delivery),
            "queue orders → function ship: delivered (attempt 2)"
        );
        delivery.source = "arn:aws:events:us-east-1:123456789012:rule/shop-dev-trade/paid".into();
        delivery.outcome = DeliveryOutcome::DeadLettered {
            queue: "arn:aws:sqs:us-east-1:123456789012:shop-dev-dead".to_owned(),
        };
        assert_eq!(
            shown(&delivery),
            "rule paid → function ship: gave up after attempt 2, moved to queue dead"
        );
        delivery.source = "lambda:InvokeFunction".to_owned();
        delivery.target = "https://example.org/hook".to_owned();
        delivery.outcome = DeliveryOutcome::Failed {
            reason: "503".to_owned(),
        };
        assert_eq!(
            shown(&delivery),
            "call → https://example.org/hook: failed (attempt 2): 503"
        );
    }
}
