//! FACT-Finder's session in the smaller module, which does not speak to FACT-Finder.
//!
//! It cannot be made, so the compiler leaves out all code that would use one. It spares the rest of the engine a `cfg` at each use.

use super::config::IdentityConfig;
use super::effect::Effect;
use super::time::Now;
use std::rc::Rc;

/// FACT-Finder's session, which nobody asks for.
#[derive(Debug)]
pub enum Session {}

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
