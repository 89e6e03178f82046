//! The stand-in for `ga4` in the smaller module, which reads no data layer.
//!
//! The type has no values, so the compiler removes all code that uses one. The rest of the engine
//! needs no `cfg` for it.

use super::error::Error;
use super::event::Event;
use super::pushed::Pushes;
use super::value::Value;

/// An entry of a data layer. It has no values.
#[derive(Clone, Debug)]
pub enum Entry {}

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
