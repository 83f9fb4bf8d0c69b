//! How a command ends: the exit codes, and a failure with its cause, its hint and its code.

use std::{error::Error as StdError, fmt, process::ExitCode};

/// The exit codes, documented in the README; the numbers above 63 are those of `sysexits.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Success = 0,
    /// The command failed.
    Failure = 1,
    /// `--plan`: there are changes to make.
    Changes = 2,
    /// `invoke`: the function returned an error.
    Function = 3,
    /// `deploy`: the API would break its clients.
    Breaking = 4,
    /// The command line is wrong.
    Usage = 64,
    /// The settings, the manifest or another input is wrong.
    Input = 65,
    /// Something that is needed cannot be reached or is taken: a port, a program, AWS.
    Unavailable = 69,
    /// No credentials, or they do not allow it.
    Denied = 77,
    /// The build failed; cargo has said why.
    Build = 101,
    /// Interrupted by Ctrl-C or SIGTERM.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A command's result.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why a command failed: what, why (the causes), and what to do next (the hint).
#[derive(Debug)]
pub(crate) struct Failure(Box<Inner>);

#[derive(Debug)]
struct Inner {
    exit: Exit,
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
}

impl Failure {
    /// A failure of what was asked for: exit code 1.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            exit: Exit::Failure,
            message: message.into(),
            causes: Vec::new(),
            hint: None,
        }))
    }

    /// An input is wrong: exit code 65.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(message).exiting(Exit::Input)
    }

    /// Something cannot be reached or is taken: exit code 69.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(message).exiting(Exit::Unavailable)
    }

    /// Sets the exit code.
    pub(crate) fn exiting(mut self, exit: Exit) -> Self {
        self.0.exit = exit;
        self
    }

    /// Adds a cause, and the causes of this cause.
    pub(crate) fn because(mut self, cause: impl AsRef<dyn StdError + Send + Sync>) -> Self {
        let mut next: Option<&dyn StdError> = Some(cause.as_ref());
        while let Some(error) = next {
            let text = error.to_string();
            // Many errors print their source as well, so the chain is not repeated.
            if self
                .0
                .causes
                .last()
                .is_none_or(|last| !last.ends_with(&text))
            {
                self.0.causes.push(text);
            }
            next = error.source();
        }
        self
    }

    /// Adds a cause that is not an error type.
    pub(crate) fn because_of(mut self, cause: impl Into<String>) -> Self {
        self.0.causes.push(cause.into());
        self
    }

    /// Adds a hint: what to do next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        self.0.exit
    }

    /// What failed.
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// Why, outermost first.
    pub(crate) fn causes(&self) -> &[String] {
        &self.0.causes
    }

    /// What to do next.
    pub(crate) fn advice(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())?;
        for cause in self.causes() {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

impl StdError for Failure {}

/// Gives a failing result its message: what was being done.
pub(crate) trait Context<T> {
    /// Wraps the error as the cause of a failure with that message.
    fn context(self, message: impl Into<String>) -> Result<T>;

    /// As `context`, but the message is created only when it is needed.
    fn with_context<M: Into<String>>(self, message: impl FnOnce() -> M) -> Result<T>;
}

impl<T, E: StdError + Send + Sync + 'static> Context<T> for std::result::Result<T, E> {
    fn context(self, message: impl Into<String>) -> Result<T> {
        self.with_context(|| message)
    }

    fn with_context<M: Into<String>>(self, message: impl FnOnce() -> M) -> Result<T> {
        self.map_err(|error| {
            Failure::new(message()).because(Box::from(error) as Box<dyn StdError + Send + Sync>)
        })
    }
}
