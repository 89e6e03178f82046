//! An entry of a data layer in the smaller module, which reads none.
//!
//! It cannot be made, so the compiler leaves out all code that would use one. It spares the rest of the engine a `cfg` at each use.

use super::error::Error;
use super::event::Event;
use super::pushed::Pushes;
use super::value::Value;

/// An entry of a data layer, which nobody reads.
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
