//! Lambda authorizers: functions of the app that the gateway asks before it invokes a route's.
//!
#![doc = include_str!("docs/auth.md")]

mod answer;
mod authorizer;
mod event;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::Error;

pub(crate) use self::answer::PRINCIPAL;
pub use self::authorizer::{AuthorizerDecl, AuthorizerInfo, Decide, IntoAuthorizer};
#[doc(hidden)]
pub use self::authorizer::{NotAnAuthorizer, assert_authorizer};

/// Admits the caller: its principal, and what the routes may know about it.
///
/// ```
/// use fw::auth::Allow;
///
/// #[derive(serde::Serialize)]
/// struct Member {
///     plan: &'static str,
///     seats: u32,
/// }
///
/// let allow = Allow::new("user-7").with_context(&Member { plan: "team", seats: 5 });
/// ```
#[derive(Clone, Debug)]
#[must_use = "an authorizer returns it"]
pub struct Allow {
    principal: String,
    context: Result<Map<String, Value>, String>,
    usage_key: Option<String>,
    /// The routes, if not all.
    routes: Option<Vec<String>>,
}

impl Allow {
    /// Lets a caller through under a name of your choice: [`Principal`](crate::extract::Principal) in the handlers, `principalId` in the
    /// gateway's logs.
    pub fn new(principal: impl Into<String>) -> Self {
        Self {
            principal: principal.into(),
            context: Ok(Map::new()),
            usage_key: None,
            routes: None,
        }
    }

    /// Admits the caller to these routes only: a method and a path, `GET /orders/{id}`, or a path for every method. A parameter in
    /// braces is one or more segments, `*` is anything. All others read 403.
    ///
    /// A gateway keeps an authorizer's answer for its `ttl`, whichever route the caller asks for next. With the routes in the
    /// answer this is right for all of them: the gateway gets a policy that names them.
    ///
    /// The simple answers of an HTTP API (payload format 2.0) cannot name routes. Such an answer is about the route that is
    /// asked for, so its authorizer needs `ttl = 0`, or `context:routeKey` among its identity sources. Otherwise the answer is a 500, and the log says why.
    ///
    /// ```
    /// use fw::{App, auth::Allow, authorizer, extract::Bearer, get, routes, test::{Client, Gateway}};
    ///
    /// #[authorizer(identity = ["header:authorization"], ttl = 300)]
    /// async fn members(Bearer(token): Bearer) -> Option<Allow> {
    ///     match &*token {
    ///         "reader" => Some(Allow::new("ada").for_routes(["GET /books/{id}"])),
    ///         _ => None,
    ///     }
    /// }
    ///
    /// #[get("/books/<id>")]
    /// async fn book(id: u32) -> String {
    ///     format!("book {id}")
    /// }
    ///
    /// #[get("/loans")]
    /// async fn loans() -> &'static str {
    ///     "loans"
    /// }
    ///
    /// let app = App::stateless("library").routes(routes![book, loans].authorizer::<members>());
    /// let client = Client::new(app, ()).through(Gateway::RestApi);
    /// assert_eq!(client.get("/books/7").header("authorization", "Bearer reader").send().status(), 200);
    /// assert_eq!(client.get("/loans").header("authorization", "Bearer reader").send().status(), 403);
    /// ```
    pub fn for_routes<R: Into<String>>(mut self, routes: impl IntoIterator<Item = R>) -> Self {
        self.routes = Some(routes.into_iter().map(Into::into).collect());
        self
    }

    /// Adds a context, which handlers read as [`AuthContext<T>`](crate::extract::AuthContext): any
    /// type that is a JSON object. Another type makes the answer a 500, and the log says why.
    ///
    /// Members that are `null` are left out. Gateways other than an HTTP API with format 2.0 carry
    /// only texts, numbers and booleans. There a list or an object is sent as its JSON text, and
    /// `AuthContext` reads it back.
    pub fn with_context<T: Serialize + ?Sized>(mut self, context: &T) -> Self {
        self.context = match serde_json::to_value(context) {
            Ok(Value::Object(context)) => Ok(context),
            Ok(_) => {
                Err("an authorizer's context must be a JSON object, such as a struct".to_owned())
            }
            Err(error) => Err(format!(
                "the authorizer's context cannot be written as JSON: {error}"
            )),
        };
        self
    }

    /// Adds the API key for the caller's usage, for a REST API whose keys come from its
    /// authorizers.
    pub fn with_usage_key(mut self, key: impl Into<String>) -> Self {
        self.usage_key = Some(key.into());
        self
    }
}

/// Refuses the caller: it reads 403.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use = "an authorizer returns it"]
pub struct Deny;

/// The decision of an authorizer.
#[derive(Clone, Debug)]
#[must_use = "an authorizer returns it"]
pub enum Decision {
    /// The caller is admitted.
    Allow(Allow),
    /// The caller is refused.
    Deny,
}

impl From<Allow> for Decision {
    fn from(allow: Allow) -> Self {
        Self::Allow(allow)
    }
}

impl From<Deny> for Decision {
    fn from(Deny: Deny) -> Self {
        Self::Deny
    }
}

/// What an authorizer may return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a decision",
    label = "not what an authorizer returns",
    note = "return `Allow`, `Deny`, `Decision`, `Option<Allow>` (`None` denies), or a `fw::Result` of one of them"
)]
pub trait IntoDecision {
    /// Makes the decision.
    ///
    /// # Errors
    ///
    /// The failure of an authorizer.
    fn into_decision(self) -> Result<Decision, Error>;
}

impl IntoDecision for Allow {
    fn into_decision(self) -> Result<Decision, Error> {
        Ok(self.into())
    }
}

impl IntoDecision for Deny {
    fn into_decision(self) -> Result<Decision, Error> {
        Ok(self.into())
    }
}

impl IntoDecision for Decision {
    fn into_decision(self) -> Result<Decision, Error> {
        Ok(self)
    }
}

impl<T: IntoDecision> IntoDecision for Option<T> {
    fn into_decision(self) -> Result<Decision, Error> {
        self.map_or(Ok(Decision::Deny), T::into_decision)
    }
}

impl<T: IntoDecision, E: Into<Error>> IntoDecision for Result<T, E> {
    fn into_decision(self) -> Result<Decision, Error> {
        self.map_err(Into::into)?.into_decision()
    }
}
