//! The configuration of a tracker: parsed once, with a path to whatever is wrong in it.

use super::error::{Error, ErrorCode, Problem};
use super::field::{boolean, identifier, text, user_id, whole};
use super::limits::Limits;
use super::protocol::{Batch, Ibexa, Method, Protocol};
use super::read::{Fields, element};
use super::value::Value;

/// The whole configuration, defaults filled in.
#[derive(Debug)]
pub struct Config {
    /// At least one.
    pub destinations: Vec<Destination>,
    /// Item type of events that name none.
    pub item_type: String,
    /// Who the visitor is, and where that is kept.
    pub identity: IdentityConfig,
    /// Consent as the page states it.
    pub consent: Consent,
    /// Treat Global Privacy Control as "denied".
    pub respect_gpc: bool,
    /// Treat Do Not Track as "denied".
    pub respect_dnt: bool,
    /// When a batch is closed.
    pub batch: BatchConfig,
    /// Most events that wait in each destination's queue.
    pub queue_events: usize,
    /// Age at which a waiting event is given up.
    pub queue_age_ms: u64,
}

/// Where events go.
#[derive(Clone, Debug)]
pub struct Destination {
    /// What is spoken there.
    pub protocol: Protocol,
    /// How it gets there.
    pub transport: Transport,
}

/// How requests are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// `navigator.sendBeacon` first.
    Beacon,
    /// `fetch(keepalive)` while the page is visible, a beacon when it is hidden.
    Auto,
    /// `fetch(keepalive)` always.
    Fetch,
}

/// When a batch is closed.
#[derive(Clone, Copy, Debug)]
pub struct BatchConfig {
    /// At so many events,
    pub max_events: usize,
    /// before it would have so many bytes,
    pub max_bytes: usize,
    /// and so long after its first event.
    pub max_wait_ms: u64,
}

/// Who the visitor is, and where that is kept.
#[derive(Clone, Debug)]
pub struct IdentityConfig {
    /// Left out: whoever `login` left. `Some(None)`: nobody is logged in.
    pub user_id: Option<Option<String>>,
    /// The site's own visitor id.
    pub anonymous_id: Option<String>,
    /// The site's own session id.
    pub session_id: Option<String>,
    /// Name of the identity cookie.
    pub cookie_name: String,
    /// Its domain, where the page does not leave it to probing.
    pub cookie_domain: Option<String>,
    /// Its life from the last use.
    pub cookie_days: u32,
    /// Whether anything may be kept on the device.
    pub store: bool,
}

/// What the visitor agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Not asked yet: keep in memory, send and store nothing.
    Pending,
    /// Track.
    Granted,
    /// Send, but store nothing and link to nobody.
    Anonymous,
    /// Send and store nothing.
    Denied,
}

impl Consent {
    /// From the names of index.d.ts.
    pub fn read(value: &Value) -> Result<Self, Problem> {
        match value.as_text() {
            Some("pending") => Ok(Self::Pending),
            Some("granted") => Ok(Self::Granted),
            Some("anonymous") => Ok(Self::Anonymous),
            Some("denied") => Ok(Self::Denied),
            Some(_) | None => Err(Problem::new(
                ErrorCode::OutOfRange,
                "must be \"pending\", \"granted\", \"anonymous\" or \"denied\"",
            )),
        }
    }
}

impl Config {
    /// Reads the configuration. Unknown fields are ignored and told to `unknown`.
    ///
    /// # Errors
    /// [`ErrorCode::Config`] with the path to the first field that makes it unusable.
    pub fn parse(value: &Value, unknown: &mut Vec<Error>) -> Result<Self, Error> {
        Self::read(value, unknown).map_err(|error| Error { code: ErrorCode::Config, ..error })
    }

    fn read(value: &Value, unknown: &mut Vec<Error>) -> Result<Self, Error> {
        let mut f = Fields::new("config", value)?;
        let destinations = destinations(&mut f, unknown)?;
        let identity = identity(f.nested("identity")?, unknown)?;
        let (respect_gpc, respect_dnt) = match f.nested("respect")? {
            None => (true, false),
            Some(mut respect) => {
                let gpc = respect.optional("gpc", boolean)?.unwrap_or(true);
                let dnt = respect.optional("dnt", boolean)?.unwrap_or(false);
                respect.end(unknown);
                (gpc, dnt)
            }
        };
        let mut batch = BatchConfig {
            max_events: Limits::BATCH_EVENTS as usize,
            max_bytes: Limits::BATCH_BYTES as usize,
            max_wait_ms: u64::from(Limits::BATCH_WAIT_MS),
        };
        if let Some(mut b) = f.nested("batch")? {
            if let Some(n) = number(&mut b, "maxEvents", 1, u64::from(Limits::BATCH_EVENTS_MAX))? {
                batch.max_events = n as usize;
            }
            let (least, most) = (Limits::BATCH_BYTES_MIN, Limits::BATCH_BYTES_MAX);
            if let Some(n) = number(&mut b, "maxBytes", u64::from(least), u64::from(most))? {
                batch.max_bytes = n as usize;
            }
            if let Some(n) = number(&mut b, "maxWaitMs", 0, u64::from(Limits::BATCH_WAIT_MS_MAX))? {
                batch.max_wait_ms = n;
            }
            b.end(unknown);
        }
        let (mut queue_events, mut queue_age_ms) =
            (u64::from(Limits::QUEUE_EVENTS), Limits::QUEUE_AGE_MS);
        if let Some(mut q) = f.nested("queue")? {
            let most = u64::from(Limits::QUEUE_EVENTS_MAX);
            queue_events = number(&mut q, "maxEvents", 1, most)?.unwrap_or(queue_events);
            let most = Limits::QUEUE_AGE_MS;
            queue_age_ms = number(&mut q, "maxAgeMs", 1, most)?.unwrap_or(queue_age_ms);
            q.optional("persist", boolean)?;
            q.end(unknown);
        }
        let config = Self {
            destinations,
            item_type: f.optional("itemType", identifier)?.unwrap_or_else(|| "1".to_owned()),
            identity,
            consent: f.optional("consent", Consent::read)?.unwrap_or(Consent::Granted),
            respect_gpc,
            respect_dnt,
            batch,
            queue_events: queue_events as usize,
            queue_age_ms,
        };
        f.end(unknown);
        Ok(config)
    }
}

fn number(f: &mut Fields<'_>, name: &str, least: u64, most: u64) -> Result<Option<u64>, Error> {
    f.optional(name, |value| whole(value, least, most))
}

fn destinations(f: &mut Fields<'_>, unknown: &mut Vec<Error>) -> Result<Vec<Destination>, Error> {
    let path = f.path("destinations");
    let list = match f.get("destinations") {
        None => return Err(f.missing("destinations")),
        Some(Value::List(list)) if list.is_empty() => return Err(f.missing("destinations")),
        Some(Value::List(list)) => list.as_slice(),
        Some(one) => return Ok(vec![destination(Fields::new(path, one)?, unknown)?]),
    };
    list.iter()
        .enumerate()
        .map(|(place, value)| destination(Fields::new(element(&path, place), value)?, unknown))
        .collect()
}

fn destination(mut f: Fields<'_>, unknown: &mut Vec<Error>) -> Result<Destination, Error> {
    let transport = f.optional("transport", |value| match value.as_text() {
        Some("beacon") => Ok(Transport::Beacon),
        Some("auto") => Ok(Transport::Auto),
        Some("fetch") => Ok(Transport::Fetch),
        Some(_) | None => {
            Err(Problem::new(ErrorCode::OutOfRange, "must be \"beacon\", \"auto\" or \"fetch\""))
        }
    })?;
    let name = f.required("protocol", text)?;
    let protocol = match name.as_str() {
        "batch" => Protocol::Batch(Batch::read(&mut f)?),
        "ibexa" => Protocol::Ibexa(Ibexa::read(&mut f)?),
        _ => {
            let detail = "must be \"batch\" or \"ibexa\" in this version";
            return Err(Problem::new(ErrorCode::OutOfRange, detail).at(f.path("protocol")));
        }
    };
    f.end(unknown);
    // A beacon is always a POST.
    let transport = match protocol.method() {
        Method::Get => Transport::Fetch,
        Method::Post => transport.unwrap_or(Transport::Beacon),
    };
    Ok(Destination { protocol, transport })
}

fn identity(f: Option<Fields<'_>>, unknown: &mut Vec<Error>) -> Result<IdentityConfig, Error> {
    let mut identity = IdentityConfig {
        user_id: None,
        anonymous_id: None,
        session_id: None,
        cookie_name: "reco_id".to_owned(),
        cookie_domain: None,
        cookie_days: Limits::COOKIE_DAYS,
        store: true,
    };
    let Some(mut f) = f else { return Ok(identity) };
    identity.user_id = match f.optional("userId", user_id)? {
        Some(id) => Some(Some(id)),
        None => f.has("userId").then_some(None),
    };
    identity.anonymous_id = f.optional("anonymousId", user_id)?;
    identity.session_id = f.optional("sessionId", user_id)?;
    f.optional("accountId", identifier)?;
    if let Some(name) = f.optional("cookieName", cookie_name)? {
        identity.cookie_name = name;
    }
    identity.cookie_domain = f.optional("cookieDomain", cookie_name)?;
    if let Some(days) = number(&mut f, "cookieDays", 1, u64::from(Limits::COOKIE_DAYS_MAX))? {
        identity.cookie_days = days as u32;
    }
    identity.store = f
        .optional("storage", |value| match value.as_text() {
            Some("cookie") => Ok(true),
            Some("memory") => Ok(false),
            Some(_) | None => {
                Err(Problem::new(ErrorCode::OutOfRange, "must be \"cookie\" or \"memory\""))
            }
        })?
        .unwrap_or(true);
    f.end(unknown);
    Ok(identity)
}

/// A name that can stand in a `document.cookie` assignment without changing what it means.
fn cookie_name(value: &Value) -> Result<String, Problem> {
    let name = identifier(value)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if name.bytes().all(plain) {
        Ok(name)
    } else {
        Err(Problem::new(ErrorCode::BadCharacter, "must have letters, digits and -_. only"))
    }
}
