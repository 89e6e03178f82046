//! Recent entries of the page's data layer. A page pushes an event once for each of Google's
//! accounts.

use super::limits::Limits;

/// An event, as hashes of its content and of its account.
#[derive(Debug)]
struct Push {
    at: u64,
    content: u64,
    target: u64,
}

/// The recent events.
#[derive(Debug, Default)]
pub struct Pushes(Vec<Push>);

impl Pushes {
    /// Whether the event was pushed a moment ago for other accounts only. A second push for the
    /// same account is a new event.
    pub fn has(&mut self, at: u64, content: u64, target: u64) -> bool {
        self.0.retain(|push| at.abs_diff(push.at) <= Limits::COPIES_MS);
        let mut is_known = false;
        let mut is_again = false;
        for push in &self.0 {
            is_known |= push.content == content;
            is_again |= push.content == content && push.target == target;
        }
        if is_again {
            // All earlier pushes of this event belong to the earlier occurrence.
            self.0.retain(|push| push.content != content);
        }
        if self.0.len() < Limits::COPIES {
            self.0.push(Push { at, content, target });
        }
        is_known && !is_again
    }
}
