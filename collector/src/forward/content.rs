//! The part of an event that only the queue keeps: its original ids and its fields. It becomes the
//! same record again that the tracker's protocols encode in a page.

use super::visitor::Visitor;
use crate::event::ITEM_TYPE;
use crate::event::NewEvent;
use recobeacon_engine::event::{Event, Kind};
use recobeacon_engine::json::Object;
use recobeacon_engine::record::Record;
use recobeacon_engine::value::Value;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::rc::Rc;

/// The content of an entry, before it is sealed.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct Content {
    /// The account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The anonymous visitor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anonymous: Option<String>,
    /// The session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The purchaser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchaser: Option<String>,
    /// The visitor's address, if the destination gets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The visitor's browser, if the destination gets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The event's own fields.
    #[serde(default)]
    fields: Box<RawValue>,
}

/// The record of an event as the page's tracker has it. `None` for an event of an unknown kind.
pub fn record(event: &NewEvent, session: Option<String>) -> Option<Record> {
    let ids = &event.ids;
    let text = |id: &Option<crate::user::UserId>| id.as_ref().map(|id| id.as_str().to_owned());
    let content = Content {
        user: text(&ids.user),
        anonymous: text(&ids.anonymous),
        session,
        account: text(&ids.account),
        purchaser: text(&ids.purchaser),
        fields: RawValue::from_string(event.fields.clone()).ok()?,
        ..Content::default()
    };
    content.record(event.id.clone(), event.kind, event.at)
}

impl Content {
    /// The content for this record.
    pub fn of(record: &Record, visitor: Visitor) -> Option<Self> {
        let mut fields = String::new();
        let mut object = Object::new(&mut fields);
        record.event.write(&mut object);
        object.end();
        let text = |id: &Option<Rc<String>>| id.as_deref().cloned();
        Some(Self {
            user: text(&record.user),
            anonymous: text(&record.anonymous),
            session: text(&record.session),
            account: text(&record.account),
            purchaser: text(&record.purchaser),
            address: visitor.address,
            agent: visitor.agent,
            fields: RawValue::from_string(fields).ok()?,
        })
    }

    /// Reads an opened content.
    pub fn read(json: &[u8]) -> Option<Self> {
        serde_json::from_str(std::str::from_utf8(json).ok()?).ok()
    }

    /// As text to be sealed.
    pub fn write(&self) -> Option<Vec<u8>> {
        serde_json::to_vec(self).ok()
    }

    /// The record.
    pub fn record(&self, id: String, kind: &str, at: u64) -> Option<Record> {
        let kind = Kind::from_name(kind)?;
        let fields: Value = serde_json::from_str(self.fields.get()).ok()?;
        let events = Event::parse(kind, &fields, ITEM_TYPE, &mut Vec::new()).ok()?;
        let [event] = <[Event; 1]>::try_from(events).ok()?;
        let shared = |id: &Option<String>| id.clone().map(Rc::new);
        Some(Record {
            id,
            at,
            user: shared(&self.user),
            anonymous: shared(&self.anonymous),
            session: shared(&self.session),
            account: shared(&self.account),
            purchaser: shared(&self.purchaser),
            event,
        })
    }

    /// The ids and addresses that a vendor's message must not repeat in our tables.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let ids = [&self.user, &self.anonymous, &self.session, &self.account, &self.purchaser];
        let more = [&self.address, &self.agent];
        ids.into_iter().chain(more).filter_map(|id| id.as_deref())
    }
}
