//! Which hosts the server answers for.
//!
//! A page that the developer's browser shows can make the browser ask a name of the page's own which leads to this machine ("DNS
//! rebinding"), and read the answer. Such a request bears that name as its host, so a host that is not the server's own is
//! refused.

use std::net::IpAddr;

/// The hosts that are answered for, whatever their port.
#[derive(Clone, Debug)]
pub(crate) struct Hosts {
    /// The address that the server listens on.
    listens: IpAddr,
    /// More names, in lower case.
    allowed: Vec<String>,
}

impl Hosts {
    /// This machine's names for itself, the address listened on, and those.
    ///
    /// A server that listens on all addresses (`0.0.0.0`, `::`) answers for every address: an address cannot be rebound.
    pub(crate) fn new(listens: IpAddr, allowed: &[String]) -> Self {
        Self {
            listens,
            allowed: allowed
                .iter()
                .map(|host| name_of(host).to_ascii_lowercase())
                .collect(),
        }
    }

    /// Whether requests for that host, a name or an address with or without a port, are answered.
    pub(super) fn allow(&self, host: &str) -> bool {
        let name = name_of(host);
        if let Ok(address) = name.parse::<IpAddr>() {
            return address.is_loopback()
                || self.listens.is_unspecified()
                || address == self.listens
                || self.is_named(name);
        }
        let localhost = "localhost";
        let is_local = name
            .len()
            .checked_sub(localhost.len())
            .is_some_and(|before| {
                name.get(before..)
                    .is_some_and(|end| end.eq_ignore_ascii_case(localhost))
                    && name
                        .get(..before)
                        .is_some_and(|sub| sub.is_empty() || sub.ends_with('.'))
            });
        is_local || is_of_aws(name) || self.is_named(name)
    }

    fn is_named(&self, name: &str) -> bool {
        self.allowed
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(name))
    }
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

/// The host without its port, the brackets of an IPv6 address, and the dot at the end of a full name.
pub(super) fn name_of(host: &str) -> &str {
    let host = host.trim();
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split_once(']').map_or(rest, |(address, _)| address);
    }
    let name = match host.rsplit_once(':') {
        // With a second colon it is an IPv6 address without brackets.
        Some((name, port))
            if !name.contains(':') && port.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            name
        }
        _ => host,
    };
    name.strip_suffix('.').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::Hosts;

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
            assert!(hosts.allow(host), "{host}");
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
        ] {
            assert!(!hosts.allow(host), "{host}");
        }
    }

    #[test]
    fn an_address_listened_on_is_allowed_and_every_address_where_all_are_listened_on() {
        assert!(hosts("192.168.1.5").allow("192.168.1.5:8000"));
        assert!(!hosts("192.168.1.5").allow("192.168.1.6:8000"));
        for all in ["0.0.0.0", "::"] {
            assert!(hosts(all).allow("192.168.1.5:8000"));
            assert!(hosts(all).allow("[fe80::1]:8000"));
            assert!(!hosts(all).allow("rebound.example"));
        }
    }
}
