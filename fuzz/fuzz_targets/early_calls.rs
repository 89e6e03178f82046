//! Bodies of `POST /v1/events` with raw calls, and the headers of their visitor. The same request gives the same events, a
//! visitor who refuses gives none, and no id is stored as it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use recobeacon_collector::early_calls::{self, Visitor};
use recobeacon_collector::envelope::{Content, Envelope};
use recobeacon_collector::error::Refusal;
use recobeacon_collector::event::NewEvent;
use recobeacon_collector::limits::Limits;
use recobeacon_fuzz::first;
use recobeacon_fuzz::rows::{check_event, check_refusal, hasher};

const RECEIVED: u64 = 1_763_683_200_000;

fuzz_target!(|data: &[u8]| {
    let (flags, body) = first(data);
    let flag = |bit: u8| flags & 1 << bit != 0;
    let (gpc, dnt, off, known) = (flag(0), flag(1), flag(2), flag(3));
    let cookie = |name: &str| match name {
        "reco_off" if off => Some("1".to_owned()),
        "reco_user" if known => Some("ada".to_owned()),
        "reco_id" if known => Some("QqEaB2ttVt7nP7LtqRzoN4".to_owned()),
        _ => None,
    };
    let visitor = Visitor { cookie: &cookie, cookie_name: "reco_id", gpc, dnt };
    let limits = Limits { batch_events: 50, ..Limits::default() };
    let read = || -> Result<Option<(Vec<NewEvent>, bool)>, Refusal> {
        let envelope = Envelope::parse(body, &limits)?;
        let Content::Raw(raw) = envelope.content else { return Ok(None) };
        let made = early_calls::read(raw, &envelope.head, &visitor, RECEIVED, &hasher(), &limits)?;
        Ok(Some((made.events, made.may_store)))
    };
    let (events, may_store) = match read() {
        Ok(Some(made)) => made,
        Ok(None) => return,
        Err(refusal) => return check_refusal(&refusal),
    };
    let again = read().ok().flatten();
    assert_eq!(
        again.as_ref(),
        Some(&(events.clone(), may_store)),
        "a repeated batch gives other events"
    );
    assert!(events.len() <= limits.batch_events, "{} events", events.len());
    for event in &events {
        check_event(event);
        assert!(event.at <= RECEIVED, "from the future: {}", event.at);
    }
    for (place, event) in events.iter().enumerate() {
        assert!(
            events[place + 1..].iter().all(|other| other.id != event.id),
            "{} is there twice",
            event.id
        );
    }
    let text = String::from_utf8_lossy(body);
    // `\` may write these words in another way.
    let decides = ["respect", "consent", "\\"].iter().any(|word| text.contains(word));
    if (gpc || off) && !decides {
        assert!(events.is_empty() && !may_store, "against the visitor's refusal: {events:?}");
    }
});
