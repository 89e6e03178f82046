//! The routes of the vendors' interfaces.

use super::{App, factfinder, ibexa, intempt};
use crate::config::Vendors;
use crate::ibexa::LINKS;
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
