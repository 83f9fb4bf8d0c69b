//! Tokens for trying things locally: an RSA key of the project's own, which signs what `cargo fw token` prints and which only
//! the local server knows.
//!
//! The key is created with the first token and stored in the target folder, readable only by its
//! owner. `cargo clean` removes it. No deployment ever knows it.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use fw_gateway::JwkSet;
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use rsa::pkcs8::EncodePrivateKey as _;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    error::{Context, Failure, Result},
    private_files,
    values::text::hex,
};

/// The prefix of the id of every such key.
const PREFIX: &str = "fw-local-";
/// The key's file in the app's folder; no stage has a dot in its name.
const FILE_NAME: &str = "token-key.pk8";
/// The size that issuers use. Larger keys take seconds to create.
const BITS: usize = 2048;

/// The file of a project's key.
pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join(FILE_NAME)
}

/// True if a token that names this key is from `cargo fw token` in any project.
pub(super) fn is_own(key_id: &str) -> bool {
    key_id.starts_with(PREFIX)
}

/// A key that signs tokens.
pub(crate) struct DevelopmentKey(RsaKeyPair);

impl std::fmt::Debug for DevelopmentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("DevelopmentKey").field(&self.id()).finish()
    }
}

impl DevelopmentKey {
    /// The key in this file, if the file exists.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or does not contain a key.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>> {
        match fs::read(path) {
            Ok(der) => Self::from_der(path, &der).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| {
                format!("cannot read the key for local tokens: {}", path.display())
            }),
        }
    }

    /// The key in this file, which is created if it does not exist.
    ///
    /// # Errors
    ///
    /// If the file can be neither read nor created, or does not contain a key.
    pub(crate) fn read_or_make(path: &Path) -> Result<Self> {
        if let Some(key) = Self::read(path)? {
            return Ok(key);
        }
        let failed = || format!("cannot store the key for local tokens: {}", path.display());
        let der = generate()?;
        let folder = path.parent().unwrap_or(Path::new("."));
        private_files::create_folder(folder).with_context(failed)?;
        // Written to another file and linked into place, so that two commands at the same time end
        // up with one key, and nothing reads half of it.
        let mut file = tempfile::Builder::new()
            .prefix(".token-key-")
            .make_in(folder, |path| {
                fs::OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(path)
            })
            .with_context(failed)?;
        file.write_all(&der).with_context(failed)?;
        match file.persist_noclobber(path) {
            Ok(_) => Self::from_der(path, &der),
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
                Self::read(path)?.ok_or_else(|| Failure::new(failed()))
            }
            Err(error) => Err(error.error).with_context(failed),
        }
    }

    fn from_der(path: &Path, der: &[u8]) -> Result<Self> {
        RsaKeyPair::from_pkcs8(der).map(Self).map_err(|error| {
            Failure::new(format!("not a key for local tokens: {}", path.display()))
                .because_of(error.to_string())
                .hint("delete the file; the next `cargo fw token` creates a new one")
        })
    }

    /// The key's id: the prefix, and a part that differs between projects.
    pub(crate) fn id(&self) -> String {
        let digest = Sha256::digest(self.components().n);
        format!("{PREFIX}{}", hex(&digest[..8]))
    }

    /// The public key that checks the tokens.
    ///
    /// # Errors
    ///
    /// If the model cannot read the key, which would be a bug.
    pub(super) fn public(&self) -> Result<JwkSet> {
        let number = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let components = self.components();
        let set = json!({ "keys": [{
            "kty": "RSA",
            "kid": self.id(),
            "use": "sig",
            "alg": "RS256",
            "n": number(&components.n),
            "e": number(&components.e),
        }] });
        JwkSet::parse(set.to_string().as_bytes()).context("the key for local tokens cannot be used")
    }

    /// Signs a token with those claims (RFC 7519, RFC 7515 §7.1).
    ///
    /// # Errors
    ///
    /// If the system provides no random bytes.
    pub(crate) fn sign(&self, claims: &Map<String, Value>) -> Result<String> {
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": self.id() });
        let claims = serde_json::to_vec(claims).context("cannot write the claims")?;
        let mut token = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                token.as_bytes(),
                &mut signature,
            )
            .map_err(|_| {
                Failure::new("cannot sign the token: the system provides no random bytes")
            })?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    fn components(&self) -> PublicKeyComponents<Vec<u8>> {
        self.0.public().into()
    }
}

/// A new key as PKCS #8.
fn generate() -> Result<Vec<u8>> {
    let failed = "cannot create a key for local tokens";
    // The following code assumes that there are random bytes.
    getrandom::fill(&mut [0; 32]).context(failed)?;
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, BITS).context(failed)?;
    let der = key.to_pkcs8_der().context(failed)?;
    Ok(der.as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(&folder.path().join("fw/app"));
        assert!(DevelopmentKey::read(&path).unwrap().is_none());
        let made = DevelopmentKey::read_or_make(&path).unwrap();
        let again = DevelopmentKey::read_or_make(&path).unwrap();
        assert_eq!(made.id(), again.id());
        assert!(is_own(&made.id()));
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(
            fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1,
            "nothing else is left"
        );
        assert!(made.public().unwrap().contains(&made.id()));

        fs::write(&path, "no key").unwrap();
        let failure = DevelopmentKey::read_or_make(&path).unwrap_err();
        assert!(failure.advice().unwrap().contains("delete the file"));
    }
}
