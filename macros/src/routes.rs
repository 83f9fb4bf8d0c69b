//! `routes![…]` and `sources![…]`: lists of functions by their names, and the check that no two of them answer the same.
//!
//! The framework's macros hand on their own `$crate` before the list, so the list needs no name for the framework.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{
    Attribute, Path, Token,
    parse::{ParseStream, Parser as _},
};

use crate::{companion::item_name, errors::Errors};

/// The differences between the lists.
pub(crate) struct Kind {
    /// The macro's name, and the name of its elements.
    name: &'static str,
    noun: &'static str,
    /// The framework's names: the trait of what is known of an element, the type of that, and the constant of all.
    decl: &'static str,
    info: &'static str,
    known: &'static str,
    /// True if a hash is among the known ones.
    shape: bool,
    /// The item for a function that has none.
    stand_in: &'static str,
    /// The failing assertion if two are the same.
    assert: &'static str,
    /// The type of the list.
    list: &'static str,
}

pub(crate) const ROUTES: Kind = Kind {
    name: "routes",
    noun: "route",
    decl: "RouteDecl",
    info: "RouteInfo",
    known: "__FW_ROUTES",
    shape: true,
    stand_in: "NotARoute",
    assert: "assert_distinct",
    list: "Routes",
};

pub(crate) const SOURCES: Kind = Kind {
    name: "sources",
    noun: "source",
    decl: "SourceDecl",
    info: "SourceInfo",
    known: "__FW_SOURCES",
    shape: false,
    stand_in: "NotASource",
    assert: "assert_distinct_sources",
    list: "Sources",
};

struct List {
    krate: Path,
    elements: Vec<Element>,
    errors: Errors,
}

struct Element {
    cfgs: Vec<Attribute>,
    path: Path,
}

pub(crate) fn expand(input: TokenStream, kind: &'static Kind) -> TokenStream {
    let parse = |input: ParseStream<'_>| List::parse(input, kind);
    let list = match parse.parse2(input) {
        Ok(list) => list,
        Err(error) => return error.into_compile_error(),
    };
    let List {
        krate,
        elements,
        errors,
    } = list;
    let errors = errors.finish().err();
    let [decl, info, known_all, stand_in, assert, list] = [
        kind.decl,
        kind.info,
        kind.known,
        kind.stand_in,
        kind.assert,
        kind.list,
    ]
    .map(|word| Ident::new(word, Span::call_site()));
    let shape_type = kind.shape.then(|| quote!(u64,));
    let mut names: Vec<String> = Vec::new();
    let (mut infos, mut checks, mut additions) = (Vec::new(), Vec::new(), Vec::new());
    let (mut imports, mut stand_ins) = (Vec::new(), Vec::new());
    for (index, Element { cfgs, path }) in elements.iter().enumerate() {
        let Some(last) = path.segments.last() else {
            continue;
        };
        let text: String = path.to_token_stream().to_string().split(' ').collect();
        let found = find(index, path, &last.ident);
        let (import, item) = (&found.import, &found.item);
        imports.push(quote!(#(#cfgs)* #[allow(unused_imports, deprecated)] #import));
        // A function without a route exists only as a value. The missing type comes from this glob,
        // and is reported in our words, where rustc would only say `not a type`.
        let name = item.to_string();
        if !names.contains(&name) {
            names.push(name);
            stand_ins.push(
                quote!(#[allow(unused_imports)] pub(super) use #krate::__private::#stand_in as #item;),
            );
        }
        let shape = kind.shape.then(|| quote!(<#item as __fw::#decl>::SHAPE,));
        let known = found.look_up(&quote! {
            (
                #index,
                #text,
                #shape
                <#item as __fw::#decl>::INFO,
            )
        });
        infos.push(quote!(#(#cfgs)* #known));
        // One assertion for each name, with its span, so that the second of two is underlined. It
        // also names the function: if there is nothing with this name, this is already reported,
        // and the assertion is left out.
        let function = &found.function;
        let check = quote_spanned! {last.ident.span()=> {
            let _ = &#function;
            __fw::#assert(#known_all, #index)
        }};
        checks.push(quote!(#(#cfgs)* #[allow(deprecated)] const _: () = #check;));
        let addition = found.look_up(&quote!(__fw_list.add::<#item>();));
        additions.push(quote!(#(#cfgs)* #addition));
    }
    let stand_ins = (!stand_ins.is_empty()).then(|| quote!(mod __fw_stand_ins { #(#stand_ins)* }));
    quote! {
        {
            #errors
            use #krate::__private as __fw;
            #stand_ins
            #(#imports)*
            const #known_all: &[(usize, &str, #shape_type __fw::#info)] = &[#(#infos),*];
            #(#checks)*
            __fw::#list::collect(|__fw_list| { #(#additions)* })
        }
    }
}

/// How an element's type is found; see [`companion`](crate::companion).
struct Found {
    /// Brings the function, and the module that it is in.
    import: TokenStream,
    /// The function, with a generated name.
    function: Ident,
    /// The type.
    item: Ident,
    /// Brings what is in the function's module.
    neighbours: TokenStream,
}

fn find(index: usize, path: &Path, name: &Ident) -> Found {
    let span = name.span();
    let function = format_ident!("__fw_{index}", span = span);
    let parent = format_ident!("__fw_in_{index}", span = span);
    let mut before = path.segments.clone();
    before.pop();
    before.pop_punct();
    let root = path.leading_colon;
    let keyword = |ident: &Ident| ident == "self" || ident == "super" || ident == "crate";
    // A module that has only such names cannot be renamed, and need not be: it has the same name
    // everywhere.
    let (import, neighbours) = if before.iter().all(|segment| keyword(&segment.ident)) {
        let neighbours = match before.is_empty() {
            true => quote!(self::*),
            false => quote!(#before::*),
        };
        (quote!(use #path as #function;), neighbours)
    } else {
        // rustc reports a missing module at its name.
        let there = before
            .first()
            .map_or(span, |segment| segment.ident.span().resolved_at(span));
        let names = quote_spanned!(there=> { self as #parent, #name as #function });
        (quote!(use #root #before::#names;), quote!(#parent::*))
    };
    Found {
        import,
        function,
        item: item_name(name),
        neighbours,
    }
}

impl Found {
    /// The code in a scope where the type is known: from the function's module, or else by the function's own name.
    fn look_up(&self, code: &TokenStream) -> TokenStream {
        let Self {
            function,
            item,
            neighbours,
            ..
        } = self;
        quote! {
            {
                #[allow(unused_imports)]
                use __fw_stand_ins::*;
                #[allow(unused_imports, deprecated)]
                use #function as #item;
                {
                    #[allow(unused_imports)]
                    use #neighbours;
                    #code
                }
            }
        }
    }
}

impl List {
    fn parse(input: ParseStream<'_>, kind: &Kind) -> syn::Result<Self> {
        let krate = input.call(Path::parse_mod_style)?;
        input.parse::<Token![=>]>()?;
        let mut list = Self {
            krate,
            elements: Vec::new(),
            errors: Errors::new(),
        };
        while !input.is_empty() {
            if let Err(error) = list.element(input, kind) {
                list.errors.push_syntax(error);
                // Errors after a syntax error would be about a list that nobody wrote.
                input.parse::<TokenStream>()?;
            }
        }
        Ok(list)
    }

    fn element(&mut self, input: ParseStream<'_>, kind: &Kind) -> syn::Result<()> {
        let Kind { name, noun, .. } = kind;
        let example = format!("write `{name}![handler, module::handler]`");
        let mut cfgs = input.call(Attribute::parse_outer)?;
        cfgs.retain(|attr| {
            let cfg = attr.path().is_ident("cfg");
            if !cfg {
                self.errors.push(
                    attr,
                    format!("only `#[cfg(…)]` is possible on a {noun} in a list"),
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
                format!("write a {noun} as the path of its handler"),
                &example,
            );
            return Ok(());
        }
        let path = input.call(Path::parse_mod_style)?;
        if input.peek(syn::token::Paren) {
            let call: proc_macro2::TokenTree = input.parse()?;
            self.errors.push(
                call,
                format!("a {noun} in a list is the handler's name, not a call"),
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
            format!("separate {name} in a list with commas"),
            &example,
        );
        Ok(())
    }
}

fn first(tokens: &TokenStream) -> Option<proc_macro2::TokenTree> {
    tokens.clone().into_iter().next()
}
