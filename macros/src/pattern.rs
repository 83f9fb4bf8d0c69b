//! The grammar of a route's path: text in, segments and query names out, or every flaw with its
//! place and its correction.
//!
//! ```text
//! path    = "/" [ segment *( "/" segment ) ] [ "?" query ]
//! segment = literal | "<" name ">" | "<" name "..>"      ; the last form only as the last segment
//! literal = 1*( letter | digit | "-" | "." | "_" )       ; but not "." and not ".."
//! query   = part *( "&" part )
//! part    = "<" name [ "=" default ] ">"
//! name    = an ASCII Rust identifier, each name once
//! ```
//!
//! A literal has only characters that every kind of gateway accepts in a path part. A REST API
//! refuses others when the resource is created ("path part only allow a-zA-Z0-9._-"). Which others
//! an HTTP API accepts is unverified, so none is accepted here that would fail only during a
//! deploy. The gateways also require that a parameter is the whole segment.

use std::{fmt, ops::Range};

/// A parsed path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    pub(crate) segments: Vec<Segment>,
    /// The names in the query.
    pub(crate) query: Vec<String>,
    /// The values of those that have one where a request has none, as in a query.
    pub(crate) defaults: Vec<(String, String)>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    Literal(String),
    Param(String),
    Rest(String),
}

impl Pattern {
    /// The path in the gateway's form: `/objects/{key}`, `/files/{path+}`.
    pub(crate) fn gateway_path(&self) -> String {
        if self.segments.is_empty() {
            return "/".to_owned();
        }
        self.segments
            .iter()
            .map(|segment| match segment {
                Segment::Literal(text) => format!("/{text}"),
                Segment::Param(name) => format!("/{{{name}}}"),
                Segment::Rest(name) => format!("/{{{name}+}}"),
            })
            .collect()
    }

    /// The names of the path's parameters, in order.
    pub(crate) fn path_names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Literal(_) => None,
            Segment::Param(name) | Segment::Rest(name) => Some(name.as_str()),
        })
    }
}

/// One mistake in a path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub(crate) kind: FlawKind,
    /// The bytes of the path that are wrong.
    pub(crate) range: Range<usize>,
    /// The replacement, if it is known.
    pub(crate) mend: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FlawKind {
    NoSlash,
    Url,
    EmptySegment,
    TrailingSlash,
    DotSegment,
    Character(char),
    PercentEncoding,
    Braces,
    Colon,
    Star,
    PartialSegment,
    Unclosed,
    Unopened,
    NoName,
    NotAName(String),
    TypedName,
    RestSpelling,
    OptionalName,
    DefaultValue,
    RawName,
    RestNotLast,
    RestInQuery,
    Duplicate(String),
    EmptyQuery,
    EmptyQueryPart,
    QueryValue,
    QueryName,
    SecondQuery,
}

impl fmt::Display for FlawKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSlash => "a path starts with `/`",
            Self::Url => "a route has a path, not a whole URL",
            Self::EmptySegment => "the path has an empty segment",
            Self::TrailingSlash => "a path cannot end with `/`: the gateway does not support it",
            Self::DotSegment => "`.` and `..` cannot be segments: clients resolve them before they send a path",
            Self::Character(char) => {
                return write!(
                    f,
                    "a literal segment cannot contain `{}`",
                    char.escape_debug()
                );
            }
            Self::PercentEncoding => "a literal segment cannot be percent-encoded",
            Self::Braces => "a parameter is written in angle brackets, not in braces",
            Self::Colon => "a parameter is written in angle brackets, not with a colon",
            Self::Star => "the rest of a path is written `<name..>`, not with a star",
            Self::PartialSegment => "a parameter must be the whole segment",
            Self::Unclosed => "a parameter's `<` has no `>`",
            Self::Unopened => "a parameter's `>` has no `<`",
            Self::NoName => "a parameter needs a name",
            Self::NotAName(name) => {
                return write!(
                    f,
                    "`{}` cannot be an argument's name",
                    name.escape_debug()
                );
            }
            Self::TypedName => "a parameter's type is the type of its argument and is not written in the path",
            Self::RestSpelling => "the rest of a path is written `<name..>`",
            Self::OptionalName => "a parameter's brackets contain only its name; in a query, the type `Option<T>` means that it may be missing",
            Self::DefaultValue => "a parameter of the path is always there, so it has no default; one of the query may have one: `?<page=1>`",
            Self::RawName => "a parameter's name is written without `r#`; the argument has it",
            Self::RestNotLast => "`<name..>` takes the rest of the path, so it must come last",
            Self::RestInQuery => "`<name..>` takes the rest of a path; a repeated query parameter is an argument of the type `Vec<T>`",
            Self::Duplicate(name) => return write!(f, "two parameters are named `{name}`"),
            Self::EmptyQuery => "the query is empty",
            Self::EmptyQueryPart => "the query has an empty part",
            Self::QueryValue => "a query parameter is only a name",
            Self::QueryName => "a query parameter is written in angle brackets",
            Self::SecondQuery => "the query has a second `?`",
        })
    }
}

impl Flaw {
    fn new(kind: FlawKind, range: Range<usize>, mend: impl Into<Option<String>>) -> Self {
        Self {
            kind,
            range,
            mend: mend.into(),
        }
    }

    /// The path with this flaw corrected.
    pub(crate) fn mended(&self, path: &str) -> Option<String> {
        let mend = self.mend.as_deref()?;
        let (before, after) = (path.get(..self.range.start)?, path.get(self.range.end..)?);
        Some(format!("{before}{mend}{after}"))
    }

    /// The problem, with the place marked under the path: on stable Rust a caret cannot point into
    /// a literal.
    pub(crate) fn what(&self, path: &str) -> String {
        let width = |text: &str| text.escape_debug().count();
        let before = path.get(..self.range.start).map_or(0, width);
        let marked = path.get(self.range.clone()).map_or(1, width).max(1);
        format!(
            "{kind}\n\n  \"{path}\"\n{space:before$}{caret}",
            kind = self.kind,
            path = path.escape_debug(),
            space = "",
            before = before + 3,
            caret = "^".repeat(marked),
        )
    }

    /// The correction.
    pub(crate) fn help(&self, path: &str) -> String {
        match (self.mended(path), &self.kind) {
            (Some(path), _) => format!("write \"{}\"", path.escape_debug()),
            (None, FlawKind::DotSegment) => "remove the segment".to_owned(),
            (None, FlawKind::Character('#')) => {
                "remove the fragment: clients never send it".to_owned()
            }
            (None, _) => {
                "use letters, digits, `-`, `.` and `_`, or a parameter, `<name>`, and compare it in the handler"
                    .to_owned()
            }
        }
    }
}

/// Parses a path, or reports all its flaws, one for each mistake.
pub(crate) fn parse(path: &str) -> Result<Pattern, Vec<Flaw>> {
    let mut parser = Parser {
        flaws: Vec::new(),
        names: Vec::new(),
    };
    let pattern = parser.pattern(path);
    if parser.flaws.is_empty() {
        Ok(pattern)
    } else {
        Err(parser.flaws)
    }
}

struct Parser {
    flaws: Vec<Flaw>,
    names: Vec<String>,
}

impl Parser {
    fn flaw(&mut self, kind: FlawKind, range: Range<usize>, mend: impl Into<Option<String>>) {
        self.flaws.push(Flaw::new(kind, range, mend));
    }

    fn pattern(&mut self, path: &str) -> Pattern {
        let mut pattern = Pattern {
            segments: Vec::new(),
            query: Vec::new(),
            defaults: Vec::new(),
        };
        if let Some((_, rest)) = path.split_once("://") {
            let local = rest.find('/').map_or("/", |slash| &rest[slash..]);
            let end = path.len() - if local == "/" { 0 } else { local.len() };
            let mend = if local == "/" { "/" } else { "" };
            self.flaw(FlawKind::Url, 0..end, mend.to_owned());
            return pattern;
        }
        let (before_query, query) = split_query(path);
        let body = if let Some(body) = before_query.strip_prefix('/') {
            body
        } else {
            self.flaw(FlawKind::NoSlash, 0..0, "/".to_owned());
            before_query
        };
        self.segments(body, before_query.len() - body.len(), &mut pattern.segments);
        if let Some(query) = query {
            self.query(query, before_query.len() + 1, &mut pattern);
        }
        pattern
    }

    fn segments(&mut self, body: &str, offset: usize, segments: &mut Vec<Segment>) {
        if body.is_empty() {
            return;
        }
        let parts: Vec<&str> = body.split('/').collect();
        let mut at = offset;
        let mut i = 0;
        while let Some(part) = parts.get(i) {
            if part.is_empty() {
                // A run of slashes is one mistake.
                let run = parts[i..].iter().take_while(|part| part.is_empty()).count();
                if i + run == parts.len() {
                    let start = at.saturating_sub(1).max(1);
                    self.flaw(
                        FlawKind::TrailingSlash,
                        start..offset + body.len(),
                        String::new(),
                    );
                } else {
                    self.flaw(FlawKind::EmptySegment, at..at + run, String::new());
                }
                at += run;
                i += run;
                continue;
            }
            // An empty rest after a run of slashes is not a segment: `<rest..>/` has a superfluous
            // slash.
            let last = parts[i + 1..].iter().all(|part| part.is_empty());
            segments.extend(self.segment(part, at, last));
            at += part.len() + 1;
            i += 1;
        }
    }

    fn segment(&mut self, text: &str, at: usize, last: bool) -> Option<Segment> {
        let range = at..at + text.len();
        if text == "." || text == ".." {
            self.flaw(FlawKind::DotSegment, range, None);
            return None;
        }
        if let Some(inner) = whole(text, '<', '>') {
            let (name, rest) = self.name(inner, range.clone())?;
            if !rest {
                return Some(Segment::Param(name));
            }
            if !last {
                self.flaw(FlawKind::RestNotLast, range, format!("<{name}>"));
                return None;
            }
            return Some(Segment::Rest(name));
        }
        if let Some(inner) = whole(text, '{', '}') {
            self.flaw(FlawKind::Braces, range, bracketed(inner, last));
            return None;
        }
        if text.contains(['<', '>', '{', '}']) {
            let (kind, name) = match (text.find(['<', '{']), text.find(['>', '}'])) {
                (Some(0), None) => (FlawKind::Unclosed, &text[1..]),
                (None, Some(end)) if end + 1 == text.len() => (FlawKind::Unopened, &text[..end]),
                (Some(start), Some(end)) if start < end => {
                    (FlawKind::PartialSegment, &text[start + 1..end])
                }
                _ => (FlawKind::PartialSegment, text),
            };
            let several = match kind {
                FlawKind::PartialSegment => parameters(text),
                _ => Vec::new(),
            };
            let mend = if several.len() > 1 {
                // Each gets its own segment, so that the correction keeps all of them.
                several.join("/")
            } else {
                bracketed(name, last)
            };
            self.flaw(kind, range, mend);
            return None;
        }
        if let Some(name) = text.strip_prefix(':') {
            self.flaw(FlawKind::Colon, range, bracketed(name, last));
            return None;
        }
        if text.starts_with('*') {
            let name =
                identifier(text.trim_start_matches('*')).unwrap_or_else(|| "rest".to_owned());
            let mend = if last {
                format!("<{name}..>")
            } else {
                format!("<{name}>")
            };
            self.flaw(FlawKind::Star, range, mend);
            return None;
        }
        self.literal(text, at)
    }

    fn literal(&mut self, text: &str, at: usize) -> Option<Segment> {
        let allowed = |char: char| char.is_ascii_alphanumeric() || "-._".contains(char);
        let Some((wrong, char)) = text.char_indices().find(|(_, char)| !allowed(*char)) else {
            return Some(Segment::Literal(text.to_owned()));
        };
        let start = at + wrong;
        if char == '%' {
            let digits = text.get(wrong + 1..wrong + 3);
            let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            let mend = byte.map(char::from).filter(|char| allowed(*char));
            let width = if byte.is_some() { 3 } else { 1 };
            self.flaw(
                FlawKind::PercentEncoding,
                start..start + width,
                mend.map(String::from),
            );
        } else {
            self.flaw(
                FlawKind::Character(char),
                start..start + char.len_utf8(),
                None,
            );
        }
        None
    }

    /// A name between brackets, and whether it takes the rest; `range` covers the brackets and the
    /// name.
    fn name(&mut self, inner: &str, range: Range<usize>) -> Option<(String, bool)> {
        if let Some((name, _)) = inner.split_once(':')
            && let Some(name) = identifier(name)
        {
            self.flaw(FlawKind::TypedName, range, format!("<{name}>"));
            return None;
        }
        if let Some((name, _)) = inner.split_once('=')
            && let Some(name) = identifier(name)
        {
            self.flaw(FlawKind::DefaultValue, range, format!("<{name}>"));
            return None;
        }
        let (name, rest) = match inner.strip_suffix("..") {
            Some(name) if !name.ends_with('.') => (name, true),
            _ => (inner, false),
        };
        let dots = if rest { ".." } else { "" };
        if name.is_empty() || name == "_" {
            let usual = if rest { "rest" } else { "name" };
            self.flaw(FlawKind::NoName, range, format!("<{usual}{dots}>"));
            return None;
        }
        if name.starts_with("..") || name.starts_with('*') || name.ends_with(['*', '+', '.']) {
            let name = identifier(name.trim_matches(['.', '*', '+'])).unwrap_or("rest".to_owned());
            self.flaw(FlawKind::RestSpelling, range, format!("<{name}..>"));
            return None;
        }
        let mended = |name: &str| {
            let name = identifier(name).unwrap_or_else(|| "name".to_owned());
            format!("<{name}{dots}>")
        };
        if let Some(plain) = name.strip_suffix('?') {
            self.flaw(FlawKind::OptionalName, range, mended(plain));
            return None;
        }
        if let Some(plain) = name.strip_prefix("r#") {
            self.flaw(FlawKind::RawName, range, mended(plain));
            return None;
        }
        if !is_identifier(name) {
            self.flaw(FlawKind::NotAName(name.to_owned()), range, mended(name));
            return None;
        }
        if self.names.iter().any(|known| known == name) {
            let other = (2..)
                .map(|n| format!("{name}{n}"))
                .find(|name| !self.names.contains(name));
            self.flaw(
                FlawKind::Duplicate(name.to_owned()),
                range,
                other.map(|other| format!("<{other}{dots}>")),
            );
            return None;
        }
        self.names.push(name.to_owned());
        Some((name.to_owned(), rest))
    }

    fn query(&mut self, query: &str, offset: usize, pattern: &mut Pattern) {
        if query.is_empty() {
            self.flaw(FlawKind::EmptyQuery, offset - 1..offset, String::new());
            return;
        }
        let mut at = offset;
        for part in query.split('&') {
            let range = at..at + part.len();
            at = range.end + 1;
            if part.is_empty() {
                // The `&` before it is removed, or for the first part the one after it.
                let extra = if range.start == offset {
                    range.start..range.end + 1
                } else {
                    range.start - 1..range.end
                };
                self.flaw(FlawKind::EmptyQueryPart, extra, String::new());
            } else if let Some(inner) = whole(part, '<', '>') {
                let (inner, default) = match inner.split_once('=') {
                    Some((name, default)) => (name, Some(default)),
                    None => (inner, None),
                };
                match self.name(inner, range.clone()) {
                    Some((name, true)) => {
                        self.flaw(FlawKind::RestInQuery, range, format!("<{name}>"));
                    }
                    Some((name, false)) => {
                        pattern.query.push(name.clone());
                        let default = default.map(|default| (name, default.to_owned()));
                        pattern.defaults.extend(default);
                    }
                    None => {}
                }
            } else if let Some((name, _)) = part.split_once('=') {
                self.flaw(FlawKind::QueryValue, range, bracketed(name, false));
            } else if let Some(mark) = part.find('?') {
                let mark = range.start + mark;
                self.flaw(FlawKind::SecondQuery, mark..mark + 1, "&".to_owned());
            } else {
                self.flaw(FlawKind::QueryName, range, bracketed(part, false));
            }
        }
    }
}

/// Splits at the first `?` that is not between brackets (there it is a mistake in a name).
fn split_query(path: &str) -> (&str, Option<&str>) {
    let mut open = false;
    for (at, char) in path.char_indices() {
        match char {
            '<' => open = true,
            '>' | '/' => open = false,
            '?' if !open || !path[at..].contains('>') => {
                return (&path[..at], Some(&path[at + 1..]));
            }
            _ => {}
        }
    }
    (path, None)
}

/// The text between the brackets, if they are the first and the last character and the only ones.
fn whole(text: &str, open: char, close: char) -> Option<&str> {
    let inner = text.strip_prefix(open)?.strip_suffix(close)?;
    (!inner.contains([open, close])).then_some(inner)
}

/// The parameters in a segment, `<a>-<b>`, with valid names.
fn parameters(text: &str) -> Vec<String> {
    text.split('<')
        .skip(1)
        .filter_map(|rest| rest.split_once('>'))
        .filter(|(name, _)| is_identifier(name))
        .map(|(name, _)| format!("<{name}>"))
        .collect()
}

/// A parameter for text in another notation.
fn bracketed(text: &str, last: bool) -> String {
    let rest = text.contains(['*', '+']) || text.contains("..");
    let name = text.split([':', '=']).next().unwrap_or(text);
    let fallback = if rest && last { "rest" } else { "name" };
    let name = identifier(name).unwrap_or_else(|| fallback.to_owned());
    let dots = if rest && last { ".." } else { "" };
    format!("<{name}{dots}>")
}

fn is_identifier(name: &str) -> bool {
    identifier(name).as_deref() == Some(name)
}

/// The nearest identifier: other characters become `_`. `None` when nothing is left of the text.
fn identifier(text: &str) -> Option<String> {
    let text = text.trim_matches(|char: char| !char.is_ascii_alphanumeric() && char != '_');
    let mut name: String = text
        .chars()
        .map(|char| {
            if char.is_ascii_alphanumeric() {
                char
            } else {
                '_'
            }
        })
        .collect();
    if name.chars().all(|char| char == '_') {
        return None;
    }
    if name.starts_with(|char: char| char.is_ascii_digit()) {
        name.insert(0, '_');
    }
    // The keywords that cannot be an argument's name even with `r#`.
    if matches!(name.as_str(), "self" | "Self" | "super" | "crate") {
        name.push('_');
    }
    Some(name)
}

#[cfg(test)]
mod tests;
