//! `cargo fw token`: a JSON Web Token that only the local server accepts.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::local::app::App;
use crate::{
    args,
    console::Console,
    error::{Exit, Failure, Result},
    local::authorizers::development::{self, DevelopmentKey},
    settings::{Settings, access::Jwt},
    values::{gateway::Gateway, names::FILE_NAME},
};

/// How long ago a token of `--expired` expired.
const AGO: Duration = Duration::from_secs(60);

/// Prints a token on standard output. Nothing is built, and no network is needed.
pub(super) fn token(args: &args::Token, console: &Console) -> Result<Exit> {
    let app = App::find(args.bootstrap.as_deref(), &args.which, false)?;
    let settings = Settings::load(app.settings_dir(), &args.stage.stage)?;
    super::notes::note(&settings, console);
    let (name, jwt) = authorizer(&settings, args.jwt.as_deref())?;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let claims = claims(args, jwt, now)?;
    let key = DevelopmentKey::read_or_make(&development::path(&app.folder()))?;
    let token = key.sign(&claims)?;
    console.verbose(format_args!(
        "for `[jwt.{name}]`, signed with the local key {}: {}",
        key.id(),
        Value::Object(claims)
    ));
    console.result(token);
    Ok(Exit::Success)
}

/// The JWT authorizer that the token is for: the named one, or the only one.
fn authorizer<'s>(settings: &'s Settings, name: Option<&str>) -> Result<(&'s str, &'s Jwt)> {
    let known = &settings.access.jwt;
    let names = || {
        known
            .keys()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    };
    match (name, known.len()) {
        (_, 0) if settings.gateway != Gateway::HttpApi => Err(Failure::input(format!(
            "{} does not check JSON Web Tokens",
            settings.gateway.with_article()
        ))
        .hint("tokens are for `gateway = \"http-api\"`")),
        (_, 0) => Err(Failure::input(format!(
            "the settings have no token issuer: stage `{}`",
            settings.stage
        ))
        .hint(format!(
            "add to {FILE_NAME}, and `jwt = \"users\"` to a route:\n\n{}",
            Jwt::example("users")
        ))),
        (Some(name), _) => known
            .get_key_value(name)
            .map(|(name, jwt)| (name.as_str(), jwt))
            .ok_or_else(|| {
                Failure::input(format!("the settings have no `[jwt.{name}]`"))
                    .hint(format!("use one of: {}", names()))
            }),
        (None, _) => match known.iter().next() {
            Some((name, jwt)) if known.len() == 1 => Ok((name.as_str(), jwt)),
            _ => Err(Failure::input("the settings have several token issuers")
                .hint(format!("choose one with `--jwt`: {}", names()))),
        },
    }
}

/// The issuer's claims, overridden by those of the command line.
fn claims(args: &args::Token, jwt: &Jwt, now: Duration) -> Result<Map<String, Value>> {
    let (issued, expires) = if args.expired {
        let ended = now.saturating_sub(AGO);
        (ended.saturating_sub(args.expires_in), ended)
    } else {
        (now, now.saturating_add(args.expires_in))
    };
    let mut claims = Map::new();
    let mut set = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
    set("iss", json!(jwt.issuer));
    set("sub", json!(args.sub));
    let audience = args.audience.as_ref().or(jwt.audience.first());
    set("aud", json!(audience));
    set("iat", json!(issued.as_secs()));
    set("exp", json!(expires.as_secs()));
    if !args.scope.is_empty() {
        set("scope", json!(args.scope.join(" ")));
    }
    for (name, value) in &args.claim {
        set(name, value.clone());
    }
    Ok(claims)
}
