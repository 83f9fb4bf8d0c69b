//! Lists of routes: mounted in each other, with layers around them, and the fallback for what no list has.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use fw::{
    App, Error, IntoResponse, Response, Result, Routes, StatusCode,
    extract::Extension,
    get, post, routes,
    service::{Body, FromFn, Next, SharedState, Unmatched, from_fn},
    test::{Client, Gateway},
};
use tower::{Layer, Service, limit::ConcurrencyLimitLayer, service_fn};

const ALL: [Gateway; 4] = [
    Gateway::HttpApi,
    Gateway::HttpApiV1,
    Gateway::RestApi,
    Gateway::FunctionUrl,
];

#[derive(Default)]
struct Visits(AtomicUsize);

#[derive(Clone)]
struct User(String);

#[get("/account")]
async fn account(Extension(User(name)): Extension<User>) -> String {
    format!("account of {name}")
}

#[get("/")]
async fn start(visits: &Visits) -> String {
    visits.0.load(Ordering::SeqCst).to_string()
}

#[get("/fails")]
async fn fails() -> Result<()> {
    Err(Error::gone("it was here"))
}

#[post("/upload")]
async fn upload(body: String) -> String {
    format!("{} bytes", body.len())
}

/// A named middleware with the state.
async fn session(
    visits: SharedState<Visits>,
    mut request: http::Request<Body>,
    next: Next,
) -> Response {
    visits.0.fetch_add(1, Ordering::SeqCst);
    let Some(user) = request.headers().get("x-user").cloned() else {
        return Error::unauthorized("log in first").into_response();
    };
    let user = User(user.to_str().unwrap_or_default().to_owned());
    request.extensions_mut().insert(user);
    next.run(request).await
}

/// Adds its name to the answer, after those that are further inside.
fn named(name: &'static str) -> FromFn<impl Fn(http::Request<Body>, Next) -> Answer + Clone> {
    from_fn(move |request, next: Next| -> Answer {
        Box::pin(async move { next.run(request).await.with_added_header("x-layers", name) })
    })
}

type Answer = std::pin::Pin<Box<dyn Future<Output = Response> + Send>>;

fn layers(response: &fw::test::TestResponse) -> String {
    let values = response.headers().get_all("x-layers").iter();
    let values: Vec<&str> = values.flat_map(|value| value.to_str()).collect();
    values.join(",").replace(' ', "")
}

#[test]
fn a_layer_of_a_list_is_around_its_routes_alone() {
    let app = App::new("shop", async || Ok::<_, Error>(Visits::default()))
        .routes(routes![start])
        .routes(routes![account].layer_with_state(session))
        .mount(
            "/files",
            routes![upload].layer(from_fn(async |request, next| match request.body().len() {
                ..=10 => next.run(request).await,
                _ => Error::payload_too_large("10 bytes at the most").into_response(),
            })),
        );
    let client = Client::new(app, Visits::default());
    for (round, gateway) in ALL.into_iter().enumerate() {
        let client = client.clone().through(gateway);
        assert_eq!(client.get("/account").send().status(), 401, "{gateway:?}");
        let response = client.get("/account").header("x-user", "ada").send();
        assert_eq!(response.text(), "account of ada", "{gateway:?}");
        assert_eq!(client.get("/").send().text(), (2 * (round + 1)).to_string());
        let upload = |length| client.post("/files/upload").body("x".repeat(length)).send();
        assert_eq!(upload(10).text(), "10 bytes", "{gateway:?}");
        assert_eq!(upload(11).status(), 413, "{gateway:?}");
    }
}

#[get("/a")]
async fn a() -> &'static str {
    "a"
}

#[get("/b")]
async fn b() -> &'static str {
    "b"
}

#[get("/c")]
async fn c() -> &'static str {
    "c"
}

#[test]
fn modules_nest_with_their_layers() {
    let innermost: Routes = routes![c].layer(named("3"));
    let middle = routes![b].mount("/in", innermost).layer(named("2"));
    let list = routes![a]
        .mount("/m", middle)
        .layer(named("1"))
        .mount("/late", routes![a]);
    let app = App::stateless("nested")
        .mount("/v1", list)
        .layer(named("app"));
    assert_eq!(app.check(), Ok(()));
    let client = Client::new(app, ());
    for gateway in ALL {
        let client = client.clone().through(gateway);
        for (path, text, around) in [
            ("/v1/a", "a", "1,app"),
            ("/v1/m/b", "b", "2,1,app"),
            ("/v1/m/in/c", "c", "3,2,1,app"),
            // What is added after the layer is outside of it.
            ("/v1/late/a", "a", "app"),
        ] {
            let response = client.get(path).send();
            assert_eq!(response.text(), text, "{gateway:?} {path}");
            assert_eq!(layers(&response), around, "{gateway:?} {path}");
        }
    }
}

#[test]
fn the_lists_of_an_app_have_their_own_layers() {
    let app = App::stateless("lists")
        .routes(routes![a].layer(named("of a")))
        .routes(routes![b])
        .mount("/m", routes![c].layer(named("of c")));
    let client = Client::new(app, ());
    for (path, around) in [("/a", "ofa"), ("/b", ""), ("/m/c", "ofc")] {
        assert_eq!(layers(&client.get(path).send()), around, "{path}");
    }
}

/// Counts how often it is put around something.
#[derive(Clone)]
struct Counted(Arc<AtomicUsize>);

impl<S> Layer<S> for Counted {
    type Service = S;

    fn layer(&self, inner: S) -> S {
        self.0.fetch_add(1, Ordering::SeqCst);
        inner
    }
}

#[test]
fn a_layer_of_a_list_exists_once() {
    let count = Arc::new(AtomicUsize::new(0));
    let list = routes![a, b].mount("/m", routes![c].layer(named("inner")));
    let app = App::stateless("once").routes(list.layer(Counted(Arc::clone(&count))));
    let client = Client::new(app, ());
    for path in ["/a", "/b", "/m/c", "/a"] {
        assert_eq!(client.get(path).send().status(), 200, "{path}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn errors_are_mapped_inside_and_a_failing_layer_is_500() {
    let failing = tower::layer::layer_fn(|_| {
        service_fn(async |_: http::Request<Body>| {
            Err::<http::Response<Body>, _>(std::io::Error::other("the secret cause"))
        })
    });
    let seen = from_fn(async |request, next| {
        let response = next.run(request).await;
        let status = response.status().as_u16();
        response.with_header("x-seen", status)
    });
    let app = App::stateless("errors")
        .routes(routes![fails].layer(seen))
        .routes(routes![a].layer(failing))
        .routes(routes![b].layer(from_fn(async |_, _| -> StatusCode { panic!("in a layer") })));
    let client = Client::new(app, ());
    let response = client.get("/fails").send();
    assert_eq!(response.status(), 410);
    assert_eq!(response.headers()["x-seen"], "410");
    let response = client.get("/a").send();
    assert_eq!(response.status(), 500);
    assert!(!response.text().contains("secret"));
    assert_eq!(client.get("/b").send().status(), 500);
}

#[tokio::test]
async fn a_service_that_is_not_sync_may_be_a_layer_of_a_list() {
    let app = App::stateless("limited").routes(routes![a].layer(ConcurrencyLimitLayer::new(1)));
    assert_eq!(Client::new(app, ()).get("/a").await.text(), "a");
}

#[test]
fn a_bad_prefix_in_a_list_is_refused() {
    for prefix in ["", "/", "m", "/m/", "/<id>", "/{id}"] {
        let app = App::stateless("bad").routes(routes![a].mount(prefix, routes![b]));
        let error = app.check().unwrap_err().to_string();
        assert!(error.contains("not a valid prefix"), "{prefix}: {error}");
    }
    let twice = routes![a].mount("/m", routes![b]).mount("/m", routes![b]);
    let error = App::stateless("bad").routes(twice).check().unwrap_err();
    assert!(
        error.to_string().contains("two handlers answer `GET /m/b`"),
        "{error}"
    );
}

#[test]
fn the_fallback_answers_what_no_route_has() {
    let app = || {
        App::new("site", async || Ok::<_, Error>(Visits::default()))
            .routes(routes![start, upload])
            .fallback(async |request: Unmatched<Visits>| {
                let visits = request.state().0.fetch_add(1, Ordering::SeqCst);
                let path = request.request().uri().path().to_owned();
                request
                    .error()
                    .with_header("x-lost", format!("{path} {visits}"))
            })
    };
    let keys: Vec<String> = app()
        .manifest()
        .routes
        .iter()
        .map(fw_manifest::ManifestRoute::key)
        .collect();
    assert_eq!(keys, ["ANY /", "GET /", "POST /upload", "ANY /{proxy+}"]);
    for gateway in ALL {
        let client = Client::new(app(), Visits::default()).through(gateway);
        let response = client.get("/no/where").send();
        assert_eq!(response.status(), 404, "{gateway:?}");
        assert_eq!(response.headers()["x-lost"], "/no/where 0", "{gateway:?}");
        assert_eq!(client.get("/").send().text(), "1", "{gateway:?}");
        let response = client.put("/").send();
        assert_eq!(response.status(), 405, "{gateway:?}");
        assert_eq!(response.headers()["allow"], "GET", "{gateway:?}");
        let response = client.get("/upload").send();
        assert_eq!(response.status(), 405, "{gateway:?}");
        assert_eq!(response.headers()["allow"], "POST", "{gateway:?}");
    }
}

#[test]
fn a_second_fallback_and_a_service_in_its_place_are_refused() {
    let lost = async |_: Unmatched| StatusCode::NOT_FOUND;
    let twice = App::stateless("site").fallback(lost).fallback(lost);
    assert!(twice.check().is_err());
    let service = service_fn(async |_: http::Request<Body>| {
        Ok::<_, std::convert::Infallible>(http::Response::new(Body::Empty))
    });
    let both = App::stateless("site")
        .fallback(lost)
        .mount_service("/", service);
    let error = both.check().unwrap_err().to_string();
    assert!(error.contains("two handlers answer `ANY /`"), "{error}");
}

/// The bounds of a layer are those of `App::layer`.
fn _takes_any_layer<L>(layer: L) -> Routes
where
    L: Layer<fw::service::Inner> + 'static,
    L::Service: Service<http::Request<Body>, Response = http::Response<fw::service::ResponseBody>>
        + Clone
        + Send
        + 'static,
    <L::Service as Service<http::Request<Body>>>::Future: Send,
    <L::Service as Service<http::Request<Body>>>::Error: Into<fw::service::BoxError>,
{
    routes![a].layer(layer)
}
