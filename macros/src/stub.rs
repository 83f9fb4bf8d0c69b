//! The code next to the errors: the user's function and an empty item, so that no mistake is
//! reported twice.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::{attr::Krate, check::cfgs, companion, model::Function, table::Row};

/// The function and, unless it is in an `impl`, a type that any list, or any route, accepts as its
/// item.
pub(crate) fn stub(
    function: &Function,
    krate: &Krate,
    row: &Row,
    place: &companion::Place,
) -> TokenStream {
    let Function {
        attrs,
        vis,
        sig,
        body,
    } = function;
    let mut sig = sig.clone();
    // These two rustc refuses as well, so they have been reported.
    sig.constness = None;
    sig.variadic = None;
    if sig.receiver().is_some() || !function.has_body() {
        return quote!(#(#attrs)* #vis #sig #body);
    }
    let cfgs = cfgs(attrs);
    let contract = row.subject.contract();
    let (declaration, name) = companion::declare(function, contract.found, &cfgs, place);
    let krate = krate.at(Span::call_site());
    let [decl, info, into, method, value] = [
        contract.decl,
        contract.info,
        contract.into,
        contract.method,
        contract.value,
    ]
    .map(|word| Ident::new(word, Span::call_site()));
    // A list names only the type, so the function would seem unused without its own `allow`.
    quote! {
        #[allow(dead_code)]
        #(#attrs)* #vis #sig #body

        #declaration

        #(#cfgs)*
        impl #krate::__private::#decl for #name {
            const INFO: #krate::__private::#info = #krate::__private::#info::NONE;
        }
        #(#cfgs)*
        impl<__FwState> #krate::__private::#into<__FwState> for #name {
            fn #method() -> #krate::__private::#value<__FwState> {
                loop {}
            }
        }
    }
}
