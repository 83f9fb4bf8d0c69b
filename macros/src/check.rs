//! All checks of a route: what comes out has no mistake that a macro can see.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, GenericParam, LitStr, ReturnType, Safety, Signature, Type, ext::IdentExt};

use crate::{
    arguments::arguments,
    attr::RouteArgs,
    errors::Errors,
    model::{Docs, Function, Handler, Output},
    pattern::{self, Pattern},
    stub::stub,
    types::{bare, elide, has_word, is_plain},
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
        errors.push(
            constness,
            "a handler cannot be `const`",
            "leave `const` out",
        );
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

/// The type returned, where it can be named in an expression.
fn output(sig: &Signature) -> Option<Output> {
    let lifetimes: Vec<String> = sig
        .generics
        .lifetimes()
        .map(|param| param.lifetime.ident.to_string())
        .collect();
    match &sig.output {
        ReturnType::Default => Some(Output {
            ty: quote!(()),
            plain: true,
        }),
        ReturnType::Type(_, ty) => {
            let tokens = ty.to_token_stream();
            let unnamed = matches!(bare(ty), Type::Never(_)) || has_word(tokens.clone(), "impl");
            (!unnamed).then(|| Output {
                ty: elide(tokens, &lifetimes),
                plain: is_plain(ty),
            })
        }
    }
}
