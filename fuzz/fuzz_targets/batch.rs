//! Bodies of `POST /v1/events` with events. Each event of an accepted body is counted, hashed, and read again as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use recobeacon_collector::batch;
use recobeacon_collector::envelope::{Content, Envelope};
use recobeacon_collector::limits::Limits;
use recobeacon_fuzz::rows::{check_event, check_refusal, hasher};

fuzz_target!(|data: &[u8]| {
    let limits = Limits { batch_events: 20, ..Limits::default() };
    let envelope = match Envelope::parse(data, &limits) {
        Ok(envelope) => envelope,
        Err(refusal) => return check_refusal(&refusal),
    };
    let head = &envelope.head;
    assert!(head.bytes == data.len() && head.seq <= Limits::SEQ);
    assert!((1..=Limits::STREAM_BYTES).contains(&head.stream.len()));
    assert!(head.client.as_ref().is_none_or(|client| client.len() <= Limits::CLIENT_BYTES));
    // The name becomes a cookie's name.
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    assert!(envelope.name().bytes().all(plain), "{}", envelope.name());
    let Content::Events(events) = envelope.content else { return };
    let count = events.len();
    assert!((1..=limits.batch_events).contains(&count));
    match batch::read(events, &hasher()) {
        Ok((known, left_out)) => {
            // The rest are logins by e-mail address.
            let logins = (count - known.len()) as u64 - left_out.unknown;
            assert!(logins <= left_out.addresses);
            known.iter().for_each(check_event);
        }
        Err(refusal) => check_refusal(&refusal),
    }
});
