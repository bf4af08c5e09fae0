//! The inside of a session script: single segments, the clock, acknowledgements, and the frame on the wire.

use super::capture_file::Frame;
use super::endpoint::Side;
use super::packet::{IpHeader, LinkHeader, PROTOCOL_TCP, TcpHeader, flag, ip_datagram, link_frame, tcp_segment};
use super::session_script::{AckPolicy, Checksums, SessionScript};
use super::tcp_host::{Host, Segment, SegmentId};

/// Delay of an acknowledgement that waits for data to travel with.
const DELAYED_ACK_NS: i64 = 150_000_000;

/// Single segments: out of order, repeated, missing, or with numbers of their own.
impl SessionScript {
    /// Makes the next segment of a side and counts its octets as sent, but writes no frame.
    pub(crate) fn compose(&mut self, from: Side, flags: u8, payload: &[u8]) -> SegmentId {
        let seq = self.host(from).next_seq;
        let segment = Segment { from, seq, flags, payload: payload.to_vec(), datagram: Vec::new() };
        self.host(from).next_seq = segment.end();
        self.segments.push(segment);
        SegmentId(self.segments.len() - 1)
    }

    /// Adds a segment with any sequence number: `offset` octets after the initial one.
    pub(crate) fn compose_at(&mut self, from: Side, offset: u32, flags: u8, payload: &[u8]) -> SegmentId {
        let seq = self.host(from).endpoint.isn.wrapping_add(offset);
        self.segments.push(Segment { from, seq, flags, payload: payload.to_vec(), datagram: Vec::new() });
        SegmentId(self.segments.len() - 1)
    }

    /// Writes the frame of a segment, for the first time or again.
    pub(crate) fn emit(&mut self, id: SegmentId) -> &mut Self {
        self.transmit(id, true)
    }

    /// A write that the peer gets and acknowledges, but the capture does not hold.
    pub(crate) fn lose(&mut self, from: Side, octets: &[u8]) -> &mut Self {
        let id = self.compose(from, flag::PSH, octets);
        self.transmit(id, false)
    }

    /// The segment composed last.
    pub(crate) fn last(&self) -> SegmentId {
        SegmentId(self.segments.len().checked_sub(1).expect("a segment was composed"))
    }

    /// Writes the segment composed last again.
    pub(crate) fn retransmit_last(&mut self) -> &mut Self {
        self.emit(self.last())
    }

    /// The time of the next frame, before its host's delay; nanoseconds since the Unix epoch.
    pub(crate) fn now_ns(&self) -> i64 {
        self.now_ns
    }

    pub(super) fn write(&mut self, from: Side, octets: &[u8]) -> &mut Self {
        let endpoint = &self.host(from).endpoint;
        let option_octets = if endpoint.options.timestamps { 12 } else { 0 };
        let size = endpoint.segment_octets - option_octets;
        let mut rest = octets;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(size));
            self.send(from, if after.is_empty() { flag::PSH } else { 0 }, piece);
            rest = after;
        }
        self
    }

    pub(super) fn send(&mut self, from: Side, flags: u8, payload: &[u8]) -> &mut Self {
        let id = self.compose(from, flags, payload);
        self.emit(id)
    }

    pub(super) fn host(&mut self, side: Side) -> &mut Host {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    /// Moves the clock, writing the acknowledgements that fall due on the way.
    pub(super) fn advance(&mut self, ns: i64) {
        let until = self.now_ns + ns;
        loop {
            let due = |host: &Host, side| host.ack_due_ns.filter(|due| *due <= until).map(|due| (due, side));
            let first = [due(&self.client, Side::Client), due(&self.server, Side::Server)]
                .into_iter()
                .flatten()
                .min_by_key(|d| d.0);
            let Some((due_ns, side)) = first else { break };
            self.pure_ack(side, due_ns);
        }
        self.now_ns = self.now_ns.max(until);
    }

    fn pure_ack(&mut self, side: Side, at_ns: i64) {
        let id = self.compose(side, 0, b"");
        self.put_on_wire(id, at_ns, true);
    }

    fn transmit(&mut self, id: SegmentId, recorded: bool) -> &mut Self {
        let (now_ns, last_sender, from) = (self.now_ns, self.last_sender, self.segments[id.0].from);
        let host = self.host(from);
        let delay_ns = match last_sender {
            None => 0,
            Some(last) if last == from => host.endpoint.frame_gap_ns,
            Some(_) => host.endpoint.answers_after_ns,
        };
        // An acknowledgement of its own may still be on its way.
        let own_ns = host.last_frame_ns.map_or(now_ns, |last_ns| last_ns + host.endpoint.frame_gap_ns);
        self.advance((now_ns + delay_ns).max(own_ns) - now_ns);
        self.put_on_wire(id, self.now_ns, recorded);
        self.last_sender = Some(from);
        self.deliver(id);
        self
    }

    /// Encodes the segment with what its sender acknowledges now.
    fn put_on_wire(&mut self, id: SegmentId, at_ns: i64, recorded: bool) {
        let segment = self.segments[id.0].clone();
        let clock_ms = ((at_ns - self.start_ns) / 1_000_000) as u32;
        let checksums = self.checksums;
        let to = self.host(segment.from.other()).endpoint.clone();
        let host = self.host(segment.from);
        let from = host.endpoint.clone();
        let clock = (from.timestamp_base.wrapping_add(clock_ms), host.peer_clock);
        let ip_id = host.endpoint.ip_id;
        host.endpoint.ip_id = ip_id.wrapping_add(from.ip_id_step);
        host.last_frame_ns = Some(at_ns);
        host.ack_due_ns = None;
        host.unacknowledged_segments = 0;
        let (syn, reset) = (segment.flags & flag::SYN != 0, segment.flags & flag::RST != 0);
        let header = TcpHeader {
            src: from.address,
            dst: to.address,
            seq: segment.seq,
            ack: host.expected.unwrap_or(0),
            flags: segment.flags | if host.expected.is_some() { flag::ACK } else { 0 },
            window: if reset { 0 } else { from.syn_window.filter(|_| syn).unwrap_or(from.window) },
            options: if reset { Vec::new() } else { from.options.encode(syn, clock) },
        };
        self.host(segment.from.other()).peer_clock = clock.0;
        let mut tcp = tcp_segment(&header, &segment.payload);
        if checksums == Checksums::WrongTcp {
            tcp[16] ^= 0x55;
        }
        let (src, dst) = (from.address.ip(), to.address.ip());
        let mut datagram = ip_datagram(&IpHeader { src, dst, protocol: PROTOCOL_TCP, ttl: from.ttl, id: ip_id }, &tcp);
        if checksums == Checksums::WrongIp && src.is_ipv4() {
            datagram[10] ^= 0x55;
        }
        if recorded && self.only_from.is_none_or(|side| side == segment.from) {
            self.record(at_ns, &datagram, from.mac, to.mac, from.pad_octet);
        }
        self.segments[id.0].datagram = datagram;
    }

    /// The peer takes the segment in and acknowledges by its policy.
    fn deliver(&mut self, id: SegmentId) {
        let segment = &self.segments[id.0];
        let (seq, end, flags, to) = (segment.seq, segment.end(), segment.flags, segment.from.other());
        if flags & flag::RST != 0 {
            self.client.ack_due_ns = None;
            self.server.ack_due_ns = None;
            return;
        }
        if seq == end {
            return;
        }
        let (policy, now_ns) = (self.ack_policy, self.now_ns);
        let host = self.host(to);
        let in_order = host.receive(seq, end);
        if flags & flag::SYN != 0 || policy == AckPolicy::Explicit {
            return;
        }
        host.unacknowledged_segments += 1;
        host.ack_due_ns = Some(now_ns + DELAYED_ACK_NS);
        let prompt =
            policy == AckPolicy::Every || !in_order || flags & flag::FIN != 0 || host.unacknowledged_segments >= 2;
        if prompt {
            let at_ns = now_ns + host.endpoint.acks_after_ns;
            self.pure_ack(to, at_ns);
        }
    }

    pub(super) fn record(
        &mut self,
        at_ns: i64,
        datagram: &[u8],
        src_mac: [u8; 6],
        dst_mac: [u8; 6],
        pad_octet: Option<u8>,
    ) {
        let header = LinkHeader { link: self.link, src_mac, dst_mac, vlans: &self.vlans, pad_octet };
        let octets = link_frame(&header, datagram);
        self.frames.borrow_mut().push(Frame::new(at_ns, self.link, octets));
    }
}
