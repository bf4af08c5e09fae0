//! The captures of Microsoft's articles, rebuilt octet by octet, give the lines the articles print.

use ehlotrace::report::netmon::{TraceLayout, View};

use crate::support::{CaptureBuilder, FileOptions, Frame, Link, write_pcap};
use crate::trace::{lines_of, on_ports, options, sample, text, traced};

#[test]
fn the_lost_session_of_kb_240832() {
    let text = text(&sample("kb240832-lost.pcap"), &options());
    assert_eq!(
        lines_of(&text, "SMTP:"),
        [
            "SMTP: Rsp: Service ready, 135 bytes",
            "SMTP: Response = 220-mail.your-domain.com Microsoft SMTP MAIL ready at Sat, 28 Aug 1999 09:32:00 ",
            "SMTP: Data = -0400 Version: 5.5.1774.114.11",
            "SMTP: Data = 220 ESMTP spoken here",
            "SMTP: Data, 12 bytes",
            "SMTP: Data = EHLO sub2.",
            "SMTP: Rsp: Command syntax error in parameters or arguments, 21 bytes",
            "SMTP: Response = 501 Invalid Address",
            "SMTP: Cmd: Quit, losing connection, 6 bytes",
            "SMTP: Command = QUIT",
            "SMTP: Rsp: Service closing transmission channel, 63 bytes",
            "SMTP: Response = 221 mail.your-domain.com Service closing transmission channel",
        ]
    );
    let hello = "  SMTP: Data, 12 bytes\n      SMTP: Data = EHLO sub2.\n      \
                 <== trailing dot: RFC 5321 4.1.2: the EHLO argument ends in a dot; send EHLO sub2\n\n";
    assert!(text.contains(hello), "{text}");
    assert!(text.contains("      <== refused: 501 answers EHLO in frame 5\n"), "{text}");
}

#[test]
fn the_working_session_of_kb_240832() {
    let text = text(&sample("kb240832-works.pcap"), &options());
    let smtp = lines_of(&text, "SMTP:");
    assert_eq!(
        smtp[4..7],
        [
            "SMTP: Data, 27 bytes",
            "SMTP: Data = EHLO sub2.your-domain.com",
            "SMTP: Rsp: Requested mail action okay, completed, 113 bytes"
        ]
    );
    let mail = lines_of(&text, "SMTP: Cmd: Mail from <ann@sub2.your-domain.com>, ");
    assert_eq!(mail, ["SMTP: Cmd: Mail from <ann@sub2.your-domain.com>, 47 bytes"]);
    // The client's frame before the mail text is that of DATA (Q161943, Q152940).
    let data = text.find("SMTP: Cmd: Data: Mail data to follow, 6 bytes").unwrap();
    let number: u64 = frame_number(&text[..data]);
    assert_eq!(lines_of(&text, "SMTP: Data - "), [format!("SMTP: Data - continued from frame {number}, 311 bytes")]);
    assert!(!text.contains("Subject: Monday") && !text.contains("<=="), "{text}");
}

/// The number of the last frame in a part of a trace.
fn frame_number(text: &str) -> u64 {
    let line = text.lines().rev().find(|line| line.contains(" --> ")).unwrap();
    line.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn mail_text_is_shown_line_by_line_when_asked_for() {
    let mut options = options();
    options.layout.mail_text = true;
    let text = text(&sample("kb240832-works.pcap"), &options);
    assert!(text.contains("      SMTP: Data = Subject: Monday\n"), "{text}");
    assert!(text.contains("      SMTP: Data = \n      SMTP: Data = Bob,\n"), "{text}");
}

/// Q182821 prints the handshake and the greeting of a connection as collapsed nodes.
#[test]
fn the_handshake_of_q182821() {
    let mut capture = CaptureBuilder::new();
    let mut s = capture
        .session("192.0.2.10:1145", "192.0.2.25:25")
        .client_isn(3_447_617)
        .server_isn(2_120_192_000)
        .tune_client(|client| {
            (client.ip_id, client.ip_id_step) = (0x730a, 0x100);
            (client.window, client.syn_window) = (8_760, Some(8_192));
        })
        .tune_server(|server| (server.ip_id, server.window) = (0x292b, 4_096));
    s.handshake();
    let text = text(&capture.finish_pcap(), &options());
    let collapsed: Vec<_> = text.lines().filter(|line| line.starts_with("+ ")).collect();
    let (frame, ethernet) =
        ("+ FRAME: Base frame properties", "+ ETHERNET: ETYPE = 0x0800 : Protocol = IP:  DOD Internet Protocol");
    assert_eq!(
        collapsed,
        [
            frame,
            ethernet,
            "+ IP: ID = 0x730A; Proto = TCP; Len: 44",
            "+ TCP: ....S., len:    4, seq:   3447617-3447620, ack:         0, win: 8192, src: 1145  dst:   25 (SMTP)",
            frame,
            ethernet,
            "+ IP: ID = 0x292B; Proto = TCP; Len: 44",
            "+ TCP: .A..S., len:    4, seq:2120192000-2120192003, ack:   3447618, win: 4096, src:   25 (SMTP)  dst: 1145",
            frame,
            ethernet,
            "+ IP: ID = 0x740A; Proto = TCP; Len: 40",
            "+ TCP: .A...., len:    0, seq:   3447618-3447618, ack:2120192001, win: 8760, src: 1145  dst:   25 (SMTP)",
        ]
    );
}

#[test]
fn the_greeting_of_q182821() {
    let mut capture = CaptureBuilder::new();
    let mut s = capture
        .session("192.0.2.10:1145", "192.0.2.25:25")
        .client_isn(3_332_994)
        .server_isn(2_034_176_000)
        .tune_server(|server| (server.ip_id, server.ip_id_step, server.window) = (0x9484, 1, 4_096));
    // The article prints `Server1.` before the name, but counts the octets without it.
    s.handshake().server(b"220 SampleOrg.com Microsoft Exchange Internet Mail Service 5.0.1458.49 ready\r\n");
    let text = text(&capture.finish_pcap(), &options());
    let greeting = "+ IP: ID = 0x9485; Proto = TCP; Len: 118\n\
        + TCP: .AP..., len:   78, seq:2034176001-2034176078, ack:   3332995, win: 4096, src:   25 (SMTP)  dst: 1145\n\
        \x20 SMTP: Rsp: Service ready, 78 bytes\n\
        \x20     SMTP: Response = 220 SampleOrg.com Microsoft Exchange Internet Mail Service 5.0.1458.49 ready\n";
    assert!(text.contains(greeting), "{text}");
}

const Q172983: [&str; 3] = [
    "02 60 8C 9E 18 8B 02 60 8C 3B 85 C1 08 00 45 00 00 2C 0D 01 40 00 80 06 E1 4B 83 6B 02 D6 83 6B \
     02 D3 04 0D 00 8B 00 7D 74 7E 00 00 00 00 60 02 20 00 F2 13 00 00 02 04 05 B4 20 20",
    "02 60 8C 3B 85 C1 02 60 8C 9E 18 8B 08 00 45 00 00 2C 5B 00 40 00 80 06 93 4C 83 6B 02 D3 83 6B \
     02 D6 00 8B 04 0D 00 10 EE 8D 00 7D 74 7F 60 12 22 38 01 2D 00 00 02 04 05 B4 20 20",
    "02 60 8C 9E 18 8B 02 60 8C 3B 85 C1 08 00 45 00 00 28 0E 01 40 00 80 06 E0 4F 83 6B 02 D6 83 6B \
     02 D3 04 0D 00 8B 00 7D 74 7F 00 10 EE 8E 50 10 22 38 18 EA 00 00 20 20 20 20 20 20",
];

fn q172983() -> Vec<u8> {
    let octets = |hex: &str| hex.split_whitespace().map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
    let frames: Vec<Frame> = Q172983.iter().map(|hex| Frame::new(0, Link::ETHERNET, octets(hex))).collect();
    write_pcap(&frames, &FileOptions::default())
}

#[test]
fn the_three_frames_of_q172983() {
    let mut options = on_ports(&[139]);
    options.layout = TraceLayout { view: View::Detail, hex: true, plain: true, ..TraceLayout::default() };
    let text = text(&q172983(), &options);
    let first = "\
1    0.0000 02608C3B85C1 --> 02608C9E188B TCP ....S., len:    4, seq:   8221822-8221825, ack:         0, win: 8192, src: 1037  dst:  139 (NBT Session)  131.107.2.214 --> 131.107.2.211 IP
";
    let tcp = "
TCP: ....S., len:    4, seq:   8221822-8221825, ack:         0, win: 8192, src: 1037  dst:  139 (NBT Session)
   TCP: Source Port = 0x040D
   TCP: Destination Port = NETBIOS Session Service
   TCP: Sequence Number = 8221822 (0x7D747E)
   TCP: Acknowledgement Number = 0 (0x0)
   TCP: Data Offset = 24 (0x18)
   TCP: Reserved = 0 (0x0000)
   TCP: Flags = 0x02 : ....S.
      TCP: ..0..... = No urgent data
      TCP: ...0.... = Acknowledgement field not significant
      TCP: ....0... = No Push function
      TCP: .....0.. = No Reset
      TCP: ......1. = Synchronize sequence numbers
      TCP: .......0 = No Fin
   TCP: Window = 8192 (0x2000)
   TCP: Checksum = 0xF213
   TCP: Urgent Pointer = 0 (0x0)
   TCP: Options
         TCP: Option Kind (Maximum Segment Size) = 2 (0x2)
         TCP: Option Length = 4 (0x4)
         TCP: Option Value = 1460 (0x5B4)
   TCP: Frame Padding

00000:  02 60 8C 9E 18 8B 02 60 8C 3B 85 C1 08 00 45 00   .`.....`.;....E.
00010:  00 2C 0D 01 40 00 80 06 E1 4B 83 6B 02 D6 83 6B   .,..@....K.k...k
00020:  02 D3 04 0D 00 8B 00 7D 74 7E 00 00 00 00 60 02   .......}t~....`.
00030:  20 00 F2 13 00 00 02 04 05 B4 20 20                .........
";
    assert!(text.contains(first), "{text}");
    assert!(text.contains(tcp), "{text}");
    for rest in [
        "
TCP: .A..S., len:    4, seq:   1109645-1109648, ack:   8221823, win: 8760, src:  139 (NBT Session)  dst: 1037
",
        "
00000:  02 60 8C 3B 85 C1 02 60 8C 9E 18 8B 08 00 45 00   .`.;...`......E.
00010:  00 2C 5B 00 40 00 80 06 93 4C 83 6B 02 D3 83 6B   .,[.@....L.k...k
00020:  02 D6 00 8B 04 0D 00 10 EE 8D 00 7D 74 7F 60 12   ...........}t.`.
00030:  22 38 01 2D 00 00 02 04 05 B4 20 20               \"8.-......
",
        "
TCP: .A...., len:    0, seq:   8221823-8221823, ack:   1109646, win: 8760, src: 1037  dst:  139 (NBT Session)
",
        "
00000:  02 60 8C 9E 18 8B 02 60 8C 3B 85 C1 08 00 45 00   .`.....`.;....E.
00010:  00 28 0E 01 40 00 80 06 E0 4F 83 6B 02 D6 83 6B   .(..@....O.k...k
00020:  02 D3 04 0D 00 8B 00 7D 74 7F 00 10 EE 8E 50 10   .......}t.....P.
00030:  22 38 18 EA 00 00 20 20 20 20 20 20               \"8....
",
    ] {
        assert!(text.contains(rest), "{rest}\n{text}");
    }
}

/// Q303802 prints the IP header in full; its frame has a header like this one's.
#[test]
fn the_ip_header_of_q303802() {
    let mut options = on_ports(&[139]);
    options.layout.view = View::Detail;
    let text = text(&q172983(), &options);
    let ip = "
IP: ID = 0xD01; Proto = TCP; Len: 44
   IP: Version = 4 (0x4)
   IP: Header Length = 20 (0x14)
   IP: Precedence = Routine
   IP: Type of Service = Normal Service
   IP: Total Length = 44 (0x2C)
   IP: Identification = 3329 (0xD01)
   IP: Flags Summary = 2 (0x2)
       IP: .......0 = Last fragment in datagram
       IP: ......1. = Cannot fragment datagram
   IP: Fragment Offset = 0 (0x0) bytes
   IP: Time to Live = 128 (0x80)
   IP: Protocol = TCP - Transmission Control
   IP: Checksum = 0xE14B
   IP: Source Address = 131.107.2.214
   IP: Destination Address = 131.107.2.211
   IP: Data: Number of data bytes remaining = 24 (0x0018)
";
    assert!(text.contains(ip), "{text}");
}

#[test]
fn every_tcp_option_of_a_modern_handshake_is_named() {
    let mut options = options();
    options.layout.view = View::Detail;
    let text = text(&sample("unanswered.pcap"), &options);
    let syn = "
   TCP: Options
         TCP: Option Kind (Maximum Segment Size) = 2 (0x2)
         TCP: Option Length = 4 (0x4)
         TCP: Option Value = 1460 (0x5B4)
         TCP: Option Kind (SACK Permitted) = 4 (0x4)
         TCP: Option Length = 2 (0x2)
         TCP: Option Kind (Timestamps) = 8 (0x8)
         TCP: Option Length = 10 (0xA)
";
    assert!(text.contains(syn), "{text}");
    assert!(
        text.contains("         TCP: Option Kind (Window Scale) = 3 (0x3)\n         TCP: Option Length = 3 (0x3)\n")
    );
}

#[test]
fn the_summary_lines_up() {
    let mut options = options();
    options.layout = TraceLayout { view: View::Summary, plain: true, ..TraceLayout::default() };
    let (text, traced) = traced(&sample("mixed.pcapng"), &options);
    assert!(traced.shown > 1);
    let lines: Vec<_> = text.lines().filter(|line| line.contains(" --> ") && !line.starts_with("==")).collect();
    let arrow = lines[0].find(" --> ").unwrap();
    assert!(lines.len() > 20 && lines.iter().all(|line| line.find(" --> ") == Some(arrow)), "{text}");
}

/// Nothing of ours but headings is left when remarks are switched off.
#[test]
fn plain_leaves_network_monitors_lines_alone() {
    let mut options = options();
    let capture = sample("kb240832-lost.pcap");
    let with = text(&capture, &options);
    options.layout.plain = true;
    let plain = text(&capture, &options);
    let without: String = with.split_inclusive('\n').filter(|line| !line.contains("<==")).collect();
    assert_eq!(plain, without);
    assert_ne!(plain, with);
}
