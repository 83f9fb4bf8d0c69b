//! Method and path to route, over a trie of path segments.
//!
//! Routes that share no segment with the path cost nothing. A look-up visits each node of the trie
//! at most twice, once for whole matches and once for prefixes, so the cost of a path is limited by
//! the number of the routes' segments.

use std::error::Error;
use std::fmt;

use crate::{
    pattern::{PathPattern, Segment},
    text::decode_path,
};

/// Finds which of many routes a request reaches.
///
/// A route that matches the whole path segment by segment has priority over one that ends with
/// `{name+}`; a literal segment over a variable, from left to right; a longer prefix over a shorter
/// one; a method over `ANY` on the same path. `[D]` gateway-truth §1.1. A path whose routes all
/// have other methods is skipped, so `POST /items` reaches `ANY /{proxy+}` even if there is
/// `GET /items`. `[R]` for REST APIs, gateway-truth §2.1
///
/// ```
/// use fw_gateway::{Matcher, PathPattern};
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

/// The routes after one prefix of segments.
#[derive(Debug, Clone, Default)]
struct Node {
    /// Ordered by text. A map would add four times its code to every app.
    literals: Vec<(Box<str>, usize)>,
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
    /// The route's index in the matcher's list.
    pub index: usize,
    /// The variables in order, with their raw text: not percent-decoded.
    pub params: Vec<(&'m str, &'p str)>,
}

/// Two routes that answer the same requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Their method.
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
        write!(
            f,
            "two routes answer the same requests; remove one: `{method} {first}`"
        )?;
        if first != second {
            write!(f, " or `{method} {second}`")?;
        }
        Ok(())
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
    /// If two routes have the same method and the same path except for the names of variables.
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
    /// If there is already a route with the same method and the same path except for the names of
    /// variables.
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
                Segment::Literal(text) => match node.position(text) {
                    Ok(found) => node.literals[found].1,
                    Err(place) => {
                        node.literals.insert(place, (text.as_str().into(), next));
                        next
                    }
                },
                Segment::Variable(_) => *node.variable.get_or_insert(next),
                // The parser allows nothing after it.
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
            names: path.parameters().map(Into::into).collect(),
        });
        Ok(())
    }

    /// The route for a method and a raw path, as `/a%20b`. Slashes split before anything is decoded, so `%2F` is
    /// part of one segment (`[I]` gateway-truth §1.2); a literal is compared with the decoded segment, as RFC 3986 §6.2.2.2
    /// has it (for AWS unverified).
    #[must_use]
    pub fn find<'p>(&self, method: &str, path: &'p str) -> Option<Match<'_, 'p>> {
        let rest = segments(path);
        let mut values = Vec::new();
        let endpoint = self
            .full(0, rest, method, &mut values)
            .or_else(|| self.greedy(0, rest, method, &mut values))?;
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

    /// The methods of all routes with this path, sorted: the value of `Allow` if [`Matcher::find`]
    /// found none. A route for `ANY` would have been found, and is listed under that name.
    #[must_use]
    pub fn allowed_methods(&self, path: &str) -> Vec<&str> {
        let mut methods: Vec<&str> = Vec::new();
        let mut pending = vec![(0, segments(path))];
        while let Some((at, rest)) = pending.pop() {
            let node = &self.nodes[at];
            let Some(rest) = rest else {
                add_methods(&mut methods, &node.full);
                continue;
            };
            if !rest.is_empty() {
                add_methods(&mut methods, &node.greedy);
            }
            let (segment, rest) = split(rest);
            pending.extend(node.literal(segment).map(|next| (next, rest)));
            pending.extend(node.variable(segment).map(|next| (next, rest)));
        }
        methods
    }

    /// A route that matches every segment; `values` is unchanged if there is none. Goes no deeper
    /// than the longest route.
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
            let found = self.position(&decode_path(segment)).ok()?;
            self.literals.get(found).map(|&(_, next)| next)
        }
    }

    /// The position of this literal, or where it would be.
    fn position(&self, text: &str) -> Result<usize, usize> {
        self.literals
            .binary_search_by(|(literal, _)| (**literal).cmp(text))
    }

    fn variable(&self, segment: &str) -> Option<usize> {
        self.variable.filter(|_| !segment.is_empty())
    }
}

/// The segments after the first slash; empty for `/`.
fn segments(path: &str) -> Option<&str> {
    Some(path.strip_prefix('/').unwrap_or(path)).filter(|rest| !rest.is_empty())
}

/// The first segment, and what follows its slash.
fn split(rest: &str) -> (&str, Option<&str>) {
    rest.split_once('/')
        .map_or((rest, None), |(segment, rest)| (segment, Some(rest)))
}

/// Adds the endpoints' methods where they belong in the order, each once.
fn add_methods<'m>(methods: &mut Vec<&'m str>, endpoints: &'m [Endpoint]) {
    for endpoint in endpoints {
        if let Err(place) = methods.binary_search(&&*endpoint.method) {
            methods.insert(place, &endpoint.method);
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RouteKey;

    fn matcher(routes: &[&str]) -> Result<Matcher, Conflict> {
        let mut matcher = Matcher::default();
        for (index, route) in routes.iter().enumerate() {
            match route.parse() {
                Ok(RouteKey::Path { method, path }) => matcher.insert(index, &method, &path)?,
                other => panic!("{route} has a path: {other:?}"),
            }
        }
        Ok(matcher)
    }

    /// Finds by the route's text, with the variables as `name=value`.
    fn find(routes: &[&'static str], method: &str, path: &str) -> Option<(&'static str, String)> {
        let matcher = matcher(routes).expect("the routes differ");
        let found = matcher.find(method, path)?;
        let params: Vec<String> = found
            .params
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        Some((routes[found.index], params.join(" ")))
    }

    #[test]
    fn the_most_specific_route_wins() {
        // [D] gateway-truth §1.1, the example of the documentation.
        let routes = &[
            "ANY /{proxy+}",
            "GET /pets/{proxy+}",
            "GET /pets/dog/{id}",
            "GET /pets/dog/1",
        ];
        let table = [
            ("GET", "/pets/dog/1", Some(("GET /pets/dog/1", ""))),
            ("GET", "/pets/dog/2", Some(("GET /pets/dog/{id}", "id=2"))),
            (
                "GET",
                "/pets/cat/1",
                Some(("GET /pets/{proxy+}", "proxy=cat/1")),
            ),
            (
                "GET",
                "/pets/dog/1/2",
                Some(("GET /pets/{proxy+}", "proxy=dog/1/2")),
            ),
            ("GET", "/pets", Some(("ANY /{proxy+}", "proxy=pets"))),
            (
                "POST",
                "/pets/dog/1",
                Some(("ANY /{proxy+}", "proxy=pets/dog/1")),
            ),
            ("GET", "/", None),
            ("GET", "", None),
        ];
        for (method, path, expected) in table {
            let expected = expected.map(|(route, params)| (route, params.to_owned()));
            assert_eq!(find(routes, method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn tries_again_where_a_literal_leads_nowhere() {
        let routes = &[
            "GET /a/{x}/c",
            "GET /{y}/b/d",
            "GET /{z}/{w}/e",
            "GET /a/b/{rest+}",
            "GET /a/{q}/f/{rest+}",
        ];
        let table = [
            ("/a/b/c", "GET /a/{x}/c", "x=b"),
            ("/a/b/d", "GET /{y}/b/d", "y=a"),
            ("/a/b/e", "GET /{z}/{w}/e", "z=a w=b"),
            ("/a/b/f", "GET /a/b/{rest+}", "rest=f"),
            ("/a/b/f/g", "GET /a/b/{rest+}", "rest=f/g"),
            ("/a/c/f/g", "GET /a/{q}/f/{rest+}", "q=c rest=g"),
        ];
        for (path, route, params) in table {
            assert_eq!(
                find(routes, "GET", path),
                Some((route, params.to_owned())),
                "{path}"
            );
        }
        assert_eq!(find(routes, "GET", "/b/b/f"), None);
    }

    #[test]
    fn a_whole_match_goes_before_a_longer_prefix() {
        let routes = &["GET /a/{rest+}", "GET /{x}/b"];
        assert_eq!(
            find(routes, "GET", "/a/b"),
            Some(("GET /{x}/b", "x=a".into()))
        );
    }

    #[test]
    fn a_method_goes_before_any_on_the_same_path_only() {
        let routes = &["ANY /a", "GET /a", "GET /{x}", "ANY /{x}"];
        assert_eq!(find(routes, "GET", "/a"), Some(("GET /a", String::new())));
        assert_eq!(find(routes, "PUT", "/a"), Some(("ANY /a", String::new())));
        assert_eq!(find(routes, "PUT", "/b"), Some(("ANY /{x}", "x=b".into())));
        // The literal path's ANY has priority over the variable's GET.
        assert_eq!(
            find(&["ANY /a", "GET /{x}"], "GET", "/a"),
            Some(("ANY /a", String::new()))
        );
    }

    #[test]
    fn empty_segments_are_no_values() {
        let routes = &["GET /a/{x}", "GET /b/{rest+}", "GET /c"];
        for path in ["/a/", "/a", "/a//", "/b/", "/b", "/c/", "//c", "/"] {
            assert_eq!(find(routes, "GET", path), None, "{path}");
        }
        assert_eq!(
            find(routes, "GET", "/b/c/"),
            Some(("GET /b/{rest+}", "rest=c/".into()))
        );
        assert_eq!(
            find(routes, "GET", "/b//c"),
            Some(("GET /b/{rest+}", "rest=/c".into()))
        );
    }

    #[test]
    fn splits_before_it_decodes() {
        let routes = &["GET /a%20b/{x}", "GET /{one}"];
        assert_eq!(
            find(routes, "GET", "/a%20b/%2f"),
            Some(("GET /a%20b/{x}", "x=%2f".into()))
        );
        assert_eq!(
            find(routes, "GET", "/%61%20b/c"),
            Some(("GET /a%20b/{x}", "x=c".into()))
        );
        assert_eq!(
            find(routes, "GET", "/a%2Fb"),
            Some(("GET /{one}", "one=a%2Fb".into()))
        );
    }

    #[test]
    fn refuses_two_routes_for_the_same_requests() {
        let message = |routes: &[&str]| matcher(routes).expect_err("a conflict").to_string();
        assert_eq!(
            message(&["GET /a/{x}", "GET /a/{x}"]),
            "two routes answer the same requests; remove one: `GET /a/{x}`"
        );
        assert_eq!(
            message(&["GET /a/{x}", "GET /a/{y}"]),
            "two routes answer the same requests; remove one: `GET /a/{x}` or `GET /a/{y}`"
        );
        assert!(
            matcher(&[
                "GET /a/{x}",
                "PUT /a/{y}",
                "GET /a/{z+}",
                "ANY /a/{x}",
                "GET /{y}/{z}"
            ])
            .is_ok()
        );
    }

    #[test]
    fn tells_the_allowed_methods() {
        let matcher = matcher(&["PUT /a/{x}", "GET /a/b", "DELETE /{rest+}", "POST /a"])
            .expect("the routes differ");
        let table: [(&str, &[&str]); 5] = [
            ("/a/b", &["DELETE", "GET", "PUT"]),
            ("/a/c", &["DELETE", "PUT"]),
            ("/a", &["DELETE", "POST"]),
            ("/", &[]),
            ("/a/", &["DELETE"]),
        ];
        for (path, methods) in table {
            assert_eq!(matcher.allowed_methods(path), methods, "{path}");
        }
    }

    #[test]
    fn a_path_may_be_long_and_branch_at_each_segment() {
        let depth = 12;
        let mut routes: Vec<String> = (0..depth)
            .map(|at| format!("GET {}/{{v}}/a/x", "/a".repeat(at)))
            .collect();
        routes.push(format!(
            "GET {}",
            (0..depth)
                .map(|at| format!("/{{v{at}}}"))
                .collect::<String>()
        ));
        let routes: Vec<&str> = routes.iter().map(String::as_str).collect();
        let matcher = matcher(&routes).expect("the routes differ");
        let path = "/a".repeat(depth);
        assert_eq!(
            matcher.find("GET", &path).map(|found| found.index),
            Some(depth)
        );
        assert!(matcher.find("GET", &"/a".repeat(100_000)).is_none());
    }
}
