//! `routes![…]`: a list of routes, and the check that no two of them answer the same.
//!
//! The framework's `routes!` hands on its own `$crate` before the list, so the list needs no name for the framework.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{
    Attribute, Path, Token,
    parse::{Parse, ParseStream},
    spanned::Spanned,
};

use crate::errors::Errors;

struct List {
    krate: Path,
    elements: Vec<Element>,
    errors: Errors,
}

struct Element {
    cfgs: Vec<Attribute>,
    path: Path,
}

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let list = match syn::parse2::<List>(input) {
        Ok(list) => list,
        Err(error) => return error.into_compile_error(),
    };
    let List {
        krate,
        elements,
        errors,
    } = list;
    let errors = errors.finish().err();
    let (mut infos, mut checks, mut additions) = (Vec::new(), Vec::new(), Vec::new());
    let (mut imports, mut stand_ins) = (Vec::new(), Vec::new());
    for (index, Element { cfgs, path }) in elements.iter().enumerate() {
        let name: String = path.to_token_stream().to_string().split(' ').collect();
        let span = path
            .segments
            .last()
            .map_or_else(|| path.span(), |last| last.ident.span());
        // A name that is a function's and no route's is known as a value alone. Imported, it has both namespaces: the type that is not
        // there comes from the glob, and is told in our words, where rustc would say no more than `not a type`.
        let route = format_ident!("__fw_{index}", span = span);
        imports.push(quote!(#(#cfgs)* #[allow(unused_imports, deprecated)] use #path as #route;));
        stand_ins.push(
            quote!(#[allow(unused_imports)] pub(super) use #krate::__private::NotARoute as #route;),
        );
        infos.push(quote! {
            #(#cfgs)* (
                #index,
                #name,
                <#route as __fw::RouteDecl>::SHAPE,
                <#route as __fw::RouteDecl>::INFO,
            )
        });
        // One assertion for each name, standing on it: so the second of two is the one underlined.
        // It names the function as well: where there is nothing of that name, this is known already, and the assertion is left out.
        checks.push(quote_spanned! {span=>
            #(#cfgs)*
            #[allow(deprecated)]
            const _: () = {
                let _ = &#route;
                __fw::assert_distinct(__FW_ROUTES, #index)
            };
        });
        additions.push(quote!(#(#cfgs)* __fw_list.add::<#route>();));
    }
    let stand_ins = (!stand_ins.is_empty()).then(|| {
        quote! {
            mod __fw_stand_ins {
                #(#stand_ins)*
            }
            #[allow(unused_imports)]
            use __fw_stand_ins::*;
        }
    });
    quote! {
        {
            #errors
            use #krate::__private as __fw;
            #stand_ins
            #(#imports)*
            const __FW_ROUTES: &[(usize, &str, u64, __fw::RouteInfo)] = &[#(#infos),*];
            #(#checks)*
            __fw::Routes::collect(|__fw_list| { #(#additions)* })
        }
    }
}

impl Parse for List {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let krate = input.call(Path::parse_mod_style)?;
        input.parse::<Token![=>]>()?;
        let mut list = Self {
            krate,
            elements: Vec::new(),
            errors: Errors::new(),
        };
        while !input.is_empty() {
            if let Err(error) = list.element(input) {
                list.errors.push_syntax(error);
                // What follows a syntax error would be told in terms of a list that nobody wrote.
                input.parse::<TokenStream>()?;
            }
        }
        Ok(list)
    }
}

impl List {
    fn element(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let mut cfgs = input.call(Attribute::parse_outer)?;
        cfgs.retain(|attr| {
            let cfg = attr.path().is_ident("cfg");
            if !cfg {
                self.errors.push(
                    attr,
                    "only `#[cfg(…)]` can stand on a route in a list",
                    "put other attributes on the handler itself",
                );
            }
            cfg
        });
        if !(input.peek(syn::Ident)
            || input.peek(Token![::])
            || input.peek(Token![crate])
            || input.peek(Token![self])
            || input.peek(Token![super]))
        {
            let rest: TokenStream = input.parse()?;
            self.errors.push(
                first(&rest),
                "a route is named by its handler's path",
                "write `routes![handler, module::handler]`",
            );
            return Ok(());
        }
        let path = input.call(Path::parse_mod_style)?;
        if input.peek(syn::token::Paren) {
            let call: proc_macro2::TokenTree = input.parse()?;
            self.errors.push(
                call,
                "a route in a list is the handler's name, and not a call of it",
                format!(
                    "write `{}`",
                    path.to_token_stream().to_string().replace(' ', "")
                ),
            );
        } else {
            self.elements.push(Element { cfgs, path });
        }
        if input.is_empty() || input.peek(Token![,]) {
            input.parse::<Option<Token![,]>>()?;
            return Ok(());
        }
        let rest: TokenStream = input.parse()?;
        self.errors.push(
            first(&rest),
            "routes in a list stand apart by commas",
            "write `routes![handler, module::handler]`",
        );
        Ok(())
    }
}

fn first(tokens: &TokenStream) -> Option<proc_macro2::TokenTree> {
    tokens.clone().into_iter().next()
}
