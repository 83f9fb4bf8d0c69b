//! The end of one invocation's log, for a caller of Lambda's Invoke API that asked for it.

use std::{
    fmt::{Display, Write as _},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::Notify;

/// The maximum size of the log for a caller, in bytes (Lambda API reference, Invoke: `LogResult` is
/// the last 4 KB).
const LENGTH: usize = 4096;

/// The collected end of the log. Cheap to clone; the clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    text: Mutex<String>,
    ended: Notify,
}

impl Tail {
    /// Its end notifies the receiver that nothing more will come.
    pub(super) fn writer(&self) -> TailWriter {
        TailWriter(self.clone())
    }

    /// Waits until the invocation is over, its last line included.
    pub(crate) async fn ended(&self) {
        self.0.ended.notified().await;
    }

    /// The logged lines, with a line feed after each.
    pub(crate) fn text(&self) -> String {
        self.0
            .text
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Adds lines, without their last line feed.
    pub(super) fn push(&self, lines: impl Display) {
        let mut text = self.0.text.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{lines}");
        let over = text.len().saturating_sub(LENGTH);
        if over > 0 {
            let cut = text.ceil_char_boundary(over);
            text.drain(..cut);
        }
    }
}

/// Held by the invocation for as long as it may log.
#[derive(Debug)]
pub(crate) struct TailWriter(Tail);

impl TailWriter {
    /// The log that it writes to.
    pub(super) fn tail(&self) -> &Tail {
        &self.0
    }
}

impl Drop for TailWriter {
    fn drop(&mut self) {
        self.0.0.ended.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::{LENGTH, Tail};

    #[tokio::test]
    async fn it_keeps_the_last_4_kilobytes_and_tells_the_end() {
        let tail = Tail::default();
        let writer = tail.writer();
        for number in 0..1000 {
            writer.tail().push(format_args!("line {number} ä"));
        }
        drop(writer);
        tail.ended().await;
        let text = tail.text();
        assert!(
            text.len() <= LENGTH && text.len() > LENGTH - 4,
            "{}",
            text.len()
        );
        assert!(text.ends_with("line 999 ä\n"), "{text}");
    }
}
