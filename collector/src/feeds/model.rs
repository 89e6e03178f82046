//! The model of all visitors' events: the items that were seen together, those that were bought
//! together, and those that were bought most. It names no visitor.
//!
//! An event counts less with its age. Instead of lowering all weights as time passes, a new event gets
//! a higher weight than the ones before (forward decay: Cormode, Shkapenyuk, Srivastava and Xu, 2009).
//! Only the ratios of weights matter, so both give the same order.

use super::neighbours::{ItemRef, Neighbours};
use super::visits::Visits;
pub use crate::store::feeds::{Seen, Use};
use std::collections::HashMap;
use std::sync::Arc;

/// Items of a list of bestsellers, for each customer and item type.
const BEST: usize = 200;
/// Customers of a model. The events of further ones are left out.
pub const CUSTOMERS: usize = 1000;
/// Item types above which unused ones are forgotten.
const TYPES: usize = 10_000;
/// Weight of the way from the later item of a visit to the earlier one. The other way has 1.
const BACKWARDS: f32 = 0.8;
/// Weight of each context item, relative to the one before it.
const NEXT_CONTEXT: f32 = 0.5;
/// Visits that are added to an item's number before its neighbours are compared with those of other
/// items, so that one common visit is not the strongest relation of all.
const SHRINK: f32 = 1.0;
/// How much an item's own popularity is taken out of its score: 0 is not at all. One half is the cosine
/// of two items' visits.
const POPULAR: f32 = 0.5;
/// Half-lives around the beginning within which a weight is a normal number.
const HALF_LIVES: f64 = 100.0;

/// An item of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    customer: u16,
    item_type: Arc<str>,
    item_id: Arc<str>,
}

/// The facts about an item.
#[derive(Clone, Debug)]
struct Item {
    /// `None`: the place is free.
    key: Option<Key>,
    generation: u16,
    /// The sums of the weights of its visits and of its purchases.
    viewed: f32,
    bought: f32,
    views: Neighbours,
    purchases: Neighbours,
}

/// A recommended item.
#[derive(Clone, Debug, PartialEq)]
pub struct Pick {
    /// The type of the item.
    pub item_type: Arc<str>,
    /// The item.
    pub item_id: Arc<str>,
    /// How good it is. Higher is better.
    pub score: f32,
}

/// The bounds of a model.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Most items.
    pub items: usize,
    /// Most neighbours of an item, by views and by purchases.
    pub neighbours: usize,
    /// The time after which an event counts half, in milliseconds.
    pub half_life_ms: f64,
    /// Least visits in which two items were together.
    pub visits: u16,
}

/// A question to the model.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The customer, or an empty text.
    pub customer: &'a str,
    /// The items that the visitor looks at, as type and id. The first one counts most.
    pub context: &'a [(String, String)],
    /// Only items of this type.
    pub item_type: Option<&'a str>,
    /// Most items of the answer.
    pub most: usize,
}

/// The model.
#[derive(Clone, Debug)]
pub struct Model {
    bounds: Bounds,
    /// The time at which an event has the weight 1.
    begin: u64,
    /// The time of the latest event.
    latest: u64,
    customers: HashMap<String, u16>,
    places: HashMap<Key, u32>,
    items: Vec<Item>,
    free: Vec<u32>,
    views: Visits<(u16, u128)>,
    purchases: Visits<(u16, u128)>,
    orders: Visits<(u16, u128)>,
    best: HashMap<(u16, Arc<str>), Vec<ItemRef>>,
    types: HashMap<String, Arc<str>>,
    /// Whether events of further customers were left out.
    has_left_out_customers: bool,
}

/// A bound of the model because of which events were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// Items were forgotten.
    Items,
    /// Events of further customers were left out.
    Customers,
    /// Visits ended before their time.
    Visits,
}

impl Model {
    /// An empty model. Weights are relative to this time.
    pub fn new(bounds: Bounds, begin: u64) -> Self {
        Self {
            bounds,
            begin,
            latest: 0,
            customers: HashMap::new(),
            places: HashMap::new(),
            items: Vec::new(),
            free: Vec::new(),
            views: Visits::default(),
            purchases: Visits::default(),
            orders: Visits::default(),
            best: HashMap::new(),
            types: HashMap::new(),
            has_left_out_customers: false,
        }
    }

    /// The bounds that were reached since the model was made, without that of the items, which
    /// [`Model::forget`] keeps.
    pub fn reached(&self) -> impl Iterator<Item = Reached> {
        let ended = self.views.have_ended_early()
            || self.purchases.have_ended_early()
            || self.orders.have_ended_early();
        let customers = self.has_left_out_customers.then_some(Reached::Customers);
        customers.into_iter().chain(ended.then_some(Reached::Visits))
    }

    /// The number of items.
    pub fn count(&self) -> usize {
        self.places.len()
    }

    /// Learns from an event. The items must not exceed their bound: see [`Model::weakest`].
    pub fn learn(&mut self, seen: &Seen) {
        let Some(customer) = self.customer(&seen.customer) else { return };
        let Some(item) = self.place(customer, &seen.item_type, &seen.item_id) else { return };
        self.latest = self.latest.max(seen.at);
        let weight = self.weight(seen.at);
        match seen.by {
            Use::Viewed => self.view(customer, item, seen, weight),
            Use::Bought => self.buy(customer, item, seen, weight),
        }
    }

    fn view(&mut self, customer: u16, item: ItemRef, seen: &Seen, weight: f32) {
        let Some(visitor) = seen.visitor else { return };
        let (is_new, earlier) = self.views.add((customer, visitor), item, seen.at);
        if !is_new {
            return;
        }
        if let Some(own) = self.item_mut(item) {
            own.viewed += weight;
        }
        for (steps, other) in (1u8..).zip(earlier) {
            let near = weight / f32::from(steps);
            self.relate(other, item, near, |item| &mut item.views);
            self.relate(item, other, near * BACKWARDS, |item| &mut item.views);
        }
    }

    fn buy(&mut self, customer: u16, item: ItemRef, seen: &Seen, weight: f32) {
        // Lines of an order that a shop reports have no visitor.
        let (is_new, earlier) = match (seen.order, seen.visitor) {
            (Some(order), _) => self.orders.add((customer, order), item, seen.at),
            (None, Some(visitor)) => self.purchases.add((customer, visitor), item, seen.at),
            (None, None) => (true, Vec::new()),
        };
        if let Some(own) = self.item_mut(item) {
            own.bought += weight;
        }
        self.rank(customer, item);
        if is_new {
            for other in earlier {
                self.relate(other, item, weight, |item| &mut item.purchases);
                self.relate(item, other, weight, |item| &mut item.purchases);
            }
        }
    }

    fn relate(
        &mut self,
        from: ItemRef,
        to: ItemRef,
        weight: f32,
        list: fn(&mut Item) -> &mut Neighbours,
    ) {
        let most = self.bounds.neighbours;
        if let Some(from) = self.item_mut(from) {
            list(from).add(to, weight, most);
        }
    }

    /// Takes the item into the list of bestsellers, if it is one. Weights only grow, so an item that
    /// is not in the full list need not be looked at before its next purchase.
    fn rank(&mut self, customer: u16, item: ItemRef) {
        let Some(Item { key: Some(key), bought, .. }) = self.item(item) else { return };
        let (bought, list) = (*bought, (customer, Arc::clone(&key.item_type)));
        let mut best = self.best.remove(&list).unwrap_or_default();
        if !best.contains(&item) {
            let weakest = best
                .iter()
                .enumerate()
                .map(|(place, one)| (place, self.item(*one).map_or(0.0, |one| one.bought)))
                .min_by(|(_, one), (_, other)| one.total_cmp(other));
            match weakest {
                Some((place, weight)) if best.len() >= BEST => {
                    if let Some(worst) = best.get_mut(place).filter(|_| weight < bought) {
                        *worst = item;
                    }
                }
                Some(_) | None => best.push(item),
            }
        }
        self.best.insert(list, best);
    }

    /// The number of items that the model can still take.
    pub fn room(&self) -> usize {
        self.bounds.items.saturating_sub(self.places.len())
    }

    /// The items with the least and oldest events.
    pub fn weakest(&self, count: usize) -> Vec<ItemRef> {
        let used = (0u32..).zip(&self.items).filter(|(_, item)| item.key.is_some());
        let mut all: Vec<(f32, u32, u16)> =
            used.map(|(place, item)| (item.viewed + item.bought, place, item.generation)).collect();
        let order = |one: &(f32, u32, u16), other: &(f32, u32, u16)| {
            one.0.total_cmp(&other.0).then(one.1.cmp(&other.1))
        };
        if count < all.len() {
            all.select_nth_unstable_by(count, order);
            all.truncate(count);
        }
        all.into_iter().map(|(_, place, generation)| ItemRef { place, generation }).collect()
    }

    /// Forgets these items.
    pub fn forget(&mut self, items: &[ItemRef]) {
        for one in items {
            let Some(item) = self.item_mut(*one) else { continue };
            let key = item.key.take();
            let generation = item.generation.wrapping_add(1);
            *item = Item::empty(generation);
            if let Some(key) = key {
                self.places.remove(&key);
            }
            self.free.push(one.place);
        }
        let mut lists = std::mem::take(&mut self.best);
        lists.retain(|_, list| {
            list.retain(|one| self.item(*one).is_some());
            !list.is_empty()
        });
        self.best = lists;
    }

    /// Items that visitors looked at in the visits in which they looked at those of the context.
    pub fn also_viewed(&self, question: &Question<'_>) -> Vec<Pick> {
        self.related(question, |item| (&item.views, item.viewed))
    }

    /// Items that were bought with those of the context.
    pub fn bought_together(&self, question: &Question<'_>) -> Vec<Pick> {
        self.related(question, |item| (&item.purchases, item.bought))
    }

    fn related(&self, question: &Question<'_>, list: fn(&Item) -> (&Neighbours, f32)) -> Vec<Pick> {
        let Some(customer) = self.customers.get(question.customer) else { return Vec::new() };
        let context: Vec<Option<&Item>> = question
            .context
            .iter()
            .map(|(item_type, id)| self.find(*customer, item_type, id))
            .collect();
        let own: Vec<&Key> =
            context.iter().flatten().filter_map(|item| item.key.as_ref()).collect();
        let shrink = SHRINK * self.weight(self.latest);
        let mut scores: HashMap<ItemRef, f32> = HashMap::new();
        let mut part = 1.0;
        for item in &context {
            if let Some(item) = item {
                let (neighbours, whole) = list(item);
                for one in neighbours.iter().filter(|one| one.visits() >= self.bounds.visits) {
                    let score = part * one.weight() / (whole + shrink);
                    *scores.entry(one.item()).or_default() += score;
                }
            }
            part *= NEXT_CONTEXT;
        }
        let known = scores.into_iter().filter_map(|(place, score)| {
            let item = self.item(place)?;
            let key = item.key.as_ref()?;
            let wanted = question.item_type.is_none_or(|wanted| *wanted == *key.item_type);
            let popular = (list(item).1 + shrink).powf(POPULAR);
            (wanted && !own.contains(&key)).then_some((score / popular, key))
        });
        best_of(known.collect(), question.most)
    }

    /// The items that were bought most, without those of the context.
    pub fn bestsellers(&self, question: &Question<'_>) -> Vec<Pick> {
        let Some(customer) = self.customers.get(question.customer) else { return Vec::new() };
        let lists = self.best.iter().filter(|((of, item_type), _)| {
            of == customer && question.item_type.is_none_or(|wanted| *wanted == **item_type)
        });
        let items = lists.flat_map(|(_, list)| list).filter_map(|one| self.item(*one));
        let is_context = |key: &Key| {
            let mut context = question.context.iter();
            context.any(|(of, id)| **of == *key.item_type && **id == *key.item_id)
        };
        let known = items.filter_map(|item| Some((item.bought, item.key.as_ref()?)));
        best_of(known.filter(|(_, key)| !is_context(key)).collect(), question.most)
    }

    fn find(&self, customer: u16, item_type: &str, item_id: &str) -> Option<&Item> {
        let item_type = Arc::clone(self.types.get(item_type)?);
        let key = Key { customer, item_type, item_id: item_id.into() };
        self.items.get(*self.places.get(&key)? as usize)
    }

    fn item(&self, of: ItemRef) -> Option<&Item> {
        let item = self.items.get(of.place as usize)?;
        (item.generation == of.generation && item.key.is_some()).then_some(item)
    }

    fn item_mut(&mut self, of: ItemRef) -> Option<&mut Item> {
        let item = self.items.get_mut(of.place as usize)?;
        (item.generation == of.generation && item.key.is_some()).then_some(item)
    }

    fn customer(&mut self, name: &str) -> Option<u16> {
        if let Some(known) = self.customers.get(name) {
            return Some(*known);
        }
        let number = self.customers.len();
        if number >= CUSTOMERS {
            self.has_left_out_customers = true;
            return None;
        }
        self.customers.insert(name.to_owned(), number as u16);
        Some(number as u16)
    }
}

impl Model {
    /// The weight of an event of this time.
    fn weight(&self, at: u64) -> f32 {
        let passed = at as f64 - self.begin as f64;
        let half_lives = (passed / self.bounds.half_life_ms).clamp(-HALF_LIVES, HALF_LIVES);
        half_lives.exp2() as f32
    }

    /// The item's place, made if it is new. `None`: there is no room.
    fn place(&mut self, customer: u16, item_type: &str, item_id: &str) -> Option<ItemRef> {
        let item_type = match self.types.get(item_type) {
            Some(known) => Arc::clone(known),
            None => {
                // A type without an item is of no use any more.
                if self.types.len() >= TYPES {
                    self.types.retain(|_, shared| Arc::strong_count(shared) > 1);
                }
                let shared: Arc<str> = item_type.into();
                self.types.insert(item_type.to_owned(), Arc::clone(&shared));
                shared
            }
        };
        let key = Key { customer, item_type, item_id: item_id.into() };
        if let Some(place) = self.places.get(&key) {
            let generation = self.items.get(*place as usize)?.generation;
            return Some(ItemRef { place: *place, generation });
        }
        if self.room() == 0 {
            return None;
        }
        let place = self.free.pop().unwrap_or(self.items.len() as u32);
        if self.items.len() == place as usize {
            self.items.push(Item::empty(0));
        }
        let item = self.items.get_mut(place as usize)?;
        item.key = Some(key.clone());
        let generation = item.generation;
        self.places.insert(key, place);
        Some(ItemRef { place, generation })
    }
}

impl Item {
    fn empty(generation: u16) -> Self {
        let (views, purchases) = (Neighbours::default(), Neighbours::default());
        Self { key: None, generation, viewed: 0.0, bought: 0.0, views, purchases }
    }
}

/// The bytes of an item with all of its neighbours, without its names.
#[cfg(test)]
pub fn most_bytes(neighbours: usize) -> usize {
    // The map has at least one place in eight free, and twice as many places as items after it grew.
    let in_maps = 16 * (size_of::<Key>() + size_of::<u32>()) / 7;
    let lists = 2 * neighbours * size_of::<super::neighbours::Neighbour>();
    size_of::<Item>() + in_maps + lists
}

/// The best of these, in their order. Equal ones are in the order of their names, so that the same
/// events always give the same answer.
fn best_of(mut all: Vec<(f32, &Key)>, most: usize) -> Vec<Pick> {
    let order = |one: &(f32, &Key), other: &(f32, &Key)| {
        other.0.total_cmp(&one.0).then_with(|| one.1.cmp(other.1))
    };
    if most < all.len() {
        all.select_nth_unstable_by(most, order);
        all.truncate(most);
    }
    all.sort_unstable_by(order);
    let pick = |(score, key): (f32, &Key)| Pick {
        item_type: Arc::clone(&key.item_type),
        item_id: Arc::clone(&key.item_id),
        score,
    };
    all.into_iter().map(pick).collect()
}
