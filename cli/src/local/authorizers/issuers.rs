//! The keys of issuers: found by OIDC discovery, kept for a while, and bounded in time and size.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use fw_gateway::{JwkSet, KEYS_TIMEOUT};
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::{
    client::legacy::{
        Client,
        connect::{Connect, HttpConnector},
    },
    rt::TokioExecutor,
};
use serde::Deserialize;
use tokio::time::timeout;

/// How long keys are cached: "up to two hours" (API Gateway developer guide, "Control access to
/// HTTP APIs with JWT authorizers").
const KEPT: Duration = Duration::from_secs(2 * 60 * 60);
/// How long a key set is trusted not to have a key that a token names. AWS's own time is
/// unverified.
const MISSING: Duration = Duration::from_secs(60);
/// How long an issuer that could not be reached is not asked again, so that not every request asks
/// it; unverified.
const FAILED: Duration = Duration::from_secs(5);
/// The most that an issuer's document may have, in bytes; real ones have a few kilobytes. AWS's own limit is unverified.
const LIMIT: usize = 256 * 1024;

/// The issuers' keys, shared by everything that is served. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Issuers(Arc<Mutex<HashMap<String, Issuer>>>);

/// One issuer.
type Issuer = Arc<Slot>;

#[derive(Debug, Default)]
struct Slot {
    /// Held only briefly, so that requests with a known key do not wait for a request that asks the
    /// issuer.
    known: Mutex<Known>,
    /// Has one request at a time ask the issuer.
    asking: tokio::sync::Mutex<()>,
}

/// The state of an issuer.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The last keys that it gave, and when.
    keys: Option<(Arc<JwkSet>, Instant)>,
    /// The time of the last attempt, and why it failed, if it did.
    asked: Option<(Instant, Option<String>)>,
}

impl Known {
    /// The answer for a token with this key if the issuer need not be asked; `None` if it must be
    /// asked.
    fn answer(&self, key_id: &str) -> Option<Result<Arc<JwkSet>, String>> {
        let keys = self
            .keys
            .as_ref()
            .filter(|(_, since)| since.elapsed() < KEPT);
        if let Some((keys, _)) = keys.filter(|(keys, _)| keys.contains(key_id)) {
            return Some(Ok(Arc::clone(keys)));
        }
        let (asked, failure) = self.asked.as_ref()?;
        match failure {
            Some(failure) if asked.elapsed() < FAILED => Some(Err(failure.clone())),
            // A set without that key: the token is refused for it.
            None if asked.elapsed() < MISSING => keys.map(|(keys, _)| Ok(Arc::clone(keys))),
            _ => None,
        }
    }
}

impl Slot {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Issuers {
    /// The keys of an issuer. They are fetched if they are not known or lack this key. The error
    /// says why there are none.
    ///
    /// If the issuer cannot be reached, its last keys stay valid for [`KEPT`].
    pub(super) async fn keys(&self, issuer: &str, key_id: &str) -> Result<Arc<JwkSet>, String> {
        let slot = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(issuer.to_owned()).or_default())
        };
        if let Some(answer) = slot.known().answer(key_id) {
            return answer;
        }
        let _asking = slot.asking.lock().await;
        // Another request may have asked in the meantime.
        if let Some(answer) = slot.known().answer(key_id) {
            return answer;
        }
        // If the client disconnects in the meantime, the next request asks again.
        let keys = timeout(KEYS_TIMEOUT, discover(issuer))
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {} ms", KEYS_TIMEOUT.as_millis())))
            .map(Arc::new);
        let now = Instant::now();
        let mut known = slot.known();
        known.asked = Some((now, keys.as_ref().err().cloned()));
        if let Ok(keys) = &keys {
            known.keys = Some((Arc::clone(keys), now));
        }
        keys
    }
}

/// OIDC Discovery 1.0 §4: the document has the address of the keys.
async fn discover(issuer: &str) -> Result<JwkSet, String> {
    let builder = Client::builder(TokioExecutor::new());
    // An issuer on this machine needs no root certificates, which a machine may not have.
    if issuer.starts_with("http://") {
        return discover_with(&builder.build(HttpConnector::new()), issuer).await;
    }
    // Reads files.
    let connector = tokio::task::spawn_blocking(|| {
        HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
    })
    .await
    .map_err(|error| error.to_string())?
    .map_err(|error| format!("the system's root certificates cannot be read: {error}"))?;
    // Created for each discovery, which is rare, so that no connection is kept open.
    let connector = connector.https_only().enable_http1().build();
    discover_with(&builder.build(connector), issuer).await
}

async fn discover_with<C>(client: &Client<C, Empty<Bytes>>, issuer: &str) -> Result<JwkSet, String>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    #[derive(Deserialize)]
    struct Discovery {
        jwks_uri: String,
    }

    let place = format!(
        "{}/.well-known/openid-configuration",
        issuer.trim_end_matches('/')
    );
    let document: Discovery = serde_json::from_slice(&get(client, &place).await?)
        .map_err(|error| format!("{place} is not a discovery document: {error}"))?;
    let keys = get(client, &document.jwks_uri).await?;
    JwkSet::parse(&keys).map_err(|error| format!("{}: {error}", document.jwks_uri))
}

/// A document. Redirects are not followed. The settings let plain HTTP be for this machine only, and so does this for the keys.
async fn get<C>(client: &Client<C, Empty<Bytes>>, place: &str) -> Result<Bytes, String>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let uri: Uri = place.parse().map_err(|_| format!("not a URL: {place}"))?;
    let is_here = uri
        .host()
        .is_some_and(|host| ["localhost", "127.0.0.1"].contains(&host));
    if uri.scheme_str() != Some("https") && !is_here {
        return Err(format!("not an https URL: {place}"));
    }
    let request = Request::get(uri)
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, "cargo-fw")
        .body(Empty::new())
        .map_err(|error| error.to_string())?;
    let response = client
        .request(request)
        .await
        .map_err(|error| format!("{place}: {}", with_sources(&error)))?;
    if response.status() != StatusCode::OK {
        return Err(format!("{place} answered {}", response.status()));
    }
    let body = Limited::new(response.into_body(), LIMIT).collect().await;
    body.map(http_body_util::Collected::to_bytes)
        .map_err(|error| format!("{place}: {error}"))
}

/// An error and what is behind it, in one line.
fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    /// An issuer that answers discovery with a document that names that place, and everything else with that text. It ends
    /// with the test's runtime.
    async fn issuer(keys_at: &str, keys: String) -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let discovery = format!(r#"{{"jwks_uri":"{}"}}"#, keys_at.replace("URL", &url));
        let count = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::Relaxed);
                let mut request = [0; 4096];
                let length = stream.read(&mut request).await.unwrap();
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                let body = if request.contains("openid-configuration") {
                    &discovery
                } else {
                    &keys
                };
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                );
                // A client that refuses the answer closes before its end.
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            }
        });
        (url, asked)
    }

    #[tokio::test]
    async fn keys_are_asked_for_once_and_not_again_for_each_strange_token() {
        let keys = r#"{"keys":[{"kty":"RSA","kid":"one","n":"AQAB","e":"AQAB"}]}"#;
        let (url, asked) = issuer("URL/keys", keys.to_owned()).await;
        let issuers = Issuers::default();
        for id in ["one", "one", "strange", "stranger"] {
            assert!(
                issuers.keys(&url, id).await.unwrap().contains("one"),
                "{id}"
            );
        }
        assert_eq!(
            asked.load(Ordering::Relaxed),
            2,
            "the document and the keys"
        );
    }

    #[tokio::test]
    async fn an_issuer_that_is_gone_takes_no_keys_with_it_and_is_asked_seldom() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        // It answers once, and then fails.
        tokio::spawn(async move {
            let own = format!("http://{}", listener.local_addr().unwrap());
            for body in [
                format!(r#"{{"jwks_uri":"{own}/keys"}}"#),
                r#"{"keys":[{"kty":"RSA","kid":"one","n":"AQAB","e":"AQAB"}]}"#.to_owned(),
            ] {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 4096]).await.unwrap();
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
                );
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            }
            loop {
                let _ = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        let issuers = Issuers::default();
        assert!(issuers.keys(&url, "one").await.unwrap().contains("one"));
        let slot = Arc::clone(&issuers.0.lock().unwrap()[&url]);
        let ago = |seconds| {
            Instant::now()
                .checked_sub(Duration::from_secs(seconds))
                .unwrap()
        };
        // The set may be asked for again.
        slot.known().asked = Some((ago(61), None));
        for _ in 0..20 {
            assert!(issuers.keys(&url, "strange").await.is_err());
            assert!(issuers.keys(&url, "one").await.unwrap().contains("one"));
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1, "once, and not for each");
        // And once more after a while, with the same end.
        slot.known().asked = Some((ago(6), Some("away".to_owned())));
        assert!(issuers.keys(&url, "strange").await.is_err());
        assert!(issuers.keys(&url, "one").await.unwrap().contains("one"));
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        // Not for ever: the issuer may have taken the key back.
        let kept = slot
            .known()
            .keys
            .clone()
            .map(|(keys, _)| (keys, ago(KEPT.as_secs() + 1)));
        slot.known().keys = kept;
        assert!(issuers.keys(&url, "one").await.is_err());
    }

    #[tokio::test]
    async fn what_is_no_issuer_is_told_apart_and_left_alone_for_a_while() {
        for (keys_at, keys, said) in [
            ("URL/keys", "[]".to_owned(), "not a JSON Web Key Set"),
            ("URL/keys", " ".repeat(LIMIT + 1), "limit"),
            (
                "http://keys.example.org/",
                String::new(),
                "not an https URL",
            ),
            ("no URL", String::new(), "not a URL"),
        ] {
            let (url, asked) = issuer(keys_at, keys).await;
            let issuers = Issuers::default();
            let error = issuers.keys(&url, "one").await.unwrap_err();
            assert!(error.contains(said), "{error}");
            let before = asked.load(Ordering::Relaxed);
            assert_eq!(issuers.keys(&url, "one").await.unwrap_err(), error);
            assert_eq!(asked.load(Ordering::Relaxed), before);
        }
        let error = Issuers::default()
            .keys("https://127.0.0.1:9", "one")
            .await
            .unwrap_err();
        assert!(!error.is_empty());
    }
}
