//! Drops events beyond the queue's limit, and events that are too old.

use super::batch::Stage;
use super::context::Context;
use super::queue::Queue;
use crate::error::{ErrorCode, Problem};

static FULL: Problem = Problem::new(ErrorCode::QueueFull, "has more events than queue.maxEvents");
static EXPIRED: Problem = Problem::new(ErrorCode::Expired, "has events older than queue.maxAgeMs");

impl Queue {
    /// A full queue first sends as much as the browser accepts now. Then it drops the oldest
    /// events. It does not drop a request in flight.
    pub(super) fn enforce_limit(&mut self, context: &mut Context<'_>) {
        let mut queued = self.pending.len() + self.batches.events();
        while queued as u64 > self.config.queue_events {
            let lost = if let Some(index) = self.batches.first_evictable() {
                let mut batch = self.batches.remove(index);
                batch.remove_from_outbox(context);
                queued -= batch.events.len();
                if let Stage::AwaitingAck(_) = batch.stage {
                    // The browser has accepted it, so it counts as sent.
                    self.counters.deliver(&batch, false, context.out);
                    continue;
                }
                batch.deliveries()
            } else if let Some(lost) = self.pending.drop_oldest(context) {
                queued -= 1;
                lost
            } else {
                break;
            };
            self.counters.drop(lost, ErrorCode::QueueFull, context.out);
            if !std::mem::replace(&mut self.warned_full, true) {
                self.counters.warn(&FULL, context.out);
            }
        }
        if queued as u64 == self.config.queue_events {
            // This happens within the page's call, because a loop of calls leaves no other moment.
            // A slower call is better than a loss.
            self.pending.due_at = context.now.mono_ms;
            self.send_due(context);
        }
    }

    /// Drops events that are older than `queue.maxAgeMs`.
    pub(super) fn expire(&mut self, context: &mut Context<'_>) {
        let oldest = context.now.wall_ms.saturating_sub(self.max_age_ms);
        let mut lost = self.pending.drop_older_than(oldest, context);
        while let Some(index) = self.batches.first_older_than(oldest) {
            let mut batch = self.batches.remove(index);
            batch.remove_from_outbox(context);
            lost += batch.deliveries();
        }
        if lost > 0 {
            self.counters.lose(lost, &EXPIRED, context.out);
        }
    }
}
