//! A small memory of actions that must not be repeated: hashes with timestamps.

use super::effect::Effect;
use super::number::push_whole;
use super::text::{parse_whole, split_once};
use super::time::Now;

/// A bounded list of hashes. Its stored form has `hash.seconds,` for each.
#[derive(Debug)]
pub struct RecentHashes {
    key: &'static str,
    entries: Vec<(u64, u64)>,
    /// Whether the list has entries that are not stored.
    unsaved: bool,
    most: usize,
    max_age_s: u64,
}

impl RecentHashes {
    /// Reads the stored form. Damaged entries are left out.
    pub fn read(key: &'static str, kept: Option<&str>, most: usize, max_age_ms: u64) -> Self {
        let mut entries = Vec::new();
        let mut rest = kept.unwrap_or_default();
        while let Some((entry, more)) = split_once(rest, b',')
            && entries.len() < most
        {
            rest = more;
            if let Some((hash, seconds)) = split_once(entry, b'.')
                && let (Some(hash), Some(seconds)) = (parse_whole(hash), parse_whole(seconds))
            {
                entries.push((hash, seconds));
            }
        }
        Self { key, entries, unsaved: false, most, max_age_s: max_age_ms / 1000 }
    }

    /// Whether the list has this hash.
    pub fn has(&self, hash: u64, now: &Now) -> bool {
        let now_s = now.wall_ms / 1000;
        let fresh = |at: u64| now_s < at.saturating_add(self.max_age_s);
        self.entries.iter().any(|(known, at)| *known == hash && fresh(*at))
    }

    /// Adds a hash, and removes the oldest ones beyond the limit.
    pub fn add(&mut self, hash: u64, now: &Now) {
        if self.entries.len() >= self.most {
            self.entries.remove(0);
        }
        self.entries.push((hash, now.wall_ms / 1000));
        self.unsaved = true;
    }

    /// Adds hashes that other pages of the site have stored since.
    pub fn reread(&mut self, kept: Option<&str>) {
        if kept.is_some() && !self.unsaved {
            *self = Self::read(self.key, kept, self.most, self.max_age_s * 1000);
        }
    }

    /// Removes all hashes. The stored form is erased elsewhere.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.unsaved = false;
    }

    /// Stores the list, if it has new entries.
    pub fn save(&mut self, effects: &mut Vec<Effect>) {
        if !std::mem::take(&mut self.unsaved) {
            return;
        }
        let mut out = String::new();
        for (hash, at) in &self.entries {
            push_whole(&mut out, *hash);
            out.push('.');
            push_whole(&mut out, *at);
            out.push(',');
        }
        effects.push(Effect::Store(self.key.to_owned(), out));
    }
}
