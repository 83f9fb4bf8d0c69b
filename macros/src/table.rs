//! The attributes, one row each. A stage asks a row what differs between attributes, and is written once for all of them.

use crate::attr::{authorizer, keys::Grammar};

/// An attribute.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) subject: Subject,
    /// The method that a shorthand such as `#[get]` has in its name.
    pub(crate) method: Option<&'static str>,
    /// What it may have between its parentheses; routes have a grammar of their own.
    pub(crate) grammar: Option<&'static Grammar>,
    /// What the function with it does, as an error goes on: "put it on the `async fn` that …".
    pub(crate) does: &'static str,
}

/// What a function is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Route,
    Authorizer,
}

/// The framework's names for a subject: what the expansion and the stub implement.
pub(crate) struct Contract {
    /// The trait of what is known at compile time, and the type of that.
    pub(crate) decl: &'static str,
    pub(crate) info: &'static str,
    /// The trait that gives the value for an app's state, its method, and the type of the value.
    pub(crate) into: &'static str,
    pub(crate) method: &'static str,
    pub(crate) value: &'static str,
    /// The function that makes the value, where the handler does not read the state.
    pub(crate) constructor: &'static str,
    /// The method of `Problems` by which a function that cannot be called answers.
    pub(crate) refusal: &'static str,
    /// The trait of what the function returns, and its method.
    pub(crate) answer: (&'static str, &'static str),
    /// Another trait for a type without parameters, and its method; see [`is_plain`](crate::types::is_plain).
    pub(crate) plain_answer: (&'static str, &'static str),
    /// How the item is found by whoever names it.
    pub(crate) found: Found,
}

/// How the type that carries a function's item is found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// In a list, which knows the function's name alone; see [`companion`](crate::companion).
    Listed,
    /// As a type of the function's name, since it is written where types stand: `.authorizer::<name>()`.
    Named,
}

impl Subject {
    pub(crate) fn contract(self) -> &'static Contract {
        match self {
            Self::Route => &Contract {
                decl: "RouteDecl",
                info: "RouteInfo",
                into: "IntoRoute",
                method: "into_route",
                value: "Route",
                constructor: "stateless",
                refusal: "into_response",
                answer: ("IntoResponse", "into_response"),
                plain_answer: ("Responder", "respond"),
                found: Found::Listed,
            },
            Self::Authorizer => &Contract {
                decl: "AuthorizerDecl",
                info: "AuthorizerInfo",
                into: "IntoAuthorizer",
                method: "into_authorizer",
                value: "Entry",
                constructor: "authorizer",
                refusal: "refuse",
                answer: ("IntoDecision", "into_decision"),
                plain_answer: ("IntoDecision", "into_decision"),
                found: Found::Named,
            },
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Route => "a handler",
            Self::Authorizer => "an authorizer",
        })
    }
}

const fn route(name: &'static str, method: Option<&'static str>) -> Row {
    Row {
        name,
        subject: Subject::Route,
        method,
        grammar: None,
        does: "answers the request",
    }
}

/// All attributes.
pub(crate) static ROWS: [Row; 9] = [
    route("route", None),
    route("get", Some("GET")),
    route("put", Some("PUT")),
    route("post", Some("POST")),
    route("patch", Some("PATCH")),
    route("delete", Some("DELETE")),
    route("head", Some("HEAD")),
    route("options", Some("OPTIONS")),
    Row {
        name: "authorizer",
        subject: Subject::Authorizer,
        method: None,
        grammar: Some(&authorizer::GRAMMAR),
        does: "decides",
    },
];

/// The row of that attribute.
pub(crate) fn row(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == name)
}
