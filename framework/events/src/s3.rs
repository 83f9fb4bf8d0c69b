//! S3: what happened to an object, one record to an invocation. `[R]` messaging-truth §4

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::Place;

/// A change of an object.
#[derive(Clone, Copy, Debug)]
pub struct ObjectEvent<'a> {
    /// The kind of change, without `s3:`: `ObjectCreated:Put`.
    pub name: &'a str,
    /// The bucket.
    pub bucket: &'a str,
    /// The key, not encoded.
    pub key: &'a str,
    /// Size and entity tag: what was removed has neither.
    pub content: Option<(u64, &'a str)>,
    /// Its position among the events of the key: hexadecimal digits.
    pub sequencer: &'a str,
    /// The time: `2027-01-01T09:00:00.000Z`.
    pub time: &'a str,
    /// The id of the request that did it.
    pub request_id: &'a str,
}

impl ObjectEvent<'_> {
    /// The event.
    #[must_use]
    pub fn event(&self, place: Place<'_>) -> Value {
        let mut object = json!({ "key": encoded_key(self.key) });
        if let Some((size, etag)) = self.content {
            object["size"] = size.into();
            object["eTag"] = etag.into();
        }
        object["sequencer"] = self.sequencer.into();
        json!({ "Records": [{
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": place.region,
            "eventTime": self.time,
            "eventName": self.name,
            "userIdentity": { "principalId": "AWS:AIDATESTTESTTESTTEST" },
            "requestParameters": { "sourceIPAddress": "127.0.0.1" },
            "responseElements": { "x-amz-request-id": self.request_id, "x-amz-id-2": self.request_id },
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "fw",
                "bucket": {
                    "name": self.bucket,
                    "ownerIdentity": { "principalId": place.account },
                    "arn": format!("arn:aws:s3:::{}", self.bucket),
                },
                "object": object,
            },
        }] })
    }
}

/// Characters that are not encoded in a key: letters, digits, and the slash. `[R]` s3e-007; that
/// `-`, `_`, `.` and `*` are not, as in forms, is `[I]`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'*')
    .remove(b' ');

/// A key as events have it: form-encoded, with its slashes.
#[must_use]
pub fn encoded_key(key: &str) -> String {
    utf8_percent_encode(key, ENCODED)
        .to_string()
        .replace(' ', "+")
}

#[cfg(test)]
mod tests {
    use super::encoded_key;

    /// `[R]` bug report 37
    #[test]
    fn a_key_is_form_encoded_and_keeps_its_slashes() {
        assert_eq!(encoded_key("in/a b+c/ü=1.txt"), "in/a+b%2Bc/%C3%BC%3D1.txt");
        assert_eq!(encoded_key("a@b"), "a%40b");
    }
}
