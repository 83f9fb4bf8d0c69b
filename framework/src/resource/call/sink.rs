//! Where calls go in a test: into the client's outbox, and nowhere else.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use fw_manifest::UseKind;

use super::super::{Handle, ResourceError};

thread_local! {
    /// The outbox of the client whose app this thread runs.
    static HERE: RefCell<Option<Arc<Outbox>>> = const { RefCell::new(None) };
}

/// What an app has sent in a test, and the objects of its buckets.
#[derive(Debug, Default)]
pub(crate) struct Outbox(Mutex<Content>);

#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(crate) sent: Vec<Sent>,
    /// By bucket and key.
    objects: BTreeMap<(String, String), Bytes>,
}

/// What was sent once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub(crate) kind: UseKind,
    pub(crate) name: String,
    pub(crate) body: Bytes,
    pub(crate) delay: Option<Duration>,
    pub(crate) group: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) key: Option<String>,
    /// Source and detail type.
    pub(crate) event: Option<(String, String)>,
}

impl Outbox {
    pub(crate) fn open(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a future whose calls go into this outbox.
    pub(crate) async fn around<T>(self: Arc<Self>, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        poll_fn(|context| {
            // Set for the time of the poll alone: other clients' apps may run on this thread in between.
            let _back = Back(HERE.replace(Some(Arc::clone(&self))));
            future.as_mut().poll(context)
        })
        .await
    }
}

/// Puts back what was here, after a panic too.
struct Back(Option<Arc<Outbox>>);

impl Drop for Back {
    fn drop(&mut self) {
        HERE.set(self.0.take());
    }
}

/// The sink for a handle's calls, if they are a test's.
///
/// # Errors
///
/// When the app has not listed the handle.
pub(crate) fn of(handle: &Handle) -> Result<Option<Sink<'_>>, ResourceError> {
    let outbox = HERE.with_borrow(Clone::clone);
    if outbox.is_some() {
        handle.check()?;
    }
    Ok(outbox.map(|outbox| Sink { handle, outbox }))
}

/// The outbox, for the calls of a handle.
pub(crate) struct Sink<'h> {
    handle: &'h Handle,
    outbox: Arc<Outbox>,
}

impl Sink<'_> {
    fn sent(&self, body: impl Into<Bytes>) -> Sent {
        Sent {
            kind: self.handle.kind,
            name: self.handle.name.to_owned(),
            body: body.into(),
            delay: None,
            group: None,
            subject: None,
            key: None,
            event: None,
        }
    }

    fn push(&self, sent: Sent) {
        self.outbox.open().sent.push(sent);
    }

    pub(crate) fn message(&self, body: String, delay: Option<Duration>, group: Option<&str>) {
        self.push(Sent {
            delay,
            group: group.map(str::to_owned),
            ..self.sent(body)
        });
    }

    pub(crate) fn publication(&self, body: String, subject: Option<&str>) {
        self.push(Sent {
            subject: subject.map(str::to_owned),
            ..self.sent(body)
        });
    }

    pub(crate) fn event(&self, source: &str, detail_type: &str, detail: String) {
        self.push(Sent {
            event: Some((source.to_owned(), detail_type.to_owned())),
            ..self.sent(detail)
        });
    }

    pub(crate) fn object(&self, key: &str, body: Bytes) {
        self.push(Sent {
            key: Some(key.to_owned()),
            ..self.sent(body.clone())
        });
        self.outbox.open().objects.insert(self.at(key), body);
    }

    fn at(&self, key: &str) -> (String, String) {
        (self.handle.name.to_owned(), key.to_owned())
    }

    pub(crate) fn read(&self, key: &str) -> Option<Bytes> {
        self.outbox.open().objects.get(&self.at(key)).cloned()
    }

    pub(crate) fn delete(&self, key: &str) {
        self.outbox.open().objects.remove(&self.at(key));
    }

    pub(crate) fn keys(&self, prefix: &str) -> Vec<String> {
        let content = self.outbox.open();
        let own = content
            .objects
            .keys()
            .filter(|(bucket, _)| bucket == self.handle.name);
        let keys = own
            .map(|(_, key)| key)
            .filter(|key| key.starts_with(prefix));
        keys.cloned().collect()
    }
}
