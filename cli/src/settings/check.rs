//! The ranges and rules that AWS sets for the settings, checked before anything is built or called.

use super::{
    Settings, function::FunctionSettings, gateway::GatewaySettings, resources::Resources,
    secret::Reference,
};
use crate::{
    error::{Failure, Result},
    values::{
        gateway::{DEFAULT_API_STAGE, Gateway},
        names::{check_bucket_name, in_tag, is_plain},
        resources::{BUCKET, variable},
        statement::Statement,
    },
};

mod access;

pub(super) use super::ranges::{arn_of, range};

/// The days that `CloudWatch` Logs accepts (`PutRetentionPolicy` in its API reference).
const LOG_RETENTIONS: [u32; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

/// The variables that Lambda sets itself and refuses in a function's configuration
/// (Lambda developer guide, "Defined runtime environment variables").
const RESERVED: [&str; 22] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_METADATA_API",
    "AWS_LAMBDA_METADATA_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_MAX_CONCURRENCY",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];

/// Lambda's limit for all environment variables together, in bytes (gateway-truth §4.5).
const ENVIRONMENT_LIMIT: usize = 4096;

pub(super) fn all(settings: &Settings) -> Result<()> {
    settings.app.check("")?;
    for (name, own) in &settings.functions {
        // Inherited keys count: `log_level` may be here and `log_format` above.
        settings.keys_of(Some(name)).check(&own.place(name))?;
    }
    for (name, keys) in &settings.mappings {
        let own = settings.functions.get(name);
        let place = own.map_or_else(|| name.clone(), |own| own.place(name));
        keys.check(&place)?;
    }
    for (name, keys) in &settings.asynchronous {
        let own = settings.functions.get(name);
        let place = own.map_or_else(|| name.clone(), |own| own.place(name));
        keys.check(&place)?;
    }
    retention("log_retention", settings.log_retention)?;
    if settings.keep_versions < 2 {
        return Err(Failure::input(format!(
            "`keep_versions` is too small: {}",
            settings.keep_versions
        ))
        .because_of("the current version and one for a rollback are two"));
    }
    if let Some(path) = settings
        .health
        .as_deref()
        .filter(|path| !path.starts_with('/'))
    {
        return Err(
            Failure::input(format!("`health` is not a path: {}", path.escape_debug()))
                .hint("write a route's path, such as `health = \"/health\"`"),
        );
    }
    settings.resources.check()?;
    settings.api.check()?;
    variables(settings)?;
    tags(settings)?;
    if let Some(arn) = &settings.permissions_boundary {
        let example = "arn:aws:iam::123456789012:policy/NAME";
        arn_of("permissions_boundary", arn, &["iam"], example)?;
    }
    cors(settings)?;
    gateway_settings(settings)?;
    access::all(settings)?;
    buckets("local.buckets", &settings.buckets)?;
    buckets("artifact_bucket", settings.artifact_bucket.as_slice())?;
    settings.policy.iter().try_for_each(statement)
}

/// Tags that every service accepts (Lambda developer guide, "Using tags on Lambda functions": 50,
/// keys of 128 and values of 256 characters; keys are listed in one of `cargo fw`'s own tags, so
/// they have no spaces and together at most 256 characters).
fn tags(settings: &Settings) -> Result<()> {
    for (key, value) in &settings.tags {
        let mut others = ["fw:", "aws:"].iter();
        if let Some(prefix) = others.find(|prefix| key.starts_with(**prefix)) {
            return Err(
                Failure::input(format!("not a key for your own tag: `{key}`"))
                    .because_of(format!("tags that start with `{prefix}` are reserved")),
            );
        }
        if key.is_empty() || key.len() > 128 || key.contains(' ') || !key.chars().all(in_tag) {
            return Err(
                Failure::input(format!("not a valid tag key: `{}`", key.escape_debug()))
                    .because_of("a key has 1 to 128 letters, digits and `_.:/=+-@`"),
            );
        }
        if value.len() > 256 || !value.chars().all(in_tag) {
            return Err(
                Failure::input(format!("not a valid value for the tag `{key}`"))
                    .because_of("a value has up to 256 letters, digits, spaces and `_.:/=+-@`"),
            );
        }
    }
    let together: usize = settings.tags.keys().map(|key| key.len() + 1).sum();
    if settings.tags.len() > 40 || together > 257 {
        return Err(
            Failure::input(format!("there are too many tags: {}", settings.tags.len())).because_of(
                "at most 40 tags are possible, with at most 256 characters in all keys together",
            ),
        );
    }
    Ok(())
}

fn retention(key: &str, days: u32) -> Result<()> {
    if LOG_RETENTIONS.contains(&days) {
        return Ok(());
    }
    let near = LOG_RETENTIONS
        .iter()
        .min_by_key(|known| known.abs_diff(days));
    let near = near.copied().unwrap_or(30);
    Err(
        Failure::input(format!("not a valid number of days for `{key}`: {days}"))
            .because_of("CloudWatch Logs accepts only certain numbers of days")
            .hint(format!("write {near}, the nearest valid number")),
    )
}

/// The variables of all functions.
pub(super) fn variables(settings: &Settings) -> Result<()> {
    let resources = &settings.resources;
    variables_of(&settings.app.clone().resolve(), resources)?;
    settings.functions.iter().try_for_each(|(name, own)| {
        variables_of(&settings.of_name(name), resources)
            .map_err(|failure| failure.because_of(format!("set in `[{}]`", own.place(name))))
    })
}

fn variables_of(function: &FunctionSettings, resources: &Resources) -> Result<()> {
    let mut total = 0;
    for (name, value) in &function.environment {
        let mut chars = name.chars();
        let first = chars.next().is_some_and(|c| c.is_ascii_alphabetic());
        if !first || name.len() < 2 || !chars.all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(Failure::input(format!("not a valid name for an environment variable: `{}`", name.escape_debug()))
                .because_of("a name has a letter, then letters, digits and underscores, and at least two characters"));
        }
        if RESERVED.contains(&name.as_str()) {
            return Err(
                Failure::input(format!("Lambda sets this variable itself: `{name}`")).hint(
                    "choose another name; `cargo fw local` prints the variables that an app gets",
                ),
            );
        }
        if let Some((kind, resource)) = resources.of_variable(name) {
            let word = kind.word();
            return Err(
                Failure::input(format!("`cargo fw` sets this variable itself: `{name}`")).hint(
                    format!(
                        "remove it: the variable is for the {word} `{resource}` in the settings"
                    ),
                ),
            );
        }
        let mut buckets = resources.buckets.keys();
        if let Some(bucket) = buckets.find(|bucket| variable(BUCKET, bucket) == *name) {
            return Err(
                Failure::input(format!("`cargo fw` sets this variable itself: `{name}`")).hint(
                    format!("remove it: the bucket `{bucket}` of the settings is what it is about"),
                ),
            );
        }
        if !function.secrets.contains(name)
            && let Some(reference) = Reference::of(value)
        {
            reference.check(name)?;
        }
        total += name.len() + value.len();
    }
    if total > ENVIRONMENT_LIMIT {
        return Err(
            Failure::input(format!("the environment is too large: {total} bytes")).because_of(
                format!("Lambda accepts {ENVIRONMENT_LIMIT} bytes, names and values together"),
            ),
        );
    }
    Ok(())
}

fn buckets(key: &str, buckets: &[String]) -> Result<()> {
    buckets.iter().try_for_each(|bucket| {
        check_bucket_name(bucket).map_err(|error| {
            Failure::input(format!("`{key}` has a name that S3 does not accept"))
                .because_of(error.to_string())
        })
    })
}

fn cors(settings: &Settings) -> Result<()> {
    let Some(cors) = &settings.cors else {
        return Ok(());
    };
    if cors.allow_credentials && cors.allow_origins.iter().any(|origin| origin == "*") {
        // gateway-truth §1.7: refused when the API is created.
        return Err(
            Failure::input("`cors` cannot allow credentials to every origin")
                .hint("name the origins in `allow_origins`, or leave out `allow_credentials`"),
        );
    }
    if settings.gateway == Gateway::RestApi && cors.allow_origins.len() != 1 {
        return Err(Failure::input(format!(
            "`cors` of a REST API takes one origin, but has {}",
            cors.allow_origins.len()
        ))
        .because_of("a REST API answers a preflight with a fixed text")
        .hint("name one origin, or `*`; or answer OPTIONS in the app"));
    }
    for origin in &cors.allow_origins {
        // The schemes' wildcards are an HTTP API's (its API reference, `Cors`).
        let wildcards: &[&str] = match settings.gateway {
            Gateway::HttpApi => &["*", "http://*", "https://*"],
            Gateway::RestApi | Gateway::FunctionUrl => &["*"],
        };
        let known = wildcards.contains(&origin.as_str());
        let absolute = origin.split_once("://").is_some_and(|(scheme, host)| {
            !scheme.is_empty() && !host.is_empty() && !host.contains('/')
        });
        if !known && !absolute {
            return Err(
                Failure::input(format!("not an origin: `{}`", origin.escape_debug())).hint(
                    "write `https://example.org`, with the scheme and without a path, or `*`",
                ),
            );
        }
    }
    Ok(())
}

/// The stage of an API (API Gateway API reference, `CreateStage`: letters, digits, hyphens and
/// underscores, at most 128; `$default` is only for HTTP APIs).
fn gateway_settings(settings: &Settings) -> Result<()> {
    let GatewaySettings {
        stage_name,
        stage_variables,
        binary_media_types,
        integration_timeout,
        access_log,
        domain,
        ..
    } = &settings.gateway_settings;
    if let Some(domain) = domain {
        domain.check()?;
    }
    if let Some(log) = access_log {
        log.check()?;
        if let Some(days) = log.retention {
            retention("access_log.retention", days)?;
        }
    }
    if let (Some(wait), Some(most)) = (*integration_timeout, settings.gateway.patience()) {
        // [D] gateway-truth §1.8, §2.7
        range("integration_timeout", wait, 50, most * 1000, "milliseconds")?;
    }
    if stage_name == DEFAULT_API_STAGE {
        if settings.gateway == Gateway::RestApi {
            return Err(Failure::input(
                "a REST API cannot have a stage with this name: `$default`",
            )
            .hint(
                "choose a name, `stage_name = \"v1\"`, or leave `stage_name` out to use the stage's name",
            ));
        }
    } else if stage_name.len() > 128 || !is_plain(stage_name) {
        return Err(Failure::input(format!(
            "not a valid name for an API's stage: `{}`",
            stage_name.escape_debug()
        ))
        .because_of("a name has 1 to 128 letters, digits, hyphens and underscores"));
    }
    for (name, value) in stage_variables {
        let taken = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#&=,".contains(c);
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(Failure::input(format!(
                "not a valid name for a stage variable: `{}`",
                name.escape_debug()
            ))
            .because_of("a name has letters, digits and underscores"));
        }
        if value.is_empty() || !value.chars().all(taken) {
            return Err(Failure::input(format!(
                "API Gateway does not accept the value of the stage variable `{name}`"
            ))
            .because_of("a value has letters, digits and `-._~:/?#&=,`"));
        }
    }
    for media in binary_media_types {
        let whole = media
            .split_once('/')
            .is_some_and(|(kind, subtype)| !kind.is_empty() && !subtype.is_empty());
        if !whole {
            return Err(
                Failure::input(format!("not a media type: `{}`", media.escape_debug()))
                    .hint("write `image/png`, `image/*`, or `*/*` for all"),
            );
        }
    }
    Ok(())
}

fn statement(statement: &Statement) -> Result<()> {
    if statement.actions.is_empty() || statement.resources.is_empty() {
        return Err(Failure::input(
            "a `[[policy]]` statement needs at least one action and one resource",
        ));
    }
    if statement.functions.as_ref().is_some_and(Vec::is_empty) {
        return Err(
            Failure::input("a `[[policy]]` statement applies to no function").hint(
                "name functions, `functions = [\"app\", \"AUTHORIZER\"]`, or leave `functions` out",
            ),
        );
    }
    for action in &statement.actions {
        let whole = action
            .split_once(':')
            .is_some_and(|(service, name)| !service.is_empty() && !name.is_empty());
        if !whole && action != "*" {
            return Err(
                Failure::input(format!("not an IAM action: `{}`", action.escape_debug()))
                    .hint("write the service and the operation: `s3:GetObject`"),
            );
        }
    }
    for resource in &statement.resources {
        if !resource.starts_with("arn:") && resource != "*" {
            return Err(
                Failure::input(format!("not an ARN: `{}`", resource.escape_debug()))
                    .hint("write the full ARN: `arn:aws:s3:::my-bucket/*`"),
            );
        }
    }
    Ok(())
}
