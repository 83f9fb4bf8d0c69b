//! `cargo fw event` and `cargo fw invoke`, with and without a running `cargo fw local`.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::local_support::{Local, cli, project, run};

/// A folder with the bootstrap of the conformance cases, and settings that choose its handler.
fn handlers(handler: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let bootstrap = folder.path().join("handlers");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/handlers.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let status = Command::new(rustc)
        .args(["--edition", "2024", "-o"])
        .arg(&bootstrap)
        .arg(source)
        .status()
        .expect("rustc");
    assert!(status.success());
    let settings = format!("timeout = 3\n[environment]\nHANDLER = '{handler}'\n");
    fs::write(folder.path().join("fw.toml"), settings).expect("settings");
    (folder, bootstrap)
}

#[test]
fn an_event_is_of_the_apps_route_and_invoke_takes_it() {
    let folder = project("piped");
    fs::write(folder.path().join("src/version.txt"), "7").expect("a source");
    let event = ["event", "http-api", "GET", "/env/MODE?x=1&x=2"];
    let (code, event, stderr) = run(folder.path(), &event, "");
    assert_eq!(code, Some(0), "{stderr}");
    let parsed: serde_json::Value = serde_json::from_str(&event).expect("JSON");
    assert_eq!(parsed["routeKey"], "GET /env/{name}");
    assert_eq!(parsed["pathParameters"]["name"], "MODE");
    assert_eq!(parsed["queryStringParameters"]["x"], "1,2");

    // Without a server: a process of its own, whose log is on standard error.
    fs::write(
        folder.path().join("fw.toml"),
        "[environment]\nMODE = \"plain\"\n",
    )
    .expect("settings");
    let (code, stdout, stderr) = run(folder.path(), &["invoke", "--event", "-"], &event);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stdout, "{\"statusCode\":200,\"body\":\"plain\"}\n");
    assert!(stderr.contains("REPORT RequestId: "), "{stderr}");

    // With a server: in its processes.
    let local = Local::start(folder.path(), &["local", "--port", "0", "--no-reload"]);
    for _ in 0..2 {
        let (code, stdout, stderr) =
            run(folder.path(), &["invoke", "saves-dev", "-e", "-"], &event);
        assert_eq!(code, Some(0), "{stderr}");
        assert_eq!(stdout, "{\"statusCode\":200,\"body\":\"plain\"}\n");
        assert!(stderr.contains("END RequestId: "), "{stderr}");
    }
    local.wait_for_line("cold start: ");
    let (code, _, stderr) = run(folder.path(), &["invoke", "nobody"], "");
    assert_eq!(code, Some(65), "{stderr}");
    assert!(stderr.contains("use one of: saves-dev"), "{stderr}");
    let announcement = folder.path().join("target/fw/piped/dev/lambda-api");
    assert!(announcement.exists());
    drop(local);
    assert!(!announcement.exists(), "the server took its word back");
}

#[test]
fn events_need_no_app_and_tell_why_there_is_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = |args: &[&str]| {
        let (code, stdout, stderr) = run(folder.path(), args, "from stdin");
        assert_eq!(code, Some(0), "{stderr}");
        serde_json::from_str::<serde_json::Value>(&stdout).expect("JSON")
    };
    let rest = of(&[
        "event",
        "rest-api",
        "PUT",
        "/items/7",
        "--route",
        "PUT /items/{id}",
        "--stage",
        "prod",
        "-H",
        "content-type: application/json",
        "-d",
        "{\"a\":1}",
    ]);
    assert_eq!(rest["resource"], "/items/{id}");
    assert_eq!(rest["requestContext"]["path"], "/prod/items/7");
    // Every media type is binary behind a REST API, unless the settings name some.
    assert_eq!(
        (&rest["body"], &rest["isBase64Encoded"]),
        (&"eyJhIjoxfQ==".into(), &true.into())
    );
    let url = of(&[
        "event",
        "function-url",
        "POST",
        "/x",
        "-H",
        "content-type: text/plain",
        "-d",
        "@-",
    ]);
    assert_eq!(url["body"], "from stdin");
    let (_, _, stderr) = run(folder.path(), &["event", "http-api", "GET", "/x"], "");
    assert!(
        stderr.contains("a catch-all route")
            && stderr.contains("nor a parent folder has a `Cargo.toml`"),
        "{stderr}"
    );
    let old = of(&["event", "http-api", "GET", "/x", "--payload-format", "1.0"]);
    assert_eq!(
        (&old["version"], &old["path"]),
        (&"1.0".into(), &"/x".into())
    );
    for (args, code, said) in [
        (
            vec!["event", "http-api", "GET", "/x", "--route", "GET /y"],
            1,
            "with 404",
        ),
        (
            vec!["event", "http-api", "GET", "x"],
            64,
            "starts with a slash",
        ),
        (
            vec!["event", "http-api", "GET", "/x", "-H", "nonsense"],
            64,
            "not a header",
        ),
        (
            vec!["event", "http-api", "GET", "/x", "--route", "nonsense"],
            65,
            "not a route",
        ),
        (
            vec!["event", "function-url", "GET", "/x", "--stage", "a"],
            64,
            "has no stages",
        ),
        (vec!["event", "alb", "GET", "/x"], 64, "http-api"),
    ] {
        let (seen, stdout, stderr) = run(folder.path(), &args, "");
        assert_eq!(seen, Some(code), "{args:?}: {stderr}");
        assert!(stderr.contains(said), "{args:?}: {stderr}");
        assert_eq!(stdout, "", "{args:?}");
    }
}

#[test]
fn a_functions_error_is_the_result_and_an_exit_code_of_its_own() {
    let (folder, bootstrap) = handlers("raise:Mine:it is broken");
    let bootstrap = bootstrap.to_str().expect("a path");
    let (code, stdout, stderr) = run(folder.path(), &["invoke", "--bootstrap", bootstrap], "");
    assert_eq!(code, Some(3), "{stderr}");
    let document: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(document["errorType"], "Mine");
    assert!(
        stderr.contains("error: the function returned an error"),
        "{stderr}"
    );

    for (args, code, said) in [
        (vec!["--event", "-"], 65, "the event is not JSON"),
        (vec!["--event", "nowhere.json"], 65, "nowhere.json"),
        (vec!["--type", "event"], 69, "cargo fw local"),
        (vec!["--type", "dry-run"], 0, "was not invoked"),
        (vec!["other"], 65, "use one of: handlers-dev"),
    ] {
        let args = [&["invoke", "--bootstrap", bootstrap], &args[..]].concat();
        let (seen, stdout, stderr) = run(folder.path(), &args, "{not json");
        assert_eq!(seen, Some(code), "{args:?}: {stderr}");
        assert!(stderr.contains(said), "{args:?}: {stderr}");
        assert_eq!(stdout.trim(), "", "{args:?}");
    }
}

#[test]
fn an_event_is_as_the_settings_of_its_folder_say() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings =
        "payload_format = \"1.0\"\nstage_name = \"v1\"\n\n[stage_variables]\ntable = \"t1\"\n";
    fs::write(folder.path().join("fw.toml"), settings).expect("settings");
    let of = |args: &[&str]| {
        let (code, stdout, stderr) = run(folder.path(), args, "");
        assert_eq!(code, Some(0), "{stderr}");
        serde_json::from_str::<serde_json::Value>(&stdout).expect("JSON")
    };
    let event = of(&["event", "http-api", "GET", "/x"]);
    assert_eq!(event["version"], "1.0");
    assert_eq!(event["path"], "/v1/x");
    assert_eq!(event["requestContext"]["stage"], "v1");
    assert_eq!(event["stageVariables"]["table"], "t1");
    // Arguments go over the settings, and another gateway does without what it does not have.
    let event = of(&[
        "event",
        "http-api",
        "GET",
        "/x",
        "--payload-format",
        "2.0",
        "--stage",
        "$default",
    ]);
    assert_eq!(
        (&event["version"], &event["rawPath"]),
        (&"2.0".into(), &"/x".into())
    );
    let event = of(&["event", "rest-api", "GET", "/x"]);
    assert_eq!(event["requestContext"]["path"], "/v1/x");
    let event = of(&["event", "function-url", "GET", "/x"]);
    assert_eq!(event["rawPath"], "/x");
}

#[test]
fn an_invocation_that_is_interrupted_leaves_nothing() {
    let folder = project("held");
    let main = folder.path().join("src/main.rs");
    let source = fs::read_to_string(&main).expect("the source");
    let sleep = "std::thread::sleep(std::time::Duration::from_secs(60));\nlet body = match";
    fs::write(&main, source.replace("let body = match", sleep)).expect("a source");
    let mut child = cli(folder.path(), &["invoke"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the CLI");
    let mut lines = BufReader::new(child.stderr.take().expect("its standard error")).lines();
    let begun = lines.find(|line| line.as_ref().is_ok_and(|line| line.starts_with("START")));
    assert!(begun.is_some(), "it is invoked");
    let status = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(status.expect("kill").success());
    assert_eq!(child.wait().expect("its end").code(), Some(130));
    let builds = fs::read_dir(folder.path().join("target/debug")).expect("the builds");
    let names = builds.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let left: Vec<_> = names
        .filter(|name| name.starts_with(".fw-local-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Python of the tools that `.ci/test` installs, with an AWS SDK.
fn python() -> Command {
    let program = std::env::var_os("FW_TOOLS").map_or_else(
        || PathBuf::from("python3"),
        |tools| Path::new(&tools).join("python"),
    );
    Command::new(program)
}

/// AWS's own SDK for Python reads what is streamed, and sends a client's context.
#[test]
fn an_aws_sdk_streams_and_sends_its_context() {
    const SCRIPT: &str = r#"
import base64, boto3, json, sys
client = boto3.client("lambda", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
name = client.list_functions()["Functions"][0]["FunctionName"]
context = base64.b64encode(json.dumps({"custom": {"who": "ann"}}).encode()).decode()
answer = client.invoke_with_response_stream(FunctionName=name, Payload=b"{}", LogType="Tail", ClientContext=context)
print(answer["ResponseMetadata"]["HTTPHeaders"]["content-type"], answer["ExecutedVersion"])
for event in answer["EventStream"]:
    if "PayloadChunk" in event:
        print("chunk", event["PayloadChunk"]["Payload"].decode())
    else:
        complete = event["InvokeComplete"]
        print("complete", complete.get("ErrorCode"), complete.get("ErrorDetails"))
        print(base64.b64decode(complete["LogResult"]).decode())
try:
    client.invoke(FunctionName=name, Payload=b"{}", ClientContext="bm8gSlNPTg==")
except client.exceptions.InvalidRequestContentException as error:
    print("refused", error)
"#;
    let say = |handler: &str| {
        let (folder, bootstrap) = handlers(handler);
        let bootstrap = bootstrap.to_str().expect("a path").to_owned();
        let local = Local::start(
            folder.path(),
            &["local", "--port", "0", "--bootstrap", &bootstrap],
        );
        let line = local.wait_for_line("Lambda at http://");
        let url = line
            .split_once("Lambda at ")
            .and_then(|(_, rest)| rest.split(';').next());
        let output = python()
            .args(["-c", SCRIPT, url.expect("a URL")])
            .output()
            .expect("Python with boto3: `.ci/test` installs it and sets FW_TOOLS");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}{errors}");
        said
    };
    let streamed = say("stream:one|two");
    assert!(
        streamed.starts_with("application/vnd.amazon.eventstream $LATEST\n"),
        "{streamed}"
    );
    let chunks: String = streamed
        .lines()
        .filter_map(|line| line.strip_prefix("chunk "))
        .collect();
    assert_eq!(chunks, "onetwo", "{streamed}");
    for part in ["complete None None", "REPORT RequestId: ", "refused "] {
        assert!(streamed.contains(part), "{part}: {streamed}");
    }
    let whole = say("return-raw:{\"a\":1}");
    assert!(
        whole.contains("chunk {\"a\":1}\ncomplete None None"),
        "{whole}"
    );
    let failed = say("raise:Mine:no");
    assert!(
        failed.contains("complete Mine {") && !failed.contains("chunk"),
        "{failed}"
    );
    let raw = say("raw-runtime");
    assert!(
        raw.contains("NEXT Lambda-Runtime-Client-Context: {\"custom\":{\"who\":\"ann\"}}"),
        "{raw}"
    );
}

#[test]
fn a_clients_context_is_an_object() {
    let (folder, bootstrap) = handlers("raw-runtime");
    let bootstrap = bootstrap.to_str().expect("a path");
    let args = ["invoke", "--bootstrap", bootstrap, "--client-context"];
    let (code, _, stderr) = run(
        folder.path(),
        &[&args[..], &["{\"custom\": {\"a\": 1}}"]].concat(),
        "",
    );
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stderr.contains("Lambda-Runtime-Client-Context: {\"custom\": {\"a\": 1}}"),
        "{stderr}"
    );
    let (code, _, stderr) = run(folder.path(), &[&args[..], &["7"]].concat(), "");
    assert_eq!(code, Some(64), "{stderr}");
    assert!(stderr.contains("not a JSON object: 7"), "{stderr}");
}
