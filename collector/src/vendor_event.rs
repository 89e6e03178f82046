//! What the readers of the vendors' interfaces give back: a neutral event, read and found valid,
//! before it has an id of ours and a time, and before its user ids are hashed.

use crate::batch;
use crate::event::NewEvent;
use crate::pseudonym::Hasher;
use crate::user::UserId;
use recobeacon_engine::error::{Error, ErrorCode, Problem};
use recobeacon_engine::event::Kind;
use recobeacon_engine::json::push_text;
use recobeacon_engine::value::Value;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// An event in neutral words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorEvent {
    /// The id by which it counts once; absent where the vendor's interface has none.
    pub id: Option<String>,
    /// The neutral event's name.
    pub kind: &'static str,
    /// When it happened, where the vendor's interface says so.
    pub at: Option<u64>,
    /// The account; of Ibexa, which tells no difference, whoever it was.
    pub user: Option<UserId>,
    /// The anonymous visitor.
    pub anonymous: Option<UserId>,
    /// Further ids of people or companies, by their names in the rows.
    pub ids: Vec<(&'static str, UserId)>,
    /// The neutral event's fields, as JSON, and what else the vendor's interface has.
    pub fields: String,
}

impl VendorEvent {
    /// An event of nobody, from its fields in neutral words.
    ///
    /// # Errors
    /// The first thing that is wrong, in the engine's words.
    pub fn parse(kind: Kind, fields: Vec<(String, Value)>) -> Result<Option<Self>, Error> {
        // In a path an empty item type is a mistake; nowhere does the default stand in for it.
        if fields.iter().any(|(name, value)| name == "itemType" && value.as_text() == Some("")) {
            let path = format!("{}.itemType", kind.name());
            return Err(Problem::new(ErrorCode::OutOfRange, "must not be empty").at(path));
        }
        let mut left_out = Vec::new();
        let fields = batch::parse(kind, &Value::Map(fields), &mut left_out)?;
        // A vendor's interface answers what is wrong: nobody else tells its sender.
        let wrong = left_out.into_iter().find(|error| error.code != ErrorCode::UnknownOption);
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

    /// Adds a field that the neutral event does not have; `json` is its value.
    pub fn add(&mut self, name: &str, json: &str) {
        add(&mut self.fields, name, json);
    }

    /// As it is stored. `id` and `at` stand in where the event has none of its own.
    pub fn stamped(self, id: String, at: u64, hasher: &Hasher) -> NewEvent {
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
            fields,
        }
    }
}

/// Puts a field at the end of an object.
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
