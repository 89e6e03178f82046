//! What stands in the smaller module for the vendors that it does not speak to, and for the data
//! layer that it does not read.
//!
//! None of these can be made, so the compiler leaves out whatever would be done with one. They
//! spare the rest of the engine every other `cfg`.
#![allow(dead_code)] // With one of the features only what the other one misses is needed.

use super::config::IdentityConfig;
use super::effect::Effect;
use super::error::Error;
use super::event::{Event, Kind};
use super::protocol::{BatchShape, Encoded, Request};
use super::pushed::Pushes;
use super::record::Record;
use super::time::Now;
use super::value::Value;
use std::rc::Rc;

/// FACT-Finder, which is not there.
#[derive(Debug)]
pub enum FactFinder {}

/// Intempt, which is not there.
#[derive(Debug)]
pub enum Intempt {}

/// FACT-Finder's session, which nobody asks for.
#[derive(Debug)]
pub enum Session {}

/// An entry of a data layer, which nobody reads.
#[derive(Clone, Debug)]
pub enum Entry {}

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

#[allow(missing_docs)]
impl Session {
    /// Where it would be kept.
    pub const KEY: &str = "reco_session";

    pub fn new(_: &IdentityConfig, _: bool, _: Option<&str>, _: &Now) -> Option<Self> {
        None
    }

    pub fn id(&mut self, _: bool, _: &Now) -> Rc<String> {
        match *self {}
    }

    pub fn end(&mut self) {
        match *self {}
    }

    pub fn reread(&mut self, _: Option<&str>) {
        match *self {}
    }

    pub fn save(&mut self, _: &mut Vec<Effect>) {
        match *self {}
    }
}

#[allow(missing_docs)]
impl Entry {
    pub fn user(&self) -> Option<Value> {
        match *self {}
    }

    pub fn is_copy(&self, _: u64, _: &mut Pushes) -> bool {
        match *self {}
    }

    pub fn events(&self, _: &str, _: &mut Vec<Error>, _: &mut Vec<Error>) -> Vec<Event> {
        match *self {}
    }
}
