//! Being asked to end, for commands that have something to put in order first.

use std::{
    sync::{OnceLock, mpsc},
    thread,
};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use crate::error::Exit;

/// Completes when this process is asked to end, by Ctrl-C or SIGTERM. Before the first poll, and if
/// the signal cannot be caught, the signal ends the process as usual.
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

/// Ctrl-C and SIGTERM from now on, one after the other, for commands that must clean up.
///
/// Each signal is sent to the listener. Without a listener a signal ends the process immediately,
/// as usual. A separate thread does this, because the event loop is blocked while a question waits
/// for its answer.
#[derive(Debug)]
pub(crate) struct Signals(Option<watch::Receiver<u64>>);

impl Signals {
    /// Begins to listen. Where the system refuses that, a signal ends the process as it would any other.
    pub(crate) fn listen() -> Self {
        static SENDER: OnceLock<Option<watch::Sender<u64>>> = OnceLock::new();
        let sender = SENDER.get_or_init(start).as_ref();
        Self(sender.map(watch::Sender::subscribe))
    }

    /// Ends with the next one.
    pub(crate) async fn next(&mut self) {
        if let Some(seen) = &mut self.0
            && seen.changed().await.is_ok()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}

/// Starts the thread, and comes back when it listens.
fn start() -> Option<watch::Sender<u64>> {
    let (sender, _) = watch::channel(0);
    let (theirs, (ready, listens)) = (sender.clone(), mpsc::channel());
    let thread = thread::Builder::new().name("signals".to_owned());
    thread.spawn(move || tell(&theirs, &ready)).ok()?;
    listens.recv().ok().map(|()| sender)
}

/// Tells of each signal; ends only where the system does not let it listen.
fn tell(listeners: &watch::Sender<u64>, ready: &mpsc::Sender<()>) -> Option<()> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_io().build().ok()?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt()).ok()?;
        let mut terminate = signal(SignalKind::terminate()).ok()?;
        ready.send(()).ok()?;
        loop {
            tokio::select! {
                seen = interrupt.recv() => seen?,
                seen = terminate.recv() => seen?,
            }
            if listeners.receiver_count() == 0 {
                std::process::exit(Exit::Interrupted as i32);
            }
            listeners.send_modify(|count| *count += 1);
        }
    })
}
