//! The IP line and its fields.

use super::page::{Ink, Page};
use super::words;
use crate::wire::detail::{IpHeader, IpVersion};

/// The IP line.
///
/// Attested for IPv4 (Q182821); that of IPv6 is ours.
pub(super) fn line(ip: &IpHeader) -> String {
    let (protocol, _) = words::ip_protocol(ip.protocol);
    match ip.version {
        IpVersion::V4 { id, .. } => format!("IP: ID = 0x{id:X}; Proto = {protocol}; Len: {}", ip.length),
        IpVersion::V6 { .. } => format!("IP6: Proto = {protocol}; Len: {}", ip.length),
    }
}

/// The fields below the IP line. Attested for IPv4 (Q303802); those of IPv6 are ours.
pub(super) fn fields(page: &mut Page, ip: &IpHeader) {
    match ip.version {
        IpVersion::V4 { service, id, flags, offset, checksum } => {
            let mut field = |columns, text: String| page.line(Ink::Plain, columns, &format!("IP: {text}"));
            let (child, flag) = (words::DETAIL_COLUMNS, words::IP_FLAG_COLUMNS);
            let (_, protocol) = words::ip_protocol(ip.protocol);
            let left = ip.length.saturating_sub(ip.header_octets);
            let precedence = words::PRECEDENCE.get(usize::from(service >> 5)).copied().unwrap_or_default();
            let either = |bit: u8, texts: [&'static str; 2]| {
                let [clear, set] = texts;
                (if flags & bit == 0 { clear } else { set }).to_owned()
            };
            field(child, "Version = 4 (0x4)".to_owned());
            field(child, format!("Header Length = {0} (0x{0:X})", ip.header_octets));
            field(child, format!("Precedence = {precedence}"));
            field(child, format!("Type of Service = {}", words::type_of_service((service >> 1) & 0x0f)));
            field(child, format!("Total Length = {0} (0x{0:X})", ip.length));
            field(child, format!("Identification = {id} (0x{id:X})"));
            field(child, format!("Flags Summary = {flags} (0x{flags:X})"));
            field(flag, either(1, words::LAST_FRAGMENT));
            field(flag, either(2, words::MAY_FRAGMENT));
            field(child, format!("Fragment Offset = {offset} (0x{offset:X}) bytes"));
            field(child, format!("Time to Live = {0} (0x{0:X})", ip.hops));
            field(child, format!("Protocol = {protocol}"));
            field(child, format!("Checksum = 0x{checksum:04X}"));
            field(child, format!("Source Address = {}", ip.src));
            field(child, format!("Destination Address = {}", ip.dst));
            field(child, format!("Data: Number of data bytes remaining = {left} (0x{left:04X})"));
        }
        IpVersion::V6 { traffic_class, flow_label } => {
            let mut field = |text: String| page.line(Ink::Plain, words::DETAIL_COLUMNS, &format!("IP6: {text}"));
            field("Version = 6 (0x6)".to_owned());
            field(format!("Traffic Class = {traffic_class} (0x{traffic_class:X})"));
            field(format!("Flow Label = {flow_label} (0x{flow_label:X})"));
            field(format!("Payload Length = {0} (0x{0:X})", ip.length));
            field(format!("Hop Limit = {0} (0x{0:X})", ip.hops));
            field(format!("Protocol = {}", words::ip_protocol(ip.protocol).1));
            field(format!("Source Address = {}", ip.src));
            field(format!("Destination Address = {}", ip.dst));
        }
    }
}
