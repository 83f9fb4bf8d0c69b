//! Compares two OpenAPI documents (3.0 or 3.1) of one API: does a client of the first still work with the second?
//!
//! Schemas are compared as sets of values. What a client sends has to be accepted still, so a request's values may only
//! become more; what a client receives has to be known to it, so a response's values may only become fewer. How a schema
//! is spelt (`$ref` or inline, `anyOf` or a list of types, 3.0 or 3.1) makes no difference.
//!
//! ```
//! use fw_contract::{Verdict, compare};
//! use serde_json::json;
//!
//! let document = |maximum: u32| json!({"openapi": "3.1.0", "paths": {"/orders": {"get": {
//!     "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": maximum}}],
//!     "responses": {"200": {"description": "the orders"}},
//! }}}});
//! let report = compare(&document(100), &document(50), "2026-11-30");
//! assert_eq!(report.verdict(), Verdict::Breaking);
//! assert_eq!(report.findings[0].to_string(), "GET /orders: query parameter `limit`: the values must now be at most 50");
//! ```

mod discriminator;
mod finding;
mod operation;
mod parameter;
mod resolve;
mod schema;
mod security;
mod shape;

use serde_json::Value;

pub use finding::{Finding, RULES, Report, Verdict};

/// Compares two documents. `today` (`2026-11-30`) decides whether the sunset date of an operation that went away has passed.
///
/// What is not valid OpenAPI is passed over where it cannot be read: a validator reports it better.
#[must_use]
pub fn compare(before: &Value, after: &Value, today: &str) -> Report {
    let mut report = Report::default();
    let (before, after) = (
        discriminator::explicit(before),
        discriminator::explicit(after),
    );
    operation::compare(&before, &after, today, &mut report);
    report
}
