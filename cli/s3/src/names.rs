//! Rules for the names of buckets.

use std::net::Ipv4Addr;

/// The rule that a name of a general purpose bucket breaks, as the end of "a bucket name must …" (S3 user guide, "General purpose bucket
/// naming rules"). `None` if it breaks none.
#[must_use]
pub fn broken_rule(name: &str) -> Option<&'static str> {
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    if !(3..=63).contains(&bytes.len()) {
        Some("have 3 to 63 characters")
    } else if !bytes
        .iter()
        .all(|byte| alphanumeric(byte) || matches!(byte, b'.' | b'-'))
    {
        Some("consist of lower-case letters, digits, `.` and `-` only")
    } else if !(bytes.first().is_some_and(alphanumeric) && bytes.last().is_some_and(alphanumeric)) {
        Some("begin and end with a letter or a digit")
    } else if name.contains("..") {
        Some("not contain two dots in a row")
    } else if name.parse::<Ipv4Addr>().is_ok() {
        Some("not look like an IP address")
    } else if ["xn--", "sthree-", "amzn-s3-demo-"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
    {
        Some("not start with `xn--`, `sthree-` or `amzn-s3-demo-`, which AWS reserves")
    } else if ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"]
        .iter()
        .any(|suffix| name.ends_with(suffix))
    {
        Some(
            "not end with `-s3alias`, `--ol-s3`, `.mrap`, `--x-s3` or `--table-s3`, which AWS reserves",
        )
    } else {
        None
    }
}
