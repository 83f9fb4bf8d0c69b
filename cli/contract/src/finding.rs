//! What a comparison found.

use std::fmt;

/// What a change means for clients. The greater one counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Every client works as before.
    #[default]
    Compatible,
    /// No client breaks, but somebody should know.
    Info,
    /// A client of the old document may break.
    Breaking,
}

impl Verdict {
    /// `compatible`, `info` or `breaking`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compatible => "compatible",
            Self::Info => "info",
            Self::Breaking => "breaking",
        }
    }
}

/// The rules that a finding may have, in the alphabet's order.
pub const RULES: &[&str] = &[
    "bound-changed",
    "component-renamed",
    "constraint-changed",
    "description-changed",
    "documentation-changed",
    "encoding-changed",
    "example-changed",
    "format-changed",
    "items-changed",
    "items-narrowed",
    "items-unique-changed",
    "length-changed",
    "number-format-changed",
    "number-multiple-changed",
    "number-type-changed",
    "operation-deprecated",
    "operation-id-changed",
    "operation-removed",
    "operation-removed-after-sunset",
    "parameter-became-required",
    "parameter-default-changed",
    "parameter-deprecated",
    "parameter-empty-refused",
    "parameter-removed",
    "parameter-required-added",
    "parameter-style-changed",
    "pattern-added",
    "pattern-changed",
    "pattern-removed",
    "properties-changed",
    "property-default-changed",
    "request-became-closed",
    "request-body-became-required",
    "request-body-removed",
    "request-body-required-added",
    "request-enum-value-removed",
    "request-media-type-removed",
    "request-null-refused",
    "request-property-became-required",
    "request-property-ignored",
    "request-property-removed",
    "request-property-required",
    "request-type-changed",
    "request-variant-removed",
    "response-became-nullable",
    "response-became-open",
    "response-body-removed",
    "response-enum-value-added",
    "response-header-became-optional",
    "response-header-removed",
    "response-media-type-removed",
    "response-optional-property-removed",
    "response-property-added-to-closed",
    "response-property-became-optional",
    "response-property-removed",
    "response-status-added",
    "response-status-removed",
    "response-type-changed",
    "response-variant-added",
    "security-added",
    "security-removed",
    "security-tightened",
    "server-changed",
    "sunset-changed",
    "value-deprecated",
];

/// One change that is not plainly compatible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// [`Info`](Verdict::Info) or [`Breaking`](Verdict::Breaking).
    pub verdict: Verdict,
    /// A stable name of the kind of change: `parameter-became-required`.
    pub rule: &'static str,
    /// The method and path of the operation in the old document; empty for the document as a whole.
    pub route: String,
    /// Where in the operation: `request body`, ``query parameter `limit` ``, `response 200`; may be empty.
    pub place: String,
    /// The JSON pointer of the value inside the body: `/lines/-/sku`, where `-` stands for any element.
    pub pointer: String,
    /// What changed, in one sentence without a period.
    pub message: String,
}

impl Finding {
    /// Who sends what changed: `request` for clients, `response` for the API; empty if the operation as a whole changed.
    #[must_use]
    pub fn direction(&self) -> &'static str {
        if self.place.starts_with("response") {
            "response"
        } else if self.place.is_empty() && !self.rule.starts_with("security-") {
            ""
        } else {
            "request"
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.route, &self.place, &self.pointer] {
            if !part.is_empty() {
                write!(f, "{part}: ")?;
            }
        }
        f.write_str(&self.message)
    }
}

/// All findings of a comparison, in the order of the old document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The findings.
    pub findings: Vec<Finding>,
}

impl Report {
    /// The verdict on the whole: that of the gravest finding.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.findings
            .iter()
            .map(|finding| finding.verdict)
            .max()
            .unwrap_or_default()
    }
}

/// Where a comparison stands, and where its findings go.
pub(crate) struct Scope<'r> {
    pub(crate) report: &'r mut Report,
    pub(crate) route: String,
    pub(crate) place: String,
    pub(crate) pointer: String,
}

impl<'r> Scope<'r> {
    pub(crate) fn new(report: &'r mut Report, route: &str) -> Self {
        Self {
            report,
            route: route.to_owned(),
            place: String::new(),
            pointer: String::new(),
        }
    }

    pub(crate) fn breaking(&mut self, rule: &'static str, message: impl Into<String>) {
        self.push(Verdict::Breaking, rule, message.into());
    }

    pub(crate) fn info(&mut self, rule: &'static str, message: impl Into<String>) {
        self.push(Verdict::Info, rule, message.into());
    }

    fn push(&mut self, verdict: Verdict, rule: &'static str, message: String) {
        debug_assert!(RULES.contains(&rule), "{rule} is not in the list");
        let finding = Finding {
            verdict,
            rule,
            route: self.route.clone(),
            place: self.place.clone(),
            pointer: self.pointer.clone(),
            message,
        };
        // A type that stands in several places of one body is found by each way to it.
        if !self.report.findings.contains(&finding) {
            self.report.findings.push(finding);
        }
    }

    /// The same scope at a place in the operation.
    pub(crate) fn at(&mut self, place: impl Into<String>) -> Scope<'_> {
        Scope {
            report: self.report,
            route: self.route.clone(),
            place: place.into(),
            pointer: String::new(),
        }
    }

    /// The same scope one step further into a value.
    pub(crate) fn inside(&mut self, step: &str) -> Scope<'_> {
        let step = step.replace('~', "~0").replace('/', "~1");
        Scope {
            report: self.report,
            route: self.route.clone(),
            place: self.place.clone(),
            pointer: format!("{}/{step}", self.pointer),
        }
    }
}
