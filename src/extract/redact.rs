//! Rewriting frames so that they tell nothing of who mailed what to whom, and still show why a session was lost.

mod addresses;
mod checksum;
mod exported;
mod frame;
mod headers;
mod hosts;
mod networks;
mod stream;
mod transport;

use std::collections::HashSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;

use crate::capture::Packet;
use crate::diagnosis::EvidenceKind;
use crate::flow::Direction;
use crate::session::{FrameContent, SessionFrame};
use crate::smtp::{Certificate, MASK, Names, ProxyContent, SpanKind, Spans, argument_kinds, command_kinds, name_kinds};
use crate::wire::Reassembled;

pub use addresses::RedactKey;
pub use networks::NetworksElsewhere;

use addresses::Addresses;
use hosts::Hosts;
use stream::mask_kinds;

/// Why a frame is not in a redacted file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
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
            Self::Fragment => "IP fragments that do not fit their datagram",
            Self::Headers => "frames with a header that is cut or unknown",
            Self::Addresses => "frames with more addresses than the new ranges can hold",
        })
    }
}

/// What is known of a session before its frames come.
pub(super) struct Known<'s> {
    pub(super) client_spans: &'s Spans,
    pub(super) server_spans: &'s Spans,
    pub(super) names: &'s Names,
    /// Command lines whose end is missing.
    pub(super) cut: &'s HashSet<Box<[u8]>>,
    /// What of the frame's payload was seen before.
    pub(super) repeated: &'s [Range<u64>],
}

/// Redacts the frames of many sessions of one capture.
#[derive(Debug)]
pub(super) struct Redactor {
    addresses: Addresses,
    /// Pseudonyms of host names, if these are replaced.
    hosts: Option<Hosts>,
}

impl Known<'_> {
    /// Masks the payload of the segment in `frame`, and replaces host names in it by `hosts`.
    fn mask(&self, payload: &mut [u8], frame: &SessionFrame<'_>, hosts: Option<&mut Hosts>) {
        let FrameContent::Segment(_, followed) = frame.content else { return };
        let Some(offset) = followed.offset else {
            return mask_kinds(payload, &vec![SpanKind::Unknown; payload.len()], hosts.is_some());
        };
        let is_server = followed.direction == Direction::ServerToClient;
        let spans = if is_server { self.server_spans } else { self.client_spans };
        let mut kinds = spans.kinds(offset, payload.len());
        // What is sent again may be something else, and is not what was read.
        for again in self.repeated {
            let [start, end] =
                [again.start, again.end].map(|at| usize::try_from(at).unwrap_or(usize::MAX).min(kinds.len()));
            kinds.get_mut(start..end).unwrap_or_default().fill(SpanKind::Unknown);
        }
        if is_server {
            self.mark_names(payload, &mut kinds);
        }
        let is_replaced = hosts.is_some();
        if let Some(hosts) = hosts {
            hosts.replace_in(payload, offset, &mut kinds, spans.hosts(offset, payload.len()));
        }
        mask_kinds(payload, &kinds, is_replaced);
    }

    /// A server may name a mailbox before the client does.
    fn mark_names(&self, text: &[u8], kinds: &mut [SpanKind]) {
        for (kind, named) in kinds.iter_mut().zip(name_kinds(text, self.names)) {
            if named == SpanKind::LocalPart && matches!(kind, SpanKind::Line | SpanKind::Domain) {
                *kind = named;
            }
        }
    }

    /// What each octet of the text of a reply is that begins at `at` of the server's stream, as a report has it: with a mask in
    /// the place of each secret.
    fn reply_kinds(&self, text: &[u8], at: u64) -> Vec<SpanKind> {
        const CODE_OCTETS: u64 = 4;
        let mut kinds = Vec::with_capacity(text.len());
        // A mask may be longer than what it hides.
        for (length, kind) in self.server_spans.runs(at.saturating_add(CODE_OCTETS), text.len()) {
            let is_hidden = matches!(kind, SpanKind::Secret | SpanKind::Challenge);
            let shown = if is_hidden { MASK.len() } else { length };
            kinds.extend(std::iter::repeat_n(kind, shown));
        }
        kinds.resize(text.len(), SpanKind::Unknown);
        self.mark_names(text, &mut kinds);
        kinds
    }
}

impl Redactor {
    /// Replaces host names, too, if `names` says so.
    pub(super) fn new(key: RedactKey, names: bool) -> Self {
        Self { hosts: names.then(|| Hosts::new(key.clone())), addresses: Addresses::new(key) }
    }

    /// What a redacted file says of itself.
    pub(super) fn statement(&self) -> String {
        let (replaced, kept) = match self.hosts {
            Some(_) => (", host and domain names", ""),
            None => ("", "names in arguments of EHLO and HELO, domains, "),
        };
        format!(
            "REDACTED by ehlotrace: not what was captured. Replaced: IP and hardware addresses{replaced}, consistently; IPv4 \
            addresses by networks of 24 bits to 192.0.2.0/24, 198.51.100.0/24 and 203.0.113.0/24, where these are full to \
            198.18.0.0/15 and then to 10.0.0.0/8, IPv6 ones by networks of 48 bits to 2001:db8::/32. Cleared: IP options, \
            contents of IPv6 extension headers, unusual TCP options, GRE keys, options of tunnels, padding. Masked, lengths \
            kept: secrets of AUTH, mail text, local parts of mailboxes, replies to VRFY and EXPN, contents of TLS records, IP \
            addresses in replies, digits of IP addresses in arguments of EHLO and HELO. Set anew: checksums, wrong ones too. \
            Left out: frames that cannot be rewritten safely. Kept: {kept}texts of replies, ports, times, lengths, numbers of \
            VLANs and tunnels."
        )
    }

    /// The octets of a frame that is no fragment.
    pub(super) fn frame(&mut self, frame: &SessionFrame<'_>, known: &Known<'_>) -> Result<Vec<u8>, LeftOut> {
        let hosts = self.hosts.as_mut();
        frame::rewrite(frame, &mut self.addresses, |payload| known.mask(payload, frame, hosts))
    }

    /// The payload of `whole`, the datagram that `frame` completed.
    pub(super) fn datagram(
        &mut self,
        frame: &SessionFrame<'_>,
        whole: &Reassembled,
        known: &Known<'_>,
    ) -> Result<Vec<u8>, LeftOut> {
        let hosts = self.hosts.as_mut();
        frame::rewrite_datagram(frame, whole, &mut self.addresses, |payload| known.mask(payload, frame, hosts))
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
        let (octets, mut kinds) = match finding {
            EvidenceKind::Command(line) => {
                let kinds = command_kinds(line, !known.cut.contains(&**line));
                (line, kinds)
            }
            EvidenceKind::Argument(argument) => {
                let kinds = argument_kinds(&argument.octets, true);
                (&mut argument.octets, kinds)
            }
            EvidenceKind::Reply(answer) => {
                let kinds = known.reply_kinds(&answer.text, answer.at);
                (&mut answer.text, kinds)
            }
            EvidenceKind::ClientHello(hello) => {
                hello.server_name.iter_mut().for_each(|name| self.tls_name(name));
                return;
            }
            EvidenceKind::Certificate(certificate) => {
                let Certificate { subject, issuer, names, .. } = &mut **certificate;
                names.iter_mut().chain(subject).chain(issuer).for_each(|name| self.tls_name(name));
                return;
            }
            EvidenceKind::Unreachable(reported_by, _) => {
                *reported_by = self.addresses.ip(*reported_by).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
                return;
            }
            EvidenceKind::ProxyHeader(_, ProxyContent::Ends { client, server }) => {
                for end in [client, server] {
                    end.set_ip(self.addresses.ip(end.ip()).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
                }
                return;
            }
            // What these hold is no octet of the capture: a new kind has to be put here or above.
            EvidenceKind::Syn
            | EvidenceKind::SynReset
            | EvidenceKind::SynUnanswered { .. }
            | EvidenceKind::ProxyHeader(..)
            | EvidenceKind::EarlyTalk(_)
            | EvidenceKind::NoGreeting
            | EvidenceKind::MaskedGreeting
            | EvidenceKind::OtherProtocol(..)
            | EvidenceKind::PlainToTls
            | EvidenceKind::TlsToPlain
            | EvidenceKind::Refused(..)
            | EvidenceKind::Quit
            | EvidenceKind::QuitUntried
            | EvidenceKind::NoReply(_)
            | EvidenceKind::HelloUnanswered(_)
            | EvidenceKind::HelloIgnored(_)
            | EvidenceKind::Awaited(_)
            | EvidenceKind::InData
            | EvidenceKind::InTransaction
            | EvidenceKind::ServerHello(_)
            | EvidenceKind::Alert(..)
            | EvidenceKind::NoTls
            | EvidenceKind::UnfinishedTls
            | EvidenceKind::Ended(_)
            | EvidenceKind::Unknown(_) => return,
        };
        self.mask(octets, &mut kinds);
    }

    /// Masks a name that TLS shows; the frame itself keeps nothing of it.
    fn tls_name(&mut self, name: &mut [u8]) {
        let kind = if self.hosts.is_some() { SpanKind::Domain } else { SpanKind::Parameter };
        let mut kinds: Vec<SpanKind> =
            name.iter().map(|octet| if *octet == b'.' { SpanKind::Line } else { kind }).collect();
        self.mask(name, &mut kinds);
    }

    fn mask(&mut self, octets: &mut [u8], kinds: &mut [SpanKind]) {
        if let Some(hosts) = &mut self.hosts {
            hosts.replace(octets, kinds);
        }
        mask_kinds(octets, kinds, self.hosts.is_some());
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
