//! Routes: const data and function pointers, as the macros make them.

use std::{future::Future, pin::Pin};

use crate::{manifest::Place, request::Request, response::Response};

/// The future of a handler's answer.
pub type BoxFuture<'r, T> = Pin<Box<dyn Future<Output = T> + Send + 'r>>;

/// What is known of a route at compile time.
#[derive(Clone, Copy, Debug)]
pub struct RouteInfo {
    /// The HTTP methods, upper case, none twice.
    pub methods: &'static [&'static str],
    /// The path in the gateway's form: `/objects/{key}`, `/files/{path+}`.
    pub path: &'static str,
    /// The handler's path, `module::function`.
    pub handler: &'static str,
    /// The file that it stands in, as the compiler names it.
    pub file: &'static str,
    /// The line of the handler's name, from 1.
    pub line: u32,
    /// The first paragraph of its doc comment.
    pub summary: &'static str,
    /// The rest of its doc comment.
    pub description: &'static str,
    /// The parameters in path and query, in the pattern's order.
    pub params: &'static [ParamInfo],
}

/// A parameter in a path or a query.
#[derive(Clone, Copy, Debug)]
pub struct ParamInfo {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// Whether a request without it is refused.
    pub required: bool,
    /// Whether it may be repeated.
    pub multiple: bool,
}

/// A handler behind its extraction: one future per call, boxed at this single point.
pub type Handler<S> = for<'r> fn(&'r S, &'r Request<'r>) -> BoxFuture<'r, Response>;

/// A handler of an app of any state.
pub type StatelessHandler = for<'r> fn(&'r Request<'r>) -> BoxFuture<'r, Response>;

/// A route of an app whose state is `S`.
#[derive(Debug)]
pub struct Route<S> {
    /// What is known of it at compile time.
    pub(crate) info: RouteInfo,
    pub(crate) call: Call<S>,
}

#[derive(Debug)]
pub(crate) enum Call<S> {
    WithState(Handler<S>),
    Stateless(StatelessHandler),
}

impl<S> Clone for Call<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Call<S> {}

impl<S> Route<S> {
    /// A route whose handler reads the state.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_state(info: RouteInfo, handler: Handler<S>) -> Self {
        Self {
            info,
            call: Call::WithState(handler),
        }
    }

    /// A route whose handler does not.
    #[doc(hidden)]
    #[must_use]
    pub const fn stateless(info: RouteInfo, handler: StatelessHandler) -> Self {
        Self {
            info,
            call: Call::Stateless(handler),
        }
    }

    /// What is known of it at compile time.
    #[must_use]
    pub const fn info(&self) -> &RouteInfo {
        &self.info
    }
}

/// What `#[route]` makes beside the function: a type of the function's name that carries the route.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a route",
    label = "not a route",
    note = "put `#[route(\"/path\", methods = [GET])]` (or `#[get(\"/path\")]`, …) on the function"
)]
pub trait RouteDecl {
    /// What is known of it at compile time.
    const INFO: RouteInfo;
}

/// A route that an app of state `S` can take: a stateless one, or one of that very state.
#[diagnostic::on_unimplemented(
    message = "this route does not belong to an app whose state is `{S}`",
    label = "its handler asks for another state",
    note = "a handler's `&T` argument that is no path or query parameter is the app's state, so `T` must be `{S}`"
)]
pub trait IntoRoute<S>: RouteDecl {
    /// The route.
    fn into_route() -> Route<S>;
}

/// A list of routes, made by [`routes!`](crate::routes).
#[derive(Debug)]
pub struct Routes<S> {
    pub(crate) list: Vec<Route<S>>,
}

impl<S> Routes<S> {
    /// The list that `fill` adds to; what `routes!` expands to.
    #[doc(hidden)]
    #[must_use]
    pub fn collect(fill: impl FnOnce(&mut Self)) -> Self {
        let mut routes = Self { list: Vec::new() };
        fill(&mut routes);
        routes
    }

    /// Adds a route.
    #[doc(hidden)]
    pub fn add<R: IntoRoute<S>>(&mut self) {
        self.list.push(R::into_route());
    }
}

/// Panics, and so fails to compile, where two routes of a list answer the same method and path.
///
/// Two paths are the same when they differ in the names of their parameters alone: the gateway refuses the second.
#[doc(hidden)]
pub const fn assert_distinct(routes: &[RouteInfo]) {
    let mut first = 0;
    while first < routes.len() {
        let mut second = first + 1;
        while second < routes.len() {
            if same_path(routes[first].path, routes[second].path)
                && share_method(routes[first].methods, routes[second].methods)
            {
                panic!("two routes in this list answer the same method and path");
            }
            second += 1;
        }
        first += 1;
    }
}

const fn share_method(left: &[&str], right: &[&str]) -> bool {
    let mut i = 0;
    while i < left.len() {
        let mut j = 0;
        while j < right.len() {
            if same_bytes(left[i].as_bytes(), right[j].as_bytes()) {
                return true;
            }
            j += 1;
        }
        i += 1;
    }
    false
}

const fn same_bytes(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut i = 0;
    while i < left.len() {
        if left[i] != right[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Compares two gateway paths, taking `{a}` and `{b}` for the same, and `{a+}` and `{b+}`.
const fn same_path(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let (mut i, mut j) = (0, 0);
    while i < left.len() && j < right.len() {
        if left[i] != right[j] {
            return false;
        }
        if left[i] == b'{' {
            while left[i] != b'}' {
                i += 1;
            }
            while right[j] != b'}' {
                j += 1;
            }
            if (left[i - 1] == b'+') != (right[j - 1] == b'+') {
                return false;
            }
        }
        i += 1;
        j += 1;
    }
    i == left.len() && j == right.len()
}

#[cfg(test)]
mod tests {
    use super::same_path;

    #[test]
    fn paths_are_the_same_whatever_their_parameters_are_called() {
        assert!(same_path("/a/{key}/b", "/a/{id}/b"));
        assert!(same_path("/a/{key+}", "/a/{rest+}"));
        assert!(!same_path("/a/{key}", "/a/{key+}"));
        assert!(!same_path("/a/{key}", "/a/b"));
        assert!(!same_path("/a/{key}", "/a/{key}/b"));
        assert!(!same_path("/a", "/b"));
    }
}
