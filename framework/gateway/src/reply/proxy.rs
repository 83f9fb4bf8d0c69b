//! The handler's result, read: `{"statusCode": …, "headers": …, "body": …}` or any other JSON.
//!
//! One pass finds the known keys and leaves their values unparsed, so a body is copied only if it
//! must be unescaped.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::reply::Lines;

/// The known keys of a result, each as JSON text; `null` counts as absent, which is recorded for `headers` of REST APIs
/// (gateway-truth §0 row 10) and unverified for the rest.
#[derive(Debug, Default)]
pub(crate) struct Proxy<'a> {
    status_code: Option<&'a str>,
    headers: Option<&'a str>,
    multi_value_headers: Option<&'a str>,
    cookies: Option<&'a str>,
    body: Option<&'a str>,
    is_base64_encoded: Option<&'a str>,
    /// True if there are keys that no gateway knows.
    pub(super) has_unknown_keys: bool,
    /// True if there is a `cookies` key, which REST does not know.
    pub(super) has_cookies: bool,
}

/// A handler's result.
#[derive(Debug)]
pub(super) enum Payload<'a> {
    /// A JSON object.
    Object(Proxy<'a>, &'a str),
    /// Any other JSON value.
    Other(&'a str),
}

impl<'a> Payload<'a> {
    /// Reads a result; nothing if it is not JSON.
    pub(super) fn read(payload: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(payload).ok()?.trim_ascii();
        if text.starts_with('{') {
            serde_json::from_str(text)
                .ok()
                .map(|proxy| Self::Object(proxy, text))
        } else {
            serde_json::from_str::<IgnoredAny>(text)
                .ok()
                .map(|_| Self::Other(text))
        }
    }
}

/// A malformed part of a result: what is wrong with it, for the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Malformed(pub(crate) &'static str);

impl Malformed {
    /// Not JSON at all.
    pub(super) const NOT_JSON: Self = Self("it is not JSON");
    /// An empty draft.
    pub(super) const NO_HEADERS: Self = Self(
        "it has a header that HTTP does not allow: a name that is not a token, or a line break in a value",
    );

    /// The sentence for the log.
    pub(super) fn reason(self) -> String {
        format!("the function's result is malformed: {}", self.0)
    }
}

impl<'a> Proxy<'a> {
    /// The status code of a result that must have one.
    pub(super) fn own_status(&self) -> Result<u16, Malformed> {
        self.status()?.ok_or(Malformed("it has no `statusCode`"))
    }

    /// True if the object has a status to answer with; otherwise it is plain data.
    pub(crate) fn has_status(&self) -> bool {
        self.status_code.is_some()
    }

    /// The status code; a numeric string is one. `[R]` gateway-truth §0 row 10 and §3, for HTTP APIs unverified.
    ///
    /// Codes below 200 are interim answers and cannot end a request (RFC 9110 §15.2). How AWS
    /// handles them, and codes above 599, is unverified. 0 is malformed: `[R]` gateway-truth §1.4.
    pub(crate) fn status(&self) -> Result<Option<u16>, Malformed> {
        let Some(json) = self.status_code else {
            return Ok(None);
        };
        let digits = json
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or(json);
        match digits.parse() {
            Ok(status @ 200..=599) => Ok(Some(status)),
            _ => Err(Malformed(
                "its `statusCode` is not a whole number from 200 to 599",
            )),
        }
    }

    /// `headers`, one line each.
    pub(crate) fn headers(&self) -> Result<Lines<'a>, Malformed> {
        let lines: Entries<'a, &'a RawValue> =
            parse(self.headers, "its `headers` are not an object")?;
        lines
            .0
            .into_iter()
            .filter_map(|(name, value)| {
                scalar(value.get())
                    .map(|value| value.map(|value| (name, value)))
                    .transpose()
            })
            .collect()
    }

    /// `multiValueHeaders`, one line for each value. A value that is not a list is malformed. `[R]` gateway-truth §0 row 10
    pub(crate) fn multi_value_headers(&self) -> Result<Lines<'a>, Malformed> {
        let lists: Entries<'a, Vec<&'a RawValue>> = parse(
            self.multi_value_headers,
            "its `multiValueHeaders` are not an object of lists",
        )?;
        let mut lines = Lines::new();
        for (name, values) in lists.0 {
            for value in values {
                if let Some(value) = scalar(value.get())? {
                    lines.push((name.clone(), value));
                }
            }
        }
        Ok(lines)
    }

    /// The lines of format 2.0: the list's cookies go before those of `headers`. `[U]` gateway-truth §1.4
    pub(crate) fn cookies_and_headers(&self) -> Result<Lines<'a>, Malformed> {
        let cookies: Vec<Text<'a>> = parse(self.cookies, "its `cookies` are not a list of texts")?;
        let cookies = cookies
            .into_iter()
            .map(|Text(cookie)| (Cow::Borrowed("set-cookie"), cookie));
        Ok(cookies.chain(self.headers()?).collect())
    }

    /// True if `isBase64Encoded` is set.
    pub(crate) fn is_base64_encoded(&self) -> Result<bool, Malformed> {
        parse(
            self.is_base64_encoded,
            "its `isBase64Encoded` is not a boolean",
        )
    }

    /// `body` as text. That anything other than a string is malformed is unverified.
    pub(crate) fn text(&self) -> Result<Cow<'a, str>, Malformed> {
        let Text(text) = parse(self.body, "its `body` is not a text")?;
        Ok(text)
    }

    /// `body` as bytes, decoded if `isBase64Encoded` is true.
    pub(crate) fn bytes(&self) -> Result<Bytes, Malformed> {
        let text = self.text()?;
        if self.is_base64_encoded()? {
            decode(&text)
        } else {
            Ok(text.into_owned().into())
        }
    }
}

/// Decodes base64.
pub(super) fn decode(text: &str) -> Result<Bytes, Malformed> {
    STANDARD
        .decode(text)
        .map(Bytes::from)
        .map_err(|_| Malformed("its `body` is not base64, but `isBase64Encoded` is true"))
}

/// The text of a JSON string; nothing for other values.
pub(super) fn string(json: &str) -> Option<Cow<'_, str>> {
    json.starts_with('"')
        .then(|| serde_json::from_str(json).ok())
        .flatten()
        .map(|Text(text)| text)
}

/// JSON without white space between its tokens; order, spelling of numbers and escapes stay. The text is valid JSON.
pub(super) fn compact(json: &str) -> Cow<'_, str> {
    let mut in_string = false;
    let mut escaped = false;
    let mut keep = |byte: u8| {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            true
        } else {
            in_string = byte == b'"';
            !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
        }
    };
    let Some(first) = json.bytes().position(|byte| !keep(byte)) else {
        return Cow::Borrowed(json);
    };
    let (kept, rest) = json.as_bytes().split_at(first);
    let mut bytes = kept.to_vec();
    // The byte at `first` is white space and has been judged already; to judge it again changes nothing.
    bytes.extend(rest.iter().copied().filter(|&byte| keep(byte)));
    // Only ASCII was left out, so this is the branch that is taken.
    String::from_utf8(bytes).map_or(Cow::Borrowed(json), Cow::Owned)
}

/// Parses the JSON of a key; an absent one is the default.
fn parse<'a, T: Deserialize<'a> + Default>(
    json: Option<&'a str>,
    problem: &'static str,
) -> Result<T, Malformed> {
    json.map_or_else(
        || Ok(T::default()),
        |json| serde_json::from_str(json).map_err(|_| Malformed(problem)),
    )
}

/// A header's value as text: numbers and booleans are written out (`[R]` for booleans, gateway-truth §0 row 10); `null` is
/// left out, lists and objects are malformed (both unverified).
fn scalar(json: &str) -> Result<Option<Cow<'_, str>>, Malformed> {
    match json.as_bytes().first() {
        Some(b'"') => string(json).map(Some).ok_or(Malformed::NOT_JSON),
        Some(b'n') => Ok(None),
        Some(b'[' | b'{') | None => Err(Malformed(
            "one of its headers has a list or an object as its value",
        )),
        Some(_) => Ok(Some(json.into())),
    }
}

/// A JSON string, borrowed unless it has escapes.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// A JSON object's entries in order, repeats included.
struct Entries<'a, V>(Vec<(Cow<'a, str>, V)>);

impl<V> Default for Entries<'_, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de: 'a, 'a, V: Deserialize<'de>> Deserialize<'de> for Entries<'a, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor<V>(std::marker::PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for EntriesVisitor<V> {
            type Value = Vec<(Cow<'de, str>, V)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some((Text(name), value)) = map.next_entry()? {
                    entries.push((name, value));
                }
                Ok(entries)
            }
        }
        deserializer
            .deserialize_map(EntriesVisitor(std::marker::PhantomData))
            .map(Self)
    }
}

/// A key of a result; case counts.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Key {
    StatusCode,
    Headers,
    MultiValueHeaders,
    Cookies,
    Body,
    IsBase64Encoded,
    #[serde(other)]
    Unknown,
}

impl<'de: 'a, 'a> Deserialize<'de> for Proxy<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ProxyVisitor;
        impl<'de> Visitor<'de> for ProxyVisitor {
            type Value = Proxy<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            // Of a repeated key the last one counts, as in most JSON parsers; unverified.
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut proxy = Proxy::default();
                while let Some(key) = map.next_key()? {
                    let place = match key {
                        Key::StatusCode => &mut proxy.status_code,
                        Key::Headers => &mut proxy.headers,
                        Key::MultiValueHeaders => &mut proxy.multi_value_headers,
                        Key::Cookies => {
                            proxy.has_cookies = true;
                            &mut proxy.cookies
                        }
                        Key::Body => &mut proxy.body,
                        Key::IsBase64Encoded => &mut proxy.is_base64_encoded,
                        Key::Unknown => {
                            proxy.has_unknown_keys = true;
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    *place = Some(map.next_value::<&'de RawValue>()?.get())
                        .filter(|json| *json != "null");
                }
                Ok(proxy)
            }
        }
        deserializer.deserialize_map(ProxyVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compacts_json_but_not_its_strings() {
        let table = [
            ("[1,2]", "[1,2]"),
            ("[1, 2]", "[1,2]"),
            (
                " { \"a b\" :\t\"c  d\" , \"e\\\" \\\\\" : 3.10 }\n",
                "{\"a b\":\"c  d\",\"e\\\" \\\\\":3.10}",
            ),
            ("\"é  é\"", "\"é  é\""),
        ];
        for (json, expected) in table {
            assert_eq!(compact(json), expected);
        }
    }

    #[test]
    fn reads_status_codes() {
        let table = [
            (r#"{"statusCode":201}"#, Some(201)),
            (r#"{"statusCode":"418"}"#, Some(418)),
            (r#"{"statusCode":0}"#, None),
            (r#"{"statusCode":100}"#, None),
            (r#"{"statusCode":600}"#, None),
            (r#"{"statusCode":-200}"#, None),
            (r#"{"statusCode":200.5}"#, None),
            (r#"{"statusCode":"test"}"#, None),
            (r#"{"statusCode":true}"#, None),
            (r#"{"statusCode":[200]}"#, None),
            (r#"{"statusCode":99999999999999999999}"#, None),
        ];
        for (json, status) in table {
            let Some(Payload::Object(proxy, _)) = Payload::read(json.as_bytes()) else {
                panic!("{json} is an object")
            };
            assert_eq!(proxy.status().ok().flatten(), status, "{json}");
        }
    }

    #[test]
    fn reads_header_values_of_every_kind() {
        let table = [
            (
                r#"{"headers":{"a":"x","b":true,"c":1.50,"d":null}}"#,
                Some(vec![("a", "x"), ("b", "true"), ("c", "1.50")]),
            ),
            (r#"{"headers":null}"#, Some(vec![])),
            (r#"{"headers":{"a":["x"]}}"#, None),
            (r#"{"headers":[]}"#, None),
            (r#"{"headers":"a: b"}"#, None),
        ];
        for (json, expected) in table {
            let Some(Payload::Object(proxy, _)) = Payload::read(json.as_bytes()) else {
                panic!("{json} is an object")
            };
            let lines = proxy.headers().ok();
            let lines = lines.as_ref().map(|lines| {
                lines
                    .iter()
                    .map(|(name, value)| (&**name, &**value))
                    .collect::<Vec<_>>()
            });
            assert_eq!(lines, expected, "{json}");
        }
    }

    #[test]
    fn a_deep_result_is_read_without_recursion() {
        let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert!(matches!(
            Payload::read(deep.as_bytes()),
            Some(Payload::Other(_))
        ));
        let object = format!(r#"{{"statusCode":200,"headers":{{"a":{deep}}},"x":{deep}}}"#);
        let Some(Payload::Object(proxy, _)) = Payload::read(object.as_bytes()) else {
            panic!("it is an object")
        };
        assert!(proxy.has_unknown_keys && proxy.headers().is_err());
    }

    #[test]
    fn a_result_that_is_not_json_is_nothing() {
        for payload in [
            &b""[..],
            b"{",
            b"{\"a\":}",
            b"hello",
            b"\xff",
            b"1 2",
            b"{} {}",
        ] {
            assert!(Payload::read(payload).is_none(), "{payload:?}");
        }
    }
}
