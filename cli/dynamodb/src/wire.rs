//! The protocol: AWS JSON 1.0, with the checksum that SDKs verify.

use std::hash::{BuildHasher, Hasher, RandomState};

use bytes::Bytes;
use fw_services::Body;
use http::header::{CONTENT_TYPE, HeaderValue, SERVER};
use http::{Response, StatusCode};
use http_body_util::{Either, Full};

use crate::failure::Failure;

const TYPE: &str = "application/x-amz-json-1.0";
/// The characters of a request id, and how many it has.
const ID_CHARACTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
const ID_LENGTH: usize = 52;

/// The answer of an operation.
pub(crate) fn answer(result: Result<Vec<u8>, Failure>) -> Response<Body> {
    match result {
        Ok(document) => respond(StatusCode::OK, document.into()),
        Err(failure) => {
            let status = StatusCode::from_u16(failure.status).unwrap_or(StatusCode::BAD_REQUEST);
            respond(status, failure.document.to_string().into())
        }
    }
}

fn respond(status: StatusCode, body: Bytes) -> Response<Body> {
    let sum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, &body);
    let mut response = Response::new(Either::Left(Full::new(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(TYPE));
    headers.insert(SERVER, HeaderValue::from_static("Server"));
    headers.insert("x-amz-crc32", HeaderValue::from(sum));
    if let Ok(id) = HeaderValue::from_str(&request_id()) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

/// Random bits, from the keys of the standard library's hashes.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn request_id() -> String {
    let mut id = String::with_capacity(ID_LENGTH);
    let mut bits = 0;
    for position in 0..ID_LENGTH {
        // Twelve characters of five bits from each number.
        if position % 12 == 0 {
            bits = random();
        }
        id.push(char::from(ID_CHARACTERS[(bits & 31) as usize]));
        bits >>= 5;
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_its_checksum_and_an_id_of_its_own() {
        let one = answer(Ok(b"{}".to_vec()));
        let other = answer(Err(Failure::unknown_operation()));
        // The CRC-32 of the two bytes `{}`.
        assert_eq!(one.headers()["x-amz-crc32"], "2745614147");
        let id = |response: &Response<Body>| response.headers()["x-amzn-requestid"].clone();
        assert_eq!(id(&one).len(), ID_LENGTH);
        assert_ne!(id(&one), id(&other));
        assert_eq!(other.status(), 400);
    }
}
