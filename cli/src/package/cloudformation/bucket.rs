//! The buckets of a stack.

use serde_json::Value;

use super::{Stack, list, named, table};
use crate::deploy::kind::bucket::template::{STACK_TYPE, created, receivers, stack};

impl Stack<'_> {
    /// Adds the buckets that the deployment creates, each after the permissions of the functions that it reports to.
    pub(super) fn buckets(&mut self) {
        let desired = self.desired;
        for one in desired.buckets.iter().filter(|one| one.own()) {
            let after = receivers(desired, one).map(|function| function.id("Invoker"));
            let after: Vec<String> = after.collect();
            let fixed = [("BucketName", self.sub(&one.name))];
            let said = stack(one, |arn| self.sub(arn));
            let tags = ("Tags", list(one.tags(desired.names.tags())));
            let properties = table(fixed.into_iter().chain(said).chain([tags]));
            self.add_after(named("Bucket", &[&one.key]), STACK_TYPE, &after, properties);
        }
    }

    /// The value of a variable that is the name of one of them. It is no reference: the bucket comes after the functions that it reports
    /// to.
    pub(super) fn bucket_name(&self, value: &str) -> Option<Value> {
        created(self.desired, value).map(|one| self.sub(&one.name))
    }
}
