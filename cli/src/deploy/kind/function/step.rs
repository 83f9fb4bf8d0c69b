//! The steps on a function: its code, its versions and its alias.

use crate::{
    aws::{
        Aws,
        error::{Error, Kind, Operation},
        lambda::{Canary, Configuration, Grant},
    },
    deploy::{
        change::{Action, Change, Output, Resource, lost},
        health::Health,
        ids::{Handle, Version},
        kind::permission,
        names::GRANTS,
        phase::Lane,
        retry::{changing, just_made},
        run::{Run, Trouble},
    },
    values::{
        code::Code,
        lambda::{ALIAS, InvocationType},
        names::Tags,
    },
};

/// One change of a function: one mutating call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FunctionStep {
    /// Creates the function and its first version.
    Create {
        function: String,
        code: Code,
        configuration: Configuration,
        tags: Tags,
    },
    /// Uploads code, which gets no traffic until an alias moves, and creates a version of it and
    /// the configuration.
    UpdateCode {
        function: String,
        code: Code,
        /// True if it creates the version; an existing one may be enough.
        publish: bool,
    },
    /// Sets the configuration, which no traffic reaches until it is published.
    UpdateConfiguration {
        function: String,
        configuration: Configuration,
    },
    /// Makes a version of that code and the configuration.
    Publish { function: String, sha256: String },
    /// Invokes the version, which gets no traffic yet, once.
    Try {
        function: String,
        version: Handle<Version>,
        health: Health,
    },
    /// Creates the alias.
    CreateAlias {
        function: String,
        version: Handle<Version>,
    },
    /// Moves the traffic to the version.
    MoveAlias {
        function: String,
        version: Handle<Version>,
        /// The canary that loses its part of the traffic by it.
        ends: Option<Version>,
    },
    /// Gives the version a part of the traffic.
    ShiftTraffic {
        function: String,
        from: Version,
        version: Handle<Version>,
        percent: u32,
    },
    /// Sets the reserved concurrency; `None` removes it.
    Reserve { function: String, most: Option<u32> },
    /// Sets the provisioned concurrency of the alias; `None` removes it.
    Provision {
        function: String,
        count: Option<u32>,
    },
    /// Lets a service invoke the alias.
    AddPermission { function: String, grant: Grant },
    /// Takes a permission away.
    RemovePermission { function: String, id: String },
    /// Deletes a version that is no longer needed.
    DeleteVersion { function: String, version: Version },
    /// Removes the function, its versions and its alias.
    Delete { function: String },
}

impl FunctionStep {
    /// The function of which it creates a version.
    pub(crate) fn publishes(&self) -> Option<&str> {
        match self {
            Self::Create { function, .. }
            | Self::UpdateCode {
                function,
                publish: true,
                ..
            }
            | Self::Publish { function, .. } => Some(function),
            _ => None,
        }
    }

    /// The function whose traffic it moves.
    pub(crate) fn moves(&self) -> Option<&str> {
        match self {
            Self::MoveAlias { function, .. } | Self::ShiftTraffic { function, .. } => {
                Some(function)
            }
            _ => None,
        }
    }

    fn function(&self) -> &str {
        match self {
            Self::Create { function, .. }
            | Self::UpdateCode { function, .. }
            | Self::UpdateConfiguration { function, .. }
            | Self::Publish { function, .. }
            | Self::Try { function, .. }
            | Self::CreateAlias { function, .. }
            | Self::MoveAlias { function, .. }
            | Self::ShiftTraffic { function, .. }
            | Self::Reserve { function, .. }
            | Self::Provision { function, .. }
            | Self::AddPermission { function, .. }
            | Self::RemovePermission { function, .. }
            | Self::DeleteVersion { function, .. }
            | Self::Delete { function } => function,
        }
    }
}

impl Change for FunctionStep {
    fn subject(&self) -> (Action, Resource<'_>) {
        use Action::{Check, Create, Delete, Update};
        let (action, kind, name) = match self {
            Self::Create { function, .. } => (Create, "function", function),
            Self::UpdateCode { function, .. } => (Update, "code of function", function),
            Self::UpdateConfiguration { function, .. } => {
                (Update, "configuration of function", function)
            }
            Self::Publish { function, .. } => (Create, "version of function", function),
            Self::Try { function, .. } => (Check, "version of function", function),
            Self::CreateAlias { function, .. } => (Create, "alias of function", function),
            Self::MoveAlias { function, .. } | Self::ShiftTraffic { function, .. } => {
                (Update, "alias of function", function)
            }
            Self::Reserve { function, .. } => (Update, "concurrency of function", function),
            Self::Provision { function, .. } => {
                (Update, "provisioned concurrency of function", function)
            }
            Self::AddPermission { function, .. } => (Create, "permission on function", function),
            Self::RemovePermission { id, .. } => (Delete, "permission", id),
            Self::DeleteVersion { version, .. } => (Delete, "version", &version.0),
            Self::Delete { function } => (Delete, "function", function),
        };
        (action, Resource { kind, name })
    }

    fn lane(&self) -> Lane<'_> {
        Lane::Function(self.function())
    }

    fn needs(&self) -> Vec<Output<'_>> {
        let version = match self {
            Self::Try { version, .. }
            | Self::CreateAlias { version, .. }
            | Self::MoveAlias { version, .. }
            | Self::ShiftTraffic { version, .. } => version,
            Self::Create { .. }
            | Self::UpdateCode { .. }
            | Self::UpdateConfiguration { .. }
            | Self::Publish { .. }
            | Self::Reserve { .. }
            | Self::Provision { .. }
            | Self::AddPermission { .. }
            | Self::RemovePermission { .. }
            | Self::DeleteVersion { .. }
            | Self::Delete { .. } => return Vec::new(),
        };
        match version {
            Handle::Known(_) => Vec::new(),
            Handle::Made => vec![Output::Version(self.function())],
        }
    }

    fn makes(&self) -> Option<Output<'_>> {
        self.publishes().map(Output::Version)
    }

    fn prepares(&self) -> bool {
        self.publishes().is_some()
            || matches!(
                self,
                Self::UpdateCode { .. } | Self::UpdateConfiguration { .. } | Self::Try { .. }
            )
    }

    fn loses(&self) -> Vec<String> {
        match self {
            Self::MoveAlias {
                function,
                ends: Some(Version(canary)),
                ..
            } => vec![format!("canary, version {canary} of function `{function}`")],
            // The deployment's own are given and taken as the gateway needs them.
            Self::RemovePermission { id, .. }
                if GRANTS.contains(&id.as_str()) || permission::is_own(id) =>
            {
                Vec::new()
            }
            Self::RemovePermission { .. } | Self::Delete { .. } => lost(self),
            Self::Create { .. }
            | Self::UpdateCode { .. }
            | Self::UpdateConfiguration { .. }
            | Self::Publish { .. }
            | Self::Try { .. }
            | Self::CreateAlias { .. }
            | Self::MoveAlias { .. }
            | Self::ShiftTraffic { .. }
            | Self::Reserve { .. }
            | Self::Provision { .. }
            | Self::AddPermission { .. }
            | Self::DeleteVersion { .. } => Vec::new(),
        }
    }

    fn passes(&self, error: &Error) -> Option<&'static str> {
        match self {
            // An existing resource is also a conflict, and so is an alias that keeps a version:
            // both are permanent.
            Self::Create { .. } | Self::DeleteVersion { .. } => None,
            Self::CreateAlias { .. } | Self::AddPermission { .. } => just_made(error),
            Self::Try { .. } => changing(error).or_else(|| just_made(error)),
            _ => changing(error),
        }
    }

    fn begins(&self) -> Option<String> {
        None
    }

    async fn run<A: Aws>(&self, run: &Run<'_, A>) -> Result<(), Trouble> {
        let aws = run.aws;
        match self {
            Self::Create {
                function,
                code,
                configuration,
                tags,
            } => {
                let made = aws.create_function(function, code, configuration, tags);
                run.published(function, made.await?);
            }
            Self::UpdateCode {
                function,
                code,
                publish,
            } => {
                let version = aws.update_code(function, code, *publish).await?;
                if *publish {
                    run.published(function, version);
                }
            }
            Self::UpdateConfiguration {
                function,
                configuration,
            } => {
                aws.update_configuration(function, configuration).await?;
                // A configuration that Lambda cannot apply fails here, and is not published with
                // the one before.
                let update = Operation::new("lambda", "UpdateFunctionConfiguration");
                run.ready(update, function, None).await?;
            }
            Self::Publish { function, sha256 } => {
                let version = aws.publish_version(function, sha256).await?;
                run.published(function, version);
            }
            Self::Try {
                function,
                version,
                health,
            } => return try_version(run, function, version, health).await,
            Self::CreateAlias { function, version } => {
                let Version(version) = run.version(function, version)?;
                aws.create_alias(function, ALIAS, &version).await?;
            }
            Self::MoveAlias {
                function, version, ..
            } => {
                let Version(version) = run.version(function, version)?;
                aws.update_alias(function, ALIAS, &version, None).await?;
            }
            Self::ShiftTraffic {
                function,
                from: Version(from),
                version,
                percent,
            } => {
                let Version(version) = run.version(function, version)?;
                let canary = Canary {
                    version,
                    percent: *percent,
                };
                aws.update_alias(function, ALIAS, from, Some(&canary))
                    .await?;
            }
            Self::Reserve { function, most } => aws.reserve(function, *most).await?,
            Self::Provision { function, count } => aws.provision(function, ALIAS, *count).await?,
            Self::AddPermission { function, grant } => {
                aws.add_permission(function, ALIAS, grant).await?;
            }
            Self::RemovePermission { function, id } => {
                aws.remove_permission(function, ALIAS, id).await?;
            }
            Self::DeleteVersion { function, version } => {
                aws.delete_version(function, &version.0).await?;
            }
            Self::Delete { function } => aws.delete_function(function).await?,
        }
        Ok(())
    }
}

/// Invokes the version. Its state is read only if Lambda says that it is not ready yet, because it
/// usually is.
async fn try_version<A: Aws>(
    run: &Run<'_, A>,
    function: &str,
    version: &Handle<Version>,
    health: &Health,
) -> Result<(), Trouble> {
    let Version(version) = run.version(function, version)?;
    let call = || {
        let kind = InvocationType::RequestResponse;
        run.aws
            .invoke(function, Some(&version), kind, health.event(), None)
    };
    let answer = match Box::pin(call()).await {
        Err(error) if error.kind == Kind::Conflict => {
            let invoke = Operation::new("lambda", "InvokeFunction");
            run.ready(invoke, function, Some(&version)).await?;
            Box::pin(call()).await?
        }
        answer => answer?,
    };
    health.judge(&version, &answer).map_err(Trouble::Sick)
}
