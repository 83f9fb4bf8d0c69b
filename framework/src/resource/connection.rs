//! Connections to AWS: HTTP/1.1, over TLS unless the endpoint is `http://`, kept open for the next call.

use std::{
    collections::HashMap,
    io::{Error, ErrorKind, Result},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, pki_types::ServerName},
};

use crate::http1::{self, Length, invalid};

/// How long a connection may take to be there, its TLS included.
const CONNECT: Duration = Duration::from_secs(3);

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(30);

/// Where a service is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Endpoint {
    pub(super) tls: bool,
    /// The host, and its port unless it is the usual one, as the header `host` says it.
    pub(super) authority: String,
}

impl Endpoint {
    /// Reads `https://host` or `http://host:port`; a path is left out.
    pub(super) fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let authority = rest.split('/').next().filter(|host| !host.is_empty())?;
        Some(Self {
            tls: match scheme {
                "https" => true,
                "http" => false,
                _ => return None,
            },
            authority: authority.to_owned(),
        })
    }

    /// The host, for the certificate, and where to connect.
    fn host(&self) -> (&str, String) {
        match self.authority.rsplit_once(':') {
            Some((host, _)) => (host, self.authority.clone()),
            None => {
                let port = if self.tls { 443 } else { 80 };
                (&self.authority, format!("{}:{port}", self.authority))
            }
        }
    }
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

type Connection = BufReader<Box<dyn Stream>>;

/// Connections that wait for a call.
static IDLE: Mutex<Option<HashMap<Endpoint, Vec<Connection>>>> = Mutex::new(None);

fn idle<T>(at: &Endpoint, with: impl FnOnce(&mut Vec<Connection>) -> T) -> T {
    let mut idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    with(idle.get_or_insert_default().entry(at.clone()).or_default())
}

/// Sends a request, head and body, and reads the answer. The request is not a `HEAD`, whose answer has no body.
///
/// # Errors
///
/// When the server cannot be reached in time or hangs up. A connection that was open for an earlier call may be closed by now, as
/// after a while in which Lambda has frozen the process: then the request is sent on a new one.
pub(super) async fn exchange(at: &Endpoint, head: &[u8], body: &[u8]) -> Result<Answer> {
    while let Some(open) = idle(at, Vec::pop) {
        // Whatever goes wrong on it may be of its age.
        if let Ok(answer) = within(ANSWER, once(at, open, head, body)).await {
            return Ok(answer);
        }
    }
    let new = within(CONNECT, connect(at)).await?;
    within(ANSWER, once(at, new, head, body)).await
}

async fn within<T>(time: Duration, future: impl Future<Output = Result<T>>) -> Result<T> {
    match timeout(time, future).await {
        Ok(done) => done,
        Err(_) => Err(ErrorKind::TimedOut.into()),
    }
}

async fn connect(at: &Endpoint) -> Result<Connection> {
    let (host, address) = at.host();
    let tcp = TcpStream::connect(&address).await?;
    tcp.set_nodelay(true)?;
    if !at.tls {
        return Ok(BufReader::new(Box::new(tcp)));
    }
    let name = ServerName::try_from(host.to_owned()).map_err(Error::other)?;
    let tls = TlsConnector::from(tls()?).connect(name, tcp).await?;
    Ok(BufReader::new(Box::new(tls)))
}

/// The configuration of TLS. It is made by the first call that needs it: the system's root certificates take 6 to 9 ms.
fn tls() -> Result<Arc<ClientConfig>> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::clone(CONFIG.get_or_init(|| Arc::new(config))))
}

async fn once(at: &Endpoint, mut open: Connection, head: &[u8], body: &[u8]) -> Result<Answer> {
    open.write_all(head).await?;
    open.write_all(body).await?;
    open.flush().await?;
    let mut line = Vec::new();
    http1::read_line(&mut open, &mut line).await?;
    let (mut status, mut closes) = http1::status(&String::from_utf8_lossy(&line))?;
    let mut length = Length::default();
    loop {
        http1::read_line(&mut open, &mut line).await?;
        let text = String::from_utf8_lossy(&line);
        let (name, value) = text.trim_end().split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "content-length" if length != Length::Chunks => {
                let said = value.trim().parse();
                length = Length::Bytes(said.map_err(|_| invalid("a length that is not a number"))?);
            }
            "transfer-encoding" => length = Length::Chunks,
            "connection" => closes |= value.trim().eq_ignore_ascii_case("close"),
            "" if text.len() <= 2 && status >= 200 => break,
            "" if text.len() <= 2 => {
                // An interim response stands before the response.
                http1::read_line(&mut open, &mut line).await?;
                (status, closes) = http1::status(&String::from_utf8_lossy(&line))?;
            }
            _ => {}
        }
    }
    if matches!(status, 204 | 304) {
        length = Length::Bytes(0);
    }
    let mut read = Vec::new();
    http1::read_body(&mut open, length, &mut line, &mut read).await?;
    if !closes && length != Length::UntilClose {
        idle(at, |idle| idle.push(open));
    }
    Ok(Answer {
        status,
        body: read.into(),
    })
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::{Endpoint, exchange};

    /// Answers each request of a body of four bytes with the next of the responses, on one connection after the other: `None` closes it.
    async fn served(responses: Vec<Option<&'static str>>) -> Endpoint {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let mut responses = responses.into_iter();
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut read = Vec::new();
                while stream.read_buf(&mut read).await.is_ok_and(|read| read > 0) {
                    if !read.ends_with(b"body") {
                        continue;
                    }
                    read.clear();
                    match responses.next().flatten() {
                        Some(response) => stream.write_all(response.as_bytes()).await.unwrap(),
                        None => break,
                    }
                }
            }
        });
        Endpoint::parse(&format!("http://{address}")).unwrap()
    }

    #[tokio::test]
    async fn an_answer_is_read_however_it_is_framed_and_the_connection_is_used_again() {
        let sized = "HTTP/1.1 400 X\r\nContent-Length: 2\r\n\r\nno";
        let chunked = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nye\r\n1\r\ns\r\n0\r\n\r\n";
        let empty = "HTTP/1.1 204 X\r\n\r\n";
        let at = served(vec![Some(sized), Some(chunked), Some(empty), Some(sized)]).await;
        for (status, body) in [(400, "no"), (200, "yes"), (204, ""), (400, "no")] {
            let answer = exchange(&at, b"PUT / HTTP/1.1\r\n\r\n", b"body")
                .await
                .unwrap();
            assert_eq!((answer.status, &*answer.body), (status, body.as_bytes()));
        }
    }

    #[tokio::test]
    async fn a_connection_that_was_closed_is_opened_again() {
        let sized = "HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\nok";
        let at = served(vec![Some(sized), None, Some(sized), None, None]).await;
        for _ in 0..2 {
            let answer = exchange(&at, b"PUT / HTTP/1.1\r\n\r\n", b"body")
                .await
                .unwrap();
            assert_eq!(answer.status, 200);
        }
        // A new one that is closed as well is the end.
        assert!(
            exchange(&at, b"PUT / HTTP/1.1\r\n\r\n", b"body")
                .await
                .is_err()
        );
    }

    #[test]
    fn an_endpoint_is_a_scheme_and_an_authority() {
        let at = |url: &str| Endpoint::parse(url).map(|it| (it.tls, it.host().1));
        assert_eq!(
            at("https://sqs.eu-central-1.amazonaws.com"),
            Some((true, "sqs.eu-central-1.amazonaws.com:443".to_owned()))
        );
        assert_eq!(
            at("http://127.0.0.1:4566/"),
            Some((false, "127.0.0.1:4566".to_owned()))
        );
        for url in ["", "localhost:1", "ftp://host", "http://", "https:///path"] {
            assert_eq!(at(url), None, "{url}");
        }
    }
}
