//! The rate at which PostgreSQL alone stores the rows of a collector, by COPY.

use postgres::{Client, NoTls};
use std::io::{Read, Write};
use std::time::Instant;

/// The table has the columns and indexes of `events`.
const MAKE: &str = "DROP TABLE IF EXISTS bare; CREATE TABLE bare (LIKE events INCLUDING ALL)";
/// The columns that a row of `events` is inserted with.
const COLUMNS: &str = "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position)
     FROM information_schema.columns
     WHERE table_schema = current_schema AND table_name = 'events' AND column_name <> 'row'";

/// The database whose rows are copied, and the size of a transaction.
#[derive(clap::Args)]
pub struct Copy {
    /// The address of the database, which must be on loopback.
    #[arg(long)]
    database: String,
    /// Rows of a transaction.
    #[arg(long)]
    group: usize,
}

/// A row in the text format of COPY is a line: line feeds in its values are escaped.
fn rows(client: &mut Client, columns: &str) -> Vec<String> {
    let mut text = String::new();
    let sql = format!("COPY (SELECT {columns} FROM events ORDER BY row) TO STDOUT");
    client.copy_out(&sql).unwrap().read_to_string(&mut text).unwrap();
    text.split_inclusive('\n').map(str::to_owned).collect()
}

pub fn run(options: &Copy) -> String {
    assert!(options.database.contains("@127.0.0.1:"), "only loopback");
    let mut client = Client::connect(&options.database, NoTls).unwrap();
    client.batch_execute(MAKE).unwrap();
    let columns: String = client.query_one(COLUMNS, &[]).unwrap().get(0);
    let rows = rows(&mut client, &columns);
    let sql = format!("COPY bare ({columns}) FROM STDIN");
    let begun = Instant::now();
    for group in rows.chunks(options.group) {
        let mut transaction = client.transaction().unwrap();
        let mut writer = transaction.copy_in(&sql).unwrap();
        writer.write_all(group.concat().as_bytes()).unwrap();
        writer.finish().unwrap();
        transaction.commit().unwrap();
    }
    let seconds = begun.elapsed().as_secs_f64();
    let events = rows.len();
    let stored: i64 = client.query_one("SELECT count(*) FROM bare", &[]).unwrap().get(0);
    assert_eq!(usize::try_from(stored), Ok(events), "each row is stored");
    client.batch_execute("DROP TABLE bare").unwrap();
    format!(r#"{{"events":{events},"seconds":{seconds:.3}}}"#)
}
