//! The stand-in for FACT-Finder's session in the smaller module, which does not support
//! FACT-Finder.
//!
//! The type has no values, so the compiler removes all code that uses one. The rest of the engine
//! needs no `cfg` for it.

use super::config::IdentityConfig;
use super::effect::Effect;
use super::time::Now;
use std::rc::Rc;

/// FACT-Finder's session. It has no values.
#[derive(Debug)]
pub enum Session {}

#[allow(missing_docs)]
impl Session {
    /// The storage key.
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
