//! What can happen to the engine, and which call of the page is which of these.

use super::effect::Outcome;
use super::error::{Error, ErrorCode, Problem};
use super::event::Kind;
use super::identity::Stored;
use super::text::shorten;
use super::value::Value;

/// Everything that can happen.
#[derive(Clone, Debug)]
pub enum Input {
    /// The page reports an event that happened at this time (ms since the epoch).
    Track(Kind, Value, u64),
    /// Purchases that left before the module was there.
    Bought(Value),
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
    /// A ready-made link of a vendor is followed.
    Follow(Value, u64),
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
            "bought" => Self::Bought(next()),
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
            "flush" => Self::Flush,
            "dispose" => Self::Dispose,
            "followLink" => Self::Follow(next(), at),
            "observeRecommendations" => {
                let detail = "is not part of this version";
                Self::Reject(Problem::new(ErrorCode::UnsupportedEvent, detail).at(verb))
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
    value.as_number().unwrap_or_default() as u32
}
