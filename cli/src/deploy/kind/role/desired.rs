//! The role of a function: its trust and its permissions. Each function has its own role, with only
//! what it needs.

use fw_manifest::Part;
use serde_json::{Value, json};

use crate::{
    deploy::{
        model::resources,
        names::{AwsLocation, LONGEST_NAME, Names},
    },
    error::{Failure, Result},
    settings::{Settings, called, function},
    values::{lambda::Options, statement::Statement},
};

/// The role that a deployment creates for a function.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DesiredRole {
    /// Its name.
    pub(crate) name: String,
    /// Its permissions: the function's own logs, the needs of its options, and the settings'
    /// statements.
    pub(crate) policy: Value,
}

impl DesiredRole {
    /// The role of a part's function; `needs` is what it is allowed besides what the settings say.
    ///
    /// # Errors
    ///
    /// If the role's name is longer than IAM accepts; exit code 65.
    pub(crate) fn new(
        part: &Part,
        options: &Options,
        needs: Vec<Statement>,
        settings: &Settings,
        (names, place): (&Names, &AwsLocation),
    ) -> Result<Self> {
        let function = names.of(part);
        let name = names.role_of(&function);
        // The API's role has the shortest name of all, which `Names::new` has checked.
        if let Some(own) = part.name().filter(|_| name.len() > LONGEST_NAME) {
            return Err(Failure::input(format!("the name of {part} is too long"))
                .because_of(format!(
                    "its role would have the name `{name}` with {} characters, but IAM accepts {LONGEST_NAME}",
                    name.len()
                ))
                .hint(format!(
                    "shorten it, the app's name, or the stage's name; or use your own role: `role = \"arn:…\"` in `[functions.{own}]`"
                )));
        }
        let group = Names::log_group_of(&function);
        let logs = place.arn("logs", &format!("log-group:{group}:*"));
        let mut written = settings.policy_of(called(part));
        written.extend(needs);
        let written = resources::resolved(written, settings, (names, place))?;
        let policy = policy(&logs, &written, options);
        Ok(Self { name, policy })
    }
}

/// Lambda may assume it.
pub(crate) fn trust() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "lambda.amazonaws.com" },
            "Action": "sts:AssumeRole",
        }],
    })
}

/// No `logs:CreateLogGroup`: the deployment creates the group, and a late log line cannot restore a
/// deleted one.
fn policy(logs: &str, written: &[Statement], options: &Options) -> Value {
    let own = json!({
        "Sid": "Logs",
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": [logs],
    });
    let options = function::statements([options].into_iter());
    let added = options.iter().chain(written).map(Statement::to_json);
    let all: Vec<Value> = std::iter::once(own).chain(added).collect();
    json!({ "Version": "2012-10-17", "Statement": all })
}
