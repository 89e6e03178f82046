//! What a queue gives up: what is too much, and what is too old.

use super::parcel::{Events, Parcel, Stage, Stream, forget, weigh};
use super::turn::Turn;
use super::{Queue, number};
use crate::engine::effect::Effect;
use crate::engine::error::{ErrorCode, Problem};

static FULL: Problem = Problem::new(ErrorCode::QueueFull, "has more events than queue.maxEvents");
static EXPIRED: Problem = Problem::new(ErrorCode::Expired, "has events older than queue.maxAgeMs");

impl Queue {
    /// A full queue sends what the browser takes now. Only then the oldest gives way to the newest. What the browser has is not ours
    /// to give up.
    pub(super) fn bound(&mut self, turn: &mut Turn<'_>) {
        let mut queued = 0;
        for parcel in &self.parcels {
            queued += parcel.events.len();
        }
        for stream in &self.streams {
            queued += stream.waiting.len();
        }
        while queued as u64 > self.config.queue_events {
            let here = |parcel: &Parcel| parcel.stage != Stage::Open;
            let lost = if let Some(place) = self.parcels.iter().position(|parcel| here(parcel)) {
                let mut parcel = self.parcels.remove(place);
                parcel.release(turn);
                queued -= parcel.events.len();
                if let Stage::Taken(_) = parcel.stage {
                    // The browser has it all the same.
                    self.deliver(&parcel, false, turn.out);
                    continue;
                }
                weigh(&parcel.events)
            } else if let Some(lost) = self.give_up_first(turn) {
                queued -= 1;
                lost
            } else {
                break;
            };
            self.drop(lost, ErrorCode::QueueFull, turn.out);
            if !std::mem::replace(&mut self.reported_full, true) {
                turn.out.push(Effect::Warn(FULL.at(&*self.name)));
            }
        }
        if queued as u64 == self.config.queue_events {
            // Within the page's own call, as a loop leaves no other moment: a call that takes longer is better than a loss.
            self.deadline = turn.now.mono_ms;
            self.send_due(turn);
        }
    }

    /// Takes out the event that waits longest, of those that other pages left first, and says how
    /// many deliveries it stood for.
    fn give_up_first(&mut self, turn: &mut Turn<'_>) -> Option<u32> {
        let stream = self.streams.iter_mut().rev().find(|stream| !stream.waiting.is_empty())?;
        Some(drop_first(stream, &self.key, 1, turn))
    }

    pub(super) fn expire(&mut self, turn: &mut Turn<'_>) {
        let oldest = turn.now.wall_ms.saturating_sub(self.max_age_ms);
        let mut lost = 0;
        for stream in &mut self.streams {
            let fresh = stream.waiting.iter().position(|waiting| waiting.at >= oldest);
            let old = fresh.unwrap_or(stream.waiting.len());
            if old > 0 {
                lost += drop_first(stream, &self.key, old, turn);
            }
        }
        // The first event of a parcel is its oldest.
        let too_old = |parcel: &Parcel| {
            parcel.stage != Stage::Open && parcel.events.first().is_some_and(|e| e.at < oldest)
        };
        while let Some(place) = self.parcels.iter().position(|parcel| too_old(parcel)) {
            let mut parcel = self.parcels.remove(place);
            parcel.release(turn);
            lost += weigh(&parcel.events);
        }
        if lost > 0 {
            self.lose(lost, &EXPIRED, turn.out);
        }
    }
}

/// Takes out so many that wait longest, and says how many deliveries they stood for. The next one is told the stream's
/// number before: the process may end between any two writes.
fn drop_first(stream: &mut Stream, key: &str, events: usize, turn: &mut Turn<'_>) -> u32 {
    let mut gone: Events = Vec::new();
    for _ in 0..events {
        gone.extend(stream.remove(0));
    }
    number(stream, key, turn);
    forget(&mut gone, turn);
    weigh(&gone)
}
