//! `hash`, `export-visitor` and `erase-visitor`: one visitor, found by an id. The id is read from standard input,
//! because arguments are kept in the shell's history and are visible in the list of processes.

use super::{Done, customers};
use clap::Args;
use recobeacon_collector::config::Config;
use recobeacon_collector::pseudonym::Hasher;
use recobeacon_collector::store::desk::Desk;
use recobeacon_collector::store::visitors::{Found, Search};
use std::io::{self, IsTerminal, Read, Write};

/// The arguments that `export-visitor` and `erase-visitor` have in common.
#[derive(Args)]
pub struct Which {
    /// Only the events of this customer, channel or source of a vendor
    #[arg(long, value_name = "NAME")]
    customer: Option<String>,
    /// Only the events with this id itself, not those of ids that are joined to it by a login
    #[arg(long)]
    not_joined: bool,
}

/// The arguments of `hash`: none.
#[derive(Args)]
pub struct Hash {}

/// The arguments of `export-visitor`.
#[derive(Args)]
pub struct Export {
    #[command(flatten)]
    which: Which,
}

/// The arguments of `erase-visitor`.
#[derive(Args)]
pub struct Erase {
    #[command(flatten)]
    which: Which,
    /// Only count what would be erased
    #[arg(long)]
    dry_run: bool,
    /// Erase also if several accounts are joined, for example those of people who share a device
    #[arg(long)]
    all_accounts: bool,
}

impl Hash {
    pub fn run(self, config: &Config) -> Done {
        let id = id()?;
        let hasher = Hasher::existing(&config.keys, &config.database)?;
        for (number, hash) in hasher.all(&id) {
            println!("{hash} key {number}");
        }
        Ok(())
    }
}

impl Export {
    pub fn run(self, config: &Config) -> Done {
        let search = self.which.search(config)?;
        let desk = Desk::open(&config.database)?;
        let found = desk.export(&search, &mut io::stdout().lock())?;
        eprintln!("{}", sentence(&found));
        Ok(())
    }
}

impl Erase {
    pub fn run(self, config: &Config) -> Done {
        let search = self.which.search(config)?;
        let mut desk = Desk::open(&config.database)?;
        let found = desk.find(&search)?;
        if self.dry_run {
            println!("{}. Nothing was erased", sentence(&found));
            return Ok(());
        }
        if found.accounts > 1 && !self.all_accounts {
            return Err(format!(
                "{}. Several accounts may be several people who share a device. Nothing was \
                 erased: use --not-joined to erase the events with this id only, or \
                 --all-accounts to erase all of them",
                sentence(&found)
            )
            .into());
        }
        let (erased, is_log_empty) = desk.erase(&search)?;
        let gone = erased.rows - erased.kept;
        println!("events erased: {gone}; purchases kept without the person: {}", erased.kept);
        if !is_log_empty {
            println!(
                "A program reads the database, so its log (-wal) may still hold erased rows: the \
                 collector empties it later, at the latest when it stops"
            );
        }
        Ok(())
    }
}

impl Which {
    fn search(self, config: &Config) -> Result<Search, Box<dyn std::error::Error>> {
        customers::check(&self.customer, config)?;
        let id = id()?;
        let hasher = Hasher::existing(&config.keys, &config.database)?;
        let hashes = hasher.all(&id).into_iter().map(|(_, hash)| hash).collect();
        Ok(Search { hashes, customer: self.customer, joined: !self.not_joined })
    }
}

fn sentence(found: &Found) -> String {
    let Found { hashes, accounts, rows, kept: _ } = found;
    format!("{rows} events of {} ids were found, of which {accounts} are accounts", hashes.len())
}

/// Reads the id: one line, without its end.
fn id() -> Result<String, Box<dyn std::error::Error>> {
    let mut text = String::new();
    if io::stdin().is_terminal() {
        eprint!("id: ");
        io::stderr().flush()?;
        io::stdin().read_line(&mut text)?;
    } else {
        io::stdin().read_to_string(&mut text)?;
    }
    let id = text.strip_suffix('\n').unwrap_or(&text);
    let id = id.strip_suffix('\r').unwrap_or(id);
    if id.is_empty() || id.contains('\n') {
        return Err("standard input must have one line, the id as the page sends it".into());
    }
    Ok(id.to_owned())
}
