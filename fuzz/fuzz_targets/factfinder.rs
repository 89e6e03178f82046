//! FACT-Finder's two interfaces: the query or form of `Tracking.ff`, and the JSON of the REST interface.
#![no_main]

use libfuzzer_sys::fuzz_target;
use recobeacon_collector::factfinder::{Channel, Channels, Version, rest, tracking_ff};
use recobeacon_collector::limits::Limits;
use recobeacon_fuzz::first;
use recobeacon_fuzz::rows::{check_refusal, check_vendor_event, hasher};

const MOST: usize = 20;
const EVENTS: [&str; 9] = [
    "click",
    "cart",
    "checkout",
    "login",
    "recommendationClick",
    "feedback",
    "log",
    "landingPageClick",
    "predbasketClick",
];

fuzz_target!(|data: &[u8]| {
    let (flags, rest) = first(data);
    let events = if flags & 1 == 0 {
        let Ok(query) = std::str::from_utf8(rest) else { return };
        let currency = Some("EUR".to_owned());
        let known = vec![Channel { name: "de".to_owned(), currency }];
        let channels = Channels((flags & 2 != 0).then_some(known));
        tracking_ff::read(query, &channels, MOST).map(|(channel, events)| {
            assert!(
                (1..=Limits::CUSTOMER_BYTES).contains(&channel.len())
                    && !channel.contains(['/', '\\']),
                "{channel}"
            );
            events
        })
    } else {
        let version =
            [Version::V2, Version::V3, Version::V4, Version::V5][usize::from(flags >> 1 & 3)];
        let event = EVENTS[usize::from(flags >> 3) % EVENTS.len()];
        rest::read(version, event, rest, "EUR", MOST)
    };
    let events = match events {
        Ok(events) => events,
        Err(refusal) => return check_refusal(&refusal),
    };
    assert!((1..=MOST).contains(&events.len()), "{} events", events.len());
    let hasher = hasher();
    for event in events {
        assert!(event.anonymous.is_some(), "without a session: {event:?}");
        check_vendor_event(event, &hasher);
    }
});
