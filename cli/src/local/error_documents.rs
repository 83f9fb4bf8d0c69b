//! Lambda's own words for invocations that end without an answer of the handler's.

use std::process::ExitStatus;

use bytes::Bytes;

/// An error document of Lambda's own. `[R]` gateway-truth §4.2
pub(super) fn document(kind: &str, message: &str) -> Bytes {
    serde_json::json!({ "errorType": kind, "errorMessage": message })
        .to_string()
        .into()
}

/// The document for a process that ended. `[R]` gateway-truth §4.2
pub(super) fn exit_document(request_id: &str, how: &str) -> Bytes {
    document(
        "Runtime.ExitError",
        &format!("RequestId: {request_id} Error: {how}"),
    )
}

/// How a process ended, in Lambda's words: `[R]` for exits, `[E]` for signals, gateway-truth §4.2.
pub(super) fn describe(status: Option<ExitStatus>) -> String {
    use std::os::unix::process::ExitStatusExt;

    let Some(status) = status else {
        return "Runtime exited without providing a reason".to_owned();
    };
    match (status.code(), status.signal()) {
        (Some(0), _) | (None, None) => "Runtime exited without providing a reason".to_owned(),
        (Some(code), _) => format!("Runtime exited with error: exit status {code}"),
        (None, Some(signal)) => {
            format!("Runtime exited with error: signal: {}", signal_name(signal))
        }
    }
}

/// True if a signal ended it.
pub(super) fn is_signal(status: Option<ExitStatus>) -> bool {
    use std::os::unix::process::ExitStatusExt;

    status.is_some_and(|status| status.signal().is_some())
}

/// The signal's description as Go prints it, since Lambda's documents come from a program in Go.
fn signal_name(signal: i32) -> String {
    use rustix::process::Signal;

    let known = [
        (Signal::HUP, "hangup"),
        (Signal::INT, "interrupt"),
        (Signal::QUIT, "quit"),
        (Signal::ILL, "illegal instruction"),
        (Signal::TRAP, "trace/breakpoint trap"),
        (Signal::ABORT, "aborted"),
        (Signal::BUS, "bus error"),
        (Signal::FPE, "floating point exception"),
        (Signal::KILL, "killed"),
        (Signal::SEGV, "segmentation fault"),
        (Signal::PIPE, "broken pipe"),
        (Signal::ALARM, "alarm clock"),
        (Signal::TERM, "terminated"),
    ];
    known
        .iter()
        .find(|(one, _)| one.as_raw() == signal)
        .map_or_else(
            || format!("signal {signal}"),
            |(_, name)| (*name).to_owned(),
        )
}

/// Lambda's document for an invocation that timed out. `[R]` gateway-truth §0 row 18
pub(super) fn timeout_message(request_id: &str, timeout_seconds: u32) -> String {
    format!("RequestId: {request_id} Error: Task timed out after {timeout_seconds}.00 seconds")
}

#[cfg(test)]
mod tests {
    use super::{describe, signal_name};
    use std::{os::unix::process::ExitStatusExt, process::ExitStatus};

    #[test]
    fn an_exit_is_told_as_lambda_tells_it() {
        let exit = |code: i32| describe(Some(ExitStatus::from_raw(code << 8)));
        assert_eq!(exit(0), "Runtime exited without providing a reason");
        assert_eq!(exit(127), "Runtime exited with error: exit status 127");
        assert_eq!(
            describe(Some(ExitStatus::from_raw(9))),
            "Runtime exited with error: signal: killed"
        );
        assert_eq!(signal_name(64), "signal 64");
    }
}
