use super::{function_of, is_from_here, query};

#[test]
fn a_function_is_named_by_name_or_arn_with_or_without_qualifier() {
    let named = |text: &str| {
        let (name, qualifier) = function_of(text);
        (name, qualifier.unwrap_or_default())
    };
    let pair = |name: &str, qualifier: &str| (name.to_owned(), qualifier.to_owned());
    assert_eq!(named("notes-dev"), pair("notes-dev", ""));
    assert_eq!(named("notes-dev:live"), pair("notes-dev", "live"));
    assert_eq!(named("notes-dev%3A%24LATEST"), pair("notes-dev", "$LATEST"));
    assert_eq!(
        named("123456789012:function:notes-dev"),
        pair("notes-dev", "")
    );
    assert_eq!(
        named("arn:aws:lambda:eu-central-1:123456789012:function:notes-dev:live"),
        pair("notes-dev", "live")
    );
    assert_eq!(
        query(Some("a=1&Qualifier=%24LATEST"), "Qualifier").as_deref(),
        Some("$LATEST")
    );
}

#[test]
fn what_a_web_page_sends_is_refused() {
    let headers = |pairs: &[(&'static str, &'static str)]| {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    };
    assert!(is_from_here(&headers(&[("host", "127.0.0.1:4711")])));
    assert!(is_from_here(&headers(&[("host", "localhost")])));
    assert!(!is_from_here(&headers(&[("host", "rebound.example:4711")])));
    assert!(!is_from_here(&headers(&[])));
    let page = [("host", "127.0.0.1:1"), ("origin", "https://a.example")];
    assert!(!is_from_here(&headers(&page)));
}
