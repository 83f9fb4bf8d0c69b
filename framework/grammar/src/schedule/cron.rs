//! `cron(minutes hours day-of-month month day-of-week year)`. `[D]` EventBridge user guide, cron expressions

use super::{Fault, days_in_month};

const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const FIRST_YEAR: u16 = 1970;
const LAST_YEAR: u16 = 2199;

/// A calendar pattern, to the minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    pub(super) minutes: Vec<u16>,
    pub(super) hours: Vec<u16>,
    pub(super) months: Vec<u16>,
    pub(super) years: Vec<u16>,
    days: Days,
}

/// Which days of a month. Exactly one of the two day fields says it; the other is `?`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Days {
    OfMonth {
        days: Vec<u16>,
        last: bool,
        /// The weekday (Monday to Friday) that is nearest to one of these days; 32 stands for `LW`.
        nearest: Vec<u16>,
    },
    OfWeek {
        /// From 1, Sunday.
        days: Vec<u16>,
        /// The last such day of the month.
        last: Vec<u16>,
        /// The day, and which one of the month, from 1.
        nth: Option<(u16, u16)>,
    },
}

const LAST_WEEKDAY: u16 = 32;

impl Cron {
    /// The days of a month that match, in order. `first_weekday` is the weekday of the 1st, from 1 for Sunday.
    #[cfg_attr(
        not(feature = "times"),
        allow(dead_code, reason = "only times need it")
    )]
    pub(super) fn days(&self, year: i16, month: i8, first_weekday: u16) -> Vec<i8> {
        let length = days_in_month(year, month);
        let weekday = |day: i8| (first_weekday - 1 + day.unsigned_abs() as u16 - 1) % 7 + 1;
        (1..=length)
            .filter(|&day| match &self.days {
                Days::OfMonth {
                    days,
                    last,
                    nearest,
                } => {
                    days.contains(&u16::from(day.unsigned_abs()))
                        || (*last && day == length)
                        || nearest
                            .iter()
                            .any(|&wanted| nearest_weekday(wanted, length, weekday) == Some(day))
                }
                Days::OfWeek { days, last, nth } => {
                    let of_week = weekday(day);
                    days.contains(&of_week)
                        || (last.contains(&of_week) && day > length - 7)
                        || *nth == Some((of_week, u16::from(day.unsigned_abs() - 1) / 7 + 1))
                }
            })
            .collect()
    }
}

/// The weekday nearest to a day. It does not leave the month, and a month without the day is left out; as in Quartz, of
/// which this grammar is a dialect. `[I]`
fn nearest_weekday(wanted: u16, length: i8, weekday: impl Fn(i8) -> u16) -> Option<i8> {
    let day = if wanted == LAST_WEEKDAY {
        length
    } else {
        i8::try_from(wanted).ok().filter(|day| *day <= length)?
    };
    let step = match weekday(day) {
        // Sunday: on to Monday, or back to Friday at the month's end.
        1 if day == length => -2,
        1 => 1,
        // Saturday: back to Friday, or on to Monday at the month's start. `LW` never goes on.
        7 if day == 1 => 2,
        7 => -1,
        _ => 0,
    };
    Some(day + step)
}

pub(super) fn parse(text: &str) -> Result<Cron, Fault> {
    let fields: Vec<&str> = text.split(' ').collect();
    let &[minutes, hours, day_of_month, month, day_of_week, year] = &fields[..] else {
        return Err(wrong_number_of_fields(text));
    };
    let both_days = |reason: &str, fields: [&str; 6]| {
        let fixed = fields.join(" ");
        let fault = Fault::new(reason);
        if parse(&fixed).is_ok() {
            fault.suggest(format!("cron({fixed})"))
        } else {
            fault
        }
    };
    match (day_of_month == "?", day_of_week == "?") {
        (true, true) => {
            return Err(both_days(
                "one of the two day fields must name the day",
                [minutes, hours, "*", month, "?", year],
            ));
        }
        (false, false) => {
            let fields = if day_of_week == "*" || day_of_month != "*" {
                [minutes, hours, day_of_month, month, "?", year]
            } else {
                [minutes, hours, "?", month, day_of_week, year]
            };
            return Err(both_days(
                "one of the two day fields (day of month, day of week) is `?`",
                fields,
            ));
        }
        _ => {}
    }
    Ok(Cron {
        minutes: MINUTES.values(minutes)?,
        hours: HOURS.values(hours)?,
        months: MONTH.values(month)?,
        years: YEARS.values(year)?,
        days: if day_of_week == "?" {
            days_of_month(day_of_month)?
        } else {
            days_of_week(day_of_week)?
        },
    })
}

/// AWS has a year and a `?`, which other crons do not have.
fn wrong_number_of_fields(text: &str) -> Fault {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let fault = Fault::new(format!(
        "cron(…) has six fields separated by one blank: minutes hours day-of-month month day-of-week year; this has {}",
        if fields.len() == 6 {
            "more blanks".to_owned()
        } else {
            format!("{}", fields.len())
        }
    ));
    let fixed = match fields[..] {
        [minutes, hours, day, month, "*"] => format!("{minutes} {hours} {day} {month} ? *"),
        [minutes, hours, "*", month, weekday] => format!("{minutes} {hours} ? {month} {weekday} *"),
        [_, _, _, _, _, _] => fields.join(" "),
        // Seconds in front, as Quartz and Spring have them.
        [_, minutes, hours, day, month, weekday, year] => {
            format!("{minutes} {hours} {day} {month} {weekday} {year}")
        }
        _ => return fault,
    };
    if parse(&fixed).is_ok() {
        fault.suggest(format!("cron({fixed})"))
    } else {
        fault
    }
}

/// One field's words and limits.
struct FieldKind {
    name: &'static str,
    first: u16,
    last: u16,
    names: &'static [&'static str],
    /// Which number the first name has.
    named_from: u16,
}

const MINUTES: FieldKind = FieldKind {
    name: "minutes",
    first: 0,
    last: 59,
    names: &[],
    named_from: 0,
};
const HOURS: FieldKind = FieldKind {
    name: "hours",
    first: 0,
    last: 23,
    names: &[],
    named_from: 0,
};
const MONTH_DAYS: FieldKind = FieldKind {
    name: "day-of-month",
    first: 1,
    last: 31,
    names: &[],
    named_from: 0,
};
const MONTH: FieldKind = FieldKind {
    name: "month",
    first: 1,
    last: 12,
    names: &MONTHS,
    named_from: 1,
};
const WEEK_DAYS: FieldKind = FieldKind {
    name: "day-of-week",
    first: 1,
    last: 7,
    names: &WEEKDAYS,
    named_from: 1,
};
const YEARS: FieldKind = FieldKind {
    name: "year",
    first: FIRST_YEAR,
    last: LAST_YEAR,
    names: &[],
    named_from: 0,
};

impl FieldKind {
    /// A list of values, ranges and steps, as the sorted numbers that it stands for.
    fn values(&self, text: &str) -> Result<Vec<u16>, Fault> {
        let mut values = Vec::new();
        for item in text.split(',') {
            self.item(item, &mut values)?;
        }
        values.sort_unstable();
        values.dedup();
        Ok(values)
    }

    fn item(&self, item: &str, into: &mut Vec<u16>) -> Result<(), Fault> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (item, None),
        };
        let (from, to) = if range == "*" {
            (self.first, self.last)
        } else if let Some((from, to)) = range.split_once('-') {
            (self.value(from)?, self.value(to)?)
        } else {
            let from = self.value(range)?;
            // `7/25` goes on to the end of the field and starts anew in the next. `[D]`
            (from, if step.is_some() { self.last } else { from })
        };
        let step = match step {
            None => 1,
            Some(step) => match number(step) {
                Some(step) if step > 0 => step,
                _ => {
                    return Err(
                        self.fault(&format!("a step is a whole number from 1, not `{step}`"))
                    );
                }
            },
        };
        if from <= to {
            into.extend((from..=to).step_by(usize::from(step)));
        } else if self.name == "year" {
            return Err(self.fault(&format!("`{range}` ends before it starts")));
        } else {
            // A range that wraps: `22-2`, `FRI-MON`. `[I]` from Quartz
            let size = self.last - self.first + 1;
            into.extend(
                (from..=to + size)
                    .step_by(usize::from(step))
                    .map(|value| (value - self.first) % size + self.first),
            );
        }
        Ok(())
    }

    fn value(&self, text: &str) -> Result<u16, Fault> {
        let upper = text.to_ascii_uppercase();
        let named = self.names.iter().position(|name| *name == upper);
        let value = match named {
            Some(at) => u16::try_from(at).ok().map(|at| at + self.named_from),
            None => number(text),
        };
        match value {
            Some(value) if (self.first..=self.last).contains(&value) => Ok(value),
            _ if self.names.is_empty() => Err(self.fault(&format!(
                "`{text}` is not a number from {} to {}",
                self.first, self.last
            ))),
            _ => Err(self.fault(&format!(
                "`{text}` is not a number from {} to {} or a name ({} to {})",
                self.first,
                self.last,
                self.names[0],
                self.names[self.names.len() - 1]
            ))),
        }
    }

    fn fault(&self, reason: &str) -> Fault {
        Fault::new(format!("in the field {}: {reason}", self.name))
    }
}

fn number(text: &str) -> Option<u16> {
    let digits =
        !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn days_of_month(text: &str) -> Result<Days, Fault> {
    let (mut days, mut last, mut nearest) = (Vec::new(), false, Vec::new());
    for item in text.split(',') {
        match item {
            "L" => last = true,
            "LW" => nearest.push(LAST_WEEKDAY),
            _ => match item.strip_suffix('W') {
                Some(day) => nearest.push(MONTH_DAYS.value(day)?),
                None => MONTH_DAYS.item(item, &mut days)?,
            },
        }
    }
    Ok(Days::OfMonth {
        days,
        last,
        nearest,
    })
}

fn days_of_week(text: &str) -> Result<Days, Fault> {
    let (mut days, mut last, mut nth) = (Vec::new(), Vec::new(), None);
    for item in text.split(',') {
        if item == "L" {
            // Alone it is Saturday, the week's last day. `[D]`
            days.push(WEEK_DAYS.last);
        } else if let Some((day, which)) = item.split_once('#') {
            let which = number(which).filter(|which| (1..=5).contains(which));
            let which = which.ok_or_else(|| {
                WEEK_DAYS.fault(&format!(
                    "`{item}`: a month has a first to a fifth such day"
                ))
            })?;
            if nth.is_some() {
                return Err(WEEK_DAYS.fault("`#` stands once"));
            }
            nth = Some((WEEK_DAYS.value(day)?, which));
        } else if let Some(day) = item.strip_suffix('L').filter(|day| !day.is_empty()) {
            last.push(WEEK_DAYS.value(day)?);
        } else {
            WEEK_DAYS.item(item, &mut days)?;
        }
    }
    Ok(Days::OfWeek { days, last, nth })
}
