//! Networks: `192.0.2.1`, `10.0.0.0/8`, `2001:db8::/32`.

use std::net::IpAddr;

const BITS: u32 = 128;
/// The number of bits before an IPv4 address in its IPv6 form.
const BEFORE_V4: u32 = 96;

/// A range of addresses with the same first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: u128,
    bits: u32,
}

/// The address as a number. An IPv4 address is taken in its IPv6 form.
pub fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl Network {
    /// Reads an address, with or without a prefix length.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let before = if address.is_ipv4() { BEFORE_V4 } else { 0 };
        let bits = bits.map_or(BITS, |bits| bits.saturating_add(before));
        (bits <= BITS).then(|| Self { first: kept(number(address), bits), bits })
    }

    /// Whether the network contains the address.
    pub fn contains(&self, address: IpAddr) -> bool {
        kept(number(address), self.bits) == self.first
    }
}

/// The first bits of an address, followed by zeros.
fn kept(address: u128, bits: u32) -> u128 {
    let behind = BITS.saturating_sub(bits);
    address.checked_shr(behind).and_then(|bits| bits.checked_shl(behind)).unwrap_or_default()
}

/// The number under which the clients of an address are counted. For IPv6 it has the first 64 bits
/// only, as a single customer usually has all addresses of such a network.
pub fn counted(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => number(IpAddr::V4(address)),
        IpAddr::V6(address) => kept(address.to_bits(), BITS / 2),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_the_addresses_with_its_prefix() {
        for (network, address, is_in) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.1.2.3/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "192.0.2.1", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "192.0.2.1", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::1", "::1", true),
        ] {
            let network = Network::parse(network).unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), is_in, "{network:?} {address}");
        }
        for wrong in ["", "localhost", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10/8"]
        {
            assert_eq!(Network::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn clients_are_counted_by_address_and_by_64_bit_prefix_for_ipv6() {
        let counted = |address: &str| counted(address.parse().unwrap());
        assert_eq!(counted("192.0.2.1"), counted("::ffff:192.0.2.1"));
        assert_ne!(counted("192.0.2.1"), counted("192.0.2.2"));
        assert_eq!(counted("2001:db8:1:2::1"), counted("2001:db8:1:2:ffff::"));
        assert_ne!(counted("2001:db8:1:2::1"), counted("2001:db8:1:3::1"));
    }
}
