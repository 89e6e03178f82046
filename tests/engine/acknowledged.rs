//! Acknowledgement of a batch by a fetch's response, by Resource Timing, and by a cookie; and
//! batches without acknowledgement.

use crate::common::test;
use crate::common::{Page, answered, batch, ibexa, json, with};
use recobeacon_engine::effect::{DeliveryStatus, Outcome, Via};
use recobeacon_engine::input::Input;

/// A page whose only beacon was taken and is not acknowledged.
fn taken() -> Page {
    let mut page = Page::open(batch());
    page.timing.set(None);
    page.click(1);
    page.advance(2_000);
    assert_eq!((page.sends.len(), page.count("queued"), page.notices.len()), (1, 1, 0));
    page
}

/// The name `<stream>.<seq>` of a request's batch.
fn name(page: &Page, place: usize) -> String {
    page.urls()[place].split_once("b=").unwrap().1.to_owned()
}

fn cookie(page: &mut Page, name: &str) {
    page.jar.insert(format!("reco_ack_{name}"), ("1".to_owned(), 0));
    page.acknowledged();
}

fn ended(page: &mut Page) {
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.count("acknowledged"), page.count("queued")), (1, 1, 0));
    assert_eq!((page.outbox_keys().len(), page.wake), (0, None));
    assert!(
        matches!(page.notices[..], [ref one] if matches!(one.status, DeliveryStatus::Acknowledged(_)))
    );
}

#[test]
fn a_cookie_acknowledges_the_batch_that_it_names() {
    let mut page = taken();
    let name = name(&page, 0);
    cookie(&mut page, &name);
    assert_eq!(page.jar.keys().filter(|name| name.starts_with("reco_ack_")).count(), 0);
    ended(&mut page);
}

#[test]
fn old_acknowledgement_cookies_are_deleted() {
    let mut page = taken();
    for n in 100..130 {
        page.jar.insert(format!("reco_ack_other.{n}"), ("1".to_owned(), 0));
    }
    let own = name(&page, 0);
    cookie(&mut page, &own);
    let left: Vec<&String> = page.jar.keys().filter(|key| key.starts_with("reco_ack_")).collect();
    assert_eq!(left.len(), 20, "{left:?}");
    assert_eq!(left[0], "reco_ack_other.110", "the oldest are deleted");
    assert_eq!(page.count("acknowledged"), 1, "no other page's acknowledgement counts here");
}

#[test]
fn other_cookies_acknowledge_nothing_and_stay() {
    let mut page = taken();
    let (stream, _) =
        name(&page, 0).split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    for odd in ["0123456789012345678901.0", "", ".", "x", "0", ".0"] {
        cookie(&mut page, odd);
        assert!(page.jar.contains_key(&format!("reco_ack_{odd}")), "{odd}");
    }
    // These have the tracker's prefix, but name no pending batch. They are deleted.
    for odd in [".1", ".", ".x", ".99999999999999999999999", ".-1"] {
        cookie(&mut page, &format!("{stream}{odd}"));
        assert!(!page.jar.contains_key(&format!("reco_ack_{stream}{odd}")), "{odd}");
    }
    assert_eq!(page.count("queued"), 1);
}

#[test]
fn the_next_page_reads_the_cookie_of_the_one_before() {
    let mut page = taken();
    page.feed(Input::Hidden);
    let own = format!("reco_ack_{}", name(&page, 0));
    page.jar.insert(own, ("1".to_owned(), 0));
    let mut next = page.next(batch());
    assert_eq!((next.count("accepted"), next.count("acknowledged")), (1, 1));
    next.advance(60_000);
    assert_eq!((next.sends.len(), next.outbox_keys().len()), (0, 0));
    assert!(!next.jar.keys().any(|name| name.starts_with("reco_ack_")));
}

#[test]
fn a_resource_timing_entry_acknowledges_its_beacon() {
    let mut page = taken();
    page.feed(Input::RequestFinished(name(&page, 0), 204));
    ended(&mut page);
}

#[test]
fn a_success_other_than_204_keeps_the_batch_and_gives_a_warning() {
    for status in [200, 202, 206] {
        let mut page = taken();
        page.feed(Input::RequestFinished(name(&page, 0), status));
        assert_eq!((page.count("queued"), page.count("acknowledged")), (1, 0), "{status}");
        assert_eq!(page.told(), [("refused", "batch /v1/events")], "{status}");
        let sent = page.sends.len();
        page.advance(500_000);
        assert_eq!(page.sends.len(), sent, "{status}");
        page.advance(250_000);
        assert_eq!(page.sends.len(), sent + 1, "{status}");
    }
}

#[test]
fn an_entry_without_a_status_has_no_effect() {
    let mut page = taken();
    page.feed(Input::RequestFinished(name(&page, 0), 0));
    page.feed(Input::RequestFinished("x.0".to_owned(), 204));
    page.feed(Input::RequestFinished(String::new(), 204));
    assert_eq!(page.count("queued"), 1);
    page.advance(15_000);
    assert_eq!(page.sends.len(), 2);
}

#[test]
fn an_entry_with_an_error_status_counts_as_a_response() {
    for (status, sends, dropped) in
        [(400, 1, 1), (503, 2, 0), (429, 2, 0), (431, 2, 0), (500, 2, 0)]
    {
        let mut page = taken();
        page.feed(Input::RequestFinished(name(&page, 0), status));
        page.advance(5_000);
        assert_eq!((page.sends.len(), page.count("dropped")), (sends, dropped), "{status}");
    }
    let mut page = taken();
    page.feed(Input::RequestFinished(name(&page, 0), 404));
    assert_eq!(page.told(), [("refused", "batch /v1/events")]);
    assert_eq!(page.count("queued"), 1);
}

#[test]
fn an_entry_of_an_earlier_attempt_has_no_effect_on_a_later_one() {
    let mut page = taken();
    page.network(|_| None);
    page.advance(15_000);
    assert_eq!(page.sends.len(), 2);
    page.feed(Input::RequestFinished(name(&page, 0), 400));
    assert_eq!((page.count("queued"), page.count("dropped")), (1, 0));
    page.settle(page.sends[1].send.id, answered(204));
    assert_eq!(page.count("acknowledged"), 1);
}

#[test]
fn an_unacknowledged_beacon_is_repeated_by_fetch_after_fifteen_seconds() {
    for transport in ["beacon", "auto"] {
        for hidden in [false, true] {
            let mut page =
                Page::open(with(batch(), json!({ "destinations": { "transport": transport } })));
            page.timing.set(None);
            page.click(1);
            page.feed(Input::Hidden);
            if !hidden {
                page.shown();
            }
            page.advance(14_999);
            assert_eq!(page.sends.len(), 1);
            page.advance(1);
            assert_eq!(page.sends.len(), 2);
            let [first, second] = &page.sends[..] else { panic!() };
            assert_eq!((first.send.via, second.send.via), (Via::Beacon, Via::Fetch));
            assert_eq!(first.send.request, second.send.request);
            assert_eq!((page.count("acknowledged"), page.outbox_keys().len()), (1, 0));
        }
    }
}

#[test]
fn unacknowledged_batches_are_sent_at_once_when_the_network_is_back() {
    let mut page = taken();
    page.feed(Input::Online(false));
    page.feed(Input::Online(true));
    assert_eq!(page.sends.len(), 1, "the browser has it in flight");
    page.feed(Input::Online(false));
    let name = name(&page, 0);
    page.feed(Input::RequestFinished(name, 0));
    assert_eq!(page.sends.len(), 1);
    page.feed(Input::Online(true));
    assert_eq!((page.sends.len(), page.count("acknowledged")), (2, 1));
    assert_eq!(page.sends[1].send.via, Via::Fetch);
}

#[test]
fn a_second_request_with_an_unreadable_response_counts_as_sent() {
    let mut page = taken();
    page.network(|_| Some(Outcome::Taken));
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.count("sent"), page.outbox_keys().len()), (2, 1, 0));
}

#[test]
fn a_late_acknowledgement_ends_a_batch_in_flight_or_after_a_failure() {
    for outcome in [None, Some(Outcome::Failed), answered(503), answered(401)] {
        let mut page = taken();
        page.network(move |_| outcome);
        page.advance(15_100);
        assert_eq!((page.sends.len(), page.count("queued")), (2, 1));
        let name = name(&page, 0);
        cookie(&mut page, &name);
        assert_eq!(page.count("acknowledged"), 1);
        page.settle(page.sends[1].send.id, answered(503));
        page.network(|_| panic!("again"));
        page.advance(3_600_000);
        assert_eq!((page.count("acknowledged"), page.outbox_keys().len()), (1, 0));
    }
}

#[test]
fn retries_are_never_beacons() {
    let mut page = Page::open(batch());
    page.network(|send| match send.via {
        Via::Beacon => Some(Outcome::Refused),
        Via::Fetch => Some(Outcome::Failed),
    });
    page.click(1);
    page.advance(2_000);
    page.network(|_| answered(503));
    page.feed(Input::Hidden);
    page.advance(60_000);
    let vias: Vec<Via> = page.sends.iter().map(|sent| sent.send.via).collect();
    assert!(vias.len() > 4 && vias[1..].iter().all(|via| *via == Via::Fetch), "{vias:?}");
}

#[test]
fn a_cookie_for_a_failed_batch_closes_the_circuit() {
    let mut page = Page::open(batch());
    page.timing.set(None);
    page.click(1);
    page.advance(2_000);
    page.network(|_| Some(Outcome::Failed));
    page.advance(600_000);
    let tried = page.sends.len();
    let name = name(&page, 0);
    page.network(|_| answered(204));
    cookie(&mut page, &name);
    page.click(2);
    page.timing.set(Some(204));
    page.advance(2_000);
    assert_eq!((page.sends.len(), page.count("acknowledged")), (tried + 1, 2));
}

#[test]
fn after_dispose_acknowledgements_still_count() {
    let mut page = Page::open(batch());
    page.timing.set(None);
    page.click(1);
    page.call("dispose", json!([]));
    let name = name(&page, 0);
    page.feed(Input::RequestFinished(name, 204));
    assert_eq!((page.count("acknowledged"), page.outbox_keys().len(), page.wake), (1, 0, None));
}

#[test]
fn a_vendors_consume_is_repeated_at_most_once() {
    for (verb, item, sends) in [
        ("consume", json!({ "itemId": 1, "percentage": 50 }), 2),
        ("basket", json!({ "itemId": 1 }), 1),
    ] {
        for outcome in [Some(Outcome::Failed), answered(500)] {
            let get = json!({ "destinations": { "method": "GET" } });
            let mut page = Page::open(with(ibexa(), get));
            page.network(move |_| outcome);
            page.call(verb, item.clone());
            page.advance(3_600_000);
            assert_eq!((page.sends.len(), page.count("dropped")), (sends, 1), "{verb} {outcome:?}");
        }
        // A taken request is not repeated, because no answer can come.
        let mut page = Page::open(ibexa());
        page.call(verb, item);
        page.advance(60_000);
        assert_eq!((page.sends.len(), page.count("sent")), (1, 1));
    }
}

#[test]
fn an_address_forbidden_by_policy_keeps_events_and_warns_once() {
    let mut page = Page::open(batch());
    page.timing.set(None);
    page.click(1);
    page.call("basket", json!({ "itemId": 2 }));
    page.advance(50);
    // The beacon is reported as taken first, and the violation later.
    page.settle(page.sends[0].send.id, Some(Outcome::Blocked));
    page.settle(page.sends[0].send.id, Some(Outcome::Blocked));
    page.click(3);
    page.call("flush", json!([]));
    page.feed(Input::Hidden);
    page.feed(Input::Online(true));
    page.advance(3_600_000);
    assert_eq!((page.sends.len(), page.count("queued")), (1, 3));
    assert_eq!(page.told(), [("unreachable", "batch /v1/events")]);
    assert!(!page.engine.is_flushing() && page.wake.is_none());
    // A page with another policy sends it.
    let mut next = page.next(batch());
    next.advance(20_000);
    assert_eq!((next.count("acknowledged"), next.outbox_keys().len()), (3, 0));
}

#[test]
fn a_policy_that_forbids_a_vendor_also_stops_its_beacons() {
    let mut config = ibexa();
    config["destinations"] =
        json!([config["destinations"], { "protocol": "batch", "endpoint": "/e" }]);
    let mut page = Page::open(config);
    for n in 1..=3 {
        page.click(n);
    }
    page.advance(2_000);
    let vendor: Vec<u32> = page
        .sends
        .iter()
        .filter(|sent| sent.send.request.url.contains("ibexa"))
        .map(|sent| sent.send.id)
        .collect();
    assert_eq!(vendor.len(), 3);
    for id in vendor {
        page.settle(id, Some(Outcome::Blocked));
    }
    page.click(4);
    page.advance(60_000);
    let stats = page.stats();
    let count = |of: &str, name: &str| stats["destinations"][of][name].clone();
    assert_eq!(
        (count("ibexa 00000", "sent"), count("ibexa 00000", "queued")),
        (json!(3), json!(1))
    );
    assert_eq!(count("batch /e", "acknowledged"), json!(4));
    assert_eq!(page.told(), [("unreachable", "ibexa 00000")]);
}

#[test]
fn a_blocked_fetch_is_kept() {
    let mut page = Page::open(with(batch(), json!({ "destinations": { "transport": "fetch" } })));
    page.network(|_| Some(Outcome::Blocked));
    page.click(1);
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.count("queued"), page.outbox_keys().len()), (1, 1, 1));
}
