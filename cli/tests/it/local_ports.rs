//! Whose port it is: who reaches a running `cargo fw local`, tried from outside as a page in a browser and as another user of the machine.

use std::{
    fs::{self, Permissions},
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::json;

use crate::{
    doors_support::{app, app_with, get, guarded, serve},
    local_support::{Local, ask, cli, project},
};

/// The other user: nobody.
pub(crate) const NOBODY: u32 = 65534;

/// What a request is answered, in an own connection of this process; nothing where it is not answered in time.
fn raw(port: u16, request: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    let patience = Some(Duration::from_secs(5));
    stream.set_read_timeout(patience).expect("a timeout");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = Vec::new();
    // It may be cut off by the timeout.
    let _ = stream.read_to_end(&mut answer);
    read(&String::from_utf8_lossy(&answer))
}

fn read(answer: &str) -> Option<(u16, String)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

/// A request as [`raw`] takes it.
fn request(line: &str, fields: &[&str]) -> String {
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    format!("{line} HTTP/1.1\r\n{fields}Connection: close\r\n\r\n")
}

/// The same as [`raw`] by a process of that user.
pub(crate) fn raw_as(user: u32, port: u16, request: &str) -> Option<(u16, String)> {
    let script = format!(
        "exec 3<>/dev/tcp/127.0.0.1/{port} && printf '%s' \"$REQUEST\" >&3 && timeout 5 cat <&3"
    );
    let output = Command::new("bash")
        .args(["-c", &script])
        .env("REQUEST", request)
        .current_dir("/")
        .stdin(Stdio::null())
        .uid(user)
        .gid(user)
        .output()
        .expect("bash");
    read(&String::from_utf8_lossy(&output.stdout))
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(crate) fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("not root: a client cannot be run as another user");
    }
    root
}

/// The port in the line of the log that begins so.
fn port_of(local: &Local, line: &str) -> u16 {
    let line = local.wait_for_line(line);
    let (_, rest) = line.split_once("http://127.0.0.1:").expect("a URL");
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("a port")
}

/// An app whose process waits for an event, and its ports: the gateway's, its Runtime API's, S3's and Lambda's.
struct Served {
    local: Local,
    runtime: u16,
    s3: u16,
    lambda: u16,
    folder: tempfile::TempDir,
}

fn served(name: &str, more: &[&str]) -> Served {
    let folder = project(name);
    fs::write(folder.path().join("src/version.txt"), "1").expect("a source");
    fs::write(folder.path().join("fw.toml"), "buckets = [\"notes\"]\n").expect("settings");
    let args = [&["local", "--port", "0", "--no-reload"], more].concat();
    let local = Local::start(folder.path(), &args);
    let (status, api) = ask(local.port, "GET", "/env/AWS_LAMBDA_RUNTIME_API");
    assert_eq!(status, 200);
    let (_, runtime) = api.rsplit_once(':').expect("a port");
    Served {
        runtime: runtime.parse().expect("a port"),
        s3: port_of(&local, "S3 at "),
        lambda: port_of(&local, "Lambda at "),
        local,
        folder,
    }
}

const NEXT: &str = "GET /2018-06-01/runtime/invocation/next";

#[test]
fn nothing_but_the_process_itself_takes_its_events() {
    let it = served("waits", &[]);
    for fields in [
        &["Host: localhost", "Origin: http://evil.example"][..],
        &[
            "Host: localhost",
            "Sec-Fetch-Site: cross-site",
            "Sec-Fetch-Mode: no-cors",
            "Sec-Fetch-Dest: image",
        ],
        &["Host: rebound.example"],
        &["Host: [::1].evil.example"],
        // Not a page, and not the process either.
        &["Host: 127.0.0.1"],
    ] {
        let answer = raw(it.runtime, &request(NEXT, fields));
        assert_eq!(answer.map(|(status, _)| status), Some(403), "{fields:?}");
        assert_eq!(ask(it.local.port, "GET", "/version"), (200, "1".to_owned()));
    }
    let log = it.local.wait_for_line("refused a call to its Runtime API");
    assert!(log.contains("not a process of this function"), "{log}");
}

#[test]
fn a_process_polls_by_what_it_has_started() {
    // One connection for each call, by a child of a child.
    let folder = app("", &json!([{ "method": "GET", "path": "/x" }]));
    let script = r#"#!/usr/bin/env bash
if [ -n "$FW_MANIFEST" ]; then echo '{"schema":1,"app":"shell","routes":[{"method":"GET","path":"/x"}]}'; exit; fi
call() {
    bash -c 'exec 3<>"/dev/tcp/${AWS_LAMBDA_RUNTIME_API/://}"; printf "%s" "$1" >&3; cat <&3' bash "$1"
}
while true; do
    head=$(call $'GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    id=$(printf '%s' "$head" | tr -d '\r' | sed -n 's/^Lambda-Runtime-Aws-Request-Id: //p')
    call "POST /2018-06-01/runtime/invocation/$id/response HTTP/1.1"$'\r\nHost: x\r\nConnection: close\r\nContent-Length: 33\r\n\r\n{"statusCode":200,"body":"shell"}' >/dev/null
done
"#;
    let file = folder.path().join("bootstrap");
    fs::write(&file, script).expect("a script");
    fs::set_permissions(&file, Permissions::from_mode(0o755)).expect("a mode");
    let local = serve(&folder, &[]);
    for _ in 0..3 {
        assert_eq!(ask(local.port, "GET", "/x"), (200, "shell".to_owned()));
    }
}

#[test]
fn other_users_of_the_machine_reach_no_port() {
    if !is_root() {
        return;
    }
    let it = served("shared", &[]);
    for (port, line) in [
        (it.local.port, "GET /version"),
        (it.runtime, NEXT),
        (it.s3, "GET /"),
        (it.lambda, "GET /2015-03-31/functions/"),
    ] {
        let text = request(line, &[&format!("Host: 127.0.0.1:{port}")]);
        let (status, body) = raw_as(NOBODY, port, &text).expect(line);
        assert_eq!(status, 403, "{line}");
        assert!(
            body.contains("another user") && body.contains("65534"),
            "{line}: {body}"
        );
        // And what it asked for is done for nobody: the same by root.
        let own = raw_as(0, port, &text).map(|(status, _)| status);
        let expected = match port {
            port if port == it.local.port || port == it.lambda => Some(200),
            _ => Some(403),
        };
        assert_eq!(own, expected, "{line}");
    }
    it.local
        .wait_for_line("another user of this machine (uid 65534)");
    assert_eq!(ask(it.local.port, "GET", "/version"), (200, "1".to_owned()));
}

#[test]
fn pages_of_other_sites_reach_no_service() {
    let it = served("pages", &["--allow-host", "friend.example"]);
    let status = |port: u16, line: &str, fields: &[&str]| {
        raw(port, &request(line, fields)).map(|(status, _)| status)
    };
    let invoke = "POST /2015-03-31/functions/saves-dev/invocations";
    let list = "GET /2015-03-31/functions/";
    for (fields, refused) in [
        (&["Host: rebound.example"][..], true),
        (&["Host: [::1].evil.example"], true),
        (&[], true),
        (&["Host: 127.0.0.1", "Origin: http://evil.example"], true),
        (&["Host: 127.0.0.1", "Origin: null"], true),
        (&["Host: 127.0.0.1", "Sec-Fetch-Site: cross-site"], true),
        (&["Host: 127.0.0.1"], false),
        (&["Host: friend.example"], false),
        (&["Host: 127.0.0.1", "Origin: http://localhost:3000"], false),
        (
            &[
                "Host: 127.0.0.1",
                "Origin: https://friend.example",
                "Sec-Fetch-Site: cross-site",
            ],
            false,
        ),
    ] {
        // The request with nothing in it is refused as no request of HTTP/1.1 at all, or as one without a host.
        let is_refused = |status: Option<u16>| matches!(status, Some(400 | 403));
        assert_eq!(
            is_refused(status(it.lambda, list, fields)),
            refused,
            "{fields:?}"
        );
        let sent = [fields, &["Content-Length: 2"]].concat();
        let invoked = raw(it.lambda, &(request(invoke, &sent) + "{}"));
        assert_eq!(
            is_refused(invoked.map(|(status, _)| status)),
            refused,
            "{fields:?}"
        );
        // S3 says 403 to what is not signed as well, in other words.
        let (_, body) = raw(it.s3, &request("POST /notes?delete", fields)).expect("an answer");
        let by_guard = body.contains("this server does not answer")
            || body.contains("the request has no host");
        assert_eq!(by_guard || body.is_empty(), refused, "{fields:?}: {body}");
    }
    // An image by a presigned URL is shown by a page, which cannot read it.
    let image = ["Host: 127.0.0.1", "Sec-Fetch-Site: cross-site"];
    let (_, body) = raw(it.s3, &request("GET /notes/a", &image)).expect("an answer");
    assert!(!body.contains("this server does not answer"), "{body}");
    // The gateway answers all pages, as the deployed API does.
    let page = [
        "Host: localhost",
        "Origin: http://evil.example",
        "Sec-Fetch-Site: cross-site",
    ];
    assert_eq!(status(it.local.port, "GET /version", &page), Some(200));
    for host in [
        "[::1].evil.example",
        "[::1]evil",
        "[localhost]",
        "[::1",
        "rebound.example",
    ] {
        let host = format!("Host: {host}");
        assert_eq!(
            status(it.local.port, "GET /version", &[&host]),
            Some(403),
            "{host}"
        );
    }
}

#[test]
fn no_method_and_no_spelling_gets_around_the_guard() {
    let it = served("spelled", &[]);
    // Another process of the same user.
    for line in [
        "POST /2018-06-01/runtime/invocation/x/response",
        "POST /2018-06-01/runtime/invocation/x/error",
        "POST /2018-06-01/runtime/init/error",
        "HEAD /2018-06-01/runtime/invocation/next",
        "PUT /2018-06-01/runtime/invocation/next",
        "OPTIONS *",
        "GET //2018-06-01/runtime/invocation/next",
        "GET http://127.0.0.1/2018-06-01/runtime/invocation/next",
        "GET /2020-01-01/extension/event/next",
    ] {
        let answer = raw(it.runtime, &request(line, &["Host: 127.0.0.1"]));
        assert_eq!(answer.map(|(status, _)| status), Some(403), "{line}");
    }
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        for (target, fields) in [
            ("/", &["Host: localhost", "Host: rebound.example"][..]),
            ("/", &["Host: rebound.example", "Host: localhost"]),
            (
                "/",
                &["Host: rebound.example", "X-Forwarded-Host: localhost"],
            ),
            ("/", &["Host: rebound.example", "Forwarded: host=localhost"]),
            ("/", &["Host: localhost.rebound.example"]),
            ("/", &["Host: rebound.example:127.0.0.1"]),
            ("http://rebound.example/", &["Host: localhost"]),
            ("http://localhost/", &["Host: rebound.example"]),
            (
                "/",
                &["Host: localhost", "Origin: http://127.0.0.1.evil.example"],
            ),
            (
                "/",
                &[
                    "Host: localhost",
                    "Origin: http://localhost:3000@evil.example",
                ],
            ),
            (
                "/",
                &[
                    "Host: localhost",
                    "Origin: http://localhost, http://evil.example",
                ],
            ),
            (
                "/",
                &[
                    "Host: localhost",
                    "Origin: http://localhost",
                    "Origin: http://evil.example",
                ],
            ),
            ("/", &["Host: localhost", "ORIGIN: null"]),
        ] {
            for port in [it.s3, it.lambda] {
                let text = request(&format!("{method} {target}"), fields);
                let (status, body) = raw(port, &text).unwrap_or_default();
                let by_guard = body.contains("this server does not answer");
                assert!(
                    status == 400 || (status == 403 && by_guard),
                    "{method} {target} {fields:?}: {status} {body}"
                );
            }
        }
    }
    assert_eq!(ask(it.local.port, "GET", "/version"), (200, "1".to_owned()));
}

#[test]
fn beyond_loopback_an_api_key_is_of_one_run() {
    let settings = "gateway = \"rest-api\"\n[[api_keys]]\nname = \"acme\"\n[usage_plans.all]\nkeys = [\"acme\"]\n";
    let folder = app(
        settings,
        &json!([{ "method": "GET", "path": "/x", "api_key": true }]),
    );
    let mut before = String::new();
    for _ in 0..2 {
        let local = serve(&folder, &["--host", "0.0.0.0"]);
        let line = local.wait_for_line("API key acme: here only ");
        let (_, key) = line.rsplit_once(' ').expect("a key");
        assert_ne!(key, before);
        assert_eq!(get(local.port, "/dev/x", &[("x-api-key", key)]).status, 200);
        for known in ["local-key-acme------", "local-key-acme", &before] {
            let answer = get(local.port, "/dev/x", &[("x-api-key", known)]);
            assert_eq!(answer.status, 403, "{known}");
        }
        before = key.to_owned();
    }
}

/// Every folder and file below that one that another user may read, write or enter.
pub(crate) fn open_to_others(folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    let mut next = vec![folder.to_owned()];
    while let Some(path) = next.pop() {
        let found = fs::symlink_metadata(&path).expect("it is there");
        if found.permissions().mode() & 0o077 != 0 {
            all.push(format!(
                "{} {:o}",
                path.display(),
                found.permissions().mode()
            ));
        }
        if found.is_dir() {
            let inside = fs::read_dir(&path).expect("a folder");
            next.extend(inside.map(|entry| entry.expect("an entry").path()));
        }
    }
    all
}

#[test]
fn what_the_server_keeps_is_its_user_s_alone() {
    let it = served("keeps", &[]);
    let fw = it.folder.path().join("target/fw");
    assert!(fw.join("keeps/dev/s3/journal").is_file());
    assert_eq!(open_to_others(&fw), [""; 0]);
    drop(it.local);

    // As an older version left them.
    let data = fw.join("keeps/dev");
    let upload = data.join("s3/buckets/notes/uploads/0123");
    fs::create_dir_all(&upload).expect("a folder");
    fs::write(upload.join("upload.json"), "{}").expect("a file");
    let mut next = vec![fw.clone()];
    while let Some(path) = next.pop() {
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("a mode");
        if path.is_dir() {
            next.extend(
                fs::read_dir(&path)
                    .expect("a folder")
                    .map(|entry| entry.expect("an entry").path()),
            );
        }
    }
    let args = ["local", "--port", "0", "--no-reload"];
    let _local = Local::start(it.folder.path(), &args);
    assert_eq!(open_to_others(&fw), [""; 0]);
}

#[test]
fn who_a_caller_is_does_not_stand_in_the_log() {
    let authorizers =
        json!([{ "name": "door", "identity": ["$request.querystring.pass"], "ttl": 0 }]);
    let by = guarded("/plan", &json!({ "type": "lambda", "name": "door" }));
    let settings = "[jwt.users]\nissuer = \"https://issuer.example.org/\"\naudience = [\"notes\"]\n\
                    identity = \"$request.querystring.ticket\"\n";
    let me = guarded(
        "/me",
        &json!({ "type": "jwt", "name": "users", "scopes": [] }),
    );
    let folder = app_with(settings, &json!([by, me]), &authorizers);
    let local = serve(&folder, &[]);
    for target in [
        "/plan?pass=hush-1&x=shown",
        "/plan?%70ass=hush-2",
        "/me?ticket=hush-3",
        "/me?x=1&access_token=hush-4",
        "/nowhere?token=hush-5;hush-6",
    ] {
        get(local.port, target, &[]);
    }
    local.wait_for_line("/nowhere?token=*** 404");
    let log = local.log();
    assert!(log.contains("GET /plan?pass=***&x=shown "), "{log}");
    assert!(log.contains("GET /me?x=1&access_token=*** "), "{log}");
    assert!(!log.contains("hush"), "{log}");
}

#[test]
fn secrets_that_others_may_read_are_warned_about_at_the_start() {
    let folder = app("", &json!([]));
    let secrets = folder.path().join("fw.secrets.toml");
    fs::write(&secrets, "TOKEN = \"hush\"\n").expect("secrets");
    fs::set_permissions(&secrets, Permissions::from_mode(0o644)).expect("a mode");
    let git = Command::new("git")
        .args(["init", "--quiet"])
        .current_dir(folder.path())
        .status();
    assert!(git.expect("git").success());
    let local = serve(&folder, &[]);
    let log = local.log();
    assert!(
        log.contains("chmod 600 ") && log.contains("to `.gitignore`"),
        "{log}"
    );
    assert!(!log.contains("hush"), "{log}");
    drop(local);
    fs::set_permissions(&secrets, Permissions::from_mode(0o600)).expect("a mode");
    fs::write(folder.path().join(".gitignore"), "/fw.secrets.toml\n").expect("a file");
    let log = serve(&folder, &[]).log();
    assert!(!log.contains("fw.secrets.toml"), "{log}");
}

#[test]
fn a_token_of_this_machine_lies_where_others_do_not_read_it() {
    let folder = app(
        "[jwt.users]\nissuer = \"https://issuer.example.org/\"\naudience = [\"notes\"]\n",
        &json!([]),
    );
    let output = cli(folder.path(), &["token", "--bootstrap", "bootstrap"]).output();
    assert!(output.expect("the CLI").status.success());
    let found = fs::read_dir(folder.path().join("target/fw"))
        .expect("a folder")
        .next();
    let own = found.expect("an app's folder").expect("an entry").path();
    assert_eq!(open_to_others(&own.join("bootstrap")), [""; 0]);
}
