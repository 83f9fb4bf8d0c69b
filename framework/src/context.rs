//! The context of an invocation, as Lambda tells it.

use std::{
    cell::{Cell, RefCell},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

/// The context of the invocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LambdaContext {
    /// Lambda's id of this invocation (a UUID).
    pub request_id: String,
    /// When Lambda ends the invocation, in milliseconds since 1970.
    pub deadline_ms: u64,
    /// The ARN that was invoked, with its alias or version where one was named.
    pub invoked_function_arn: String,
    /// The X-Ray trace header, when there is one.
    pub trace_id: Option<String>,
    /// The function's name.
    pub function_name: String,
    /// The function's version: a number, or `$LATEST`.
    pub function_version: String,
    /// The function's memory in MB.
    pub memory_mb: u32,
}

impl LambdaContext {
    /// The deadline as a point in time.
    #[must_use]
    pub fn deadline(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.deadline_ms)
    }

    /// The time that is left until the [deadline](Self::deadline); zero when it has passed.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        let left = self.deadline().duration_since(SystemTime::now());
        left.unwrap_or_default()
    }
}

thread_local! {
    /// The invocation that this thread works on. The runtime has one thread; tests run on many.
    static HERE: RefCell<Option<Arc<str>>> = const { RefCell::new(None) };

    /// Its handler, `module::function`, once it is known.
    static HANDLER: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// The invocation that the process works on: for threads that a handler has started. Lambda gives one at a time.
static ANYWHERE: Mutex<Option<Arc<str>>> = Mutex::new(None);

/// Notes the invocation that is worked on from now on, for the log lines that are written meanwhile.
pub(crate) fn enter(request_id: &str) -> Arc<str> {
    let id: Arc<str> = request_id.into();
    HERE.set(Some(Arc::clone(&id)));
    HANDLER.set(None);
    *ANYWHERE.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&id));
    id
}

/// The id of the invocation that is worked on, if there is one.
pub(crate) fn current_request_id() -> Option<Arc<str>> {
    let here = HERE.try_with(|id| id.borrow().clone()).ok().flatten();
    here.or_else(|| {
        ANYWHERE
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    })
}

/// Notes the handler of the invocation, for what goes wrong in it.
pub(crate) fn enter_handler(handler: &'static str) {
    HANDLER.set(Some(handler));
}

/// The handler of the invocation that this thread works on.
pub(crate) fn current_handler() -> Option<&'static str> {
    HANDLER.try_with(Cell::get).ok().flatten()
}
