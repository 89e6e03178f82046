//! `backup FILE` and `restore FILE`.

use super::Done;
use clap::Args;
use recobeacon_collector::config::Config;
use recobeacon_collector::store::backup::{self, Restored};
use std::path::PathBuf;

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
        backup::make(&config.database, &self.file)?;
        println!("{} is complete and was checked", self.file.display());
        if config.keys.is_empty() {
            println!(
                "It does not contain the key of the ids: back up {}.key too, in another place",
                config.database.display()
            );
        }
        Ok(())
    }
}

impl Restore {
    pub fn run(self, config: &Config) -> Done {
        let Restored { aside, waiting } = backup::restore(&self.file, &config.database)?;
        println!("{} now has the content of {}", config.database.display(), self.file.display());
        if let Some(aside) = aside {
            println!("The database before is {}. Delete it when all is well", aside.display());
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
