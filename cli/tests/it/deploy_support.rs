//! An app that builds in no time, and `cargo fw` run on it against moto.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

use crate::deploy_moto::Moto;

/// moto's own account.
pub(crate) const ACCOUNT: &str = "123456789012";
pub(crate) const REGION: &str = "eu-central-1";

/// What an app is made of: it prints its manifest, or asks for work and waits.
const PROGRAM: &str = r#"
use std::io::{Read, Write};

fn main() {
    let code = std::hint::black_box(@CODE@);
    if std::env::var_os("FW_MANIFEST").is_some() {
        if !code.is_empty() {
            println!("{}", @MANIFEST@);
        }
        return;
    }
    if let Some(reason) = code.strip_prefix("broken: ") {
        eprintln!("{reason}");
        std::process::exit(3);
    }
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let mut stream = std::net::TcpStream::connect(&api).unwrap();
    write!(stream, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: {api}\r\n\r\n").unwrap();
    let _ = stream.read(&mut [0]);
}
"#;

/// A package without dependencies, whose program prints a manifest or asks for work.
pub(crate) struct App {
    folder: TempDir,
    name: &'static str,
}

impl App {
    pub(crate) fn new(name: &'static str) -> Self {
        let app = Self {
            folder: tempfile::tempdir().unwrap(),
            name,
        };
        app.write(
            "Cargo.toml",
            &format!(
                "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n\
                 [profile.release]\nstrip = true\n"
            ),
        );
        app
    }

    /// Writes the program: what it is told apart by, and the routes that its manifest has.
    pub(crate) fn program(&self, code: &str, routes: &[&str]) {
        let routes: Vec<String> = routes
            .iter()
            .map(|route| {
                let (method, path) = route.split_once(' ').unwrap();
                format!("{{\"method\":\"{method}\",\"path\":\"{path}\"}}")
            })
            .collect();
        self.write_program(code, &format!("[{}]", routes.join(",")));
    }

    /// The same with routes as a manifest has them.
    pub(crate) fn program_with(&self, code: &str, routes: &serde_json::Value) {
        self.write_program(code, &routes.to_string());
    }

    /// The same with authorizers as a manifest has them.
    pub(crate) fn program_asking(
        &self,
        code: &str,
        routes: &serde_json::Value,
        authorizers: &serde_json::Value,
    ) {
        self.write_program(code, &format!("{routes},\"authorizers\":{authorizers}"));
    }

    fn write_program(&self, code: &str, routes: &str) {
        let manifest = format!(
            "{{\"schema\":1,\"app\":\"{}\",\"routes\":{routes}}}",
            self.name,
        );
        self.program_of(code, &manifest);
    }

    /// The same with a whole manifest.
    pub(crate) fn program_of(&self, code: &str, manifest: &str) {
        self.write(
            "src/main.rs",
            &PROGRAM
                .replace("@CODE@", &format!("{code:?}"))
                .replace("@MANIFEST@", &format!("{manifest:?}")),
        );
    }

    pub(crate) fn settings(&self, text: &str) {
        self.write("fw.toml", text);
    }

    /// A file's text.
    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(path)).unwrap()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// `cargo fw` in the app's folder, with credentials and a region, and nothing of this machine's AWS configuration.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = bare(self.folder.path(), args);
        command
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", REGION);
        command
    }

    /// The same without credentials and region.
    pub(crate) fn command_without_account(&self, args: &[&str]) -> Command {
        bare(self.folder.path(), args)
    }

    /// Runs `cargo fw` against moto on a terminal where that is typed.
    pub(crate) fn on_a_terminal(&self, moto: &Moto, args: &[&str], typed: &str) -> Ran {
        let inner = self.command(args);
        let mut command = Command::new("python3");
        command
            .args(["-c", TERMINAL])
            .arg(inner.get_program())
            .args(inner.get_args())
            .args(["--endpoint-url", &moto.url])
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let mut child = command.spawn().unwrap();
        let mut keyboard = child.stdin.take().unwrap();
        keyboard.write_all(typed.as_bytes()).unwrap();
        let ran = Ran::from(child.wait_with_output().unwrap());
        drop(keyboard);
        ran
    }

    /// Runs `cargo fw` against moto.
    pub(crate) fn fw(&self, moto: &Moto, args: &[&str]) -> Ran {
        let mut command = self.command(args);
        Ran::from(
            command
                .args(["--endpoint-url", &moto.url])
                .output()
                .unwrap(),
        )
    }
}

/// Runs its arguments on a pseudo-terminal: what they print is its output, its input is what is typed.
const TERMINAL: &str =
    "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

fn bare(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-fw"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("AWS_") || name.starts_with("FW_") {
            command.env_remove(&*name);
        }
    }
    command
        .arg("fw")
        .args(args)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env("AWS_CONFIG_FILE", folder.join("none"))
        .env("AWS_SHARED_CREDENTIALS_FILE", folder.join("none"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null());
    command
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    /// It ended with that code.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// It said that on standard error.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(
            self.stderr.contains(text),
            "no `{text}` in:\n{}",
            self.stderr
        );
        self
    }

    /// The verbs and resources of the steps that were run: the lines between the plan and the end.
    pub(crate) fn steps(&self) -> Vec<String> {
        let verbs = ["Created ", "Updated ", "Deleted "];
        let lines = self.stderr.lines().map(str::trim);
        lines
            .filter(|line| verbs.iter().any(|verb| line.starts_with(verb)))
            .map(|line| {
                // The step's time comes last: `0.1 s`.
                let words: Vec<&str> = line.split(' ').collect();
                words[..words.len() - 2].join(" ")
            })
            .collect()
    }
}
