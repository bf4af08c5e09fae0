//! The loop: one capture in, sessions out.
//!
//! Every stage of the pipeline meets here and nowhere else. A packet is borrowed from the reader, passed over if it
//! surely has nothing to do with the ports asked for, decoded, and handed to the flow table; a connection that is over
//! becomes a [`Session`], is diagnosed, told to the observer, and dropped.

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::ControlFlow;

use crate::capture::{self, CaptureReader, NetmonZone, OpenOptions, Packet, ReadError};
use crate::diagnosis::{Diagnosis, diagnose};
use crate::flow::FlowTable;
use crate::limits::Limits;
use crate::report::CaptureReport;
use crate::session::{FrameContent, Session, SessionBuilder, SessionFrame};
use crate::smtp::DialogueOptions;
use crate::time::{Moment, Timestamp};
use crate::wire::{self, Decoded, Defragmenter, FragmentCounts, Ports, Reassembled};

/// What to look for, and within which bounds.
#[derive(Clone, Debug)]
pub struct ScanOptions {
    /// The ports servers listen on.
    pub ports: Ports,
    /// How the dialogue is read, with all bounds.
    pub dialogue: DialogueOptions,
    /// The time zone of the hosts that Network Monitor captures come from.
    pub netmon_zone: NetmonZone,
}

impl ScanOptions {
    /// Sessions on the SMTP port, 25, secrets masked, within the ordinary bounds.
    pub fn new() -> Self {
        let limits = Limits::default();
        Self {
            ports: Ports::new([25]),
            dialogue: DialogueOptions { limits, keep_credentials: false },
            netmon_zone: NetmonZone::default(),
        }
    }

    /// How captures are opened.
    pub fn open_options(&self) -> OpenOptions {
        OpenOptions { limits: self.dialogue.limits.clone(), netmon_zone: self.netmon_zone.clone() }
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

/// The same for a capture that was opened before.
pub fn scan_capture(
    mut reader: Box<dyn CaptureReader>,
    options: &ScanOptions,
    observe: &mut dyn FnMut(Session, Diagnosis),
) -> CaptureReport {
    scan_observed(reader.as_mut(), options, &mut Sessions(observe))
}

/// The same for an observer that may want frames, too.
pub fn scan_observed<O: Observer>(
    reader: &mut dyn CaptureReader,
    options: &ScanOptions,
    observer: &mut O,
) -> CaptureReport {
    let mut scanner = Scanner::new(options, observer);
    let result = reader.for_each_packet(&mut |packet| {
        scanner.packet(&packet);
        ControlFlow::Continue(())
    });
    scanner.finish();
    CaptureReport {
        info: Some(reader.info().clone()),
        sessions: scanner.sessions,
        undecoded: scanner.undecoded(),
        error: result.err(),
    }
}

/// Is told what a scan finds.
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

/// Wants sessions only.
struct Sessions<'f>(&'f mut dyn FnMut(Session, Diagnosis));

impl Observer for Sessions<'_> {
    fn session(&mut self, session: Session, diagnosis: Diagnosis) {
        (self.0)(session, diagnosis);
    }
}

struct Scanner<'o, O> {
    options: &'o ScanOptions,
    observer: &'o mut O,
    first: Option<Timestamp>,
    flows: FlowTable<SessionBuilder<'o>>,
    fragments: Defragmenter,
    fragment_counts: FragmentCounts,
    undecoded: BTreeMap<wire::Undecoded, u64>,
    sessions: u64,
}

impl<'o, O: Observer> Scanner<'o, O> {
    fn new(options: &'o ScanOptions, observer: &'o mut O) -> Self {
        let limits = options.dialogue.limits.clone();
        Self {
            options,
            observer,
            first: None,
            fragments: Defragmenter::new(&limits),
            fragment_counts: FragmentCounts::default(),
            flows: FlowTable::new(options.ports.clone(), limits),
            undecoded: BTreeMap::new(),
            sessions: 0,
        }
    }

    fn packet(&mut self, packet: &Packet<'_>) {
        if O::WANTS_FRAMES {
            self.first.get_or_insert(packet.time);
        }
        if wire::may_matter(packet, &self.options.ports) {
            self.decoded(wire::decode(packet), packet, None);
        }
    }

    fn decoded(&mut self, decoded: Decoded<'_>, packet: &Packet<'_>, whole: Option<&Reassembled>) {
        let moment = Moment { frame: packet.frame, time: packet.time };
        match decoded {
            Decoded::Tcp(segment) => {
                let options = &self.options.dialogue;
                let followed = self.flows.segment(&segment, moment, || SessionBuilder::new(options));
                if O::WANTS_FRAMES
                    && let Some(followed) = followed
                {
                    let content = FrameContent::Segment(&segment, followed);
                    self.show(followed.connection, content, packet, whole);
                }
                self.report_closed();
            }
            Decoded::Unreachable(unreachable) => {
                let connection = self.flows.unreachable(&unreachable, moment);
                if O::WANTS_FRAMES
                    && let Some(connection) = connection
                {
                    self.show(connection, FrameContent::Unreachable(&unreachable), packet, whole);
                }
            }
            Decoded::Fragment(fragment) => {
                if let Some(whole) = self.fragments.push(&fragment, moment.time) {
                    self.decoded(wire::decode_reassembled(&whole), packet, Some(&whole));
                }
            }
            Decoded::NotTcp => {}
            Decoded::Undecoded(reason) => *self.undecoded.entry(reason).or_default() += 1,
        }
    }

    fn show(
        &mut self,
        session: u64,
        content: FrameContent<'_>,
        packet: &Packet<'_>,
        reassembled: Option<&Reassembled>,
    ) {
        let since_first_ns = self.first.map_or(0, |first| packet.time.nanos_since(first));
        self.observer.frame(&SessionFrame { session, packet, since_first_ns, content, reassembled });
    }

    fn report_closed(&mut self) {
        while let Some(flow) = self.flows.pop_closed() {
            let session = Session::new(flow);
            let diagnosis = diagnose(&session);
            self.sessions += 1;
            self.observer.session(session, diagnosis);
        }
    }

    fn finish(&mut self) {
        self.flows.close_all();
        self.report_closed();
        let empty = Defragmenter::new(&self.options.dialogue.limits);
        self.fragment_counts = std::mem::replace(&mut self.fragments, empty).finish();
    }

    /// What could not be read, by reason.
    fn undecoded(&self) -> BTreeMap<String, u64> {
        let fragments = self.fragment_counts;
        let counted = [
            ("late-segment", self.flows.late_segments()),
            ("ip-fragment-contradictory", fragments.contradictory),
            ("ip-fragment-evicted", fragments.evicted),
            ("ip-fragment-incomplete", fragments.incomplete),
        ];
        let decoding = self.undecoded.iter().map(|(reason, count)| (reason.to_string(), *count));
        let others = counted.into_iter().filter(|(_, count)| *count > 0);
        decoding.chain(others.map(|(reason, count)| (reason.to_owned(), count))).collect()
    }
}
