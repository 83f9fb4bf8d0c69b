//! What is released, and what can be: the alias, its versions, and moving it without a deploy.

use super::{
    model::{ALIAS, Names},
    observe::newest_first,
};
use crate::{
    aws::{
        Aws, Error,
        lambda::{Alias, Function},
    },
    console::Console,
    error::{Failure, Result},
};

/// The versions of a deployment, and which of them serves.
#[derive(Clone, Debug)]
pub(crate) struct Release {
    alias: Alias,
    /// Newest first.
    versions: Vec<(u64, Function)>,
}

impl Release {
    /// Reads it, side by side.
    ///
    /// # Errors
    ///
    /// When a call fails, there is no such deployment, or the function is somebody else's.
    pub(crate) async fn read<A: Aws>(aws: &A, names: &Names) -> Result<Self> {
        let (function, alias, versions) = tokio::try_join!(
            aws.function(&names.function, None),
            aws.alias(&names.function, ALIAS),
            aws.versions(&names.function),
        )
        .map_err(|error| error.into_failure("cannot read what is deployed"))?;
        let (Some(function), Some(alias)) = (function, alias) else {
            return Err(Failure::new(format!(
                "`{}` is not deployed to stage `{}` in {}",
                names.app,
                names.stage,
                aws.region()
            ))
            .hint("`cargo fw deploy` deploys it; `--stage`, `--region` and `--profile` choose where to look"));
        };
        if !names.own(&function.tags) {
            return Err(Failure::new(format!(
                "the function is not this deployment's: {}",
                names.function
            ))
            .because_of(
                "it does not bear the tags of this app and stage, so nothing was changed",
            ));
        }
        Ok(Self {
            alias,
            versions: newest_first(versions),
        })
    }

    /// The version to go back to: the one that was named; where a canary runs, the one beside it; else the one before.
    ///
    /// # Errors
    ///
    /// When there is no such version.
    pub(crate) fn back(&self, named: Option<u64>) -> Result<String> {
        let Alias { version, canary } = &self.alias;
        let kept = || {
            let all: Vec<String> = self
                .versions
                .iter()
                .map(|(number, _)| number.to_string())
                .collect();
            format!("there are versions {}", all.join(", "))
        };
        if let Some(named) = named {
            if !self.versions.iter().any(|(number, _)| *number == named) {
                return Err(
                    Failure::new(format!("there is no version to go back to: {named}"))
                        .because_of(kept())
                        .hint("`keep_versions` in the settings says how many are kept"),
                );
            }
            return Ok(named.to_string());
        }
        if canary.is_some() {
            return Ok(version.clone());
        }
        let live: Option<u64> = version.parse().ok();
        let before = self
            .versions
            .iter()
            .find(|(number, _)| Some(*number) < live);
        before.map(|(number, _)| number.to_string()).ok_or_else(|| {
            Failure::new(format!(
                "there is no version before the one that serves: {version}"
            ))
            .because_of(kept())
        })
    }

    /// The canary.
    ///
    /// # Errors
    ///
    /// When none runs.
    pub(crate) fn forward(&self) -> Result<String> {
        let canary = self.alias.canary.as_ref();
        canary.map(|canary| canary.version.clone()).ok_or_else(|| {
            Failure::new(format!(
                "no canary runs: version {} has all the traffic",
                self.alias.version
            ))
            .hint("`cargo fw deploy --canary 10%` starts one")
        })
    }
}

/// Sends all traffic to that version, and says so.
///
/// # Errors
///
/// When the alias cannot be moved: the traffic is then as it was.
pub(crate) async fn flip<A: Aws>(
    aws: &A,
    names: &Names,
    release: &Release,
    to: String,
    console: &Console,
) -> Result<()> {
    let Alias { version, canary } = &release.alias;
    let from = match canary {
        None => format!("version {version}"),
        Some(canary) => format!(
            "version {version}, {} % of it to {}",
            canary.percent, canary.version
        ),
    };
    if canary.is_none() && *version == to {
        console.line(format_args!("version {to} has all the traffic already"));
        return Ok(());
    }
    aws.update_alias(&names.function, ALIAS, &to, None)
        .await
        .map_err(|error: Error| {
            error
                .into_failure("cannot move the traffic")
                .because_of("it goes where it went")
        })?;
    console.status(
        "Moved",
        format_args!("the traffic of `{}`: {from} → version {to}", names.function),
    );
    Ok(())
}
