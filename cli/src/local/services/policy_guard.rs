//! What each function may do in the embedded services: the app's own policies, enforced as IAM would.
//!
//! A function is denied here what its role would be denied in the account, so that a missing permission shows on the laptop.
//! The service asks before each operation; the access key of the process that signed the request says which function it is.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use fw_manifest::Part;

use crate::{policy::evaluate::allows, values::statement::Statement};

/// What the functions may do; cheap to clone, and changed while the server runs. Until statements are set, everything is allowed.
#[derive(Clone, Default)]
pub(crate) struct PolicyGuard(Arc<Inner>);

/// Takes the line about each denial.
type Told = Box<dyn Fn(&str) + Send + Sync>;

#[derive(Default)]
struct Inner {
    policies: RwLock<Option<Policies>>,
    told: Option<Told>,
}

/// What each function may do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies {
    /// The function that answers requests, and every other client that signs with its key.
    pub(crate) app: Vec<Statement>,
    /// The others, by the access keys of their processes: which function it is, and what it may do.
    pub(crate) others: BTreeMap<String, (Part, Vec<Statement>)>,
}

impl Policies {
    /// Which part the owner of that access key is, and what it may do.
    fn of(&self, key: &str) -> (&Part, &[Statement]) {
        match self.others.get(key) {
            Some((part, statements)) => (part, statements),
            None => (&Part::Api, &self.app),
        }
    }
}

impl fmt::Debug for PolicyGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyGuard").finish_non_exhaustive()
    }
}

/// A call of a service that IAM decides over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt<'a> {
    /// The access key that signed it.
    pub(crate) key: &'a str,
    /// The service as its users write it: `S3`, `SQS`.
    pub(crate) service: &'a str,
    /// The operation: `PutObject`.
    pub(crate) operation: &'a str,
    /// The action: `s3:PutObject`.
    pub(crate) action: &'a str,
    /// The resource's ARN, or `*`.
    pub(crate) resource: &'a str,
}

impl PolicyGuard {
    /// A guard that gives a line about each denial.
    pub(crate) fn telling(told: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            policies: RwLock::default(),
            told: Some(Box::new(told)),
        }))
    }

    /// Allows that and nothing else, from now on.
    pub(crate) fn enforce(&self, policies: Policies) {
        let held = self.0.policies.write();
        *held.unwrap_or_else(PoisonError::into_inner) = Some(policies);
    }

    /// Whether the owner of that access key may do that.
    ///
    /// # Errors
    ///
    /// The function whose policy does not allow it.
    pub(super) fn allowed(&self, key: &str, action: &str, arn: &str) -> Result<(), Whose> {
        let policies = self.0.policies.read();
        let policies = policies.unwrap_or_else(PoisonError::into_inner);
        let Some(policies) = policies.as_ref() else {
            return Ok(());
        };
        let (part, statements) = policies.of(key);
        if allows(statements, action, arn) {
            return Ok(());
        }
        Err(Whose(part.clone()))
    }

    /// Decides over a call, and prints what would allow it where it is denied.
    ///
    /// # Errors
    ///
    /// The text for the client, in IAM's words (IAM user guide, "Troubleshoot access denied error messages").
    pub(crate) fn check(&self, attempt: Attempt<'_>) -> Result<(), String> {
        let Attempt {
            key,
            service,
            operation,
            action,
            resource,
        } = attempt;
        let Err(whose) = self.allowed(key, action, resource) else {
            return Ok(());
        };
        let shown = resource.escape_debug();
        let (flag, line) = match whose.0.name() {
            Some(name) => (
                format!(" --function {name}"),
                format!(" and `functions = [\"{name}\"]`"),
            ),
            None => (String::new(), String::new()),
        };
        self.tell(&format!(
            "{service} denied {operation}: no statement of {whose} policy allows `{action}` on `{shown}`; `cargo fw policy{flag}` shows \
             what it allows, and a `[[policy]]` in `fw.toml` with `actions = [\"{action}\"]`{line} adds to it"
        ));
        Err(format!(
            "The app is not authorized to perform: {action} on resource: \"{resource}\" because no identity-based policy allows \
             the {action} action"
        ))
    }

    pub(super) fn tell(&self, line: &str) {
        if let Some(told) = &self.0.told {
            told(line);
        }
    }
}

/// The function whose policy it is.
#[derive(Debug)]
pub(super) struct Whose(Part);

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Part::Api => f.write_str("the app's"),
            part => write!(f, "{part}'s"),
        }
    }
}
