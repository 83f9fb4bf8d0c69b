//! What the log writes, loses and makes visible.

use super::{FULL, Logs, OVERFULL, Report, millis, visible};
use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

#[tokio::test]
async fn what_nobody_reads_is_lost_and_counted() {
    let (read_on, reader) = mpsc::channel::<()>();
    let read = Arc::new(Mutex::new(Vec::new()));
    let logs = Logs::to(false, true, {
        let (read, mut waits) = (Arc::clone(&read), true);
        move |text| {
            if std::mem::take(&mut waits) {
                reader.recv().unwrap();
            }
            let lines = text.split('\n').map(str::to_owned);
            read.lock().unwrap().extend(lines);
        }
    });
    let (line, count) = ("x".repeat(FULL / 2), 4 * OVERFULL / FULL);
    for _ in 0..count {
        logs.note(&line);
    }
    read_on.send(()).unwrap();
    logs.flush().await;
    logs.note("later");
    logs.flush().await;
    let read = read.lock().unwrap();
    let kept = read.iter().filter(|one| **one == line).count();
    assert_eq!(kept, 2 * OVERFULL / FULL, "of {count}");
    let told = format!(
        "warning: {} lines of this log were dropped because nothing read it",
        count - kept
    );
    assert_eq!(read.iter().filter(|one| **one == told).count(), 1);
    assert_eq!(read.last().map(String::as_str), Some("later"));
}

#[test]
fn control_characters_are_written_out_and_colours_stay() {
    assert_eq!(visible("plain\ttext é"), "plain\ttext é");
    assert_eq!(visible("a\rb\x07"), "a\\rb\\u{7}");
    assert_eq!(visible("\x1b]0;title\x07"), "\\u{1b}]0;title\\u{7}");
    assert_eq!(visible("\x1b[2J"), "\\u{1b}[2J");
    assert_eq!(visible("\x1b[1;31mred"), "\x1b[1;31mred\x1b[0m");
    assert_eq!(visible("\x1b[1;31"), "\\u{1b}[1;31");
    assert_eq!(visible("\u{9b}2J"), "\\u{9b}2J");
}

#[test]
fn a_report_reads_as_lambdas() {
    let report = Report {
        request_id: "id",
        duration: Duration::from_micros(3_012),
        init: None,
        memory_mb: 128,
        max_memory_mb: 36,
        status: None,
    };
    assert_eq!(
        report.to_string(),
        "END RequestId: id\nREPORT RequestId: id\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t"
    );
    let cold = Report {
        init: Some(Duration::from_micros(110_101)),
        ..report
    };
    assert!(cold.to_string().contains("\tBilled Duration: 114 ms\t"));
    assert!(cold.to_string().ends_with("\tInit Duration: 110.10 ms\t"));
    assert_eq!(millis(Duration::from_secs(1)).to_string(), "1000.00");
}
