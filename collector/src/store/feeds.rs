//! Reads events for the feeds: all new ones in small steps, and the latest ones of a visitor.

use super::db::{self, Connection, Row, params};
use crate::limits::Limits;
use recobeacon_engine::event::Kind;
use serde::Deserialize;
use std::hash::{DefaultHasher, Hash, Hasher};

/// How an item was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Its page was opened, or it was read.
    Viewed,
    /// It was bought.
    Bought,
}

/// An event, as far as the model learns from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How the item was used.
    pub by: Use,
    /// The customer, or an empty text.
    pub customer: String,
    /// The visitor's hash.
    pub visitor: Option<u128>,
    /// A hash of the order's id.
    pub order: Option<u128>,
    /// The type of the item.
    pub item_type: String,
    /// The item.
    pub item_id: String,
    /// The time of the event.
    pub at: u64,
}

/// The use that a visitor made of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// They opened its page, or read it.
    Viewed,
    /// They put it into the basket.
    Added,
    /// They took it out of the basket.
    Removed,
    /// They bought it.
    Bought,
    /// They want no recommendation of it.
    Refused,
}

/// An event of a visitor.
#[derive(Clone, Debug, PartialEq)]
pub struct Own {
    /// The use.
    pub act: Act,
    /// The type of the item.
    pub item_type: String,
    /// The item.
    pub item_id: String,
    /// The quantity, if the event has one.
    pub quantity: Option<f64>,
    /// The time of the event.
    pub at: u64,
    /// The row of the event.
    pub row: i64,
}

/// The fields of an event that the feeds use.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    item_type: Option<String>,
    item_id: Option<String>,
    order_id: Option<String>,
    quantity: Option<f64>,
}

/// The type of an item whose event names none, as in the tracker.
pub const ITEM_TYPE: &str = "1";

/// Events after a row that the model learns from, and the last row that was looked at.
///
/// # Errors
/// The database does not answer.
pub fn after(connection: &Connection, row: i64, limit: u32) -> db::Result<(Vec<Seen>, i64)> {
    let sql = "SELECT row, type, at, received_at, customer, user, anonymous, fields
               FROM events WHERE row > ? ORDER BY row LIMIT ?";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![row, limit])?;
    let (mut all, mut last) = (Vec::new(), row);
    while let Some(row) = rows.next()? {
        last = row.get("row")?;
        all.extend(seen(&row)?);
    }
    Ok((all, last))
}

fn seen(row: &Row<'_>) -> db::Result<Option<Seen>> {
    let kind: String = row.get("type")?;
    let by = if kind == Kind::Click.name() || kind == Kind::Consume.name() {
        Use::Viewed
    } else if kind == Kind::Buy.name() {
        Use::Bought
    } else {
        return Ok(None);
    };
    let Some(Fields { item_type, item_id: Some(item_id), order_id, .. }) = fields(row)? else {
        return Ok(None);
    };
    // A batch has the same anonymous id before and after the login.
    let visitor = match row.get::<_, Option<String>>("anonymous")? {
        Some(anonymous) => Some(anonymous),
        None => row.get::<_, Option<String>>("user")?,
    };
    Ok(Some(Seen {
        by,
        customer: row.get::<_, Option<String>>("customer")?.unwrap_or_default(),
        visitor: visitor.and_then(|hash| u128::from_str_radix(&hash, 16).ok()),
        order: order_id.map(|id| hash(&id)),
        item_type: item_type.unwrap_or_else(|| ITEM_TYPE.to_owned()),
        item_id,
        at: time(row)?,
    }))
}

fn fields(row: &Row<'_>) -> db::Result<Option<Fields>> {
    let json = row.text("fields")?;
    Ok(json.and_then(|json| serde_json::from_str(json).ok()))
}

/// The event's time. A visitor's clock may be wrong, but no event is of the future.
fn time(row: &Row<'_>) -> db::Result<u64> {
    let (at, received_at): (i64, i64) = (row.get("at")?, row.get("received_at")?);
    Ok(at.min(received_at).unsigned_abs())
}

fn hash(id: &str) -> u128 {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, id).hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}

/// The latest events of a visitor with this hash, as an account or as an anonymous visitor. Looks at
/// a fixed number of rows, so that one visitor's many events cost no more.
///
/// # Errors
/// The database does not answer.
pub fn own(connection: &Connection, hash: &str, customer: &str) -> db::Result<Vec<Own>> {
    let mut all = Vec::new();
    for sql in [BY_ANONYMOUS, BY_USER] {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![hash, Limits::FEED_OWN_ROWS])?;
        while let Some(row) = rows.next()? {
            if row.get::<_, Option<String>>("customer")?.unwrap_or_default() == customer {
                all.extend(own_row(&row)?);
            }
        }
    }
    Ok(all)
}

pub(super) const BY_ANONYMOUS: &str = "SELECT row, type, at, received_at, customer, fields
    FROM events INDEXED BY events_by_anonymous WHERE anonymous = ? ORDER BY row DESC LIMIT ?";
pub(super) const BY_USER: &str = "SELECT row, type, at, received_at, customer, fields
    FROM events INDEXED BY events_by_user WHERE user = ? ORDER BY row DESC LIMIT ?";

fn own_row(row: &Row<'_>) -> db::Result<Option<Own>> {
    let kind: String = row.get("type")?;
    let act = match Kind::ALL.iter().find(|known| known.name() == kind) {
        Some(Kind::Click | Kind::Consume) => Act::Viewed,
        Some(Kind::Basket) => Act::Added,
        Some(Kind::DeleteFromBasket) => Act::Removed,
        Some(Kind::Buy) => Act::Bought,
        Some(Kind::Blacklist) => Act::Refused,
        Some(_) | None => return Ok(None),
    };
    let Some(Fields { item_type, item_id: Some(item_id), quantity, .. }) = fields(row)? else {
        return Ok(None);
    };
    let item_type = item_type.unwrap_or_else(|| ITEM_TYPE.to_owned());
    let (row, at) = (row.get("row")?, time(row)?);
    Ok(Some(Own { act, item_type, item_id, quantity, at, row }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::store::schema;

    #[test]
    fn a_visitors_events_are_found_by_an_index_and_without_sorting() {
        let folder = tempfile::tempdir().unwrap();
        let connection = schema::new_for_test(folder.path());
        for sql in [BY_ANONYMOUS, BY_USER] {
            let mut statement =
                connection.prepare_cached(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let plan: Vec<String> =
                statement.query_map(params!["a", 1i64], |row| row.get(3)).unwrap();
            assert_eq!(plan.len(), 1, "{plan:?}");
            assert!(plan.concat().starts_with("SEARCH events USING INDEX"), "{plan:?}");
        }
    }
}
