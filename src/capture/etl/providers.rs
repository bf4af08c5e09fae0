//! Who wrote the events of a trace.

use std::collections::HashMap;

use super::event::{Event, Guid};
use super::{ndis, pktmon};
use crate::capture::{u16_at, u32_at};

/// Providers that are told apart; the events of others are counted together.
const MOST: usize = 64;

/// Microsoft-Windows-Ras-NdisWanPacketCapture, {d84521f7-2235-4237-a7c0-14e3a9676286}: packets of VPN connections.
const RAS: Guid = [0xf7, 0x21, 0x45, 0xd8, 0x35, 0x22, 0x37, 0x42, 0xa7, 0xc0, 0x14, 0xe3, 0xa9, 0x67, 0x62, 0x86];
/// Microsoft-Windows-WFP, {c22d1b14-c242-49de-9f17-1d76b8b9c458}: packets as the filtering platform saw them.
const WFP: Guid = [0x14, 0x1b, 0x2d, 0xc2, 0x42, 0xc2, 0xde, 0x49, 0x9f, 0x17, 0x1d, 0x76, 0xb8, 0xb9, 0xc4, 0x58];
/// Microsoft-Windows-TCPIP, {2f07e2ee-15db-40f1-90ef-9d7ba282188a}: events about TCP, without packets.
const TCPIP: Guid = [0xee, 0xe2, 0x07, 0x2f, 0xdb, 0x15, 0xf1, 0x40, 0x90, 0xef, 0x9d, 0x7b, 0xa2, 0x82, 0x18, 0x8a];

/// Names of providers.
const NAMES: [(Guid, &str); 5] = [
    (ndis::PROVIDER, "Microsoft-Windows-NDIS-PacketCapture"),
    (pktmon::PROVIDER, "Microsoft-Windows-PktMon"),
    (RAS, "Microsoft-Windows-Ras-NdisWanPacketCapture"),
    (WFP, "Microsoft-Windows-WFP"),
    (TCPIP, "Microsoft-Windows-TCPIP"),
];

/// Counts the events by provider.
#[derive(Default)]
pub(super) struct Providers {
    events: HashMap<Guid, u64>,
    /// Events of kinds without a provider, and of providers that are not told apart.
    others: u64,
    /// Events with packets of VPN connections and of the filtering platform.
    pub(super) ras: u64,
    pub(super) wfp: u64,
}

impl Providers {
    /// Whether an event may hold a packet, or counts as one; others are counted here.
    #[inline]
    pub(super) fn is_packet(&mut self, event: &Event) -> bool {
        if event.provider == ndis::PROVIDER && ndis::is_packet(event.id) {
            return true;
        }
        if event.provider == pktmon::PROVIDER && !matches!(pktmon::content(event.id), pktmon::Content::Other) {
            return true;
        }
        self.count(event)
    }

    fn count(&mut self, event: &Event) -> bool {
        match (event.provider, event.id) {
            (RAS, 5001 | 5002) => {
                self.ras += 1;
                return true;
            }
            (WFP, 60011 | 60012 | 60021 | 60022 | 2000) => self.wfp += 1,
            _ => {}
        }
        if self.events.len() < MOST || self.events.contains_key(&event.provider) {
            *self.events.entry(event.provider).or_default() += 1;
        } else {
            self.others += 1;
        }
        false
    }

    /// Counts an event of another kind.
    pub(super) fn other(&mut self) {
        self.others += 1;
    }

    /// What wrote most of the events, in words; none where there are none.
    pub(super) fn in_words(&self) -> Option<String> {
        const NAMED: usize = 3;
        let mut events: Vec<(u64, String)> = self.events.iter().map(|(guid, count)| (*count, name(guid))).collect();
        events.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let more = events.len().saturating_sub(NAMED);
        let mut words: Vec<String> =
            events.iter().take(NAMED).map(|(count, name)| format!("{count} of {name}")).collect();
        if more > 0 {
            words.push(format!("those of {more} more"));
        }
        if self.others > 0 {
            words.push(format!("{} of the kernel and other sources", self.others));
        }
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// A provider's name where it is known, else its GUID.
fn name(guid: &Guid) -> String {
    if let Some((_, name)) = NAMES.iter().find(|(known, _)| known == guid) {
        return (*name).to_owned();
    }
    let groups = (u32_at::<false>(guid, 0), u16_at(guid, 4), u16_at(guid, 6));
    let rest: String = guid.iter().skip(8).map(|octet| format!("{octet:02x}")).collect();
    let (four, five) = rest.split_at_checked(4).unwrap_or((&rest, ""));
    format!("{{{:08x}-{:04x}-{:04x}-{four}-{five}}}", groups.0, groups.1, groups.2)
}
