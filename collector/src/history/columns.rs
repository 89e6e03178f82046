//! The columns of history files: those of the table, then the fields of all events.

use recobeacon_engine::event::Kind;

/// The event's kind, for example `buy`. Required.
pub const TYPE: &str = "type";
/// The event's time. Required.
pub const AT: &str = "at";
/// The event's id, UUIDv7.
pub const ID: &str = "id";
/// The account, in the clear.
pub const USER: &str = "user";
/// The anonymous visitor's id, in the clear.
pub const ANONYMOUS: &str = "anonymous";
/// The account as the collector stores it.
pub const USER_HASH: &str = "userHash";
/// The anonymous visitor as the collector stores them.
pub const ANONYMOUS_HASH: &str = "anonymousHash";
/// The number of the key of both hashes, and of those in `more`.
pub const KEY: &str = "key";
/// Fields that are not columns, as a JSON object: those of vendors' interfaces.
pub const MORE: &str = "more";
/// The number of a stored row. It is read over.
pub const ROW: &str = "row";

/// The columns of stored rows that are texts.
pub const TEXTS: [&str; 4] = ["source", "stream", "client", "customer"];
/// The columns of stored rows that are numbers.
pub const NUMBERS: [&str; 4] = ["receivedAt", "sentAt", "seq", "place"];

/// The columns of an exported file before the fields of events.
pub const EXPORTED: [&str; 14] = [
    ID,
    TYPE,
    AT,
    "receivedAt",
    "sentAt",
    "source",
    "stream",
    "seq",
    "place",
    "client",
    "customer",
    USER_HASH,
    ANONYMOUS_HASH,
    KEY,
];

/// A cell of CSV that stands for an empty text, such as the query of a navigation. An empty cell has
/// no value.
pub const EMPTY: &str = "\"\"";

/// The fields whose value is JSON, also in CSV.
pub const JSON: [&str; 4] = ["items", "search", "filters", MORE];
/// The fields that are whole numbers. Their rule for text has a smaller range.
pub const COUNTS: [&str; 6] =
    ["hitCount", "originalPageSize", "originalPosition", "page", "pageSize", "position"];
/// The fields whose value is `true` or `false`.
pub const BOOLEANS: [&str; 2] = ["positive", "customSorting"];

/// The names of an event's own fields: those of its kind, and the list of items.
pub fn fields_of(kind: Kind) -> Vec<&'static str> {
    let mut names = kind.field_names();
    if kind == Kind::Rendered {
        names.push("items");
    }
    names
}

/// The names of all fields, in the order of the kinds.
pub fn fields() -> Vec<&'static str> {
    let mut names = Vec::new();
    for name in Kind::ALL.into_iter().flat_map(fields_of) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Whether a file may have this column.
pub fn is_known(name: &str) -> bool {
    let own = [USER, ANONYMOUS, MORE, ROW];
    EXPORTED.contains(&name) || own.contains(&name) || fields().contains(&name)
}
