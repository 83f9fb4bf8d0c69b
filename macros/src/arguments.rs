//! The arguments of a handler: what each is, and all that can be wrong with them.

use proc_macro2::Ident;
use quote::{ToTokens, quote};
use syn::{FnArg, LitStr, PatType, Signature, Type, TypeReference, ext::IdentExt};

use crate::{
    errors::{Errors, closest},
    model::{Arg, ArgKind},
    pattern::Pattern,
    table::Subject,
    types::{
        arguments_of, bare, elide, has_word, is_plain, is_scalar, is_simple, is_text, lifetimes,
        optional, plain_name, text,
    },
};

/// An argument with a plain name, which may be meant as a parameter.
struct Named<'f> {
    ident: &'f Ident,
    name: String,
    ty: &'f Type,
}

/// The kind of an argument, decided first by its name and then by the form of its type.
pub(crate) fn arguments(
    subject: Subject,
    sig: &Signature,
    path: Option<(&LitStr, &Pattern)>,
    errors: &mut Errors,
) -> Vec<Arg> {
    let lifetimes = lifetimes(sig);
    let typed: Vec<&PatType> = sig
        .inputs
        .iter()
        .filter_map(|input| match input {
            FnArg::Typed(arg) => Some(arg),
            FnArg::Receiver(receiver) => {
                errors.push(
                    receiver,
                    format!("{subject} is a free function, so it has no `self`"),
                    "take the app's state by reference, such as `state: &State`",
                );
                None
            }
        })
        .collect();
    let mut args = Vec::new();
    let mut states: Vec<&PatType> = Vec::new();
    let mut strays: Vec<Named<'_>> = Vec::new();
    for arg in &typed {
        if let Some(cfg) = arg.attrs.iter().find(|attr| attr.path().is_ident("cfg")) {
            errors.push(
                cfg,
                format!("{subject}'s argument cannot depend on a `cfg`"),
                "write a second function, and put `#[cfg(…)]` on both",
            );
        }
        if has_word(arg.ty.to_token_stream(), "impl") {
            errors.push(
                &arg.ty,
                format!(
                    "{subject} cannot be generic: a request does not say which instance it is for"
                ),
                "write the one type that `impl …` stands for",
            );
            continue;
        }
        let ty = bare(&arg.ty);
        let parameter = path.and_then(|(_, pattern)| parameter(&typed, arg, pattern));
        let (kind, ty) = match (parameter, ty) {
            (Some(kind), _) => {
                if let Type::Reference(reference) = ty {
                    borrowed(reference, errors);
                }
                if let (ArgKind::Path(name), Some((kind, inner))) = (&kind, optional(ty)) {
                    errors.push(
                        &arg.ty,
                        format!("a path parameter is always present exactly once, so it cannot be `{kind}`"),
                        format!(
                            "write `{name}: {}`, or put `?<{name}>` into the path if it is in the query",
                            text(inner)
                        ),
                    );
                }
                (kind, arg.ty.to_token_stream())
            }
            (None, Type::Reference(reference)) if !is_text(ty) => {
                if lent(
                    reference,
                    "the app's state is shared by all requests",
                    ", and put what changes behind a `Mutex`",
                    errors,
                ) {
                    states.push(arg);
                }
                match bare(&reference.elem) {
                    Type::TraitObject(_) | Type::Slice(_) => errors.push(
                        &reference.elem,
                        "the app's state is one type with a known size",
                        "put this in a field of a struct, and take a reference to the struct",
                    ),
                    _ => {}
                }
                (ArgKind::State, reference.elem.to_token_stream())
            }
            (None, _) if subject != Subject::Route && is_scalar(ty) => {
                errors.push(
                    &arg.pat,
                    format!("{subject} has no path, so it has no parameters"),
                    format!("take {}", subject.takes()),
                );
                continue;
            }
            (None, _) => {
                if let Some(ident) = plain_name(&arg.pat) {
                    strays.push(Named {
                        ident,
                        name: ident.unraw().to_string(),
                        ty,
                    });
                } else if is_scalar(ty) {
                    errors.push(
                        &arg.pat,
                        "a parameter's argument is a plain name",
                        "write the name from the path",
                    );
                }
                (ArgKind::Extractor, arg.ty.to_token_stream())
            }
        };
        args.push(Arg {
            kind,
            plain: is_plain(&arg.ty),
            ty: elide(ty, &lifetimes),
        });
    }
    if let [first, second, ..] = states.as_slice() {
        errors.push(
            &second.ty,
            format!(
                "an app has one state, but both `{}` and `{}` take it",
                argument(first),
                argument(second)
            ),
            format!(
                "put both in fields of one struct; or, if `{}` is a parameter, put its name into the path",
                pattern_text(second)
            ),
        );
    }
    if let Some((literal, pattern)) = path {
        unbound(sig, literal, pattern, &typed, strays, errors);
    }
    args
}

/// Which parameter the argument is for: the one of its name, or of its name without the `_` of an unused argument.
fn parameter(typed: &[&PatType], arg: &PatType, pattern: &Pattern) -> Option<ArgKind> {
    let name = plain_name(&arg.pat)?.unraw().to_string();
    let find = |name: &str| {
        if pattern.path_names().any(|known| known == name) {
            Some(ArgKind::Path(name.to_owned()))
        } else if pattern.query.iter().any(|known| known == name) {
            let mut defaults = pattern.defaults.iter();
            let default = defaults.find(|(known, _)| known == name);
            let default = default.map(|(_, value)| value.clone());
            Some(ArgKind::Query(name.to_owned(), default))
        } else {
            None
        }
    };
    find(&name).or_else(|| {
        let used = name.strip_prefix('_')?;
        let taken = typed
            .iter()
            .any(|other| plain_name(&other.pat).is_some_and(|other| other.unraw() == used));
        if taken { None } else { find(used) }
    })
}

/// Checks a reference's modifiers; returns whether it had none.
fn lent(reference: &TypeReference, what: &str, instead: &str, errors: &mut Errors) -> bool {
    let plain = format!("&{}", text(&reference.elem));
    if let Some(mutability) = &reference.mutability {
        errors.push(
            quote!(#reference),
            format!(
                "{what}, so it cannot be `&{mutability}`",
                mutability = mutability.to_token_stream()
            ),
            format!("write `{plain}`{instead}"),
        );
        return false;
    }
    if let Some(lifetime) = &reference.lifetime
        && lifetime.ident == "static"
    {
        errors.push(
            quote!(#reference),
            format!("{what}, so it cannot be borrowed for `'static`"),
            format!("write `{plain}`"),
        );
        return false;
    }
    true
}

/// Checks a parameter's reference: a request holds text, so only text can be borrowed.
fn borrowed(reference: &TypeReference, errors: &mut Errors) {
    let whole = Type::Reference(reference.clone());
    if lent(
        reference,
        "a parameter is borrowed from the request",
        ", or `String` to have a copy to change",
        errors,
    ) && !is_text(&whole)
    {
        let owned = text(&reference.elem);
        errors.push(
            reference,
            "a parameter can be borrowed only as `&str`",
            if owned == "String" {
                "write `&str`".to_owned()
            } else {
                format!("write `{owned}`, or `&str`")
            },
        );
    }
}

/// Reports the parameters without an argument, and the arguments that could only be parameters but are not in the path.
fn unbound(
    sig: &Signature,
    literal: &LitStr,
    pattern: &Pattern,
    typed: &[&PatType],
    mut strays: Vec<Named<'_>>,
    errors: &mut Errors,
) {
    let bound = |name: &&str| {
        typed.iter().any(|arg| {
            plain_name(&arg.pat).is_some_and(|ident| {
                let ident = ident.unraw().to_string();
                ident == **name || ident.strip_prefix('_') == Some(name)
            })
        })
    };
    let query = pattern.query.iter().map(String::as_str);
    let mut missing: Vec<(&str, bool)> = pattern
        .path_names()
        .filter(|name| !bound(name))
        .map(|name| (name, false))
        .chain(query.filter(|name| !bound(name)).map(|name| (name, true)))
        .collect();
    // A parameter and an argument that were meant for each other are one mistake.
    let alone =
        missing.len() == 1 && strays.iter().filter(|stray| is_scalar(stray.ty)).count() == 1;
    missing.retain(|(name, _)| {
        let near = closest(
            name,
            strays
                .iter()
                .filter(|stray| is_scalar(stray.ty) || is_simple(stray.ty))
                .map(|stray| stray.name.as_str()),
        );
        let Some(index) = strays
            .iter()
            .position(|stray| near.map_or(alone && is_scalar(stray.ty), |near| stray.name == near))
        else {
            return true;
        };
        let stray = strays.swap_remove(index);
        errors.push(
            stray.ident,
            format!(
                "`{}` is not in the path, and `<{name}>` has no argument",
                stray.name
            ),
            format!(
                "use the same name: write `{}: {}` or `<{}>`",
                raw(name),
                text(stray.ty),
                stray.name
            ),
        );
        false
    });
    if let Some(arg) = typed
        .iter()
        .find(|arg| arguments_of(&arg.ty, "Path").is_some())
        && missing.iter().any(|(_, query)| !query)
    {
        let names: Vec<&str> = missing
            .iter()
            .filter(|(_, query)| !query)
            .map(|(name, _)| *name)
            .collect();
        let inner = arguments_of(&arg.ty, "Path").unwrap_or_default();
        let types: Vec<&Type> = match inner.as_slice() {
            [Type::Tuple(tuple)] => tuple.elems.iter().collect(),
            inner => inner.to_vec(),
        };
        let one = |(index, name): (usize, &&str)| {
            let ty = types.get(index).filter(|_| types.len() == names.len());
            let ty = ty.map_or_else(|| "&str".to_owned(), text);
            format!("{}: {ty}", raw(name))
        };
        let wanted: Vec<String> = names.iter().enumerate().map(one).collect();
        errors.push(
            &arg.ty,
            "a path parameter is an argument with its name, without a type around it",
            format!("write `{}`", wanted.join(", ")),
        );
        missing.retain(|(_, query)| *query);
    }
    for (name, query) in missing {
        let ty = if query { "Option<&str>" } else { "&str" };
        errors.push(
            literal,
            format!("`<{name}>` has no argument"),
            format!(
                "add `{}: {ty}` to the arguments of `{}`",
                raw(name),
                sig.ident
            ),
        );
    }
    let path = literal.value();
    let (before, after) = path
        .split_once('?')
        .map_or((path.as_str(), None), |(before, after)| {
            (before, Some(after))
        });
    for stray in strays.iter().filter(|stray| is_scalar(stray.ty)) {
        let name = &stray.name;
        let query = after.map_or(String::new(), |after| format!("?{after}"));
        let joint = if after.is_some() { '&' } else { '?' };
        errors.push(
            stray.ident,
            format!("`{name}` is not in the path"),
            format!(
                "write \"{}/<{name}>{query}\", or \"{path}{joint}<{name}>\" if it is in the query",
                before.trim_end_matches('/'),
            ),
        );
    }
}

/// The name as an argument's: a keyword needs `r#`.
fn raw(name: &str) -> String {
    if syn::parse_str::<Ident>(name).is_ok() {
        name.to_owned()
    } else {
        format!("r#{name}")
    }
}

fn argument(arg: &PatType) -> String {
    format!("{}: {}", pattern_text(arg), text(&arg.ty))
}

fn pattern_text(arg: &PatType) -> String {
    text(&arg.pat)
}
