//! Middleware: what `App::layer` and `Routes::layer` collect, and the way of a request through it and back.
//!
//! Tower's services own their request and handlers borrow theirs, so a request is converted on the
//! way in and back again before the handler. All of it depends on [`Middleware`] and [`ListLayer`], which only
//! these create: an app without layers does not even link it.

use std::{
    borrow::Cow,
    sync::{Arc, Weak},
};

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

/// A layer, given the state's place.
type Wrap<S> = Box<dyn FnOnce(Inner, &Weak<Core<S>>) -> Inner>;

/// The layers of an app, and how to get through them.
pub(crate) struct Middleware<S> {
    layers: Vec<Wrap<S>>,
    innermost: fn(&Weak<Core<S>>) -> Inner,
    enter: Enter,
}

/// Sends a request through layers.
type Enter = fn(&Inner, Request<'_>, Found) -> BoxFuture<'static, Response>;

impl<S: Send + Sync + 'static> Middleware<S> {
    /// No layers yet.
    pub(crate) fn new() -> Self {
        Self {
            layers: Vec::new(),
            innermost: |core| inwards(core, |_| 0),
            enter,
        }
    }

    /// Adds a layer around the existing ones.
    pub(crate) fn push(&mut self, layer: impl FnOnce(Inner, &Weak<Core<S>>) -> Inner + 'static) {
        self.layers.push(Box::new(layer));
    }

    /// The number of layers.
    pub(crate) fn len(&self) -> usize {
        self.layers.len()
    }

    /// Puts the layers around an app.
    pub(crate) fn around(self, core: &Arc<Core<S>>) -> Stack {
        let core = &Arc::downgrade(core);
        let innermost = (self.innermost)(core);
        Stack {
            outermost: self
                .layers
                .into_iter()
                .fold(innermost, |inner, layer| layer(inner, core)),
            enter: self.enter,
        }
    }
}

/// A layer around the routes of a list.
pub(crate) struct ListLayer<S> {
    wrap: Wrap<S>,
    innermost: fn(&Weak<Core<S>>, usize) -> Inner,
    enter: Enter,
}

impl<S: Send + Sync + 'static> ListLayer<S> {
    pub(crate) fn new(wrap: impl FnOnce(Inner, &Weak<Core<S>>) -> Inner + 'static) -> Self {
        Self {
            wrap: Box::new(wrap),
            innermost: |core, number| {
                inwards(core, move |layers| {
                    let at = layers.iter().position(|layer| *layer == number);
                    at.map_or(layers.len(), |at| at + 1)
                })
            },
            enter,
        }
    }

    /// The layer with that number among those of the app. It exists once, so that all of its routes share what it holds.
    pub(crate) fn around(self, core: &Weak<Core<S>>, number: usize) -> Stack {
        let inner = (self.innermost)(core, number);
        Stack {
            outermost: (self.wrap)(inner, core),
            enter: self.enter,
        }
    }
}

/// The layers around an app, or one around the routes of a list.
pub(crate) struct Stack {
    outermost: Inner,
    enter: Enter,
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

/// Continues with a request: in the layer of its route that `next` names by its position, or in the handler.
fn inwards<S: Send + Sync + 'static>(
    core: &Weak<Core<S>>,
    next: impl Fn(&[usize]) -> usize + Send + Sync + 'static,
) -> Inner {
    let core = Weak::clone(core);
    Inner::from_fn(move |http| {
        let Some(core) = core.upgrade() else {
            return Box::pin(async { Error::internal("the app is gone").into_response() });
        };
        let layer = match http.extensions().get() {
            Some(Beside(beside)) => match beside.1 {
                Ok(index) => core.layer(index, &next),
                Err(_) => None,
            },
            None => None,
        };
        if let Some(layer) = layer {
            return layer.outermost.call(http);
        }
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
