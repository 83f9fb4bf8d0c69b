//! The tokens of a checked authorizer, by the rules of those of a handler.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;

use super::{Calling, calling, cast};
use crate::model::{Authorizer, Function, Output, state};

pub(crate) fn expand(authorizer: &Authorizer) -> TokenStream {
    let Function {
        attrs,
        vis,
        sig,
        body,
    } = &authorizer.function;
    let krate = authorizer.krate.at(Span::call_site());
    let cfgs = &authorizer.cfgs;
    let name = &sig.ident;
    let text = name.unraw().to_string();
    let Authorizer {
        identity,
        ttl,
        token,
        ..
    } = authorizer;
    // Spanned at the name, `line!` tells its line; elsewhere it would tell the attribute's.
    let file = quote_spanned!(name.span()=> ::core::file!());
    let line = quote_spanned!(name.span()=> ::core::line!());
    let (generics, state) = match state(&authorizer.args) {
        Some(state) => (None, state.clone()),
        None => (
            Some(quote!(<__FwState: #krate::__private::Sync>)),
            quote!(__FwState),
        ),
    };
    let decide = decide(authorizer);
    quote! {
        // That it is `async` is asked of it, whether it waits or not; that a route names it, the type below sees.
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
        impl #krate::__private::AuthorizerDecl for #name {
            const INFO: #krate::__private::AuthorizerInfo = #krate::__private::AuthorizerInfo {
                name: #text,
                handler: ::core::concat!(::core::module_path!(), "::", #text),
                file: #file,
                line: #line,
                token: #token,
                identity: &[#(#identity),*],
                ttl: #ttl,
            };
        }

        #(#cfgs)*
        #[automatically_derived]
        #[allow(deprecated, unreachable_code, unused_qualifications)]
        impl #generics #krate::__private::IntoAuthorizer<#state> for #name {
            fn into_authorizer() -> #krate::__private::Authorizer<#state> {
                #krate::__private::Authorizer::new(
                    &<Self as #krate::__private::AuthorizerDecl>::INFO,
                    #decide,
                )
            }
        }
    }
}

/// The closure that reads the arguments and calls the function. It is given the state whether an argument is that or not.
fn decide(authorizer: &Authorizer) -> TokenStream {
    let name = &authorizer.function.sig.ident;
    let krate = authorizer.krate.at(name.span());
    let Calling {
        params,
        extract,
        answer,
    } = calling(
        &authorizer.krate,
        &authorizer.function,
        &authorizer.args,
        &quote!(refuse),
    );
    let decision = match &authorizer.output {
        Some(Output { ty, .. }) => {
            let decision = cast(&authorizer.krate, ty, "IntoDecision", None);
            quote!(#decision::into_decision(#answer))
        }
        None => quote!(#krate::__private::IntoDecision::into_decision(#answer)),
    };
    let request = Ident::new("__fw_request", Span::mixed_site().located_at(name.span()));
    let params = match (state(&authorizer.args).is_some(), extract.is_some()) {
        (true, _) => params,
        (false, true) => quote!(_, #request),
        (false, false) => quote!(_, _),
    };
    quote_spanned! {name.span()=>
        |#params| #krate::__private::hold_only_send_values_across_await(async move { #extract #decision })
    }
}
