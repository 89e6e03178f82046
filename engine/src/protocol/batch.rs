//! `batch`: many events in one POST to a first-party collector (docs/reference/wire.md, "The batch form").

use super::address;
use crate::fields::Fields;
use crate::json::{Object, push_list};
use crate::limits::Limits;
use crate::number::push_whole;
use crate::record::Record;
use crate::request::{Method, Request};
use crate::rules::text;
use crate::text::{concat, split_once};

/// A first-party collector.
#[derive(Clone, Debug)]
pub struct Batch {
    endpoint: String,
    token: Option<String>,
}

/// The envelope of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// The id of the page instance.
    pub stream: &'a str,
    /// The batch's number within it, from 0.
    pub seq: u64,
    /// The time when it was made, in milliseconds since the Unix epoch.
    pub sent_at: u64,
    /// Whether the collector may acknowledge by a cookie.
    pub ack: bool,
}

/// The length of `{"v":1,...,"events":[]}` with 20 digits for `seq` and `sentAt` and ten characters
/// of version.
const ENVELOPE_BYTES: usize = 180;
/// The length of `\u001f`, which stands for one byte.
const LONGEST_ESCAPE: usize = 6;

impl Batch {
    /// Reads the destination's fields.
    pub fn read(f: &mut Fields<'_, '_>) -> Self {
        Self { endpoint: f.require("endpoint", address), token: f.read("token", text) }
    }

    /// Its name in `stats()`.
    pub fn name(&self) -> String {
        concat(&["batch ", &self.endpoint])
    }

    /// Assumes that every number is at its longest.
    pub fn envelope_bytes(&self) -> usize {
        let token = self.token.as_ref().map_or(0, |token| token.len() * LONGEST_ESCAPE);
        ENVELOPE_BYTES + token
    }

    /// The event as an element of the list `events`.
    pub fn encode(&self, record: &Record) -> String {
        let mut out = String::new();
        let mut object = Object::new(&mut out);
        object
            .text("id", &record.id)
            .text("type", record.event.kind().name())
            .whole("at", record.at)
            .some_text("user", record.user.as_deref().map(String::as_str))
            .some_text("anonymous", record.anonymous.as_deref().map(String::as_str))
            // A collector forwards these to the vendors that need them.
            .some_text("session", record.session.as_deref().map(String::as_str))
            .some_text("account", record.account.as_deref().map(String::as_str))
            .some_text("purchaser", record.purchaser.as_deref().map(String::as_str));
        record.event.write(&mut object);
        object.end();
        out
    }

    /// A request without a batch name in its URL, so that its arrival acknowledges no batch.
    pub fn fetch_later_request(&self, encoded: &[&str], envelope: &Envelope<'_>) -> Request {
        Request { url: self.endpoint.clone(), ..self.request(encoded, envelope) }
    }

    /// One POST. The batch's name is in the URL as well, so that its Resource Timing entry can be
    /// found and the beacon's end is known.
    pub fn request(&self, encoded: &[&str], envelope: &Envelope<'_>) -> Request {
        let mut url = self.endpoint.clone();
        url.push(if split_once(&url, b'?').is_some() { '&' } else { '?' });
        url.push_str("b=");
        url.push_str(envelope.stream);
        url.push('.');
        push_whole(&mut url, envelope.seq);

        let mut body = String::with_capacity(Limits::BATCH_BYTES as usize);
        let mut object = Object::new(&mut body);
        object
            .whole("v", 1)
            .text("client", concat!("recobeacon/", env!("CARGO_PKG_VERSION")))
            .text("stream", envelope.stream)
            .whole("seq", envelope.seq)
            .whole("sentAt", envelope.sent_at);
        if envelope.ack {
            object.boolean("ack", true);
        }
        object.some_text("token", self.token.as_deref());
        push_list(object.key("events"), encoded, |out, event| out.push_str(event));
        object.end();
        let (method, body) = (Method::Post, Some(body));
        Request { method, url, body, key: None, to_vendor: false, no_cors: false }
    }
}
