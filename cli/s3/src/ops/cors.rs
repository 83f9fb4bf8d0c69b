//! CORS: the rules of a bucket, preflights, and the headers of answers (Fetch standard; S3 user guide, "Using cross-origin resource
//! sharing").

use http::HeaderValue;

use crate::error::{S3Error, S3Result, error, error_with};
use crate::reply::{Reply, set};
use crate::request::Call;
use crate::service::Shared;
use crate::xml::Element;

/// Rules in a configuration, at most.
const MOST: usize = 100;
const METHODS: [&str; 5] = ["GET", "PUT", "HEAD", "POST", "DELETE"];

/// Holds a configuration against S3's rules.
///
/// # Errors
/// `MalformedXML`, `InvalidRequest`.
pub(crate) fn check(document: &Element) -> S3Result<()> {
    let rules: Vec<&Element> = document.all("CORSRule").collect();
    if rules.is_empty() || rules.len() > MOST {
        return Err(error("MalformedXML"));
    }
    for rule in rules {
        let origins: Vec<&Element> = rule.all("AllowedOrigin").collect();
        let methods: Vec<&Element> = rule.all("AllowedMethod").collect();
        if origins.is_empty() || methods.is_empty() {
            return Err(error("MalformedXML"));
        }
        for method in methods {
            let method = method.text.trim();
            if !METHODS.contains(&method) {
                return Err(error_with(
                    "InvalidRequest",
                    format!(
                        "Found unsupported HTTP method in CORS config. Unsupported method is {method}"
                    ),
                ));
            }
        }
        for origin in origins {
            if origin.text.matches('*').count() > 1 {
                return Err(error_with(
                    "InvalidRequest",
                    format!(
                        "AllowedOrigin \"{}\" can not have more than one wildcard.",
                        origin.text.trim()
                    ),
                ));
            }
        }
        for header in rule.all("AllowedHeader") {
            if header.text.matches('*').count() > 1 {
                return Err(error_with(
                    "InvalidRequest",
                    format!(
                        "AllowedHeader \"{}\" can not have more than one wildcard.",
                        header.text.trim()
                    ),
                ));
            }
        }
        for header in rule.all("ExposeHeader") {
            if header.text.contains('*') {
                return Err(error_with(
                    "InvalidRequest",
                    format!(
                        "ExposeHeader \"{}\" contains wildcard. We currently do not support wildcard for ExposeHeader.",
                        header.text.trim()
                    ),
                ));
            }
        }
        if rule
            .value("MaxAgeSeconds")
            .is_some_and(|age| age.parse::<u32>().is_err())
        {
            return Err(error("MalformedXML"));
        }
    }
    Ok(())
}

/// Whether a text is what a pattern with at most one star describes.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, end)) => {
            text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
        }
    }
}

/// What a rule allows a page to do.
#[derive(Debug)]
struct Allowed {
    origin: String,
    methods: String,
    exposed: String,
    max_age: Option<String>,
    credentials: bool,
    headers: String,
}

fn find(document: &Element, origin: &str, method: &str, headers: &[String]) -> Option<Allowed> {
    document.all("CORSRule").find_map(|rule| {
        let pattern = rule
            .all("AllowedOrigin")
            .find(|pattern| fits(pattern.text.trim(), origin))?;
        rule.all("AllowedMethod")
            .find(|allowed| allowed.text.trim() == method)?;
        let allows = |header: &String| {
            let mut patterns = rule.all("AllowedHeader");
            patterns.any(|pattern| fits(&pattern.text.trim().to_ascii_lowercase(), header))
        };
        if !headers.iter().all(allows) {
            return None;
        }
        let join = |name: &str| {
            let texts: Vec<&str> = rule.all(name).map(|one| one.text.trim()).collect();
            texts.join(", ")
        };
        let is_any = pattern.text.trim() == "*";
        Some(Allowed {
            origin: if is_any {
                "*".to_owned()
            } else {
                origin.to_owned()
            },
            methods: join("AllowedMethod"),
            exposed: join("ExposeHeader"),
            max_age: rule.value("MaxAgeSeconds").map(str::to_owned),
            credentials: !is_any,
            headers: headers.join(", "),
        })
    })
}

fn add(reply: &mut Reply, allowed: &Allowed, is_preflight: bool) {
    set(reply, "access-control-allow-origin", &allowed.origin);
    set(reply, "access-control-allow-methods", &allowed.methods);
    if !allowed.headers.is_empty() {
        set(reply, "access-control-allow-headers", &allowed.headers);
    }
    if !allowed.exposed.is_empty() {
        set(reply, "access-control-expose-headers", &allowed.exposed);
    }
    if let (Some(age), true) = (&allowed.max_age, is_preflight) {
        set(reply, "access-control-max-age", age);
    }
    if allowed.credentials {
        set(reply, "access-control-allow-credentials", "true");
    }
    reply.headers_mut().insert(
        "vary",
        HeaderValue::from_static(
            "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
        ),
    );
}

fn configuration(shared: &Shared, bucket: &str) -> Option<Element> {
    shared.store.read(|state| {
        let text = state.buckets.get(bucket)?.info.setting("cors")?.to_owned();
        Element::parse(text.as_bytes()).ok()
    })
}

/// Whether a rule of the bucket names that origin in full, for that method: such a page may use the port.
///
/// A pattern does not let a page in. The keys of a local server are well known, so a bucket with the rule `*` would be open to every page
/// that the developer looks at.
pub(crate) fn names_origin(shared: &Shared, bucket: &str, origin: &str, method: &str) -> bool {
    let Some(document) = configuration(shared, bucket) else {
        return false;
    };
    document.all("CORSRule").any(|rule| {
        let mut origins = rule.all("AllowedOrigin");
        let mut methods = rule.all("AllowedMethod");
        origins.any(|named| named.text.trim() == origin)
            && methods.any(|named| named.text.trim() == method)
    })
}

/// Adds the headers that let a page read an answer, if a rule says so.
pub(crate) fn add_headers(shared: &Shared, call: &Call, reply: &mut Reply) {
    let Some(origin) = call.header("origin") else {
        return;
    };
    if call.method == http::Method::OPTIONS {
        return;
    }
    // A page may say what it goes on to do.
    let asked = call.some_header("access-control-request-method");
    let method = asked.as_deref().unwrap_or(call.method.as_str());
    if let Some(document) = configuration(shared, &call.bucket)
        && let Some(allowed) = find(&document, &origin, method, &[])
    {
        add(reply, &allowed, false);
    }
}

fn forbidden(message: &str, call: &Call) -> S3Error {
    error_with("AccessForbidden", message)
        .status_is(http::StatusCode::FORBIDDEN)
        .member(
            "Method",
            call.header("access-control-request-method")
                .unwrap_or_default(),
        )
        .member(
            "ResourceType",
            if call.key.is_empty() {
                "BUCKET"
            } else {
                "OBJECT"
            },
        )
}

/// Answers a preflight.
///
/// # Errors
/// `BadRequest` without an origin or a method, `AccessForbidden` if no rule allows it.
pub(crate) fn preflight(shared: &Shared, call: &Call) -> S3Result<Reply> {
    let bad =
        |message: &str| error_with("BadRequest", message).status_is(http::StatusCode::BAD_REQUEST);
    let origin = call
        .some_header("origin")
        .ok_or_else(|| bad("Insufficient information. Origin request header needed."))?;
    let method = call
        .some_header("access-control-request-method")
        .ok_or_else(|| bad("Invalid Access-Control-Request-Method: null"))?;
    if !METHODS.contains(&method.as_str()) {
        return Err(bad(&format!(
            "Invalid Access-Control-Request-Method: {method}"
        )));
    }
    shared.store.bucket(&call.bucket, |_| Ok(()))?;
    let headers = call
        .header("access-control-request-headers")
        .unwrap_or_default();
    let headers: Vec<String> = headers
        .split(',')
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| !name.is_empty())
        .collect();
    let document = configuration(shared, &call.bucket)
        .ok_or_else(|| forbidden("CORSResponse: CORS is not enabled for this bucket.", call))?;
    let allowed = find(&document, &origin, &method, &headers).ok_or_else(|| {
        forbidden(
            "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / \
             Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
            call,
        )
    })?;
    let mut reply = super::ok();
    add(&mut reply, &allowed, true);
    Ok(reply)
}
