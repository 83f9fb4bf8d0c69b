//! All checks of a route: what comes out has no mistake that a macro can see.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, GenericParam, LitStr, ReturnType, Safety, Signature, Type, ext::IdentExt};

use crate::{
    arguments::arguments,
    attr::{RouteArgs, authorizer::AuthorizerArgs},
    errors::Errors,
    model::{Authorizer, Body, Docs, Function, Handler, Output, Subject},
    pattern::{self, Pattern},
    stub::{authorizer_stub, stub},
    types::{self, bare, elide, has_word, is_plain},
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
        guard,
        api_key,
        validate,
    } = args;
    let subject = Subject::Handler;
    one_attribute(subject, &mut function.attrs, &mut errors);
    signature(subject, &function, &mut errors);
    let pattern = path.as_ref().and_then(|path| parse(path, &mut errors));
    let args = arguments(
        subject,
        &function.sig,
        path.as_ref().zip(pattern.as_ref()),
        &mut errors,
    );
    let body = body(&function.sig, validate.is_some());
    if let Some(validate) = &validate
        && !body.as_ref().is_some_and(|body| body.json)
    {
        errors.push(
            validate,
            "the gateway validates JSON, and no argument is that",
            "take the body as `Json<T>`, or leave `validate` out",
        );
    }
    if let ReturnType::Type(_, ty) = &function.sig.output
        && let Some((good, error)) = types::error_that_is_none(ty)
    {
        errors.push(
            error,
            "an `Err` of this type has no status of an error, and would be answered with 2xx",
            format!(
                "write `fw::Result<{}>`, and `Err(fw::Error::bad_request(\"…\"))`",
                types::text(good)
            ),
        );
    }
    errors.finish().map_err(|mut tokens| {
        tokens.extend(stub(&function, &krate));
        tokens
    })?;
    let Some(pattern) = pattern else {
        // It is missing only where there is an error; without one the stub is what is left.
        return Err(stub(&function, &krate));
    };
    Ok(Handler {
        cfgs: cfgs(&function.attrs),
        docs: Docs::read(&function.attrs),
        output: output(&function.sig),
        krate,
        pattern,
        methods,
        guard,
        api_key,
        body,
        args,
        function,
    })
}

/// The authorizer, or the tokens to emit in its place: every mistake, and a stub.
pub(crate) fn check_authorizer(
    mut function: Function,
    args: AuthorizerArgs,
    mut errors: Errors,
) -> Result<Authorizer, TokenStream> {
    let AuthorizerArgs {
        identity,
        ttl,
        token,
        krate,
    } = args;
    let subject = Subject::Authorizer;
    one_attribute(subject, &mut function.attrs, &mut errors);
    signature(subject, &function, &mut errors);
    let name = function.sig.ident.unraw().to_string();
    // The name is the end of a function's name in the account.
    if !name.is_ascii() {
        errors.push(
            &function.sig.ident,
            "an authorizer's name has only the letters a to z, digits and `_`: it names a Lambda function",
            "write `async fn check`, say",
        );
    }
    if matches!(function.sig.output, ReturnType::Default) && function.has_body() {
        errors.push(
            &function.sig.ident,
            "an authorizer returns what it decides",
            format!("write `async fn {name}(…) -> Option<Allow>`, or `-> Result<Allow>`"),
        );
    }
    let args = arguments(subject, &function.sig, None, &mut errors);
    errors.finish().map_err(|mut tokens| {
        tokens.extend(authorizer_stub(&function, &krate));
        tokens
    })?;
    Ok(Authorizer {
        cfgs: cfgs(&function.attrs),
        output: output(&function.sig),
        krate,
        identity,
        ttl,
        token,
        args,
        function,
    })
}

/// The `#[cfg]`s among the attributes.
fn cfgs(attrs: &[Attribute]) -> Vec<Attribute> {
    let cfg = |attr: &&Attribute| attr.path().is_ident("cfg");
    attrs.iter().filter(cfg).cloned().collect()
}

/// A second route attribute would make a second type of the function's name.
fn one_attribute(subject: Subject, attrs: &mut Vec<Attribute>, errors: &mut Errors) {
    attrs.retain(|attr| {
        let name = attr.path().segments.last().map(|last| last.ident.unraw());
        // `#[get]` of another crate is none of ours: it has no path in it.
        let route = name.as_ref().is_some_and(|name| ATTRIBUTES.iter().any(|known| name == known))
            && attr.meta.to_token_stream().to_string().contains("\"/");
        let authorizer = name.is_some_and(|name| name == "authorizer");
        let ours = route || authorizer;
        if authorizer || (route && subject == Subject::Authorizer) {
            errors.push(
                attr,
                "a function answers a route's requests, or decides who may; it cannot do both",
                "leave one of the attributes out; a second function may call this one",
            );
        } else if route {
            errors.push(
                attr,
                "a handler has one route attribute",
                "list its methods in one: `methods = [GET, PUT]`; a second path needs a second function, which may call this one",
            );
        }
        !ours
    });
}

fn signature(subject: Subject, function: &Function, errors: &mut Errors) {
    let sig = &function.sig;
    if !function.has_body() {
        errors.push(
            sig,
            format!("{subject} needs a body"),
            "put the attribute on a free `async fn`, not on a trait's",
        );
    }
    if sig.asyncness.is_none() {
        errors.push(
            sig.fn_token,
            format!("{subject} must be an `async fn`"),
            format!("write `async fn {}`", sig.ident),
        );
    }
    if let Some(constness) = &sig.constness {
        errors.push(
            constness,
            format!("{subject} cannot be `const`"),
            "leave `const` out",
        );
    }
    if let Safety::Unsafe(unsafety) = &sig.safety {
        errors.push(
            unsafety,
            format!("{subject} cannot be `unsafe`: it is called with whatever a client sends"),
            "leave `unsafe` out",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.push(
            abi,
            format!("{subject} cannot have a foreign ABI"),
            format!("leave `{}` out", abi.to_token_stream()),
        );
    }
    if let Some(variadic) = &sig.variadic {
        errors.push(
            variadic.dots,
            format!("{subject} cannot be variadic"),
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
            format!("{subject} cannot be generic: a request does not say which instance it is for"),
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

/// The body, by the first argument that is one.
fn body(sig: &Signature, validate: bool) -> Option<Body> {
    let lifetimes = types::lifetimes(sig);
    sig.inputs.iter().find_map(|input| {
        let syn::FnArg::Typed(arg) = input else {
            return None;
        };
        let (json, required, inner) = types::body(&arg.ty)?;
        Some(Body {
            json,
            required,
            validated: validate.then(|| elide(inner.to_token_stream(), &lifetimes)),
        })
    })
}

/// The type returned, where it can be named in an expression.
fn output(sig: &Signature) -> Option<Output> {
    let lifetimes = types::lifetimes(sig);
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
