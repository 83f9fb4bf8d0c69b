//! Cookies that a handler reads and changes.

use std::convert::Infallible;

use super::{Cookies, FromRequest};
use crate::{
    request::Request,
    response::{IntoResponse, Response, SetCookie},
};

/// The request's cookies with the changes of a handler, which are sent with its answer: return `(jar, answer)`.
///
/// [`get`](Self::get) sees the changes. [`Cookies`] reads cookies without changing them.
///
/// ```
/// use fw::{App, extract::CookieJar, get, response::SetCookie, routes, test::Client};
///
/// #[get("/visits")]
/// async fn visits(mut jar: CookieJar) -> (CookieJar, String) {
///     let count: u32 = jar.get("visits").and_then(|count| count.parse().ok()).unwrap_or(0);
///     jar.add(SetCookie::new("visits", (count + 1).to_string()).path("/").http_only());
///     jar.remove(SetCookie::removal("old").path("/"));
///     (jar, format!("visit {}", count + 1))
/// }
///
/// let client = Client::new(App::stateless("shop").routes(routes![visits]), ());
/// let response = client.get("/visits").cookie("visits", "2").send();
/// assert_eq!(response.text(), "visit 3");
/// let set: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
/// assert_eq!(set[0], "visits=3; Path=/; HttpOnly");
/// assert_eq!(set.len(), 2);
/// ```
#[derive(Clone, Debug, Default)]
pub struct CookieJar {
    sent: Cookies,
    /// In the order of the changes, each name once.
    changes: Vec<Change>,
}

#[derive(Clone, Debug)]
struct Change {
    cookie: SetCookie,
    /// False if the client is to forget it.
    stays: bool,
}

impl CookieJar {
    /// The value of that name: what the handler has set, or else what the client sent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        match self
            .changes
            .iter()
            .find(|change| change.cookie.name() == name)
        {
            Some(change) => change.stays.then(|| change.cookie.value()),
            None => self.sent.get(name),
        }
    }

    /// Sets a cookie, in place of an earlier change of the same name.
    pub fn add(&mut self, cookie: SetCookie) {
        self.change(cookie, true);
    }

    /// Has the client forget a cookie: [`SetCookie::removal`] with the path and the domain that it was set with.
    pub fn remove(&mut self, cookie: SetCookie) {
        self.change(cookie, false);
    }

    fn change(&mut self, cookie: SetCookie, stays: bool) {
        self.changes
            .retain(|change| change.cookie.name() != cookie.name());
        self.changes.push(Change { cookie, stays });
    }
}

impl FromRequest for CookieJar {
    type Rejection = Infallible;

    fn from_request(request: &Request<'_>) -> Result<Self, Infallible> {
        Ok(Self {
            sent: Cookies::from_request(request)?,
            changes: Vec::new(),
        })
    }
}

/// The answer with the jar's changes.
impl<T: IntoResponse> IntoResponse for (CookieJar, T) {
    const STREAMS: bool = T::STREAMS;

    fn into_response(self) -> Response {
        let (jar, answer) = self;
        let changes = jar.changes.into_iter();
        changes.fold(answer.into_response(), |response, change| {
            response.with_cookie(change.cookie)
        })
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    #[test]
    fn a_jar_reads_its_own_changes_and_sends_the_last_of_each_name() {
        let request = Request::new(Method::GET, "/").with_cookie("a=1; b=2");
        let Ok(mut jar) = CookieJar::from_request(&request);
        jar.add(SetCookie::new("a", "3"));
        jar.add(SetCookie::new("a", "4"));
        jar.remove(SetCookie::removal("b"));
        assert_eq!(
            (jar.get("a"), jar.get("b"), jar.get("c")),
            (Some("4"), None, None)
        );
        let response = (jar, "x").into_response();
        let set: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
        assert_eq!(set.len(), 2);
        assert_eq!(set[0], "a=4");
        assert!(set[1].to_str().unwrap().starts_with("b=;"), "{set:?}");
    }
}
