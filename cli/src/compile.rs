//! Builds the app with cargo: for this machine, or for the function's architecture.

use std::{
    io::BufReader,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use cargo_metadata::{BuildScript, Message};
use rustix::process::{Pid, Signal};

use crate::{
    cargo,
    console::Console,
    error::{Context, Exit, Failure, Result},
    process::die_with_parent,
    project::Project,
    values::lambda::Architecture,
};

/// A build profile of cargo's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build.
    Dev,
    /// The profile that is deployed.
    Release,
}

/// The result of a build.
#[derive(Clone, Debug)]
pub(crate) struct Built {
    /// The executable.
    pub(crate) executable: PathBuf,
    /// How long cargo took.
    pub(crate) duration: Duration,
    /// The folders of packages of the project whose build script does not declare its inputs, so
    /// that every file counts.
    pub(crate) whole_packages: Vec<PathBuf>,
}

/// Builds the project's binary. Cargo's own output goes to standard error as it is printed.
///
/// For the host's architecture this is a plain `cargo build`. For the other one it is the musl
/// target linked by `rust-lld`, which needs only `rustup target add`, or cargo-zigbuild if a
/// dependency compiles C. Cargo runs in the current folder, as when the user runs it, because its
/// configuration and a relative `CARGO_TARGET_DIR` depend on the folder.
///
/// # Errors
///
/// If the build fails (exit code 101), or something that a cross build needs is missing (69).
pub(crate) fn build(
    project: &Project,
    profile: Profile,
    architecture: Architecture,
    console: &Console,
) -> Result<Built> {
    run(
        command(project, profile, architecture, console)?,
        project,
        None,
    )
}

/// As [`build`], but `running` can end it. The build is not in the terminal's foreground process
/// group, so Ctrl-C reaches only the CLI.
pub(crate) fn build_until(
    project: &Project,
    profile: Profile,
    architecture: Architecture,
    console: &Console,
    running: &RunningBuild,
) -> Result<Built> {
    let mut cargo = command(project, profile, architecture, console)?;
    cargo.process_group(0);
    // The thread that spawns it waits for it, so the thread's end is not before the build's.
    die_with_parent(&mut cargo);
    run(cargo, project, Some(running))
}

/// A build that may be running, shared between the code that runs it and the code that ends it.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunningBuild(Arc<Mutex<State>>);

#[derive(Debug, Default)]
enum State {
    #[default]
    Idle,
    /// The process group of cargo and its compilers.
    Running(Pid),
    Ended,
}

impl RunningBuild {
    /// Ends a running build and prevents the next one from starting.
    pub(crate) fn end(&self) {
        let before = std::mem::replace(&mut *self.lock(), State::Ended);
        if let State::Running(group) = before {
            // It may have just ended by itself.
            let _ = rustix::process::kill_process_group(group, Signal::TERM);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts it, unless builds are stopped.
    fn spawn(&self, cargo: &mut Command) -> std::io::Result<Option<Child>> {
        let mut state = self.lock();
        if matches!(*state, State::Ended) {
            return Ok(None);
        }
        let child = cargo.spawn()?;
        *state = Pid::from_raw(child.id().cast_signed()).map_or(State::Idle, State::Running);
        Ok(Some(child))
    }

    /// Takes note of the build's end. Tells whether it was brought about by [`RunningBuild::end`].
    fn done(&self) -> bool {
        let mut state = self.lock();
        if matches!(*state, State::Running(_)) {
            *state = State::Idle;
        }
        matches!(*state, State::Ended)
    }
}

fn command(
    project: &Project,
    profile: Profile,
    architecture: Architecture,
    console: &Console,
) -> Result<Command> {
    let mut cargo = cargo::command();
    if architecture == Architecture::HOST {
        cargo.arg("build");
    } else {
        cross(&mut cargo, project, architecture)?;
    }
    cargo.args(["--package", project.name(), "--bin", project.bin()]);
    cargo.arg("--message-format=json-render-diagnostics");
    if profile == Profile::Release {
        cargo.arg("--release");
    }
    if console.is_quiet() {
        cargo.arg("--quiet");
    }
    console.verbose(format_args!("running {cargo:?}"));
    Ok(cargo)
}

fn run(mut cargo: Command, project: &Project, running: Option<&RunningBuild>) -> Result<Built> {
    let start = Instant::now();
    cargo.stdin(Stdio::null()).stdout(Stdio::piped());
    let child = match running {
        None => cargo.spawn().map(Some),
        Some(running) => running.spawn(&mut cargo),
    };
    let child = child
        .context("cannot run cargo")
        .map_err(|failure| failure.exiting(Exit::Unavailable))?;
    let Some(mut child) = child else {
        return Err(interrupted());
    };
    let mut found = None;
    let mut whole_packages = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        for message in Message::parse_stream(BufReader::new(stdout)) {
            match message {
                Ok(Message::CompilerArtifact(artifact))
                    if artifact.target.is_bin() && artifact.target.name == project.bin() =>
                {
                    found = artifact.executable.map(PathBuf::from);
                }
                Ok(Message::BuildScriptExecuted(script)) => {
                    whole_packages.extend(whole_package(project, &script));
                }
                _ => {}
            }
        }
    }
    let status = child.wait().context("cannot wait for cargo")?;
    let duration = start.elapsed();
    if running.is_some_and(RunningBuild::done) {
        return Err(interrupted());
    }
    match found {
        Some(executable) if status.success() => Ok(Built {
            executable,
            duration,
            whole_packages,
        }),
        _ => Err(Failure::new(format!("`{}` does not build", project.name())).exiting(Exit::Build)),
    }
}

/// The folder of the project's package whose build script this is, if the script does not declare
/// its inputs.
fn whole_package(project: &Project, script: &BuildScript) -> Option<PathBuf> {
    let id = script.package_id.repr.strip_prefix("path+file://")?;
    let folder = id.split('#').next()?;
    let folder = percent_encoding::percent_decode_str(folder)
        .decode_utf8()
        .ok()?;
    let folder = Path::new(&*folder);
    if !project.source_dirs().iter().any(|own| own == folder) {
        return None;
    }
    // Its output is kept next to its folder for files.
    let printed = script.out_dir.parent()?.join("output");
    let printed = std::fs::read_to_string(printed).ok()?;
    let says = printed.lines().any(|line| {
        let line = line.strip_prefix("cargo:").unwrap_or_default();
        line.trim_start_matches(':').starts_with("rerun-if-")
    });
    (!says).then(|| folder.to_owned())
}

/// Neither a build nor a mistake in the sources.
fn interrupted() -> Failure {
    Failure::new("the build was interrupted").exiting(Exit::Interrupted)
}

/// Checks that everything for a build for this architecture is installed.
///
/// # Errors
///
/// The missing part; exit code 69.
pub(crate) fn can_build(project: &Project, architecture: Architecture) -> Result<()> {
    if architecture == Architecture::HOST {
        return Ok(());
    }
    let target = musl(architecture);
    if !has_target(target) {
        return Err(
            Failure::unavailable(format!("the Rust target is not installed: {target}"))
                .because_of(format!(
                    "the settings ask for {}, and this machine is {}",
                    architecture.as_str(),
                    Architecture::HOST.as_str()
                ))
                .hint(format!("run `rustup target add {target}`")),
        );
    }
    if project.compiles_c() && !runs("cargo-zigbuild", &["--version"]) {
        return Err(Failure::unavailable(
            "a dependency compiles C, and no cross compiler for it is installed",
        )
        .hint("install zig and cargo-zigbuild: `pip install ziglang cargo-zigbuild`"));
    }
    Ok(())
}

/// The target of a build across.
const fn musl(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86_64 => "x86_64-unknown-linux-musl",
        Architecture::Arm64 => "aarch64-unknown-linux-musl",
    }
}

/// Turns `cargo` into a build for an architecture that is not the host's.
fn cross(cargo: &mut Command, project: &Project, architecture: Architecture) -> Result<()> {
    can_build(project, architecture)?;
    let target = musl(architecture);
    if project.compiles_c() {
        cargo.args(["zigbuild", "--target", target]);
    } else {
        // The linker that comes with the toolchain: no C compiler is needed.
        let linker = format!("target.{target}.linker=\"rust-lld\"");
        cargo.args(["build", "--target", target, "--config", &linker]);
    }
    Ok(())
}

fn has_target(target: &str) -> bool {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output();
    sysroot.is_ok_and(|output| {
        let sysroot = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        sysroot.join("lib/rustlib").join(target).is_dir()
    })
}

fn runs(program: &str, args: &[&str]) -> bool {
    let status = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}
