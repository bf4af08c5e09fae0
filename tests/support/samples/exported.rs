//! What Wireshark exports of a capture that it could decrypt.

/// One PDU of layer 7, as `tshark -U "OSI layer 7"` writes them: who sent it, and the text that TLS hid.
fn pdu(is_client: bool, frame: u32, text: &str) -> Vec<u8> {
    let (client, server) = (([192, 0, 2, 10], 41_700_u32), ([203, 0, 113, 25], 587));
    let (src, dst) = if is_client { (client, server) } else { (server, client) };
    let tags: [(u16, &[u8]); 8] = [
        (12, b"smtp"),
        (20, &src.0),
        (21, &dst.0),
        (24, &2_u32.to_be_bytes()),
        (25, &src.1.to_be_bytes()),
        (26, &dst.1.to_be_bytes()),
        (30, &frame.to_be_bytes()),
        (0, &[]),
    ];
    let mut octets = Vec::new();
    for (tag, value) in tags {
        octets.extend(tag.to_be_bytes());
        octets.extend((value.len() as u16).to_be_bytes());
        octets.extend(value);
    }
    octets.extend(text.replace('\n', "\r\n").into_bytes());
    octets
}

/// The part of a session behind STARTTLS, exported as classic pcap.
pub(super) fn exported() -> Vec<u8> {
    const LINK_TYPE: u32 = 252;
    let mut file = Vec::new();
    for number in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, LINK_TYPE] {
        file.extend(u32::to_le_bytes(number));
    }
    let said = [
        (true, 15, "EHLO sub2.\n"),
        (false, 16, "501 5.5.4 Invalid domain name\n"),
        (true, 18, "QUIT\n"),
        (false, 19, "221 2.0.0 Bye\n"),
    ];
    for (at, (is_client, frame, text)) in (0_u32..).zip(said) {
        let octets = pdu(is_client, frame, text);
        let length = octets.len() as u32;
        for number in [1_709_640_000, 20_000 * at, length, length] {
            file.extend(u32::to_le_bytes(number));
        }
        file.extend(octets);
    }
    file
}
