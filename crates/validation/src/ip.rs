//! IP addresses and blocks of them: what is refused, and what is only warned of.
//!
//! Kubernetes: apimachinery/pkg/util/validation/ip.go; k8s.io/utils/net/parse.go.

use std::borrow::Cow;
use std::net::IpAddr;

use api::field::{ErrorList, FieldError, FieldPath, go_quote};

/// An address as older readers take it: with leading zeros in its IPv4 part. An IPv4 address inside an IPv6
/// one is read as the IPv4 address.
pub(super) fn parse_ip_sloppy(text: &str) -> Option<IpAddr> {
    let address: IpAddr = without_leading_zeros(text).parse().ok()?;
    Some(address.to_canonical())
}

fn without_leading_zeros(text: &str) -> Cow<'_, str> {
    let Some(dot) = text.find('.') else { return Cow::Borrowed(text) };
    let start = text[..dot].rfind(':').map_or(0, |colon| colon + 1);
    let stripped = |octet: &str| match octet.trim_start_matches('0') {
        "" if octet.is_empty() => String::new(),
        "" => "0".to_owned(),
        rest => rest.to_owned(),
    };
    let octets: Vec<String> = text[start..].split('.').map(stripped).collect();
    Cow::Owned(format!("{}{}", &text[..start], octets.join(".")))
}

fn is_mapped(address: &IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.to_ipv4_mapped().is_some())
}

/// Kubernetes: IsValidIPForLegacyField, strict.
pub(super) fn is_valid_ip(text: &str, path: &FieldPath, errors: &mut ErrorList) {
    let why = match (parse_ip_sloppy(text), text.parse::<IpAddr>()) {
        (None, _) => "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
        (_, Err(_)) => "must not have leading 0s",
        (_, Ok(address)) if is_mapped(&address) => "must not be an IPv4-mapped IPv6 address",
        _ => return,
    };
    errors.push(FieldError::invalid(path, text, why));
}

/// A block: its first address, and how many bits it fixes.
#[derive(Clone, Copy)]
struct Block {
    address: IpAddr,
    bits: u8,
}

impl Block {
    fn masked(self) -> IpAddr {
        match self.address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                IpAddr::V4((u32::from(address) & mask).into())
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                IpAddr::V6((u128::from(address) & mask).into())
            }
        }
    }
}

fn prefix_length(text: &str, address: &IpAddr) -> Option<u8> {
    let limit = if address.is_ipv4() { 32 } else { 128 };
    let plain = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    text.parse().ok().filter(|bits| plain && *bits <= limit)
}

/// Kubernetes: k8s.io/utils/net, ParseCIDRSloppy.
fn parse_cidr_sloppy(text: &str) -> Option<Block> {
    let (address, length) = text.split_once('/')?;
    let inner: IpAddr = without_leading_zeros(address).parse().ok()?;
    let bits = prefix_length(length, &inner)?;
    if let (true, Some(less)) = (is_mapped(&inner), bits.checked_sub(96)) {
        return Some(Block { address: inner.to_canonical(), bits: less });
    }
    Some(Block { address: inner, bits })
}

/// Go's netip.ParsePrefix.
fn parse_prefix(text: &str) -> Option<Block> {
    let (address, length) = text.rsplit_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let bits = prefix_length(length, &address)?;
    (length.len() == 1 || !length.starts_with('0')).then_some(Block { address, bits })
}

/// Kubernetes: IsValidCIDRForLegacyField, strict.
pub(super) fn is_valid_cidr(text: &str, path: &FieldPath, errors: &mut ErrorList) {
    let why = match (parse_cidr_sloppy(text), parse_prefix(text)) {
        (None, _) => "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
        (_, None) => "must not have leading 0s in IP or prefix length",
        (_, Some(block)) if is_mapped(&block.address) => "must not have an IPv4-mapped IPv6 address",
        (_, Some(block)) if block.masked() != block.address => {
            "must not have bits set beyond the prefix length"
        }
        _ => return,
    };
    errors.push(FieldError::invalid(path, text, why));
}

/// Whether a block lies within another and is smaller; `None` if either cannot be read.
pub(super) fn is_strict_subset(inner: &str, outer: &str) -> Option<bool> {
    let (inner, outer) = (parse_cidr_sloppy(inner)?, parse_cidr_sloppy(outer)?);
    let within = || Block { address: inner.masked(), bits: outer.bits }.masked() == outer.masked();
    Some(inner.address.is_ipv4() == outer.address.is_ipv4() && outer.bits < inner.bits && within())
}

/// Kubernetes: GetWarningsForIP.
pub(super) fn warnings_for_ip(text: &str, path: &FieldPath, warnings: &mut Vec<String>) {
    let Some(sloppy) = parse_ip_sloppy(text) else { return };
    let quoted = go_quote(text);
    match text.parse::<IpAddr>() {
        Ok(address) if !is_mapped(&address) => {
            let canonical = address.to_string();
            if address.is_ipv6() && canonical != text {
                warnings.push(format!(
                    "{path}: IPv6 address {quoted} should be in RFC 5952 canonical format (\"{canonical}\")"
                ));
            }
        }
        _ => warnings.push(format!("{path}: non-standard IP address {quoted} is invalid: use \"{sloppy}\"")),
    }
}

/// Kubernetes: GetWarningsForCIDR.
pub(super) fn warnings_for_cidr(text: &str, path: &FieldPath, warnings: &mut Vec<String>) {
    let Some(block) = parse_cidr_sloppy(text) else { return };
    let (quoted, network) = (go_quote(text), format!("{}/{}", block.masked(), block.bits));
    let before = warnings.len();
    if block.masked() != block.address {
        let all = if block.address.is_ipv4() { 32 } else { 128 };
        warnings.push(format!(
            "{path}: CIDR value {quoted} is ambiguous in this context (should be \"{network}\" or \"{}/{all}\"?)",
            block.address
        ));
    }
    match parse_prefix(text) {
        Some(prefix) if !is_mapped(&prefix.address) => {
            let canonical = format!("{}/{}", prefix.address, prefix.bits);
            if warnings.len() == before && prefix.address.is_ipv6() && canonical != text {
                warnings.push(format!(
                    "{path}: IPv6 CIDR value {quoted} should be in RFC 5952 canonical format (\"{canonical}\")"
                ));
            }
        }
        _ => warnings.push(format!("{path}: non-standard CIDR value {quoted} is invalid: use \"{network}\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_strictly() {
        let path = FieldPath::new("ip");
        for (text, why) in [
            ("1.2.3.4", None),
            ("FE80:0::0abc", None),
            ("01.2.3.4", Some("must not have leading 0s")),
            ("::ffff:01.2.3.4", Some("must not have leading 0s")),
            ("::ffff:1.2.3.4", Some("must not be an IPv4-mapped IPv6 address")),
            ("1.2.3", Some("must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")),
            ("1.2.3.", Some("must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")),
            ("fe80::1%eth0", Some("must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")),
            ("", Some("must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")),
        ] {
            let mut errors = ErrorList::new();
            is_valid_ip(text, &path, &mut errors);
            let expected = why.map(|why| FieldError::invalid(&path, text, why));
            assert_eq!(errors.first(), expected.as_ref(), "{text}");
        }
    }

    #[test]
    fn blocks_are_read_strictly() {
        let path = FieldPath::new("cidr");
        for (text, why) in [
            ("10.0.0.0/8", None),
            ("0.0.0.0/0", None),
            ("::/0", None),
            ("10.0.0.0/08", Some("must not have leading 0s in IP or prefix length")),
            ("010.0.0.0/8", Some("must not have leading 0s in IP or prefix length")),
            ("10.0.0.1/8", Some("must not have bits set beyond the prefix length")),
            ("::ffff:1.2.3.0/120", Some("must not have an IPv4-mapped IPv6 address")),
            ("10.0.0.0/33", Some("must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")),
            ("10.0.0.0", Some("must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")),
        ] {
            let mut errors = ErrorList::new();
            is_valid_cidr(text, &path, &mut errors);
            let expected = why.map(|why| FieldError::invalid(&path, text, why));
            assert_eq!(errors.first(), expected.as_ref(), "{text}");
        }
    }

    #[test]
    fn odd_forms_are_warned_of() {
        let path = FieldPath::new("x");
        let mut warnings = Vec::new();
        for text in ["1.2.3.4", "01.2.3.4", "FE80::1", "::ffff:1.2.3.4", "no"] {
            warnings_for_ip(text, &path, &mut warnings);
        }
        for text in ["10.0.0.0/8", "10.0.0.1/8", "FE80::/64", "010.0.0.0/8"] {
            warnings_for_cidr(text, &path, &mut warnings);
        }
        assert_eq!(
            warnings,
            [
                "x: non-standard IP address \"01.2.3.4\" is invalid: use \"1.2.3.4\"",
                "x: IPv6 address \"FE80::1\" should be in RFC 5952 canonical format (\"fe80::1\")",
                "x: non-standard IP address \"::ffff:1.2.3.4\" is invalid: use \"1.2.3.4\"",
                "x: CIDR value \"10.0.0.1/8\" is ambiguous in this context (should be \"10.0.0.0/8\" or \"10.0.0.1/32\"?)",
                "x: IPv6 CIDR value \"FE80::/64\" should be in RFC 5952 canonical format (\"fe80::/64\")",
                "x: non-standard CIDR value \"010.0.0.0/8\" is invalid: use \"10.0.0.0/8\"",
            ]
        );
    }
}
