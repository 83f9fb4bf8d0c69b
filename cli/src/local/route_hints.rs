//! A word in the log for requests that reach no route and were nearly one: what the client does not learn, the developer may.

use fw_gateway::{HttpRequest, Matcher, RouteKey};

use crate::{settings::Settings, values::gateway::Gateway};

/// The methods that are tried.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// The routes, for a second look.
#[derive(Debug)]
pub(super) struct RouteHints {
    matcher: Matcher,
    gateway: Gateway,
    prefix: String,
}

impl RouteHints {
    /// Of those routes, behind the gateway of those settings.
    pub(super) fn new(routes: &[RouteKey], settings: &Settings) -> Self {
        let mut matcher = Matcher::default();
        for (index, route) in routes.iter().enumerate() {
            if let RouteKey::Path { method, path } = route {
                // The gateway has refused conflicts before this.
                let _ = matcher.insert(index, method, path);
            }
        }
        Self {
            matcher,
            gateway: settings.gateway,
            prefix: settings.gateway_settings.prefix(),
        }
    }

    /// What a request that matched no route may have meant.
    pub(super) fn hint(&self, request: &HttpRequest) -> Option<String> {
        if self.gateway == Gateway::FunctionUrl {
            return None;
        }
        let path = request.target.split(['?', '#']).next().unwrap_or_default();
        let method = request.method.as_str();
        let (prefix, it) = (self.prefix.as_str(), self.gateway.with_article());
        let behind = match path.strip_prefix(prefix) {
            Some(rest) if prefix.is_empty() || rest.is_empty() || rest.starts_with('/') => rest,
            _ if self.is_route(method, path) => {
                return Some(format!(
                    "every path starts with the API's stage: {prefix}{path}"
                ));
            }
            _ => return None,
        };
        let shorter = behind.strip_suffix('/').unwrap_or_default();
        if self.is_route(method, shorter) {
            return Some(format!(
                "`{shorter}` exists, but for {it} `{behind}` is a different path"
            ));
        }
        let others: Vec<_> = METHODS
            .into_iter()
            .filter(|other| self.is_route(other, behind))
            .collect();
        (!others.is_empty()).then(|| {
            format!(
                "`{behind}` accepts {}, not {method}; {it} answers as if the path did not exist",
                others.join(", ")
            )
        })
    }

    fn is_route(&self, method: &str, path: &str) -> bool {
        !path.is_empty() && self.matcher.find(method, path).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_is_told_and_a_stranger_is_not() {
        let routes = ["GET /hello/{name}", "PUT /hello/{name}"].map(|route| route.parse().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let of = |text: &str, method: &str, target: &str| {
            std::fs::write(folder.path().join("fw.toml"), text).unwrap();
            let settings = Settings::load(folder.path(), "dev").unwrap();
            RouteHints::new(&routes, &settings).hint(&HttpRequest::new(method, target))
        };
        let rest = "gateway = \"rest-api\"";
        for (text, method, target, said) in [
            ("", "GET", "/hello/you/?x=1", Some("`/hello/you` exists")),
            ("", "POST", "/hello/you", Some("accepts GET, PUT, not POST")),
            ("", "GET", "/nowhere", None),
            ("", "GET", "/", None),
            (rest, "GET", "/hello/you", Some("/dev/hello/you")),
            (rest, "DELETE", "/dev/hello/you", Some("accepts GET, PUT")),
            (rest, "GET", "/dev", None),
            (rest, "GET", "/device", None),
            ("gateway = \"function-url\"", "POST", "/hello/you", None),
        ] {
            let hint = of(text, method, target);
            match said {
                Some(said) => assert!(
                    hint.as_ref().is_some_and(|hint| hint.contains(said)),
                    "{target}: {hint:?}"
                ),
                None => assert_eq!(hint, None, "{target}"),
            }
        }
    }
}
