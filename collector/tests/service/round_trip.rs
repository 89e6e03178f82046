//! The collector reads everything that the tracker writes. Events of every kind pass through every
//! protocol unchanged, as far as the vendor's interface has the fields.
//!
//! The tracker's page has two destinations: the vendor, and a batch with the neutral events. A
//! first test proves that the batch equals the calls.

use crate::generate::{call, user_id};
use crate::project::{self, Form, factfinder, ibexa};
use crate::tracker::{Page, value};
use proptest::prelude::*;
use recobeacon_collector::batch;
use recobeacon_collector::envelope::{Content, Envelope};
use recobeacon_collector::factfinder::{Channel, Channels, Version, rest, tracking_ff};
use recobeacon_collector::ibexa::{Dialect, Known, read};
use recobeacon_collector::import::{LicenseKeys, Sender};
use recobeacon_collector::intempt::{self, Names};
use recobeacon_collector::limits::Limits;
use recobeacon_collector::pseudonym::Hasher;
use recobeacon_collector::pseudonym::Key;
use recobeacon_collector::vendor_event::VendorEvent;
use recobeacon_engine::event::{Event, Kind};
use recobeacon_engine::json::Object;
use recobeacon_engine::request::Request;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;

const BATCH: &str = "/batch";
const MOST: usize = 1_000;
/// The channel's currency.
pub const CURRENCY: &str = "EUR";
/// An event of at most this many bytes fits into an address in any encoding.
const SHORT: usize = 550;

type Calls = Vec<(Kind, Json)>;

/// The shop's own names for some of Intempt's events.
fn own_names() -> impl Strategy<Value = BTreeMap<String, String>> {
    let kinds = vec!["click", "basket", "deleteFromBasket", "buy", "login"];
    prop::sample::subsequence(kinds, 0..=5).prop_map(|kinds| {
        let own = |kind: &str| (kind.to_owned(), format!("Our {kind}"));
        kinds.into_iter().map(own).collect()
    })
}

fn cases() -> ProptestConfig {
    ProptestConfig {
        cases: 400,
        max_shrink_iters: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// A page that has made these calls and sent everything, with a batch destination in addition to
/// the vendor.
fn page(vendor: &Json, visitor: &str, account: &str, calls: &Calls) -> Page {
    let batch = json!({ "protocol": "batch", "endpoint": BATCH });
    let mut page = Page::open(json!({
        "destinations": [batch, vendor],
        "identity": { "anonymousId": visitor },
        "batch": { "maxEvents": MOST, "maxBytes": 60_000 },
    }));
    for (kind, args) in calls {
        match kind {
            Kind::Login => page.call("login", json!(account)),
            _ => page.call_values(kind.name(), vec![value(args.clone())]),
        }
    }
    page.advance(60_000);
    page
}

fn body(request: &Request) -> &[u8] {
    request.body.as_deref().unwrap().as_bytes()
}

/// The page's neutral events.
fn neutral(page: &Page) -> Vec<Json> {
    let batches = page.sends.iter().filter(|sent| sent.send.request.url.starts_with(BATCH));
    let events = |sent: &crate::tracker::Sent| {
        let batch: Json = serde_json::from_slice(body(&sent.send.request)).unwrap();
        batch["events"].as_array().unwrap().clone()
    };
    batches.flat_map(events).collect()
}

/// The requests to the vendor.
fn requests(page: &Page) -> Vec<&Request> {
    let requests = page.sends.iter().map(|sent| &*sent.send.request);
    requests.filter(|request| !request.url.starts_with(BATCH)).collect()
}

fn form(read: &VendorEvent) -> Form {
    let text = |id: &Option<recobeacon_collector::user::UserId>| {
        id.as_ref().map(|id| id.as_str().to_owned())
    };
    Form {
        kind: read.kind.to_owned(),
        user: text(&read.user),
        anonymous: text(&read.anonymous),
        fields: serde_json::from_str(&read.fields).unwrap(),
    }
}

/// Adapts item types to those of the vendor, and prices to two currencies.
fn suit(args: &mut Json, item_types: Option<u64>) {
    match args {
        Json::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), &mut *value, item_types) {
                    ("itemType", Json::Number(number), Some(most)) => {
                        *value = json!(1 + number.as_u64().unwrap_or(0) % most);
                    }
                    ("itemType", Json::String(text), Some(most)) => {
                        *value = json!((1 + text.len() as u64 % most).to_string());
                    }
                    ("price", Json::String(price), _) => {
                        price.truncate(price.len() - 3);
                        price.push_str(if price.len() % 3 == 0 { "USD" } else { CURRENCY });
                    }
                    ("currency", currency, _) => *currency = json!(CURRENCY),
                    ("filters", _, _) => {}
                    (_, value, _) => suit(value, item_types),
                }
            }
        }
        Json::Array(list) => list.iter_mut().for_each(|value| suit(value, item_types)),
        _ => {}
    }
}

/// Every event that fits must have arrived, others may have. The order within a kind is kept.
fn compare(page: &Page, expected: Vec<(Json, Option<Form>)>, found: Vec<Form>, in_address: bool) {
    for kind in Kind::ALL {
        let mut found = found.iter().filter(|form| form.kind == kind.name()).peekable();
        for (event, form) in &expected {
            let Some(form) = form.as_ref().filter(|form| form.kind == kind.name()) else {
                continue;
            };
            if found.peek() == Some(&form) {
                found.next();
                continue;
            }
            let told = page.told().iter().any(|told| told.0 == "out-of-range");
            let too_long = in_address && event.to_string().len() > SHORT && told;
            assert!(too_long, "{event} should be\n{form:?} and is\n{:?}", found.peek());
        }
        assert_eq!(found.next(), None, "an event without a call");
    }
}

fn some_calls() -> impl Strategy<Value = Calls> {
    prop::collection::vec(call(), 1..6)
}

fn check_ibexa_round_trip(
    dialect: Dialect,
    visitor: &str,
    account: &str,
    mut calls: Calls,
    get: bool,
) {
    let (protocol, prefix, most) = match dialect {
        Dialect::Ibexa => ("ibexa", "https://event.perso.ibexa.co/api/", 2_147_483_647),
        Dialect::Yoochoose => ("yoochoose", "https://event.yoochoose.net/ebl/", 5),
    };
    calls.iter_mut().for_each(|(_, args)| suit(args, Some(most)));
    let method = if get { "GET" } else { "POST" };
    let vendor = json!({ "protocol": protocol, "customerId": "00000", "method": method });
    let page = page(&vendor, visitor, account, &calls);
    let mut found: Vec<Form> = Vec::new();
    for request in requests(&page) {
        let address = request.url.strip_prefix(prefix).unwrap();
        let (path, query) =
            address.split_once('?').map_or((address, None), |(path, query)| (path, Some(query)));
        let keys = LicenseKeys::default();
        let sender = Sender { is_trusted: false, keys: &keys };
        let (customer, read) = read(dialect, path, query, Known { customers: None, sender })
            .unwrap_or_else(|refusal| panic!("{refusal:?}: {}", request.url));
        assert_eq!(customer, "00000");
        let form = form(&read);
        // A long list of items was split.
        match found.iter_mut().find(|known| {
            known.kind == "rendered"
                && form.kind == "rendered"
                && known.fields["itemType"] == form.fields["itemType"]
        }) {
            Some(known) => {
                let more = form.fields["items"].as_array().unwrap().clone();
                known.fields["items"].as_array_mut().unwrap().extend(more);
            }
            None => found.push(form),
        }
    }
    let neutral = neutral(&page);
    let expected = neutral.into_iter().map(|event| {
        let form = ibexa(dialect, &event);
        (event, form)
    });
    compare(&page, expected.collect(), found, true);
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_batch_equals_the_calls(
        visitor in user_id(),
        account in user_id(),
        (kind, args) in call(),
    ) {
        let vendor = json!({ "protocol": "ibexa", "customerId": "1" });
        let page = page(&vendor, &visitor, &account, &vec![(Kind::Login, json!({})), (kind, args.clone())]);
        let key = Key { number: 1, secret: vec![7; 32] };
        let hasher = Hasher::new(&[key], Path::new("")).unwrap();
        let mut found = Vec::new();
        for sent in page.sends.iter().filter(|sent| sent.send.request.url.starts_with(BATCH)) {
            let sent = Envelope::parse(body(&sent.send.request), &Limits::default()).unwrap();
            let Content::Events(events) = sent.content else { panic!("no events") };
            found.extend(batch::read(events, &hasher).unwrap().0);
        }
        let called = if kind == Kind::Login {
            Vec::new()
        } else {
            Event::parse(kind, &value(args), "1", &mut Vec::new()).unwrap()
        };
        let login = found.remove(0);
        prop_assert_eq!(login.kind, "login");
        prop_assert_eq!(found.len(), called.len());
        for (found, called) in found.iter().zip(&called) {
            let mut json = String::new();
            let mut object = Object::new(&mut json);
            called.write(&mut object);
            object.end();
            prop_assert_eq!(&found.fields, &json);
            prop_assert_eq!(found.kind, kind.name());
            prop_assert_eq!(&found.user, &Some(hasher.hash(&account)));
            prop_assert_eq!(&found.anonymous, &Some(hasher.hash(&visitor)));
            prop_assert_eq!(found.at, crate::tracker::START);
        }
        let ids: Vec<Json> = neutral(&page).iter().map(|event| event["id"].clone()).collect();
        let read: Vec<Json> = std::iter::once(&login).chain(&found).map(|e| json!(e.id)).collect();
        prop_assert_eq!(ids, read);
    }

    #[test]
    fn ibexa_round_trip_equals_the_calls(
        visitor in user_id(),
        account in user_id(),
        login in any::<bool>(),
        one in call(),
        get in any::<bool>(),
    ) {
        let mut calls = if login { vec![(Kind::Login, json!({}))] } else { Vec::new() };
        calls.push(one);
        check_ibexa_round_trip(Dialect::Ibexa, &visitor, &account, calls.clone(), get);
        check_ibexa_round_trip(Dialect::Yoochoose, &visitor, &account, calls, get);
    }

    #[test]
    fn factfinder_round_trip_equals_the_calls(
        visitor in user_id(),
        account in user_id(),
        mut calls in some_calls(),
        version in prop::sample::select(vec!["v2", "v3", "v4", "v5", "7"]),
        channel in user_id().prop_map(|id| id.replace('/', "-").chars().take(8).collect::<String>())
            .prop_filter("no name", |id| id != "." && id != ".."),
        own_currency in any::<bool>(),
        with_key in any::<bool>(),
    ) {
        calls.iter_mut().for_each(|(_, args)| suit(args, None));
        let vendor = json!({
            "protocol": "factfinder", "endpoint": "/ff", "version": version, "channel": channel,
            "currency": own_currency.then_some(CURRENCY), "apiKey": with_key.then_some("key"),
        });
        let mut page = page(&vendor, &visitor, &account, &calls);
        let known = Channel { name: channel.clone(), currency: Some(CURRENCY.to_owned()) };
        let channels = Channels(Some(vec![known]));
        let mut found = Vec::new();
        for request in requests(&page) {
            let read = if version == "7" {
                let query = request.url.strip_prefix("/ff/Tracking.ff?").unwrap();
                let (read_channel, events) = tracking_ff::read(query, &channels, MOST)
                    .unwrap_or_else(|refusal| panic!("{refusal:?}: {}", request.url));
                prop_assert_eq!(&read_channel, &channel);
                events
            } else {
                let path = request.url.strip_prefix("/ff/rest/").unwrap();
                let [of, "track", of_channel, event] = path.split('/').collect::<Vec<_>>()[..]
                else { panic!("{path}") };
                prop_assert_eq!(of, version);
                prop_assert_eq!(&crate::tracker::decoded(of_channel), &channel);
                let version = Version::named(of).unwrap();
                rest::read(version, event, body(request), CURRENCY, MOST)
                    .unwrap_or_else(|refusal| panic!("{refusal:?}: {request:?}"))
            };
            found.extend(read.iter().map(form));
        }
        let now = page.now();
        let sid = page.engine.session_id(&now).unwrap();
        let neutral = neutral(&page);
        let expected = neutral.into_iter().map(|event| {
            let form = factfinder(version, &event, &sid, own_currency);
            (event, form)
        });
        compare(&page, expected.collect(), found, version == "7");
    }

    #[test]
    fn intempt_round_trip_equals_the_calls(
        visitor in user_id(),
        account in user_id(),
        calls in some_calls(),
        with_key in any::<bool>(),
        names in prop::option::of(own_names()),
    ) {
        let vendor = json!({
            "protocol": "intempt", "organization": "o", "project": "p", "source": "12",
            "apiKey": with_key.then_some("a.b"), "names": names,
        });
        let names = Names::new(names.unwrap_or_default()).unwrap();
        let page = page(&vendor, &visitor, &account, &calls);
        let mut found = Vec::new();
        for request in requests(&page) {
            let (events, unknown) = intempt::read(body(request), "12", MOST, &names)
                .unwrap_or_else(|refusal| panic!("{refusal:?}: {request:?}"));
            prop_assert_eq!(unknown, 0);
            found.extend(events);
        }
        // All kinds go into one list, so the order applies to all.
        let neutral = neutral(&page);
        let expected = neutral.iter().filter_map(|event| Some((event, project::intempt(event)?)));
        let expected: Vec<_> = expected.collect();
        prop_assert_eq!(found.len(), expected.len());
        for (found, (event, expected)) in found.iter().zip(expected) {
            prop_assert_eq!(form(found), expected);
            prop_assert_eq!(json!(found.id), event["id"].clone());
            prop_assert_eq!(json!(found.at), event["at"].clone());
        }
    }
}
