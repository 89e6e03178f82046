//! What a queue gives up: what is too much, and what is too old.

use super::batch::{Batch, Events, Stage, Stream, count_deliveries, forget};
use super::context::Context;
use super::{Queue, write_number};
use crate::effect::Effect;
use crate::error::{ErrorCode, Problem};

static FULL: Problem = Problem::new(ErrorCode::QueueFull, "has more events than queue.maxEvents");
static EXPIRED: Problem = Problem::new(ErrorCode::Expired, "has events older than queue.maxAgeMs");

impl Queue {
    /// A full queue sends what the browser takes now. Only then the oldest gives way to the newest. What the browser has is not ours
    /// to give up.
    pub(super) fn enforce_limit(&mut self, context: &mut Context<'_>) {
        let mut queued = 0;
        for batch in &self.batches {
            queued += batch.events.len();
        }
        for stream in &self.streams {
            queued += stream.pending.len();
        }
        while queued as u64 > self.config.queue_events {
            let here = |batch: &Batch| batch.stage != Stage::InFlight;
            let lost = if let Some(index) = self.batches.iter().position(|batch| here(batch)) {
                let mut batch = self.batches.remove(index);
                batch.remove_from_outbox(context);
                queued -= batch.events.len();
                if let Stage::AwaitingAck(_) = batch.stage {
                    // The browser has it all the same.
                    self.deliver(&batch, false, context.out);
                    continue;
                }
                count_deliveries(&batch.events)
            } else if let Some(lost) = self.give_up_first(context) {
                queued -= 1;
                lost
            } else {
                break;
            };
            self.drop(lost, ErrorCode::QueueFull, context.out);
            if !std::mem::replace(&mut self.reported_full, true) {
                context.out.push(Effect::Warn(FULL.at(&*self.name)));
            }
        }
        if queued as u64 == self.config.queue_events {
            // Within the page's own call, as a loop leaves no other moment: a call that takes longer is better than a loss.
            self.deadline = context.now.mono_ms;
            self.send_due(context);
        }
    }

    /// Takes out the event that waits longest, of those that other pages left first, and says how
    /// many deliveries it stood for.
    fn give_up_first(&mut self, context: &mut Context<'_>) -> Option<u32> {
        let stream = self.streams.iter_mut().rev().find(|stream| !stream.pending.is_empty())?;
        Some(drop_first(stream, &self.key, 1, context))
    }

    pub(super) fn expire(&mut self, context: &mut Context<'_>) {
        let oldest = context.now.wall_ms.saturating_sub(self.max_age_ms);
        let mut lost = 0;
        for stream in &mut self.streams {
            let fresh = stream.pending.iter().position(|pending| pending.at >= oldest);
            let old = fresh.unwrap_or(stream.pending.len());
            if old > 0 {
                lost += drop_first(stream, &self.key, old, context);
            }
        }
        // The first event of a batch is its oldest.
        let too_old = |batch: &Batch| {
            batch.stage != Stage::InFlight && batch.events.first().is_some_and(|e| e.at < oldest)
        };
        while let Some(index) = self.batches.iter().position(|batch| too_old(batch)) {
            let mut batch = self.batches.remove(index);
            batch.remove_from_outbox(context);
            lost += count_deliveries(&batch.events);
        }
        if lost > 0 {
            self.lose(lost, &EXPIRED, context.out);
        }
    }
}

/// Takes out so many that wait longest, and says how many deliveries they stood for. The next one is told the stream's
/// number before: the process may end between any two writes.
fn drop_first(stream: &mut Stream, key: &str, events: usize, context: &mut Context<'_>) -> u32 {
    let mut gone: Events = Vec::new();
    for _ in 0..events {
        gone.extend(stream.remove(0));
    }
    write_number(stream, key, context);
    forget(&mut gone, context);
    count_deliveries(&gone)
}
