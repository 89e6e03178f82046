//! Tells the operator which bounds of the model were reached: each once, because a model that is full
//! stays full.

use super::model::{CUSTOMERS, Reached};
use super::visits::VISITS;
use std::sync::Once;

/// The bounds that the log has told of. All models of a collector share them.
#[derive(Debug)]
pub struct Losses {
    /// The setting `items`.
    most_items: usize,
    items: Once,
    customers: Once,
    visits: Once,
}

impl Losses {
    /// Nothing has been told yet.
    pub fn new(most_items: usize) -> Self {
        let (items, customers, visits) = (Once::new(), Once::new(), Once::new());
        Self { most_items, items, customers, visits }
    }

    /// Logs the bound, if this is the first time.
    pub fn tell(&self, reached: Reached) {
        match reached {
            Reached::Items => self.items.call_once(|| {
                tracing::warn!(
                    "feeds: the model is full (feeds.items = {}), so it forgets the items with the \
                     least and oldest events; raise feeds.items if the shop has more items. If it \
                     has fewer, somebody sends made-up ones: list the origins that may send",
                    self.most_items
                );
            }),
            Reached::Customers => self.customers.call_once(|| {
                tracing::warn!(
                    "feeds: events of more than {CUSTOMERS} customers were stored; the feeds leave \
                     out further customers. List your customers in the configuration, so that \
                     nobody can make them up"
                );
            }),
            Reached::Visits => self.visits.call_once(|| {
                tracing::warn!(
                    "feeds: more than {VISITS} visits were open at the same time, so the oldest half \
                     was ended early; their further items are not related to the earlier ones"
                );
            }),
        }
    }
}
