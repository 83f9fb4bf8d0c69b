//! Bodies that are sent while they are created.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use fw::{
    App, IntoResponse, Response, get,
    response::{Sse, SseEvent, Stream},
    routes,
    service::from_fn,
    test::{Client, Gateway},
};
use serde_json::{Value, json};
use tower::{service_fn, timeout::TimeoutLayer};

use crate::runtime_api::Lambda;

/// A stream of `futures`, as other crates make them.
struct Numbers(std::ops::Range<u32>);

impl futures_core::Stream for Numbers {
    type Item = Result<String, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(|number| match number {
            13 => Err(std::io::Error::other("thirteen")),
            number => Ok(format!("{number} ")),
        }))
    }
}

/// The body of a tower service that does not know its length.
struct Endless(Numbers);

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>> {
        let numbers = Pin::new(&mut self.0);
        futures_core::Stream::poll_next(numbers, context)
            .map(|piece| piece.map(|piece| piece.map(|text| http_body::Frame::data(text.into()))))
    }
}

#[get("/numbers?<from>&<to>")]
async fn numbers(from: u32, to: u32) -> Response {
    Stream::new(Numbers(from..to))
        .with_type("text/plain")
        .with_header("x-own", "1")
}

#[get("/written")]
async fn written() -> Stream {
    Stream::writer(async |mut body| {
        body.send("first,").await;
        tokio::time::sleep(Duration::from_millis(1)).await;
        body.send("second").await;
        Ok(())
    })
}

/// Waits before its second event for as long as a test may take.
#[get("/waits")]
async fn waits() -> Sse {
    Sse::writer(async |mut events| {
        events.send(SseEvent::json(&1)?.name("tick")).await;
        tokio::time::sleep(Duration::from_secs(600)).await;
        Ok(())
    })
}

#[get("/large")]
async fn large() -> Stream {
    Stream::writer(async |mut body| {
        for _ in 0..70 {
            body.send(vec![b'x'; 100_000]).await;
        }
        Ok(())
    })
}

#[get("/panics")]
async fn panics() -> Stream {
    Stream::writer(async |mut body| {
        body.send("begun").await;
        panic!("amid the body")
    })
}

#[get("/forged")]
async fn forged() -> Stream {
    Stream::new(Numbers(0..1)).with_type("text/plain\r\nset-cookie: a=1")
}

pub(crate) fn app() -> App {
    let service = service_fn(async |_| {
        let body = Endless(Numbers(1..4));
        Ok::<_, Infallible>(http::Response::new(body))
    });
    App::stateless("streams")
        .routes(routes![
            numbers,
            written,
            waits,
            large,
            panics,
            forged,
            crate::runtime_loop::after_it
        ])
        .mount_service("/service", service)
}

const ALL: [Gateway; 4] = [
    Gateway::HttpApi,
    Gateway::HttpApiV1,
    Gateway::RestApi,
    Gateway::FunctionUrl,
];

#[test]
fn a_gateway_that_does_not_stream_gets_the_body_whole() {
    let client = Client::new(app(), ());
    for client in ALL.map(|gateway| client.clone().through(gateway)) {
        let response = client.get("/numbers?from=1&to=4").send();
        assert_eq!(response.status(), 200);
        assert_eq!(response.text(), "1 2 3 ");
        assert_eq!(response.headers()["content-type"], "text/plain");
        assert_eq!(response.headers()["x-own"], "1");
        assert_eq!(client.get("/written").send().bytes(), b"first,second");
        assert_eq!(client.get("/service/all").send().text(), "1 2 3 ");
        // Nothing of a body that fails, or does not fit, is sent.
        for path in ["/numbers?from=11&to=15", "/large", "/panics", "/forged"] {
            let response = client.get(path).send();
            assert_eq!(response.status(), 500, "{path}");
            let document: Value = response.json();
            assert_eq!(document["status"], 500, "{path}");
            assert!(response.headers().get("x-own").is_none(), "{path}");
        }
    }
}

#[test]
fn layers_see_a_stream_as_a_body() {
    let app = app()
        .layer(TimeoutLayer::new(Duration::from_secs(5)))
        .layer(from_fn(|request, next| async move {
            next.run(request)
                .await
                .into_response()
                .with_header("x-layer", "1")
        }));
    let client = Client::new(app, ());
    for (path, body) in [
        ("/numbers?from=1&to=4", "1 2 3 "),
        ("/service/all", "1 2 3 "),
    ] {
        let response = client.get(path).send();
        assert_eq!(response.text(), body);
        assert_eq!(response.headers()["x-layer"], "1");
    }
    assert_eq!(client.get("/panics").send().status(), 500);
}

fn event(path: &str, query: &str) -> String {
    let mut event: Value = serde_json::from_str(include_str!("../events/hello.json")).unwrap();
    event["routeKey"] = json!("$default");
    event["rawPath"] = json!(path);
    event["rawQueryString"] = json!(query);
    event["requestContext"]["http"]["path"] = json!(path);
    event["requestContext"]["http"]["method"] = json!("GET");
    event.to_string()
}

const STREAMS: [(&str, &str); 1] = [("FW_INVOKE_MODE", "response-stream")];

#[test]
fn a_gateway_that_streams_gets_each_piece_and_why_a_body_was_cut() {
    let mut lambda = Lambda::start("streams", &STREAMS);
    let mut ask = |path: &str, query: &str| {
        let posted = lambda.invoke("1-2", &event(path, query));
        let (prelude, body) = posted.body.split_once("\0\0\0\0\0\0\0\0").unwrap();
        let prelude: Value = serde_json::from_str(prelude).unwrap();
        assert_eq!(prelude["statusCode"], 200);
        (posted.trailers, body.to_owned())
    };
    assert_eq!(
        ask("/numbers", "from=1&to=4"),
        (String::new(), "1 2 3 ".to_owned())
    );
    assert_eq!(ask("/service/all", "").1, "1 2 3 ");
    assert_eq!(ask("/large", "").1.len(), 7_000_000);
    for (path, query, sent, message) in [
        ("/numbers", "from=11&to=15", "11 12 ", "thirteen"),
        ("/panics", "", "begun", "panicked: amid the body"),
    ] {
        let (trailers, body) = ask(path, query);
        assert_eq!(body, sent);
        let document =
            format!("{{\"errorType\":\"fw.StreamFailed\",\"errorMessage\":\"{message}\"}}");
        let document = base64(&document);
        assert_eq!(
            trailers,
            format!(
                "Lambda-Runtime-Function-Error-Type: fw.StreamFailed\r\nLambda-Runtime-Function-Error-Body: {document}\r\n"
            )
        );
    }
    // The process answers on.
    assert_eq!(ask("/numbers", "from=1&to=2").1, "1 ");
    let stderr = String::from_utf8(lambda.finish().stderr).unwrap();
    assert!(
        stderr.contains("the streamed answer is cut: thirteen"),
        "{stderr}"
    );
}

fn base64(document: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.encode(document)
}

#[test]
fn the_first_piece_is_sent_before_the_second_exists() {
    let mut lambda = Lambda::start("streams", &STREAMS);
    let next = lambda.call();
    assert!(next.line.contains("/next "), "{next:?}");
    let needed =
        "Lambda-Runtime-Aws-Request-Id: 1-2\r\nLambda-Runtime-Deadline-Ms: 1893456000000\r\n";
    lambda.reply(200, needed, &event("/waits", ""));
    let begun = lambda.read_until("event: tick\ndata: 1\n\n");
    assert!(begun.contains("text/event-stream"), "{begun}");
    // The caller may have left: the answer cannot be sent to its end.
    lambda.hang_up();
    lambda.end();
}

#[test]
fn an_event_is_written_line_by_line() {
    for (event, written) in [
        (SseEvent::new(""), "data: \n\n"),
        (
            SseEvent::new("a\r\nb\rc\n"),
            "data: a\ndata: b\ndata: c\ndata: \n\n",
        ),
        (
            SseEvent::new("x").name("one\ndata: forged").id("7\r8"),
            "event: one\nid: 7\ndata: x\n\n",
        ),
        (SseEvent::comment("still\nhere"), ": still\n: here\n\n"),
        (SseEvent::default().retry_ms(5), "retry: 5\n\n"),
    ] {
        assert_eq!(event.to_string(), written);
    }
}

#[get("/maybe?<no>")]
async fn maybe(no: bool) -> fw::Result<Stream> {
    if no {
        return Err(fw::Error::not_found("no"));
    }
    Ok(written().await)
}

#[get("/said", stream)]
async fn said() -> Response {
    numbers(0, 2).await
}

#[get("/whole")]
async fn whole() -> &'static str {
    "whole"
}

/// What only some routes of a REST API do is known from their types, or said.
#[test]
fn the_manifest_says_which_routes_stream() {
    let service = || {
        service_fn(async |_: http::Request<fw::service::Body>| {
            Ok::<_, Infallible>(http::Response::new(String::new()))
        })
    };
    let app = App::stateless("streams")
        .routes(routes![waits, written, maybe, said, whole, numbers])
        .mount_service("/plain", service())
        .mount_service("/mounted", fw::service::Mount::new(service()).stream());
    let routes = app.manifest().routes;
    let streams = routes.iter().filter(|route| route.stream);
    let paths: Vec<&str> = streams.map(|route| route.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/maybe",
            "/mounted",
            "/mounted/{proxy+}",
            "/said",
            "/waits",
            "/written"
        ]
    );
}
