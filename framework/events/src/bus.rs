//! EventBridge: events of a bus, and events of a schedule.

use serde_json::{Value, json};

use crate::Place;

/// An event of a bus. `[R]` eventbridge-truth §2
#[derive(Clone, Copy, Debug)]
pub struct BusEvent<'a> {
    /// Its id: a UUID.
    pub id: &'a str,
    /// The sender of the event.
    pub source: &'a str,
    /// The event's type.
    pub detail_type: &'a str,
    /// The time, in whole seconds: `2027-01-01T09:00:00Z`.
    pub time: &'a str,
    /// The detail: an object.
    pub detail: &'a Value,
}

impl BusEvent<'_> {
    /// The event.
    #[must_use]
    pub fn event(&self, place: Place<'_>) -> Value {
        json!({
            "version": "0",
            "id": self.id,
            "detail-type": self.detail_type,
            "source": self.source,
            "account": place.account,
            "time": self.time,
            "region": place.region,
            "resources": [],
            "detail": self.detail,
        })
    }
}

/// The `Input` of a schedule's target, which passes the time to its function. Scheduler inserts the
/// values. `[D]` Scheduler guide, "Adding context attributes"
pub const SCHEDULE_INPUT: &str = r#"{"version":"0","id":"<aws.scheduler.execution-id>","detail-type":"Scheduled Event","source":"aws.scheduler","time":"<aws.scheduler.scheduled-time>","attempt":"<aws.scheduler.attempt-number>","resources":["<aws.scheduler.schedule-arn>"],"detail":{}}"#;

/// The event of a schedule with [`SCHEDULE_INPUT`]: the first attempt of the occurrence with this
/// id and time, in UTC (`2027-01-01T09:00:00Z`).
#[must_use]
pub fn schedule(place: Place<'_>, name: &str, id: &str, time: &str) -> Value {
    let arn = place.arn("scheduler", &format!("schedule/default/{name}"));
    json!({
        "version": "0",
        "id": id,
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "time": time,
        "attempt": "1",
        "resources": [arn],
        "detail": {},
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{SCHEDULE_INPUT, schedule};
    use crate::Place;

    #[test]
    fn the_input_has_the_keys_of_what_a_schedule_sends() {
        let place = Place {
            region: "eu-central-1",
            account: "123456789012",
        };
        let input: Value = serde_json::from_str(SCHEDULE_INPUT).unwrap();
        let sent = schedule(place, "nightly", "i", "t");
        let keys = |value: &Value| {
            value
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(&input), keys(&sent));
        assert_eq!(
            sent["resources"][0],
            "arn:aws:scheduler:eu-central-1:123456789012:schedule/default/nightly"
        );
    }
}
