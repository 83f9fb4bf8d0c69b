//! The body of a form, `multipart/form-data` (RFC 7578).

use bytes::Bytes;
use http::StatusCode;

use crate::error::{S3Error, S3Result, error, error_with};
use crate::request::Call;

/// Bytes of all fields before the file (S3 API reference, "POST Object": "up to 20 KB").
pub(super) const MOST_FIELDS: usize = 20 * 1024;
/// The variable for the file's name, which all fields may have (S3 API reference, "Creating an HTML Form").
pub(super) const FILE_NAME: &str = "${filename}";

/// A form that was read.
#[derive(Debug, Default)]
pub(super) struct Form {
    /// In their order, names in lower case.
    pub(super) fields: Vec<(String, String)>,
    pub(super) file: Option<Bytes>,
    pub(super) file_name: String,
    pub(super) file_type: Option<String>,
}

impl Form {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The same form with the file's name in place of its variable.
    pub(super) fn named(&self, name: &str) -> Self {
        let fields = self.fields.iter();
        let fields = fields.map(|(field, value)| (field.clone(), value.replace(FILE_NAME, name)));
        Self {
            fields: fields.collect(),
            file: self.file.clone(),
            file_name: self.file_name.clone(),
            file_type: self.file_type.clone(),
        }
    }
}

pub(super) fn malformed() -> S3Error {
    error("MalformedPOSTRequest")
}

pub(super) fn boundary(call: &Call) -> S3Result<String> {
    let kind = call.header("content-type").unwrap_or_default();
    if !kind.to_ascii_lowercase().starts_with("multipart/form-data") {
        return Err(error_with(
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold",
        )
        .member(
            "Condition",
            "Bucket POST must be of the enclosure-type multipart/form-data",
        ));
    }
    let boundary = kind.split(';').find_map(|part| {
        let (name, value) = part.trim().split_once('=')?;
        name.eq_ignore_ascii_case("boundary")
            .then(|| value.trim().trim_matches('"').to_owned())
    });
    boundary
        .filter(|boundary| !boundary.is_empty() && boundary.len() <= 70)
        .ok_or_else(malformed)
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

/// A parameter of a header, such as `name` of `Content-Disposition`.
fn parameter(header: &str, name: &str) -> Option<String> {
    let mut rest = header;
    while let Some(at) = rest.find(';') {
        rest = rest[at + 1..].trim_start();
        let (found, value) = rest.split_once('=')?;
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_at(value.find(';').unwrap_or(value.len())),
        };
        if found.trim().eq_ignore_ascii_case(name) {
            return Some(value.to_owned());
        }
        rest = after;
    }
    None
}

/// Reads a form whose fields and file are at hand.
pub(super) fn parse(body: &Bytes, boundary: &str) -> S3Result<Form> {
    let mut form = Form::default();
    let delimiter = format!("--{boundary}");
    let between = format!("\r\n--{boundary}");
    let mut at = find(body, delimiter.as_bytes()).ok_or_else(malformed)? + delimiter.len();
    loop {
        let rest = body.get(at..).ok_or_else(malformed)?;
        if rest.starts_with(b"--") {
            return Ok(form);
        }
        let rest = rest.strip_prefix(b"\r\n").ok_or_else(malformed)?;
        let head_end = find(rest, b"\r\n\r\n").ok_or_else(malformed)?;
        let head = std::str::from_utf8(&rest[..head_end]).map_err(|_| malformed())?;
        let start = at + 2 + head_end + 4;
        let length = find(&body[start..], between.as_bytes()).ok_or_else(malformed)?;
        let content = body.slice(start..start + length);
        at = start + length + between.len();
        let mut disposition = None;
        let mut kind = None;
        for line in head.split("\r\n") {
            let (name, value) = line.split_once(':').ok_or_else(malformed)?;
            match name.trim().to_ascii_lowercase().as_str() {
                "content-disposition" => disposition = Some(value.trim().to_owned()),
                "content-type" => kind = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        let disposition = disposition.ok_or_else(malformed)?;
        let name = parameter(&disposition, "name")
            .ok_or_else(malformed)?
            .to_ascii_lowercase();
        if name == "file" {
            form.file_name = parameter(&disposition, "filename").unwrap_or_default();
            form.file_type = kind;
            form.file = Some(content);
            // What stands after the file is ignored.
            return Ok(form);
        }
        let value = String::from_utf8(content.to_vec()).map_err(|_| malformed())?;
        form.fields.push((name, value));
        let size: usize = form
            .fields
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        if size > MOST_FIELDS {
            return Err(error_with(
                "MaxPostPreDataLengthExceeded",
                "Your POST request fields preceeding the upload file was too large.",
            )
            .status_is(StatusCode::BAD_REQUEST));
        }
    }
}
