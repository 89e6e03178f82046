//! FACT-Finder's tracking interfaces: the REST one of Next Generation ([`rest`]) and the older
//! `Tracking.ff` ([`tracking_ff`]), from the vendor's words to neutral ones.
//!
//! <https://docs.fact-finder.com/api-reference/tracking>
//!
//! What both have in common:
//! * The session (`sid`) is the visitor, `userId` the account.
//! * Numbers and truth values may come as text and texts as numbers, as the vendor's own server
//!   takes them. An empty text is an absent one. Fields that nobody knows are ignored.
//! * A price has no currency on the wire: it is the channel's.

mod read;
pub mod rest;
mod schema;
pub mod tracking_ff;

use crate::error::Refusal;

/// ISO 4217's own code for "no currency is involved".
const NO_CURRENCY: &str = "XXX";

/// A channel: a shop's data in one language, with one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// ISO 4217.
    pub currency: Option<String>,
}

/// The channels that are known; every one is where there is no list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channels(pub Option<Vec<Channel>>);

impl Channels {
    /// The currency of the prices of this channel.
    ///
    /// # Errors
    /// 403 where the channel is not known.
    pub fn currency(&self, channel: &str) -> Result<&str, Refusal> {
        let Some(known) = &self.0 else { return Ok(NO_CURRENCY) };
        let found = known.iter().find(|known| known.name == channel);
        let found = found.ok_or(Refusal::Forbidden("the channel is not known"))?;
        Ok(found.currency.as_deref().unwrap_or(NO_CURRENCY))
    }
}
