//! When a schedule fires.

use std::fmt;

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Weekday},
    tz::{AmbiguousOffset, TimeZone},
};

use super::{Cron, Dialect, LocalTime, Schedule};

/// The times of a schedule, in order, in milliseconds since 1970 (UTC).
#[derive(Clone, Debug)]
pub struct Occurrences {
    schedule: Schedule,
    zone: TimeZone,
    /// Where the search goes on: only later times count.
    after: i64,
    /// The next time of a rate.
    next: i64,
}

/// Why times cannot be computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeError {
    /// The name is not in the time-zone database.
    UnknownTimeZone(String),
    /// The moment lies outside the years −9999 to 9999.
    OutOfRange,
}

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownTimeZone(name) => {
                write!(f, "`{name}` is not in the time-zone database")
            }
            Self::OutOfRange => f.write_str("the moment is out of range"),
        }
    }
}

impl std::error::Error for TimeError {}

impl Schedule {
    /// The times after a moment, in milliseconds since 1970, in a zone of the IANA database (`UTC` for a rule).
    ///
    /// A rate counts from that moment: a rule waits one period, Scheduler fires at once. `[D]` Use [`Rate`](super::Rate) for
    /// a rate that has already begun.
    ///
    /// # Errors
    ///
    /// If the zone is unknown or the moment out of range.
    pub fn after(
        &self,
        after_ms: i64,
        zone: &str,
        dialect: Dialect,
    ) -> Result<Occurrences, TimeError> {
        Timestamp::from_millisecond(after_ms).map_err(|_| TimeError::OutOfRange)?;
        let zone = if zone == "UTC" {
            TimeZone::UTC
        } else {
            TimeZone::get(zone).map_err(|_| TimeError::UnknownTimeZone(zone.to_owned()))?
        };
        let next = match (self, dialect) {
            (Self::Rate(rate), Dialect::Rule) => after_ms.saturating_add(rate.period_ms()),
            _ => after_ms,
        };
        Ok(Occurrences {
            schedule: self.clone(),
            zone,
            after: after_ms,
            next,
        })
    }
}

impl Iterator for Occurrences {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        let found = match &self.schedule {
            Schedule::Rate(rate) => {
                let now = self.next;
                let period = rate.period_ms();
                // A period of 0 is not refused by Scheduler as far as anybody knows; it must not fire without end.
                self.next = (period > 0).then(|| now.checked_add(period)).flatten()?;
                Some(now)
            }
            Schedule::At(time) => {
                let time = moment(time.civil()?, &self.zone, true)?;
                (time > self.after).then_some(time)
            }
            Schedule::Cron(cron) => next_match(cron, self.after, &self.zone),
        }?;
        self.after = found;
        Some(found)
    }
}

impl LocalTime {
    fn civil(self) -> Option<DateTime> {
        DateTime::new(
            self.year,
            self.month,
            self.day,
            self.hour,
            self.minute,
            self.second,
            0,
        )
        .ok()
    }
}

/// A local time as milliseconds. Of a time that happens twice the first counts; one that the clocks skip does not happen
/// `[D]`, unless `skipped_too`: a single time then fires by the offset before the gap (unverified: AWS does not say).
fn moment(local: DateTime, zone: &TimeZone, skipped_too: bool) -> Option<i64> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) && !skipped_too {
        return None;
    }
    Some(ambiguous.compatible().ok()?.as_millisecond())
}

fn next_match(cron: &Cron, after: i64, zone: &TimeZone) -> Option<i64> {
    let start = zone
        .to_datetime(Timestamp::from_millisecond(after).ok()?)
        .date();
    let from = (start.year(), start.month());
    let years = cron
        .years
        .iter()
        .filter_map(|year| i16::try_from(*year).ok());
    for year in years.filter(|year| *year >= from.0) {
        let months = cron
            .months
            .iter()
            .filter_map(|month| i8::try_from(*month).ok());
        for month in months.filter(|month| (year, *month) >= from) {
            let first = Date::new(year, month, 1).ok()?;
            for day in cron.days(year, month, weekday(first.weekday())) {
                let date = Date::new(year, month, day).ok()?;
                // The day before, as an hour that happens twice may lie on either side of midnight.
                if date < start.yesterday().unwrap_or(start) {
                    continue;
                }
                if let Some(found) = first_of_day(cron, date, after, zone) {
                    return Some(found);
                }
            }
        }
    }
    None
}

/// The first matching minute of a day that lies after a moment.
fn first_of_day(cron: &Cron, date: Date, after: i64, zone: &TimeZone) -> Option<i64> {
    let small = |value: &u16| i8::try_from(*value).unwrap_or(0);
    cron.hours
        .iter()
        .flat_map(|hour| cron.minutes.iter().map(move |minute| (hour, minute)))
        .filter_map(|(hour, minute)| moment(date.at(small(hour), small(minute), 0, 0), zone, false))
        .find(|found| *found > after)
}

/// From 1 for Sunday.
fn weekday(day: Weekday) -> u16 {
    u16::from(day.to_sunday_one_offset().unsigned_abs())
}
