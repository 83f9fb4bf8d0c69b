//! The arguments of `#[authorizer]`: `identity = ["header:authorization"], ttl = 300, token, crate = path`.

use syn::LitStr;

use super::keys::{Args, Grammar, Key, Kind};
use crate::{
    errors::{Errors, closest},
    model::Authorizer,
};

pub(crate) const GRAMMAR: Grammar = Grammar {
    first: None,
    keys: &[
        Key {
            name: "identity",
            kind: Kind::Texts {
                example: "header:authorization",
                meant: source_meant,
            },
        },
        Key {
            name: "ttl",
            kind: Kind::Number {
                what: "how long an answer is cached",
                unit: "seconds",
                least: 0,
                // The longest time that a gateway keeps an answer. [D] gateway-truth §1.10
                most: 3600,
                example: 300,
            },
        },
        Key {
            name: "token",
            kind: Kind::Flag,
        },
    ],
    holder: "an authorizer",
    meant: Some(|text| format!("identity = [{:?}]", source_meant(text))),
};

/// The result of all arguments.
pub(crate) fn payload(args: &Args, errors: &mut Errors) -> Authorizer {
    let sources: Vec<Option<String>> = args
        .texts("identity")
        .iter()
        .map(|text| source(text, errors))
        .collect();
    // A mistake in the identity is reported once.
    let flawed = args.key("identity").is_some() && (sources.is_empty() || sources.contains(&None));
    let mut authorizer = Authorizer {
        identity: sources.into_iter().flatten().collect(),
        ttl: args.number("ttl").unwrap_or(0),
        token: false,
    };
    if let Some(key) = args.key("ttl")
        && authorizer.ttl > 0
        && args.key("identity").is_none()
        && !args.flag("token")
    {
        errors.push(
            key,
            "an answer is cached for the same identity, but this authorizer has no `identity`",
            format!(
                "write `identity = [\"header:authorization\"], ttl = {}`",
                authorizer.ttl
            ),
        );
    }
    if let Some(key) = args.key("token")
        && args.flag("token")
        && !flawed
    {
        authorizer.token = true;
        if authorizer.identity.is_empty() {
            authorizer
                .identity
                .push("$request.header.authorization".to_owned());
        }
        let header =
            matches!(authorizer.identity.as_slice(), [one] if one.starts_with("$request.header."));
        if !header {
            errors.push(
                key,
                "a `token` is the value of one header",
                "write `token, identity = [\"header:authorization\"]`, or leave `token` out to get the whole request",
            );
        }
    }
    authorizer
}

/// `header:authorization` in the gateway's words.
fn source(text: &LitStr, errors: &mut Errors) -> Option<String> {
    let value = text.value();
    let named = |name: &str, extra: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| {
                byte.is_ascii_alphanumeric()
                    || b"-_".contains(&byte)
                    || extra.as_bytes().contains(&byte)
            })
    };
    match value.split_once(':') {
        Some(("header", name)) if named(name, "!#$%&'*+.^`|~") => {
            Some(format!("$request.header.{name}"))
        }
        Some(("query", name)) if named(name, ".~$[]") => {
            Some(format!("$request.querystring.{name}"))
        }
        Some(("context", name)) if named(name, ".") => Some(format!("$context.{name}")),
        Some(("stage", name)) if named(name, "") => Some(format!("$stageVariables.{name}")),
        _ => {
            errors.push(
                text,
                "a caller is identified by a header, a query parameter, a stage variable or a context value, written with its name",
                format!("write {:?}", source_meant(&value)),
            );
            None
        }
    }
}

/// The source that was probably meant: the gateway's own words, a misspelt kind, only a header's
/// name.
fn source_meant(text: &str) -> String {
    let name = |text: &str| -> String {
        let name: String = text
            .chars()
            .filter(|char| char.is_ascii_alphanumeric() || "-_.".contains(*char))
            .collect();
        if name.is_empty() {
            "authorization".to_owned()
        } else {
            name
        }
    };
    for (prefix, kind) in [
        ("$request.header.", "header"),
        ("method.request.header.", "header"),
        ("$request.querystring.", "query"),
        ("method.request.querystring.", "query"),
        ("$context.", "context"),
        ("$stageVariables.", "stage"),
        ("stageVariables.", "stage"),
    ] {
        if let Some(rest) = text.strip_prefix(prefix) {
            return format!("{kind}:{}", name(rest));
        }
    }
    match text.split_once([':', '=']) {
        Some((kind, rest)) => {
            let kinds = ["header", "query", "context", "stage"];
            let kind = match kind {
                "querystring" | "param" | "parameter" => "query",
                other => closest(other, kinds).unwrap_or("header"),
            };
            format!("{kind}:{}", name(rest))
        }
        None => format!("header:{}", name(text).to_lowercase()),
    }
}
