//! The caller, as the gateway identified it: claims, contexts, principals, identities.
//!
//! | by | HTTP API 2.0 | formats 1.0 |
//! |---|---|---|
//! | a JWT | `authorizer.jwt.claims` | `authorizer.claims` |
//! | a Lambda authorizer | `authorizer.lambda` | `authorizer` itself, with `principalId` |
//! | a signature | `authorizer.iam` | `identity` |
//!
//! all in `requestContext`, where no client can put anything. `[D]` gateway-truth §1.9, §1.10, §2.6.

use std::any::type_name;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{FromRequest, loose::Loose, shorten};
use crate::{
    auth::PRINCIPAL,
    rejection::{
        ClaimsRejection, ContextRejection, NoAuthorizer, UnexpectedClaims, UnexpectedEvent,
    },
    request::Request,
};

/// The claims of the caller's JSON Web Token, read into your own type.
///
/// For routes with `jwt = "…"`: the gateway has verified the token before the handler runs. It hands on all claims as text, so here
/// `"exp": "1700000000"` is read as a number where the type has one, and `"groups": "[a b]"` as a list.
///
/// If the token lacks a claim that the type needs, the response is 403. On a route that does not
/// require a JWT it is 500, and the log says so: a handler that relies on claims never runs without
/// them. `Option<Claims<T>>` is `None` there.
///
/// ```
/// use fw::{FromRequest, Method, Request, extract::Claims};
///
/// #[derive(serde::Deserialize)]
/// struct User {
///     sub: String,
///     exp: u64,
/// }
///
/// let event = r#"{"requestContext":{"authorizer":{"jwt":{"claims":{"sub":"ali","exp":"1700000000"}}}}}"#;
/// let request = Request::new(Method::GET, "/").with_event(event);
/// let Claims(user) = Claims::<User>::from_request(&request).unwrap();
/// assert_eq!((user.sub.as_str(), user.exp), ("ali", 1_700_000_000));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claims<T>(pub T);

impl<T: for<'de> Deserialize<'de>> FromRequest for Claims<T> {
    type Rejection = ClaimsRejection;

    fn from_request(request: &Request<'_>) -> Result<Self, ClaimsRejection> {
        let Some(claims) = caller(request).and_then(Caller::claims) else {
            let what = "claims of a token: is `jwt = \"…\"` on this route";
            return Err(NoAuthorizer { what }.into());
        };
        T::deserialize(Loose::object(claims))
            .map(Self)
            .map_err(|error| {
                UnexpectedClaims {
                    detail: shorten(error.to_string()),
                    expected: type_name::<T>(),
                }
                .into()
            })
    }

    fn is_absent(request: &Request<'_>) -> bool {
        caller(request).and_then(Caller::claims).is_none()
    }
}

/// The context that the Lambda authorizer set with
/// [`Allow::with_context`](crate::auth::Allow::with_context), read into your own type. Behind a
/// REST API all values arrive as text, and are parsed into the field types.
///
/// On a route without a Lambda authorizer the response is 500, and the log says so;
/// `Option<AuthContext<T>>` is `None` there. A context of another shape is also a 500, because the
/// app's own authorizer created it.
///
/// ```
/// use fw::{FromRequest, Method, Request, extract::AuthContext};
///
/// #[derive(serde::Deserialize)]
/// struct Member {
///     seats: u32,
/// }
///
/// let event = r#"{"requestContext":{"authorizer":{"principalId":"user-7","seats":"5"}}}"#;
/// let request = Request::new(Method::GET, "/").with_event(event);
/// let AuthContext(member) = AuthContext::<Member>::from_request(&request).unwrap();
/// assert_eq!(member.seats, 5);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuthContext<T>(pub T);

impl<T: for<'de> Deserialize<'de>> FromRequest for AuthContext<T> {
    type Rejection = ContextRejection;

    fn from_request(request: &Request<'_>) -> Result<Self, ContextRejection> {
        let Some(mut context) = caller(request).and_then(Caller::context) else {
            let what = "context of a Lambda authorizer: is `authorizer = …` on this route";
            return Err(NoAuthorizer { what }.into());
        };
        context.remove(PRINCIPAL);
        // The gateway's own.
        context.remove("integrationLatency");
        T::deserialize(Loose::object(context))
            .map(Self)
            .map_err(|error| {
                UnexpectedEvent {
                    detail: format!("the authorizer's context: {}", shorten(error.to_string())),
                    expected: type_name::<T>(),
                }
                .into()
            })
    }

    fn is_absent(request: &Request<'_>) -> bool {
        caller(request).and_then(Caller::context).is_none()
    }
}

/// The caller, in any way that the gateway identified it: the principal of a Lambda authorizer, the
/// `sub` of a token, the ARN of the signer.
///
/// On a public route the response is 500, and the log says so; `Option<Principal>` is `None` there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal(pub String);

impl FromRequest for Principal {
    type Rejection = NoAuthorizer;

    fn from_request(request: &Request<'_>) -> Result<Self, NoAuthorizer> {
        let what = "principal: is `authorizer`, `jwt` or `iam` on this route";
        caller(request)
            .and_then(Caller::principal)
            .map(Self)
            .ok_or(NoAuthorizer { what })
    }

    fn is_absent(request: &Request<'_>) -> bool {
        caller(request).and_then(Caller::principal).is_none()
    }
}

/// The signer of the request, on a route with `iam`.
///
/// On any other route the response is 500, and the log says so; `Option<IamIdentity>` is `None`
/// there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct IamIdentity {
    /// The user's or role session's ARN.
    pub user_arn: String,
    /// Its unique id; for a role session it includes the session's name.
    pub user_id: String,
    /// The account.
    pub account_id: String,
    /// The access key's id. The secret never leaves the client.
    pub access_key: String,
}

impl FromRequest for IamIdentity {
    type Rejection = NoAuthorizer;

    fn from_request(request: &Request<'_>) -> Result<Self, NoAuthorizer> {
        let what = "signature: is `iam` on this route";
        caller(request)
            .and_then(Caller::iam)
            .ok_or(NoAuthorizer { what })
    }

    fn is_absent(request: &Request<'_>) -> bool {
        caller(request).and_then(Caller::iam).is_none()
    }
}

/// The input of an authorizer to which a REST API gives only the token (`#[authorizer(token)]`):
/// the header's whole value.
///
/// In an authorizer that gets the whole request, this is its `authorization` header.
/// [`Bearer`](super::Bearer) removes the scheme.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Token").finish_non_exhaustive()
    }
}

impl FromRequest for Token {
    type Rejection = crate::rejection::NoCredentials;

    fn from_request(request: &Request<'_>) -> Result<Self, Self::Rejection> {
        let given = request.extensions().get::<Self>().cloned();
        given
            .or_else(|| {
                request
                    .header("authorization")
                    .map(|value| Self(value.to_owned()))
            })
            .ok_or(crate::rejection::NoCredentials {})
    }

    fn is_absent(request: &Request<'_>) -> bool {
        request.extensions().get::<Self>().is_none() && request.header("authorization").is_none()
    }
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "requestContext")]
    context: Option<Caller>,
}

/// What the gateway says about the caller.
#[derive(Deserialize)]
struct Caller {
    #[serde(default)]
    authorizer: Option<Map<String, Value>>,
    #[serde(default)]
    identity: Option<Map<String, Value>>,
}

/// The caller in a request's event; `None` if the event is not from a gateway.
fn caller(request: &Request<'_>) -> Option<Caller> {
    let event: Event = serde_json::from_str(request.event()).ok()?;
    event.context
}

impl Caller {
    fn claims(self) -> Option<Map<String, Value>> {
        let mut authorizer = self.authorizer?;
        match authorizer.remove("jwt") {
            Some(Value::Object(mut jwt)) => object(jwt.remove("claims")),
            _ => object(authorizer.remove("claims")),
        }
    }

    fn context(self) -> Option<Map<String, Value>> {
        let mut authorizer = self.authorizer?;
        match authorizer.remove("lambda") {
            Some(Value::Object(context)) => Some(context),
            _ => authorizer.contains_key(PRINCIPAL).then_some(authorizer),
        }
    }

    fn principal(self) -> Option<String> {
        let Self {
            authorizer,
            identity,
        } = self;
        let in_authorizer = authorizer.as_ref().and_then(|authorizer| {
            let own = text(authorizer, PRINCIPAL);
            own.or_else(|| text(authorizer.get("lambda")?.as_object()?, PRINCIPAL))
                .or_else(|| text(authorizer.get("jwt")?.get("claims")?.as_object()?, "sub"))
                .or_else(|| text(authorizer.get("claims")?.as_object()?, "sub"))
                .or_else(|| text(authorizer.get("iam")?.as_object()?, "userArn"))
        });
        in_authorizer.or_else(|| text(identity.as_ref()?, "userArn"))
    }

    fn iam(self) -> Option<IamIdentity> {
        let in_authorizer = self.authorizer.and_then(|mut it| object(it.remove("iam")));
        let signed = in_authorizer.or(self.identity)?;
        let one = |name| text(&signed, name).unwrap_or_default();
        Some(IamIdentity {
            // Format 1.0 has the key with `null` if the request is not signed.
            user_arn: text(&signed, "userArn")?,
            user_id: one(if signed.contains_key("userId") {
                "userId"
            } else {
                "user"
            }),
            account_id: one("accountId"),
            access_key: one("accessKey"),
        })
    }
}

fn object(value: Option<Value>) -> Option<Map<String, Value>> {
    match value {
        Some(Value::Object(object)) => Some(object),
        _ => None,
    }
}

fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    object.get(name)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::{AuthContext, Claims, IamIdentity, Principal};
    use crate::{FromRequest, Method, Request};

    type Texts = BTreeMap<String, String>;

    fn read<T: FromRequest>(context: &Value) -> Option<T> {
        let event = json!({ "requestContext": context }).to_string();
        let request = Request::new(Method::GET, "/").with_event(&event);
        Option::<T>::from_request(&request).ok().flatten()
    }

    fn texts(pairs: &[(&str, &str)]) -> Texts {
        let pair = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn each_format_has_the_caller_in_a_place_of_its_own() {
        let claims = json!({"sub": "ali"});
        for jwt in [
            json!({"authorizer": {"jwt": {"claims": claims, "scopes": null}}}),
            json!({"authorizer": {"claims": claims, "scopes": null}, "identity": {"userArn": null}}),
        ] {
            assert_eq!(
                read::<Claims<Texts>>(&jwt).unwrap().0,
                texts(&[("sub", "ali")])
            );
            assert_eq!(read::<Principal>(&jwt).unwrap().0, "ali");
            assert!(read::<AuthContext<Texts>>(&jwt).is_none());
            assert!(read::<IamIdentity>(&jwt).is_none());
        }
        for lambda in [
            json!({"authorizer": {"lambda": {"principalId": "ali", "plan": "team"}}}),
            json!({"authorizer": {"principalId": "ali", "integrationLatency": 7, "plan": "team"}}),
        ] {
            assert_eq!(
                read::<AuthContext<Texts>>(&lambda).unwrap().0,
                texts(&[("plan", "team")])
            );
            assert_eq!(read::<Principal>(&lambda).unwrap().0, "ali");
            assert!(read::<Claims<Texts>>(&lambda).is_none());
        }
        let arn = "arn:aws:iam::123456789012:user/ali";
        for iam in [
            json!({"authorizer": {"iam": {"userArn": arn, "userId": "AIDA", "accountId": "1", "accessKey": "AKIA"}}}),
            json!({"identity": {"userArn": arn, "user": "AIDA", "accountId": "1", "accessKey": "AKIA"}}),
        ] {
            let identity = read::<IamIdentity>(&iam).unwrap();
            assert_eq!(
                (identity.user_arn.as_str(), identity.user_id.as_str()),
                (arn, "AIDA")
            );
            assert_eq!(read::<Principal>(&iam).unwrap().0, arn);
            assert!(read::<Claims<Texts>>(&iam).is_none());
        }
    }

    #[test]
    fn a_route_that_asks_nobody_gives_no_caller() {
        for nobody in [
            json!(null),
            json!({}),
            json!({"authorizer": null, "identity": {"userArn": null, "sourceIp": "1.2.3.4"}}),
            json!({"authorizer": {"jwt": null, "claims": null}}),
        ] {
            assert!(read::<Claims<Texts>>(&nobody).is_none());
            assert!(read::<AuthContext<Texts>>(&nobody).is_none());
            assert!(read::<Principal>(&nobody).is_none());
            assert!(read::<IamIdentity>(&nobody).is_none());
        }
        let request = Request::new(Method::GET, "/");
        assert_eq!(
            Claims::<Texts>::from_request(&request)
                .unwrap_err()
                .status(),
            500
        );
        assert_eq!(
            AuthContext::<Texts>::from_request(&request)
                .unwrap_err()
                .status(),
            500
        );
        assert_eq!(Principal::from_request(&request).unwrap_err().status(), 500);
    }

    #[test]
    fn a_token_without_a_claim_that_is_needed_is_forbidden() {
        #[derive(Debug, serde::Deserialize)]
        struct User {
            #[expect(dead_code, reason = "what matters is that it is needed")]
            email: String,
        }
        let event = json!({"requestContext": {"authorizer": {"jwt": {"claims": {"sub": "a"}}}}})
            .to_string();
        let request = Request::new(Method::GET, "/").with_event(&event);
        let rejection = Claims::<User>::from_request(&request).unwrap_err();
        assert_eq!(rejection.status(), 403);
        let error = crate::Error::from(rejection);
        assert!(!error.detail().contains("email"), "{error}");
        assert!(
            format!("{error:#}").contains("missing field `email`"),
            "{error:#}"
        );
        // Present, but of another shape: an `Option` does not hide it.
        assert!(Option::<Claims<User>>::from_request(&request).is_err());
    }
}
