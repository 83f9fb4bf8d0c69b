//! What is released, and what can be: the functions' aliases, their versions, and moving them without a deploy.

use super::{
    model::Names,
    observe::{self, Live, WholeFunction},
    patience::Patience,
    step::{FunctionStep, Handle, Step, Version},
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

/// A function's alias that is to move, and to which version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flip {
    function: String,
    /// Where the traffic goes now, in words.
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
    /// When a call fails, there is no such deployment, or the function is somebody else's.
    pub(crate) async fn read<A: Aws>(aws: &A, names: &Names) -> Result<Self> {
        let mut functions = observe::functions(aws, names)
            .await
            .map_err(|error| error.into_failure("cannot read what is deployed"))?;
        let main = functions.remove(&names.function);
        let main = main.unwrap_or(WholeFunction::ABSENT);
        if let observe::Found::Foreign(owner) = &main.function {
            return Err(Failure::new(format!(
                "the function is not this deployment's: {}",
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
            .hint("`cargo fw deploy` deploys it; `--stage`, `--region` and `--profile` choose where to look"));
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

    /// The flips that go back: to the version that was named; where a canary runs, to the one beside it; else to the one
    /// before. The others go to their newest versions of the same code; those that have none stay.
    ///
    /// # Errors
    ///
    /// When there is no such version.
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
                [only] => format!("version {only} is the only one"),
                _ => format!("there are versions {}", all.join(", ")),
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
                Some(named) => Failure::new(format!("there is no version to go back to: {named}"))
                    .because_of(kept())
                    .hint("`keep_versions` in the settings says how many are kept"),
                None => Failure::new(format!(
                    "there is no version before the one that serves: {version}"
                ))
                .because_of(kept())
                .hint("each deploy of changed code or settings makes a version to go back to"),
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
    /// When none runs.
    pub(crate) fn forward(&self, names: &Names) -> Result<Vec<Flip>> {
        if self.canaries().next().is_none() {
            return Err(Failure::new(format!(
                "no canary runs: version {} has all the traffic",
                self.live.version
            ))
            .hint("`cargo fw deploy --canary 10%` starts one"));
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

    /// Whether that version of the main function is still there.
    pub(crate) fn has(&self, version: &str) -> bool {
        let mut all = self.main.versions.iter();
        all.any(|(number, _)| number.to_string() == version)
    }

    /// Whether that function is there and has a statement of that id.
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

    /// The flips of all functions to where that says; the main one is the last, as in a deploy.
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

/// Moves the traffic, and says so.
///
/// # Errors
///
/// When an alias cannot be moved: its traffic is then as it was, and what moved before it stays moved.
pub(crate) async fn flip<A: Aws>(
    aws: &A,
    release: &Release,
    flips: &[Flip],
    console: &Console,
    patience: Patience,
) -> Result<()> {
    if flips.is_empty() {
        let version = release.serving();
        console.line(format_args!(
            "version {version} has all the traffic already"
        ));
    }
    for (index, Flip { function, from, to }) in flips.iter().enumerate() {
        let step = Step::Function(FunctionStep::MoveAlias {
            function: function.clone(),
            version: Handle::Known(Version(to.clone())),
            ends: None,
        });
        let call = async || aws.update_alias(function, ALIAS, to, None).await;
        patience
            .made(console, &step, call, |error| Some(error))
            .await
            .map_err(|error: Error| {
                let rest = match index {
                    0 => "it goes where it went".to_owned(),
                    _ => format!("{index} of {} functions moved: run it again", flips.len()),
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
