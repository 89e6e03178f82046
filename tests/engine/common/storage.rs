//! The storage of a [`Page`]'s browser: the outboxes in `localStorage`, their locks, and the
//! collector's cookies, handled as in src/browser/shell.rs.

use super::envelope;
use super::page::{Page, calm, throw};
use recobeacon_engine::Signals;
use recobeacon_engine::identity::Stored;
use recobeacon_engine::input::Input;
use recobeacon_engine::request::Request;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::rc::Rc;

impl Page {
    /// Opens the next page in the same browser. It takes over the outbox of this one.
    pub fn next(&self, config: Json) -> Self {
        let mut page = self.tab(config);
        page.take_over_outboxes();
        page
    }

    /// Opens another tab in the same browser. It has not looked for other outboxes yet.
    pub fn tab(&self, config: Json) -> Self {
        let seed = [throw(&self.dice), throw(&self.dice)];
        let signals = Signals { seed, later: self.later, ..calm() };
        let mut page = Self::start_at(&config, &self.stored(), signals, self.wall);
        page.dice = self.dice.clone();
        page.ends = self.ends.clone();
        let outbox = self.kept.iter().filter(|(key, _)| key.starts_with("reco_o_"));
        let outbox: Vec<_> = outbox.map(|(key, text)| (key.clone(), text.clone())).collect();
        // A page opened without consent has erased all stored values.
        if !page.erased {
            page.kept.extend(outbox);
        }
        let acks = self.jar.clone().into_iter().filter(|(name, _)| name.starts_with("reco_ack_"));
        page.jar.extend(acks);
        page
    }

    /// The present stored values.
    pub fn stored(&self) -> Stored {
        let cookie = |name: &str| self.jar.get(name).map(|(value, _)| value.clone());
        Stored {
            id: cookie(&self.cookie_name),
            id_at: cookie(&format!("{}_at", self.cookie_name)),
            user: cookie("reco_user"),
            off: cookie("reco_off").is_some(),
            orders: self.kept.get("reco_orders").cloned(),
            logins: self.kept.get("reco_logins").cloned(),
            session: self.kept.get("reco_session").cloned(),
        }
    }

    pub(super) fn restore(&mut self, stored: &Stored) {
        let at = format!("{}_at", self.cookie_name);
        let cookies = [
            (self.cookie_name.as_str(), stored.id.clone()),
            (&at, stored.id_at.clone()),
            ("reco_user", stored.user.clone()),
            ("reco_off", stored.off.then(|| "1".to_owned())),
        ];
        for (name, value) in cookies {
            self.jar.extend(value.map(|value| (name.to_owned(), (value, 0))));
        }
        let texts = [
            ("reco_orders", &stored.orders),
            ("reco_logins", &stored.logins),
            ("reco_session", &stored.session),
        ];
        for (key, text) in texts {
            self.kept.extend(text.clone().map(|text| (key.to_owned(), text)));
        }
    }

    /// The shell takes over outboxes whose pages are gone, then reads the collector's cookies.
    pub fn take_over_outboxes(&mut self) {
        if self.owned.is_empty() {
            return;
        }
        let mut found: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for (key, text) in self.kept.iter().filter(|(key, _)| key.starts_with("reco_o_")) {
            let name = key["reco_o_".len()..].rsplit_once('_').map_or("", |(name, _)| name);
            found.entry(name.to_owned()).or_default().push((key.clone(), text.clone()));
        }
        found.retain(|name, _| !self.owned.contains(name));
        for (name, mut entries) in found {
            entries.sort_by_key(|(key, _)| number(key));
            self.feed(Input::OutboxFound(name, entries));
        }
        self.acknowledged();
    }

    /// The shell reads the collector's cookies.
    pub fn acknowledged(&mut self) {
        let names = self.jar.keys().filter_map(|name| name.strip_prefix("reco_ack_"));
        let names: Vec<String> = names.map(str::to_owned).collect();
        self.feed(Input::Acknowledged(names));
    }

    /// The page returns from the back/forward cache. `lock`: it gets its lock again; otherwise
    /// another page has it.
    pub fn back(&mut self, lock: bool) {
        let own = self.owned.last().cloned().expect("an outbox");
        let entries = if lock { self.outbox(&own) } else { Vec::new() };
        self.feed(Input::OutboxFound(own, entries));
        self.acknowledged();
        self.shown();
    }

    /// The entries of the outbox with this name.
    pub fn outbox(&self, instance: &str) -> Vec<(String, String)> {
        let prefix = format!("reco_o_{instance}_");
        let texts = self.kept.iter().filter(|(key, _)| key.starts_with(&prefix));
        let mut texts: Vec<_> = texts.map(|(key, text)| (key.clone(), text.clone())).collect();
        texts.sort_by_key(|(key, _)| number(key));
        texts
    }

    /// The keys of all outboxes.
    pub fn outbox_keys(&self) -> Vec<&String> {
        self.kept.keys().filter(|key| key.starts_with("reco_o_")).collect()
    }

    /// Kills the browser: the writes of the last milliseconds are not on the disk.
    pub fn crash(&mut self, ms: u64) {
        while let Some((_, key, text)) = self.past.pop_if(|(at, ..)| *at + ms > self.mono) {
            self.undo(key, text);
        }
    }

    /// The number of writes to localStorage, including deletions.
    pub fn writes(&self) -> usize {
        self.past.len()
    }

    /// Ends the page's process before its latest `writes` writes have left it.
    pub fn cut(&mut self, writes: usize) {
        for _ in 0..writes {
            let (_, key, text) = self.past.pop().expect("a write");
            self.undo(key, text);
        }
    }

    fn undo(&mut self, key: String, text: Option<String>) {
        match text {
            Some(text) => self.kept.insert(key, text),
            None => self.kept.remove(&key),
        };
    }

    /// The browser stores this `fetchLater` request under this name, or cancels it.
    pub(super) fn hold(&mut self, name: &str, request: Option<Rc<Request>>) {
        let before = self.later_requests.remove(name);
        assert!(before.is_some() || request.is_some(), "only an existing request is cancelled");
        if let Some(request) = request {
            envelope::check(&request);
            self.later_requests.insert(name.to_owned(), request);
        }
    }

    pub(super) fn write(&mut self, key: String, text: Option<String>) -> bool {
        let others = self.kept.iter().filter(|(other, _)| **other != key);
        let taken: usize =
            if self.room == usize::MAX { 0 } else { others.map(|(_, text)| text.len()).sum() };
        if text.as_ref().is_some_and(|text| taken + text.len() > self.room) {
            return false;
        }
        let before = match text {
            Some(text) => self.kept.insert(key.clone(), text),
            None => self.kept.remove(&key),
        };
        self.past.push((self.mono, key, before));
        true
    }
}

/// The number at the end of a key. The shell passes the texts in this order.
fn number(key: &str) -> u64 {
    key.rsplit('_').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}
