//! The macros of `fw`. They are documented where the framework re-exports them.
//!
//! `table` has a row for each attribute. Its item goes through the files in this order: `attr` and
//! `pattern` parse, `model` holds the result, `check` finds all mistakes (with `arguments` for
//! those of the signature, and `types` to examine types as written), `expand` creates the tokens
//! and cannot fail. `errors` collects, and `stub` is used if there are mistakes. `companion` is the
//! type that carries the item, and `routes` the list that finds it.

mod arguments;
mod attr;
mod check;
mod companion;
mod crates;
mod errors;
mod expand;
mod model;
mod pattern;
mod routes;
mod statuses;
mod stub;
mod table;
mod types;

use proc_macro::{Span, TokenStream};

use self::{check::Arguments, companion::Place, errors::Errors, table::Row};

/// A route of any methods.
#[proc_macro_attribute]
pub fn route(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand("route", attr, item)
}

/// A `GET` route.
#[proc_macro_attribute]
pub fn get(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand("get", attr, item)
}

/// A `PUT` route.
#[proc_macro_attribute]
pub fn put(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand("put", attr, item)
}

/// A `POST` route.
#[proc_macro_attribute]
pub fn post(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand("post", attr, item)
}

/// A `PATCH` route.
#[proc_macro_attribute]
pub fn patch(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand("patch", attr, item)
}

/// A `DELETE` route.
#[proc_macro_attribute]
pub fn delete(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand("delete", attr, item)
}

/// A `HEAD` route.
#[proc_macro_attribute]
pub fn head(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand("head", attr, item)
}

/// An `OPTIONS` route.
#[proc_macro_attribute]
pub fn options(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand("options", attr, item)
}

/// A Lambda authorizer.
#[proc_macro_attribute]
pub fn authorizer(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand("authorizer", attr, item)
}

/// A source: the messages of a queue.
#[proc_macro_attribute]
pub fn on_sqs(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand("on_sqs", attr, item)
}

/// A source: the notifications of a topic.
#[proc_macro_attribute]
pub fn on_sns(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand("on_sns", attr, item)
}

/// A source: the objects of a bucket.
#[proc_macro_attribute]
pub fn on_s3(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand("on_s3", attr, item)
}

/// A source: the events of a bus.
#[proc_macro_attribute]
pub fn on_event(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand("on_event", attr, item)
}

/// A source: a time.
#[proc_macro_attribute]
pub fn schedule(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand("schedule", attr, item)
}

/// A source: a direct call.
#[proc_macro_attribute]
pub fn function(attr: TokenStream, item: TokenStream) -> TokenStream {
    expand("function", attr, item)
}

/// A list of routes, after the framework's path: `$crate => handler, module::handler`.
#[proc_macro]
pub fn routes(input: TokenStream) -> TokenStream {
    routes::expand(input.into(), &routes::ROUTES).into()
}

/// A list of sources, after the framework's path.
#[proc_macro]
pub fn sources(input: TokenStream) -> TokenStream {
    routes::expand(input.into(), &routes::SOURCES).into()
}

fn expand(name: &str, attr: TokenStream, item: TokenStream) -> TokenStream {
    let Some(row) = table::row(name) else {
        // Each attribute above has its row; without one the item is as it was.
        return item;
    };
    let here = Span::call_site();
    let place = Place::new(&here.file(), here.line(), here.column());
    tokens(row, attr.into(), item.into(), place).into()
}

fn tokens(
    row: &'static Row,
    attr: proc_macro2::TokenStream,
    item: proc_macro2::TokenStream,
    place: Place,
) -> proc_macro2::TokenStream {
    let mut errors = Errors::new();
    let given = Arguments::read(attr, row, &mut errors);
    let Ok(function) = syn::parse2(item.clone()) else {
        return not_a_function(item, row, errors);
    };
    match check::check(function, row, given, place, errors) {
        Ok(item) => expand::expand(&item),
        Err(tokens) => tokens,
    }
}

/// The item unchanged, next to the errors: rustc knows better what it is.
fn not_a_function(
    item: proc_macro2::TokenStream,
    row: &Row,
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
        format!("`#[{}]` belongs on a function", row.name),
        format!("put it on the `async fn` that {}", row.does),
    );
    let mut tokens = errors.finish().err().unwrap_or_default();
    tokens.extend(item);
    tokens
}

#[cfg(test)]
mod golden;
