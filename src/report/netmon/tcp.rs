//! The TCP line and its fields.

use super::page::{Ink, Page};
use super::words;
use crate::wire::Segment;
use crate::wire::detail::{FrameDetail, IpHeader, IpVersion, TcpFields, TcpOption, tcp_options};

/// The TCP line without its protocol name: also what the summary says of a frame without SMTP.
pub(super) fn line(segment: &Segment<'_>, detail: &FrameDetail<'_>) -> String {
    let header = TcpFields::read(detail.transport);
    let ack = header.map_or_else(|| segment.ack.map_or(0, |ack| ack.0), |header| header.ack);
    let len = length(segment, detail);
    let last = segment.seq.add(len.saturating_sub(1));
    format!(
        "{}, len:{len:5}, seq:{:10}-{last}, ack:{ack:10}, win:{:5}, src:{:5}{}  dst:{:5}{}",
        segment.flags,
        segment.seq,
        segment.window,
        segment.src.port(),
        name(segment.src.port()),
        segment.dst.port(),
        name(segment.dst.port()),
    )
}

/// `len` counts what IP carries past 20 octets of TCP header: options, too.
fn length(segment: &Segment<'_>, detail: &FrameDetail<'_>) -> u32 {
    let by_ip = detail.ip.filter(|ip| ip.length > 0 && !detail.is_fragment).map(|ip| ip_length_left(&ip));
    let header_octets = TcpFields::read(detail.transport).map_or(20, |header| header.header_octets);
    by_ip.unwrap_or_else(|| segment.payload_wire_len.saturating_add(header_octets.saturating_sub(20)))
}

/// Attested is the IP length less 40; the fixed header of IPv6 is not in its length.
const fn ip_length_left(ip: &IpHeader) -> u32 {
    ip.length.saturating_sub(match ip.version {
        IpVersion::V4 { .. } => 40,
        IpVersion::V6 { .. } => 20,
    })
}

fn name(port: u16) -> String {
    words::port(port).map(|(name, _)| format!(" ({name})")).unwrap_or_default()
}

/// The fields below the TCP line.
pub(super) fn fields(page: &mut Page, segment: &Segment<'_>, detail: &FrameDetail<'_>) {
    let mut field = |columns, text: String| page.line(Ink::Plain, columns, &format!("TCP: {text}"));
    let (child, flag, option) = (words::DETAIL_COLUMNS, words::TCP_FLAG_COLUMNS, words::TCP_OPTION_COLUMNS);
    field(child, format!("Source Port = {}", port(segment.src.port())));
    field(child, format!("Destination Port = {}", port(segment.dst.port())));
    field(child, format!("Sequence Number = {} (0x{:X})", segment.seq, segment.seq.0));
    let Some(header) = TcpFields::read(detail.transport) else { return };
    field(child, format!("Acknowledgement Number = {} (0x{:X})", header.ack, header.ack));
    field(child, format!("Data Offset = {0} (0x{0:X})", header.header_octets));
    field(child, format!("Reserved = {0} (0x{0:04X})", header.reserved));
    field(child, format!("Flags = 0x{:02X} : {}", segment.flags.0, segment.flags));
    for (bit, clear, set) in words::TCP_FLAGS {
        field(flag, (if segment.flags.0 & bit == 0 { clear } else { set }).to_owned());
    }
    let (Some(checksum), Some(urgent)) = (header.checksum, header.urgent) else { return };
    field(child, format!("Window = {0} (0x{0:X})", segment.window));
    field(child, format!("Checksum = 0x{checksum:04X}"));
    field(child, format!("Urgent Pointer = {urgent} (0x{urgent:X})"));
    if !header.options.is_empty() {
        field(child, "Options".to_owned());
        for each in tcp_options(header.options) {
            for text in option_fields(&each) {
                field(option, text);
            }
        }
    }
    let octets = segment.payload_wire_len;
    if octets > 0 {
        field(child, format!("Data: Number of data bytes remaining = {octets} (0x{octets:04X})"));
    }
    if detail.trailer_octets > 0 {
        field(child, "Frame Padding".to_owned());
    }
}

fn port(number: u16) -> String {
    words::port(number).map_or_else(|| format!("0x{number:04X}"), |(_, name)| name.to_owned())
}

/// Attested for a value of one number (Q172983). Ours: a second number of Timestamps, the echo; an option with other
/// values prints no value.
fn option_fields(option: &TcpOption<'_>) -> Vec<String> {
    let mut fields = vec![format!("Option Kind ({}) = {1} (0x{1:X})", words::tcp_option(option.kind), option.kind)];
    fields.extend(option.length.map(|length| format!("Option Length = {length} (0x{length:X})")));
    let value = |name: &str, number: u32| format!("Option {name} = {number} (0x{number:X})");
    match *option.value {
        [value_octet] => fields.push(value("Value", u32::from(value_octet))),
        [high, low] => fields.push(value("Value", u32::from(u16::from_be_bytes([high, low])))),
        [a, b, c, d, e, f, g, h] if option.kind == 8 => {
            fields.push(value("Value", u32::from_be_bytes([a, b, c, d])));
            fields.push(value("Echo Reply", u32::from_be_bytes([e, f, g, h])));
        }
        _ => {}
    }
    fields
}
