//! The command `dead-letters`: lists, replays and deletes events that a vendor did not take.
//!
//! It works on the database itself, so the collector may run meanwhile. It notices a replay within
//! a second.

use crate::clock::now_ms;
use crate::place::Place;
use crate::store::db::{self, Connection, Params, params};
use crate::store::forward::{self, Reason};
use crate::store::schema::{self, is_current};
use recobeacon_engine::json::Object;
use std::fmt;
use std::io::{self, Write};

/// An action on dead letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Write each as a line of JSON.
    List,
    /// Send them again.
    Replay,
    /// Delete them.
    Delete,
}

/// The dead letters to work on. Those that match all given fields.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    /// Of this destination.
    pub destination: Option<String>,
    /// With this reason.
    pub reason: Option<Reason>,
    /// In this row.
    pub row: Option<i64>,
    /// All of them.
    pub all: bool,
}

/// Why the command failed.
#[derive(Debug)]
pub enum Failed {
    /// The database does not answer.
    Database(db::Error),
    /// Another version of the collector made the database.
    Version,
    /// Nothing is chosen.
    NothingChosen,
    /// There is no destination of this name. There are the others.
    Destination(String, Vec<String>),
    /// Standard output is closed.
    Output(io::Error),
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(error) => write!(f, "the database: {error}"),
            Self::Version => f.write_str(
                "the database is of another version of the collector; start this version once",
            ),
            Self::NothingChosen => {
                f.write_str("name --destination, --reason or --row, or use --all")
            }
            Self::Destination(name, known) => {
                write!(f, "--destination: {name:?} is neither configured nor in the queue; ")?;
                match known.join(", ") {
                    list if list.is_empty() => f.write_str("there are no destinations"),
                    list => write!(f, "there are: {list}"),
                }
            }
            Self::Output(error) => write!(f, "the output: {error}"),
        }
    }
}

impl std::error::Error for Failed {}

impl From<db::Error> for Failed {
    fn from(error: db::Error) -> Self {
        Self::Database(error)
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// The condition of all statements. An absent choice is NULL.
const CHOSEN: &str = "
    state = 'dead' AND (destination = ?1 OR ?1 IS NULL) AND (reason = ?2 OR ?2 IS NULL)
    AND (row = ?3 OR ?3 IS NULL)";

/// Works on the dead letters in this database, and writes the result. `configured` are the names of
/// the configured destinations.
///
/// # Errors
/// The database cannot be used, nothing is chosen, or a name is not known.
pub fn run(
    database: &Place,
    configured: Vec<String>,
    action: Action,
    chosen: &Chosen,
    out: &mut dyn Write,
) -> Result<(), Failed> {
    let connection = schema::attach(database)?;
    if !is_current(&connection)? {
        return Err(Failed::Version);
    }
    check(&connection, configured, chosen.destination.as_ref())?;
    let named = chosen.destination.is_some() || chosen.reason.is_some() || chosen.row.is_some();
    match action {
        Action::List => list(&connection, chosen, out),
        Action::Replay | Action::Delete if !named && !chosen.all => Err(Failed::NothingChosen),
        Action::Replay => replay(&connection, chosen, out),
        Action::Delete => {
            let sql = format!("DELETE FROM forward WHERE {CHOSEN}");
            let deleted = connection.execute(&sql, values(chosen))?;
            Ok(writeln!(out, "deleted: {deleted}")?)
        }
    }
}

/// A misspelt name would look like an empty list.
fn check(
    connection: &Connection,
    configured: Vec<String>,
    chosen: Option<&String>,
) -> Result<(), Failed> {
    let Some(name) = chosen else { return Ok(()) };
    let mut known = forward::known(connection)?;
    known.extend(configured);
    known.sort();
    known.dedup();
    if known.contains(name) { Ok(()) } else { Err(Failed::Destination(name.clone(), known)) }
}

fn values(chosen: &Chosen) -> impl Params {
    (chosen.destination.clone(), chosen.reason.map(Reason::name), chosen.row)
}

fn list(connection: &Connection, chosen: &Chosen, out: &mut dyn Write) -> Result<(), Failed> {
    let sql = format!(
        "SELECT row, destination, event, type, at, received_at, failed_at, attempts, reason, message,
                sealed IS NOT NULL AS whole, expires_at
         FROM forward WHERE {CHOSEN} ORDER BY row"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(values(chosen))?;
    while let Some(row) = rows.next()? {
        let mut line = String::new();
        let mut object = Object::new(&mut line);
        let number = |name: &str| row.get::<_, Option<i64>>(name).map(|n| n.map(i64::unsigned_abs));
        let text = |name: &str| row.get::<_, Option<String>>(name);
        object
            .some_whole("row", number("row")?)
            .some_text("destination", text("destination")?.as_deref())
            .some_text("id", text("event")?.as_deref())
            .some_text("type", text("type")?.as_deref())
            .some_whole("at", number("at")?)
            .some_whole("receivedAt", number("received_at")?)
            .some_whole("failedAt", number("failed_at")?)
            .some_whole("attempts", number("attempts")?)
            .some_text("reason", text("reason")?.as_deref())
            .some_text("message", text("message")?.as_deref());
        // Without its ids it cannot be sent again.
        if row.get("whole")? {
            object.some_whole("replayUntil", number("expires_at")?);
        }
        object.end();
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// An event whose outcome is unknown may count twice. It is replayed only if it is asked for.
fn replay(connection: &Connection, chosen: &Chosen, out: &mut dyn Write) -> Result<(), Failed> {
    let sure = if chosen.reason.is_none() && chosen.row.is_none() {
        "AND reason <> 'unknown'"
    } else {
        ""
    };
    let count = format!("SELECT count(*) FROM forward WHERE {CHOSEN}");
    let found: i64 = connection.query_row(&count, values(chosen), |row| row.get(0))?;
    let sql = format!(
        "UPDATE forward SET state = 'waiting', attempts = 0, reason = NULL, message = NULL,
                failed_at = NULL
         WHERE {CHOSEN} {sure} AND sealed IS NOT NULL AND expires_at > ?4"
    );
    let Chosen { destination, reason, row, .. } = chosen;
    let reason = reason.map(Reason::name);
    let replayed = connection.execute(&sql, params![destination, reason, row, now_ms() as i64])?;
    let left = found.saturating_sub(i64::try_from(replayed).unwrap_or(i64::MAX));
    writeln!(out, "replayed: {replayed}")?;
    if left > 0 {
        writeln!(
            out,
            "left: {left} (their ids have expired, or the outcome is unknown and \
             --reason unknown was not given)"
        )?;
    }
    Ok(())
}
