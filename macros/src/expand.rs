//! The tokens of a checked handler. Nothing here can fail, and no lint that a project may switch on is set off by it.
//!
//! Whatever is the user's to mend keeps the user's span: a conversion stands on its type, the future on the function's name.
//! Locals have mixed-site spans, so no argument or function of the user's can be taken for one of them; and a prefix, as a
//! pattern that happens to be the name of a constant would match it and bind nothing.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

use crate::{
    attr::{Guard, Krate},
    model::{Arg, ArgKind, Function, Handler, Output, state},
};

pub(crate) mod authorizer;

pub(crate) fn expand(handler: &Handler) -> TokenStream {
    let Function {
        attrs,
        vis,
        sig,
        body,
    } = &handler.function;
    let krate = handler.krate.at(Span::call_site());
    let cfgs = &handler.cfgs;
    let name = &sig.ident;
    let info = info(handler);
    let (generics, state, constructor) = match state(&handler.args) {
        Some(state) => (None, state.clone(), quote!(with_state)),
        None => (
            Some(quote!(<__FwState>)),
            quote!(__FwState),
            quote!(stateless),
        ),
    };
    let (guard, needs) = guard(handler, &state, generics.is_some());
    let api_key = handler.api_key.then(|| quote!(.with_api_key()));
    let call = call(handler);
    let cfgs_of_route = match handler.guard {
        Some(Guard::Authorizer(_)) => &[][..],
        _ => cfgs,
    };
    let known = {
        let krate = handler.krate.at(name.span());
        quote_spanned!(name.span()=> <Self as #krate::__private::RouteDecl>::INFO)
    };
    let route = quote! {
        #(#cfgs_of_route)*
        #[automatically_derived]
        #[allow(deprecated, unreachable_code, unused_qualifications)]
        impl #generics #krate::__private::IntoRoute<#state> for #name #needs {
            fn into_route() -> #krate::__private::Route<#state> {
                #krate::__private::Route::#constructor(
                    #known,
                    #call,
                )
                #guard
                #api_key
            }
        }
    };
    let route = match &handler.guard {
        Some(Guard::Authorizer(path)) => with_authorizer(handler, path, generics.is_some(), &route),
        _ => route,
    };
    quote! {
        // That it is `async` is asked of it, whether it waits or not.
        #[allow(clippy::unused_async)]
        #(#attrs)* #vis #sig #body

        #(#cfgs)*
        #[doc(hidden)]
        #[allow(
            non_camel_case_types,
            missing_debug_implementations,
            unreachable_pub,
            clippy::redundant_pub_crate
        )]
        #vis struct #name {}

        #(#cfgs)*
        #[automatically_derived]
        #[allow(unused_qualifications)]
        impl #krate::__private::RouteDecl for #name {
            const INFO: #krate::__private::RouteInfo = #info;
        }

        #route
    }
}

/// The implementation, in a scope of its own where the authorizer is known by a name of ours.
///
/// A function that is no authorizer is known as a value alone. Imported, its name has both namespaces: the type that is not there comes
/// from the glob, and is told in our words, where rustc would say no more than `not a type`.
fn with_authorizer(
    handler: &Handler,
    path: &TokenStream,
    generic: bool,
    route: &TokenStream,
) -> TokenStream {
    let cfgs = &handler.cfgs;
    let (_, end) = ends(path);
    let krate = handler.krate.at(Span::call_site());
    let alias = Ident::new(AUTHORIZER, end);
    let decl = cast(
        &handler.krate,
        &alias.to_token_stream(),
        "AuthorizerDecl",
        None,
    );
    let krate_there = handler.krate.at(end);
    // For a state that is not known yet, the bound on it is taken for granted; that it is an authorizer at all has to be asked here.
    let check = generic.then(|| {
        quote_spanned! {end=>
            #[allow(deprecated)]
            const _: () = {
                let _ = &#alias;
                #krate_there::__private::assert_authorizer(&#decl::INFO)
            };
        }
    });
    quote! {
        #(#cfgs)*
        const _: () = {
            mod __fw_stand_in {
                #[allow(unused_imports)]
                pub(super) use #krate::__private::NotAnAuthorizer as #alias;
            }
            #[allow(unused_imports)]
            use __fw_stand_in::*;
            #[allow(unused_imports, deprecated)]
            use #path as #alias;
            #check
            #route
        };
    }
}

/// The name of the authorizer in the scope of its route.
const AUTHORIZER: &str = "__FwAuthorizer";

/// What is known at compile time.
fn info(handler: &Handler) -> TokenStream {
    let krate = handler.krate.at(Span::call_site());
    let name = &handler.function.sig.ident;
    let methods = &handler.methods;
    let path = handler.pattern.gateway_path();
    let handler_name = name.unraw().to_string();
    let (summary, description) = (&handler.docs.summary, &handler.docs.description);
    // Spanned at the name, `line!` tells its line; elsewhere it would tell the attribute's.
    let file = quote_spanned!(name.span()=> ::core::file!());
    let line = quote_spanned!(name.span()=> ::core::line!());
    let path_params = handler.pattern.path_names().map(|name| (name, "path"));
    let query = handler.pattern.query.iter().map(String::as_str);
    let params = path_params
        .chain(query.map(|name| (name, "query")))
        .filter_map(|(param, place)| {
            let ty = &handler.parameter(param)?.ty;
            let (start, end) = ends(ty);
            let place = Ident::new(place, end);
            let krate = handler.krate.at(start);
            let from_param = cast(&handler.krate, ty, "FromParam", quote!(<'_, _>));
            let call = quote_spanned!(start=> #krate::__private::ParamInfo);
            Some(quote_spanned! {end=>
                #call::#place(#param, #from_param::REQUIRED, #from_param::MULTIPLE)
            })
        });
    let body = match &handler.body {
        None => quote!(#krate::__private::Option::None),
        Some(body) => {
            let content_type = if body.json {
                "application/json"
            } else {
                "application/x-www-form-urlencoded"
            };
            let required = body.required;
            let schema = match &body.validated {
                None => quote!(#krate::__private::Option::None),
                Some(ty) => {
                    let (_, end) = ends(ty);
                    let there = handler.krate.at(end);
                    let schema = quote_spanned!(end=> #there::__private::schema::<#ty>);
                    quote!(#krate::__private::Option::Some(#schema))
                }
            };
            quote! {
                #krate::__private::Option::Some(#krate::__private::BodyInfo {
                    content_type: #content_type,
                    required: #required,
                    schema: #schema,
                })
            }
        }
    };
    quote! {
        #krate::__private::RouteInfo {
            methods: &[#(#methods),*],
            path: #path,
            handler: ::core::concat!(::core::module_path!(), "::", #handler_name),
            file: #file,
            line: #line,
            summary: #summary,
            description: #description,
            params: &[#(#params),*],
            body: #body,
        }
    }
}

/// The call that sets who may call the route; and where the app's state is not known yet, what it must be for that.
fn guard(
    handler: &Handler,
    state: &TokenStream,
    generic: bool,
) -> (Option<TokenStream>, Option<TokenStream>) {
    let krate = handler.krate.at(Span::call_site());
    let kind = match &handler.guard {
        None => return (None, None),
        Some(Guard::Iam) => quote!(Iam),
        Some(Guard::Public) => quote!(Public),
        Some(Guard::Jwt(name, scopes)) => quote!(Jwt { name: #name, scopes: &[#(#scopes),*] }),
        Some(Guard::Authorizer(path)) => {
            let (_, end) = ends(path);
            let alias = Ident::new(AUTHORIZER, end);
            let there = handler.krate.at(end);
            let into = cast(
                &handler.krate,
                &alias.to_token_stream(),
                "IntoAuthorizer",
                quote!(<#state>),
            );
            let value = quote_spanned!(end=> #into::into_authorizer());
            let needs = generic.then(
                || quote_spanned!(end=> where #alias: #there::__private::IntoAuthorizer<#state>),
            );
            let guard = quote!(.guarded(#krate::__private::Guard::Authorizer(#value)));
            return (Some(guard), needs);
        }
    };
    (
        Some(quote!(.guarded(#krate::__private::Guard::#kind))),
        None,
    )
}

/// The closure that reads the arguments and calls the function.
fn call(handler: &Handler) -> TokenStream {
    let name = &handler.function.sig.ident;
    let krate = handler.krate.at(name.span());
    let Calling {
        params,
        extract,
        answer,
    } = calling(
        &handler.krate,
        &handler.function,
        &handler.args,
        &quote!(into_response),
    );
    let answer = match &handler.output {
        Some(Output { ty, plain: true }) => {
            let responder = cast(&handler.krate, ty, "Responder", None);
            quote!(#responder::respond(#answer))
        }
        Some(Output { ty, plain: false }) => {
            let response = cast(&handler.krate, ty, "IntoResponse", None);
            quote!(#response::into_response(#answer))
        }
        None => quote!(#krate::__private::Responder::respond(#answer)),
    };
    // A future that is not `Send` is told at this expression, so it stands on the function's name.
    quote_spanned! {name.span()=>
        |#params| #krate::__private::hold_only_send_values_across_await(async move { #extract #answer })
    }
}

/// The parts of a closure that calls the function.
struct Calling {
    params: TokenStream,
    extract: Option<TokenStream>,
    answer: TokenStream,
}

/// Reads the arguments and calls the function; `refusal` is what the problems become where an argument cannot be read.
///
/// Nothing of the user's runs before the future is polled; and what the extraction needs is gone when the function runs.
fn calling(krate: &Krate, function: &Function, args: &[Arg], refusal: &TokenStream) -> Calling {
    let name = &function.sig.ident;
    let local = Span::mixed_site().located_at(name.span());
    let state_local = Ident::new("__fw_state", local);
    let request = Ident::new("__fw_request", local);
    let problems = Ident::new("__fw_problems", local);
    let read: Vec<(Ident, TokenStream)> = args
        .iter()
        .enumerate()
        .filter_map(|(index, arg)| {
            let value = read(krate, arg, &request)?;
            Some((format_ident!("__fw_{index}", span = local), value))
        })
        .collect();
    let krate = krate.at(name.span());
    let locals: Vec<&Ident> = read.iter().map(|(local, _)| local).collect();
    let values = read.iter().map(|(_, value)| value);
    let mut next = locals.iter();
    let passed = args.iter().filter_map(|arg| match arg.kind {
        ArgKind::State => Some(&state_local),
        _ => next.next().copied(),
    });
    let answer = quote_spanned!(name.span()=> #name(#(#passed),*).await);
    let extract = (!locals.is_empty()).then(|| {
        quote_spanned! {name.span()=>
            let (#(#locals,)*) = {
                let mut #problems = #krate::__private::Problems::new();
                #(let #locals = #problems.keep(#values);)*
                match (#(#locals,)*) {
                    (#(#krate::__private::Option::Some(#locals),)*) => (#(#locals,)*),
                    _ => return #problems.#refusal(),
                }
            };
        }
    });
    let params = if state(args).is_some() {
        quote!(#state_local, #request)
    } else if locals.is_empty() {
        quote!(_)
    } else {
        quote!(#request)
    };
    Calling {
        params,
        extract,
        answer,
    }
}

/// The expression that reads an argument; `None` for the state.
fn read(krate: &Krate, arg: &Arg, request: &Ident) -> Option<TokenStream> {
    let (_, end) = ends(&arg.ty);
    let (place, name) = match &arg.kind {
        ArgKind::State => return None,
        ArgKind::Path(name) => ("path", name),
        ArgKind::Query(name) => ("query", name),
        ArgKind::Extractor if arg.plain => {
            let extractor = cast(krate, &arg.ty, "Extractor", None);
            return Some(quote_spanned!(end=> #extractor::extract(#request)));
        }
        ArgKind::Extractor => {
            let extractor = cast(krate, &arg.ty, "FromRequest", None);
            return Some(quote_spanned!(end=> #extractor::from_request(#request)));
        }
    };
    let from_param = cast(krate, &arg.ty, "FromParam", quote!(<'_, _>));
    let place = Ident::new(place, end);
    let krate = krate.at(end);
    Some(quote_spanned! {end=>
        #from_param::from_param(#krate::__private::Param::#place(#request, #name))
    })
}

/// `<T as Trait<…>>`, from the type's first token to its last: on stable Rust no span can be joined from two, but rustc joins
/// what stands between them, and so underlines the type.
fn cast(
    krate: &Krate,
    ty: &TokenStream,
    name: &str,
    params: impl Into<Option<TokenStream>>,
) -> TokenStream {
    let (start, end) = ends(ty);
    let krate = krate.at(end);
    let name = Ident::new(name, end);
    let params = params.into();
    let open = quote_spanned!(start=> <);
    quote_spanned!(end=> #open #ty as #krate::__private::#name #params>)
}

/// The spans of the first and the last token.
fn ends(tokens: &TokenStream) -> (Span, Span) {
    let mut spans = tokens.clone().into_iter().map(|token| token.span());
    let start = spans.next().unwrap_or_else(Span::call_site);
    (start, spans.last().unwrap_or(start))
}
