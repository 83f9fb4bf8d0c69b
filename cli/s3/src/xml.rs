//! XML: what answers are written with, and a small tree that requests are read into.

use std::fmt::Write as _;

use quick_xml::{Reader, events::Event};

use crate::error::{S3Result, error};

/// The namespace of S3's documents.
pub(crate) const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// Elements below elements, at most. S3's own documents have fewer than ten.
const MOST_DEPTH: usize = 32;
/// Elements in a document, at most: a thousand keys with five members each are far below.
const MOST_ELEMENTS: usize = 200_000;

/// A document that is being written.
#[derive(Debug)]
pub(crate) struct Xml(String);

impl Xml {
    pub(crate) fn document() -> Self {
        Self("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned())
    }

    /// A document with that root, in S3's namespace.
    pub(crate) fn root(name: &str) -> Self {
        let mut xml = Self::document();
        let _ = write!(xml.0, "<{name} xmlns=\"{NAMESPACE}\">");
        xml
    }

    pub(crate) fn open(&mut self, name: &str) {
        let _ = write!(self.0, "<{name}>");
    }

    /// Opens an element whose `xsi:type` says what it is.
    pub(crate) fn open_typed(&mut self, name: &str, kind: &str) {
        let _ = write!(
            self.0,
            "<{name} xmlns:xsi=\"{INSTANCE}\" xsi:type=\"{kind}\">"
        );
    }

    pub(crate) fn close(&mut self, name: &str) {
        let _ = write!(self.0, "</{name}>");
    }

    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.open(name);
        escape(&mut self.0, value);
        self.close(name);
    }

    pub(crate) fn number(&mut self, name: &str, value: impl std::fmt::Display) {
        let _ = write!(self.0, "<{name}>{value}</{name}>");
    }

    /// Writes the element if there is a value.
    pub(crate) fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// Adds elements that are XML already.
    pub(crate) fn raw(&mut self, text: &str) {
        self.0.push_str(text);
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// Appends a text so that a parser reads it back unchanged: carriage returns too, which parsers else turn into line feeds.
///
/// XML 1.0 has no form for most control characters. S3 writes them as references all the same, and so does this.
pub(crate) fn escape(into: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\t'
            | '\n'
            | '\r'
            | '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                let _ = write!(into, "&#x{:x};", u32::from(c));
            }
            _ => into.push(c),
        }
    }
}

/// Adds a text to a document, without an element of its own.
pub(crate) fn escape_into(xml: &mut Xml, text: &str) {
    escape(&mut xml.0, text);
}

/// An element of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    /// The `xsi:type`, if there is one.
    pub(crate) kind: Option<String>,
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// Reads a document.
    ///
    /// # Errors
    /// `MalformedXML`, also for documents that are deeper or longer than S3's own can be.
    pub(crate) fn parse(bytes: &[u8]) -> S3Result<Self> {
        Self::read(bytes).ok_or_else(|| error("MalformedXML"))
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
        let mut open: Vec<Self> = Vec::new();
        let mut root = None;
        let mut elements = 0;
        loop {
            match reader.read_event().ok()? {
                Event::Start(start) => {
                    elements += 1;
                    if open.len() >= MOST_DEPTH || elements > MOST_ELEMENTS || root.is_some() {
                        return None;
                    }
                    open.push(element(&start)?);
                }
                Event::Empty(start) => {
                    elements += 1;
                    if elements > MOST_ELEMENTS || root.is_some() {
                        return None;
                    }
                    let made = element(&start)?;
                    match open.last_mut() {
                        Some(parent) => parent.children.push(made),
                        None => root = Some(made),
                    }
                }
                Event::End(_) => {
                    let made = open.pop()?;
                    match open.last_mut() {
                        Some(parent) => parent.children.push(made),
                        None => root = Some(made),
                    }
                }
                Event::Text(piece) => {
                    let piece = piece.decode().ok()?;
                    match open.last_mut() {
                        Some(parent) => parent.text.push_str(&piece),
                        None if piece.trim().is_empty() => {}
                        None => return None,
                    }
                }
                Event::CData(piece) => {
                    let piece = piece.decode().ok()?;
                    open.last_mut()?.text.push_str(&piece);
                }
                Event::GeneralRef(reference) => {
                    let c = match reference.resolve_char_ref().ok()? {
                        Some(c) => c,
                        None => match reference.decode().ok()?.as_ref() {
                            "amp" => '&',
                            "lt" => '<',
                            "gt" => '>',
                            "quot" => '"',
                            "apos" => '\'',
                            _ => return None,
                        },
                    };
                    open.last_mut()?.text.push(c);
                }
                // A document type could name entities; S3 takes none.
                Event::DocType(_) => return None,
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
        open.is_empty().then_some(root)?
    }

    /// The root if it has that name.
    ///
    /// # Errors
    /// `MalformedXML`.
    pub(crate) fn named(self, name: &str) -> S3Result<Self> {
        if self.name == name {
            Ok(self)
        } else {
            Err(error("MalformedXML"))
        }
    }

    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of a child, without the white space around it.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.trim())
    }

    /// The text of a child as it is.
    pub(crate) fn exact(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }

    /// The text of a child that must be there.
    ///
    /// # Errors
    /// `MalformedXML`.
    pub(crate) fn required(&self, name: &str) -> S3Result<&str> {
        self.value(name).ok_or_else(|| error("MalformedXML"))
    }

    /// Writes the element back. Names have no prefixes any more.
    pub(crate) fn write(&self, xml: &mut Xml) {
        match &self.kind {
            Some(kind) => xml.open_typed(&self.name, kind),
            None => xml.open(&self.name),
        }
        if self.children.is_empty() {
            escape(&mut xml.0, &self.text);
        }
        for child in &self.children {
            child.write(xml);
        }
        xml.close(&self.name);
    }

    /// Writes the element as the root of an answer.
    pub(crate) fn answer(&self) -> String {
        let mut xml = Xml::root(&self.name);
        for child in &self.children {
            child.write(&mut xml);
        }
        xml.close(&self.name);
        xml.finish()
    }
}

fn element(start: &quick_xml::events::BytesStart<'_>) -> Option<Element> {
    let name = std::str::from_utf8(start.local_name().into_inner())
        .ok()?
        .to_owned();
    let mut kind = None;
    for attribute in start.attributes() {
        let attribute = attribute.ok()?;
        if attribute.key.local_name().into_inner() == b"type" {
            kind = Some(std::str::from_utf8(&attribute.value).ok()?.to_owned());
        }
    }
    Some(Element {
        name,
        kind,
        ..Element::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let text = "a<b>&\"c\"\r\n\t\u{1} ü";
        let mut xml = Xml::root("R");
        xml.text("T", text);
        xml.close("R");
        let written = xml.finish();
        assert!(!written.contains('\u{1}') && !written.contains('\r'));
        assert!(written.contains("&#x1;"));
        let read = Element::parse(
            b"<R xmlns='x'><T>a&lt;b&gt;&amp;&quot;c&quot;&#xd;&#10;&#9; \xc3\xbc</T></R>",
        )
        .unwrap();
        assert_eq!(read.exact("T"), Some("a<b>&\"c\"\r\n\t ü"));
    }

    #[test]
    fn what_is_not_a_document_is_refused() {
        for text in [
            "",
            "x",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
            "<a>&b;</a>",
        ] {
            assert!(Element::parse(text.as_bytes()).is_err(), "{text}");
        }
        let deep = "<a>".repeat(1000);
        assert!(Element::parse(deep.as_bytes()).is_err());
    }
}
