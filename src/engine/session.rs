//! FACT-Finder's session: an id that the search requests have too, until it was idle for a day.

use super::config::IdentityConfig;
use super::effect::Effect;
use super::field::session_id;
use super::id::letters;
use super::limits::Limits;
use super::number::whole;
use super::text::{concat, parse_whole, split_once};
use super::time::Now;
use std::rc::Rc;

/// So many different letters that the 128 random bits just fill [`Limits::SESSION_LETTERS`].
const BASE: u32 = 20;

/// The visitor's session.
#[derive(Debug)]
pub struct Session {
    id: Rc<String>,
    /// When it was last used, in milliseconds since the Unix epoch.
    used: u64,
    /// When that was last kept; 0: never.
    kept: u64,
    /// The shop's own, which is neither renewed nor kept.
    own: bool,
}

impl Session {
    /// The key that it is kept under.
    pub const KEY: &str = "reco_session";

    /// The shop's own, or the one that was kept, or a new one; none, where nobody asks for it.
    pub fn new(
        config: &IdentityConfig,
        asked: bool,
        kept: Option<&str>,
        now: &Now,
    ) -> Option<Self> {
        let own = config.session_id.clone();
        if !asked && own.is_none() {
            return None;
        }
        let mut session = Self { own: own.is_some(), ..Self::fresh(now) };
        session.id = own.map_or(session.id, Rc::new);
        session.reread(kept);
        // The page was opened in it: it may have no event, and search requests all the same.
        session.id(now);
        Some(session)
    }

    fn fresh(now: &Now) -> Self {
        let id = letters(now.entropy, BASE, Limits::SESSION_LETTERS).into();
        Self { id, used: now.wall_ms, kept: 0, own: false }
    }

    /// Its id, for something that happens now.
    pub fn id(&mut self, now: &Now) -> Rc<String> {
        if now.wall_ms.saturating_sub(self.used) > Limits::SESSION_IDLE_MS {
            self.renew(now);
        }
        self.used = now.wall_ms;
        self.id.clone()
    }

    /// Another one, unless it is the shop's.
    pub fn renew(&mut self, now: &Now) {
        if !self.own {
            *self = Self::fresh(now);
        }
    }

    /// Another page of the site may have begun another one, or used it since.
    pub fn reread(&mut self, kept: Option<&str>) {
        if let Some((id, at)) = kept.and_then(|kept| split_once(kept, b'.'))
            && let Some(at) = parse_whole(at)
            && session_id(id)
            && !self.own
        {
            self.id = Rc::new(id.to_owned());
            (self.used, self.kept) = (at, at);
        }
    }

    /// Keeps it, and that it was used.
    pub fn save(&mut self, effects: &mut Vec<Effect>) {
        if !self.own && self.used.abs_diff(self.kept) >= Limits::SESSION_SAVE_MS {
            self.kept = self.used;
            effects.push(Effect::Keep(Self::KEY, concat(&[&self.id, ".", &whole(self.used)])));
        }
    }
}
