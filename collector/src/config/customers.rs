//! The customers: the origins whose pages may send, and the bounds of each customer.
//!
//! A customer is the name that the rows have in `customer`, within its interface. A batch names no
//! customer, so its customer is told by the page's origin.

use super::faults::Faults;
use super::origin::Origin;
use crate::limits::Limits;
use crate::whole::Whole;
use crate::{customer, event};
use serde::Deserialize;

/// The rules for all customers.
#[derive(Clone, Debug, Default)]
pub struct Customers {
    /// The origins for customers without a list of their own. Absent: every origin.
    origins: Option<Vec<Origin>>,
    entries: Vec<Customer>,
    /// The bounds of customers without their own.
    bounds: Bounds,
}

/// An entry of `[[customers]]`.
#[derive(Clone, Debug)]
struct Customer {
    interface: &'static str,
    name: String,
    origins: Option<Vec<Origin>>,
    bounds: Bounds,
}

/// The bounds of one customer. 0: there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Most events a second, as a mean over [`Limits::BURST_SECONDS`].
    pub events: u64,
    /// Most stored rows.
    pub rows: u64,
}

/// The page that sent a request, as far as its headers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page<'a> {
    /// The headers name no page. Servers, and images in e-mails, send such requests.
    None,
    /// A page of this origin.
    Of(&'a str),
    /// The header cannot be read, or there are two.
    Unclear,
}

/// A page of this origin may not send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAllowed;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileCustomer {
    interface: Option<String>,
    name: Option<String>,
    origins: Option<Vec<String>>,
    events: Option<Whole>,
    rows: Option<Whole>,
}

impl Customers {
    pub(super) fn check(
        origins: Option<Vec<String>>,
        entries: Vec<FileCustomer>,
        limits: &Limits,
        faults: &mut Faults<'_>,
    ) -> Self {
        let origins = origins.map(|origins| read_origins("origins", &origins, faults));
        let bounds = Bounds { events: limits.customer_events, rows: limits.customer_rows };
        let mut all = Self { origins, entries: Vec::new(), bounds };
        for (place, entry) in entries.into_iter().enumerate() {
            let key = format!("customers[{place}]");
            if let Some(entry) = all.entry(&key, entry, faults) {
                all.entries.push(entry);
            }
        }
        all
    }

    fn entry(&self, key: &str, given: FileCustomer, faults: &mut Faults<'_>) -> Option<Customer> {
        let FileCustomer { interface, name, origins, events, rows } = given;
        let interface = faults.required(key, "interface", interface);
        let name = faults.required(key, "name", name);
        let known = interface.and_then(|interface| {
            let known = event::INTERFACES.into_iter().find(|known| *known == interface);
            if known.is_none() {
                let all = event::INTERFACES.join(", ");
                let sentence = format!("{interface:?} is not one of {all}");
                faults.add(format!("{key}.interface"), sentence);
            }
            known
        });
        // Intempt's customer has three names.
        let wrong = |name: &&String| name.is_empty() || !name.split('/').all(customer::is_name);
        if let Some(name) = name.as_ref().filter(wrong) {
            faults.add(format!("{key}.name"), format!("{name:?} is not the name of a customer"));
        }
        if known == Some(event::BATCH) && origins.is_none() {
            let sentence = "is required: a batch belongs to the customer of its page's origin";
            faults.add_missing(format!("{key}.origins"), sentence);
        }
        let origins =
            origins.map(|origins| read_origins(&format!("{key}.origins"), &origins, faults));
        let mut bound = |name: &str, value: Option<Whole>, range, default| {
            faults.whole_or(format!("{key}.{name}"), value, range, default)
        };
        let events = bound("events", events, &Limits::CUSTOMER_EVENTS, self.bounds.events);
        let rows = bound("rows", rows, &Limits::CUSTOMER_ROWS, self.bounds.rows);
        let (known, name) = known.zip(name)?;
        if self.find(known, &name).is_some() {
            faults.add(format!("{key}.name"), format!("{name:?} appears twice"));
        }
        Some(Customer { interface: known, name, origins, bounds: Bounds { events, rows } })
    }

    /// Whether pages of this origin may send to any customer.
    pub fn any(&self, page: Page<'_>) -> bool {
        let mut lists = self.entries.iter().filter_map(|entry| entry.origins.as_ref());
        allows(self.origins.as_ref(), page) || lists.any(|list| allows(Some(list), page))
    }

    /// The customer of a batch from this page. `None` for a page without an entry.
    ///
    /// # Errors
    /// A page of this origin may not send batches.
    pub fn of_batch(&self, page: Page<'_>) -> Result<Option<&str>, NotAllowed> {
        let mut batches = self.entries.iter().filter(|entry| entry.interface == event::BATCH);
        let lists = |entry: &&Customer| page != Page::None && allows(entry.origins.as_ref(), page);
        if let Some(entry) = batches.find(lists) {
            return Ok(Some(&entry.name));
        }
        let open = self.is_open(event::BATCH) && allows(self.origins.as_ref(), page);
        if open || page == Page::None { Ok(None) } else { Err(NotAllowed) }
    }

    /// Whether pages of this origin may send to this customer of a vendor's interface.
    ///
    /// # Errors
    /// They may not.
    pub fn check_page(
        &self,
        interface: &str,
        name: &str,
        page: Page<'_>,
    ) -> Result<(), NotAllowed> {
        let own = self.find(interface, name).and_then(|entry| entry.origins.as_ref());
        if allows(own.or(self.origins.as_ref()), page) { Ok(()) } else { Err(NotAllowed) }
    }

    /// Whether pages of this origin may read the recommendations of a customer, whose events can have
    /// come by several interfaces.
    ///
    /// # Errors
    /// They may send to none of the interfaces with an entry for this customer.
    pub fn check_reader(&self, name: &str, page: Page<'_>) -> Result<(), NotAllowed> {
        let lists: Vec<Option<&Vec<Origin>>> = self
            .entries
            .iter()
            .filter(|entry| entry.name == name)
            .map(|entry| entry.origins.as_ref().or(self.origins.as_ref()))
            .collect();
        let all = self.origins.as_ref();
        let may = lists.iter().any(|list| allows(*list, page));
        if may || (lists.is_empty() && allows(all, page)) { Ok(()) } else { Err(NotAllowed) }
    }

    /// Whether the page's origin tells the customer of a batch.
    pub fn has_batches(&self) -> bool {
        self.entries.iter().any(|entry| entry.interface == event::BATCH)
    }

    /// The bounds of a customer.
    pub fn bounds(&self, interface: &str, name: &str) -> Bounds {
        self.find(interface, name).map_or(self.bounds, |entry| entry.bounds)
    }

    /// Whether any customer has a bound on its rows.
    pub fn bounds_rows(&self) -> bool {
        self.bounds.rows > 0 || self.entries.iter().any(|entry| entry.bounds.rows > 0)
    }

    /// Whether an interface has a customer of this name.
    pub fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == name)
    }

    fn find(&self, interface: &str, name: &str) -> Option<&Customer> {
        self.entries.iter().find(|entry| entry.interface == interface && entry.name == name)
    }

    /// Without `origins`, batches of all origins are taken only if no customer of batches has a list.
    fn is_open(&self, interface: &str) -> bool {
        self.origins.is_some() || !self.entries.iter().any(|entry| entry.interface == interface)
    }
}

fn allows(list: Option<&Vec<Origin>>, page: Page<'_>) -> bool {
    match (list, page) {
        (None, _) | (_, Page::None) => true,
        (Some(list), Page::Of(origin)) => list.iter().any(|known| known.is(origin)),
        (Some(_), Page::Unclear) => false,
    }
}

fn read_origins(key: &str, origins: &[String], faults: &mut Faults<'_>) -> Vec<Origin> {
    let mut read = Vec::new();
    for (place, text) in origins.iter().enumerate() {
        match Origin::parse(text) {
            Ok(origin) => read.push(origin),
            Err(sentence) => faults.add(format!("{key}[{place}]"), format!("{text:?} {sentence}")),
        }
    }
    read
}
