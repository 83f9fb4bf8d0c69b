//! The meaning of a `Content-Type`.

/// The media type without its parameters: `text/plain` of `text/plain; charset=utf-8`.
pub(super) fn essence(content_type: &str) -> &str {
    let (essence, _) = content_type.split_once(';').unwrap_or((content_type, ""));
    essence.trim()
}

/// True if it is `application/json` or `application/*+json` (RFC 6839 §3.1).
pub(super) fn is_json(content_type: &str) -> bool {
    let Some((kind, subtype)) = essence(content_type).split_once('/') else {
        return false;
    };
    kind.eq_ignore_ascii_case("application")
        && (subtype.eq_ignore_ascii_case("json")
            || subtype
                .rsplit_once('+')
                .is_some_and(|(_, suffix)| suffix.eq_ignore_ascii_case("json")))
}

/// True if it is `application/x-www-form-urlencoded`.
pub(super) fn is_form(content_type: &str) -> bool {
    essence(content_type).eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

#[cfg(test)]
mod tests {
    use super::{is_form, is_json};

    #[test]
    fn json_is_told_from_other_types() {
        for (content_type, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            (" application/json ;x", true),
            ("application/vnd.api+json", true),
            ("application/merge-patch+JSON; a=b", true),
            ("application/jsonp", false),
            ("application/json+xml", false),
            ("text/json", false),
            ("image/svg+json", false),
            ("json", false),
            ("application/", false),
            ("", false),
        ] {
            assert_eq!(is_json(content_type), expected, "{content_type}");
        }
    }

    #[test]
    fn forms_are_told_from_other_types() {
        assert!(is_form("application/x-www-form-urlencoded"));
        assert!(is_form("Application/X-WWW-Form-Urlencoded; charset=utf-8"));
        assert!(!is_form("multipart/form-data; boundary=x"));
        assert!(!is_form(""));
    }
}
