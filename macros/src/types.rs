//! Questions about types and patterns as written: the meaning of names is not known here.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, PathArguments, Signature, Type};

/// The type without the parentheses and invisible groups around it.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => bare(&inner.elem),
        Type::Group(inner) => bare(&inner.elem),
        other => other,
    }
}

/// True if the type has no parameters, or has only an `Option` or a `Result` around it.
///
/// It decides how rustc reports that the type is not an extractor or a response. For `Thing` this
/// is said only in our words, through `__private::Extractor`, and without a list of all extractors.
/// But in `Json<Thing>` it is `Thing` that lacks something, which only rustc can name: such a type
/// is used as written.
pub(crate) fn is_plain(ty: &Type) -> bool {
    let ty = bare(ty);
    if let Type::Reference(reference) = ty {
        return is_plain(&reference.elem);
    }
    let Type::Path(path) = ty else {
        return false;
    };
    let Some(last) = path.path.segments.last() else {
        return false;
    };
    match &last.arguments {
        PathArguments::None => true,
        PathArguments::AngleBracketed(args) if last.ident == "Option" || last.ident == "Result" => {
            matches!(args.args.first(), Some(GenericArgument::Type(ty)) if is_plain(ty))
        }
        _ => false,
    }
}

/// The plain name of an argument: `key` and `mut key`, but no other pattern.
pub(crate) fn plain_name(pat: &syn::Pat) -> Option<&Ident> {
    match pat {
        syn::Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => Some(&pat.ident),
        _ => None,
    }
}

/// `&str`, which is a parameter and never the state.
pub(crate) fn is_text(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => {
            matches!(bare(&reference.elem), Type::Path(path) if path.path.is_ident("str"))
        }
        _ => false,
    }
}

/// A type that can be a parameter and never an extractor: `&str`, a number, `bool`, `char`.
pub(crate) fn is_scalar(ty: &Type) -> bool {
    const SCALARS: [&str; 16] = [
        "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16",
        "u32", "u64", "u128", "usize",
    ];
    is_text(ty)
        || matches!(ty, Type::Path(path) if SCALARS.iter().any(|name| path.path.is_ident(name)))
}

/// `Option<T>` and `Vec<T>`, with the name and the `T`.
pub(crate) fn optional(ty: &Type) -> Option<(String, &Type)> {
    let Type::Path(path) = ty else {
        return None;
    };
    let last = path.path.segments.last()?;
    let kind = ["Option", "Vec"]
        .into_iter()
        .find(|kind| last.ident == kind)?;
    match &last.arguments {
        PathArguments::AngleBracketed(args) => match args.args.first()? {
            GenericArgument::Type(inner) => Some((kind.to_owned(), inner)),
            _ => None,
        },
        _ => None,
    }
}

/// The body of an argument that looks like `Json<T>` or `Form<T>`, maybe in a `Valid`, an `Option`
/// or a `Result`: whether it is JSON, whether it is required, and its type.
pub(crate) fn body(ty: &Type) -> Option<(bool, bool, &Type)> {
    let Type::Path(path) = bare(ty) else {
        return None;
    };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(args) = &last.arguments else {
        return None;
    };
    let GenericArgument::Type(inner) = args.args.first()? else {
        return None;
    };
    match last.ident.to_string().as_str() {
        "Json" => Some((true, true, inner)),
        "Form" => Some((false, true, inner)),
        "Valid" => body(inner),
        // The handler judges for itself.
        "Option" | "Result" => body(inner).map(|(json, _, inner)| (json, false, inner)),
        _ => None,
    }
}

/// The error of a type that looks like `Result<T, E>`, with the `T`, where an `E` of that look is answered as if nothing were wrong: a text, a body,
/// nothing at all.
pub(crate) fn error_that_is_none(ty: &Type) -> Option<(&Type, &Type)> {
    const BODIES: [&str; 8] = [
        "String",
        "Cow",
        "Json",
        "Html",
        "Content",
        "Bytes",
        "Vec",
        "NoContent",
    ];
    let (good, error) = match arguments_of(ty, "Result")?.as_slice() {
        [good, error] => (*good, *error),
        _ => return None,
    };
    let body = match bare(error) {
        Type::Tuple(tuple) => tuple.elems.is_empty(),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            BODIES.iter().any(|name| last.ident == name)
        }
        other => is_text(other),
    };
    body.then_some((good, error))
}

/// The types between the angle brackets of a type with this name, from any module.
pub(crate) fn arguments_of<'t>(ty: &'t Type, name: &str) -> Option<Vec<&'t Type>> {
    let Type::Path(path) = bare(ty) else {
        return None;
    };
    let last = path.path.segments.last().filter(|it| it.ident == name)?;
    let PathArguments::AngleBracketed(args) = &last.arguments else {
        return None;
    };
    let types = args.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    Some(types.collect())
}

/// A single type name, which may well implement `FromStr`.
pub(crate) fn is_simple(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.get_ident().is_some())
}

/// The names of the function's own lifetimes.
pub(crate) fn lifetimes(sig: &Signature) -> Vec<String> {
    sig.generics
        .lifetimes()
        .map(|param| param.lifetime.ident.to_string())
        .collect()
}

/// The type with the function's own lifetimes elided: they are not known outside the function.
pub(crate) fn elide(ty: TokenStream, lifetimes: &[String]) -> TokenStream {
    if lifetimes.is_empty() {
        return ty;
    }
    let mut quoted = false;
    ty.into_iter()
        .map(|token| {
            let after_quote = std::mem::replace(
                &mut quoted,
                matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '\''),
            );
            match token {
                TokenTree::Ident(ident)
                    if after_quote && lifetimes.iter().any(|known| ident == known) =>
                {
                    Ident::new("_", ident.span()).into()
                }
                TokenTree::Group(group) => {
                    let mut elided =
                        Group::new(group.delimiter(), elide(group.stream(), lifetimes));
                    elided.set_span(group.span());
                    elided.into()
                }
                token => token,
            }
        })
        .collect()
}

pub(crate) fn has_word(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => has_word(group.stream(), word),
        _ => false,
    })
}

/// Source text of tokens, spaced as people write types.
pub(crate) fn text(tokens: impl ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    [
        (" :: ", "::"),
        ("& ", "&"),
        (" < ", "<"),
        (" >", ">"),
        (" ,", ","),
        ("( ", "("),
        (" (", "("),
        (" )", ")"),
    ]
    .into_iter()
    .fold(text, |text, (from, to)| text.replace(from, to))
}
