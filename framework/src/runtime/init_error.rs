//! The report of a failed initialisation: `POST /2018-06-01/runtime/init/error`. `[D/E]` gateway-truth §4.6
//!
//! A blocking socket does: it is one request, perhaps before there is an async runtime, and the process ends after it.

use std::{
    io::{Read as _, Result, Write as _},
    net::TcpStream,
    time::Duration,
};

use super::address::Address;

/// What Lambda shows as the error's type.
const TYPE: &str = "fw.InitError";

/// How long the Runtime API, which is on the same machine, may take to read and to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Reports a failed initialisation to the Runtime API.
pub(super) fn report(Address { host, base }: &Address, cause: &str) -> Result<()> {
    let cause = serde_json::to_string(cause)?;
    let body = format!(r#"{{"errorType":"{TYPE}","errorMessage":{cause}}}"#);
    let request = format!(
        "POST {base}/2018-06-01/runtime/init/error HTTP/1.1\r\n\
         Host: {host}\r\n\
         Content-Type: application/json\r\n\
         Content-Length: {}\r\n\
         Lambda-Runtime-Function-Error-Type: {TYPE}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    // Wait for the answer's first byte, so that the report is not lost with the process. What it says changes nothing.
    stream.read_exact(&mut [0])
}
