//! Being asked to end, for commands that have something to put in order first.

use tokio::signal::unix::{SignalKind, signal};

/// Ends when somebody asks this process to end, by Ctrl-C or SIGTERM. Before it is waited for, and where it cannot be, the signal
/// ends the process as it would any other.
pub(crate) async fn interrupted() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
