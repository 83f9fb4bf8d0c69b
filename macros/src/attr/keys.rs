//! Arguments from a table: the first value without a key, and keys with their types.
//!
//! Reads every attribute except those of routes, whose path and guards have their own grammar.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::LitStr;

use super::{Krate, Tokens, split, words};
use crate::{
    errors::{Errors, closest},
    table::Row,
};

/// The possible arguments of an attribute.
#[derive(Debug)]
pub(crate) struct Grammar {
    /// The first value, without a key.
    pub(crate) first: Option<First>,
    pub(crate) keys: &'static [Key],
    /// The owner of these keys, in a message: `an authorizer`.
    pub(crate) holder: &'static str,
    /// What to write for a text without a key.
    pub(crate) meant: Option<fn(&str) -> String>,
}

/// A text without a key, in the first place.
#[derive(Debug)]
pub(crate) struct First {
    /// Its meaning: `the queue's name`.
    pub(crate) what: &'static str,
    pub(crate) example: &'static str,
    /// What to write for a text with a key: the text, or one built from both.
    pub(crate) keyed: fn(key: &str, text: &str) -> String,
}

/// A key, with the type of its value.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

/// The type of a value.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Without a value.
    Flag,
    /// A number from `least` to `most`.
    Number {
        what: &'static str,
        unit: &'static str,
        least: u32,
        most: u32,
        example: u32,
    },
    /// A string literal.
    Text {
        what: &'static str,
        example: &'static str,
    },
    /// A list of string literals; the function builds a correction from other input.
    Texts {
        example: &'static str,
        meant: fn(&str) -> String,
    },
}

/// The last key of every attribute.
const CRATE: &str = "crate";

/// The arguments, as far as they could be read.
pub(crate) struct Args {
    pub(crate) krate: Krate,
    pub(crate) first: Option<LitStr>,
    /// True if there was something unknown that has been reported: a value that seems to be missing
    /// may be that.
    pub(crate) stray: bool,
    given: Vec<(Ident, Option<Value>)>,
}

enum Value {
    Flag,
    Number(u32),
    Text(LitStr),
    Texts(Vec<LitStr>),
}

impl Args {
    /// The key as written, whether or not its value could be read.
    pub(crate) fn key(&self, name: &str) -> Option<&Ident> {
        let mut given = self.given.iter();
        given.find(|(key, _)| key == name).map(|(key, _)| key)
    }

    fn value(&self, name: &str) -> Option<&Value> {
        let mut given = self.given.iter();
        given.find(|(key, _)| key == name)?.1.as_ref()
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.value(name), Some(Value::Flag))
    }

    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        match self.value(name)? {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn text(&self, name: &str) -> Option<&LitStr> {
        match self.value(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn texts(&self, name: &str) -> &[LitStr] {
        match self.value(name) {
            Some(Value::Texts(texts)) => texts,
            _ => &[],
        }
    }
}

pub(crate) fn read(attr: TokenStream, row: &Row, grammar: &Grammar, errors: &mut Errors) -> Args {
    let mut args = Args {
        krate: Krate::unnamed(),
        first: None,
        stray: false,
        given: Vec::new(),
    };
    // A first value in a wrong form is not missing as well.
    let mut first = false;
    let parts = split(attr);
    let positional = |part: &Vec<TokenTree>| words::literal(Tokens(part)).is_some();
    let keyed = grammar.first.as_ref();
    let keyed = keyed.filter(|_| !parts.iter().any(positional));
    for (index, part) in parts.iter().enumerate() {
        let tokens = Tokens(part);
        let (key, value) = match part.as_slice() {
            [TokenTree::Ident(key)] => (key, None),
            [TokenTree::Ident(key), TokenTree::Punct(equals), value @ ..]
                if equals.as_char() == '=' =>
            {
                (key, Some(Tokens(value)))
            }
            [] => {
                errors.push_span(
                    Span::call_site(),
                    format!("`#[{}]` has a superfluous comma", row.name),
                    "remove it",
                );
                continue;
            }
            _ => {
                match &grammar.first {
                    Some(what) if !first => {
                        first = true;
                        args.first = first_text(tokens, index, row, what, errors);
                    }
                    _ => {
                        args.stray = true;
                        errors.push(tokens, "unexpected argument", stray(tokens, grammar));
                    }
                }
                continue;
            }
        };
        let word = key.to_string();
        if word != CRATE && !grammar.keys.iter().any(|known| known.name == word) {
            if let (Some(what), 0, None) = (&grammar.first, index, value) {
                // The text without its quotes.
                first = true;
                args.first = first_text(tokens, index, row, what, errors);
            } else if let (Some(what), Some(text), false, None) = (
                keyed,
                value.and_then(words::literal),
                first,
                near(&word, grammar),
            ) {
                // `queue = "orders"`: one mistake, and not an unknown key and a missing text.
                first = true;
                args.stray = true;
                errors.push(
                    key,
                    format!("{} comes first, without a key", what.what),
                    format!(
                        "write `#[{}({:?})]`",
                        row.name,
                        (what.keyed)(&word, &text.value())
                    ),
                );
            } else {
                args.stray = true;
                unknown(key, grammar, errors);
            }
            continue;
        }
        if args.given.iter().any(|(known, _)| known == key) {
            errors.push(
                key,
                format!("`{word}` is given twice"),
                "remove one of them",
            );
            continue;
        }
        let known = grammar.keys.iter().find(|known| known.name == word);
        let read = match known {
            Some(known) => typed(key, value, &known.kind, errors),
            None => {
                args.krate
                    .read(tokens, value.unwrap_or(Tokens(&[])), errors);
                None
            }
        };
        args.given.push((key.clone(), read));
    }
    if let (Some(what), false) = (&grammar.first, first) {
        errors.push_span(
            Span::call_site(),
            format!("`#[{}]` needs {}", row.name, what.what),
            format!("write `#[{}({:?})]`", row.name, what.example),
        );
    }
    args
}

/// The text in the first place.
fn first_text(
    tokens: Tokens<'_>,
    index: usize,
    row: &Row,
    what: &First,
    errors: &mut Errors,
) -> Option<LitStr> {
    let Some(text) = words::literal(tokens) else {
        errors.push(
            tokens,
            format!("{} is a string literal", what.what),
            format!(
                "write `#[{}({:?})]`",
                row.name,
                words::plain(tokens, what.example)
            ),
        );
        return None;
    };
    if index > 0 {
        errors.push(
            tokens,
            format!("{} comes first", what.what),
            format!("write `#[{}({:?}, …)]`", row.name, text.value()),
        );
    }
    Some(text)
}

fn typed(
    key: &Ident,
    value: Option<Tokens<'_>>,
    kind: &Kind,
    errors: &mut Errors,
) -> Option<Value> {
    let given = value.unwrap_or(Tokens(&[]));
    match *kind {
        Kind::Flag => {
            if let Some(value) = value {
                errors.push(
                    value,
                    format!("`{key}` does not take a value"),
                    format!("write `{key}`, or leave it out"),
                );
                return None;
            }
            Some(Value::Flag)
        }
        Kind::Number {
            what,
            unit,
            least,
            most,
            example,
        } => {
            let number = syn::parse2::<syn::LitInt>(given.to_token_stream()).ok();
            match number.and_then(|number| number.base10_parse::<u32>().ok()) {
                Some(number) if (least..=most).contains(&number) => Some(Value::Number(number)),
                read => {
                    let meant = match read {
                        Some(number) => number.clamp(least, most),
                        None if given.to_string().parse::<u64>().is_ok() => most,
                        None => example,
                    };
                    errors.push(
                        words::value_or_key(key, given),
                        format!("`{key}` is {what}: {least} to {most} {unit}"),
                        format!("write `{key} = {meant}`"),
                    );
                    None
                }
            }
        }
        Kind::Text { what, example } => {
            let text = words::literal(given);
            if text.is_none() {
                errors.push(
                    words::value_or_key(key, given),
                    format!("`{key}` is {what}, a string literal"),
                    format!("write `{key} = {:?}`", words::plain(given, example)),
                );
            }
            text.map(Value::Text)
        }
        Kind::Texts { example, meant } => Some(Value::Texts(words::list(
            key, given, example, meant, errors,
        ))),
    }
}

/// A key that the attribute does not have.
fn unknown(key: &Ident, grammar: &Grammar, errors: &mut Errors) {
    let word = key.to_string();
    let help =
        near(&word, grammar).map_or_else(|| leave_out(grammar), |near| format!("write `{near}`"));
    errors.push(key, format!("unknown argument `{word}`"), help);
}

/// The key that the word is nearly.
fn near(word: &str, grammar: &Grammar) -> Option<&'static str> {
    let known = grammar.keys.iter().map(|key| key.name);
    closest(word, known.chain([CRATE]))
}

/// What to do with something that is not a key.
fn stray(tokens: Tokens<'_>, grammar: &Grammar) -> String {
    match (words::literal(tokens), grammar.meant) {
        (Some(text), Some(meant)) => {
            format!("write `{}`, or leave it out", meant(&text.value()))
        }
        _ => leave_out(grammar),
    }
}

fn leave_out(grammar: &Grammar) -> String {
    let keys: Vec<String> = grammar
        .keys
        .iter()
        .map(|key| format!("`{}`", key.name))
        .collect();
    match (keys.as_slice(), &grammar.first) {
        // `crate` is for macros that write the attribute, so it is not suggested here.
        ([], Some(first)) => format!("remove it: {} takes {} only", grammar.holder, first.what),
        ([], None) => format!("remove it: {} takes no arguments", grammar.holder),
        (keys, _) => format!(
            "remove it: {} has {} and `crate`",
            grammar.holder,
            keys.join(", ")
        ),
    }
}
