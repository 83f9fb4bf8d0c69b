//! Where the Runtime API is.

/// The address that `AWS_LAMBDA_RUNTIME_API` holds.
#[derive(Debug)]
pub(super) struct Address {
    /// `host:port`.
    pub(super) host: String,
    /// What stands before each path, without a slash at its end.
    pub(super) base: String,
}

impl Address {
    /// Reads `host:port`; a scheme and a base path are allowed. Returns `None` if it is not an address.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("http://").unwrap_or(text);
        let (host, base) = text.split_at(text.find('/').unwrap_or(text.len()));
        if host.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        // A bracket closes an IPv6 address, whose colons are not the port's.
        let host = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => {
                port.parse::<u16>().ok().filter(|_| !name.is_empty())?;
                host.to_owned()
            }
            _ => format!("{host}:80"),
        };
        let base = base.trim_end_matches('/').to_owned();
        Some(Self { host, base })
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for (text, host, base) in [
            ("127.0.0.1:9001", "127.0.0.1:9001", ""),
            ("http://sandbox:9001/", "sandbox:9001", ""),
            ("[::1]:9001/a/b/", "[::1]:9001", "/a/b"),
            ("[::1]", "[::1]:80", ""),
            ("localhost", "localhost:80", ""),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!((&*address.host, &*address.base), (host, base), "{text}");
        }
        for text in ["", "no address", "/a", ":9001", "a:b", "a:99999", "größe:1"] {
            assert!(Address::parse(text).is_none(), "{text}");
        }
    }
}
