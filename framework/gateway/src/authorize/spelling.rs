//! The spellings of one request: the ARNs that a policy must decide about, and the paths that a
//! signature is not valid for.
//!
//! A route is matched on the decoded segments of a path, but the ARN that is compared with a policy
//! has the path as it was sent (`[R]` gateway-truth §2.6). So one request has several ARNs:
//! `GET/p3/%73ecret` is `GET/p3/secret` according to RFC 3986 §6.2.2. Which of them AWS compares
//! with a policy is unverified. Therefore a request is denied if a policy denies one of its
//! spellings, and allowed only if all of them are allowed.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::config::ApiIdentity;

/// How often a path is decoded: once by the gateway, and once more by a handler that decodes its
/// input.
const DECODINGS: u8 = 2;

/// The ARNs of one call of an API, for [`Verdict::policy`](super::Verdict::policy) and
/// [`Policy::decide_call`](super::Policy::decide_call): the one with the path as it was sent, and those of the path's other
/// spellings.
///
/// The other spellings are all results of these steps, in any order: the escapes of unreserved
/// characters are decoded and the digits of the rest written in upper case, or all digits in lower
/// case; all escapes are decoded, at most twice; dot segments are removed (RFC 3986 §5.2.4); empty
/// segments are removed; trailing slashes are removed; the method is written in upper case. A path
/// that is already plain has no other spelling.
///
/// ```
/// use fw_gateway::{ApiIdentity, CallArns};
///
/// let api = ApiIdentity::new("a1b2c3d4e5", "dev");
/// let arns = CallArns::new(&api, "GET", "/a/%62/");
/// let prefix = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev";
/// assert_eq!(arns.sent(), format!("{prefix}/GET/a/%62/"));
/// assert!(arns.others().iter().any(|arn| *arn == format!("{prefix}/GET/a/b")));
/// assert!(CallArns::new(&api, "GET", "/a/b").others().is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallArns {
    sent: String,
    others: Vec<String>,
}

impl CallArns {
    /// The ARNs of a call: its method and its raw path behind the stage, `/a%20b`.
    #[must_use]
    pub fn new(api: &ApiIdentity, method: &str, path: &str) -> Self {
        let sent = api.invoke_arn(method, path);
        let upper = method.to_ascii_uppercase();
        let mut others: Vec<String> = spellings(path)
            .iter()
            .map(|path| api.invoke_arn(&upper, path))
            .collect();
        others.retain(|arn| *arn != sent);
        Self { sent, others }
    }

    /// With the path as it was sent: what an authorizer is asked about.
    #[must_use]
    pub fn sent(&self) -> &str {
        &self.sent
    }

    /// With the path's other spellings.
    #[must_use]
    pub fn others(&self) -> &[String] {
        &self.others
    }
}

/// A path in all its spellings, itself first.
fn spellings(path: &str) -> Vec<String> {
    let mut found = vec![(path.to_owned(), 0)];
    if is_plain(path) {
        return vec![path.to_owned()];
    }
    let mut at = 0;
    while let Some((text, decoded)) = found.get(at).cloned() {
        at += 1;
        let mut add = |other: String, decoded: u8| {
            if !found.iter().any(|(known, _)| *known == other) {
                found.push((other, decoded));
            }
        };
        if decoded < DECODINGS {
            add(
                percent_decode_str(&text).decode_utf8_lossy().into_owned(),
                decoded + 1,
            );
        }
        add(normal_escapes(&text), decoded);
        add(lower_escapes(&text), decoded);
        add(without_dot_segments(&text), decoded);
        add(without_empty_segments(&text), decoded);
        let trimmed = text.trim_end_matches('/');
        add(
            if trimmed.is_empty() { "/" } else { trimmed }.to_owned(),
            decoded,
        );
    }
    found.into_iter().map(|(text, _)| text).collect()
}

/// True if a path has only one spelling.
fn is_plain(path: &str) -> bool {
    let ends_with_slash = path.len() > 1 && path.ends_with('/');
    !path.contains('%') && !ends_with_slash && !is_ambiguous(path)
}

/// True if a path has dot segments, including percent-encoded ones, or empty segments other than
/// one at its end.
///
/// Signature Version 4 leaves both out of what it signs, so a signature for `/i` would be good for `/ig/../i`, which is
/// another route. What AWS does with such a path is unverified; here it is refused where a signature is asked for.
pub(crate) fn is_ambiguous(path: &str) -> bool {
    let inner = path.strip_prefix('/').unwrap_or(path);
    let segments = inner.strip_suffix('/').unwrap_or(inner);
    !inner.is_empty()
        && segments.split('/').any(|segment| {
            let decoded: Cow<'_, [u8]> = percent_decode_str(segment).into();
            matches!(&*decoded, b"" | b"." | b"..")
        })
}

/// The escapes of unreserved characters decoded, the digits of the others in upper case: RFC 3986 §6.2.2.
fn normal_escapes(path: &str) -> String {
    rewrite_escapes(path, |byte, escape| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            char::from(byte).to_string()
        } else {
            escape.to_ascii_uppercase()
        }
    })
}

/// The digits of escapes in lower case, as a policy may have them.
fn lower_escapes(path: &str) -> String {
    rewrite_escapes(path, |_, escape| escape.to_ascii_lowercase())
}

/// Rewrites each `%XX`; what is not one stays.
fn rewrite_escapes(path: &str, mut rewrite: impl FnMut(u8, &str) -> String) -> String {
    let mut parts = path.split('%');
    let mut written = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part
            .get(..2)
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                let (digits, rest) = part.split_at(2);
                written.push_str(&rewrite(byte, &format!("%{digits}")));
                written.push_str(rest);
            }
            None => {
                written.push('%');
                written.push_str(part);
            }
        }
    }
    written
}

/// RFC 3986 §5.2.4, of an absolute path.
fn without_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let inner = path.strip_prefix('/').unwrap_or(path);
    let mut ends_open = false;
    for segment in inner.split('/') {
        ends_open = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            _ => kept.push(segment),
        }
    }
    if ends_open {
        kept.push("");
    }
    format!("/{}", kept.join("/"))
}

fn without_empty_segments(path: &str) -> String {
    let mut written: String = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .flat_map(|segment| ["/", segment])
        .collect();
    if written.is_empty() || path.ends_with('/') {
        written.push('/');
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_path_has_one_spelling() {
        for path in [
            "/",
            "",
            "/a",
            "/a/b.c/..d",
            "/a+b;c=d@e:f",
            "/*",
            "/...",
            "/é",
        ] {
            assert_eq!(spellings(path), [path], "{path}");
        }
    }

    #[test]
    fn steps_are_taken_in_any_order() {
        let table = [
            ("/%61%2fb", &["/a%2Fb", "/a%2fb", "/a/b", "/%61%2fb"][..]),
            ("/a/%2e%2e/b/", &["/b/", "/b", "/a/../b", "/a/%2e%2e/b"]),
            ("/a//../b", &["/a/b", "/b", "/a/../b"]),
            ("/%252e", &["/%2e", "/.", "/"]),
            ("/a/..", &["/", "/a/.."]),
            ("/..", &["/"]),
            ("//", &["/"]),
            ("/%zz%4/%", &["/%zz%4/%"]),
            ("/%ff", &["/\u{fffd}", "/%FF"]),
        ];
        for (path, expected) in table {
            let found = spellings(path);
            for one in expected {
                assert!(
                    found.iter().any(|text| text == one),
                    "{path}: {one} in {found:?}"
                );
            }
        }
    }

    #[test]
    fn no_path_has_spellings_without_end() {
        for path in [
            "%25".repeat(3_000),
            "%25252e/".repeat(1_000),
            "/%2f.".repeat(2_000),
        ] {
            let count = spellings(&path).len();
            assert!(count <= 100, "{count}");
        }
    }

    #[test]
    fn finds_ambiguous_paths() {
        let table = [
            ("/", false),
            ("", false),
            ("/a/", false),
            ("/a/...", false),
            ("/a/.b", false),
            ("/a/%2e%2eb", false),
            ("/a/%252e", false),
            ("//", true),
            ("/a//", true),
            ("//a", true),
            ("/a//b", true),
            ("/.", true),
            ("/./", true),
            ("/a/%2e", true),
            ("/a/.%2E/b", true),
            ("/..", true),
        ];
        for (path, expected) in table {
            assert_eq!(is_ambiguous(path), expected, "{path}");
        }
    }
}
