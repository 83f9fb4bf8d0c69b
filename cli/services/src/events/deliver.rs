//! From an event to the targets of the rules that match it, and from a schedule that is due to the targets of its rule.

use std::sync::Arc;

use fw_grammar::pattern::FlatEvent;
use serde_json::Value;

use super::Events;
use super::buses::{Bus, DEFAULT, name_of};
use super::event::{Event, Source};
use super::json_path::JsonPath;
use super::rule::Rule;
use super::target::RuleTarget;
use super::transform::About;
use crate::alarm::{MOST_CATCH_UP, Scheduled};
use crate::targets::{Parcel, Refusal, service_of};

/// Over how many buses an event goes at most. AWS detects loops across accounts only and leaves others to the user; here one must
/// not use up the machine.
const MOST_HOPS: u32 = 8;

impl Events {
    /// Sends an event to the rules of a bus.
    pub(super) fn publish(self: &Arc<Self>, bus: &str, event: &Event, hops: u32) {
        let Some(index) = self.state().buses.get_mut(bus).map(Bus::index) else {
            return;
        };
        let document = event.document();
        let Ok(value) = serde_json::from_str::<Value>(&document) else {
            return;
        };
        let names = index.matching(&FlatEvent::new(&value));
        for name in names {
            // Another request may have changed the rule since.
            let rule = self
                .state()
                .buses
                .get(bus)
                .and_then(|bus| bus.rules.get(name))
                .cloned();
            if let Some(rule) = rule {
                self.deliver(&rule, event, &document, hops);
            }
        }
    }

    /// Takes an event of another service, or of another bus.
    ///
    /// # Errors
    /// That the bus is not there, or that the event went in a circle.
    pub(crate) fn take(
        self: &Arc<Self>,
        bus: &str,
        source: Source,
        detail: &str,
    ) -> Result<(), Refusal> {
        if !self.state().buses.values().any(|one| one.arn == bus) {
            return Err(Refusal::Missing(format!("there is no bus {bus}")));
        }
        let name = name_of(Some(bus));
        match source {
            Source::Forwarded(_, hops) if hops >= MOST_HOPS => {
                return Err(Refusal::Invalid(format!(
                    "the event went over {MOST_HOPS} buses: the rules form a circle"
                )));
            }
            Source::Forwarded(event, hops) => self.publish(name, &event, hops + 1),
            Source::New {
                source,
                detail_type,
                resources,
            } => {
                let place = (&*self.place.account, &*self.place.region);
                let now = self.now();
                let event = Event::new(place, source, detail_type, resources, now, detail);
                self.publish(name, &event, 0);
            }
        }
        Ok(())
    }

    /// The ARN of the default bus.
    pub(crate) fn default_bus(&self) -> String {
        self.bus_arn(DEFAULT)
    }

    fn deliver(&self, rule: &Rule, event: &Event, document: &str, hops: u32) {
        for target in &rule.targets {
            let is_bus = service_of(&target.arn) == "events";
            let body = self.input(rule, target, event, document);
            let parcel = Parcel {
                body: body.clone(),
                group: target
                    .sqs_parameters
                    .as_ref()
                    .and_then(|parameters| parameters.message_group_id.clone()),
                trace: event.trace.clone(),
                event: is_bus.then(|| Source::Forwarded(Box::new(event.clone()), hops)),
                ..Parcel::default()
            };
            let Err(refusal) = self.targets.send(&rule.arn, &target.arn, parcel) else {
                continue;
            };
            let config = target.dead_letter_config.as_ref();
            let queue = config.and_then(|config| config.arn.as_deref());
            // The names are those of the user guide. That `EXHAUSTED_RETRY_CONDITION` is left out without retries is unverified.
            let attributes = [
                ("RULE_ARN", rule.arn.clone()),
                ("TARGET_ARN", target.arn.clone()),
                ("ERROR_CODE", refusal.code().to_owned()),
                ("ERROR_MESSAGE", refusal.reason().to_owned()),
                ("RETRY_ATTEMPTS", "0".to_owned()),
            ];
            // The dead letter is the event, as the target would have got it: unverified.
            self.targets
                .bury(&rule.arn, &target.arn, queue, body, attributes);
        }
    }

    /// What a target gets of an event.
    fn input(&self, rule: &Rule, target: &RuleTarget, event: &Event, document: &str) -> String {
        if let Some(input) = &target.input {
            return input.clone();
        }
        if let Some(transformer) = &target.input_transformer {
            let about = About {
                rule: &rule.name,
                rule_arn: &rule.arn,
                now_ms: self.now(),
            };
            return transformer.apply(event, document, &about);
        }
        match target.input_path.as_deref().and_then(JsonPath::parse) {
            // What AWS sends for a path that is not in the event is unverified.
            Some(path) => path.find(document).unwrap_or_else(|| "null".into()),
            None => document.to_owned(),
        }
    }
}

impl Scheduled for Events {
    fn next_due(&self) -> Option<u64> {
        let state = self.state();
        let rules = state.buses.get(DEFAULT)?.rules.values();
        rules.filter_map(|rule| rule.next_ms).min()
    }

    fn fire(self: &Arc<Self>, now_ms: u64) {
        let mut due = Vec::new();
        if let Some(bus) = self.state().buses.get_mut(DEFAULT) {
            for rule in bus.rules.values_mut() {
                let mut count = 0;
                while let Some(at) = rule.next_ms.filter(|at| *at <= now_ms) {
                    count += 1;
                    if count > MOST_CATCH_UP {
                        rule.next_ms = rule.next_after(now_ms);
                        break;
                    }
                    due.push((at, rule.clone()));
                    rule.next_ms = rule.next_after(at);
                }
            }
        }
        // Several schedules that are due after a jump fire in the order of their times.
        due.sort_by_key(|(at, _)| *at);
        for (at, rule) in due {
            let event = Event::new(
                (&self.place.account, &self.place.region),
                "aws.events".into(),
                "Scheduled Event".into(),
                vec![rule.arn.clone()],
                at,
                "{}",
            );
            let document = event.document();
            self.deliver(&rule, &event, &document, 0);
        }
        self.touch();
    }
}
