//! What the engine does with the outbox: which is this page's, what is found, what is acknowledged.

use super::Engine;
use super::config::Consent;
use super::effect::Effect;
use super::id::id;
use super::limits::Limits;
use super::queue::journal::number_of;
use super::queue::{Conditions, Flight, Queue, Turn, adopt};
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
    pub(super) fn turn<'a>(
        &'a mut self,
        all: bool,
        now: &'a Now,
    ) -> (&'a mut Vec<Queue>, Turn<'a>) {
        let mut flight = Flight::default();
        for queue in &self.queues {
            flight.add(queue.flown(now.mono_ms));
        }
        let turn = Turn {
            now,
            may: self.conditions(all),
            ids: &mut self.request_ids,
            journal: &mut self.journal,
            flight,
            out: &mut self.effects,
        };
        (&mut self.queues, turn)
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
        if self.config.queue_persists && !self.journal.on {
            self.journal.on = true;
            self.effects.push(Effect::Own(self.journal.instance.clone()));
            let (queues, mut turn) = self.turn(false, now);
            for queue in queues {
                queue.save(&mut turn);
            }
        }
    }

    /// What comes now is not told to be the same visitor's as what came before a decision about consent.
    pub(super) fn renew_streams(&mut self, now: &Now) {
        let mut seed = now.entropy;
        // A new visitor's id is made of the same bits.
        seed.reverse();
        let (queues, mut turn) = self.turn(false, now);
        for (place, queue) in queues.iter_mut().enumerate() {
            queue.renew(stream(seed, place), &mut turn);
        }
    }

    /// Another page's outbox was found without its page; or ours is as it is now.
    pub(super) fn adopted(&mut self, instance: &str, entries: Vec<(String, String)>, now: &Now) {
        if !self.journal.on {
            return;
        }
        let own = self.journal.instance == instance;
        let (queues, mut turn) = self.turn(false, now);
        if own {
            // Another page may have taken it up, in part or at all, and goes on with its streams.
            turn.journal.rename(id(now.entropy));
            turn.out.push(Effect::Own(turn.journal.instance.clone()));
            for (place, queue) in queues.iter_mut().enumerate() {
                queue.begin(stream(now.entropy, place));
            }
        }
        adopt(queues, entries, &mut turn);
        turn.journal.made_room();
    }

    pub(super) fn unkept(&mut self, key: &str, now: &Now) {
        let (queues, mut turn) = self.turn(false, now);
        let number = number_of(key);
        for queue in queues.iter_mut() {
            queue.unkept(number, &mut turn);
        }
        for queue in queues {
            if turn.journal.has_room(1) {
                queue.save(&mut turn);
            }
        }
    }

    /// The collector has these batches, by cookies that are deleted once they are read, or when they are too many.
    pub(super) fn acknowledged(&mut self, batches: Vec<String>, now: &Now) {
        let count = batches.len();
        for (place, batch) in batches.into_iter().enumerate() {
            let (queues, mut turn) = self.turn(false, now);
            // Browsers give the oldest first. Whoever misses one asks the collector.
            let mut goes = place + Limits::ACKNOWLEDGEMENTS < count;
            for queue in queues {
                goes |= queue.acknowledge(&batch, &mut turn);
            }
            if goes {
                self.effects.push(Effect::DeleteCookie(concat(&["reco_ack_", &batch])));
            }
        }
    }
}
