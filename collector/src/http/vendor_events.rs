//! Stores the events of a request to a vendor's interface.

use super::{App, customers};
use crate::clock::now_ms;
use crate::error::Refusal;
use crate::event::{Delivery, Source, Vendor};
use crate::vendor_event::VendorEvent;

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
    customers::admit(app, vendor.name(), &customer, vendor_events.len()).await?;
    let received_at = now_ms();
    let stamped = |event: VendorEvent| {
        let id = app.ids.next(received_at);
        let id = id.ok_or(Refusal::Unavailable("there are no random bits"))?;
        Ok(event.stamped(id, received_at, &app.hasher))
    };
    let events = vendor_events.into_iter().map(stamped).collect::<Result<_, Refusal>>()?;
    let source = Source::Vendor(vendor, customer);
    // A page that sends to a vendor's interface here has chosen not to send to the vendor.
    let (key, entries) = (app.hasher.key(), Vec::new());
    Ok(app.sink.append(Delivery { source, received_at, key, events, entries }).await?)
}
