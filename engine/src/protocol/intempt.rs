//! `intempt`: Intempt's recommendation events, of any kinds in one POST.
//!
//! <https://docs.intempt.com/track-events-api-recommendations-1973914m0>

use super::json_post::{self, post};
use super::{Encoded, address, push_segment, unsupported};
use crate::amount::rounded_up;
use crate::base64::base64;
use crate::error::{ErrorCode, Problem};
use crate::event::{Field, Kind};
use crate::fields::Fields;
use crate::json::{Object, push_list};
use crate::record::Record;
use crate::request::{Key, Request};
use crate::rules::{boolean, identifier, text};
use crate::text::{concat, split_once, trim_end};
use crate::value::Value;

static NO_VISITOR: Problem =
    Problem::new(ErrorCode::UnsupportedEvent, "is not sent to Intempt without an identity");
static NOT_KEY: Problem = Problem::new(ErrorCode::BadType, "must be like \"identifier.secret\"");

/// Intempt.
#[derive(Clone, Debug)]
pub struct Intempt {
    url: String,
    source: String,
    key: Option<Key>,
    /// The shop's own event names, by kind.
    names: Vec<(Kind, String)>,
    /// Whether Intempt removes duplicates by their `eventId`, according to the configuration.
    idempotent: bool,
}

impl Intempt {
    /// Reads the destination's fields.
    pub fn read(f: &mut Fields<'_, '_>) -> Self {
        let endpoint = f.read("endpoint", address);
        let endpoint = endpoint.as_deref().unwrap_or("https://api.intempt.com");
        // A source's id has nineteen digits, more than a number can hold, so it must be text.
        let source = f.require("source", identifier);
        let mut url = concat(&[trim_end(endpoint, b'/'), "/v1"]);
        push_segment(&mut url, &f.require("organization", identifier));
        url.push_str("/projects");
        push_segment(&mut url, &f.require("project", identifier));
        url.push_str("/sources");
        push_segment(&mut url, &source);
        url.push_str("/track");
        let idempotent = f.read("idempotent", boolean) == Some(true);
        let mut names = Vec::new();
        if let Some(mut f) = f.nested("names") {
            for kind in Kind::ALL {
                if word(kind).is_some() {
                    names.extend(f.read(kind.name(), text).map(|name| (kind, name)));
                }
            }
            f.end();
        }
        Self { url, source, key: f.read("apiKey", key), names, idempotent }
    }

    /// Its name in `stats()`.
    pub fn name(&self) -> String {
        concat(&["intempt ", &self.source])
    }

    /// Whether its requests can be beacons.
    pub fn bears_beacons(&self) -> bool {
        // A retry ends with the response, and a beacon has none.
        self.key.is_none() && !self.idempotent
    }

    /// Whether a second arrival of an event changes nothing.
    pub fn is_idempotent(&self) -> bool {
        self.idempotent
    }

    /// The event as an element of the list `track`.
    pub fn encode(&self, record: &Record) -> Encoded {
        let (kind, event) = (record.event.kind(), &record.event);
        let word = word(kind).ok_or_else(|| unsupported(kind, "is not known to Intempt"))?;
        let own = self.names.iter().find(|(known, _)| *known == kind);
        let name = own.map_or(word, |(_, name)| name);
        let visitor = record.anonymous.as_deref().ok_or_else(|| NO_VISITOR.at(kind.name()))?;
        let user = record.user.as_deref();
        let mut out = String::new();
        let mut entry = Object::new(&mut out);
        entry.text("name", name);
        if kind == Kind::Login {
            entry.text("type", "alias");
        }
        push_list(entry.key("payload"), [()], |out, ()| {
            let mut payload = Object::new(out);
            payload
                .text("eventId", &record.id)
                .whole("timestamp", record.at)
                .text("profileId", visitor)
                .some_text("userId", user.map(String::as_str));
            if user.is_none() || kind == Kind::Login {
                payload.text("anotherUserId", visitor);
            }
            payload.some_text("accountId", record.account.as_deref().map(String::as_str));
            if let Some(id) = event.get(Field::ItemId) {
                let mut data = Object::new(payload.key("data"));
                data.text("productId", id);
                if let Some(quantity) = event.get(Field::Quantity) {
                    // Its documentation has whole quantities only.
                    data.raw("quantity", &rounded_up(quantity));
                }
                data.end();
            }
            payload.end();
        });
        entry.end();
        Ok(out)
    }

    /// One POST.
    pub fn request(&self, encoded: &[&str]) -> Request {
        let mut body = String::new();
        let mut object = Object::new(&mut body);
        push_list(object.key("track"), encoded, |out, event| out.push_str(event));
        object.end();
        let request = post(self.url.clone(), body, &self.key);
        Request { no_cors: request.no_cors && !self.idempotent, ..request }
    }
}

/// The vendor's name for a kind of event.
fn word(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Click => "Product viewed",
        Kind::Basket => "Added to cart",
        Kind::DeleteFromBasket => "Removed from cart",
        Kind::Buy => "Product ordered",
        Kind::Login => "Identify",
        Kind::Consume
        | Kind::Wishlist
        | Kind::DeleteFromWishlist
        | Kind::Rate
        | Kind::Owns
        | Kind::Blacklist
        | Kind::Rendered
        | Kind::ClickRecommended
        | Kind::TriggerOpened
        | Kind::ClickTriggered
        | Kind::Feedback
        | Kind::CacheHit
        | Kind::LandingPageClick
        | Kind::PredictiveBasketClick => return None,
    })
}

/// The header for an `identifier.secret` (RFC 7617).
fn key(value: &Value) -> Result<Key, &'static Problem> {
    let key = json_post::key(value)?;
    let (identifier, secret) = split_once(&key, b'.').ok_or(&NOT_KEY)?;
    // The header's separator is its first colon, so the identifier must not have one.
    if identifier.is_empty() || secret.is_empty() || split_once(identifier, b':').is_some() {
        return Err(&NOT_KEY);
    }
    let pair = concat(&[identifier, ":", secret]);
    Ok(("Authorization", concat(&["Basic ", &base64(pair.as_bytes())])))
}
