use super::{function_of, query};

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
