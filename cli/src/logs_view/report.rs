//! The line that Lambda writes after each invocation: `REPORT`, as text or as `platform.report`.
//!
//! Lambda developer guide, "Monitoring Lambda functions": the text line's fields are separated by tabs; with the log
//! format JSON it is an event of the Telemetry API (Lambda developer guide, "Telemetry API event schema reference").

use serde_json::Value;

/// The fields of a report.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Report {
    /// Which request it was.
    pub(super) request_id: String,
    /// How long the function ran, in milliseconds.
    pub(super) duration: f64,
    /// How long the environment took to start, in milliseconds, if this was its first invocation.
    pub(super) init: Option<f64>,
    /// The maximum memory used, in MB.
    pub(super) memory: u64,
    /// Memory that the function has, in MB.
    pub(super) memory_limit: u64,
    /// How it failed, if it did: `timeout`, `error`.
    pub(super) status: Option<String>,
}

impl Report {
    /// The report in a log line, when it is one.
    pub(super) fn read(line: &str) -> Option<Self> {
        let line = line.trim();
        if line.starts_with("REPORT RequestId:") {
            Some(Self::of_text(line))
        } else if line.starts_with('{') && line.contains("\"platform.report\"") {
            Self::of_json(&serde_json::from_str(line).ok()?)
        } else {
            None
        }
    }

    fn of_text(line: &str) -> Self {
        let mut report = Self::default();
        for field in line.split('\t') {
            let Some((name, value)) = field.split_once(':') else {
                continue;
            };
            let value = value.trim();
            let number = || value.split(' ').next().unwrap_or_default();
            match name.trim() {
                "REPORT RequestId" => report.request_id = value.to_owned(),
                "Duration" => report.duration = number().parse().unwrap_or_default(),
                "Init Duration" => report.init = number().parse().ok(),
                "Max Memory Used" => report.memory = number().parse().unwrap_or_default(),
                "Memory Size" => report.memory_limit = number().parse().unwrap_or_default(),
                "Status" if value != "success" => report.status = Some(value.to_owned()),
                _ => {}
            }
        }
        report
    }

    fn of_json(line: &Value) -> Option<Self> {
        if line["type"] != "platform.report" {
            return None;
        }
        let record = &line["record"];
        let metrics = &record["metrics"];
        let status = record["status"].as_str().filter(|said| *said != "success");
        Some(Self {
            request_id: record["requestId"].as_str().unwrap_or_default().to_owned(),
            duration: metrics["durationMs"].as_f64().unwrap_or_default(),
            init: metrics["initDurationMs"].as_f64(),
            memory: metrics["maxMemoryUsedMB"].as_u64().unwrap_or_default(),
            memory_limit: metrics["memorySizeMB"].as_u64().unwrap_or_default(),
            status: status.map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Report;

    #[test]
    fn both_forms_are_read() {
        let text = "REPORT RequestId: 8f50\tDuration: 12.34 ms\tBilled Duration: 40 ms\tMemory Size: 128 MB\tMax Memory Used: 33 MB\tInit Duration: 27.10 ms\t\n";
        let json = r#"{"time":"2026-01-01T00:00:00.000Z","type":"platform.report","record":{"requestId":"8f50","metrics":{"durationMs":12.34,"billedDurationMs":40,"memorySizeMB":128,"maxMemoryUsedMB":33,"initDurationMs":27.10},"status":"success"}}"#;
        let report = Report {
            request_id: "8f50".to_owned(),
            duration: 12.34,
            init: Some(27.1),
            memory: 33,
            memory_limit: 128,
            status: None,
        };
        assert_eq!(Report::read(text), Some(report.clone()));
        assert_eq!(Report::read(json), Some(report));
    }

    #[test]
    fn failures_say_how_they_ended_and_nonsense_is_no_report() {
        let timeout =
            "REPORT RequestId: 8f50\tDuration: 3000.00 ms\tMemory Size: 128 MB\tStatus: timeout";
        let report = Report::read(timeout).unwrap();
        assert_eq!(
            (report.status.as_deref(), report.init),
            (Some("timeout"), None)
        );
        for line in [
            "",
            "REPORT",
            "a REPORT RequestId: x",
            "{\"platform.report\"",
            "{\"message\":\"platform.report\"}",
            "{\"a\":\"platform.report\",\"type\":1}",
        ] {
            assert!(Report::read(line).is_none(), "{line}");
        }
    }
}
