//! The table that `cargo fw local` prints at the start, and again when the routes change.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
};

use fw_manifest::{Authorization, Manifest, Part};

use super::{services::Services, sources};
use crate::{
    command::routes,
    console::{BOLD, Console, DIM, HINT},
    local::pages::DOCS,
    settings::Settings,
    values::{
        credentials,
        gateway::{Auth, Gateway, InvokeMode, PayloadFormat},
    },
};

/// The server's URL for a browser or curl on this machine.
pub(super) fn url(address: SocketAddr) -> String {
    match address.ip() {
        ip if ip.is_unspecified() || ip == IpAddr::from([127, 0, 0, 1]) => {
            format!("http://localhost:{}", address.port())
        }
        _ => format!("http://{address}"),
    }
}

/// The URL for other machines, where the server listens on all addresses: of the address that this machine would go out
/// from. Nothing is sent to find it.
pub(super) fn url_for_others(address: SocketAddr) -> Option<String> {
    if !address.ip().is_unspecified() {
        return None;
    }
    // An address that is kept for documentation (RFC 5737); to connect a socket of UDP only chooses the way there.
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    let works = !ip.is_unspecified() && !ip.is_loopback();
    works.then(|| format!("http://{}", SocketAddr::new(ip, address.port())))
}

/// Prints the routes, the services, the app's variables, and the URL at the end.
pub(super) fn print(
    console: &Console,
    manifest: &Manifest,
    settings: &Settings,
    services: &Services,
    url: &str,
    token: &str,
) {
    let server = url;
    let prefix = settings.gateway_settings.prefix();
    let url = format!("{server}{prefix}");
    if console.is_quiet() {
        // The line for scripts: the URL, which with `--port 0` is not known before.
        console.result(url);
        return;
    }
    let function = settings.of(&Part::Api);
    console.line(format_args!(
        "\n  {BOLD}{}{BOLD:#} {DIM}stage {}, {}, {} MB, {} s{DIM:#}\n",
        manifest.app,
        settings.stage,
        gateway(settings),
        function.memory,
        function.timeout
    ));
    if manifest.routes.is_empty() && manifest.sources.is_empty() {
        console.line(match settings.gateway {
            Gateway::HttpApi => "  no routes: every request is answered 404",
            Gateway::RestApi => "  no routes: every request is answered 403, as a REST API does",
            Gateway::FunctionUrl => "  no routes: the app answers every request itself",
        });
    }
    for line in routes::table(&manifest.routes) {
        console.line(format_args!("  {line}"));
    }
    console.line("");
    // A value that is set is a secret, and the developer has it.
    let keys = settings.access.api_keys.iter();
    for key in keys.filter(|key| key.value.is_none() && key.enabled) {
        console.line(format_args!(
            "  API key {}: {DIM}here only{DIM:#} {}",
            key.name,
            services.credentials().api_key(&key.name)
        ));
    }
    if settings.access.api_keys.is_empty() && manifest.routes.iter().any(|route| route.api_key) {
        console.warning("routes require an API key, but the settings have none: add `[[api_keys]]` with a `name`");
    }
    for line in access(manifest, settings, services, &url, token) {
        console.line(format_args!("  {line}"));
    }
    for line in sources::table(manifest, settings, services) {
        console.line(format_args!("  {line}"));
    }
    for note in services.not_invoked(manifest) {
        console.warning(note);
    }
    for line in services.told() {
        console.line(format_args!("  {line}"));
    }
    let own = services.environment(manifest, settings);
    let own = own.iter().map(|(name, _)| name);
    let given = function.environment.keys().chain(own);
    let given: Vec<_> = given.map(String::as_str).collect();
    if !given.is_empty() {
        console.line(format_args!(
            "  environment: {} {DIM}and Lambda's own{DIM:#}",
            given.join(", ")
        ));
    }
    console.line(format_args!("\n  {HINT}{url}{HINT:#}"));
    if !manifest.routes.is_empty() {
        console.line(format_args!(
            "  {DIM}its documentation: {server}{DOCS}{DIM:#}"
        ));
    }
    console.line(format_args!("  {DIM}Ctrl-C stops it{DIM:#}\n"));
}

/// How to call guarded routes.
fn access(
    manifest: &Manifest,
    settings: &Settings,
    services: &Services,
    url: &str,
    token: &str,
) -> Vec<String> {
    let mut lines = Vec::new();
    let guarded = || {
        let routes = manifest.routes.iter();
        routes.filter_map(|route| route.authorization.as_ref())
    };
    let names: BTreeSet<_> = guarded()
        .filter_map(|by| match by {
            Authorization::Jwt { name, .. } => Some(name),
            _ => None,
        })
        .collect();
    for name in names {
        let flag = match settings.access.jwt.len() {
            1 => String::new(),
            _ => format!(" --jwt {name}"),
        };
        lines.push(format!(
            "jwt {name}: tokens of its issuer, and {DIM}here only{DIM:#} of `{token}{flag}`"
        ));
    }
    let signed = guarded().any(|by| *by == Authorization::Iam);
    if signed || settings.gateway_settings.auth == Auth::Iam {
        let service = match settings.gateway {
            Gateway::FunctionUrl => "lambda",
            Gateway::HttpApi | Gateway::RestApi => "execute-api",
        };
        let (id, secret) = (credentials::ACCESS_KEY, services.credentials().secret_key());
        let region = credentials::region();
        lines.push(format!(
            "iam: signatures of the account, and {DIM}here only{DIM:#} of `curl --aws-sigv4 aws:amz:{region}:{service} --user {id}:{secret} {url}/…`"
        ));
    }
    lines
}

/// The gateway, and what is set of it.
pub(in crate::command) fn gateway(settings: &Settings) -> String {
    let door = &settings.gateway_settings;
    let mut words = settings.gateway.to_string();
    if door.payload_format == PayloadFormat::V1 {
        words.push_str(" with payload 1.0");
    }
    if door.invoke_mode == InvokeMode::ResponseStream {
        words.push_str(" that streams");
    }
    if door.auth == Auth::Iam {
        words.push_str(", callers sign (iam)");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{url, url_for_others};

    #[test]
    fn a_server_on_all_addresses_is_told_with_one_that_works() {
        for (address, expected) in [
            ("127.0.0.1:8000", "http://localhost:8000"),
            ("0.0.0.0:8000", "http://localhost:8000"),
            ("[::]:8000", "http://localhost:8000"),
            ("[::1]:8000", "http://[::1]:8000"),
            ("192.168.1.5:8000", "http://192.168.1.5:8000"),
        ] {
            assert_eq!(url(address.parse().unwrap()), expected);
        }
        assert_eq!(url_for_others("127.0.0.1:8000".parse().unwrap()), None);
        // A machine without a network has no address.
        if let Some(url) = url_for_others("0.0.0.0:8000".parse().unwrap()) {
            assert!(url.ends_with(":8000") && !url.contains("0.0.0.0"), "{url}");
        }
    }
}
