//! `examples/guarded` by `cargo fw local`: the app's own `#[authorizer]` as a function of its own, tokens of `cargo fw token`, signatures.

use std::path::Path;

use serde_json::Value;

use crate::{
    doors_support::{Answer, borrowed, get, sign},
    local_support::{Local, cli},
};

const UNAUTHORIZED: (u16, &str) = (401, "{\"message\":\"Unauthorized\"}");
const FORBIDDEN: (u16, &str) = (403, "{\"message\":\"Forbidden\"}");

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the CLI is in the repository")
}

/// What `cargo fw token -p guarded` prints.
fn token(args: &[&str]) -> String {
    let all = [&["token", "-p", "guarded"], args].concat();
    let output = cli(repository(), &all).output().expect("the CLI");
    let stderr = String::from_utf8(output.stderr).expect("text");
    assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""));
    let stdout = String::from_utf8(output.stdout).expect("text");
    stdout.trim().to_owned()
}

fn said(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.body.as_str())
}

#[test]
fn who_calls_an_app_of_the_framework_is_asked_as_on_aws() {
    let local = Local::start(
        repository(),
        &["local", "-p", "guarded", "--port", "0", "--no-reload"],
    );
    let with = |path: &str, bearer: &str| {
        get(
            local.port,
            path,
            &[("authorization", &format!("Bearer {bearer}"))],
        )
    };
    let log = local.log();
    for line in [
        "GET  /            everybody",
        "GET  /cave/door   everybody",
        "GET  /cave/seats  authorizer members",
        "GET  /notes       jwt users: notes:read or notes:all",
        "GET  /plan        authorizer members",
        "GET  /signed      iam",
    ] {
        assert!(log.contains(line), "{line}: {log}");
    }
    assert_eq!(
        said(&get(local.port, "/", &[])),
        (200, "everybody is welcome")
    );

    // The app's own authorizer, with the app's own state.
    assert_eq!(said(&with("/plan", "sesame")), (200, "ali: team, 40 seats"));
    assert_eq!(said(&with("/plan", "tulip")), (200, "ada: free, 1 seats"));
    assert_eq!(said(&with("/plan", "guess")), FORBIDDEN);
    assert_eq!(said(&get(local.port, "/plan", &[])), UNAUTHORIZED);
    assert_eq!(
        said(&with("/plan", "lost")),
        (500, "{\"message\":\"Internal Server Error\"}")
    );
    local.wait_for_line("the table of members is lost");
    // A credential of another scheme is none that this authorizer knows: refused, and no failure.
    let basic = get(local.port, "/plan", &[("authorization", "Basic YTpi")]);
    assert_eq!(said(&basic), FORBIDDEN);

    // What is said about a request names its trace, a function of the authorizer's included.
    let root = "1-67fd8a44-0a1b2c3d4e5f60718293a4b5";
    let trace = ("x-amzn-trace-id", &*format!("Root={root}"));
    let refused = get(
        local.port,
        "/plan",
        &[("authorization", "Bearer lost"), trace],
    );
    assert_eq!(refused.status, 500);
    local.wait_for_line(&format!("xray_trace_id={root}"));

    // A list that is guarded as a whole, and the one route in it that is not.
    assert_eq!(said(&with("/cave/seats", "tulip")), (200, "40"));
    assert_eq!(said(&with("/cave/seats", "guess")), FORBIDDEN);
    assert_eq!(said(&get(local.port, "/cave/seats", &[])), UNAUTHORIZED);
    assert_eq!(said(&get(local.port, "/cave/door", &[])), (200, "closed"));

    // Tokens. The claims arrive as text, and are read as the handler's type has them.
    let reader = token(&["--sub", "ann", "--scope", "notes:read"]);
    let notes = with("/notes", &reader);
    assert_eq!(notes.status, 200, "{notes:?}");
    let notes: Value = serde_json::from_str(&notes.body).expect("JSON");
    assert_eq!(notes[0]["text"], "to ann: water the tulips");
    assert!(notes[0]["until"].is_u64(), "{notes}");
    assert_eq!(
        said(&with("/notes", &token(&["--scope", "profile"]))),
        FORBIDDEN
    );
    assert_eq!(said(&with("/notes", &token(&[]))), FORBIDDEN);
    let expired = token(&["--scope", "notes:read", "--expired"]);
    assert_eq!(said(&with("/notes", &expired)), UNAUTHORIZED);
    assert_eq!(said(&get(local.port, "/notes", &[])), UNAUTHORIZED);
    assert_eq!(said(&with("/notes", "sesame")), UNAUTHORIZED);
    // A good token of an issuer is no member's key.
    assert_eq!(said(&with("/plan", &reader)), FORBIDDEN);

    // Signatures.
    let signed = |secret: &str| {
        let headers = sign(local.port, "/signed", "execute-api", secret);
        get(local.port, "/signed", &borrowed(&headers))
    };
    let answer = signed("local");
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body.starts_with("arn:aws:"), "{answer:?}");
    assert_eq!(said(&signed("guessed")), FORBIDDEN);
    assert_eq!(said(&get(local.port, "/signed", &[])), FORBIDDEN);
    assert_eq!(said(&with("/signed", &reader)), FORBIDDEN);
}
