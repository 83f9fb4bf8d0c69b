//! A call of a service: where it goes, signed, and repeated where that helps.

use std::{
    env,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{
    Handle, ResourceError,
    bucket::elements,
    connection::{self, Answer, Endpoint},
    sign::{self, Credentials, Scope, Unsigned},
};
use crate::context;

#[cfg(feature = "test")]
pub(crate) mod sink;

/// The header that says which trace a call belongs to.
const TRACE: &str = "x-amzn-trace-id";

/// How often a call is made at most.
const ATTEMPTS: u32 = 3;

/// What needs no escape: the unreserved characters (RFC 3986 §2.3), as signatures want it.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The same in a path, whose slashes stay.
const PATH: &AsciiSet = &PLAIN.remove(b'/');

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    Sqs,
    Sns,
    EventBridge,
    S3,
}

impl Service {
    /// Its name in hosts and signatures, and in the variable that sets its endpoint (AWS SDKs and Tools guide, "Service-specific
    /// endpoints").
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Sqs => ("sqs", "SQS"),
            Self::Sns => ("sns", "SNS"),
            Self::EventBridge => ("events", "EVENTBRIDGE"),
            Self::S3 => ("s3", "S3"),
        }
    }
}

/// A request that is not signed yet.
pub(super) struct Call {
    service: Service,
    method: &'static str,
    /// The bucket, where it is S3's.
    bucket: String,
    /// Percent-encoded, without the bucket.
    path: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Bytes,
}

impl Call {
    fn new(service: Service, method: &'static str) -> Self {
        Self {
            service,
            method,
            bucket: String::new(),
            path: "/".to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// An operation of a service that speaks JSON.
    pub(super) fn json(service: Service, operation: &str, input: &Value) -> Self {
        let mut call = Self::new(service, "POST");
        // The version of the protocol is SQS's; EventBridge takes 1.1 alone (their API references, "Making requests").
        let version = if service == Service::Sqs {
            "1.0"
        } else {
            "1.1"
        };
        call.headers = vec![
            ("content-type", format!("application/x-amz-json-{version}")),
            ("x-amz-target", operation.to_owned()),
        ];
        call.body = input.to_string().into();
        call
    }

    /// An operation of a service that takes a form.
    pub(super) fn form<'f>(
        service: Service,
        fields: impl Iterator<Item = (&'f str, &'f str)>,
    ) -> Self {
        let mut call = Self::new(service, "POST");
        let fields: Vec<String> = fields
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, PLAIN)))
            .collect();
        let form = "application/x-www-form-urlencoded".to_owned();
        call.headers = vec![("content-type", form)];
        call.body = fields.join("&").into();
        call
    }

    /// An operation on a bucket of S3, or on an object in it.
    pub(super) fn object(method: &'static str, bucket: &str, key: Option<&str>) -> Self {
        let mut call = Self::new(Service::S3, method);
        bucket.clone_into(&mut call.bucket);
        call.path = format!("/{}", utf8_percent_encode(key.unwrap_or_default(), PATH));
        call
    }

    /// Makes the call, and again after a while if it fails for a reason that may pass.
    ///
    /// # Errors
    ///
    /// AWS's error, or why there is no answer.
    pub(super) async fn send(mut self, handle: &Handle) -> Result<Answer, ResourceError> {
        let environment = Environment::read(|name| env::var(name).ok())
            .map_err(|problem| handle.error(problem))?;
        let (at, path) = environment
            .locate(&self)
            .map_err(|problem| handle.error(problem))?;
        self.path = path;
        // Lambda finds by it that functions call each other in a circle ("Use Lambda recursive loop detection").
        let trace = context::current().and_then(|lambda| lambda.trace_id.clone());
        self.headers.extend(trace.map(|trace| (TRACE, trace)));
        let mut attempt = 1;
        loop {
            let head = self.head(&at, &environment, now().as_secs());
            let problem = match connection::exchange(&at, head.as_bytes(), &self.body).await {
                Ok(answer) if (200..300).contains(&answer.status) => return Ok(answer),
                Ok(answer) => refusal(handle, &answer),
                Err(error) => handle.error(format!("no answer from {}: {error}", at.authority)),
            };
            if attempt == ATTEMPTS || !passes(&problem) {
                return Err(problem);
            }
            // Twice as long each time, and no two callers at once.
            let jitter = u64::from(now().subsec_nanos()) % 50;
            tokio::time::sleep(Duration::from_millis((50 << attempt) + jitter)).await;
            attempt += 1;
        }
    }

    /// The signed head.
    fn head(&self, at: &Endpoint, environment: &Environment, seconds: u64) -> String {
        let time = sign::time(seconds);
        let hash = sign::hash(&self.body);
        let mut query: Vec<String> = self
            .query
            .iter()
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, PLAIN)))
            .collect();
        query.sort_unstable();
        let query = query.join("&");
        let mut headers: Vec<(&str, &str)> = vec![("host", &at.authority), ("x-amz-date", &time)];
        headers.extend(self.headers.iter().map(|(name, value)| (*name, &**value)));
        if self.service == Service::S3 {
            headers.push(("x-amz-content-sha256", &hash));
        }
        if let Some(token) = &environment.credentials.token {
            headers.push(("x-amz-security-token", token));
        }
        let request = Unsigned {
            method: self.method,
            path: &self.path,
            query: &query,
            // What is on the way may change it.
            headers: headers
                .iter()
                .copied()
                .filter(|(name, _)| *name != TRACE)
                .collect(),
            hash: &hash,
        };
        let scope = Scope {
            region: &environment.region,
            service: self.service.names().0,
            time: &time,
        };
        let authorization = sign::authorization(request, &scope, &environment.credentials);
        let mark = if query.is_empty() { "" } else { "?" };
        let mut head = format!("{} {}{mark}{query} HTTP/1.1\r\n", self.method, self.path);
        let length = self.body.len().to_string();
        let unsigned = [
            ("authorization", &*authorization),
            ("content-length", &length),
            ("user-agent", concat!("fw/", env!("CARGO_PKG_VERSION"))),
        ];
        for (name, value) in headers.into_iter().chain(unsigned) {
            for part in [name, ": ", value, "\r\n"] {
                head.push_str(part);
            }
        }
        head.push_str("\r\n");
        head
    }
}

/// What the environment says of AWS.
struct Environment {
    region: String,
    credentials: Credentials,
    /// The endpoints that are set, by the service's name in their variables; the last is for all.
    endpoints: Vec<(&'static str, String)>,
}

impl Environment {
    /// Reads the variables that Lambda sets, and `cargo fw local` too.
    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let needed =
            |name: &str| variable(name).ok_or_else(|| format!("the variable `{name}` is not set"));
        let services = ["SQS", "SNS", "EVENTBRIDGE", "S3"].into_iter();
        let own = services.map(|name| (name, variable(&format!("AWS_ENDPOINT_URL_{name}"))));
        let all = own.chain([("", variable("AWS_ENDPOINT_URL"))]);
        Ok(Self {
            region: variable("AWS_REGION")
                .or_else(|| variable("AWS_DEFAULT_REGION"))
                .ok_or("the variable `AWS_REGION` is not set")?,
            credentials: Credentials {
                key: needed("AWS_ACCESS_KEY_ID")?,
                secret: needed("AWS_SECRET_ACCESS_KEY")?,
                token: variable("AWS_SESSION_TOKEN"),
            },
            endpoints: all.filter_map(|(name, url)| Some((name, url?))).collect(),
        })
    }

    /// Where a call goes, and its path there.
    fn locate(&self, call: &Call) -> Result<(Endpoint, String), String> {
        let (host, variable) = call.service.names();
        let mut set = self.endpoints.iter();
        let set = set.find(|(name, _)| name.is_empty() || *name == variable);
        let within = || match (call.bucket.as_str(), call.path.as_str()) {
            ("", path) => path.to_owned(),
            (bucket, "/") => format!("/{bucket}"),
            (bucket, path) => format!("/{bucket}{path}"),
        };
        if let Some((_, url)) = set {
            let at = Endpoint::parse(url).ok_or_else(|| format!("not an endpoint: `{url}`"))?;
            return Ok((at, within()));
        }
        // AWS General Reference, "Service endpoints": China has a domain of its own.
        let china = if self.region.starts_with("cn-") {
            ".cn"
        } else {
            ""
        };
        let domain = format!("{host}.{}.amazonaws.com{china}", self.region);
        // A bucket is a part of the host, unless the certificate would not fit (S3 user guide, "Virtual hosting of buckets").
        let (authority, path) = match call.bucket.as_str() {
            "" => (domain, call.path.clone()),
            bucket if bucket.contains('.') => (domain, within()),
            bucket => (format!("{bucket}.{domain}"), call.path.clone()),
        };
        Ok((
            Endpoint {
                tls: true,
                authority,
            },
            path,
        ))
    }
}

fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// The error in an answer: JSON's `__type` and `message`, or XML's `Code` and `Message`.
fn refusal(handle: &Handle, answer: &Answer) -> ResourceError {
    let text = String::from_utf8_lossy(&answer.body);
    let json: Value = serde_json::from_str(&text).unwrap_or_default();
    let of = |member: &str| json[member].as_str().map(str::to_owned);
    let element = |name: &str| {
        elements(&text, name)
            .next()
            .map(std::borrow::Cow::into_owned)
    };
    // `com.amazonaws.sqs#QueueDoesNotExist`.
    let code = of("__type").map(|kind| kind.rsplit('#').next().unwrap_or_default().to_owned());
    let code = code.or_else(|| element("Code")).unwrap_or_default();
    let message = of("message")
        .or_else(|| of("Message"))
        .or_else(|| element("Message"));
    let status = answer.status;
    ResourceError {
        status: Some(status),
        code: code.clone(),
        ..handle.error(format!("{status} {code}: {}", message.unwrap_or_default()))
    }
}

/// Whether it may pass: no answer, a failure of the service's, or too many calls (AWS SDKs and Tools guide, "Retry behavior").
fn passes(problem: &ResourceError) -> bool {
    let busy = [
        "Throttling",
        "ThrottlingException",
        "RequestThrottled",
        "SlowDown",
        "RequestTimeout",
    ];
    problem
        .status
        .is_none_or(|status| status >= 500 || status == 429)
        || busy.contains(&&*problem.code)
}

#[cfg(test)]
mod tests;
