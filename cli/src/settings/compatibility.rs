//! Checks that the gateway of the settings supports what the routes of an app need. Nothing is
//! ignored: a route whose guard is not possible is not served at all.

mod asynchronous;
mod functions;
mod mappings;
mod notifications;
mod targets;
mod topics;
mod uses;

use fw_gateway::{PatternError, RestApi, RouteKey};
use fw_manifest::{Authorization, AuthorizerKind, Manifest, ManifestAuthorizer, ManifestRoute};

use super::{Settings, access::Jwt};
use crate::{
    error::{Failure, Result},
    values::{
        gateway::{Auth, Gateway, InvokeMode},
        names::FILE_NAME,
    },
};

/// Checks each route and authorizer of the manifest against the settings.
///
/// # Errors
///
/// The first thing that the gateway cannot do, or that the settings lack, with what to write; exit
/// code 65.
pub(crate) fn check(manifest: &Manifest, settings: &Settings) -> Result<()> {
    streaming(manifest, settings)?;
    for authorizer in &manifest.authorizers {
        self::authorizer(authorizer, settings)?;
    }
    functions::check(manifest, settings)?;
    mappings::check(manifest, settings)?;
    asynchronous::check(manifest, settings)?;
    notifications::check(manifest)?;
    topics::check(manifest, settings)?;
    targets::check(manifest, settings)?;
    uses::check(manifest, settings)?;
    for key in settings.access.throttle.routes.keys() {
        if !manifest.routes.iter().any(|route| route.key() == *key) {
            let keys: Vec<_> = manifest.routes.iter().map(ManifestRoute::key).collect();
            let keys = keys.iter().map(String::as_str);
            return Err(unknown(
                "route",
                &format!("the settings have `[throttle.routes.\"{key}\"]`"),
                key,
                keys,
            ));
        }
    }
    manifest
        .routes
        .iter()
        .try_for_each(|route| self::route(route, manifest, settings))?;
    if settings.gateway == Gateway::RestApi {
        siblings(manifest)?;
    }
    Ok(())
}

/// The note where routes stream and the gateway needs their answers whole.
pub(crate) fn collected_streams(manifest: &Manifest, settings: &Settings) -> Option<String> {
    let streams = match settings.gateway {
        Gateway::RestApi => true,
        Gateway::FunctionUrl => settings.gateway_settings.invoke_mode == InvokeMode::ResponseStream,
        Gateway::HttpApi => false,
    };
    let keys = manifest.routes.iter().filter(|route| route.stream);
    let keys: Vec<String> = keys.map(|route| format!("`{}`", route.key())).collect();
    (!streams && !keys.is_empty()).then(|| {
        format!(
            "{} does not stream here, so these answers are collected first and may have 6 MB: {}",
            settings.gateway.with_article(),
            keys.join(", ")
        )
    })
}

/// An app with an older framework behind a URL that streams. Another kind of bootstrap may stream
/// by itself.
fn streaming(manifest: &Manifest, settings: &Settings) -> Result<()> {
    let asked = settings.gateway_settings.invoke_mode == InvokeMode::ResponseStream;
    if !asked || manifest.response_stream || !manifest.framework.starts_with("fw ") {
        return Ok(());
    }
    Err(Failure::input(
        "the app does not support a function URL with `invoke_mode = \"response-stream\"`",
    )
    .because_of(format!(
        "it is built with an older framework ({}), so clients would get every response as JSON with status 200",
        manifest.framework
    ))
    .hint("update the `fw` dependency in Cargo.toml, or set `invoke_mode = \"buffered\"`"))
}

/// Two routes that a REST API cannot have together, which AWS would report in the middle of a
/// deploy.
fn siblings(manifest: &Manifest) -> Result<()> {
    let keys = manifest.routes.iter().map(|route| route.key().parse());
    let keys: std::result::Result<Vec<RouteKey>, PatternError> = keys.collect();
    // A malformed route is reported where the gateway is created.
    let found = keys.ok().as_deref().and_then(RestApi::siblings);
    let named = |index: usize| manifest.routes.get(index).map(place);
    match found.map(|(first, second)| (named(first), named(second))) {
        Some((Some(first), Some(second))) => Err(Failure::input(format!(
            "a REST API cannot have both of these routes: {first} and {second}"
        ))
        .because_of("at one position in a path, all routes must use the same variable name")
        .hint("use the same name in both routes, or set `gateway = \"http-api\"`")),
        _ => Ok(()),
    }
}

fn route(route: &ManifestRoute, manifest: &Manifest, settings: &Settings) -> Result<()> {
    let gateway = settings.gateway;
    let cannot = |what: &str| {
        Failure::input(format!(
            "{} cannot {what}: {}",
            gateway.with_article(),
            place(route)
        ))
    };
    if route.path == "$default" && gateway == Gateway::RestApi {
        return Err(cannot("have a route for all other requests")
            .hint("write two routes, `/<rest..>` and `/`, or set `gateway = \"http-api\"`"));
    }
    if route.no_cors && settings.cors.is_some() && gateway != Gateway::RestApi {
        return Err(cannot("leave single routes out of `[cors]`")
            .because_of("it has one CORS configuration, for all routes")
            .hint("remove `cors = false` from the route, or set `gateway = \"rest-api\"`"));
    }
    if route.api_key && gateway != Gateway::RestApi {
        return Err(cannot("require API keys")
            .hint("set `gateway = \"rest-api\"`, or remove `api_key` from the route"));
    }
    match (&route.authorization, gateway) {
        (None, _) => Ok(()),
        (Some(Authorization::Iam), Gateway::FunctionUrl) if settings.gateway_settings.auth == Auth::Iam => Ok(()),
        (Some(Authorization::Iam), Gateway::FunctionUrl) => Err(cannot("guard one route with IAM")
            .hint("set `auth = \"iam\"` to guard the whole URL, or use an API: `gateway = \"http-api\"`")),
        (Some(Authorization::Iam), _) => Ok(()),
        (Some(Authorization::Jwt { name, .. }), Gateway::HttpApi) => {
            if settings.access.jwt.contains_key(name) {
                return Ok(());
            }
            Err(Failure::input(format!("the settings have no issuer for the tokens `{name}`: {}", place(route)))
                .hint(lines_for_jwt(name, settings)))
        }
        (Some(Authorization::Jwt { .. }), Gateway::RestApi) => Err(cannot("check JSON Web Tokens")
            .hint("check them in an `#[authorizer]`, or set `gateway = \"http-api\"`")),
        (Some(Authorization::Lambda { name }), Gateway::HttpApi | Gateway::RestApi) => {
            if manifest.authorizers.iter().any(|one| one.name == *name) {
                return Ok(());
            }
            let names = manifest.authorizers.iter().map(|one| one.name.as_str());
            Err(unknown("authorizer", &format!("a route needs `{name}`, {}", place(route)), name, names))
        }
        (Some(_), Gateway::FunctionUrl) => Err(cannot("use an authorizer")
            .hint("set `gateway = \"http-api\"`, or check the caller in the handler")),
    }
}

/// The lines to write for a JWT authorizer, with the existing names.
fn lines_for_jwt(name: &str, settings: &Settings) -> String {
    let nearest = settings
        .access
        .jwt
        .keys()
        .find(|known| strsim::damerau_levenshtein(name, known) <= 1 + known.len() / 4);
    if let Some(known) = nearest {
        return format!("did you mean `{known}`? The settings have `[jwt.{known}]`");
    }
    format!("add to {}:\n\n{}", FILE_NAME, Jwt::example(name))
}

fn authorizer(authorizer: &ManifestAuthorizer, settings: &Settings) -> Result<()> {
    let name = &authorizer.name;
    if authorizer.kind == AuthorizerKind::Token && settings.gateway == Gateway::HttpApi {
        return Err(Failure::input(format!(
            "an HTTP API has no authorizers that get only the token: `{name}`"
        ))
        .hint("let it take the whole request, or set `gateway = \"rest-api\"`"));
    }
    let own = settings.access.authorizers.get(name);
    let ttl = own.and_then(|own| own.ttl).unwrap_or(authorizer.ttl);
    let identity = own
        .and_then(|own| own.identity.as_ref())
        .unwrap_or(&authorizer.identity);
    if ttl > 3600 {
        return Err(Failure::input(format!(
            "the `ttl` of the authorizer `{name}` is too long: {ttl} s"
        ))
        .because_of("API Gateway caches an answer for 0 to 3600 seconds"));
    }
    // [D] gateway-truth §1.10: the cache's key is the identity.
    if ttl > 0 && identity.is_empty() {
        return Err(Failure::input(format!("the authorizer `{name}` has a `ttl` but no `identity`, so its answers cannot be cached per caller"))
            .hint(format!("write what identifies a caller, `identity = [\"$request.header.Authorization\"]` in `[authorizers.{name}]`, or set its `ttl = 0`")));
    }
    if let Some(format) = &authorizer.payload_format
        && !["1.0", "2.0"].contains(&format.as_str())
    {
        return Err(Failure::input(format!(
            "the authorizer `{name}` asks for an unknown event version: `{}`",
            format.escape_debug()
        ))
        .hint("write `1.0` or `2.0`"));
    }
    if authorizer.kind == AuthorizerKind::Token && identity.len() > 1 {
        return Err(Failure::input(format!(
            "the authorizer `{name}` gets one token, but has several identities"
        ))
        .hint("name one header with the token: `$request.header.Authorization`"));
    }
    Ok(())
}

/// The route, and its place in the source.
fn place(route: &ManifestRoute) -> String {
    match &route.source {
        Some(source) => format!("`{}` at {}:{}", route.key(), source.file, source.line),
        None => format!("`{}`", route.key()),
    }
}

fn unknown<'n>(
    kind: &str,
    said: &str,
    name: &str,
    known: impl Iterator<Item = &'n str> + Clone,
) -> Failure {
    let failure = Failure::input(format!("{said}, but the app has no such {kind}"));
    let nearest = known
        .clone()
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .min();
    match nearest {
        Some((distance, known)) if distance <= 1 + known.len() / 3 => {
            failure.hint(format!("did you mean `{known}`?"))
        }
        Some(_) => failure.hint(format!(
            "use one of: {}",
            known.collect::<Vec<_>>().join(", ")
        )),
        None => failure.hint(format!("the app has no {kind}s")),
    }
}

/// Who may call a route, in a few words; `None` if everyone may.
pub(crate) fn caller(route: &ManifestRoute) -> String {
    let mut words = match &route.authorization {
        None => String::new(),
        Some(Authorization::Iam) => "iam".to_owned(),
        Some(Authorization::Jwt { name, scopes }) if scopes.is_empty() => format!("jwt {name}"),
        Some(Authorization::Jwt { name, scopes }) => format!("jwt {name}: {}", scopes.join(" or ")),
        Some(Authorization::Lambda { name }) => format!("authorizer {name}"),
    };
    if route.api_key {
        words.push_str(if words.is_empty() {
            "api key"
        } else {
            ", api key"
        });
    }
    words
}

/// Settings that `deploy` cannot apply, so that it stops and deploys nothing that is open or
/// behaves differently.
///
/// # Errors
///
/// The first such thing; exit code 65.
pub(crate) fn deployable(settings: &Settings) -> Result<()> {
    if settings.every_function().any(|one| one.reserved == Some(0)) {
        return Err(
            Failure::input("`concurrency = 0` stops a function, so a new version of it could not be tried")
                .because_of("each version is invoked once before it gets traffic")
                .hint("remove it; to stop the function until the next deploy, run `aws lambda put-function-concurrency --reserved-concurrent-executions 0`"),
        );
    }
    Ok(())
}

#[cfg(test)]
fn settings_of(text: &str) -> Settings {
    Settings::from_toml(text, "dev", None, None).unwrap()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::settings::compatibility::settings_of as settings;

    fn manifest(route: &Value) -> Manifest {
        serde_json::from_value(json!({
            "schema": 1,
            "app": "x",
            "routes": [route],
            "authorizers": [{ "name": "door", "identity": ["$request.header.Authorization"] }],
        }))
        .unwrap()
    }

    #[test]
    fn the_settings_of_a_topic_speak_of_functions_that_it_invokes() {
        let app = json!({
            "schema": 2, "app": "x",
            "sources": [
                { "name": "mail", "handler": "x::mail", "event": { "type": "sns", "topic": "news" } },
                { "name": "ship", "handler": "x::ship", "event": { "type": "sns", "topic": "moves" } },
            ],
        });
        let app: Manifest = serde_json::from_value(app).unwrap();
        check(&app, &settings("[topics.news.functions.mail]")).unwrap();
        let failure = check(&app, &settings("[topics.news.functions.ship]")).unwrap_err();
        assert_eq!(
            failure.message(),
            "the settings have `[topics.news.functions.ship]`, but the app has no such subscriber"
        );
        for fifo in [
            "[topics.moves]\nfifo = true",
            "[topics.moves]\nexisting = \"arn:aws:sns:eu-central-1:123456789012:x.fifo\"",
        ] {
            let failure = check(&app, &settings(fifo)).unwrap_err();
            assert_eq!(
                failure.message(),
                "a FIFO topic cannot invoke a function: `moves` and `ship`"
            );
        }
    }

    #[test]
    fn rules_and_schedules_are_the_apps_and_in_the_grammar() {
        let app = |event: Value| -> Manifest {
            let source = json!({ "name": "mail", "handler": "x::mail", "event": event });
            let app = json!({ "schema": 2, "app": "x", "sources": [source] });
            serde_json::from_value(app).unwrap()
        };
        let rule = json!({ "type": "event", "pattern": { "source": ["a"] } });
        let schedule =
            json!({ "type": "schedule", "expression": "rate(1 day)", "timezone": "Europe/Berlin" });
        check(&app(rule.clone()), &settings("[rules.mail]")).unwrap();
        check(&app(schedule.clone()), &settings("[schedules.mail]")).unwrap();
        assert!(check(&app(schedule), &settings("[rules.mail]")).is_err());
        assert!(check(&app(rule), &settings("[schedules.mail]")).is_err());
        for (event, what) in [
            (
                json!({ "type": "event", "pattern": { "source": "a" } }),
                "an event pattern that is not valid",
            ),
            (
                json!({ "type": "event", "pattern": { "source": ["a".repeat(4096)] } }),
                "an event pattern that is too long",
            ),
            (
                json!({ "type": "schedule", "expression": "cron(0 2 * * * *)" }),
                "a schedule that is not valid",
            ),
            (
                json!({ "type": "schedule", "expression": "rate(1 day)", "timezone": "Europe/Nowhere" }),
                "a time zone that is not known",
            ),
        ] {
            let failure = check(&app(event), &settings("")).unwrap_err();
            assert!(failure.message().ends_with(what), "{failure}");
        }
    }

    #[test]
    fn an_app_that_cannot_stream_is_not_put_behind_a_url_that_does() {
        let url = "gateway = \"function-url\"";
        let streaming = format!("{url}\ninvoke_mode = \"response-stream\"");
        let mut app = manifest(&json!({ "method": "GET", "path": "/" }));
        for (framework, able, text, refused) in [
            ("fw 0.1.0", false, streaming.as_str(), true),
            ("fw 0.1.0", true, &streaming, false),
            ("fw 0.1.0", false, url, false),
            // A bootstrap of another kind.
            ("", false, &streaming, false),
            ("shell", false, &streaming, false),
        ] {
            framework.clone_into(&mut app.framework);
            app.response_stream = able;
            let seen = check(&app, &settings(text));
            assert_eq!(
                seen.is_err(),
                refused,
                "{framework} {able} {text}: {seen:?}"
            );
        }
    }

    #[test]
    fn a_route_is_served_as_it_asks_or_not_at_all() {
        let users = "[jwt.users]\nissuer = \"https://i/\"\naudience = \"a\"";
        let (rest, url) = ("gateway = \"rest-api\"", "gateway = \"function-url\"");
        let open = json!({ "method": "GET", "path": "/" });
        let default = json!({ "method": "ANY", "path": "$default" });
        let key = json!({ "method": "GET", "path": "/", "api_key": true });
        let guarded = |by: Value| json!({ "method": "GET", "path": "/", "authorization": by });
        let jwt = guarded(json!({ "type": "jwt", "name": "users" }));
        let iam = guarded(json!({ "type": "iam" }));
        let door = guarded(json!({ "type": "lambda", "name": "door" }));
        for (route, text, hint) in [
            (&open, "", None),
            (&open, url, None),
            (&default, "", None),
            (&default, rest, Some("`/<rest..>` and `/`")),
            (&key, "", Some("gateway = \"rest-api\"")),
            (&key, url, Some("gateway = \"rest-api\"")),
            (&key, rest, None),
            (&jwt, users, None),
            (&jwt, "", Some("[jwt.users]\nissuer = ")),
            (
                &jwt,
                &users.replace("users", "user"),
                Some("did you mean `user`?"),
            ),
            (&jwt, rest, Some("#[authorizer]")),
            (&jwt, url, Some("gateway = \"http-api\"")),
            (&iam, "", None),
            (&iam, rest, None),
            (&iam, url, Some("auth = \"iam\"")),
            (&iam, &format!("{url}\nauth = \"iam\""), None),
            (&door, "", None),
            (&door, rest, None),
            (&door, url, Some("gateway = \"http-api\"")),
            (
                &guarded(json!({ "type": "lambda", "name": "dor" })),
                "",
                Some("did you mean `door`?"),
            ),
            (
                &open,
                "[authorizers.dor]\nttl = 1",
                Some("did you mean `door`?"),
            ),
            (
                &open,
                "[[policy]]\nactions = [\"s3:*\"]\nresources = [\"*\"]\nfunctions = [\"app\", \"dor\"]",
                Some("did you mean `door`?"),
            ),
            (
                &open,
                "throttle.routes.\"GET /x\" = { rate = 1, burst = 1 }",
                Some("did you mean `GET /`?"),
            ),
            (
                &open,
                "[authorizers.door]\nttl = 1\nidentity = []",
                Some("ttl = 0"),
            ),
        ] {
            let result = check(&manifest(route), &settings(text));
            match hint {
                None => assert!(result.is_ok(), "{route} {text}: {result:?}"),
                Some(hint) => {
                    let failure = result.expect_err(hint);
                    let advice = failure.advice().unwrap_or_default();
                    assert!(advice.contains(hint), "{route} {text}: {failure}: {advice}");
                    assert_eq!(failure.exit(), crate::error::Exit::Input);
                }
            }
        }
    }

    #[test]
    fn two_names_for_one_variable_are_told_before_a_rest_api_is_made() {
        let mut manifest = manifest(&json!({ "method": "GET", "path": "/a/{id}" }));
        let other = json!({ "method": "PUT", "path": "/a/{key}/b", "source": { "file": "src/b.rs", "line": 7 } });
        manifest.routes.push(serde_json::from_value(other).unwrap());
        assert!(check(&manifest, &settings("")).is_ok());
        let failure = check(&manifest, &settings("gateway = \"rest-api\"")).unwrap_err();
        let told = failure.to_string();
        assert!(
            told.contains(": `GET /a/{id}` and `PUT /a/{key}/b` at src/b.rs:7: "),
            "{told}"
        );
        assert_eq!(failure.exit(), crate::error::Exit::Input);
    }

    #[test]
    fn nothing_is_deployed_otherwise_than_it_is_set() {
        for text in [
            "",
            "payload_format = \"1.0\"",
            "stage_name = \"v1\"",
            "integration_timeout = 1000",
            "gateway = \"rest-api\"\nintegration_timeout = 1000",
            "stage_variables = { a = \"b\" }",
            "throttle = { rate = 1, burst = 1 }",
            "[jwt.x]\nissuer = \"https://i/\"\naudience = \"a\"",
        ] {
            assert!(deployable(&settings(text)).is_ok(), "{text}");
        }
        assert!(deployable(&settings("concurrency = 0")).is_err());
        let there = "[topics.news]\nexisting = \"arn:aws:sns:eu-central-1:123456789012:news\"\n[queues.orders]";
        assert!(deployable(&settings(there)).is_ok());
    }
}
