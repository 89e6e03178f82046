//! `GET /metrics` on the admin listener: the figures in the text format of Prometheus.

use super::{App, read, typed};
use crate::clock::now_ms;
use crate::error::Refusal;
use crate::limits::Limits;
use crate::store::Store;
use axum::extract::State;
use axum::response::Response;
use prometheus_client::encoding::prometheus_text;
use std::sync::Arc;
use std::time::Instant;

/// <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Reads the state, and writes all figures. Figures that cannot be read keep their last value, since
/// the others matter most while something is wrong.
pub async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let state = &app.metrics.state;
    let (waiting, most) = app.sink.waiting();
    state.queue.set(number(waiting as u64));
    state.queue_limit.set(number(most as u64));
    state.ready.set(i64::from(super::status::is_ready(&app).await.is_ok()));
    if let Some(store) = app.sink.store() {
        of_database(&app, store).await;
    }
    of_feeds(&app).await;
    if let Some(consumer) = &app.consumer {
        consumer.refresh().await;
    }
    let mut text = String::new();
    prometheus_text::encode(&mut text, &app.registry)
        .map_err(|_| Refusal::Unavailable("the figures could not be written"))?;
    Ok(read::private(typed(TEXT, text)))
}

async fn of_database(app: &Arc<App>, store: &Arc<Store>) {
    let state = &app.metrics.state;
    if let Some(disk) = store.disk().await {
        state.database.set(number(disk.database));
        state.log.set(number(disk.log));
        let most = app.config.limits.database_mib.saturating_mul(1024 * 1024);
        let left = if most > 0 { most.saturating_sub(disk.database) } else { disk.free };
        state.free.set(number(disk.free.min(left)));
    }
    state.last_row.set(*store.last().borrow());
    if let Some(rows) = rows(app, store).await {
        state.rows.set(rows);
    }
    app.forwarding.refresh(store, now_ms()).await;
}

async fn of_feeds(app: &App) {
    let (Some(feeds), Some(fed)) = (&app.feeds, &app.fed) else { return };
    if let Ok(last) = feeds.reading().last().await {
        let (items, row) = feeds.state();
        // Rows of other processes may be read before the writer knows them.
        fed.set(items, last.saturating_sub(row).max(0));
    }
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The result of the last count of rows, for `/metrics`.
#[derive(Debug, Default)]
pub struct Counted(tokio::sync::Mutex<Option<Count>>);

#[derive(Clone, Copy, Debug)]
struct Count {
    at: Instant,
    rows: i64,
    /// The events that had been stored since the start.
    stored: u64,
}

/// The stored events. They are counted at most once in [`Limits::COUNT_KEPT`], because that reads
/// much. In between, the new ones are added, and deleted ones are still there. `None` if the count
/// takes long: the next request has it.
async fn rows(app: &Arc<App>, store: &Arc<Store>) -> Option<i64> {
    let (shared, store) = (Arc::clone(app), Arc::clone(store));
    // A task of its own: the request may end before the count does.
    let counted = tokio::spawn(async move {
        let mut kept = shared.counted.0.lock().await;
        if kept.is_none_or(|count| count.at.elapsed() > Limits::COUNT_KEPT) {
            let stored = shared.metrics.stored();
            let rows = store.count().await.ok()?;
            *kept = Some(Count { at: Instant::now(), rows, stored });
        }
        let Count { rows, stored, .. } = (*kept)?;
        Some(rows.saturating_add(number(shared.metrics.stored().saturating_sub(stored))))
    });
    tokio::time::timeout(Limits::HEALTHY, counted).await.ok()?.ok()?
}
