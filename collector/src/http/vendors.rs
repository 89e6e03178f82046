//! The routes of the vendors' interfaces.

use super::{App, factfinder, ibexa, intempt};
use crate::config::Vendors;
use crate::event::{BATCH, Vendor};
use crate::ibexa::LINKS;
use axum::Router;
use axum::routing::{MethodRouter, any};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The routes.
pub fn routes(vendors: &Vendors) -> Router<Arc<App>> {
    let all = table(vendors).into_iter();
    all.fold(Router::new(), |router, (path, _, route)| router.route(&path, route))
}

/// The interface of each route, for the counters.
pub fn interfaces(vendors: &Vendors) -> BTreeMap<String, &'static str> {
    let all = table(vendors).into_iter().map(|(path, vendor, _)| (path, vendor.name()));
    all.chain([("/v1/events".to_owned(), BATCH)]).collect()
}

/// Each route with its vendor.
fn table(vendors: &Vendors) -> Vec<(String, Vendor, MethodRouter<Arc<App>>)> {
    let base = &vendors.factfinder.base_path;
    let rest = format!("{base}/rest/{{version}}/track/{{channel}}/{{event}}");
    let without_source = "/v1/{organization}/projects/{project}/track".to_owned();
    let with_source = "/v1/{organization}/projects/{project}/sources/{source}/track".to_owned();
    let mut all = vec![
        ("/api/{*rest}".to_owned(), Vendor::Ibexa, any(ibexa::take)),
        (rest, Vendor::FactFinder, any(factfinder::rest)),
        (format!("{base}/Tracking.ff"), Vendor::FactFinder, any(factfinder::tracking_ff)),
        (without_source, Vendor::Intempt, any(intempt::take)),
        (with_source, Vendor::Intempt, any(intempt::take)),
    ];
    for event in LINKS {
        all.push((format!("/{event}/{{*rest}}"), Vendor::Ibexa, any(ibexa::take_link)));
    }
    for solution in &vendors.yoochoose.solutions {
        let path = format!("/{solution}/{{*rest}}");
        all.push((path, Vendor::Yoochoose, any(ibexa::take_yoochoose)));
    }
    all
}
