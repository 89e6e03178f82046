//! What becomes of a queue when the visitor withdraws consent. The outbox is erased then: nothing here
//! stands in it any more.

use super::Queue;
use super::journal::Place;
use super::parcel::{Stage, Waiting, weigh};
use super::turn::Turn;
use crate::engine::error::ErrorCode;
use crate::engine::event::Kind;
use crate::engine::record::Record;
use std::rc::Rc;

impl Queue {
    /// Gives up everything that waits.
    pub fn clear(&mut self, turn: &mut Turn<'_>) {
        let mut lost = 0;
        for stream in &mut self.streams {
            lost += weigh(&stream.waiting);
            stream.waiting.clear();
            stream.bytes = 0;
        }
        self.drop(lost, ErrorCode::Refused, turn.out);
        self.clear_parcels(turn);
    }

    /// Takes the identity away from what waits: consent is anonymous now. A login says nothing then,
    /// and a request cannot be changed any more, nor what another page left behind.
    pub fn forget_identity(&mut self, session: &Option<Rc<String>>, turn: &mut Turn<'_>) {
        for place in 0..self.streams.len() {
            let Some(stream) = self.streams.get_mut(place) else { break };
            stream.bytes = 0;
            for event in std::mem::take(&mut stream.waiting) {
                let Waiting { record, weight, .. } = *event;
                let Some(record) = record else {
                    self.drop(weight, ErrorCode::Refused, turn.out);
                    continue;
                };
                let session = session.clone();
                let record = Record::clone(&record);
                let record =
                    Record { user: None, anonymous: None, account: None, session, ..record };
                match self.destination.protocol.encode(&record, &mut Vec::new()) {
                    Ok(encoded) if record.event.kind() != Kind::Login => {
                        self.append(record.into(), encoded, weight, turn);
                    }
                    _ => self.drop(weight, ErrorCode::UnsupportedEvent, turn.out),
                }
            }
        }
        self.clear_parcels(turn);
    }

    /// What was sent was sent; what has to go again does not; what is under way does not come back.
    fn clear_parcels(&mut self, turn: &mut Turn<'_>) {
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
