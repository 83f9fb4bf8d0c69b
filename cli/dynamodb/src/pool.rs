//! The threads that run the engine.
//!
//! An expression of a legal length can nest so deeply that the engine's parser needs more stack than the threads of a runtime have, and
//! a stack that overflows ends the process. So the engine only runs on threads with a large stack.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::oneshot;

/// The bytes of each thread's stack. The longest expression that DynamoDB reads (4096 bytes, all of it opening parentheses) fits. Memory is
/// only used as far as a call reaches.
const STACK: usize = 64 * 1024 * 1024;
/// How many requests are read and answered side by side. The engine itself runs one at a time.
const THREADS: usize = 4;

type Job = Box<dyn FnOnce() + Send>;

/// Threads with a large stack. They end when the pool is dropped.
#[derive(Debug)]
pub(crate) struct Pool(Mutex<Sender<Job>>);

impl Pool {
    /// Starts the threads.
    ///
    /// # Errors
    /// The operating system's error if it cannot start another thread.
    pub(crate) fn start() -> io::Result<Self> {
        let (sender, jobs) = channel::<Job>();
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..THREADS {
            let jobs = Arc::clone(&jobs);
            thread::Builder::new()
                .name(format!("dynamodb-{number}"))
                .stack_size(STACK)
                .spawn(move || work(&jobs))?;
        }
        Ok(Self(Mutex::new(sender)))
    }

    /// Runs work on one of the threads and returns its result, or `None` if it panicked.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(move || {
            // The caller may have disconnected.
            let _ = answer.send(work());
        });
        {
            let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            sender.send(job).ok()?;
        }
        answered.await.ok()
    }

    /// As [`Pool::run`], for callers that are not asynchronous.
    pub(crate) fn run_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = channel();
        let job = Box::new(move || {
            // The caller waits below.
            let _ = answer.send(work());
        });
        {
            let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            sender.send(job).ok()?;
        }
        answered.recv().ok()
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    loop {
        let job = {
            let jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
            jobs.recv()
        };
        let Ok(job) = job else {
            return;
        };
        // A panic of the engine fails one request: its answer is never sent.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_fails_one_job_and_a_deep_one_has_room() {
        let pool = Pool::start().unwrap();
        for _ in 0..THREADS {
            assert_eq!(pool.run(|| -> u8 { panic!("of the test") }).await, None);
        }
        fn depth(of: usize) -> usize {
            let room = std::hint::black_box([of; 100]);
            if of == 0 { 0 } else { 1 + depth(room[99] - 1) }
        }
        assert_eq!(pool.run(|| depth(20_000)).await, Some(20_000));
    }
}
