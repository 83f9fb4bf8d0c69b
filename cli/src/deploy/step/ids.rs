//! What steps name that is known when planning, or that an earlier step makes.

/// An API's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiId(pub(crate) String);

/// An integration's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IntegrationId(pub(crate) String);

/// An authorizer's name, and its id where it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthorizerId {
    /// Its name, by which an earlier step makes it.
    pub(crate) name: String,
    /// Its id, when it is there already.
    pub(crate) id: Option<String>,
}

/// A version's number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version(pub(crate) String);

/// A value that is known when planning, or that an earlier step of the same plan makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Handle<T> {
    /// It is this.
    Known(T),
    /// The one step that makes a `T` gives it.
    Made,
}
