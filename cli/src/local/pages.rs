//! What the local server answers in addition to the API: its document, and a page that shows it and tries it out.

use fw_gateway::{HttpReply, HttpRequest};
use fw_manifest::Manifest;
use fw_openapi::{Info, Version, document, page};

/// The path of the document.
pub(crate) const DOCUMENT: &str = "/_fw/openapi.json";
/// The path of the page.
pub(crate) const DOCS: &str = "/_fw/docs";

/// The document and the page of a generation.
#[derive(Debug)]
pub(super) struct Pages {
    manifest: Manifest,
    info: Info,
}

impl Pages {
    /// Those of an app whose routes are under a prefix.
    pub(super) fn new(manifest: &Manifest, info: &Info, prefix: &str) -> Self {
        let mut info = info.clone();
        let base = if prefix.is_empty() { "/" } else { prefix };
        info.servers = vec![base.to_owned()];
        Self {
            manifest: manifest.clone(),
            info,
        }
    }

    /// The answer, if the request is for one of the two. They are made when they are asked for, so that a reload does not wait for them.
    pub(super) fn answer(&self, request: &HttpRequest) -> Option<HttpReply> {
        let path = request.target.split('?').next().unwrap_or_default();
        let is_document = path == DOCUMENT;
        if !matches!(request.method.as_str(), "GET" | "HEAD") || !(is_document || path == DOCS) {
            return None;
        }
        Some(match document(&self.manifest, &self.info, Version::V3_1) {
            Ok(found) if is_document => reply(200, "application/json", found.to_string()),
            Ok(found) => reply(200, "text/html; charset=utf-8", page(&found, true)),
            Err(fault) => {
                let text = format!("{fault}\n{}\n", fault.correction());
                reply(500, "text/plain; charset=utf-8", text)
            }
        })
    }
}

fn reply(status: u16, content_type: &str, body: String) -> HttpReply {
    let header = |name: &str, value: String| (name.to_owned(), value);
    HttpReply {
        status,
        headers: vec![
            header("Content-Type", content_type.to_owned()),
            header("Content-Length", body.len().to_string()),
            // The next build has another.
            header("Cache-Control", "no-store".to_owned()),
            header("X-Content-Type-Options", "nosniff".to_owned()),
        ],
        body: body.into(),
        reason: None,
    }
}

#[cfg(test)]
mod tests {
    use fw_gateway::HttpRequest;
    use fw_manifest::{Manifest, ManifestRoute};
    use fw_openapi::Info;
    use serde_json::Value;

    use super::Pages;

    #[test]
    fn the_document_and_its_page_are_served_and_nothing_else() {
        let mut manifest = Manifest::new("notes");
        manifest.routes.push(ManifestRoute::new("GET", "/notes"));
        let pages = Pages::new(&manifest, &Info::new("notes", "1"), "/prod");
        let answer = |method: &str, target: &str| pages.answer(&HttpRequest::new(method, target));
        let reply = answer("GET", "/_fw/openapi.json?x").unwrap();
        let document: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(document["servers"][0]["url"], "/prod");
        assert!(document["paths"]["/notes"]["get"].is_object());
        let reply = answer("HEAD", "/_fw/docs").unwrap();
        assert_eq!(reply.status, 200);
        assert!(reply.body.starts_with(b"<!doctype html>"));
        for (method, target) in [
            ("GET", "/notes"),
            ("POST", "/_fw/docs"),
            ("GET", "/_fw/docs/"),
            ("GET", "/_fw/"),
        ] {
            assert!(answer(method, target).is_none(), "{method} {target}");
        }
    }
}
