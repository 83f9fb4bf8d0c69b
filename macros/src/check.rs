//! All checks of a route: what comes out has no mistake that a macro can see.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Attribute, FnArg, GenericParam, LitStr, PatType, ReturnType, Safety, Signature, Type,
    TypeReference, ext::IdentExt,
};

use crate::{
    attr::RouteArgs,
    errors::{Errors, closest},
    model::{Arg, ArgKind, Docs, Function, Handler, bare, plain_name},
    pattern::{self, Pattern},
    stub::stub,
};

/// The route attributes, by the names under which they are documented.
const ATTRIBUTES: [&str; 8] = [
    "route", "get", "put", "post", "patch", "delete", "head", "options",
];

/// The handler, or the tokens to emit in its place: every mistake, and a stub.
pub(crate) fn check(
    mut function: Function,
    args: RouteArgs,
    mut errors: Errors,
) -> Result<Handler, TokenStream> {
    let RouteArgs {
        path,
        methods,
        krate,
    } = args;
    one_attribute(&mut function.attrs, &mut errors);
    signature(&function, &mut errors);
    let pattern = path.as_ref().and_then(|path| parse(path, &mut errors));
    let args = arguments(
        &function.sig,
        path.as_ref().zip(pattern.as_ref()),
        &mut errors,
    );
    errors.finish().map_err(|mut tokens| {
        tokens.extend(stub(&function, &krate));
        tokens
    })?;
    let Some(pattern) = pattern else {
        // It is missing only where there is an error; without one the stub is what is left.
        return Err(stub(&function, &krate));
    };
    Ok(Handler {
        cfgs: function
            .attrs
            .iter()
            .filter(|attr| attr.path().is_ident("cfg"))
            .cloned()
            .collect(),
        docs: Docs::read(&function.attrs),
        output: output(&function.sig),
        krate,
        pattern,
        methods,
        args,
        function,
    })
}

/// A second route attribute would make a second type of the function's name.
fn one_attribute(attrs: &mut Vec<Attribute>, errors: &mut Errors) {
    attrs.retain(|attr| {
        let name = attr.path().segments.last().map(|last| last.ident.unraw());
        // `#[get]` of another crate is none of ours: it has no path in it.
        let ours = name.is_some_and(|name| ATTRIBUTES.iter().any(|known| name == known))
            && attr.meta.to_token_stream().to_string().contains("\"/");
        if ours {
            errors.push(
                attr,
                "a handler has one route attribute",
                "list its methods in one: `methods = [GET, PUT]`; a second path needs a second function, which may call this one",
            );
        }
        !ours
    });
}

fn signature(function: &Function, errors: &mut Errors) {
    let sig = &function.sig;
    if !function.has_body() {
        errors.push(
            sig,
            "a handler needs a body",
            "put the attribute on a free `async fn`, not on a trait's",
        );
    }
    if sig.asyncness.is_none() {
        errors.push(
            sig.fn_token,
            "a handler must be an `async fn`",
            format!("write `async fn {}`", sig.ident),
        );
    }
    if let Some(constness) = &sig.constness {
        errors.push(constness, "a handler cannot be `const`", "leave `const` out");
    }
    if let Safety::Unsafe(unsafety) = &sig.safety {
        errors.push(
            unsafety,
            "a handler cannot be `unsafe`: it is called with whatever a client sends",
            "leave `unsafe` out",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.push(
            abi,
            "a handler cannot have a foreign ABI",
            format!("leave `{}` out", abi.to_token_stream()),
        );
    }
    if let Some(variadic) = &sig.variadic {
        errors.push(
            variadic.dots,
            "a handler cannot be variadic",
            "leave `...` out",
        );
    }
    for param in &sig.generics.params {
        let (at, name) = match param {
            GenericParam::Lifetime(_) => continue,
            GenericParam::Type(param) => (param.to_token_stream(), &param.ident),
            GenericParam::Const(param) => (param.to_token_stream(), &param.ident),
        };
        errors.push(
            at,
            "a handler cannot be generic: a request does not say which instance it is for",
            format!("write the one type or value that `{name}` stands for"),
        );
    }
}

fn parse(path: &LitStr, errors: &mut Errors) -> Option<Pattern> {
    let text = path.value();
    match pattern::parse(&text) {
        Ok(pattern) => Some(pattern),
        Err(flaws) => {
            for flaw in flaws {
                errors.push(path, flaw.what(&text), flaw.help(&text));
            }
            None
        }
    }
}

/// An argument that was given a name, so it may be meant for a parameter.
struct Named<'f> {
    ident: &'f Ident,
    name: String,
    ty: &'f Type,
}

/// What an argument is, decided by its name first and by its type's look second.
fn arguments(
    sig: &Signature,
    path: Option<(&LitStr, &Pattern)>,
    errors: &mut Errors,
) -> Vec<Arg> {
    let lifetimes: Vec<String> = sig
        .generics
        .lifetimes()
        .map(|param| param.lifetime.ident.to_string())
        .collect();
    let typed: Vec<&PatType> = sig
        .inputs
        .iter()
        .filter_map(|input| match input {
            FnArg::Typed(arg) => Some(arg),
            FnArg::Receiver(receiver) => {
                errors.push(
                    receiver,
                    "a handler is a free function, so it has no `self`",
                    "take the app's state by reference, as `state: &State`",
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
                "a handler's argument cannot depend on a `cfg`",
                "write a second function, and put `#[cfg(…)]` on both",
            );
        }
        if has_word(arg.ty.to_token_stream(), "impl") {
            errors.push(
                &arg.ty,
                "a handler cannot be generic: a request does not say which instance it is for",
                "write the one type that `impl …` stands for",
            );
            continue;
        }
        let ty = bare(&arg.ty);
        let parameter = path.and_then(|(_, pattern)| parameter(&typed, arg, pattern));
        let (kind, ty) = match (parameter, ty) {
            (Some(kind), _) => {
                if let Type::Reference(reference) = ty {
                    lent(reference, "a parameter is borrowed from the request", errors);
                }
                (kind, arg.ty.to_token_stream())
            }
            (None, Type::Reference(reference)) if !is_text(ty) => {
                if lent(reference, "the app's state is shared by all requests", errors) {
                    states.push(arg);
                }
                match bare(&reference.elem) {
                    Type::TraitObject(_) | Type::Slice(_) => errors.push(
                        &reference.elem,
                        "the app's state is one type of a known size",
                        "put this into a field of a struct, and take a reference to the struct",
                    ),
                    _ => {}
                }
                (ArgKind::State, reference.elem.to_token_stream())
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
                        "write the name that stands in the path",
                    );
                }
                (ArgKind::Extractor, arg.ty.to_token_stream())
            }
        };
        args.push(Arg {
            kind,
            ty: elide(ty, &lifetimes),
        });
    }
    if let [first, second, ..] = states.as_slice() {
        errors.push(
            &second.ty,
            format!(
                "an app has one state, but both `{}` and `{}` ask for it",
                argument(first),
                argument(second)
            ),
            format!(
                "make both fields of one struct; or, if `{}` is a parameter, put its name into the path",
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
            Some(ArgKind::Query(name.to_owned()))
        } else {
            None
        }
    };
    find(&name).or_else(|| {
        let used = name.strip_prefix('_')?;
        let taken = typed.iter().any(|other| {
            plain_name(&other.pat).is_some_and(|other| other.unraw() == used)
        });
        if taken { None } else { find(used) }
    })
}

/// Checks a reference's own modifiers, and tells whether it had none.
fn lent(reference: &TypeReference, what: &str, errors: &mut Errors) -> bool {
    let plain = format!("&{}", text(&reference.elem));
    if let Some(mutability) = &reference.mutability {
        errors.push(
            quote!(#reference),
            format!("{what}, so it cannot be `&{mutability}`", mutability = mutability.to_token_stream()),
            format!("write `{plain}`, and put what changes behind a `Mutex`"),
        );
        return false;
    }
    if let Some(lifetime) = &reference.lifetime
        && lifetime.ident == "static"
    {
        errors.push(
            quote!(#reference),
            format!("{what}, and not lent for `'static`"),
            format!("write `{plain}`"),
        );
        return false;
    }
    true
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
    let alone = missing.len() == 1 && strays.iter().filter(|stray| is_scalar(stray.ty)).count() == 1;
    missing.retain(|(name, _)| {
        let near = closest(
            name,
            strays
                .iter()
                .filter(|stray| is_scalar(stray.ty) || is_simple(stray.ty))
                .map(|stray| stray.name.as_str()),
        );
        let Some(index) = strays.iter().position(|stray| {
            near.map_or(alone && is_scalar(stray.ty), |near| stray.name == near)
        }) else {
            return true;
        };
        let stray = strays.swap_remove(index);
        errors.push(
            stray.ident,
            format!("`{}` is not in the path, and `<{name}>` has no argument", stray.name),
            format!("name both alike: write `{}: {}` or `<{}>`", raw(name), text(stray.ty), stray.name),
        );
        false
    });
    for (name, query) in missing {
        let ty = if query { "Option<&str>" } else { "&str" };
        errors.push(
            literal,
            format!("`<{name}>` has no argument"),
            format!("add `{}: {ty}` to the arguments of `{}`", raw(name), sig.ident),
        );
    }
    let path = literal.value();
    let (before, after) = path.split_once('?').map_or((path.as_str(), None), |(before, after)| {
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
                "write \"{}/<{name}>{query}\", or \"{path}{joint}<{name}>\" if it stands in the query",
                before.trim_end_matches('/'),
            ),
        );
    }
}

/// `&str`, which is a parameter and never the state.
fn is_text(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => {
            matches!(bare(&reference.elem), Type::Path(path) if path.path.is_ident("str"))
        }
        _ => false,
    }
}

/// A type that can be a parameter and never an extractor: `&str`, a number, `bool`, `char`.
fn is_scalar(ty: &Type) -> bool {
    const SCALARS: [&str; 16] = [
        "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16",
        "u32", "u64", "u128", "usize",
    ];
    is_text(ty)
        || matches!(ty, Type::Path(path) if SCALARS.iter().any(|name| path.path.is_ident(name)))
}

/// A type by its name alone, which may well implement `FromStr`.
fn is_simple(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.get_ident().is_some())
}

/// The type returned, where it can be named in an expression.
fn output(sig: &Signature) -> Option<TokenStream> {
    let lifetimes: Vec<String> = sig
        .generics
        .lifetimes()
        .map(|param| param.lifetime.ident.to_string())
        .collect();
    match &sig.output {
        ReturnType::Default => Some(quote!(())),
        ReturnType::Type(_, ty) => {
            let tokens = ty.to_token_stream();
            let unnamed = matches!(bare(ty), Type::Never(_)) || has_word(tokens.clone(), "impl");
            (!unnamed).then(|| elide(tokens, &lifetimes))
        }
    }
}

/// The type with the function's own lifetimes elided: outside of the function nobody knows them.
fn elide(ty: TokenStream, lifetimes: &[String]) -> TokenStream {
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
                    let mut elided = Group::new(group.delimiter(), elide(group.stream(), lifetimes));
                    elided.set_span(group.span());
                    elided.into()
                }
                token => token,
            }
        })
        .collect()
}

fn has_word(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => has_word(group.stream(), word),
        _ => false,
    })
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

/// Source text of tokens, spaced as people write types.
fn text(tokens: impl ToTokens) -> String {
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
