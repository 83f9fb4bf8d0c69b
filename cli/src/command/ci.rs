//! `cargo fw ci github`: a workflow that plans on pull requests and deploys on pushes, without a stored key.

use std::path::Path;

use crate::{
    args,
    console::Console,
    error::{Context as _, Exit, Failure, Result},
    project::Project,
    settings::{Architecture, Settings},
};

/// Where GitHub looks for workflows.
const FOLDER: &str = ".github/workflows";

/// Writes the workflow, and never over one that is there.
pub(super) fn ci(args: &args::Ci, console: &Console) -> Result<Exit> {
    let args::CiService::Github(args) = &args.service;
    let project = Project::find(&args.which)?;
    let settings = Settings::load(project.package_dir(), &args.stage.stage)?;
    let root = repository(project.workspace_root());
    let path = root
        .join(FOLDER)
        .join(format!("deploy-{}.yml", project.name()));
    if path.exists() && !args.force {
        return Err(
            Failure::input(format!("the file is there already: {}", path.display()))
                .hint("`--force` writes it again; what you changed in it is lost"),
        );
    }
    let folder = project.workspace_root().strip_prefix(root);
    let folder = folder.map_or_else(|_| String::new(), |folder| folder.display().to_string());
    let text = workflow(&Facts {
        package: project.name(),
        folder: if folder.is_empty() { "." } else { &folder },
        stage: &args.stage.stage,
        region: args.region.as_deref().unwrap_or("eu-central-1"),
        branch: &args.branch,
        architecture: settings.architecture,
    });
    let parent = path.parent().unwrap_or(root);
    std::fs::create_dir_all(parent)
        .and_then(|()| std::fs::write(&path, text))
        .with_context(|| format!("cannot write: {}", path.display()))?;
    console.result(path.display());
    console.line(
        "\n  in AWS: add GitHub's OIDC provider and a role that trusts this repository (docs/operate.md, \"In a pipeline\")\n  \
         in GitHub: set the variable AWS_ROLE to that role's ARN",
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

/// What the workflow is written for.
struct Facts<'a> {
    package: &'a str,
    folder: &'a str,
    stage: &'a str,
    region: &'a str,
    branch: &'a str,
    architecture: Architecture,
}

fn workflow(facts: &Facts<'_>) -> String {
    let Facts {
        package,
        folder,
        stage,
        region,
        branch,
        architecture,
    } = facts;
    // A runner of the function's own architecture needs no cross compiler.
    let runner = match architecture {
        Architecture::X86_64 => "ubuntu-24.04",
        Architecture::Arm64 => "ubuntu-24.04-arm",
    };
    WORKFLOW
        .replace("@package@", package)
        .replace("@folder@", folder)
        .replace("@stage@", stage)
        .replace("@region@", region)
        .replace("@branch@", branch)
        .replace("@runner@", runner)
}

/// GitHub documentation, "Configuring `OpenID` Connect in Amazon Web Services": `id-token: write`, and a role in place of keys.
///
/// The runner's C library is newer than Lambda's; a Rust binary of the `gnu` target that needs a newer one than 2.34 is
/// refused by `deploy` before the upload, so the container has the older one.
const WORKFLOW: &str = r#"# Plans on pull requests, deploys on pushes to `@branch@`. Written by `cargo fw ci github`; yours to change.
name: deploy @package@
on:
  push:
    branches: ["@branch@"]
  pull_request:
  workflow_dispatch:

permissions:
  contents: read
  id-token: write # For AWS: the job proves who it is, and no key is stored.

# One deploy at a time: the next one waits.
concurrency:
  group: deploy-@package@-@stage@
  cancel-in-progress: false

env:
  AWS_REGION: @region@
  FW_STAGE: @stage@
  CARGO_TERM_COLOR: always

jobs:
  deploy:
    runs-on: @runner@
    # glibc 2.34 is what Lambda has; this image's is not newer.
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
      - name: Test
        run: cargo test -p @package@
      # Forks have no identity in your account: they get the tests alone.
      - uses: aws-actions/configure-aws-credentials@v4
        if: github.event_name != 'pull_request' || github.event.pull_request.head.repo.full_name == github.repository
        with:
          role-to-assume: ${{ vars.AWS_ROLE }}
          aws-region: ${{ env.AWS_REGION }}
      - name: Plan
        if: github.event_name == 'pull_request' && github.event.pull_request.head.repo.full_name == github.repository
        # 2 says that there are changes, which a pull request may have.
        run: cargo fw deploy -p @package@ --plan || [ $? -eq 2 ]
      - name: Deploy
        if: github.event_name != 'pull_request'
        run: cargo fw deploy -p @package@
"#;

#[cfg(test)]
mod tests {
    use super::{Facts, workflow};
    use crate::settings::Architecture;

    #[test]
    fn the_workflow_is_filled_in() {
        let text = workflow(&Facts {
            package: "notes",
            folder: ".",
            stage: "prod",
            region: "eu-west-1",
            branch: "main",
            architecture: Architecture::Arm64,
        });
        for part in [
            "name: deploy notes\n",
            "    branches: [\"main\"]\n",
            "  FW_STAGE: prod\n",
            "  AWS_REGION: eu-west-1\n",
            "    runs-on: ubuntu-24.04-arm\n",
            "  id-token: write",
            "run: cargo fw deploy -p notes\n",
            "role-to-assume: ${{ vars.AWS_ROLE }}",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        // The actions' versions are the only ones left: every word of ours is filled in.
        let left: Vec<_> = text
            .split_whitespace()
            .filter(|word| word.contains('@'))
            .collect();
        assert!(left.iter().all(|word| word.contains("@v4")), "{left:?}");
        assert!(!text.contains("AWS_ACCESS_KEY"), "{text}");
    }
}
