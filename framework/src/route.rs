//! Routes: const data and function pointers, as created by the macros.

mod guard;
mod list;

use std::{fmt, future::Future, pin::Pin};

pub(crate) use self::list::Listed;
pub use self::{
    guard::Guard,
    list::{Routes, RoutesOf},
};
use crate::{
    request::Request,
    response::{IntoResponse, Response},
};
use fw_manifest::Place;

/// The future of a handler's answer.
#[cfg_attr(doc, doc(hidden))]
pub type BoxFuture<'r, T> = Pin<Box<dyn Future<Output = T> + Send + 'r>>;

/// The facts about a route that are known at compile time.
#[derive(Clone, Copy, Debug)]
pub struct RouteInfo {
    /// The HTTP methods, upper case, each once.
    pub methods: &'static [&'static str],
    /// The path in the gateway's form: `/objects/{key}`, `/files/{path+}`.
    pub path: &'static str,
    /// The handler's path, `module::function`.
    pub handler: &'static str,
    /// Its file, as the compiler names it.
    pub file: &'static str,
    /// The line of the handler's name, from 1.
    pub line: u32,
    /// The first paragraph of its doc comment.
    pub summary: &'static str,
    /// The rest of its doc comment.
    pub description: &'static str,
    /// The parameters in path and query, in the pattern's order.
    pub params: &'static [ParamInfo],
    /// The body, where an argument is `Json<T>` or `Form<T>`.
    pub body: Option<BodyInfo>,
    /// True if an argument is `Claims<T>`, so that it needs a token.
    pub claims: bool,
    /// True if its answer is a stream: by its type, or because the attribute says so.
    pub stream: bool,
}

impl RouteInfo {
    /// An empty route: the replacement if the attribute has a mistake, so that only the mistake is
    /// reported.
    #[doc(hidden)]
    pub const NONE: Self = Self {
        methods: &[],
        path: "",
        handler: "",
        file: "",
        line: 0,
        summary: "",
        description: "",
        params: &[],
        body: None,
        claims: false,
        stream: false,
    };
}

/// The body that a handler reads.
#[derive(Clone, Copy, Debug)]
pub struct BodyInfo {
    /// Its media type.
    pub content_type: &'static str,
    /// True if a request without it is refused.
    pub required: bool,
    /// Creates its JSON Schema, if the route has `validate`.
    pub schema: Option<fn() -> serde_json::Value>,
}

/// A parameter in a path or a query.
#[derive(Clone, Copy, Debug)]
pub struct ParamInfo {
    /// Its name.
    pub name: &'static str,
    /// Its place.
    pub place: Place,
    /// True if a request without it is refused.
    pub required: bool,
    /// True if it may be repeated.
    pub multiple: bool,
}

impl ParamInfo {
    /// A parameter in the path; does not compile for a type that is only for the query.
    #[doc(hidden)]
    #[must_use]
    #[track_caller]
    pub const fn path(name: &'static str, required: bool, multiple: bool) -> Self {
        assert!(
            required && !multiple,
            "a path parameter is always present exactly once, so it cannot be an `Option` or a `Vec`\n= help: write the inner type, or put the name into the query: `?<name>`"
        );
        Self {
            name,
            place: Place::Path,
            required,
            multiple,
        }
    }

    /// A parameter in the query.
    #[doc(hidden)]
    #[must_use]
    pub const fn query(name: &'static str, required: bool, multiple: bool) -> Self {
        Self {
            name,
            place: Place::Query,
            required,
            multiple,
        }
    }
}

/// A handler behind its extraction: one future per call, boxed at this single point.
#[cfg_attr(doc, doc(hidden))]
pub type Handler<S> = for<'r> fn(&'r S, &'r Request<'r>) -> BoxFuture<'r, Response>;

/// A handler of an app of any state.
#[cfg_attr(doc, doc(hidden))]
pub type StatelessHandler = for<'r> fn(&'r Request<'r>) -> BoxFuture<'r, Response>;

/// A route of an app with the state `S`.
pub struct Route<S> {
    /// The facts known at compile time.
    pub(crate) info: RouteInfo,
    pub(crate) call: Call<S>,
    pub(crate) guard: Option<Guard<S>>,
    pub(crate) api_key: bool,
    /// True if it answers HEAD wherever it answers GET.
    pub(crate) head: bool,
    /// True if it is left out of the settings' `[cors]`.
    pub(crate) no_cors: bool,
    #[cfg(feature = "schema")]
    pub(crate) description: Option<Description>,
}

/// What the types of a handler say of its route: functions, so that no schema is made before it is asked for.
#[cfg(feature = "schema")]
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Description {
    /// Whether the handler is deprecated.
    pub deprecated: bool,
    /// The statuses that the handler's own code names, ascending.
    pub statuses: &'static [u16],
    /// Adds what the arguments read and the answer has.
    pub describe: fn(&mut crate::describe::Operation<'_>),
    /// The schema of its JSON body or its form, in draft 4, where its type has one.
    pub body: fn() -> Option<serde_json::Value>,
    /// The schema of its query, in draft 4, where it is read as a whole and its type has one.
    pub query: fn() -> Option<serde_json::Value>,
}

/// Describes a route by its handler's types; without the feature `schema` the route as it is.
#[cfg(feature = "schema")]
#[doc(hidden)]
#[macro_export]
macro_rules! __described {
    (
        $route:expr;
        deprecated = $deprecated:literal;
        statuses = [$($status:literal),*];
        output = [$($output:ty)?];
        arguments = [$($argument:ty),*];
        parameters = [$(($place:ident, $name:literal, $parameter:ty)),*];
        body = [$($body:ty)?];
        query = [$($query:ty)?]
    ) => {
        $route.described($crate::__private::Description {
            deprecated: $deprecated,
            statuses: &[$($status),*],
            describe: |operation| {
                #[allow(unused_imports)]
                use $crate::__private::{
                    TypedAnswer as _, TypedArgument as _, TypedParameter as _, UnknownAnswer as _,
                    UnknownArgument as _, UntypedAnswer as _, UntypedArgument as _, UntypedParameter as _,
                };
                $((&&$crate::__private::Probe::<$parameter>::TYPE).parameter(operation, $crate::__private::Place::$place, $name);)*
                $((&&&$crate::__private::Probe::<$argument>::TYPE).argument(operation);)*
                $crate::__described!(@output operation; $($output)?);
            },
            body: || {
                #[allow(unused_imports)]
                use $crate::__private::{TypedBody as _, UntypedBody as _};
                $crate::__described!(@body $($body)?)
            },
            query: || {
                #[allow(unused_imports)]
                use $crate::__private::{TypedBody as _, UntypedBody as _};
                $crate::__described!(@body $($query)?)
            },
        })
    };
    (@output $operation:ident; $output:ty) => {
        (&&&$crate::__private::Probe::<$output>::TYPE).answer($operation)
    };
    (@output $operation:ident;) => {
        $crate::__private::UnknownAnswer::answer(&$crate::__private::Probe::<()>::TYPE, $operation)
    };
    (@body $body:ty) => {
        (&&$crate::__private::Probe::<$body>::TYPE).body()
    };
    (@body) => {
        $crate::__private::Option::None
    };
}

/// Describes a route by its handler's types; without the feature `schema` the route as it is.
#[cfg(not(feature = "schema"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __described {
    ($route:expr; $($rest:tt)*) => {
        $route
    };
}

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

// Derived, these would ask for an app's state to be `Clone` and `Debug`.
impl<S> Clone for Route<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Route<S> {}

impl<S> fmt::Debug for Route<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

impl<S> Route<S> {
    /// A route whose handler reads the state.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_state(info: RouteInfo, handler: Handler<S>) -> Self {
        Self {
            info,
            call: Call::WithState(handler),
            guard: None,
            api_key: false,
            head: false,
            no_cors: false,
            #[cfg(feature = "schema")]
            description: None,
        }
    }

    /// A route whose handler does not.
    #[doc(hidden)]
    #[must_use]
    pub const fn stateless(info: RouteInfo, handler: StatelessHandler) -> Self {
        Self {
            info,
            call: Call::Stateless(handler),
            guard: None,
            api_key: false,
            head: false,
            no_cors: false,
            #[cfg(feature = "schema")]
            description: None,
        }
    }

    /// The route with what its handler's types say of it.
    #[cfg(feature = "schema")]
    #[doc(hidden)]
    #[must_use]
    pub const fn described(mut self, description: Description) -> Self {
        self.description = Some(description);
        self
    }

    /// The route without CORS.
    #[doc(hidden)]
    #[must_use]
    pub const fn without_cors(mut self) -> Self {
        self.no_cors = true;
        self
    }

    /// The facts known at compile time.
    #[must_use]
    pub const fn info(&self) -> &RouteInfo {
        &self.info
    }

    /// Reads the handler's arguments from the request and calls it.
    ///
    /// No code of the user runs before the future is first polled, so a panic in an extractor is
    /// also the future's.
    pub fn call<'r>(&self, state: &'r S, request: &'r Request<'r>) -> BoxFuture<'r, Response> {
        match self.call {
            Call::WithState(handler) => handler(state, request),
            Call::Stateless(handler) => handler(request),
        }
    }
}

/// Tells whether an answer is a stream; a type that is not an answer is not one, so that only its mistake is reported.
#[doc(hidden)]
#[derive(Debug)]
pub struct Streams<T>(std::marker::PhantomData<T>);

impl<T: IntoResponse> Streams<T> {
    /// The answer where the type is one: it has priority over the trait's.
    pub const STREAMS: bool = T::STREAMS;
}

/// The answer for any other type.
#[doc(hidden)]
pub trait StreamsNothing {
    /// It is not a stream.
    const STREAMS: bool = false;
}

impl<T> StreamsNothing for Streams<T> {}

/// The type that `#[route]` creates next to the function, with the function's name. It carries the
/// route.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a route",
    label = "not a route",
    note = "put `#[route(\"/path\", methods = [GET])]` (or `#[get(\"/path\")]`, …) on the function"
)]
pub trait RouteDecl {
    /// The facts known at compile time.
    const INFO: RouteInfo;

    /// A hash of the path without its parameters' names, so that a long list is compared quickly.
    const SHAPE: u64 = shape(Self::INFO.path);
}

/// A route that an app of state `S` can take: a stateless one, or one of that very state.
#[diagnostic::on_unimplemented(
    message = "this route does not belong to an app with the state `{S}`",
    label = "its handler takes another state",
    note = "a handler's `&T` argument that is not a path or query parameter is the app's state, so `T` must be `{S}`"
)]
pub trait IntoRoute<S>: RouteDecl {
    /// The route.
    fn into_route() -> Route<S>;
}

/// A list of routes for an app: `routes![handler, module::handler]`.
#[doc = include_str!("docs/routes.md")]
#[macro_export]
macro_rules! routes {
    ($($list:tt)*) => { $crate::__private::routes!($crate => $($list)*) };
}

/// Panics, and so fails to compile, where the route of that number answers what one before it answers: one of its methods on
/// the same path.
///
/// Each route has its number in the list and its name as written there. Two paths are the same if
/// they differ only in the names of their parameters: the gateway refuses the second.
#[doc(hidden)]
#[track_caller]
pub const fn assert_distinct(routes: &[(usize, &str, u64, RouteInfo)], number: usize) {
    // Routes before it may be missing, because of `#[cfg]`, but none can have been added.
    let mut at = if number < routes.len() {
        number
    } else {
        routes.len() - 1
    };
    while routes[at].0 != number {
        at -= 1;
    }
    let (_, name, shape, info) = &routes[at];
    if is_not_a_route(info) {
        let text = Text::new()
            .with("`")
            .with(name)
            .with("` has no route attribute\n= help: put `#[get(\"/path\")]` or `#[route(\"/path\", methods = [GET])]` on the function `")
            .with(name)
            .with("`");
        panic!("{}", text.as_str());
    }
    let mut earlier = 0;
    while earlier < at {
        // The rest is for the rare case: a list of 200 routes has 20 000 pairs, and const evaluation is slow.
        if routes[earlier].2 == *shape {
            let (_, other, _, known) = &routes[earlier];
            if same_path(known.path, info.path)
                && let Some(method) = shared_method(known.methods, info.methods)
            {
                let text = Text::new()
                    .with("`")
                    .with(method)
                    .with(" ")
                    .with(info.path)
                    .with("` is in this list twice: in `")
                    .with(other)
                    .with("` and in `")
                    .with(name)
                    .with("`\n= help: change the path or the methods of `")
                    .with(name)
                    .with("`, or leave it out of the list");
                panic!("{}", text.as_str());
            }
        }
        earlier += 1;
    }
}

/// The replacement for the route of a function that has none, so that only this is reported.
#[doc(hidden)]
#[derive(Debug)]
pub enum NotARoute {}

/// By what it is known.
const NOT_A_ROUTE: &str = "not a route";

const fn is_not_a_route(info: &RouteInfo) -> bool {
    same_bytes(info.handler.as_bytes(), NOT_A_ROUTE.as_bytes())
}

impl RouteDecl for NotARoute {
    const INFO: RouteInfo = RouteInfo {
        handler: NOT_A_ROUTE,
        ..RouteInfo::NONE
    };
}

impl<S> IntoRoute<S> for NotARoute {
    fn into_route() -> Route<S> {
        Route::stateless(Self::INFO, |_| Box::pin(async { Response::default() }))
    }
}

/// The FNV-1a hash of a gateway path, its parameters' names left out.
const fn shape(path: &str) -> u64 {
    let path = path.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut named = false;
    let mut i = 0;
    while i < path.len() {
        if !named || path[i] == b'+' || path[i] == b'}' {
            hash = (hash ^ path[i] as u64).wrapping_mul(0x0100_0000_01b3);
        }
        named = path[i] == b'{' || named && path[i] != b'}';
        i += 1;
    }
    hash
}

/// A text put together at compile time; what does not fit is left out.
pub(crate) struct Text {
    bytes: [u8; 512],
    length: usize,
}

impl Text {
    pub(crate) const fn new() -> Self {
        Self {
            bytes: [0; 512],
            length: 0,
        }
    }

    pub(crate) const fn with(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        if self.length + text.len() <= self.bytes.len() {
            let mut i = 0;
            while i < text.len() {
                self.bytes[self.length] = text[i];
                self.length += 1;
                i += 1;
            }
        }
        self
    }

    pub(crate) const fn as_str(&self) -> &str {
        let (text, _) = self.bytes.split_at(self.length);
        match std::str::from_utf8(text) {
            Ok(text) => text,
            Err(_) => "the list has two equal entries",
        }
    }
}

const fn shared_method<'m>(left: &[&'m str], right: &[&str]) -> Option<&'m str> {
    let mut i = 0;
    while i < left.len() {
        let mut j = 0;
        while j < right.len() {
            if same_bytes(left[i].as_bytes(), right[j].as_bytes()) {
                return Some(left[i]);
            }
            j += 1;
        }
        i += 1;
    }
    None
}

pub(crate) const fn same_bytes(left: &[u8], right: &[u8]) -> bool {
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
mod tests;
