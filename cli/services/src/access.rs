//! Which caller may do what.

use http::HeaderMap;

use crate::signature::SignatureError;

/// The client of a request, as its signature names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The access key of the signature.
    pub access_key: String,
    /// The service that the signature is for, such as `sqs`. Empty if the signature does not say.
    pub service: String,
}

/// Decides over calls: a seam for the policies of functions.
pub trait Access: Send + Sync + 'static {
    /// Whether the caller may take the action (`sqs:SendMessage`) on the resource (an ARN, or `*`).
    ///
    /// # Errors
    /// The text for the client, which gets `AccessDenied` with it.
    fn decide(&self, caller: &Caller, action: &str, resource: &str) -> Result<(), String>;

    /// The secret of an access key that the options do not name, for keys that come and go while the services run. `None` if the key
    /// is not known.
    fn secret(&self, _access_key: &str) -> Option<String> {
        None
    }
}

/// Why a request is not let in. Each service has its own words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotLetIn {
    /// It has no signature.
    Unsigned,
    /// Its access key is not known.
    UnknownKey,
    /// Its signature does not hold.
    Signature(SignatureError),
}

/// Allows every action to every caller that is let in.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenAccess;

impl Access for OpenAccess {
    fn decide(&self, _: &Caller, _: &str, _: &str) -> Result<(), String> {
        Ok(())
    }
}

/// Reads the caller from the `Authorization` header of a request that is signed with version 4, or from its query.
pub(crate) fn caller(headers: &HeaderMap, query: Option<&str>) -> Option<Caller> {
    let scope = match headers.get(http::header::AUTHORIZATION) {
        Some(value) => value
            .to_str()
            .ok()?
            .strip_prefix("AWS4-HMAC-SHA256 ")?
            .split(',')
            .find_map(|part| part.trim().strip_prefix("Credential="))?
            .to_owned(),
        None => query?
            .split('&')
            .find_map(|pair| pair.strip_prefix("X-Amz-Credential="))
            .map(crate::form::decode)?,
    };
    let mut parts = scope.split('/');
    Some(Caller {
        access_key: parts.next()?.to_owned(),
        service: parts.nth(2).unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_read_from_headers_and_queries() {
        let mut headers = HeaderMap::new();
        headers.insert(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0"
                .parse()
                .unwrap(),
        );
        let expected = Caller {
            access_key: "test".into(),
            service: "sqs".into(),
        };
        assert_eq!(caller(&headers, None), Some(expected.clone()));
        let query = "Action=X&X-Amz-Credential=test%2F20260101%2Fus-east-1%2Fsqs%2Faws4_request";
        assert_eq!(caller(&HeaderMap::new(), Some(query)), Some(expected));
        assert_eq!(caller(&HeaderMap::new(), None), None);
    }
}
