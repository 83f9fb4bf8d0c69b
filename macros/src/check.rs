//! All checks of an item: what comes out has no mistake that a macro can see.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, GenericParam, LitStr, ReturnType, Safety, Signature, Type, ext::IdentExt};

use crate::{
    arguments::arguments,
    attr::{self, Krate, RouteArgs, authorizer, keys, source},
    companion::Place,
    errors::Errors,
    model::{Arg, Body, Docs, Function, Item, Output, Payload, Route},
    pattern::{self, Pattern},
    stub::stub,
    table::{ROWS, Row, Subject},
    types::{self, bare, elide, has_word, is_plain},
};

/// The attribute's arguments, as far as they could be read.
pub(crate) enum Arguments {
    Route(RouteArgs),
    Keys(keys::Args),
}

impl Arguments {
    pub(crate) fn read(attr: TokenStream, row: &Row, errors: &mut Errors) -> Self {
        match row.grammar {
            None => Self::Route(attr::parse(attr, row, errors)),
            Some(grammar) => Self::Keys(keys::read(attr, row, grammar, errors)),
        }
    }
}

/// The item, or the tokens to emit in its place: every mistake, and a stub.
pub(crate) fn check(
    mut function: Function,
    row: &'static Row,
    given: Arguments,
    place: Place,
    mut errors: Errors,
) -> Result<Item, TokenStream> {
    let subject = subject(row, &function.sig);
    one_attribute(subject, &mut function.attrs, &mut errors);
    signature(subject, &function, &mut errors);
    let (payload, args, krate) = match given {
        Arguments::Route(given) => {
            let (route, args, krate) = route(&function, given, &mut errors);
            (route.map(Payload::Route), args, krate)
        }
        Arguments::Keys(given) => {
            let payload = if subject.is_source() {
                Payload::Source(source::payload(subject, &given, &mut errors))
            } else {
                decides(&function, &mut errors);
                Payload::Authorizer(authorizer::payload(&given, &mut errors))
            };
            named(subject, &function, &mut errors);
            let args = arguments(subject, &function.sig, None, &mut errors);
            (Some(payload), args, given.krate)
        }
    };
    let finished = errors.finish();
    // The payload is missing only if there is an error; without one the stub is used.
    let (Ok(()), Some(payload)) = (&finished, payload) else {
        let mut tokens = finished.err().unwrap_or_default();
        tokens.extend(stub(&function, &krate, row, &place));
        return Err(tokens);
    };
    Ok(Item {
        subject,
        krate,
        place,
        cfgs: cfgs(&function.attrs),
        docs: Docs::read(&function.attrs),
        output: output(&function.sig),
        args,
        function,
        payload,
    })
}

/// The function's role: a queue's handler with an argument that looks like `Batch<T>` takes whole
/// batches.
fn subject(row: &Row, sig: &Signature) -> Subject {
    let batch = |input: &syn::FnArg| match input {
        syn::FnArg::Typed(arg) => types::arguments_of(&arg.ty, "Batch").is_some(),
        syn::FnArg::Receiver(_) => false,
    };
    match row.subject {
        Subject::Queue if sig.inputs.iter().any(batch) => Subject::Batch,
        subject => subject,
    }
}

/// The parts that only a route has; `None` if the path has mistakes.
fn route(
    function: &Function,
    given: RouteArgs,
    errors: &mut Errors,
) -> (Option<Route>, Vec<Arg>, Krate) {
    let RouteArgs {
        path,
        methods,
        krate,
        guard,
        api_key,
        validate,
        stream,
        no_cors,
    } = given;
    let pattern = path.as_ref().and_then(|path| parse(path, errors));
    let args = arguments(
        Subject::Route,
        &function.sig,
        path.as_ref().zip(pattern.as_ref()),
        errors,
    );
    let body = body(&function.sig, validate.is_some());
    if let Some(validate) = &validate
        && !body.as_ref().is_some_and(|body| body.json)
    {
        errors.push(
            validate,
            "`validate` checks a JSON body, but no argument reads one",
            "take the body as `Json<T>`, or leave `validate` out",
        );
    }
    if let ReturnType::Type(_, ty) = &function.sig.output
        && let Some((good, error)) = types::error_that_is_none(ty)
    {
        errors.push(
            error,
            "an `Err` of this type does not have an error status and would become a 2xx response",
            format!(
                "write `fw::Result<{}>`, and `Err(fw::Error::bad_request(\"…\"))`",
                types::text(good)
            ),
        );
    }
    let route = pattern.map(|pattern| Route {
        pattern,
        methods,
        guard,
        api_key,
        stream,
        no_cors,
        claims: claims(&function.sig),
        body,
        query: query(&function.sig),
    });
    (route, args, krate)
}

/// Its name is the end of a function's name in the account.
fn named(subject: Subject, function: &Function, errors: &mut Errors) {
    let name = &function.sig.ident;
    if !name.unraw().to_string().is_ascii() {
        errors.push(
            name,
            format!(
                "{subject}'s name may only have the letters a to z, digits and `_`: it names a Lambda function"
            ),
            "write for example `async fn check`",
        );
    }
}

fn decides(function: &Function, errors: &mut Errors) {
    let name = &function.sig.ident;
    if matches!(function.sig.output, ReturnType::Default) && function.has_body() {
        errors.push(
            name,
            "an authorizer returns its decision",
            format!(
                "write `async fn {}(…) -> Option<Allow>`, or `-> Result<Allow>`",
                name.unraw()
            ),
        );
    }
}

/// The `#[cfg]`s among the attributes.
pub(crate) fn cfgs(attrs: &[Attribute]) -> Vec<Attribute> {
    let cfg = |attr: &&Attribute| attr.path().is_ident("cfg");
    attrs.iter().filter(cfg).cloned().collect()
}

/// A second attribute would create a second item of the function.
fn one_attribute(subject: Subject, attrs: &mut Vec<Attribute>, errors: &mut Errors) {
    attrs.retain(|attr| {
        let name = attr.path().segments.last().map(|last| last.ident.unraw());
        let row = name.and_then(|name| ROWS.iter().find(|row| name == row.name));
        // `#[get]` of another crate has no path in it.
        let route = |row: &&Row| {
            row.subject != Subject::Route
                || attr.meta.to_token_stream().to_string().contains("\"/")
        };
        let Some(row) = row.filter(route) else {
            return true;
        };
        if subject.is_source() || row.subject.is_source() {
            errors.push(
                attr,
                "a function has only one attribute that says what invokes it",
                "remove one of the attributes; a second function may call this one",
            );
        } else if (row.subject, subject) == (Subject::Route, Subject::Route) {
            errors.push(
                attr,
                "a handler has only one route attribute",
                "list its methods in one: `methods = [GET, PUT]`; a second path needs a second function, which may call this one",
            );
        } else {
            errors.push(
                attr,
                "a function is either a route's handler or an authorizer; it cannot be both",
                "remove one of the attributes; a second function may call this one",
            );
        }
        false
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
            "remove `const`",
        );
    }
    if let Safety::Unsafe(unsafety) = &sig.safety {
        errors.push(
            unsafety,
            format!("{subject} cannot be `unsafe`: it is called with whatever a client sends"),
            "remove `unsafe`",
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
            ty: elide(inner.to_token_stream(), &lifetimes),
            validated: validate,
        })
    })
}

/// The type of a query that is read as a whole, by the first argument that looks like `Query<T>`, maybe in an `Option` or a `Result`.
fn query(sig: &Signature) -> Option<TokenStream> {
    fn inner(ty: &Type) -> Option<&Type> {
        let first = |name| types::arguments_of(ty, name).and_then(|list| list.first().copied());
        first("Query").or_else(|| {
            ["Option", "Result"]
                .into_iter()
                .find_map(first)
                .and_then(inner)
        })
    }
    let lifetimes = types::lifetimes(sig);
    sig.inputs.iter().find_map(|input| match input {
        syn::FnArg::Typed(arg) => {
            let ty = inner(&arg.ty)?;
            Some(elide(ty.to_token_stream(), &lifetimes))
        }
        syn::FnArg::Receiver(_) => None,
    })
}

/// True if an argument is `Claims<T>` itself: an `Option` or a `Result` of it does without a token.
fn claims(sig: &Signature) -> bool {
    sig.inputs.iter().any(|input| match input {
        syn::FnArg::Typed(arg) => types::arguments_of(&arg.ty, "Claims").is_some(),
        syn::FnArg::Receiver(_) => false,
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
