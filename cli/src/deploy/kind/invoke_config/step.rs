//! The steps on how asynchronous invocations are handled.

use super::KIND;
use crate::{
    aws::{
        Aws,
        error::{Error, Kind},
    },
    deploy::{
        change::{Action, Change, Output, Resource},
        phase::Lane,
        retry::changing,
        run::{Run, Trouble},
    },
    values::{asynchronous::Asynchronous, lambda::ALIAS},
};

/// What Lambda says of a destination that was created a moment ago (asy-018).
const INVALID: &str = "The destination ARN";

/// One change: one mutating call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum InvokeConfigStep {
    /// Sets all of it.
    Put {
        function: String,
        config: Asynchronous,
        /// Whether nothing was set.
        new: bool,
    },
    /// Leaves it to Lambda's defaults.
    Delete { function: String },
}

impl InvokeConfigStep {
    fn function(&self) -> &str {
        let (Self::Put { function, .. } | Self::Delete { function }) = self;
        function
    }
}

impl Change for InvokeConfigStep {
    fn subject(&self) -> (Action, Resource<'_>) {
        let action = match self {
            Self::Put { new: true, .. } => Action::Create,
            Self::Put { new: false, .. } => Action::Update,
            Self::Delete { .. } => Action::Delete,
        };
        let name = self.function();
        (action, Resource { kind: KIND, name })
    }

    fn lane(&self) -> Lane<'_> {
        Lane::Function(self.function())
    }

    fn needs(&self) -> Vec<Output<'_>> {
        Vec::new()
    }

    fn makes(&self) -> Option<Output<'_>> {
        None
    }

    fn prepares(&self) -> bool {
        false
    }

    fn loses(&self) -> Vec<String> {
        Vec::new()
    }

    fn passes(&self, error: &Error) -> Option<&'static str> {
        if error.message.contains(INVALID) {
            return Some("until Lambda knows the destination");
        }
        changing(error)
    }

    fn begins(&self) -> Option<String> {
        None
    }

    async fn run<A: Aws>(&self, run: &Run<'_, A>) -> Result<(), Trouble> {
        let aws = run.aws;
        match self {
            Self::Put {
                function, config, ..
            } => aws.put_invoke_config(function, ALIAS, config).await?,
            Self::Delete { function } => match aws.delete_invoke_config(function, ALIAS).await {
                // What is gone already is done.
                Err(error) if error.kind == Kind::NotFound => {}
                done => done?,
            },
        }
        Ok(())
    }
}
