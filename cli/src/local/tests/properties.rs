//! What anybody may send or write, at random: bytes to the server in front and to Lambda's API, manifests, settings. Each is taken
//! or refused; nothing panics, nothing hangs, and the next one is served.

use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    test_runner::{Config, TestError, TestRunner},
};

use super::{
    super::{asynchronous::Clock, generation::Options, invoke_api::InvokeApi, server::arrival},
    http::{Running, get, start},
    *,
};

/// Bytes of a client: nonsense, and requests put together from parts that fit and parts that do not.
fn hostile(parts: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        1 => vec(any::<u8>(), 0..64),
        8 => select(parts).prop_map(|text| text.as_bytes().to_vec()),
    ];
    vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

const FRONT: &[&str] = &[
    "GET /do:pid HTTP/1.1\r\nHost: localhost\r\n",
    "POST /do:echo HTTP/1.1\r\nHost: localhost\r\n",
    "HEAD /do:pid HTTP/1.0\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n",
    "GET /%zz/%c0%ae?%ff HTTP/1.1\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\n",
    "\0\0\0\x04\0\0\0\0\0",
    "\0\0\x04\x08\0\0\0\0\0\0\0\0\0",
    "Host: localhost\r\n",
    "Host: rebound.example\r\n",
    "Content-Length: 5\r\n",
    "Content-Length: 18446744073709551615\r\n",
    "Content-Length: 5, 5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Expect: 100-continue\r\n",
    "Connection: close\r\n",
    "Connection: keep-alive\r\n",
    "Upgrade: h2c\r\n",
    "X: \u{e9}\t\r\n",
    " folded\r\n",
    "\r\n",
    "\n",
    "hello",
    "5\r\nhello\r\n",
    "5;ext=\"a\"\r\nhello\r\n",
    "FFFFFFFFFFFFFFFF\r\n",
    "0\r\n",
    "0\r\nTrailer: x\r\n\r\n",
];

const LAMBDA: &[&str] = &[
    "POST /2015-03-31/functions/test-dev/invocations HTTP/1.1\r\nHost: localhost\r\n",
    "POST /2021-11-15/functions/test-dev/response-streaming-invocations HTTP/1.1\r\nHost: localhost\r\n",
    "PUT /2019-09-25/functions/test-dev/event-invoke-config HTTP/1.1\r\nHost: localhost\r\n",
    "GET /2015-03-31/functions/ HTTP/1.1\r\nHost: localhost\r\n",
    "POST /2015-03-31/functions/%00%ff:::/invocations?Qualifier=%zz HTTP/1.1\r\nHost: localhost\r\n",
    "X-Amz-Invocation-Type: DryRun\r\n",
    "X-Amz-Invocation-Type: Nothing\r\n",
    "X-Amz-Log-Type: Tail\r\n",
    "X-Amz-Client-Context: e30=\r\n",
    "X-Amz-Client-Context: ////\r\n",
    "X-Amzn-Trace-Id: \u{e9}\r\n",
    "Origin: https://rebound.example\r\n",
    "Content-Length: 10\r\n",
    "Content-Length: 99999999\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Connection: close\r\n",
    "\r\n",
    "\"do:pid\"  ",
    "{\"MaximumRetryAttempts\":-1,\"MaximumEventAgeInSeconds\":1e99}",
    "a\r\n\"do:pid\"  \r\n0\r\n\r\n",
];

/// Says all of it and no more, and reads to the end.
async fn exchange_all(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let sending = async {
        // The server may have closed.
        let _ = write.write_all(bytes).await;
        let _ = write.shutdown().await;
    };
    let mut answer = Vec::new();
    let (_, read) = tokio::join!(sending, read.read_to_end(&mut answer));
    // A connection that is reset is at its end as well.
    drop(read);
    answer
}

/// Whether those are answers of HTTP/1.1, one after the other, each as long as it says; how many.
fn answers(mut bytes: &[u8], heads: &mut usize) -> Result<(), String> {
    while !bytes.is_empty() {
        let mut fields = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut fields);
        let Ok(httparse::Status::Complete(length)) = response.parse(bytes) else {
            return Err(String::from_utf8_lossy(bytes).into_owned());
        };
        let rest = bytes.get(length..).unwrap_or_default();
        if response.code == Some(100) {
            bytes = rest;
            continue;
        }
        *heads += 1;
        let length = response
            .headers
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case("content-length"))
            .and_then(|field| std::str::from_utf8(field.value).ok()?.parse::<usize>().ok());
        // An answer to HEAD tells a length and has no body: the next one begins at once, or nothing comes.
        let is_bodiless = rest.is_empty() || rest.starts_with(b"HTTP/1.1 ");
        bytes = match length {
            Some(_) if is_bodiless => rest,
            Some(length) => rest.get(length..).ok_or("an answer is cut")?,
            None => rest,
        };
    }
    Ok(())
}

fn run<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>)
where
    S::Value: std::fmt::Debug,
{
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    match TestRunner::new(config).run(strategy, test) {
        Ok(()) => {}
        Err(TestError::Fail(why, what)) => panic!("{why}: {what:?}"),
        Err(abort) => panic!("{abort}"),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// A panic in a connection's task is told in the server's log.
#[test]
fn any_bytes_to_the_server_are_answered_or_refused() {
    let runtime = runtime();
    let running: Running = runtime.block_on(async {
        let running = start().await;
        running.serve(&[]);
        running
    });
    let address = running.server.address();
    run(300, &hostile(FRONT), |bytes| {
        let answer = runtime.block_on(exchange_all(address, &bytes));
        if bytes.starts_with(b"PRI") || answer.first() == Some(&0) {
            return Ok(());
        }
        let mut heads = 0;
        let whole = answers(&answer, &mut heads);
        prop_assert!(whole.is_ok(), "{whole:?}");
        // No more answers than there may be requests in it.
        let lines = bytes.windows(6).filter(|part| part == b" HTTP/").count();
        prop_assert!(heads <= lines + 1, "{heads} answers to {lines} requests");
        Ok(())
    });
    runtime.block_on(async {
        assert_eq!(get(&running, "/do:pid").await.0, 200);
        let lines = running.lines.clone();
        running.stop().await;
        let lines = lines.all();
        assert!(
            !lines.iter().any(|line| line.contains("bug in `cargo fw`")),
            "{lines:?}"
        );
    });
}

#[test]
fn any_bytes_to_lambdas_api_are_answered_or_refused() {
    let runtime = runtime();
    let (running, api) = runtime.block_on(async {
        let running = start().await;
        running.serve(&[]);
        let functions = running.server.functions();
        let api = InvokeApi::start(
            functions,
            Hosts::new(Ipv4Addr::LOCALHOST.into(), &[]),
            Clock::Real,
            running.lines.logs(),
        )
        .await;
        (running, api.unwrap())
    });
    let url = api.url();
    let address: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
    run(200, &hostile(LAMBDA), |bytes| {
        let answer = runtime.block_on(exchange_all(address, &bytes));
        prop_assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 "));
        Ok(())
    });
    let body = "POST /2015-03-31/functions/test-dev/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\nConnection: close\r\n\r\n\"do:pid\"";
    let answer = runtime.block_on(exchange_all(address, body.as_bytes()));
    assert!(
        answer.starts_with(b"HTTP/1.1 200 "),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    runtime.block_on(running.stop());
}

/// Values that stand in manifests and settings, and some that should not.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        select(vec![
            json!("GET"),
            json!("ANY"),
            json!("get"),
            json!("/"),
            json!("/{a}/{b+}"),
            json!("/{a"),
            json!("$default"),
            json!("/ping"),
            json!("lambda"),
            json!("jwt"),
            json!("iam"),
            json!("token"),
            json!("request"),
            json!("one"),
            json!("1.0"),
            json!("$request.header.Authorization"),
            json!("$context.routeKey"),
            json!("method.request.querystring."),
            json!("path"),
            json!("query"),
            json!("application/json"),
            json!("*/*"),
            json!(""),
            json!("é\u{0}"),
            json!(null),
            json!(true),
            json!(0),
            json!(-1),
            json!(3600),
            json!(1e99),
            json!(u64::MAX),
        ]),
        ".{0,12}".prop_map(Value::from),
    ];
    let schema = select(vec![
        json!({"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}}),
        json!({"const": 1}),
        json!({"pattern": "(("}),
        json!({"$ref": "#/definitions/none"}),
    ]);
    prop_oneof![6 => leaf, 1 => schema].prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((key(), inner), 0..6).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn key() -> impl Strategy<Value = String> {
    select(vec![
        "schema",
        "app",
        "routes",
        "authorizers",
        "method",
        "path",
        "authorization",
        "api_key",
        "body",
        "type",
        "name",
        "scopes",
        "identity",
        "ttl",
        "kind",
        "payload_format",
        "simple",
        "parameters",
        "in",
        "required",
        "multiple",
        "content_type",
        "handler",
        "source",
        "file",
        "line",
    ])
    .prop_map(str::to_owned)
}

/// A manifest with something else in some places.
fn manifest() -> impl Strategy<Value = Value> {
    let route = (
        value(),
        value(),
        proptest::option::of(value()),
        any::<bool>(),
        proptest::option::of(value()),
    )
        .prop_map(|(method, path, authorization, api_key, body)| {
            let mut route = json!({"method": method, "path": path, "api_key": api_key});
            if let Some(authorization) = authorization {
                route["authorization"] = authorization;
            }
            if let Some(body) = body {
                route["body"] =
                    json!({"content_type": "application/json", "required": true, "schema": body});
            }
            route
        });
    let plain = (
        select(vec!["GET", "ANY", "POST"]),
        select(vec!["/", "/{a}", "/{a}/{b+}", "/x", "/y/{z}"]),
        select(vec![
            Value::Null,
            Value::Null,
            json!({"type": "lambda", "name": "one"}),
            json!({"type": "iam"}),
        ]),
    )
        .prop_map(|(method, path, by)| match by {
            Value::Null => json!({"method": method, "path": path}),
            by => json!({"method": method, "path": path, "authorization": by}),
        });
    let authorizer = (
        select(vec!["two", "é", ""]),
        vec(value(), 0..3),
        0..4000_u32,
    )
        .prop_map(|(name, identity, ttl)| json!({"name": name, "identity": identity, "ttl": ttl}));
    let routes = prop_oneof![
        1 => vec(prop_oneof![route, plain.clone()], 0..4),
        2 => vec(plain, 0..4),
    ];
    let authorizers = prop_oneof![3 => Just(Vec::new()), 1 => vec(authorizer, 0..2)];
    prop_oneof![
        1 => value(),
        8 => (routes, authorizers).prop_map(|(routes, mut authorizers)| {
            let simple = json!({"name": "one", "identity": ["$request.header.Authorization"], "ttl": 300});
            authorizers.push(simple);
            json!({"schema": 1, "app": "any", "routes": routes, "authorizers": authorizers})
        }),
    ]
}

/// Lines of a settings file: keys that there are, with values that may or may not be theirs.
fn settings() -> impl Strategy<Value = String> {
    const KEYS: &[&str] = &[
        "memory",
        "timeout",
        "concurrency",
        "architecture",
        "gateway",
        "payload_format",
        "stage_name",
        "stage_variables",
        "binary_media_types",
        "invoke_mode",
        "auth",
        "cors",
        "jwt",
        "authorizers",
        "throttle",
        "api_keys",
        "api_key_source",
        "usage_plans",
        "gateway_responses",
        "request_validation",
        "log_retention",
        "health",
        "keep_versions",
        "artifact_bucket",
        "policy",
        "buckets",
        "local.buckets",
        "stages.dev",
        "environment",
        "nonsense",
        "\"\"",
    ];
    const VALUES: &[&str] = &[
        "0",
        "-1",
        "128",
        "30",
        "1e99",
        "nan",
        "9223372036854775807",
        "true",
        "\"\"",
        "\"rest-api\"",
        "\"http-api\"",
        "\"function-url\"",
        "\"1.0\"",
        "\"$default\"",
        "\"v1\"",
        "\"iam\"",
        "\"response-stream\"",
        "[]",
        "[\"*\"]",
        "[\"image/*\", \"\"]",
        "{}",
        "{ rate = 1, burst = 1 }",
        "{ rate = -1.5, burst = 0 }",
        "{ routes = { \"GET /\" = { rate = nan, burst = 1 } } }",
        "{ allow_origins = [\"*\"], allow_credentials = true }",
        "{ allow_origins = [\"https://a.example\"] }",
        "{ one = { issuer = \"https://a.example\", audience = [\"a\"] } }",
        "{ one = { ttl = 9999999 } }",
        "{ one = { identity = [\"$request.\"] } }",
        "[{ name = \"k\", value = \"0123456789abcdefghij\" }]",
        "{ p = { keys = [\"k\"], quota = { limit = 1, period = \"day\" } } }",
        "{ DEFAULT_4XX = { status = 99 } }",
        "{ DEFAULT_4XX = { status = 404, templates = { \"application/json\" = \"$context.error.messageString\" } } }",
        "[{ actions = [\"s3:*\"], resources = [\"*\"] }]",
        "{ A = \"b\" }",
        "'''",
        "{ a = { b = { c = 1 } } }",
    ];
    let line = (select(KEYS), select(VALUES)).prop_map(|(key, value)| format!("{key} = {value}\n"));
    const SOUND: &[&str] = &[
        "",
        "gateway = \"rest-api\"\nrequest_validation = true\n",
        "gateway = \"rest-api\"\nbinary_media_types = [\"*/*\"]\n",
        "payload_format = \"1.0\"\nstage_name = \"v1\"\n",
        "cors = { allow_origins = [\"https://a.example\"] }\n",
        "throttle = { rate = 1, burst = 1 }\n",
    ];
    let sound = (select(SOUND), proptest::option::of(line.clone()))
        .prop_map(|(sound, line)| format!("{sound}{}", line.unwrap_or_default()));
    prop_oneof![
        1 => "(?s).{0,80}",
        8 => sound,
        4 => vec(line, 0..6).prop_map(|lines| lines.concat()),
    ]
}

/// What settings and manifest say is set up, and tried, or refused with a sentence: with exit code 65, as input is.
#[test]
fn any_manifest_and_any_settings_are_served_or_refused() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let folder = tempfile::tempdir().unwrap();
    let served = std::cell::Cell::new(0);
    run(2000, &(manifest(), settings()), |(manifest, text)| {
        std::fs::write(folder.path().join("fw.toml"), &text).unwrap();
        let settings = match Settings::load(folder.path(), "dev") {
            Ok(settings) => settings,
            Err(failure) => {
                prop_assert_eq!(failure.exit(), crate::error::Exit::Input);
                prop_assert!(!failure.message().is_empty());
                return Ok(());
            }
        };
        let Ok(manifest) = crate::manifest::parse(&manifest.to_string()) else {
            return Ok(());
        };
        let source = Source {
            manifest: &manifest,
            settings: &settings,
            bootstrap: Path::new("/nowhere"),
            replaceable: false,
            directory: folder.path(),
            url: "http://localhost:8000",
            keyring: Keyring::new(folder.path().join("key")),
            info: fw_openapi::Info::default(),
            credentials: LocalCredentials::well_known(),
            options: Options::default(),
            environment: Vec::new(),
        };
        let generation = match Generation::new(source, &Logs::to(false, true, |_| {})) {
            Ok(generation) => generation,
            Err(failure) => {
                prop_assert_eq!(failure.exit(), crate::error::Exit::Input, "{}", failure);
                return Ok(());
            }
        };
        served.set(served.get() + 1);
        for target in ["/", "/x", "/dev/x/y/z", "/v1/%2f%ff?a=%00", "*"] {
            let mut request = fw_gateway::HttpRequest::new("GET", target);
            request.push_header("Host", b"localhost");
            // Any of the three ways on is one; that none panics is what is asked.
            let _ = generation.door.receive(&request, &arrival());
        }
        Ok(())
    });
    assert!(
        served.get() > 50,
        "most of them are refused: {}",
        served.get()
    );
}
