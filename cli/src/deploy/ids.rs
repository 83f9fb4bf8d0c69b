//! Values in steps that are known when planning, or that an earlier step creates.

/// An API's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiId(pub(crate) String);

/// An integration's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IntegrationId(pub(crate) String);

/// An authorizer's name, and its id where it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthorizerId {
    /// Its name, by which an earlier step creates it.
    pub(crate) name: String,
    /// Its id, if it already exists.
    pub(crate) id: Option<String>,
}

/// A version's number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version(pub(crate) String);

/// A value that is known when planning, or that an earlier step of the same plan creates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Handle<T> {
    /// This value.
    Known(T),
    /// The result of the only step that creates a `T`.
    Made,
}
