//! Whatever a client or a handler gives: an answer, never a panic, and no line break in any header.

use std::collections::BTreeMap;

use fw::{
    Error, FromRequest, IntoResponse, Json, Method, Request, Response,
    error::Problems,
    extract::{Authorization, Bearer, Cookies, Form, Header, Headers, Query, UserAgent},
    response::{Content, NoContent, Redirect, SetCookie},
};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only whether it can be read matters")]
struct Tree {
    #[serde(default)]
    a: Option<u8>,
    #[serde(default)]
    b: Vec<Tree>,
    #[serde(default)]
    c: BTreeMap<String, Tree>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only whether it can be read matters")]
struct Search {
    a: u8,
    b: Option<bool>,
    #[serde(default)]
    c: Vec<char>,
}

/// The answers where extractors fail that read what a client chooses: each alone, and all in one.
fn extract(request: &Request<'_>) -> Vec<Response> {
    fn keep<T: FromRequest>(request: &Request<'_>, all: &mut Problems, each: &mut Vec<Response>) {
        all.keep(T::from_request(request));
        if let Err(rejection) = T::from_request(request) {
            each.push(rejection.into().into_response());
        }
    }
    let (all, each) = (&mut Problems::new(), &mut Vec::new());
    keep::<Query<Vec<(String, u8)>>>(request, all, each);
    keep::<Query<Search>>(request, all, each);
    keep::<String>(request, all, each);
    keep::<Headers>(request, all, each);
    keep::<Cookies>(request, all, each);
    keep::<Header<Authorization>>(request, all, each);
    keep::<Header<UserAgent>>(request, all, each);
    keep::<Option<Json<Tree>>>(request, all, each);
    keep::<Json<Tree>>(request, all, each);
    keep::<Json<serde_json::Value>>(request, all, each);
    keep::<Form<BTreeMap<String, Vec<u8>>>>(request, all, each);
    keep::<Form<Search>>(request, all, each);
    keep::<Bearer>(request, all, each);
    if !each.is_empty() {
        each.push(std::mem::take(all).into_response());
    }
    std::mem::take(each)
}

/// A client error with a problem document of bounded size.
fn is_well_formed(response: &Response) -> bool {
    let document: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    response.status().is_client_error()
        && document["status"] == response.status().as_u16()
        && response.body().len() < 20_000
}

fn content_type() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("application/json".to_owned()),
        Just("application/x-www-form-urlencoded".to_owned()),
        any::<String>(),
    ]
}

/// Bytes, some of them nearly what they should be.
fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<Vec<u8>>(),
        r#"[\[\]{}:,"abc0-9.eE \\u-]{0,60}"#.prop_map(String::into_bytes),
        r#"\{"(a|b|c)":[\[\]{}:,"abc0-9]{0,20}\}"#.prop_map(String::into_bytes),
        r"([abc%0-9A-F+]{0,4}=?&?){0,10}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn any_request_has_an_answer(
        query in r"([abc%0-9A-F+]{0,4}=?&?){0,10}|\PC{0,40}",
        content_type in content_type(),
        body in body(),
        headers in proptest::collection::vec(("(authorization|user-agent|cookie|[a-z-]{0,9})", any::<String>()), 0..5),
        cookies in proptest::collection::vec(r"[ab=; \x22]{0,12}|\PC{0,20}", 0..5),
    ) {
        let target = format!("/?{query}");
        let mut request = Request::new(Method::POST, &target)
            .with_header("content-type", &content_type)
            .with_body(&body);
        for (name, value) in &headers {
            request = request.with_header(name, value);
        }
        for cookie in &cookies {
            request = request.with_cookie(cookie);
        }
        for response in extract(&request) {
            prop_assert!(is_well_formed(&response), "{response:?}");
        }
    }

    #[test]
    fn any_header_is_sent_as_it_is_or_not_at_all(
        name in r"[!-~]{1,12}|\PC{0,8}",
        value in r"[ -~]{0,20}|.{0,20}|(a|\r|\n|\x00|\t|ü){0,6}",
    ) {
        let responses = [
            NoContent.with_header(name.as_str(), value.as_str()),
            NoContent.with_added_header(name.clone(), value.clone()),
            Error::gone("x").with_header(name.as_str(), value.as_bytes()).into_response(),
            NoContent.with_cookie(SetCookie::new(name.clone(), value.clone())),
            NoContent.with_cookie(SetCookie::new("a", "b").path(value.clone()).domain(name.clone())),
            Redirect::to(value.clone()).into_response(),
            Content::new(value.clone(), "").into_response(),
        ];
        for response in responses {
            for sent in response.headers().values() {
                let sent = sent.to_str().unwrap();
                prop_assert!(!sent.contains(['\r', '\n', '\0']));
            }
            if response.status() == 500 {
                prop_assert!(response.headers().len() == 1);
            }
        }
    }
}
