//! What a template says, read by somebody who knows its language and not how it was written.

mod stack;
mod terraform;

pub(super) use self::{stack::said_by_stack, terraform::said_by_terraform};

use super::*;

/// The value that the one parameter or variable is given.
pub(super) const SECRET: &str = "acme-secret-0123456789";

/// What a template's own language knows once its resources are made.
pub(super) struct Known(BTreeMap<String, String>);

impl Known {
    fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    fn get(&self, name: &str) -> String {
        let found = self.0.get(name);
        found
            .unwrap_or_else(|| panic!("nothing is known of `{name}`"))
            .clone()
    }

    fn alias(function: &str, alias: &str) -> String {
        let (region, account) = (Fake::REGION, Fake::ACCOUNT);
        format!("arn:aws:lambda:{region}:{account}:function:{function}:{alias}")
    }

    fn role(name: &str) -> String {
        format!("arn:aws:iam::{}:role/{name}", Fake::ACCOUNT)
    }

    /// Fills in variables; `escape` is how a dollar sign is written that is none of a variable's.
    fn fill(&self, text: &str, escape: &str) -> String {
        let mut text = text.replace(escape, "\u{0}");
        while let Some((before, rest)) = text.split_once("${") {
            let (name, after) = rest.split_once('}').unwrap();
            text = format!("{before}{}{after}", self.get(name));
        }
        text.replace('\u{0}', "${").replace("%%{", "%{")
    }
}

/// What a template says, whatever its language.
pub(super) struct Said {
    pub(super) roles: Vec<SaidRole>,
    /// Names, days, tags.
    pub(super) groups: Vec<(String, u32, Tags)>,
    pub(super) functions: Vec<SaidFunction>,
    pub(super) queues: Vec<(String, Attributes, Tags)>,
    pub(super) mappings: Vec<SaidMapping>,
    /// Names, tags, and what they report: functions, events, prefixes, suffixes, and the ids where a template gives any.
    pub(super) buckets: Vec<SaidBucket>,
    /// Functions, aliases, and how their asynchronous invocations are handled.
    pub(super) events: Vec<(String, String, Asynchronous)>,
    /// Who may send to a queue, by its name.
    pub(super) senders: BTreeMap<String, Vec<Sender>>,
    pub(super) topics: Vec<(String, topic::desired::Attributes, Tags)>,
    pub(super) subscriptions: Vec<DesiredSubscription>,
    /// Names and tags.
    pub(super) buses: Vec<(String, Tags)>,
    pub(super) rules: Vec<(DesiredRule, Tags)>,
    /// Names and tags.
    pub(super) schedule_groups: Vec<(String, Tags)>,
    /// With their groups.
    pub(super) schedules: Vec<(String, DesiredSchedule)>,
    /// Functions, aliases, statements.
    pub(super) grants: Vec<(String, String, Grant)>,
    pub(super) door: SaidDoor,
    pub(super) domain: Option<SaidDomain>,
}

pub(super) struct SaidBucket {
    pub(super) name: String,
    pub(super) tags: Tags,
    pub(super) reports: Vec<Notification>,
}

pub(super) struct SaidMapping {
    /// The ARNs of the queue and of the alias.
    pub(super) queue: String,
    pub(super) alias: String,
    pub(super) polling: Polling,
    pub(super) tags: Tags,
}

pub(super) struct SaidDomain {
    pub(super) name: String,
    /// The certificate and the tags, where it is made.
    pub(super) own: Option<(String, Tags)>,
    /// The path and the stage that it leads to.
    pub(super) mapping: (String, String),
}

pub(super) struct SaidRole {
    pub(super) name: String,
    pub(super) trust: Value,
    pub(super) boundary: Option<String>,
    pub(super) policy: (String, Value),
    pub(super) tags: Tags,
}

pub(super) struct SaidFunction {
    pub(super) name: String,
    pub(super) configuration: Configuration,
    pub(super) architecture: String,
    pub(super) tags: Tags,
    pub(super) alias: String,
    /// Reserved and provisioned.
    pub(super) concurrency: [Option<u32>; 2],
}

pub(super) enum SaidDoor {
    Http(Box<SaidHttp>),
    Rest(Box<SaidRest>),
    /// The alias' ARN, and the rest.
    Url(String, UrlSettings),
}

pub(super) struct SaidHttp {
    pub(super) api: (String, Option<Cors>, Tags),
    /// Address, kind, format.
    pub(super) integration: (String, String, String),
    /// In milliseconds, where something is said.
    pub(super) patience: Option<u32>,
    pub(super) authorizers: BTreeMap<String, Checks>,
    pub(super) routes: BTreeMap<String, Guard<String>>,
    pub(super) stage: Stage,
}

pub(super) struct SaidRest {
    pub(super) name: String,
    pub(super) tags: Tags,
    pub(super) document: Value,
    pub(super) description: String,
    pub(super) stage: RestStage,
    /// Names, values, whether they are taken, tags.
    pub(super) keys: Vec<(String, Option<String>, bool, Tags)>,
    /// Names, limits, the names of keys, tags.
    pub(super) plans: Vec<(String, PlanLimits, Vec<String>, Tags)>,
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

fn numbers(values: [&Value; 2]) -> [Option<u32>; 2] {
    values.map(|count| count.is_u64().then(|| number(count)))
}

fn table(value: &Value) -> BTreeMap<String, String> {
    match value {
        Value::Array(list) => list
            .iter()
            .map(|tag| (text(&tag["Key"]), text(&tag["Value"])))
            .collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), text(value)))
            .collect(),
        _ => BTreeMap::new(),
    }
}

fn cors(value: &Value, names: [&str; 6]) -> Option<Cors> {
    value.is_object().then(|| {
        let list = |name: &str| texts(&value[name]);
        Cors {
            allow_origins: list(names[0]),
            allow_methods: list(names[1]),
            allow_headers: list(names[2]),
            expose_headers: list(names[3]),
            max_age: value.get(names[4]).map(number),
            allow_credentials: value[names[5]] == true,
        }
    })
}

/// A queue; its words are name, order, seconds, dead letters, deduplication, key, own key and tags.
fn queue(said: &Value, words: [&str; 9], tags: &Value) -> (String, Attributes, Tags) {
    let [
        name,
        fifo,
        timeout,
        delay,
        retention,
        redrive,
        deduplication,
        key,
        own,
    ] = words.map(|word| &said[word]);
    let redrive = match redrive.as_str() {
        Some(text) => serde_json::from_str(text).unwrap(),
        None => redrive.clone(),
    };
    let attributes = Attributes {
        fifo: *fifo == true,
        visibility_timeout: number(timeout),
        delay: number(delay),
        retention: number(retention),
        dead_letter: redrive.is_object().then(|| DeadLetter {
            queue: text(&redrive["deadLetterTargetArn"]),
            receives: number(&redrive["maxReceiveCount"]),
        }),
        deduplication: *deduplication == true,
        senders: Vec::new(),
        encryption: match key.as_str() {
            Some(key) => Encryption::Kms(key.to_owned()),
            None => {
                assert_eq!(own, true);
                Encryption::Sqs
            }
        },
    };
    (text(name), attributes, table(tags))
}

/// A mapping; its words are queue, alias, size, window, filters (two, and the pattern), concurrency (two), pollers (three), reports and
/// whether messages are taken.
fn mapping(said: &Value, words: [&str; 14], tags: &Value) -> SaidMapping {
    let [
        queue,
        alias,
        size,
        window,
        criteria,
        filter,
        pattern,
        scaling,
        most,
        pollers,
        min,
        max,
        reports,
        enabled,
    ] = words;
    assert_eq!(said[reports], json!(["ReportBatchItemFailures"]));
    assert_eq!(said[enabled], true);
    let filters = said[criteria][filter].as_array().into_iter().flatten();
    SaidMapping {
        queue: text(&said[queue]),
        alias: text(&said[alias]),
        polling: Polling {
            batch_size: number(&said[size]),
            batch_window: said.get(window).map_or(0, number),
            filters: filters.map(|one| text(&one[pattern])).collect(),
            max_concurrency: said.get(scaling).map(|scaling| number(&scaling[most])),
            pollers: said.get(pollers).map(|pollers| Pollers {
                min: number(&pollers[min]),
                max: number(&pollers[max]),
            }),
        },
        tags: table(tags),
    }
}

/// How asynchronous invocations are handled; its words are function, alias, retries, age, destinations, of success, of failure, and its ARN.
fn events(said: &Value, words: [&str; 8]) -> (String, String, Asynchronous) {
    let [function, alias, retries, age, to, success, failure, arn] = words;
    let to = |end: &str| said[to][end][arn].as_str().map(str::to_owned);
    let config = Asynchronous {
        retries: number(&said[retries]),
        max_event_age: number(&said[age]),
        on_success: to(success),
        on_failure: to(failure),
    };
    (text(&said[function]), text(&said[alias]), config)
}

/// A queue's policy: the queue's name, and who may send to it.
fn senders(policy: &Value) -> (String, Vec<Sender>) {
    let policy: Value = match policy.as_str() {
        Some(text) => serde_json::from_str(text).unwrap(),
        None => policy.clone(),
    };
    let statements = policy["Statement"].as_array().unwrap();
    let queue = text(&statements[0]["Resource"]);
    let all = statements.iter().map(|one| {
        assert_eq!(one["Effect"], "Allow");
        assert_eq!(one["Action"], "sqs:SendMessage");
        assert_eq!(text(&one["Resource"]), queue);
        Sender {
            service: text(&one["Principal"]["Service"]),
            sources: texts(&one["Condition"]["ArnLike"]["aws:SourceArn"])
                .into_iter()
                .collect(),
        }
    });
    let name = queue.rsplit(':').next().unwrap().to_owned();
    (name, all.collect())
}

/// A topic; its words are name, order, deduplication, key and tags.
fn topic_of(
    said: &Value,
    words: [&str; 4],
    tags: &Value,
) -> (String, topic::desired::Attributes, Tags) {
    let [name, fifo, deduplication, key] = words.map(|word| &said[word]);
    let attributes = topic::desired::Attributes {
        fifo: *fifo == true,
        deduplication: *deduplication == true,
        key: key.as_str().map(str::to_owned),
    };
    (text(name), attributes, table(tags))
}

/// A subscription; its words are topic, protocol, endpoint, filter, scope, raw and dead letters.
fn subscription(said: &Value, words: [&str; 7]) -> DesiredSubscription {
    let [topic, protocol, endpoint, filter, scope, raw, redrive] = words.map(|word| &said[word]);
    let document = |value: &Value| match value.as_str() {
        Some(text) => serde_json::from_str(text).unwrap(),
        None => value.clone(),
    };
    let (filter, redrive) = (document(filter), document(redrive));
    DesiredSubscription {
        topic: text(topic),
        endpoint: match text(protocol).as_str() {
            "lambda" => Endpoint::Lambda(text(endpoint)),
            "sqs" => Endpoint::Sqs(text(endpoint)),
            other => panic!("no such protocol: {other}"),
        },
        attributes: SubscriptionAttributes {
            filter: filter.is_object().then_some(filter),
            body: *scope == "MessageBody",
            raw: *raw == true,
            dead_letter: redrive["deadLetterTargetArn"].as_str().map(str::to_owned),
        },
    }
}

/// The members that have a value.
fn members<const N: usize>(all: [(&str, Value); N]) -> Value {
    let all = all.into_iter().filter(|(_, value)| !value.is_null());
    let all = all.map(|(key, value)| (key.to_owned(), value));
    Value::Object(all.collect())
}

/// A bucket, whatever its words.
fn rate(value: &Value, names: [&str; 2]) -> Option<Rate> {
    value.is_object().then(|| Rate {
        rate: value[names[0]].as_f64().unwrap(),
        burst: number(&value[names[1]]),
    })
}

/// An access log; its words are the log group's ARN and the format.
fn access_log(value: &Value, [group, format]: [&str; 2]) -> Option<AccessLog> {
    value.is_object().then(|| AccessLog {
        group: text(&value[group]),
        format: text(&value[format]),
    })
}

fn format_of(value: &Value) -> PayloadFormat {
    serde_json::from_value(value.clone()).unwrap()
}

/// A route's guard; `named` finds the authorizer that a reference means.
fn guard(
    kind: &Value,
    authorizer: &Value,
    scopes: &Value,
    named: impl Fn(&Value) -> String,
) -> Guard<String> {
    match text(kind).as_str() {
        "NONE" => Guard::Open,
        "AWS_IAM" => Guard::Iam,
        "JWT" => Guard::Jwt(named(authorizer), texts(scopes).into_iter().collect()),
        "CUSTOM" => Guard::Lambda(named(authorizer)),
        other => panic!("no such guard: {other}"),
    }
}

/// Whom an authorizer lets pass; its words are kind, identity, issuer, audience, address, seconds, format, simple.
fn checks(words: [&Value; 8]) -> Checks {
    let [kind, identity, issuer, audience, uri, ttl, format, simple] = words;
    match text(kind).as_str() {
        "JWT" => Checks::Jwt {
            issuer: text(issuer),
            audience: texts(audience),
            identity: texts(identity)[0].clone(),
        },
        "REQUEST" => Checks::Function {
            function: invoked(&text(uri)),
            identity: texts(identity),
            ttl: number(ttl),
            format: format_of(format),
            simple: *simple == true,
        },
        other => panic!("no such authorizer: {other}"),
    }
}

/// A statement; its words are action, principal, source, account, the URL's kind of authorization, whether through a URL.
fn grant(id: &str, words: [&Value; 6]) -> Grant {
    let [action, principal, source, account, auth, through] = words;
    match text(principal).as_str() {
        "*" => match text(action).as_str() {
            "lambda:InvokeFunctionUrl" => {
                assert_eq!(auth, "NONE");
                Grant::of_url(id, Allows::Url)
            }
            "lambda:InvokeFunction" => {
                assert_eq!(through, true);
                Grant::of_url(id, Allows::ThroughUrl)
            }
            other => panic!("no such action: {other}"),
        },
        "apigateway.amazonaws.com" => {
            assert_eq!(action, "lambda:InvokeFunction");
            Grant::of_api(id, text(source))
        }
        service @ ("sns.amazonaws.com" | "events.amazonaws.com" | "s3.amazonaws.com") => {
            assert_eq!(action, "lambda:InvokeFunction");
            Grant {
                account: account.as_str().map(str::to_owned),
                ..Grant::of_service(id, service, text(source))
            }
        }
        other => panic!("nobody: {other}"),
    }
}

fn url_settings(auth: &Value, mode: &Value, cors: Option<Cors>) -> UrlSettings {
    UrlSettings {
        iam: match text(auth).as_str() {
            "AWS_IAM" => true,
            "NONE" => false,
            other => panic!("no such authorization: {other}"),
        },
        stream: match text(mode).as_str() {
            "RESPONSE_STREAM" => true,
            "BUFFERED" => false,
            other => panic!("no such mode: {other}"),
        },
        cors,
    }
}

/// The name of a bucket of the deployment's, by its ARN, without account and region: what the id of its statement has a digest of.
fn stem(arn: &str) -> &str {
    let place = format!("-{}-{}", Fake::ACCOUNT, Fake::REGION);
    let name = arn.rsplit(':').next().unwrap_or_default();
    name.strip_suffix(place.as_str()).unwrap_or(name)
}
