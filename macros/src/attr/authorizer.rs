//! The arguments of `#[authorizer]`: `identity = ["header:authorization"], ttl = 300, token, crate = path`.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::LitStr;

use super::{Krate, Tokens, split, words};
use crate::errors::{Errors, closest};

/// The longest time that a gateway keeps an answer, in seconds. [D] gateway-truth §1.10
const LONGEST: u32 = 3600;

const KEYS: [&str; 4] = ["identity", "ttl", "token", "crate"];

/// What was read, as far as it could be.
pub(crate) struct AuthorizerArgs {
    /// In the gateway's words.
    pub(crate) identity: Vec<String>,
    pub(crate) ttl: u32,
    pub(crate) token: bool,
    pub(crate) krate: Krate,
}

pub(crate) fn parse(attr: TokenStream, errors: &mut Errors) -> AuthorizerArgs {
    let mut args = AuthorizerArgs {
        identity: Vec::new(),
        ttl: 0,
        token: false,
        krate: Krate::unnamed(),
    };
    let mut seen: Vec<Ident> = Vec::new();
    let (mut token, mut ttl, mut identity): (Option<Ident>, Option<Ident>, Option<Ident>) =
        (None, None, None);
    // What is wrong with the identity is told once.
    let mut flawed = false;
    for part in &split(attr) {
        let tokens = Tokens(part);
        let (key, value) = match part.as_slice() {
            [TokenTree::Ident(key)] => (key, None),
            [TokenTree::Ident(key), TokenTree::Punct(equals), value @ ..]
                if equals.as_char() == '=' =>
            {
                (key, Some(Tokens(value)))
            }
            _ => {
                let help = match words::literal(tokens) {
                    Some(text) => format!(
                        "write `identity = [{:?}]`, or leave it out",
                        source_meant(&text.value())
                    ),
                    None => {
                        "leave it out: an authorizer has `identity`, `ttl`, `token` and `crate`"
                            .to_owned()
                    }
                };
                let at = if part.is_empty() { None } else { Some(tokens) };
                match at {
                    Some(at) => errors.push(at, "unexpected argument", help),
                    None => errors.push_span(
                        proc_macro2::Span::call_site(),
                        "`#[authorizer]` has a comma too many",
                        "leave it out",
                    ),
                }
                continue;
            }
        };
        let word = key.to_string();
        if seen.contains(key) && KEYS.contains(&word.as_str()) {
            errors.push(
                key,
                format!("`{word}` is given twice"),
                "leave one of them out",
            );
            continue;
        }
        seen.push(key.clone());
        match (word.as_str(), value) {
            ("token", None) => token = Some(key.clone()),
            ("token", Some(value)) => errors.push(
                value,
                "`token` stands alone and takes no value",
                "write `token`, or leave it out",
            ),
            ("ttl", value) => {
                let value = value.unwrap_or(Tokens(&[]));
                if let Some(seconds) = seconds(key, value, errors) {
                    args.ttl = seconds;
                    ttl = Some(key.clone());
                }
            }
            ("identity", value) => {
                let value = value.unwrap_or(Tokens(&[]));
                identity = Some(key.clone());
                let list = words::list(key, value, "header:authorization", source_meant, errors);
                let sources: Vec<Option<String>> =
                    list.iter().map(|text| source(text, errors)).collect();
                flawed = sources.is_empty() || sources.contains(&None);
                args.identity = sources.into_iter().flatten().collect();
            }
            ("crate", value) => {
                args.krate
                    .read(tokens, value.unwrap_or(Tokens(&[])), errors);
            }
            (other, _) => errors.push(
                key,
                format!("unknown argument `{other}`"),
                closest(other, KEYS).map_or_else(
                    || {
                        "leave it out: an authorizer has `identity`, `ttl`, `token` and `crate`"
                            .to_owned()
                    },
                    |near| format!("write `{near}`"),
                ),
            ),
        }
    }
    if let (Some(key), None, None, true) = (&ttl, &identity, &token, args.ttl > 0) {
        errors.push(
            key,
            "an answer is kept for the same identity, and this authorizer has none",
            format!(
                "write `identity = [\"header:authorization\"], ttl = {}`",
                args.ttl
            ),
        );
    }
    if let Some(key) = &token
        && !flawed
    {
        args.token = true;
        if args.identity.is_empty() {
            args.identity
                .push("$request.header.authorization".to_owned());
        }
        let header =
            matches!(args.identity.as_slice(), [one] if one.starts_with("$request.header."));
        if !header {
            errors.push(
                key,
                "a `token` is the value of one header",
                "write `token, identity = [\"header:authorization\"]`, or leave `token` out to be given the whole request",
            );
        }
    }
    args
}

/// A number of seconds.
fn seconds(key: &Ident, value: Tokens<'_>, errors: &mut Errors) -> Option<u32> {
    let number = syn::parse2::<syn::LitInt>(value.to_token_stream()).ok();
    match number.and_then(|number| number.base10_parse::<u32>().ok()) {
        Some(seconds) if seconds <= LONGEST => Some(seconds),
        _ => {
            let more = value.to_string().parse::<u64>().is_ok();
            errors.push(
                words::value_or_key(key, value),
                format!("`ttl` is how long an answer is kept: 0 to {LONGEST} seconds"),
                format!("write `ttl = {}`", if more { LONGEST } else { 300 }),
            );
            None
        }
    }
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
                "what identifies a caller is a header, a query parameter, a stage variable or a value of the context, by its name",
                format!("write {:?}", source_meant(&value)),
            );
            None
        }
    }
}

/// What was probably meant for a source: the gateway's own words, a misspelt kind, a header's name alone.
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
