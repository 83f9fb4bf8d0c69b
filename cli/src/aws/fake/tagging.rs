//! Tagging: functions, log groups and APIs; roles are of no region and so not in the list, as on AWS.

use super::Fake;
use crate::{
    aws::{
        Aws as _,
        error::Result,
        tagging::{GET_RESOURCES, Tagged, Tagging},
    },
    deploy::kind::{bus::fake as bus, queue::fake as queue, schedule::fake as schedule},
    values::names::Tags,
};

impl Tagging for Fake {
    async fn tagged(&self, tags: &[(&str, Option<&str>)]) -> Result<Vec<Tagged>> {
        let region = self.region();
        let account = Self::ACCOUNT;
        self.later().await.call(GET_RESOURCES, |state| {
            let functions = state.functions.iter().map(|(name, function)| {
                let arn = format!("arn:aws:lambda:{region}:{account}:function:{name}");
                (arn, &function.tags)
            });
            let groups = state.groups.iter().map(|(name, group)| {
                let arn = format!("arn:aws:logs:{region}:{account}:log-group:{name}");
                (arn, &group.tags)
            });
            let apis = state.apis.iter().map(|api| {
                let arn = format!("arn:aws:apigateway:{region}::/apis/{}", api.api.id);
                (arn, &api.api.tags)
            });
            let rests = state.rests.iter().map(|rest| {
                let arn = format!("arn:aws:apigateway:{region}::/restapis/{}", rest.api.id);
                (arn, &rest.api.tags)
            });
            let queues = state.queues.iter();
            let queues = queues.map(|(name, queue)| (queue::arn(name), &queue.tags));
            let topics = state.topics.topics.iter();
            let topics = topics.map(|(arn, topic)| (arn.clone(), &topic.tags));
            let buses = state.buses.buses.iter();
            let buses = buses.map(|(name, tags)| (bus::arn(name), tags));
            let rules = state.buses.rules.iter();
            let rules = rules.map(|((on, name), rule)| (bus::rule_arn(on, name), &rule.tags));
            let groups_of_schedules = state.schedules.groups.iter();
            let groups_of_schedules =
                groups_of_schedules.map(|(name, tags)| (schedule::arn(name), tags));
            let buckets = state.buckets.iter();
            let buckets =
                buckets.map(|(name, bucket)| (format!("arn:aws:s3:::{name}"), &bucket.tags));
            let wanted = |held: &Tags| {
                tags.iter().all(|(key, value)| {
                    held.get(*key)
                        .is_some_and(|held| value.is_none_or(|value| value == held))
                })
            };
            Ok(functions
                .chain(groups)
                .chain(apis)
                .chain(rests)
                .chain(queues)
                .chain(topics)
                .chain(buses)
                .chain(rules)
                .chain(groups_of_schedules)
                .chain(buckets)
                .filter(|(_, held)| wanted(held))
                .map(|(arn, held)| Tagged {
                    arn,
                    tags: held.clone(),
                })
                .collect())
        })
    }
}
