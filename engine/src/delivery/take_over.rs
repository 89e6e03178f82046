//! Takes over the outbox of another page, or this page's own after the back/forward cache.

use super::context::Context;
use super::entry::{self, Entry};
use super::queue::Queue;
use super::stream::{Events, count_deliveries};
use crate::effect::Effect;
use crate::error::{ErrorCode, Problem};
use crate::limits::Limits;
use crate::protocol::RetryPolicy;

static DAMAGED: Problem =
    Problem::new(ErrorCode::Damaged, "had events in the outbox that cannot be read: they are lost");

/// Takes over these outbox entries (key and text), in the order of their numbers.
pub fn take_over(queues: &mut [Queue], entries: Vec<(String, String)>, context: &mut Context<'_>) {
    let mut damaged = vec![0; queues.len()];
    for (key, text) in entries {
        match entry::read(&text) {
            Some(entry) => take_over_entry(queues, key, text.len(), entry, context),
            None => {
                // If the destination cannot be read, the first one counts the loss.
                let is_meant = |queue: &Queue| Some(&**queue.key) == entry::destination(&text);
                let index = queues.iter().position(is_meant).unwrap_or_default();
                if let Some(lost) = damaged.get_mut(index) {
                    *lost += entry::count(&text);
                }
                context.out.push(Effect::Remove(key));
            }
        }
    }
    for (queue, lost) in queues.iter_mut().zip(damaged).filter(|(_, lost)| *lost > 0) {
        queue.counters.accept(lost);
        queue.counters.lose(lost, &DAMAGED, context.out);
    }
}

/// Takes over one entry, and deletes it unless another page can still use it.
fn take_over_entry(
    queues: &mut [Queue],
    key: String,
    bytes: usize,
    entry: Entry<'_>,
    context: &mut Context<'_>,
) {
    let oldest = context.now.wall_ms.saturating_sub(Limits::QUEUE_AGE_MS);
    let queue = queues.iter_mut().find(|queue| *queue.key == entry.destination);
    let stays = match queue {
        // The entry is deleted after it is written to this page's outbox, so that no event is lost
        // between the two writes. If an event must not arrive twice, the entry is deleted before.
        Some(queue) if context.outbox.has_room(bytes) => {
            if !queue.accepts_copies(&entry.events) {
                context.out.push(Effect::Remove(key.clone()));
            }
            queue.take_over(entry, context);
            false
        }
        // There is no room in this page's outbox.
        Some(_) => true,
        // Another page of the site may have this destination.
        None => entry.events.first().is_some_and(|event| event.at >= oldest),
    };
    if !stays {
        context.out.push(Effect::Remove(key));
    }
}

impl Queue {
    /// Whether these events may be in two outboxes for a moment.
    fn accepts_copies(&self, events: &Events) -> bool {
        let protocol = &self.destination.protocol;
        events.iter().all(|event| protocol.retry_policy(event.kind) == RetryPolicy::Idempotent)
    }

    fn take_over(&mut self, entry: Entry<'_>, context: &mut Context<'_>) {
        self.counters.accept(count_deliveries(&entry.events));
        if entry.made_at == 0 {
            self.take_over_events(entry, context);
        } else {
            self.take_over_batch(entry, context);
        }
        self.enforce_limit(context);
    }

    fn take_over_events(&mut self, entry: Entry<'_>, context: &mut Context<'_>) {
        let stream = self.new_stream(entry.stream.to_owned());
        let stream = self.pending.stream_mut(stream);
        stream.continue_at(entry.seq);
        for event in entry.events {
            stream.store(event, context);
        }
        self.pending.due_at = self.pending.due_at.min(context.now.mono_ms);
    }

    fn take_over_batch(&mut self, entry: Entry<'_>, context: &mut Context<'_>) {
        let Entry { stream, seq, made_at, events, .. } = entry;
        let stream = self.new_stream(stream.to_owned());
        let stream = self.pending.stream_mut(stream);
        for event in &events {
            // The other page's process ended before it had deleted the entries of the events in the
            // batch.
            if let Some(mut copy) = stream.remove_copy(&event.encoded) {
                context.outbox.remove(&mut copy.slot, context.out);
                self.counters.withdraw(copy.deliveries);
            }
        }
        let id = stream.id();
        let mut batch = self.new_batch(events, id, seq, made_at, context);
        batch.await_earlier_ack(context);
        self.batches.push(batch);
    }

    /// Continues with another stream and without the outbox's events. The page that takes over the
    /// outbox continues the old stream.
    pub fn restart(&mut self, stream: String) {
        let stream = self.new_stream(stream);
        for event in self.pending.restart(stream) {
            if event.slot.is_stored() {
                self.counters.withdraw(event.deliveries);
            } else {
                self.pending.own_mut().push(event);
            }
        }
        for batch in self.batches.take() {
            if batch.is_stored() {
                self.counters.withdraw(batch.deliveries());
            } else {
                self.batches.push(batch);
            }
        }
    }
}
