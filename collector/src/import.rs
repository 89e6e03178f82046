//! Past purchases imported through Ibexa's interface. Such an event has its own time and the
//! vendor's signature.
//!
//! <https://doc.ibexa.co/en/latest/personalization/importing_historical_user_tracking_data/>

use crate::api_key::Secret;
use crate::error::Refusal;
use crate::iso;
use md5::{Digest, Md5};
use recobeacon_engine::json::push_hex;
use recobeacon_engine::percent::push_encoded;
use std::fmt;

/// The parameter with the time.
pub const TIME: &str = "overridetimestamp";
/// The parameter with the signature.
pub const SIGNATURE: &str = "signature";

/// The customers' license keys. They are never printed.
#[derive(Clone, Default)]
pub struct LicenseKeys(Vec<(String, String)>);

impl fmt::Debug for LicenseKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LicenseKeys(..)")
    }
}

impl LicenseKeys {
    /// Takes pairs of customer and key.
    pub fn new(keys: Vec<(String, String)>) -> Self {
        Self(keys)
    }

    /// Whether the customer has a key.
    pub fn has(&self, customer: &str) -> bool {
        self.of(customer).is_some()
    }

    fn of(&self, customer: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == customer).map(|(_, key)| key.as_str())
    }
}

/// The permissions of a request's sender.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// Whether the request has the admin token.
    pub is_trusted: bool,
    /// The keys of the accepted signatures.
    pub keys: &'a LicenseKeys,
}

/// The event's own time in milliseconds since the Unix epoch, if it has one. `item` is the item's
/// type and id; `parameters` are decoded.
///
/// # Errors
/// 400 if the time is invalid, or if the sender may not set it.
pub fn time(
    sender: Sender<'_>,
    customer: &str,
    item: Option<[&str; 2]>,
    parameters: &[(String, String)],
) -> Result<Option<u64>, Refusal> {
    let given = |wanted| {
        let found = parameters.iter().find(|(name, value)| name == wanted && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    };
    let Some(time) = given(TIME) else { return Ok(None) };
    let Some(item) = item else {
        return Err(Refusal::invalid("overridetimestamp is for events of one item"));
    };
    if !sender.is_trusted {
        let Some(key) = sender.keys.of(customer) else {
            return Err(Refusal::invalid(
                "overridetimestamp needs a license key for the customer in the configuration",
            ));
        };
        let signature = Secret::new(&sign(item, key, parameters));
        let is_right = |given: &str| signature.is(given.to_ascii_lowercase().as_bytes());
        if !given(SIGNATURE).is_some_and(is_right) {
            return Err(Refusal::invalid(
                "overridetimestamp must have the signature of the request in `signature`",
            ));
        }
    }
    let read = iso::parse(time).ok_or(Refusal::invalid(
        "overridetimestamp must be a time since 1970 like 2012-01-01T11:00:00",
    ));
    read.map(Some)
}

/// The MD5 of the item, the key, and the parameters ordered by name.
pub fn sign([item_type, item_id]: [&str; 2], key: &str, parameters: &[(String, String)]) -> String {
    let mut signed: Vec<_> =
        parameters.iter().filter(|(name, value)| name != SIGNATURE && !value.is_empty()).collect();
    signed.sort();
    let mut text = format!("{item_type}&{item_id}&{key}");
    for (name, value) in signed {
        text.push('&');
        text.push_str(name);
        text.push('=');
        push_encoded(&mut text, value);
    }
    let mut hex = String::new();
    for byte in Md5::digest(text.as_bytes()) {
        push_hex(&mut hex, byte);
    }
    hex
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn signatures_match_the_vendors_example() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let parameters = [
            pair("quantity", "1"),
            pair("fullprice", "19.99EUR"),
            pair("overridetimestamp", "2012-01-01T11:00:00"),
            pair("signature", "d0026f017ae823f19530d93318c5a2f6"),
            pair("lang", ""),
        ];
        let signed = sign(["1", "11"], "8695-1828-92810-5535-4239", &parameters);
        assert_eq!(signed, "d0026f017ae823f19530d93318c5a2f6");
    }
}
