//! Golden expansions: `tests/golden/NAME.in.rs` expands to `tests/golden/NAME.rs`.
//!
//! `FW_UPDATE=1 cargo test -p fw-macros golden` writes them anew; read the difference before it is committed.

use std::{fs, path::Path};

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Item};

use crate::{
    companion::Place,
    routes,
    table::{Row, row},
};

fn place() -> Place {
    Place::new("", 1, 1)
}

fn tokens(row: &'static Row, attr: TokenStream, item: TokenStream) -> TokenStream {
    crate::tokens(row, attr, item, place())
}

fn row_of(attr: &Attribute) -> Option<&'static Row> {
    row(&attr.path().get_ident()?.to_string())
}

fn arguments(attr: &Attribute) -> TokenStream {
    match &attr.meta {
        syn::Meta::List(list) => list.tokens.clone(),
        _ => TokenStream::new(),
    }
}

/// Expands what rustc would expand, in its order: the first attribute of an item, and `routes!` after the framework's hand-over.
fn expand(source: &str) -> String {
    let file = syn::parse_file(source).unwrap();
    let mut expanded = TokenStream::new();
    for mut item in file.items {
        match &mut item {
            Item::Fn(function) => {
                let at = function
                    .attrs
                    .iter()
                    .position(|attr| row_of(attr).is_some());
                if let Some(at) = at {
                    let attr = function.attrs.remove(at);
                    let row = row_of(&attr).unwrap();
                    expanded.extend(tokens(row, arguments(&attr), item.into_token_stream()));
                    continue;
                }
            }
            Item::Macro(list) if list.mac.path.is_ident("sources") => {
                let list = &list.mac.tokens;
                let expression = routes::expand(quote!(::fw => #list), &routes::SOURCES);
                expanded.extend(quote!(fn sources() -> ::fw::source::Sources<Store> #expression));
                continue;
            }
            Item::Macro(list) if list.mac.path.is_ident("routes") => {
                let list = &list.mac.tokens;
                let expression = routes::expand(quote!(::fw => #list), &routes::ROUTES);
                expanded.extend(quote!(fn list() -> ::fw::Routes<Store> #expression));
                continue;
            }
            _ => {}
        }
        item.to_tokens(&mut expanded);
    }
    prettyplease::unparse(&syn::parse2(expanded).unwrap())
}

#[test]
fn expansions_are_as_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let update = std::env::var_os("FW_UPDATE").is_some();
    let mut inputs: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".in.rs"))
        .collect();
    inputs.sort();
    assert!(inputs.len() >= 6, "the inputs are gone: {inputs:?}");
    for input in inputs {
        let name = input.file_name().unwrap().to_string_lossy().into_owned();
        let golden = folder.join(name.replace(".in.rs", ".rs"));
        let expanded = expand(&fs::read_to_string(&input).unwrap());
        if update {
            fs::write(&golden, &expanded).unwrap();
        }
        let recorded = fs::read_to_string(&golden).unwrap_or_default();
        assert!(
            expanded == recorded,
            "the expansion of {name} has changed; see the difference with `FW_UPDATE=1 cargo test -p fw-macros golden` \
             and `git diff`. It is now:\n{expanded}"
        );
    }
}

#[test]
fn a_renamed_framework_is_named_by_its_new_name_alone() {
    let source = "#[get(\"/a/<key>?<q>\", crate = ::web)] \
        async fn object(state: &Store, key: &str, q: Option<u8>, body: Json<u8>) -> Result<()> {}";
    let expanded = expand(source);
    assert!(expanded.contains("::web::__private"));
    assert!(!expanded.contains("fw::"), "{expanded}");
    let expanded = expand(&source.replace("/a/<key>", "/a/{key}"));
    assert!(expanded.contains("compile_error"));
    assert!(!expanded.contains("fw::"), "{expanded}");
    let list = routes::expand(quote!(::web => a, b::c), &routes::ROUTES).to_string();
    assert!(list.contains(":: web"));
    assert!(!list.contains(":: fw"), "{list}");
}

/// An editor runs the macros on half-typed code: any tokens must expand, to errors or to items.
#[test]
fn no_half_typed_code_makes_a_macro_panic() {
    let attr = r#""/a/<b>?<c>&<d>", methods = [GET, "PUT"], crate = ::web, jwt = "m", scopes = ["a b", c], iam, authorizer = a::b()"#;
    let asks = r#"identity = ["header:a", "query:", x, "$request.header.b"], ttl = 30, token, crate = ::web, ttl = 9999, "x""#;
    let item = "/// Doc.\n#[get(\"/x\")] pub async fn f<'a, T>(&self, b: &'a str, Json(c): \
        Option<Json<u8>>, s: &mut S, t: &'static [u8], ...) -> Result<impl X, E> where T: X { body }";
    let list = "$crate => a, m::b::<u8>, #[cfg(x)] self::c, d(), \"e\"; f";
    let cut = |text: &str, run: &dyn Fn(TokenStream)| {
        for start in 0..text.len() {
            for end in [start + 1, start + 5, text.len()] {
                if let (Some(before), Some(after)) = (text.get(..start), text.get(end..))
                    && let Ok(tokens) = format!("{before}{after}").parse()
                {
                    run(tokens);
                }
            }
        }
    };
    let rows = [
        (attr, row("route").unwrap()),
        (asks, row("authorizer").unwrap()),
        (r#""orders", crate = ::web"#, row("on_sqs").unwrap()),
        (
            r#""uploads", created, removed, prefix = "in/", suffix = x"#,
            row("on_s3").unwrap(),
        ),
        (
            r#"source = "a\"b", detail_type = "c", bus = "d", pattern = "{\"a\": [1]}""#,
            row("on_event").unwrap(),
        ),
        (
            r#""cron(0 9 ? * MON *)", timezone = "Europe/Berlin""#,
            row("schedule").unwrap(),
        ),
    ];
    for (arguments, row) in rows {
        cut(arguments, &|arguments| {
            assert!(!tokens(row, arguments, item.parse().unwrap()).is_empty());
        });
        cut(item, &|item| {
            assert!(!tokens(row, arguments.parse().unwrap(), item).is_empty());
        });
    }
    cut(&list.replace('$', ""), &|list| {
        assert!(!routes::expand(list.clone(), &routes::SOURCES).is_empty());
        assert!(!routes::expand(list, &routes::ROUTES).is_empty());
    });
}
