//! What a case expects against what was seen.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::case::Expect;
use crate::door::Seen;
use crate::pattern;

/// Checks every expectation; all that do not hold are told.
pub(crate) fn check(expect: &Expect, seen: &Seen) -> Result<(), String> {
    let mut problems = Vec::new();
    status(expect, seen, &mut problems);
    headers(expect, seen, &mut problems);
    body(expect, seen, &mut problems);
    handler(expect, seen, &mut problems);
    event(expect, seen, &mut problems);
    authorizer(expect, seen, &mut problems);
    if let Some(expect) = expect
        .if_200
        .as_deref()
        .filter(|_| seen.reply.status == 200)
    {
        problems.extend(check(expect, seen).err());
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.join("; "))
    }
}

fn status(expect: &Expect, seen: &Seen, problems: &mut Vec<String>) {
    let status = seen.reply.status;
    let wanted = expect
        .status_any
        .clone()
        .unwrap_or_else(|| expect.status.into_iter().collect());
    if !wanted.is_empty() && !wanted.contains(&status) {
        problems.push(format!("status {status}, not {wanted:?}"));
    }
}

fn headers(expect: &Expect, seen: &Seen, problems: &mut Vec<String>) {
    let lines = |name: &str| -> Vec<&str> {
        let headers = seen
            .reply
            .headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name));
        headers.map(|(_, value)| value.as_str()).collect()
    };
    let set = |text: &str| -> BTreeSet<String> {
        text.split(',')
            .map(|item| item.trim().to_lowercase())
            .collect()
    };
    let mut fail = |name: &str, wanted: &dyn std::fmt::Debug| {
        problems.push(format!("header {name}: {:?}, not {wanted:?}", lines(name)));
    };
    for (name, value) in &expect.headers {
        if lines(name) != [value] {
            fail(name, value);
        }
    }
    for (name, values) in &expect.headers_list {
        if lines(name) != *values {
            fail(name, values);
        }
    }
    for (name, value) in &expect.headers_joined {
        if lines(name).join(", ") != *value {
            fail(name, value);
        }
    }
    for (name, values) in &expect.headers_set {
        if set(&lines(name).join(",")) != set(&values.join(",")) {
            fail(name, values);
        }
    }
    for (name, wanted) in &expect.headers_pattern {
        if !lines(name)
            .iter()
            .any(|value| pattern::matches(wanted, value))
        {
            fail(name, wanted);
        }
    }
    for (name, wanted) in &expect.header_equals_context {
        let id = seen
            .invocation
            .as_ref()
            .map(|invocation| invocation.request_id.as_str());
        if wanted != "aws_request_id" || id.is_none() || lines(name).first().copied() != id {
            fail(name, wanted);
        }
    }
    for name in &expect.headers_present {
        if lines(name).is_empty() {
            fail(name, &"present");
        }
    }
    for name in &expect.headers_absent {
        if !lines(name).is_empty() {
            fail(name, &"absent");
        }
    }
    for name in &expect.headers_exact_case {
        if !seen.reply.headers.iter().any(|(key, _)| key == name) {
            fail(name, &"so spelt");
        }
    }
}

fn body(expect: &Expect, seen: &Seen, problems: &mut Vec<String>) {
    let body = &seen.reply.body;
    let json = || serde_json::from_slice::<Value>(body).ok();
    let holds = match (&expect.body, expect.body_compare.as_deref()) {
        (None, _) => true,
        (Some(wanted), None) => wanted.as_bytes() == body,
        (Some(wanted), Some("json")) => {
            json().is_some() && json() == serde_json::from_str(wanted).ok()
        }
        (Some(_), Some(_)) => false,
    } && expect
        .body_json
        .as_ref()
        .is_none_or(|wanted| json().as_ref() == Some(wanted))
        && expect
            .body_json_subset
            .as_ref()
            .is_none_or(|wanted| json().is_some_and(|json| contains(&json, wanted)))
        && expect
            .body_base64
            .as_ref()
            .is_none_or(|wanted| STANDARD.encode(body) == *wanted);
    if !holds {
        problems.push(format!(
            "body {:?}",
            String::from_utf8_lossy(body.get(..200).unwrap_or(body))
        ));
    }
}

fn handler(expect: &Expect, seen: &Seen, problems: &mut Vec<String>) {
    let holds = match &expect.handler {
        None => true,
        Some(None) => seen.invocation.is_none(),
        Some(wanted) => seen.handler == *wanted,
    };
    if !holds {
        problems.push(format!(
            "handler {:?}, ran: {}",
            seen.handler,
            seen.invocation.is_some()
        ));
    }
}

fn event(expect: &Expect, seen: &Seen, problems: &mut Vec<String>) {
    let event: Value = match &seen.invocation {
        Some(invocation) => match serde_json::from_slice(&invocation.event) {
            Ok(event) => event,
            Err(error) => return problems.push(format!("the event is not JSON: {error}")),
        },
        None => Value::Null,
    };
    let mut fail = |pointer: &str, wanted: &dyn std::fmt::Debug| {
        problems.push(format!(
            "event {pointer}: {:?}, not {wanted:?}",
            event.pointer(pointer)
        ));
    };
    for (pointer, wanted) in &expect.event {
        if event.pointer(pointer) != Some(wanted) {
            fail(pointer, wanted);
        }
    }
    for pointer in &expect.event_absent {
        if event.is_null() || event.pointer(pointer).is_some() {
            fail(pointer, &"absent");
        }
    }
    for pointer in &expect.event_absent_or_null {
        if event.is_null() || event.pointer(pointer).is_some_and(|value| !value.is_null()) {
            fail(pointer, &"absent or null");
        }
    }
    for pointer in &expect.event_present {
        if event.pointer(pointer).is_none() {
            fail(pointer, &"present");
        }
    }
    for (pointer, wanted) in &expect.event_pattern {
        if !event
            .pointer(pointer)
            .and_then(Value::as_str)
            .is_some_and(|text| pattern::matches(wanted, text))
        {
            fail(pointer, wanted);
        }
    }
    for (a, b) in &expect.event_equal {
        if event.pointer(a).is_none() || event.pointer(a) != event.pointer(b) {
            fail(a, b);
        }
    }
}

fn authorizer(expect: &Expect, seen: &Seen, problems: &mut Vec<String>) {
    let calls = seen.asked.len();
    if expect
        .authorizer_calls
        .is_some_and(|wanted| wanted != calls)
    {
        problems.push(format!("authorizer calls: {calls}"));
    }
    let asked: Value = seen
        .asked
        .first()
        .and_then(|event| serde_json::from_slice(event).ok())
        .unwrap_or_default();
    for (pointer, wanted) in &expect.authorizer_event {
        let seen = asked.pointer(pointer);
        if seen != Some(wanted) {
            problems.push(format!(
                "authorizer event {pointer}: {seen:?}, not {wanted}"
            ));
        }
    }
    for pointer in &expect.authorizer_event_present {
        if asked.pointer(pointer).is_none() {
            problems.push(format!("authorizer event {pointer}: not there"));
        }
    }
    for (pointer, wanted) in &expect.authorizer_event_pattern {
        let seen = asked.pointer(pointer).and_then(Value::as_str);
        if !seen.is_some_and(|text| pattern::matches(wanted, text)) {
            problems.push(format!(
                "authorizer event {pointer}: {seen:?}, not {wanted}"
            ));
        }
    }
}

/// Whether every part of `part` is in `whole`.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part
            .iter()
            .all(|(key, part)| whole.get(key).is_some_and(|whole| contains(whole, part))),
        _ => whole == part,
    }
}
