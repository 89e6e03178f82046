//! The items that were seen or bought together with one item, at most a fixed number of them.

/// An item with a generation of its place, so that a place that got another item is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ItemRef {
    /// The place in the model's list of items.
    pub place: u32,
    /// The number of items that had the place before.
    pub generation: u16,
}

/// An item, and how often and how recently it was together with the one that has the list.
#[derive(Clone, Copy, Debug)]
pub struct Neighbour {
    place: u32,
    weight: f32,
    generation: u16,
    visits: u16,
}

impl Neighbour {
    /// The item.
    pub fn item(&self) -> ItemRef {
        ItemRef { place: self.place, generation: self.generation }
    }

    /// The sum of the weights of all visits.
    pub fn weight(&self) -> f32 {
        self.weight
    }

    /// The number of visits.
    pub fn visits(&self) -> u16 {
        self.visits
    }
}

/// The neighbours of one item, in no order.
#[derive(Clone, Debug, Default)]
pub struct Neighbours(Vec<Neighbour>);

impl Neighbours {
    /// Adds a visit with this weight. If the list has `most` items, the new one takes the place of
    /// the weakest, because a list of strong old items would otherwise be closed to all new ones.
    pub fn add(&mut self, item: ItemRef, weight: f32, most: usize) {
        let ItemRef { place, generation } = item;
        let new = Neighbour { place, weight, generation, visits: 1 };
        if let Some(known) = self.0.iter_mut().find(|known| known.place == place) {
            if known.generation == generation {
                known.weight += weight;
                known.visits = known.visits.saturating_add(1);
            } else {
                *known = new;
            }
        } else if self.0.len() < most {
            if self.0.len() == self.0.capacity() {
                // A vector that doubles by itself would take more than its bound.
                let more = self.0.len().clamp(2, most).min(most - self.0.len());
                self.0.reserve_exact(more);
            }
            self.0.push(new);
        } else if let Some(weakest) =
            self.0.iter_mut().min_by(|one, other| one.weight.total_cmp(&other.weight))
        {
            *weakest = new;
        }
    }

    /// The neighbours.
    pub fn iter(&self) -> impl Iterator<Item = &Neighbour> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(place: u32) -> ItemRef {
        ItemRef { place, generation: 0 }
    }

    fn places(list: &Neighbours) -> Vec<u32> {
        let mut all: Vec<u32> = list.iter().map(|one| one.place).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn a_full_list_gives_the_place_of_its_weakest_item() {
        let mut list = Neighbours::default();
        for (place, weight) in [(1, 3.0), (2, 1.0), (3, 2.0)] {
            list.add(item(place), weight, 3);
        }
        list.add(item(4), 0.5, 3);
        assert_eq!(places(&list), [1, 3, 4]);
        list.add(item(3), 2.0, 3);
        list.add(item(5), 0.1, 3);
        assert_eq!(places(&list), [1, 3, 5]);
        assert!(list.0.capacity() <= 3);
    }

    #[test]
    fn an_item_that_took_the_place_of_another_inherits_nothing() {
        let mut list = Neighbours::default();
        list.add(item(1), 3.0, 3);
        list.add(item(1), 3.0, 3);
        list.add(ItemRef { place: 1, generation: 1 }, 0.5, 3);
        let all: Vec<(f32, u16)> = list.iter().map(|one| (one.weight(), one.visits())).collect();
        assert_eq!(all, [(0.5, 1)]);
    }
}
