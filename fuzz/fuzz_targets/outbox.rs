//! Texts in `localStorage`: entries of other pages' outboxes, whole or damaged, and the lists of orders, logins and the
//! session. A page starts with any of them, counts each event, and writes only texts that it can read again.
#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use recobeacon_engine::delivery::entry;
use recobeacon_engine::hash::hash;
use recobeacon_engine::identity::Stored;
use recobeacon_engine::limits::Limits;
use recobeacon_fuzz::page::{check_counters, config, end_quietly};
use recobeacon_fuzz::tracker::{Page, START, calm};

/// An entry of another page's outbox.
#[derive(Debug)]
struct Text {
    key: String,
    text: String,
}

impl<'a> Arbitrary<'a> for Text {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let number = if u.ratio(7, 8)? { u.arbitrary::<u8>()?.to_string() } else { u.arbitrary()? };
        let key = format!("reco_o_{}_{number}", u.choose(&["other", "third", ""])?);
        let text = match u.int_in_range(0..=2)? {
            0 => u.arbitrary()?,
            1 => with_checksum(&body(u)?),
            _ => damaged(with_checksum(&body(u)?), u)?,
        };
        Ok(Self { key, text })
    }
}

/// The key of each destination, and an event in its format, as a page writes them.
fn destinations() -> Vec<(String, String)> {
    let mut page = Page::open(config());
    page.network(|_| None);
    page.click("1");
    page.click("2");
    let entries = page.kept.iter().filter(|(key, _)| key.starts_with("reco_o_"));
    let mut found = Vec::new();
    for entry in entries.filter_map(|(_, text)| entry::read(text)) {
        found.extend(
            entry.events.iter().map(|event| (entry.destination.to_owned(), event.encoded.clone())),
        );
    }
    found
}

/// The part of an entry after the checksum. The events are of the form that the tracker writes, because a text with a
/// right checksum comes from a tracker. The numbers are of any size.
fn body(u: &mut Unstructured<'_>) -> Result<String> {
    thread_local!(static KNOWN: Vec<(String, String)> = destinations());
    let (key, _) = KNOWN.with(|known| u.choose(known).cloned())?;
    let events: Vec<String> = KNOWN.with(|known| {
        known.iter().filter(|(other, _)| *other == key).map(|(_, event)| event.clone()).collect()
    });
    let number = |u: &mut Unstructured<'_>| -> Result<u64> {
        Ok(match u.int_in_range(0..=3)? {
            0 => u.arbitrary::<u8>()?.into(),
            1 => START - u.arbitrary::<u32>()? as u64,
            2 => START + u.arbitrary::<u8>()? as u64,
            _ => u.arbitrary()?,
        })
    };
    let stream = u.choose(&["s", "t", "other"])?;
    let mut text =
        format!("{key} {stream} {} {} ", number(u)?, if u.arbitrary()? { 0 } else { number(u)? });
    for _ in 0..u.int_in_range(0..=4)? {
        let deliveries = if u.ratio(7, 8)? { u.arbitrary::<bool>()?.into() } else { number(u)? };
        text.push_str(&format!("click {} {deliveries} {}\n", number(u)?, u.choose(&events)?));
    }
    Ok(text)
}

fn with_checksum(body: &str) -> String {
    format!("{} {body}", hash(&["1", body]) >> 32)
}

fn damaged(mut text: String, u: &mut Unstructured<'_>) -> Result<String> {
    let place = u.choose_index(text.len().max(1))?;
    if u.arbitrary()? {
        text.truncate((0..=place).rev().find(|place| text.is_char_boundary(*place)).unwrap_or(0));
    } else {
        text = text
            .char_indices()
            .map(|(at, char)| if at == place { '\u{1}' } else { char })
            .collect();
    }
    Ok(text)
}

#[derive(Arbitrary, Debug)]
struct Case {
    texts: Vec<Text>,
    orders: Option<String>,
    logins: Option<String>,
    session: Option<String>,
    fails: bool,
}

fuzz_target!(|case: Case| {
    let stored = Stored {
        orders: case.orders,
        logins: case.logins,
        session: case.session,
        ..Stored::default()
    };
    let mut page = Page::start(&config(), &stored, calm());
    // Faster: `check_counters` checks the same.
    page.checks = false;
    for Text { key, text } in &case.texts {
        if let Some(entry) = entry::read(text) {
            assert!(!entry.events.is_empty());
            assert_eq!(
                text.split_once(' ').map(|(_, body)| with_checksum(body)),
                Some(text.clone())
            );
        }
        page.kept.insert(key.clone(), text.clone());
    }
    if case.fails {
        page.network(|_| None);
    }
    page.take_over_outboxes();
    check_counters(&page);
    page.click("own");
    page.call("login", recobeacon_fuzz::tracker::json!("ada"));
    page.call("buy", recobeacon_fuzz::tracker::json!({ "itemId": 1, "orderId": "o" }));
    page.advance(1_000);
    check_kept(&page);
    end_quietly(&mut page);
    check_kept(&page);
});

/// All texts under the page's own keys can be read, and are within the limits.
fn check_kept(page: &Page) {
    let own = page.owned.last().expect("an outbox");
    for (_, text) in page.outbox(own) {
        assert!(entry::read(&text).is_some(), "cannot be read: {text}");
    }
    check_counters(page);
    let list = |key: &str| page.kept.get(key).map_or(0, |text| text.matches(',').count());
    assert!(
        list("reco_orders") <= Limits::ORDERS.max(1)
            && list("reco_logins") <= Limits::LOGIN_PAIRS.max(1)
    );
}
