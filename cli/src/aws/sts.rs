//! STS: the caller's identity.

use crate::aws::{
    account::Account,
    error::{Operation, Result},
};

const GET_CALLER_IDENTITY: Operation = Operation::new("sts", "GetCallerIdentity");

/// The caller, and so the account of the resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The account's twelve digits.
    pub(crate) account: String,
    /// The partition of ARNs: `aws`, `aws-cn`, `aws-us-gov`.
    pub(crate) partition: String,
    /// The caller's own ARN.
    pub(crate) arn: String,
}

/// The calls used.
pub(crate) trait Sts {
    /// `GetCallerIdentity`, which needs no permission; asked once.
    async fn caller(&self) -> Result<Caller>;
}

impl Sts for Account {
    async fn caller(&self) -> Result<Caller> {
        let ask = async || {
            let answer = GET_CALLER_IDENTITY.sort(self.sts.get_caller_identity().send().await)?;
            let arn = answer.arn.unwrap_or_default();
            Ok(Caller {
                account: answer.account.unwrap_or_default(),
                partition: arn.split(':').nth(1).unwrap_or("aws").to_owned(),
                arn,
            })
        };
        self.caller.get_or_try_init(ask).await.cloned()
    }
}
