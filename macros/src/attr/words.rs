//! Values that several arguments have: lists of texts, names, single texts.

use proc_macro2::{Delimiter, Ident, TokenTree};
use quote::ToTokens;
use syn::LitStr;

use super::{Tokens, split};
use crate::errors::Errors;

/// A string literal, without suffix.
pub(super) fn literal(tokens: Tokens<'_>) -> Option<LitStr> {
    let literal = syn::parse2::<LitStr>(tokens.to_token_stream()).ok()?;
    literal.suffix().is_empty().then_some(literal)
}

/// The value, or the key if there is none: the place of a mistake.
pub(super) fn value_or_key(key: &Ident, value: Tokens<'_>) -> proc_macro2::TokenStream {
    if value.0.is_empty() {
        key.to_token_stream()
    } else {
        value.to_token_stream()
    }
}

/// A list of string literals in brackets, at least one; `example` is one of them, and `meant`
/// corrects a word without quotes.
pub(super) fn list(
    key: &Ident,
    value: Tokens<'_>,
    example: &str,
    meant: impl Fn(&str) -> String,
    errors: &mut Errors,
) -> Vec<LitStr> {
    let group = match value.0 {
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::Bracket => group,
        _ => {
            let given = match value.0 {
                [TokenTree::Group(group)] => group.stream().to_string(),
                _ => format!(
                    "{:?}",
                    literal(value).map_or_else(|| example.to_owned(), |text| meant(&text.value()))
                ),
            };
            errors.push(
                value_or_key(key, value),
                format!("`{key}` is a list in brackets"),
                format!("write `{key} = [{given}]`"),
            );
            return Vec::new();
        }
    };
    let parts = split(group.stream());
    if parts.is_empty() {
        errors.push(
            group,
            format!("`{key}` is an empty list"),
            format!("write `{key} = [{example:?}]`, or leave it out"),
        );
    }
    let mut words: Vec<LitStr> = Vec::new();
    for part in &parts {
        let tokens = Tokens(part);
        match literal(tokens) {
            Some(word) if words.iter().any(|known| known.value() == word.value()) => errors.push(
                &word,
                format!("{:?} is in the list twice", word.value()),
                "remove one of them",
            ),
            Some(word) => words.push(word),
            None if part.is_empty() => errors.push(
                group,
                "this list has a superfluous comma",
                format!("write `{key} = [{example:?}]`"),
            ),
            None => errors.push(
                tokens,
                format!("`{key}` is a list of string literals"),
                format!("write `{key} = [{:?}]`", meant(&plain(tokens, example))),
            ),
        }
    }
    words
}

/// The text of tokens that are not a string literal, if they are a word: what was probably meant.
pub(super) fn plain(tokens: Tokens<'_>, otherwise: &str) -> String {
    let text: String = tokens.to_string().split_whitespace().collect();
    let word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:./".contains(&byte);
    if text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(word) {
        text
    } else {
        otherwise.to_owned()
    }
}
