//! What the readers of the vendors' interfaces give back: a neutral event, read and found valid,
//! before it has an id of ours and a time, and before its user ids are hashed.

use crate::batch;
use crate::event::NewEvent;
use crate::hashing::Hasher;
use crate::user::UserId;
use recobeacon::engine::error::{Error, ErrorCode, Problem};
use recobeacon::engine::event::Kind;
use recobeacon::engine::value::Value;

/// An event in neutral words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// The id by which it counts once; absent where the vendor's interface has none.
    pub id: Option<String>,
    /// The neutral event's name; `owns`, which only Ibexa has, under that name.
    pub kind: &'static str,
    /// When it happened, where the vendor's interface says so.
    pub at: Option<u64>,
    /// The account; of Ibexa, which tells no difference, whoever it was.
    pub user: Option<UserId>,
    /// The anonymous visitor.
    pub anonymous: Option<UserId>,
    /// The neutral event's fields, as JSON.
    pub fields: String,
}

impl Tracked {
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
            fields,
        }))
    }

    /// As it is stored. `id` and `at` stand in where the event has none of its own.
    pub fn stamped(self, id: String, at: u64, hasher: &Hasher) -> NewEvent {
        let hashed = |user: Option<UserId>| user.map(|user| user.hashed(hasher));
        NewEvent {
            id: self.id.unwrap_or(id),
            kind: self.kind,
            at: self.at.unwrap_or(at),
            user: hashed(self.user),
            anonymous: hashed(self.anonymous),
            fields: self.fields,
        }
    }
}
