//! Each extractor against a request that has it, lacks it, or has it wrong; plain, in an `Option`, and in a `Result`.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use fw::{
    Error, FromRequest, IntoResponse, Json, Method, Request,
    context::LambdaContext,
    error::Failure,
    extract::{
        Authorization, Bearer, ContentType, Cookies, Event, Extension, Form, Header, HeaderField,
        Headers, Query, RequestId, SourceIp, Stage, StageVariables, UserAgent,
    },
    rejection::{FormRejection, JsonRejection},
};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Content type, body, and what comes of them.
type Case<T> = (
    Option<&'static str>,
    &'static [u8],
    Result<T, (u16, String)>,
);

const FORM: &str = "application/x-www-form-urlencoded";

/// What an argument came to: its value, or status and text of the error.
fn read<T: FromRequest>(request: &Request<'_>) -> Result<T, (u16, String)> {
    T::from_request(request).map_err(|rejection| {
        let error: Error = rejection.into();
        (error.status().as_u16(), error.detail().to_owned())
    })
}

/// The three ways to take an argument tell the same story: what is absent is `None`, and `Result` never fails itself.
#[track_caller]
fn agrees<T: FromRequest + Debug + PartialEq>(request: &Request<'_>, absent: bool) {
    let plain = read::<T>(request);
    let option = read::<Option<T>>(request);
    assert_eq!(T::is_absent(request), absent);
    if absent {
        assert_eq!(option, Ok(None));
    } else {
        assert_eq!(option, plain.map(Some));
    }
    let Ok(result) = Result::<T, T::Rejection>::from_request(request);
    assert_eq!(result.is_ok(), T::from_request(request).is_ok());
    let outer = read::<Option<Result<T, T::Rejection>>>(request).map(|inner| inner.is_none());
    assert_eq!(outer, Ok(absent));
}

fn get(target: &str) -> Request<'_> {
    Request::new(Method::GET, target)
}

fn post<'e>(content_type: Option<&'e str>, body: &'e [u8]) -> Request<'e> {
    let request = Request::new(Method::POST, "/").with_body(body);
    match content_type {
        Some(content_type) => request.with_header("Content-Type", content_type),
        None => request,
    }
}

#[derive(Debug, Default, Deserialize, PartialEq)]
struct Search {
    #[serde(default)]
    tag: Vec<String>,
    page: Option<u32>,
    q: String,
}

#[test]
fn a_query_is_read_into_a_type() {
    let search = |tags: &[&str], page, q: &str| {
        Ok(Query(Search {
            tag: tags.iter().map(ToString::to_string).collect(),
            page,
            q: q.to_owned(),
        }))
    };
    let wrong = |text: &str| Err((400, text.to_owned()));
    for (target, expected) in [
        ("/?q=", search(&[], None, "")),
        ("/?q=a+b%2Bc", search(&[], None, "a b+c")),
        ("/?tag=1&q=x&tag=2", search(&["1", "2"], None, "x")),
        ("/?tag=one&q=%C3%BC", search(&["one"], None, "ü")),
        ("/?page=7&q=x&unknown=1", search(&[], Some(7), "x")),
        ("/", wrong("query parameter `q`: missing")),
        ("/?page=1", wrong("query parameter `q`: missing")),
        (
            "/?page=1&q=x&page=2",
            wrong("query parameter `page`: given 2 times, expected once"),
        ),
        (
            "/?page=-1&q=x",
            wrong("query parameter `page`: invalid digit found in string"),
        ),
    ] {
        let request = get(target);
        assert_eq!(read::<Query<Search>>(&request), expected, "{target}");
        agrees::<Query<Search>>(&request, target == "/");
    }
    let request = get("/?a=1&a=2");
    assert_eq!(
        read::<Query<u32>>(&request).map_err(|(status, _)| status),
        Err(400),
        "a query is no number"
    );
    let pairs = vec![("a".to_owned(), 1), ("a".to_owned(), 2)];
    assert_eq!(read(&request), Ok(Query(pairs)));
}

#[derive(Debug, Deserialize, PartialEq)]
struct Order {
    items: Vec<Item>,
    #[serde(default)]
    note: BTreeMap<String, u8>,
    #[serde(default)]
    pay: Option<Pay>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Item {
    count: u8,
}

#[derive(Debug, Deserialize, PartialEq)]
enum Pay {
    Card { number: u32 },
    Cash,
}

#[test]
fn a_json_body_is_read_or_refused_with_its_place() {
    let json = Some("application/json");
    let order: &'static [u8] = br#"{"items":[{"count":1}]}"#;
    let read_it = || {
        Ok(Json(Order {
            items: vec![Item { count: 1 }],
            note: BTreeMap::new(),
            pay: None,
        }))
    };
    let wrong = |status, text: &str| Err((status, text.to_owned()));
    let cases: &[Case<Json<Order>>] = &[
        (json, order, read_it()),
        (Some("application/json; charset=utf-8"), order, read_it()),
        (Some("Application/Vnd.Shop+JSON"), order, read_it()),
        (json, b"", wrong(400, "body is empty")),
        (None, b"", wrong(400, "body is empty")),
        (
            None,
            order,
            wrong(
                415,
                "body has no type: send `content-type: application/json`",
            ),
        ),
        (
            Some(FORM),
            order,
            wrong(
                415,
                "body is `application/x-www-form-urlencoded`: send `content-type: application/json`",
            ),
        ),
        (
            Some("text/\"json\""),
            order,
            wrong(
                415,
                "body is `text/\\\"json\\\"`: send `content-type: application/json`",
            ),
        ),
        (
            json,
            b"{\n  \"items\": nope}",
            wrong(400, "body is not JSON: expected ident at line 2 column 13"),
        ),
        (
            json,
            b"{\"items\":[",
            wrong(
                400,
                "body is not JSON: EOF while parsing a list at line 1 column 10",
            ),
        ),
        (
            json,
            br#"{"items":[]} x"#,
            wrong(
                400,
                "body is not JSON: trailing characters at line 1 column 14",
            ),
        ),
        (
            json,
            b"{\"items\":[\"\xff\"]}",
            wrong(
                400,
                "body is not JSON: invalid unicode code point at line 1 column 12",
            ),
        ),
        (
            json,
            b"[1]",
            wrong(422, "body: invalid type: sequence, expected struct Order"),
        ),
        (
            json,
            br#"[[{"count":1}]]"#,
            wrong(422, "body: invalid type: sequence, expected struct Order"),
        ),
        (
            json,
            br#"{"items":[{"count":1},[2]]}"#,
            wrong(
                422,
                "body at `/items/1`: invalid type: sequence, expected struct Item",
            ),
        ),
        (
            json,
            br#"{"items":[],"pay":{"Card":[7]}}"#,
            wrong(
                422,
                "body at `/pay/Card`: invalid type: sequence, expected struct variant Pay::Card",
            ),
        ),
        (json, br#"{"items":[{"count":1.0}]}"#, read_it()),
        (
            json,
            br#"{"items":[{"count":1.5}]}"#,
            wrong(
                422,
                "body at `/items/0/count`: invalid type: floating point `1.5`, expected u8",
            ),
        ),
        (
            json,
            b"7",
            wrong(
                422,
                "body: invalid type: integer `7`, expected struct Order",
            ),
        ),
        (json, b"{}", wrong(422, "body: missing field `items`")),
        (
            json,
            br#"{"items":[{"count":1},{"count":"two"}]}"#,
            wrong(
                422,
                "body at `/items/1/count`: invalid type: string \"two\", expected u8",
            ),
        ),
        (
            json,
            br#"{"items":[{}]}"#,
            wrong(422, "body at `/items/0`: missing field `count`"),
        ),
        (
            json,
            br#"{"items":[],"note":{"a/b~c":300}}"#,
            wrong(
                422,
                "body at `/note/a~1b~0c`: invalid value: integer `300`, expected u8",
            ),
        ),
        (
            json,
            br#"{"items":[],"pay":{"Card":{"number":null}}}"#,
            wrong(
                422,
                "body at `/pay/Card/number`: invalid type: null, expected u32",
            ),
        ),
        (
            json,
            br#"{"items":[],"pay":"Cheque"}"#,
            wrong(
                422,
                "body at `/pay`: unknown variant `Cheque`, expected `Card` or `Cash`",
            ),
        ),
    ];
    for (content_type, body, expected) in cases {
        let request = post(*content_type, body);
        let name = String::from_utf8_lossy(body);
        assert_eq!(&read::<Json<Order>>(&request), expected, "{name}");
        agrees::<Json<Order>>(&request, body.is_empty());
    }
}

#[test]
fn a_json_rejection_tells_how_it_failed() {
    let request = post(Some("application/json"), b"[1,\n2,,]");
    match Json::<Vec<u8>>::from_request(&request) {
        Err(JsonRejection::Syntax(syntax)) => assert_eq!((syntax.line, syntax.column), (2, 3)),
        other => panic!("{other:?}"),
    }
    let request = post(Some("application/json"), b"[1, true]");
    match Json::<Vec<u8>>::from_request(&request) {
        Err(JsonRejection::Shape(shape)) => assert_eq!(shape.pointer, "/1"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_client_sent_is_not_repeated_at_length() {
    let long = "ü".repeat(1_000_000);
    let bodies = [
        format!(r#"{{"items":"{long}"}}"#),
        format!(r#"{{"items":[],"note":{{"{long}":"x"}}}}"#),
        format!(r#"{{"items":[],"pay":"{long}"}}"#),
    ];
    for body in bodies {
        let request = post(Some("application/json"), body.as_bytes());
        let (status, detail) = read::<Json<Order>>(&request).unwrap_err();
        assert_eq!(status, 422);
        assert!(detail.len() < 1_000, "{}", detail.len());
    }
    let form = format!("q={long}&page={long}");
    let request = post(Some(FORM), form.as_bytes());
    let (_, detail) = read::<Form<BTreeMap<String, u8>>>(&request).unwrap_err();
    assert!(detail.len() < 1_000, "{}", detail.len());
    let form = format!("{long}=x");
    let request = post(Some(FORM), form.as_bytes());
    let (_, detail) = read::<Form<BTreeMap<String, u8>>>(&request).unwrap_err();
    assert!(detail.len() < 1_000, "{}", detail.len());
    // Deep nesting is refused before the stack ends.
    let deep = "[".repeat(1_000_000);
    let request = post(Some("application/json"), deep.as_bytes());
    let (status, _) = read::<Json<serde_json::Value>>(&request).unwrap_err();
    assert_eq!(status, 400);
}

#[test]
fn a_form_is_read_into_a_type() {
    let wrong = |status, text: &str| Err((status, text.to_owned()));
    let cases: &[Case<Form<Search>>] = &[
        (
            Some(FORM),
            b"q=a+b&tag=1&tag=2",
            Ok(Form(Search {
                tag: vec!["1".to_owned(), "2".to_owned()],
                page: None,
                q: "a b".to_owned(),
            })),
        ),
        (Some(FORM), b"", wrong(422, "form field `q`: missing")),
        (None, b"", wrong(400, "body is empty")),
        (
            None,
            b"q=1",
            wrong(
                415,
                "body has no type: send `content-type: application/x-www-form-urlencoded`",
            ),
        ),
        (
            Some("application/json"),
            b"{}",
            wrong(
                415,
                "body is `application/json`: send `content-type: application/x-www-form-urlencoded`",
            ),
        ),
        (
            Some(FORM),
            b"q=\xff",
            wrong(400, "body is not UTF-8 at byte 2"),
        ),
        (
            Some(FORM),
            b"q=x&page=many",
            wrong(422, "form field `page`: invalid digit found in string"),
        ),
    ];
    for (content_type, body, expected) in cases {
        let request = post(*content_type, body);
        let name = String::from_utf8_lossy(body);
        assert_eq!(&read::<Form<Search>>(&request), expected, "{name}");
        agrees::<Form<Search>>(&request, body.is_empty());
    }
    let rejection = Form::<Search>::from_request(&post(Some(FORM), b"tag=1")).unwrap_err();
    assert!(
        matches!(rejection, FormRejection::Shape(shape) if shape.field.as_deref() == Some("q"))
    );

    // A form whose boxes were all left unticked is a form.
    let unticked = post(Some(FORM), b"");
    assert_eq!(read(&unticked), Ok(Form(BTreeMap::<String, String>::new())));
}

#[test]
fn a_body_is_read_as_it_is() {
    let request = post(None, b"caf\xc3\xa9");
    assert_eq!(read(&request), Ok(Bytes::from_static(b"caf\xc3\xa9")));
    assert_eq!(read(&request), Ok(b"caf\xc3\xa9".to_vec()));
    assert_eq!(read(&request), Ok("café".to_owned()));
    let request = post(None, b"caf\xe9");
    assert_eq!(
        read::<String>(&request),
        Err((400, "body is not UTF-8 at byte 3".to_owned()))
    );
    for (body, absent) in [(&b""[..], true), (b"x", false), (b"\xff", false)] {
        let request = post(None, body);
        agrees::<Bytes>(&request, absent);
        agrees::<Vec<u8>>(&request, absent);
        agrees::<String>(&request, absent);
    }
    assert_eq!(read(&post(None, b"")), Ok(String::new()));
}

#[derive(Debug, PartialEq)]
struct Tenant(u32);

impl HeaderField for Tenant {
    const NAME: &'static str = "x-tenant";
}

impl FromStr for Tenant {
    type Err = std::num::ParseIntError;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        value.parse().map(Self)
    }
}

#[test]
fn one_header_is_read_into_a_type() {
    let wrong = |text: &str| Err((400, text.to_owned()));
    for (value, expected) in [
        (Some("7"), Ok(Header(Tenant(7)))),
        (None, wrong("header `x-tenant`: missing")),
        (
            Some("acme"),
            wrong("header `x-tenant`: invalid digit found in string"),
        ),
    ] {
        let mut request = get("/");
        if let Some(value) = value {
            request = request.with_header("X-Tenant", value);
        }
        assert_eq!(read::<Header<Tenant>>(&request), expected);
        agrees::<Header<Tenant>>(&request, value.is_none());
    }
}

#[test]
fn common_headers_have_types() {
    let request = get("/")
        .with_header("Authorization", "Basic  c2VjcmV0")
        .with_header("User-Agent", "curl/8")
        .with_header("Content-Type", "Text/Plain; charset=utf-8");
    let Header(authorization) = read::<Header<Authorization>>(&request).unwrap();
    assert_eq!(authorization.scheme, "Basic");
    assert_eq!(authorization.credentials, "c2VjcmV0");
    assert!(!format!("{authorization:?}").contains("c2VjcmV0"));
    assert_eq!(read(&request), Ok(Header(UserAgent("curl/8".to_owned()))));
    let Header(content_type) = read::<Header<ContentType>>(&request).unwrap();
    assert_eq!(content_type.media_type(), "text/plain");

    let request = get("/").with_header("authorization", "c2VjcmV0");
    let (status, detail) = read::<Header<Authorization>>(&request).unwrap_err();
    assert_eq!(status, 400);
    assert!(!detail.contains("c2VjcmV0"), "{detail}");
}

#[test]
fn a_bearer_token_is_asked_for() {
    for (value, expected) in [
        (Some("Bearer a.b"), Some("a.b")),
        (Some("bEARER  a.b"), Some("a.b")),
        (Some("Basic a.b"), None),
        (Some("Bearer"), None),
        (Some("Bearer "), None),
        (Some(""), None),
        (None, None),
    ] {
        let mut request = get("/");
        if let Some(value) = value {
            request = request.with_header("authorization", value);
        }
        match (read::<Bearer>(&request), expected) {
            (Ok(Bearer(token)), Some(expected)) => assert_eq!(token, expected),
            (Err((401, _)), None) => {}
            (other, _) => panic!("{value:?} gave {other:?}"),
        }
        agrees::<Bearer>(&request, value.is_none());
    }
    let rejection = Bearer::from_request(&get("/")).unwrap_err();
    let response = Error::from(rejection).into_response();
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    assert!(!format!("{:?}", Bearer("a.b".to_owned())).contains("a.b"));
}

#[test]
fn cookies_are_read_as_they_were_sent() {
    for (sent, expected) in [
        (&[][..], &[][..]),
        (&["a=1"], &[("a", "1")]),
        (&["a=1", "b=2"], &[("a", "1"), ("b", "2")]),
        // As an HTTP/1.1 header has them.
        (&["a=1; b=2;c=3"], &[("a", "1"), ("b", "2"), ("c", "3")]),
        (&["a=1", "a=2"], &[("a", "1"), ("a", "2")]),
        (&["a=x=y=="], &[("a", "x=y==")]),
        (&["a=\"q\"", "b=%20"], &[("a", "\"q\""), ("b", "%20")]),
        (&["a=", "A=1"], &[("a", ""), ("A", "1")]),
        (&["nothing", "=x", ";;", "", "b=2"], &[("b", "2")]),
    ] {
        let request = sent
            .iter()
            .fold(get("/"), |request, cookie| request.with_cookie(cookie));
        let cookies = read::<Cookies>(&request).unwrap();
        assert_eq!(cookies.iter().collect::<Vec<_>>(), expected, "{sent:?}");
        agrees::<Cookies>(&request, sent.is_empty());
    }
    let request = get("/").with_cookie("a=first").with_cookie("a=second");
    let cookies = read::<Cookies>(&request).unwrap();
    assert_eq!(cookies.get("a"), Some("first"));
    assert_eq!(cookies.get("A"), None);
}

#[test]
fn the_gateway_tells_of_the_request() {
    let address = IpAddr::V6(Ipv6Addr::LOCALHOST);
    let request = Request::new(Method::PATCH, "/")
        .with_header("A", "1")
        .with_header("a", "2")
        .with_request_id("id-1")
        .with_source_ip(address)
        .with_stage("prod")
        .with_stage_variable("table", "orders");
    assert_eq!(read(&request), Ok(Method::PATCH));
    assert_eq!(&*read::<RequestId>(&request).unwrap(), "id-1");
    assert_eq!(read(&request), Ok(SourceIp(address)));
    assert_eq!(read(&request), Ok(Stage("prod".to_owned())));
    let variables = read::<StageVariables>(&request).unwrap();
    assert_eq!(variables.get("table"), Some("orders"));
    assert_eq!(variables.iter().count(), 1);
    let headers = read::<Headers>(&request).unwrap();
    assert_eq!(headers.get_all("a").iter().collect::<Vec<_>>(), ["1", "2"]);
    agrees::<SourceIp>(&request, false);
    agrees::<RequestId>(&request, false);
    agrees::<StageVariables>(&request, false);

    let bare = get("/");
    agrees::<SourceIp>(&bare, true);
    agrees::<RequestId>(&bare, true);
    agrees::<StageVariables>(&bare, true);
    agrees::<Stage>(&bare, false);
    agrees::<Headers>(&bare, false);
    agrees::<Method>(&bare, false);
    assert_eq!(read(&bare), Ok(Stage("$default".to_owned())));
    assert_eq!(read::<SourceIp>(&bare).unwrap_err().0, 500);
}

#[test]
fn the_context_tells_how_long_there_is() {
    let mut context = LambdaContext::default();
    assert_eq!(context.remaining(), Duration::ZERO);
    let hour = SystemTime::now() + Duration::from_secs(3600);
    let since = hour.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    context.deadline_ms = u64::try_from(since.as_millis()).unwrap();
    context.memory_mb = 512;
    let request = get("/").with_lambda(context.clone());
    let read = read::<LambdaContext>(&request).unwrap();
    assert_eq!(read, context);
    assert!(read.remaining() > Duration::from_secs(60));
    assert!(read.remaining() <= Duration::from_secs(3600));
    agrees::<LambdaContext>(&request, false);
}

#[derive(Debug, Deserialize, PartialEq)]
struct Version {
    version: String,
}

#[test]
fn the_event_is_read_into_any_type() {
    let request = get("/").with_event(r#"{"version" : "2.0"}"#);
    let version = "2.0".to_owned();
    assert_eq!(read(&request), Ok(Event(Version { version })));
    let Event(raw) = read::<Event<Box<RawValue>>>(&request).unwrap();
    assert_eq!(raw.get(), r#"{"version" : "2.0"}"#);
    agrees::<Event<Version>>(&request, false);
    agrees::<Event<u8>>(&request, false);

    // The gateway made the event, so the client reads nothing of what is wrong with it.
    let rejection = Event::<u8>::from_request(&request).unwrap_err();
    let response = Error::from(rejection).into_response();
    assert_eq!(response.status(), 500);
    assert!(!String::from_utf8_lossy(response.body()).contains("u8"));
    let failure = response.extensions().get::<Failure>().unwrap().to_string();
    assert_eq!(
        failure,
        "the event cannot be read as `u8`: invalid type: map, expected u8 at line 1 column 0"
    );
}

#[test]
fn middleware_hands_values_to_handlers() {
    let request = get("/").with_extension(7_u64);
    assert_eq!(read(&request), Ok(Extension(7_u64)));
    agrees::<Extension<u64>>(&request, false);
    agrees::<Extension<i64>>(&request, true);
    let error = Error::from(Extension::<i64>::from_request(&request).unwrap_err());
    assert_eq!(error.status(), 500);
    assert!(format!("{error:#}").contains("`i64`"), "{error:#}");
    assert!(!error.detail().contains("i64"));
}
