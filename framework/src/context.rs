//! The context of an invocation from Lambda.

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
    /// The deadline of the invocation, in milliseconds since 1970.
    pub deadline_ms: u64,
    /// The ARN that was invoked, with its alias or version where one was named.
    pub invoked_function_arn: String,
    /// The X-Ray trace header, `Root=…;Parent=…;Sampled=…`, if there is one. Your own segments and calls to other services
    /// continue from it. During the invocation the variable `_X_AMZN_TRACE_ID` has it too, for libraries.
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

    /// The trace itself, as `1-67fd8a44-0a1b2c3d4e5f60718293a4b5`: the `Root` of the [header](Self::trace_id), which X-Ray finds it by. Log
    /// lines have it as `xray_trace_id`.
    #[must_use]
    pub fn trace_root(&self) -> Option<&str> {
        let mut fields = self.trace_id.as_deref()?.split(';');
        fields.find_map(|field| field.strip_prefix("Root="))
    }
}

thread_local! {
    /// The invocation that this thread works on. The runtime has one thread; tests run on many.
    static HERE: RefCell<Option<Arc<LambdaContext>>> = const { RefCell::new(None) };

    /// Its handler, `module::function`, once it is known.
    static HANDLER: Cell<Option<&'static str>> = const { Cell::new(None) };

    /// True once the log has why it failed.
    static LOGGED: Cell<bool> = const { Cell::new(false) };
}

/// The current invocation, for threads that a handler has started. Lambda delivers one at a time.
static ANYWHERE: Mutex<Option<Arc<LambdaContext>>> = Mutex::new(None);

/// Records the current invocation, for the log lines that are written during it.
pub(crate) fn enter(lambda: LambdaContext) -> Arc<LambdaContext> {
    let lambda = Arc::new(lambda);
    HERE.set(Some(Arc::clone(&lambda)));
    HANDLER.set(None);
    LOGGED.set(false);
    *ANYWHERE.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&lambda));
    lambda
}

/// The current invocation, if there is one.
pub(crate) fn current() -> Option<Arc<LambdaContext>> {
    let here = HERE.try_with(|it| it.borrow().clone()).ok().flatten();
    here.or_else(|| {
        ANYWHERE
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    })
}

/// Records the handler of the invocation, for failures in it.
pub(crate) fn enter_handler(handler: &'static str) {
    HANDLER.set(Some(handler));
}

/// The handler of the invocation that this thread works on.
pub(crate) fn current_handler() -> Option<&'static str> {
    HANDLER.try_with(Cell::get).ok().flatten()
}

/// Notes that the log has why the invocation failed, so that the loop does not add the public words of the failure.
pub(crate) fn note_logged() {
    LOGGED.set(true);
}

/// True if [`note_logged`] was called in the invocation that this thread works on. It is asked once, when the invocation is answered.
pub(crate) fn was_logged() -> bool {
    LOGGED.try_with(Cell::take).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::LambdaContext;

    #[test]
    fn the_trace_is_the_root_of_its_header() {
        for (header, root) in [
            (None, None),
            (Some(""), None),
            (Some("Parent=1;Sampled=1"), None),
            (Some("Root=1-2-3"), Some("1-2-3")),
            (
                Some("Root=1-2-3;Parent=4;Sampled=0;Lineage=5:6:7"),
                Some("1-2-3"),
            ),
            (Some("Self=1-8-9;Root=1-2-3;Sampled=1"), Some("1-2-3")),
        ] {
            let lambda = LambdaContext {
                trace_id: header.map(str::to_owned),
                ..LambdaContext::default()
            };
            assert_eq!(lambda.trace_root(), root, "{header:?}");
        }
    }
}
