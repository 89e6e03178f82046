//! `rotate-key`: adds a key to the key file.

use super::Done;
use clap::Args;
use recobeacon_collector::config::Config;
use recobeacon_collector::pseudonym;

/// The arguments: none.
#[derive(Args)]
pub struct RotateKey {}

impl RotateKey {
    pub fn run(self, config: &Config) -> Done {
        let last = config.keys.iter().map(|key| key.number).max();
        if let Some(last) = last {
            return Err(format!(
                "the keys are in the configuration: add a [[keys]] table there, with number {} \
                 and a secret of `openssl rand -hex 32`, keep the others, and restart the collector",
                u64::from(last) + 1
            )
            .into());
        }
        let number = pseudonym::add_key(config.database.beside())?;
        println!(
            "{} now has key {number}. Back it up, and restart the collector to use it",
            pseudonym::key_file(config.database.beside()).display()
        );
        Ok(())
    }
}
