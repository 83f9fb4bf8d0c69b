//! Tower: middleware around handlers, and tower services under a path.

#[cfg(feature = "compression")]
mod compressed;
mod conditional;
mod from_fn;
pub(crate) mod middleware;
mod mount;
pub(crate) mod shared;

use std::{
    borrow::Cow,
    convert::Infallible,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

pub use aws_lambda_events::encodings::Body;
use http::{HeaderMap, HeaderValue, Uri, header::COOKIE};
use http_body::Body as HttpBody;
use http_body_util::{BodyExt, Collected, LengthLimitError};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use tower::{Service, ServiceExt};

#[cfg(feature = "compression")]
pub use self::compressed::compressed;
pub use self::{
    conditional::conditional,
    from_fn::{FromFn, FromFnService, Next, from_fn},
    mount::{IntoMount, Mount},
    shared::{SharedState, Unmatched},
};
use crate::{
    dispatch::Mounted,
    error::Error,
    request::Request,
    response::{IntoResponse, Response},
    route::BoxFuture,
};
pub use crate::{error::BoxError, response::stream::ResponseBody};

/// The inner service of a layer: the next layer, or the handlers.
///
/// It takes a request with any body, so that a layer may change the body's type, and never fails.
#[derive(Clone)]
pub struct Inner {
    call: Arc<dyn Fn(http::Request<Body>) -> BoxFuture<'static, Response> + Send + Sync>,
}

impl Inner {
    pub(crate) fn from_fn(
        call: impl Fn(http::Request<Body>) -> BoxFuture<'static, Response> + Send + Sync + 'static,
    ) -> Self {
        Self {
            call: Arc::new(call),
        }
    }

    /// Erases a service's type: waits until it is ready, calls it, collects a body of known length, and answers its errors with 500.
    pub(crate) fn new<T, B>(service: T) -> Self
    where
        T: Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + 'static,
        T::Future: Send,
        T::Error: Into<BoxError>,
        B: HttpBody + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError>,
    {
        // A service need not be `Sync`; the lock is held only for the clone.
        let service = Mutex::new(service);
        Self::from_fn(move |request| {
            let service = service
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            Box::pin(async move {
                let response = match service.oneshot(request).await {
                    Ok(response) => response,
                    Err(error) => return Error::internal(error).into_response(),
                };
                match ResponseBody::settle(response).await {
                    Ok(response) => response,
                    Err(error) => Error::internal(error).into_response(),
                }
            })
        })
    }

    pub(crate) fn call(&self, request: http::Request<Body>) -> BoxFuture<'static, Response> {
        (self.call)(request)
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").finish_non_exhaustive()
    }
}

impl<B> Service<http::Request<B>> for Inner
where
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = http::Response<ResponseBody>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let inner = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map(Collected::to_bytes);
            let response = match body.map_err(Into::into) {
                Ok(body) => {
                    let body = Body::from(Vec::from(body));
                    Self::call(&inner, http::Request::from_parts(parts, body)).await
                }
                Err(error) => unread(error),
            };
            Ok(ResponseBody::of(response))
        })
    }
}

/// The answer where a layer that reads the body could not.
fn unread(error: BoxError) -> Response {
    if error.is::<LengthLimitError>() {
        Error::payload_too_large("the body is too large").into_response()
    } else {
        Error::bad_request("the body cannot be read")
            .with_cause(error)
            .into_response()
    }
}

/// A tower service under a prefix, as what answers a request.
pub(crate) fn mounted(prefix: String, inner: Inner) -> Mounted {
    Arc::new(move |request| inner.call(under(&prefix, request)))
}

/// A request in the form for a tower service under this prefix.
pub(crate) fn under(prefix: &str, request: &Request<'_>) -> http::Request<Body> {
    let mut http = http::Request::new(to_body(Cow::Borrowed(request.body())));
    *http.method_mut() = request.method.clone();
    let path = &*request.encoded_path;
    *http.uri_mut() = uri(
        path.strip_prefix(prefix).unwrap_or(path),
        &request.raw_query,
    );
    *http.headers_mut() = headers(request);
    *http.extensions_mut() = request.extensions.clone();
    http
}

fn to_body(body: Cow<'_, [u8]>) -> Body {
    if body.is_empty() {
        Body::Empty
    } else {
        Body::Binary(body.into_owned())
    }
}

/// The headers, with the cookies that an HTTP API has moved out of them.
fn headers(request: &Request<'_>) -> HeaderMap {
    let mut headers = request.headers().clone();
    if !headers.contains_key(COOKIE) {
        let cookies: Vec<&str> = request.cookies().collect();
        if let (false, Ok(value)) = (
            cookies.is_empty(),
            HeaderValue::from_str(&cookies.join("; ")),
        ) {
            headers.insert(COOKIE, value);
        }
    }
    headers
}

/// Characters that are not allowed in a path or a query (RFC 3986 §3.3, §3.4). A `%` stays: these
/// texts are already encoded.
const UNFIT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

fn uri(path: &str, query: &str) -> Uri {
    let mut target = String::with_capacity(path.len() + query.len() + 2);
    if !path.starts_with('/') {
        target.push('/');
    }
    target.extend(utf8_percent_encode(path, UNFIT));
    if !query.is_empty() {
        target.push('?');
        target.extend(utf8_percent_encode(query, UNFIT));
    }
    // Only a target of more than 64 KiB is refused, and no gateway accepts one.
    Uri::try_from(target).unwrap_or_default()
}
