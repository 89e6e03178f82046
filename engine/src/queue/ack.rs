//! What a queue does with news of its batches that come by another way than a request's outcome.

use super::Queue;
use super::batch::Stage;
use super::context::Context;
use crate::effect::Outcome;
use crate::text::{parse_whole, split_once};

impl Queue {
    /// The collector has this batch, `<stream>.<seq>`. Says whether it is, or was, one of this queue's.
    pub fn acknowledge(&mut self, name: &str, context: &mut Context<'_>) -> bool {
        if let Some(index) = self.find(name) {
            self.complete(index, true, context);
            return true;
        }
        let stream = split_once(name, b'.').map_or("", |(stream, _)| stream);
        self.streams.iter().any(|known| *known.name == stream)
    }

    /// The browser is done with a request for this batch.
    pub fn on_request_finished(&mut self, name: &str, status: u16, context: &mut Context<'_>) {
        let Some(index) = self.find(name) else { return };
        let Some(batch) = self.batches.get_mut(index) else { return };
        batch.in_flight_until = 0;
        match (status, batch.stage) {
            (204, _) => self.complete(index, true, context),
            // It may have been stored: that is found out when it goes again.
            (0, _) | (_, Stage::Ready | Stage::InFlight) => {}
            (_, Stage::AwaitingAck(_)) => {
                let id = batch.id;
                self.on_outcome(id, Outcome::Answered { status, retry_after_s: 0 }, context);
            }
        }
    }

    fn find(&self, name: &str) -> Option<usize> {
        let (stream, seq) = split_once(name, b'.')?;
        let seq = parse_whole(seq)?;
        self.batches.iter().position(|batch| batch.seq == seq && *batch.stream == stream)
    }
}
