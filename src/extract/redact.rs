//! Rewriting frames so that they tell nothing of who mailed what to whom, and still show why a session was lost.

mod addresses;
mod checksum;
mod frame;
mod headers;
mod networks;
mod stream;
mod transport;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::capture::Packet;
use crate::diagnosis::EvidenceKind;
use crate::flow::Direction;
use crate::session::{FrameContent, SessionFrame};
use crate::smtp::{Names, SpanKind, Spans, argument_kinds, command_kinds, name_kinds, text_kinds};
use crate::wire::Reassembled;

pub use addresses::RedactKey;
pub use networks::NetworksElsewhere;

use addresses::Addresses;
use stream::{mask, mask_kinds};

/// What a redacted file says of itself.
pub(super) const STATEMENT: &str = "REDACTED by ehlotrace: not what was captured. Replaced: IP and hardware addresses, \
    consistently; IPv4 ones by networks of 24 bits to 192.0.2.0/24, 198.51.100.0/24 and 203.0.113.0/24, where these are full to \
    198.18.0.0/15 and then to 10.0.0.0/8, IPv6 ones by networks of 48 bits to 2001:db8::/32. Cleared: IP options, contents of \
    IPv6 extension headers, unusual TCP options, GRE keys, options of tunnels, padding. Masked, lengths kept: secrets of AUTH, \
    mail text, local parts of mailboxes, contents of TLS records, IP addresses in replies, digits of IP addresses in arguments \
    of EHLO and HELO. Set anew: checksums, wrong ones too. Left out: frames that cannot be rewritten safely. Kept: names in \
    arguments of EHLO and HELO, texts of replies, domains, ports, times, lengths, numbers of VLANs and tunnels.";

/// Why a frame is not in a redacted file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// It is a fragment of an IP datagram and does not fit into it.
    Fragment,
    /// Its headers are cut off, or of a kind that is not rewritten.
    Headers,
    /// There is no room for more networks in the ranges that addresses go to.
    Addresses,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fragment => "fragments of IP datagrams that they do not fit into",
            Self::Headers => "frames with headers that are cut or of another kind",
            Self::Addresses => "frames with addresses beyond what the ranges for them hold",
        })
    }
}

/// What is known of a session before its frames come.
pub(super) struct Known<'s> {
    pub(super) client_spans: &'s Spans,
    pub(super) server_spans: &'s Spans,
    pub(super) mailboxes: &'s [Box<[u8]>],
}

/// Redacts the frames of many sessions of one capture.
#[derive(Debug)]
pub(super) struct Redactor {
    addresses: Addresses,
}

impl Known<'_> {
    /// Masks the payload of the segment in `frame`.
    fn mask(&self, payload: &mut [u8], frame: &SessionFrame<'_>) {
        let FrameContent::Segment(_, followed) = frame.content else { return };
        let spans = match followed.direction {
            Direction::ClientToServer => self.client_spans,
            Direction::ServerToClient => self.server_spans,
        };
        // What is sent again may be something else, and is not what was read.
        mask(payload, followed.offset.filter(|_| !followed.is_repeated), spans);
        // A server may name a mailbox before the client does.
        if followed.direction == Direction::ServerToClient {
            let kinds = name_kinds(payload, &self.names());
            mask_kinds(payload, &kinds);
        }
    }

    /// The local parts that its commands name.
    fn names(&self) -> Names {
        let mut names = Names::default();
        for line in self.mailboxes {
            let kinds = command_kinds(line).into_iter().zip(line.iter());
            let name: Vec<u8> =
                kinds.filter(|(kind, _)| *kind == SpanKind::LocalPart).map(|(_, octet)| *octet).collect();
            names.add(&name);
        }
        names
    }
}

impl Redactor {
    pub(super) fn new(key: RedactKey) -> Self {
        Self { addresses: Addresses::new(key) }
    }

    /// The octets of a frame that is no fragment.
    pub(super) fn frame(&mut self, frame: &SessionFrame<'_>, known: &Known<'_>) -> Result<Vec<u8>, LeftOut> {
        frame::rewrite(frame, &mut self.addresses, |payload| known.mask(payload, frame))
    }

    /// The payload of `whole`, the datagram that `frame` completed.
    pub(super) fn datagram(
        &mut self,
        frame: &SessionFrame<'_>,
        whole: &Reassembled,
        known: &Known<'_>,
    ) -> Result<Vec<u8>, LeftOut> {
        frame::rewrite_datagram(frame, whole, &mut self.addresses, |payload| known.mask(payload, frame))
    }

    /// The octets of a fragment of `whole`, of which `payload` is the payload redacted.
    pub(super) fn fragment(
        &mut self,
        packet: &Packet<'_>,
        whole: &Reassembled,
        payload: &[u8],
    ) -> Result<Vec<u8>, LeftOut> {
        frame::rewrite_fragment(packet, whole, payload, &mut self.addresses)
    }

    /// Masks what a frame shows.
    pub(super) fn finding(&mut self, finding: &mut EvidenceKind, known: &Known<'_>) {
        let mask_text = |text: &mut [u8]| {
            let kinds = text_kinds(text, &known.names());
            mask_kinds(text, &kinds);
        };
        match finding {
            EvidenceKind::Command(line) => {
                let kinds = command_kinds(line);
                mask_kinds(line, &kinds);
            }
            EvidenceKind::Argument(argument) => {
                let kinds = argument_kinds(&argument.octets, true);
                mask_kinds(&mut argument.octets, &kinds);
            }
            EvidenceKind::Reply(answer) => mask_text(&mut answer.text),
            EvidenceKind::ClientHello(hello) => hello.server_name.iter_mut().for_each(|name| mask_text(name)),
            EvidenceKind::Unreachable(reported_by, _) => {
                *reported_by = self.addresses.ip(*reported_by).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
            }
            _ => {}
        }
    }

    /// An end of a session; none where there is no room for its network.
    pub(super) fn end(&mut self, end: SocketAddr) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.addresses.ip(end.ip()).ok()?, end.port()))
    }

    /// Networks that found no room in the documentation ranges, so far.
    pub(super) const fn networks_elsewhere(&self) -> NetworksElsewhere {
        self.addresses.elsewhere()
    }
}
