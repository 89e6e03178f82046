//! The inputs of the engine, and the mapping from calls of the page to inputs.

use super::effect::Outcome;
use super::error::{Error, ErrorCode, Problem};
use super::event::Kind;
use super::ga4::Entry;
use super::identity::Stored;
use super::limits::Limits;
use super::text::shorten;
use super::value::Value;

/// The tracker has no method of this name.
pub static NO_METHOD: Problem = Problem::new(ErrorCode::UnknownEvent, "is not a tracker method");

/// All inputs.
#[derive(Clone, Debug)]
pub enum Input {
    /// The page reports an event that happened at this time (ms since the epoch).
    Track(Kind, Value, u64),
    /// Purchases that were sent before the module had loaded.
    OrderSent(Value),
    /// Calls are lost: there was no room, they were too old, or they could not be read.
    CallsLost(u32, ErrorCode),
    /// A call of `login`.
    Login(Value, u64),
    /// A call of `logout`.
    Logout(Value),
    /// A new page view in a single-page application.
    Page,
    /// A call of `consent`.
    Consent(Value),
    /// A consume timer starts: handle, item, options.
    StartTimer(u32, Value, Value),
    /// A consume timer stops.
    StopTimer(u32),
    /// A report of the page's observers about a timer or a container.
    Observed(Observation, Vec<Value>),
    /// A vendor's ready-made link is to be followed.
    Follow(Value, u64),
    /// The page's data layer has a new entry.
    DataLayer(Entry, u64),
    /// A call that cannot be executed.
    Reject(Error),
    /// The requested time has come.
    Wake,
    /// The visitor is active.
    UserActivity,
    /// The page was hidden or is about to be left.
    Hidden,
    /// The page is visible again. Another tab may have changed the stored values, so they are
    /// passed along.
    Shown(Stored),
    /// The stored values, before a call that depends on what other tabs have done.
    Reread(Stored),
    /// The browser has lost its network, or has one again.
    Online(bool),
    /// Send everything now.
    Flush,
    /// The outcome of a request.
    Outcome(u32, Outcome),
    /// This page now owns the outbox of this name, with these keys and texts. It is another page's
    /// that is gone, or the page's own after the back/forward cache.
    OutboxFound(String, Vec<(String, String)>),
    /// An earlier page sent this batch before its module had loaded, and it is not acknowledged.
    RawBatch(RawBatch),
    /// An entry of the outbox could not be written under this key.
    WriteFailed(String),
    /// Batches, `<stream>.<seq>`, that the collector has acknowledged by cookies.
    Acknowledged(Vec<String>),
    /// The browser has finished the request of a batch, `<stream>.<seq>`. The status is 0 if it is
    /// not visible.
    RequestFinished(String, u16),
    /// Send everything now and ignore later inputs.
    Dispose,
}

/// The kinds of reports of the page's observers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    /// A timer's progress. For scroll: handle, the element's height above the lower edge of its
    /// visible part, and its whole height, in CSS pixels. For media: handle, duration if known, and
    /// starts and ends of the played ranges, in ms.
    Progress,
    /// A container of recommendations is added: options, handle.
    Observe,
    /// The visible parts of a container's elements: handle, list.
    InView,
    /// A container is removed: handle.
    Unobserve,
}

impl Observation {
    const ALL: [(&str, Self); 5] = [
        ("scrolled", Self::Progress),
        ("played", Self::Progress),
        ("observeRecommendations", Self::Observe),
        ("looked", Self::InView),
        ("unobserve", Self::Unobserve),
    ];
}

/// A batch of calls that an earlier page sent unchanged.
#[derive(Clone, Debug)]
pub struct RawBatch {
    /// Its storage key, `reco_raw_<stream>`. Its number in the stream is 0.
    pub key: String,
    /// The absolute address of the collector.
    pub url: String,
    /// The body, which the collector parses.
    pub body: String,
    /// The time of sending, in milliseconds since the Unix epoch.
    pub sent_at: u64,
}

impl RawBatch {
    /// The prefix of their keys. The stream's name follows.
    pub const PREFIX: &str = "reco_raw_";
}

/// How much is sent because of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sends {
    /// Nothing: the input comes within the page's own call or the visitor's action, which must not
    /// be delayed.
    Nothing,
    /// Everything that is due.
    Due,
    /// Everything: the page is being left, or asked for a flush.
    All,
}

impl Input {
    /// Whether it is the outcome of an effect. It is no new reason to send, also not in a hidden
    /// page: a request that fails at once would be repeated without a pause.
    pub fn is_answer(&self) -> bool {
        matches!(
            self,
            Self::Outcome(..)
                | Self::Acknowledged(_)
                | Self::RequestFinished(..)
                | Self::WriteFailed(_)
        )
    }

    /// How much of the queues is sent because of it.
    pub fn sends(&self) -> Sends {
        match self {
            Self::Track(..)
            | Self::OrderSent(_)
            | Self::CallsLost(..)
            | Self::Login(..)
            | Self::Logout(_)
            | Self::Page
            | Self::Consent(_)
            | Self::StartTimer(..)
            | Self::StopTimer(_)
            | Self::Observed(..)
            | Self::Follow(..)
            | Self::DataLayer(..)
            | Self::Reject(_)
            | Self::UserActivity
            | Self::OutboxFound(..)
            | Self::RawBatch(_)
            | Self::Reread(_)
            | Self::WriteFailed(_) => Sends::Nothing,
            Self::Wake
            | Self::Shown(_)
            | Self::Online(_)
            | Self::Outcome(..)
            | Self::Acknowledged(_)
            | Self::RequestFinished(..) => Sends::Due,
            Self::Hidden | Self::Flush | Self::Dispose => Sends::All,
        }
    }

    /// The input for a call of the page. `args` are the method's arguments.
    pub fn from_call(verb: &str, args: Vec<Value>, at: u64) -> Self {
        if let Some((_, what)) = Observation::ALL.iter().find(|(name, _)| *name == verb) {
            return Self::Observed(*what, args);
        }
        let mut args = args.into_iter();
        let mut next = || args.next().unwrap_or(Value::Null);
        match verb {
            "bought" => Self::OrderSent(next()),
            "lost" => Self::CallsLost(
                // No page has kept more calls.
                next().whole().min(Limits::QUEUE_EVENTS_MAX as u32),
                match next().as_text() {
                    Some("damaged") => ErrorCode::Damaged,
                    Some("expired") => ErrorCode::Expired,
                    Some(_) | None => ErrorCode::QueueFull,
                },
            ),
            "login" => Self::Login(next(), at),
            "logout" => Self::Logout(next()),
            "page" => Self::Page,
            "consent" => Self::Consent(next()),
            // The façade numbers its handles and passes the number last.
            "consumeTimer" => {
                let (item, options, id) = (next(), next(), next());
                Self::StartTimer(id.whole(), item, options)
            }
            "stopTimer" => Self::StopTimer(next().whole()),
            "rawBatch" => {
                let mut text = || match next() {
                    Value::Text(text) => text,
                    _ => String::new(),
                };
                let (key, url, body) = (text(), text(), text());
                Self::RawBatch(RawBatch { key, url, body, sent_at: at })
            }
            "flush" => Self::Flush,
            "dispose" => Self::Dispose,
            "followLink" => Self::Follow(next(), at),
            #[cfg(feature = "sources")]
            "dataLayer" => Self::DataLayer(Entry::new(next(), next()), at),
            _ => match Kind::from_name(verb) {
                Some(kind) => Self::Track(kind, next(), at),
                None => Self::Reject(NO_METHOD.at(shorten(verb))),
            },
        }
    }
}
