//! The changes of objects, for a listener that notifies others of them.

use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

/// A change of an object that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The bucket.
    pub(crate) bucket: String,
    /// The object's key.
    pub(crate) key: String,
    /// What happened, as notifications name it: `ObjectCreated:Put`, `ObjectRemoved:Delete`.
    pub(crate) name: &'static str,
    /// The size in bytes of an object that was created.
    pub(crate) size: Option<u64>,
    /// Its entity tag, without quotes.
    pub(crate) etag: Option<String>,
}

/// Where changes go; cheap to clone. They are dropped until there is a listener.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes(Arc<OnceLock<UnboundedSender<Change>>>);

impl Changes {
    /// All changes from now on, for the first listener; `None` for others.
    pub(crate) fn listen(&self) -> Option<UnboundedReceiver<Change>> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.0.set(sender).is_ok().then_some(receiver)
    }

    /// Whether anybody listens.
    pub(super) fn are_heard(&self) -> bool {
        self.0.get().is_some()
    }

    /// Reports a change.
    pub(super) fn report(&self, change: Change) {
        if let Some(listener) = self.0.get() {
            // The listener ends with the server.
            let _ = listener.send(change);
        }
    }
}
