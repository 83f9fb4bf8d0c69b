//! Fetches what the gateway needs before it admits a request: an issuer's keys, an authorizer's
//! answer, or the secret for an access key.
//!
//! The gateway model decides; here is only fetched what it needs. What cannot be had is a refusal with a line in the log,
//! never a request let through.

pub(crate) mod development;
pub(crate) mod issuers;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use fw_gateway::{
    AUTHORIZER_TIMEOUT, Credentials, FrontDoor, JwkSet, Need, Pending, Principal, Question,
    Received, Supplied,
};
use fw_manifest::Part;
use tokio::time::timeout;

use self::{development::DevelopmentKey, issuers::Issuers};
use super::pool::{Outcome, Pool};
use crate::values::credentials::{self, LocalCredentials};

/// The keys for tokens: the issuers' and the project's own. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Keyring {
    issuers: Issuers,
    development: Arc<Development>,
}

/// The project's own key, read again when its file changes.
#[derive(Debug)]
struct Development {
    file: PathBuf,
    read: Mutex<Option<(SystemTime, Arc<JwkSet>)>>,
}

impl Keyring {
    /// The keyring of a project with its own key in this file, if the file exists.
    pub(crate) fn new(file: PathBuf) -> Self {
        Self {
            issuers: Issuers::default(),
            development: Arc::new(Development {
                file,
                read: Mutex::default(),
            }),
        }
    }

    /// The keys of an issuer, or the project's own for a token that names it, which is neither looked for on the network
    /// nor taken for another project's.
    async fn keys(&self, issuer: &str, key_id: &str) -> Result<Arc<JwkSet>, String> {
        if development::is_own(key_id) {
            self.development.keys()
        } else {
            self.issuers.keys(issuer, key_id).await
        }
    }
}

impl Development {
    fn keys(&self) -> Result<Arc<JwkSet>, String> {
        let changed = self.file.metadata().and_then(|found| found.modified());
        let Ok(changed) = changed else {
            return Err(
                "the token is from `cargo fw token`, but not from this project: create a new one"
                    .to_owned(),
            );
        };
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, keys)) = read.as_ref().filter(|(when, _)| *when == changed) {
            return Ok(Arc::clone(keys));
        }
        let key = DevelopmentKey::read(&self.file).map_err(|failure| failure.to_string())?;
        let key = key.ok_or(
            "the key of this token no longer exists: create a new token with `cargo fw token`",
        )?;
        let keys = Arc::new(key.public().map_err(|failure| failure.to_string())?);
        *read = Some((changed, Arc::clone(&keys)));
        Ok(keys)
    }
}

/// The sources of answers for one generation, in addition to its functions.
#[derive(Debug)]
pub(super) struct Authorizers {
    keyring: Keyring,
    credentials: LocalCredentials,
}

impl Authorizers {
    pub(super) fn new(keyring: Keyring, credentials: LocalCredentials) -> Self {
        Self {
            keyring,
            credentials,
        }
    }

    /// Gets what the front door needs for that request, from one of the functions for example, and has it decide.
    pub(super) async fn resume(
        &self,
        door: &FrontDoor,
        pending: &Pending,
        functions: &BTreeMap<Part, Pool>,
    ) -> Received {
        let decided = match pending.need() {
            Need::Keys { issuer, key_id } => self
                .keyring
                .keys(issuer, key_id)
                .await
                .map(|keys| door.resume(pending, &Supplied::Keys(&*keys))),
            Need::Credentials { .. } => Ok(door.resume(
                pending,
                &Supplied::Credentials(&[credentials(pending, &self.credentials)]),
            )),
            Need::Answer(question) => {
                ask(question, functions)
                    .await
                    .map(|outcome| match &outcome {
                        Outcome::Payload(answer) => door.resume(pending, &Supplied::Answer(answer)),
                        Outcome::FunctionError(document) => {
                            door.resume(pending, &Supplied::FunctionError(document))
                        }
                        Outcome::Throttled => Received::Answer(door.refuse(
                            pending,
                            "the authorizer's function does not accept more invocations",
                        )),
                    })
            }
        };
        decided.unwrap_or_else(|reason| Received::Answer(door.refuse(pending, &reason)))
    }
}

/// The outcome of an authorizer's invocation. The error says why there is none.
async fn ask(question: &Question, functions: &BTreeMap<Part, Pool>) -> Result<Outcome, String> {
    let part = Part::Authorizer(question.name.clone());
    let pool = functions.get(&part);
    let pool = pool.ok_or_else(|| format!("the app does not have {part}"))?;
    // A separate invocation in the request's trace.
    let id = super::server::arrival().request_id;
    let outcome = pool.invoke(id, question.trace_id.clone(), question.event.clone());
    let waited = timeout(AUTHORIZER_TIMEOUT, outcome).await;
    waited.map_err(|_| {
        let seconds = AUTHORIZER_TIMEOUT.as_secs();
        format!("{part} did not answer within {seconds} s")
    })
}

/// The credentials in the environment of the app's processes: requests signed with them are
/// admitted. The session token is checked if the client sends one, as the SDKs do; `curl` does not
/// have to.
fn credentials(pending: &Pending, own: &LocalCredentials) -> Credentials {
    let apps = credentials::ACCESS_KEY;
    // An authorizer's process signs with its own key.
    let signed = pending
        .request()
        .header("authorization")
        .unwrap_or_default();
    let named = signed.split("Credential=").nth(1);
    let named = named.and_then(|rest| rest.split('/').next());
    let named = named.filter(|key| credentials::is_access_key(key));
    let access_key_id = named.unwrap_or(apps);
    let request = pending.request();
    let sends_token = request.header("x-amz-security-token").is_some()
        || request
            .target
            .to_ascii_lowercase()
            .contains("x-amz-security-token=");
    Credentials {
        access_key_id: access_key_id.to_owned(),
        secret_access_key: own.secret_key().to_owned(),
        session_token: sends_token.then(|| own.session_token().to_owned()),
        principal: Principal::user(
            access_key_id,
            credentials::ACCOUNT,
            "local",
            "AIDALOCALFW000000000",
        ),
    }
}
