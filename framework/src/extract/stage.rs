//! The gateway's stage, and its variables.

use std::{convert::Infallible, fmt, ops::Deref};

use super::FromRequest;
use crate::request::Request;

/// The gateway's stage; `$default` if it has none.
///
/// ```
/// use fw::{FromRequest, Method, Request, extract::Stage};
///
/// let request = Request::new(Method::GET, "/").with_stage("prod");
/// let Ok(stage) = Stage::from_request(&request);
/// assert_eq!(&*stage, "prod");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stage(pub String);

impl Deref for Stage {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromRequest for Stage {
    type Rejection = Infallible;

    fn from_request(request: &Request<'_>) -> Result<Self, Infallible> {
        Ok(Self(request.stage().to_owned()))
    }
}

/// The stage's variables; empty if the stage has none.
///
/// ```
/// use fw::{FromRequest, Method, Request, extract::StageVariables};
///
/// let request = Request::new(Method::GET, "/").with_stage_variable("table", "orders");
/// let Ok(variables) = StageVariables::from_request(&request);
/// assert_eq!(variables.get("table"), Some("orders"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StageVariables(Vec<(String, String)>);

impl StageVariables {
    /// The value of that variable. Names are compared to the letter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// All variables, name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

impl FromRequest for StageVariables {
    type Rejection = Infallible;

    fn from_request(request: &Request<'_>) -> Result<Self, Infallible> {
        let pairs = request.stage_variables();
        let owned = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Ok(Self(owned.collect()))
    }

    fn is_absent(request: &Request<'_>) -> bool {
        request.stage_variables().next().is_none()
    }
}
