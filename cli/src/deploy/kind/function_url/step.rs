//! The steps on the function URL and the permissions that let everyone call it.

use crate::{
    aws::{
        Aws,
        error::Error,
        lambda::{Grant, UrlSettings},
    },
    deploy::{
        change::{Action, Change, Output, Resource, lost},
        phase::Lane,
        retry::changing,
        run::{Run, Trouble},
    },
    values::lambda::ALIAS,
};

/// One change of the URL: one mutating call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum UrlStep {
    /// Lets everyone call the URL.
    AddPermission { function: String, grant: Grant },
    /// Creates the alias' URL, which opens it.
    Create {
        function: String,
        settings: UrlSettings,
    },
    /// Sets up the alias' URL.
    Update {
        function: String,
        settings: UrlSettings,
    },
    /// Removes the alias' URL.
    Delete { function: String },
}

impl Change for UrlStep {
    fn subject(&self) -> (Action, Resource<'_>) {
        const KIND: &str = "URL of function";
        let (action, kind, name) = match self {
            Self::AddPermission { grant, .. } => (Action::Create, "permission", &grant.id),
            Self::Create { function, .. } => (Action::Create, KIND, function),
            Self::Update { function, .. } => (Action::Update, KIND, function),
            Self::Delete { function } => (Action::Delete, KIND, function),
        };
        (action, Resource { kind, name })
    }

    fn lane(&self) -> Lane<'_> {
        match self {
            Self::AddPermission { function, .. }
            | Self::Create { function, .. }
            | Self::Update { function, .. }
            | Self::Delete { function } => Lane::Function(function),
        }
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
        match self {
            Self::Delete { .. } => lost(self),
            Self::AddPermission { .. } | Self::Create { .. } | Self::Update { .. } => Vec::new(),
        }
    }

    fn passes(&self, error: &Error) -> Option<&'static str> {
        match self {
            // An existing resource is also a conflict, and permanent.
            Self::AddPermission { .. } | Self::Create { .. } => None,
            Self::Update { .. } | Self::Delete { .. } => changing(error),
        }
    }

    fn begins(&self) -> Option<String> {
        None
    }

    async fn run<A: Aws>(&self, run: &Run<'_, A>) -> Result<(), Trouble> {
        let aws = run.aws;
        match self {
            Self::AddPermission { function, grant } => {
                aws.add_permission(function, ALIAS, grant).await?;
            }
            Self::Create { function, settings } => {
                let url = aws.create_function_url(function, ALIAS, settings).await?;
                run.made.borrow_mut().endpoint = Some(url);
            }
            Self::Update { function, settings } => {
                aws.update_function_url(function, ALIAS, settings).await?;
            }
            Self::Delete { function } => aws.delete_function_url(function, ALIAS).await?,
        }
        Ok(())
    }
}
