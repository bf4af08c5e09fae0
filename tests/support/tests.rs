//! Tests of the builder as a whole.

use super::*;

/// Octets written in hexadecimal, blanks between.
fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|octet| u8::from_str_radix(octet, 16).unwrap()).collect()
}

fn octets(capture: &CaptureBuilder) -> Vec<Vec<u8>> {
    capture.frames().into_iter().map(|frame| frame.octets).collect()
}

/// The handshake printed in Microsoft KB Q172983, an independent witness of headers, checksums and padding.
#[test]
fn a_published_handshake_comes_out_octet_by_octet() {
    let mut capture = CaptureBuilder::new();
    let mut s = capture
        .session("131.107.2.214:1037", "131.107.2.211:139")
        .tune_both(|host| (host.ttl, host.window, host.ip_id_step, host.pad_octet) = (128, 8_760, 0x100, Some(0x20)))
        .tune_client(|host| {
            (host.mac, host.isn) = ([0x02, 0x60, 0x8c, 0x3b, 0x85, 0xc1], 8_221_822);
            (host.ip_id, host.syn_window) = (0x0d01, Some(8_192));
        })
        .tune_server(|host| {
            (host.mac, host.isn) = ([0x02, 0x60, 0x8c, 0x9e, 0x18, 0x8b], 1_109_645);
            host.ip_id = 0x5b00;
        });
    s.handshake();
    let expected = [
        "02 60 8C 9E 18 8B 02 60 8C 3B 85 C1 08 00 45 00 00 2C 0D 01 40 00 80 06 E1 4B 83 6B 02 D6 83 6B
         02 D3 04 0D 00 8B 00 7D 74 7E 00 00 00 00 60 02 20 00 F2 13 00 00 02 04 05 B4 20 20",
        "02 60 8C 3B 85 C1 02 60 8C 9E 18 8B 08 00 45 00 00 2C 5B 00 40 00 80 06 93 4C 83 6B 02 D3 83 6B
         02 D6 00 8B 04 0D 00 10 EE 8D 00 7D 74 7F 60 12 22 38 01 2D 00 00 02 04 05 B4 20 20",
        "02 60 8C 9E 18 8B 02 60 8C 3B 85 C1 08 00 45 00 00 28 0E 01 40 00 80 06 E0 4F 83 6B 02 D6 83 6B
         02 D3 04 0D 00 8B 00 7D 74 7F 00 10 EE 8E 50 10 22 38 18 EA 00 00 20 20 20 20 20 20",
    ];
    assert_eq!(octets(&capture), expected.map(hex));
}

/// `(sender is the client, sequence number, acknowledgement, flags, payload)` of Ethernet IPv4 frames.
fn summary(capture: &CaptureBuilder) -> Vec<(bool, u32, u32, u8, Vec<u8>)> {
    let word = |octets: &[u8]| u32::from_be_bytes(octets.try_into().unwrap());
    let read = |frame: Vec<u8>| {
        let total = usize::from(u16::from_be_bytes([frame[16], frame[17]]));
        let tcp = &frame[34..14 + total];
        let header = usize::from(tcp[12] >> 4) * 4;
        let to_server = tcp[2..4] == [0, 25];
        (to_server, word(&tcp[4..8]), word(&tcp[8..12]), tcp[13], tcp[header..].to_vec())
    };
    octets(capture).into_iter().map(read).collect()
}

fn short_session(capture: &mut CaptureBuilder) -> SessionScript {
    let mut s = capture.session("192.0.2.10:1145", "192.0.2.25:25").client_isn(100).server_isn(u32::MAX);
    s.handshake();
    s
}

#[test]
fn numbers_run_on_through_the_wrap_and_through_fin() {
    let mut capture = CaptureBuilder::new();
    let mut s = short_session(&mut capture);
    s.server(b"220 x\r\n").client(b"QUIT\r\n").server_fin().client_fin();
    let expected: [(bool, u32, u32, u8, &[u8]); 9] = [
        (true, 100, 0, flag::SYN, b""),
        (false, u32::MAX, 101, flag::SYN | flag::ACK, b""),
        (true, 101, 0, flag::ACK, b""),
        (false, 0, 101, flag::PSH | flag::ACK, b"220 x\r\n"),
        (true, 101, 7, flag::PSH | flag::ACK, b"QUIT\r\n"),
        (false, 7, 107, flag::FIN | flag::ACK, b""),
        (true, 107, 8, flag::ACK, b""),
        (true, 107, 8, flag::FIN | flag::ACK, b""),
        (false, 8, 108, flag::ACK, b""),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(a, b, c, d, e)| (a, b, c, d, e.to_vec())).collect();
    assert_eq!(summary(&capture), expected);
}

#[test]
fn a_hole_is_acknowledged_at_once_with_the_old_number_and_filled_with_the_new() {
    let mut capture = CaptureBuilder::new();
    let mut s = short_session(&mut capture);
    let first = s.compose(Side::Client, flag::PSH, b"EHLO ");
    let second = s.compose(Side::Client, flag::PSH, b"sub2.\r\n");
    s.emit(second).emit(first).emit(first);
    let seen: Vec<_> = summary(&capture)[3..].iter().map(|(c, seq, ack, ..)| (*c, *seq, *ack)).collect();
    let expected = [(true, 106, 0), (false, 0, 101), (true, 101, 0), (false, 0, 113), (true, 101, 0), (false, 0, 113)];
    assert_eq!(seen, expected);
}

#[test]
fn lost_octets_are_acknowledged_but_not_in_the_capture() {
    let mut capture = CaptureBuilder::new();
    let mut s = short_session(&mut capture);
    s.lose(Side::Client, b"EHLO sub2.\r\n").server(b"501 no\r\n");
    let seen = summary(&capture);
    assert_eq!(seen.len(), 4);
    assert_eq!(seen[3], (false, 0, 113, flag::PSH | flag::ACK, b"501 no\r\n".to_vec()));
}

#[test]
fn an_acknowledgement_waits_for_data_and_goes_alone_when_none_comes() {
    let mut capture = CaptureBuilder::new();
    let mut s = short_session(&mut capture);
    s.server(b"220 x\r\n").wait_ms(149).client(b"NOOP\r\n").wait_ms(151);
    assert_eq!(summary(&capture)[3..].iter().map(|f| f.4.len()).collect::<Vec<_>>(), [7, 6, 0]);
    let mut explicit = CaptureBuilder::new();
    let mut s = explicit.session("192.0.2.10:1", "192.0.2.25:25").ack_policy(AckPolicy::Explicit);
    s.handshake().server(b"220 x\r\n").wait_s(9).server_fin();
    assert_eq!(explicit.frames().len(), 5);
}

#[test]
fn a_write_is_cut_at_the_segment_size_and_text_into_writes() {
    let mut capture = CaptureBuilder::new();
    let mut s = capture
        .session("192.0.2.10:1", "192.0.2.25:25")
        .ack_policy(AckPolicy::Explicit)
        .tune_both(|host| host.segment_octets = 8);
    s.handshake().dialogue(
        "S: 220-a
         S: 220 b
         C: EHLO c
         -
         C: .
         S:",
    );
    let payloads: Vec<Vec<u8>> = summary(&capture)[3..].iter().map(|frame| frame.4.clone()).collect();
    assert_eq!(payloads, [&b"220-a\r\n2"[..], b"20 b\r\n", b"EHLO c\r\n", b".\r\n", b"\r\n"]);
}

#[test]
fn checksums_verify_unless_they_are_wrong_on_purpose() {
    let sums = |checksums, client: &str, server: &str| {
        let mut capture = CaptureBuilder::new().link(Link::RAW_IP);
        let mut s = capture.session(client, server).tune_both(|host| host.options = TcpOptions::modern());
        s.handshake().checksums(checksums).client(b"odd");
        let frame = octets(&capture).pop().unwrap();
        let (header, addresses) = if frame[0] >> 4 == 4 { (20, 12..20) } else { (40, 8..40) };
        let tcp = &frame[header..];
        let pseudo = [&frame[addresses], &[0, 6], &(tcp.len() as u16).to_be_bytes(), tcp].concat();
        (internet_checksum(&frame[..header]), internet_checksum(&pseudo))
    };
    let (v4, v6) = (("192.0.2.10:9", "192.0.2.25:25"), ("[2001:db8::10]:9", "[2001:db8::25]:25"));
    assert_eq!(sums(Checksums::Correct, v4.0, v4.1), (0, 0));
    assert_eq!(sums(Checksums::Correct, v6.0, v6.1).1, 0);
    assert_eq!(sums(Checksums::WrongTcp, v4.0, v4.1).0, 0);
    assert_ne!(sums(Checksums::WrongTcp, v4.0, v4.1).1, 0);
    assert_ne!(sums(Checksums::WrongIp, v4.0, v4.1).0, 0);
    assert_ne!(sums(Checksums::WrongTcp, v6.0, v6.1).1, 0);
}

#[test]
fn sessions_and_raw_frames_mix_by_time_and_one_side_can_be_missing() {
    let mut capture = CaptureBuilder::new().start_at("2001-01-01T00:00:00Z");
    let mut a = capture.session("192.0.2.10:1", "192.0.2.25:25").only_from(Side::Client);
    let mut b = capture.session("192.0.2.11:1", "192.0.2.25:25").start_at("2001-01-01T00:00:00.001Z");
    a.handshake().wait_s(1).client(b"a");
    b.syn();
    capture.raw_frame(2_000_000, vec![7; 9]);
    let frames = capture.frames();
    let at: Vec<i64> = frames.iter().map(|f| f.time_ns - nanos_since_epoch("2001-01-01T00:00:00Z")).collect();
    assert_eq!(at, [0, 1_000_000, 1_180_000, 2_000_000, 1_001_300_000]);
    assert_eq!(frames[3].octets, [7; 9]);
}

#[test]
fn an_unreachable_message_quotes_the_segment() {
    let mut capture = CaptureBuilder::new().link(Link::RAW_IP);
    let mut s = capture.session("192.0.2.10:1145", "198.51.100.25:25");
    let syn = s.syn().last();
    s.unreachable(syn, "192.0.2.1", 1);
    let frames = octets(&capture);
    assert_eq!(frames[1][9], 1);
    assert_eq!(frames[1][20..22], [3, 1]);
    assert_eq!(frames[1][28..], frames[0][..28]);
    assert_eq!(internet_checksum(&frames[1][20..]), 0);
}

/// A capture taken at the client shows the acknowledgements of a server far away late, and what it sends after them later.
#[test]
fn acknowledgements_travel_while_the_sender_goes_on() {
    let mut capture = CaptureBuilder::new();
    let s = capture
        .session("192.0.2.10:1145", "192.0.2.25:25")
        .tune_server(|host| (host.answers_after_ns, host.acks_after_ns) = (9_000_000, 8_000_000))
        .tune_both(|host| host.segment_octets = 10);
    s.established().client(&[b'x'; 30]).client_fin().server_fin();
    let seen: Vec<_> = capture
        .frames()
        .iter()
        .zip(summary(&capture))
        .map(|(frame, (client, seq, ..))| (frame.time_ns - nanos_since_epoch("2024-03-05T09:00:00Z"), client, seq))
        .collect();
    let (isn, server_isn) = (1_000_001, 2_500_000_001);
    let expected = [
        (0, true, isn),
        (120_000, true, isn + 10),
        (240_000, true, isn + 20),
        (360_000, true, isn + 30),
        (8_120_000, false, server_isn),
        (8_360_000, false, server_isn),
        (9_360_000, false, server_isn),
        (9_420_000, true, isn + 31),
    ];
    assert_eq!(seen, expected);
}
