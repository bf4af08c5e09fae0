//! The loop: one capture in, sessions out.
//!
//! Every stage of the pipeline meets here and nowhere else. A packet is borrowed from the reader, passed over if it
//! surely has nothing to do with the ports asked for, decoded, and handed to the flow table; a connection that is over
//! becomes a [`Session`], is diagnosed, told to the observer, and dropped.

mod attempts;
mod capture_report;
mod fingerprint;
mod handover;
mod other_ports;

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::ControlFlow;

use crate::capture::{self, CaptureInfo, CaptureReader, LinkType, OpenOptions, Packet, PartBoundary, ReadError};
use crate::diagnosis::{Diagnosis, diagnose};
use crate::dns::Lookups;
use crate::flow::{ClosedFlow, FlowTable, StreamIndex};
use crate::limits::Limits;
use crate::plural::counted;
use crate::session::{Exported, FrameContent, Session, SessionBuilder, SessionFrame};
use crate::smtp::DialogueOptions;
use crate::time::{CaptureClock, Moment, Timestamp, Zone};
use crate::wire::{self, Decoded, Defragmenter, FragmentCounts, Interest, Ports, Reassembled, Segment, TcpHeader};

use attempts::Attempts;
pub use capture_report::{CaptureReport, CaptureSource, CopyOf, Ticket};
pub use fingerprint::{Fingerprint, FingerprintKey};
pub use other_ports::OtherPorts;

use fingerprint::Packets;
use other_ports::Listener;

/// What to look for, and within which bounds.
///
/// ```
/// # use ehlotrace::scan::ScanOptions;
/// let mut options = ScanOptions::on_ports([25, 587]);
/// options.any_port = true;
/// options.limits.live_flows = 10_000;
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ScanOptions {
    /// The ports servers listen on.
    pub ports: Ports,
    /// Whether dialogues found on other ports are followed, too: the capture is read again for them, where it can be.
    pub any_port: bool,
    /// Whether secrets of AUTH are kept, which are otherwise masked.
    pub keep_credentials: bool,
    /// The time zone of the hosts that Network Monitor captures come from.
    pub netmon_zone: Zone,
    /// Whether sessions get the number by which Wireshark knows their connection. Every TCP header of the capture has to be
    /// read for it.
    pub tcp_stream: bool,
    /// Whether DNS lookups are followed: those that led to a session, and those that led nowhere.
    pub dns: bool,
    /// By what captures are known as copies across several runs, if they are to be.
    pub fingerprint_key: Option<FingerprintKey>,
    /// The bounds to work within.
    pub limits: Limits,
}

impl ScanOptions {
    /// Sessions on the SMTP port, 25, secrets masked, within the ordinary bounds.
    pub fn new() -> Self {
        Self {
            ports: Ports::new([25]),
            any_port: false,
            keep_credentials: false,
            limits: Limits::default(),
            netmon_zone: Zone::default(),
            tcp_stream: false,
            dns: true,
            fingerprint_key: None,
        }
    }

    /// Sessions on these ports.
    pub fn on_ports(ports: impl IntoIterator<Item = u16>) -> Self {
        Self { ports: Ports::new(ports), ..Self::new() }
    }

    /// How dialogues are read.
    #[doc(hidden)]
    pub const fn dialogue(&self) -> DialogueOptions<'_> {
        DialogueOptions::new(&self.limits, self.keep_credentials)
    }

    /// How captures are opened.
    pub fn open_options(&self) -> OpenOptions {
        OpenOptions { limits: self.limits.clone(), netmon_zone: self.netmon_zone.clone() }
    }
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Reads the capture in `input` to its end, or to the damage that ends it, and hands each session to `observe` as it
/// closes.
///
/// # Errors
///
/// If `input` is no capture. Damage further on is no error here: it stands in the report, beside the sessions before it.
pub fn scan(
    input: Box<dyn Read + Send>,
    options: &ScanOptions,
    observe: &mut dyn FnMut(Session, Diagnosis),
) -> Result<CaptureReport, ReadError> {
    let reader = capture::open(input, &options.open_options())?;
    Ok(scan_capture(reader, options, observe))
}

/// Reads a capture that was opened before to its end, and hands each session to `observe` as it closes: a lost one that may
/// be followed by another attempt of the same delivery a little later ([`Diagnosis::delivered_later`]).
///
/// Of a large capture sessions are found on a second thread while `observe` is called on this one.
pub fn scan_capture(
    mut reader: Box<dyn CaptureReader>,
    options: &ScanOptions,
    observe: &mut dyn FnMut(Session, Diagnosis),
) -> CaptureReport {
    let mut sessions = Sessions { attempts: Attempts::new(&options.limits), tell: observe };
    let report = handover::scan(reader.as_mut(), options, &mut sessions);
    sessions.attempts.finish(sessions.tell);
    report
}

/// Reads a capture for an observer that may want frames, too.
#[doc(hidden)]
pub fn scan_observed<O: Observer>(
    reader: &mut dyn CaptureReader,
    options: &ScanOptions,
    observer: &mut O,
) -> CaptureReport {
    Scanner::new(options, observer).scan(reader)
}

/// Is told what a scan finds.
#[doc(hidden)]
pub trait Observer {
    /// Whether [`frame`](Self::frame) is to be called; it costs nothing where it is not.
    const WANTS_FRAMES: bool = false;

    /// A session is over.
    fn session(&mut self, session: Session, diagnosis: Diagnosis);

    /// A frame belongs to a session that is not over yet.
    fn frame(&mut self, frame: &SessionFrame<'_>) {
        let _ = frame;
    }
}

impl<O: Observer> Observer for &mut O {
    const WANTS_FRAMES: bool = O::WANTS_FRAMES;

    fn session(&mut self, session: Session, diagnosis: Diagnosis) {
        (**self).session(session, diagnosis);
    }

    fn frame(&mut self, frame: &SessionFrame<'_>) {
        (**self).frame(frame);
    }
}

/// Wants sessions only, and attempts of one delivery together.
struct Sessions<'f> {
    attempts: Attempts<'f>,
    tell: &'f mut dyn FnMut(Session, Diagnosis),
}

impl Observer for Sessions<'_> {
    fn session(&mut self, session: Session, diagnosis: Diagnosis) {
        self.attempts.closed(session, diagnosis, self.tell);
    }
}

/// Takes connections that are over: an observer at once, another thread later.
trait Sink<'o> {
    const WANTS_FRAMES: bool;

    fn closed(&mut self, flow: ClosedFlow<SessionBuilder<'o>>);

    fn frame(&mut self, frame: &SessionFrame<'_>);
}

impl<'o, O: Observer> Sink<'o> for O {
    const WANTS_FRAMES: bool = <O as Observer>::WANTS_FRAMES;

    fn closed(&mut self, flow: ClosedFlow<SessionBuilder<'o>>) {
        let session = Session::new(flow);
        let diagnosis = diagnose(&session);
        self.session(session, diagnosis);
    }

    fn frame(&mut self, frame: &SessionFrame<'_>) {
        Observer::frame(self, frame);
    }
}

struct Scanner<'o, S> {
    options: &'o ScanOptions,
    interest: Interest<'o>,
    sink: S,
    first: Option<Timestamp>,
    packets: Packets,
    /// Of several captures read as one, where each begins; and the part that the current packet is in.
    boundary: Option<PartBoundary>,
    part: u64,
    clock: CaptureClock,
    flows: FlowTable<SessionBuilder<'o>>,
    fragments: Defragmenter,
    fragment_counts: FragmentCounts,
    undecoded: BTreeMap<wire::Undecoded, u64>,
    streams: Option<StreamIndex>,
    /// The number of the connection that the current packet belongs to.
    stream: Option<u64>,
    lookups: Lookups,
    listener: Listener,
    sessions: u64,
}

impl<'o, S: Sink<'o>> Scanner<'o, S> {
    fn new(options: &'o ScanOptions, sink: S) -> Self {
        let limits = options.limits.clone();
        let interest =
            Interest { ports: &options.ports, all_tcp: options.tcp_stream, smtp_words: true, dns: options.dns };
        Self {
            options,
            interest,
            sink,
            first: None,
            packets: Packets::new(options.fingerprint_key),
            boundary: None,
            part: 0,
            clock: CaptureClock::default(),
            fragments: Defragmenter::new(&limits),
            fragment_counts: FragmentCounts::default(),
            streams: options.tcp_stream.then(|| StreamIndex::new(limits.numbered_ends)),
            stream: None,
            lookups: Lookups::new(&limits),
            listener: Listener::new(&limits),
            flows: FlowTable::new(options.ports.clone(), limits),
            undecoded: BTreeMap::new(),
            sessions: 0,
        }
    }

    /// Goes on with another sink.
    fn hand_over<T: Sink<'o>>(self, sink: T) -> Scanner<'o, T> {
        Scanner {
            options: self.options,
            interest: self.interest,
            sink,
            first: self.first,
            packets: self.packets,
            boundary: self.boundary,
            part: self.part,
            clock: self.clock,
            flows: self.flows,
            fragments: self.fragments,
            fragment_counts: self.fragment_counts,
            undecoded: self.undecoded,
            streams: self.streams,
            stream: self.stream,
            lookups: self.lookups,
            listener: self.listener,
            sessions: self.sessions,
        }
    }

    /// Reads the capture to its end.
    fn scan(mut self, reader: &mut dyn CaptureReader) -> CaptureReport {
        self.boundary = reader.boundary();
        let result = reader.for_each_packet(&mut |packet| {
            self.packet(&packet);
            ControlFlow::Continue(())
        });
        self.finish(reader, result)
    }

    fn packet(&mut self, packet: &Packet<'_>) {
        self.clock.advance(packet.time);
        self.packets.count(packet);
        if let Some(boundary) = &self.boundary {
            let part = boundary.part();
            if std::mem::replace(&mut self.part, part) != part {
                self.flows.next_part(PartBoundary::is_break(part));
            }
        }
        if S::WANTS_FRAMES {
            self.first.get_or_insert(packet.time);
        }
        if wire::may_matter(packet, self.interest) {
            self.packets.read(packet);
            self.read(packet);
        }
    }

    /// A packet that may matter, if only for the number of its connection.
    fn read(&mut self, packet: &Packet<'_>) {
        if self.interest.all_tcp {
            self.number(|| wire::tcp_header(packet));
            if !wire::may_matter(packet, Interest { all_tcp: false, ..self.interest }) {
                return;
            }
        }
        self.decoded(wire::decode(packet), packet, None);
    }

    /// Numbers the connection of the current packet, if numbers were asked for.
    fn number(&mut self, header: impl FnOnce() -> Option<TcpHeader>) {
        if let Some(streams) = &mut self.streams {
            self.stream = header().and_then(|header| streams.number(&header));
        }
    }

    fn decoded(&mut self, decoded: Decoded<'_>, packet: &Packet<'_>, whole: Option<&Reassembled>) {
        let moment = Moment { event: packet.event, ..self.clock.moment(packet.frame, packet.time) };
        match decoded {
            Decoded::Tcp(segment) => {
                let is_exported = packet.link == LinkType::WIRESHARK_UPPER_PDU;
                self.segment(&segment, is_exported.then_some(Exported::Segments), packet, whole);
            }
            Decoded::Unnumbered(segment) => {
                self.segment(&self.flows.numbered(segment), Some(Exported::Decrypted), packet, whole);
            }
            Decoded::Udp(datagram) if self.options.dns => self.lookups.datagram(&datagram, moment),
            Decoded::Unreachable(unreachable) => {
                let connection = self.flows.unreachable(&unreachable, moment);
                if S::WANTS_FRAMES
                    && let Some(connection) = connection
                {
                    self.show(connection, FrameContent::Unreachable(&unreachable), packet, whole);
                }
            }
            Decoded::Fragment(fragment) => {
                if let Some(whole) = self.fragments.push(&fragment, moment.time) {
                    self.number(|| wire::tcp_header_reassembled(&whole));
                    self.decoded(wire::decode_reassembled(&whole), packet, Some(&whole));
                }
            }
            Decoded::NotTcp | Decoded::Udp(_) => {}
            Decoded::Undecoded(reason) => *self.undecoded.entry(reason).or_default() += 1,
        }
    }

    /// A segment, or what Wireshark exported of one.
    fn segment(
        &mut self,
        segment: &Segment<'_>,
        exported: Option<Exported>,
        packet: &Packet<'_>,
        whole: Option<&Reassembled>,
    ) {
        if !segment.touches(&self.options.ports) {
            self.listener.segment(segment);
            return;
        }
        let moment = Moment { event: packet.event, ..self.clock.moment(packet.frame, packet.time) };
        let (options, stream, lookups) = (self.options, self.stream, &mut self.lookups);
        let open = || {
            let ends = segment.orient(&options.ports).filter(|_| options.dns);
            let lookup = ends.and_then(|(client, server)| lookups.connection(client.ip(), server.ip(), moment));
            SessionBuilder::new(options.dialogue()).with_tcp_stream(stream).with_lookup(lookup).with_exported(exported)
        };
        let followed = self.flows.segment(segment, moment, open);
        if S::WANTS_FRAMES
            && let Some(followed) = followed
        {
            let content = FrameContent::Segment(segment, followed);
            self.show(followed.connection, content, packet, whole);
        }
        self.report_closed();
    }

    fn show(
        &mut self,
        session: u64,
        content: FrameContent<'_>,
        packet: &Packet<'_>,
        reassembled: Option<&Reassembled>,
    ) {
        let since_first_ns = self.first.map_or(0, |first| packet.time.nanos_since(first));
        self.sink.frame(&SessionFrame { session, packet, since_first_ns, content, reassembled });
    }

    fn report_closed(&mut self) {
        while let Some(flow) = self.flows.pop_closed() {
            self.sessions += 1;
            self.sink.closed(flow);
        }
    }

    /// Closes what is still open; `result` is how the reading ended.
    fn finish(mut self, reader: &dyn CaptureReader, result: Result<(), ReadError>) -> CaptureReport {
        self.flows.elapse(self.clock.elapsed_ns());
        self.report_closed();
        // One by one: all of them together are as large as the table.
        while self.flows.close_oldest() {
            self.report_closed();
        }
        let empty = Defragmenter::new(&self.options.limits);
        self.fragment_counts = std::mem::replace(&mut self.fragments, empty).finish();
        let failed_lookups = self.lookups.finish(reader.info().last_time.unwrap_or_default());
        CaptureReport {
            mixed_parts: mixed_parts(reader.info(), self.flows.torn()),
            info: Some(reader.info().clone()),
            sessions: self.sessions,
            filtered_out: 0,
            undecoded: self.undecoded(),
            failed_lookups,
            other_ports: self.listener.finish(&self.options.ports),
            error: result.err(),
            fingerprint: Some(self.packets.finish()),
            copy_of: None,
        }
    }

    /// What could not be read, by reason.
    fn undecoded(&self) -> BTreeMap<String, u64> {
        let fragments = self.fragment_counts;
        let counted = [
            ("late-segment", self.flows.late_segments()),
            ("ip-fragment-contradictory", fragments.contradictory),
            ("ip-fragment-evicted", fragments.evicted),
            ("ip-fragment-incomplete", fragments.incomplete),
            ("tcp-stream-unnumbered", self.streams.as_ref().map_or(0, StreamIndex::unnumbered)),
        ];
        let decoding = self.undecoded.iter().map(|(reason, count)| (reason.to_string(), *count));
        let others = counted.into_iter().filter(|(_, count)| *count > 0);
        decoding.chain(others.map(|(reason, count)| (reason.to_owned(), count))).collect()
    }
}

/// Why these are no parts of one capture, in sentences without a full stop.
fn mixed_parts(info: &CaptureInfo, torn: u64) -> Vec<String> {
    let mut sentences = info.overlaps.clone();
    if info.overlaps_omitted > 0 {
        sentences.push(format!("{} more begin before the one before them ends", info.overlaps_omitted));
    }
    if torn > 0 {
        let connections = counted(torn, "connection of one file does not", "connections of one file do not");
        sentences.push(format!("{connections} go on in the next one with the same addresses and ports"));
    }
    let advice =
        "this is not how the parts of one capture are; if they are captures of their own, read them without --sequence";
    sentences.iter().map(|sentence| format!("{sentence}: {advice}")).collect()
}
