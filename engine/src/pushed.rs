//! What a page has pushed to its data layer a moment ago: pages push an event once for each of Google's accounts that it is for.

use super::limits::Limits;

/// An event, by hashes of what it says and of the account that it was for.
#[derive(Debug)]
struct Push {
    at: u64,
    content: u64,
    target: u64,
}

/// The events of the last moment.
#[derive(Debug, Default)]
pub struct Pushes(Vec<Push>);

impl Pushes {
    /// Whether the event was pushed a moment ago, for other accounts only. Pushed once more for the same account it is another event.
    pub fn has(&mut self, at: u64, content: u64, target: u64) -> bool {
        self.0.retain(|push| at.abs_diff(push.at) <= Limits::COPIES_MS);
        let mut is_known = false;
        let mut is_again = false;
        for push in &self.0 {
            is_known |= push.content == content;
            is_again |= push.content == content && push.target == target;
        }
        if is_again {
            // The accounts that were told before were told of the event before.
            self.0.retain(|push| push.content != content);
        }
        if self.0.len() < Limits::COPIES {
            self.0.push(Push { at, content, target });
        }
        is_known && !is_again
    }
}
