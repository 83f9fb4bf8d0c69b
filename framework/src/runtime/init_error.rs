//! The report of a failed initialisation: `POST /2018-06-01/runtime/init/error`. `[D/E]` gateway-truth §4.6
//!
//! `lambda_runtime` has none. A plain socket does: it is one request, and the process ends after it.

use std::{
    io::{Read as _, Result, Write as _},
    net::{TcpStream, ToSocketAddrs as _},
    time::Duration,
};

use serde::Serialize;

/// What Lambda shows as the error's type.
const TYPE: &str = "fw.InitError";

/// How long the Runtime API, which is on the same machine, may take for a step.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'c> {
    error_type: &'static str,
    error_message: &'c str,
}

/// Reports a failed initialisation to the Runtime API at `host:port` (a scheme and a base path are taken as well).
pub(super) fn report(runtime_api: &str, cause: &str) -> Result<()> {
    let address = runtime_api.strip_prefix("http://").unwrap_or(runtime_api);
    let (host, base) = address
        .split_once('/')
        .map_or((address, ""), |(host, base)| {
            (host, base.trim_end_matches('/'))
        });
    let slash = if base.is_empty() { "" } else { "/" };
    let body = serde_json::to_string(&Report {
        error_type: TYPE,
        error_message: cause,
    })?;
    let request = format!(
        "POST {slash}{base}/2018-06-01/runtime/init/error HTTP/1.1\r\n\
         Host: {host}\r\n\
         Content-Type: application/json\r\n\
         Content-Length: {}\r\n\
         Lambda-Runtime-Function-Error-Type: {TYPE}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = connect(host)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    // Wait for the answer's first byte, so that the report is not lost with the process. What it says changes nothing.
    stream.read_exact(&mut [0])
}

fn connect(host: &str) -> Result<TcpStream> {
    let mut last = None;
    for address in host.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| std::io::ErrorKind::AddrNotAvailable.into()))
}
