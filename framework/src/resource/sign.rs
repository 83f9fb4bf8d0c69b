//! Signatures of requests to AWS: version 4 (IAM user guide, "Create a signed AWS API request").

use std::fmt::Write as _;

use fw_gateway::civil;
use ring::{digest, hmac};

/// Who signs.
#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) key: String,
    pub(super) secret: String,
    pub(super) token: Option<String>,
}

/// What is signed.
pub(super) struct Unsigned<'r> {
    pub(super) method: &'r str,
    /// The path, percent-encoded as it is sent.
    pub(super) path: &'r str,
    /// The query, percent-encoded, its parameters in the order of their names.
    pub(super) query: &'r str,
    /// All headers that are signed, by their names in lower case.
    pub(super) headers: Vec<(&'r str, &'r str)>,
    /// The hash of the body, in hexadecimal.
    pub(super) hash: &'r str,
}

/// Where and when a signature is good.
pub(super) struct Scope<'r> {
    pub(super) region: &'r str,
    pub(super) service: &'r str,
    /// `20150830T123600Z`.
    pub(super) time: &'r str,
}

/// A moment since 1970, in seconds, as requests name it: `20150830T123600Z`.
pub(super) fn time(seconds: u64) -> String {
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!(
        "{year:04}{:02}{day:02}T{hour:02}{minute:02}{second:02}Z",
        month + 1
    )
}

/// A hash in hexadecimal.
pub(super) fn hash(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// The value of the header `authorization`.
pub(super) fn authorization(
    mut request: Unsigned<'_>,
    scope: &Scope<'_>,
    by: &Credentials,
) -> String {
    request.headers.sort_unstable();
    let names: Vec<&str> = request.headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let Unsigned {
        method,
        path,
        query,
        hash,
        ..
    } = request;
    let mut canonical = format!("{method}\n{path}\n{query}\n");
    for (name, value) in &request.headers {
        // Writing to a String cannot fail.
        let _ = writeln!(canonical, "{name}:{}", value.trim());
    }
    let _ = write!(canonical, "\n{names}\n{hash}");

    let Scope {
        region,
        service,
        time,
    } = scope;
    let day = time.get(..8).unwrap_or_default();
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let text = format!(
        "AWS4-HMAC-SHA256\n{time}\n{scope}\n{}",
        self::hash(canonical.as_bytes())
    );
    let mut key = format!("AWS4{}", by.secret).into_bytes();
    for part in [day, region, service, "aws4_request"] {
        key = hmac(&key, part);
    }
    let signature = hex(&hmac(&key, &text));
    let key = &by.key;
    format!(
        "AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// IAM user guide, "Create a signed AWS API request": the example of the list of users.
    #[test]
    fn the_guides_example_has_its_signature() {
        let request = Unsigned {
            method: "GET",
            path: "/",
            query: "Action=ListUsers&Version=2010-05-08",
            headers: vec![
                ("x-amz-date", "20150830T123600Z"),
                ("host", "iam.amazonaws.com"),
                (
                    "content-type",
                    "application/x-www-form-urlencoded; charset=utf-8",
                ),
            ],
            hash: &hash(b""),
        };
        let scope = Scope {
            region: "us-east-1",
            service: "iam",
            time: &time(1_440_938_160),
        };
        let by = Credentials {
            key: "AKIDEXAMPLE".to_owned(),
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            token: None,
        };
        assert_eq!(
            authorization(request, &scope, &by),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
    }
}
