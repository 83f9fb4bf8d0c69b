//! The table that `cargo fw local` prints at the start, and again when the routes change.

use std::net::{IpAddr, SocketAddr};

use fw::manifest::Manifest;

use super::services::Services;
use crate::{
    command::routes,
    console::{BOLD, Console, DIM, HINT},
    settings::Settings,
};

/// The server's URL, as a browser or curl on this machine takes it.
pub(super) fn url(address: SocketAddr) -> String {
    match address.ip() {
        ip if ip.is_unspecified() || ip == IpAddr::from([127, 0, 0, 1]) => {
            format!("http://localhost:{}", address.port())
        }
        _ => format!("http://{address}"),
    }
}

/// Prints the routes, the services, what the app is given, and last of all the URL.
pub(super) fn print(
    console: &Console,
    manifest: &Manifest,
    settings: &Settings,
    services: &Services,
    url: &str,
) {
    if console.is_quiet() {
        // What a script needs: where it listens, with `--port 0` above all.
        console.result(url);
        return;
    }
    console.line(format_args!(
        "\n  {BOLD}{}{BOLD:#} {DIM}stage {}, HTTP API, {} MB, {} s{DIM:#}\n",
        manifest.app, settings.stage, settings.memory, settings.timeout
    ));
    if manifest.routes.is_empty() {
        console.line("  no routes: every request is answered 404");
    }
    for line in routes::table(&manifest.routes) {
        console.line(format_args!("  {line}"));
    }
    console.line("");
    for line in services.told() {
        console.line(format_args!("  {line}"));
    }
    let given = settings
        .environment
        .keys()
        .chain(services.environment().iter().map(|(name, _)| name));
    let given: Vec<_> = given.map(String::as_str).collect();
    if !given.is_empty() {
        console.line(format_args!(
            "  environment: {} {DIM}and Lambda's own{DIM:#}",
            given.join(", ")
        ));
    }
    console.line(format_args!("\n  {HINT}{url}{HINT:#}"));
    console.line(format_args!("  {DIM}Ctrl-C ends it{DIM:#}\n"));
}
