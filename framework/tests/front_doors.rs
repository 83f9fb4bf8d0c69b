//! One test app, every route, every front door: the same answers, except where the gateways themselves differ.
//!
//! `front-doors.tsv` lists each difference with its source; one that is not listed fails, and so does a line that no longer holds.

use std::collections::BTreeMap;

use fw::{
    App, Error, IntoResponse, Json, Response, delete,
    extract::{Cookies, Form, Query},
    get, post, put,
    response::{NoContent, Redirect, SetCookie},
    route, routes,
    test::Client,
};
use fw_gateway::{
    ApiIdentity, Arrival, FrontDoor, FunctionUrl, FunctionUrlConfig, HttpApi, HttpApiConfig,
    HttpReply, HttpRequest, Outcome, PayloadFormat, Received, RestApi, RestApiConfig, RouteKey,
};
use serde_json::{Value, json};

const DIFFERENCES: &str = include_str!("front-doors.tsv");

/// A text.
#[get("/hello")]
async fn hello() -> &'static str {
    "hello"
}

/// A decoded parameter, and a repeated one.
#[get("/hello/<name>?<tag>")]
async fn greet(name: String, tag: Vec<String>) -> Json<Value> {
    Json(json!({"name": name, "tag": tag}))
}

/// The rest of a path.
#[get("/files/<path..>")]
async fn file(path: String) -> String {
    path
}

/// A body, as it came.
#[put("/echo")]
async fn echo(body: Vec<u8>) -> Vec<u8> {
    body
}

/// A JSON body.
#[post("/json")]
async fn read(Json(body): Json<BTreeMap<String, u8>>) -> Json<BTreeMap<String, u8>> {
    Json(body)
}

/// A form.
#[post("/form")]
async fn form(Form(form): Form<BTreeMap<String, String>>) -> Json<BTreeMap<String, String>> {
    Json(form)
}

/// The query as a type.
#[get("/search")]
async fn search(Query(query): Query<BTreeMap<String, Vec<String>>>) -> Json<Value> {
    Json(json!(query))
}

/// Cookies in, cookies out, and a header twice.
#[get("/cookies")]
async fn cookies(cookies: Cookies) -> Response {
    Json(
        cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>(),
    )
    .with_cookie(SetCookie::new("a", "1"))
    .with_cookie(SetCookie::new("b", "2"))
    .with_added_header("x-many", "1")
    .with_added_header("x-many", "2")
}

/// Nothing.
#[delete("/hello/<name>")]
async fn forget(_name: String) -> NoContent {
    NoContent
}

/// Elsewhere.
#[get("/moved")]
async fn moved() -> Redirect {
    Redirect::permanent("/hello")
}

/// An error that is told, and one that is not.
#[get("/errors/<kind>")]
async fn errors(kind: String) -> fw::Result<()> {
    match kind.as_str() {
        "conflict" => Err(Error::conflict("it is taken")),
        _ => Err(Error::internal("a secret")),
    }
}

/// Several methods.
#[route("/any", methods = [GET, POST, OPTIONS])]
async fn any() -> &'static str {
    "any"
}

fn app() -> App<()> {
    App::stateless("doors").routes(routes![
        hello, greet, file, echo, read, form, search, cookies, forget, moved, errors, any
    ])
}

/// A request: method, target, content type, body.
type Sent = (&'static str, &'static str, &'static str, &'static [u8]);

const REQUESTS: &[Sent] = &[
    ("GET", "/hello", "", b""),
    ("GET", "/hello/w%C3%B6rld?tag=a%20b&tag=c,d&tag=", "", b""),
    ("GET", "/hello/a%2Fb", "", b""),
    ("GET", "/hello/100%25", "", b""),
    ("GET", "/hello/a+b?tag=c+d", "", b""),
    ("GET", "/files/a/b%20c/d.txt", "", b""),
    ("PUT", "/echo", "text/plain", "hällo".as_bytes()),
    ("PUT", "/echo", "application/octet-stream", &[0, 0xff, 0xfe]),
    ("PUT", "/echo", "", b"no type"),
    ("PUT", "/echo", "", b""),
    ("POST", "/json", "application/json", br#"{"a":1}"#),
    ("POST", "/json", "application/json", br#"{"a":"#),
    ("POST", "/json", "application/json", br#"{"a":"x"}"#),
    ("POST", "/json", "text/plain", br#"{"a":1}"#),
    ("POST", "/json", "application/json", b""),
    (
        "POST",
        "/form",
        "application/x-www-form-urlencoded",
        b"a=1&b=%20x",
    ),
    ("GET", "/search?a=1&a=2&b=%26&c=", "", b""),
    ("GET", "/cookies", "", b""),
    ("DELETE", "/hello/x", "", b""),
    ("GET", "/moved", "", b""),
    ("GET", "/errors/conflict", "", b""),
    ("GET", "/errors/internal", "", b""),
    ("OPTIONS", "/any", "", b""),
    ("GET", "/nowhere", "", b""),
    ("PUT", "/hello", "", b""),
    ("HEAD", "/hello", "", b""),
    ("OPTIONS", "/hello", "", b""),
    ("GET", "/hello/", "", b""),
    ("GET", "/files/", "", b""),
    ("GET", "//hello", "", b""),
];

/// The front doors, and whether their clients name a stage.
fn doors() -> Vec<(&'static str, FrontDoor, &'static str)> {
    let own: Vec<RouteKey> = app()
        .manifest()
        .routes
        .iter()
        .map(|route| route.key().parse().expect("a route"))
        .collect();
    let http = |routes: Vec<RouteKey>, payload_format| {
        HttpApi::new(HttpApiConfig {
            routes: routes.into_iter().map(Into::into).collect(),
            payload_format,
            ..HttpApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "$default"))
        })
        .expect("the routes differ")
    };
    let rest = |routes| {
        RestApi::new(RestApiConfig {
            routes,
            binary_media_types: vec!["*/*".into()],
            ..RestApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "dev"))
        })
        .expect("the routes differ")
    };
    let keys = |keys: &[&str]| {
        keys.iter()
            .map(|key| key.parse().expect("a route"))
            .collect()
    };
    let url = FunctionUrlConfig::new(ApiIdentity::new("a1b2c3d4e5", "$default"));
    let url = FunctionUrl::new(url).expect("nothing can be wrong");
    vec![
        ("HTTP API", http(own.clone(), PayloadFormat::V2).into(), ""),
        (
            "HTTP API 1.0",
            http(own.clone(), PayloadFormat::V1).into(),
            "",
        ),
        ("REST API", rest(own).into(), "/dev"),
        ("function URL", url.into(), ""),
        (
            "HTTP API, $default",
            http(keys(&["$default"]), PayloadFormat::V2).into(),
            "",
        ),
        (
            "HTTP API 1.0, $default",
            http(keys(&["$default"]), PayloadFormat::V1).into(),
            "",
        ),
        (
            "REST API, {proxy+}",
            rest(keys(&["ANY /", "ANY /{proxy+}"])).into(),
            "/dev",
        ),
    ]
}

fn send(
    client: &Client,
    door: &FrontDoor,
    stage: &str,
    (method, target, media, body): &Sent,
) -> HttpReply {
    let mut request = HttpRequest::new(*method, format!("{stage}{target}"));
    request.push_header("host", b"localhost");
    request.push_header("cookie", b"c=3; d=4");
    if !media.is_empty() {
        request.push_header("content-type", media.as_bytes());
    }
    request.body = body.to_vec().into();
    let arrival = Arrival::new(1_744_668_836_000, [0x5a; Arrival::ENTROPY]);
    match door.receive(&request, &arrival) {
        Received::Answer(reply) => reply,
        Received::Invoke(invocation) => {
            let result = client.invoke(&String::from_utf8_lossy(&invocation.event));
            let result = result.expect("the app takes the event").to_string();
            door.answer(&invocation, Outcome::Payload(result.as_bytes()))
        }
        Received::Authorize(pending) => panic!("no route asks: {:?}", pending.need()),
    }
}

/// What the app has said: what gateways add, or spell as they do, is left out.
fn said(reply: &HttpReply) -> (u16, Vec<(String, String)>, String) {
    let own = |name: &str| {
        !["date", "connection", "content-length", "apigw-requestid"].contains(&name)
            && !name.starts_with("x-amzn-")
            && !name.starts_with("x-amz-")
    };
    let mut headers: Vec<(String, String)> = reply
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
        .filter(|(name, _)| own(name))
        .collect();
    headers.sort();
    // Lines of one name mean what one line with commas does (RFC 9110 §5.3), but for cookies.
    headers.dedup_by(|(name, value), (kept_name, kept)| {
        let same = name == kept_name && name != "set-cookie";
        if same {
            *kept = format!("{kept}, {value}");
        }
        same
    });
    // An unexpected error names the request, and requests are named differently.
    let body = String::from_utf8_lossy(&reply.body).into_owned();
    let body = match serde_json::from_str::<Value>(&body) {
        Ok(Value::Object(mut document)) if document.contains_key("requestId") => {
            document.remove("requestId");
            Value::Object(document).to_string()
        }
        _ => body,
    };
    (reply.status, headers, body)
}

#[test]
fn the_front_doors_agree_but_for_what_is_listed() {
    let client = Client::new(app(), ());
    let listed: BTreeMap<(&str, &str), (&str, &str)> = DIFFERENCES
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [request, door, status, body, why] = fields[..] else {
                panic!("five fields: {line}")
            };
            assert!(why.contains('['), "a difference has a source: {line}");
            ((request, door), (status, body))
        })
        .collect();
    let mut seen = BTreeMap::new();
    let mut problems = Vec::new();
    for sent in REQUESTS {
        let request = format!("{} {}", sent.0, sent.1);
        let answers: Vec<_> = doors()
            .iter()
            .map(|(name, door, stage)| (*name, said(&send(&client, door, stage, sent))))
            .collect();
        // The function URL leaves everything to the app, so what it answers is the app's own word.
        let app = answers.iter().find(|(name, _)| *name == "function URL");
        let Some((_, app)) = app else {
            panic!("the function URL is among the doors")
        };
        for (name, answer) in &answers {
            if answer == app {
                continue;
            }
            let (status, _, body) = answer;
            let key = (request.clone(), (*name).to_owned());
            seen.insert(key.clone(), ());
            let wanted = listed.get(&(key.0.as_str(), key.1.as_str()));
            let status = status.to_string();
            if wanted != Some(&(status.as_str(), body.as_str())) {
                problems.push(format!(
                    "{request}\t{name}\t{status}\t{body}\tthe app: {app:?}"
                ));
            }
        }
    }
    for (request, door) in listed.keys() {
        let key = ((*request).to_owned(), (*door).to_owned());
        if !seen.contains_key(&key) {
            problems.push(format!("listed and no difference: {request}, {door}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
