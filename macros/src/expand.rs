//! The tokens of a checked item. Nothing here can fail, and no lint that a project may switch on is set off by it.
//!
//! Code that the user has to fix keeps the user's span: a conversion has its type's, the future the
//! function's name's. Locals have mixed-site spans, so they cannot be confused with an argument or
//! function of the user. They also have a prefix, because a pattern with the name of a constant
//! would match it and bind nothing.

mod entry;
mod route;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

use crate::{
    attr::Krate,
    companion,
    model::{Arg, ArgKind, Function, Item, Output, Payload},
    table::Contract,
};

pub(crate) fn expand(item: &Item) -> TokenStream {
    let Function {
        attrs,
        vis,
        sig,
        body,
    } = &item.function;
    let krate = item.krate.at(Span::call_site());
    let cfgs = &item.cfgs;
    let contract = item.subject.contract();
    let (declaration, name) = companion::declare(&item.function, contract.found, cfgs, &item.place);
    let [decl, info] =
        [contract.decl, contract.info].map(|word| Ident::new(word, Span::call_site()));
    let (known, made) = match &item.payload {
        Payload::Route(route) => (route::info(item, route), route::made(item, route, &name)),
        Payload::Authorizer(authorizer) => (
            entry::authorizer(item, authorizer),
            entry::made(item, &name),
        ),
        Payload::Source(source) => (entry::source(item, source), entry::made(item, &name)),
    };
    quote! {
        // It must be `async`, whether it waits or not.
        #[allow(clippy::unused_async)]
        #(#attrs)* #vis #sig #body

        #declaration

        #(#cfgs)*
        #[automatically_derived]
        #[allow(unused_qualifications)]
        impl #krate::__private::#decl for #name {
            const INFO: #krate::__private::#info = #known;
        }

        #made
    }
}

/// The function's name as text, and its place: `file!()` and `line!()`.
///
/// With the name's span, `line!` gives its line; otherwise it would give the attribute's.
fn place(item: &Item) -> (String, TokenStream, TokenStream) {
    let name = &item.function.sig.ident;
    (
        name.unraw().to_string(),
        quote_spanned!(name.span()=> ::core::file!()),
        quote_spanned!(name.span()=> ::core::line!()),
    )
}

/// The closure that reads the arguments and calls the function. `params` creates its parameters
/// from those that the body needs.
fn call(item: &Item, params: impl FnOnce(&Calling) -> TokenStream) -> TokenStream {
    let name = &item.function.sig.ident;
    let krate = item.krate.at(name.span());
    let contract = item.subject.contract();
    let calling = calling(item);
    let params = params(&calling);
    let Calling {
        extract, answer, ..
    } = calling;
    let (plain_trait, plain_method) = contract.plain_answer;
    let (answer_trait, answer_method) = contract.answer;
    let answer = match &item.output {
        Some(Output { ty, plain }) => {
            let (name, method) = if *plain {
                (plain_trait, plain_method)
            } else {
                (answer_trait, answer_method)
            };
            let method = Ident::new(method, Span::call_site());
            let cast = cast(&item.krate, ty, name, None);
            quote!(#cast::#method(#answer))
        }
        None => {
            let name = Ident::new(plain_trait, Span::call_site());
            let method = Ident::new(plain_method, Span::call_site());
            quote!(#krate::__private::#name::#method(#answer))
        }
    };
    // A future that is not `Send` is reported at this expression, so it has the function name's
    // span.
    quote_spanned! {name.span()=>
        |#params| #krate::__private::hold_only_send_values_across_await(async move { #extract #answer })
    }
}

/// The parts of a closure that calls the function.
struct Calling {
    /// The closure's parameters.
    state: Ident,
    request: Ident,
    extract: Option<TokenStream>,
    answer: TokenStream,
}

/// Reads the arguments and calls the function. Where an argument cannot be read, the problems become the answer.
///
/// No code of the user runs before the future is polled, and the extraction's data is gone when the
/// function runs.
fn calling(item: &Item) -> Calling {
    let (krate, args) = (&item.krate, &item.args);
    let contract = item.subject.contract();
    let refusal = Ident::new(contract.refusal, Span::call_site());
    let name = &item.function.sig.ident;
    let local = Span::mixed_site().located_at(name.span());
    let state_local = Ident::new("__fw_state", local);
    let request = Ident::new("__fw_request", local);
    let problems = Ident::new("__fw_problems", local);
    let read: Vec<(Ident, TokenStream)> = args
        .iter()
        .enumerate()
        .filter_map(|(index, arg)| {
            let value = read(krate, contract, arg, &request)?;
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
    Calling {
        state: state_local,
        request,
        extract,
        answer,
    }
}

/// The expression that reads an argument; `None` for the state.
fn read(krate: &Krate, contract: &Contract, arg: &Arg, request: &Ident) -> Option<TokenStream> {
    let (_, end) = ends(&arg.ty);
    let (place, name, default) = match &arg.kind {
        ArgKind::State => return None,
        ArgKind::Path(name) => ("path", name, &None),
        ArgKind::Query(name, default) => ("query", name, default),
        ArgKind::Extractor => {
            let reader = if arg.plain {
                &contract.plain_argument
            } else {
                &contract.argument
            };
            let from = reader.from.map(|from| {
                let (krate, from) = (krate.at(end), Ident::new(from, end));
                quote_spanned!(end=> <#krate::__private::#from>)
            });
            let extractor = cast(krate, &arg.ty, reader.name, from);
            let method = Ident::new(reader.method, end);
            return Some(quote_spanned!(end=> #extractor::#method(#request)));
        }
    };
    let from_param = cast(krate, &arg.ty, "FromParam", quote!(<'_, _>));
    let place = Ident::new(place, end);
    let krate = krate.at(end);
    let default = default
        .as_ref()
        .map(|default| quote_spanned!(end=> .or(#default)));
    Some(quote_spanned! {end=>
        #from_param::from_param(#krate::__private::Param::#place(#request, #name) #default)
    })
}

/// `<T as Trait<…>>`, from the type's first token to its last: stable Rust cannot join two spans,
/// but rustc joins those between them, and so underlines the type.
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
