//! Rewriting PDUs that Wireshark exported: addresses are replaced, and what is not known to be harmless becomes zeros.

use std::net::IpAddr;

use super::LeftOut;
use super::addresses::Addresses;
use crate::wire::exported::{self, tags};

/// Rewrites tags and PDU; `mask` masks the PDU.
pub(super) fn rewrite(data: &mut [u8], addresses: &mut Addresses, mask: impl FnOnce(&mut [u8])) -> Result<(), LeftOut> {
    let mut values = Vec::new();
    let payload_at = exported::walk(data, |tag, at| values.push((tag, at))).ok_or(LeftOut::Headers)?;
    for (tag, at) in values {
        let value = data.get_mut(at).ok_or(LeftOut::Headers)?;
        match tag {
            tags::IPV4_SRC | tags::IPV4_DST => map::<4>(value, addresses)?,
            tags::IPV6_SRC | tags::IPV6_DST => map::<16>(value, addresses)?,
            tags::DISSECTOR | tags::PORT_TYPE | tags::SRC_PORT | tags::DST_PORT | tags::TCP_INFO => {}
            tags::DISSECTOR_TABLE | tags::FRAME | tags::TABLE_VALUE => {}
            _ => value.fill(0),
        }
    }
    mask(data.get_mut(payload_at..).unwrap_or_default());
    Ok(())
}

/// Replaces the address in `value`; what is behind it becomes zeros.
fn map<const N: usize>(value: &mut [u8], addresses: &mut Addresses) -> Result<(), LeftOut>
where
    IpAddr: From<[u8; N]>,
{
    let (address, rest) = value.split_first_chunk_mut::<N>().ok_or(LeftOut::Headers)?;
    rest.fill(0);
    let mapped = match addresses.ip(IpAddr::from(*address))? {
        IpAddr::V4(mapped) => mapped.octets().to_vec(),
        IpAddr::V6(mapped) => mapped.octets().to_vec(),
    };
    *address = mapped.try_into().map_err(|_| LeftOut::Headers)?;
    Ok(())
}
