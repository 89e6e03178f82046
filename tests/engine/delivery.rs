//! Nothing is lost and nothing counts twice: after any sequence of faults in pages, network and
//! responses, each event is stored once.

use crate::common::{Collector, DAY_MS, Page, answered, calm, json, retry_after};
use proptest::prelude::*;
use recobeacon_engine::Signals;
use recobeacon_engine::delivery::entry;
use recobeacon_engine::effect::{Outcome, Send, Via};
use recobeacon_engine::identity::Stored;
use recobeacon_engine::input::Input;
use serde_json::Value as Json;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// A step of a visit.
#[derive(Clone, Debug)]
enum Step {
    Click,
    Buy,
    Consume(u8),
    Advance(u64),
    ClockBack(u64),
    Hidden,
    Shown,
    Online(bool),
    Flush,
    /// The visitor goes to another page. The browser keeps this one in its cache, or not.
    Leave(bool),
    /// The page's process ends, and the visitor loads the page again.
    Die,
    /// A page's process ends after this number of further effects, possibly between two writes.
    End(usize),
    /// The visitor returns to the cached page. Its lock is available, or not.
    Back(bool),
    /// The acknowledgement cookies arrive.
    Cookies,
    Damage(usize, String),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => Just(Step::Click),
        2 => Just(Step::Buy),
        4 => (1..100u8).prop_map(Step::Consume),
        6 => (0..20_000u64).prop_map(Step::Advance),
        1 => (0..7_200_000u64).prop_map(Step::ClockBack),
        2 => Just(Step::Hidden),
        3 => Just(Step::Shown),
        2 => any::<bool>().prop_map(Step::Online),
        1 => Just(Step::Flush),
        3 => any::<bool>().prop_map(Step::Leave),
        1 => Just(Step::Die),
        1 => (1..60usize).prop_map(Step::End),
        2 => any::<bool>().prop_map(Step::Back),
        2 => Just(Step::Cookies),
        1 => (any::<usize>(), ".{0,40}").prop_map(|(place, text)| Step::Damage(place, text)),
    ]
}

/// The fate of a request: whether it is stored, and what the page learns.
#[derive(Clone, Copy, Debug)]
struct Fate {
    stored: bool,
    /// A fetch's status. 0: it fails. 1: it is never answered.
    status: u16,
    /// Whether the browser takes a beacon.
    beacon: bool,
    /// Whether there is a Resource Timing entry.
    entry: bool,
    /// Whether a cookie is set.
    cookie: bool,
}

fn fate() -> impl Strategy<Value = Fate> {
    let refused = prop::sample::select(vec![0, 1, 401, 404, 408, 413, 429, 500, 503]);
    let stored = prop::sample::select(vec![0, 1, 204, 204, 204]);
    let answer = prop_oneof![
        2 => stored.prop_map(|status| (true, status)),
        1 => refused.prop_map(|status| (false, status)),
    ];
    (answer, prop::bool::weighted(0.9), any::<bool>(), any::<bool>()).prop_map(
        |((stored, status), beacon, entry, cookie)| Fate { stored, status, beacon, entry, cookie },
    )
}

/// Everything outside the pages.
#[derive(Clone, Default)]
struct World {
    collector: Collector,
    fates: Rc<RefCell<Vec<Fate>>>,
    next: Rc<Cell<usize>>,
    cookies: Rc<RefCell<Vec<String>>>,
}

impl World {
    fn answer(&self, send: &Send, entry: &Cell<Option<u16>>) -> Option<Outcome> {
        entry.set(None);
        let fates = self.fates.borrow();
        let Some(fate) = fates.get(self.next.get() % fates.len().max(1)).copied() else {
            entry.set(Some(204));
            self.collector.take(send);
            return if send.via == Via::Beacon { Some(Outcome::Taken) } else { answered(204) };
        };
        self.next.set(self.next.get() + 1);
        if send.via == Via::Beacon && !fate.beacon {
            return Some(Outcome::Refused);
        }
        // A server does not refuse a single event as too large.
        let one = send.request.body.as_ref().unwrap().matches("\"id\":").count() == 1;
        let status = if fate.status == 413 && one { 500 } else { fate.status };
        if fate.stored {
            self.collector.take(send);
            if fate.cookie {
                let name = send.request.url.split_once("b=").unwrap().1;
                self.cookies.borrow_mut().push(format!("reco_ack_{name}"));
            }
        }
        match (send.via, status) {
            (Via::Beacon, _) => {
                let seen = if fate.stored { 204 } else { status.max(300) };
                entry.set(fate.entry.then_some(if status < 2 { 0 } else { seen }));
                Some(Outcome::Taken)
            }
            (Via::Fetch, 0) => Some(Outcome::Failed),
            (Via::Fetch, 1) => None,
            (Via::Fetch, 429) => retry_after(429, 7),
            (Via::Fetch, status) => answered(status),
        }
    }

    fn connect(&self, page: &mut Page) {
        let (world, entry) = (self.clone(), page.timing.clone());
        page.network(move |send| world.answer(send, &entry));
    }

    fn set_cookies(&self, page: &mut Page) {
        for name in self.cookies.borrow_mut().drain(..) {
            page.jar.insert(name, ("1".to_owned(), 0));
        }
        page.acknowledged();
    }
}

fn config(transport: &str) -> Json {
    json!({
        "destinations": { "protocol": "batch", "endpoint": "/v1/events", "transport": transport },
        "batch": { "maxEvents": 3 },
    })
}

/// Checks that the page's outbox has exactly the pending events and the batches in flight.
fn check_outbox(page: &Page) {
    let own = page.owned.last().unwrap();
    let mut kept = 0;
    for (key, text) in page.outbox(own) {
        let entry = entry::read(&text).unwrap_or_else(|| panic!("{key}: {text}"));
        kept += entry.events.iter().map(|event| u64::from(event.deliveries)).sum::<u64>();
    }
    assert_eq!(kept, page.count("queued"), "{:?}", page.stats());
}

fn open(world: &World, from: &Page, transport: &str) -> Page {
    let mut page = from.tab(config(transport));
    page.mono = from.mono;
    world.connect(&mut page);
    page.take_over_outboxes();
    page
}

/// The browser shows a cached page again, with the storage as the last page left it. Without its
/// lock the page must reload its outbox.
fn go_back(left: &mut Page, mut back: Page, lock: bool) -> Page {
    left.feed(Input::Hidden);
    back.advance(0);
    back.wall = left.wall;
    back.kept = std::mem::take(&mut left.kept);
    back.jar = std::mem::take(&mut left.jar);
    // The lock is not available while another page takes over the outbox.
    let own = back.owned.last().unwrap().clone();
    back.back(lock || back.outbox(&own).is_empty());
    back.take_over_outboxes();
    back
}

/// Plays all steps, then checks the collector's events.
fn visit(
    steps: Vec<Step>,
    fates: Vec<Fate>,
    transport: &str,
    later: bool,
) -> Result<(), TestCaseError> {
    let world = World::default();
    *world.fates.borrow_mut() = fates;
    let signals = Signals { later, ..calm() };
    let mut page = Page::start(&config(transport), &Stored::default(), signals);
    world.connect(&mut page);
    let mut cached: Vec<Page> = Vec::new();
    let mut made = 0;
    let mut unsure = Vec::new();
    let mut damaged = 0;
    for step in steps {
        let before = made;
        match step {
            Step::Click => {
                made += 1;
                page.click(made);
            }
            Step::Buy => {
                made += 1;
                page.call("buy", json!({ "itemId": made }));
            }
            Step::Consume(percentage) => {
                page.call("consume", json!({ "itemId": "read", "percentage": percentage }));
            }
            Step::Advance(ms) => page.advance(ms),
            Step::ClockBack(ms) => page.wall -= ms,
            Step::Hidden => page.feed(Input::Hidden),
            Step::Shown => page.shown(),
            Step::Online(online) => page.feed(Input::Online(online)),
            Step::Flush => page.call("flush", json!([])),
            Step::Leave(kept) => {
                page.feed(Input::Hidden);
                let next = open(&world, &page, transport);
                let left = std::mem::replace(&mut page, next);
                if kept {
                    cached.push(left);
                }
            }
            Step::Die => {
                world.collector.take_later_requests(&page);
                page = open(&world, &page, transport);
            }
            Step::End(left) => page.ends.set(Some(left)),
            Step::Back(lock) => {
                if let Some(back) = cached.pop() {
                    page = go_back(&mut page, back, lock);
                }
            }
            Step::Cookies => world.set_cookies(&mut page),
            Step::Damage(place, text) => {
                // A damaged text among those of a page that is gone.
                damaged += 1;
                page.kept.insert(format!("reco_o_gone{damaged}_{place}"), text);
            }
        }
        if page.ends.get() == Some(0) {
            // The process may have ended before these calls were written.
            unsure.extend(before + 1..=made);
            page.ends.set(None);
            page = open(&world, &page, transport);
        }
        check_outbox(&page);
    }
    page.ends.set(None);

    // From now on all requests succeed, and the visitor opens another page.
    world.fates.borrow_mut().clear();
    page.feed(Input::Online(true));
    page.shown();
    page.advance(DAY_MS / 2);
    page.feed(Input::Hidden);
    for _ in 0..2 {
        page = open(&world, &page, transport);
        page.advance(DAY_MS / 2);
    }
    prop_assert_eq!((page.count("queued"), page.count("dropped")), (0, 0));
    prop_assert_eq!(page.outbox_keys(), Vec::<&String>::new());
    let items: Vec<u32> =
        world.collector.items().iter().filter_map(|item| item.parse().ok()).collect();
    let mut sorted = items.clone();
    sorted.sort_unstable();
    let stored = |item: &u32| !unsure.contains(item) || items.contains(item);
    prop_assert_eq!(sorted, (1..=made).filter(stored).collect::<Vec<u32>>());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig {
        // Rare faults need many visits. PROPTEST_CASES=50000 with --release tests more.
        cases: 4 * ProptestConfig::default().cases,
        max_shrink_iters: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn each_event_is_stored_exactly_once(
        steps in prop::collection::vec(step(), 1..120),
        fates in prop::collection::vec(fate(), 1..40),
        transport in prop::sample::select(vec!["beacon", "auto", "fetch"]),
        later in any::<bool>(),
    ) {
        visit(steps, fates, transport, later)?;
    }
}
