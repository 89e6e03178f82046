//! The routes of the vendors' interfaces, and how their events are stored.

use super::{App, factfinder, ibexa, intempt};
use crate::clock::now_ms;
use crate::config::Vendors;
use crate::error::Refusal;
use crate::event::{Delivery, Source, Vendor};
use crate::ibexa::LINKS;
use crate::vendor_event::VendorEvent;
use axum::Router;
use axum::routing::any;
use std::sync::Arc;

/// The routes.
pub fn routes(vendors: &Vendors) -> Router<Arc<App>> {
    let base = &vendors.factfinder.base_path;
    let mut router = Router::new()
        .route("/api/{*rest}", any(ibexa::take))
        .route(
            &format!("{base}/rest/{{version}}/track/{{channel}}/{{event}}"),
            any(factfinder::rest),
        )
        .route(&format!("{base}/Tracking.ff"), any(factfinder::tracking_ff))
        .route("/v1/{organization}/projects/{project}/track", any(intempt::take))
        .route("/v1/{organization}/projects/{project}/sources/{source}/track", any(intempt::take));
    for event in LINKS {
        router = router.route(&format!("/{event}/{{*rest}}"), any(ibexa::take_link));
    }
    for solution in &vendors.yoochoose.solutions {
        router = router.route(&format!("/{solution}/{{*rest}}"), any(ibexa::take_yoochoose));
    }
    router
}

/// Hashes the user ids and stores the events of one request.
pub async fn store(
    app: &App,
    vendor: Vendor,
    customer: String,
    vendor_events: Vec<VendorEvent>,
) -> Result<(), Refusal> {
    if vendor_events.is_empty() {
        return Ok(());
    }
    let received_at = now_ms();
    let stamped = |event: VendorEvent| {
        let id = app.ids.next(received_at);
        let id = id.ok_or(Refusal::Unavailable("there are no random bits"))?;
        Ok(event.stamped(id, received_at, &app.hasher))
    };
    let events = vendor_events.into_iter().map(stamped).collect::<Result<_, Refusal>>()?;
    let source = Source::Vendor(vendor, customer);
    Ok(app.store.append(Delivery { source, received_at, key: app.hasher.key(), events }).await?)
}
