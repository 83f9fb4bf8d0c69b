//! `cargo fw open`: the deployed app in the browser.

use std::{
    ffi::OsString,
    process::{Command, Stdio},
};

use super::deployed::Found;
use crate::{
    args::{self, Output},
    aws::Aws as _,
    console::Console,
    deploy::{self, report},
    env,
    error::{Exit, Result},
};

/// Opens the URL of the deployed app, or prints it if there is no browser.
pub(super) fn open(args: &args::Deployed, console: &Console) -> Result<Exit> {
    let (found, url) = deploy::block_on(async {
        let found = Found::find(args, console).await?;
        let url = found.url().await?;
        Ok((found, url))
    })?;
    if args.output == Output::Json {
        console.result(report::location(&found.names, found.aws.region(), &url));
    }
    match browser(|name| std::env::var_os(name)) {
        Some(program) if show(&program, &url) => console.status("Opened", &url),
        _ if args.output == Output::Text => console.result(url),
        _ => {}
    }
    Ok(Exit::Success)
}

/// The program that opens a URL: the user's choice, else the desktop's.
fn browser(variable: impl Fn(&str) -> Option<OsString>) -> Option<OsString> {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    if let Some(own) = set(env::BROWSER) {
        return Some(own);
    }
    if cfg!(target_os = "macos") {
        return Some("open".into());
    }
    let desktop = set(env::DISPLAY).or_else(|| set(env::WAYLAND_DISPLAY));
    desktop.map(|_| "xdg-open".into())
}

/// True if the program opened the URL.
fn show(program: &OsString, url: &str) -> bool {
    Command::new(program)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn the_users_own_browser_comes_first_and_a_terminal_has_none() {
        let own = browser(|name| (name == "BROWSER").then(|| "firefox".into()));
        assert_eq!(own, Some("firefox".into()));
        if cfg!(target_os = "linux") {
            assert_eq!(browser(|_| None), None);
            assert_eq!(browser(|_| Some("".into())), None);
            let desktop = browser(|name| (name == "DISPLAY").then(|| ":0".into()));
            assert_eq!(desktop, Some("xdg-open".into()));
        }
    }
}
