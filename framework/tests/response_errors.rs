//! Errors of an app's own types, by `?`: their status, where it comes from, and what the log says if it is lost.

use std::{
    error::Error as StdError,
    fmt,
    sync::{Arc, Mutex},
};

use fw::{
    App, Error, IntoResponse, Response, Result, StatusCode,
    error::{Failure, IntoError},
    get, routes,
    service::from_fn,
    test::{Client, TestResponse},
};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

#[derive(Debug, thiserror::Error)]
enum OrderError {
    #[error("there is no order {0}")]
    Unknown(u32),
    #[error("the order is on its way")]
    Sent,
    #[error("the table cannot be read")]
    Table(#[from] std::io::Error),
}

fn answer(error: &OrderError) -> Error {
    match error {
        OrderError::Unknown(_) => Error::not_found(error.to_string()),
        OrderError::Sent => Error::conflict(error.to_string()).with_code("order_sent"),
        OrderError::Table(_) => Error::unavailable("orders cannot be read now"),
    }
}

/// What `anyhow` and its like do: a text around an error, which is its source.
#[derive(Debug)]
struct Context<E>(&'static str, E);

impl<E: fmt::Debug> fmt::Display for Context<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl<E: StdError + 'static> StdError for Context<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.1)
    }
}

fn find(id: u32) -> Result<String, OrderError> {
    match id {
        0 => Err(OrderError::Sent),
        1 => Err(std::io::Error::other("disk full"))?,
        other => Err(OrderError::Unknown(other)),
    }
}

#[get("/orders/<id>")]
async fn order(id: u32) -> Result<String> {
    Ok(find(id)?)
}

#[get("/wrapped/<id>")]
async fn wrapped(id: u32) -> Result<String> {
    let found = find(id).map_err(|error| Context("outer", Context("inner", error)))?;
    Ok(found)
}

/// An error that only `Error::internal` takes, as `anyhow::Error` is.
#[get("/boxed/<id>")]
async fn boxed(id: u32) -> Result<String> {
    let boxed: Result<String, Box<dyn StdError + Send + Sync>> = find(id).map_err(Into::into);
    boxed.map_err(Error::internal)
}

/// An `anyhow::Error` with a context, and one without, which hides its type from `From` alone.
#[get("/anyhow/<id>?<bare>")]
async fn with_anyhow(id: u32, bare: Option<bool>) -> Result<String> {
    let found = find(id).map_err(anyhow::Error::from);
    if bare == Some(true) {
        return found.map_err(|error| {
            Error::internal(error.reallocate_into_boxed_dyn_error_without_backtrace())
        });
    }
    let found = anyhow::Context::context(found, "no order to show");
    found.map_err(Error::internal)
}

/// The handler has chosen: a mapping does not change that.
#[get("/chosen/<id>")]
async fn chosen(id: u32) -> Result<String> {
    find(id).map_err(|cause| Error::forbidden("not yours").with_cause(cause))
}

#[get("/number")]
async fn number() -> Result<String> {
    let number: u8 = "many".parse()?;
    Ok(number.to_string())
}

fn shop() -> App {
    App::stateless("shop").routes(routes![order, wrapped, boxed, with_anyhow, chosen, number])
}

fn detail(response: &TestResponse) -> String {
    let document: serde_json::Value = response.json();
    document["detail"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_mapped_type_keeps_its_status_by_the_question_mark() {
    let client = Client::new(shop().map_error(answer), ());
    assert_eq!(client.get("/anyhow/7?bare=true").send().status(), 404);
    for path in ["orders", "wrapped", "boxed", "anyhow"] {
        let response = client.get(&format!("/{path}/7")).send();
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(detail(&response), "there is no order 7");
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );

        let response = client.get(&format!("/{path}/0")).send();
        assert_eq!(response.status(), 409, "{path}");
        assert!(response.text().contains(r#""code":"order_sent""#));

        // The 5xx has the request's id, and the log the causes.
        let (response, log) = logged(|| client.get(&format!("/{path}/1")).send());
        assert_eq!(response.status(), 503, "{path}");
        assert_eq!(detail(&response), "orders cannot be read now");
        assert!(response.text().contains("requestId"));
        assert!(log.contains("the table cannot be read: disk full"), "{log}");
        assert!(!log.contains("hint"), "{log}");
    }
    assert_eq!(client.get("/chosen/7").send().status(), 403);
    let response = client.get("/number").send();
    assert_eq!(response.status(), 500);
    assert_eq!(detail(&response), "an unexpected error occurred");
}

#[test]
fn without_a_mapping_it_is_a_500_whose_cause_is_in_the_log() {
    let client = Client::new(shop(), ());
    let (response, log) = logged(|| client.get("/orders/7").send());
    assert_eq!(response.status(), 500);
    assert_eq!(detail(&response), "an unexpected error occurred");
    assert!(log.contains("there is no order 7"), "{log}");
}

#[test]
fn the_outermost_mapped_error_decides() {
    let app = shop()
        .map_error(|_: &std::io::Error| Error::unavailable("the disk"))
        .map_error(|_: &Context<Context<OrderError>>| (StatusCode::IM_A_TEAPOT, "outer"));
    let client = Client::new(app, ());
    let response = client.get("/wrapped/1").send();
    assert_eq!(
        (response.status().as_u16(), response.text()),
        (418, "outer")
    );
    // `OrderError` has no answer here, but its source has.
    let response = client.get("/orders/1").send();
    assert_eq!(
        (response.status().as_u16(), &*detail(&response)),
        (503, "the disk")
    );
}

#[test]
fn an_error_is_not_answered_as_a_success() {
    let client = Client::new(shop().map_error(|_: &OrderError| "all is well"), ());
    assert_eq!(client.get("/orders/7").send().status(), 500);
}

#[test]
fn layers_see_the_mapped_answer_and_their_own_errors_are_mapped() {
    #[get("/fine")]
    async fn fine() -> &'static str {
        "fine"
    }

    let app = shop()
        .routes(routes![fine])
        .map_error(answer)
        .layer(from_fn(|request, next| async move {
            let path = request.uri().path().to_owned();
            let response = next.run(request).await;
            if path == "/fine" {
                return Err(Error::from(OrderError::Sent));
            }
            // What a layer keeps of a failure does not disturb it.
            let _kept = response.extensions().get::<Failure>().cloned();
            let seen = response.status().as_u16();
            Ok(response.with_header("x-seen", seen))
        }));
    let client = Client::new(app, ());
    let response = client.get("/orders/7").send();
    assert_eq!(response.status(), 404);
    assert_eq!(response.headers()["x-seen"], "404");
    assert_eq!(client.get("/fine").send().status(), 409);
}

#[test]
fn a_mapping_that_panics_is_a_500() {
    let app = shop().map_error(|_: &OrderError| -> Error { panic!("in the mapping") });
    let client = Client::new(app, ());
    assert_eq!(client.get("/orders/7").send().status(), 500);
}

#[test]
fn a_type_is_mapped_once() {
    let problem = shop().map_error(answer).map_error(answer).check();
    assert_eq!(
        problem.unwrap_err().to_string(),
        "the error type `response_errors::OrderError` has two answers: remove one `map_error` or `errors` of this type"
    );
    assert!(
        gone()
            .errors::<Gone>()
            .map_error(|_: &Gone| "gone")
            .check()
            .is_err()
    );
    assert!(gone().errors::<Gone>().map_error(answer).check().is_ok());
}

/// A standard error with an answer of its own.
#[derive(Debug, thiserror::Error)]
#[error("gone with {0}")]
struct Gone(&'static str);

impl IntoResponse for Gone {
    fn into_response(self) -> Response {
        (StatusCode::GONE, self.to_string()).with_header("x-why", self.0)
    }
}

#[get("/gone")]
async fn by_question_mark() -> Result<String> {
    Err(Gone("the wind"))?
}

#[get("/wrapped")]
async fn inside() -> Result<String> {
    Err(Context("outer", Gone("the wind")))?
}

#[get("/returned")]
async fn returned() -> Result<String, Gone> {
    Err(Gone("the tide"))
}

fn gone() -> App {
    App::stateless("gone").routes(routes![by_question_mark, inside, returned])
}

#[test]
fn an_answer_of_its_own_is_given_once_the_app_knows_the_type() {
    let client = Client::new(gone().errors::<Gone>(), ());
    let (response, log) = logged(|| client.get("/gone").send());
    assert_eq!(
        (response.status().as_u16(), response.text()),
        (410, "gone with the wind")
    );
    assert_eq!(response.headers()["x-why"], "the wind");
    assert_eq!(log, "");
    assert_eq!(client.get("/returned").send().status(), 410);

    let (response, log) = logged(|| client.get("/wrapped").send());
    assert_eq!(response.status(), 500);
    assert!(
        log.contains("`response_errors::Gone` is inside another error"),
        "{log}"
    );
    let client = Client::new(gone().map_error(|gone: &Gone| Error::gone(gone.0)), ());
    for path in ["/gone", "/wrapped"] {
        assert_eq!(client.get(path).send().status(), 410, "{path}");
    }
}

#[test]
fn an_answer_of_its_own_is_never_lost_in_silence() {
    let client = Client::new(gone(), ());
    let (response, log) = logged(|| client.get("/gone").send());
    assert_eq!(response.status(), 500);
    assert!(!response.text().contains("Gone"));
    assert!(log.contains("gone with the wind"), "{log}");
    assert!(
        log.contains("add `.errors::<response_errors::Gone>()` to the app"),
        "{log}"
    );
}

#[test]
fn an_error_that_is_not_a_standard_error_has_its_answer_by_a_trait() {
    struct Full;

    impl IntoError for Full {
        fn into_error(self) -> Error {
            Error::conflict("full")
        }
    }

    struct Closed;

    impl From<Closed> for Error {
        fn from(_: Closed) -> Self {
            Self::gone("closed")
        }
    }

    fn seat(full: bool) -> Result<()> {
        if full { Err(Full)? } else { Err(Closed)? }
    }

    assert_eq!(seat(true).unwrap_err().status(), 409);
    assert_eq!(seat(false).unwrap_err().status(), 410);
}

/// What is logged meanwhile, on this thread.
fn logged<T>(run: impl FnOnce() -> T) -> (T, String) {
    let log = Log::default();
    let lines = Arc::clone(&log.0);
    let done = tracing::subscriber::with_default(log, run);
    let lines = lines.lock().unwrap().clone();
    (done, lines)
}

#[derive(Default)]
struct Log(Arc<Mutex<String>>);

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("fw")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Line<'l>(&'l mut String);

        impl Visit for Line<'_> {
            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                self.0.push_str(&format!("{field}={value:?} "));
            }
        }

        event.record(&mut Line(&mut self.0.lock().unwrap()));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
