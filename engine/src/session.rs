//! FACT-Finder's session: an id that the search requests have too, until it was idle for a day.

use super::config::IdentityConfig;
use super::effect::Effect;
use super::id::letters;
use super::limits::Limits;
use super::number::whole;
use super::rules::session_id;
use super::text::{concat, parse_whole, split_once};
use super::time::Now;
use std::rc::Rc;

/// So many different letters that the 128 random bits just fill [`Limits::SESSION_LETTERS`].
const BASE: u32 = 20;

/// The visitor's session.
#[derive(Debug)]
pub struct Session {
    /// The shop's own, which is neither renewed nor kept.
    own: Option<Rc<String>>,
    id: Rc<String>,
    /// When it was last used, in milliseconds since the Unix epoch; 0: it has ended.
    used: u64,
    /// When that was last kept; 0: never.
    kept: u64,
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
        let own = config.session_id.clone().map(Rc::new);
        if !asked && own.is_none() {
            return None;
        }
        let mut session = Self { own, id: Rc::default(), used: 0, kept: 0 };
        session.reread(kept);
        // The page was opened in it: it may have no event, and search requests all the same.
        session.id(false, now);
        Some(session)
    }

    /// Its id, for something that happens now. The shop's own may lead to somebody: for nobody
    /// there is one that leads nowhere.
    pub fn id(&mut self, nobody: bool, now: &Now) -> Rc<String> {
        if now.wall_ms.saturating_sub(self.used) > Limits::SESSION_IDLE_MS {
            self.id = letters(now.entropy, BASE, Limits::SESSION_LETTERS).into();
            self.kept = 0;
        }
        self.used = now.wall_ms;
        self.own.as_ref().filter(|_| !nobody).unwrap_or(&self.id).clone()
    }

    /// Ends it. The next one is made when it is asked for: of other random bits than a visitor's
    /// new id, so that nothing leads from one to the other.
    pub fn end(&mut self) {
        self.used = 0;
    }

    /// Another page of the site may have begun another one, or used it since.
    pub fn reread(&mut self, kept: Option<&str>) {
        if let Some((id, at)) = kept.and_then(|kept| split_once(kept, b'.'))
            && let Some(at) = parse_whole(at)
            && session_id(id)
        {
            self.id = Rc::new(id.to_owned());
            (self.used, self.kept) = (at, at);
        }
    }

    /// Keeps it, and that it was used; or that it has ended.
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
