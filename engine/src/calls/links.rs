//! The vendors' ready-made links, which carry a user id.

use crate::Engine;
use crate::config::Consent;
use crate::error::{ErrorCode, Problem};
use crate::event::{Event, Kind};
use crate::protocol;
use crate::time::Now;
use crate::value::Value;

static FOREIGN_LINK: Problem =
    Problem::new(ErrorCode::OutOfRange, "has a host of no Ibexa or YOOCHOOSE destination");
static NOT_FOLLOWED: Problem =
    Problem::new(ErrorCode::Refused, "is followed only while consent is granted");

impl Engine {
    /// Sends a request to a vendor's ready-made link. The link carries a user id, so this needs
    /// consent.
    pub(crate) fn follow(&mut self, link: &Value, at: u64, now: &Now) {
        let path = "followLink";
        let problem = match (self.consent, protocol::address(link)) {
            (Consent::Pending | Consent::Anonymous | Consent::Denied, _) => &NOT_FOLLOWED,
            (Consent::Granted, Err(problem)) => problem,
            (Consent::Granted, Ok(url)) => {
                // The record stands for the one request that is sent for the link.
                let record = self.stamp(Event::bare(Kind::ClickRecommended), at, now);
                let (queues, mut context) = self.context(false, now);
                for queue in queues {
                    // One request is enough, even if several destinations have this host.
                    if queue.push_link(&url, &record, &mut context) {
                        return;
                    }
                }
                &FOREIGN_LINK
            }
        };
        self.reject(problem.at(path));
    }
}
