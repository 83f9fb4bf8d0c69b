//! A page that shows a document: one HTML file that loads nothing.

use serde_json::Value;

/// The page, with the document's place empty.
const PAGE: &str = include_str!("page.html");

/// The page of a document of 3.1. With `try_out` it has a form for each operation, which sends requests to the document's first server.
///
/// The file works from a disk too. Its content security policy lets it load nothing, and send requests only where it may try the API out:
/// to its own origin, or to the servers that the document names.
#[must_use]
pub fn page(document: &Value, try_out: bool) -> String {
    let title = document.pointer("/info/title").and_then(Value::as_str);
    let title = escaped(title.unwrap_or_default());
    let servers = document.get("servers").and_then(Value::as_array);
    let mut connect = "'self'".to_owned();
    for server in servers.into_iter().flatten() {
        let url = server
            .get("url")
            .and_then(Value::as_str)
            .unwrap_or_default();
        // A policy is a list with separators of its own.
        let plain = url
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"'\";,".contains(&byte));
        if plain && url.starts_with("http") {
            connect.push(' ');
            connect += &escaped(url);
        }
    }
    if !try_out {
        connect = "'none'".to_owned();
    }
    // Within a script element, `<` alone could end it or begin a comment; in JSON it may be written otherwise.
    let json = document.to_string().replace('<', "\\u003c");
    let mut page = String::with_capacity(PAGE.len() + json.len());
    let mut rest = PAGE;
    while let Some((before, after)) = rest.split_once("{{") {
        page += before;
        let Some((name, after)) = after.split_once("}}") else {
            break;
        };
        page += match name {
            "title" => &title,
            "connect" => &connect,
            "document" => &json,
            "try" if try_out => "true",
            "try" => "false",
            // Not one of ours.
            _ => "",
        };
        rest = after;
    }
    page + rest
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::page;

    #[test]
    fn a_document_cannot_leave_its_place() {
        let document = json!({
            "info": {"title": "<b>\"&", "description": "</script><script>alert(1)</script><!--"},
            "servers": [{"url": "https://a.example"}, {"url": "https://b.example; script-src *"}],
        });
        let html = page(&document, true);
        assert!(html.contains("<title>&lt;b&gt;&quot;&amp;</title>"));
        assert!(!html.contains("alert(1)</script>"));
        assert!(html.contains("connect-src 'self' https://a.example; base-uri"));
        assert!(page(&document, false).contains("connect-src 'none'"));
    }

    #[test]
    fn it_is_small() {
        assert!(page(&json!({}), true).len() < 60 * 1024);
    }
}
