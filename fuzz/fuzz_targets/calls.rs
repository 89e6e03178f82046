//! Calls of a page with every protocol, in a browser with faults. After each input the page checks that
//! `accepted` is the sum of the other counters, and that the collector's rules accept each request.
#![no_main]

use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use recobeacon_engine::config::Consent;
use recobeacon_engine::effect::Outcome;
use recobeacon_engine::event::Kind;
use recobeacon_engine::input::{Input, RawBatch};
use recobeacon_engine::limits::Limits;
use recobeacon_engine::value::Value;
use recobeacon_fuzz::page::{check_counters, check_readable, config, end_quietly, outcome};
use recobeacon_fuzz::tracker::{Page, json};
use recobeacon_fuzz::values::{Any, object};
use std::cell::Cell;

const STEPS: usize = 60;
/// Methods that are no kind of event.
const VERBS: [&str; 16] = [
    "logout",
    "page",
    "consumeTimer",
    "stopTimer",
    "scrolled",
    "played",
    "observeRecommendations",
    "looked",
    "unobserve",
    "bought",
    "lost",
    "followLink",
    "dataLayer",
    "flush",
    "clik",
    "rawBatch",
];

fuzz_target!(|data: &[u8]| {
    let mut page = Page::open(config());
    // Faster: `check_counters` checks the same after each step.
    page.checks = false;
    // A text of the form of tests/vectors: a list of calls.
    if let Ok(calls) = serde_json::from_slice::<Vec<(String, Vec<Value>)>>(data) {
        let links = calls.iter().any(|(verb, _)| verb == "followLink");
        for (verb, args) in calls.into_iter().take(STEPS) {
            call(&mut page, &verb, args);
            page.advance(500);
        }
        return check_end(page, links);
    }
    // The input may end anywhere.
    let _ = steps(&mut page, &mut Unstructured::new(data));
    check_end(page, true);
});

/// Links are sent as they are, and the browser encodes their characters. The page checks each address, so only links
/// with the characters of an address are followed here.
fn call(page: &mut Page, verb: &str, args: Vec<Value>) {
    let is_usual = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&b);
    let link = args.first().and_then(Value::as_text).unwrap_or_default();
    if verb != "followLink" || link.bytes().all(is_usual) {
        page.call_values(verb, args);
    }
}

fn steps(page: &mut Page, u: &mut Unstructured<'_>) -> Result<()> {
    let outcomes: Vec<u8> = u.arbitrary()?;
    let place = Cell::new(0);
    if !outcomes.is_empty() {
        page.network(move |send| {
            place.set(place.get() + 1);
            outcome(send, outcomes[place.get() % outcomes.len()])
        });
    }
    let mut consent = Consent::Granted;
    for _ in 0..STEPS {
        if u.is_empty() {
            break;
        }
        let (before, sent) = (consent, page.sends.len());
        step(page, u, &mut consent)?;
        if before == consent {
            check_consent(page, consent, sent);
        }
        check_counters(page);
        let stored: usize = page.kept.iter().map(|(key, text)| key.len() + text.len()).sum();
        assert!(stored <= Limits::STORAGE_CHARACTERS as usize, "{stored} characters are stored");
    }
    Ok(())
}

fn step(page: &mut Page, u: &mut Unstructured<'_>, consent: &mut Consent) -> Result<()> {
    match u.int_in_range(0..=15)? {
        0..=3 => {
            let kind = u.choose(&Kind::ALL)?;
            let value =
                if *kind == Kind::Login { Value::Text(u.arbitrary()?) } else { object(u, 3)? };
            page.call_values(kind.name(), vec![value]);
        }
        4 => {
            let kind = u.choose(&Kind::ALL)?;
            page.call_values(kind.name(), vec![u.arbitrary::<Any>()?.0]);
        }
        5 | 6 => {
            let verb = *u.choose(&VERBS)?;
            let args = u.arbitrary::<Vec<Any>>()?;
            call(page, verb, args.into_iter().map(|any| any.0).collect());
        }
        7 => page.advance(u64::from(u.arbitrary::<u16>()?)),
        8 => page.sleep(u64::from(u.arbitrary::<u32>()?)),
        9 => page.feed(if u.arbitrary()? { Input::Hidden } else { Input::Flush }),
        10 => page.shown(),
        11 => page.feed(Input::Online(u.arbitrary()?)),
        12 => {
            *consent = *u.choose(&[
                Consent::Pending,
                Consent::Granted,
                Consent::Anonymous,
                Consent::Denied,
            ])?;
            page.call("consent", json!(Consent::NAMES[*consent as usize]));
        }
        13 => {
            let key = format!("{}{}", RawBatch::PREFIX, u.arbitrary::<u8>()?);
            let body = r#"{"v":1,"stream":"s","seq":0,"raw":[]}"#.to_owned();
            let raw = RawBatch { key, url: "/a".to_owned(), body, sent_at: page.wall };
            page.feed(Input::RawBatch(raw));
        }
        14 => {
            // The outcome of a request that was without one, or of one that had an outcome already.
            let Some(sent) = page.sends.get(usize::from(u.arbitrary::<u8>()?)).cloned() else {
                return Ok(());
            };
            let byte = u.arbitrary()?;
            page.settle(sent.send.id, outcome(&sent.send, byte).or(Some(Outcome::Failed)));
        }
        _ => page.room = usize::from(u.arbitrary::<u16>()?) * 16,
    }
    Ok(())
}

/// Without consent nothing is sent or stored, and with "anonymous" no id is sent.
fn check_consent(page: &Page, consent: Consent, sent: usize) {
    match consent {
        Consent::Granted => {}
        Consent::Pending => assert_eq!(page.sends.len(), sent, "sent before consent"),
        Consent::Denied => {
            assert_eq!(page.sends.len(), sent, "sent without consent");
            assert!(page.jar.keys().all(|name| name == "reco_off"), "{:?}", page.jar);
            assert!(page.kept.is_empty(), "{:?}", page.kept);
        }
        Consent::Anonymous => {
            // The cookie of an earlier "denied".
            assert!(page.jar.keys().all(|name| name == "reco_off"), "{:?}", page.jar);
            assert!(page.kept.is_empty(), "{:?}", page.kept);
            for one in &page.sends[sent..] {
                let body = one.send.request.body.as_deref().unwrap_or_default();
                for id in ["\"user\":", "\"anonymous\":", "\"userId\":", "\"profileId\":"] {
                    assert!(!body.contains(id), "{id} in {body}");
                }
            }
        }
    }
}

fn check_end(mut page: Page, links: bool) {
    if !page.engine.is_disposed() {
        end_quietly(&mut page);
    }
    for sent in &page.sends {
        if sent.send.request.body.as_deref().is_some_and(|body| body.contains("\"raw\":")) {
            continue;
        }
        check_readable(&sent.send.request, links);
    }
}
