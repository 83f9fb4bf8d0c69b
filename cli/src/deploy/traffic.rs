//! Releases: the functions' aliases, their versions, and moving them without a deploy.

use super::{
    found::Found,
    ids::{Handle, Version},
    kind::function::{
        found::{Live, WholeFunction, functions as read_functions},
        step::FunctionStep,
    },
    names::Names,
    retry::RetryPolicy,
    step::Step,
};
use crate::{
    aws::{Aws, Error, lambda::Canary},
    console::Console,
    error::{Failure, Result},
    values::{lambda::ALIAS, names::Tags},
};

/// The versions of a deployment's functions, and which of them serve.
#[derive(Clone, Debug)]
pub(crate) struct Release {
    /// The other functions.
    others: Vec<(String, WholeFunction)>,
    /// The function that answers requests.
    main: WholeFunction,
    /// Its alias.
    live: Live,
}

/// A function's alias to move, and its new version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flip {
    function: String,
    /// The current traffic, in words.
    from: String,
    to: String,
}

impl Flip {
    fn new(function: &str, live: &Live, to: &str) -> Option<Self> {
        let Live {
            version, canary, ..
        } = live;
        let from = match canary {
            None if version == to => return None,
            None => format!("version {version}"),
            Some(Canary {
                version: other,
                percent,
            }) => format!("version {version}, {percent} % of it to {other}"),
        };
        Some(Self {
            function: function.to_owned(),
            from,
            to: to.to_owned(),
        })
    }
}

impl Release {
    /// Reads it, side by side.
    ///
    /// # Errors
    ///
    /// If a call fails, the deployment does not exist, or the function belongs to somebody else.
    pub(crate) async fn read<A: Aws>(aws: &A, names: &Names) -> Result<Self> {
        let mut functions = read_functions(aws, names)
            .await
            .map_err(|error| error.into_failure("cannot read what is deployed"))?;
        let main = functions.remove(&names.function);
        let main = main.unwrap_or(WholeFunction::ABSENT);
        if let Found::Foreign(owner) = &main.function {
            return Err(Failure::new(format!(
                "the function does not belong to this deployment: {}",
                names.function
            ))
            .because_of(format!("it belongs to {owner}, so nothing was changed")));
        }
        let Some(live) = main.live.clone().filter(|_| main.function.ours().is_some()) else {
            return Err(Failure::new(format!(
                "`{}` is not deployed to stage `{}` in {}",
                names.app,
                names.stage,
                aws.region()
            ))
            .hint("run `cargo fw deploy` to deploy it, or choose another place with `--stage`, `--region` and `--profile`"));
        };
        let others = functions
            .into_iter()
            .filter(|(_, whole)| whole.function.ours().is_some());
        Ok(Self {
            others: others.collect(),
            main,
            live,
        })
    }

    /// The moves of a rollback: to the named version; during a canary, to the version next to it;
    /// otherwise to the previous one. The other functions move to their newest versions of the same
    /// code; those that have none do not move.
    ///
    /// # Errors
    ///
    /// If the version does not exist.
    pub(crate) fn back(&self, names: &Names, named: Option<u64>) -> Result<Vec<Flip>> {
        if named.is_none() && self.canaries().next().is_some() {
            return Ok(self.all(names, |live| {
                live.canary.as_ref().map(|_| live.version.clone())
            }));
        }
        let kept = || {
            let all = self.main.versions.iter();
            let all: Vec<String> = all.map(|(number, _)| number.to_string()).collect();
            match all.as_slice() {
                [only] => format!("{only} is the only version"),
                _ => format!("existing versions: {}", all.join(", ")),
            }
        };
        let Live { version, .. } = &self.live;
        let serving: Option<u64> = version.parse().ok();
        let found = self.main.versions.iter().find(|(number, _)| match named {
            Some(named) => *number == named,
            None => Some(*number) < serving,
        });
        let Some((to, function)) = found else {
            return Err(match named {
                Some(named) => Failure::new(format!("no version to return to: {named}"))
                    .because_of(kept())
                    .hint("`keep_versions` in the settings sets how many versions are kept"),
                None => Failure::new(format!(
                    "there is no version before the current one: {version}"
                ))
                .because_of(kept())
                .hint("each deploy of changed code or settings creates a version to return to"),
            });
        };
        let mut flips = Vec::new();
        for (name, whole) in &self.others {
            let Some(live) = &whole.live else { continue };
            let same = |found: &crate::aws::lambda::Function| found.sha256 == function.sha256;
            let to = match &live.function {
                Some(serving) if same(serving) => Some(live.version.clone()),
                _ => {
                    let mut versions = whole.versions.iter();
                    let found = versions.find(|(_, found)| same(found));
                    found.map(|(number, _)| number.to_string())
                }
            };
            flips.extend(to.and_then(|to| Flip::new(name, live, &to)));
        }
        flips.extend(Flip::new(&names.function, &self.live, &to.to_string()));
        Ok(flips)
    }

    /// The flips that give the canaries all of the traffic.
    ///
    /// # Errors
    ///
    /// If there is no canary.
    pub(crate) fn forward(&self, names: &Names) -> Result<Vec<Flip>> {
        if self.canaries().next().is_none() {
            return Err(Failure::new(format!(
                "there is no canary: version {} has all traffic",
                self.live.version
            ))
            .hint("run `cargo fw deploy --canary 10%` to start one"));
        }
        Ok(self.all(names, |live| {
            live.canary.as_ref().map(|canary| canary.version.clone())
        }))
    }

    /// The version of the main function that those flips go to, where they move it away from the one that serves.
    pub(crate) fn older<'a>(&self, names: &Names, flips: &'a [Flip]) -> Option<&'a str> {
        let main = flips.iter().find(|flip| flip.function == names.function)?;
        (main.to != self.live.version).then_some(main.to.as_str())
    }

    /// The tags of the main function.
    pub(crate) fn tags(&self) -> &Tags {
        static NONE: Tags = Tags::new();
        let function = self.main.function.ours();
        function.map_or(&NONE, |function| &function.tags)
    }

    /// True if this version of the main function still exists.
    pub(crate) fn has(&self, version: &str) -> bool {
        let mut all = self.main.versions.iter();
        all.any(|(number, _)| number.to_string() == version)
    }

    /// True if this function exists and has a statement with this id.
    pub(crate) fn permits(&self, function: &str, grant: &str) -> bool {
        let mut all = self.others.iter();
        let found = all.find(|(name, _)| name == function);
        found.is_some_and(|(_, whole)| whole.grants.iter().any(|held| held.id == grant))
    }

    /// The version that serves.
    pub(crate) fn serving(&self) -> &str {
        &self.live.version
    }

    fn canaries(&self) -> impl Iterator<Item = &Canary> {
        let others = self.others.iter();
        let lives = others.filter_map(|(_, whole)| whole.live.as_ref());
        lives
            .chain([&self.live])
            .filter_map(|live| live.canary.as_ref())
    }

    /// The moves of all functions to this target; the main one is last, as in a deploy.
    fn all(&self, names: &Names, to: impl Fn(&Live) -> Option<String>) -> Vec<Flip> {
        let others = self
            .others
            .iter()
            .filter_map(|(name, whole)| Some((name, whole.live.as_ref()?)));
        others
            .chain([(&names.function, &self.live)])
            .filter_map(|(name, live)| Flip::new(name, live, &to(live)?))
            .collect()
    }
}

/// Moves the traffic and reports it.
///
/// # Errors
///
/// If an alias cannot be moved: its traffic is unchanged, and the earlier moves stay.
pub(crate) async fn flip<A: Aws>(
    aws: &A,
    release: &Release,
    flips: &[Flip],
    console: &Console,
    retry: RetryPolicy,
) -> Result<()> {
    if flips.is_empty() {
        let version = release.serving();
        console.line(format_args!("version {version} already has all traffic"));
    }
    for (index, Flip { function, from, to }) in flips.iter().enumerate() {
        let step = Step::Function(FunctionStep::MoveAlias {
            function: function.clone(),
            version: Handle::Known(Version(to.clone())),
            ends: None,
        });
        let call = async || aws.update_alias(function, ALIAS, to, None).await;
        retry
            .made(console, &step, call, |error| Some(error))
            .await
            .map_err(|error: Error| {
                let rest = match index {
                    0 => "it goes where it went".to_owned(),
                    _ => format!(
                        "{index} of {} functions moved: run the command again",
                        flips.len()
                    ),
                };
                error
                    .into_failure(format!("cannot move the traffic of `{function}`"))
                    .because_of(rest)
            })?;
        console.status(
            "Moved",
            format_args!("the traffic of `{function}`: {from} → version {to}"),
        );
    }
    Ok(())
}
