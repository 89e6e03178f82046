//! The model as a whole.
#![allow(clippy::indexing_slicing)]

use super::model::{Bounds, Model, Pick, Question, Seen, Use, most_bytes};

const DAY: u64 = 86_400_000;
const NOW: u64 = 20_000 * DAY;
const BOUNDS: Bounds =
    Bounds { items: 1000, neighbours: 100, half_life_ms: 30.0 * DAY as f64, visits: 1 };

fn seen(by: Use, visitor: u128, item: &str, at: u64) -> Seen {
    Seen {
        by,
        customer: String::new(),
        visitor: Some(visitor),
        order: None,
        item_type: "1".to_owned(),
        item_id: item.to_owned(),
        at,
    }
}

fn model(bounds: Bounds, all: &[Seen]) -> Model {
    let mut model = Model::new(bounds, NOW);
    all.iter().for_each(|seen| model.learn(seen));
    model
}

fn views(visits: &[(u128, &str)]) -> Vec<Seen> {
    let items = |(visitor, items): &(u128, &str)| {
        let visitor = *visitor;
        items.split(' ').map(move |item| seen(Use::Viewed, visitor, item, NOW)).collect::<Vec<_>>()
    };
    visits.iter().flat_map(items).collect()
}

fn context(items: &str) -> Vec<(String, String)> {
    items.split_whitespace().map(|item| ("1".to_owned(), item.to_owned())).collect()
}

fn asked(
    model: &Model,
    ask: fn(&Model, &Question<'_>) -> Vec<Pick>,
    items: &str,
) -> Vec<(String, f32)> {
    let context = context(items);
    let question = Question { customer: "", context: &context, item_type: None, most: 50 };
    ask(model, &question).into_iter().map(|pick| (pick.item_id.to_string(), pick.score)).collect()
}

fn ids(picks: Vec<(String, f32)>) -> Vec<String> {
    picks.into_iter().map(|(id, _)| id).collect()
}

#[test]
fn items_of_common_visits_are_related_by_the_documented_formula() {
    let model = model(BOUNDS, &views(&[(1, "a b c"), (2, "b a")]));
    let of_b = asked(&model, Model::also_viewed, "b");
    // b -> a: 0.8 from the first visit, in which a came earlier, and 1 from the second. b -> c: 1.
    // Two visits had a and b, one had c. The shrinkage is one visit.
    let expected = [("a", 1.8 / 3.0 / 3f32.sqrt()), ("c", 1.0 / 3.0 / 2f32.sqrt())];
    assert_eq!(of_b.len(), 2);
    for ((id, score), (expected_id, expected)) in of_b.iter().zip(expected) {
        assert!(id == expected_id && (score - expected).abs() < 1e-5, "{id} {score} {expected}");
    }
    // The second context item counts half. a -> c has two steps, and a itself is not recommended.
    let of_both = asked(&model, Model::also_viewed, "b a");
    let expected = (1.0 / 3.0 + 0.5 * 0.5 / 3.0) / 2f32.sqrt();
    assert_eq!(of_both.len(), 1);
    assert!((of_both[0].1 - expected).abs() < 1e-5, "{of_both:?} {expected}");
    assert_eq!(asked(&model, Model::also_viewed, "unknown"), []);
}

#[test]
fn an_older_visit_counts_less() {
    let mut all = views(&[(1, "a new")]);
    for visitor in 2..4 {
        for item in ["a", "old"] {
            all.push(seen(Use::Viewed, visitor, item, NOW - 60 * DAY));
        }
    }
    // Two visits of a quarter each.
    assert_eq!(ids(asked(&model(BOUNDS, &all), Model::also_viewed, "a")), ["new", "old"]);
    let slow = Bounds { half_life_ms: 3000.0 * DAY as f64, ..BOUNDS };
    assert_eq!(ids(asked(&model(slow, &all), Model::also_viewed, "a")), ["old", "new"]);
}

#[test]
fn what_was_bought_in_one_order_or_visit_belongs_together() {
    let mut all = Vec::new();
    // An order that only the shop has reported has no visitor.
    for item in ["a", "b"] {
        all.push(Seen { visitor: None, order: Some(7), ..seen(Use::Bought, 0, item, NOW) });
    }
    for item in ["a", "d"] {
        all.push(seen(Use::Bought, 1, item, NOW));
    }
    all.push(seen(Use::Bought, 1, "c", NOW + DAY));
    all.push(Seen { visitor: None, ..seen(Use::Bought, 0, "b", NOW) });
    all.extend(views(&[(1, "a seen")]));
    let model = model(BOUNDS, &all);
    // b was also bought alone, so d is nearer to a.
    assert_eq!(ids(asked(&model, Model::bought_together, "a")), ["d", "b"]);
    assert_eq!(ids(asked(&model, Model::also_viewed, "a")), ["seen"]);
    // A day makes c a little newer than d.
    assert_eq!(ids(asked(&model, Model::bestsellers, "")), ["a", "b", "c", "d"]);
    assert_eq!(ids(asked(&model, Model::bestsellers, "b")), ["a", "c", "d"]);
}

#[test]
fn the_same_events_give_the_same_answer_and_equal_items_are_in_the_order_of_their_names() {
    let visits: Vec<(u128, &str)> = vec![(1, "a z"), (2, "a m"), (3, "a b"), (4, "a k")];
    let reversed: Vec<(u128, &str)> = visits.iter().rev().copied().collect();
    for visits in [&visits, &reversed] {
        let model = model(BOUNDS, &views(visits));
        assert_eq!(ids(asked(&model, Model::also_viewed, "a")), ["b", "k", "m", "z"]);
    }
}

#[test]
fn customers_and_item_types_are_apart() {
    let mut all = views(&[(1, "a b")]);
    for customer in ["x", "y"] {
        for (item_type, item) in [("1", "a"), ("2", "a"), ("2", customer)] {
            let seen = seen(Use::Viewed, 1, item, NOW);
            all.push(Seen {
                customer: customer.to_owned(),
                item_type: item_type.to_owned(),
                ..seen
            });
        }
    }
    let model = model(BOUNDS, &all);
    let asked = |customer, item_type| {
        let context = context("a");
        let picks =
            model.also_viewed(&Question { customer, context: &context, item_type, most: 9 });
        let name = |pick: Pick| format!("{}/{}", pick.item_type, pick.item_id);
        picks.into_iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(asked("", None), ["1/b"]);
    assert_eq!(asked("x", None), ["2/a", "2/x"]);
    assert_eq!(asked("y", Some("2")), ["2/a", "2/y"]);
    assert_eq!(asked("y", Some("1")), [""; 0]);
    assert_eq!(asked("z", None), [""; 0]);
}

#[test]
fn a_pair_needs_its_least_number_of_visits() {
    let all = views(&[(1, "a b"), (2, "a b"), (1, "b a"), (3, "a c")]);
    let two = Bounds { visits: 2, ..BOUNDS };
    assert_eq!(ids(asked(&model(two, &all), Model::also_viewed, "a")), ["b"]);
    let three = Bounds { visits: 3, ..BOUNDS };
    // The third time was within the first visit.
    assert_eq!(asked(&model(three, &all), Model::also_viewed, "a"), []);
}

#[test]
fn forgotten_items_leave_no_trace() {
    let bounds = Bounds { items: 3, ..BOUNDS };
    let mut all = views(&[(1, "a b"), (2, "a b"), (3, "b c")]);
    all.push(seen(Use::Bought, 3, "c", NOW - 100 * DAY));
    let mut model = model(bounds, &all);
    model.learn(&seen(Use::Viewed, 4, "d", NOW));
    assert_eq!((model.count(), model.room()), (3, 0), "there is no room for d");
    let weakest = model.weakest(1);
    model.forget(&weakest);
    assert_eq!((model.count(), model.room()), (2, 1));
    assert_eq!(asked(&model, Model::bestsellers, ""), [], "c was the weakest");
    views(&[(5, "d")]).iter().for_each(|seen| model.learn(seen));
    // d has the place of c now, but not its relations.
    assert_eq!(ids(asked(&model, Model::also_viewed, "b")), ["a"]);
    assert_eq!(asked(&model, Model::also_viewed, "d"), []);
    assert_eq!(asked(&model, Model::also_viewed, "c"), []);
}

#[test]
fn an_item_takes_no_more_memory_than_documented() {
    // docs/feeds.md and collector.example.toml say 2.7 kB. A name of 20 bytes takes about 50.
    let bytes = most_bytes(100) + 50;
    assert!((2_550..=2_750).contains(&bytes), "{bytes}");
}

#[test]
fn the_longest_times_give_finite_scores() {
    let bounds = Bounds { half_life_ms: 1.0, ..BOUNDS };
    for at in [0, NOW, NOW + 10_000 * DAY] {
        let all = [seen(Use::Viewed, 1, "a", at), seen(Use::Viewed, 1, "b", at)];
        let picks = asked(&model(bounds, &all), Model::also_viewed, "a");
        assert!(picks.len() == 1 && picks[0].1.is_finite(), "{at}: {picks:?}");
    }
}
