//! The outbox and acknowledgements: which outbox is this page's, what is found in others, and what the collector has.

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

/// The name of a page's stream at the destination with this index. Each collector sees a stream of its own, without gaps.
pub(crate) fn stream(mut seed: [u8; 16], index: usize) -> String {
    if let Some(last) = seed.last_mut() {
        *last ^= index as u8;
    }
    id(seed)
}

impl Engine {
    /// The queues, and what they are lent for one input.
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

    /// Lets each queue act on one input.
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

    /// Pending events may be stored from now on, if the configuration allows it.
    pub(crate) fn open_outbox(&mut self, now: &Now) {
        if self.config.queue_persists && !self.outbox.on {
            self.outbox.on = true;
            self.effects.push(Effect::ClaimOutbox(self.outbox.instance.clone()));
            self.each_queue(now, Queue::write_missing);
        }
    }

    /// Starts a stream of its own for the events after a decision about consent, so that nothing links them to those before it.
    pub(crate) fn renew_streams(&mut self, now: &Now) {
        let mut seed = now.entropy;
        // A new visitor's id is made of the same bits.
        seed.reverse();
        let (queues, mut context) = self.context(false, now);
        for (index, queue) in queues.iter_mut().enumerate() {
            queue.start_stream(stream(seed, index), &mut context);
        }
    }

    /// Another page's outbox was found without its page; or ours is as it is now.
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
            // Another page may have taken it up, in part or at all, and goes on with its streams.
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

    /// Takes a raw batch from the façade. A page that makes such a call itself is told that there is no such method.
    pub(crate) fn raw_batch(&mut self, raw: RawBatch, now: &Now) {
        if !raw.key.starts_with(RawBatch::PREFIX) {
            return self.reject(NO_METHOD.at("rawBatch"));
        }
        let (queues, mut context) = self.context(false, now);
        if let Some(queue) = queues.iter_mut().find(|queue| queue.is_collectors()) {
            queue.take_over_raw(raw, &mut context);
        }
    }

    /// The collector has these batches, by cookies that are deleted once they are read, or when they are too many.
    pub(crate) fn acknowledged(&mut self, batches: Vec<String>, now: &Now) {
        let count = batches.len();
        for (index, batch) in batches.into_iter().enumerate() {
            // Browsers list the oldest cookie first. A page that misses one sends its batch again, and the collector drops the copy.
            let mut is_done = index + Limits::ACKNOWLEDGEMENTS < count;
            self.each_queue(now, |queue, context| is_done |= queue.acknowledge(&batch, context));
            if is_done {
                self.effects.push(Effect::DeleteCookie(concat(&["reco_ack_", &batch])));
            }
        }
    }
}
