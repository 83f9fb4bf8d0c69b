//! Tokens that cases ask the runner to sign.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fw_gateway::JwkSet;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

/// Made for tests alone; see `fixtures/README.md`.
const TEST_KEY: &[u8] = include_bytes!("../../gateway/tests/fixtures/test-only-rsa.pk8");
const TEST_KEYS: &[u8] = include_bytes!("../../gateway/tests/fixtures/test-only-jwks.json");

/// The issuer's public keys.
pub(crate) fn keys() -> JwkSet {
    JwkSet::parse(TEST_KEYS).expect("the fixture is a key set")
}

/// Signs claims; with `HS256` by the public key as the secret, which is how such a token would be forged.
pub(crate) fn sign(alg: &str, claims: &Value) -> Result<String, String> {
    let header = json!({"alg": alg, "kid": "test-only", "typ": "JWT"});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&header), part(claims));
    let signature = match alg {
        "RS256" => {
            let key = RsaKeyPair::from_pkcs8(TEST_KEY).expect("the fixture is a key");
            let mut signature = vec![0; key.public().modulus_len()];
            key.sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message.as_bytes(),
                &mut signature,
            )
            .map_err(|error| error.to_string())?;
            signature
        }
        "HS256" => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, TEST_KEYS);
            hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
        }
        other => return Err(format!("no such algorithm: {other}")),
    };
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
