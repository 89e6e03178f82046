//! Reads events for the feeds: all new ones in small steps, and the latest ones of a visitor.

use super::db::{self, Connection, Row, params};
use crate::event::ITEM_TYPE;
use crate::limits::Limits;
use recobeacon_engine::event::Kind;
use serde::Deserialize;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

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

/// The kinds of events that the model learns from.
const LEARNT: [(Kind, Use); 3] =
    [(Kind::Click, Use::Viewed), (Kind::Consume, Use::Viewed), (Kind::Buy, Use::Bought)];
/// The kinds of a visitor's own events that count.
const OWN: [(Kind, Act); 6] = [
    (Kind::Click, Act::Viewed),
    (Kind::Consume, Act::Viewed),
    (Kind::Basket, Act::Added),
    (Kind::DeleteFromBasket, Act::Removed),
    (Kind::Buy, Act::Bought),
    (Kind::Blacklist, Act::Refused),
];

/// The events after a row.
static NEXT: LazyLock<String> =
    LazyLock::new(|| select(&LEARNT, "WHERE row > ? ORDER BY row LIMIT ?"));
/// The latest events of a visitor by the anonymous id, and by the account.
static OF_A_VISITOR: LazyLock<[String; 2]> = LazyLock::new(|| {
    [("events_by_anonymous", "anonymous"), ("events_by_user", "user")].map(|(index, id)| {
        let rest = format!("INDEXED BY {index} WHERE {id} = ? ORDER BY row DESC LIMIT ?");
        select(&OWN, &rest)
    })
});

/// Events after a row that the model learns from, and the last row that was looked at.
///
/// # Errors
/// The database does not answer.
pub fn after(connection: &Connection, row: i64, limit: u32) -> db::Result<(Vec<Seen>, i64)> {
    let mut statement = connection.prepare_cached(&NEXT)?;
    let mut rows = statement.query(params![row, limit])?;
    let (mut all, mut last) = (Vec::new(), row);
    while let Some(row) = rows.next()? {
        last = row.get("row")?;
        all.extend(seen(&row)?);
    }
    Ok((all, last))
}

/// A query of events. It has the fields of these kinds only: those of others, such as `rendered`, would
/// be transferred for nothing.
fn select<T>(kinds: &[(Kind, T)], rest: &str) -> String {
    let names: Vec<_> = kinds.iter().map(|(kind, _)| format!("'{}'", kind.name())).collect();
    format!(
        "SELECT row, type, at, received_at, customer, user, anonymous,
                CASE WHEN type IN ({}) THEN fields END AS fields
         FROM events {rest}",
        names.join(", ")
    )
}

/// The meaning of the row's kind of event, if it is one of these.
fn kind_of<T: Copy>(kinds: &[(Kind, T)], row: &Row<'_>) -> db::Result<Option<T>> {
    let kind: String = row.get("type")?;
    Ok(kinds.iter().find(|(known, _)| known.name() == kind).map(|(_, meaning)| *meaning))
}

fn seen(row: &Row<'_>) -> db::Result<Option<Seen>> {
    let Some(by) = kind_of(&LEARNT, row)? else { return Ok(None) };
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
    for sql in &*OF_A_VISITOR {
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

fn own_row(row: &Row<'_>) -> db::Result<Option<Own>> {
    let Some(act) = kind_of(&OWN, row)? else { return Ok(None) };
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
        for sql in &*OF_A_VISITOR {
            let mut statement =
                connection.prepare_cached(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let plan: Vec<String> =
                statement.query_map(params!["a", 1i64], |row| row.get(3)).unwrap();
            assert_eq!(plan.len(), 1, "{plan:?}");
            assert!(plan.concat().starts_with("SEARCH events USING INDEX"), "{plan:?}");
        }
    }

    #[test]
    fn only_the_fields_of_events_that_count_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let connection = schema::new_for_test(folder.path());
        for kind in Kind::ALL {
            let sql = "INSERT INTO events (id, type, at, received_at, source, anonymous, fields)
                       VALUES (?1, ?1, 0, 0, 'batch', 'a', '{}')";
            connection.execute(sql, [kind.name()]).unwrap();
        }
        let [by_anonymous, _] = &*OF_A_VISITOR;
        let mut statement = connection.prepare_cached(by_anonymous).unwrap();
        let mut rows = statement.query(params!["a", 100i64]).unwrap();
        let mut read = 0;
        while let Some(row) = rows.next().unwrap() {
            assert_eq!(
                row.text("fields").unwrap().is_some(),
                kind_of(&OWN, &row).unwrap().is_some()
            );
            read += usize::from(row.text("fields").unwrap().is_some());
        }
        assert_eq!(read, OWN.len());
    }
}
