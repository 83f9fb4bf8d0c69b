//! The arguments of the attributes of sources: `#[on_sqs("orders")]`, `#[schedule("rate(5 minutes)", timezone = "Europe/Berlin")]`, ….
//!
//! Patterns and schedules are checked here, by the same code that the local services read them with.

use proc_macro2::Span;
use syn::LitStr;

use super::keys::{Args, First, Grammar, Key, Kind};
use crate::{
    errors::{Errors, closest},
    model::Source,
    table::Subject,
};
use fw_grammar::{
    pattern::{self, Pattern},
    schedule::{Dialect, Schedule, time_zones},
};

pub(crate) const QUEUE: Grammar = Grammar {
    first: Some(First {
        what: "the queue's name",
        example: "orders",
        keyed: |_, name| name.to_owned(),
    }),
    keys: &[],
    holder: "`#[on_sqs]`",
    meant: None,
};

pub(crate) const TOPIC: Grammar = Grammar {
    first: Some(First {
        what: "the topic's name",
        example: "alerts",
        keyed: |_, name| name.to_owned(),
    }),
    keys: &[],
    holder: "`#[on_sns]`",
    meant: None,
};

pub(crate) const BUCKET: Grammar = Grammar {
    first: Some(First {
        what: "the bucket's name",
        example: "uploads",
        keyed: |_, name| name.to_owned(),
    }),
    keys: &[
        Key {
            name: "created",
            kind: Kind::Flag,
        },
        Key {
            name: "removed",
            kind: Kind::Flag,
        },
        text("prefix", "the start of the keys", "in/"),
        text("suffix", "the end of the keys", ".png"),
    ],
    holder: "`#[on_s3]`",
    meant: None,
};

pub(crate) const BUS: Grammar = Grammar {
    first: None,
    keys: &[
        text("source", "who sends the events", "shop.orders"),
        text("detail_type", "what the events are", "Order Placed"),
        text("pattern", "an event pattern in JSON", "{}"),
        text("bus", "the bus's name", "trade"),
    ],
    holder: "`#[on_event]`",
    meant: Some(|text| format!("source = {text:?}")),
};

pub(crate) const SCHEDULE: Grammar = Grammar {
    first: Some(First {
        what: "a schedule",
        example: "rate(5 minutes)",
        keyed: expression,
    }),
    keys: &[text("timezone", "the name of a time zone", "Europe/Berlin")],
    holder: "`#[schedule]`",
    meant: None,
};

pub(crate) const FUNCTION: Grammar = Grammar {
    first: None,
    keys: &[],
    holder: "`#[function]`",
    meant: None,
};

/// The schedule's expression in `cron = "0 9 * * ? *"`, or in a key without a meaning.
fn expression(key: &str, text: &str) -> String {
    if ["rate", "cron", "at"].contains(&key) && !text.ends_with(')') {
        format!("{key}({text})")
    } else {
        text.to_owned()
    }
}

const fn text(name: &'static str, what: &'static str, example: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Text { what, example },
    }
}

/// The result of all arguments. A value with a mistake is empty.
pub(crate) fn payload(subject: Subject, args: &Args, errors: &mut Errors) -> Source {
    match subject {
        Subject::Topic => Source::Topic(name(args.first.as_ref(), "a topic", "_", errors)),
        Subject::Bucket => bucket(args, errors),
        Subject::Bus => bus(args, errors),
        Subject::Schedule => schedule(args, errors),
        Subject::Function => Source::Function,
        // The grammars of the others are not here.
        Subject::Queue | Subject::Batch | Subject::Route | Subject::Authorizer => {
            Source::Queue(name(args.first.as_ref(), "a queue", "_", errors))
        }
    }
}

/// The longest logical name: with the app's and the stage's it is part of a name in the account, which has 80 characters at SQS.
const LONGEST: usize = 40;

/// A logical name: letters, digits, `-` and the characters of `extra`. A bucket's has no capitals,
/// because S3 allows none. [D] S3 guide, "Bucket naming rules"
fn name(text: Option<&LitStr>, what: &str, extra: &str, errors: &mut Errors) -> String {
    let Some(text) = text else {
        return String::new();
    };
    let value = text.value();
    let small = what == "a bucket";
    let allowed = |char: char| {
        (char.is_ascii_alphanumeric() && !(small && char.is_ascii_uppercase()))
            || char == '-'
            || extra.contains(char)
    };
    if value.starts_with(|first: char| first.is_ascii_alphabetic() && allowed(first))
        && value.chars().all(allowed)
        && value.len() <= LONGEST
    {
        return value;
    }
    let bare = value.rsplit([':', '/']).next().unwrap_or_default();
    let bare = bare.strip_suffix(".fifo").unwrap_or(bare);
    let bare = if small {
        bare.to_ascii_lowercase()
    } else {
        bare.to_owned()
    };
    let meant: String = bare
        .chars()
        .map(|char| if allowed(char) { char } else { '-' })
        .skip_while(|char| !char.is_ascii_alphabetic())
        .take(LONGEST)
        .collect();
    let meant = if meant.is_empty() { "name" } else { &meant };
    let letters = if small {
        "lower-case letters"
    } else {
        "letters"
    };
    let extra = if extra.is_empty() { "" } else { ", `_`" };
    errors.push(
        text,
        format!(
            "{what} has a logical name here, not its name on AWS: 1 to {LONGEST} {letters}, digits, `-`{extra}, starting with a letter"
        ),
        format!("write {meant:?}"),
    );
    String::new()
}

fn bucket(args: &Args, errors: &mut Errors) -> Source {
    let bucket = name(args.first.as_ref(), "a bucket", "", errors);
    // In S3's words. [R] messaging-truth §4
    let events: Vec<&'static str> = [
        ("created", "s3:ObjectCreated:*"),
        ("removed", "s3:ObjectRemoved:*"),
    ]
    .into_iter()
    .filter_map(|(key, event)| args.key(key).map(|_| event))
    .collect();
    // A word that is not known may have been meant for one of them, and is reported already.
    if events.is_empty() && !args.stray {
        let shown = if bucket.is_empty() {
            "uploads"
        } else {
            &bucket
        };
        errors.push_span(
            Span::call_site(),
            "`#[on_s3]` does not say which events it handles",
            format!("write `#[on_s3({shown:?}, created)]`, or `removed`, or both"),
        );
    }
    let value = |key: &str| args.text(key).map(LitStr::value).unwrap_or_default();
    Source::Bucket {
        bucket,
        events,
        prefix: value("prefix"),
        suffix: value("suffix"),
    }
}

fn bus(args: &Args, errors: &mut Errors) -> Source {
    let bus = args
        .text("bus")
        .map(|text| name(Some(text), "a bus", "_", errors));
    if args.key("pattern").is_some() {
        for other in ["source", "detail_type"] {
            if let Some(other) = args.key(other) {
                errors.push(
                    other,
                    format!("a pattern includes this, so `{other}` cannot be used with `pattern`"),
                    format!("remove `{other}`, or write it into the pattern"),
                );
            }
        }
        let pattern = args.text("pattern").map(|text| (text, text.value()));
        let pattern = pattern.map(|(text, value)| {
            checked(text, &value, errors);
            value
        });
        return Source::Bus {
            bus,
            pattern: pattern.unwrap_or_default(),
        };
    }
    let fields: Vec<String> = [("source", "source"), ("detail_type", "detail-type")]
        .into_iter()
        .filter_map(|(key, field)| {
            let value = args.text(key)?.value();
            Some(format!("{}:[{}]", json(field), json(&value)))
        })
        .collect();
    let given = args.key("source").or(args.key("detail_type")).is_some();
    if !given && !args.stray {
        errors.push_span(
            Span::call_site(),
            "`#[on_event]` does not say which events",
            "write `#[on_event(source = \"shop.orders\", detail_type = \"Order Placed\")]`",
        );
    }
    Source::Bus {
        bus,
        pattern: format!("{{{}}}", fields.join(",")),
    }
}

/// Checks a pattern as EventBridge does.
fn checked(text: &LitStr, pattern: &str, errors: &mut Errors) {
    let example = "write for example `pattern = r#\"{\"source\": [\"shop.orders\"]}\"#`";
    if pattern.chars().count() > pattern::MAX_LENGTH {
        errors.push(
            text,
            format!("a pattern has at most {} characters", pattern::MAX_LENGTH),
            "remove some of its values",
        );
    } else if let Err(error) = Pattern::parse(pattern) {
        errors.push(
            text,
            format!("not a valid event pattern: {}", error.reason()),
            format!("{example}: the values of a field are in a list"),
        );
    }
}

/// A text as JSON.
fn json(text: &str) -> String {
    let mut json = String::from("\"");
    for char in text.chars() {
        match char {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            control if u32::from(control) < 0x20 => {
                json.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            other => json.push(other),
        }
    }
    json.push('"');
    json
}

fn schedule(args: &Args, errors: &mut Errors) -> Source {
    let expression = args.first.as_ref().map(LitStr::value).unwrap_or_default();
    let mut is_rate = false;
    if let Some(text) = &args.first {
        // The grammar of rules is stricter, and Scheduler accepts whatever it accepts: few refusals
        // of Scheduler are recorded.
        let parsed = if expression.starts_with("at(") {
            Schedule::parse(&expression, Dialect::Scheduler)
        } else {
            Schedule::parse(&expression, Dialect::Rule)
        };
        match parsed {
            Ok(schedule) => is_rate = matches!(schedule, Schedule::Rate(_)),
            Err(error) => {
                let help = match error.suggestion() {
                    Some(suggestion) => format!("write `#[schedule({suggestion:?})]`"),
                    None => "write `#[schedule(\"rate(5 minutes)\")]`, `#[schedule(\"cron(0 9 ? * MON-FRI *)\")]` or `#[schedule(\"at(2027-01-01T09:00:00)\")]`".to_owned(),
                };
                errors.push(
                    text,
                    format!("not a valid schedule: {}", error.reason()),
                    help,
                );
            }
        }
    }
    let timezone = args.text("timezone").map(|text| zone(text, errors));
    if let Some(key) = args.key("timezone")
        && is_rate
    {
        errors.push(
            key,
            "a `rate` is the same in every time zone",
            "leave `timezone` out, or write a `cron(…)`",
        );
    }
    Source::Schedule {
        expression,
        timezone,
    }
}

/// A time zone's name.
fn zone(text: &LitStr, errors: &mut Errors) -> String {
    let value = text.value();
    if time_zones().any(|zone| zone == value) {
        return value;
    }
    // Only the city, or nearly the name.
    let word = value.replace(' ', "_");
    let city = |zone: &&str| {
        let city = zone.rsplit('/').next().unwrap_or(zone);
        city.eq_ignore_ascii_case(&word)
    };
    let near = time_zones()
        .find(city)
        .or_else(|| closest(&word, time_zones()));
    errors.push(
        text,
        format!("not a time zone: `{value}`"),
        match near {
            Some(near) => format!("write `timezone = {near:?}`"),
            None => "write an IANA name such as `timezone = \"Europe/Berlin\"`".to_owned(),
        },
    );
    value
}
