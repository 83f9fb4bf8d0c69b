//! The changes of objects, for a listener that notifies others of them.

use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

/// A change of an object that was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// What happened, as notifications name it: `ObjectCreated:Put`, `ObjectRemoved:Delete`.
    pub name: &'static str,
    /// The size in bytes of an object that was created.
    pub size: Option<u64>,
    /// Its entity tag, without quotes.
    pub etag: Option<String>,
    /// The version, in a bucket that has versions.
    pub version: Option<String>,
}

/// Where changes go; cheap to clone. They are dropped until there is a listener.
#[derive(Clone, Debug, Default)]
pub struct Changes(Arc<OnceLock<UnboundedSender<Change>>>);

impl Changes {
    /// All changes from now on, for the first listener; `None` for others.
    #[must_use]
    pub fn listen(&self) -> Option<UnboundedReceiver<Change>> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.0.set(sender).is_ok().then_some(receiver)
    }

    /// Reports a change.
    pub(crate) fn report(&self, change: impl FnOnce() -> Change) {
        if let Some(listener) = self.0.get() {
            // The listener ends with the server.
            let _ = listener.send(change());
        }
    }
}
