//! What can happen to the engine, and which call of the page is which of these.

#[cfg(not(feature = "sources"))]
use super::absent::Entry;
use super::effect::Outcome;
use super::error::{Error, ErrorCode, Problem};
use super::event::Kind;
#[cfg(feature = "sources")]
use super::ga4::Entry;
use super::identity::Stored;
use super::text::shorten;
use super::value::Value;

/// Everything that can happen.
#[derive(Clone, Debug)]
pub enum Input {
    /// The page reports an event that happened at this time (ms since the epoch).
    Track(Kind, Value, u64),
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
    /// So much of a timer's element, in CSS pixels, and of so much, is above the lower edge of what
    /// can be seen of it.
    Scrolled(u32, f64, f64),
    /// A timer's medium has this duration in milliseconds, if that is known, and these starts and
    /// ends of what was played.
    Played(u32, Option<f64>, Value),
    /// A container of recommendations is observed from now on: its handle, the options.
    Observe(u32, Value),
    /// What is in view of its elements.
    Looked(u32, Value),
    /// It is not observed any more.
    Unobserve(u32),
    /// A ready-made link of a vendor is followed.
    Follow(Value, u64),
    /// The page's data layer has another entry.
    DataLayer(Entry, u64),
    /// A call that cannot be carried out.
    Reject(Error),
    /// The time that was asked for has come.
    Wake,
    /// The visitor did something.
    Act,
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
    /// Send everything now and ignore what comes later.
    Dispose,
}

impl Input {
    /// The input that a call of the page is. `args` are the method's arguments.
    pub fn from_call(verb: &str, args: Vec<Value>, at: u64) -> Self {
        let mut args = args.into_iter();
        let mut next = || args.next().unwrap_or(Value::Null);
        match verb {
            "login" => Self::Login(next(), at),
            "logout" => Self::Logout(next()),
            "page" => Self::Page,
            "consent" => Self::Consent(next()),
            // The façade numbers its handles and passes the number last.
            "consumeTimer" => {
                let (item, options, id) = (next(), next(), next());
                Self::StartTimer(handle(&id), item, options)
            }
            "stopTimer" => Self::StopTimer(handle(&next())),
            "scrolled" => Self::Scrolled(handle(&next()), number(&next()), number(&next())),
            "played" => Self::Played(handle(&next()), next().as_number(), next()),
            "looked" => Self::Looked(handle(&next()), next()),
            "unobserve" => Self::Unobserve(handle(&next())),
            "flush" => Self::Flush,
            "dispose" => Self::Dispose,
            "followLink" => Self::Follow(next(), at),
            #[cfg(feature = "sources")]
            "dataLayer" => Self::DataLayer(Entry::new(next(), next()), at),
            "observeRecommendations" => {
                let (options, id) = (next(), next());
                Self::Observe(handle(&id), options)
            }
            _ => match Kind::from_name(verb) {
                Some(kind) => Self::Track(kind, next(), at),
                None => {
                    let detail = "is no method of the tracker";
                    Self::Reject(Problem::new(ErrorCode::UnknownEvent, detail).at(shorten(verb)))
                }
            },
        }
    }
}

fn handle(value: &Value) -> u32 {
    number(value) as u32
}

fn number(value: &Value) -> f64 {
    value.as_number().unwrap_or_default()
}
