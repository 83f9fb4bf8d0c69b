//! Answers without a body: to HEAD, and of statuses that have none.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use fw::{
    App, Error, IntoResponse, Json, Response, Result, StatusCode, get, head,
    response::Stream,
    route, routes,
    service::from_fn,
    test::{Client, Gateway},
};
use serde_json::{Value, json};

const ALL: [Gateway; 4] = [
    Gateway::HttpApi,
    Gateway::HttpApiV1,
    Gateway::RestApi,
    Gateway::FunctionUrl,
];

/// More than Lambda delivers.
#[route("/big", methods = [GET, HEAD])]
async fn big() -> Bytes {
    Bytes::from(vec![b'x'; 7_000_000])
}

#[route("/text", methods = [GET, HEAD])]
async fn text() -> Response {
    "hello".with_header("x-own", "1")
}

static PIECES: AtomicUsize = AtomicUsize::new(0);

#[route("/streamed", methods = [GET, HEAD])]
async fn streamed() -> Stream {
    Stream::writer(async |mut body| {
        PIECES.fetch_add(1, Ordering::SeqCst);
        body.send("piece").await;
        Ok(())
    })
}

#[head("/refused")]
async fn refused() -> Result<()> {
    Err(Error::conflict("no"))
}

#[get("/unchanged/<status>")]
async fn unchanged(status: u16) -> Result<Response> {
    let status = StatusCode::from_u16(status)?;
    Ok((status, "a body that no client may get").into_response())
}

#[get("/both")]
async fn both() -> Json<u32> {
    Json(1)
}

#[head("/both")]
async fn own_head() -> Response {
    StatusCode::NO_CONTENT.with_header("x-head", "own")
}

fn client() -> Client {
    let app = App::stateless("heads").routes(routes![big, text, streamed, refused, unchanged]);
    Client::new(app, ())
}

fn payload(client: &Client, method: &str, path: &str) -> Value {
    let event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "requestContext": {
            "http": { "method": method, "path": path, "sourceIp": "127.0.0.1" },
            "stage": "$default",
        },
    });
    client.invoke(&event.to_string()).unwrap()
}

#[test]
fn a_body_for_head_is_not_built() {
    for gateway in ALL {
        let client = client().through(gateway);
        let response = client.head("/big").send();
        assert_eq!(response.status(), 200, "{gateway:?}");
        assert_eq!(response.bytes().len(), 0, "{gateway:?}");
        assert_eq!(
            response.headers()["content-type"],
            "application/octet-stream"
        );
        assert_eq!(client.get("/big").send().status(), 500, "{gateway:?}");
        let response = client.head("/text").send();
        assert_eq!(response.headers()["x-own"], "1", "{gateway:?}");
    }
    let client = client();
    assert_eq!(payload(&client, "HEAD", "/big")["body"], "");
    assert_eq!(payload(&client, "GET", "/text")["body"], "hello");
    // Apart from the body, the gateway gets the same response.
    let without = |mut payload: Value| {
        payload["body"] = Value::Null;
        payload
    };
    let [head, get] = ["HEAD", "GET"].map(|method| without(payload(&client, method, "/text")));
    assert_eq!(head, get);
}

#[test]
fn a_stream_for_head_is_not_started() {
    let client = client();
    let response = client.head("/streamed").send();
    assert_eq!(
        (response.status().as_u16(), response.text().len()),
        (200, 0)
    );
    assert_eq!(PIECES.load(Ordering::SeqCst), 0);
    assert_eq!(client.get("/streamed").send().text(), "piece");
    assert_eq!(PIECES.load(Ordering::SeqCst), 1);
}

#[test]
fn an_error_for_head_has_its_status_and_type_alone() {
    let response = client().head("/refused").send();
    assert_eq!(
        (response.status().as_u16(), response.text().len()),
        (409, 0)
    );
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
}

#[test]
fn statuses_without_a_body_get_none() {
    let client = client();
    for (status, body) in [
        (204, ""),
        (205, ""),
        (304, ""),
        (203, "a body that no client may get"),
    ] {
        let payload = payload(&client, "GET", &format!("/unchanged/{status}"));
        assert_eq!(payload["statusCode"], status);
        assert_eq!(payload["body"], body, "{status}");
    }
}

#[test]
fn head_is_answered_as_get_where_asked() {
    let app = || {
        let list = routes![text, both, own_head, unchanged].with_head();
        App::stateless("heads").routes(list)
    };
    let keys: Vec<String> = app()
        .manifest()
        .routes
        .iter()
        .map(fw_manifest::ManifestRoute::key)
        .collect();
    assert_eq!(
        keys,
        [
            "GET /both",
            "HEAD /both",
            "GET /text",
            "HEAD /text",
            "GET /unchanged/{status}",
            "HEAD /unchanged/{status}",
        ]
    );
}

#[test]
fn a_handler_with_its_own_head_keeps_it() {
    let app = App::stateless("heads").routes(routes![text].with_head());
    let app = app.layer(from_fn(async |request, next| next.run(request).await));
    let client = Client::new(app, ());
    for gateway in ALL {
        let response = client.clone().through(gateway).head("/text").send();
        assert_eq!(response.status(), 200, "{gateway:?}");
        assert_eq!(response.headers()["x-own"], "1", "{gateway:?}");
    }
}
