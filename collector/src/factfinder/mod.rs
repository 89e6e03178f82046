//! FACT-Finder's tracking interfaces: the REST interface of Next Generation ([`rest`]) and the
//! older `Tracking.ff` ([`tracking_ff`]). They map the vendor's events to neutral ones.
//!
//! <https://docs.fact-finder.com/api-reference/tracking>
//!
//! Both interfaces have in common:
//! * The session (`sid`) is the visitor, `userId` the account.
//! * Numbers and booleans may be sent as text, and text as numbers: the vendor's own server accepts
//!   this. An empty text counts as absent. Unknown fields are ignored.
//! * A price has no currency on the wire. The channel's currency applies.

mod read;
pub mod rest;
mod schema;
pub mod tracking_ff;

pub use schema::Version;

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

/// The known channels. Without a list every channel is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channels(pub Option<Vec<Channel>>);

impl Channels {
    /// The currency of the channel's prices.
    ///
    /// # Errors
    /// 403 if the channel is not known.
    pub fn currency(&self, channel: &str) -> Result<&str, Refusal> {
        let Some(known) = &self.0 else { return Ok(NO_CURRENCY) };
        let found = known.iter().find(|known| known.name == channel);
        let found = found.ok_or(Refusal::Forbidden("the channel is not known"))?;
        Ok(found.currency.as_deref().unwrap_or(NO_CURRENCY))
    }
}
