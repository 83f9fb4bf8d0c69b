//! JSON Web Key Sets (RFC 7517): the keys of an issuer.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RsaPublicKeyComponents,
};
use serde::Deserialize;

use crate::{
    authorize::from_object,
    authorize::token::{KeyError, RsaAlgorithm, TokenKeys},
};

/// An issuer's RSA keys, by id.
#[derive(Debug, Clone, Default)]
pub struct JwkSet {
    keys: HashMap<String, Rsa>,
}

#[derive(Debug, Clone)]
struct Rsa {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    /// The only algorithm of the key, if it declares one.
    algorithm: Option<String>,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl JwkSet {
    /// Reads a set. Keys that cannot check a token's signature (not RSA, for encryption, without an id) are passed over.
    ///
    /// # Errors
    ///
    /// If it is not a JSON Web Key Set, or an RSA key in it is malformed.
    pub fn parse(json: &[u8]) -> Result<Self, JwkError> {
        let document: Document = from_object(json).map_err(|error| JwkError(error.to_string()))?;
        let mut keys = HashMap::new();
        for key in document.keys {
            let is_for_signatures = key
                .purpose
                .as_deref()
                .is_none_or(|purpose| purpose == "sig");
            let Some(id) = key.kid.filter(|_| key.kty == "RSA" && is_for_signatures) else {
                continue;
            };
            let number = |name: &str, text: Option<&String>| {
                text.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
                    // Leading zeros violate RFC 7518 §6.3.1 but occur in practice; `ring` accepts
                    // none.
                    .map(|bytes| {
                        bytes
                            .iter()
                            .copied()
                            .skip_while(|byte| *byte == 0)
                            .collect::<Vec<_>>()
                    })
                    .filter(|bytes| !bytes.is_empty())
                    .ok_or_else(|| JwkError(format!("the key {id:?} has no number `{name}`")))
            };
            let rsa = Rsa {
                modulus: number("n", key.n.as_ref())?,
                exponent: number("e", key.e.as_ref())?,
                algorithm: key.alg,
            };
            keys.insert(id, rsa);
        }
        Ok(Self { keys })
    }

    /// True if there is a key with this id.
    #[must_use]
    pub fn contains(&self, key_id: &str) -> bool {
        self.keys.contains_key(key_id)
    }
}

impl TokenKeys for JwkSet {
    fn verify(
        &self,
        key_id: &str,
        algorithm: RsaAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), KeyError> {
        let key = self.keys.get(key_id).ok_or(KeyError::UnknownKey)?;
        let (name, parameters) = match algorithm {
            RsaAlgorithm::Rs256 => ("RS256", &RSA_PKCS1_2048_8192_SHA256),
            RsaAlgorithm::Rs384 => ("RS384", &RSA_PKCS1_2048_8192_SHA384),
            RsaAlgorithm::Rs512 => ("RS512", &RSA_PKCS1_2048_8192_SHA512),
        };
        // RFC 8725 §3.1: a key is used with one algorithm.
        if key.algorithm.as_deref().is_some_and(|own| own != name) {
            return Err(KeyError::WrongSignature);
        }
        let components = RsaPublicKeyComponents {
            n: &key.modulus,
            e: &key.exponent,
        };
        components
            .verify(parameters, message, signature)
            .map_err(|_| KeyError::WrongSignature)
    }
}

/// A text that is not a key set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwkError(String);

impl fmt::Display for JwkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a JSON Web Key Set: {}", self.0)
    }
}

impl Error for JwkError {}
