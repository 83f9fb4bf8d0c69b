//! The open spans, and each thread's current one.

use std::{
    cell::RefCell,
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

/// By their ids, which count from 1; those of closed spans are used again.
#[derive(Default)]
struct Open(Vec<Option<Span>>);

impl Open {
    fn get(&mut self, id: &Id) -> Option<&mut Span> {
        self.slot(id)?.as_mut()
    }

    fn slot(&mut self, id: &Id) -> Option<&mut Option<Span>> {
        let index = usize::try_from(id.into_u64() - 1).ok()?;
        self.0.get_mut(index)
    }

    fn insert(&mut self, span: Span) -> Id {
        let free = self.0.iter().position(Option::is_none);
        let index = free.unwrap_or_else(|| {
            self.0.push(None);
            self.0.len() - 1
        });
        self.0[index] = Some(span);
        Id::from_u64(index as u64 + 1)
    }
}

struct Span {
    metadata: &'static Metadata<'static>,
    fields: Fields,
    parent: Option<Id>,
    /// How many handles there are, including those of its children.
    handles: usize,
}

impl Spans {
    pub(super) fn open(&self, attributes: &Attributes<'_>, fields: Fields) -> Id {
        let parent = parent(attributes.parent(), attributes.is_contextual());
        let mut open = self.lock();
        if let Some(parent) = parent.as_ref().and_then(|id| open.get(id)) {
            parent.handles += 1;
        }
        open.insert(Span {
            metadata: attributes.metadata(),
            fields,
            parent,
            handles: 1,
        })
    }

    /// Changes the fields of a span.
    pub(super) fn change(&self, id: &Id, change: impl FnOnce(&mut Fields)) {
        if let Some(span) = self.lock().get(id) {
            change(&mut span.fields);
        }
    }

    /// Counts one more handle.
    pub(super) fn keep(&self, id: &Id) {
        if let Some(span) = self.lock().get(id) {
            span.handles += 1;
        }
    }

    /// Counts one handle less; returns whether it was the last, which closes the span.
    pub(super) fn close(&self, id: &Id) -> bool {
        let mut open = self.lock();
        let mut closed = false;
        let mut next = Some(id.clone());
        while let Some(slot) = next.take().as_ref().and_then(|id| open.slot(id)) {
            if let Some(span) = slot {
                span.handles -= 1;
                if span.handles == 0 {
                    // Its handle of its parent is dropped with it.
                    next = slot.take().and_then(|span| span.parent);
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
        let mut open = self.lock();
        let mut next = Some(innermost);
        while let Some(span) = next.and_then(|id| open.get(&id)) {
            tell(span.metadata.name(), &span.fields);
            next = span.parent.clone();
        }
    }

    /// The current span of this thread.
    pub(super) fn current(&self) -> Current {
        let Some(id) = innermost() else {
            return Current::none();
        };
        match self.lock().get(&id) {
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
