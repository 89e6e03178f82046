//! The envelope of a batch: the fields around its events, or around raw calls.

use crate::error::Refusal;
use crate::event::BatchHead;
use crate::json;
use crate::limits::Limits;
use recobeacon_engine::rules;
use recobeacon_engine::value::Value;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A valid envelope. Its content is not checked yet.
#[derive(Debug)]
pub struct Envelope {
    /// The fields that are stored.
    pub head: BatchHead,
    /// Whether cookies may be set in the response.
    pub ack: bool,
    /// The content.
    pub content: Content,
}

/// The content of an envelope.
#[derive(Debug)]
pub enum Content {
    /// Events, as the tracker sends them.
    Events(Vec<Value>),
    /// Calls, as the stub keeps them.
    Raw(Raw),
}

/// The calls of a page that was left before the tracker had loaded, and the ids of its visitor.
#[derive(Debug)]
pub struct Raw {
    /// The calls. Each may be invalid by itself.
    pub calls: Vec<Box<RawValue>>,
    /// The anonymous id, if the page sends one.
    pub anonymous: Option<String>,
    /// The account, if the page sends one.
    pub user: Option<String>,
    /// The orders that the page's tracker has sent before, in the tracker's own format.
    pub orders: Option<String>,
    /// The configuration that the page passed to `create`.
    pub config: Option<Value>,
}

/// The fields are of any type, so that our own errors refuse wrong ones. serde's error would repeat
/// the value, which may be a user id. Unknown fields are a newer tracker's and are ignored.
#[derive(Deserialize)]
struct Fields {
    v: Option<Value>,
    client: Option<Value>,
    stream: Option<Value>,
    seq: Option<Value>,
    #[serde(rename = "sentAt")]
    sent_at: Option<Value>,
    ack: Option<Value>,
    events: Option<Vec<Value>>,
    raw: Option<Vec<Box<RawValue>>>,
    anonymous: Option<Value>,
    user: Option<Value>,
    orders: Option<Value>,
    config: Option<Value>,
}

impl Envelope {
    /// Reads a body.
    ///
    /// # Errors
    /// The first fault, with the field's name.
    pub fn parse(body: &[u8], limits: &Limits) -> Result<Self, Refusal> {
        let fields: Fields = json::read(body)?.map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Refusal::invalid(format!(
                "the body is not a batch in JSON (line {line}, column {column})"
            ))
        })?;
        if fields.v.as_ref().and_then(Value::as_number) != Some(1.0) {
            return Err(Refusal::invalid("v: must be 1"));
        }
        let content = match (fields.events, fields.raw) {
            (Some(_), Some(_)) => {
                return Err(Refusal::invalid("raw: must not be sent together with events"));
            }
            (None, Some(calls)) => {
                bounded("raw", "call", calls.len(), limits)?;
                let anonymous = text("anonymous", fields.anonymous)?;
                let user = text("user", fields.user)?;
                let orders = text("orders", fields.orders)?;
                let config = fields.config.filter(|config| !config.is_null());
                Content::Raw(Raw { calls, anonymous, user, orders, config })
            }
            (events, None) => {
                let events = events.unwrap_or_default();
                bounded("events", "event", events.len(), limits)?;
                Content::Events(events)
            }
        };
        let head = BatchHead {
            stream: stream(fields.stream.as_ref())?,
            seq: whole("seq", fields.seq.as_ref(), Limits::SEQ)?
                .ok_or(Refusal::invalid("seq: is required"))?,
            bytes: body.len(),
            client: client(fields.client.as_ref())?,
            sent_at: whole("sentAt", fields.sent_at.as_ref(), Limits::LATEST_MS)?,
            customer: None,
        };
        let ack = match fields.ack {
            None | Some(Value::Null | Value::Bool(false)) => false,
            Some(Value::Bool(true)) => true,
            Some(_) => return Err(Refusal::invalid("ack: must be true or false")),
        };
        Ok(Self { head, ack, content })
    }

    /// The batch's name in the query (`b=`) and in its acknowledgement.
    pub fn name(&self) -> String {
        format!("{}.{}", self.head.stream, self.head.seq)
    }
}

/// Refuses an empty list and one that is too long for a batch.
fn bounded(name: &str, of: &str, count: usize, limits: &Limits) -> Result<(), Refusal> {
    let most = limits.batch_events;
    match count {
        0 => Err(Refusal::invalid(format!("{name}: must be a list of at least one {of}"))),
        count if count > most => Err(Refusal::TooLarge(format!("{name}: must be at most {most}"))),
        _ => Ok(()),
    }
}

fn text(name: &str, value: Option<Value>) -> Result<Option<String>, Refusal> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::invalid(format!("{name}: must be text"))),
    }
}

fn stream(value: Option<&Value>) -> Result<String, Refusal> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    match value.and_then(Value::as_text) {
        Some(name)
            if (1..=Limits::STREAM_BYTES).contains(&name.len()) && name.bytes().all(plain) =>
        {
            Ok(name.to_owned())
        }
        Some(_) | None => {
            let most = Limits::STREAM_BYTES;
            Err(Refusal::invalid(format!("stream: must be 1 to {most} letters, digits, - or _")))
        }
    }
}

fn client(value: Option<&Value>) -> Result<Option<String>, Refusal> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Text(name)) if name.len() <= Limits::CLIENT_BYTES => Ok(Some(name.clone())),
        Some(_) => {
            let most = Limits::CLIENT_BYTES;
            Err(Refusal::invalid(format!("client: must be text of at most {most} bytes")))
        }
    }
}

fn whole(name: &str, value: Option<&Value>, most: u64) -> Result<Option<u64>, Refusal> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => rules::whole(value, 0, most)
            .map(Some)
            .map_err(|problem| Refusal::invalid(format!("{name}: {}", problem.detail))),
    }
}
