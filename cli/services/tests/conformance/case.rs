//! The form of the cases. A key that is not here fails its case.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) target: String,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) fixtures: BTreeMap<String, Fixture>,
    #[serde(default)]
    pub(crate) functions: BTreeMap<String, Function>,
    pub(crate) steps: Vec<Step>,
    #[serde(default)]
    pub(crate) expect: Option<Expect>,
    pub(crate) confidence: String,
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "evidence", default)]
    _evidence: Option<String>,
    #[serde(rename = "date", default)]
    _date: Option<String>,
    #[serde(rename = "note", default)]
    _note: Option<String>,
}

impl Case {
    /// A case without steps, for services with these functions.
    pub(crate) fn of(id: &str, functions: BTreeMap<String, Function>) -> Self {
        Self {
            id: id.to_owned(),
            target: String::new(),
            title: String::new(),
            fixtures: BTreeMap::new(),
            functions,
            steps: Vec::new(),
            expect: None,
            confidence: String::new(),
            _source: String::new(),
            _evidence: None,
            _date: None,
            _note: None,
        }
    }
}

impl Function {
    /// A function with that handler. `long` is the handler that needs the longer timeout.
    pub(crate) fn of(handler: &str, long: &str, timeout_s: u64) -> Self {
        Self {
            handler: handler.to_owned(),
            timeout_s: (handler == long).then_some(timeout_s).or(Some(1)),
            dead_letter_queue: None,
            dead_letter_topic: None,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fixture {
    pub(crate) kind: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Function {
    pub(crate) handler: String,
    #[serde(default)]
    pub(crate) timeout_s: Option<u64>,
    #[serde(default)]
    pub(crate) dead_letter_queue: Option<String>,
    #[serde(default)]
    pub(crate) dead_letter_topic: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) op: String,
    #[serde(rename = "in", default)]
    pub(crate) input: Map<String, Value>,
    #[serde(default)]
    pub(crate) out_subset: Option<Value>,
    #[serde(default)]
    pub(crate) out_pattern: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) out_absent: Vec<String>,
    #[serde(default)]
    pub(crate) error: Option<ExpectedError>,
    #[serde(default)]
    pub(crate) advance_ms: u64,
    #[serde(default)]
    pub(crate) wait_ms: Option<u64>,
    #[serde(default)]
    pub(crate) collect: Option<Collect>,
    #[serde(default)]
    pub(crate) save: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) save_header: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) status: Option<u16>,
    #[serde(default)]
    pub(crate) max_duration_ms: Option<u64>,
    /// This client never checks parameters.
    #[serde(rename = "no_param_validation", default)]
    _no_param_validation: bool,
    #[serde(default)]
    pub(crate) body_contains: Vec<String>,
    #[serde(default)]
    pub(crate) body_lacks: Vec<String>,
    #[serde(default)]
    pub(crate) body_pattern: Option<String>,
    #[serde(default)]
    pub(crate) headers_contain: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedError {
    #[serde(default)]
    pub(crate) code: Option<String>,
    #[serde(default)]
    pub(crate) code_pattern: Option<String>,
    #[serde(default)]
    pub(crate) json_type: Option<String>,
    #[serde(default)]
    pub(crate) message: Option<String>,
    #[serde(default)]
    pub(crate) message_pattern: Option<String>,
    #[serde(default)]
    pub(crate) status: Option<u16>,
    #[serde(default)]
    pub(crate) fields: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Collect {
    pub(crate) n: usize,
    #[serde(default)]
    pub(crate) quiet_ms: u64,
    #[serde(default)]
    pub(crate) unwrap: Option<String>,
    #[serde(default)]
    pub(crate) sort: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    #[serde(default)]
    pub(crate) within_ms: u64,
    #[serde(default)]
    pub(crate) settle_ms: u64,
    #[serde(default)]
    pub(crate) invocations: BTreeMap<String, usize>,
    #[serde(default)]
    pub(crate) events: Vec<ExpectedEvent>,
    #[serde(default)]
    pub(crate) batches: BTreeMap<String, Vec<Vec<Value>>>,
    #[serde(default)]
    pub(crate) bodies: BTreeMap<String, Vec<Value>>,
    #[serde(default)]
    pub(crate) batch_size_max: BTreeMap<String, usize>,
    #[serde(default)]
    pub(crate) concurrency_max: BTreeMap<String, usize>,
    #[serde(default)]
    pub(crate) min_gap_ms: BTreeMap<String, Vec<u64>>,
    #[serde(default)]
    pub(crate) max_gap_ms: BTreeMap<String, Vec<u64>>,
    #[serde(default)]
    pub(crate) dead_letters: BTreeMap<String, Vec<Value>>,
    #[serde(default)]
    pub(crate) dead_letters_any: BTreeMap<String, Vec<Value>>,
    #[serde(default)]
    pub(crate) queue_empty: Vec<String>,
    #[serde(default)]
    pub(crate) same_request_id: Vec<String>,
    #[serde(default)]
    pub(crate) request_id: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedEvent {
    pub(crate) function: String,
    pub(crate) index: usize,
    #[serde(default)]
    pub(crate) subset: Option<Value>,
    #[serde(default)]
    pub(crate) pattern: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) absent: Vec<String>,
}
