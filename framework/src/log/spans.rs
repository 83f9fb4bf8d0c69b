//! The spans that are open, and where each thread stands in them.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tracing::{
    Event, Metadata,
    span::{Attributes, Id},
};
use tracing_core::span::Current;

use super::line::Fields;

thread_local! {
    /// The spans that this thread has entered, the innermost last.
    static ENTERED: RefCell<Vec<Id>> = const { RefCell::new(Vec::new()) };
}

/// The spans that are open.
#[derive(Default)]
pub(super) struct Spans(Mutex<Open>);

#[derive(Default)]
struct Open {
    last: u64,
    spans: BTreeMap<u64, Span>,
}

struct Span {
    metadata: &'static Metadata<'static>,
    fields: Fields,
    parent: Option<Id>,
    /// How many handles there are, those of its children included.
    handles: usize,
}

impl Spans {
    pub(super) fn open(&self, attributes: &Attributes<'_>, fields: Fields) -> Id {
        let parent = parent(attributes.parent(), attributes.is_contextual());
        let mut open = self.lock();
        open.last += 1;
        let id = open.last;
        if let Some(parent) = parent
            .as_ref()
            .and_then(|id| open.spans.get_mut(&id.into_u64()))
        {
            parent.handles += 1;
        }
        open.spans.insert(
            id,
            Span {
                metadata: attributes.metadata(),
                fields,
                parent,
                handles: 1,
            },
        );
        Id::from_u64(id)
    }

    /// Changes the fields of a span.
    pub(super) fn change(&self, id: &Id, change: impl FnOnce(&mut Fields)) {
        if let Some(span) = self.lock().spans.get_mut(&id.into_u64()) {
            change(&mut span.fields);
        }
    }

    /// Counts one more handle.
    pub(super) fn keep(&self, id: &Id) {
        if let Some(span) = self.lock().spans.get_mut(&id.into_u64()) {
            span.handles += 1;
        }
    }

    /// Counts one handle less; says whether it was the last, which closes the span.
    pub(super) fn close(&self, id: &Id) -> bool {
        let mut open = self.lock();
        let mut closed = false;
        let mut next = Some(id.into_u64());
        while let Some(id) = next.take() {
            if let Some(span) = open.spans.get_mut(&id) {
                span.handles -= 1;
                if span.handles == 0 {
                    // Its handle of its parent goes with it.
                    next = open
                        .spans
                        .remove(&id)
                        .and_then(|span| span.parent)
                        .map(|parent| parent.into_u64());
                    closed = true;
                }
            }
        }
        closed
    }

    /// Tells of the spans around an event, the innermost first.
    pub(super) fn around(&self, event: &Event<'_>, mut tell: impl FnMut(&str, &Fields)) {
        let Some(innermost) = parent(event.parent(), event.is_contextual()) else {
            return;
        };
        let open = self.lock();
        let mut next = Some(innermost);
        while let Some(span) = next.and_then(|id| open.spans.get(&id.into_u64())) {
            tell(span.metadata.name(), &span.fields);
            next = span.parent.clone();
        }
    }

    /// Where this thread stands.
    pub(super) fn current(&self) -> Current {
        let Some(id) = innermost() else {
            return Current::none();
        };
        match self.lock().spans.get(&id.into_u64()) {
            Some(span) => Current::new(id, span.metadata),
            None => Current::none(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn parent(explicit: Option<&Id>, contextual: bool) -> Option<Id> {
    if contextual {
        innermost()
    } else {
        explicit.cloned()
    }
}

fn innermost() -> Option<Id> {
    ENTERED
        .try_with(|entered| entered.borrow().last().cloned())
        .ok()
        .flatten()
}

/// This thread enters a span.
pub(super) fn enter(id: &Id) {
    // A thread that ends has no place to remember it, and nothing more to log.
    let _ = ENTERED.try_with(|entered| entered.borrow_mut().push(id.clone()));
}

/// This thread leaves a span, which need not be the innermost.
pub(super) fn exit(id: &Id) {
    let _ = ENTERED.try_with(|entered| {
        let mut entered = entered.borrow_mut();
        if let Some(at) = entered.iter().rposition(|entered| entered == id) {
            entered.remove(at);
        }
    });
}
