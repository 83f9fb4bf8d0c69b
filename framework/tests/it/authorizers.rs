//! Authorizers: asked as each gateway asks, started by their names, and told in the manifest.

use std::convert::Infallible;

use fw::{
    App, AppError, Error, Method, Result, Routes, StatusCode,
    auth::{Allow, Decision, Deny},
    authorizer,
    extract::{AuthContext, Bearer, Claims, IamIdentity, Principal, Query, SourceIp, Token},
    get, post, route, routes,
    service::{Body, Mount},
    test::{Client, Gateway},
};
use fw_manifest::{Authorization, AuthorizerKind, Manifest};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower::{Service, service_fn};

use crate::runtime_api::{Lambda, command};

/// The app's state.
pub(crate) struct Members(&'static str);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Member {
    plan: String,
    seats: u32,
    groups: Vec<String>,
    nothing: Option<u8>,
}

fn member() -> Member {
    Member {
        plan: "team".to_owned(),
        seats: 5,
        groups: vec!["a".to_owned(), "b c".to_owned()],
        nothing: None,
    }
}

/// Knows one token; others fail in each way.
#[authorizer(identity = ["header:authorization"], ttl = 300)]
async fn members(members: &Members, Bearer(token): Bearer) -> Result<Decision> {
    match token.as_str() {
        known if known == members.0 => Ok(Allow::new("ali").with_context(&member()).into()),
        "401" => Err(Error::unauthorized("who are you?")),
        "404" => Err(Error::not_found("nobody of that name").with_cause("the secret cause")),
        "500" => Err(std::io::Error::other("the secret table is gone").into()),
        "panic" => panic!("the secret panic"),
        "teapot" => Err(Error::new(StatusCode::OK, "an error is never a success")),
        "shapeless" => Ok(Allow::new("ali").with_context("a text").into()),
        _ => Ok(Deny.into()),
    }
}

#[derive(Deserialize)]
struct Key {
    key: Option<String>,
}

#[authorizer(identity = ["query:key"])]
async fn keys(
    Query(query): Query<Key>,
    SourceIp(address): SourceIp,
    method: Method,
) -> Option<Allow> {
    let known =
        query.key.as_deref() == Some("k1") && address.is_loopback() && method == Method::GET;
    known.then(|| Allow::new("key-1"))
}

#[authorizer(token, identity = ["header:x-token"])]
async fn tokens(Token(token): Token) -> Option<Allow> {
    (token == "sesame").then(|| Allow::new("token"))
}

#[get("/plan", authorizer = members)]
async fn plan(Principal(name): Principal, AuthContext(context): AuthContext<Member>) -> String {
    assert_eq!(context, member());
    name
}

#[get("/key", authorizer = keys)]
async fn key(Principal(name): Principal) -> String {
    name
}

#[get("/token", authorizer = tokens)]
async fn token(Principal(name): Principal) -> String {
    name
}

#[derive(Deserialize)]
struct User {
    sub: String,
    exp: u64,
    groups: Vec<String>,
}

#[get("/jwt", jwt = "main", scopes = ["items:read", "items:all"])]
async fn jwt(Claims(user): Claims<User>) -> String {
    format!("{} {} {}", user.sub, user.exp, user.groups.join("+"))
}

#[get("/iam", iam)]
async fn iam(identity: IamIdentity) -> String {
    identity.user_arn
}

#[post("/open", public)]
async fn open(principal: Option<Principal>) -> String {
    format!("{principal:?}")
}

/// By another name, so that the mistake is found by the request alone.
type AnyClaims = Claims<Value>;

#[get("/mistaken")]
async fn mistaken(_claims: AnyClaims) {}

#[get("/told")]
async fn told(_claims: Claims<Value>) {}

#[get("/told/maybe")]
async fn maybe(_claims: Option<Claims<Value>>) {}

#[route("/paid", methods = [GET, PUT], api_key)]
async fn paid() {}

fn list() -> Routes<Members> {
    routes![plan, key, token, jwt, iam, open, mistaken]
}

/// What every gateway with authorizers can have.
fn without_jwt() -> App<Members> {
    App::new("guarded", async || Ok::<_, Error>(Members("sesame")))
        .routes(routes![plan, key, token, iam, open, mistaken])
}

pub(crate) fn app() -> App<Members> {
    App::new("guarded", async || Ok::<_, Error>(Members("sesame"))).routes(list())
}

fn client(gateway: Gateway) -> Client {
    let app = match gateway {
        Gateway::RestApi => without_jwt(),
        _ => app(),
    };
    Client::new(app, Members("sesame")).through(gateway)
}

const GATEWAYS: [Gateway; 3] = [Gateway::HttpApi, Gateway::HttpApiV1, Gateway::RestApi];

#[test]
fn an_authorizer_is_asked_before_the_route() {
    for gateway in GATEWAYS {
        let client = client(gateway);
        let plan = |token: &str| {
            client
                .get("/plan")
                .header("authorization", format!("Bearer {token}"))
                .send()
        };
        let response = plan("sesame");
        assert_eq!(
            (response.status().as_u16(), response.text()),
            (200, "ali"),
            "{gateway:?}"
        );
        for (token, status) in [
            ("guess", 403),
            (
                "401",
                if gateway == Gateway::RestApi {
                    401
                } else {
                    403
                },
            ),
            ("404", 403),
            ("500", 500),
            ("panic", 500),
            ("teapot", 500),
            ("shapeless", 500),
        ] {
            let response = plan(token);
            assert_eq!(response.status(), status, "{gateway:?} {token}");
            assert!(!response.text().contains("secret"), "{response:?}");
        }
        // Without its identity nobody is asked.
        assert_eq!(client.get("/plan").send().status(), 401, "{gateway:?}");
        assert_eq!(
            client.get("/key?key=k1").send().text(),
            "key-1",
            "{gateway:?}"
        );
        assert_eq!(client.get("/key?key=k2").send().status(), 403);
        assert_eq!(client.get("/key").send().status(), 401);
        assert_eq!(
            client
                .get("/token")
                .header("x-token", "sesame")
                .send()
                .status(),
            if gateway == Gateway::RestApi {
                200
            } else {
                403
            }
        );
    }
}

#[test]
fn a_test_may_say_who_calls() {
    for gateway in GATEWAYS {
        let client = client(gateway);
        let claims = json!({"sub": "ada", "exp": 1_700_000_000, "groups": ["x", "y"], "scope": "a items:read", "gone": null});
        if gateway != Gateway::RestApi {
            let response = client.get("/jwt").claims(&claims).send();
            assert_eq!(response.text(), "ada 1700000000 x+y", "{gateway:?}");
            let response = client
                .get("/jwt")
                .claims(&json!({"sub": "ada", "scope": "items:write"}))
                .send();
            assert_eq!(response.status(), 403);
            let response = client
                .get("/jwt")
                .claims(&json!({"sub": "ada", "scope": "items:all"}))
                .send();
            assert_eq!(
                (
                    response.status().as_u16(),
                    response.json::<Value>()["code"].as_str()
                ),
                (403, Some("forbidden"))
            );
            assert_eq!(client.get("/jwt").send().status(), 401);
            // Nobody vouches for a token that the test has made itself.
            let token = "Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.e30.eA";
            let response = client.get("/jwt").header("authorization", token).send();
            assert_eq!(response.status(), 401);
            assert!(
                response.reason().unwrap().contains("`.claims(…)`"),
                "{response:?}"
            );
        }

        let response = client.get("/plan").auth_context(&member()).send();
        assert_eq!(response.text(), "test", "{gateway:?}");

        let arn = "arn:aws:iam::123456789012:user/ada";
        assert_eq!(
            client.get("/iam").signed_by(arn).send().text(),
            arn,
            "{gateway:?}"
        );
        assert_eq!(client.get("/iam").send().status(), 403);

        assert_eq!(client.post("/open").send().text(), "None");
        // What a client sends is no claim.
        let response = client
            .get("/mistaken")
            .header("authorization", "Bearer a.b.c")
            .claims(&claims)
            .send();
        assert_eq!(response.status(), 500);
        assert!(!response.text().contains("jwt"), "{response:?}");
    }
}

#[test]
fn an_api_key_is_a_rest_api_s() {
    let app = || App::stateless("paid").routes(routes![paid]);
    let rest = Client::new(app(), ()).through(Gateway::RestApi);
    assert_eq!(rest.get("/paid").send().status(), 403);
    assert_eq!(rest.get("/paid").api_key().send().status(), 204);
    assert!(app().manifest().routes.iter().all(|route| route.api_key));
}

#[test]
fn an_authorizer_s_answer_is_kept_as_on_aws() {
    use std::sync::atomic::{AtomicU32, Ordering};

    struct Asked(AtomicU32);

    #[authorizer(identity = ["header:x-key"], ttl = 300)]
    async fn counting(asked: &Asked) -> Allow {
        Allow::new(format!(
            "caller {}",
            asked.0.fetch_add(1, Ordering::Relaxed)
        ))
    }

    #[get("/who", authorizer = counting)]
    async fn who(Principal(name): Principal) -> String {
        name
    }

    for gateway in GATEWAYS {
        let app = App::new("counted", async || Ok::<_, Error>(Asked(AtomicU32::new(0))))
            .routes(routes![who]);
        let client = Client::new(app, Asked(AtomicU32::new(0))).through(gateway);
        let who = |key: &str| {
            let response = client.get("/who").header("x-key", key).send();
            response.text().to_owned()
        };
        assert_eq!(
            [who("a"), who("a"), who("b")],
            ["caller 0", "caller 0", "caller 1"]
        );
        let again = client.clone().through(gateway);
        let response = again.get("/who").header("x-key", "a").send();
        assert_eq!(response.text(), "caller 2", "{gateway:?}");
        // Whoever is vouched for needs no key, and nobody is asked.
        let response = client.get("/who").auth_context(&json!({})).send();
        assert_eq!(response.text(), "test", "{gateway:?}");
    }
}

/// A service that says which path it sees.
fn service()
-> impl Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ 'static {
    service_fn(|request: http::Request<Body>| async move {
        let path = request.uri().path().to_owned();
        Ok(http::Response::new(Body::from(path)))
    })
}

#[test]
fn a_guard_around_a_mounted_service_is_asked_for_all_its_paths() {
    let app = |mount: Mount<Members>| {
        App::new("house", async || Ok::<_, Error>(Members("sesame"))).mount_service("/in", mount)
    };
    type Guarded = fn() -> Mount<Members>;
    let table: [(Guarded, &str, &[Gateway]); 4] = [
        (
            || Mount::new(service()).authorizer::<members>(),
            r#"{"type":"lambda","name":"members"}"#,
            &GATEWAYS,
        ),
        (
            || Mount::new(service()).iam(),
            r#"{"type":"iam"}"#,
            &GATEWAYS,
        ),
        (
            || Mount::new(service()).jwt_with_scopes("main", &["s"]),
            r#"{"type":"jwt","name":"main","scopes":["s"]}"#,
            &[Gateway::HttpApi, Gateway::HttpApiV1],
        ),
        // The first guard counts, as in a list.
        (
            || Mount::new(service()).jwt("main").iam(),
            r#"{"type":"jwt","name":"main"}"#,
            &[Gateway::HttpApi],
        ),
    ];
    for (mount, expected, gateways) in table {
        let manifest = app(mount()).manifest();
        assert_eq!(manifest.routes.len(), 2);
        for route in &manifest.routes {
            let seen = serde_json::to_string(&route.authorization).unwrap();
            assert_eq!((seen.as_str(), route.api_key), (expected, false));
        }
        assert_eq!(app(mount()).check(), Ok(()));
        let client = Client::new(app(mount()), Members("sesame"));
        for &gateway in gateways {
            let client = client.clone().through(gateway);
            for path in ["/in", "/in/a", "/in/a/b", "/in/%61/", "/in//a", "/%69n/a"] {
                let status = client.get(path).send().status();
                assert!(
                    [401, 403].contains(&status.as_u16()),
                    "{gateway:?} {path}: {status}"
                );
            }
            let request = client.get("/in/a");
            let request = match expected {
                r#"{"type":"iam"}"# => request.signed_by("arn:aws:iam::123456789012:user/ann"),
                lambda if lambda.contains("lambda") => {
                    request.header("authorization", "Bearer sesame")
                }
                _ => request.claims(&json!({"sub": "ann", "scope": "s"})),
            };
            let response = request.send();
            assert_eq!((response.status().as_u16(), response.text()), (200, "/a"));
        }
    }
    let manifest = app(Mount::new(service()).authorizer::<members>()).manifest();
    assert_eq!(manifest.authorizers[0].name, "members");
}

#[test]
fn a_mounted_service_may_ask_for_a_key_and_is_open_by_itself() {
    let keyed = App::stateless("paid").mount_service("/in", Mount::new(service()).api_key());
    assert!(keyed.manifest().routes.iter().all(|route| route.api_key));
    let client = Client::new(keyed, ()).through(Gateway::RestApi);
    assert_eq!(client.get("/in/a").send().status(), 403);
    assert_eq!(client.get("/in/a").api_key().send().text(), "/a");
    for open in [
        App::stateless("open").mount_service("/in", service()),
        App::stateless("open").mount_service("/in", Mount::new(service())),
    ] {
        let routes = open.manifest().routes;
        assert!(
            routes
                .iter()
                .all(|it| it.authorization.is_none() && !it.api_key)
        );
        assert_eq!(Client::new(open, ()).get("/in/a").send().text(), "/a");
    }
}

#[test]
#[should_panic(expected = "cannot have: ANY /in")]
fn a_function_url_does_not_guard_a_mounted_service() {
    let app = App::stateless("url").mount_service("/in", Mount::new(service()).iam());
    let _ = Client::new(app, ()).through(Gateway::FunctionUrl);
}

#[test]
#[should_panic(expected = "an HTTP API has no API keys, so it cannot have: GET /paid")]
fn an_http_api_has_no_keys() {
    let _ = Client::new(App::stateless("paid").routes(routes![paid]), ()).get("/paid");
}

#[test]
#[should_panic(expected = "a REST API does not check JSON Web Tokens, so it cannot have: GET /jwt")]
fn a_rest_api_checks_no_tokens() {
    let _ = Client::new(app(), Members("")).through(Gateway::RestApi);
}

#[test]
#[should_panic(expected = "cannot have: GET /iam")]
fn a_function_url_asks_nobody() {
    let _ = client(Gateway::FunctionUrl);
}

#[test]
fn a_list_guards_its_routes_unless_they_say_more() {
    let app = App::new("lists", async || Ok::<_, Error>(Members("")))
        .mount("/a", list().authorizer::<members>().api_key())
        .mount("/j", list().jwt("other"))
        .mount("/s", list().jwt_with_scopes("other", &["s"]))
        .mount("/i", routes![open, mistaken].iam());
    let manifest = app.manifest();
    let of = |path: &str| {
        let route = manifest
            .routes
            .iter()
            .find(|route| route.path == path)
            .unwrap();
        (route.authorization.clone(), route.api_key)
    };
    let lambda = |name: &str| Some(Authorization::Lambda { name: name.into() });
    let jwt = |name: &str, scopes: &[&str]| {
        Some(Authorization::Jwt {
            name: name.into(),
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        })
    };
    assert_eq!(of("/a/mistaken"), (lambda("members"), true));
    assert_eq!(of("/a/key"), (lambda("keys"), true));
    assert_eq!(
        of("/a/jwt"),
        (jwt("main", &["items:read", "items:all"]), true)
    );
    assert_eq!(of("/a/open"), (None, false));
    assert_eq!(of("/j/mistaken"), (jwt("other", &[]), false));
    assert_eq!(of("/s/mistaken"), (jwt("other", &["s"]), false));
    assert_eq!(of("/i/mistaken"), (Some(Authorization::Iam), false));
    assert_eq!(of("/i/open"), (None, false));
}

#[test]
fn the_manifest_tells_of_authorizers_once() {
    let manifest = app().manifest();
    let names: Vec<&str> = manifest
        .authorizers
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(names, ["keys", "members", "tokens"]);
    let [keys, members, tokens] = &manifest.authorizers[..] else {
        panic!("{names:?}");
    };
    assert_eq!((members.ttl, members.simple), (300, true));
    assert_eq!(members.identity, ["$request.header.authorization"]);
    assert_eq!(members.handler, "it::authorizers::members");
    let source = members.source.as_ref().unwrap();
    assert!(source.file.ends_with("it/authorizers.rs") && source.line > 0);
    assert_eq!(keys.identity, ["$request.querystring.key"]);
    assert_eq!(
        (tokens.kind, keys.kind),
        (AuthorizerKind::Token, AuthorizerKind::Request)
    );
    let json = serde_json::to_string(&manifest).unwrap();
    assert_eq!(serde_json::from_str::<Manifest>(&json).unwrap(), manifest);
}

mod other {
    use fw::{auth::Deny, authorizer, get};

    #[authorizer]
    pub(super) async fn keys() -> Deny {
        Deny
    }

    #[get("/other", authorizer = keys)]
    pub(super) async fn other() {}
}

#[test]
fn two_authorizers_of_one_name_are_refused() {
    let app = App::stateless("twice").routes(routes![key, other::other]);
    let Err(error @ AppError::Functions { .. }) = app.check() else {
        panic!("both are `keys`");
    };
    let text = error.to_string();
    assert!(
        text.contains("`it::authorizers::keys` (")
            && text.contains("`it::authorizers::other::keys` ("),
        "{text}"
    );
}

const ID: &str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";

/// What a process answers that plays that authorizer, with the end of the line that it posts to.
fn ask(name: &str, event: &Value) -> (String, Value) {
    let mut lambda = Lambda::start("guarded", &[("_HANDLER", &format!("authorizer.{name}"))]);
    let posted = lambda.invoke(ID, &event.to_string());
    lambda.finish();
    let end = posted
        .line
        .split(['/', ' '])
        .rev()
        .nth(2)
        .unwrap()
        .to_owned();
    (end, serde_json::from_str(&posted.body).unwrap())
}

#[test]
fn a_process_plays_the_authorizer_that_its_handler_names() {
    let arn = "arn:aws:execute-api:eu-central-1:123456789012:abc/prod/GET/plan/x";
    let http: Value = serde_json::from_str(include_str!("../events/http_api.json")).unwrap();
    let mut simple = http;
    simple["type"] = json!("REQUEST");
    simple["routeArn"] = json!(arn);
    simple["headers"]["authorization"] = json!("Bearer sesame");
    let (end, answer) = ask("members", &simple);
    assert_eq!(end, "response");
    let context = json!({"plan": "team", "seats": 5, "groups": ["a", "b c"], "principalId": "ali"});
    assert_eq!(answer, json!({"isAuthorized": true, "context": context}));
    simple["headers"]["authorization"] = json!("Bearer guess");
    assert_eq!(ask("members", &simple).1, json!({"isAuthorized": false}));

    let policy = |effect: &str, principal: &str| {
        json!({
            "principalId": principal,
            "policyDocument": {
                "Version": "2012-10-17",
                "Statement": [{
                    "Action": "execute-api:Invoke",
                    "Effect": effect,
                    "Resource": "arn:aws:execute-api:eu-central-1:123456789012:abc/prod/*",
                }],
            },
        })
    };
    for event in [
        include_str!("../events/rest_api.json"),
        include_str!("../events/http_api_v1.json"),
    ] {
        let mut request: Value = serde_json::from_str(event).unwrap();
        request["type"] = json!("REQUEST");
        request["methodArn"] = json!(arn);
        request["multiValueHeaders"] = json!({"Authorization": ["Bearer sesame"]});
        let mut expected = policy("Allow", "ali");
        // A REST API takes no lists.
        expected["context"] = json!({"plan": "team", "seats": 5, "groups": "[\"a\",\"b c\"]"});
        assert_eq!(ask("members", &request), ("response".to_owned(), expected));
    }
    let token =
        |token: &str| json!({"type": "TOKEN", "methodArn": arn, "authorizationToken": token});
    assert_eq!(ask("tokens", &token("sesame")).1, policy("Allow", "token"));
    assert_eq!(ask("tokens", &token("guess")).1, policy("Deny", "nobody"));
    assert_eq!(
        ask("members", &token("Bearer sesame")).1["principalId"],
        "ali"
    );
    let (end, answer) = ask("members", &token("no scheme"));
    assert_eq!(
        (end.as_str(), &answer["errorMessage"]),
        ("error", &json!("Unauthorized"))
    );

    for event in [
        json!(null),
        json!({}),
        json!({"methodArn": "x"}),
        json!({"methodArn": arn, "type": "TOKEN"}),
        serde_json::from_str(include_str!("../events/http_api.json")).unwrap(),
    ] {
        let (end, answer) = ask("tokens", &event);
        assert_eq!(end, "error", "{event} {answer}");
    }
}

#[test]
fn a_refusal_is_told_in_the_log_alone() {
    let arn = "arn:aws:execute-api:eu-central-1:123456789012:abc/prod/GET/plan";
    let mut lambda = Lambda::start("guarded", &[("_HANDLER", "authorizer.members")]);
    for (token, end) in [("404", "response"), ("500", "error"), ("panic", "error")] {
        let event = json!({"type": "TOKEN", "methodArn": arn, "authorizationToken": format!("Bearer {token}")});
        let posted = lambda.invoke(ID, &event.to_string());
        assert!(
            posted.line.contains(&format!("/{end} ")),
            "{token}: {posted:?}"
        );
        assert!(!posted.body.contains("secret"), "{posted:?}");
    }
    let stderr = String::from_utf8(lambda.finish().stderr).unwrap();
    for told in [
        r#""message":"denied: nobody of that name: the secret cause""#,
        r#""message":"an unexpected error occurred: the secret table is gone""#,
        r#""message":"panicked: the secret panic""#,
    ] {
        assert_eq!(stderr.matches(told).count(), 1, "{told} in {stderr}");
    }
    // Nobody adds the words of the document that Lambda gets.
    assert!(!stderr.contains("fw.AuthorizerError"), "{stderr}");
    assert!(
        stderr.contains(r#""authorizer":"members","status":404"#),
        "{stderr}"
    );
}

#[test]
fn an_authorizer_that_is_not_there_fails_the_start_and_names_those_that_are() {
    let mut lambda = Lambda::start("guarded", &[("_HANDLER", "authorizer.member")]);
    let posted = lambda.call();
    assert_eq!(posted.line, "POST /2018-06-01/runtime/init/error HTTP/1.1");
    lambda.reply(202, "", "{\"status\":\"OK\"}");
    let output = lambda.finish();
    assert_eq!(output.status.code(), Some(1));
    let told = "`_HANDLER` names the authorizer `member`, but the app has: keys, members, tokens";
    assert!(posted.body.contains(told), "{posted:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains(told));
    // Any other handler is the API.
    let mut lambda = Lambda::start("guarded", &[("_HANDLER", "bootstrap")]);
    let posted = lambda.invoke(ID, include_str!("../events/http_api.json"));
    assert!(posted.line.contains("/response "), "{posted:?}");
    lambda.finish();
    assert_eq!(command("guarded").output().unwrap().status.code(), Some(64));
}

#[authorizer(identity = ["header:authorization"], ttl = 300)]
async fn by_path(Bearer(token): Bearer, Path(path): Path) -> Option<Allow> {
    (path == format!("/{token}")).then(|| Allow::new("one"))
}

#[authorizer(identity = ["header:authorization", "context:routeKey"], ttl = 300)]
async fn by_route_key(Bearer(token): Bearer, Path(path): Path) -> Option<Allow> {
    (path == format!("/{token}")).then(|| Allow::new("one"))
}

#[authorizer(identity = ["header:authorization"], ttl = 300)]
async fn named(Bearer(token): Bearer) -> Option<Allow> {
    match &*token {
        "a" => Some(Allow::new("one").for_routes(["GET /a"])),
        "items" => Some(Allow::new("one").for_routes(["/items/{id}", "GET /a"])),
        "none" => Some(Allow::new("one").for_routes([""; 0])),
        "all" => Some(Allow::new("one")),
        _ => None,
    }
}

/// An extractor of an app's own, as a port from another framework has it.
struct Path(String);

impl fw::FromRequest for Path {
    type Rejection = Infallible;

    fn from_request(request: &fw::Request<'_>) -> Result<Self, Self::Rejection> {
        Ok(Self(request.path().to_owned()))
    }
}

#[get("/a")]
async fn route_a() -> &'static str {
    "a"
}

#[fw::route("/items/<id>", methods = [GET, PUT])]
async fn item(id: u32) -> String {
    id.to_string()
}

fn status(client: &Client, method: &str, path: &str, token: &str) -> u16 {
    let request = client.request(method, path);
    let token = format!("Bearer {token}");
    request
        .header("authorization", token)
        .send()
        .status()
        .as_u16()
}

#[test]
fn an_answer_that_names_routes_may_be_kept() {
    let app = App::stateless("named").routes(routes![route_a, item].authorizer::<named>());
    let client = Client::new(app, ()).through(Gateway::RestApi);
    // Twice: the second answer is the one that was kept.
    for _ in 0..2 {
        assert_eq!(status(&client, "GET", "/a", "a"), 200);
        assert_eq!(status(&client, "GET", "/items/7", "a"), 403);
        for method in ["GET", "PUT"] {
            assert_eq!(status(&client, method, "/items/7", "items"), 200);
        }
        assert_eq!(status(&client, "GET", "/a", "items"), 200);
        assert_eq!(status(&client, "GET", "/a", "none"), 403);
        assert_eq!(status(&client, "GET", "/items/7", "all"), 200);
    }
    // A simple answer of an HTTP API cannot name them.
    let app = App::stateless("named").routes(routes![route_a, item].authorizer::<named>());
    let client = Client::new(app, ());
    assert_eq!(status(&client, "GET", "/a", "a"), 500);
    assert_eq!(status(&client, "GET", "/a", "all"), 200);
}

#[test]
fn a_kept_answer_that_depends_on_the_path_is_refused() {
    let app = App::stateless("by-path").routes(routes![route_a, item].authorizer::<by_path>());
    let client = Client::new(app, ());
    for gateway in [Gateway::HttpApi, Gateway::RestApi] {
        let client = client.clone().through(gateway);
        // To admit here would admit everywhere.
        assert_eq!(status(&client, "GET", "/a", "a"), 500, "{gateway:?}");
        assert_eq!(status(&client, "GET", "/items/7", "a"), 403, "{gateway:?}");
    }
    let app = App::stateless("by-key").routes(routes![route_a, item].authorizer::<by_route_key>());
    let client = Client::new(app, ());
    assert_eq!(status(&client, "GET", "/a", "a"), 200);
    assert_eq!(status(&client, "GET", "/items/7", "a"), 403);
}

#[test]
fn claims_without_a_token_are_refused() {
    let check = |list: Routes| App::stateless("claims").routes(list).check();
    let error = check(routes![told]).unwrap_err().to_string();
    assert!(
        error.contains("told` takes `Claims`, but `GET /told` asks for no token"),
        "{error}"
    );
    assert_eq!(check(routes![told].jwt("main")), Ok(()));
    assert_eq!(check(routes![maybe, jwt]), Ok(()));
    assert!(check(routes![].mount("/v1", routes![told])).is_err());
}
