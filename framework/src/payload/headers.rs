//! A response's headers in both formats.

use std::borrow::Cow;

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, AGE,
        CONNECTION, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_RANGE,
        CONTENT_TYPE, DATE, ETAG, EXPIRES, LAST_MODIFIED, LOCATION, RETRY_AFTER, SERVER,
        SET_COOKIE, STRICT_TRANSPORT_SECURITY, TRANSFER_ENCODING, X_CONTENT_TYPE_OPTIONS,
        X_FRAME_OPTIONS,
    },
};
use serde::{Serialize, Serializer, ser::SerializeMap};

/// The headers of format 2.0: one value for a name.
pub(super) struct Joined<'h>(pub(super) &'h HeaderMap);

/// The cookies of format 2.0.
pub(super) struct Cookies<'h>(pub(super) &'h HeaderMap);

/// The headers of format 1.0, cookies among them: a list of values for a name.
pub(super) struct Listed<'h>(pub(super) &'h HeaderMap);

impl Serialize for Joined<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for name in self.0.keys() {
            if is_ours(name) && name != SET_COOKIE {
                map.serialize_entry(name.as_str(), &*one_value(self.0, name))?;
            }
        }
        map.end()
    }
}

impl Serialize for Cookies<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.get_all(SET_COOKIE).iter().map(text))
    }
}

impl Serialize for Listed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Values<'h>(&'h HeaderMap, &'h HeaderName);

        impl Serialize for Values<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.0.get_all(self.1).iter().map(text))
            }
        }

        let names = self.0.keys().filter(|name| is_ours(name));
        serializer.collect_map(names.map(|name| (name.as_str(), Values(self.0, name))))
    }
}

/// The headers as the prelude of a stream has them: those that a handler may say, each once but for cookies, and with a type.
///
/// Nobody knows how Lambda reads a prelude that is not ASCII, so any other character becomes `?`. A prelude without a type would be one of
/// bytes, as with Lambda's own runtime. `[E]` gateway-truth §3
#[cfg(feature = "runtime")]
pub(super) fn in_ascii(headers: &HeaderMap) -> HeaderMap {
    let mut joined = HeaderMap::new();
    for name in headers.keys() {
        if name == SET_COOKIE {
            for cookie in headers.get_all(name) {
                joined.append(name, cookie.clone());
            }
        } else if is_ours(name) {
            let ascii = one_value(headers, name).replace(|char: char| !char.is_ascii(), "?");
            if let Ok(value) = HeaderValue::try_from(ascii) {
                joined.insert(name, value);
            }
        }
    }
    let bytes = HeaderValue::from_static("application/octet-stream");
    joined.entry(CONTENT_TYPE).or_insert(bytes);
    joined
}

/// True if a handler may set it. The gateway sets the length and the transfer coding itself,
/// because it decodes base64 and counts. `[R]` gateway-truth §1.4
fn is_ours(name: &HeaderName) -> bool {
    name != CONTENT_LENGTH && name != TRANSFER_ENCODING && name != CONNECTION
}

/// All values of a name as one: joined by commas, or where that would change the meaning, the last.
fn one_value<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Cow<'h, str> {
    let mut values = headers.get_all(name).iter();
    let Some(first) = values.next() else {
        return Cow::Borrowed("");
    };
    if values.size_hint().1 == Some(0) {
        return text(first);
    }
    if is_single(name) {
        return values.next_back().map_or_else(|| text(first), text);
    }
    values
        .fold(text(first).into_owned(), |mut joined, value| {
            joined.push_str(", ");
            joined.push_str(&text(value));
            joined
        })
        .into()
}

/// True if a field is not a list, so that its values cannot be joined (RFC 9110 §5.3). Unknown
/// fields count as lists, as RFC 9110 §5.2 allows any recipient.
fn is_single(name: &HeaderName) -> bool {
    const SINGLE: [HeaderName; 18] = [
        ACCESS_CONTROL_ALLOW_CREDENTIALS,
        ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_MAX_AGE,
        AGE,
        CONTENT_DISPOSITION,
        CONTENT_LOCATION,
        CONTENT_RANGE,
        CONTENT_TYPE,
        DATE,
        ETAG,
        EXPIRES,
        LAST_MODIFIED,
        LOCATION,
        RETRY_AFTER,
        SERVER,
        STRICT_TRANSPORT_SECURITY,
        X_CONTENT_TYPE_OPTIONS,
        X_FRAME_OPTIONS,
    ];
    SINGLE.contains(name)
}

/// A value as text: UTF-8, or else each byte as the character of that number, as HTTP once said (RFC 9110 §5.5).
fn text(value: &HeaderValue) -> Cow<'_, str> {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => value.as_bytes().iter().copied().map(char::from).collect(),
    }
}
