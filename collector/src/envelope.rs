//! What stands around the events of a batch, or around calls that are still to be made events of.

use crate::error::Refusal;
use crate::event::BatchHead;
use crate::limits::Limits;
use recobeacon_engine::rules;
use recobeacon_engine::value::Value;
use serde::Deserialize;
use serde_json::value::RawValue;

/// An envelope that was found valid. What is in it has not been looked at.
#[derive(Debug)]
pub struct Envelope {
    /// What is stored of it.
    pub head: BatchHead,
    /// Whether cookies may be set for it.
    pub ack: bool,
    /// What is in it.
    pub content: Content,
}

/// What is in an envelope.
#[derive(Debug)]
pub enum Content {
    /// Events, as the tracker makes them.
    Events(Vec<Value>),
    /// Calls, as the stub keeps them.
    Raw(Raw),
}

/// The calls of a page that was left before the tracker was there, and who made them.
#[derive(Debug)]
pub struct Raw {
    /// The calls, each of which may be wrong by itself.
    pub calls: Vec<Box<RawValue>>,
    /// The visitor, where the page says who it is.
    pub anonymous: Option<String>,
    /// The account, likewise.
    pub user: Option<String>,
    /// The orders that the page's tracker has sent before, as it keeps them.
    pub orders: Option<String>,
    /// What the page handed to `create`.
    pub config: Option<Value>,
}

/// Fields of any type, so that each can be refused in a sentence of ours. serde's own would repeat
/// the value, which may be a user id. Fields that nobody knows are a newer tracker's.
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
    /// The first thing that is wrong, by its name.
    pub fn parse(body: &[u8], limits: &Limits) -> Result<Self, Refusal> {
        let fields: Fields = serde_json::from_slice(body).map_err(|error| {
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
                return Err(Refusal::invalid("raw: must not stand beside events"));
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
        };
        let ack = match fields.ack {
            None | Some(Value::Null | Value::Bool(false)) => false,
            Some(Value::Bool(true)) => true,
            Some(_) => return Err(Refusal::invalid("ack: must be true or false")),
        };
        Ok(Self { head, ack, content })
    }

    /// What names the batch in the query (`b=`) and in its acknowledgement.
    pub fn name(&self) -> String {
        format!("{}.{}", self.head.stream, self.head.seq)
    }
}

/// Refuses a list that is empty, or longer than one batch may be.
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
