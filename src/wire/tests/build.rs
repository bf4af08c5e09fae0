//! Frames from their parts.

/// A segment 1145 -> 25 with sequence number 1000, ACK 2000 and window 8760.
pub(super) fn tcp(payload: &[u8]) -> Vec<u8> {
    let head = [0x04, 0x79, 0, 25, 0, 0, 0x03, 0xe8, 0, 0, 0x07, 0xd0, 0x50, 0x18, 0x22, 0x38, 0, 0, 0, 0];
    [&head, payload].concat()
}

/// An IPv4 packet 192.0.2.1 -> 198.51.100.2.
pub(super) fn ipv4(protocol: u8, body: &[u8]) -> Vec<u8> {
    ipv4_with(0, protocol, 0x4000, u16::try_from(20 + body.len()).unwrap(), body)
}

/// An IPv4 packet with `options` words of no-operation options, the given flags and offset, and total length.
pub(super) fn ipv4_with(options: u8, protocol: u8, flags_offset: u16, total: u16, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45 + options, 0];
    packet.extend(total.to_be_bytes());
    packet.extend([0x73, 0x0a]);
    packet.extend(flags_offset.to_be_bytes());
    packet.extend([64, protocol, 0xff, 0xff, 192, 0, 2, 1, 198, 51, 100, 2]);
    packet.extend(vec![1; usize::from(options) * 4]);
    packet.extend(body);
    packet
}

/// An IPv6 packet 2001:db8::1 -> 2001:db8::2.
pub(super) fn ipv6(next: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
    packet.extend([next, 64]);
    for last in [1, 2] {
        packet.extend([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
    }
    packet.extend(body);
    packet
}

/// A UDP datagram.
pub(super) fn udp(to: u16, body: &[u8]) -> Vec<u8> {
    let [high, low] = to.to_be_bytes();
    let [l0, l1] = u16::try_from(8 + body.len()).unwrap().to_be_bytes();
    [&[0xc0, 0, high, low, l0, l1, 0, 0], body].concat()
}

/// An Ethernet frame without padding.
pub(super) fn ethernet(kind: u16, body: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    frame.extend(kind.to_be_bytes());
    frame.extend(body);
    frame
}

/// `EHLO` in TCP in IPv4.
pub(super) fn ehlo() -> Vec<u8> {
    ipv4(6, &tcp(b"EHLO a_b\r\n"))
}

/// Frames with [`ehlo`], or the same in IPv6, in every encapsulation that is read: name, link type, octets.
pub(super) fn encapsulations() -> Vec<(&'static str, u16, Vec<u8>)> {
    let ip = ehlo();
    let ip6 = ipv6(6, &tcp(b"EHLO a_b\r\n"));
    let eth = ethernet(0x0800, &ip);
    let with = |head: &[u8], body: &[u8]| [head, body].concat();
    let over_udp = |port, head: &[u8], body: &[u8]| ethernet(0x0800, &ipv4(17, &udp(port, &with(head, body))));
    let over_gre = |head: &[u8], body: &[u8]| ethernet(0x0800, &ipv4(47, &with(head, body)));
    let extended = |next, head: &[u8]| ethernet(0x86dd, &ipv6(next, &with(head, &tcp(b"EHLO a_b\r\n"))));
    let vlan = |tags: &[u8]| ethernet(0x8100, &with(tags, &ip));
    let len = u16::try_from(8 + ip.len()).unwrap();
    let wireless = |control: [u8; 2], rest: usize| {
        let header = [&control[..], &vec![0; 22 + rest], &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]].concat();
        with(&header, &ip)
    };
    vec![
        ("802.11", 105, wireless([0x08, 1], 0)),
        ("802.11, quality of service", 105, wireless([0x88, 2], 2)),
        ("802.11, four addresses", 105, wireless([0x08, 3], 6)),
        ("802.11, quality of service and HT control", 105, wireless([0x88, 0x82], 6)),
        ("Ethernet", 1, eth.clone()),
        ("Ethernet, IPv6", 1, ethernet(0x86dd, &ip6)),
        ("IPv4 options", 1, ethernet(0x0800, &ipv4_with(2, 6, 0, 28 + 30, &tcp(b"EHLO a_b\r\n")))),
        ("version against EtherType", 1, ethernet(0x0800, &ip6)),
        ("802.1Q", 1, vlan(&[0xe0, 7, 8, 0])),
        ("two tags", 1, ethernet(0x88a8, &with(&[0, 1, 0x81, 0, 0, 2, 8, 0], &ip))),
        ("four tags", 1, ethernet(0x9200, &with(&[0, 1, 0x91, 0, 0, 2, 0x88, 0xa8, 0, 3, 0x81, 0, 0, 4, 8, 0], &ip))),
        ("E-Tag", 1, ethernet(0x893f, &with(&[0x10, 0, 0, 0xd8, 0, 0, 8, 0], &ip))),
        ("SNAP", 1, ethernet(len, &with(&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &ip))),
        ("LLC", 1, ethernet(len - 5, &with(&[6, 6, 3], &ip))),
        ("SNAP in a VLAN", 1, vlan(&[[0, 7].as_slice(), &len.to_be_bytes(), &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]].concat())),
        ("MPLS", 1, ethernet(0x8847, &with(&[0, 1, 0, 64, 0, 2, 1, 64], &ip))),
        ("MPLS pseudowire", 1, ethernet(0x8847, &with(&[0, 1, 1, 64], &eth))),
        ("MPLS pseudowire with control word", 1, ethernet(0x8848, &with(&[0, 1, 1, 64, 0, 0, 0, 9], &eth))),
        ("PPPoE", 1, ethernet(0x8864, &with(&[0x11, 0, 0, 9, 0, 60, 0, 0x21], &ip))),
        ("PPPoE, IPv6", 1, ethernet(0x8864, &with(&[0x11, 0, 0, 9, 0, 80, 0, 0x57], &ip6))),
        (
            "MACsec, integrity only",
            1,
            ethernet(0x88e5, &with(&[0x20, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 8, 0], &ip)),
        ),
        ("cooked", 113, with(&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0], &ip)),
        ("cooked, loopback", 113, with(&[0, 0, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0x86, 0xdd], &ip6)),
        ("cooked, VLAN", 113, with(&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x81, 0, 0, 7, 8, 0], &ip)),
        ("cooked 2", 276, with(&[8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0], &ip)),
        ("raw", 101, ip.clone()),
        ("raw, BSD", 12, ip6.clone()),
        ("raw, OpenBSD", 14, ip.clone()),
        ("IPv4", 228, ip.clone()),
        ("IPv6", 229, ip6.clone()),
        ("loopback, little-endian", 0, with(&[2, 0, 0, 0], &ip)),
        ("loopback, big-endian", 0, with(&[0, 0, 0, 2], &ip)),
        ("loopback, IPv6 of macOS", 0, with(&[30, 0, 0, 0], &ip6)),
        ("loopback, IPv6 of OpenBSD", 108, with(&[0, 0, 0, 24], &ip6)),
        ("PPP", 9, with(&[0xff, 3, 0, 0x21], &ip)),
        ("PPP, one-octet protocol", 9, with(&[0x57], &ip6)),
        ("PPP in HDLC", 50, with(&[0xff, 3, 0, 0x21], &ip)),
        ("Cisco HDLC", 50, with(&[0x0f, 0, 8, 0], &ip)),
        ("Cisco HDLC by its own number", 104, with(&[0x8f, 0, 0x86, 0xdd], &ip6)),
        ("hop by hop", 1, extended(0, &[6, 0, 1, 4, 0, 0, 0, 0])),
        ("routing", 1, extended(43, &[6, 0, 0, 0, 0, 0, 0, 0])),
        (
            "destination options, then authentication",
            1,
            extended(
                60,
                &[51, 0, 1, 4, 0, 0, 0, 0, 6, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
            ),
        ),
        ("fragment header of a whole packet", 1, extended(44, &[6, 0, 0, 0, 0, 0, 0, 1])),
        (
            "authentication, IPv4",
            1,
            ethernet(0x0800, &ipv4(51, &with(&[6, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1], &tcp(b"EHLO a_b\r\n")))),
        ),
        ("IP in IP", 1, ethernet(0x0800, &ipv4(4, &ip))),
        ("IPv6 in IPv4", 1, ethernet(0x0800, &ipv4(41, &ip6))),
        ("IPv4 in IPv6", 1, ethernet(0x86dd, &ipv6(4, &ip))),
        ("GRE", 1, over_gre(&[0, 0, 8, 0], &ip)),
        ("GRE, checksum, key and number", 1, over_gre(&[0xb0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2], &ip)),
        ("GRE, Ethernet", 1, over_gre(&[0x20, 0, 0x65, 0x58, 0, 0, 0, 1], &eth)),
        ("ERSPAN I", 1, over_gre(&[0, 0, 0x88, 0xbe], &eth)),
        ("ERSPAN II", 1, over_gre(&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 1, 0, 1, 0, 0, 0, 0], &eth)),
        ("ERSPAN III", 1, over_gre(&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], &eth)),
        (
            "ERSPAN III, more",
            1,
            over_gre(
                &[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 1, 0, 1, 0, 0, 0, 0, 0, 0, 8, 1, 0, 0, 0, 0, 0, 0, 0, 0],
                &ip,
            ),
        ),
        ("VXLAN", 1, over_udp(4789, &[8, 0, 0, 0, 0, 0, 9, 0], &eth)),
        ("VXLAN, old port", 1, over_udp(8472, &[8, 0, 0, 0, 0, 0, 9, 0], &eth)),
        ("Geneve", 1, over_udp(6081, &[1, 0, 0x65, 0x58, 0, 0, 9, 0, 1, 2, 3, 4], &eth)),
        ("Geneve, IP", 1, over_udp(6081, &[0, 0, 8, 0, 0, 0, 9, 0], &ip)),
        ("GTP-U", 1, over_udp(2152, &[0x30, 255, 0, 0, 0, 0, 0, 9], &ip)),
        ("GTP-U, numbered", 1, over_udp(2152, &[0x32, 255, 0, 0, 0, 0, 0, 9, 0, 7, 0, 0x85], &ip)),
        (
            "GTP-U, extended",
            1,
            over_udp(
                2152,
                &[0x34, 255, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0x85, 1, 0x10, 9, 0x32, 2, 1, 2, 3, 4, 5, 6, 0],
                &ip,
            ),
        ),
        ("VXLAN in GRE", 1, over_gre(&[0, 0, 8, 0], &ipv4(17, &udp(4789, &with(&[8, 0, 0, 0, 0, 0, 9, 0], &eth))))),
    ]
}
