//! What the engine does with the outbox: which is this page's, what is found, what is acknowledged.

use super::Engine;
use super::config::Consent;
use super::effect::Effect;
use super::id::id;
use super::limits::Limits;
use super::queue::outbox::number_of;
use super::queue::{Conditions, Context, Flight, Queue, take_over};
use super::text::concat;
use super::time::Now;

/// The name of a page instance's stream at the destination in this place: each collector sees one of its
/// own, without gaps.
pub(super) fn stream(mut seed: [u8; 16], place: usize) -> String {
    if let Some(last) = seed.last_mut() {
        *last ^= place as u8;
    }
    id(seed)
}

impl Engine {
    /// The queues, and what they are lent for one input.
    pub(super) fn context<'a>(
        &'a mut self,
        all: bool,
        now: &'a Now,
    ) -> (&'a mut Vec<Queue>, Context<'a>) {
        let mut flight = Flight::default();
        for queue in &self.queues {
            flight.add(queue.in_flight(now.mono_ms));
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

    pub(super) fn conditions(&self, all: bool) -> Conditions {
        let open = match self.consent {
            Consent::Granted | Consent::Anonymous => self.online,
            Consent::Pending | Consent::Denied => false,
        };
        let visible = self.visible && !self.disposed;
        let ack = self.identity.may_store(self.consent);
        Conditions { open, visible, ack, later: self.later && open && visible, all }
    }

    /// From now on what waits may be stored, if the page lets it.
    pub(super) fn open_outbox(&mut self, now: &Now) {
        if self.config.queue_persists && !self.outbox.on {
            self.outbox.on = true;
            self.effects.push(Effect::ClaimOutbox(self.outbox.instance.clone()));
            let (queues, mut context) = self.context(false, now);
            for queue in queues {
                queue.save(&mut context);
            }
        }
    }

    /// What comes now is not told to be the same visitor's as what came before a decision about consent.
    pub(super) fn renew_streams(&mut self, now: &Now) {
        let mut seed = now.entropy;
        // A new visitor's id is made of the same bits.
        seed.reverse();
        let (queues, mut context) = self.context(false, now);
        for (place, queue) in queues.iter_mut().enumerate() {
            queue.start_stream(stream(seed, place), &mut context);
        }
    }

    /// Another page's outbox was found without its page; or ours is as it is now.
    pub(super) fn outbox_found(
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
            for (place, queue) in queues.iter_mut().enumerate() {
                queue.restart(stream(now.entropy, place));
            }
        }
        take_over(queues, entries, &mut context);
        context.outbox.made_room();
    }

    pub(super) fn write_failed(&mut self, key: &str, now: &Now) {
        let (queues, mut context) = self.context(false, now);
        let number = number_of(key);
        for queue in queues.iter_mut() {
            queue.write_failed(number, &mut context);
        }
        for queue in queues {
            if context.outbox.has_room(1) {
                queue.save(&mut context);
            }
        }
    }

    /// The collector has these batches, by cookies that are deleted once they are read, or when they are too many.
    pub(super) fn acknowledged(&mut self, batches: Vec<String>, now: &Now) {
        let count = batches.len();
        for (place, batch) in batches.into_iter().enumerate() {
            let (queues, mut context) = self.context(false, now);
            // Browsers give the oldest first. Whoever misses one asks the collector.
            let mut goes = place + Limits::ACKNOWLEDGEMENTS < count;
            for queue in queues {
                goes |= queue.acknowledge(&batch, &mut context);
            }
            if goes {
                self.effects.push(Effect::DeleteCookie(concat(&["reco_ack_", &batch])));
            }
        }
    }
}
