//! The load generator of `npm run bench:collector` and `npm run bench:feeds`. It talks to loopback addresses only, and each
//! command ends by itself, except `nothing`, which ends with its standard input.
//!
//! Each command prints one line of JSON.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod ask;
mod body;
mod copy;
mod crowd;
mod database;
mod nothing;
mod send;
mod stream;

use clap::{Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Parser)]
struct Flags {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Sends batches for some time, and measures the answers.
    Send(Send),
    /// Asks for recommendations for some time, and measures the answers.
    Ask(ask::Ask),
    /// Serves a route that reads a request's body and answers 204.
    Nothing,
    /// Publishes messages to a stream for some time, as NATS alone can.
    Publish(stream::Publish),
    /// Waits until the collectors' stream is empty.
    Drain {
        /// The servers, separated by commas.
        #[arg(long)]
        nats: String,
    },
    /// Adds copies of the rows of a collector's database to it, with new ids, until it has so many.
    /// Prints the number of the last row.
    Fill {
        #[arg(long)]
        database: PathBuf,
        #[arg(long)]
        rows: u64,
        /// Ids of random times of this number of days before now. 0: ids of rising times.
        #[arg(long, default_value_t = 0)]
        spread_days: u64,
    },
    /// Copies the rows of a collector's database into a table of the same form, as PostgreSQL alone can.
    Copy(copy::Copy),
    /// Inserts the last rows of one database into another of the same schema, as SQLite alone can.
    Insert {
        #[arg(long)]
        from: PathBuf,
        #[arg(long)]
        into: PathBuf,
        /// The first row that is inserted.
        #[arg(long)]
        after: i64,
        /// Rows of a transaction.
        #[arg(long)]
        group: usize,
    },
}

/// How `send` sends.
#[derive(clap::Args)]
pub struct Send {
    #[arg(long)]
    address: SocketAddr,
    /// Events of a batch.
    #[arg(long)]
    batch: usize,
    #[arg(long, default_value_t = 64)]
    connections: usize,
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// See `fill`.
    #[arg(long, default_value_t = 0)]
    spread_days: u64,
}

fn main() {
    let result = match Flags::parse().command {
        Command::Send(options) => send::run(&options),
        Command::Ask(options) => ask::run(&options),
        Command::Nothing => nothing::run(),
        Command::Publish(options) => stream::publish(&options),
        Command::Copy(options) => copy::run(&options),
        Command::Drain { nats } => stream::drain(&nats),
        Command::Fill { database, rows, spread_days } => {
            database::fill(&database, rows, spread_days)
        }
        Command::Insert { from, into, after, group } => {
            database::insert(&from, &into, after, group)
        }
    };
    println!("{result}");
}
