//! Work behind the answer.

use std::{cell::RefCell, future::Future};

use crate::{context, dispatch::caught, route::BoxFuture};

thread_local! {
    /// The work of the invocation that this thread works on.
    static WORK: RefCell<Vec<BoxFuture<'static, ()>>> = const { RefCell::new(Vec::new()) };
}

/// Has some work done after the answer: the client does not wait for it.
///
/// Lambda passes the answer on as soon as it is posted, and freezes the process when it asks for the next invocation. The work is done
/// between the two, one after the other, and ends with the invocation: it is paid for, it counts for the function's timeout, and the
/// process takes no other request meanwhile. A panic in it is logged. A task of `tokio::spawn` has no such place: Lambda freezes it, and it
/// goes on with a later request or never. For work that must not get lost send a message to a queue.
///
/// Call it in a handler or in what the handler awaits, not in a thread or a task of its own.
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use fw::{App, after, post, routes, test::Client};
///
/// static SENT: AtomicU32 = AtomicU32::new(0);
///
/// #[post("/orders")]
/// async fn order() -> &'static str {
///     after(async {
///         SENT.fetch_add(1, Ordering::Relaxed);
///     });
///     "ordered"
/// }
///
/// let client = Client::new(App::stateless("orders").routes(routes![order]), ());
/// assert_eq!(client.post("/orders").send().text(), "ordered");
/// assert_eq!(SENT.load(Ordering::Relaxed), 1);
/// ```
pub fn after(work: impl Future<Output = ()> + Send + 'static) {
    WORK.with_borrow_mut(|all| all.push(Box::pin(work)));
}

/// Does the work of the invocation, also that which other work adds.
pub(crate) async fn finish() {
    loop {
        let work = WORK.with_borrow_mut(std::mem::take);
        if work.is_empty() {
            return;
        }
        for one in work {
            if caught(one).await.is_err() {
                // The panic hook has told what happened.
                let handler = context::current_handler();
                tracing::error!(handler, "work behind the answer panicked");
            }
        }
    }
}
