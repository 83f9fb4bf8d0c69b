//! The buckets of a module.

use serde_json::{Value, json};

use super::{Module, table};
use crate::deploy::kind::bucket::template::{
    TERRAFORM_BLOCK, TERRAFORM_NOTIFICATION, TERRAFORM_TYPE, created, receivers, terraform_block,
    terraform_reports,
};

impl Module<'_> {
    /// Adds the buckets that the deployment creates, and what they report to functions once these let them.
    pub(super) fn buckets(&mut self) {
        let desired = self.desired;
        for one in desired.buckets.iter().filter(|one| one.own()) {
            let label = format!("bucket_{}", one.key);
            let bucket = json!({
                "bucket": self.placed(&one.name),
                "tags": one.tags(desired.names.tags()),
            });
            self.add(TERRAFORM_TYPE, &label, bucket);
            let id = json!(format!("${{{TERRAFORM_TYPE}.{label}.id}}"));
            let mut block = terraform_block();
            block["bucket"] = id.clone();
            self.add(TERRAFORM_BLOCK, &label, block);
            let after = receivers(desired, one);
            let after = after.map(|one| format!("aws_lambda_permission.{}", one.label("invoker")));
            let after: Vec<String> = after.collect();
            let reports = terraform_reports(one, |arn| self.placed(arn));
            if !reports.is_empty() {
                let notification = table([
                    ("bucket", id),
                    ("lambda_function", json!(reports)),
                    ("depends_on", json!(after)),
                ]);
                self.add(TERRAFORM_NOTIFICATION, label, notification);
            }
        }
    }

    /// The value of a variable that is the name of one of them. It is no reference: the bucket comes after the functions that it reports
    /// to.
    pub(super) fn bucket_name(&self, value: &str) -> Option<Value> {
        created(self.desired, value).map(|one| self.placed(&one.name))
    }
}
