//! The recorded and documented behaviour of Lambda against the Invoke endpoint, the pool, the Runtime API and real
//! processes that play the cases' handlers (`tests/fixtures/handlers.rs`).
//!
//! A case that uses a key which this runner does not know fails, so that no expectation is passed over in silence. What
//! came of each is in `tests/conformance/score.tsv`, which is checked here; `FW_UPDATE=1` writes it anew.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    super::{
        asynchronous::Clock,
        invoke_api::{Functions, InvokeApi},
    },
    *,
};
use crate::values::credentials::{ACCOUNT, region};

const CASES: &str = include_str!("../../../tests/conformance/lambda.jsonl");
/// Cases that are not expected to pass, and why: `id reason`.
const LISTED: &str = include_str!("../../../tests/conformance/lambda-exceptions.txt");
const SCORE: &str = "tests/conformance/score.tsv";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    id: String,
    #[serde(rename = "target")]
    _target: String,
    #[serde(rename = "title")]
    _title: String,
    setup: Setup,
    request: Option<Call>,
    #[serde(default)]
    requests: Vec<Call>,
    expect: Expect,
    #[serde(rename = "source")]
    _source: String,
    confidence: String,
    #[serde(rename = "note")]
    _note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Setup {
    handler: String,
    timeout_s: u32,
    memory_mb: u32,
    reserved_concurrency: Option<usize>,
    maximum_retry_attempts: Option<u32>,
    maximum_event_age_s: Option<u32>,
    on_success: Option<String>,
    on_failure: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    op: String,
    invocation_type: Option<String>,
    payload: Option<Value>,
    payload_base64: Option<String>,
    payload_repeat: Option<Repeat>,
    function_name: Option<String>,
    #[serde(default)]
    calls: Vec<Call>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Repeat {
    json: String,
    unit: String,
    count: usize,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Expect {
    status: Option<u16>,
    statuses_sorted: Option<Vec<u16>>,
    payload: Option<String>,
    payload_json: Option<Value>,
    payload_json_subset: Option<Value>,
    payload_pattern: BTreeMap<String, String>,
    payload_keys: Option<Vec<String>>,
    payload_length: Option<usize>,
    payloads_json: Option<Vec<Value>>,
    #[serde(deserialize_with = "present")]
    function_error: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    executed_version: Option<Option<String>>,
    error_code: Option<String>,
    error_type: Option<String>,
    error_message: Option<String>,
    error_message_pattern: Option<String>,
    error_reason: Option<String>,
    invocations: Option<usize>,
    same_request_id: bool,
    retry_delays_s: Option<Vec<u64>>,
    destination_record: BTreeMap<String, Value>,
    destination_pattern: BTreeMap<String, String>,
    destination_event: BTreeMap<String, Value>,
    destination_resources_suffixes: Vec<String>,
    second_report_absent: Option<String>,
    env_equals: BTreeMap<String, String>,
    env_present: Vec<String>,
    env_absent: Vec<String>,
    next_headers_present: Vec<String>,
    next_body_json: Option<Value>,
    response_post: Option<Post>,
    response_post_status_any: Option<Vec<u16>>,
    log_events_contain: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Post {
    status: u16,
    body_json: Option<Value>,
    body_json_subset: Option<Value>,
}

/// Tells `null` from absent.
fn present<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// The one function of a case.
#[derive(Clone)]
struct One(Pool);

impl Functions for One {
    async fn find(&self, name: &str) -> Option<Pool> {
        self.served(name)
    }

    fn served(&self, name: &str) -> Option<Pool> {
        (name == self.0.function().name).then(|| self.0.clone())
    }

    async fn all(&self) -> Vec<Pool> {
        vec![self.0.clone()]
    }
}

/// What a call of the endpoint gave.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<String> {
        let found = self
            .headers
            .iter()
            .find(|(one, _)| one.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// A case with its function, and all that was seen.
struct Run {
    it: Fixture,
    api: InvokeApi,
    slept: Arc<Mutex<Vec<Duration>>>,
    answers: Vec<Answer>,
}

impl Run {
    async fn new(case: &Case) -> Result<Self, String> {
        let limits = Limits {
            reserved: case.setup.reserved_concurrency,
            // The machine may be busy, and no case shall depend on that.
            patience: Duration::from_secs(2),
            ..Limits::default()
        };
        let it = Fixture::with(limits, |function| {
            function.bootstrap = compiled("handlers.rs");
            function.name = case.id.clone();
            function.timeout_seconds = case.setup.timeout_s;
            function.memory_mb = case.setup.memory_mb;
            let handler = ("HANDLER".to_owned(), case.setup.handler.clone());
            function.environment.push(handler);
        });
        let slept = Arc::<Mutex<Vec<Duration>>>::default();
        let clock = Clock::Skipping(Arc::clone(&slept));
        let api = InvokeApi::start(
            One(it.pool.clone()),
            Hosts::new(Ipv4Addr::LOCALHOST.into(), &[]),
            clock,
            it.logs.clone(),
        )
        .await;
        let run = Self {
            it,
            api: api.map_err(|error| error.to_string())?,
            slept,
            answers: Vec::new(),
        };
        run.configure(case).await?;
        Ok(run)
    }

    /// How the function takes asynchronous events, said over the API as a user would.
    async fn configure(&self, case: &Case) -> Result<(), String> {
        let setup = &case.setup;
        let mut config = json!({});
        if let Some(retries) = setup.maximum_retry_attempts {
            config["MaximumRetryAttempts"] = retries.into();
        }
        if let Some(age) = setup.maximum_event_age_s {
            config["MaximumEventAgeInSeconds"] = age.into();
        }
        for (which, kind) in [
            ("OnSuccess", &setup.on_success),
            ("OnFailure", &setup.on_failure),
        ] {
            let Some(kind) = kind else { continue };
            let (service, resource) = match kind.as_str() {
                "queue" => ("sqs", "results"),
                "event-bus" => ("events", "event-bus/results"),
                _ => return Err(format!("no such destination: {kind}")),
            };
            let arn = format!("arn:aws:{service}:{}:{ACCOUNT}:{resource}", region());
            config["DestinationConfig"][which]["Destination"] = arn.into();
        }
        if config == json!({}) {
            return Ok(());
        }
        let path = format!("/2019-09-25/functions/{}/event-invoke-config", case.id);
        let answer = ask(&self.api, "PUT", &path, &[], config.to_string().as_bytes()).await;
        if answer.status == 200 {
            Ok(())
        } else {
            Err(format!("the configuration was refused: {answer:?}"))
        }
    }

    async fn call(&self, case: &Case, call: &Call) -> Result<Answer, String> {
        let name = call.function_name.as_ref().unwrap_or(&case.id);
        let payload = match (&call.payload, &call.payload_base64, &call.payload_repeat) {
            (Some(payload), None, None) => payload.to_string().into_bytes(),
            (None, Some(encoded), None) => {
                use base64::Engine as _;
                let engine = base64::engine::general_purpose::STANDARD;
                engine.decode(encoded).map_err(|error| error.to_string())?
            }
            (None, None, Some(repeat)) => {
                let text = repeat.unit.repeat(repeat.count);
                repeat.json.replace("%s", &text).into_bytes()
            }
            _ => return Err("a call has one payload".into()),
        };
        let path = format!("/2015-03-31/functions/{name}/invocations");
        let kind = call.invocation_type.as_deref().unwrap_or("RequestResponse");
        let headers = [("X-Amz-Invocation-Type", kind)];
        Ok(ask(&self.api, "POST", &path, &headers, &payload).await)
    }

    /// All log lines, once the last is written.
    async fn lines(&self) -> Vec<String> {
        self.it.logs.flush().await;
        self.it.lines.all()
    }

    /// The request ids of the invocations.
    async fn started(&self) -> Vec<String> {
        let lines = self.lines().await;
        let ids = lines
            .iter()
            .filter_map(|line| line.strip_prefix("START RequestId: "));
        ids.map(|id| id.split(' ').next().unwrap_or_default().to_owned())
            .collect()
    }

    async fn lines_with(&self, start: &str) -> Vec<String> {
        let lines = self.lines().await;
        let found = lines.iter().filter_map(|line| line.strip_prefix(start));
        found.map(str::to_owned).collect()
    }

    /// The document that the destination was sent, waited for.
    async fn destination(&self) -> Value {
        loop {
            let found = self.lines_with("DESTINATION ").await;
            if let Some((_, document)) = found.first().and_then(|line| line.split_once(' ')) {
                return serde_json::from_str(document).unwrap_or(Value::Null);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// One request to the endpoint.
async fn ask(
    api: &InvokeApi,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let url = api.url();
    let host = url.strip_prefix("http://").expect("a plain URL");
    let mut stream = TcpStream::connect(host).await.expect("a connection");
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream
        .write_all(head.as_bytes())
        .await
        .expect("a head sent");
    stream.write_all(body).await.expect("a body sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("a head");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let headers = lines.filter_map(|line| line.split_once(": "));
    Answer {
        status: status.expect("a status"),
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body: answer[end + 4..].to_vec(),
    }
}

async fn run(case: &Case) -> Result<(), String> {
    let mut run = Run::new(case).await?;
    for call in case.request.iter().chain(&case.requests) {
        match call.op.as_str() {
            "invoke" => {
                let answer = run.call(case, call).await?;
                run.answers.push(answer);
            }
            "parallel" => {
                let calls = call.calls.iter().map(|call| run.call(case, call));
                for answer in join_all(calls).await {
                    run.answers.push(answer?);
                }
            }
            other => return Err(format!("no such operation: {other}")),
        }
    }
    let mut problems = Vec::new();
    check_answers(&case.expect, &run.answers, &mut problems);
    check_invocations(&case.expect, &run, &mut problems).await;
    check_runtime(&case.expect, &run, &mut problems).await;
    run.it.pool.close().await;
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.join("; "))
    }
}

async fn join_all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut pending: Vec<_> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<T>> = pending.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, done) in pending.iter_mut().zip(&mut done) {
            if done.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        if done.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

fn check_answers(expect: &Expect, answers: &[Answer], problems: &mut Vec<String>) {
    let Some(answer) = answers.first() else {
        return problems.push("no call was made".to_owned());
    };
    let mut want = |holds: bool, what: &str| {
        if !holds {
            let body = String::from_utf8_lossy(answer.body.get(..300).unwrap_or(&answer.body));
            problems.push(format!(
                "{what}: {} {:?} {body}",
                answer.status, answer.headers
            ));
        }
    };
    let json = answer.json();
    want(
        expect.status.is_none_or(|status| status == answer.status),
        "status",
    );
    if let Some(statuses) = &expect.statuses_sorted {
        let mut seen: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        seen.sort_unstable();
        want(seen == *statuses, &format!("statuses {seen:?}"));
    }
    want(
        expect
            .payload
            .as_ref()
            .is_none_or(|payload| payload.as_bytes() == answer.body),
        "payload",
    );
    want(
        expect
            .payload_json
            .as_ref()
            .is_none_or(|wanted| *wanted == json),
        "payload_json",
    );
    want(
        expect
            .payload_json_subset
            .as_ref()
            .is_none_or(|wanted| contains(&json, wanted)),
        "payload_json_subset",
    );
    for (pointer, pattern) in &expect.payload_pattern {
        let text = json
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default();
        want(matches(pattern, text), pointer);
    }
    if let Some(keys) = &expect.payload_keys {
        let mut seen: Vec<_> = json
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, _)| key)
            .collect();
        let mut keys: Vec<_> = keys.iter().collect();
        seen.sort();
        keys.sort();
        want(seen == keys, "payload_keys");
    }
    want(
        expect
            .payload_length
            .is_none_or(|length| length == answer.body.len()),
        "payload_length",
    );
    if let Some(wanted) = &expect.payloads_json {
        want(wanted.len() == answers.len(), "number of answers");
        for (wanted, seen) in wanted.iter().zip(answers) {
            let failed = seen.header("x-amz-function-error").is_some();
            let holds = if wanted == "error" {
                failed
            } else {
                !failed && seen.json() == *wanted
            };
            want(holds, &format!("{wanted} and not {}", seen.json()));
        }
    }
    let error = answer.header("x-amz-function-error");
    want(
        expect
            .function_error
            .as_ref()
            .is_none_or(|wanted| *wanted == error),
        "function_error",
    );
    let version = answer.header("x-amz-executed-version");
    want(
        expect
            .executed_version
            .as_ref()
            .is_none_or(|wanted| *wanted == version),
        "executed_version",
    );
    let code = answer.header("x-amzn-errortype");
    want(
        expect.error_code.is_none() || expect.error_code == code,
        "error_code",
    );
    let text = |key: &str| json.get(key).and_then(Value::as_str);
    want(
        expect.error_type.is_none() || expect.error_type.as_deref() == text("Type"),
        "error_type",
    );
    want(
        expect.error_reason.is_none() || expect.error_reason.as_deref() == text("Reason"),
        "error_reason",
    );
    let message = text("message").or(text("Message")).unwrap_or_default();
    want(
        expect
            .error_message
            .as_ref()
            .is_none_or(|wanted| wanted == message),
        "error_message",
    );
    want(
        expect
            .error_message_pattern
            .as_ref()
            .is_none_or(|pattern| matches(pattern, message)),
        "error_message_pattern",
    );
    for (name, value) in &expect.env_equals {
        want(json[name] == **value, name);
    }
    for name in &expect.env_present {
        want(json.get(name).is_some(), name);
    }
    for name in &expect.env_absent {
        want(json.is_object() && json.get(name).is_none(), name);
    }
}

async fn check_invocations(expect: &Expect, run: &Run, problems: &mut Vec<String>) {
    let mut want = |holds: bool, what: String| {
        if !holds {
            problems.push(what);
        }
    };
    let told = !expect.destination_record.is_empty()
        || !expect.destination_pattern.is_empty()
        || !expect.destination_event.is_empty();
    let document = if told {
        run.destination().await
    } else {
        Value::Null
    };
    let records = expect
        .destination_record
        .iter()
        .chain(&expect.destination_event);
    for (pointer, wanted) in records {
        let seen = document.pointer(pointer);
        want(
            seen == Some(wanted),
            format!("{pointer}: {seen:?}, not {wanted}"),
        );
    }
    for (pointer, ending) in &expect.destination_pattern {
        let seen = document
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default();
        // The one pattern that there is has no start.
        let ending = ending.trim_end_matches('$').replace('\\', "");
        want(seen.ends_with(&ending), format!("{pointer}: {seen}"));
    }
    for part in &expect.destination_resources_suffixes {
        let resources = document["resources"].as_array();
        let found = resources
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .any(|arn| arn.contains(part));
        want(found, format!("no resource with {part}: {document}"));
    }
    let started = run.started().await;
    want(
        expect
            .invocations
            .is_none_or(|count| count == started.len()),
        format!("invocations: {started:?}"),
    );
    if expect.same_request_id {
        want(
            started.iter().all(|id| Some(id) == started.first()),
            format!("ids: {started:?}"),
        );
    }
    if let Some(delays) = &expect.retry_delays_s {
        let slept: Vec<_> = run
            .slept
            .lock()
            .expect("the waits")
            .iter()
            .map(Duration::as_secs)
            .collect();
        want(slept == *delays, format!("delays: {slept:?}"));
    }
}

async fn check_runtime(expect: &Expect, run: &Run, problems: &mut Vec<String>) {
    let wants_lines = expect.second_report_absent.is_some()
        || !expect.log_events_contain.is_empty()
        || !expect.next_headers_present.is_empty()
        || expect.next_body_json.is_some()
        || expect.response_post.is_some();
    if !wants_lines {
        return;
    }
    // The report is the last line of an invocation.
    eventually(|| reports(&run.it.lines).len() >= run.answers.len()).await;
    let mut want = |holds: bool, what: String| {
        if !holds {
            problems.push(what);
        }
    };
    if let Some(part) = &expect.second_report_absent {
        let reports = reports(&run.it.lines);
        want(
            reports.get(1).is_some_and(|report| !report.contains(part)),
            format!("{reports:?}"),
        );
    }
    let lines = run.lines().await;
    for event in &expect.log_events_contain {
        let line = event.strip_suffix('\n').unwrap_or(event);
        want(
            lines.iter().any(|one| one == line),
            format!("no {event:?} in {lines:?}"),
        );
    }
    let headers = run.lines_with("NEXT ").await;
    for name in &expect.next_headers_present {
        let found = headers.iter().any(|line| {
            line.split_once(": ")
                .is_some_and(|(one, value)| one.eq_ignore_ascii_case(name) && !value.is_empty())
        });
        want(found, format!("no {name} in {headers:?}"));
    }
    if let Some(body) = &expect.next_body_json {
        let events = run.lines_with("EVENT ").await;
        let seen = events
            .first()
            .and_then(|event| serde_json::from_str::<Value>(event).ok());
        want(seen.as_ref() == Some(body), format!("{events:?}"));
    }
    if let Some(post) = &expect.response_post {
        let posts = run.lines_with("POST ").await;
        let (status, body) = posts
            .first()
            .and_then(|line| line.split_once(' '))
            .unwrap_or_default();
        let statuses = expect
            .response_post_status_any
            .clone()
            .unwrap_or_else(|| vec![post.status]);
        want(
            statuses.iter().any(|one| one.to_string() == status),
            format!("{posts:?}"),
        );
        let body: Value = serde_json::from_str(body).unwrap_or(Value::Null);
        let exact = post.body_json.as_ref().is_none_or(|wanted| body == *wanted);
        let subset = post
            .body_json_subset
            .as_ref()
            .is_none_or(|wanted| contains(&body, wanted));
        want(exact && subset, format!("{posts:?}"));
    }
}

fn reports(lines: &Lines) -> Vec<String> {
    let all = lines.all();
    all.into_iter()
        .filter(|line| line.starts_with("REPORT "))
        .collect()
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

/// As much of regular expressions as the cases use: `^`, `$`, classes, `\d`, `{n}`, `+`, and escaped characters. Other syntax
/// panics.
fn matches(pattern: &str, text: &str) -> bool {
    let mut pattern = pattern.strip_prefix('^').expect("patterns start with `^`");
    let mut text = text;
    while !pattern.is_empty() {
        if pattern == "$" {
            return text.is_empty();
        }
        let length = match pattern.chars().next() {
            Some('[') => pattern.find(']').expect("a class is closed") + 1,
            Some('\\') => 2,
            Some('(' | '.' | '*' | '?' | '|') => panic!("no such syntax: {pattern}"),
            first => first.map_or(0, char::len_utf8),
        };
        let (atom, rest) = pattern.split_at(length);
        let (count, rest) = match rest.strip_prefix('+') {
            Some(rest) => (None, rest),
            None => match rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
                Some((count, rest)) => (count.parse::<usize>().ok(), rest),
                None => (Some(1), rest),
            },
        };
        let taken = text
            .chars()
            .take(count.unwrap_or(usize::MAX))
            .take_while(|c| is_in(atom, *c));
        let taken: usize = taken.map(char::len_utf8).sum();
        if taken == 0 || count.is_some_and(|count| text[..taken].chars().count() != count) {
            return false;
        }
        (text, pattern) = (&text[taken..], rest);
    }
    true
}

fn is_in(atom: &str, character: char) -> bool {
    match atom
        .strip_prefix('[')
        .and_then(|class| class.strip_suffix(']'))
    {
        None if atom == r"\d" => character.is_ascii_digit(),
        None => atom.ends_with(character),
        Some(class) => {
            let class: Vec<char> = class.chars().collect();
            let range =
                |three: &[char]| three[1] == '-' && (three[0]..=three[2]).contains(&character);
            class.contains(&character) || class.windows(3).any(range)
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lambda() {
    let listed: BTreeMap<&str, &str> = LISTED
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once(' ').unwrap_or((line, "")))
        .collect();
    // A few at once: the machine may be busy, and some of them have to wait.
    let places = Arc::new(tokio::sync::Semaphore::new(8));
    let mut running = Vec::new();
    for line in CASES.lines() {
        let places = Arc::clone(&places);
        running.push(tokio::spawn(async move {
            let _place = places.acquire().await;
            let case: Case =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            let outcome = tokio::time::timeout(Duration::from_secs(60), run(&case)).await;
            let outcome = outcome.unwrap_or_else(|_| Err("it did not end".to_owned()));
            (case.id, case.confidence, outcome)
        }));
    }
    let (mut score, mut broken, mut seen) = (String::new(), Vec::new(), 0);
    for case in running {
        let (id, confidence, outcome) = case.await.expect("a runner that ends");
        let reason = listed.get(id.as_str()).copied();
        seen += usize::from(reason.is_some());
        let gated = ["recorded", "documented", "reported"].contains(&confidence.as_str());
        match (&outcome, reason) {
            (Ok(()), None) => {}
            (Ok(()), Some(_)) => broken.push(format!("{id} passes, and is listed")),
            (Err(_), Some(reason)) => {
                assert!(
                    confidence != "recorded",
                    "{id} is recorded and cannot be listed"
                );
                assert!(reason.len() > 20, "no reason is given for {id}");
            }
            (Err(problem), None) if gated => broken.push(format!("{id}: {problem}")),
            (Err(_), None) => {}
        }
        let (word, reason) = match (&outcome, reason) {
            (Ok(()), _) => ("pass", ""),
            (Err(_), Some(reason)) => ("listed", reason),
            (Err(problem), None) => ("fail", problem.as_str()),
        };
        score.push_str(&format!("{id}\t{confidence}\t{word}\t{reason}\n"));
    }
    assert!(
        broken.is_empty(),
        "{} cases do not hold:\n{}",
        broken.len(),
        broken.join("\n")
    );
    assert_eq!(
        seen,
        listed.len(),
        "lambda-exceptions.txt names a case that does not exist"
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCORE);
    if std::env::var_os("FW_UPDATE").is_some() {
        std::fs::write(&path, &score).expect("the score written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        written, score,
        "{SCORE} is stale: run this test with FW_UPDATE=1"
    );
}
