//! What can happen to the engine, and which call of the page is which of these.

use super::effect::Outcome;
use super::error::{Error, ErrorCode, Problem};
use super::event::Kind;
use super::ga4::Entry;
use super::identity::Stored;
use super::text::shorten;
use super::value::Value;

/// A call of a method that the tracker does not have.
pub static NO_METHOD: Problem =
    Problem::new(ErrorCode::UnknownEvent, "is no method of the tracker");

/// Everything that can happen.
#[derive(Clone, Debug)]
pub enum Input {
    /// The page reports an event that happened at this time (ms since the epoch).
    Track(Kind, Value, u64),
    /// Purchases that left before the module was there.
    OrderSent(Value),
    /// Calls that are lost: there was no room for them, they were too old, or could not be read.
    CallsLost(u32, ErrorCode),
    /// Somebody logged in.
    Login(Value, u64),
    /// Somebody logged out.
    Logout(Value),
    /// A new page view in a single-page application.
    Page,
    /// The visitor decided.
    Consent(Value),
    /// A consume timer starts: its handle, the item, the options.
    StartTimer(u32, Value, Value),
    /// A consume timer ends.
    StopTimer(u32),
    /// The page's observers tell this of a timer or a container.
    Observed(Observation, Vec<Value>),
    /// A ready-made link of a vendor is followed.
    Follow(Value, u64),
    /// The page's data layer has another entry.
    DataLayer(Entry, u64),
    /// A call that cannot be carried out.
    Reject(Error),
    /// The time that was asked for has come.
    Wake,
    /// The visitor did something.
    UserActivity,
    /// The page was hidden, or is about to go.
    Hidden,
    /// The page is seen again; with what the browser keeps now, for another tab may have changed it.
    Shown(Stored),
    /// The browser lost its network, or has one again.
    Online(bool),
    /// Send everything now.
    Flush,
    /// What became of a request.
    Outcome(u32, Outcome),
    /// The outbox of this name is this page's now, with these keys and texts: another page's that is
    /// gone, or its own as it stands when the page comes back from the browser's cache.
    OutboxFound(String, Vec<(String, String)>),
    /// An earlier page sent this batch before its module was there, and nobody has acknowledged it.
    RawBatch(RawBatch),
    /// A text of the outbox could not be kept under this key.
    WriteFailed(String),
    /// Batches, `<stream>.<seq>`, that the collector has acknowledged by cookies.
    Acknowledged(Vec<String>),
    /// The browser is done with the request of a batch, `<stream>.<seq>`; its status, or 0 where
    /// that is not to be seen.
    RequestFinished(String, u16),
    /// Send everything now and ignore what comes later.
    Dispose,
}

/// What the page's observers tell, and what of it they pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    /// How far a timer's element was scrolled: its handle, how much of the element is above the
    /// lower edge of what can be seen of it, and how high it is, in CSS pixels. Or what was played
    /// of its medium: its handle, the duration, if it is known, and starts and ends, in ms.
    Progress,
    /// A container of recommendations begins: the options, its handle.
    Observe,
    /// What is in view of a container's elements: its handle, a list.
    InView,
    /// A container has ended: its handle.
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

/// A batch of calls that an earlier page sent as they were.
#[derive(Clone, Debug)]
pub struct RawBatch {
    /// The key under which it is stored, `reco_raw_<stream>`. Its number in the stream is 0.
    pub key: String,
    /// The absolute address of the collector.
    pub url: String,
    /// The body, which the collector parses.
    pub body: String,
    /// When it was sent, in milliseconds since the Unix epoch.
    pub sent_at: u64,
}

impl RawBatch {
    /// All their keys begin with it; the name of the stream follows.
    pub const PREFIX: &str = "reco_raw_";
}

/// How much an input is a reason to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sends {
    /// Nothing: it comes within the page's own call or within the visitor's act, which are not to take longer.
    Nothing,
    /// Everything that is due.
    Due,
    /// Everything: the page is being left, or asked for it.
    All,
}

impl Input {
    /// Whether it is the answer to a request.
    pub fn is_answer(&self) -> bool {
        matches!(self, Self::Outcome(..) | Self::Acknowledged(_) | Self::RequestFinished(..))
    }

    /// How much of the queues it is a reason to send.
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

    /// The input that a call of the page is. `args` are the method's arguments.
    pub fn from_call(verb: &str, args: Vec<Value>, at: u64) -> Self {
        if let Some((_, what)) = Observation::ALL.iter().find(|(name, _)| *name == verb) {
            return Self::Observed(*what, args);
        }
        let mut args = args.into_iter();
        let mut next = || args.next().unwrap_or(Value::Null);
        match verb {
            "bought" => Self::OrderSent(next()),
            "lost" => Self::CallsLost(
                next().whole(),
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
