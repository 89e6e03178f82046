//! Raw batches: the calls of a page that was left before the tracker had loaded.
//!
//! The page's stub sends the calls it kept. The tracker's own engine, run for one request, turns
//! them into the same events as in the page. Its input depends on the batch only, not on our clock
//! or random bits, so that a repeated batch gives the same events.

use crate::batch;
use crate::envelope::{Content, Envelope, Raw};
use crate::error::Refusal;
use crate::event::{BatchHead, NewEvent};
use crate::limits::Limits;
use crate::pseudonym::Hasher;
use recobeacon_engine::config::Config;
use recobeacon_engine::effect::Effect;
use recobeacon_engine::event::Kind;
use recobeacon_engine::identity::{OFF_COOKIE, Stored, USER_COOKIE};
use recobeacon_engine::input::Input;
use recobeacon_engine::limits::Limits as Tracker;
use recobeacon_engine::time::Now;
use recobeacon_engine::value::Value;
use recobeacon_engine::{Engine, Signals};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::rc::Rc;

/// The visitor's data in the request's headers.
pub struct Visitor<'a> {
    /// A cookie's value by its name, decoded.
    pub cookie: &'a dyn Fn(&str) -> Option<String>,
    /// The default name of the identity cookie. The page's configuration may name another.
    pub cookie_name: &'a str,
    /// `Sec-GPC: 1`
    pub gpc: bool,
    /// `DNT: 1`
    pub dnt: bool,
}

/// The result of a raw batch.
#[derive(Debug)]
pub struct Outcome {
    /// The events, in their order.
    pub events: Vec<NewEvent>,
    /// Whether the visitor allows storage on the device. Cookies may be set only then.
    pub may_store: bool,
}

/// One call: `[verb, arguments, milliseconds]`.
struct Call {
    /// Its place in the batch.
    place: usize,
    verb: String,
    args: Vec<Value>,
    at: u64,
}

/// Turns the calls into events. An invalid call is left out, as in the page.
///
/// # Errors
/// The tracker would refuse the page's configuration, or there are too many events.
pub fn read(
    raw: Raw,
    head: &BatchHead,
    visitor: &Visitor<'_>,
    received_at: u64,
    hasher: &Hasher,
    limits: &Limits,
) -> Result<Outcome, Refusal> {
    let identity = raw.config.as_ref().and_then(|config| config.field("identity"));
    let named = identity.and_then(|identity| identity.field("cookieName")?.as_text());
    let cookie_name = named.unwrap_or(visitor.cookie_name).to_owned();
    let config = configuration(raw.config)?;
    let calls: Vec<Call> = raw.calls.into_iter().enumerate().filter_map(call).collect();
    let cookie = visitor.cookie;
    let (id, user) = match (raw.anonymous, raw.user) {
        (None, None) if config.identity.store => (cookie(&cookie_name), cookie(USER_COOKIE)),
        said => said,
    };
    let off = cookie(OFF_COOKIE).is_some();
    let stored = Stored { id, user, off, orders: raw.orders, ..Stored::default() };
    let moment = |name: &str, wall_ms| Now {
        wall_ms,
        mono_ms: 0,
        entropy: bits(&format!("{}.{}.{name}", head.stream, head.seq)),
    };
    let signals = Signals {
        gpc: visitor.gpc,
        dnt: visitor.dnt,
        online: true,
        visible: true,
        later: false,
        // The seed depends on the stream alone: without cookies, all calls of a page belong to one
        // visitor.
        seed: [bits(&head.stream); 2],
    };
    let first = calls.first().map(|call| call.at).or(head.sent_at);
    let start = moment("start", first.unwrap_or_default());
    let (mut engine, mut effects) = Engine::new(Rc::clone(&config), &stored, signals, &start);
    for Call { place, verb, args, at } in calls {
        let now = moment(&place.to_string(), at);
        effects.extend(engine.handle(Input::from_call(&verb, args, at), &now));
    }
    // A time before every call, so that no call is too old.
    let end = moment("end", 0);
    // A visible page has only a few requests in flight, and no response arrives here. A hidden page
    // sends all.
    effects.extend(engine.handle(Input::Hidden, &end));
    while engine.is_flushing() && !engine.is_disposed() {
        let more = engine.handle(Input::Flush, &end);
        if more.is_empty() {
            break;
        }
        effects.extend(more);
    }

    let mut events = Vec::new();
    for effect in effects {
        let Effect::Send(send) = effect else { continue };
        let body = send.request.body.as_deref().unwrap_or_default();
        if let Content::Events(made) = Envelope::parse(body.as_bytes(), limits)?.content {
            events.extend(batch::read(made, hasher)?.0);
        }
    }
    if events.len() > limits.batch_events {
        let most = limits.batch_events;
        return Err(Refusal::TooLarge(format!("raw: must be at most {most} events")));
    }
    // The login of a stored account was sent when the page stored it.
    let hashed = |id: &Option<String>| id.as_ref().map(|id| hasher.hash(id));
    let known = (hashed(&stored.id), hashed(&stored.user));
    events.retain(|event| {
        event.kind != Kind::Login.name() || (&event.anonymous, &event.user) != (&known.0, &known.1)
    });
    for event in &mut events {
        event.at = event.at.min(received_at);
    }
    let may_store = config.identity.store && engine.anonymous_id().is_some();
    Ok(Outcome { events, may_store })
}

/// The parts of the page's configuration that affect events, with one destination: this collector.
fn configuration(given: Option<Value>) -> Result<Rc<Config>, Refusal> {
    let mut fields = match given {
        None => Vec::new(),
        Some(Value::Map(fields)) => fields,
        Some(_) => return Err(Refusal::invalid("config: must be an object")),
    };
    let is_asked = |(name, value): &(String, Value)| {
        name == "consentFrom" && !matches!(value, Value::Null | Value::Bool(false))
    };
    let is_asked = fields.iter().any(is_asked);
    fields.retain(|(name, value)| {
        let counts = ["itemType", "identity", "consent", "respect"].contains(&name.as_str());
        counts && !value.is_null()
    });
    let mut set = |name: &str, value| fields.push((name.to_owned(), value));
    let map = |pairs: [(&str, Value); 2]| {
        Value::Map(pairs.map(|(name, value)| (name.to_owned(), value)).into())
    };
    let text = |text: &str| Value::Text(text.to_owned());
    let batch = [
        ("maxEvents", Value::Number(Tracker::BATCH_EVENTS_MAX as f64)),
        ("maxBytes", Value::Number(Tracker::BATCH_BYTES_MAX as f64)),
    ];
    set("destinations", map([("protocol", text("batch")), ("endpoint", text("/"))]));
    set("batch", map(batch));
    // As in the page: until the visitor answers, there is no consent. Existing cookies and storage
    // are read first.
    if is_asked {
        set("consent", text("pending"));
    }
    Config::parse(&Value::Map(fields), &mut Vec::new())
        .map_err(|error| Refusal::invalid(format!("{}: {}", error.field, error.detail)))
}

fn call((place, raw): (usize, Box<RawValue>)) -> Option<Call> {
    let read = |json: &str| serde_json::from_str::<(String, Vec<Value>, f64)>(json).ok();
    let (verb, args, at) = read(raw.get()).or_else(|| read(&mend(raw.get())))?;
    let right = (0.0..=Limits::LATEST_MS as f64).contains(&at);
    right.then_some(Call { place, verb, args, at: at as u64 })
}

/// Replaces each unpaired surrogate by U+FFFD. A title that was cut within an emoji must not cost a
/// purchase.
fn mend(json: &str) -> String {
    let mut out = String::new();
    let mut rest = json;
    while let Some((before, escape)) = rest.find('\\').and_then(|at| rest.split_at_checked(at)) {
        out.push_str(before);
        let (kept, length) = match (unit(escape, 0), unit(escape, 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (true, 12),
            (Some(0xd800..=0xdfff), _) => (false, 6),
            (Some(_), _) => (true, 6),
            (None, _) => (true, 2),
        };
        let (this, behind) = escape.split_at_checked(length).unwrap_or((escape, ""));
        out.push_str(if kept { this } else { "\\ufffd" });
        rest = behind;
    }
    out + rest
}

/// The UTF-16 unit of the escape at this position.
fn unit(json: &str, at: usize) -> Option<u32> {
    let digits = json.get(at..)?.strip_prefix("\\u")?.get(..4)?;
    u32::from_str_radix(digits, 16).ok()
}

/// Bits that depend on the input only.
fn bits(of: &str) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::digest(of).into();
    digest.first_chunk().copied().unwrap_or_default()
}
