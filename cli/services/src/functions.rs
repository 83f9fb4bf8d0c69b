//! The seam to the functions that services call.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

/// A call of a function.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The function's name.
    pub function: String,
    /// The version or alias that is called, if the caller named one.
    pub qualifier: Option<String>,
    /// The event, JSON.
    pub event: Bytes,
    /// The id of the request, the same in every attempt.
    pub request_id: String,
}

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The function returned this JSON.
    Returned(Bytes),
    /// The function failed, timed out or crashed: Lambda's error document.
    Failed(Bytes),
    /// The function has no free instance.
    Throttled,
}

/// What services need to know of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionFacts {
    /// The function's timeout, in seconds.
    pub timeout_s: u64,
    /// The ARN of the queue or topic that failed asynchronous events go to.
    pub dead_letter: Option<String>,
}

/// The functions that queues, topics and asynchronous calls reach.
pub trait Functions: Send + Sync + 'static {
    /// The facts about a function, or `None` if no function has that name.
    fn find(&self, name: &str) -> Option<FunctionFacts>;

    /// Runs a function to its end.
    fn invoke(&self, invocation: Invocation) -> Pin<Box<dyn Future<Output = Outcome> + Send + '_>>;

    /// Why an invocation failed or reported messages as failed, if more is known than its answer says. It is asked once, soon after
    /// such an answer, and shown in [`Delivery`](crate::Delivery).
    fn reason(&self, _request_id: &str) -> Option<String> {
        None
    }

    /// Publishes a version of a function and returns its number, or `None` if versions are not supported.
    fn publish(&self, _name: &str) -> Option<u64> {
        None
    }
}
