//! Who may call, tried from outside: tokens of `cargo fw token` and of an issuer, authorizers, signatures, throttling.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    thread,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use rsa::pkcs8::EncodePrivateKey as _;
use serde_json::{Value, json};

use crate::{
    doors_support::{app, borrowed, get, guarded, serve, sign},
    local_support::cli,
};

const USERS: &str =
    "[jwt.users]\nissuer = \"https://issuer.example.org/\"\naudience = [\"notes\", \"more\"]\n";

fn jwt(path: &str, scopes: &[&str]) -> Value {
    guarded(
        path,
        &json!({ "type": "jwt", "name": "users", "scopes": scopes }),
    )
}

#[test]
fn tokens_of_the_local_key_are_tried_offline() {
    let folder = app(
        USERS,
        &json!([jwt("/me", &[]), jwt("/notes", &["notes:read", "notes:all"]), { "method": "GET", "path": "/open" }]),
    );
    let token = |args: &[&str]| {
        let all = [&["token", "--bootstrap", "bootstrap"], args].concat();
        let output = cli(folder.path(), &all).output().expect("the CLI");
        let stderr = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        assert_eq!(stderr, "");
        String::from_utf8(output.stdout)
            .expect("text")
            .trim()
            .to_owned()
    };
    let local = serve(&folder, &[]);
    for line in [
        "GET  /me     jwt users",
        "GET  /notes  jwt users: notes:read or notes:all",
        "GET  /open   everybody",
        "of `cargo fw token --bootstrap ",
    ] {
        assert!(local.log().contains(line), "{line}: {}", local.log());
    }
    let with = |path: &str, token: &str| {
        get(
            local.port,
            path,
            &[("authorization", &format!("Bearer {token}"))],
        )
    };

    assert_eq!(get(local.port, "/open", &[]).status, 200);
    let none = get(local.port, "/me", &[]);
    assert_eq!(
        (none.status, none.body.as_str()),
        (401, "{\"message\":\"Unauthorized\"}")
    );
    assert_eq!(none.header("www-authenticate"), "Bearer");

    let event = with(
        "/me",
        &token(&["--sub", "ann", "--claim", "team=blue", "--claim", "level=3"]),
    )
    .event();
    let claims = &event["requestContext"]["authorizer"]["jwt"]["claims"];
    assert_eq!(claims["sub"], "ann");
    assert_eq!(claims["team"], "blue");
    assert_eq!(claims["level"], "3");
    assert_eq!(claims["iss"], "https://issuer.example.org/");
    assert_eq!(claims["aud"], "notes");

    let reader = token(&["--scope", "notes:read", "--audience", "more"]);
    assert_eq!(
        with("/notes", &reader).event()["requestContext"]["authorizer"]["jwt"]["scopes"],
        json!(["notes:read"])
    );
    let stranger = with("/notes", &token(&["--scope", "other"]));
    assert_eq!(
        (stranger.status, stranger.body.as_str()),
        (403, "{\"message\":\"Forbidden\"}")
    );

    let (head, _) = reader.rsplit_once('.').expect("three parts");
    let unsigned = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#),
        head.split('.').nth(1).expect("claims")
    );
    for (what, token) in [
        ("expired", token(&["--expired"])),
        ("for somebody else", token(&["--audience", "somebody"])),
        (
            "of another issuer",
            token(&["--claim", "iss=https://other.example.org/"]),
        ),
        (
            "with another signature",
            format!("{head}.{}", URL_SAFE_NO_PAD.encode([7; 256])),
        ),
        ("unsigned", unsigned),
        ("no token", "abc".to_owned()),
    ] {
        let answer = with("/me", &token);
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (401, "{\"message\":\"Unauthorized\"}"),
            "{what}"
        );
        assert!(
            answer.header("www-authenticate").starts_with("Bearer"),
            "{what}: {answer:?}"
        );
    }
    local.wait_for_line("the token's `exp` is");

    // Another project's key is another key.
    let other = app(USERS, &json!([]));
    let output = cli(other.path(), &["token", "--bootstrap", "bootstrap"])
        .output()
        .expect("the CLI");
    let foreign = String::from_utf8(output.stdout).expect("text");
    assert_eq!(with("/me", foreign.trim()).status, 401);
}

#[test]
fn a_token_needs_an_issuer_in_the_settings() {
    let folder = app("", &json!([]));
    let run = |args: &[&str]| {
        let all = [&["token", "--bootstrap", "bootstrap"], args].concat();
        let output = cli(folder.path(), &all).output().expect("the CLI");
        assert!(output.stdout.is_empty());
        (
            output.status.code(),
            String::from_utf8(output.stderr).expect("text"),
        )
    };
    let (code, said) = run(&[]);
    assert_eq!(code, Some(65), "{said}");
    assert!(said.contains("[jwt.users]\nissuer = "), "{said}");
    fs::write(
        folder.path().join("fw.toml"),
        format!("{USERS}{}", USERS.replace("users", "admins")),
    )
    .expect("settings");
    let (code, said) = run(&[]);
    assert!(
        code == Some(65) && said.contains("`--jwt`: admins, users"),
        "{said}"
    );
    let (code, said) = run(&["--jwt", "user"]);
    assert!(code == Some(65) && said.contains("[jwt.user]"), "{said}");
    let (code, said) = run(&["--expires-in", "soon"]);
    assert!(code == Some(64) && said.contains("`10m`"), "{said}");
}

#[test]
fn what_nobody_could_pass_is_not_served() {
    let folder = app("", &json!([jwt("/me", &[])]));
    let args = ["local", "--port", "0", "--bootstrap", "bootstrap"];
    let output = cli(folder.path(), &args).output().expect("the CLI");
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(65), "{said}");
    assert!(
        said.contains("`users`") && said.contains("[jwt.users]"),
        "{said}"
    );
    let output = cli(
        folder.path(),
        &[&args[..], &["--gateway", "function-url"]].concat(),
    )
    .output()
    .expect("the CLI");
    assert_eq!(output.status.code(), Some(65));
}

/// An issuer on this machine: discovery and keys, until the process ends.
fn issuer(key: &RsaKeyPair) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let public = PublicKeyComponents::<Vec<u8>>::from(key.public());
    let keys = json!({ "keys": [{ "kty": "RSA", "kid": "one", "n": number(&public.n), "e": number(&public.e) }] }).to_string();
    let discovery = json!({ "issuer": url, "jwks_uri": format!("{url}/keys") }).to_string();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let first = lines.next().unwrap_or_default();
            while lines.next().is_some_and(|line| !line.is_empty()) {}
            let body = match first.split(' ').nth(1) {
                Some("/.well-known/openid-configuration") => &discovery,
                _ => &keys,
            };
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = (&stream).write_all(answer.as_bytes());
        }
    });
    url
}

#[test]
fn tokens_of_an_issuer_are_checked_with_its_keys() {
    let made = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).expect("a key");
    let key =
        RsaKeyPair::from_pkcs8(made.to_pkcs8_der().expect("a key").as_bytes()).expect("a key");
    let url = issuer(&key);
    let token = |kid: &str, claims: &Value| {
        let head = URL_SAFE_NO_PAD.encode(json!({ "alg": "RS256", "kid": kid }).to_string());
        let message = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            message.as_bytes(),
            &mut signature,
        )
        .expect("a signature");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    };
    let settings = format!(
        "[jwt.users]\nissuer = \"{url}\"\naudience = \"notes\"\n[jwt.gone]\nissuer = \"http://127.0.0.1:9\"\naudience = \"notes\"\n"
    );
    let gone = guarded("/gone", &json!({ "type": "jwt", "name": "gone" }));
    let folder = app(&settings, &json!([jwt("/me", &[]), gone]));
    let local = serve(&folder, &[]);
    let with = |path: &str, token: &str| get(local.port, path, &[("authorization", token)]);

    let far = 4_000_000_000_u64;
    let good = token(
        "one",
        &json!({ "iss": url, "aud": "notes", "exp": far, "sub": "ann" }),
    );
    assert_eq!(
        with("/me", &good).event()["requestContext"]["authorizer"]["jwt"]["claims"]["sub"],
        "ann"
    );
    assert_eq!(
        with(
            "/me",
            &token("two", &json!({ "iss": url, "aud": "notes", "exp": far }))
        )
        .status,
        401
    );
    assert_eq!(
        with(
            "/me",
            &token("one", &json!({ "iss": url, "aud": "other", "exp": far }))
        )
        .status,
        401
    );
    assert_eq!(
        with(
            "/me",
            &token("one", &json!({ "iss": url, "aud": "notes", "exp": 1 }))
        )
        .status,
        401
    );
    // Whose keys cannot be had has no bearers.
    assert_eq!(
        with(
            "/gone",
            &token(
                "one",
                &json!({ "iss": "http://127.0.0.1:9", "aud": "notes", "exp": far })
            )
        )
        .status,
        401
    );
    local.wait_for_line("the keys of http://127.0.0.1:9 could not be fetched");
}

#[test]
fn authorizers_are_processes_of_their_own() {
    let by = |name: &str| {
        guarded(
            &format!("/{name}"),
            &json!({ "type": "lambda", "name": name }),
        )
    };
    let folder = app("", &json!([by("simple"), by("policy"), by("kept")]));
    let local = serve(&folder, &[]);
    let with = |path: &str, key: &str| get(local.port, path, &[("x-key", key)]);
    for path in ["/simple", "/policy", "/kept"] {
        let none = get(local.port, path, &[]);
        assert_eq!(
            (none.status, none.body.as_str()),
            (401, "{\"message\":\"Unauthorized\"}"),
            "{path}"
        );
        let event = with(path, "allow").event();
        assert_eq!(
            event["requestContext"]["authorizer"]["lambda"]["who"], "ann",
            "{path}"
        );
        let denied = with(path, "deny");
        assert_eq!(
            (denied.status, denied.body.as_str()),
            (403, "{\"message\":\"Forbidden\"}"),
            "{path}"
        );
        for key in ["fail", "exit"] {
            let failed = with(path, key);
            assert_eq!(
                (failed.status, failed.body.as_str()),
                (500, "{\"message\":\"Internal Server Error\"}"),
                "{path} {key}"
            );
        }
    }
    local.wait_for_line("the authorizer `simple` failed");
    let asked = |path: &str| {
        with(path, "allow").event()["requestContext"]["authorizer"]["lambda"]["asked"].clone()
    };
    assert_eq!(asked("/kept"), asked("/kept"), "an answer is kept");
    assert_ne!(
        asked("/simple"),
        asked("/simple"),
        "an authorizer without a time is asked each time"
    );
}

#[test]
fn signed_requests_pass_and_others_do_not() {
    let folder = app("", &json!([guarded("/signed", &json!({ "type": "iam" }))]));
    let local = serve(&folder, &[]);
    assert!(
        local
            .log()
            .contains("--aws-sigv4 aws:amz:us-east-1:execute-api"),
        "{}",
        local.log()
    );
    let event = get(
        local.port,
        "/signed",
        &borrowed(&sign(local.port, "/signed", "execute-api", "local")),
    )
    .event();
    assert_eq!(
        event["requestContext"]["authorizer"]["iam"]["accessKey"],
        "AKIALOCALFW000000000"
    );
    for headers in [
        Vec::new(),
        sign(local.port, "/signed", "execute-api", "guessed"),
        sign(local.port, "/other", "execute-api", "local"),
    ] {
        let answer = get(local.port, "/signed", &borrowed(&headers));
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (403, "{\"message\":\"Forbidden\"}")
        );
    }

    fs::write(
        folder.path().join("fw.toml"),
        "gateway = \"function-url\"\nauth = \"iam\"\n",
    )
    .expect("settings");
    let local = serve(&folder, &[]);
    let event = get(
        local.port,
        "/any",
        &borrowed(&sign(local.port, "/any", "lambda", "local")),
    )
    .event();
    assert_eq!(
        event["requestContext"]["authorizer"]["iam"]["accountId"],
        "123456789012"
    );
    assert_eq!(get(local.port, "/any", &[]).status, 403);
}

#[test]
fn a_throttled_route_answers_429() {
    let settings = "[throttle.routes.\"GET /slow\"]\nrate = 0.001\nburst = 2\n";
    let folder = app(
        settings,
        &json!([{ "method": "GET", "path": "/slow" }, { "method": "GET", "path": "/fast" }]),
    );
    let local = serve(&folder, &[]);
    let statuses: Vec<_> = (0..3)
        .map(|_| get(local.port, "/slow", &[]).status)
        .collect();
    assert_eq!(statuses, [200, 200, 429]);
    assert_eq!(get(local.port, "/fast", &[]).status, 200);
}
