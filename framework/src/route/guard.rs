//! Who may call a route: its attribute's setting, or its list's.

use super::{Listed, Route, Routes};
use crate::{auth::IntoAuthorizer, entry::Entry};
use fw_manifest::Authorization;

/// How the gateway checks the callers of a route.
#[derive(Debug)]
pub enum Guard<S> {
    /// Everybody may call it.
    Public,
    /// They sign their requests.
    Iam,
    /// They bring a token.
    Jwt {
        /// Which of the settings' `[jwt.NAME]`.
        name: &'static str,
        /// Scopes of which the token has at least one.
        scopes: &'static [&'static str],
    },
    /// An authorizer of the app decides.
    Authorizer(Entry<S>),
}

impl<S> Clone for Guard<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Guard<S> {}

impl<S> Guard<S> {
    /// Its description in the manifest.
    pub(crate) fn manifest(&self) -> Option<Authorization> {
        Some(match self {
            Self::Public => return None,
            Self::Iam => Authorization::Iam,
            Self::Jwt { name, scopes } => Authorization::Jwt {
                name: (*name).to_owned(),
                scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            },
            Self::Authorizer(authorizer) => Authorization::Lambda {
                name: authorizer.name().to_owned(),
            },
        })
    }
}

impl<S> Route<S> {
    /// The route under that guard.
    #[doc(hidden)]
    #[must_use]
    pub const fn guarded(mut self, guard: Guard<S>) -> Self {
        self.guard = Some(guard);
        self
    }

    /// The route with an API key asked for.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_api_key(mut self) -> Self {
        self.api_key = true;
        self
    }
}

/// Who may call these routes. A route's own attribute has priority; `public` there opens this one
/// route.
///
/// ```
/// use fw::{App, Result, auth::Allow, authorizer, extract::Bearer, get, routes};
///
/// #[authorizer(identity = ["header:authorization"], ttl = 300)]
/// async fn members(Bearer(token): Bearer) -> Option<Allow> {
///     (token == "sesame").then(|| Allow::new("ali"))
/// }
///
/// #[get("/cave")]
/// async fn cave() -> &'static str {
///     "gold"
/// }
///
/// #[get("/door", public)]
/// async fn door() -> &'static str {
///     "closed"
/// }
///
/// let app = App::stateless("cave").mount("/v1", routes![cave, door].authorizer::<members>());
/// assert_eq!(app.manifest().authorizers[0].name, "members");
/// ```
impl<S> Routes<S> {
    /// An authorizer of the app decides: `routes![…].authorizer::<name>()`.
    #[must_use]
    pub fn authorizer<A: IntoAuthorizer<S>>(self) -> Self {
        self.guard(Guard::Authorizer(A::into_authorizer()))
    }

    /// Callers bring a JSON Web Token that `[jwt.NAME]` of the settings describes.
    #[must_use]
    pub fn jwt(self, name: &'static str) -> Self {
        self.jwt_with_scopes(name, &[])
    }

    /// Callers bring such a token with at least one of these scopes.
    #[must_use]
    pub fn jwt_with_scopes(self, name: &'static str, scopes: &'static [&'static str]) -> Self {
        self.guard(Guard::Jwt { name, scopes })
    }

    /// Callers sign their requests (`AWS_IAM`, Signature Version 4).
    #[must_use]
    pub fn iam(self) -> Self {
        self.guard(Guard::Iam)
    }

    /// Callers send an API key (REST APIs only), in addition to other requirements.
    #[must_use]
    pub fn api_key(mut self) -> Self {
        for Listed { route, .. } in &mut self.list {
            route.api_key |= !matches!(route.guard, Some(Guard::Public));
        }
        self
    }

    fn guard(mut self, guard: Guard<S>) -> Self {
        for Listed { route, .. } in &mut self.list {
            route.guard.get_or_insert(guard);
        }
        self
    }
}
