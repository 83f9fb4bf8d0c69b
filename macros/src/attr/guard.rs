//! Who may call a route: `authorizer = name`, `jwt = "main", scopes = ["items:read"]`, `iam`, `api_key`, `public`.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::LitStr;

use super::{Tokens, words};
use crate::errors::Errors;

/// How the callers of a route are checked.
pub(crate) enum Guard {
    /// By the function of that path.
    Authorizer(TokenStream),
    /// By a token of that name, which has one of these scopes.
    Jwt(LitStr, Vec<LitStr>),
    Iam,
    /// Not at all, whatever the list around it says.
    Public,
}

/// The guard, as read so far.
#[derive(Default)]
pub(super) struct GuardArgs {
    /// The kind that was given first.
    kind: Option<Ident>,
    guard: Option<Guard>,
    scopes: Option<(Ident, Vec<LitStr>)>,
    api_key: Option<Ident>,
}

impl GuardArgs {
    /// Reads `key = value`; returns whether it is one of these.
    pub(super) fn value(&mut self, key: &Ident, value: Tokens<'_>, errors: &mut Errors) -> bool {
        match key.to_string().as_str() {
            "authorizer" => {
                if self.first(key, errors) {
                    self.guard = function(key, value, errors).map(Guard::Authorizer);
                }
            }
            "jwt" => {
                if self.first(key, errors) {
                    self.guard = name(key, value, errors).map(|name| Guard::Jwt(name, Vec::new()));
                }
            }
            "scopes" if self.scopes.is_some() => {
                errors.push(key, "`scopes` is given twice", "put all scopes in one list");
            }
            "scopes" => {
                let mut list = words::list(key, value, "items:read", str::to_owned, errors);
                // RFC 6749 §3.3: a scope has no space in it.
                list.retain(|scope| {
                    let text = scope.value();
                    let one = !text.is_empty() && !text.contains(char::is_whitespace);
                    if !one {
                        let texts: Vec<String> = text
                            .split_whitespace()
                            .map(|it| format!("{it:?}"))
                            .collect();
                        let texts = if texts.is_empty() {
                            "\"items:read\"".into()
                        } else {
                            texts.join(", ")
                        };
                        errors.push(
                            scope,
                            "a scope is one word without spaces",
                            format!("write `scopes = [{texts}]`"),
                        );
                    }
                    one
                });
                self.scopes = Some((key.clone(), list));
            }
            word @ ("iam" | "api_key" | "public" | "validate") => {
                errors.push(
                    value.to_token_stream(),
                    format!("`{word}` does not take a value"),
                    format!("write `{word}`, or leave it out"),
                );
                if word != "validate" && word != "api_key" {
                    // It was meant as one, so no other mistake is reported.
                    self.kind.get_or_insert_with(|| key.clone());
                }
            }
            _ => return false,
        }
        true
    }

    /// Reads a word without a value; returns whether it is one of these.
    pub(super) fn flag(&mut self, flag: &Ident, errors: &mut Errors) -> bool {
        match flag.to_string().as_str() {
            "iam" => {
                if self.first(flag, errors) {
                    self.guard = Some(Guard::Iam);
                }
            }
            "public" => {
                if self.first(flag, errors) {
                    self.guard = Some(Guard::Public);
                }
            }
            "api_key" if self.api_key.is_some() => {
                errors.push(flag, "`api_key` is given twice", "remove one of them");
            }
            "api_key" => self.api_key = Some(flag.clone()),
            "jwt" => {
                self.kind.get_or_insert_with(|| flag.clone());
                errors.push(
                    flag,
                    "`jwt` needs the name of a `[jwt.NAME]` in `fw.toml`",
                    "write `jwt = \"main\"`",
                );
            }
            "authorizer" => {
                self.kind.get_or_insert_with(|| flag.clone());
                errors.push(
                    flag,
                    "`authorizer` needs the name of a function with `#[authorizer]`",
                    "write `authorizer = name`",
                );
            }
            _ => return false,
        }
        true
    }

    /// True if nothing says yet who may call.
    fn first(&mut self, key: &Ident, errors: &mut Errors) -> bool {
        let Some(first) = &self.kind else {
            self.kind = Some(key.clone());
            return true;
        };
        if first == key {
            errors.push(key, format!("`{key}` is given twice"), "remove one of them");
        } else {
            errors.push(
                key,
                format!(
                    "a route checks its callers in one way, but this one has `{first}` and `{key}`"
                ),
                format!("remove `{key}` or `{first}`"),
            );
        }
        false
    }

    /// The result of all arguments.
    pub(super) fn finish(self, errors: &mut Errors) -> (Option<Guard>, bool) {
        let mut guard = self.guard;
        if let Some((key, scopes)) = self.scopes {
            match (&mut guard, &self.kind) {
                (Some(Guard::Jwt(_, known)), _) => *known = scopes,
                // Its mistake is already reported.
                (None, Some(kind)) if kind == "jwt" => {}
                _ => errors.push(
                    &key,
                    "`scopes` belong to a token, but this route does not ask for a token",
                    format!("write `jwt = \"main\", scopes = [{}]`", texts(&scopes)),
                ),
            }
        }
        if let (Some(Guard::Public), Some(key)) = (&guard, &self.api_key) {
            errors.push(
                key,
                "a `public` route does not ask for an API key",
                "remove `api_key` or `public`",
            );
        }
        (guard, self.api_key.is_some())
    }
}

/// The path of a function.
fn function(key: &Ident, value: Tokens<'_>, errors: &mut Errors) -> Option<TokenStream> {
    let path =
        |tokens: TokenStream| syn::parse::Parser::parse2(syn::Path::parse_mod_style, tokens).ok();
    if let Some(path) = path(value.to_token_stream()) {
        return Some(path.into_token_stream());
    }
    // The name that was meant, if there is one: called, or in quotes.
    let without_call = match value.0 {
        [rest @ .., TokenTree::Group(_)] => path(Tokens(rest).to_token_stream()),
        _ => words::literal(value).and_then(|text| syn::parse_str(&text.value()).ok()),
    };
    let name = without_call.map_or("name".to_owned(), |path| {
        path.into_token_stream().to_string().replace(' ', "")
    });
    errors.push(
        words::value_or_key(key, value),
        "an authorizer is named by its function's path",
        format!("write `authorizer = {name}`"),
    );
    None
}

/// The name of a table of the settings.
fn name(key: &Ident, value: Tokens<'_>, errors: &mut Errors) -> Option<LitStr> {
    let Some(name) = words::literal(value) else {
        errors.push(
            words::value_or_key(key, value),
            "`jwt` is the name of a `[jwt.NAME]` in `fw.toml`, as a string literal",
            format!("write `jwt = {:?}`", words::plain(value, "main")),
        );
        return None;
    };
    let text = name.value();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if text.is_empty() || !text.bytes().all(allowed) {
        errors.push(
            &name,
            "`jwt` is the name of a `[jwt.NAME]` in `fw.toml`: letters, digits, `-` and `_`",
            "write `jwt = \"main\"`, and set the issuer in `[jwt.main]`",
        );
        return None;
    }
    Some(name)
}

fn texts(list: &[LitStr]) -> String {
    if list.is_empty() {
        return "…".to_owned();
    }
    let texts: Vec<String> = list
        .iter()
        .map(|text| format!("{:?}", text.value()))
        .collect();
    texts.join(", ")
}
