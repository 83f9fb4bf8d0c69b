//! `rate(5 minutes)`.

use super::{Dialect, Fault};

/// A fixed period. A day is 24 hours, whatever the clocks do. `[D]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many units, from 1.
    pub value: u32,
    /// The unit.
    pub unit: Unit,
}

/// The unit of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// 60 seconds.
    Minute,
    /// 60 minutes.
    Hour,
    /// 24 hours.
    Day,
}

impl Rate {
    /// The period in milliseconds.
    #[must_use]
    pub fn period_ms(self) -> i64 {
        let unit = match self.unit {
            Unit::Minute => 60_000,
            Unit::Hour => 3_600_000,
            Unit::Day => 86_400_000,
        };
        i64::from(self.value) * unit
    }
}

pub(super) fn parse(text: &str, dialect: Dialect) -> Result<Rate, Fault> {
    let form = || Fault::new("rate(…) takes a number and a unit: rate(5 minutes)");
    let trimmed: Vec<&str> = text.split_whitespace().collect();
    let [number, word] = trimmed[..] else {
        return Err(form());
    };
    let lower = word.to_ascii_lowercase();
    let (unit, name) = match lower.strip_suffix('s').unwrap_or(&lower) {
        "minute" => (Unit::Minute, "minute"),
        "hour" => (Unit::Hour, "hour"),
        "day" => (Unit::Day, "day"),
        _ => {
            return Err(Fault::new(format!(
                "the unit is minute(s), hour(s) or day(s), not `{word}`"
            )));
        }
    };
    let all_digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let Some(value) = number.parse::<u32>().ok().filter(|_| all_digits) else {
        return Err(Fault::new(format!(
            "the number is a whole number from 1, not `{number}`"
        )));
    };
    let right = format!("rate({value} {name}{})", if value == 1 { "" } else { "s" });
    let given = format!("rate({text})");
    let rate = Rate { value, unit };
    // A rule is strict about everything. Of Scheduler only some refusals are recorded, so it is not refused there what
    // nobody has seen refused: 0, capitals, and a plural that should be a singular. `[R]` `[I]`
    if format!("{number} {word}") != text {
        return Err(Fault::new("the only blank is between the number and the unit").suggest(right));
    }
    if dialect == Dialect::Scheduler {
        return Ok(rate);
    }
    if value == 0 {
        return Err(Fault::new("the number is at least 1"));
    }
    if given != right {
        return Err(Fault::new(if word != lower {
            "the unit must be in lower case"
        } else if value == 1 {
            "1 takes the singular"
        } else {
            "numbers above 1 take the plural"
        })
        .suggest(right));
    }
    Ok(rate)
}
