//! Apps as processes: what they print, how they end, and what they tell Lambda.

use std::process::ExitCode;

use fw::{App, Error, IntoResponse, Response, StatusCode, get, response::SetCookie, routes};
use fw_manifest::Manifest;
use serde_json::{Value, json};

use crate::{
    app::app,
    runtime_api::{Lambda, command},
};

/// Not a test by itself: the other tests start this program once more, and here it becomes the app that they ask for.
#[test]
fn as_app() {
    let Ok(name) = std::env::var("FW_IT_APP") else {
        return;
    };
    let code = match name.as_str() {
        "it" => app().run(),
        "guarded" => crate::authorizers::app().run(),
        "sourced" => crate::sources::app().run(),
        "failing" => App::<()>::new("failing", async || {
            let cause = std::io::Error::other("no such table");
            Err(Error::internal(Chained(cause)))
        })
        .run(),
        "panicking" => App::<()>::new("panicking", async || -> Result<(), Error> {
            panic!("at start")
        })
        .run(),
        "streaming" => streaming().run(),
        "streams" => crate::streams::app().run(),
        "ill-named" => App::stateless("ill named").run(),
        "empty" => App::stateless("empty").routes(routes![]).run(),
        other => panic!("no such app: {other}"),
    };
    let code = (0..=255).find(|&number| ExitCode::from(number) == code);
    std::process::exit(code.map_or(255, i32::from));
}

fn streaming() -> App {
    #[get("/text")]
    async fn text() -> Response {
        (StatusCode::CREATED, "größe")
            .with_header("x-own", "1")
            .with_added_header("vary", "accept")
            .with_added_header("vary", "origin")
            .with_cookie(SetCookie::new("a", "1"))
            .with_cookie(SetCookie::new("b", "2"))
    }

    #[get("/large")]
    async fn large() -> String {
        "x".repeat(7_000_000)
    }

    #[get("/fails")]
    async fn fails() -> fw::Result<()> {
        Err(Error::conflict("taken"))
    }

    App::stateless("streaming").routes(routes![text, large, fails])
}

#[test]
fn behind_a_url_that_streams_every_answer_has_the_streaming_form() {
    let mut lambda = Lambda::start("streaming", &[("FW_INVOKE_MODE", "response-stream")]);
    let mut ask = |method: &str, path: &str| {
        let posted = lambda.invoke(ID, &event(method, path));
        assert!(posted.line.contains("/response "), "{posted:?}");
        let head = posted.head.to_lowercase();
        for line in [
            "lambda-runtime-function-response-mode: streaming",
            "content-type: application/vnd.awslambda.http-integration-response",
        ] {
            assert!(head.contains(line), "{head}");
        }
        let (prelude, body) = posted.body.split_once("\0\0\0\0\0\0\0\0").unwrap();
        let prelude: Value = serde_json::from_str(prelude).unwrap();
        (prelude, body.to_owned())
    };
    let (prelude, body) = ask("GET", "/text");
    assert_eq!(
        prelude,
        json!({
            "statusCode": 201,
            "headers": {"content-type": "text/plain; charset=utf-8", "x-own": "1", "vary": "accept, origin"},
            "cookies": ["a=1", "b=2"],
        })
    );
    assert_eq!(body, "größe");
    let (prelude, body) = ask("GET", "/fails");
    assert_eq!(prelude["statusCode"], 409);
    assert_eq!(
        prelude["headers"]["content-type"],
        "application/problem+json"
    );
    assert!(body.contains("taken"));
    let (prelude, _) = ask("GET", "/nowhere");
    assert_eq!(prelude["statusCode"], 404);
    let (prelude, _) = ask("POST", "/text");
    assert_eq!(
        (&prelude["statusCode"], &prelude["headers"]["allow"]),
        (&json!(405), &json!("GET"))
    );
    // Past the 6 MiB of a whole result.
    let (prelude, body) = ask("GET", "/large");
    assert_eq!(
        (&prelude["statusCode"], body.len()),
        (&json!(200), 7_000_000)
    );
    // What is not a request is an error there too.
    assert!(lambda.invoke(ID, "{}").line.contains("/error "));
    lambda.finish();

    // Elsewhere an answer is whole, whatever else the variable says.
    for mode in ["", "buffered"] {
        let mut lambda = Lambda::start("streaming", &[("FW_INVOKE_MODE", mode)]);
        let posted = lambda.invoke(ID, &event("GET", "/text"));
        let answer: Value = serde_json::from_str(&posted.body).unwrap();
        assert_eq!(answer["statusCode"], 201);
        lambda.finish();
    }
}

/// An error with a cause.
#[derive(Debug)]
struct Chained(std::io::Error);

impl std::fmt::Display for Chained {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the store cannot be opened")
    }
}

impl std::error::Error for Chained {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

fn event(method: &str, path: &str) -> String {
    let mut event: Value = serde_json::from_str(include_str!("../events/hello.json")).unwrap();
    event["routeKey"] = json!("$default");
    event["rawPath"] = json!(path);
    event["requestContext"]["http"]["path"] = json!(path);
    event["requestContext"]["http"]["method"] = json!(method);
    event.to_string()
}

const ID: &str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";

#[test]
fn invocations_are_answered_one_after_another() {
    let mut lambda = Lambda::start("it", &[]);
    for round in 1..=3 {
        let posted = lambda.invoke(ID, &event("POST", "/count"));
        assert_eq!(
            posted.line,
            format!("POST /2018-06-01/runtime/invocation/{ID}/response HTTP/1.1")
        );
        let answer: Value = serde_json::from_str(&posted.body).unwrap();
        assert_eq!(
            answer,
            json!({
                "statusCode": 200,
                "headers": {"content-type": "text/plain; charset=utf-8"},
                "cookies": [],
                "body": round.to_string(),
            })
        );
    }
    let output = lambda.finish();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the connection to Lambda is lost"));
}

#[test]
fn what_is_no_http_event_is_an_error_by_name_and_the_process_lives_on() {
    let mut lambda = Lambda::start("it", &[]);
    let posted = lambda.invoke(ID, include_str!("../events/sqs.json"));
    assert_eq!(
        posted.line,
        format!("POST /2018-06-01/runtime/invocation/{ID}/error HTTP/1.1")
    );
    let error: Value = serde_json::from_str(&posted.body).unwrap();
    assert_eq!(error["errorType"], "fw.NotAnHttpEvent");
    assert!(
        error["errorMessage"]
            .as_str()
            .unwrap()
            .ends_with("records of `aws:sqs`"),
        "{error}"
    );
    for event in ["null", "[]", "17", "\"\"", "{}", "{\"fw\":\"other\"}"] {
        let posted = lambda.invoke(ID, event);
        assert!(posted.line.contains("/error "), "{posted:?}");
    }
    // What tries a version and what keeps a process awake is no event of the app's.
    for event in ["{\"fw\":\"health\"}", "{\"fw\":\"warm\"}"] {
        let posted = lambda.invoke(ID, event);
        assert!(posted.line.contains("/response "), "{posted:?}");
        assert_eq!(posted.body, "null");
    }
    assert!(
        lambda
            .invoke(ID, &event("GET", "/hello"))
            .body
            .contains("hello")
    );
    lambda.finish();
}

#[test]
fn a_panics_backtrace_is_in_its_line_where_it_is_asked_for() {
    for (asked, told) in [("1", true), ("0", false)] {
        let mut lambda = Lambda::start("it", &[("RUST_BACKTRACE", asked)]);
        lambda.invoke(ID, &event("GET", "/panic"));
        let stderr = String::from_utf8(lambda.finish().stderr).unwrap();
        let mut lines = stderr
            .lines()
            .filter(|line| line.contains("the secret panic"));
        let (Some(line), None) = (lines.next(), lines.next()) else {
            panic!("one line, not: {stderr}");
        };
        let line: Value = serde_json::from_str(line).unwrap();
        let backtrace = line["backtrace"].as_str();
        assert_eq!(backtrace.is_some(), told, "{line}");
        assert_eq!(
            backtrace.is_some_and(|frames| frames.contains("dispatch")),
            told,
            "{line}"
        );
    }
}

#[test]
fn a_panics_backtrace_is_behind_its_line_where_people_read() {
    let variables = [("RUST_BACKTRACE", "1"), ("AWS_LAMBDA_LOG_FORMAT", "Text")];
    let mut lambda = Lambda::start("it", &variables);
    lambda.invoke(ID, &event("GET", "/panic"));
    let stderr = String::from_utf8(lambda.finish().stderr).unwrap();
    let (before, after) = stderr.split_once("the secret panic").unwrap();
    let (line, frames) = after.split_once('\n').unwrap();
    assert!(
        before.contains("ERROR") && line.contains("handler=it::app::panics"),
        "{stderr}"
    );
    assert!(!line.contains("backtrace"), "{line}");
    let frames = frames
        .lines()
        .filter(|line| line.trim_start().starts_with("at ") || line.contains(": "));
    assert!(frames.count() > 5, "{stderr}");
    assert!(stderr.contains("dispatch.rs"), "{stderr}");
}

#[test]
fn a_panic_is_one_log_line_with_its_place_and_the_request_id() {
    let mut lambda = Lambda::start("it", &[]);
    let answer: Value =
        serde_json::from_str(&lambda.invoke(ID, &event("GET", "/panic")).body).unwrap();
    assert_eq!(answer["statusCode"], 500);
    let problem: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(problem["requestId"], ID);
    let answer: Value =
        serde_json::from_str(&lambda.invoke(ID, &event("GET", "/fail")).body).unwrap();
    assert_eq!(answer["statusCode"], 500);
    assert!(
        lambda
            .invoke(ID, &event("GET", "/hello"))
            .body
            .contains("hello")
    );

    let stderr = String::from_utf8(lambda.finish().stderr).unwrap();
    let lines: Vec<Value> = stderr
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let told: Vec<&Value> = lines
        .iter()
        .filter(|line| line["message"].as_str().unwrap().contains("secret"))
        .collect();
    let [panic, failure] = told[..] else {
        panic!("one line each, not: {stderr}");
    };
    assert_eq!(panic["message"], "panicked: the secret panic\nforged line");
    assert!(
        panic["location"].as_str().unwrap().contains("it/app.rs:"),
        "{panic}"
    );
    assert_eq!(failure["message"], "the secret cause");
    assert_eq!(
        (&panic["handler"], &failure["handler"]),
        (&json!("it::app::panics"), &json!("it::app::fail"))
    );
    for line in [panic, failure] {
        assert_eq!(
            (&line["level"], &line["requestId"]),
            (&json!("ERROR"), &json!(ID))
        );
    }
}

#[test]
fn every_line_of_a_traced_invocation_names_its_trace() {
    const ROOT: &str = "1-67fd8a44-0a1b2c3d4e5f60718293a4b5";
    let header =
        format!("Lambda-Runtime-Trace-Id: Root={ROOT};Parent=0a1b2c3d4e5f6071;Sampled=1\r\n");
    let told = |variables: &[(&str, &str)]| {
        let mut lambda = Lambda::start("it", variables);
        for path in ["/log", "/panic", "/fail", "/thread"] {
            lambda.invoke_with(ID, &header, &event("GET", path));
        }
        let answer = lambda
            .invoke_with(ID, &header, &event("GET", "/trace"))
            .body;
        assert!(answer.contains(ROOT), "{answer}");
        lambda.invoke(ID, &event("GET", "/log"));
        String::from_utf8(lambda.finish().stderr).unwrap()
    };

    let stderr = told(&[]);
    let lines: Vec<Value> = stderr
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    // Three lines of `/log`, at the beginning and at the end, and one of each other path.
    assert_eq!(lines.len(), 9, "{stderr}");
    let (traced, untraced) = lines.split_at(6);
    for words in ["a line", "secret panic", "secret cause", "from a thread"] {
        let found = |line: &&Value| line["message"].as_str().unwrap().contains(words);
        assert_eq!(traced.iter().filter(found).count(), 1, "{words}: {stderr}");
    }
    assert!(
        traced.iter().all(|line| line["xray_trace_id"] == ROOT),
        "{stderr}"
    );
    let none = untraced
        .iter()
        .all(|line| line.get("xray_trace_id").is_none());
    assert!(none, "{stderr}");

    let own = |line: &&Value| line["xray_trace_id_"] == "the app's";
    assert_eq!(traced.iter().filter(own).count(), 1, "{stderr}");

    let stderr = told(&[("AWS_LAMBDA_LOG_FORMAT", "Text")]);
    let end = format!(" request_id={ID} xray_trace_id={ROOT}");
    let ending = stderr.lines().filter(|line| line.ends_with(&end));
    assert_eq!(ending.count(), 6, "{stderr}");
    let end = format!(" request_id={ID}");
    let ending = stderr.lines().filter(|line| line.ends_with(&end));
    assert_eq!(ending.count(), 3, "{stderr}");
}

#[test]
fn log_lines_are_json_on_lambda_and_text_on_demand() {
    for (variables, expected) in [
        (
            &[][..],
            r#""level":"INFO","requestId":"8476a536-e9f4-11e8-9739-2dfe598c3fcd","message":"a line\nand a forged one","target":"#,
        ),
        (&[][..], r#","user":"eve\n{}","n":7}"#),
        (
            &[("AWS_LAMBDA_LOG_FORMAT", "Text")][..],
            r#"a line\nand a forged one user="eve\n{}" n=7 request_id=8476a536"#,
        ),
        (
            &[("AWS_LAMBDA_LOG_LEVEL", "DEBUG")][..],
            r#""message":"not at this level""#,
        ),
        (&[("RUST_LOG", "it=debug")][..], r#""level":"DEBUG""#),
    ] {
        let mut lambda = Lambda::start("it", variables);
        assert!(
            lambda
                .invoke(ID, &event("GET", "/log"))
                .body
                .contains("logged")
        );
        let stderr = String::from_utf8(lambda.finish().stderr).unwrap();
        let told = stderr.lines().any(|line| line.contains(expected));
        assert!(told, "{variables:?}: no `{expected}` in: {stderr}");
        assert!(!stderr.lines().any(|line| line.starts_with("and a forged")));
        let debugs = stderr.contains("not at this level");
        assert_eq!(
            debugs,
            variables
                .iter()
                .any(|(_, value)| value.to_lowercase().contains("debug")),
            "{stderr}"
        );
    }
}

#[test]
fn a_failing_start_is_told_with_all_causes_on_stderr_and_to_lambda() {
    for (app, cause) in [
        ("failing", "the store cannot be opened: no such table"),
        ("panicking", "panicked: at start"),
    ] {
        let mut lambda = Lambda::start(app, &[]);
        let posted = lambda.call();
        assert_eq!(posted.line, "POST /2018-06-01/runtime/init/error HTTP/1.1");
        let report: Value = serde_json::from_str(&posted.body).unwrap();
        assert_eq!(
            report,
            json!({"errorType": "fw.InitError", "errorMessage": cause})
        );
        lambda.reply(202, "", "{\"status\":\"OK\"}");
        let output = lambda.finish();
        assert_eq!(output.status.code(), Some(1));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(
            stderr.contains(&format!("the app's state cannot be created: {cause}")),
            "{stderr}"
        );
    }
}

#[test]
fn the_manifest_is_one_line_and_makes_no_state() {
    for app in ["it", "failing", "panicking"] {
        let output = command(app)
            .env("FW_MANIFEST", "1")
            .env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0));
        let stdout = String::from_utf8(output.stdout).unwrap();
        // The test harness speaks before.
        let line = stdout.lines().last().unwrap();
        let manifest: Manifest = serde_json::from_str(line).unwrap();
        assert_eq!(manifest.app, app);
        assert!(output.stderr.is_empty());
    }
}

#[test]
fn outside_of_lambda_the_program_says_what_to_do() {
    let output = command("it").output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("`cargo fw local`"), "{stderr}");
}

#[test]
fn an_ill_formed_app_or_environment_ends_at_once() {
    for (app, variables, told) in [
        (
            "ill-named",
            &[("FW_MANIFEST", "1")][..],
            "not a valid app name",
        ),
        (
            "ill-named",
            &[("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")],
            "not a valid app name",
        ),
        (
            "empty",
            &[("AWS_LAMBDA_RUNTIME_API", "no address")],
            "`AWS_LAMBDA_RUNTIME_API` is not a `host:port`",
        ),
        (
            "empty",
            &[("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")],
            "Lambda sets `AWS_LAMBDA_FUNCTION_NAME`",
        ),
    ] {
        let output = command(app)
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(78));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(told), "{stderr}");
    }
}
