//! The two small languages of event-driven AWS: event patterns and schedule expressions.
//!
//! Pure code. The macros check an expression at compile time with it, the local services match events and compute
//! times with it.
//!
//! ```
//! use fw_grammar::{pattern::Pattern, schedule::{Dialect, Schedule}};
//! use serde_json::json;
//!
//! let pattern = Pattern::parse(r#"{"source": ["shop.orders"], "detail": {"total": [{"numeric": [">", 100]}]}}"#)?;
//! assert!(pattern.matches(&json!({"source": "shop.orders", "detail": {"total": 250}})));
//!
//! let error = Schedule::parse("rate(1 minutes)", Dialect::Rule).unwrap_err();
//! assert_eq!(error.suggestion(), Some("rate(1 minute)"));
//! # Ok::<(), fw_grammar::pattern::PatternError>(())
//! ```
//!
//! Behaviour cites its source: `[R]` recorded on AWS, `[E]` the answer of AWS's own open engine
//! (aws/event-ruler 2.0.1), `[D]` documented by AWS, `[I]` inferred. Without a source it is marked
//! `unverified`.

pub mod pattern;
pub mod schedule;
