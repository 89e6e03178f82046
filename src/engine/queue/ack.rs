//! What a queue does with news of its batches that come by another way than a request's outcome.

use super::Queue;
use super::parcel::Stage;
use super::turn::Turn;
use crate::engine::effect::Outcome;
use crate::engine::text::{parse_whole, split_once};

impl Queue {
    /// The collector has this batch, `<stream>.<seq>`. Says whether it is, or was, one of this queue's.
    pub fn acknowledge(&mut self, batch: &str, turn: &mut Turn<'_>) -> bool {
        if let Some(place) = self.find(batch) {
            self.end(place, true, turn);
            return true;
        }
        let stream = split_once(batch, b'.').map_or("", |(stream, _)| stream);
        self.streams.iter().any(|known| *known.name == stream)
    }

    /// The browser is done with a request for this batch.
    pub fn finish(&mut self, batch: &str, status: u16, turn: &mut Turn<'_>) {
        let Some(place) = self.find(batch) else { return };
        let Some(parcel) = self.parcels.get_mut(place) else { return };
        parcel.slot = 0;
        match (status, parcel.stage) {
            (204, _) => self.end(place, true, turn),
            // It may have been stored: that is found out when it goes again.
            (0, _) | (_, Stage::Held | Stage::Open) => {}
            (_, Stage::Taken(_)) => {
                let id = parcel.id;
                self.settle(id, Outcome::Answered { status, retry_after_s: 0 }, turn);
            }
        }
    }

    fn find(&self, batch: &str) -> Option<usize> {
        let (stream, seq) = split_once(batch, b'.')?;
        let seq = parse_whole(seq)?;
        self.parcels.iter().position(|parcel| parcel.seq == seq && *parcel.stream == stream)
    }
}
