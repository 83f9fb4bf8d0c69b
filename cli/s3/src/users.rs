//! Who may call, and the seam for policies from outside.

use std::fmt;

/// Somebody with a key pair.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The access key.
    pub access_key: String,
    /// Its secret.
    pub secret_key: String,
    /// The canonical user id, as owners and grants name it. Users with the same id are of one account.
    pub id: String,
    /// The name that owners and grants show.
    pub display_name: String,
    /// The account, twelve digits. Principals of bucket policies name it.
    pub account: String,
    /// The address by which grants may name the user.
    pub email: Option<String>,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("access_key", &self.access_key)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl User {
    /// The user who owns what is created without a name: with the account `123456789012`.
    #[must_use]
    pub fn owner(access_key: &str, secret_key: &str) -> Self {
        Self {
            access_key: access_key.to_owned(),
            secret_key: secret_key.to_owned(),
            id: "9a2f4d2c8f0b46c1a7d5e3b1908c7f6e5d4c3b2a19080706f5e4d3c2b1a09f8e".to_owned(),
            display_name: "local".to_owned(),
            account: "123456789012".to_owned(),
            email: None,
        }
    }

    /// The ARN of the user's account.
    pub(crate) fn root_arn(&self) -> String {
        format!("arn:aws:iam::{}:root", self.account)
    }

    /// The ARN of the user itself.
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:iam::{}:user/{}", self.account, self.display_name)
    }
}

/// A call that identity policies decide over.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The access key that signed it.
    pub access_key: &'a str,
    /// The operation: `PutObject`.
    pub operation: &'a str,
    /// The action: `s3:PutObject`.
    pub action: &'a str,
    /// The resource's ARN, or `*`.
    pub resource: &'a str,
}

/// Decides which caller may do what: a seam for the policies of functions.
pub trait Access: Send + Sync + 'static {
    /// The secret of an access key that the options do not name. Its calls are those of the owner's account.
    fn secret(&self, _access_key: &str) -> Option<String> {
        None
    }

    /// Whether the caller may do that. It is asked once for each action that an operation needs.
    ///
    /// # Errors
    /// The text for the client, which gets `AccessDenied` with it.
    fn decide(&self, _attempt: &Attempt<'_>) -> Result<(), String> {
        Ok(())
    }

    /// The same without a trace: nothing is reported to the user.
    fn allows(&self, attempt: &Attempt<'_>) -> bool {
        self.decide(attempt).is_ok()
    }

    /// Reports a line about a request that the port refused.
    fn report(&self, _line: &str) {}

    /// Reports that somebody with a key asked for a bucket that is not there.
    fn report_missing_bucket(&self, _name: &str) {}

    /// Reports that a key that does not exist was answered with 403 and not 404, as the caller may not do that.
    fn report_hidden(&self, _attempt: &Attempt<'_>, _key: &str) {}
}

/// Allows everything to every caller whose signature holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenAccess;

impl Access for OpenAccess {}
