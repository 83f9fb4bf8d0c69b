//! Values that middleware has added to the request.

use std::any::type_name;

use super::FromRequest;
use crate::{rejection::MissingExtension, request::Request};

/// A value of type `T` that middleware has inserted into the request's
/// [extensions](http::Extensions), for example the user.
///
/// If none was inserted, a layer is missing: 500, with the type's name in the log.
/// `Option<Extension<T>>` is `None` in this case.
///
/// ```
/// use fw::{FromRequest, Method, Request, extract::Extension};
///
/// #[derive(Clone)]
/// struct User(&'static str);
///
/// let request = Request::new(Method::GET, "/").with_extension(User("ada"));
/// let Extension(user) = Extension::<User>::from_request(&request).unwrap();
/// assert_eq!(user.0, "ada");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extension<T>(pub T);

impl<T: Clone + Send + Sync + 'static> FromRequest for Extension<T> {
    type Rejection = MissingExtension;

    fn from_request(request: &Request<'_>) -> Result<Self, MissingExtension> {
        let value = request.extensions().get::<T>();
        value.cloned().map(Extension).ok_or(MissingExtension {
            expected: type_name::<T>(),
        })
    }

    fn is_absent(request: &Request<'_>) -> bool {
        request.extensions().get::<T>().is_none()
    }
}
