//! Statistics of the reports in a time range: invocations, failures, durations, cold starts.

use serde::Serialize;

use super::{Entry, chart::spark, report::Report};
use crate::console::columns;

/// The number of stretches that a chart has.
const STRETCHES: usize = 40;

/// The numbers of one function over a while.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Metrics {
    /// The function.
    pub(crate) function: String,
    /// Invocations that have ended.
    pub(crate) invocations: usize,
    /// The failed invocations: crashes, timeouts, too much memory. A 500 that the app returns does
    /// not count.
    pub(crate) errors: usize,
    /// Of them, those that started an environment.
    pub(crate) cold_starts: usize,
    /// Durations in milliseconds: the median, the 99th percentile, the longest. `None` without invocations.
    pub(crate) duration: Option<Spread>,
    /// The same for cold starts.
    pub(crate) init: Option<Spread>,
    /// The maximum memory used, in MB, and the function's memory.
    pub(crate) memory: Option<(u64, u64)>,
    #[serde(skip)]
    over_time: Vec<Stretch>,
}

/// The distribution of values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    /// Half are at most this.
    pub(crate) p50: f64,
    /// 99 of 100 are at most this.
    pub(crate) p99: f64,
    /// The largest.
    pub(crate) max: f64,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Stretch {
    durations: Vec<f64>,
    errors: usize,
    cold_starts: usize,
}

impl Spread {
    /// By nearest rank: each is one of the values.
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let rank = |percent: usize| {
            let rank = (values.len() * percent).div_ceil(100);
            values.get(rank.saturating_sub(1)).copied()
        };
        Some(Self {
            p50: rank(50)?,
            p99: rank(99)?,
            max: rank(100)?,
        })
    }
}

impl Metrics {
    /// The numbers of that function's lines between two points in time, in milliseconds since 1970.
    pub(crate) fn of(function: &str, entries: &[Entry], from: i64, to: i64) -> Self {
        let mut metrics = Self {
            function: function.to_owned(),
            over_time: vec![Stretch::default(); STRETCHES],
            ..Self::default()
        };
        let (mut durations, mut starts) = (Vec::new(), Vec::new());
        for entry in entries.iter().filter(|entry| entry.function == function) {
            let Some(report) = Report::read(&entry.event.message) else {
                continue;
            };
            let part = (entry.event.at - from) as f64 / (to - from).max(1) as f64;
            let index = (part * STRETCHES as f64) as usize;
            let mut unseen = Stretch::default();
            let stretch = metrics
                .over_time
                .get_mut(index.min(STRETCHES - 1))
                .unwrap_or(&mut unseen);
            metrics.invocations += 1;
            durations.push(report.duration);
            stretch.durations.push(report.duration);
            if report.status.is_some() {
                metrics.errors += 1;
                stretch.errors += 1;
            }
            if let Some(init) = report.init {
                metrics.cold_starts += 1;
                stretch.cold_starts += 1;
                starts.push(init);
            }
            let (used, _) = metrics.memory.unwrap_or_default();
            metrics.memory = Some((used.max(report.memory), report.memory_limit));
        }
        metrics.duration = Spread::of(durations);
        metrics.init = Spread::of(starts);
        metrics
    }

    /// The numbers for people, with a chart each.
    pub(crate) fn lines(&self) -> Vec<String> {
        let chart = |value: &dyn Fn(&Stretch) -> f64| {
            spark(&self.over_time.iter().map(value).collect::<Vec<_>>())
        };
        let percent = |stretch: &Stretch, of: fn(Spread) -> f64| {
            Spread::of(stretch.durations.clone()).map_or(0.0, of)
        };
        let millis =
            |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.1} ms"));
        let row = |name: &str, value: String, chart: String| vec![name.to_owned(), value, chart];
        let mut rows = vec![
            row(
                "invocations",
                self.invocations.to_string(),
                chart(&|stretch| stretch.durations.len() as f64),
            ),
            row(
                "errors",
                self.errors.to_string(),
                chart(&|stretch| stretch.errors as f64),
            ),
            row(
                "p50",
                millis(self.duration.map(|all| all.p50)),
                chart(&|stretch| percent(stretch, |all| all.p50)),
            ),
            row(
                "p99",
                millis(self.duration.map(|all| all.p99)),
                chart(&|stretch| percent(stretch, |all| all.p99)),
            ),
            row(
                "cold starts",
                self.cold_starts.to_string(),
                chart(&|stretch| stretch.cold_starts as f64),
            ),
        ];
        if let Some(init) = self.init {
            let value = format!("{:.1} ms", init.p50);
            let most = format!("max {:.1} ms", init.max);
            rows.push(row("start p50", value, most));
        }
        if let Some((used, has)) = self.memory {
            rows.push(row("memory", format!("{used} MB"), format!("of {has} MB")));
        }
        columns(&rows)
    }
}

#[cfg(test)]
mod tests {
    use super::{Metrics, Spread};
    use crate::{aws::logs::LogEvent, logs_view::Entry};

    fn entry(at: i64, message: &str) -> Entry {
        Entry {
            function: "one".to_owned(),
            event: LogEvent {
                at,
                message: message.to_owned(),
                ..LogEvent::default()
            },
        }
    }

    #[test]
    fn percentiles_are_values_that_were_there() {
        let hundred = (1..=100).map(f64::from).collect();
        let spread = Spread::of(hundred).unwrap();
        assert_eq!((spread.p50, spread.p99, spread.max), (50.0, 99.0, 100.0));
        let one = Spread::of(vec![7.0]).unwrap();
        assert_eq!((one.p50, one.p99, one.max), (7.0, 7.0, 7.0));
        assert_eq!(Spread::of(Vec::new()), None);
    }

    #[test]
    fn reports_are_counted_and_other_lines_are_not() {
        let report = |duration: u32, more: &str| {
            format!(
                "REPORT RequestId: x\tDuration: {duration} ms\tMemory Size: 128 MB\tMax Memory Used: {duration} MB{more}"
            )
        };
        let entries = [
            entry(0, &report(10, "\tInit Duration: 20 ms")),
            entry(500, "hello"),
            entry(500, &report(30, "\tStatus: error")),
            entry(1000, &report(20, "")),
            Entry {
                function: "two".to_owned(),
                ..entry(500, &report(99, ""))
            },
        ];
        let metrics = Metrics::of("one", &entries, 0, 1000);
        assert_eq!(
            (metrics.invocations, metrics.errors, metrics.cold_starts),
            (3, 1, 1)
        );
        assert_eq!(metrics.duration.unwrap().p50, 20.0);
        assert_eq!(metrics.memory, Some((30, 128)));
        let lines = metrics.lines();
        assert!(lines[0].starts_with("invocations  3 "), "{lines:#?}");
        assert!(
            lines[0].ends_with('█'),
            "the last moment counts: {lines:#?}"
        );
        assert!(lines.iter().any(|line| line.contains("of 128 MB")));
        let none = Metrics::of("three", &entries, 0, 1000);
        assert_eq!((none.invocations, none.duration), (0, None));
        assert!(none.lines()[0].contains("····"));
    }
}
