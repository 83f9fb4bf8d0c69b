//! The query, as a whole.

use serde::Deserialize;

use super::{FromRequest, urlencoded};
use crate::{rejection::InvalidQuery, request::Request};

/// The query, read into your own type. To read single parameters, name them in the route instead.
///
/// A repeated key fills a `Vec`, a missing one makes an `Option` `None`. A query that does not
/// match is a 400 that names the parameter. `Option<Query<T>>` is `None` if there is no query.
/// With the feature `schema`, the bounds in the schema of `T` are checked: all violations are in
/// one answer.
///
/// ```
/// use fw::{FromRequest, Method, Request, extract::Query};
///
/// #[derive(serde::Deserialize)]
/// struct Search {
///     tag: Vec<String>,
///     page: Option<u32>,
/// }
///
/// let request = Request::new(Method::GET, "/search?tag=new&tag=on+sale&page=2");
/// let Query(search) = Query::<Search>::from_request(&request).unwrap();
/// assert_eq!(search.tag, ["new", "on sale"]);
/// assert_eq!(search.page, Some(2));
///
/// let request = Request::new(Method::GET, "/search?page=two");
/// let rejection = Query::<Search>::from_request(&request).err().unwrap();
/// assert_eq!(rejection.to_string(), "query parameter `page`: invalid digit found in string");
/// ```
///
/// A field with `#[serde(flatten)]` holds what several queries have in common:
///
/// ```
/// use fw::{FromRequest, Method, Request, extract::Query};
///
/// #[derive(serde::Deserialize)]
/// struct Page {
///     #[serde(default)]
///     offset: u32,
///     limit: Option<u32>,
/// }
///
/// #[derive(serde::Deserialize)]
/// struct Search {
///     text: String,
///     #[serde(flatten)]
///     page: Page,
/// }
///
/// let request = Request::new(Method::GET, "/search?text=7&limit=20");
/// let Query(search) = Query::<Search>::from_request(&request).unwrap();
/// assert_eq!((&*search.text, search.page.offset, search.page.limit), ("7", 0, Some(20)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Query<T>(pub T);

impl<T: for<'de> Deserialize<'de>> FromRequest for Query<T> {
    type Rejection = InvalidQuery;

    fn from_request(request: &Request<'_>) -> Result<Self, InvalidQuery> {
        let pairs = request.raw_query().as_bytes();
        let query =
            urlencoded::read(pairs).map_err(|mismatch| invalid(mismatch.detail, mismatch.name))?;
        #[cfg(feature = "schema")]
        if let Some(crate::schema::pairs::QueryModel(model)) = request.extensions.get() {
            let violations = model.violations(pairs).into_iter();
            let mut violations = violations.map(|(name, detail)| invalid(detail, Some(name)));
            if let Some(mut first) = violations.next() {
                first.more = violations.collect();
                return Err(first);
            }
        }
        Ok(Self(query))
    }

    fn is_absent(request: &Request<'_>) -> bool {
        request.raw_query().is_empty()
    }
}

fn invalid(detail: String, name: Option<String>) -> InvalidQuery {
    InvalidQuery {
        detail,
        name,
        #[cfg(feature = "schema")]
        more: Vec::new(),
    }
}
