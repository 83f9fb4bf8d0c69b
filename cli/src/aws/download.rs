//! The end of a zip, from the URL that Lambda provides. The manifest is there, so the rest need not
//! be downloaded.

use std::time::Duration;

use crate::values::code::MOST_UNZIPPED;
use bytes::Bytes;
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

/// How many bytes of the end are downloaded: a manifest of 300 routes, packed, has a tenth of it.
const END: usize = 1024 * 1024;
/// More bytes than a zip can have whose content Lambda accepts: content that cannot be compressed
/// gets a little larger.
const MOST: usize = MOST_UNZIPPED + 1024 * 1024;
/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The zip, with zeros for the part that was not downloaded. The error says why there is none.
pub(super) async fn end_of(url: &str) -> Result<Bytes, String> {
    let builder = Client::builder(TokioExecutor::new());
    let got = async {
        // A server on this machine needs no root certificates, which a machine may not have.
        if url.starts_with("http://127.0.0.1:") {
            return get(&builder.build(HttpConnector::new()), url).await;
        }
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .map_err(|error| format!("the system's root certificates cannot be read: {error}"))?;
        let connector = connector.https_only().enable_http1().build();
        get(&builder.build(connector), url).await
    };
    let late = |_| Err(format!("no answer within {} s", PATIENCE.as_secs()));
    tokio::time::timeout(PATIENCE, got)
        .await
        .unwrap_or_else(late)
}

/// The URL bears a signature, so no message names more of it than its host.
async fn get<C>(client: &Client<C, Empty<Bytes>>, url: &str) -> Result<Bytes, String>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let uri: Uri = url.parse().map_err(|_| "Lambda returned no URL for it")?;
    let host = uri.host().unwrap_or_default().to_owned();
    let request = Request::get(uri)
        .header(header::RANGE, format!("bytes=-{END}"))
        .header(header::USER_AGENT, "cargo-fw")
        .body(Empty::new())
        .map_err(|error| error.to_string())?;
    let answer = client.request(request).await;
    let answer = answer.map_err(|error| format!("{host}: {error}"))?;
    let whole = match answer.status() {
        StatusCode::OK => None,
        // `bytes 100-199/200` (RFC 9110 §14.4).
        StatusCode::PARTIAL_CONTENT => {
            let range = answer.headers().get(header::CONTENT_RANGE);
            let range = range
                .and_then(|range| range.to_str().ok())
                .unwrap_or_default();
            let whole = range
                .rsplit('/')
                .next()
                .and_then(|whole| whole.parse::<usize>().ok());
            Some(whole.ok_or_else(|| format!("{host} does not report its length"))?)
        }
        status => return Err(format!("{host} answered {status}")),
    };
    let body = Limited::new(answer.into_body(), MOST).collect().await;
    let body = body.map_err(|error| format!("{host}: {error}"))?.to_bytes();
    let missing = match whole {
        None => 0,
        Some(whole) if whole <= MOST => whole.saturating_sub(body.len()),
        Some(_) => return Err(format!("{host}: it is larger than a zip may be")),
    };
    let mut zip = vec![0; missing];
    zip.extend_from_slice(&body);
    Ok(zip.into())
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::end_of;
    use crate::deploy::block_on;

    /// The result for an answer, and the request.
    fn asked(answer: &'static str) -> (Result<Vec<u8>, String>, String) {
        let mut out = None;
        block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!(
                "http://{}/code?signature=s3cret",
                listener.local_addr().unwrap()
            );
            let serve = async {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = vec![0; 4096];
                let read = stream.read(&mut head).await.unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
                String::from_utf8_lossy(&head[..read]).into_owned()
            };
            let (got, head) = tokio::join!(end_of(&url), serve);
            out = Some((got.map(Vec::from), head));
            Ok(())
        })
        .unwrap();
        out.unwrap()
    }

    #[test]
    fn the_end_is_asked_for_and_stands_where_it_stood() {
        let (got, head) = asked(
            "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 3-5/6\r\ncontent-length: 3\r\n\r\nend",
        );
        assert_eq!(got.unwrap(), b"\0\0\0end");
        assert!(
            head.to_ascii_lowercase().contains("range: bytes=-1048576"),
            "{head}"
        );
        let (got, _) = asked("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nall");
        assert_eq!(got.unwrap(), b"all");
    }

    #[test]
    fn what_is_no_zip_is_told_without_the_signature() {
        for answer in [
            "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 206 Partial Content\r\ncontent-length: 3\r\n\r\nend",
            "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 0-2/99999999999\r\ncontent-length: 3\r\n\r\nend",
            "nonsense\r\n\r\n",
        ] {
            let (got, _) = asked(answer);
            let told = got.unwrap_err();
            assert!(!told.contains("s3cret"), "{told}");
        }
    }
}
