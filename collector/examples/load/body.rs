//! The batches that are sent. Their events are those of a shop: mostly clicks, some baskets, lists
//! that were seen, and purchases.

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

/// A fast generator of random numbers: <https://prng.di.unimi.it/splitmix64.c>
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

const DAY_MS: u64 = 86_400_000;

pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

/// Now, or a random time of the days before.
pub fn time(spread_days: u64, random: &mut Random) -> u64 {
    let back = if spread_days > 0 { random.next() % (spread_days * DAY_MS) } else { 0 };
    now_ms() - back
}

/// A UUIDv7 of this time.
pub fn id(at: u64, random: &mut Random) -> String {
    let (a, b) = (random.next(), random.next());
    format!(
        "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
        at >> 16,
        at & 0xffff,
        a & 0xfff,
        0x8000 | (b >> 48 & 0x3fff),
        b & 0xffff_ffff_ffff
    )
}

/// The body of a batch with this number of events.
pub fn batch(
    events: usize,
    seq: u64,
    stream: &str,
    spread_days: u64,
    random: &mut Random,
) -> String {
    let now = now_ms();
    let mut out = format!(
        r#"{{"v":1,"client":"recobeacon/0.1.0","stream":"{stream}","seq":{seq},"sentAt":{now},"events":["#
    );
    for place in 0..events {
        if place > 0 {
            out.push(',');
        }
        let at = time(spread_days, random);
        let id = id(at, random);
        let visitor = random.next() % 100_000;
        write!(out, r#"{{"id":"{id}","at":{at},"anonymous":"{visitor:032x}","#).unwrap();
        fields(&mut out, random);
        out.push('}');
    }
    out.push_str("]}");
    out
}

fn fields(out: &mut String, random: &mut Random) {
    let item = random.next() % 50_000;
    match random.next() % 20 {
        0..14 => write!(
            out,
            r#""type":"click","itemType":"1","itemId":"{item}","categoryPath":"Shoes/Children/{}""#,
            item % 40
        ),
        14..17 => write!(
            out,
            r#""type":"basket","itemType":"1","itemId":"{item}","quantity":1,"price":"{}.90EUR""#,
            item % 200
        ),
        17..19 => {
            let items: Vec<_> = (item..item + 5).map(|id| format!(r#""{id}""#)).collect();
            write!(
                out,
                r#""type":"rendered","itemType":"1","scenario":"also_viewed","items":[{}]"#,
                items.join(",")
            )
        }
        _ => write!(
            out,
            r#""type":"buy","itemType":"1","itemId":"{item}","quantity":1,"price":"{}.90EUR""#,
            item % 200
        ),
    }
    .unwrap();
}
