//! The jobs of the writer, and those that share a transaction.

use super::forward::Change;
use crate::event::Delivery;
use crate::limits::Limits;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Reports whether a job is on disk.
pub type Answer = oneshot::Sender<bool>;

/// A job for the writer.
#[derive(Debug)]
pub enum Job {
    /// Store these: the delivery of a request, or those of several messages of a cluster's stream. The
    /// sender's own reference is dropped last, so that the writer spends no time on freeing memory.
    Append(Arc<[Delivery]>, Answer),
    /// Change the forwarding queue.
    Forward(Change, Answer),
    /// Do a test write.
    Try(Answer),
    /// Write the counts of refused requests.
    Refused(oneshot::Sender<()>),
    /// Check the files.
    Tend,
    /// Finish the earlier jobs and end.
    Close,
}

/// The jobs of one transaction.
#[derive(Debug, Default)]
pub struct Group {
    /// Events to store.
    pub deliveries: Vec<(Arc<[Delivery]>, Answer)>,
    /// Changes of the forwarding queue.
    pub changes: Vec<(Change, Answer)>,
    /// Test writes.
    pub tries: Vec<Answer>,
    /// Requests for the counts of refused requests.
    pub refused: Vec<oneshot::Sender<()>>,
    /// Whether the files are to be checked.
    pub tends: bool,
    /// Whether this is the last transaction.
    pub closes: bool,
}

impl Group {
    /// Begins with this job, and takes those that wait.
    pub fn new(first: Job, jobs: &mut mpsc::Receiver<Job>) -> Self {
        let mut group = Self::default();
        group.take(first, jobs);
        group.take_waiting(jobs);
        group
    }

    /// The number of jobs that change the database.
    pub fn len(&self) -> usize {
        self.deliveries.len() + self.changes.len()
    }

    /// Takes the jobs that wait, up to the largest number in one transaction.
    pub fn take_waiting(&mut self, jobs: &mut mpsc::Receiver<Job>) {
        while self.len() < Limits::GROUP {
            let Ok(job) = jobs.try_recv() else { break };
            self.take(job, jobs);
        }
    }

    fn take(&mut self, job: Job, jobs: &mut mpsc::Receiver<Job>) {
        match job {
            Job::Append(deliveries, answer) => self.deliveries.push((deliveries, answer)),
            Job::Forward(change, answer) => self.changes.push((change, answer)),
            Job::Try(answer) => self.tries.push(answer),
            Job::Refused(answer) => self.refused.push(answer),
            Job::Tend => self.tends = true,
            Job::Close => {
                self.closes = true;
                jobs.close();
            }
        }
    }

    /// The deliveries of all jobs.
    pub fn all_deliveries(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.iter().flat_map(|(deliveries, _)| deliveries.iter())
    }

    /// Answers all jobs that change the database.
    pub fn answer(self, stored: bool) {
        let deliveries = self.deliveries.into_iter().map(|(_, answer)| answer);
        let changes = self.changes.into_iter().map(|(_, answer)| answer);
        for answer in deliveries.chain(changes).chain(self.tries) {
            // The client may have disconnected.
            let _ = answer.send(stored);
        }
    }
}
