//! The stand-ins for FACT-Finder and Intempt in the smaller module, which does not support them.
//!
//! The types have no values, so the compiler removes all code that uses one. The rest of the engine
//! needs no `cfg` for them.

use super::Encoded;
use crate::error::Error;
use crate::event::Kind;
use crate::protocol::BatchShape;
use crate::record::Record;
use crate::request::Request;

/// FACT-Finder. It has no values.
#[derive(Debug)]
pub enum FactFinder {}

/// Intempt. It has no values.
#[derive(Debug)]
pub enum Intempt {}

#[allow(missing_docs)]
impl FactFinder {
    pub fn name(&self) -> String {
        match *self {}
    }

    pub fn bears_beacons(&self) -> bool {
        match *self {}
    }

    pub fn batch_shape(&self) -> BatchShape {
        match *self {}
    }

    pub fn encode(&self, _: &Record, _: &mut Vec<Error>) -> Encoded {
        match *self {}
    }

    pub fn request(&self, _: Kind, _: &[&str]) -> Request {
        match *self {}
    }
}

#[allow(missing_docs)]
impl Intempt {
    pub fn name(&self) -> String {
        match *self {}
    }

    pub fn bears_beacons(&self) -> bool {
        match *self {}
    }

    pub fn is_idempotent(&self) -> bool {
        match *self {}
    }

    pub fn encode(&self, _: &Record) -> Encoded {
        match *self {}
    }

    pub fn request(&self, _: &[&str]) -> Request {
        match *self {}
    }
}
