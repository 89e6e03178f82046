//! Viewable recommendations: at least half of an element was in view for one second without a
//! break, in a visible page (the viewable impression of the Media Rating Council). Each item counts
//! once for each page view.
//! <https://mediaratingcouncil.org/sites/default/files/Standards/MRC_Desktop_Ad_Impression_Guidelines_Final_V1.1.pdf>
//!
//! The page's observer numbers the elements.

use super::error::{Error, TOO_MUCH};
use super::event::{Event, Field, Kind};
use super::fields::{Fields, Report};
use super::hash::hash;
use super::limits::Limits;
use super::rules::identifier;
use super::time::NEVER;
use super::value::Value;
use std::rc::Rc;

const NAME: &str = "observeRecommendations";

/// A list of recommendations.
#[derive(Debug)]
struct Container {
    id: u32,
    /// Its scenario and variant.
    list: Event,
    item_type: String,
}

/// An element that shows an item.
#[derive(Debug)]
struct Element {
    container: Rc<Container>,
    number: u32,
    /// An event with its item.
    item: Event,
    /// The hash of the item, which may be shown twice.
    hash: u64,
    /// Whether enough of it is in view.
    in_view: bool,
    /// The start of the uninterrupted view. `NEVER`: it is not in view, or was reported.
    since: u64,
}

/// Everything that is observed on the page.
#[derive(Debug)]
pub struct Viewability {
    containers: Vec<Rc<Container>>,
    elements: Vec<Element>,
    /// The items that were reported in this page view.
    said: Vec<u64>,
    visible: bool,
}

impl Viewability {
    /// Starts without containers.
    pub fn new(visible: bool) -> Self {
        Self { containers: Vec::new(), elements: Vec::new(), said: Vec::new(), visible }
    }

    /// Adds a container.
    ///
    /// # Errors
    /// The options are invalid, or there are too many containers.
    pub fn observe(
        &mut self,
        id: u32,
        options: &Value,
        default_item_type: &str,
        unknown: &mut Vec<Error>,
    ) -> Result<(), Error> {
        let mut report = Report::default();
        let mut f = Fields::new(NAME, options, &mut report);
        let list = Event::list(&mut f);
        let item_type = f.read("itemType", identifier);
        f.end();
        report.end(unknown)?;
        if self.containers.len() >= Limits::CONTAINERS {
            return Err(TOO_MUCH.at(NAME));
        }
        let item_type = item_type.unwrap_or_else(|| default_item_type.to_owned());
        self.containers.push(Rc::new(Container { id, list, item_type }));
        Ok(())
    }

    /// Updates the visible parts of a container's elements. Each element has three values: its
    /// number, its item if new, and its visible part in thousandths, negative if it was removed.
    pub fn looked(&mut self, id: u32, news: &Value, now_ms: u64, advice: &mut Vec<Error>) {
        let Some(container) = self.containers.iter().find(|container| container.id == id) else {
            return;
        };
        for element in news.as_list().unwrap_or_default().chunks_exact(3) {
            let [number, item, share] = element else { continue };
            let (number, share) = (number.whole(), share.as_number().unwrap_or_default());
            if share < 0.0 || !item.is_null() {
                // The element was removed, or shows another item now.
                forget(&mut self.elements, id, Some(number));
            }
            if share >= 0.0 && !item.is_null() {
                if self.elements.len() >= Limits::RECOMMENDATIONS {
                    advice.push(TOO_MUCH.at(NAME));
                } else {
                    match Element::new(container, number, item, advice) {
                        Ok(element) => self.elements.push(element),
                        Err(error) => advice.push(error),
                    }
                }
            }
            for element in &mut self.elements {
                if element.container.id == id && element.number == number {
                    element.in_view = share >= Limits::SEEN_SHARE;
                    element.count(self.visible, &self.said, now_ms);
                }
            }
        }
    }

    /// Removes a container.
    pub fn unobserve(&mut self, id: u32) {
        self.containers.retain(|container| container.id != id);
        forget(&mut self.elements, id, None);
    }

    /// A new page view: all items count again.
    pub fn page(&mut self, now_ms: u64) {
        self.said.clear();
        self.interrupt(now_ms);
    }

    /// The page's visibility has changed.
    pub fn show(&mut self, visible: bool, now_ms: u64) {
        // The same visibility may be reported more than once.
        if self.visible != visible {
            self.visible = visible;
            self.interrupt(now_ms);
        }
    }

    /// Reports the items that were in view for long enough: one `rendered` for each list and
    /// type.
    pub fn tick(&mut self, now_ms: u64, reached: &mut Vec<Event>) {
        for element in &mut self.elements {
            if element.since.saturating_add(Limits::SEEN_MS) > now_ms {
                continue;
            }
            element.since = NEVER;
            if self.said.len() < Limits::RECOMMENDATIONS && !self.said.contains(&element.hash) {
                self.said.push(element.hash);
                let (id, item_type) = element.item.item().unwrap_or_default();
                Event::add_rendered(reached, id, item_type, &element.container.list);
            }
        }
    }

    /// The time when the next item has been in view for long enough if nothing changes.
    pub fn next_wake(&self) -> u64 {
        let mut since = NEVER;
        for element in &self.elements {
            since = since.min(element.since);
        }
        since.saturating_add(Limits::SEEN_MS)
    }

    fn interrupt(&mut self, now_ms: u64) {
        for element in &mut self.elements {
            element.since = NEVER;
            element.count(self.visible, &self.said, now_ms);
        }
    }
}

impl Element {
    fn new(
        container: &Rc<Container>,
        number: u32,
        item: &Value,
        unknown: &mut Vec<Error>,
    ) -> Result<Self, Error> {
        let container = container.clone();
        // Any kind of event with an item and no other required field.
        let item = Event::parse_at(NAME, Kind::Blacklist, item, &container.item_type, unknown)?;
        let (item_id, item_type) = item.item().unwrap_or_default();
        let scenario = container.list.get(Field::Scenario).unwrap_or_default();
        let hash = hash(&[scenario, item_type, item_id]);
        Ok(Self { container, number, item, hash, in_view: false, since: NEVER })
    }

    /// Starts, stops or continues counting for the present state.
    fn count(&mut self, visible: bool, said: &[u64], now_ms: u64) {
        if !self.in_view || !visible || said.contains(&self.hash) {
            self.since = NEVER;
        } else if self.since == NEVER {
            self.since = now_ms;
        }
    }
}

/// Removes one element of a container, or all of them.
fn forget(elements: &mut Vec<Element>, container: u32, number: Option<u32>) {
    elements.retain(|element| {
        element.container.id != container || number.is_some_and(|number| number != element.number)
    });
}
