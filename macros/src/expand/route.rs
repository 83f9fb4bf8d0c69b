//! The parts of a route: the facts known at compile time, and its guard.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::{call, cast, ends, place};
use crate::{
    attr::Guard,
    model::{ArgKind, Item, Route, parameter, state},
    statuses,
};

/// The implementation that creates the route for an app's state.
pub(super) fn made(item: &Item, route: &Route, name: &Ident) -> TokenStream {
    let krate = item.krate.at(Span::call_site());
    let (generics, state_type, constructor) = match state(&item.args) {
        Some(state) => (None, state.clone(), quote!(with_state)),
        None => (
            Some(quote!(<__FwState>)),
            quote!(__FwState),
            quote!(stateless),
        ),
    };
    let (guard, needs) = guard(item, route, &state_type, generics.is_some());
    let api_key = route.api_key.then(|| quote!(.with_api_key()));
    let no_cors = route.no_cors.then(|| quote!(.without_cors()));
    let has_state = generics.is_none();
    let call = call(item, |calling| {
        let (state, request) = (&calling.state, &calling.request);
        match (has_state, &calling.extract) {
            (true, _) => quote!(#state, #request),
            (false, Some(_)) => quote!(#request),
            (false, None) => quote!(_),
        }
    });
    let cfgs = match route.guard {
        Some(Guard::Authorizer(_)) => &[][..],
        _ => &item.cfgs,
    };
    let known = {
        let function = item.function.sig.ident.span();
        let krate = item.krate.at(function);
        quote_spanned!(function=> <Self as #krate::__private::RouteDecl>::INFO)
    };
    let description = description(item, route);
    let made = quote! {
        #(#cfgs)*
        #[automatically_derived]
        #[allow(deprecated, unreachable_code, unused_qualifications)]
        impl #generics #krate::__private::IntoRoute<#state_type> for #name #needs {
            fn into_route() -> #krate::__private::Route<#state_type> {
                #krate::__private::described! {
                    #krate::__private::Route::#constructor(
                        #known,
                        #call,
                    )
                    #guard
                    #api_key #no_cors;
                    #description
                }
            }
        }
    };
    match &route.guard {
        Some(Guard::Authorizer(path)) => with_authorizer(item, path, generics.is_some(), &made),
        _ => made,
    }
}

/// What `described!` takes: the types that describe the route, and what only the handler's text says.
fn description(item: &Item, route: &Route) -> TokenStream {
    let deprecated = item
        .function
        .attrs
        .iter()
        .any(|attr| attr.path().is_ident("deprecated"));
    let statuses = statuses::named(&item.function.body);
    let output = item.output.as_ref().map(|output| &output.ty);
    let arguments = item.args.iter().filter_map(|arg| match arg.kind {
        ArgKind::Extractor => Some(&arg.ty),
        _ => None,
    });
    let parameters = item.args.iter().filter_map(|arg| {
        let (place, name) = match &arg.kind {
            ArgKind::Path(name) => ("Path", name),
            ArgKind::Query(name, _) => ("Query", name),
            _ => return None,
        };
        let place = Ident::new(place, Span::call_site());
        let ty = &arg.ty;
        Some(quote!((#place, #name, #ty)))
    });
    let body = route.body.as_ref().map(|body| &body.ty);
    let query = &route.query;
    quote! {
        deprecated = #deprecated;
        statuses = [#(#statuses),*];
        output = [#output];
        arguments = [#(#arguments),*];
        parameters = [#(#parameters),*];
        body = [#body];
        query = [#query]
    }
}

/// The implementation, in its own scope if the authorizer has a generated name.
///
/// A function that is not an authorizer exists only as a value. Imported, its name has both
/// namespaces: the missing type comes from the glob, and is reported in our words, where rustc
/// would only say `not a type`.
fn with_authorizer(
    item: &Item,
    path: &TokenStream,
    generic: bool,
    route: &TokenStream,
) -> TokenStream {
    let cfgs = &item.cfgs;
    let (_, end) = ends(path);
    let krate = item.krate.at(Span::call_site());
    let alias = Ident::new(AUTHORIZER, end);
    let decl = cast(
        &item.krate,
        &alias.to_token_stream(),
        "AuthorizerDecl",
        None,
    );
    let krate_there = item.krate.at(end);
    // For a state that is not known yet, the bound on it is assumed; whether it is an authorizer at
    // all must be checked here.
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

/// The facts known at compile time.
pub(super) fn info(item: &Item, route: &Route) -> TokenStream {
    let krate = item.krate.at(Span::call_site());
    let methods = &route.methods;
    let path = route.pattern.gateway_path();
    let (handler_name, file, line) = place(item);
    let (summary, description) = (&item.docs.summary, &item.docs.description);
    let path_params = route.pattern.path_names().map(|name| (name, "path"));
    let query = route.pattern.query.iter().map(String::as_str);
    let params = path_params
        .chain(query.map(|name| (name, "query")))
        .filter_map(|(param, place)| {
            let argument = parameter(&item.args, param)?;
            let ty = &argument.ty;
            let (start, end) = ends(ty);
            let place = Ident::new(place, end);
            let krate = item.krate.at(start);
            let from_param = cast(&item.krate, ty, "FromParam", quote!(<'_, _>));
            let call = quote_spanned!(start=> #krate::__private::ParamInfo);
            // With a default a request need not have it.
            let required = match argument.kind {
                ArgKind::Query(_, Some(_)) => quote_spanned!(end=> false),
                _ => quote_spanned!(end=> #from_param::REQUIRED),
            };
            Some(quote_spanned! {end=>
                #call::#place(#param, #required, #from_param::MULTIPLE)
            })
        });
    let body = match &route.body {
        None => quote!(#krate::__private::Option::None),
        Some(body) => {
            let content_type = if body.json {
                "application/json"
            } else {
                "application/x-www-form-urlencoded"
            };
            let required = body.required;
            let schema = match &body.ty {
                _ if !body.validated => quote!(#krate::__private::Option::None),
                ty => {
                    let (_, end) = ends(ty);
                    let there = item.krate.at(end);
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
    let claims = route.claims;
    let stream = match &item.output {
        _ if route.stream => quote!(true),
        Some(output) => {
            let ty = &output.ty;
            quote!({
                #[allow(unused_imports)]
                use #krate::__private::StreamsNothing as _;
                #krate::__private::Streams::<#ty>::STREAMS
            })
        }
        None => quote!(false),
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
            claims: #claims,
            stream: #stream,
        }
    }
}

/// The call that sets who may call the route and, if the app's state is not known yet, its
/// requirements.
fn guard(
    item: &Item,
    route: &Route,
    state: &TokenStream,
    generic: bool,
) -> (Option<TokenStream>, Option<TokenStream>) {
    let krate = item.krate.at(Span::call_site());
    let kind = match &route.guard {
        None => return (None, None),
        Some(Guard::Iam) => quote!(Iam),
        Some(Guard::Public) => quote!(Public),
        Some(Guard::Jwt(name, scopes)) => quote!(Jwt { name: #name, scopes: &[#(#scopes),*] }),
        Some(Guard::Authorizer(path)) => {
            let (_, end) = ends(path);
            let alias = Ident::new(AUTHORIZER, end);
            let there = item.krate.at(end);
            let into = cast(
                &item.krate,
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
