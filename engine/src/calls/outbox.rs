//! The outbox and acknowledgements: naming this page's outbox, taking over others, and removing
//! acknowledged batches.

use crate::Engine;
use crate::config::Consent;
use crate::delivery::context::{Conditions, Context};
use crate::delivery::flight::Flight;
use crate::delivery::outbox::number_of;
use crate::delivery::queue::Queue;
use crate::delivery::take_over;
use crate::effect::Effect;
use crate::id::id;
use crate::input::{NO_METHOD, RawBatch};
use crate::limits::Limits;
use crate::text::concat;
use crate::time::Now;

/// The name of the page's stream for the destination with this index. Each collector sees a
/// separate stream without gaps.
pub(crate) fn stream(mut seed: [u8; 16], index: usize) -> String {
    if let Some(last) = seed.last_mut() {
        *last ^= index as u8;
    }
    id(seed)
}

impl Engine {
    /// The queues, and the context for one input.
    pub(crate) fn context<'a>(
        &'a mut self,
        all: bool,
        now: &'a Now,
    ) -> (&'a mut Vec<Queue>, Context<'a>) {
        let mut flight = Flight::default();
        for queue in &self.queues {
            flight.add_destination(queue.in_flight(now.mono_ms));
        }
        let context = Context {
            now,
            conditions: self.conditions(all),
            ids: &mut self.request_ids,
            outbox: &mut self.outbox,
            flight,
            out: &mut self.effects,
        };
        (&mut self.queues, context)
    }

    /// Calls the function for each queue.
    pub(crate) fn each_queue(
        &mut self,
        now: &Now,
        mut act: impl FnMut(&mut Queue, &mut Context<'_>),
    ) {
        let (queues, mut context) = self.context(false, now);
        for queue in queues {
            act(queue, &mut context);
        }
    }

    pub(crate) fn conditions(&self, all: bool) -> Conditions {
        let open = match self.consent {
            Consent::Granted | Consent::Anonymous => self.online,
            Consent::Pending | Consent::Denied => false,
        };
        let visible = self.visible && !self.disposed;
        let ack = self.identity.may_store(self.consent);
        Conditions { open, visible, ack, later: self.later && open && visible, all }
    }

    /// Allows pending events to be stored, if consent and configuration allow it.
    pub(crate) fn open_outbox(&mut self, now: &Now) {
        if self.config.queue_persists && !self.outbox.on {
            self.outbox.on = true;
            self.effects.push(Effect::ClaimOutbox(self.outbox.instance.clone()));
            self.each_queue(now, Queue::write_missing);
        }
    }

    /// Starts new streams after a change of consent, so that later events cannot be linked to
    /// earlier ones.
    pub(crate) fn renew_streams(&mut self, now: &Now) {
        let mut seed = now.entropy;
        // The same bits make the new visitor id. Reversed bits give the streams unrelated names.
        seed.reverse();
        let (queues, mut context) = self.context(false, now);
        for (index, queue) in queues.iter_mut().enumerate() {
            queue.start_stream(stream(seed, index), &mut context);
        }
    }

    /// Takes over an outbox whose page is gone, or reloads this page's own after the back/forward
    /// cache.
    pub(crate) fn outbox_found(
        &mut self,
        instance: &str,
        entries: Vec<(String, String)>,
        now: &Now,
    ) {
        if !self.outbox.on {
            return;
        }
        let own = self.outbox.instance == instance;
        let (queues, mut context) = self.context(false, now);
        if own {
            // Another page may have taken over this outbox in part or as a whole, and it continues
            // the streams. This page therefore starts a new outbox and new streams.
            context.outbox.rename(id(now.entropy));
            context.out.push(Effect::ClaimOutbox(context.outbox.instance.clone()));
            for (index, queue) in queues.iter_mut().enumerate() {
                queue.restart(stream(now.entropy, index));
            }
        }
        take_over(queues, entries, &mut context);
        context.outbox.made_room();
    }

    pub(crate) fn write_failed(&mut self, key: &str, now: &Now) {
        let (queues, mut context) = self.context(false, now);
        let number = number_of(key);
        for queue in queues.iter_mut() {
            queue.write_failed(number, &mut context);
        }
        for queue in queues {
            if context.outbox.has_room(1) {
                queue.write_missing(&mut context);
            }
        }
    }

    /// Takes a raw batch from the façade. For a direct call by the page the method does not exist.
    pub(crate) fn raw_batch(&mut self, raw: RawBatch, now: &Now) {
        if !raw.key.starts_with(RawBatch::PREFIX) {
            return self.reject(NO_METHOD.at("rawBatch"));
        }
        let (queues, mut context) = self.context(false, now);
        if let Some(queue) = queues.iter_mut().find(|queue| queue.is_collectors()) {
            queue.take_over_raw(raw, &mut context);
        }
    }

    /// Removes batches that the collector has acknowledged by cookies. The cookies are deleted
    /// after reading, or if there are too many.
    pub(crate) fn acknowledged(&mut self, batches: Vec<String>, now: &Now) {
        let count = batches.len();
        for (index, batch) in batches.into_iter().enumerate() {
            // Browsers list the oldest cookie first. If a page misses one, it sends its batch
            // again, and the collector drops the copy. The answer to a request from before a no
            // sets a cookie after it.
            let mut is_done =
                index + Limits::ACKNOWLEDGEMENTS < count || self.consent == Consent::Denied;
            self.each_queue(now, |queue, context| is_done |= queue.acknowledge(&batch, context));
            if is_done {
                self.effects.push(Effect::DeleteCookie(concat(&["reco_ack_", &batch])));
            }
        }
    }
}
