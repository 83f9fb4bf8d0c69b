//! The gate before a deploy: does the new version of the API break clients of the deployed one?

use fw_contract::Verdict;
use fw_manifest::Manifest;

use super::{
    contract::{self, Changes, Deployed},
    diff::unneeded,
};
use crate::{
    aws::Aws,
    console::Console,
    deploy::{model::Desired, observe::Actual},
    error::Result,
    project::Project,
    settings::{Settings, api::OnBreaking},
};

/// What is to be deployed.
pub(super) struct Gate<'a> {
    pub(super) project: &'a Project,
    pub(super) settings: &'a Settings,
    pub(super) manifest: &'a Manifest,
    pub(super) desired: &'a Desired,
    pub(super) console: &'a Console,
}

/// The changes since a deployed version.
pub(super) struct Compared {
    version: String,
    pub(super) changes: Changes,
}

impl Gate<'_> {
    /// The changes since the version that has the traffic. `None` if nothing is deployed, or the same code is, or that version does not
    /// say what its API is, which is a warning.
    ///
    /// # Errors
    ///
    /// If the version cannot be read, and the settings do not say `breaking = "warn"`.
    pub(super) async fn compare<A: Aws>(
        &self,
        aws: &A,
        actual: &Actual,
    ) -> Result<Option<Compared>> {
        let Gate {
            settings, console, ..
        } = self;
        let function = &self.desired.names.function;
        let Some(live) = &actual.function(function).live else {
            return Ok(None);
        };
        let same = |sha256: &String| *sha256 == self.desired.code.sha256;
        if live.function.as_ref().is_some_and(|it| same(&it.sha256)) {
            return Ok(None);
        }
        let version = &live.version;
        let silent = |why: &dyn std::fmt::Display| {
            console.warning(format_args!(
                "the API is not compared with the deployed version {version}: {why}"
            ));
        };
        let before = match contract::deployed(aws, function, version).await {
            Ok(Deployed::Manifest(manifest)) => manifest,
            Ok(Deployed::Silent(why)) => {
                silent(&why);
                return Ok(None);
            }
            Err(failure) if settings.api.on_breaking() == OnBreaking::Warn => {
                silent(&failure);
                return Ok(None);
            }
            Err(failure) => return Err(failure),
        };
        let changes = contract::changes(self.project, settings, &before, self.manifest)?;
        unneeded(&changes, console);
        Ok(Some(Compared {
            version: version.clone(),
            changes,
        }))
    }
}

impl Compared {
    /// Shows the changes on standard error.
    pub(super) fn show(&self, console: &Console) {
        self.lines().iter().for_each(|line| console.line(line));
    }

    /// One line for each change; empty if nothing has changed.
    pub(super) fn lines(&self) -> Vec<String> {
        if self.changes.verdict() == Verdict::Compatible {
            return Vec::new();
        }
        let changes = self.changes.short().into_iter();
        let changes = changes.map(|line| format!("    {line}"));
        let head = format!("  the API, compared with version {}:", self.version);
        [head].into_iter().chain(changes).collect()
    }

    /// Refuses changes that break clients, unless the settings only warn of them.
    ///
    /// # Errors
    ///
    /// If there are such changes; exit code 4.
    pub(super) fn accepted(&self, settings: &Settings) -> Result<()> {
        match settings.api.on_breaking() {
            OnBreaking::Stop => self.changes.accepted(&self.version),
            OnBreaking::Warn => Ok(()),
        }
    }
}
