//! The customers that a flag names.

use recobeacon_collector::config;
use recobeacon_collector::config::Config;
use recobeacon_collector::store::history;

/// Checks that the configuration or the database has each of them.
///
/// # Errors
/// One is not known, or the database cannot be read.
pub fn check<'a>(
    names: impl IntoIterator<Item = &'a String>,
    config: &Config,
) -> Result<(), String> {
    for name in names {
        let is_stored = || {
            history::has_customer(&config.database, name)
                .map_err(|error| format!("the database {}: {error}", config.database))
        };
        if !config.knows_customer(name, is_stored)? {
            return Err(format!("--customer: {name:?} {}", config::UNKNOWN_CUSTOMER));
        }
    }
    Ok(())
}
