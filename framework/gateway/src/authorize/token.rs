//! JSON Web Tokens (RFC 7519) as an HTTP API checks them. `[D]` gateway-truth §1.9, http-api-jwt-authorizer

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::authorize::from_object;

/// The accepted algorithms of tokens: RSA with PKCS #1 v1.5 padding (RFC 7518 §3.3).
///
/// AWS documents "only RSA-based algorithms". Whether it accepts RSA-PSS (`PS256` and so on) is
/// unverified, so the model does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RsaAlgorithm {
    /// `RS256`
    Rs256,
    /// `RS384`
    Rs384,
    /// `RS512`
    Rs512,
}

/// The public keys of an issuer.
pub trait TokenKeys {
    /// Checks a signature over a message with the key of that id.
    ///
    /// # Errors
    ///
    /// If the key does not exist, or the signature does not match it.
    fn verify(
        &self,
        key_id: &str,
        algorithm: RsaAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), KeyError>;
}

/// Why a signature does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyError {
    /// The issuer has no key of that id.
    UnknownKey,
    /// The signature is not by the key.
    WrongSignature,
}

/// Why a token does not let its bearer pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The text for the client, the `error_description` of RFC 6750 §3.
    pub description: &'static str,
    /// The text for the log.
    pub reason: String,
}

impl Denial {
    fn new(description: &'static str, reason: impl Into<String>) -> Self {
        Self {
            description,
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// A token, read and not yet believed.
#[derive(Clone)]
pub struct Token {
    algorithm: RsaAlgorithm,
    key_id: String,
    /// Header and payload as they were signed.
    message: String,
    signature: Vec<u8>,
    claims: BTreeMap<String, Box<RawValue>>,
}

/// A token is a secret: what could be used again is left out.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    #[serde(default)]
    crit: Option<serde::de::IgnoredAny>,
}

impl Token {
    /// Reads a token with or without `Bearer ` before it. `[D]` gateway-truth §1.9
    ///
    /// # Errors
    ///
    /// If it is not a signed token (RFC 7515 §7.1), is not signed with RSA, or names no key. AWS's
    /// text for each case is unverified.
    pub fn read(text: &str) -> Result<Self, Denial> {
        let malformed = |reason: &str| Denial::new("the token is malformed", reason);
        let text = text.trim_ascii();
        let text = match text.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_ascii(),
            _ => text,
        };
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed(
                "the token does not have three parts separated by dots",
            ));
        };
        let decode = |part: &str, what: &str| {
            URL_SAFE_NO_PAD.decode(part).map_err(|error| {
                malformed(&format!("the token's {what} is not base64url: {error}"))
            })
        };
        let parsed: Header = from_object(&decode(header, "header")?)
            .map_err(|error| malformed(&format!("the token's header: {error}")))?;
        let algorithm = match parsed.alg.as_str() {
            "RS256" => RsaAlgorithm::Rs256,
            "RS384" => RsaAlgorithm::Rs384,
            "RS512" => RsaAlgorithm::Rs512,
            other => {
                return Err(Denial::new(
                    "the token's signing method is invalid",
                    format!(
                        "API Gateway takes RS256, RS384 and RS512; the token's `alg`: {other:?}"
                    ),
                ));
            }
        };
        // RFC 7515 §4.1.11: a header that must be understood but is not makes the token invalid.
        if parsed.crit.is_some() {
            return Err(malformed(
                "the token's header has `crit`, which is not supported",
            ));
        }
        let key_id = parsed.kid.ok_or_else(|| {
            Denial::new(
                "the token does not have a key id",
                "the token's header has no `kid`",
            )
        })?;
        let claims = serde_json::from_slice(&decode(payload, "payload")?)
            .map_err(|error| malformed(&format!("the token's payload: {error}")))?;
        Ok(Self {
            algorithm,
            key_id,
            message: format!("{header}.{payload}"),
            signature: decode(signature, "signature")?,
            claims,
        })
    }

    /// The key that the token claims to be signed with.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Checks signature, issuer, audience and times, in this order, so that nothing is revealed
    /// about a token that the issuer did not sign.
    ///
    /// There is no leeway for clocks. A token without `exp` is refused: whether AWS accepts one is
    /// unverified.
    ///
    /// # Errors
    ///
    /// The first check that fails.
    pub fn check(
        &self,
        keys: &dyn TokenKeys,
        issuer: &str,
        audience: &[String],
        now_ms: u64,
    ) -> Result<(), Denial> {
        keys.verify(
            &self.key_id,
            self.algorithm,
            self.message.as_bytes(),
            &self.signature,
        )
        .map_err(|error| match error {
            KeyError::UnknownKey => Denial::new(
                "the token's key is not known",
                format!(
                    "the issuer {issuer} does not have this key: {:?}",
                    self.key_id
                ),
            ),
            KeyError::WrongSignature => Denial::new(
                "the token's signature is invalid",
                format!(
                    "the token is not signed by the issuer's key {:?}",
                    self.key_id
                ),
            ),
        })?;
        match self.text("iss") {
            Some(own) if own == issuer => {}
            own => {
                return Err(Denial::new(
                    "the token does not have a valid issuer",
                    format!("the token's `iss` is {own:?}; the authorizer's issuer: {issuer:?}"),
                ));
            }
        }
        self.check_audience(audience)?;
        self.check_times(now_ms)
    }

    /// The audience of the token, and the claim with it. `[D]` http-api-troubleshooting-jwt:
    /// `client_id` counts only if there is no `aud`.
    pub(crate) fn audience(&self) -> (&'static str, Vec<String>) {
        let claim = if self.claims.contains_key("aud") {
            "aud"
        } else {
            "client_id"
        };
        (claim, self.texts(claim))
    }

    fn check_audience(&self, audience: &[String]) -> Result<(), Denial> {
        let (claim, own) = self.audience();
        if own.iter().any(|own| audience.contains(own)) {
            return Ok(());
        }
        Err(Denial::new(
            // [D] gateway-truth §1.9
            "the token does not have a valid audience",
            format!("the token's `{claim}` is {own:?}; the authorizer's audience: {audience:?}"),
        ))
    }

    fn check_times(&self, now_ms: u64) -> Result<(), Denial> {
        let now = u64_to_f64(now_ms) / 1000.0;
        let time = |claim: &'static str| match self.claims.get(claim) {
            None => Ok(None),
            Some(json) => serde_json::from_str::<f64>(json.get())
                .map(Some)
                .map_err(|_| {
                    Denial::new(
                        "the token is malformed",
                        format!("the token's `{claim}` is not a number of seconds"),
                    )
                }),
        };
        let told = |claim: &str, at: f64| format!("the token's `{claim}` is {at}; now it is {now}");
        match time("exp")? {
            Some(exp) if exp > now => {}
            Some(exp) => return Err(Denial::new("the token has expired", told("exp", exp))),
            None => {
                return Err(Denial::new(
                    "the token has expired",
                    "the token has no `exp`",
                ));
            }
        }
        for claim in ["nbf", "iat"] {
            if let Some(at) = time(claim)?.filter(|at| *at > now) {
                return Err(Denial::new("the token is not valid yet", told(claim, at)));
            }
        }
        Ok(())
    }

    /// The scopes of the claim `scope`, or without one of `scp`: one text with spaces between, or a list.
    #[must_use]
    pub fn scopes(&self) -> Vec<String> {
        let claim = if self.claims.contains_key("scope") {
            "scope"
        } else {
            "scp"
        };
        self.texts(claim)
            .iter()
            .flat_map(|text| text.split_ascii_whitespace())
            .map(str::to_owned)
            .collect()
    }

    /// The claims as the function sees them: texts. `[U]` gateway-truth §1.9
    #[must_use]
    pub fn claims(&self) -> BTreeMap<String, String> {
        self.claims
            .iter()
            .filter_map(|(name, json)| Some((name.clone(), wire_text(json.get())?)))
            .collect()
    }

    fn text(&self, claim: &str) -> Option<String> {
        serde_json::from_str(self.claims.get(claim)?.get()).ok()
    }

    /// A claim that is one text or a list of texts; nothing for another.
    fn texts(&self, claim: &str) -> Vec<String> {
        let Some(json) = self.claims.get(claim) else {
            return Vec::new();
        };
        serde_json::from_str(json.get())
            .map(|text| vec![text])
            .or_else(|_| serde_json::from_str(json.get()))
            .unwrap_or_default()
    }
}

/// A claim as text; nothing for `null`. Numbers keep their digits. `[U]` gateway-truth §1.9; lists within lists are
/// written as JSON, which is unverified.
fn wire_text(json: &str) -> Option<String> {
    match json.as_bytes().first() {
        Some(b'n') => None,
        Some(b'"') => serde_json::from_str(json).ok(),
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            let items: Vec<String> = items
                .iter()
                .map(|item| {
                    let item = item.get();
                    serde_json::from_str(item).unwrap_or_else(|_| item.to_owned())
                })
                .collect();
            Some(format!("[{}]", items.join(" ")))
        }
        _ => Some(json.to_owned()),
    }
}

/// Exact up to 2^53, which is far beyond any clock.
#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 have fewer than 53 bits"
)]
fn u64_to_f64(value: u64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Keys of a test: what is signed with the key `k` has the signature `sig`.
    struct TestKeys;

    impl TokenKeys for TestKeys {
        fn verify(
            &self,
            key_id: &str,
            _: RsaAlgorithm,
            _: &[u8],
            signature: &[u8],
        ) -> Result<(), KeyError> {
            match (key_id, signature) {
                ("k", b"sig") => Ok(()),
                ("k", _) => Err(KeyError::WrongSignature),
                _ => Err(KeyError::UnknownKey),
            }
        }
    }

    fn token(header: &Value, claims: &Value, signature: &str) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!(
            "{}.{}.{}",
            part(header),
            part(claims),
            URL_SAFE_NO_PAD.encode(signature)
        )
    }

    fn check(header: &Value, claims: &Value, signature: &str) -> Result<Token, &'static str> {
        let token =
            Token::read(&token(header, claims, signature)).map_err(|denial| denial.description)?;
        token
            .check(&TestKeys, "local", &["app".to_owned()], 1_000_000)
            .map_err(|denial| denial.description)?;
        Ok(token)
    }

    fn header() -> Value {
        json!({"alg": "RS256", "kid": "k"})
    }

    #[test]
    fn takes_only_tokens_that_hold() {
        let good = json!({"iss": "local", "aud": "app", "exp": 1001});
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            claims
        };
        let without = |name: &str| {
            let mut claims = good.clone();
            claims.as_object_mut().expect("an object").remove(name);
            claims
        };
        let table = [
            (good.clone(), None),
            (with("aud", json!(["x", "app"])), None),
            (with("aud", json!("x")), Some("audience")),
            (with("aud", json!([])), Some("audience")),
            (with("aud", json!(1)), Some("audience")),
            (without("aud"), Some("audience")),
            (
                json!({"iss": "local", "client_id": "app", "exp": 1001}),
                None,
            ),
            (with("client_id", json!("x")), None),
            (
                json!({"iss": "local", "aud": "x", "client_id": "app", "exp": 1001}),
                Some("audience"),
            ),
            (with("iss", json!("local/")), Some("issuer")),
            (without("iss"), Some("issuer")),
            (with("exp", json!(1000)), Some("expired")),
            (with("exp", json!(1000.5)), None),
            (with("exp", json!("1001")), Some("malformed")),
            (without("exp"), Some("expired")),
            (with("nbf", json!(1000)), None),
            (with("nbf", json!(1001)), Some("not valid yet")),
            (with("iat", json!(1000)), None),
            (with("iat", json!(1000.1)), Some("not valid yet")),
            (with("iat", json!(null)), Some("malformed")),
        ];
        for (claims, expected) in table {
            let told = check(&header(), &claims, "sig").err();
            match (told, expected) {
                (None, None) => {}
                (Some(told), Some(expected)) => {
                    assert!(told.contains(expected), "{claims}: {told}");
                }
                _ => panic!("{claims}: {told:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn takes_no_other_signature() {
        let claims = json!({"iss": "local", "aud": "app", "exp": 1001});
        for header in [
            json!({"alg": "none", "kid": "k"}),
            json!({"alg": "HS256", "kid": "k"}),
            json!({"alg": "ES256", "kid": "k"}),
            json!({"alg": "PS256", "kid": "k"}),
            json!({"alg": "rs256", "kid": "k"}),
            json!({"alg": "RS256"}),
            json!({"alg": "RS256", "kid": "other"}),
            json!({"alg": "RS256", "kid": 1}),
            json!({"alg": "RS256", "kid": "k", "crit": ["exp"]}),
            json!({"kid": "k"}),
            json!([]),
            json!(["RS256", "k", null]),
        ] {
            assert!(check(&header, &claims, "sig").is_err(), "{header}");
        }
        assert_eq!(
            check(&header(), &claims, "").err(),
            Some("the token's signature is invalid")
        );
        assert!(check(&header(), &claims, "sig").is_ok());
    }

    #[test]
    fn reads_only_tokens() {
        let good = token(&header(), &json!({}), "sig");
        for prefix in ["", "Bearer ", "bearer  ", " "] {
            assert!(
                Token::read(&format!("{prefix}{good}")).is_ok(),
                "{prefix:?}"
            );
        }
        let mut bad = vec!["".to_owned(), "a.b".into(), "a.b.c".into(), "Bearer".into()];
        bad.extend([
            format!("{good}.x"),
            format!("{good}="),
            format!("Basic {good}"),
        ]);
        bad.push(token(&header(), &json!("text"), "sig"));
        for text in bad {
            assert!(Token::read(&text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn writes_claims_as_texts() {
        let claims = r#"{"s":"a b","t":true,"n":5,"f":1.50,"big":12345678901234567890123,"l":["a","b c",1,null],"e":[],"o":{"k": 1},"z":null}"#;
        let text = format!(
            "{}.{}.",
            URL_SAFE_NO_PAD.encode(header().to_string()),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let seen = Token::read(&text).expect("a token").claims();
        let expected = [
            ("big", "12345678901234567890123"),
            ("e", "[]"),
            ("f", "1.50"),
            ("l", "[a b c 1 null]"),
            ("n", "5"),
            ("o", r#"{"k": 1}"#),
            ("s", "a b"),
            ("t", "true"),
        ];
        let seen: Vec<(&str, &str)> = seen.iter().map(|(name, text)| (&**name, &**text)).collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn finds_scopes() {
        let table = [
            (json!({"scope": "a  b"}), vec!["a", "b"]),
            (json!({"scp": ["a", "b"]}), vec!["a", "b"]),
            (json!({"scp": "a"}), vec!["a"]),
            (json!({"scope": "a", "scp": "b"}), vec!["a"]),
            (json!({"scope": 1}), vec![]),
            (json!({}), vec![]),
        ];
        for (claims, expected) in table {
            let token = Token::read(&token(&header(), &claims, "")).expect("a token");
            assert_eq!(token.scopes(), expected, "{claims}");
        }
    }
}
