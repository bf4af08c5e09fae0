//! Rewriting what IP packets of a session carry: TCP segments, and ICMP errors about them.

use super::LeftOut;
use super::addresses::Addresses;
use super::checksum::{pseudo_header, set_checksum};
use super::headers::{ip_header, ipv4_checksum};
use crate::wire::walk::protocols as p;

/// Keeps the options that say nothing of who is who, and masks the payload of a TCP segment. Where in the segment the payload starts.
pub(super) fn tcp(segment: &mut [u8], payload_octets: usize, mask: impl FnOnce(&mut [u8])) -> Result<usize, LeftOut> {
    let header = usize::from(segment.get(12).copied().unwrap_or_default() >> 4) * 4;
    let (head, payload) = match segment.split_at_mut_checked(header) {
        Some(split) => split,
        None => (segment, Default::default()),
    };
    tcp_options(head.get_mut(20..).unwrap_or_default());
    let (payload, padding) = payload.split_at_mut_checked(payload_octets).ok_or(LeftOut::Headers)?;
    padding.fill(0);
    mask(payload);
    Ok(header)
}

/// Others than those of RFC 9293 3.2 and RFC 7323, and SACK (RFC 2018), become No Operation: some hold addresses, cookies
/// or signatures.
fn tcp_options(mut options: &mut [u8]) {
    const NO_OPERATION: u8 = 1;
    loop {
        let length = match *options {
            [] => return,
            [NO_OPERATION, ..] => 1,
            [0, ..] => {
                options.fill(0);
                return;
            }
            [_, length, ..] if length >= 2 && usize::from(length) <= options.len() => usize::from(length),
            _ => options.len(),
        };
        let Some((option, rest)) = options.split_at_mut_checked(length) else { return };
        let is_known = match *option {
            [NO_OPERATION] | [2, 4, ..] | [3, 3, ..] | [4, 2] | [8, 10, ..] => true,
            [5, length, ..] => usize::from(length) == option.len() && length % 8 == 2,
            _ => false,
        };
        if !is_known {
            option.fill(NO_OPERATION);
        }
        options = rest;
    }
}

/// An ICMP error: the packet it quotes is kept up to the fixed part of its TCP header.
pub(super) fn icmp(message: &mut [u8], addresses: &mut Addresses) -> Result<(), LeftOut> {
    const TCP_FIXED: usize = 20;
    let (head, quoted) = message.split_at_mut_checked(8).ok_or(LeftOut::Headers)?;
    head.iter_mut().skip(4).for_each(|octet| *octet = 0);
    let ends = ip_header(quoted, addresses)?;
    let first = quoted.first().copied().unwrap_or_default();
    let (header, next) = if first >> 4 == 4 { (usize::from(first & 15) * 4, 9) } else { (40, 6) };
    if quoted.get(next) != Some(&p::TCP) {
        return Err(LeftOut::Headers);
    }
    let number = |at: usize| {
        let field = quoted.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
        usize::from(u16::from_be_bytes(field))
    };
    let octets = if first >> 4 == 4 { number(2).saturating_sub(header) } else { number(4) };
    let segment = quoted.get_mut(header..).unwrap_or_default();
    segment.iter_mut().skip(TCP_FIXED).for_each(|octet| *octet = 0);
    let is_whole = octets == segment.len();
    set_checksum(segment, 16, &pseudo_header(ends, p::TCP, octets), is_whole);
    ipv4_checksum(quoted.get_mut(..header).unwrap_or_default());
    Ok(())
}
