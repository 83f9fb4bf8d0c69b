//! Builds a test's request.

use std::{future::IntoFuture, net::IpAddr, pin::Pin};

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    Client, TestResponse, block_on,
    guard::{self, Caller},
};
use crate::auth::PRINCIPAL;
use fw_gateway::HttpRequest;

/// A request on its way: `.send()` it, or `.await` it.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder<'c> {
    client: &'c Client,
    request: HttpRequest,
    caller: Option<Caller>,
    api_key: bool,
}

impl<'c> RequestBuilder<'c> {
    pub(super) fn new(client: &'c Client, request: HttpRequest) -> Self {
        Self {
            client,
            request,
            caller: None,
            api_key: false,
        }
    }

    /// Adds a header; an existing name is repeated.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.request.push_header(name, value.as_ref());
        self
    }

    /// Adds a cookie, in its own `cookie` header.
    pub fn cookie(self, name: &str, value: &str) -> Self {
        self.header("cookie", format!("{name}={value}"))
    }

    /// Sets the body to a value as JSON, and the content type with it.
    ///
    /// # Panics
    ///
    /// If the value cannot be written as JSON.
    #[track_caller]
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => self.header("content-type", "application/json").body(body),
            Err(error) => panic!("the value cannot be written as JSON: {error}"),
        }
    }

    /// Sets the body to a form of these fields, and the content type with it.
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let encode = percent_encoding::NON_ALPHANUMERIC;
        let encoded = |text| percent_encoding::utf8_percent_encode(text, encode);
        let pairs = fields
            .iter()
            .map(|&(name, value)| format!("{}={}", encoded(name), encoded(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        self.header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    }

    /// Sets the body. As on AWS, one without a content type reaches the app all the same.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.request.body = body.into();
        self
    }

    /// Sets the client's address; the default is 127.0.0.1.
    pub fn source_ip(mut self, address: impl Into<IpAddr>) -> Self {
        self.request.source_ip = address.into();
        self
    }

    /// Sets the claims of the caller's token, as verified by the gateway. Routes with `jwt` answer
    /// 401 without it. A route with `scopes` needs one of them in `scope`, as
    /// `"scope": "items:read profile"`.
    ///
    /// The request then has an `authorization` header with the claims in an unsigned token. Members
    /// that are `null` are left out. Of this, [`auth_context`](Self::auth_context) and
    /// [`signed_by`](Self::signed_by) the last one is used.
    ///
    /// # Panics
    ///
    /// If the claims are not a JSON object.
    #[track_caller]
    pub fn claims<T: Serialize + ?Sized>(mut self, claims: &T) -> Self {
        let mut claims = object("claims", claims);
        claims.retain(|_, value| !value.is_null());
        self.caller = Some(Caller::Claims(claims));
        self
    }

    /// Makes an authorizer admit the caller with this context: it does not run, and its identity
    /// sources may be missing. Without this call, the app's own authorizer runs.
    ///
    /// The principal is the context's `principalId`, or `test`.
    ///
    /// # Panics
    ///
    /// If the context is not a JSON object.
    #[track_caller]
    pub fn auth_context<T: Serialize + ?Sized>(mut self, context: &T) -> Self {
        let mut context = object("the context", context);
        context.retain(|_, value| !value.is_null());
        context
            .entry(PRINCIPAL)
            .or_insert_with(|| Value::from("test"));
        self.caller = Some(Caller::Context(context));
        self
    }

    /// Says that the user or role session of that ARN has signed the request; for routes with `iam`, which answer 403 without this.
    pub fn signed_by(mut self, arn: &str) -> Self {
        self.caller = Some(Caller::Signer(arn.to_owned()));
        self
    }

    /// Says that the request has a valid API key; for routes with `api_key` behind a REST API, which answer 403 without this.
    pub fn api_key(mut self) -> Self {
        self.api_key = true;
        self
    }

    /// Sends the request and waits for the answer.
    ///
    /// # Panics
    ///
    /// In an async test, where `.await` does the same without blocking what the handler waits for.
    #[track_caller]
    #[must_use]
    pub fn send(self) -> TestResponse {
        block_on(self.into_future(), "write `.await` instead of `.send()`")
    }
}

impl<'c> IntoFuture for RequestBuilder<'c> {
    type Output = TestResponse;
    type IntoFuture = Pin<Box<dyn Future<Output = TestResponse> + Send + 'c>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self {
            client,
            mut request,
            caller,
            api_key,
        } = self;
        if api_key {
            guard::bring_api_key(&mut request);
        }
        Box::pin(async move { TestResponse::new(client.answer(request, caller).await) })
    }
}

/// The value as an object in JSON.
#[track_caller]
fn object<T: Serialize + ?Sized>(what: &str, value: &T) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(object)) => object,
        Ok(other) => panic!("{what} must be a JSON object, not: {other}"),
        Err(error) => panic!("{what} cannot be written as JSON: {error}"),
    }
}
