//! Form bodies.

use serde::Deserialize;

use super::{FromRequest, content_type::is_form, urlencoded};
use crate::{
    rejection::{EmptyBody, FormRejection, FormShape, InvalidUtf8, UnsupportedContentType},
    request::Request,
};

/// A body of `application/x-www-form-urlencoded`, as HTML forms send it, read into your own type.
///
/// A repeated field fills a `Vec`. Another content type, or none, is a 415, or a 400 if there is no
/// body either; text that is not UTF-8 is a 400; a form that does not match `T` is a 422 with the
/// field's name. With the feature `schema`, values that the schema of `T` does not allow are a 422
/// too, all of them in one answer. An empty body with the right type is a form without fields, as
/// browsers send it if no box is ticked; `Option<Form<T>>` is `None` whenever the body is empty.
///
/// ```
/// use fw::{FromRequest, Method, Request, extract::Form};
///
/// #[derive(serde::Deserialize)]
/// struct Login {
///     user: String,
/// }
///
/// let request = Request::new(Method::POST, "/login")
///     .with_header("content-type", "application/x-www-form-urlencoded")
///     .with_body(b"user=J%C3%BCrgen");
/// let Form(login) = Form::<Login>::from_request(&request).unwrap();
/// assert_eq!(login.user, "Jürgen");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Form<T>(pub T);

impl<T: for<'de> Deserialize<'de>> FromRequest for Form<T> {
    type Rejection = FormRejection;

    fn from_request(request: &Request<'_>) -> Result<Self, FormRejection> {
        let body = request.body();
        let content_type = request.header("content-type");
        if !content_type.is_some_and(is_form) {
            if body.is_empty() {
                return Err(EmptyBody {}.into());
            }
            return Err(UnsupportedContentType {
                found: content_type.map(str::to_owned),
                expected: "application/x-www-form-urlencoded",
            }
            .into());
        }
        if let Err(error) = std::str::from_utf8(body) {
            let offset = error.valid_up_to();
            return Err(InvalidUtf8 { offset }.into());
        }
        let form =
            urlencoded::read(body).map_err(|mismatch| misshapen(mismatch.detail, mismatch.name))?;
        #[cfg(feature = "schema")]
        if let Some(crate::schema::pairs::FormModel(model)) = request.extensions.get() {
            let violations = model.violations(body).into_iter();
            let mut violations = violations.map(|(name, detail)| misshapen(detail, Some(name)));
            if let Some(mut first) = violations.next() {
                first.more = violations.collect();
                return Err(first.into());
            }
        }
        Ok(Self(form))
    }

    fn is_absent(request: &Request<'_>) -> bool {
        request.body().is_empty()
    }
}

fn misshapen(detail: String, field: Option<String>) -> FormShape {
    FormShape {
        detail,
        field,
        #[cfg(feature = "schema")]
        more: Vec::new(),
    }
}
