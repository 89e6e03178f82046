//! Work that keeps a thread busy, a few pieces at a time.

use std::sync::Arc;
use tokio::sync::Semaphore;

/// Bounds how many pieces of some work go on at the same time; further ones wait.
#[derive(Debug)]
pub struct Bounded(Arc<Semaphore>);

impl Bounded {
    /// At most so many.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most)))
    }

    /// Does the work where blocking is allowed. No result is there once it is closed, and where the
    /// work broke off.
    ///
    /// The place is given back by the work, not by the caller: a request ends when its client goes
    /// away, and the work goes on.
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

    /// No more work is begun.
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
    async fn work_whose_caller_is_gone_keeps_its_place_until_it_ends() {
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
