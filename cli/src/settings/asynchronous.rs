//! How asynchronous invocations of a function are handled: keys of `[functions.NAME]` for a source that is not fed from a queue.
//! Ranges and defaults: messaging-truth §6 and the Lambda API reference, `PutFunctionEventInvokeConfig`.

use super::ranges::{arn_of, range};
use crate::{
    error::{Failure, Result},
    values::resources::Reference,
};

/// What is written of it; every key optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AsyncKeys {
    /// Attempts after the first one, 0 to 2.
    pub(crate) retries: Option<u32>,
    /// How old an event may become, in seconds, 60 to 21600.
    pub(crate) max_event_age: Option<u32>,
    /// What gets a record of each success.
    pub(crate) on_success: Option<String>,
    /// What gets a record of each event that was given up.
    pub(crate) on_failure: Option<String>,
}

/// Where records go, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination<'a> {
    /// A queue, a topic or a bus of the settings.
    Resource(Reference),
    /// A function of the app.
    Function(&'a str),
    /// Something that is there, by its ARN.
    Arn(&'a str),
}

impl<'a> Destination<'a> {
    /// What that text means: `queue:NAME`, `topic:NAME`, `bus:NAME`, `function:NAME`, or an ARN.
    pub(crate) fn of(text: &'a str) -> Option<Self> {
        if text.starts_with("arn:") {
            return Some(Self::Arn(text));
        }
        match text.strip_prefix("function:") {
            Some(name) => Some(Self::Function(name)),
            None => Reference::of(text).map(Self::Resource),
        }
    }
}

impl AsyncKeys {
    /// The first key that is set.
    pub(super) fn first(&self) -> Option<&'static str> {
        let all = [
            ("retries", self.retries.is_some()),
            ("max_event_age", self.max_event_age.is_some()),
            ("on_success", self.on_success.is_some()),
            ("on_failure", self.on_failure.is_some()),
        ];
        let mut set = all.into_iter().filter(|(_, set)| *set);
        set.next().map(|(key, _)| key)
    }

    /// The destinations that are set, with their keys.
    pub(crate) fn destinations(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("on_success", &self.on_success),
            ("on_failure", &self.on_failure),
        ];
        all.into_iter()
            .filter_map(|(key, to)| Some((key, to.as_deref()?)))
    }

    /// Refuses what Lambda would; `table` names the table that the keys stand in.
    ///
    /// # Errors
    ///
    /// The first such key; exit code 65.
    pub(super) fn check(&self, table: &str) -> Result<()> {
        if let Some(retries) = self.retries {
            range(&format!("{table}.retries"), retries, 0, 2, "attempts")?;
        }
        if let Some(age) = self.max_event_age {
            range(
                &format!("{table}.max_event_age"),
                age,
                60,
                21_600,
                "seconds",
            )?;
        }
        for (key, to) in self.destinations() {
            let key = format!("{table}.{key}");
            match Destination::of(to) {
                Some(Destination::Arn(arn)) => {
                    let example = "arn:aws:sqs:eu-central-1:123456789012:failed";
                    arn_of(&key, arn, &["sqs", "sns", "events", "lambda"], example)?;
                    fifo(&key, arn)?;
                }
                Some(_) => {}
                None => {
                    return Err(Failure::input(format!(
                        "`{key}` is not a destination: `{}`",
                        to.escape_debug()
                    ))
                    .hint("write `queue:NAME`, `topic:NAME` or `bus:NAME` of the settings, `function:NAME` of the app, or an ARN"));
                }
            }
        }
        Ok(())
    }
}

/// Refuses what keeps the order of its messages (Lambda developer guide, "Capturing records of Lambda asynchronous invocations").
///
/// # Errors
///
/// When it is a FIFO queue or topic; exit code 65.
pub(super) fn fifo(key: &str, target: &str) -> Result<()> {
    match target.ends_with(crate::values::resources::FIFO) {
        false => Ok(()),
        true => Err(Failure::input(format!(
            "`{key}` is a FIFO queue or topic: `{}`",
            target.escape_debug()
        ))
        .because_of("Lambda sends records to standard queues and topics alone")
        .hint("name another one")),
    }
}

#[cfg(test)]
mod tests {
    use crate::{error::Failure, settings::Settings};

    fn settings(own: &str) -> Result<Settings, Failure> {
        Settings::from_toml(&format!("[functions.mail]\n{own}"), "dev", None, None)
    }

    #[test]
    fn what_lambda_refuses_is_refused_before() {
        let fine = "retries = 0\nmax_event_age = 60\non_success = \"function:log\"\non_failure = \"queue:failed\"";
        assert_eq!(
            settings(fine).unwrap().asynchronous["mail"].retries,
            Some(0)
        );
        for (own, told) in [
            ("retries = 3", "0 to 2 attempts"),
            ("max_event_age = 59", "60 to 21600 seconds"),
            (
                "on_failure = \"failed\"",
                "`functions.mail.on_failure` is not a destination: `failed`",
            ),
            (
                "on_success = \"arn:aws:s3:::bucket\"",
                "`functions.mail.on_success`",
            ),
            (
                "on_failure = \"arn:aws:sqs:eu-central-1:123456789012:steps.fifo\"",
                "is a FIFO queue or topic",
            ),
        ] {
            let failure = settings(own).unwrap_err();
            let said = format!("{failure}: {}", failure.causes().join(": "));
            assert!(said.contains(told), "{own}: {said}");
        }
    }
}
