//! Asks an app for its manifest.

use std::{
    io::Read,
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use fw_manifest::{Manifest, SCHEMA};

use crate::{
    env,
    error::{Context, Exit, Failure, Result},
    process::die_with_parent,
};

/// How long an app may take to print its manifest: it connects to nothing, so this is generous.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest manifest that is read: thousands of routes with their schemas are a few megabytes.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Runs the executable in manifest mode and reads what it prints.
///
/// It gets no more of the environment than it needs to start, so a manifest that depends on a credential or a setting
/// fails here and not in the pipeline.
///
/// # Errors
///
/// When it cannot be run, fails, takes too long, or prints something else than a manifest of a known schema; exit code 65.
pub(crate) fn read(executable: &Path) -> Result<Manifest> {
    let (stdout, stderr) = run(executable)?;
    parse(&stdout).map_err(|failure| match stderr.trim() {
        "" => failure,
        said => failure.because_of(format!("it said: {said}")),
    })
}

fn run(executable: &Path) -> Result<(String, String)> {
    let shown = executable.display();
    let mut command = Command::new(executable);
    command.env_clear().env(env::FW_MANIFEST, "1");
    for kept in ["PATH", "HOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    // This thread waits for it, so the thread's end is not before the app's.
    die_with_parent(&mut command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run the app to read its manifest: {shown}"))
        .map_err(|failure| failure.exiting(Exit::Input))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let errors = thread::spawn(move || text(stderr));
        let printed = text(stdout);
        // Nobody listens any more once the patience is over.
        let _ = sender.send((printed, errors.join().unwrap_or_default()));
    });
    let output = receiver.recv_timeout(PATIENCE);
    if output.is_err() {
        // It may have ended by itself just now; either way it is gone after this.
        let _ = child.kill();
    }
    let status = child.wait().context("cannot wait for the app")?;
    let Ok((stdout, stderr)) = output else {
        return Err(Failure::input(format!("the app does not print its manifest: {shown}"))
            .because_of(format!("started with {}=1 it ran for {} s without ending", env::FW_MANIFEST, PATIENCE.as_secs()))
            .hint("`main` should do nothing but `app().run()`: what connects or waits belongs in the state's initialiser"));
    };
    if !status.success() {
        return Err(
            Failure::input(format!("the app does not print its manifest: {shown}"))
                .because_of(format!(
                    "started with {}=1 it ended with {status}",
                    env::FW_MANIFEST
                ))
                .because_of(format!(
                    "it said: {}",
                    if stderr.trim().is_empty() {
                        "nothing"
                    } else {
                        stderr.trim()
                    }
                )),
        );
    }
    Ok((stdout, stderr))
}

fn text(stream: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        // What was read before a failure still helps to explain it. What goes on without end finds nobody who reads.
        let _ = stream.take(LONGEST).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads a manifest from what an app printed: all of it, or its last line where `main` printed something before.
pub(crate) fn parse(printed: &str) -> Result<Manifest> {
    let last = printed.trim_end().lines().next_back().unwrap_or_default();
    let manifest: Manifest = serde_json::from_str(printed)
        .or_else(|whole| serde_json::from_str(last).map_err(|_| whole))
        .context("the app printed no manifest")
        .map_err(|failure| {
            failure
                .exiting(Exit::Input)
                .hint("its `main` should end in `app().run()`")
        })?;
    if manifest.schema > SCHEMA {
        return Err(Failure::input(format!(
            "the app's manifest is of a newer schema: {}",
            manifest.schema
        ))
        .because_of(format!("this `cargo fw` reads schemas up to {SCHEMA}"))
        .hint("update `cargo fw`, or build the app with the `fw` of the same version"));
    }
    Ok(manifest)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::{parse, read};

    #[test]
    fn an_app_that_prints_without_end_is_not_read_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("endless");
        fs::write(&path, "#!/bin/sh\nexec yes\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let failure = read(&path).unwrap_err().to_string();
        // Nobody reads any more, and so it ends.
        assert!(!failure.contains("without ending"), "{failure}");
    }

    #[test]
    fn a_manifest_may_follow_other_lines() {
        let manifest = parse("starting\n{\"schema\":1,\"app\":\"x\",\"routes\":[{\"method\":\"GET\",\"path\":\"/\"}],\"later\":1}\n").unwrap();
        assert_eq!(manifest.app, "x");
        assert_eq!(manifest.routes[0].key(), "GET /");
    }

    #[test]
    fn a_newer_schema_is_refused_with_advice() {
        let failure = parse("{\"schema\":99,\"app\":\"x\"}").unwrap_err();
        assert!(failure.to_string().contains("newer schema: 99"));
        assert!(failure.advice().unwrap().contains("update"));
    }

    #[test]
    fn something_else_is_no_manifest() {
        assert!(parse("").is_err());
        assert!(parse("hello").is_err());
        assert!(parse("[]").is_err());
    }
}
