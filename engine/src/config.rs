//! The configuration of a tracker. Parsing reports the path of an invalid field.

use super::error::{Error, ErrorCode, Problem};
use super::fields::{Fields, Report, element};
use super::identity::ID_COOKIE;
use super::limits::Limits;
use super::protocol::Protocol;
use super::rules::{boolean, identifier, pseudonym, session_id, user_id};
use super::value::Value;
use std::rc::Rc;

/// The whole configuration with defaults. It is made once and shared.
#[derive(Debug)]
pub struct Config {
    /// At least one.
    pub destinations: Vec<Rc<Destination>>,
    /// The item type of events without one.
    pub item_type: String,
    /// The visitor's ids, and their storage.
    pub identity: IdentityConfig,
    /// The consent that the page states.
    pub consent: Consent,
    /// Treat Global Privacy Control as "denied".
    pub respect_gpc: bool,
    /// Treat Do Not Track as "denied".
    pub respect_dnt: bool,
    /// The limits of a batch.
    pub batch: BatchConfig,
    /// Most pending events in each destination's queue.
    pub queue_events: u64,
    /// The number of events that the room in `localStorage` is for.
    pub stored_events: u64,
    /// Age at which a pending event is dropped.
    pub queue_age_ms: u64,
    /// Whether pending events are stored beyond the page, if consent allows storage.
    pub queue_persists: bool,
}

/// A destination.
#[derive(Debug)]
pub struct Destination {
    /// The protocol of the destination.
    pub protocol: Protocol,
    /// The browser API for requests.
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

/// The limits at which a batch is closed.
#[derive(Clone, Copy, Debug)]
pub struct BatchConfig {
    /// At most this many events.
    pub max_events: u64,
    /// At most this many bytes.
    pub max_bytes: u64,
    /// At most this long after its first event.
    pub max_wait_ms: u64,
}

/// The visitor's ids, and their storage.
#[derive(Clone, Debug)]
pub struct IdentityConfig {
    /// The account of the page. `None`: not configured, so the last `login` applies. `Some(None)`:
    /// no user is logged in.
    pub user_id: Option<Option<String>>,
    /// The site's own visitor id.
    pub anonymous_id: Option<String>,
    /// The shop's own session id.
    pub session_id: Option<String>,
    /// The Intempt account that the user belongs to.
    pub account_id: Option<Rc<String>>,
    /// The FACT-Finder purchaser that the user buys for.
    pub purchaser_id: Option<Rc<String>>,
    /// Name of the identity cookie.
    pub cookie_name: String,
    /// The cookie's domain. Absent: the shell finds it.
    pub cookie_domain: Option<String>,
    /// The cookie's lifetime in days from the last use.
    pub cookie_days: u64,
    /// Whether anything may be kept on the device.
    pub store: bool,
}

/// The visitor's consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Not decided: keep events in memory, send and store nothing.
    Pending,
    /// Track.
    Granted,
    /// Send events without an identity, and store nothing.
    Anonymous,
    /// Send and store nothing.
    Denied,
}

impl Consent {
    /// The names that [`Consent::read`] knows, as in index.d.ts.
    pub const NAMES: [&str; 4] = ["pending", "granted", "anonymous", "denied"];

    /// Parses the names of index.d.ts.
    pub fn read(value: &Value) -> Result<Self, &'static Problem> {
        match value.as_text() {
            Some("pending") => Ok(Self::Pending),
            Some("granted") => Ok(Self::Granted),
            Some("anonymous") => Ok(Self::Anonymous),
            Some("denied") => Ok(Self::Denied),
            Some(_) | None => Err(&CONSENT),
        }
    }
}

static CONSENT: Problem = Problem::new(
    ErrorCode::OutOfRange,
    "must be \"pending\", \"granted\", \"anonymous\" or \"denied\"",
);
static SESSION: Problem =
    Problem::new(ErrorCode::OutOfRange, "must be exactly 30 letters or digits for FACT-Finder");
static COOKIE_NAME: Problem =
    Problem::new(ErrorCode::BadCharacter, "may only have letters, digits and -_.");

impl Config {
    /// Whether the events of a destination carry a session id.
    pub fn has_sessions(&self) -> bool {
        self.destinations.iter().any(|destination| destination.protocol.has_sessions())
    }

    /// The largest number of characters that the tracker's keys may have in `localStorage`.
    pub fn storage_characters(&self) -> u32 {
        let asked =
            u64::from(Limits::STORAGE_CHARACTERS) * self.stored_events / Limits::STORED_EVENTS;
        let (least, most) = (Limits::STORAGE_CHARACTERS, Limits::STORAGE_CHARACTERS_MAX);
        asked.clamp(least.into(), most.into()) as u32
    }

    /// The largest number of bytes of one page's outbox. The other keys need an eighth of the
    /// storage.
    pub fn outbox_bytes(&self) -> u32 {
        self.storage_characters() / 8 * 7
    }

    /// Parses the configuration. Unknown fields are ignored and added to `unknown`.
    ///
    /// # Errors
    /// [`ErrorCode::Config`] with the path to the first invalid field.
    pub fn parse(value: &Value, unknown: &mut Vec<Error>) -> Result<Rc<Self>, Error> {
        let mut report = Report::default();
        let config = Rc::new(read(value, &mut report));
        match report.end(unknown) {
            Ok(()) => Ok(config),
            Err(error) => Err(Error { code: ErrorCode::Config, ..error }),
        }
    }
}

fn read(value: &Value, report: &mut Report) -> Config {
    let mut f = Fields::new("config", value, report);
    let destinations = destinations(&mut f);
    let item_type = f.read("itemType", identifier).unwrap_or_else(|| "1".to_owned());
    let consent = f.read("consent", Consent::read).unwrap_or(Consent::Granted);
    let identity = identity(f.nested("identity"));
    let mut config = Config {
        destinations,
        item_type,
        identity,
        consent,
        respect_gpc: true,
        respect_dnt: false,
        batch: BatchConfig {
            max_events: Limits::BATCH_EVENTS,
            max_bytes: Limits::BATCH_BYTES,
            max_wait_ms: Limits::BATCH_WAIT_MS,
        },
        queue_events: Limits::QUEUE_EVENTS,
        stored_events: Limits::STORED_EVENTS,
        queue_age_ms: Limits::QUEUE_AGE_MS,
        queue_persists: true,
    };
    let session = config.identity.session_id.as_deref();
    if session.is_some_and(|id| !session_id(id)) && config.has_sessions() {
        f.advise("identity.sessionId", &SESSION);
        config.identity.session_id = None;
    }
    if let Some(mut f) = f.nested("respect") {
        set(&mut config.respect_gpc, f.read("gpc", boolean));
        set(&mut config.respect_dnt, f.read("dnt", boolean));
        f.end();
    }
    if let Some(mut f) = f.nested("batch") {
        let batch = &mut config.batch;
        let (least, most) = (Limits::BATCH_BYTES_MIN, Limits::BATCH_BYTES_MAX);
        f.whole("maxEvents", &mut batch.max_events, 1, Limits::BATCH_EVENTS_MAX);
        f.whole("maxBytes", &mut batch.max_bytes, least, most);
        f.whole("maxWaitMs", &mut batch.max_wait_ms, 0, Limits::BATCH_WAIT_MS_MAX);
        f.end();
    }
    if let Some(mut f) = f.nested("queue") {
        if f.get("maxEvents").is_some() {
            f.whole("maxEvents", &mut config.queue_events, 1, Limits::QUEUE_EVENTS_MAX);
            config.stored_events = config.queue_events;
        }
        f.whole("maxAgeMs", &mut config.queue_age_ms, 1, Limits::QUEUE_AGE_MS);
        set(&mut config.queue_persists, f.read("persist", boolean));
        f.end();
    }
    f.end();
    config
}

fn set<T>(default: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *default = given;
    }
}

fn destinations(f: &mut Fields<'_, '_>) -> Vec<Rc<Destination>> {
    let name = "destinations";
    let mut found = Vec::new();
    let path = f.path(name);
    match f.get(name) {
        None => f.missing(name),
        Some(Value::List(list)) if list.is_empty() => f.missing(name),
        Some(Value::List(list)) => {
            for (place, value) in list.iter().enumerate() {
                found.extend(f.child(&element(&path, place), value, destination));
            }
        }
        Some(value) => found.extend(f.child(&path, value, destination)),
    }
    found
}

fn destination(mut f: Fields<'_, '_>) -> Option<Rc<Destination>> {
    let transport = f.choice(
        "transport",
        &["beacon", "auto", "fetch"],
        "must be \"beacon\", \"auto\" or \"fetch\"",
    );
    let protocol = Protocol::read(&mut f)?;
    f.end();
    let transport = match (protocol.bears_beacons(), transport) {
        (false, _) | (true, Some(2)) => Transport::Fetch,
        (true, Some(1)) => Transport::Auto,
        (true, _) => Transport::Beacon,
    };
    Some(Rc::new(Destination { protocol, transport }))
}

fn identity(f: Option<Fields<'_, '_>>) -> IdentityConfig {
    let mut identity = IdentityConfig {
        user_id: None,
        anonymous_id: None,
        session_id: None,
        account_id: None,
        purchaser_id: None,
        cookie_name: ID_COOKIE.to_owned(),
        cookie_domain: None,
        cookie_days: Limits::COOKIE_DAYS,
        store: true,
    };
    let Some(mut f) = f else { return identity };
    // A template may print an invalid id for some visitors. Such a visitor has no user id, and the
    // tracker still works.
    identity.user_id = f.optional("userId", user_id).map(Some);
    if identity.user_id.is_none() && f.has("userId") {
        identity.user_id = Some(None);
    }
    identity.anonymous_id = f.optional("anonymousId", user_id);
    set(&mut identity.cookie_name, f.read("cookieName", cookie_name));
    identity.cookie_domain = f.read("cookieDomain", cookie_name);
    f.whole("cookieDays", &mut identity.cookie_days, 1, Limits::COOKIE_DAYS_MAX);
    let storage = f.choice("storage", &["cookie", "memory"], "must be \"cookie\" or \"memory\"");
    identity.store = storage != Some(1);
    // The façade hashes.
    f.choice("hash", &["sha256"], "must be \"sha256\"");
    identity.session_id = f.optional("sessionId", user_id);
    identity.account_id = f.optional("accountId", pseudonym).map(Rc::new);
    identity.purchaser_id = f.optional("purchaserId", pseudonym).map(Rc::new);
    f.end();
    identity
}

/// A name that can be used in a `document.cookie` assignment without escaping.
fn cookie_name(value: &Value) -> Result<String, &'static Problem> {
    let name = identifier(value)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if name.bytes().all(plain) { Ok(name) } else { Err(&COOKIE_NAME) }
}
