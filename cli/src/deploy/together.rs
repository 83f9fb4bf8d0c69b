//! Futures side by side on one thread.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

/// A future of any kind. The clients' futures are large, so they are boxed anyway.
pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Futures that run side by side, each with a key; more may be added while they run.
pub(crate) struct Together<'a, K, T> {
    running: Vec<(K, Boxed<'a, T>)>,
}

impl<'a, K, T> Together<'a, K, T> {
    /// None yet.
    pub(crate) const fn new() -> Self {
        Self {
            running: Vec::new(),
        }
    }

    /// Adds one.
    pub(crate) fn push(&mut self, key: K, future: impl Future<Output = T> + 'a) {
        self.running.push((key, Box::pin(future)));
    }

    /// The result of the next one that ends, the earlier added first if several have ended; `None`
    /// if none runs.
    ///
    /// Each wake polls all of them: there are at most a few dozen, and each waits for the network.
    pub(crate) async fn next(&mut self) -> Option<(K, T)> {
        if self.running.is_empty() {
            return None;
        }
        let (at, done) = poll_fn(|context| {
            for (at, (_, future)) in self.running.iter_mut().enumerate() {
                if let Poll::Ready(done) = future.as_mut().poll(context) {
                    return Poll::Ready((at, done));
                }
            }
            Poll::Pending
        })
        .await;
        let (key, _) = self.running.remove(at);
        Some((key, done))
    }
}

/// Runs them concurrently to the end of all, or of the first that fails; returns their results in
/// their order.
///
/// # Errors
///
/// The first that comes.
pub(crate) async fn all<'a, T, E, F>(futures: impl IntoIterator<Item = F>) -> Result<Vec<T>, E>
where
    F: Future<Output = Result<T, E>> + 'a,
    T: 'a,
    E: 'a,
{
    let mut together = Together::new();
    for (at, future) in futures.into_iter().enumerate() {
        together.push(at, future);
    }
    let mut done = Vec::new();
    while let Some((at, result)) = together.next().await {
        done.push((at, result?));
    }
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::{Together, all};
    use crate::deploy::block_on;

    /// Gives way so often before it ends.
    async fn after(turns: u32, gives: Result<u32, u32>) -> Result<u32, u32> {
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        gives
    }

    #[test]
    fn they_run_side_by_side_and_keep_their_order() {
        block_on(async {
            let two = [after(3, Ok(1)), after(0, Ok(2))];
            assert_eq!(all(two).await, Ok(vec![1, 2]));
            let two = [after(3, Err(1)), after(0, Err(2))];
            assert_eq!(all(two).await, Err(2));
            let mut together = Together::new();
            together.push("slow", after(3, Ok(1)));
            together.push("quick", after(0, Ok(2)));
            assert_eq!(together.next().await, Some(("quick", Ok(2))));
            together.push("late", after(0, Ok(3)));
            assert_eq!(together.next().await, Some(("late", Ok(3))));
            assert_eq!(together.next().await, Some(("slow", Ok(1))));
            assert_eq!(together.next().await, None);
            Ok(())
        })
        .unwrap();
    }
}
