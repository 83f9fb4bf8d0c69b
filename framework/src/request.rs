//! The request, borrowed from the event that brought it.

mod build;

use std::{
    borrow::Cow,
    net::IpAddr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method};

use crate::context::LambdaContext;

/// A request, as handlers and extractors see it, whichever gateway it came through.
///
/// It borrows from the event if possible; `'e` is the event's lifetime.
#[derive(Clone, Debug)]
pub struct Request<'e> {
    pub(crate) method: Method,
    pub(crate) path: Cow<'e, str>,
    /// The path without the stage, encoded at least where it would be ambiguous: the matcher's
    /// input.
    pub(crate) encoded_path: Cow<'e, str>,
    pub(crate) path_params: Vec<(Cow<'e, str>, Cow<'e, str>)>,
    pub(crate) raw_query: Cow<'e, str>,
    pub(crate) query: Vec<(Cow<'e, str>, Cow<'e, str>)>,
    pub(crate) headers: Vec<(Cow<'e, str>, Cow<'e, str>)>,
    pub(crate) header_map: OnceLock<HeaderMap>,
    pub(crate) cookies: Vec<Cow<'e, str>>,
    pub(crate) body: Cow<'e, [u8]>,
    pub(crate) stage: Cow<'e, str>,
    pub(crate) stage_variables: Vec<(Cow<'e, str>, Cow<'e, str>)>,
    pub(crate) source_ip: Option<IpAddr>,
    pub(crate) request_id: Cow<'e, str>,
    pub(crate) event: Cow<'e, str>,
    pub(crate) lambda: Arc<LambdaContext>,
    pub(crate) extensions: Extensions,
    pub(crate) route_seen: Seen,
}

/// Whether the method or the path was asked for: an authorizer whose answer is kept must not depend on them.
#[derive(Debug, Default)]
pub(crate) struct Seen(AtomicBool);

impl Clone for Seen {
    fn clone(&self) -> Self {
        Self(AtomicBool::new(self.0.load(Ordering::Relaxed)))
    }
}

impl<'e> Request<'e> {
    /// A request with this method and target (`/path?query`, percent-encoded), for testing your own
    /// extractor.
    #[must_use]
    pub fn new(method: Method, target: &'e str) -> Self {
        let (path, raw_query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method,
            path: path.into(),
            encoded_path: path.into(),
            path_params: Vec::new(),
            raw_query: raw_query.into(),
            query: decode_query(raw_query),
            headers: Vec::new(),
            header_map: OnceLock::new(),
            cookies: Vec::new(),
            body: Cow::Borrowed(&[]),
            stage: "$default".into(),
            stage_variables: Vec::new(),
            source_ip: None,
            request_id: "".into(),
            event: "null".into(),
            lambda: Arc::default(),
            extensions: Extensions::new(),
            route_seen: Seen::default(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &'e str, value: &'e str) -> Self {
        self.headers.push((name.into(), value.into()));
        self.header_map = OnceLock::new();
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: &'e [u8]) -> Self {
        self.body = body.into();
        self
    }

    /// The same request, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Request<'static> {
        Request {
            method: self.method,
            path: own(self.path),
            encoded_path: own(self.encoded_path),
            path_params: own_pairs(self.path_params),
            raw_query: own(self.raw_query),
            query: own_pairs(self.query),
            headers: own_pairs(self.headers),
            header_map: self.header_map,
            cookies: self.cookies.into_iter().map(own).collect(),
            body: self.body.into_owned().into(),
            stage: own(self.stage),
            stage_variables: own_pairs(self.stage_variables),
            source_ip: self.source_ip,
            request_id: own(self.request_id),
            event: own(self.event),
            lambda: self.lambda,
            extensions: self.extensions,
            route_seen: self.route_seen,
        }
    }

    /// Adds a path parameter, decoded.
    #[must_use]
    pub fn with_path_param(mut self, name: &'e str, value: &'e str) -> Self {
        self.path_params.push((name.into(), value.into()));
        self
    }
}

impl Request<'_> {
    /// True if the method or the path was asked for.
    pub(crate) fn was_asked_for_its_route(&self) -> bool {
        self.route_seen.0.load(Ordering::Relaxed)
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        self.route_seen.0.store(true, Ordering::Relaxed);
        &self.method
    }

    /// The path as the gateway delivered it (HTTP APIs deliver it decoded, the others encoded), without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.route_seen.0.store(true, Ordering::Relaxed);
        &self.path
    }

    /// The path parameter of that name, percent-decoded once.
    #[must_use]
    pub fn path_param(&self, name: &str) -> Option<&str> {
        self.route_seen.0.store(true, Ordering::Relaxed);
        self.path_params
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| &**value)
    }

    /// The query, percent-encoded as sent; empty if there is none.
    #[must_use]
    pub fn raw_query(&self) -> &str {
        &self.raw_query
    }

    /// The values of the query parameter of that name, decoded, in the request's order.
    pub fn query_values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.query
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| &**value)
    }

    /// The first value of that header (any case), when it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| &**value)
    }

    /// All headers, repeats kept. Made on first use: prefer [`header`](Self::header) for one.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.header_map.get_or_init(|| {
            let mut map = HeaderMap::with_capacity(self.headers.len());
            for (name, value) in &self.headers {
                // An invalid header cannot have come through a gateway; it is dropped rather than
                // trusted.
                if let (Ok(name), Ok(value)) = (
                    HeaderName::from_bytes(name.as_bytes()),
                    HeaderValue::from_bytes(value.as_bytes()),
                ) {
                    map.append(name, value);
                }
            }
            map
        })
    }

    /// The cookies, each `name=value` as sent.
    pub fn cookies(&self) -> impl Iterator<Item = &str> {
        self.cookies.iter().map(|cookie| &**cookie)
    }

    /// The body, whole, decoded from base64 where the gateway encoded it.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The gateway's stage; `$default` if it has none.
    #[must_use]
    pub fn stage(&self) -> &str {
        &self.stage
    }

    /// The stage's variables.
    pub fn stage_variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.stage_variables
            .iter()
            .map(|(name, value)| (&**name, &**value))
    }

    /// The client's address, as the gateway saw it.
    #[must_use]
    pub fn source_ip(&self) -> Option<IpAddr> {
        self.source_ip
    }

    /// The gateway's id of this request.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The event as JSON, just as Lambda delivered it.
    #[must_use]
    pub fn event(&self) -> &str {
        &self.event
    }

    /// The invocation's context.
    #[must_use]
    pub fn lambda(&self) -> &LambdaContext {
        &self.lambda
    }

    /// Values that middleware has added to the request.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }
}

fn own(text: Cow<'_, str>) -> Cow<'static, str> {
    text.into_owned().into()
}

type Pair<'e> = (Cow<'e, str>, Cow<'e, str>);

pub(crate) fn own_pairs(pairs: Vec<Pair<'_>>) -> Vec<Pair<'static>> {
    pairs
        .into_iter()
        .map(|(name, value)| (own(name), own(value)))
        .collect()
}

/// Splits a query as a form (`&` separates, `+` is a space, percent-encoding is decoded; a `%` that
/// starts no sequence stays, and bytes that are not UTF-8 become U+FFFD).
pub(crate) fn decode_query(query: &str) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (
                fw_gateway::decode_query(name),
                fw_gateway::decode_query(value),
            )
        })
        .collect()
}
