//! What a schedule sends when it is due.

use std::sync::Arc;

use serde_json::json;

use super::schedule::StoredSchedule;
use super::{DEFAULT, Scheduler};
use crate::alarm::{MOST_CATCH_UP, Scheduled};
use crate::events::Source;
use crate::targets::{Parcel, service_of};
use crate::{clock, ids};

impl Scheduled for Scheduler {
    fn next_due(&self) -> Option<u64> {
        let state = self.state();
        state
            .schedules
            .values()
            .filter_map(|item| item.next_ms)
            .min()
    }

    fn fire(self: &Arc<Self>, now_ms: u64) {
        let mut due = Vec::new();
        self.state().schedules.retain(|_, item| {
            let mut count = 0;
            while let Some(at) = item.next_ms.filter(|at| *at <= now_ms) {
                count += 1;
                if count > MOST_CATCH_UP {
                    item.next_ms = item.settings.resume(at, now_ms);
                    break;
                }
                due.push((at, item.clone()));
                item.next_ms = item.settings.next(at);
            }
            let is_over = count > 0 && item.next_ms.is_none();
            !(is_over && item.settings.is_deleted_at_end())
        });
        // Several schedules that are due after a jump fire in the order of their times.
        due.sort_by_key(|(at, _)| *at);
        for (at, item) in due {
            self.send(&item, at);
        }
        self.touch();
    }
}

impl Scheduler {
    /// Sends at once what a schedule of the default group sends. Returns false if no schedule has that name.
    pub(crate) fn fire_now(&self, name: &str) -> bool {
        let key = (DEFAULT.to_owned(), name.to_owned());
        let item = self.state().schedules.get(&key).cloned();
        let Some(item) = item else {
            return false;
        };
        self.send(&item, self.now());
        true
    }

    fn send(&self, item: &StoredSchedule, at_ms: u64) {
        let target = &item.settings.target;
        let execution = ids::uuid();
        let body = match &target.input {
            Some(input) => input
                .replace("<aws.scheduler.schedule-arn>", &item.arn)
                .replace("<aws.scheduler.scheduled-time>", &clock::timestamp_s(at_ms))
                .replace("<aws.scheduler.execution-id>", &execution)
                .replace("<aws.scheduler.attempt-number>", "1"),
            None => self.event(item, at_ms),
        };
        let parameters = target.event_bridge_parameters.as_ref();
        let event = parameters.filter(|_| service_of(&target.arn) == "events");
        let parcel = Parcel {
            body: body.clone(),
            group: target
                .sqs_parameters
                .as_ref()
                .and_then(|parameters| parameters.message_group_id.clone()),
            event: event.map(|parameters| Source::New {
                source: parameters.source.clone(),
                detail_type: parameters.detail_type.clone(),
                resources: vec![item.arn.clone()],
            }),
            ..Parcel::default()
        };
        let Err(refusal) = self.targets.send(&item.arn, &target.arn, parcel) else {
            return;
        };
        let config = target.dead_letter_config.as_ref();
        let queue = config.and_then(|config| config.arn.as_deref());
        // The names are unverified: the user guide shows them in an example only.
        let attributes = [
            ("SCHEDULE_ARN", item.arn.clone()),
            ("TARGET_ARN", target.arn.clone()),
            ("ERROR_CODE", refusal.code().to_owned()),
            ("ERROR_MESSAGE", refusal.reason().to_owned()),
            ("EXECUTION_ID", execution),
            ("RETRY_ATTEMPTS", "0".to_owned()),
            ("SCHEDULED_TIME", clock::timestamp_s(at_ms)),
            ("IS_PAYLOAD_TRUNCATED", "false".to_owned()),
        ];
        self.targets
            .bury(&item.arn, &target.arn, queue, body, attributes);
    }

    /// What targets without an input get. Unverified: that of a rule, with Scheduler's source, and the detail as text.
    fn event(&self, item: &StoredSchedule, at_ms: u64) -> String {
        json!({
            "version": "0",
            "id": ids::uuid(),
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": *self.place.account,
            "time": clock::timestamp_s(at_ms),
            "region": *self.place.region,
            "resources": [item.arn],
            "detail": "{}",
        })
        .to_string()
    }
}
