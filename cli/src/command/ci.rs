//! `cargo fw ci github`: a workflow that plans on pull requests and deploys on pushes, without a stored key.

use std::path::Path;

use crate::{
    args,
    aws::Account,
    console::Console,
    deploy::block_on,
    error::{Context as _, Exit, Failure, Result},
    project::Project,
    settings::Settings,
    values::{account::WhichAccount, lambda::Architecture},
};

/// GitHub's folder for workflows.
const FOLDER: &str = ".github/workflows";

/// Writes the workflow, and never overwrites an existing one.
pub(super) fn ci(args: &args::Ci, console: &Console) -> Result<Exit> {
    let args::CiService::Github(args) = &args.service;
    let project = Project::find(&args.which)?;
    let settings = Settings::load(project.package_dir(), &args.stage.stage)?;
    super::notes::note(&settings, console);
    let root = repository(project.workspace_root());
    let path = root
        .join(FOLDER)
        .join(format!("deploy-{}.yml", project.name()));
    if path.exists() && !args.force {
        return Err(
            Failure::input(format!("the file already exists: {}", path.display()))
                .hint("pass `--force` to overwrite it; your changes to it are lost"),
        );
    }
    // A guessed region would deploy to a place where nobody looks.
    let account = WhichAccount {
        region: args.region.clone(),
        ..WhichAccount::default()
    };
    let region = block_on(Account::region_of(&account))?;
    let alias = Alias::of(project.package_dir(), root);
    if alias == Alias::Elsewhere {
        console.warning(
            "the project's alias `cargo fw` points to a folder of this machine: keep `.cargo/config.toml` out of git, so that the \
             pipeline runs the `cargo fw` that it installs",
        );
    }
    let outside = project.source_dirs().iter().skip(1);
    let outside: Vec<_> = outside
        .filter(|folder| !folder.starts_with(root))
        .map(|folder| format!("`{}`", folder.display()))
        .collect();
    if !outside.is_empty() {
        console.warning(format_args!(
            "the project depends on folders that the repository does not have, so the pipeline cannot build it: {}",
            outside.join(", ")
        ));
    }
    let folder = project.workspace_root().strip_prefix(root);
    let folder = folder.map_or_else(|_| String::new(), |folder| folder.display().to_string());
    let text = workflow(&Facts {
        package: project.name(),
        folder: if folder.is_empty() { "." } else { &folder },
        stage: &args.stage.stage,
        region: &region,
        branch: &args.branch,
        architecture: settings.architecture,
        installs: alias != Alias::Own,
    });
    let parent = path.parent().unwrap_or(root);
    std::fs::create_dir_all(parent)
        .and_then(|()| std::fs::write(&path, text))
        .with_context(|| format!("cannot write: {}", path.display()))?;
    console.result(path.display());
    console.line(
        "\n  in AWS: add GitHub's OIDC provider and two roles that trust this repository (docs/operate.md, \"In a pipeline\")\n  \
         in GitHub: set the variables AWS_ROLE and AWS_PLAN_ROLE to the roles' ARNs",
    );
    Ok(Exit::Success)
}

/// The repository's root: the nearest folder above with a `.git`, or the workspace's own.
fn repository(workspace: &Path) -> &Path {
    let mut above = workspace.ancestors();
    above
        .find(|folder| folder.join(".git").exists())
        .unwrap_or(workspace)
}

/// How the project runs `cargo fw`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alias {
    /// The command that is installed.
    None,
    /// An alias that a checkout of the repository has as well.
    Own,
    /// An alias of a folder that this machine has, and a runner does not.
    Elsewhere,
}

impl Alias {
    /// The alias that cargo finds from that folder up to the repository's root; what lies above is not on a runner.
    fn of(folder: &Path, root: &Path) -> Self {
        let inside = folder.ancestors().take_while(|at| at.starts_with(root));
        let mut files = inside
            .flat_map(|at| ["config", "config.toml"].map(|name| at.join(".cargo").join(name)));
        let found = files.find_map(|file| {
            let text = std::fs::read_to_string(file).ok()?;
            let config: toml::Table = text.parse().ok()?;
            config.get("alias")?.get("fw").cloned()
        });
        let words: Vec<String> = match found {
            None => return Self::None,
            Some(toml::Value::Array(words)) => {
                let words = words.iter().filter_map(toml::Value::as_str);
                words.map(str::to_owned).collect()
            }
            Some(other) => {
                let line = other.as_str().unwrap_or_default();
                line.split_whitespace().map(str::to_owned).collect()
            }
        };
        let mut words = words.iter().map(|word| {
            let path = word.strip_prefix("--manifest-path=");
            Path::new(path.unwrap_or(word))
        });
        if words.any(|path| path.is_absolute() && !path.starts_with(root)) {
            return Self::Elsewhere;
        }
        Self::Own
    }
}

/// The values in the workflow.
struct Facts<'a> {
    package: &'a str,
    folder: &'a str,
    stage: &'a str,
    region: &'a str,
    branch: &'a str,
    architecture: Architecture,
    /// True if the command must be installed first.
    installs: bool,
}

fn workflow(facts: &Facts<'_>) -> String {
    let Facts {
        package,
        folder,
        stage,
        region,
        branch,
        architecture,
        installs,
    } = facts;
    // A runner of the function's own architecture needs no cross compiler.
    let runner = match architecture {
        Architecture::X86_64 => "ubuntu-24.04",
        Architecture::Arm64 => "ubuntu-24.04-arm",
    };
    WORKFLOW
        .replace("@install@", if *installs { INSTALL } else { "" })
        .replace("@version@", env!("CARGO_PKG_VERSION"))
        .replace("@package@", package)
        .replace("@folder@", folder)
        .replace("@stage@", stage)
        .replace("@region@", region)
        .replace("@branch@", branch)
        .replace("@runner@", runner)
}

/// The step that installs the CLI, of the version that wrote the workflow.
const INSTALL: &str = "      - name: Install cargo fw
        working-directory: /
        # If the registry does not have it: `cargo install --locked --git URL cargo-fw`, with the URL of its repository.
        run: cargo install --locked --version @version@ cargo-fw
";

/// GitHub documentation, "Configuring `OpenID` Connect in Amazon Web Services": `id-token: write`,
/// and a role instead of keys; "`OpenID` Connect reference": the subject that a role trusts says
/// whether the request comes from a pull request or a branch.
///
/// The runner's C library is newer than Lambda's; a Rust binary of the `gnu` target that needs a newer one than 2.34 is
/// refused by `deploy` before the upload, so the container has the older one.
const WORKFLOW: &str = r#"# Plans on pull requests, deploys on pushes to `@branch@`. Written by `cargo fw ci github`; you may change this file.
#
# It needs two variables of the repository, each the ARN of a role in AWS:
#   AWS_ROLE       deploys; it trusts only the branch: `repo:OWNER/NAME:ref:refs/heads/@branch@`
#   AWS_PLAN_ROLE  only reads; it trusts pull requests, which run their own code: `repo:OWNER/NAME:pull_request`
# Without AWS_PLAN_ROLE, pull requests are tested but not planned.
#
# If the plan deletes or replaces something, a push does not deploy it: the job stops with exit code 64 and prints the plan. To agree,
# run the workflow by hand on `@branch@` with "agree" chosen (Actions, "Run workflow"), which gives `--yes`.
name: deploy @package@
on:
  push:
    branches: ["@branch@"]
  pull_request:
  workflow_dispatch:
    inputs:
      agree:
        description: Agree to the deletions and replacements in the plan (--yes)
        type: boolean
        default: false

permissions:
  contents: read
  id-token: write # For AWS: the job proves its identity, and no key is stored.

# One deploy at a time: the next one waits. Plans of pull requests do not wait.
concurrency:
  group: deploy-@package@-@stage@-${{ github.event_name == 'pull_request' && github.ref || 'deploys' }}
  cancel-in-progress: false

env:
  AWS_REGION: @region@
  FW_STAGE: @stage@
  CARGO_TERM_COLOR: always

jobs:
  deploy:
    runs-on: @runner@
    # Lambda has glibc 2.34; this image does not have a newer one.
    container: amazonlinux:2023
    defaults:
      run:
        shell: bash
        working-directory: @folder@
    steps:
      - name: Tools
        working-directory: /
        run: |
          dnf install -y --setopt=install_weak_deps=False gcc git tar gzip
          curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal
          echo "$HOME/.cargo/bin" >> "$GITHUB_PATH"
      - uses: actions/checkout@v4
      - uses: actions/cache@v4
        with:
          path: |
            ~/.cargo/registry
            @folder@/target
          key: @package@-${{ runner.arch }}-${{ hashFiles('**/Cargo.lock') }}
@install@      - name: Test
        run: cargo test -p @package@
      # Forks have no identity in your account: only the tests run for them.
      - name: Role for plans
        id: plan
        if: github.event_name == 'pull_request' && github.event.pull_request.head.repo.full_name == github.repository && vars.AWS_PLAN_ROLE != ''
        uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: ${{ vars.AWS_PLAN_ROLE }}
          aws-region: ${{ env.AWS_REGION }}
      - name: Plan
        if: steps.plan.outcome == 'success'
        # Exit code 2 means that there are changes, which a pull request may have.
        run: cargo fw deploy -p @package@ --plan || [ $? -eq 2 ]
      - name: Role for deploys
        if: github.event_name != 'pull_request'
        uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: ${{ vars.AWS_ROLE }}
          aws-region: ${{ env.AWS_REGION }}
      - name: Deploy
        if: github.event_name != 'pull_request'
        run: cargo fw deploy -p @package@ ${{ inputs.agree && '--yes' || '' }}
"#;

#[cfg(test)]
mod tests {
    use super::{Alias, Facts, workflow};
    use crate::values::lambda::Architecture;

    #[test]
    fn the_workflow_is_filled_in() {
        let text = workflow(&Facts {
            package: "notes",
            folder: ".",
            stage: "prod",
            region: "eu-west-1",
            branch: "main",
            architecture: Architecture::Arm64,
            installs: true,
        });
        for part in [
            "name: deploy notes\n",
            "    branches: [\"main\"]\n",
            "  FW_STAGE: prod\n",
            "  AWS_REGION: eu-west-1\n",
            "    runs-on: ubuntu-24.04-arm\n",
            "  id-token: write",
            concat!(" --version ", env!("CARGO_PKG_VERSION"), " cargo-fw\n"),
            "role-to-assume: ${{ vars.AWS_ROLE }}",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        // Only the versions of the actions have `@` left: every placeholder is filled in.
        let left: Vec<_> = text
            .split_whitespace()
            .filter(|word| word.contains('@'))
            .collect();
        assert!(left.iter().all(|word| word.contains("@v4")), "{left:?}");
        assert!(!text.contains("AWS_ACCESS_KEY"), "{text}");
    }
    #[test]
    fn an_alias_counts_where_a_runner_has_it_too() {
        let root = tempfile::tempdir().unwrap();
        let package = root.path().join("packages/notes");
        std::fs::create_dir_all(package.join(".cargo")).unwrap();
        let of = |text: &str| {
            std::fs::write(package.join(".cargo/config.toml"), text).unwrap();
            Alias::of(&package, root.path())
        };
        assert_eq!(of("[alias]\nb = \"build\""), Alias::None);
        assert_eq!(of("[alias]\nfw = \"run -p cargo-fw --\""), Alias::Own);
        for path in [
            "\"--manifest-path\", \"/checkout/Cargo.toml\"",
            "\"--manifest-path=/x\"",
        ] {
            let text = format!("[alias]\nfw = [\"run\", {path}, \"--\"]");
            assert_eq!(of(&text), Alias::Elsewhere, "{text}");
        }
        // The repository's own folder, one above.
        assert_eq!(of(""), Alias::None);
        std::fs::create_dir(root.path().join(".cargo")).unwrap();
        let text = "[alias]\nfw = [\"run\", \"--package\", \"cargo-fw\", \"--\"]";
        std::fs::write(root.path().join(".cargo/config.toml"), text).unwrap();
        assert_eq!(of(""), Alias::Own);
    }
}
