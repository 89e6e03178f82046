//! What becomes of a queue when the visitor withdraws consent. The outbox is erased then: nothing here
//! stands in it any more.

use super::Queue;
use super::journal::Place;
use super::parcel::{Events, Stage, Stream, Waiting, weigh, weigh_all};
use super::turn::Turn;
use crate::engine::error::ErrorCode;
use crate::engine::event::Kind;
use crate::engine::record::Record;
use std::rc::Rc;

impl Queue {
    /// Goes on as another stream. What waits stays in the one before.
    pub fn renew(&mut self, stream: String, turn: &mut Turn<'_>) {
        self.drop_tail(turn);
        self.streams.retain(|stream| !stream.waiting.is_empty());
        self.streams.insert(0, Stream::new(stream));
    }

    /// Gives up everything that waits.
    pub fn clear(&mut self, turn: &mut Turn<'_>) {
        let mut lost = 0;
        for stream in &mut self.streams {
            lost += weigh_all(&mut stream.clear().iter());
        }
        self.drop(lost, ErrorCode::Refused, turn.out);
        self.clear_parcels(turn);
    }

    /// Takes the identity away from what waits: consent is anonymous now. A login says nothing then,
    /// and a request cannot be changed any more, nor what another page left behind.
    pub fn forget_identity(&mut self, session: &Option<Rc<String>>, turn: &mut Turn<'_>) {
        let mut all: Events = Vec::new();
        // The newest stream is the first.
        for stream in self.streams.iter_mut().rev() {
            all.extend(stream.clear());
        }
        for event in all {
            let Waiting { record, weight, .. } = *event;
            let Some(record) = record else {
                self.drop(weight, ErrorCode::Refused, turn.out);
                continue;
            };
            let session = session.clone();
            let record = Record::clone(&record);
            let record = Record {
                user: None,
                anonymous: None,
                account: None,
                purchaser: None,
                session,
                ..record
            };
            match self.destination.protocol.encode(&record, &mut Vec::new()) {
                Ok(encoded) if record.event.kind() != Kind::Login => {
                    self.append(record.into(), encoded, weight, turn);
                }
                _ => self.drop(weight, ErrorCode::UnsupportedEvent, turn.out),
            }
        }
        self.clear_parcels(turn);
        self.plan_tail(turn);
    }

    /// What was sent was sent; what has to go again does not; what is under way does not come back.
    /// The browser's copy has ids, or nobody wants it.
    fn clear_parcels(&mut self, turn: &mut Turn<'_>) {
        self.drop_tail(turn);
        for mut parcel in std::mem::take(&mut self.parcels) {
            match parcel.stage {
                Stage::Held => {
                    self.drop(weigh(&parcel.events), ErrorCode::Refused, turn.out);
                }
                Stage::Taken(_) => self.deliver(&parcel, false, turn.out),
                Stage::Open => {
                    parcel.last = true;
                    parcel.place = Place::default();
                    for event in &mut parcel.events {
                        event.place = Place::default();
                    }
                    self.parcels.push(parcel);
                }
            }
        }
    }
}
