//! A delivery as a message of the stream: a CloudEvents 1.0 batch in JSON
//! (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md#4-json-batch-format>).
//!
//! Each event repeats the facts of its request, so that another program can read the stream without
//! the collector's database. Ids of visitors are keyed hashes, as in the database. The originals
//! that forwarding needs are sealed.

use crate::event::{BATCH, BatchHead, Delivery, Entry, Ids, NewEvent, SHOP, Source, Vendor};
use crate::{iso, json};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use recobeacon_engine::event::Kind;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;

/// The media type of a message.
pub const TYPE: &str = "application/cloudevents-batch+json";
/// The version of CloudEvents.
const VERSION: &str = "1.0";
/// The begin of `source`, before the name of the interface.
const SOURCE: &str = "/recobeacon/";
/// The begin of `type`, before the kind of event.
const KIND: &str = "recobeacon.";
const JSON: &str = "application/json";
const YEAR_10000_MS: u64 = 253_402_300_800_000;

#[derive(Serialize, Deserialize)]
struct CloudEvent<'a> {
    specversion: Cow<'a, str>,
    id: Cow<'a, str>,
    source: Cow<'a, str>,
    #[serde(rename = "type")]
    kind: Cow<'a, str>,
    /// Absent if the visitor's clock shows a year of five digits, which RFC 3339 does not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    datacontenttype: Cow<'a, str>,
    #[serde(borrow)]
    data: Data<'a>,
}

/// The fields have the names of `GET /v1/events`. An unknown field comes from a newer version, which
/// needs a newer writer.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Data<'a> {
    at: u64,
    received_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<Batch<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    anonymous: Option<Cow<'a, str>>,
    key: u32,
    #[serde(default)]
    has_more_ids: bool,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    older: Cow<'a, [(String, String)]>,
    #[serde(borrow)]
    fields: &'a RawValue,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    forward: Vec<Forward<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Batch<'a> {
    stream: Cow<'a, str>,
    seq: u64,
    place: u64,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<u64>,
}

/// An entry of the forwarding queue.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Forward<'a> {
    destination: Cow<'a, str>,
    piece: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    visitor: Option<Cow<'a, str>>,
    at: u64,
    expires_at: u64,
    most: u64,
    /// The number of the key, and the encrypted bytes in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: Option<(u32, Cow<'a, str>)>,
}

/// Writes the message of a delivery.
pub fn write(delivery: &Delivery) -> serde_json::Result<Vec<u8>> {
    let events: Result<Vec<_>, _> = delivery
        .events
        .iter()
        .enumerate()
        .map(|(place, event)| event_of(delivery, place, event))
        .collect();
    serde_json::to_vec(&events?)
}

fn event_of<'a>(
    delivery: &'a Delivery,
    place: usize,
    event: &'a NewEvent,
) -> serde_json::Result<CloudEvent<'a>> {
    let batch = delivery.source.batch().map(|head| Batch {
        stream: Cow::Borrowed(&head.stream),
        seq: head.seq,
        place: place as u64,
        bytes: head.bytes as u64,
        client: head.client.as_deref().map(Cow::Borrowed),
        sent_at: head.sent_at,
    });
    let forward = delivery.entries.iter().filter(|entry| entry.place == place);
    Ok(CloudEvent {
        specversion: Cow::Borrowed(VERSION),
        id: Cow::Borrowed(&event.id),
        source: Cow::Owned(format!("{SOURCE}{}", delivery.source.name())),
        kind: Cow::Owned(format!("{KIND}{}", event.kind)),
        time: (event.at < YEAR_10000_MS).then(|| time(event.at)),
        datacontenttype: Cow::Borrowed(JSON),
        data: Data {
            at: event.at,
            received_at: delivery.received_at,
            batch,
            customer: delivery.source.customer().map(Cow::Borrowed),
            user: event.user.as_deref().map(Cow::Borrowed),
            anonymous: event.anonymous.as_deref().map(Cow::Borrowed),
            key: delivery.key,
            has_more_ids: event.has_more_ids,
            older: Cow::Borrowed(&event.older),
            fields: serde_json::from_str(&event.fields)?,
            forward: forward.map(Forward::of).collect(),
        },
    })
}

/// The time in RFC 3339.
fn time(ms: u64) -> String {
    format!("{}.{:03}Z", iso::format(ms), ms % 1000)
}

impl<'a> Forward<'a> {
    fn of(entry: &'a Entry) -> Self {
        let sealed = entry.sealed.as_ref();
        Self {
            destination: Cow::Borrowed(&entry.destination),
            piece: entry.piece,
            visitor: entry.visitor.as_deref().map(Cow::Borrowed),
            at: entry.at,
            expires_at: entry.expires_at,
            most: entry.most,
            sealed: sealed.map(|(key, bytes)| (*key, Cow::Owned(BASE64_STANDARD.encode(bytes)))),
        }
    }

    fn entry(self, place: usize, kind: &'static str) -> Result<Entry, Unreadable> {
        let sealed = self.sealed.map(|(key, text)| {
            let bytes = BASE64_STANDARD.decode(text.as_bytes());
            bytes.map(|bytes| (key, bytes)).map_err(|_| Unreadable("sealed is not base64"))
        });
        Ok(Entry {
            place,
            destination: Arc::from(self.destination),
            piece: self.piece,
            kind,
            visitor: self.visitor.map(Cow::into_owned),
            at: self.at,
            expires_at: self.expires_at,
            most: self.most,
            sealed: sealed.transpose()?,
        })
    }
}

/// Why a message cannot be read. The text repeats nothing of the message.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreadable(pub &'static str);

/// Reads a message.
///
/// # Errors
/// Another program or a newer version wrote it.
pub fn read(message: &[u8]) -> Result<Delivery, Unreadable> {
    let wrong = Unreadable("it is not a batch of events of this version");
    let Ok(Ok(all)) = json::read::<Vec<CloudEvent<'_>>>(message) else { return Err(wrong) };
    let first = all.first().ok_or(wrong)?;
    let received_at = first.data.received_at;
    let key = first.data.key;
    let source = source_of(first)?;
    let (mut events, mut entries) = (Vec::new(), Vec::new());
    for (place, event) in all.into_iter().enumerate() {
        let kind = event.kind.strip_prefix(KIND).and_then(Kind::from_name);
        let kind = kind.ok_or(Unreadable("it has an unknown kind of event"))?.name();
        let Data { at, user, anonymous, has_more_ids, older, fields, forward, .. } = event.data;
        for forward in forward {
            entries.push(forward.entry(place, kind)?);
        }
        events.push(NewEvent {
            id: event.id.into_owned(),
            kind,
            at,
            user: user.map(Cow::into_owned),
            anonymous: anonymous.map(Cow::into_owned),
            has_more_ids,
            older: older.into_owned(),
            fields: fields.get().to_owned(),
            // The entries for forwarding have them, sealed.
            ids: Ids::default(),
        });
    }
    Ok(Delivery { source, received_at, key, events, entries })
}

fn source_of(event: &CloudEvent<'_>) -> Result<Source, Unreadable> {
    let customer = event.data.customer.as_deref();
    let name = event.source.strip_prefix(SOURCE).unwrap_or_default();
    if let (BATCH, Some(batch)) = (name, &event.data.batch) {
        return Ok(Source::Batch(BatchHead {
            stream: batch.stream.clone().into_owned(),
            seq: batch.seq,
            bytes: batch.bytes as usize,
            client: batch.client.as_deref().map(str::to_owned),
            sent_at: batch.sent_at,
            customer: customer.map(str::to_owned),
        }));
    }
    let customer = customer.unwrap_or_default().to_owned();
    if name == SHOP {
        return Ok(Source::Shop(customer));
    }
    let vendors = [Vendor::Ibexa, Vendor::Yoochoose, Vendor::FactFinder, Vendor::Intempt];
    let vendor = vendors.into_iter().find(|vendor| vendor.name() == name);
    vendor
        .map(|vendor| Source::Vendor(vendor, customer))
        .ok_or(Unreadable("it has an unknown interface"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn event(id: &str, user: Option<&str>) -> NewEvent {
        NewEvent {
            id: id.to_owned(),
            kind: "basket",
            at: 1_763_683_199_007,
            user: user.map(str::to_owned),
            anonymous: Some("af80deb206614b6019336d52ee8c7645".to_owned()),
            has_more_ids: user.is_some(),
            older: vec![("new".to_owned(), "old".to_owned())],
            fields: r#"{"itemType":"1","itemId":"a\"b","quantity":2.50}"#.to_owned(),
            ids: Ids::default(),
        }
    }

    fn entry(place: usize, sealed: Option<(u32, Vec<u8>)>) -> Entry {
        Entry {
            place,
            destination: Arc::from("vendor"),
            piece: 1,
            kind: "basket",
            visitor: sealed.as_ref().map(|_| "hash".to_owned()),
            at: 1,
            expires_at: 2,
            most: 3,
            sealed,
        }
    }

    fn delivery(source: Source) -> Delivery {
        Delivery {
            source,
            received_at: 1_763_683_200_123,
            key: 3,
            events: vec![event("e1", Some("hash")), event("e2", None)],
            entries: vec![entry(0, None), entry(1, Some((3, vec![0, 255, 7])))],
        }
    }

    fn batch() -> Source {
        Source::Batch(BatchHead {
            stream: "s".to_owned(),
            seq: 7,
            bytes: 312,
            client: Some("recobeacon/0.1.0".to_owned()),
            sent_at: Some(1_763_683_200_000),
            customer: Some("shop".to_owned()),
        })
    }

    #[test]
    fn every_delivery_is_read_as_it_was_written() {
        let vendors = [Vendor::Ibexa, Vendor::Yoochoose, Vendor::FactFinder, Vendor::Intempt];
        let vendors = vendors.into_iter().flat_map(|vendor| {
            ["00000", ""].map(|customer| Source::Vendor(vendor, customer.to_owned()))
        });
        let shops = [Source::Shop(String::new()), Source::Shop("shop".to_owned())];
        for source in vendors.chain(shops).chain([batch()]) {
            let delivery = delivery(source);
            assert_eq!(read(&write(&delivery).unwrap()), Ok(delivery));
        }
    }

    #[test]
    fn a_message_is_a_list_of_cloud_events() {
        let message = write(&delivery(batch())).unwrap();
        let events: Value = json::read(&message).unwrap().unwrap();
        let first = &events[0];
        assert_eq!(first["specversion"], "1.0");
        assert_eq!(first["id"], "e1");
        assert_eq!(first["source"], "/recobeacon/batch");
        assert_eq!(first["type"], "recobeacon.basket");
        assert_eq!(first["time"], "2025-11-20T23:59:59.007Z");
        assert_eq!(first["datacontenttype"], "application/json");
        // Text is kept as it was checked: `2.50` does not become 2.5.
        assert!(String::from_utf8(message).unwrap().contains("\"quantity\":2.50"));
        let mut late = delivery(batch());
        late.events[0].at = 8_640_000_000_000_000;
        let events: Value = json::read(&write(&late).unwrap()).unwrap().unwrap();
        assert_eq!(events[0].get("time"), None);
        assert_eq!(read(&write(&late).unwrap()), Ok(late));
    }

    #[test]
    fn what_this_version_does_not_write_is_not_read() {
        let message = String::from_utf8(write(&delivery(batch())).unwrap()).unwrap();
        for (old, new) in [
            ("\"receivedAt\"", "\"newField\":1,\"receivedAt\""),
            ("recobeacon.basket", "recobeacon.other"),
            ("recobeacon.basket", "basket"),
            ("/recobeacon/batch", "/recobeacon/other"),
            ("AP8H", "?"),
            ("\"key\":3", "\"key\":-1"),
        ] {
            assert!(message.contains(old), "{old}");
            assert!(read(message.replace(old, new).as_bytes()).is_err(), "{new}");
        }
        for text in ["", "[]", "{}", "[1]", "null", "\u{0}"] {
            assert!(read(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
