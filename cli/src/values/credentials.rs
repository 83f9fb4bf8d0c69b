//! The credentials, the account and the region of everything local.

use std::{borrow::Cow, fmt, net::IpAddr, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use fw_manifest::Part;
use sha2::{Digest as _, Sha256};

use crate::{
    env,
    error::{Context as _, Result},
};

/// The account that everything local belongs to: the one of AWS's documentation.
pub(crate) const ACCOUNT: &str = "123456789012";

/// The default region: the one in AWS's documentation.
pub(crate) const REGION: &str = "us-east-1";

/// The access key of the app's processes, and of the developer's own tools.
pub(crate) const ACCESS_KEY: &str = "AKIALOCALFW000000000";

/// The access key of the developer's own tools. It may do everything, as an administrator in the account.
pub(crate) const DEVELOPER_KEY: &str = "test";

/// Credentials that no account has. They are enough for an SDK to sign with, and every embedded
/// service and every route with signatures accepts them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct LocalCredentials(Arc<Secrets>);

struct Secrets {
    secret_key: Cow<'static, str>,
    session_token: Cow<'static, str>,
    is_random: bool,
}

impl LocalCredentials {
    /// Well-known credentials, for a server on loopback, whose ports only this user can reach.
    pub(crate) fn well_known() -> Self {
        Self(Arc::new(Secrets {
            secret_key: "local".into(),
            session_token: "local".into(),
            is_random: false,
        }))
    }

    /// Random credentials for one run, for a server that others can reach.
    ///
    /// # Errors
    ///
    /// If the system provides no random bytes.
    pub(crate) fn random() -> Result<Self> {
        let text = || -> Result<Cow<'static, str>> {
            let mut bytes = [0; 30];
            getrandom::fill(&mut bytes).context("the system provides no random bytes")?;
            Ok(URL_SAFE_NO_PAD.encode(bytes).into())
        };
        Ok(Self(Arc::new(Secrets {
            secret_key: text()?,
            session_token: text()?,
            is_random: true,
        })))
    }

    /// The well-known credentials if the server listens only on loopback, otherwise random ones.
    ///
    /// # Errors
    ///
    /// As for [`LocalCredentials::random`].
    pub(crate) fn for_host(listens: IpAddr) -> Result<Self> {
        if listens.to_canonical().is_loopback() {
            Ok(Self::well_known())
        } else {
            Self::random()
        }
    }

    /// `AWS_SECRET_ACCESS_KEY`.
    pub(crate) fn secret_key(&self) -> &str {
        &self.0.secret_key
    }

    /// The secret of [`DEVELOPER_KEY`].
    pub(crate) fn developer_secret(&self) -> &str {
        if self.0.is_random {
            &self.0.secret_key
        } else {
            DEVELOPER_KEY
        }
    }

    /// `AWS_SESSION_TOKEN`.
    pub(crate) fn session_token(&self) -> &str {
        &self.0.session_token
    }

    /// The API key's value for this name if the settings have none: derived from the name if the
    /// server listens only on loopback, otherwise random for the run. 20 to 128 characters, as API
    /// Gateway requires.
    pub(crate) fn api_key(&self, name: &str) -> String {
        if self.0.is_random {
            let seed = format!("{}\napi key\n{name}", self.0.secret_key);
            return URL_SAFE_NO_PAD.encode(Sha256::digest(seed));
        }
        let value = format!("local-key-{name}");
        format!("{value:-<20}")
    }

    /// True for random credentials, which must be shown.
    pub(crate) fn are_random(&self) -> bool {
        self.0.is_random
    }
}

impl fmt::Debug for LocalCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalCredentials").finish_non_exhaustive()
    }
}

/// How many characters of an access key are equal for all functions.
const SAME: usize = "AKIALOCALFW".len();

/// The access key of a part's processes. It tells the embedded services which part a request comes
/// from. The API's key is [`ACCESS_KEY`], so that a developer's own tools can use it too.
pub(crate) fn access_key(part: &Part) -> String {
    let apps = ACCESS_KEY;
    if *part == Part::Api {
        return apps.to_owned();
    }
    let digest = Sha256::digest(part.entry());
    let digits = digest.iter().take(apps.len() - SAME);
    let letters = digits.map(|byte| char::from(b'A' + byte % 26));
    apps.chars().take(SAME).chain(letters).collect()
}

/// True if this is the access key of a function here.
pub(crate) fn is_access_key(text: &str) -> bool {
    let apps = ACCESS_KEY;
    let own = text.strip_prefix(&apps[..SAME]);
    text == apps
        || own.is_some_and(|own| {
            text.len() == apps.len() && own.chars().all(|c| c.is_ascii_uppercase())
        })
}

/// The developer's region, from the variables that every AWS tool reads.
pub(crate) fn region() -> String {
    [env::AWS_REGION, env::AWS_DEFAULT_REGION]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .unwrap_or_else(|| REGION.to_owned())
}
