//! What is emitted beside the errors: the user's function and a route of nothing, so that no mistake is told twice.

use proc_macro2::{Span, TokenStream};
use quote::quote;

use crate::{attr::Krate, model::Function};

/// The function, and unless it stands in an `impl`, a type of its name that any list of routes takes.
pub(crate) fn stub(function: &Function, krate: &Krate) -> TokenStream {
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
    // A list of routes names the type alone, so the function would seem unused without its own `allow`.
    let written = quote! {
        #[allow(dead_code)]
        #(#attrs)* #vis #sig #body
    };
    if sig.receiver().is_some() || !function.has_body() {
        return quote!(#(#attrs)* #vis #sig #body);
    }
    let name = &sig.ident;
    let krate = krate.at(Span::call_site());
    quote! {
        #written
        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code)]
        #vis struct #name {}
        impl #krate::__private::RouteDecl for #name {
            const INFO: #krate::__private::RouteInfo = #krate::__private::RouteInfo::NONE;
        }
        impl<__FwState> #krate::__private::IntoRoute<__FwState> for #name {
            fn into_route() -> #krate::__private::Route<__FwState> {
                loop {}
            }
        }
    }
}
