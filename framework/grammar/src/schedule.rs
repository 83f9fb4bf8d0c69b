//! Schedule expressions: `rate(5 minutes)`, `cron(0 9 ? * MON-FRI *)` and `at(2027-01-01T09:00:00)`.
//!
//! EventBridge rules and EventBridge Scheduler read nearly the same language; [`Dialect`] is the difference.

mod cron;
mod rate;
#[cfg(feature = "times")]
mod times;

use std::fmt;

pub use cron::Cron;
pub use rate::{Rate, Unit};
#[cfg(feature = "times")]
pub use times::{Occurrences, TimeError};

/// The longest expression, in characters. `[D]` EventBridge API reference, `PutRule`; Scheduler, `CreateSchedule`
pub const MAX_LENGTH: usize = 256;

/// The names of the IANA time zones, in the alphabet's order: release 2026f, old names included. Scheduler takes IANA names; which release
/// it has is unverified, as AWS does not say.
const ZONES: &str = include_str!("schedule/zones.txt");

/// The names of the time zones that a schedule may have.
pub fn time_zones() -> impl Iterator<Item = &'static str> {
    ZONES.lines()
}

/// Which service reads the expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// A rule of an event bus: `cron` and `rate`, in UTC.
    Rule,
    /// EventBridge Scheduler: also `at`, in any time zone.
    Scheduler,
}

/// A parsed expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Every so often.
    Rate(Rate),
    /// At the minutes that a calendar pattern names.
    Cron(Cron),
    /// Once.
    At(LocalTime),
}

/// A date and a time of day in the schedule's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime {
    /// The year, from 1970.
    pub year: i16,
    /// The month, from 1.
    pub month: i8,
    /// The day of the month, from 1.
    pub day: i8,
    /// The hour, 0 to 23.
    pub hour: i8,
    /// The minute, 0 to 59.
    pub minute: i8,
    /// The second, 0 to 59.
    pub second: i8,
}

impl Schedule {
    /// Parses an expression as the service does.
    ///
    /// # Errors
    ///
    /// [`ScheduleError`]: AWS's text, why, and where it can be guessed the expression that was meant.
    pub fn parse(text: &str, dialect: Dialect) -> Result<Self, ScheduleError> {
        let error = |fault: Fault| ScheduleError {
            expression: text.to_owned(),
            dialect,
            fault,
        };
        if text.len() > MAX_LENGTH {
            return Err(error(Fault::new(format!(
                "an expression has at most {MAX_LENGTH} characters"
            ))));
        }
        let inside = |name: &str| {
            text.strip_prefix(name)?
                .strip_prefix('(')?
                .strip_suffix(')')
        };
        let parsed = if let Some(inner) = inside("rate") {
            rate::parse(inner, dialect).map(Self::Rate)
        } else if let Some(inner) = inside("cron") {
            cron::parse(inner).map(Self::Cron)
        } else if let Some(inner) = inside("at") {
            match dialect {
                Dialect::Scheduler => at(inner).map(Self::At),
                Dialect::Rule => Err(Fault::new(
                    "a rule of an event bus takes rate(…) and cron(…); at(…) is for schedules",
                )),
            }
        } else {
            Err(unknown(text, dialect))
        };
        parsed.map_err(error)
    }
}

/// What is wrong with an expression that is not a `rate`, a `cron` or an `at`.
fn unknown(text: &str, dialect: Dialect) -> Fault {
    let trimmed = text.trim();
    if trimmed != text && Schedule::parse(trimmed, dialect).is_ok() {
        return Fault::new("blanks around an expression are not allowed").suggest(trimmed);
    }
    for name in ["rate", "cron", "at"] {
        let wrapped = format!("{name}({trimmed})");
        if Schedule::parse(&wrapped, dialect).is_ok() {
            return Fault::new(format!("the expression needs {name}(…) around it"))
                .suggest(wrapped);
        }
    }
    let lower = trimmed.to_ascii_lowercase();
    for name in ["rate", "cron", "at"] {
        if lower.starts_with(name) && !trimmed.starts_with(name) {
            let lowered = format!("{name}{}", &trimmed[name.len()..]);
            if Schedule::parse(&lowered, dialect).is_ok() {
                return Fault::new(format!("write `{name}` in lower case")).suggest(lowered);
            }
        }
    }
    Fault::new(match dialect {
        Dialect::Rule => "an expression is rate(5 minutes) or cron(0 9 * * ? *)",
        Dialect::Scheduler => {
            "an expression is rate(5 minutes), cron(0 9 * * ? *) or at(2027-01-01T09:00:00)"
        }
    })
}

/// `2027-01-01T09:00:00`, without a zone: that one is a setting of the schedule. `[R]`
fn at(text: &str) -> Result<LocalTime, Fault> {
    let form = "at(…) takes a date and a time: at(2027-01-01T09:00:00)";
    if let Some(bare) = text.strip_suffix('Z')
        && at(bare).is_ok()
    {
        return Err(Fault::new(
            "at(…) has no time zone; the time zone is a setting of the schedule",
        )
        .suggest(format!("at({bare})")));
    }
    let bytes = text.as_bytes();
    let shape = bytes.len() == 19
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            10 => *byte == b'T',
            13 | 16 => *byte == b':',
            _ => byte.is_ascii_digit(),
        });
    if !shape {
        return Err(Fault::new(form));
    }
    let number = |from: usize, to: usize| {
        bytes[from..to]
            .iter()
            .fold(0_i16, |sum, byte| sum * 10 + i16::from(byte - b'0'))
    };
    let small = |from| i8::try_from(number(from, from + 2)).unwrap_or(0);
    let time = LocalTime {
        year: number(0, 4),
        month: small(5),
        day: small(8),
        hour: small(11),
        minute: small(14),
        second: small(17),
    };
    let real = (1..=12).contains(&time.month)
        && time.day >= 1
        && time.day <= days_in_month(time.year, time.month)
        && time.hour < 24
        && time.minute < 60
        && time.second < 60;
    if real {
        Ok(time)
    } else {
        Err(Fault::new("the calendar does not have this date or time"))
    }
}

/// How many days a month (from 1) has.
fn days_in_month(year: i16, month: i8) -> i8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Why a text is not a valid expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleError {
    expression: String,
    dialect: Dialect,
    fault: Fault,
}

impl ScheduleError {
    /// AWS's text, which does not give a reason. `[R]`
    #[must_use]
    pub fn message(&self) -> String {
        match self.dialect {
            Dialect::Rule => "Parameter ScheduleExpression is not valid.".to_owned(),
            Dialect::Scheduler => format!("Invalid Schedule Expression {}.", self.expression),
        }
    }

    /// The reason, in our own words: `1 takes the singular`.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.fault.reason
    }

    /// The expression that was probably meant. It is valid.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        self.fault.suggestion.as_deref()
    }
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fault.reason)?;
        match self.suggestion() {
            Some(suggestion) => write!(f, "; write {suggestion}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ScheduleError {}

/// A reason and perhaps a correction.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    reason: String,
    suggestion: Option<String>,
}

impl Fault {
    fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            suggestion: None,
        }
    }

    fn suggest(mut self, expression: impl Into<String>) -> Self {
        self.suggestion = Some(expression.into());
        self
    }
}
