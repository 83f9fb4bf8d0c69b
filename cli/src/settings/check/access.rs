//! The rules for who may call.

use super::super::{
    Settings,
    access::{Access, ApiKey, Jwt, RESPONSE_TYPES},
};
use crate::error::{Failure, Result};

pub(super) fn all(settings: &Settings) -> Result<()> {
    let access = &settings.access;
    for (name, jwt) in &access.jwt {
        issuer(name, jwt)?;
    }
    for (name, authorizer) in &access.authorizers {
        let own = settings.functions.get(name);
        let table = own.map(|own| own.place(name)).unwrap_or_default();
        // gateway-truth §1.10
        if let Some(ttl) = authorizer.ttl.filter(|ttl| *ttl > 3600) {
            return Err(
                Failure::input(format!("`{table}.ttl` is out of range: {ttl}"))
                    .because_of("API Gateway caches an answer for 0 to 3600 seconds"),
            );
        }
        let mut identities = authorizer.identity.iter().flatten();
        identities.try_for_each(|source| identity(&format!("{table}.identity"), source))?;
    }
    let throttle = &access.throttle;
    rate("throttle", throttle.rate, throttle.burst)?;
    for (route, own) in &throttle.routes {
        rate(
            &format!("throttle.routes.\"{route}\""),
            Some(own.rate),
            Some(own.burst),
        )?;
    }
    keys(access)?;
    for (kind, response) in &access.gateway_responses {
        if !RESPONSE_TYPES.contains(&kind.as_str()) {
            let failure = Failure::input(format!(
                "a REST API has no gateway response of this type: `{}`",
                kind.escape_debug()
            ));
            let upper = kind.to_ascii_uppercase();
            let nearest = RESPONSE_TYPES
                .iter()
                .min_by_key(|known| strsim::damerau_levenshtein(&upper, known));
            return Err(failure.hint(format!("did you mean `{}`?", nearest.unwrap_or(&""))));
        }
        if let Some(status) = response
            .status
            .filter(|status| !(100..=599).contains(status))
        {
            return Err(Failure::input(format!(
                "`gateway_responses.{kind}.status` is not an HTTP status: {status}"
            )));
        }
    }
    Ok(())
}

fn issuer(name: &str, jwt: &Jwt) -> Result<()> {
    let host = |scheme: &str| {
        jwt.issuer
            .strip_prefix(scheme)
            .map(|rest| rest.split(['/', ':']).next().unwrap_or_default())
    };
    let secure = host("https://").is_some_and(|host| !host.is_empty());
    // For an issuer that is being developed too; AWS would not reach it.
    let local = host("http://").is_some_and(|host| ["localhost", "127.0.0.1"].contains(&host));
    if !secure && !local {
        return Err(
            Failure::input(format!("not an issuer: `{}`", jwt.issuer.escape_debug()))
                .because_of(format!(
                    "`jwt.{name}.issuer` must be the `iss` of the tokens, a URL"
                ))
                .hint("write it exactly as in the tokens: `https://issuer.example.org/`"),
        );
    }
    if jwt.audience.is_empty() {
        return Err(Failure::input(format!(
            "`jwt.{name}.audience` is empty, so no token could be valid"
        ))
        .hint("write the `aud` or `client_id` of the tokens"));
    }
    let one = |prefix: &str| {
        jwt.identity
            .strip_prefix(prefix)
            .is_some_and(|name| !name.is_empty())
    };
    if !one("$request.header.") && !one("$request.querystring.") {
        return Err(Failure::input(format!(
            "not a place where a token can be: `{}`",
            jwt.identity.escape_debug()
        ))
        .hint("write `$request.header.NAME` or `$request.querystring.NAME`"));
    }
    Ok(())
}

fn identity(key: &str, source: &str) -> Result<()> {
    let known = [
        "$request.header.",
        "$request.querystring.",
        "$context.",
        "$stageVariables.",
    ];
    let named = |prefix: &str| {
        source
            .strip_prefix(prefix)
            .is_some_and(|name| !name.is_empty())
    };
    if known.into_iter().any(named) {
        return Ok(());
    }
    Err(Failure::input(format!(
        "`{key}` has a value that cannot identify a caller: `{}`",
        source.escape_debug()
    ))
    .hint("write `$request.header.NAME`, `$request.querystring.NAME`, `$context.NAME` or `$stageVariables.NAME`"))
}

fn rate(key: &str, rate: Option<f64>, burst: Option<u32>) -> Result<()> {
    if rate.is_some_and(|rate| !rate.is_finite() || rate < 0.0) {
        return Err(
            Failure::input(format!("`{key}` has a rate that is not above 0"))
                .hint("write the number of requests per second: `rate = 100`"),
        );
    }
    match (rate, burst) {
        (Some(_), None) | (None, Some(_)) => Err(Failure::input(format!(
            "`{key}` needs both `rate` and `burst`"
        ))
        .hint("write requests per second and requests at once: `{ rate = 100, burst = 200 }`")),
        _ => Ok(()),
    }
}

fn keys(access: &Access) -> Result<()> {
    let mut names: Vec<_> = access.api_keys.iter().map(|key| &key.name).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Failure::input(format!(
            "`api_keys` has the same name twice: `{}`",
            twice[0]
        )));
    }
    for ApiKey { name, value, .. } in &access.api_keys {
        if name.is_empty() {
            return Err(Failure::input("`api_keys` has a key without a name"));
        }
        // API Gateway developer guide, "API key file format". The value is a secret and is not repeated.
        if let Some(value) = value
            && !(ApiKey::SHORTEST..=128).contains(&value.len())
        {
            return Err(Failure::input(format!(
                "the value of an API key has the wrong length: `{name}`"
            ))
            .because_of(format!(
                "API Gateway accepts {} to 128 characters",
                ApiKey::SHORTEST
            ))
            .hint("leave `value` out to let API Gateway generate one"));
        }
    }
    for (name, plan) in &access.usage_plans {
        rate(&format!("usage_plans.{name}"), plan.rate, plan.burst)?;
        for key in &plan.keys {
            if !names.contains(&key) {
                return Err(Failure::input(format!(
                    "`usage_plans.{name}` names a key that does not exist: `{key}`"
                ))
                .hint(format!("add it: `[[api_keys]]` with `name = \"{key}\"`")));
            }
        }
    }
    Ok(())
}
