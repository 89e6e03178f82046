//! The visitor's identity: an anonymous id, and an account after a login.

use super::config::{Config, Consent, IdentityConfig};
use super::dedup::RecentHashes;
use super::effect::Effect;
use super::hash::hash;
use super::id;
use super::limits::Limits;
use super::number::whole;
use super::orders;
use super::rules;
use super::session::Session;
use super::text::{concat, parse_whole, split_once};
use super::time::Now;
use super::value::Value;
use std::rc::Rc;

/// The default name of the cookie with the anonymous id.
pub const ID_COOKIE: &str = "reco_id";
/// The cookie with the user's id.
pub const USER_COOKIE: &str = "reco_user";
/// The cookie of a visitor who refused.
pub const OFF_COOKIE: &str = "reco_off";
const LOGINS_KEY: &str = "reco_logins";

/// The stored values as found in the browser. Each may be absent or damaged.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// The identity cookie.
    pub id: Option<String>,
    /// Its companion cookie `<name>_at`: `<seconds>.c` if this script wrote it last, `<seconds>.s`
    /// if a server did.
    pub id_at: Option<String>,
    /// The cookie `reco_user`, decoded.
    pub user: Option<String>,
    /// Whether the cookie `reco_off` exists.
    pub off: bool,
    /// The text stored under `reco_orders`.
    pub orders: Option<String>,
    /// The text stored under `reco_logins`.
    pub logins: Option<String>,
    /// The text stored under `reco_session`.
    pub session: Option<String>,
}

/// The visitor.
#[derive(Debug)]
pub struct Identity {
    config: Rc<Config>,
    anonymous: Rc<String>,
    user: Option<Rc<String>>,
    /// Pairs of anonymous id and account that were joined already.
    logins: RecentHashes,
    /// FACT-Finder's session, if there is such a destination.
    session: Option<Session>,
    /// The last write of the cookie: seconds, and whether a server wrote it.
    written: Option<(u64, bool)>,
    /// Whether the cookie of an account was read, which shows that cookies are not blocked.
    has_read_user: bool,
}

impl Identity {
    /// The names of the cookies, and of the keys, that [`Stored`] is read from, separated by
    /// spaces.
    /// The decision comes first. Without permission to store, nothing else is read.
    pub fn names(config: &IdentityConfig) -> [String; 2] {
        if !config.store {
            return [OFF_COOKIE.to_owned(), String::new()];
        }
        let cookies =
            [OFF_COOKIE, " ", &config.cookie_name, " ", &at_name(config), " ", USER_COOKIE];
        [concat(&cookies), concat(&[orders::KEY, " ", LOGINS_KEY, " ", Session::KEY])]
    }

    /// The known visitor, or a new one made of `seed`.
    pub fn new(config: Rc<Config>, stored: &Stored, seed: [u8; 16], now: &Now) -> Self {
        let kept = stored.id.as_deref().filter(|id| usable(id));
        let written = kept.and(stored.id_at.as_deref()).and_then(|at| {
            let (seconds, by) = split_once(at, b'.')?;
            Some((parse_whole(seconds)?, by == "s"))
        });
        let anonymous = config.identity.anonymous_id.as_deref().or(kept);
        let anonymous = Rc::new(anonymous.map_or_else(|| id::id(seed), str::to_owned));
        // A configured account becomes a normal `login`. Here only a configured `null` matters.
        let logged_out = config.identity.user_id == Some(None);
        let known = kept_user(stored);
        let ended = logged_out && known.is_some();
        let has_read_user = known.is_some();
        let user = known.filter(|_| !logged_out);
        let kept_logins = stored.logins.as_deref();
        let logins =
            RecentHashes::read(LOGINS_KEY, kept_logins, Limits::LOGIN_PAIRS, Limits::LOGIN_AGE_MS);
        let kept = stored.session.as_deref();
        let session = Session::new(&config.identity, config.has_sessions(), kept, now);
        let mut identity =
            Self { config, anonymous, user, logins, session, written, has_read_user };
        if ended {
            identity.begin_session(now);
        }
        identity
    }

    /// The account.
    pub fn user(&self) -> Option<&Rc<String>> {
        self.user.as_ref()
    }

    /// The anonymous id.
    pub fn anonymous(&self) -> &Rc<String> {
        &self.anonymous
    }

    /// The session for an event now. With `nobody`: a session that cannot be linked to the visitor.
    pub fn session(&mut self, nobody: bool, now: &Now) -> Option<Rc<String>> {
        self.session.as_mut().map(|session| session.id(nobody, now))
    }

    /// Stores that the session was used.
    pub fn save_session(&mut self, effects: &mut Vec<Effect>) {
        if let Some(session) = &mut self.session {
            session.save(effects);
        }
    }

    /// Whether storage on the device is allowed with this consent.
    pub fn may_store(&self, consent: Consent) -> bool {
        consent == Consent::Granted && self.config.identity.store
    }

    /// Rereads the stored values, because another page of the site may have changed the visitor or
    /// the account. `stores`: this page may store. Otherwise it waits for consent, and takes over the
    /// id of a tab that got it first. Returns whether the anonymous id has changed.
    pub fn reread(&mut self, stored: &Stored, stores: bool) -> bool {
        let mut changed = false;
        let user = kept_user(stored);
        self.has_read_user |= user.is_some();
        // If cookies are blocked, a missing cookie means nothing.
        let is_read = if self.config.identity.anonymous_id.is_some() {
            self.has_read_user
        } else if let Some(id) = stored.id.as_deref().filter(|id| usable(id))
            && (stores || self.written.is_none())
        {
            changed = **self.anonymous != *id;
            self.anonymous = Rc::new(id.to_owned());
            true
        } else {
            false
        };
        if is_read {
            // A login while consent is pending is later than that of the cookie.
            let own = self.user.take().filter(|_| !stores);
            self.user = own.or(user);
        }
        self.logins.reread(stored.logins.as_deref());
        if let Some(session) = &mut self.session {
            session.reread(stored.session.as_deref());
        }
        changed
    }

    /// Sets the account. Returns whether the pair was never joined before.
    pub fn login(&mut self, user: String, now: &Now) -> bool {
        let pair = hash(&[&self.anonymous, &user]);
        self.user = Some(user.into());
        let fresh = !self.logins.has(pair, now);
        if fresh {
            self.logins.add(pair, now);
        }
        fresh
    }

    /// Returns to the anonymous id, or makes a new one.
    pub fn logout(&mut self, forget: bool, now: &Now) {
        let known = self.user.take();
        if forget {
            self.renew(now);
        } else if known.is_some() {
            self.begin_session(now);
        }
    }

    /// Starts another session, because the searches and events of an account must not be linked to
    /// the device's next user.
    fn begin_session(&mut self, now: &Now) {
        if let Some(session) = &mut self.session {
            session.end();
            session.id(false, now);
        }
    }

    /// Makes a new anonymous visitor.
    pub fn renew(&mut self, now: &Now) {
        self.user = None;
        self.written = None;
        if let Some(session) = &mut self.session {
            session.end();
        }
        if self.config.identity.anonymous_id.is_none() {
            self.anonymous = id::id(now.entropy).into();
        }
    }

    /// Stores the identity. The identity cookie is written at most once a day, and not at all if a
    /// server writes it: Safari limits a script's cookie to 7 days, but not a server's.
    pub fn save(&mut self, now: &Now, effects: &mut Vec<Effect>) {
        let days = self.config.identity.cookie_days;
        let seconds = now.wall_ms / 1000;
        let due = match self.written {
            None => true,
            Some((_, true)) => false,
            Some((at, false)) => seconds.abs_diff(at) >= Limits::COOKIE_RENEW_MS / 1000,
        };
        if due && self.config.identity.anonymous_id.is_none() {
            self.written = Some((seconds, false));
            let name = self.config.identity.cookie_name.clone();
            effects.push(Effect::SetCookie { name, value: String::clone(&self.anonymous), days });
            let value = concat(&[&whole(seconds), ".c"]);
            effects.push(Effect::SetCookie { name: at_name(&self.config.identity), value, days });
        }
        match &self.user {
            Some(user) => {
                let (name, value) = (USER_COOKIE.to_owned(), String::clone(user));
                effects.push(Effect::SetCookie { name, value, days });
            }
            None => effects.push(Effect::DeleteCookie(USER_COOKIE.to_owned())),
        }
        self.logins.save(effects);
        self.save_session(effects);
    }

    /// Stores or removes the visitor's refusal. Without permission to store, an earlier refusal
    /// stays.
    pub fn set_off(&self, off: bool, effects: &mut Vec<Effect>) {
        let name = OFF_COOKIE.to_owned();
        if !off {
            effects.push(Effect::DeleteCookie(name));
        } else if self.config.identity.store {
            let value = "1".to_owned();
            effects.push(Effect::SetCookie { name, value, days: Limits::OFF_DAYS });
        }
    }

    /// Deletes the cookies.
    pub fn erase(&mut self, effects: &mut Vec<Effect>) {
        let config = &self.config.identity;
        effects.push(Effect::DeleteCookie(config.cookie_name.clone()));
        effects.push(Effect::DeleteCookie(at_name(config)));
        effects.push(Effect::DeleteCookie(USER_COOKIE.to_owned()));
        self.written = None;
        self.logins.clear();
    }
}

fn at_name(config: &IdentityConfig) -> String {
    concat(&[&config.cookie_name, "_at"])
}

/// A user id in the cookie must pass the same rules as in `login`.
fn kept_user(stored: &Stored) -> Option<Rc<String>> {
    let user = Value::Text(stored.user.clone()?);
    rules::user_id(&user).ok().map(Rc::from)
}

/// Whether the cookie's text is a valid id, made by the tracker or by a server.
fn usable(id: &str) -> bool {
    (8..=Limits::IDENTIFIER_BYTES).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
