//! The generated code stands on its own: whatever the user's code is named, imports or forbids, it means the same.

// What a project may switch on for itself must not fire in code that it did not write.
#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    rust_2018_idioms,
    clippy::all,
    clippy::pedantic,
    clippy::nursery
)]
#![allow(
    clippy::redundant_pub_crate,
    reason = "it asks for what `unreachable_pub` forbids"
)]

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use fw::{Method, Request, Response, Routes};

extern crate fw as web;

/// No prelude at all, and everything that the expansion could be tempted to name is something else here.
#[allow(dead_code, unused_macros)]
mod strict {
    #![no_implicit_prelude]

    pub(crate) struct Store(pub(crate) ::std::string::String);

    // In the type namespace.
    struct Option;
    struct Some;
    struct None;
    struct Box;
    struct Result;
    struct String;
    struct Vec;
    struct Self_;
    struct Problems;
    struct Param;
    struct Response;
    struct Route;
    struct RouteInfo;
    struct S;
    struct T;
    mod core {}
    mod std {}
    mod fw {}
    mod __private {}

    // In the value namespace, as what a pattern would match rather than bind.
    #[allow(non_upper_case_globals)]
    mod values {
        pub(super) const state: u8 = 0;
        pub(super) const request: u8 = 0;
        pub(super) const problems: u8 = 0;
        pub(super) const argument_0: u8 = 0;
        pub(super) const argument_1: u8 = 0;
    }
    use self::values::{argument_0, argument_1, problems, request, state};

    macro_rules! concat {
        ($($any:tt)*) => {
            ()
        };
    }
    macro_rules! file {
        ($($any:tt)*) => {
            ()
        };
    }

    #[::fw::get("/consts/<one>")]
    pub(crate) async fn consts(store: &Store, one: &str) -> ::std::string::String {
        _ = (state, request, problems, argument_0, argument_1);
        let mut text = ::std::string::String::new();
        text.push_str(&store.0);
        text.push_str(one);
        text
    }

    #[::fw::authorizer(identity = ["header:authorization", "query:key"], ttl = 60)]
    pub(crate) async fn guard(
        store: &Store,
        problem: ::fw::Method,
    ) -> ::std::option::Option<::fw::auth::Allow> {
        _ = (state, request, problems, argument_0, problem);
        ::std::option::Option::Some(::fw::auth::Allow::new(&*store.0))
    }

    /// Without a state of its own.
    #[::fw::authorizer(token)]
    pub(crate) async fn nobody() -> ::fw::auth::Deny {
        ::fw::auth::Deny
    }

    #[::fw::get("/guarded", authorizer = guard)]
    pub(crate) async fn guarded() {}

    #[::fw::get("/guarded/<one>", authorizer = self::nobody, api_key)]
    pub(crate) async fn closed(store: &Store, one: &str) {
        _ = (store, one);
    }

    #[::fw::get("/token", jwt = "main", scopes = ["a", "b"])]
    pub(crate) async fn token() {}

    #[::fw::get("/signed", iam)]
    pub(crate) async fn signed() {}

    #[::fw::post("/open", public, validate)]
    pub(crate) async fn open(body: ::fw::Json<super::Order>) {
        _ = body;
    }

    pub(crate) fn list() -> ::fw::Routes<Store> {
        ::fw::routes![consts, super::arguments::locals, super::arguments::call]
    }

    pub(crate) fn guarded_list() -> ::fw::Routes<Store> {
        ::fw::routes![guarded, closed, token, signed, open].authorizer::<guard>()
    }
}

/// A body with a schema.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
struct Order {}

mod arguments {
    use super::strict::Store;

    /// The arguments have the names of the expansion's own locals.
    #[fw::get("/locals/<state>/<request>?<problems>&<argument_0>")]
    pub(crate) async fn locals(
        state: &str,
        request: u8,
        problems: Option<&str>,
        argument_0: Vec<u8>,
        argument_1: &Store,
    ) -> String {
        format!(
            "{state} {request} {problems:?} {argument_0:?} {}",
            argument_1.0
        )
    }

    /// And the function has the name of what is called.
    #[fw::get("/call/<call>")]
    pub(crate) async fn call(call: &str) -> String {
        call.to_owned()
    }
}

mod renamed {
    use super::strict::Store;

    #[web::route("/renamed/<r>", methods = [GET, PUT], crate = web)]
    pub(crate) async fn relative(r: &str) -> String {
        r.to_owned()
    }

    #[web::get("/absolute", crate = ::web)]
    pub(crate) async fn absolute(store: &Store) -> String {
        store.0.clone()
    }

    #[web::authorizer(identity = ["header:authorization"], crate = web)]
    pub(crate) async fn check(store: &Store) -> web::auth::Allow {
        web::auth::Allow::new(store.0.clone())
    }

    #[web::post("/checked", authorizer = check, validate, crate = ::web)]
    pub(crate) async fn checked(body: web::Json<super::Order>) {
        let _ = body;
    }

    pub(crate) fn checked_list() -> web::Routes<Store> {
        web::routes![checked]
    }

    use web::routes as listed;

    pub(crate) fn list() -> web::Routes<Store> {
        listed![relative, absolute]
    }
}

/// Routes that a macro of the user's makes.
mod made {
    macro_rules! resource {
        ($name:ident, $path:literal, $ty:ty, $($method:ident)*) => {
            #[fw::route($path, methods = [$($method),*])]
            pub(crate) async fn $name(key: $ty) -> String {
                key.to_string()
            }
        };
    }

    resource!(number, "/number/<key>", u32, GET PUT);
    pub(crate) mod inner {
        resource!(text, "/text/<key>", &str, GET);
    }

    macro_rules! list {
        ($($route:path),*) => { fw::routes![$($route),*] };
    }

    pub(crate) fn list() -> fw::Routes<()> {
        list![number, inner::text]
    }
}

/// The handlers are futures that never wait.
fn answer(future: impl Future<Output = Response>) -> String {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(response) => String::from_utf8_lossy(response.body()).into_owned(),
        Poll::Pending => panic!("a handler waited"),
    }
}

fn call<S>(routes: &Routes<S>, handler: &str, state: &S, request: &Request<'_>) -> String {
    let route = routes
        .iter()
        .find(|route| route.info().handler == format!("hygiene::{handler}"))
        .unwrap();
    answer(route.call(state, request))
}

#[test]
fn no_name_of_the_users_is_taken_for_one_of_the_expansions() {
    let routes = strict::list();
    let store = strict::Store("store ".to_owned());
    let request = Request::new(Method::GET, "/consts/1").with_path_param("one", "1");
    assert_eq!(call(&routes, "strict::consts", &store, &request), "store 1");
    let request = Request::new(
        Method::GET,
        "/locals/a/7?problems=p&argument_0=1&argument_0=2",
    )
    .with_path_param("state", "a")
    .with_path_param("request", "7");
    assert_eq!(
        call(&routes, "arguments::locals", &store, &request),
        "a 7 Some(\"p\") [1, 2] store "
    );
    let request = Request::new(Method::GET, "/call/c").with_path_param("call", "c");
    assert_eq!(call(&routes, "arguments::call", &store, &request), "c");
}

#[test]
fn the_framework_may_have_another_name() {
    let routes = renamed::list();
    let store = strict::Store("store".to_owned());
    let request = Request::new(Method::GET, "/renamed/x").with_path_param("r", "x");
    assert_eq!(call(&routes, "renamed::relative", &store, &request), "x");
    assert_eq!(
        call(&routes, "renamed::absolute", &store, &request),
        "store"
    );
}

#[test]
fn who_may_call_is_the_same_under_any_names() {
    let app = || {
        fw::App::new("strict", async || {
            Ok::<_, fw::Error>(strict::Store(String::new()))
        })
    };
    let manifest = app()
        .routes(strict::guarded_list())
        .mount("/renamed", renamed::checked_list())
        .manifest();
    let names: Vec<&str> = manifest
        .authorizers
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(names, ["guard", "nobody", "check"]);
    let told: Vec<String> = manifest
        .routes
        .iter()
        .map(|route| {
            let asked = route.authorization.as_ref();
            let asked = asked.map_or_else(String::new, |it| serde_json::to_string(it).unwrap());
            let schema = route.body.as_ref().and_then(|body| body.schema.as_ref());
            format!(
                "{} {asked} {} {}",
                route.path,
                route.api_key,
                schema.is_some()
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            r#"/guarded {"type":"lambda","name":"guard"} false false"#,
            r#"/guarded/{one} {"type":"lambda","name":"nobody"} true false"#,
            "/open  false true",
            r#"/renamed/checked {"type":"lambda","name":"check"} false true"#,
            r#"/signed {"type":"iam"} false false"#,
            r#"/token {"type":"jwt","name":"main","scopes":["a","b"]} false false"#,
        ]
    );
}

#[test]
fn a_macro_may_make_routes() {
    let routes = made::list();
    let request = Request::new(Method::GET, "/").with_path_param("key", "42");
    assert_eq!(call(&routes, "made::number", &(), &request), "42");
    assert_eq!(call(&routes, "made::inner::text", &(), &request), "42");
}

#[test]
fn what_is_known_at_compile_time_is_right() {
    let routes = strict::list();
    let info = *routes
        .iter()
        .find(|route| route.info().path.starts_with("/locals"))
        .unwrap()
        .info();
    assert_eq!(info.path, "/locals/{state}/{request}");
    assert_eq!(info.methods, ["GET"]);
    assert_eq!(info.handler, "hygiene::arguments::locals");
    assert!(info.file.ends_with("hygiene.rs"));
    assert_eq!(
        info.summary,
        "The arguments have the names of the expansion's own locals."
    );
    let source = include_str!("hygiene.rs");
    let line = source.lines().nth(info.line as usize - 1).unwrap();
    assert!(line.contains("async fn locals("), "{line}");
    let params: Vec<_> = info
        .params
        .iter()
        .map(|param| {
            (
                param.name,
                param.place.as_str(),
                param.required,
                param.multiple,
            )
        })
        .collect();
    assert_eq!(
        params,
        [
            ("state", "path", true, false),
            ("request", "path", true, false),
            ("problems", "query", false, false),
            ("argument_0", "query", false, true),
        ]
    );
}

#[test]
fn handlers_are_called_by_their_names() {
    let store = strict::Store("store".to_owned());
    let mut future = pin!(arguments::locals("a", 1, None, Vec::new(), &store));
    let polled = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(polled, Poll::Ready("a 1 None [] store".to_owned()));
}
