//! Asks an app for its manifest.

use std::{
    io::Read,
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use fw_manifest::{
    Manifest, ManifestAuthorizer, ManifestRoute, ManifestSource, ManifestUse, SCHEMA,
    SCHEMA_WITH_SOURCES,
};
use serde::Deserialize as _;
use serde_json::{Map, Value};

use crate::{
    env,
    error::{Context, Exit, Failure, Result},
    process::die_with_parent,
    values::unknown::{known, suggestion},
};

/// How long an app may take to print its manifest. It connects to nothing, so this is generous.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest manifest that is read: thousands of routes with their schemas are a few megabytes.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Runs the executable in manifest mode and reads what it prints.
///
/// It gets only the environment that it needs to start. A manifest that depends on a credential or
/// a setting fails here and not in the pipeline.
///
/// # Errors
///
/// If it cannot be run, fails, takes too long, or prints something other than a manifest with a
/// known schema; exit code 65.
pub(crate) fn read(executable: &Path) -> Result<Manifest> {
    let (stdout, stderr) = run(executable)?;
    parse(&stdout).map_err(|failure| match stderr.trim() {
        "" => failure,
        said => failure.because_of(format!("its output: {said}")),
    })
}

fn run(executable: &Path) -> Result<(String, String)> {
    let shown = executable.display();
    let mut command = Command::new(executable);
    command.env_clear().env(env::FW_MANIFEST, "1");
    for kept in ["PATH", "HOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    // This thread waits for it, so the thread's end is not before the app's.
    die_with_parent(&mut command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run the app to read its manifest: {shown}"))
        .map_err(|failure| failure.exiting(Exit::Input))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let errors = thread::spawn(move || text(stderr));
        let printed = text(stdout);
        // After the timeout the receiver no longer exists.
        let _ = sender.send((printed, errors.join().unwrap_or_default()));
    });
    let output = receiver.recv_timeout(PATIENCE);
    if output.is_err() {
        // It may have just ended by itself. In both cases it is gone after this.
        let _ = child.kill();
    }
    let status = child.wait().context("cannot wait for the app")?;
    let Ok((stdout, stderr)) = output else {
        return Err(Failure::input(format!("the app does not print its manifest: {shown}"))
            .because_of(format!("started with {}=1, it did not exit within {} s", env::FW_MANIFEST, PATIENCE.as_secs()))
            .hint("`main` should only call `app().run()`: code that connects or waits belongs in the state's initialiser"));
    };
    if !status.success() {
        return Err(
            Failure::input(format!("the app does not print its manifest: {shown}"))
                .because_of(format!(
                    "started with {}=1, it ended with {status}",
                    env::FW_MANIFEST
                ))
                .because_of(format!(
                    "it said: {}",
                    if stderr.trim().is_empty() {
                        "nothing"
                    } else {
                        stderr.trim()
                    }
                )),
        );
    }
    Ok((stdout, stderr))
}

fn text(stream: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        // Output read before a read error still helps to explain the failure. Endless output is not
        // read to its end.
        let _ = stream.take(LONGEST).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads a manifest from what an app printed: all of it, or its last line where `main` printed something before.
///
/// # Errors
///
/// If neither is a manifest with a known schema and only keys of this schema; exit code 65.
pub(crate) fn parse(printed: &str) -> Result<Manifest> {
    let last = printed.trim_end().lines().next_back().unwrap_or_default();
    let object = |text| serde_json::from_str::<Map<String, Value>>(text);
    let (text, document) = object(printed)
        .map(|document| (printed, document))
        .or_else(|whole| {
            object(last)
                .map(|document| (last, document))
                .map_err(|_| whole)
        })
        .context("the app printed no manifest")
        .map_err(|failure| {
            failure
                .exiting(Exit::Input)
                .hint("its `main` should end with `app().run()`")
        })?;
    // A newer schema may have keys that are unknown here, so it is looked at first.
    if let Some(schema) = document.get("schema").and_then(Value::as_u64)
        && schema > u64::from(SCHEMA)
    {
        return Err(
            Failure::input(format!("the app's manifest has a newer schema: {schema}",))
                .because_of(format!("this `cargo fw` reads schemas up to {SCHEMA}"))
                .hint("update `cargo fw`, or build the app with the `fw` of the same version"),
        );
    }
    if let Some(place) = listed(&document) {
        return Err(Failure::input("cannot understand the app's manifest")
            .because_of(format!("{place}: not a JSON object"))
            .hint("docs/manifest.md lists every key"));
    }
    let manifest: Manifest =
        serde_json::from_str(text).map_err(|error| not_understood(&error, &document))?;
    let described = manifest.routes.iter().any(|route| route.api.is_some());
    for (key, there, schema) in [
        ("uses", !manifest.uses.is_empty(), SCHEMA),
        ("api", described, SCHEMA),
        ("schemas", !manifest.schemas.is_empty(), SCHEMA),
        ("sources", !manifest.sources.is_empty(), SCHEMA_WITH_SOURCES),
    ] {
        if there && manifest.schema < schema {
            return Err(Failure::input("cannot understand the app's manifest")
                .because_of(format!(
                    "`{key}` need schema {schema}, but this manifest has schema {}",
                    manifest.schema
                ))
                .hint(format!("print `\"schema\": {schema}`")));
        }
    }
    Ok(manifest)
}

/// The place where a list stands instead of an object. Serde would take its values by position and
/// treat missing ones, such as a guard, as not set.
fn listed(document: &Map<String, Value>) -> Option<String> {
    for key in ["routes", "authorizers", "sources", "uses"] {
        let parts = document.get(key).and_then(Value::as_array);
        for (at, part) in parts.into_iter().flatten().enumerate() {
            let inner = ["authorization", "body", "source"].map(|key| part.get(key));
            let parameters = part.get("parameters").and_then(Value::as_array);
            let inner = inner.into_iter().flatten();
            let mut all = inner.chain(parameters.into_iter().flatten());
            if part.is_array() || all.any(Value::is_array) {
                return Some(format!("in `{key}[{at}]`"));
            }
        }
    }
    None
}

/// The failure for a document that is not a manifest of this schema, with the part that is wrong and the nearest known key.
fn not_understood(error: &serde_json::Error, document: &Map<String, Value>) -> Failure {
    let (place, message) = faulty_part(document)
        .unwrap_or_else(|| ("at the top of the manifest".to_owned(), error.to_string()));
    let failure = Failure::input("cannot understand the app's manifest");
    let Some(key) = message
        .strip_prefix("unknown field `")
        .and_then(|rest| rest.split('`').next())
    else {
        return failure
            .because_of(format!("{place}: {message}"))
            .hint("docs/manifest.md lists every key");
    };
    let failure = failure.because_of(format!("unknown key {place}: `{key}`"));
    match (suggestion(&message), known(&message)) {
        (Some(nearest), _) => failure.hint(format!("did you mean `{nearest}`?")),
        (None, known) => failure.hint(format!("use one of: {}", known.join(", "))),
    }
}

/// The place and text of the first fault, in a route, an authorizer or a source. `None` if it is
/// elsewhere.
fn faulty_part(document: &Map<String, Value>) -> Option<(String, String)> {
    let parts = |key: &str| document.get(key).and_then(Value::as_array);
    let text = |part: &Value, key: &str| {
        let text = part.get(key).and_then(Value::as_str);
        text.unwrap_or("?").to_owned()
    };
    for route in parts("routes").into_iter().flatten() {
        if let Err(error) = ManifestRoute::deserialize(route) {
            let (method, path) = (text(route, "method"), text(route, "path"));
            return Some((format!("in the route `{method} {path}`"), error.to_string()));
        }
    }
    for authorizer in parts("authorizers").into_iter().flatten() {
        if let Err(error) = ManifestAuthorizer::deserialize(authorizer) {
            let name = text(authorizer, "name");
            return Some((format!("in the authorizer `{name}`"), error.to_string()));
        }
    }
    for source in parts("sources").into_iter().flatten() {
        if let Err(error) = ManifestSource::deserialize(source) {
            let name = text(source, "name");
            return Some((format!("in the source `{name}`"), error.to_string()));
        }
    }
    for used in parts("uses").into_iter().flatten() {
        if let Err(error) = ManifestUse::deserialize(used) {
            let name = text(used, "name");
            return Some((format!("in the use of `{name}`"), error.to_string()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use serde_json::json;

    use super::{parse, read};
    use crate::error::Exit;

    #[test]
    fn an_app_that_prints_without_end_is_not_read_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("endless");
        fs::write(&path, "#!/bin/sh\nexec yes\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let failure = read(&path).unwrap_err().to_string();
        // Nothing reads any more, so it ends.
        assert!(!failure.contains("without ending"), "{failure}");
    }

    #[test]
    fn a_manifest_may_follow_other_lines() {
        let manifest = parse("starting\n{\"schema\":1,\"app\":\"x\",\"routes\":[{\"method\":\"GET\",\"path\":\"/\"}]}\n").unwrap();
        assert_eq!(manifest.app, "x");
        assert_eq!(manifest.routes[0].key(), "GET /");
    }

    #[test]
    fn a_newer_schema_is_refused_with_advice() {
        let failure = parse("{\"schema\":99,\"app\":\"x\"}").unwrap_err();
        assert!(failure.to_string().contains("newer schema: 99"));
        assert!(failure.advice().unwrap().contains("update"));
    }

    /// The first cause and the hint.
    fn refused(document: &serde_json::Value) -> (String, String) {
        let failure = parse(&document.to_string()).unwrap_err();
        assert_eq!(failure.exit(), Exit::Input);
        assert_eq!(failure.message(), "cannot understand the app's manifest");
        let cause = failure.causes().first().cloned().unwrap_or_default();
        (cause, failure.advice().unwrap_or_default().to_owned())
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_known_one() {
        let whole = json!({
            "schema": 2,
            "app": "x",
            "routes": [
                {"method": "GET", "path": "/"},
                {
                    "method": "POST",
                    "path": "/a",
                    "source": {"file": "a", "line": 1},
                    "parameters": [{"name": "b", "in": "query", "required": true}],
                    "authorization": {"type": "iam"},
                    "body": {"content_type": "application/json", "required": true, "schema": {"x": 1}},
                },
                {"method": "PUT", "path": "/a", "authorization": {"type": "jwt", "name": "users"}},
            ],
            "authorizers": [{"name": "door"}],
            "sources": [{"name": "ship", "event": {"type": "sqs", "queue": "orders"}}],
        });
        assert!(parse(&whole.to_string()).is_ok());
        let post = "unknown key in the route `POST /a`";
        let put = "unknown key in the route `PUT /a`";
        let door = "unknown key in the authorizer `door`";
        let ship = "unknown key in the source `ship`";
        let top = "unknown key at the top of the manifest";
        for (place, key, what, nearest) in [
            (
                "/routes/1",
                "authorisation",
                post,
                "did you mean `authorization`?",
            ),
            (
                "/routes/1",
                "Authorization",
                post,
                "did you mean `authorization`?",
            ),
            (
                "/routes/1",
                "authorizations",
                post,
                "did you mean `authorization`?",
            ),
            ("/routes/1", "apikey", post, "did you mean `api_key`?"),
            ("/routes/1", "auth", post, "did you mean `authorization`?"),
            (
                "/routes/1/authorization",
                "scops",
                post,
                "did you mean `scopes`?",
            ),
            (
                "/routes/1/authorization",
                "role",
                post,
                "use one of: name, scopes, type",
            ),
            (
                "/routes/2/authorization",
                "scope",
                put,
                "did you mean `scopes`?",
            ),
            (
                "/routes/1/parameters/0",
                "require",
                post,
                "did you mean `required`?",
            ),
            ("/routes/1/body", "shema", post, "did you mean `schema`?"),
            ("/routes/1/source", "lines", post, "did you mean `line`?"),
            (
                "/authorizers/0",
                "identiy",
                door,
                "did you mean `identity`?",
            ),
            (
                "/authorizers/0",
                "payloadFormat",
                door,
                "did you mean `payload_format`?",
            ),
            ("/sources/0", "handlr", ship, "did you mean `handler`?"),
            ("/sources/0/event", "que", ship, "did you mean `queue`?"),
            ("", "authorizer", top, "did you mean `authorizers`?"),
            (
                "",
                "later",
                top,
                "use one of: app, authorizers, framework, response_stream, routes, schema, schemas, sources, uses",
            ),
        ] {
            let mut document = whole.clone();
            document.pointer_mut(place).unwrap()[key] = json!({"type": "iam"});
            let (cause, hint) = refused(&document);
            assert_eq!(cause, format!("{what}: `{key}`"));
            assert_eq!(hint, nearest, "{key}");
        }
    }

    #[test]
    fn a_guard_that_cannot_be_read_is_not_an_open_route() {
        for guard in [
            json!(null),
            json!({}),
            json!("iam"),
            json!(true),
            json!({"type": null}),
            json!({"type": "IAM"}),
            json!({"type": "iam", "name": "x"}),
            json!({"type": "iam", "scopes": []}),
            json!({"type": "jwt"}),
            json!({"type": "lambda"}),
            json!({"type": "lambda", "name": "x", "scopes": ["a"]}),
        ] {
            let document = json!({"schema": 1, "app": "x", "routes": [
                {"method": "GET", "path": "/", "authorization": guard},
            ]});
            let (cause, _) = refused(&document);
            assert!(
                cause.starts_with("in the route `GET /`: "),
                "{guard}: {cause}"
            );
        }
        let twice = r#"{"schema":1,"app":"x","routes":[{"method":"GET","path":"/","api_key":true,"api_key":false}]}"#;
        assert!(parse(twice).is_err());
    }

    #[test]
    fn a_part_of_a_manifest_is_not_read_by_position() {
        for (document, place) in [
            (
                r#"{"schema":1,"app":"x","routes":[["GET","/"]]}"#,
                "in `routes[0]`",
            ),
            (
                r#"{"schema":1,"app":"x","routes":[{"method":"GET","path":"/","authorization":["iam",null,null]}]}"#,
                "in `routes[0]`",
            ),
            (
                r#"{"schema":1,"app":"x","routes":[{"method":"GET","path":"/","parameters":[["b","query",true]]}]}"#,
                "in `routes[0]`",
            ),
            (
                r#"{"schema":1,"app":"x","routes":[],"authorizers":[{"name":"a"},["b"]]}"#,
                "in `authorizers[1]`",
            ),
        ] {
            let failure = parse(document).unwrap_err();
            assert_eq!(failure.exit(), Exit::Input);
            assert!(
                failure.causes().join(" ").starts_with(place),
                "{document}: {failure}"
            );
        }
    }

    #[test]
    fn a_newer_schema_may_have_other_keys() {
        let failure = parse(r#"{"schema":4,"app":"x","events":[]}"#).unwrap_err();
        assert!(failure.message().contains("newer schema: 4"), "{failure}");
    }

    #[test]
    fn sources_need_their_schema() {
        let sources = r#""app":"x","sources":[{"name":"ship","event":{"type":"function"}}]"#;
        let failure = parse(&format!("{{\"schema\":1,{sources}}}")).unwrap_err();
        assert!(failure.causes()[0].contains("schema 2"), "{failure}");
        assert!(parse(&format!("{{\"schema\":2,{sources}}}")).is_ok());
        let uses = r#""app":"x","uses":[{"kind":"queue","name":"orders"}]"#;
        let failure = parse(&format!("{{\"schema\":2,{uses}}}")).unwrap_err();
        assert!(failure.causes()[0].contains("schema 3"), "{failure}");
        assert!(parse(&format!("{{\"schema\":3,{uses}}}")).is_ok());
        let api = r#""app":"x","routes":[{"method":"GET","path":"/","api":{}}]"#;
        let failure = parse(&format!("{{\"schema\":2,{api}}}")).unwrap_err();
        assert!(failure.causes()[0].contains("schema 3"), "{failure}");
        assert!(parse(&format!("{{\"schema\":3,{api}}}")).is_ok());
    }

    #[test]
    fn something_else_is_no_manifest() {
        assert!(parse("").is_err());
        assert!(parse("hello").is_err());
        assert!(parse("[]").is_err());
    }
}
