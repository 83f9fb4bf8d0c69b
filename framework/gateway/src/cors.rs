//! Cross-origin resource sharing as a front door does it when it is configured to.

use std::collections::BTreeMap;

use fw_manifest::Manifest;

use crate::{
    config::ConfigError,
    http::HttpRequest,
    rest_api::{GatewayResponse, GatewayResponseType},
};

/// Which other origins' pages may call the API.
///
/// [HTTP API](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html),
/// [function URL](https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CorsConfig {
    /// Origins as browsers send them (`https://example.com`), or `*`; `https://*` and `http://*` are any of that scheme.
    pub allow_origins: Vec<String>,
    /// Methods, or `*`; see [`of_api`](Self::of_api) for an empty list.
    pub allow_methods: Vec<String>,
    /// Request headers, or `*`; see [`of_api`](Self::of_api) for an empty list.
    pub allow_headers: Vec<String>,
    /// Response headers that scripts may read, or `*`.
    pub expose_headers: Vec<String>,
    /// How long a browser may cache a preflight's answer, in seconds.
    pub max_age: Option<u32>,
    /// True if requests may carry cookies and other credentials.
    pub allow_credentials: bool,
}

/// A CORS header.
type Line = (&'static str, String);

impl CorsConfig {
    /// The request headers that are allowed where none are named: those that a script or an SDK needs for JSON, a token, a signature
    /// and an API key.
    pub const HEADERS: [&str; 5] = [
        "Authorization",
        "Content-Type",
        "X-Amz-Date",
        "X-Amz-Security-Token",
        "X-Api-Key",
    ];

    /// The configuration of an API that has only one: without methods all that its routes answer, without headers
    /// [`HEADERS`](Self::HEADERS).
    #[must_use]
    pub fn of_api(&self, manifest: &Manifest) -> Self {
        let methods = manifest.routes.iter().map(|route| route.method.as_str());
        // A preflight needs no permission, and a function URL does not take its method (Lambda API reference, `Cors`).
        self.completed(methods, |method| method != "OPTIONS")
    }

    /// The configuration of each path of a REST API: without methods those that the path answers, with `OPTIONS`. Routes
    /// with `no_cors` are left out, and a path that has no others has none.
    #[must_use]
    pub fn of_paths(&self, manifest: &Manifest) -> BTreeMap<String, Self> {
        let mut paths: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for route in manifest.routes.iter().filter(|route| !route.no_cors) {
            let methods = paths.entry(&route.path).or_insert_with(|| vec!["OPTIONS"]);
            methods.push(&route.method);
        }
        let paths = paths.into_iter();
        paths
            .map(|(path, methods)| (path.to_owned(), self.completed(methods, |_| true)))
            .collect()
    }

    /// Adds the headers to a REST API's own answers, so that a page can read a refusal.
    ///
    /// A response with changes of its own has none of its default's (developer guide, "Gateway responses in API Gateway"), so each
    /// gets the headers, unless it sets them.
    pub fn add_to(&self, responses: &mut BTreeMap<GatewayResponseType, GatewayResponse>) {
        for default in [
            GatewayResponseType::Default4xx,
            GatewayResponseType::Default5xx,
        ] {
            responses.entry(default).or_default();
        }
        for response in responses.values_mut() {
            for (name, value) in self.answer_headers() {
                let set = |own: &String| own.eq_ignore_ascii_case(name);
                if !response.headers.keys().any(set) {
                    response
                        .headers
                        .insert(name.to_owned(), GatewayResponse::value(&value));
                }
            }
        }
    }

    fn completed<'m>(
        &self,
        methods: impl IntoIterator<Item = &'m str>,
        allowed: fn(&str) -> bool,
    ) -> Self {
        const ANY: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
        let mut all = self.clone();
        if all.allow_methods.is_empty() {
            let methods = methods.into_iter().flat_map(|method| match method {
                "ANY" => ANY.to_vec(),
                method => vec![method],
            });
            let mut methods: Vec<&str> = methods.filter(|method| allowed(method)).collect();
            methods.sort_unstable();
            methods.dedup();
            all.allow_methods = methods.into_iter().map(str::to_owned).collect();
        }
        if all.allow_headers.is_empty() {
            all.allow_headers = Self::HEADERS.map(str::to_owned).to_vec();
        }
        all
    }

    /// The headers that the answers of a REST API need, in addition to the preflights: the app adds them to its own, and gateway
    /// responses to the gateway's. They are fixed, because the API has one origin.
    pub fn answer_headers(&self) -> impl Iterator<Item = (&'static str, String)> {
        let credentials = ("Access-Control-Allow-Credentials", "true".to_owned());
        [
            list("Access-Control-Allow-Origin", &self.allow_origins),
            list("Access-Control-Expose-Headers", &self.expose_headers),
            self.allow_credentials.then_some(credentials),
        ]
        .into_iter()
        .flatten()
    }

    /// Refuses configurations that AWS refuses when the API is created. `[U]` gateway-truth §1.7
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.allow_credentials && self.allow_origins.iter().any(|origin| origin == "*") {
            return Err(ConfigError::CredentialsFromAnyOrigin);
        }
        Ok(())
    }

    /// The headers of a preflight's answer; empty for an origin that is not allowed (`[E]`
    /// gateway-truth §8.2). They do not say which headers scripts may read. `[U]` gateway-truth
    /// §1.7
    pub(super) fn preflight_headers(&self, origin: &str) -> impl Iterator<Item = Line> {
        let allowed = self.origin_headers(origin);
        let rest = (!allowed.is_empty()).then(|| {
            [
                list("Access-Control-Allow-Methods", &self.allow_methods),
                list("Access-Control-Allow-Headers", &self.allow_headers),
                self.max_age
                    .map(|seconds| ("Access-Control-Max-Age", seconds.to_string())),
            ]
        });
        allowed
            .into_iter()
            .chain(rest.into_iter().flatten().flatten())
    }

    /// The headers of any other answer; empty for an origin that is not allowed.
    pub(super) fn response_headers(&self, origin: &str) -> impl Iterator<Item = Line> {
        let allowed = self.origin_headers(origin);
        let expose = if allowed.is_empty() {
            None
        } else {
            list("Access-Control-Expose-Headers", &self.expose_headers)
        };
        allowed.into_iter().chain(expose)
    }

    /// All configured headers, for a fixed answer: the mock of a REST API.
    pub fn all_headers(&self) -> impl Iterator<Item = Line> {
        let credentials = ("Access-Control-Allow-Credentials", "true".to_owned());
        [
            list("Access-Control-Allow-Origin", &self.allow_origins),
            list("Access-Control-Allow-Methods", &self.allow_methods),
            list("Access-Control-Allow-Headers", &self.allow_headers),
            list("Access-Control-Expose-Headers", &self.expose_headers),
            self.max_age
                .map(|seconds| ("Access-Control-Max-Age", seconds.to_string())),
            self.allow_credentials.then_some(credentials),
        ]
        .into_iter()
        .flatten()
    }

    /// The headers that name the origin and allow credentials.
    fn origin_headers(&self, origin: &str) -> Vec<Line> {
        let any = self.allow_origins.iter().any(|allowed| allowed == "*");
        let listed = || {
            self.allow_origins
                .iter()
                .any(|allowed| match allowed.strip_suffix("://*") {
                    Some(scheme) => origin
                        .split_once("://")
                        .is_some_and(|(own, _)| own.eq_ignore_ascii_case(scheme)),
                    None => allowed.eq_ignore_ascii_case(origin),
                })
        };
        if !any && !listed() {
            return Vec::new();
        }
        // The client sent the origin; it does not get it back if HTTP does not allow it.
        if origin.bytes().any(|byte| !(b' '..=b'~').contains(&byte)) {
            return Vec::new();
        }
        let named = (
            "Access-Control-Allow-Origin",
            if any {
                "*".to_owned()
            } else {
                origin.to_owned()
            },
        );
        let credentials = ("Access-Control-Allow-Credentials", "true".to_owned());
        std::iter::once(named)
            .chain(self.allow_credentials.then_some(credentials))
            .collect()
    }
}

/// True if a browser asks whether it may send another request. `[D]` http-api-cors: both headers
/// are needed
pub(super) fn is_preflight(request: &HttpRequest) -> bool {
    request.method == "OPTIONS"
        && request.header("origin").is_some()
        && request.header("access-control-request-method").is_some()
}

/// A header with a list, unless the list is empty.
fn list(name: &'static str, values: &[String]) -> Option<Line> {
    (!values.is_empty()).then(|| (name, values.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_origin_only_if_it_is_allowed() {
        let table: [(&[&str], &str, Option<&str>); 9] = [
            (
                &["https://a.example"],
                "https://a.example",
                Some("https://a.example"),
            ),
            (&["https://a.example"], "https://b.example", None),
            (&["https://a.example"], "https://a.example.evil", None),
            (
                &["https://a.example", "https://b.example"],
                "https://b.example",
                Some("https://b.example"),
            ),
            (&["*"], "https://b.example", Some("*")),
            (
                &["https://*"],
                "https://b.example",
                Some("https://b.example"),
            ),
            (&["https://*"], "http://b.example", None),
            (&["https://*"], "https://b.example\r\nx: y", None),
            (&[], "https://b.example", None),
        ];
        for (allow_origins, origin, expected) in table {
            let cors = CorsConfig {
                allow_origins: allow_origins.iter().map(ToString::to_string).collect(),
                ..CorsConfig::default()
            };
            let lines: Vec<Line> = cors.response_headers(origin).collect();
            let named: Vec<&str> = lines.iter().map(|(_, value)| value.as_str()).collect();
            assert_eq!(
                named,
                expected.into_iter().collect::<Vec<_>>(),
                "{allow_origins:?} {origin}"
            );
        }
    }

    #[test]
    fn each_answer_has_its_own_headers() {
        let one = |text: &str| vec![text.to_owned()];
        let cors = CorsConfig {
            allow_origins: one("https://a.example"),
            allow_methods: vec!["GET".into(), "PUT".into()],
            allow_headers: one("x-a"),
            expose_headers: one("x-b"),
            max_age: Some(60),
            allow_credentials: true,
        };
        let names = |lines: Vec<Line>| -> Vec<&str> {
            lines
                .iter()
                .filter_map(|(name, _)| name.strip_prefix("Access-Control-"))
                .collect()
        };
        let own = "https://a.example";
        let preflight = [
            "Allow-Origin",
            "Allow-Credentials",
            "Allow-Methods",
            "Allow-Headers",
            "Max-Age",
        ];
        assert_eq!(names(cors.preflight_headers(own).collect()), preflight);
        assert_eq!(
            names(cors.response_headers(own).collect()),
            ["Allow-Origin", "Allow-Credentials", "Expose-Headers"]
        );
        assert_eq!(cors.preflight_headers("https://b.example").next(), None);
        assert_eq!(cors.response_headers("https://b.example").next(), None);
        assert_eq!(cors.all_headers().count(), 6);
        assert_eq!(CorsConfig::default().all_headers().next(), None);
    }
}
