//! Tells the operator which plans of tests have no effect, because no event with a variant has their
//! scenario. A misspelt scenario would be ignored silently otherwise.
//!
//! Any text can be the name of a scenario, so only stored events can show the fault, and only if
//! some of them name variants: otherwise the test may not have begun.

use crate::config::Config;
use crate::config::variants::Plans;
use crate::limits::Limits;
use crate::store::db::{self, Connection};
use crate::store::desk::Desk;
use crate::store::{Store, variants as rows};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A sentence for each plan, by the events of the configured database. Without a database that can be
/// read in a short time there is none.
pub fn notes(config: &Config) -> Vec<String> {
    if config.variants.is_empty() {
        return Vec::new();
    }
    let Ok(mut desk) = Desk::open(&config.database) else { return Vec::new() };
    desk.answer(Limits::BUSY, |open| sentences(open, &config.variants)).unwrap_or_default()
}

/// Logs these sentences, unless the collector stops before.
pub async fn tell(plans: Plans, store: Arc<Store>, stop: CancellationToken) {
    if plans.is_empty() {
        return;
    }
    let query = move |connection: &Connection| sentences(connection, &plans);
    tokio::select! {
        () = stop.cancelled() => {}
        told = store.answer(query) => match told {
            Ok(sentences) => sentences.iter().for_each(|sentence| tracing::warn!("{sentence}")),
            Err(error) => tracing::debug!("the scenarios of [[variants]] were not looked for: {error}"),
        },
    }
}

fn sentences(connection: &Connection, plans: &Plans) -> db::Result<Vec<String>> {
    let unseen = rows::unseen(connection, plans.keys().cloned().collect())?;
    let told = unseen.iter().filter_map(|name| Some(plans.get(name)?.unseen(name)));
    Ok(told.collect())
}
