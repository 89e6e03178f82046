//! Paths and queries of Ibexa's interface, its links, YOOCHOOSE's interface, and imported purchases.
#![no_main]

use libfuzzer_sys::fuzz_target;
use recobeacon_collector::ibexa::{Dialect, Known, knows, read, read_link};
use recobeacon_collector::import::{LicenseKeys, Sender};
use recobeacon_collector::limits::Limits;
use recobeacon_fuzz::first;
use recobeacon_fuzz::rows::{check_refusal, check_vendor_event, hasher};

fuzz_target!(|data: &[u8]| {
    let (flags, rest) = first(data);
    let Ok(address) = std::str::from_utf8(rest) else { return };
    let (path, query) =
        address.split_once('?').map_or((address, None), |(path, query)| (path, Some(query)));
    let dialect = if flags & 1 == 0 { Dialect::Ibexa } else { Dialect::Yoochoose };
    let customers = ["00000".to_owned()];
    let keys = LicenseKeys::new(vec![("00000".to_owned(), "8695-1828-92810-5535-4239".to_owned())]);
    let is_trusted = flags & 2 != 0;
    let sender = Sender { is_trusted, keys: &keys };
    let known = Known { customers: (flags & 4 != 0).then_some(&customers[..]), sender };
    let read = if flags & 8 == 0 {
        read(dialect, path, query, known)
    } else {
        read_link(path, query, known)
    };
    let (customer, event) = match read {
        Ok(read) => read,
        Err(refusal) => return check_refusal(&refusal),
    };
    assert!(
        customer.len() <= Limits::CUSTOMER_BYTES
            && customer.bytes().all(|b| b.is_ascii_alphanumeric())
    );
    if flags & 4 != 0 {
        assert_eq!(customer, "00000");
    }
    if flags & 8 == 0 {
        assert!(knows(dialect, path), "{path}");
    }
    if event.at.is_some() && !is_trusted {
        // Only a signed request of a customer with a key may set its time.
        assert!(
            customer == "00000" && query.is_some_and(|query| query.contains("ignature")),
            "{address}"
        );
    }
    check_vendor_event(event, &hasher());
});
