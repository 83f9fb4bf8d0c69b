//! Route keys as API Gateway writes them: `GET /objects/{key}`, `ANY /files/{path+}`, `$default`.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::text::decode_path;

/// The requests that a route answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RouteKey {
    /// `$default`: everything that no other route takes. HTTP APIs only.
    Default,
    /// A method and a path, as `GET /objects/{key}`.
    Path {
        /// The method in upper case, or `ANY`.
        method: String,
        /// The path.
        path: PathPattern,
    },
}

/// A path with variables, parsed and checked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PathPattern {
    text: String,
    segments: Vec<Segment>,
}

/// One part of a path between slashes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// Text that the request must have, percent-decoded.
    Literal(String),
    /// `{name}`: any one segment, not empty.
    Variable(String),
    /// `{name+}`: all the rest, at least one segment.
    Greedy(String),
}

impl PathPattern {
    /// The path as written, with braces.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The parts; empty for `/`.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The path without its variables' names: `{}` for each, `{+}` for a last one that takes the
    /// rest. Two paths with the same shape match the same requests, so an API has only one of them.
    ///
    /// ```
    /// use fw_gateway::PathPattern;
    ///
    /// let path: PathPattern = "/a/{b}/%7E/{c+}".parse()?;
    /// assert_eq!(path.shape(), "/a/{}/~/{+}");
    /// assert_eq!(path.parameters().collect::<Vec<_>>(), ["b", "c"]);
    /// # Ok::<(), fw_gateway::PatternError>(())
    /// ```
    #[must_use]
    pub fn shape(&self) -> String {
        if self.segments.is_empty() {
            return "/".to_owned();
        }
        let mut shape = String::with_capacity(self.text.len());
        for segment in &self.segments {
            shape.push('/');
            match segment {
                // A decoded slash or brace is part of the text.
                Segment::Literal(text) => shape.extend(utf8_percent_encode(text, IN_SHAPE)),
                Segment::Variable(_) => shape.push_str("{}"),
                Segment::Greedy(_) => shape.push_str("{+}"),
            }
        }
        shape
    }

    /// The variables' names in order.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Literal(_) => None,
            Segment::Variable(name) | Segment::Greedy(name) => Some(name.as_str()),
        })
    }
}

/// Why a text is not a route key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternError {
    /// There is neither a method nor a path.
    Empty,
    /// One word that is not `$default`.
    NoPath(String),
    /// The method has other characters than `A` to `Z`.
    Method(String),
    /// The path does not start with a slash.
    NoLeadingSlash(String),
    /// The path ends with a slash. API Gateway refuses it, or drops it without a word.
    TrailingSlash(String),
    /// Two slashes follow each other.
    EmptySegment(String),
    /// The path has a character that a URL's path cannot have; it must be percent-encoded.
    Character {
        /// The path.
        path: String,
        /// The character.
        character: char,
    },
    /// A brace that does not enclose a whole segment.
    Brace {
        /// The segment.
        segment: String,
    },
    /// The name of a variable is empty or has characters other than letters, digits, `.`, `_`, `-` and `:`.
    Name {
        /// The segment.
        segment: String,
    },
    /// `{name+}` is not the last segment.
    GreedyNotLast {
        /// The segment.
        segment: String,
    },
    /// Two variables have one name.
    NameTwice {
        /// The name.
        name: String,
    },
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a route is a method and a path, such as `GET /objects/{key}`, or `$default`; this one is empty"),
            Self::NoPath(text) => write!(f, "a route is a method and a path, such as `GET /objects/{{key}}`, or `$default`, not: `{text}`"),
            Self::Method(method) => write!(f, "a method is in capital letters, such as `GET`, or `ANY`, not: `{method}`"),
            Self::NoLeadingSlash(path) => write!(f, "a path starts with `/`; write: `/{path}`"),
            Self::TrailingSlash(path) => {
                write!(f, "a path cannot end with `/`; write: `{}`", path.trim_end_matches('/'))
            }
            Self::EmptySegment(path) => write!(f, "a path cannot have an empty segment; remove a `/` from: `{path}`"),
            Self::Character { path, character } => {
                write!(f, "a path cannot have the character {character:?}; percent-encode it in: `{path}`")
            }
            Self::Brace { segment } => {
                write!(f, "braces enclose a whole segment, such as `{{key}}`, with `+` only before the last brace, not: `{segment}`")
            }
            Self::Name { segment } => {
                write!(f, "a variable's name has only letters, digits, `.`, `_`, `-` and `:`, and at least one, not: `{segment}`")
            }
            Self::GreedyNotLast { segment } => {
                write!(f, "a variable with `+` takes the rest of the path, so it must be the last segment: `{segment}`")
            }
            Self::NameTwice { name } => write!(f, "two variables in a path cannot have the same name: `{name}`"),
        }
    }
}

impl Error for PatternError {}

impl FromStr for RouteKey {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text == "$default" {
            return Ok(Self::Default);
        }
        let Some((method, path)) = text.split_once(char::is_whitespace) else {
            return Err(if text.is_empty() {
                PatternError::Empty
            } else {
                PatternError::NoPath(text.into())
            });
        };
        if !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(PatternError::Method(method.into()));
        }
        Ok(Self::Path {
            method: method.into(),
            path: path.trim_start().parse()?,
        })
    }
}

impl fmt::Display for RouteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("$default"),
            Self::Path { method, path } => write!(f, "{method} {path}"),
        }
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for PathPattern {
    type Err = PatternError;

    fn from_str(path: &str) -> Result<Self, Self::Err> {
        let Some(rest) = path.strip_prefix('/') else {
            return Err(PatternError::NoLeadingSlash(path.into()));
        };
        if let Some(character) = path.chars().find(|&character| !in_path(character)) {
            return Err(PatternError::Character {
                path: path.into(),
                character,
            });
        }
        // [U] gateway-truth §1.1: a route cannot be created with a trailing slash.
        if rest.ends_with('/') {
            return Err(PatternError::TrailingSlash(path.into()));
        }
        let mut segments = Vec::new();
        for part in rest.split('/').filter(|_| !rest.is_empty()) {
            if part.is_empty() {
                return Err(PatternError::EmptySegment(path.into()));
            }
            // [D] gateway-truth §1.1: the greedy variable must be last.
            if let Some(Segment::Greedy(name)) = segments.last() {
                return Err(PatternError::GreedyNotLast {
                    segment: format!("{{{name}+}}"),
                });
            }
            segments.push(segment(part)?);
        }
        let pattern = Self {
            text: path.into(),
            segments,
        };
        // A path has few variables; to sort them would add a sort to every app.
        for (at, name) in pattern.parameters().enumerate() {
            if pattern.parameters().take(at).any(|before| before == name) {
                return Err(PatternError::NameTwice { name: name.into() });
            }
        }
        Ok(pattern)
    }
}

/// Reads one part between slashes.
fn segment(part: &str) -> Result<Segment, PatternError> {
    if !part.contains(['{', '}']) {
        return Ok(Segment::Literal(decode_path(part).into_owned()));
    }
    let inner = part
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    let Some(inner) = inner.filter(|inner| !inner.contains(['{', '}'])) else {
        return Err(PatternError::Brace {
            segment: part.into(),
        });
    };
    let (name, greedy) = inner
        .strip_suffix('+')
        .map_or((inner, false), |name| (name, true));
    // The characters that the gateway allows in a name are unverified; these are safe in every
    // product.
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:".contains(&byte);
    if name.is_empty() || !name.bytes().all(valid) {
        return Err(PatternError::Name {
            segment: part.into(),
        });
    }
    Ok(if greedy {
        Segment::Greedy(name.into())
    } else {
        Segment::Variable(name.into())
    })
}

/// A text that would be taken for another segment in a shape.
const IN_SHAPE: &AsciiSet = &CONTROLS.add(b'%').add(b'/').add(b'{').add(b'}');

/// Characters that are allowed in a path (RFC 3986 §3.3), and braces.
fn in_path(character: char) -> bool {
    character.is_ascii_alphanumeric() || "/-._~!$&'()*+,;=:@%{}".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_route_keys() {
        use Segment::{Greedy, Literal, Variable};
        let (literal, variable) = (
            |text: &str| Literal(text.into()),
            |name: &str| Variable(name.into()),
        );
        let table = [
            ("GET /", "GET", vec![]),
            (
                "GET /objects/{key}",
                "GET",
                vec![literal("objects"), variable("key")],
            ),
            (
                "ANY /x/{proxy+}",
                "ANY",
                vec![literal("x"), Greedy("proxy".into())],
            ),
            (
                "PATCH /a%20b/{a_b-c.d:e}/~",
                "PATCH",
                vec![literal("a b"), variable("a_b-c.d:e"), literal("~")],
            ),
        ];
        for (text, method, segments) in table {
            let RouteKey::Path { method: own, path } = text.parse().expect(text) else {
                panic!("{text} has a path")
            };
            assert_eq!(
                (own.as_str(), path.segments()),
                (method, &segments[..]),
                "{text}"
            );
        }
        assert_eq!(" $default ".parse(), Ok(RouteKey::Default));
    }

    #[test]
    fn paths_of_one_shape_match_the_same_requests() {
        let shape = |path: &str| {
            path.parse()
                .map(|path: PathPattern| path.shape())
                .expect(path)
        };
        for (one, other, same) in [
            ("/", "/", true),
            ("/a/{b}", "/a/{c}", true),
            ("/a/{b+}", "/a/{c+}", true),
            ("/a/{b}", "/a/{b+}", false),
            ("/a/{b}", "/a/b", false),
            ("/%61", "/a", true),
            ("/a%2fb", "/a%2Fb", true),
            ("/a%2Fb", "/a/b", false),
            ("/%7B%7D", "/{x}", false),
            ("/%7B+%7D", "/{x+}", false),
            ("/a%252Fb", "/a%2Fb", false),
        ] {
            assert_eq!(shape(one) == shape(other), same, "{one} {other}");
        }
    }

    #[test]
    fn prints_route_keys_as_written() {
        for text in ["$default", "GET /", "GET /a%20b/{x}", "ANY /{proxy+}"] {
            assert_eq!(
                text.parse().map(|key: RouteKey| key.to_string()).as_deref(),
                Ok(text)
            );
        }
    }

    #[test]
    fn tells_what_is_wrong_and_what_to_write() {
        let table = [
            (
                "",
                "a route is a method and a path, such as `GET /objects/{key}`, or `$default`; this one is empty",
            ),
            (
                "/a",
                "a route is a method and a path, such as `GET /objects/{key}`, or `$default`, not: `/a`",
            ),
            (
                "get /a",
                "a method is in capital letters, such as `GET`, or `ANY`, not: `get`",
            ),
            ("GET a/b", "a path starts with `/`; write: `/a/b`"),
            ("GET /a//", "a path cannot end with `/`; write: `/a`"),
            (
                "GET /a//b",
                "a path cannot have an empty segment; remove a `/` from: `/a//b`",
            ),
            (
                "GET /a b",
                "a path cannot have the character ' '; percent-encode it in: `/a b`",
            ),
            (
                "GET /caf\u{e9}",
                "a path cannot have the character '\u{e9}'; percent-encode it in: `/caf\u{e9}`",
            ),
            (
                "GET /a{b}",
                "braces enclose a whole segment, such as `{key}`, with `+` only before the last brace, not: `a{b}`",
            ),
            (
                "GET /{a}{b}",
                "braces enclose a whole segment, such as `{key}`, with `+` only before the last brace, not: `{a}{b}`",
            ),
            (
                "GET /{a",
                "braces enclose a whole segment, such as `{key}`, with `+` only before the last brace, not: `{a`",
            ),
            (
                "GET /{}",
                "a variable's name has only letters, digits, `.`, `_`, `-` and `:`, and at least one, not: `{}`",
            ),
            (
                "GET /{a+b}",
                "a variable's name has only letters, digits, `.`, `_`, `-` and `:`, and at least one, not: `{a+b}`",
            ),
            (
                "GET /{+}",
                "a variable's name has only letters, digits, `.`, `_`, `-` and `:`, and at least one, not: `{+}`",
            ),
            (
                "GET /{a+}/b",
                "a variable with `+` takes the rest of the path, so it must be the last segment: `{a+}`",
            ),
            (
                "GET /{a}/b/{a}",
                "two variables in a path cannot have the same name: `a`",
            ),
        ];
        for (text, message) in table {
            let error = text.parse::<RouteKey>().expect_err(text);
            assert_eq!(error.to_string(), message, "{text}");
        }
    }
}
