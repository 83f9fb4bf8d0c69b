//! The credentials, the account and the region of everything local.

use sha2::{Digest as _, Sha256};

use crate::env;

/// The account that everything local belongs to: the one of AWS's documentation.
pub(crate) const ACCOUNT: &str = "123456789012";

/// The region when the developer's environment names none: the one of AWS's documentation.
pub(crate) const REGION: &str = "us-east-1";

/// Credentials of nobody: enough for an SDK to sign with, and taken by every embedded service.
pub(crate) const CREDENTIALS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIALOCALFW000000000"),
    ("AWS_SECRET_ACCESS_KEY", "local"),
    ("AWS_SESSION_TOKEN", "local"),
];

/// How many characters of an access key are the same for all functions.
const SAME: usize = "AKIALOCALFW".len();

/// The access key of a function's processes, by what `_HANDLER` says to them: by it the embedded services know whose a request
/// is. The app's is that of [`CREDENTIALS`], so that a developer's own tools are let in with the same.
pub(crate) fn access_key(handler: &str) -> String {
    let [(_, apps), ..] = CREDENTIALS;
    if !handler.starts_with(AUTHORIZERS) {
        return apps.to_owned();
    }
    let digest = Sha256::digest(handler);
    let digits = digest.iter().take(apps.len() - SAME);
    let letters = digits.map(|byte| char::from(b'A' + byte % 26));
    apps.chars().take(SAME).chain(letters).collect()
}

/// Whether that is the access key of some function here.
pub(crate) fn is_access_key(text: &str) -> bool {
    let [(_, apps), ..] = CREDENTIALS;
    let own = text.strip_prefix(&apps[..SAME]);
    text == apps
        || own.is_some_and(|own| {
            text.len() == apps.len() && own.chars().all(|c| c.is_ascii_uppercase())
        })
}

/// What `_HANDLER` begins with for an authorizer ([`ManifestAuthorizer::entry`](fw_manifest::ManifestAuthorizer::entry)).
const AUTHORIZERS: &str = "authorizer.";

/// The developer's region, from the variables that every AWS tool reads.
pub(crate) fn region() -> String {
    [env::AWS_REGION, env::AWS_DEFAULT_REGION]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .unwrap_or_else(|| REGION.to_owned())
}
