//! Any text is parsed or refused, in bounded time and without a panic; what is suggested is valid; and the times of a cron
//! are those that a second, naive implementation finds by looking at every minute.

use fw_grammar::{
    pattern::Pattern,
    schedule::{Dialect, Schedule},
};
use proptest::prelude::*;
use serde_json::{Value, json};

const MINUTE: i64 = 60_000;

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-c*.\\\\/:0-9]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let name = prop_oneof![
            "[a-c.]{1,3}".boxed(),
            proptest::sample::select(vec![
                "$or",
                "prefix",
                "suffix",
                "anything-but",
                "exists",
                "numeric",
                "cidr",
                "wildcard",
                "equals-ignore-case",
            ])
            .prop_map(str::to_owned)
            .boxed(),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A cron field of numbers, and the same as a list, made without the parser.
fn field(first: u16, last: u16) -> impl Strategy<Value = (String, Vec<u16>)> {
    let value = first..=last;
    prop_oneof![
        Just(("*".to_owned(), (first..=last).collect())),
        value.clone().prop_map(|one| (one.to_string(), vec![one])),
        (value.clone(), value.clone()).prop_map(|(a, b)| {
            let (a, b) = (a.min(b), a.max(b));
            (format!("{a}-{b}"), (a..=b).collect())
        }),
        (value.clone(), 1_u16..=last).prop_map(move |(from, step)| {
            (
                format!("{from}/{step}"),
                (from..=last).step_by(usize::from(step)).collect(),
            )
        }),
        prop::collection::vec(value, 1..4).prop_map(|list| {
            let text: Vec<String> = list.iter().map(u16::to_string).collect();
            (text.join(","), list)
        }),
    ]
}

proptest! {
    #[test]
    fn any_json_is_a_pattern_or_an_error(pattern in json_value(), event in json_value()) {
        if let Ok(pattern) = Pattern::from_value(&pattern) {
            let _ = pattern.matches(&event);
        }
    }

    #[test]
    fn any_text_is_a_schedule_or_an_error(text in "(rate|cron|at|)\\(?[ 0-9A-Za-z,*?/#LW:-]{0,40}\\)?") {
        for dialect in [Dialect::Rule, Dialect::Scheduler] {
            match Schedule::parse(&text, dialect) {
                Ok(schedule) => {
                    let times: Vec<i64> = schedule.after(1_800_000_000_000, "Europe/Berlin", dialect).unwrap().take(3).collect();
                    prop_assert!(times.is_sorted());
                }
                Err(error) => {
                    prop_assert!(!error.reason().is_empty());
                    if let Some(suggestion) = error.suggestion() {
                        prop_assert!(Schedule::parse(suggestion, dialect).is_ok(), "{text} -> {suggestion}");
                    }
                }
            }
        }
    }

    /// Ten years of days in UTC, every minute of the days that match.
    #[test]
    fn a_cron_fires_when_a_calendar_says(
        minutes in field(0, 59), hours in field(0, 23), days in field(1, 31), months in field(1, 12), weekdays in field(1, 7),
        by_week in any::<bool>(),
    ) {
        let (day_field, week_field) = if by_week { ("?", &*weekdays.0) } else { (&*days.0, "?") };
        let text = format!("cron({} {} {day_field} {} {week_field} *)", minutes.0, hours.0, months.0);
        let schedule = Schedule::parse(&text, Dialect::Rule).unwrap();
        let start = jiff::civil::date(2026, 1, 1);
        let after = start.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_millisecond() - MINUTE;
        let mut naive = Vec::new();
        let mut day = start;
        while day < jiff::civil::date(2036, 1, 1) && naive.len() < 200 {
            let number = u16::from(day.weekday().to_sunday_one_offset().unsigned_abs());
            let fits = if by_week { weekdays.1.contains(&number) } else { days.1.contains(&u16::from(day.day().unsigned_abs())) };
            if fits && months.1.contains(&u16::from(day.month().unsigned_abs())) {
                let midnight = day.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_millisecond();
                for minute in 0..1440_u16 {
                    if hours.1.contains(&(minute / 60)) && minutes.1.contains(&(minute % 60)) {
                        naive.push(midnight + i64::from(minute) * MINUTE);
                    }
                }
            }
            day = day.tomorrow().unwrap();
        }
        naive.truncate(200);
        let found: Vec<i64> = schedule.after(after, "UTC", Dialect::Rule).unwrap().take(naive.len()).collect();
        prop_assert_eq!(found, naive);
    }
}

#[test]
fn a_mistake_is_answered_with_the_correction() {
    for (wrong, right) in [
        ("rate(1 minutes)", "rate(1 minute)"),
        ("rate(5 minute)", "rate(5 minutes)"),
        ("rate(5 MINUTES)", "rate(5 minutes)"),
        ("rate( 5  minutes)", "rate(5 minutes)"),
        (" rate(5 minutes)", "rate(5 minutes)"),
        ("5 minutes", "rate(5 minutes)"),
        ("0 9 * * ? *", "cron(0 9 * * ? *)"),
        ("cron(0 4 * * * *)", "cron(0 4 * * ? *)"),
        ("cron(0 9 * * *)", "cron(0 9 * * ? *)"),
        ("cron(0 9 * * MON-FRI)", "cron(0 9 ? * MON-FRI *)"),
        ("cron(0 9 * * MON *)", "cron(0 9 ? * MON *)"),
        ("cron(0 9 ? * ? *)", "cron(0 9 * * ? *)"),
        ("cron(0 0 9 * * ? *)", "cron(0 9 * * ? *)"),
        ("Cron(0 9 * * ? *)", "cron(0 9 * * ? *)"),
    ] {
        let error = Schedule::parse(wrong, Dialect::Rule).unwrap_err();
        assert_eq!(error.suggestion(), Some(right), "{wrong}: {error}");
    }
    let error = Schedule::parse("at(2027-12-31T23:59:59Z)", Dialect::Scheduler).unwrap_err();
    assert_eq!(error.suggestion(), Some("at(2027-12-31T23:59:59)"));
}

#[test]
fn a_pattern_names_the_strings_that_it_pins() {
    let pattern: Pattern = r#"{"source": ["a", "b"], "detail": {"x": [{"prefix": "p"}]}}"#
        .parse()
        .unwrap();
    assert_eq!(pattern.exact_strings("source"), Some(vec!["a", "b"]));
    assert_eq!(pattern.exact_strings("detail.x"), None);
    assert_eq!(pattern.exact_strings("other"), None);
}

/// Sixteen `$or`s of two branches would be 65,536 alternatives.
#[test]
fn alternatives_are_bounded() {
    let mut pattern = json!({"last": [1]});
    for depth in 0..16 {
        pattern =
            json!({ format!("n{depth}"): { "$or": [{"a": [1]}, {"b": [2]}] }, "in": pattern });
    }
    let error = Pattern::from_value(&pattern).unwrap_err();
    assert!(error.reason().starts_with("Rule is too complex"), "{error}");
}

/// The list that the macros check names by, against the zones that times are computed with.
#[test]
fn each_listed_time_zone_is_one() {
    let mut names: Vec<&str> = fw_grammar::schedule::time_zones().collect();
    assert!(names.len() > 500 && names.is_sorted());
    for name in &names {
        assert!(jiff::tz::TimeZone::get(name).is_ok(), "{name}");
    }
    names.dedup();
    for name in ["Europe/Berlin", "America/New_York", "UTC"] {
        assert!(names.contains(&name));
    }
}
