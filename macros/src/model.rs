//! The model: a function as written, and an item that has passed all checks.

use proc_macro2::TokenStream;
use syn::{
    Attribute, Signature, Token, Visibility,
    parse::{Parse, ParseStream},
};

use crate::{
    attr::{Guard, Krate},
    companion::Place,
    pattern::Pattern,
    table::Subject,
};

/// A function as written. Its body stays tokens: one that does not parse yet must not switch the macro off.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    /// The body in braces, or the `;` of a function without one.
    pub(crate) body: TokenStream,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self {
            attrs: input.call(Attribute::parse_outer)?,
            vis: input.parse()?,
            sig: input.parse()?,
            body: input.parse()?,
        })
    }
}

impl Function {
    pub(crate) fn has_body(&self) -> bool {
        let input = self.body.clone();
        syn::parse::Parser::parse2(|input: ParseStream<'_>| input.parse::<Token![;]>(), input)
            .is_err()
    }
}

/// A function without a mistake that a macro can see. Only `check` creates one; `expand` cannot
/// fail on it.
pub(crate) struct Item {
    pub(crate) subject: Subject,
    pub(crate) krate: Krate,
    pub(crate) place: Place,
    pub(crate) function: Function,
    /// The function's `#[cfg]`s, which go on everything generated.
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) args: Vec<Arg>,
    /// The type that it returns; `None` where it cannot be named outside its signature (`impl Trait`, `!`).
    pub(crate) output: Option<Output>,
    pub(crate) docs: Docs,
    pub(crate) payload: Payload,
}

/// The parts that only one subject has.
pub(crate) enum Payload {
    Route(Route),
    Authorizer(Authorizer),
    Source(Source),
}

pub(crate) struct Route {
    pub(crate) pattern: Pattern,
    pub(crate) methods: Vec<&'static str>,
    pub(crate) guard: Option<Guard>,
    pub(crate) api_key: bool,
    pub(crate) stream: bool,
    pub(crate) no_cors: bool,
    /// True if an argument is `Claims<T>`.
    pub(crate) claims: bool,
    pub(crate) body: Option<Body>,
    /// The type of a query that is read as a whole.
    pub(crate) query: Option<TokenStream>,
}

pub(crate) struct Authorizer {
    /// In the gateway's words.
    pub(crate) identity: Vec<String>,
    pub(crate) ttl: u32,
    pub(crate) token: bool,
}

/// What invokes a function.
pub(crate) enum Source {
    Queue(String),
    Topic(String),
    Bucket {
        bucket: String,
        /// In S3's words.
        events: Vec<&'static str>,
        prefix: String,
        suffix: String,
    },
    Bus {
        bus: Option<String>,
        /// An object in JSON.
        pattern: String,
    },
    Schedule {
        expression: String,
        timezone: Option<String>,
    },
    Function,
}

/// One argument of a function.
pub(crate) struct Arg {
    pub(crate) kind: ArgKind,
    /// Its type, the function's own lifetimes elided; for the state, the referenced type.
    pub(crate) ty: TokenStream,
    /// See [`is_plain`](crate::types::is_plain).
    pub(crate) plain: bool,
}

/// The body that a handler reads.
pub(crate) struct Body {
    /// True if it is JSON, false if it is a form.
    pub(crate) json: bool,
    /// True if a request without it is refused.
    pub(crate) required: bool,
    /// Its type.
    pub(crate) ty: TokenStream,
    /// Whether the gateway is to validate it.
    pub(crate) validated: bool,
}

/// What a function returns.
pub(crate) struct Output {
    /// The type, the function's own lifetimes elided.
    pub(crate) ty: TokenStream,
    /// See [`is_plain`](crate::types::is_plain).
    pub(crate) plain: bool,
}

pub(crate) enum ArgKind {
    /// A parameter in the path, of that name.
    Path(String),
    /// A parameter in the query, of that name, and its value where a request has none.
    Query(String, Option<String>),
    State,
    Extractor,
}

/// The type of the app's state, where an argument is that.
pub(crate) fn state(args: &[Arg]) -> Option<&TokenStream> {
    args.iter()
        .find(|arg| matches!(arg.kind, ArgKind::State))
        .map(|arg| &arg.ty)
}

/// The parameter's argument; the checks ensure that there is one.
pub(crate) fn parameter<'a>(args: &'a [Arg], name: &str) -> Option<&'a Arg> {
    args.iter().find(|arg| match &arg.kind {
        ArgKind::Path(known) | ArgKind::Query(known, _) => known == name,
        ArgKind::State | ArgKind::Extractor => false,
    })
}

/// A doc comment, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Docs {
    /// The first paragraph, on one line.
    pub(crate) summary: String,
    /// The rest, as written.
    pub(crate) description: String,
}

impl Docs {
    pub(crate) fn read(attrs: &[Attribute]) -> Self {
        let mut lines: Vec<String> = Vec::new();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("doc")) {
            // A value that is not a literal, such as `include_str!(…)`, is not known here;
            // `#[doc(hidden)]` is not text.
            if let syn::Meta::NameValue(meta) = &attr.meta
                && let syn::Expr::Lit(syn::ExprLit {
                    lit: syn::Lit::Str(text),
                    ..
                }) = &meta.value
            {
                lines.extend(unstarred(&text.value()));
            }
        }
        let lines: Vec<&str> = lines
            .iter()
            .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end())
            .skip_while(|line| line.is_empty())
            .collect();
        let end = lines
            .iter()
            .position(|line| line.is_empty())
            .unwrap_or(lines.len());
        let (summary, description) = lines.split_at(end);
        let summary: Vec<&str> = summary.iter().map(|line| line.trim()).collect();
        Self {
            summary: summary.join(" "),
            description: description.join("\n").trim_matches('\n').to_owned(),
        }
    }
}

/// The lines of one doc attribute; `/** … */` is one attribute with many lines, each with its star.
fn unstarred(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.split('\n').collect();
    let star = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('*');
    let starred = lines.len() > 1 && lines.iter().skip(1).all(|line| star(line));
    lines
        .into_iter()
        .map(|line| {
            let text = line.trim_start();
            match text.strip_prefix('*') {
                Some(text) if starred => text.to_owned(),
                _ => line.to_owned(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn docs_are_split_after_the_first_paragraph() {
        let function: Function = parse_quote! {
            /// Fetch one
            /// object.
            ///
            /// Its key is a path.
            ///
            ///     indented
            #[doc(hidden)]
            #[doc = include_str!("x.md")]
            async fn object() {}
        };
        assert_eq!(
            Docs::read(&function.attrs),
            Docs {
                summary: "Fetch one object.".into(),
                description: "Its key is a path.\n\n    indented".into(),
            }
        );
        let function: Function = parse_quote! {
            #[doc = "\n * Fetch one object.\n *\n * More."]
            async fn object() {}
        };
        assert_eq!(Docs::read(&function.attrs).summary, "Fetch one object.");
        assert_eq!(Docs::read(&function.attrs).description, "More.");
        let function: Function = parse_quote! {
            /// A list:
            /// * one
            async fn object() {}
        };
        assert_eq!(Docs::read(&function.attrs).summary, "A list: * one");
        assert_eq!(Docs::read(&[]), Docs::default());
    }
}
