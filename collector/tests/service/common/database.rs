//! The database of a test: a file in the test's folder or, if an environment variable names a server of
//! PostgreSQL, a new database there.

use super::PATIENCE;
use recobeacon_collector::place::Place;
use recobeacon_collector::store::db::postgres::Postgres;
use recobeacon_collector::store::db::{Connection, Row};
use std::path::Path;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The address of the server, which ends with a slash.
const VARIABLE: &str = "RECOBEACON_TEST_POSTGRES";
/// The beginning of the databases' names. The rest is the name of the test's folder.
const BEGIN: &str = "test_";

/// Whether the tests use PostgreSQL.
pub fn is_postgres() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

/// The database of the test with this folder. A new one of PostgreSQL is made.
pub fn place(folder: &Path) -> Place {
    Place::parse(address(folder).into()).unwrap()
}

/// The same as an argument of the command line.
pub fn address(folder: &Path) -> String {
    further(folder, "events")
}

/// A further database of the test with this folder.
pub fn further(folder: &Path, name: &str) -> String {
    let Ok(server) = std::env::var(VARIABLE) else {
        return folder.join(format!("{name}.sqlite")).to_str().unwrap().to_owned();
    };
    let name = format!("{BEGIN}{}-{name}", folder.file_name().unwrap().to_str().unwrap());
    let address = format!("{server}{name}");
    let all = folder.parent().unwrap().to_owned();
    apart(move || make(&server, &name, &all));
    address
}

/// Makes the database unless it is there, and drops those of tests that have ended, whose folders are
/// gone.
fn make(server: &str, name: &str, folders: &Path) {
    let admin = open(&Place::parse(format!("{server}postgres").into()).unwrap());
    let sql = format!("SELECT datname FROM pg_database WHERE datname LIKE '{BEGIN}%'");
    let read = |row: &Row<'_>| row.get::<_, String>(0);
    let known = admin.prepare_cached(&sql).unwrap().query_map((), read).unwrap();
    for other in &known {
        let folder = other.strip_prefix(BEGIN).unwrap().split('-').next().unwrap();
        if !folders.join(folder).exists() {
            // Another test may drop it, too.
            let sql = format!("DROP DATABASE IF EXISTS \"{other}\" WITH (FORCE)");
            let _ = admin.execute_batch(&sql);
        }
    }
    if !known.iter().any(|known| known == name) {
        admin.execute_batch(&format!("CREATE DATABASE \"{name}\" STRATEGY file_copy")).unwrap();
    }
}

/// Runs statements.
pub fn run(place: &Place, sql: &str) {
    let (place, sql) = (place.clone(), sql.to_owned());
    apart(move || open(&place).execute_batch(&sql).unwrap());
}

/// The whole number that a query has.
pub fn number(place: &Place, sql: &str) -> i64 {
    let (place, sql) = (place.clone(), sql.to_owned());
    apart(move || open(&place).query_row(&sql, (), |row| row.get(0)).unwrap())
}

/// The rows of a query whose columns are texts.
pub fn rows(place: &Place, columns: usize, sql: &str) -> Vec<Vec<Option<String>>> {
    let (place, sql) = (place.clone(), sql.to_owned());
    apart(move || {
        let read = |row: &Row<'_>| (0..columns).map(|column| row.get(column)).collect();
        open(&place).prepare_cached(&sql).unwrap().query_map((), read).unwrap()
    })
}

/// The texts that a query has.
pub fn texts(place: &Place, sql: &str) -> Vec<String> {
    rows(place, 1, sql).into_iter().flatten().map(Option::unwrap).collect()
}

/// Asks for a number on one connection, again and again until it is 0. Returns what it was.
pub fn watch(place: &Place, sql: &str) -> JoinHandle<Vec<i64>> {
    let (place, sql) = (place.clone(), sql.to_owned());
    std::thread::spawn(move || {
        let (open, begun, mut all) = (open(&place), Instant::now(), Vec::new());
        while all.last() != Some(&0) {
            assert!(begun.elapsed() < PATIENCE * 2, "{all:?}");
            all.push(open.query_row(&sql, (), |row| row.get(0)).unwrap());
        }
        all
    })
}

/// Opens the database. A connection to PostgreSQL must not be used on a thread of a runtime.
pub fn open(place: &Place) -> Connection {
    match place {
        Place::File(path) => rusqlite::Connection::open(path).unwrap().into(),
        Place::Server(server) => Postgres::connect(server, Duration::from_secs(20)).unwrap().into(),
    }
}

/// Runs the work on another thread.
fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::spawn(work).join().unwrap()
}
