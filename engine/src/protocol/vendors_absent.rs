//! FACT-Finder and Intempt in the smaller module, which does not speak to them.
//!
//! Neither can be made, so the compiler leaves out all code that would use one. They spare the rest of the engine a `cfg` at each use.

use super::Encoded;
use crate::error::Error;
use crate::event::Kind;
use crate::protocol::BatchShape;
use crate::record::Record;
use crate::request::Request;

/// FACT-Finder, which is not there.
#[derive(Debug)]
pub enum FactFinder {}

/// Intempt, which is not there.
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
