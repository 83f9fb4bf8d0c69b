//! What sets the functions of one app apart: their variables, and the key that they sign with.

use std::{collections::BTreeMap, path::Path, time::Duration};

use fw_manifest::{Manifest, ManifestAuthorizer, ManifestRoute, ManifestSource, SourceEvent};

use super::{Function, Keyring, LocalCredentials, Logs, Source};
use crate::{
    local::{
        asynchronous::Config,
        generation::{Generation, Options},
    },
    process::environment::of_process,
    settings::Settings,
    values::credentials::is_access_key,
};

/// The variables of each function's processes, by the functions' names.
fn variables(settings: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let functions = functions(settings).into_iter().map(|function| {
        let all = of_process(&function, "127.0.0.1:1", "stream", None).into_iter();
        let text = |text: std::ffi::OsString| text.into_string().unwrap();
        let all = all.map(|(name, value)| (text(name), text(value)));
        (function.name.clone(), all.collect())
    });
    functions.collect()
}

/// The functions of an app with those settings.
fn functions(settings: &str) -> Vec<Function> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("fw.toml"), settings).unwrap();
    let settings = Settings::load(folder.path(), "dev").unwrap();
    let mut manifest = Manifest::new("notes");
    manifest.routes.push(ManifestRoute::new("GET", "/"));
    let authorizers = ["door", "admin"].map(ManifestAuthorizer::new);
    manifest.authorizers.extend(authorizers);
    manifest.add_source(ManifestSource::new("ship", SourceEvent::Function));
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
        environment: vec![("SERVICES".to_owned(), "here".to_owned())],
    };
    let generation = Generation::new(source, &Logs::to(false, true, |_| {})).unwrap();
    let functions = generation.functions();
    functions.map(|pool| pool.function().clone()).collect()
}

#[tokio::test]
async fn an_authorizer_has_its_own_variables_over_the_apps() {
    let all = variables(
        "environment = { TABLE = \"notes\", MODE = \"plain\", SERVICES = \"there\" }\n\
         [authorizers.door.environment]\nTABLE = \"keys\"\nSERVICES = \"there\"\nOWN = \"1\"",
    );
    let app = &all["notes-dev"];
    let (door, admin) = (&all["notes-dev-door"], &all["notes-dev-admin"]);
    assert_eq!(
        (&*app["TABLE"], &*door["TABLE"], &*admin["TABLE"]),
        ("notes", "keys", "notes")
    );
    assert_eq!(door["MODE"], "plain");
    assert_eq!(door["OWN"], "1");
    assert!(!app.contains_key("OWN") && !admin.contains_key("OWN"));
    for one in [app, door, admin] {
        assert_eq!(one["SERVICES"], "here", "the services' go over all");
        assert_eq!(one["FW_LOCAL"], "http://localhost:8000");
    }
    // Each signs with a key of its own.
    let keys = [app, door, admin].map(|one| one["AWS_ACCESS_KEY_ID"].as_str());
    assert!(keys.iter().all(|key| is_access_key(key)), "{keys:?}");
    assert!(
        keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2],
        "{keys:?}"
    );
    assert_eq!(app["AWS_SECRET_ACCESS_KEY"], door["AWS_SECRET_ACCESS_KEY"]);
    for none in [
        "",
        "AKIALOCALFW",
        "AKIALOCALFW00000000x",
        "AKIAIOSFODNN7EXAMPLE",
    ] {
        assert!(!is_access_key(none), "{none}");
    }
}

#[tokio::test]
async fn a_source_is_a_function_as_any_other() {
    let all = variables("environment = { TABLE = \"notes\" }\n[functions.ship]\nmemory = 512");
    let (app, ship) = (&all["notes-dev"], &all["notes-dev-ship"]);
    assert_eq!(ship["_HANDLER"], "source.ship");
    assert_eq!(ship["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "512");
    assert_eq!(ship["TABLE"], "notes");
    assert_ne!(ship["AWS_ACCESS_KEY_ID"], app["AWS_ACCESS_KEY_ID"]);
}

#[tokio::test]
async fn asynchronous_invocations_are_handled_as_the_settings_say() {
    let functions = functions(
        "[queues.failed]\n[functions.ship]\nretries = 0\nmax_event_age = 60\non_failure = \"queue:failed\"",
    );
    let of = |name: &str| {
        let mut all = functions.iter();
        Config::of(all.find(|one| one.name == name).unwrap())
    };
    assert_eq!(of("notes-dev"), Config::default());
    let failed = "arn:aws:sqs:us-east-1:123456789012:notes-dev-failed";
    let ship = of("notes-dev-ship");
    assert_eq!(
        (ship.retries, ship.max_age, ship.on_success),
        (0, Duration::from_secs(60), None)
    );
    let failed_here = ship.on_failure.unwrap();
    let (region, expected) = (3, failed.split(':'));
    let expected: Vec<&str> = expected.collect();
    for (at, part) in failed_here.split(':').enumerate() {
        // The region is that of the developer's own variables.
        assert!(at == region || part == expected[at], "{failed_here}");
    }
}

#[test]
fn beyond_loopback_the_keys_are_of_one_run_and_on_loopback_the_well_known_ones() {
    let of = |host: &str| LocalCredentials::for_host(host.parse().unwrap()).unwrap();
    let variables = |credentials: &LocalCredentials| {
        let function = Function {
            credentials: credentials.clone(),
            ..super::function()
        };
        let all = of_process(&function, "127.0.0.1:1", "stream", None);
        ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].map(|name| {
            let found = all.iter().rfind(|(key, _)| key == name);
            found.unwrap().1.clone().into_string().unwrap()
        })
    };
    for host in ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1"] {
        assert_eq!(variables(&of(host)), ["local", "local"], "{host}");
        assert_eq!(of(host).api_key("acme"), "local-key-acme------", "{host}");
    }
    for host in ["0.0.0.0", "::", "192.168.1.5"] {
        let (one, other) = (of(host), of(host));
        let [secret, token] = variables(&one);
        assert_eq!(secret, one.secret_key());
        assert!(
            secret.len() >= 40 && token.len() >= 40 && secret != token,
            "{host}"
        );
        assert_ne!(secret, other.secret_key(), "{host}");
        // API keys without a value in the settings too.
        let key = one.api_key("acme");
        assert!(
            (20..=128).contains(&key.len()) && !key.contains("acme"),
            "{host}"
        );
        assert_eq!(key, one.api_key("acme"), "after a reload");
        assert!(
            key != other.api_key("acme") && key != one.api_key("other"),
            "{host}"
        );
        // It is shown once, and not in what is printed for debugging.
        assert!(!format!("{one:?}").contains(&secret));
    }
}
