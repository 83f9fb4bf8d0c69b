//! Tower's layers around handlers, and tower services under a path.

use std::{
    convert::Infallible,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use fw::{
    App, Method,
    extract::Cookies,
    get, post, routes,
    service::{Body, from_fn},
    test::{Client, Gateway},
};
use tower::{Layer, Service, service_fn, timeout::TimeoutLayer};

const ALL: [Gateway; 4] = [
    Gateway::HttpApi,
    Gateway::HttpApiV1,
    Gateway::RestApi,
    Gateway::FunctionUrl,
];

#[get("/hello")]
async fn hello(seen: fw::extract::Headers) -> String {
    let header = seen.get("x-layer").and_then(|value| value.to_str().ok());
    format!("layer {}", header.unwrap_or("none"))
}

#[get("/slow")]
async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_secs(60)).await;
    "slow"
}

#[post("/length")]
async fn length(body: Bytes, method: Method) -> String {
    format!("{method} {}", body.len())
}

#[get("/cookies/<name>?<q>")]
async fn cookies(cookies: Cookies, name: &str, q: &str) -> String {
    let pairs = cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let cookies: Vec<String> = pairs.collect();
    format!("{name} {q} {}", cookies.join(","))
}

/// Sets a header of the request and one of the response, and can refuse.
#[derive(Clone)]
struct Mark(&'static str);

#[derive(Clone)]
struct Marked<S>(S, &'static str);

impl<S> Layer<S> for Mark {
    type Service = Marked<S>;

    fn layer(&self, inner: S) -> Marked<S> {
        Marked(inner, self.0)
    }
}

impl<S, B> Service<http::Request<B>> for Marked<S>
where
    S: Service<http::Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<B>) -> S::Future {
        let value = http::HeaderValue::from_static(self.1);
        request.headers_mut().insert("x-layer", value);
        self.0.call(request)
    }
}

#[test]
fn the_layer_that_is_added_last_is_the_outermost() {
    let app = App::stateless("layers")
        .routes(routes![hello])
        .layer(Mark("inner"))
        .layer(Mark("outer"));
    // The inner one comes second, so its value stands.
    assert_eq!(
        Client::new(app, ()).get("/hello").send().text(),
        "layer inner"
    );
    let app = App::stateless("layers").routes(routes![hello]);
    assert_eq!(
        Client::new(app, ()).get("/hello").send().text(),
        "layer none"
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_of_a_layer_answers_500() {
    let app = App::stateless("layers")
        .routes(routes![hello, slow])
        .layer(TimeoutLayer::new(Duration::from_secs(1)));
    let client = Client::new(app, ());
    assert_eq!(client.get("/slow").await.status(), 500);
    assert_eq!(client.get("/hello").await.status(), 200);
}

#[test]
fn bodies_pass_the_layers() {
    let app = App::stateless("layers")
        .routes(routes![length])
        .layer(Mark("x"));
    let client = Client::new(app, ());
    for gateway in [Gateway::HttpApi, Gateway::RestApi, Gateway::FunctionUrl] {
        let client = client.clone().through(gateway);
        let response = client.post("/length").body(vec![0xff; 1000]).send();
        assert_eq!(response.text(), "POST 1000");
        // The app's own answers pass them as well.
        if gateway == Gateway::FunctionUrl {
            assert_eq!(client.get("/nowhere").send().status(), 404);
        }
    }
}

#[test]
fn cookies_are_those_that_the_layers_leave() {
    let app = App::stateless("layers")
        .routes(routes![cookies])
        .layer(from_fn(|mut request, next| async move {
            let left = http::HeaderValue::from_static("b=2; c=3");
            request.headers_mut().insert("cookie", left);
            next.run(request).await
        }));
    let client = Client::new(app, ());
    for gateway in ALL {
        let client = client.clone().through(gateway);
        let request = client.get("/cookies/x?q=1").cookie("a", "1");
        assert_eq!(request.send().text(), "x 1 b=2,c=3", "{gateway:?}");
    }
}

#[test]
fn a_layer_that_rewrites_the_target_changes_nothing() {
    let app = App::stateless("layers")
        .routes(routes![hello, cookies])
        .layer(from_fn(|mut request, next| async move {
            *request.uri_mut() = http::Uri::from_static("/hello?q=2");
            next.run(request).await
        }));
    let client = Client::new(app, ());
    for gateway in ALL {
        let client = client.clone().through(gateway);
        let request = client.get("/cookies/x?q=1").cookie("a", "1");
        assert_eq!(request.send().text(), "x 1 a=1", "{gateway:?}");
    }
}

#[test]
fn a_tower_service_answers_under_its_path() {
    let service = service_fn(|request: http::Request<Body>| async move {
        let body = format!(
            "{} {} {}",
            request.method(),
            request.uri(),
            request
                .headers()
                .get("cookie")
                .map_or("", |cookie| cookie.to_str().unwrap())
        );
        Ok::<_, Infallible>(http::Response::new(Body::from(body)))
    });
    let app = App::stateless("legacy")
        .routes(routes![hello])
        .mount_service("/legacy", service);
    let keys: Vec<_> = app
        .manifest()
        .routes
        .iter()
        .map(fw_manifest::ManifestRoute::key)
        .collect();
    assert_eq!(keys, ["GET /hello", "ANY /legacy", "ANY /legacy/{proxy+}"]);

    let client = Client::new(app, ());
    for gateway in ALL {
        let client = client.clone().through(gateway);
        let response = client.patch("/legacy/a%20b/c").cookie("k", "v").send();
        assert_eq!(response.text(), "PATCH /a%20b/c k=v", "{gateway:?}");
        assert_eq!(client.get("/legacy").send().text(), "GET / ", "{gateway:?}");
        assert_eq!(
            client.get("/hello").send().text(),
            "layer none",
            "{gateway:?}"
        );
    }
    // Where the query arrives raw it stays raw.
    let response = client
        .through(Gateway::HttpApi)
        .get("/legacy/x?a=1%202&b")
        .send();
    assert_eq!(response.text(), "GET /x?a=1%202&b ");
}

#[test]
fn a_failing_service_answers_500_without_its_cause() {
    let service = service_fn(|_: http::Request<Body>| async {
        Err::<http::Response<Body>, _>(std::io::Error::other("the secret cause"))
    });
    let client = Client::new(App::stateless("legacy").mount_service("/", service), ());
    let response = client.get("/anything").send();
    assert_eq!(response.status(), 500);
    assert!(!response.text().contains("secret"));
}
