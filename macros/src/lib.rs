//! The route macros of `fw`. They are documented where the framework re-exports them.
//!
//! A route goes through the files in this order: `attr` and `pattern` parse, `model` holds, `check` finds all mistakes (with
//! `arguments` for those of the signature, and `types` to look at what is written), `expand` makes the tokens and cannot fail.
//! `errors` collects, `stub` stands in where there are mistakes. `routes` is the list.

mod arguments;
mod attr;
mod check;
mod errors;
mod expand;
mod model;
mod pattern;
mod routes;
mod stub;
mod types;

use proc_macro::TokenStream;

use self::{attr::Form, errors::Errors};

/// A route of any methods.
#[proc_macro_attribute]
pub fn route(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand(attr, item, "route", None)
}

/// A `GET` route.
#[proc_macro_attribute]
pub fn get(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand(attr, item, "get", Some("GET"))
}

/// A `PUT` route.
#[proc_macro_attribute]
pub fn put(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand(attr, item, "put", Some("PUT"))
}

/// A `POST` route.
#[proc_macro_attribute]
pub fn post(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand(attr, item, "post", Some("POST"))
}

/// A `PATCH` route.
#[proc_macro_attribute]
pub fn patch(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand(attr, item, "patch", Some("PATCH"))
}

/// A `DELETE` route.
#[proc_macro_attribute]
pub fn delete(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand(attr, item, "delete", Some("DELETE"))
}

/// A `HEAD` route.
#[proc_macro_attribute]
pub fn head(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand(attr, item, "head", Some("HEAD"))
}

/// An `OPTIONS` route.
#[proc_macro_attribute]
pub fn options(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand(attr, item, "options", Some("OPTIONS"))
}

/// A Lambda authorizer.
#[proc_macro_attribute]
pub fn authorizer(attr: TokenStream, item: TokenStream) -> TokenStream {
    authorizer_tokens(attr.into(), item.into()).into()
}

/// A list of routes, after the framework's path: `$crate => handler, module::handler`.
#[proc_macro]
pub fn routes(input: TokenStream) -> TokenStream {
    routes::expand(input.into()).into()
}

fn expand(
    attr: TokenStream,
    item: TokenStream,
    name: &'static str,
    method: Option<&'static str>,
) -> TokenStream {
    route_tokens(attr.into(), item.into(), Form { name, method }).into()
}

fn route_tokens(
    attr: proc_macro2::TokenStream,
    item: proc_macro2::TokenStream,
    form: Form,
) -> proc_macro2::TokenStream {
    let mut errors = Errors::new();
    let args = attr::parse(attr, form, &mut errors);
    let Ok(function) = syn::parse2(item.clone()) else {
        return not_a_function(item, form.name, "answers the request", errors);
    };
    match check::check(function, args, errors) {
        Ok(handler) => expand::expand(&handler),
        Err(tokens) => tokens,
    }
}

fn authorizer_tokens(
    attr: proc_macro2::TokenStream,
    item: proc_macro2::TokenStream,
) -> proc_macro2::TokenStream {
    let mut errors = Errors::new();
    let args = attr::authorizer::parse(attr, &mut errors);
    let Ok(function) = syn::parse2(item.clone()) else {
        return not_a_function(item, "authorizer", "decides", errors);
    };
    match check::check_authorizer(function, args, errors) {
        Ok(authorizer) => expand::authorizer::expand(&authorizer),
        Err(tokens) => tokens,
    }
}

/// The item as it was, beside the errors: what it is, rustc knows better.
fn not_a_function(
    item: proc_macro2::TokenStream,
    attribute: &str,
    does: &str,
    mut errors: Errors,
) -> proc_macro2::TokenStream {
    use quote::ToTokens;
    let at = match syn::parse2::<syn::Item>(item.clone()) {
        Ok(syn::Item::Struct(item)) => item.struct_token.to_token_stream(),
        Ok(syn::Item::Enum(item)) => item.enum_token.to_token_stream(),
        Ok(syn::Item::Impl(item)) => item.impl_token.to_token_stream(),
        Ok(syn::Item::Mod(item)) => item.mod_token.to_token_stream(),
        Ok(syn::Item::Trait(item)) => item.trait_token.to_token_stream(),
        _ => item.clone(),
    };
    errors.push(
        at,
        format!("`#[{attribute}]` belongs on a function"),
        format!("put it on the `async fn` that {does}"),
    );
    let mut tokens = errors.finish().err().unwrap_or_default();
    tokens.extend(item);
    tokens
}

#[cfg(test)]
mod golden;
