//! FACT-Finder's session: an id that search requests carry as well. It ends after a day without
//! use.

use super::config::IdentityConfig;
use super::effect::Effect;
use super::id::letters;
use super::limits::Limits;
use super::number::whole;
use super::rules::session_id;
use super::text::{concat, parse_whole, split_once};
use super::time::Now;
use std::rc::Rc;

/// With so many different characters, 128 random bits just fill [`Limits::SESSION_LETTERS`].
const BASE: u32 = 20;

/// The visitor's session.
#[derive(Debug)]
pub struct Session {
    /// The shop's own session id. It is neither renewed nor stored.
    own: Option<Rc<String>>,
    id: Rc<String>,
    /// The last use in milliseconds since the Unix epoch. 0: the session has ended.
    used: u64,
    /// The last time that this was stored. 0: never.
    kept: u64,
}

impl Session {
    /// The storage key.
    pub const KEY: &str = "reco_session";

    /// The shop's own session, the stored one, or a new one. `None` if no destination uses
    /// sessions.
    pub fn new(
        config: &IdentityConfig,
        asked: bool,
        kept: Option<&str>,
        now: &Now,
    ) -> Option<Self> {
        let own = config.session_id.clone().map(Rc::new);
        if !asked && own.is_none() {
            return None;
        }
        let mut session = Self { own, id: Rc::default(), used: 0, kept: 0 };
        session.reread(kept);
        // Opening the page counts as a use, because the page may make search requests without
        // events.
        session.id(false, now);
        Some(session)
    }

    /// The session id for an event now. With `nobody` it is one that cannot be linked to the
    /// visitor, not even the shop's own.
    pub fn id(&mut self, nobody: bool, now: &Now) -> Rc<String> {
        if now.wall_ms.saturating_sub(self.used) > Limits::SESSION_IDLE_MS {
            self.id = letters(now.entropy, BASE, Limits::SESSION_LETTERS).into();
            self.kept = 0;
        }
        self.used = now.wall_ms;
        self.own.as_ref().filter(|_| !nobody).unwrap_or(&self.id).clone()
    }

    /// Ends the session. The next one is made when it is needed, from other random bits than a
    /// visitor's new id, so that the two cannot be linked.
    pub fn end(&mut self) {
        self.used = 0;
    }

    /// Rereads the stored session, because another page of the site may have started or used one.
    pub fn reread(&mut self, kept: Option<&str>) {
        if let Some((id, at)) = kept.and_then(|kept| split_once(kept, b'.'))
            && let Some(at) = parse_whole(at)
            && session_id(id)
        {
            self.id = Rc::new(id.to_owned());
            (self.used, self.kept) = (at, at);
        }
    }

    /// Stores the session and its last use, or its end.
    pub fn save(&mut self, effects: &mut Vec<Effect>) {
        if self.used == 0 {
            effects.push(Effect::Remove(Self::KEY.to_owned()));
        } else if self.own.is_none() && self.used.abs_diff(self.kept) >= Limits::SESSION_SAVE_MS {
            self.kept = self.used;
            effects.push(Effect::Store(
                Self::KEY.to_owned(),
                concat(&[&self.id, ".", &whole(self.used)]),
            ));
        }
    }
}
