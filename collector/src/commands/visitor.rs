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
    /// Also if several accounts are joined, for example those of people who share a device
    #[arg(long, conflicts_with = "not_joined")]
    all_accounts: bool,
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
}

impl Hash {
    pub fn run(self, config: &Config) -> Done {
        let id = id()?;
        let hasher = Hasher::existing(&config.keys, config.database.beside())?;
        for (number, hash) in hasher.all(&id) {
            println!("{hash} key {number}");
        }
        Ok(())
    }
}

impl Export {
    pub fn run(self, config: &Config) -> Done {
        let Wanted { search, all_accounts, hint } = self.which.wanted(config)?;
        let desk = Desk::open(&config.database)?;
        let found = desk.find(&search)?;
        if found.rows == 0 {
            return Err(hint.into());
        }
        check_accounts(&found, all_accounts)?;
        let found = desk.export(&search, &mut io::stdout().lock())?;
        eprintln!("{}", sentence(&found));
        Ok(())
    }
}

impl Erase {
    pub fn run(self, config: &Config) -> Done {
        let Wanted { search, all_accounts, hint } = self.which.wanted(config)?;
        let mut desk = Desk::open(&config.database)?;
        let found = desk.find(&search)?;
        if self.dry_run {
            if found.rows == 0 {
                return Err(hint.into());
            }
            println!("{}. Nothing was erased", sentence(&found));
            return Ok(());
        }
        check_accounts(&found, all_accounts)?;
        // Without a row too: the erasure is recorded for backups and files that have some.
        let (erased, is_log_empty) = desk.erase(&search)?;
        if erased.rows == 0 {
            return Err(format!(
                "{hint}\nThe erasure was recorded: no restored backup and no import brings \
                 earlier events with this id back"
            )
            .into());
        }
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

/// The visitor to look for.
struct Wanted {
    search: Search,
    all_accounts: bool,
    /// The sentence in case that there is none.
    hint: String,
}

impl Which {
    fn wanted(self, config: &Config) -> Result<Wanted, Box<dyn std::error::Error>> {
        let Self { customer, not_joined, all_accounts } = self;
        customers::check(&customer, config)?;
        let id = id()?;
        let hasher = Hasher::existing(&config.keys, config.database.beside())?;
        let hashes = hasher.all(&id).into_iter().map(|(_, hash)| hash).collect();
        let hint = hint(&id, customer.as_deref());
        let search = Search { hashes, customer, joined: !not_joined };
        Ok(Wanted { search, all_accounts, hint })
    }
}

/// Refuses the events of several accounts, unless all are wanted.
fn check_accounts(found: &Found, all_accounts: bool) -> Result<(), String> {
    if found.accounts <= 1 || all_accounts {
        return Ok(());
    }
    Err(format!(
        "{}. Several accounts may be several people who share a device. Nothing was done: use \
         --not-joined for the events with this id only, or --all-accounts for all of them",
        sentence(found)
    ))
}

fn sentence(found: &Found) -> String {
    let Found { hashes, accounts, rows, kept: _ } = found;
    format!("{rows} events of {} ids were found, of which {accounts} are accounts", hashes.len())
}

/// The sentence about an id without events. It does not repeat the id.
fn hint(id: &str, customer: Option<&str>) -> String {
    let of = customer.map(|name| format!(" of {name:?}")).unwrap_or_default();
    let mut sentence = format!("no event{of} has this id, which must be as the page sends it");
    if id.trim() != id {
        sentence.push_str(": the white space at its ends is part of it");
    } else if id.contains('@') {
        sentence.push_str(
            ". With identity.hash, pages send the SHA-256 of the trimmed lower-case address, as 64 \
             hexadecimal digits",
        );
    } else {
        sentence.push_str(": upper and lower case make a difference");
    }
    sentence
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
