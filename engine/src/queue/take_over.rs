//! What another page left in its outbox, and what became of our own while the browser kept the page.

use super::batch::{PendingEvent, Stage, Stream, count_deliveries};
use super::context::Context;
use super::outbox::{self, Entry};
use super::{Queue, keep};
use crate::effect::Effect;
use crate::error::{ErrorCode, Problem};
use crate::limits::Limits;
use crate::protocol::RetryPolicy;

static DAMAGED: Problem =
    Problem::new(ErrorCode::Damaged, "had events in the outbox that cannot be read: they are lost");

/// Takes over what these texts say, each for the queue of its destination.
/// They are in the order of their numbers.
pub fn take_over(queues: &mut [Queue], entries: Vec<(String, String)>, context: &mut Context<'_>) {
    let oldest = context.now.wall_ms.saturating_sub(Limits::QUEUE_AGE_MS);
    let mut damaged = vec![0; queues.len()];
    for (key, text) in entries {
        let Some(entry) = outbox::read(&text) else {
            // The first destination counts what cannot be told to be another's.
            let of = |queue: &Queue| Some(&*queue.key) == outbox::destination(&text);
            let index = queues.iter().position(of).unwrap_or_default();
            if let Some(lost) = damaged.get_mut(index) {
                *lost += outbox::count(&text);
            }
            context.out.push(Effect::Remove(key));
            continue;
        };
        let mut keeps = false;
        match queues.iter_mut().find(|queue| queue.key == entry.destination) {
            // What there is no room for is left to another page.
            Some(queue) if context.outbox.has_room(text.len()) => {
                // Deleted once it is written here, below; or before.
                if !queue.bears_copies(&entry.events) {
                    context.out.push(Effect::Remove(key.clone()));
                }
                queue.take_over(entry, context);
            }
            Some(_) => keeps = true,
            None => keeps = entry.events.first().is_some_and(|event| event.at >= oldest),
        }
        if !keeps {
            context.out.push(Effect::Remove(key));
        }
    }
    for (queue, lost) in queues.iter_mut().zip(damaged).filter(|(_, lost)| *lost > 0) {
        queue.counts.accepted += lost;
        queue.lose(lost, &DAMAGED, context.out);
    }
}

impl Queue {
    /// Whether these may stand in two outboxes for a moment: the process may end between any two writes.
    fn bears_copies(&self, events: &[Box<PendingEvent>]) -> bool {
        let class = |event: &PendingEvent| self.destination.protocol.retry_policy(event.kind);
        events.iter().all(|event| class(event) == RetryPolicy::Idempotent)
    }

    fn take_over(&mut self, entry: Entry<'_>, context: &mut Context<'_>) {
        let Entry { stream: name, seq, made_at, events, .. } = entry;
        self.counts.accepted += count_deliveries(&events);
        let known = self.streams.iter().position(|stream| *stream.name == name);
        if known.is_none() {
            self.streams.push(Stream::new(name.to_owned()));
        }
        let index = known.unwrap_or(self.streams.len() - 1);
        let Some(stream) = self.streams.get_mut(index) else { return };
        if made_at == 0 {
            stream.seq = stream.seq.max(seq);
            for mut event in events {
                keep(&mut event, &self.key, name, seq, context);
                stream.push(event);
            }
            self.deadline = self.deadline.min(context.now.mono_ms);
        } else {
            // The other page's process ended before it had taken out what it had put into the batch.
            for packed in &events {
                let mut pending = stream.pending.iter();
                if let Some(index) = pending.position(|event| event.encoded == packed.encoded) {
                    let Some(mut copy) = stream.remove(index) else { continue };
                    context.outbox.forget(&mut copy.slot, context.out);
                    self.counts.accepted -= copy.deliveries;
                }
            }
            let name = stream.name.clone();
            let mut batch = self.new_batch(events, name, seq, made_at, context);
            // The other page gave it to the browser just then.
            let age = context.now.wall_ms.saturating_sub(made_at);
            let left = Limits::ACKNOWLEDGED_MS.saturating_sub(age);
            batch.stage = Stage::AwaitingAck(context.now.mono_ms + left);
            batch.retried = true;
            self.batches.push(batch);
        }
        self.enforce_limit(context);
    }

    /// Goes on without what stands in the outbox, as another stream: whoever takes that up, this page or
    /// another, goes on with the one before.
    pub fn restart(&mut self, stream: String) {
        let mut own = Stream::new(stream);
        for stream in &mut self.streams {
            for event in stream.clear() {
                if event.slot.is_kept() {
                    self.counts.accepted -= event.deliveries;
                } else {
                    own.push(event);
                }
            }
        }
        self.streams.insert(0, own);
        for batch in std::mem::take(&mut self.batches) {
            let first = batch.events.first();
            if batch.slot.is_kept() || first.is_some_and(|event| event.slot.is_kept()) {
                self.counts.accepted -= count_deliveries(&batch.events);
            } else {
                self.batches.push(batch);
            }
        }
    }

    /// Writes what is only in memory to the outbox.
    pub fn save(&mut self, context: &mut Context<'_>) {
        for stream in &mut self.streams {
            for event in stream.pending.iter_mut().filter(|event| !event.slot.is_kept()) {
                keep(event, &self.key, &stream.name, stream.seq, context);
            }
        }
        for mut batch in std::mem::take(&mut self.batches) {
            let taken = batch.class != RetryPolicy::Idempotent && batch.stage != Stage::Ready;
            if !batch.slot.is_kept() && !taken {
                self.write_batch(&mut batch, context);
            }
            self.batches.push(batch);
        }
    }

    /// The text with this number could not be written.
    pub fn write_failed(&mut self, number: u32, context: &mut Context<'_>) {
        for stream in &mut self.streams {
            write_failed(&mut stream.pending.iter_mut(), number, context);
        }
        for batch in &mut self.batches {
            write_failed(&mut batch.events.iter_mut(), number, context);
            if batch.slot.number == number {
                context.outbox.shrink_to_fit(&mut batch.slot, context.out);
            }
        }
    }
}

fn write_failed(
    events: &mut dyn Iterator<Item = &mut Box<PendingEvent>>,
    number: u32,
    context: &mut Context<'_>,
) {
    for event in events {
        if event.slot.number == number {
            context.outbox.shrink_to_fit(&mut event.slot, context.out);
        }
    }
}
