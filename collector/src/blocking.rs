//! Limits how many blocking tasks run at the same time.

use std::sync::Arc;
use tokio::sync::Semaphore;

/// Runs at most a fixed number of tasks at the same time. Further tasks wait.
#[derive(Debug)]
pub struct Bounded(Arc<Semaphore>);

impl Bounded {
    /// Allows at most this number of tasks at the same time.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most)))
    }

    /// Runs the task on a blocking thread. Returns `None` after `close` and if the task panics.
    ///
    /// The task itself releases its permit, not the caller: a request ends when its client
    /// disconnects, but the task continues.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let place = Arc::clone(&self.0).acquire_owned().await.ok()?;
        let placed = move || {
            let result = work();
            drop(place);
            result
        };
        tokio::task::spawn_blocking(placed).await.ok()
    }

    /// Starts no further task.
    pub fn close(&self) {
        self.0.close();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    #[tokio::test]
    async fn a_task_keeps_its_permit_until_it_ends_even_if_its_caller_is_gone() {
        let bounded = Arc::new(Bounded::new(1));
        let (finish, finished) = mpsc::channel::<()>();
        let (begin, begun) = tokio::sync::oneshot::channel();
        let first = {
            let bounded = Arc::clone(&bounded);
            let work = move || {
                begin.send(()).unwrap();
                let _ = finished.recv();
            };
            tokio::spawn(async move { bounded.run(work).await })
        };
        begun.await.unwrap();
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        let second = {
            let bounded = Arc::clone(&bounded);
            tokio::spawn(async move { bounded.run(|| ()).await })
        };
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!second.is_finished());
        drop(finish);
        assert_eq!(second.await.unwrap(), Some(()));
        bounded.close();
        assert_eq!(bounded.run(|| ()).await, None);
    }
}
