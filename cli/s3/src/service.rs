//! The way of a request: read, authenticate, authorize, operate, answer.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, HOST, SERVER};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body;

use crate::auth::body::BodyReader;
use crate::changes::Changes;
use crate::error::{S3Error, S3Result, error_with};
use crate::notifications::Connected;
use crate::operation::Operation;
use crate::ops;
use crate::ops::cors;
use crate::reply::{Reply, S3Body};
use crate::request::{Call, Caller, Query, Signed, check_key_length, decode_path};
use crate::store::Store;
use crate::store::model::Owner;
use crate::users::{Access, User};
use crate::{auth, authorize, ids, time};

/// The time of the services, in milliseconds since the Unix epoch.
pub type Now = Arc<dyn Fn() -> u64 + Send + Sync>;

/// What every request sees.
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) users: Vec<Arc<User>>,
    pub(crate) access: Arc<dyn Access>,
    /// The only region that signatures may be for; any region if it is not set.
    pub(crate) region: Option<String>,
    pub(crate) now: Now,
    pub(crate) changes: Changes,
    /// Who keeps what buckets report.
    pub(crate) notifier: Connected,
    /// Uploads that were completed: a request to complete one that is sent again is answered again.
    pub(crate) completed: ops::Completed,
    /// The hosts of which `BUCKET.HOST` is a bucket.
    pub(crate) bucket_hosts: Vec<String>,
    /// Whether new buckets are as those created before 2020.
    pub(crate) older_buckets: bool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    /// The user whose account everything without another name belongs to.
    pub(crate) fn owner(&self) -> Arc<User> {
        match self.users.first() {
            Some(user) => Arc::clone(user),
            None => Arc::new(User::owner("", "")),
        }
    }

    pub(crate) fn owner_entry(&self) -> Owner {
        let owner = self.owner();
        Owner {
            id: owner.id.clone(),
            name: owner.display_name.clone(),
        }
    }
}

/// S3 as a function from requests to answers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct S3Service(pub(crate) Arc<Shared>);

impl S3Service {
    /// Answers a request. Whatever is wrong with it, the answer is one of S3's.
    pub async fn handle<B>(&self, request: Request<B>, peer: Option<IpAddr>) -> Response<S3Body>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let shared = &self.0;
        let (parts, body) = request.into_parts();
        let request_id = ids::request();
        let host_id = ids::host();
        let path = parts.uri.path().to_owned();
        let host = parts.headers.get(HOST).map(crate::request::text);
        let host = host
            .or_else(|| parts.uri.authority().map(ToString::to_string))
            .unwrap_or_default();
        let is_head = parts.method == Method::HEAD;
        let mut call = Call {
            method: parts.method,
            bucket: String::new(),
            key: String::new(),
            path,
            query: Query::default(),
            headers: parts.headers,
            signed: Signed::Not,
            caller: Caller::Anonymous,
            region: None,
            peer,
            now: (shared.now)(),
            request_id: request_id.clone(),
            host,
        };
        let answered = answer(
            shared,
            &mut call,
            parts.uri.query().unwrap_or_default(),
            body,
        )
        .await;
        let mut reply = match answered {
            Ok(reply) => reply,
            Err(failed) => {
                if failed.code() == "NoSuchBucket" && call.caller.user().is_some() {
                    shared.access.report_missing_bucket(&call.bucket);
                }
                of_error(&failed, &call, is_head, &host_id)
            }
        };
        cors::add_headers(shared, &call, &mut reply);
        let headers = reply.headers_mut();
        headers.insert(SERVER, HeaderValue::from_static("AmazonS3"));
        headers.entry(DATE).or_insert_with(|| {
            HeaderValue::from_str(&time::http(time::machine_ms()))
                .unwrap_or(HeaderValue::from_static(""))
        });
        for (name, value) in [("x-amz-request-id", &request_id), ("x-amz-id-2", &host_id)] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        reply
    }
}

async fn answer<B>(shared: &Arc<Shared>, call: &mut Call, query: &str, body: B) -> S3Result<Reply>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    call.query = Query::parse(query)?;
    let path = decode_path(&call.path)?;
    (call.bucket, call.key) = match bucket_of_host(shared, &call.host) {
        Some(bucket) => (bucket, path),
        // An encoded slash ends the bucket's name like a plain one.
        None => match path.split_once('/') {
            Some((bucket, key)) => (bucket.to_owned(), key.to_owned()),
            None => (path, String::new()),
        },
    };
    check_key_length(&call.key)?;
    if call.headers.contains_key("transfer-encoding")
        && !call.headers.contains_key("content-length")
    {
        // S3 takes bodies of a known length only, or in chunks of its own (error responses, "NotImplemented").
        let decoded = call.has_header("x-amz-decoded-content-length");
        if !decoded && matches!(call.method, Method::PUT) {
            return Err(crate::error::error("NotImplemented")
                .member("Header", "Transfer-Encoding")
                .header("connection", "close"));
        }
    }
    let operation = Operation::of(call)?;
    if operation == Operation::Preflight {
        return cors::preflight(shared, call);
    }
    let payload = auth::authenticate(shared, call)?;
    if operation == Operation::PostObject {
        let body = BodyReader::new(body, payload, call)?;
        return ops::post::post_object(shared, call, body).await;
    }
    if operation.stores_body()
        && call.header("content-length").is_none()
        && !call.has_header("x-amz-decoded-content-length")
    {
        return Err(crate::error::error("MissingContentLength"));
    }
    ops::names::check(call, operation)?;
    authorize::check(shared, call, operation)?;
    let body = BodyReader::new(body, payload, call)?;
    ops::operate(shared, call, operation, body).await
}

/// The bucket in a host name such as `photos.s3.localhost:8000`.
fn bucket_of_host(shared: &Shared, host: &str) -> Option<String> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    shared.bucket_hosts.iter().find_map(|own| {
        let bucket = name.strip_suffix(own.as_str())?.strip_suffix('.')?;
        (!bucket.is_empty()).then(|| bucket.to_owned())
    })
}

fn of_error(failed: &S3Error, call: &Call, is_head: bool, host_id: &str) -> Reply {
    let has_body = !is_head && failed.status() != StatusCode::NOT_MODIFIED;
    let mut reply = if has_body {
        crate::reply::xml(failed.document(&call.path, &call.request_id, host_id))
    } else {
        Response::new(S3Body::empty())
    };
    if !has_body {
        reply.headers_mut().remove(CONTENT_TYPE);
    }
    *reply.status_mut() = failed.status();
    for (name, value) in failed.headers() {
        reply.headers_mut().append(name, value.clone());
    }
    reply
}

/// A refusal that is the port's and not S3's.
pub(crate) fn refused(why: &str, path: &str) -> Reply {
    let failed = error_with("AccessDenied", why);
    let (request_id, host_id) = (ids::request(), ids::host());
    let mut reply = crate::reply::xml(failed.document(path, &request_id, &host_id));
    *reply.status_mut() = failed.status();
    crate::reply::set(&mut reply, "x-amz-request-id", &request_id);
    crate::reply::set(&mut reply, "x-amz-id-2", &host_id);
    reply
}
