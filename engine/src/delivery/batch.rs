//! A batch: a request, its events, and its state.

use super::context::Context;
use super::entry;
use super::outbox::Slot;
use super::stream::{self, Events, StreamId, count_deliveries};
use crate::effect::{Effect, Send, Via};
use crate::limits::Limits;
use crate::protocol::RetryPolicy;
use crate::request::Request;
use std::rc::Rc;

/// The state of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It is ready to be sent.
    Ready,
    /// The browser has it and will report an outcome.
    InFlight,
    /// The browser took it, but the destination has not acknowledged it. It is sent again at this
    /// moment of the monotonic clock.
    AwaitingAck(u64),
}

/// A request and the events in it. It keeps its bytes when it is sent again.
#[derive(Debug)]
pub struct Batch {
    /// The number under which its outcome is reported.
    pub id: u32,
    /// The stream of its events.
    pub stream: Rc<StreamId>,
    /// Its number in the stream.
    pub seq: u64,
    /// The time when it was made, in milliseconds since the Unix epoch.
    pub made_at: u64,
    /// The request.
    pub request: Rc<Request>,
    /// Its events.
    pub events: Events,
    /// Whether it may be sent again.
    pub retry_policy: RetryPolicy,
    /// Its state.
    pub stage: Stage,
    /// The API that sent it last.
    pub via: Via,
    /// The browser refused it as a beacon, so `fetch` sent it.
    pub refused: bool,
    /// It may have arrived already.
    pub retried: bool,
    /// It was made while storage was allowed.
    pub may_store: bool,
    /// It must not be sent again, because consent was withdrawn.
    pub no_retry: bool,
    /// Until this moment of the monotonic clock it counts as being in flight.
    pub in_flight_until: u64,
    /// Its outbox entry.
    pub slot: Slot,
    /// The `localStorage` key of a raw batch: the calls of a page that was left before the module
    /// had loaded. The collector makes the events, so the batch has none here.
    pub raw_key: Option<String>,
}

impl Batch {
    /// Makes a batch that is ready to be sent.
    pub fn new(
        stream: Rc<StreamId>,
        seq: u64,
        made_at: u64,
        request: Request,
        events: Events,
        retry_policy: RetryPolicy,
        context: &mut Context<'_>,
    ) -> Box<Self> {
        *context.ids += 1;
        Box::new(Self {
            id: *context.ids,
            stream,
            seq,
            made_at,
            request: request.into(),
            events,
            retry_policy,
            stage: Stage::Ready,
            via: Via::Beacon,
            refused: false,
            retried: false,
            // A batch made without permission to store asks for no acknowledgement and is not
            // stored.
            may_store: context.conditions.ack,
            no_retry: false,
            in_flight_until: 0,
            slot: Slot::default(),
            raw_key: None,
        })
    }

    /// Its size in the browser's quota for requests that outlive the page.
    pub fn bytes(&self) -> usize {
        self.request.body.as_ref().map_or(0, String::len)
    }

    /// The number of deliveries that its events stand for.
    pub fn deliveries(&self) -> u32 {
        count_deliveries(&self.events)
    }

    /// Whether the destination drops a copy of it.
    pub fn is_idempotent(&self) -> bool {
        self.retry_policy == RetryPolicy::Idempotent
    }

    /// Whether sending it again does no harm if the outcome of the last request is unknown.
    pub fn may_repeat(&self) -> bool {
        self.retry_policy.may_repeat(self.retried)
    }

    /// Whether an acknowledgement may come after the browser has taken it.
    pub fn awaits_ack(&self) -> bool {
        self.is_idempotent() && self.via == Via::Beacon && !self.no_retry
    }

    /// Whether it is to be sent now.
    pub fn is_due(&self, mono_ms: u64) -> bool {
        self.due_at() <= mono_ms
    }

    /// The time when it is to be sent, or [`NEVER`](crate::time::NEVER) while the browser has it.
    pub fn due_at(&self) -> u64 {
        match self.stage {
            Stage::Ready => 0,
            Stage::InFlight => crate::time::NEVER,
            Stage::AwaitingAck(until) => until,
        }
    }

    /// Whether the batch or its events are stored.
    pub fn is_stored(&self) -> bool {
        self.raw_key.is_some()
            || self.slot.is_stored()
            || self.events.first().is_some_and(|event| event.slot.is_stored())
    }

    /// Continues after an earlier page, which gave it to the browser when it was made.
    pub fn await_earlier_ack(&mut self, context: &Context<'_>) {
        let age = context.now.wall_ms.saturating_sub(self.made_at);
        let left = Limits::ACKNOWLEDGED_MS.saturating_sub(age);
        self.stage = Stage::AwaitingAck(context.now.mono_ms + left);
        self.retried = true;
    }

    /// Gives it to the browser.
    pub fn dispatch(&mut self, via: Via, context: &mut Context<'_>) {
        self.via = via;
        self.stage = Stage::InFlight;
        if self.is_idempotent() || via == Via::Fetch {
            self.in_flight_until = context.now.mono_ms + Limits::SLOT_MS;
            context.flight.add_request(self.bytes(), self.in_flight_until);
        }
        if !self.is_idempotent() && via == Via::Fetch {
            // If it stayed in the outbox, another page would send it a second time.
            self.remove_from_outbox(context);
        }
        context.out.push(Effect::Send(Send { id: self.id, request: self.request.clone(), via }));
    }

    /// Writes it to the outbox. An idempotent batch is stored as it is. Of other batches only the
    /// events are stored, and the page that takes them over makes new requests.
    pub fn write(&mut self, context: &mut Context<'_>) {
        if self.raw_key.is_some() {
            return;
        }
        if !self.is_idempotent() {
            for event in self.events.iter_mut().filter(|event| !event.slot.is_stored()) {
                stream::write(event, &self.stream, self.seq, context);
            }
            return;
        }
        if !self.may_store || self.no_retry || !context.outbox.on {
            return self.remove_from_outbox(context);
        }
        let mut events = self.events.iter().map(|event| &**event);
        let text = entry::write(&self.stream, self.seq, self.made_at, &mut events);
        // The process may end between any two writes. Having both entries for a moment is better
        // than having none, and a page that takes over both drops the events that are in the batch.
        if !context.outbox.has_room(text.len()) {
            self.remove_from_outbox(context);
        }
        context.outbox.store(&mut self.slot, text, context.out);
        stream::remove_from_outbox(&mut self.events, context);
    }

    /// Deletes its outbox entry and those of its events, or the key of a raw batch.
    pub fn remove_from_outbox(&mut self, context: &mut Context<'_>) {
        context.out.extend(self.raw_key.take().map(Effect::Remove));
        context.outbox.remove(&mut self.slot, context.out);
        stream::remove_from_outbox(&mut self.events, context);
    }

    /// Forgets its outbox entries after the whole outbox was erased.
    pub fn forget_outbox(&mut self) {
        self.raw_key = None;
        self.slot = Slot::default();
        for event in &mut self.events {
            event.slot = Slot::default();
        }
    }

    /// Handles an outbox entry that could not be written.
    pub fn write_failed(&mut self, number: u32, context: &mut Context<'_>) {
        let events = self.events.iter_mut().map(|event| &mut event.slot);
        for slot in events.chain([&mut self.slot]).filter(|slot| slot.number == number) {
            context.outbox.shrink_to_fit(slot, context.out);
        }
    }
}
