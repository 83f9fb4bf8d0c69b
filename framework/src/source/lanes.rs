//! How the messages of a batch run: side by side, and in their order within a group.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Mutex, PoisonError},
    task::Poll,
};

/// How many messages of a batch run at a time. A batch has up to 10 000 messages, and each that runs may hold a connection.
const LANES: usize = 32;

/// Runs the members of the groups, given by their index. A group's members run one after the other, and none after one that failed.
///
/// Messages mostly wait for other services, so waiting for them together is what makes a batch quick; there is one thread.
///
/// Returns the indices of those that failed or did not run, in no order.
pub(super) async fn run<F>(groups: Vec<Vec<usize>>, run: impl Fn(usize) -> F) -> Vec<usize>
where
    F: Future<Output = bool>,
{
    let count = groups.len().min(LANES);
    let waiting = Mutex::new(groups.into_iter());
    let failed = Mutex::new(Vec::new());
    let next = || {
        waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .next()
    };
    let lane = || async {
        while let Some(group) = next() {
            let mut members = group.into_iter();
            while let Some(member) = members.next() {
                if !run(member).await {
                    let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                    failed.push(member);
                    failed.extend(members.by_ref());
                }
            }
        }
    };
    let mut lanes: Vec<Pin<Box<_>>> = (0..count).map(|_| Box::pin(lane())).collect();
    poll_fn(|context| {
        lanes.retain_mut(|lane| lane.as_mut().poll(context).is_pending());
        if lanes.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    drop(lanes);
    failed.into_inner().unwrap_or_else(PoisonError::into_inner)
}
