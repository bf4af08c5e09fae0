//! Link-layer header types.

use std::borrow::Cow;
use std::fmt;

/// The link-layer header type of a packet, as a number of the tcpdump.org LINKTYPE registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback: address family in the byte order of the capturing host, then IP.
    pub const NULL: Self = Self(0);
    /// Ethernet II and IEEE 802.3.
    pub const ETHERNET: Self = Self(1);
    /// Token Ring.
    pub const IEEE802_5: Self = Self(6);
    /// PPP, perhaps with HDLC-like framing.
    pub const PPP: Self = Self(9);
    /// FDDI.
    pub const FDDI: Self = Self(10);
    /// Raw IP under the number most BSDs once wrote for it.
    pub const RAW_BSD: Self = Self(12);
    /// Raw IP under the number OpenBSD once wrote for it.
    pub const RAW_OPENBSD: Self = Self(14);
    /// PPP with HDLC-like framing (RFC 1662).
    pub const PPP_HDLC: Self = Self(50);
    /// ATM AAL5 with LLC (RFC 2684).
    pub const ATM_RFC1483: Self = Self(100);
    /// Raw IPv4 or IPv6.
    pub const RAW: Self = Self(101);
    /// Wireless LAN, without a radio header.
    pub const IEEE802_11: Self = Self(105);
    /// OpenBSD loopback: address family in network byte order, then IP.
    pub const LOOP: Self = Self(108);
    /// Linux "cooked" capture, as from the `any` interface.
    pub const LINUX_SLL: Self = Self(113);
    /// IP over Fibre Channel (RFC 2625).
    pub const IP_OVER_FC: Self = Self(122);
    /// ATM with the header of SunATM.
    pub const SUNATM: Self = Self(123);
    /// Solaris ipnet.
    pub const IPNET: Self = Self(226);
    /// Raw IPv4.
    pub const IPV4: Self = Self(228);
    /// Raw IPv6.
    pub const IPV6: Self = Self(229);
    /// Linux netfilter log.
    pub const NFLOG: Self = Self(239);
    /// What Wireshark exports: PDUs without the headers around them.
    pub const WIRESHARK_UPPER_PDU: Self = Self(252);
    /// Linux "cooked" capture, second version.
    pub const LINUX_SLL2: Self = Self(276);
    /// A link layer the registry has no number for. It hands none out up here.
    pub const UNKNOWN: Self = Self(u16::MAX);

    /// The name of the registry without its prefix, as `ETHERNET`; `LINKTYPE_` and the number where it has none here.
    pub fn name(self) -> Cow<'static, str> {
        match NAMES.binary_search_by_key(&self.0, |&(number, _)| number).ok().and_then(|at| NAMES.get(at)) {
            Some(&(_, name)) => Cow::Borrowed(name),
            None => Cow::Owned(format!("LINKTYPE_{}", self.0)),
        }
    }
}

/// The registry's name.
impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// The registry's types met in captures of IP networks and beside them, in ascending order.
const NAMES: &[(u16, &str)] = &[
    (0, "NULL"),
    (1, "ETHERNET"),
    (3, "AX25"),
    (6, "IEEE802_5"),
    (7, "ARCNET_BSD"),
    (8, "SLIP"),
    (9, "PPP"),
    (10, "FDDI"),
    (12, "RAW"),
    (14, "RAW"),
    (50, "PPP_HDLC"),
    (51, "PPP_ETHER"),
    (100, "ATM_RFC1483"),
    (101, "RAW"),
    (104, "C_HDLC"),
    (105, "IEEE802_11"),
    (107, "FRELAY"),
    (108, "LOOP"),
    (113, "LINUX_SLL"),
    (114, "LTALK"),
    (117, "PFLOG"),
    (119, "IEEE802_11_PRISM"),
    (122, "IP_OVER_FC"),
    (123, "SUNATM"),
    (127, "IEEE802_11_RADIOTAP"),
    (129, "ARCNET_LINUX"),
    (138, "APPLE_IP_OVER_IEEE1394"),
    (140, "MTP2"),
    (141, "MTP3"),
    (142, "SCCP"),
    (143, "DOCSIS"),
    (144, "LINUX_IRDA"),
    (163, "IEEE802_11_AVS"),
    (166, "PPP_PPPD"),
    (177, "LINUX_LAPD"),
    (187, "BLUETOOTH_HCI_H4"),
    (189, "USB_LINUX"),
    (192, "PPI"),
    (195, "IEEE802_15_4_WITHFCS"),
    (197, "ERF"),
    (201, "BLUETOOTH_HCI_H4_WITH_PHDR"),
    (204, "PPP_WITH_DIR"),
    (205, "C_HDLC_WITH_DIR"),
    (206, "FRELAY_WITH_DIR"),
    (220, "USB_LINUX_MMAPPED"),
    (224, "FC_2"),
    (226, "IPNET"),
    (227, "CAN_SOCKETCAN"),
    (228, "IPV4"),
    (229, "IPV6"),
    (230, "IEEE802_15_4_NOFCS"),
    (231, "DBUS"),
    (239, "NFLOG"),
    (240, "NETANALYZER"),
    (242, "IPOIB"),
    (247, "INFINIBAND"),
    (248, "SCTP"),
    (249, "USBPCAP"),
    (251, "BLUETOOTH_LE_LL"),
    (252, "WIRESHARK_UPPER_PDU"),
    (253, "NETLINK"),
    (258, "PKTAP"),
    (271, "VSOCK"),
    (274, "ETHERNET_MPACKET"),
    (276, "LINUX_SLL2"),
    (65535, "UNKNOWN"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_registrys() {
        for (number, name) in
            [(1, "ETHERNET"), (276, "LINUX_SLL2"), (0, "NULL"), (147, "LINKTYPE_147"), (65535, "UNKNOWN")]
        {
            assert_eq!(LinkType(number).to_string(), name);
        }
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0), "the search needs ascending numbers");
    }
}
