//! Which hosts the server answers for.
//!
//! A page that the developer's browser shows can make the browser ask a name of the page's own which leads to this machine ("DNS
//! rebinding"), and read the answer. Such a request bears that name as its host, so a host that is not the server's own is
//! refused.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// The hosts that are answered for, whatever their port.
#[derive(Clone, Debug)]
pub struct Hosts {
    /// The address that the server listens on.
    listens: IpAddr,
    /// More names, in lower case.
    allowed: Vec<String>,
}

impl Hosts {
    /// This machine's names for itself, the address listened on, and those.
    ///
    /// A server that listens on all addresses (`0.0.0.0`, `::`) answers for every address: an address cannot be rebound.
    pub fn new(listens: IpAddr, allowed: &[String]) -> Self {
        let name = |host: &String| {
            let name = Name::parse(host).map(|name| name.to_string());
            name.unwrap_or_else(|| host.clone()).to_ascii_lowercase()
        };
        Self {
            listens: listens.to_canonical(),
            allowed: allowed.iter().map(name).collect(),
        }
    }

    /// True where the server listens on loopback alone.
    pub(super) fn are_loopback(&self) -> bool {
        self.listens.is_loopback()
    }

    /// Whether requests for that host are answered.
    pub(super) fn allow(&self, host: Name<'_>) -> bool {
        match host {
            Name::Address(_) if self.listens.is_unspecified() => true,
            Name::Text(name) if is_of_aws(name) => true,
            host => self.is_here(host),
        }
    }

    /// Whether a page of that origin, `scheme://host` with or without a port, is one of this machine or of an allowed host.
    ///
    /// `null` is the origin of a page that does not say where it is.
    pub(super) fn allow_origin(&self, origin: &str) -> bool {
        let Some((scheme, host)) = origin.trim().split_once("://") else {
            return false;
        };
        // Others, such as a browser extension's, have something else than a host there. AWS's names are of everybody's APIs.
        let is_page = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        is_page && Name::parse(host).is_some_and(|host| self.is_here(host))
    }

    fn is_here(&self, host: Name<'_>) -> bool {
        match host {
            Name::Address(address) => {
                address.is_loopback()
                    || (address == self.listens && !address.is_unspecified())
                    || self.is_named(&address.to_string())
            }
            Name::Text(name) => is_localhost(name) || self.is_named(name),
        }
    }

    fn is_named(&self, name: &str) -> bool {
        self.allowed
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(name))
    }
}

/// A host without its port: an address, or a name without the dot at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name<'h> {
    Address(IpAddr),
    Text(&'h str),
}

impl<'h> Name<'h> {
    /// Reads a host with or without a port (RFC 3986 §3.2.2); nothing where it is not one. An IPv6 address may be without its brackets.
    pub(super) fn parse(host: &'h str) -> Option<Self> {
        let host = host.trim();
        let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(rest) = host.strip_prefix('[') {
            let (address, rest) = rest.split_once(']')?;
            let port = rest.strip_prefix(':');
            let ends_well =
                rest.is_empty() || port.is_some_and(|port| !port.is_empty() && is_port(port));
            let address = address.parse::<Ipv6Addr>().ok()?;
            return ends_well.then_some(Self::Address(address.into()));
        }
        if let Ok(address) = host.parse::<IpAddr>() {
            return Some(Self::Address(address));
        }
        let name = match host.rsplit_once(':') {
            Some((name, port)) if is_port(port) => name,
            Some(_) => return None,
            None => host,
        };
        let name = name.strip_suffix('.').unwrap_or(name);
        if let Ok(address) = name.parse::<Ipv4Addr>() {
            return Some(Self::Address(address.into()));
        }
        let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let labels = !name.split('.').any(str::is_empty);
        (labels && name.bytes().all(is_of_name)).then_some(Self::Text(name))
    }

    /// An address, or a name of one label.
    pub(super) fn is_undotted(self) -> bool {
        match self {
            Self::Address(_) => true,
            Self::Text(name) => !name.contains('.'),
        }
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Text(name) => f.write_str(name),
        }
    }
}

/// Whether it is `localhost` or a name under it, which browsers look for on this machine alone (RFC 6761 §6.3).
fn is_localhost(name: &str) -> bool {
    let localhost = "localhost";
    let before = name.len().checked_sub(localhost.len());
    before
        .and_then(|before| name.split_at_checked(before))
        .is_some_and(|(sub, end)| {
            end.eq_ignore_ascii_case(localhost) && (sub.is_empty() || sub.ends_with('.'))
        })
}

/// Whether the name is one that AWS gives to APIs and function URLs: where those lead nobody else decides, so none can be rebound. A
/// client that is set to talk to the deployed API talks to this one so.
fn is_of_aws(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut labels = name.split('.');
    let plain = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let (Some(id), Some(product), Some(region)) = (labels.next(), labels.next(), labels.next())
    else {
        return false;
    };
    let domain: Vec<_> = labels.collect();
    let domain = match product {
        "execute-api" => domain == ["amazonaws", "com"],
        "lambda-url" => domain == ["on", "aws"],
        _ => false,
    };
    domain && plain(id) && plain(region)
}

#[cfg(test)]
mod tests {
    use super::{Hosts, Name};

    fn allow(hosts: &Hosts, host: &str) -> bool {
        Name::parse(host).is_some_and(|host| hosts.allow(host))
    }

    fn hosts(listens: &str) -> Hosts {
        Hosts::new(listens.parse().unwrap(), &["Api.Example.com:80".to_owned()])
    }

    #[test]
    fn own_names_are_allowed_with_any_port_and_others_are_not() {
        let hosts = hosts("127.0.0.1");
        for host in [
            "localhost",
            "LOCALHOST:8000",
            "localhost.",
            "app.localhost:1",
            "127.0.0.1",
            "127.0.0.1:8000",
            "127.1.2.3",
            "[::1]",
            "[::1]:8000",
            "::1",
            "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
            "ABC.lambda-url.eu-central-1.on.aws:443",
            "api.example.com",
            "API.EXAMPLE.COM:9",
            "api.example.com.:9",
        ] {
            assert!(allow(&hosts, host), "{host}");
        }
        for host in [
            "",
            "example.com",
            "execute-api.us-east-1.amazonaws.com",
            "a.execute-api.us-east-1.amazonaws.com.example.com",
            "a.b.execute-api.us-east-1.amazonaws.com",
            "bucket.s3.us-east-1.amazonaws.com",
            "a.lambda-url.us-east-1.on.aws.example",
            "localhost.example.com",
            "notlocalhost",
            "127.0.0.1.example.com",
            "192.168.1.5:8000",
            "[fe80::1]",
            "localhost@example.com",
            "example.com:localhost",
            "0.0.0.0",
            "é.localhost.com",
            "[",
            "[::1].evil.example",
            "[::1]evil",
            "[::1]:80evil",
            "[::1]:",
            "[::1]]",
            "[::1",
            "[localhost]",
            "[127.0.0.1]",
            "[::1%25lo]",
            "::1]",
            ".localhost",
            "a..localhost",
            "localhost..",
            "localhost:80:80",
            "localhost/",
            "localhost,evil.example",
            "evil example.localhost",
            "a@b.localhost",
            ".",
        ] {
            assert!(!allow(&hosts, host), "{host}");
        }
    }

    #[test]
    fn an_address_listened_on_is_allowed_and_every_address_where_all_are_listened_on() {
        assert!(allow(&hosts("192.168.1.5"), "192.168.1.5:8000"));
        assert!(!allow(&hosts("192.168.1.5"), "192.168.1.6:8000"));
        for all in ["0.0.0.0", "::"] {
            assert!(allow(&hosts(all), "192.168.1.5:8000"));
            assert!(allow(&hosts(all), "[fe80::1]:8000"));
            assert!(!allow(&hosts(all), "rebound.example"));
        }
    }

    #[test]
    fn pages_of_this_machine_and_of_allowed_hosts_are_own_and_others_are_not() {
        let hosts = hosts("127.0.0.1");
        for origin in [
            "http://localhost:3000",
            "https://localhost",
            "http://app.localhost:1",
            "http://127.0.0.1:8000",
            "http://[::1]:8000",
            "https://api.example.com",
        ] {
            assert!(hosts.allow_origin(origin), "{origin}");
        }
        for origin in [
            "",
            "null",
            "file://",
            "http://evil.example",
            "https://localhost.evil.example",
            "http://localhost@evil.example",
            "chrome-extension://localhost",
            "localhost",
            // A page of anybody's API.
            "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
        ] {
            assert!(!hosts.allow_origin(origin), "{origin}");
        }
        // An address that may be asked for is not one whose pages may ask.
        let all = Hosts::new("0.0.0.0".parse().unwrap(), &[]);
        assert!(!all.allow_origin("http://192.168.1.5"));
        assert!(!all.allow_origin("http://0.0.0.0"));
    }
}
