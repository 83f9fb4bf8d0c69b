//! The arguments of a route attribute: `"PATH", methods = [GET, PUT], crate = path`.
//!
//! They are read as token trees and not by a grammar, so that each mistake is one error in our own
//! words and the rest is still read.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::LitStr;

pub(crate) use self::guard::Guard;
use self::guard::GuardArgs;
use crate::{
    errors::{Errors, closest},
    table::Row,
};

pub(crate) mod authorizer;
mod guard;
pub(crate) mod keys;
pub(crate) mod source;
mod words;

/// The methods of a gateway's route, in addition to `ANY`. [D] docs.aws.amazon.com, "Create routes
/// for HTTP APIs".
const METHODS: [&str; 7] = ["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// The keys.
const KEYS: [&str; 6] = ["methods", "authorizer", "jwt", "scopes", "cors", "crate"];

/// The words without a value.
const FLAGS: [&str; 5] = ["iam", "api_key", "public", "validate", "stream"];

const BESIDE: &str = "besides the path there are `methods`, `authorizer`, `jwt`, `scopes`, `iam`, `api_key`, `public`, `validate`, `stream`, `cors` and `crate`";

/// Where `cors` is written in any way but the one that means something.
const CORS_IS_ON: &str = "`cors` is on for every route where the settings have `[cors]`";
const CORS_OFF: &str = "remove it, or write `cors = false` to leave this route out";

impl Row {
    /// The attribute as it would be for that path.
    fn example(&self, path: &str) -> String {
        match self.method {
            Some(_) => format!("#[{}({path:?})]", self.name),
            None => format!("#[route({path:?}, methods = [GET])]"),
        }
    }
}

/// The arguments, as far as they could be read.
pub(crate) struct RouteArgs {
    pub(crate) path: Option<LitStr>,
    pub(crate) methods: Vec<&'static str>,
    pub(crate) krate: Krate,
    /// Who may call it, if it says so.
    pub(crate) guard: Option<Guard>,
    pub(crate) api_key: bool,
    /// The place of the word `validate`.
    pub(crate) validate: Option<Ident>,
    /// True if it streams although its type does not say so.
    pub(crate) stream: bool,
    /// True if it is left out of CORS.
    pub(crate) no_cors: bool,
}

/// The path of the framework's crate: `::fw`, or the value of `crate = …`.
pub(crate) struct Krate(Option<TokenStream>);

impl Krate {
    pub(crate) fn unnamed() -> Self {
        Self(None)
    }

    /// Reads the value of `crate =`.
    fn read(&mut self, whole: Tokens<'_>, value: Tokens<'_>, errors: &mut Errors) {
        match syn::parse2::<syn::Path>(value.to_token_stream()) {
            Ok(path) => *self = Self(Some(path.into_token_stream())),
            Err(_) => errors.push(
                whole,
                "`crate` is the name under which this crate knows `fw`",
                "write `crate = ::name`",
            ),
        }
    }

    /// The path as tokens with this span, so that rustc reports errors there.
    pub(crate) fn at(&self, span: Span) -> TokenStream {
        let Some(path) = &self.0 else {
            return quote_spanned!(span=> ::fw);
        };
        path.clone()
            .into_iter()
            .map(|mut token| {
                token.set_span(span.resolved_at(token.span()));
                token
            })
            .collect()
    }
}

pub(crate) fn parse(attr: TokenStream, row: &Row, errors: &mut Errors) -> RouteArgs {
    let mut args = RouteArgs {
        path: None,
        methods: row.method.into_iter().collect(),
        krate: Krate(None),
        guard: None,
        api_key: false,
        validate: None,
        stream: false,
        no_cors: false,
    };
    let mut guards = GuardArgs::default();
    let example = row.example("/path");
    let parts = split(attr);
    if parts.is_empty() {
        errors.push_span(
            Span::call_site(),
            format!("`#[{}]` needs a path", row.name),
            format!("write `{example}`"),
        );
        return args;
    }
    let (mut seen_path, mut seen_methods, mut seen_crate) = (false, false, false);
    for (index, part) in parts.iter().enumerate() {
        let tokens = Tokens(part);
        match part.as_slice() {
            [] => errors.push_span(
                Span::call_site(),
                format!("`#[{}]` has a superfluous comma", row.name),
                format!("write `{example}`"),
            ),
            [TokenTree::Ident(key), TokenTree::Punct(equals), value @ ..]
                if equals.as_char() == '=' =>
            {
                let value = Tokens(value);
                match key.to_string().as_str() {
                    "methods" if row.method.is_some() => {
                        let path = args.path.as_ref().map_or("/path".to_owned(), LitStr::value);
                        errors.push(
                            tokens,
                            format!("the name of `#[{}]` already is the method", row.name),
                            format!("leave `methods` out, or write `#[route({path:?}, methods = {value})]`"),
                        );
                    }
                    "methods" if seen_methods => {
                        errors.push(
                            key,
                            "`methods` is given twice",
                            "put all methods in one list",
                        );
                    }
                    "methods" => {
                        seen_methods = true;
                        methods(key, value, &mut args.methods, errors);
                    }
                    "crate" if seen_crate => {
                        errors.push(key, "`crate` is given twice", "remove one of them");
                    }
                    "crate" => {
                        seen_crate = true;
                        args.krate.read(tokens, value, errors);
                    }
                    "cors" if args.no_cors => {
                        errors.push(key, "`cors` is given twice", "remove one of them");
                    }
                    "cors" => {
                        args.no_cors = true;
                        if value.to_string() != "false" {
                            errors.push(tokens, CORS_IS_ON, CORS_OFF);
                        }
                    }
                    "stream" => errors.push(
                        value,
                        "`stream` does not take a value",
                        "write `stream`, or leave it out",
                    ),
                    _ if guards.value(key, value, errors) => {}
                    "path" => {
                        seen_path = true;
                        errors.push(
                            key,
                            "the path is written without a name",
                            format!("write `#[{}({value}, …)]`", row.name),
                        );
                    }
                    other => {
                        let near = closest(other, KEYS);
                        // One mistake: a list under a wrong name is not also a missing list.
                        seen_methods |= near == Some("methods");
                        errors.push(
                            key,
                            format!("unknown argument `{other}`"),
                            near.map_or_else(
                                || format!("remove it: {BESIDE}"),
                                |near| format!("write `{near}`"),
                            ),
                        );
                    }
                }
            }
            [TokenTree::Ident(key), TokenTree::Group(group)] if key == "methods" => {
                seen_methods = true;
                errors.push(
                    tokens,
                    "`methods` is a list in brackets",
                    format!("write `methods = [{}]`", group.stream()),
                );
            }
            [TokenTree::Ident(flag)] if guards.flag(flag, errors) => {}
            [TokenTree::Ident(flag)] if flag == "stream" => {
                if std::mem::replace(&mut args.stream, true) {
                    errors.push(flag, "`stream` is given twice", "remove one of them");
                }
            }
            [TokenTree::Ident(flag)] if flag == "cors" => {
                args.no_cors = true;
                errors.push(flag, CORS_IS_ON, CORS_OFF);
            }
            [TokenTree::Ident(flag)] if flag == "validate" => {
                if args.validate.replace(flag.clone()).is_some() {
                    errors.push(flag, "`validate` is given twice", "remove one of them");
                }
            }
            _ if seen_path => {
                let help = match tokens.to_string() {
                    word if METHODS.contains(&word.as_str()) => {
                        seen_methods = true;
                        format!("write `methods = [{word}]`")
                    }
                    text if text.starts_with('"') => {
                        "remove it: a second path needs a second function, which may call this one"
                            .to_owned()
                    }
                    word => closest(&word, FLAGS).map_or_else(
                        || format!("remove it: {BESIDE}"),
                        |near| format!("write `{near}`"),
                    ),
                };
                errors.push(tokens, "unexpected argument", help);
            }
            _ => {
                seen_path = true;
                args.path = path(tokens, row, errors);
                if index > 0
                    && let Some(path) = &args.path
                {
                    let help = format!("write `#[{}({:?}, …)]`", row.name, path.value());
                    errors.push(tokens, "the path comes first", help);
                }
            }
        }
    }
    (args.guard, args.api_key) = guards.finish(errors);
    if !seen_path {
        errors.push_span(
            Span::call_site(),
            format!("`#[{}]` needs a path", row.name),
            format!("write `{example}`"),
        );
    }
    if row.method.is_none() && !seen_methods {
        let path = args.path.as_ref().map_or("/path".to_owned(), LitStr::value);
        let help = format!("write `#[route({path:?}, methods = [GET])]` or `#[get({path:?})]`");
        errors.push_span(Span::call_site(), "`#[route]` needs its methods", help);
    }
    args
}

fn path(tokens: Tokens<'_>, row: &Row, errors: &mut Errors) -> Option<LitStr> {
    if let Ok(path) = syn::parse2::<LitStr>(tokens.to_token_stream())
        && path.suffix().is_empty()
    {
        return Some(path);
    }
    // The path that was meant, if there is one: bare, in brackets, in a literal of another kind.
    let text: String = tokens.to_string().split_whitespace().collect();
    let path = text
        .find('/')
        .and_then(|start| text[start..].split(['"', ',', ']', ')']).next())
        .unwrap_or("/path");
    errors.push(
        tokens,
        "the path must be a string literal: the macro reads it before anything is evaluated",
        format!("write `{}`", row.example(path)),
    );
    None
}

fn methods(key: &Ident, value: Tokens<'_>, list: &mut Vec<&'static str>, errors: &mut Errors) {
    let [TokenTree::Group(group)] = value.0 else {
        let at = if value.0.is_empty() {
            key.to_token_stream()
        } else {
            value.to_token_stream()
        };
        let given = if value.0.is_empty() {
            "GET".to_owned()
        } else {
            value.to_string()
        };
        errors.push(
            at,
            "`methods` is a list in brackets",
            format!("write `methods = [{given}]`"),
        );
        return;
    };
    if group.delimiter() != Delimiter::Bracket {
        errors.push(
            group,
            "`methods` is a list in brackets",
            format!("write `methods = [{}]`", group.stream()),
        );
        return;
    }
    let parts = split(group.stream());
    if parts.is_empty() {
        errors.push(
            group,
            "a route answers at least one method",
            "write `methods = [GET]`",
        );
    }
    for part in &parts {
        method(Tokens(part), group, list, errors);
    }
}

fn method(tokens: Tokens<'_>, group: &Group, list: &mut Vec<&'static str>, errors: &mut Errors) {
    // `Method::GET` and `"GET"` are recognised by their last token, and distinguished below.
    let word = match tokens.0.last() {
        Some(TokenTree::Ident(ident)) => ident.to_string(),
        Some(literal @ TokenTree::Literal(_)) => literal.to_string().trim_matches('"').to_owned(),
        Some(_) => String::new(),
        None => {
            errors.push(
                group,
                "this list has a superfluous comma",
                "write `methods = [GET, PUT]`",
            );
            return;
        }
    };
    let known = METHODS
        .into_iter()
        .find(|method| method.eq_ignore_ascii_case(&word));
    if let Some(method) = known {
        match tokens.0 {
            [TokenTree::Ident(_)] if method == word => {
                if list.contains(&method) {
                    errors.push(
                        tokens,
                        format!("`{method}` is in the list twice"),
                        "remove one of them",
                    );
                } else {
                    list.push(method);
                }
            }
            [TokenTree::Ident(_)] => errors.push(
                tokens,
                "methods are upper case",
                format!("write `{method}`"),
            ),
            [TokenTree::Literal(_)] => errors.push(
                tokens,
                "a method is written without quotes",
                format!("write `{method}`"),
            ),
            _ => errors.push(
                tokens,
                "a method is written as its name alone",
                format!("write `{method}`"),
            ),
        }
        return;
    }
    let upper = word.to_uppercase();
    let all = METHODS.join(", ");
    match upper.as_str() {
        "ANY" | "ALL" => errors.push(
            tokens,
            format!("`{word}` is not a method: a route names the methods that it answers"),
            format!("write `methods = [{all}]`, or some of these"),
        ),
        "TRACE" | "CONNECT" => errors.push(
            tokens,
            format!("API Gateway has no routes for `{upper}`"),
            format!("use one of {all}"),
        ),
        _ => errors.push(
            tokens,
            format!("unknown method `{tokens}`"),
            closest(&word, METHODS).map_or_else(
                || format!("use one of {all}"),
                |near| format!("did you mean `{near}`?"),
            ),
        ),
    }
}

/// The tokens between the commas; a trailing comma adds nothing.
fn split(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut parts = vec![Vec::new()];
    flatten(tokens, &mut |token| match &token {
        TokenTree::Punct(punct) if punct.as_char() == ',' => parts.push(Vec::new()),
        _ => {
            if let Some(part) = parts.last_mut() {
                part.push(token);
            }
        }
    });
    if parts.last().is_some_and(Vec::is_empty) {
        parts.pop();
    }
    parts
}

/// Undoes the invisible groups in which a `macro_rules!` hands on what it matched.
fn flatten(tokens: TokenStream, each: &mut impl FnMut(TokenTree)) {
    for token in tokens {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                flatten(group.stream(), each);
            }
            token => each(token),
        }
    }
}

/// A run of tokens, for spans and for quoting it in a message.
#[derive(Clone, Copy)]
struct Tokens<'t>(&'t [TokenTree]);

impl ToTokens for Tokens<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.0.iter().cloned());
    }
}

impl std::fmt::Display for Tokens<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.to_token_stream().fmt(f)
    }
}

#[cfg(test)]
mod tests;
