//! Which AWS SDK crates a project uses, and what of it may call them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use cargo_metadata::{DependencyKind, Metadata, Package, PackageId, Target};

/// The prefix of the SDK crates' names.
const SDK: &str = "aws-sdk-";
/// The framework's packages, which call no service.
const OURS: [&str; 2] = ["fw-lambda", "fw-macros"];

/// The sources that may call AWS: those of the project's own packages, path dependencies too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sources {
    /// The packages' folders.
    pub(crate) folders: Vec<PathBuf>,
    /// The roots of what the app is built from: its binary's, and the packages' libraries'.
    pub(crate) built: Vec<PathBuf>,
    /// The roots of the packages' other targets: further binaries, tests, examples, build scripts.
    pub(crate) others: Vec<PathBuf>,
}

/// A project's use of AWS.
#[derive(Clone, Debug, Default)]
pub(super) struct AwsUse {
    /// The SDK crates that the project's own packages depend on: name and folder, by name.
    pub(super) crates: Vec<(String, PathBuf)>,
    /// The sources that may call them.
    pub(super) sources: Sources,
    /// Packages of others that call an SDK themselves, and which.
    pub(super) through: Vec<(String, String)>,
}

impl AwsUse {
    /// The use by the packages that an app is built from; `is_built` chooses their targets.
    pub(super) fn of(
        metadata: &Metadata,
        reached: &BTreeSet<&PackageId>,
        is_built: impl Fn(&Package, &Target) -> bool,
    ) -> Self {
        let by_id: BTreeMap<&PackageId, &Package> = metadata
            .packages
            .iter()
            .map(|package| (&package.id, package))
            .collect();
        let nodes = metadata.resolve.iter().flat_map(|graph| &graph.nodes);
        let mut crates = BTreeMap::new();
        let mut folders = BTreeSet::new();
        let (mut built, mut others) = (Vec::new(), Vec::new());
        let mut through = BTreeSet::new();
        for node in nodes.filter(|node| reached.contains(&node.id)) {
            let Some(package) = by_id.get(&node.id) else {
                continue;
            };
            let own = package.source.is_none() && !OURS.contains(&package.name.as_str());
            if own {
                folders.insert(super::folder(package));
                for target in &package.targets {
                    let roots = match is_built(package, target) {
                        true => &mut built,
                        false => &mut others,
                    };
                    roots.push(target.src_path.clone().into());
                }
            }
            let used = node
                .deps
                .iter()
                .filter(|dep| {
                    let mut kinds = dep.dep_kinds.iter();
                    kinds.any(|kind| kind.kind == DependencyKind::Normal)
                })
                .filter_map(|dep| by_id.get(&dep.pkg))
                .filter(|used| used.name.starts_with(SDK));
            for sdk in used {
                if own {
                    crates.insert(sdk.name.to_string(), super::folder(sdk));
                } else if package.source.is_some() && !package.name.starts_with("aws-") {
                    through.insert((package.name.to_string(), sdk.name.to_string()));
                }
            }
        }
        Self {
            crates: crates.into_iter().collect(),
            sources: Sources {
                folders: folders.into_iter().collect(),
                built,
                others,
            },
            through: through.into_iter().collect(),
        }
    }
}
