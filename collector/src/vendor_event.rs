//! The result of the vendors' readers: a valid neutral event before it gets an id and a time, and
//! before its user ids are hashed.

use crate::batch;
use crate::event::{Ids, NewEvent};
use crate::pseudonym::Hasher;
use crate::user::UserId;
use recobeacon_engine::error::{Error, ErrorCode, Problem};
use recobeacon_engine::event::Kind;
use recobeacon_engine::json::push_text;
use recobeacon_engine::value::Value;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// A neutral event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorEvent {
    /// The id that makes it count once, if the vendor's interface has one.
    pub id: Option<String>,
    /// The neutral event's name.
    pub kind: &'static str,
    /// The event's own time, if the vendor's interface sends one.
    pub at: Option<u64>,
    /// The account. Ibexa's interface does not distinguish accounts from visitors, so all its users
    /// are here.
    pub user: Option<UserId>,
    /// The anonymous visitor.
    pub anonymous: Option<UserId>,
    /// Further ids of people or companies, with their names in the rows.
    pub ids: Vec<(&'static str, UserId)>,
    /// The neutral fields as JSON, and further fields of the vendor's interface.
    pub fields: String,
}

impl VendorEvent {
    /// Makes an event without a user from neutral fields.
    ///
    /// # Errors
    /// The first fault, as the engine reports it.
    pub fn parse(kind: Kind, fields: Vec<(String, Value)>) -> Result<Option<Self>, Error> {
        // An empty item type in a path is a mistake. The default must not replace it.
        if fields.iter().any(|(name, value)| name == "itemType" && value.as_text() == Some("")) {
            let path = format!("{}.itemType", kind.name());
            return Err(Problem::new(ErrorCode::OutOfRange, "must not be empty").at(path));
        }
        let mut left_out = Vec::new();
        let fields = batch::parse(kind, &Value::Map(fields), &mut left_out)?;
        // The vendor's interface also reports faults in optional fields, because its sender gets no
        // other warning.
        // Personal data that was replaced is none: the visitor has typed it, and the event is valid.
        let is_fine = |code| matches!(code, ErrorCode::UnknownOption | ErrorCode::PersonalData);
        let wrong = left_out.into_iter().find(|error| !is_fine(error.code));
        if let Some(error) = wrong {
            return Err(error);
        }
        Ok(fields.map(|fields| Self {
            id: None,
            kind: kind.name(),
            at: None,
            user: None,
            anonymous: None,
            ids: Vec::new(),
            fields,
        }))
    }

    /// Whether it has a field of this name.
    pub fn has(&self, name: &str) -> bool {
        let fields: Result<BTreeMap<String, IgnoredAny>, _> = serde_json::from_str(&self.fields);
        fields.is_ok_and(|fields| fields.contains_key(name))
    }

    /// Adds a field that the neutral event does not have. `json` is its value.
    pub fn add(&mut self, name: &str, json: &str) {
        add(&mut self.fields, name, json);
    }

    /// The event as stored. `id` and `at` are used if the event has none of its own.
    pub fn stamped(self, id: String, at: u64, hasher: &Hasher) -> NewEvent {
        let ids = self.ids.iter().map(|(_, id)| id).chain(&self.user).chain(&self.anonymous);
        let older = ids.flat_map(|id| hasher.older(id.as_str())).collect();
        let hashed = |user: Option<UserId>| user.map(|user| user.hashed(hasher));
        let mut fields = self.fields;
        for (name, id) in &self.ids {
            let mut json = String::new();
            push_text(&mut json, &id.hashed(hasher));
            add(&mut fields, name, &json);
        }
        NewEvent {
            id: self.id.unwrap_or(id),
            kind: self.kind,
            at: self.at.unwrap_or(at),
            user: hashed(self.user),
            anonymous: hashed(self.anonymous),
            has_more_ids: !self.ids.is_empty(),
            older,
            fields,
            ids: Ids::default(),
        }
    }
}

/// Appends a field to an object.
fn add(object: &mut String, name: &str, json: &str) {
    object.pop();
    if object.len() > 1 {
        object.push(',');
    }
    push_text(object, name);
    object.push(':');
    object.push_str(json);
    object.push('}');
}
