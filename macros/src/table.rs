//! The attributes, one row each. A stage asks a row what differs between attributes, and is written once for all of them.

use crate::attr::{authorizer, keys::Grammar, source};

/// An attribute.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) subject: Subject,
    /// The method that a shorthand such as `#[get]` has in its name.
    pub(crate) method: Option<&'static str>,
    /// Its possible arguments; routes have their own grammar.
    pub(crate) grammar: Option<&'static Grammar>,
    /// What its function does, as the end of an error: "put it on the `async fn` that …".
    pub(crate) does: &'static str,
}

/// The role of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Route,
    Authorizer,
    /// The source of a queue's messages, one by one.
    Queue,
    /// The same, batch by batch: a queue's handler that takes a `Batch`.
    Batch,
    Topic,
    Bucket,
    Bus,
    Schedule,
    Function,
}

/// The framework's names for a subject: what the expansion and the stub implement.
pub(crate) struct Contract {
    /// The trait of what is known at compile time, and the type of that.
    pub(crate) decl: &'static str,
    pub(crate) info: &'static str,
    /// The trait that provides the value for an app's state, its method, and the type of the value.
    pub(crate) into: &'static str,
    pub(crate) method: &'static str,
    pub(crate) value: &'static str,
    /// The function that creates the value, if the handler does not read the state.
    pub(crate) constructor: &'static str,
    /// How an argument is read: a trait with its parameter, and its method.
    pub(crate) argument: Reader,
    /// The same for a type without parameters; see [`is_plain`](crate::types::is_plain).
    pub(crate) plain_argument: Reader,
    /// The method of `Problems` by which a function that cannot be called answers.
    pub(crate) refusal: &'static str,
    /// The trait of what the function returns, and its method.
    pub(crate) answer: (&'static str, &'static str),
    /// Another trait for a type without parameters, and its method; see [`is_plain`](crate::types::is_plain).
    pub(crate) plain_answer: (&'static str, &'static str),
    /// How the item is found by name.
    pub(crate) found: Found,
}

/// A trait of the framework's that reads an argument.
pub(crate) struct Reader {
    pub(crate) name: &'static str,
    /// The type that it reads from, where the trait has that as its parameter.
    pub(crate) from: Option<&'static str>,
    pub(crate) method: &'static str,
}

impl Reader {
    const fn plain(name: &'static str) -> Self {
        Self {
            name,
            from: None,
            method: "extract",
        }
    }

    const fn event(from: &'static str) -> Self {
        Self {
            name: "FromEvent",
            from: Some(from),
            method: "from_event",
        }
    }
}

/// How the type that carries a function's item is found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// In a list, which knows only the function's name; see [`companion`](crate::companion).
    Listed,
    /// As a type with the function's name, because it is written where types are:
    /// `.authorizer::<name>()`.
    Named,
}

impl Subject {
    pub(crate) fn contract(self) -> &'static Contract {
        // Each is a constant, because the result of a `const fn` is not one by itself.
        match self {
            Self::Route => {
                const {
                    &Contract {
                        decl: "RouteDecl",
                        info: "RouteInfo",
                        into: "IntoRoute",
                        method: "into_route",
                        value: "Route",
                        constructor: "stateless",
                        argument: REQUEST,
                        plain_argument: Reader::plain("Extractor"),
                        refusal: "into_response",
                        answer: ("IntoResponse", "into_response"),
                        plain_answer: ("Responder", "respond"),
                        found: Found::Listed,
                    }
                }
            }
            Self::Authorizer => {
                const {
                    &Contract {
                        decl: "AuthorizerDecl",
                        info: "AuthorizerInfo",
                        into: "IntoAuthorizer",
                        method: "into_authorizer",
                        value: "Entry",
                        constructor: "authorizer",
                        argument: REQUEST,
                        plain_argument: Reader::plain("Extractor"),
                        refusal: "refuse",
                        answer: ("IntoDecision", "into_decision"),
                        plain_answer: ("IntoDecision", "into_decision"),
                        found: Found::Named,
                    }
                }
            }
            Self::Queue => {
                const {
                    &Contract {
                        constructor: "sqs",
                        argument: Reader::event("Message"),
                        plain_argument: Reader::plain("MessageArgument"),
                        ..SOURCE
                    }
                }
            }
            Self::Batch => {
                const {
                    &Contract {
                        constructor: "sqs_batch",
                        argument: Reader::event("Messages"),
                        plain_argument: Reader::plain("BatchArgument"),
                        answer: ("IntoFailed", "into_failed"),
                        plain_answer: ("IntoFailed", "into_failed"),
                        ..SOURCE
                    }
                }
            }
            Self::Topic => {
                const {
                    &Contract {
                        constructor: "sns",
                        argument: Reader::event("Notification"),
                        plain_argument: Reader::plain("NotificationArgument"),
                        ..SOURCE
                    }
                }
            }
            Self::Bucket => {
                const {
                    &Contract {
                        constructor: "s3",
                        argument: Reader::event("ObjectEvent"),
                        plain_argument: Reader::plain("ObjectArgument"),
                        ..SOURCE
                    }
                }
            }
            Self::Bus => {
                const {
                    &Contract {
                        constructor: "bus",
                        argument: Reader::event("AnyBusEvent"),
                        plain_argument: Reader::plain("BusArgument"),
                        ..SOURCE
                    }
                }
            }
            Self::Schedule => {
                const {
                    &Contract {
                        constructor: "schedule",
                        argument: Reader::event("Schedule"),
                        plain_argument: Reader::plain("ScheduleArgument"),
                        ..SOURCE
                    }
                }
            }
            Self::Function => {
                const {
                    &Contract {
                        constructor: "function",
                        argument: Reader::event("Input"),
                        plain_argument: Reader::plain("InputArgument"),
                        answer: ("IntoOutput", "into_output"),
                        plain_answer: ("IntoOutput", "into_output"),
                        ..SOURCE
                    }
                }
            }
        }
    }

    /// True if an event invokes it.
    pub(crate) fn is_source(self) -> bool {
        !matches!(self, Self::Route | Self::Authorizer)
    }

    /// The possible arguments of its function, in addition to the state.
    pub(crate) fn takes(self) -> &'static str {
        match self {
            Self::Route => "an extractor",
            Self::Authorizer => "`Bearer`, `Token`, `Header<H>`, `Query<T>` or another extractor",
            Self::Queue | Self::Batch => {
                "`Json<T>`, `String`, `Message` or a `Batch` of one of them"
            }
            Self::Topic => "`Json<T>`, `String` or `Notification`",
            Self::Bucket => "`ObjectEvent`",
            Self::Bus => "`Json<T>` or `BusEvent<T>`",
            Self::Schedule => "`Schedule`, or nothing",
            Self::Function => "`Json<T>`",
        }
    }
}

/// How extractors are read.
const REQUEST: Reader = Reader {
    name: "FromRequest",
    from: None,
    method: "from_request",
};

/// The common part of the sources; the rest differs.
const SOURCE: Contract = Contract {
    decl: "SourceDecl",
    info: "SourceInfo",
    into: "IntoSource",
    method: "into_source",
    value: "Entry",
    constructor: "",
    argument: Reader::event(""),
    plain_argument: Reader::plain(""),
    refusal: "refuse",
    answer: ("IntoDone", "into_done"),
    plain_answer: ("IntoDone", "into_done"),
    found: Found::Listed,
};

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Route => "a handler",
            Self::Authorizer => "an authorizer",
            Self::Queue | Self::Batch => "a queue's handler",
            Self::Topic => "a topic's handler",
            Self::Bucket => "a bucket's handler",
            Self::Bus => "a bus's handler",
            Self::Schedule => "a schedule's handler",
            Self::Function => "a function that is called directly",
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

const fn source(
    name: &'static str,
    subject: Subject,
    grammar: &'static Grammar,
    does: &'static str,
) -> Row {
    Row {
        name,
        subject,
        method: None,
        grammar: Some(grammar),
        does,
    }
}

/// All attributes.
pub(crate) static ROWS: [Row; 15] = [
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
    source(
        "on_sqs",
        Subject::Queue,
        &source::QUEUE,
        "handles the messages",
    ),
    source(
        "on_sns",
        Subject::Topic,
        &source::TOPIC,
        "handles the notifications",
    ),
    source(
        "on_s3",
        Subject::Bucket,
        &source::BUCKET,
        "handles the events",
    ),
    source("on_event", Subject::Bus, &source::BUS, "handles the events"),
    source(
        "schedule",
        Subject::Schedule,
        &source::SCHEDULE,
        "runs at that time",
    ),
    source(
        "function",
        Subject::Function,
        &source::FUNCTION,
        "is called",
    ),
];

/// The row of that attribute.
pub(crate) fn row(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == name)
}
