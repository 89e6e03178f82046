//! Ready-made links of vendors, which carry a user id.

use crate::Engine;
use crate::config::Consent;
use crate::error::{ErrorCode, Problem};
use crate::event::{Event, Kind};
use crate::protocol;
use crate::time::Now;
use crate::value::Value;

static FOREIGN_LINK: Problem =
    Problem::new(ErrorCode::OutOfRange, "has a host that is no Ibexa or YOOCHOOSE destination's");
static NOT_FOLLOWED: Problem =
    Problem::new(ErrorCode::Refused, "is followed while consent is granted, and only then");

impl Engine {
    /// Follows a link that a vendor made ready. It carries a user id: only with consent.
    pub(crate) fn follow(&mut self, link: &Value, at: u64, now: &Now) {
        let path = "followLink";
        let problem = match (self.consent, protocol::address(link)) {
            (Consent::Pending | Consent::Anonymous | Consent::Denied, _) => &NOT_FOLLOWED,
            (Consent::Granted, Err(problem)) => problem,
            (Consent::Granted, Ok(url)) => {
                // The one click that every such link may be.
                let record = self.stamp(Event::bare(Kind::ClickRecommended), at, now);
                let (queues, mut context) = self.context(false, now);
                for queue in queues {
                    // One request, however many customers the page has at that host.
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
