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
    /// The page's observers tell this of a timer or a container: its handle, and what it takes.
    Observed(Observation, u32, Value, Value),
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

/// What the page's observers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    /// How far a timer's element was scrolled, or what of it was played.
    Progress,
    /// A container of recommendations begins, with these options.
    Observe,
    /// So much is in view of a container's elements.
    Looked,
    /// A container has ended.
    Unobserve,
}

impl Observation {
    const ALL: [(&str, Self); 4] = [
        ("scrolled", Self::Progress),
        ("played", Self::Progress),
        ("looked", Self::Looked),
        ("unobserve", Self::Unobserve),
    ];
}

impl Input {
    /// The input that a call of the page is. `args` are the method's arguments.
    pub fn from_call(verb: &str, args: Vec<Value>, at: u64) -> Self {
        let mut args = args.into_iter();
        let mut next = || args.next().unwrap_or(Value::Null);
        let (first, second, third) = (next(), next(), next());
        match verb {
            "login" => Self::Login(first, at),
            "logout" => Self::Logout(first),
            "page" => Self::Page,
            "consent" => Self::Consent(first),
            // The façade numbers its handles and passes the number last.
            "consumeTimer" => Self::StartTimer(handle(&third), first, second),
            "stopTimer" => Self::StopTimer(handle(&first)),
            "flush" => Self::Flush,
            "dispose" => Self::Dispose,
            "followLink" => Self::Follow(first, at),
            #[cfg(feature = "sources")]
            "dataLayer" => Self::DataLayer(Entry::new(first, second), at),
            "observeRecommendations" => {
                Self::Observed(Observation::Observe, handle(&second), first, Value::Null)
            }
            _ => {
                if let Some(kind) = Kind::from_name(verb) {
                    Self::Track(kind, first, at)
                } else if let Some((_, told)) = Observation::ALL.iter().find(|o| o.0 == verb) {
                    Self::Observed(*told, handle(&first), second, third)
                } else {
                    let detail = "is no method of the tracker";
                    Self::Reject(Problem::new(ErrorCode::UnknownEvent, detail).at(shorten(verb)))
                }
            }
        }
    }
}

fn handle(value: &Value) -> u32 {
    value.as_number().unwrap_or_default() as u32
}
