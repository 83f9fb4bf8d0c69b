//! Entries of the app other than routes, with the facts known at compile time.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::{call, place};
use crate::model::{Authorizer, Item, Source, state};

/// The facts about an authorizer.
pub(super) fn authorizer(item: &Item, authorizer: &Authorizer) -> TokenStream {
    let krate = item.krate.at(Span::call_site());
    let Authorizer {
        identity,
        ttl,
        token,
    } = authorizer;
    let (name, file, line) = place(item);
    quote! {
        #krate::__private::AuthorizerInfo {
            name: #name,
            handler: ::core::concat!(::core::module_path!(), "::", #name),
            file: #file,
            line: #line,
            token: #token,
            identity: &[#(#identity),*],
            ttl: #ttl,
        }
    }
}

/// The facts about a source.
pub(super) fn source(item: &Item, source: &Source) -> TokenStream {
    let krate = item.krate.at(Span::call_site());
    let (name, file, line) = place(item);
    let (summary, description) = (&item.docs.summary, &item.docs.description);
    let maybe = |value: &Option<String>| match value {
        Some(value) => quote!(#krate::__private::Option::Some(#value)),
        None => quote!(#krate::__private::Option::None),
    };
    let event = match source {
        Source::Queue(queue) => quote!(Sqs(#queue)),
        Source::Topic(topic) => quote!(Sns(#topic)),
        Source::Bucket {
            bucket,
            events,
            prefix,
            suffix,
        } => quote! {
            S3 { bucket: #bucket, events: &[#(#events),*], prefix: #prefix, suffix: #suffix }
        },
        Source::Bus { bus, pattern } => {
            let bus = maybe(bus);
            quote!(Bus { bus: #bus, pattern: #pattern })
        }
        Source::Schedule {
            expression,
            timezone,
        } => {
            let timezone = maybe(timezone);
            quote!(Schedule { expression: #expression, timezone: #timezone })
        }
        Source::Function => quote!(Function),
    };
    quote! {
        #krate::__private::SourceInfo {
            name: #name,
            handler: ::core::concat!(::core::module_path!(), "::", #name),
            file: #file,
            line: #line,
            summary: #summary,
            description: #description,
            event: #krate::__private::EventInfo::#event,
        }
    }
}

/// The implementation that creates the entry for an app's state. Its function gets the state
/// whether an argument needs it or not.
pub(super) fn made(item: &Item, name: &Ident) -> TokenStream {
    let krate = item.krate.at(Span::call_site());
    let cfgs = &item.cfgs;
    let contract = item.subject.contract();
    let [decl, into, method, value, constructor] = [
        contract.decl,
        contract.into,
        contract.method,
        contract.value,
        contract.constructor,
    ]
    .map(|word| Ident::new(word, Span::call_site()));
    let (generics, state_type) = match state(&item.args) {
        Some(state) => (None, state.clone()),
        None => (
            Some(quote!(<__FwState: #krate::__private::Sync>)),
            quote!(__FwState),
        ),
    };
    let has_state = generics.is_none();
    let call = call(item, |calling| {
        let (state, request) = (&calling.state, &calling.request);
        match (has_state, &calling.extract) {
            (true, _) => quote!(#state, #request),
            (false, Some(_)) => quote!(_, #request),
            (false, None) => quote!(_, _),
        }
    });
    quote! {
        #(#cfgs)*
        #[automatically_derived]
        #[allow(deprecated, unreachable_code, unused_qualifications)]
        impl #generics #krate::__private::#into<#state_type> for #name {
            fn #method() -> #krate::__private::#value<#state_type> {
                #krate::__private::#value::#constructor(
                    &<Self as #krate::__private::#decl>::INFO,
                    #call,
                )
            }
        }
    }
}
