//! Method and path to route, over a trie of path segments.
//!
//! The cost of a look-up does not grow with the number of routes that share no segment with the path. A look-up visits a
//! node of the trie at most twice, and never more nodes than the routes have segments.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;

use super::text::decode_path;
use super::{PathPattern, Segment};

/// Finds which of many routes a request reaches.
///
/// A route that matches the whole path segment by segment goes before one that ends in `{name+}`; a literal segment goes
/// before a variable, from left to right; a longer prefix goes before a shorter one; a method goes before `ANY` on the same path.
/// [D] gateway-truth §1.1. A path whose routes all have other methods is passed over, so `POST /items` reaches
/// `ANY /{proxy+}` beside `GET /items`. [R] for REST APIs, gateway-truth §2.1
///
/// ```
/// use fw::gateway::{Matcher, PathPattern};
///
/// let paths: [PathPattern; 2] = ["/pets/{id}".parse()?, "/pets/{rest+}".parse()?];
/// let matcher = Matcher::new(paths.iter().map(|path| ("GET", path)))?;
///
/// let found = matcher.find("GET", "/pets/a%2Fb").expect("one segment");
/// assert_eq!((found.index, &found.params[..]), (0, &[("id", "a%2Fb")][..]));
/// assert_eq!(matcher.find("GET", "/pets/a/b").map(|found| found.index), Some(1));
/// assert_eq!(matcher.find("PUT", "/pets/a").map(|found| found.index), None);
/// assert_eq!(matcher.allowed_methods("/pets/a"), ["GET"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Matcher {
    /// Index 0 is the root. Children have higher indices than their parent.
    nodes: Vec<Node>,
}

/// What follows one prefix of segments.
#[derive(Debug, Clone, Default)]
struct Node {
    literals: BTreeMap<Box<str>, usize>,
    variable: Option<usize>,
    /// Routes that end here.
    full: Vec<Endpoint>,
    /// Routes that take all the rest from here.
    greedy: Vec<Endpoint>,
}

#[derive(Debug, Clone)]
struct Endpoint {
    method: Box<str>,
    path: Box<str>,
    index: usize,
    /// The variables' names in order. They belong to the route and not to the node: `/{a}/x` and `/{b}/y` share a node.
    names: Box<[Box<str>]>,
}

/// The route that a request reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match<'m, 'p> {
    /// The route's index, as given to the matcher.
    pub index: usize,
    /// The variables in order, with the raw text that they stand for: not percent-decoded.
    pub params: Vec<(&'m str, &'p str)>,
}

/// Two routes that answer the same requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Their method; empty for `$default`.
    pub method: String,
    /// The path of the first.
    pub first: String,
    /// The path of the second, which may differ from the first in its variables' names.
    pub second: String,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            method,
            first,
            second,
        } = self;
        if method.is_empty() {
            write!(
                f,
                "two routes answer the same requests; remove one: `{first}`"
            )
        } else if first == second {
            write!(
                f,
                "two routes answer the same requests; remove one: `{method} {first}`"
            )
        } else {
            write!(
                f,
                "two routes answer the same requests; remove one: `{method} {first}` or `{method} {second}`"
            )
        }
    }
}

impl Error for Conflict {}

impl Default for Matcher {
    fn default() -> Self {
        Self {
            nodes: vec![Node::default()],
        }
    }
}

impl Matcher {
    /// Builds a matcher from methods (or `ANY`) and paths; a route's index is its position.
    ///
    /// # Errors
    ///
    /// When two routes have the same method and the same path but for the names of variables.
    pub fn new<'r>(
        routes: impl IntoIterator<Item = (&'r str, &'r PathPattern)>,
    ) -> Result<Self, Conflict> {
        let mut matcher = Self::default();
        for (index, (method, path)) in routes.into_iter().enumerate() {
            matcher.insert(index, method, path)?;
        }
        Ok(matcher)
    }

    /// Adds a route under an index of the caller's choice.
    ///
    /// # Errors
    ///
    /// When a route with the same method and the same path but for the names of variables is already there.
    pub fn insert(
        &mut self,
        index: usize,
        method: &str,
        path: &PathPattern,
    ) -> Result<(), Conflict> {
        let mut at = 0;
        let mut greedy = false;
        for segment in path.segments() {
            let next = self.nodes.len();
            let node = &mut self.nodes[at];
            at = match segment {
                Segment::Literal(text) => {
                    *node.literals.entry(text.as_str().into()).or_insert(next)
                }
                Segment::Variable(_) => *node.variable.get_or_insert(next),
                // The parser lets nothing follow it.
                Segment::Greedy(_) => {
                    greedy = true;
                    break;
                }
            };
            if at == next {
                self.nodes.push(Node::default());
            }
        }
        let node = &mut self.nodes[at];
        let endpoints = if greedy {
            &mut node.greedy
        } else {
            &mut node.full
        };
        if let Some(first) = endpoints
            .iter()
            .find(|endpoint| *endpoint.method == *method)
        {
            return Err(Conflict {
                method: method.into(),
                first: first.path.to_string(),
                second: path.as_str().into(),
            });
        }
        endpoints.push(Endpoint {
            method: method.into(),
            path: path.as_str().into(),
            index,
            names: path.variables().map(Into::into).collect(),
        });
        Ok(())
    }

    /// The route for a method and a raw path, as `/a%20b`. Slashes split before anything is decoded, so `%2F` is
    /// part of one segment [I] gateway-truth §1.2; a literal is compared with the decoded segment (RFC 3986 §6.2.2.2).
    #[must_use]
    pub fn find<'p>(&self, method: &str, path: &'p str) -> Option<Match<'_, 'p>> {
        let rest = segments(path);
        let mut values = Vec::new();
        let endpoint = self.full(0, rest, method, &mut values).or_else(|| {
            values.clear();
            self.greedy(0, rest, method, &mut values)
        })?;
        Some(Match {
            index: endpoint.index,
            params: endpoint
                .names
                .iter()
                .map(|name| &**name)
                .zip(values)
                .collect(),
        })
    }

    /// The methods for which some route has this path, sorted: the value of `Allow` where [`Matcher::find`] found none.
    /// A route for `ANY` would have been found, and is listed under that name.
    #[must_use]
    pub fn allowed_methods(&self, path: &str) -> Vec<&str> {
        let mut methods = BTreeSet::new();
        let mut pending = vec![(0, segments(path))];
        while let Some((at, rest)) = pending.pop() {
            let node = &self.nodes[at];
            let Some(rest) = rest else {
                methods.extend(node.full.iter().map(|endpoint| &*endpoint.method));
                continue;
            };
            if !rest.is_empty() {
                methods.extend(node.greedy.iter().map(|endpoint| &*endpoint.method));
            }
            let (segment, rest) = split(rest);
            pending.extend(node.literal(segment).map(|next| (next, rest)));
            pending.extend(node.variable(segment).map(|next| (next, rest)));
        }
        methods.into_iter().collect()
    }

    /// A route that matches every segment. Goes no deeper than the longest route.
    fn full<'p>(
        &self,
        at: usize,
        rest: Option<&'p str>,
        method: &str,
        values: &mut Vec<&'p str>,
    ) -> Option<&Endpoint> {
        let node = &self.nodes[at];
        let Some(rest) = rest else {
            return pick(&node.full, method);
        };
        let (segment, rest) = split(rest);
        if let Some(found) = node
            .literal(segment)
            .and_then(|next| self.full(next, rest, method, values))
        {
            return Some(found);
        }
        let next = node.variable(segment)?;
        values.push(segment);
        let found = self.full(next, rest, method, values);
        if found.is_none() {
            values.pop();
        }
        found
    }

    /// A route that matches a prefix, the longest one first, and leaves at least one segment for its last variable.
    fn greedy<'p>(
        &self,
        at: usize,
        rest: Option<&'p str>,
        method: &str,
        values: &mut Vec<&'p str>,
    ) -> Option<&Endpoint> {
        let node = &self.nodes[at];
        let all = rest.filter(|rest| !rest.is_empty())?;
        let (segment, rest) = split(all);
        if let Some(found) = node
            .literal(segment)
            .and_then(|next| self.greedy(next, rest, method, values))
        {
            return Some(found);
        }
        if let Some(next) = node.variable(segment) {
            values.push(segment);
            if let Some(found) = self.greedy(next, rest, method, values) {
                return Some(found);
            }
            values.pop();
        }
        let found = pick(&node.greedy, method)?;
        values.push(all);
        Some(found)
    }
}

impl Node {
    fn literal(&self, segment: &str) -> Option<usize> {
        if self.literals.is_empty() {
            None
        } else {
            self.literals.get(&*decode_path(segment)).copied()
        }
    }

    fn variable(&self, segment: &str) -> Option<usize> {
        self.variable.filter(|_| !segment.is_empty())
    }
}

/// The segments after the first slash; none for `/`.
fn segments(path: &str) -> Option<&str> {
    Some(path.strip_prefix('/').unwrap_or(path)).filter(|rest| !rest.is_empty())
}

/// The first segment, and what follows its slash.
fn split(rest: &str) -> (&str, Option<&str>) {
    rest.split_once('/')
        .map_or((rest, None), |(segment, rest)| (segment, Some(rest)))
}

/// The endpoint of exactly that method, else that of `ANY`.
fn pick<'e>(endpoints: &'e [Endpoint], method: &str) -> Option<&'e Endpoint> {
    let of = |method: &str| {
        endpoints
            .iter()
            .find(|endpoint| *endpoint.method == *method)
    };
    of(method).or_else(|| of("ANY"))
}
