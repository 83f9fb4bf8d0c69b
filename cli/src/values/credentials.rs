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

/// The region when the developer's environment names none: the one of AWS's documentation.
pub(crate) const REGION: &str = "us-east-1";

/// The access key of the app's processes, and of the developer's own tools.
pub(crate) const ACCESS_KEY: &str = "AKIALOCALFW000000000";

/// Credentials of nobody in the account: enough for an SDK to sign with, taken by every embedded service and by routes whose callers
/// sign. Cheap to clone.
#[derive(Clone)]
pub(crate) struct LocalCredentials(Arc<Secrets>);

struct Secrets {
    secret_key: Cow<'static, str>,
    session_token: Cow<'static, str>,
    is_random: bool,
}

impl LocalCredentials {
    /// Those that everybody knows, for a server on loopback: its ports are this user's alone.
    pub(crate) fn well_known() -> Self {
        Self(Arc::new(Secrets {
            secret_key: "local".into(),
            session_token: "local".into(),
            is_random: false,
        }))
    }

    /// Those of one run, for a server that others can reach.
    ///
    /// # Errors
    ///
    /// When the system has no randomness.
    pub(crate) fn random() -> Result<Self> {
        let text = || -> Result<Cow<'static, str>> {
            let mut bytes = [0; 30];
            getrandom::fill(&mut bytes).context("the system gives no randomness")?;
            Ok(URL_SAFE_NO_PAD.encode(bytes).into())
        };
        Ok(Self(Arc::new(Secrets {
            secret_key: text()?,
            session_token: text()?,
            is_random: true,
        })))
    }

    /// The well-known ones where the server listens on loopback alone, and random ones elsewhere.
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

    /// `AWS_SESSION_TOKEN`.
    pub(crate) fn session_token(&self) -> &str {
        &self.0.session_token
    }

    /// What a caller sends for the API key of that name where the settings have no value: made of the name alone where the server
    /// listens on loopback, and of this run elsewhere. 20 to 128 characters, as API Gateway takes them.
    pub(crate) fn api_key(&self, name: &str) -> String {
        if self.0.is_random {
            let seed = format!("{}\napi key\n{name}", self.0.secret_key);
            return URL_SAFE_NO_PAD.encode(Sha256::digest(seed));
        }
        let value = format!("local-key-{name}");
        format!("{value:-<20}")
    }

    /// True of those of one run, which have to be shown.
    pub(crate) fn are_random(&self) -> bool {
        self.0.is_random
    }
}

impl fmt::Debug for LocalCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalCredentials").finish_non_exhaustive()
    }
}

/// How many characters of an access key are the same for all functions.
const SAME: usize = "AKIALOCALFW".len();

/// The access key of a part's processes: by it the embedded services know whose a request is. The API's is [`ACCESS_KEY`], so that
/// a developer's own tools are let in with the same.
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

/// Whether that is the access key of some function here.
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
