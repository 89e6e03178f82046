//! `backup FILE` and `restore FILE`.

use super::Done;
use clap::Args;
use recobeacon_collector::config::Config;
use recobeacon_collector::store::backup::{self, Restored};
use std::path::{Path, PathBuf};

/// The arguments of `backup`.
#[derive(Args)]
pub struct Backup {
    /// The file to make. It must not exist
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// The arguments of `restore`.
#[derive(Args)]
pub struct Restore {
    /// A copy made by `backup`
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Backup {
    pub fn run(self, config: &Config) -> Done {
        let left = backup::make(file(config)?, &self.file)?;
        if let Some(left) = left {
            println!("{} of an interrupted backup was removed", left.display());
        }
        println!("{} is complete and was checked", self.file.display());
        if config.keys.is_empty() {
            println!(
                "It does not contain the key of the ids: back up {}.key too, in another place",
                config.database
            );
        }
        Ok(())
    }
}

impl Restore {
    pub fn run(self, config: &Config) -> Done {
        let Restored { aside, waiting, erased } = backup::restore(&self.file, file(config)?)?;
        println!("{} now has the content of {}", config.database, self.file.display());
        if let Some(aside) = aside {
            println!("The database before is {}. Delete it when all is well", aside.display());
        }
        match erased {
            Some(0) => {}
            Some(erased) => println!("{erased} rows of erased visitors were erased again"),
            None => println!(
                "An older version made the copy: the next start migrates it, and erases the \
                 erased visitors again"
            ),
        }
        if waiting > 0 {
            println!(
                "{waiting} events wait for vendors, which may have them already. The next start \
                 sends those that count once, and makes the others dead letters (reason unknown)"
            );
        }
        Ok(())
    }
}

/// The database, which must be a file.
fn file(config: &Config) -> Result<&Path, &'static str> {
    config.database.file().ok_or(
        "a database of PostgreSQL is copied and restored with its own programs, pg_dump and \
         pg_restore, or by continuous archiving",
    )
}
