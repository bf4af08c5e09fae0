//! Every word and column rule of a Network Monitor trace, with where it comes from.
//!
//! *Attested* is what Microsoft's own articles print, and the article is named. *RFC 821* is where Network Monitor's
//! known words are those of that RFC, and so are taken for the rest of them. *Ours* is everything else: Network Monitor
//! did not know it, or no article shows how it printed it.

use crate::time::EventNumber;

// How a frame is laid out.

/// Attested (Q182821): before a node whose children are not shown.
pub(super) const COLLAPSED: &str = "+ ";
/// Attested (Q182821): columns before an expanded node among collapsed ones.
pub(super) const NODE_COLUMNS: usize = 2;
/// Attested (Q182821): columns before its children.
pub(super) const CHILD_COLUMNS: usize = 6;
/// Attested (Q172983, Q303802): where all is expanded, nodes stand in the first column and children in these.
pub(super) const DETAIL_COLUMNS: usize = 3;
/// Attested (Q172983): the flags of TCP, children of a child.
pub(super) const TCP_FLAG_COLUMNS: usize = 6;
/// Attested (Q172983): the options of TCP.
pub(super) const TCP_OPTION_COLUMNS: usize = 9;
/// Attested (Q303802): the flags of IP, children of a child.
pub(super) const IP_FLAG_COLUMNS: usize = 7;
/// Attested (KB 240832): a text line goes on in the next `Data =` after this many octets.
pub(super) const TEXT_OCTETS: usize = 80;
/// Attested (Q172983): columns of the frame number in a summary line.
pub(super) const NUMBER_COLUMNS: usize = 4;
/// Attested (Q172983): decimals of the seconds in a summary line. Q303802, of a later version, prints six.
pub(super) const SECONDS_DECIMALS: usize = 4;
/// Attested (Q172983): octets in a line of the hex dump.
pub(super) const HEX_OCTETS: usize = 16;

/// Ours: starts a line that Network Monitor would not have printed, after the frame it is about.
pub(super) const REMARK: &str = "<== ";
/// Ours: of a retransmission that repeats what was shown.
pub(super) const SAME_BYTES: &str = "all of this was seen before";
/// Ours: of one whose bytes nobody has accounted for.
pub(super) const OTHER_BYTES: &str = "its bytes are not those seen before, or were seen too long ago to compare";
/// Ours: starts a line about a session, or about the trace.
pub(super) const HEADING: &str = "== ";

/// Ours: the number that a frame of a Windows event trace has among the trace's packet events.
pub(super) fn event(number: EventNumber) -> String {
    format!(" (event {number})")
}

// FRAME and the link layer.

/// Attested (Q182821).
pub(super) const FRAME: &str = "FRAME: Base frame properties";

/// Attested (Q182821) for ETHERNET and 0x0800; the names of other link layers and types are ours.
pub(super) fn link(link: &str, ether_type: Option<u16>) -> String {
    let Some(number) = ether_type else { return format!("{link}: Link-layer properties") };
    let protocol = match number {
        0x0800 => "IP:  DOD Internet Protocol",
        0x86dd => "IP6: Internet Protocol Version 6",
        0x8100 | 0x88a8 | 0x9100 | 0x9200 => "VLAN: Virtual LAN tag",
        0x8847 | 0x8848 => "MPLS: Multiprotocol Label Switching",
        0x8864 => "PPPoE: PPP over Ethernet",
        ..0x0600 => "LLC: IEEE 802.2 Logical Link Control",
        _ => "Other",
    };
    format!("{link}: ETYPE = 0x{number:04X} : Protocol = {protocol}")
}

// IP.

/// Attested (Q303802): the precedence 0; the others are the names of RFC 791 3.1, ours.
pub(super) const PRECEDENCE: [&str; 8] = [
    "Routine",
    "Priority",
    "Immediate",
    "Flash",
    "Flash Override",
    "CRITIC/ECP",
    "Internetwork Control",
    "Network Control",
];

/// Attested (Q303802): `Minimize Delay`; the others are the names of RFC 1349 4, ours.
pub(super) const fn type_of_service(bits: u8) -> &'static str {
    match bits {
        0 => "Normal Service",
        8 => "Minimize Delay",
        4 => "Maximize Throughput",
        2 => "Maximize Reliability",
        1 => "Minimize Monetary Cost",
        _ => "Other",
    }
}

/// Attested (Q303802), the more-fragments bit: clear, set. Set is ours.
pub(super) const LAST_FRAGMENT: [&str; 2] =
    [".......0 = Last fragment in datagram", ".......1 = More fragments follow"];
/// Attested (Q303802), the don't-fragment bit: clear, set. Clear is ours.
pub(super) const MAY_FRAGMENT: [&str; 2] = ["......0. = May fragment datagram", "......1. = Cannot fragment datagram"];

/// Attested (Q303802) for TCP; ICMP is ours. The short name is that of the IP line.
pub(super) const fn ip_protocol(number: u8) -> (&'static str, &'static str) {
    match number {
        1 => ("ICMP", "ICMP - Internet Control Message"),
        58 => ("ICMPv6", "ICMPv6 - Internet Control Message, Version 6"),
        _ => ("TCP", "TCP - Transmission Control"),
    }
}

// TCP.

/// A port with a name: how it stands behind its number in the TCP line, and how as a field.
///
/// Attested (Q182821): 25 in the TCP line; (Q172983): 139. 25 as a field is ours.
pub(super) const fn port(number: u16) -> Option<(&'static str, &'static str)> {
    match number {
        25 => Some(("SMTP", "SMTP")),
        139 => Some(("NBT Session", "NETBIOS Session Service")),
        _ => None,
    }
}

/// A flag of TCP: its bit, the words where it is clear, the words where it is set.
///
/// Attested (Q172983, Q303802): all but `Urgent pointer field significant` and `Reset the connection`, which are ours, after
/// RFC 793 3.1.
pub(super) const TCP_FLAGS: [(u8, &str, &str); 6] = [
    (0x20, "..0..... = No urgent data", "..1..... = Urgent pointer field significant"),
    (0x10, "...0.... = Acknowledgement field not significant", "...1.... = Acknowledgement field significant"),
    (0x08, "....0... = No Push function", "....1... = Push function"),
    (0x04, ".....0.. = No Reset", ".....1.. = Reset the connection"),
    (0x02, "......0. = No Synchronize", "......1. = Synchronize sequence numbers"),
    (0x01, ".......0 = No Fin", ".......1 = No more data from sender"),
];

/// Attested (Q172983) for 2; the others are ours, named as in the IANA registry.
pub(super) const fn tcp_option(kind: u8) -> &'static str {
    match kind {
        0 => "End of Option List",
        1 => "No-Operation",
        2 => "Maximum Segment Size",
        3 => "Window Scale",
        4 => "SACK Permitted",
        5 => "SACK",
        8 => "Timestamps",
        19 => "MD5 Signature",
        28 => "User Timeout",
        29 => "TCP Authentication",
        30 => "Multipath TCP",
        34 => "TCP Fast Open Cookie",
        _ => "Unknown",
    }
}

// SMTP.

/// What a reply's code means. None for a code that neither an article nor RFC 821 has.
pub(super) const fn reply(code: u16) -> Option<&'static str> {
    Some(match code {
        // Attested: KB 240832, Q182821, Q161943.
        220 => "Service ready",
        250 => "Requested mail action okay, completed",
        354 => "Enter mail ...",
        501 => "Command syntax error in parameters or arguments",
        // Attested: Q152940.
        421 => "Service not available, closing transmission channel",
        552 => "Requested mail action aborted: exceeded storage allocation",
        // RFC 821 4.2.1.
        211 => "System status, or system help reply",
        214 => "Help message",
        221 => "Service closing transmission channel",
        251 => "User not local; will forward",
        450 => "Requested mail action not taken: mailbox unavailable",
        451 => "Requested action aborted: local error in processing",
        452 => "Requested action not taken: insufficient system storage",
        500 => "Syntax error, command unrecognized",
        502 => "Command not implemented",
        503 => "Bad sequence of commands",
        504 => "Command parameter not implemented",
        550 => "Requested action not taken: mailbox unavailable",
        551 => "User not local; please try another path",
        553 => "Requested action not taken: mailbox name not allowed",
        554 => "Transaction failed",
        _ => return None,
    })
}

/// Ours: the words for a code that came after Network Monitor's parser.
pub(super) fn other_reply(code: u16) -> String {
    format!("Reply {code:03}")
}

/// What a command asks for. None for verbs Network Monitor's parser had no words for: attested for EHLO (KB 240832), which
/// prints as `Data`, and taken to be so for every verb that is not in RFC 821.
pub(super) const fn command(verb: &[u8]) -> Option<&'static str> {
    Some(match verb {
        // Attested: Q161943.
        b"HELO" => "Hello, host identifier",
        b"MAIL" => "Mail from",
        b"RCPT" => "Recipient",
        b"DATA" => "Data: Mail data to follow",
        // Attested: KB 240832.
        b"QUIT" => "Quit, losing connection",
        // RFC 821 4.1.1, in words of ours.
        b"RSET" => "Reset",
        b"SEND" => "Send to terminal",
        b"SOML" => "Send or mail",
        b"SAML" => "Send and mail",
        b"VRFY" => "Verify",
        b"EXPN" => "Expand",
        b"HELP" => "Help",
        b"NOOP" => "No operation",
        b"TURN" => "Turn",
        _ => return None,
    })
}

/// Attested (KB 240832): a frame that is neither command nor reply.
pub(super) fn data(octets: u32) -> String {
    format!("Data, {octets} bytes")
}

/// Attested (Q161943, Q152940): mail text; the frame named is the client's one before it that had data.
pub(super) fn continued(frame: u64, octets: u32) -> String {
    format!("Data - continued from frame {frame}, {octets} bytes")
}

/// A line that Network Monitor had no words for; it showed `Data` and the length.
pub(super) fn unnamed(line: &str, octets: u32) -> String {
    format!("{line}, {octets} bytes")
}

/// In place of what is not shown, where lines stand as they were sent.
pub(super) fn hidden(is_mail_text: bool, octets: usize) -> String {
    let what = if is_mail_text { "mail text" } else { "hidden: mail text or a secret" };
    format!("({what}, {octets} bytes)")
}

/// Ours: Network Monitor's parser knew no TLS.
pub(super) fn tls(octets: u32) -> String {
    format!("TLS, {octets} bytes")
}

/// Ours: the content types of TLS (RFC 8446 5.1, RFC 6520).
pub(super) const fn tls_record(content_type: u8) -> &'static str {
    match content_type {
        20 => "Change Cipher Spec",
        21 => "Alert",
        22 => "Handshake",
        23 => "Application Data",
        24 => "Heartbeat",
        _ => "Unknown",
    }
}

// ICMP: ours throughout, no article shows it.

/// Ours.
pub(super) fn icmp(name: &str, reason: &str) -> String {
    format!("{name}: Error about the SYN of this connection: {reason}")
}
