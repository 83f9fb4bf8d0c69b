//! What a kind has to know of a deployment to say what its resources should be: names and ARNs, and nothing of the model that is made of
//! all kinds.

use fw_manifest::Part;

use crate::{error::Result, values::resources::ResourceKind};

/// The names and ARNs of a deployment.
pub(crate) trait Naming {
    /// The deployment's own name: the main function's.
    fn deployment(&self) -> &str;
    /// What stands before the app's own names for things.
    fn prefix(&self) -> String;
    /// The name of a part's function.
    fn function(&self, part: &Part) -> String;
    /// The ARN of a function's alias.
    fn alias(&self, function: &str) -> String;
    /// The ARN of what the settings declare.
    ///
    /// # Errors
    ///
    /// When its name is too long for AWS; exit code 65.
    fn arn(&self, kind: ResourceKind, key: &str) -> Result<String>;
    /// The ARN of a topic, or of several with `*`.
    fn topic(&self, name: &str) -> String;
    /// The ARN of a rule: `NAME` on the default bus, `BUS/NAME` on another one.
    fn rule(&self, name: &str) -> String;
    /// The name of the bucket that the app calls so.
    fn bucket(&self, key: &str) -> String;
    /// The ARN of a bucket.
    fn bucket_arn(&self, name: &str) -> String;
    /// The name of the schedules' role.
    fn scheduler(&self) -> String;
    /// The ARN of a role.
    fn role(&self, name: &str) -> String;
    /// The account's twelve digits.
    fn account(&self) -> &str;
}
