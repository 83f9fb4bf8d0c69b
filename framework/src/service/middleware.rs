//! Middleware: what `App::layer` collects, and the way of a request through it and back.
//!
//! Tower's services own their request and handlers borrow theirs, so a request is converted on the
//! way in and back again before the handler. All of it depends on [`Middleware`], which only
//! `App::layer` creates: an app without layers does not even link it.

use std::{borrow::Cow, sync::Arc};

use http_body_util::BodyExt;

use super::{Body, Inner, headers, to_body, unread, uri};
use crate::{
    dispatch::{Core, Found},
    error::Error,
    event::split_cookies,
    request::Request,
    response::{IntoResponse, Response},
    route::BoxFuture,
};

/// The layers of an app, and how to get through them.
pub(crate) struct Middleware<S> {
    layers: Vec<Box<dyn FnOnce(Inner) -> Inner>>,
    innermost: fn(Arc<Core<S>>) -> Inner,
    enter: fn(&Inner, Request<'_>, Found) -> BoxFuture<'static, Response>,
}

impl<S: Send + Sync + 'static> Middleware<S> {
    /// No layers yet.
    pub(crate) fn new() -> Self {
        Self {
            layers: Vec::new(),
            innermost,
            enter,
        }
    }

    /// Adds a layer around the existing ones.
    pub(crate) fn push(&mut self, layer: impl FnOnce(Inner) -> Inner + 'static) {
        self.layers.push(Box::new(layer));
    }

    /// The number of layers.
    pub(crate) fn len(&self) -> usize {
        self.layers.len()
    }

    /// Puts the layers around an app.
    pub(crate) fn around(self, core: &Arc<Core<S>>) -> Stack {
        let innermost = (self.innermost)(Arc::clone(core));
        Stack {
            outermost: self
                .layers
                .into_iter()
                .fold(innermost, |inner, layer| layer(inner)),
            enter: self.enter,
        }
    }
}

/// The layers around an app.
pub(crate) struct Stack {
    outermost: Inner,
    enter: fn(&Inner, Request<'_>, Found) -> BoxFuture<'static, Response>,
}

impl Stack {
    /// Sends a request through the layers.
    pub(crate) fn call(&self, request: Request<'_>, found: Found) -> BoxFuture<'static, Response> {
        (self.enter)(&self.outermost, request, found)
    }
}

/// The data that travels with a request through the layers: the rest of it, and the found endpoint.
#[derive(Clone)]
struct Beside(Arc<(Request<'static>, Found)>);

fn enter(outermost: &Inner, request: Request<'_>, found: Found) -> BoxFuture<'static, Response> {
    let mut request = request.into_owned();
    let mut http = http::Request::new(to_body(std::mem::take(&mut request.body)));
    *http.method_mut() = request.method.clone();
    *http.uri_mut() = uri(&request.encoded_path, &request.raw_query);
    *http.headers_mut() = headers(&request);
    *http.extensions_mut() = std::mem::take(&mut request.extensions);
    http.extensions_mut()
        .insert(Beside(Arc::new((request, found))));
    outermost.call(http)
}

fn innermost<S: Send + Sync + 'static>(core: Arc<Core<S>>) -> Inner {
    Inner::from_fn(move |http| {
        let core = Arc::clone(&core);
        Box::pin(async move {
            match leave(http).await {
                Ok((request, Ok(index))) => core.call(index, &request).await,
                Ok((_, Err(response))) | Err(response) => *response,
            }
        })
    })
}

/// The request after the layers, for a handler.
async fn leave(http: http::Request<Body>) -> Result<(Request<'static>, Found), Box<Response>> {
    let (mut parts, body) = http.into_parts();
    let Some(Beside(beside)) = parts.extensions.remove() else {
        let error = "a layer removed the request's extensions, which the framework needs";
        return Err(Box::new(Error::internal(error).into_response()));
    };
    let (mut request, found) = Arc::unwrap_or_clone(beside);
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return Err(Box::new(unread(error))),
    };
    request.method = parts.method;
    request.body = Vec::from(body).into();
    request.headers = parts
        .headers
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (Cow::Owned(name.as_str().to_owned()), Cow::Owned(value))
        })
        .collect();
    // The header has them all, see `headers`.
    request.cookies = split_cookies(&request.headers);
    request.header_map = parts.headers.into();
    request.extensions = parts.extensions;
    Ok((request, found))
}
