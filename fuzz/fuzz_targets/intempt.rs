//! Bodies of Intempt's interface. Each event is counted, and has an id by which it counts once.
#![no_main]

use libfuzzer_sys::fuzz_target;
use recobeacon_collector::intempt::{Names, read};
use recobeacon_fuzz::rows::{check_refusal, check_vendor_event, hasher};
use std::collections::BTreeSet;

const MOST: usize = 20;

fuzz_target!(|data: &[u8]| {
    let (events, unknown) = match read(data, "12", MOST, &Names::default()) {
        Ok(read) => read,
        Err(refusal) => return check_refusal(&refusal),
    };
    assert!(events.len() <= MOST && unknown <= data.len() as u64);
    let again = read(data, "12", MOST, &Names::default());
    assert_eq!(again, Ok((events.clone(), unknown)), "a repeated request gives other events");
    let ids: BTreeSet<_> = events.iter().map(|event| event.id.clone()).collect();
    assert!(
        ids.len() == events.len() && !ids.contains(&None),
        "not each event has its own id: {ids:?}"
    );
    let hasher = hasher();
    for event in events {
        assert!(event.user.is_some() || event.anonymous.is_some() || !event.ids.is_empty());
        check_vendor_event(event, &hasher);
    }
});
