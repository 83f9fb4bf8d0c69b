//! What is emitted beside the errors: the user's function and a route of nothing, so that no mistake is told twice.

use proc_macro2::{Span, TokenStream};
use quote::quote;

use crate::{attr::Krate, model::Function};

/// The function, and unless it stands in an `impl`, a type of its name that any list of routes takes.
pub(crate) fn stub(function: &Function, krate: &Krate) -> TokenStream {
    let name = &function.sig.ident;
    let krate = krate.at(Span::call_site());
    around(
        function,
        &quote! {
            impl #krate::__private::RouteDecl for #name {
                const INFO: #krate::__private::RouteInfo = #krate::__private::RouteInfo::NONE;
            }
            impl<__FwState> #krate::__private::IntoRoute<__FwState> for #name {
                fn into_route() -> #krate::__private::Route<__FwState> {
                    loop {}
                }
            }
        },
    )
}

/// The function, and a type of its name that any route takes for its authorizer.
pub(crate) fn authorizer_stub(function: &Function, krate: &Krate) -> TokenStream {
    let name = &function.sig.ident;
    let krate = krate.at(Span::call_site());
    around(
        function,
        &quote! {
            impl #krate::__private::AuthorizerDecl for #name {
                const INFO: #krate::__private::AuthorizerInfo = #krate::__private::AuthorizerInfo::NONE;
            }
            impl<__FwState> #krate::__private::IntoAuthorizer<__FwState> for #name {
                fn into_authorizer() -> #krate::__private::Authorizer<__FwState> {
                    loop {}
                }
            }
        },
    )
}

fn around(function: &Function, impls: &TokenStream) -> TokenStream {
    let Function {
        attrs,
        vis,
        sig,
        body,
    } = function;
    let mut sig = sig.clone();
    // These two rustc refuses as well, so they have been told.
    sig.constness = None;
    sig.variadic = None;
    if sig.receiver().is_some() || !function.has_body() {
        return quote!(#(#attrs)* #vis #sig #body);
    }
    let name = &sig.ident;
    // A list of routes names the type alone, so the function would seem unused without its own `allow`.
    quote! {
        #[allow(dead_code)]
        #(#attrs)* #vis #sig #body

        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code)]
        #vis struct #name {}
        #impls
    }
}
