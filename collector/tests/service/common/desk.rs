//! The collector's commands, and its database file.

use super::database::{self, address, place};
use super::process::BINARY;
use super::{SECRET, changed, click, id};
use recobeacon_collector::place::Place;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder with a database's path and a configuration.
pub struct Desk {
    pub folder: tempfile::TempDir,
    pub database: PathBuf,
    /// The path, or the address of PostgreSQL.
    address: String,
    config: PathBuf,
}

/// The result of a command.
#[derive(Debug)]
pub struct Done {
    pub code: Option<i32>,
    pub out: String,
    pub log: String,
}

impl Desk {
    pub fn new() -> Self {
        Self::with("")
    }

    /// A configuration with this TOML before the key of all tests, key 3.
    pub fn with(toml: &str) -> Self {
        let desk = Self::without_key(toml);
        desk.set(&format!("{toml}\n[[keys]]\nnumber = 3\nsecret = \"{SECRET}\"\n"));
        desk
    }

    pub fn without_key(toml: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("events.sqlite");
        let config = folder.path().join("collector.toml");
        let address = address(folder.path());
        let desk = Self { folder, database, address, config };
        desk.set(toml);
        desk
    }

    /// Another file of SQLite from now on.
    pub fn move_to(&mut self, database: PathBuf) {
        self.address = database.to_str().unwrap().to_owned();
        self.database = database;
    }

    pub fn set(&self, toml: &str) {
        std::fs::write(&self.config, toml).unwrap();
    }

    /// The arguments that name the configuration and the database.
    pub fn arguments(&self) -> [&str; 4] {
        ["--config", self.config.to_str().unwrap(), "--database", &self.address]
    }

    pub fn start(&self) -> super::process::Process {
        super::process::Process::start(&self.arguments())
    }

    /// Runs a command with this standard input.
    pub fn run(&self, arguments: &[&str], input: &str) -> Done {
        let mut command = Command::new(BINARY);
        command.args(arguments).args(self.arguments());
        run(&mut command, input)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn place(&self) -> Place {
        place(self.folder.path())
    }

    /// The file of SQLite.
    pub fn open(&self) -> Connection {
        Connection::open(&self.database).unwrap()
    }

    /// Runs statements.
    pub fn sql(&self, sql: &str) {
        database::run(&self.place(), sql);
    }

    pub fn number(&self, sql: &str) -> i64 {
        database::number(&self.place(), sql)
    }

    /// See `database::watch`.
    pub fn watch(&self, sql: &str) -> std::thread::JoinHandle<Vec<i64>> {
        database::watch(&self.place(), sql)
    }

    pub fn texts(&self, sql: &str) -> Vec<String> {
        database::texts(&self.place(), sql)
    }

    /// Whether any file of the database has these bytes, or any row of PostgreSQL except those of the
    /// list of erased visitors, which is no part of SQLite's files either.
    pub fn has_bytes(&self, text: &str) -> bool {
        if database::is_postgres() {
            let tables = "SELECT tablename FROM pg_tables
                          WHERE schemaname = 'public' AND tablename <> 'erased'";
            return self.texts(tables).iter().any(|table| {
                let sql = format!(
                    "SELECT count(*) FROM {table} AS one WHERE strpos(one::text, '{text}') > 0"
                );
                self.number(&sql) > 0
            });
        }
        ["", "-wal"].iter().any(|ending| {
            let mut path = self.database.as_os_str().to_owned();
            path.push(ending);
            let content = std::fs::read(Path::new(&path)).unwrap_or_default();
            content.windows(text.len()).any(|bytes| bytes == text.as_bytes())
        })
    }
}

pub fn run(command: &mut Command, input: &str) -> Done {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    // A command that reads nothing may have closed it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Done { code: output.status.code(), out: text(output.stdout), log: text(output.stderr) }
}

pub fn texts(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// A click of this visitor and account.
pub fn by(n: u64, anonymous: Option<&str>, user: Option<&str>) -> Value {
    changed(click(n), json!({ "anonymous": anonymous, "user": user }))
}

/// A purchase of one unit, of a page.
pub fn buy(n: u64, order: &str, item: &str) -> Value {
    json!({
        "id": id(n), "type": "buy", "at": 1_763_683_199_000u64,
        "itemType": "1", "itemId": item, "orderId": order, "quantity": 1,
    })
}
