//! The tokens of a checked handler. Nothing here can fail.
//!
//! Whatever is the user's to mend keeps the user's span: a conversion stands on its type, the future on the function's name.
//! Locals have mixed-site spans, so no argument, static or function of the user's can be taken for one of them.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

use crate::model::{Arg, ArgKind, Function, Handler};

pub(crate) fn expand(handler: &Handler) -> TokenStream {
    let Handler {
        krate,
        function,
        cfgs,
        ..
    } = handler;
    let Function {
        attrs,
        vis,
        sig,
        body,
    } = function;
    let name = &sig.ident;
    let info = info(handler);
    let (generics, state, constructor) = match handler.state() {
        Some(state) => (None, state.clone(), quote!(with_state)),
        None => (
            Some(quote!(<__FwState>)),
            quote!(__FwState),
            quote!(stateless),
        ),
    };
    let call = call(handler);
    quote! {
        #(#attrs)* #vis #sig #body

        #(#cfgs)*
        #[doc(hidden)]
        #[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
        #vis struct #name {}

        #(#cfgs)*
        #[automatically_derived]
        impl #krate::__private::RouteDecl for #name {
            const INFO: #krate::__private::RouteInfo = #info;
        }

        #(#cfgs)*
        #[automatically_derived]
        #[allow(deprecated, unreachable_code)]
        impl #generics #krate::__private::IntoRoute<#state> for #name {
            fn into_route() -> #krate::__private::Route<#state> {
                #krate::__private::Route::#constructor(
                    <Self as #krate::__private::RouteDecl>::INFO,
                    #call,
                )
            }
        }
    }
}

/// What is known at compile time.
fn info(handler: &Handler) -> TokenStream {
    let krate = &handler.krate;
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
            let place = Ident::new(place, Span::call_site());
            let (start, end) = ends(ty);
            let from_param = from_param(krate, ty, quote!('static), start, end);
            let value = quote_spanned! {end=>
                #krate::__private::ParamInfo::#place(#param, #from_param::REQUIRED, #from_param::MULTIPLE)
            };
            Some(value)
        });
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
        }
    }
}

/// The closure that reads the arguments and calls the function.
fn call(handler: &Handler) -> TokenStream {
    let krate = &handler.krate;
    let name = &handler.function.sig.ident;
    let state = Ident::new("state", Span::mixed_site());
    let request = Ident::new("request", Span::mixed_site());
    let problems = Ident::new("problems", Span::mixed_site());
    let read: Vec<(Ident, TokenStream)> = handler
        .args
        .iter()
        .enumerate()
        .filter_map(|(index, arg)| {
            let value = read(krate, arg, &request)?;
            let local = format_ident!("argument_{index}", span = Span::mixed_site());
            Some((local, value))
        })
        .collect();
    let locals: Vec<&Ident> = read.iter().map(|(local, _)| local).collect();
    let values = read.iter().map(|(_, value)| value);
    let mut next = locals.iter();
    let args = handler.args.iter().filter_map(|arg| match arg.kind {
        ArgKind::State => Some(&state),
        _ => next.next().copied(),
    });
    let answer = match &handler.output {
        Some(output) => {
            let (start, end) = ends(output);
            let open = quote_spanned!(start=> <);
            let close =
                quote_spanned!(end=> as #krate::__private::IntoResponse>::into_response);
            quote!(#open #output #close(#name(#(#args),*).await))
        }
        None => quote!(#krate::__private::IntoResponse::into_response(#name(#(#args),*).await)),
    };
    let extract = (!locals.is_empty()).then(|| {
        quote! {
            let (#(#locals,)*) = {
                let mut #problems = #krate::__private::Problems::new();
                #(let #locals = #problems.keep(#values);)*
                match (#(#locals,)*) {
                    (#(#krate::__private::Option::Some(#locals),)*) => (#(#locals,)*),
                    _ => return #problems.into_response(),
                }
            };
        }
    });
    let params = if handler.state().is_some() {
        quote!(#state, #request)
    } else if locals.is_empty() {
        quote!(_)
    } else {
        quote!(#request)
    };
    // A future that is not `Send` is told at this expression, so it stands on the function's name.
    quote_spanned! {name.span()=>
        |#params| #krate::__private::Box::pin(async move { #extract #answer })
    }
}

/// The expression that reads an argument; `None` for the state.
fn read(krate: &TokenStream, arg: &Arg, request: &Ident) -> Option<TokenStream> {
    let ty = &arg.ty;
    let (start, end) = ends(ty);
    match &arg.kind {
        ArgKind::State => None,
        ArgKind::Path(name) => {
            let from_param = from_param(krate, ty, quote!('_), start, end);
            Some(quote_spanned! {end=>
                #from_param::from_param(#krate::__private::Param::path(#request, #name))
            })
        }
        ArgKind::Query(name) => {
            let from_param = from_param(krate, ty, quote!('_), start, end);
            Some(quote_spanned! {end=>
                #from_param::from_param(#krate::__private::Param::query(#request, #name))
            })
        }
        ArgKind::Extractor => {
            let open = quote_spanned!(start=> <);
            Some(quote_spanned! {end=>
                #open #ty as #krate::__private::FromRequest>::from_request(#request)
            })
        }
    }
}

fn from_param(
    krate: &TokenStream,
    ty: &TokenStream,
    lifetime: TokenStream,
    start: Span,
    end: Span,
) -> TokenStream {
    let open = quote_spanned!(start=> <);
    quote_spanned!(end=> #open #ty as #krate::__private::FromParam<#lifetime, _>>)
}

/// The spans of the first and the last token: on stable Rust a span cannot be joined from them, but rustc joins what stands
/// between.
fn ends(tokens: &TokenStream) -> (Span, Span) {
    let mut spans = tokens.clone().into_iter().map(|token| token.span());
    let start = spans.next().unwrap_or_else(Span::call_site);
    (start, spans.last().unwrap_or(start))
}
