//! One frame, from its summary line to its hex dump.

use std::ops::Range;

use super::page::{Ink, Page};
use super::smtp::Payload;
use super::smtp::Shown;
use super::{Columns, Side, TraceLayout, TracedSession, View, hex, ip, tcp, words};
use crate::flow::{Direction, Followed};
use crate::report::escape;
use crate::session::{FrameContent, SessionFrame};
use crate::smtp::SpanKind;
use crate::time::NANOS_PER_SEC;
use crate::wire::detail::{self, FrameDetail};
use crate::wire::{Segment, Unreachable};

impl TracedSession {
    /// The lines of one of its frames. Frames come in order of the capture.
    pub(crate) fn frame(&mut self, frame: &SessionFrame<'_>, layout: &TraceLayout) -> String {
        let detail = detail::detail(frame.packet, frame.reassembled);
        let mut page = Page::new(layout.colour);
        match frame.content {
            FrameContent::Segment(segment, followed) => {
                self.segment(&mut page, frame, segment, followed, &detail, layout)
            }
            FrameContent::Unreachable(unreachable) => self.unreachable(&mut page, frame, unreachable, &detail, layout),
        }
        page.finish()
    }

    /// Takes notice of a frame that is not shown.
    pub(crate) fn pass_over(&mut self, frame: &SessionFrame<'_>) {
        if let FrameContent::Segment(segment, followed) = frame.content
            && segment.payload_wire_len > 0
        {
            let side = self.side(followed.direction);
            side.last_data = Some(frame.packet.frame);
            side.take(segment, followed);
        }
    }

    fn segment(
        &mut self,
        page: &mut Page,
        frame: &SessionFrame<'_>,
        segment: &Segment<'_>,
        followed: Followed,
        detail: &FrameDetail<'_>,
        layout: &TraceLayout,
    ) {
        let side = self.side(followed.direction);
        let other_copies = side.take(segment, followed);
        let payload = payload(segment, followed, &other_copies, side);
        let is_known = other_copies.is_empty();
        let tcp_line = tcp::line(segment, detail);
        let ink = ink(followed.direction);
        let is_plain = matches!(layout.view, View::Dialogue | View::Summary);
        let lines = match &payload {
            Some(payload) if is_plain => payload.plain(layout.shown(), &mut side.tls, followed.offset),
            Some(payload) => payload.lines(layout.shown(), &mut side.tls, followed.offset),
            None => Vec::new(),
        };
        if payload.is_some() {
            side.last_data = Some(frame.packet.frame);
        }
        if layout.view == View::Dialogue {
            // What is sent again says nothing new.
            if !(followed.is_repeated && is_known) {
                dialogue(page, frame, followed.direction, &lines, layout);
            }
            return;
        }
        let summary = match &payload {
            Some(payload) if is_plain && !layout.plain && payload.is_unnamed() => {
                let line = lines.first().map_or("", String::as_str);
                (ink, "SMTP", words::unnamed(&escape::cut(line, words::TEXT_OCTETS), payload.wire_octets))
            }
            Some(payload) => (ink, "SMTP", payload.title()),
            None => (Ink::Plain, "TCP", tcp_line.clone()),
        };
        top(page, frame, detail, summary, layout);
        if layout.view == View::Summary {
            return self.remarks(page, frame, own_remarks(segment, followed, is_known, detail), 0, layout);
        }
        link_and_ip(page, frame, detail, layout);
        let (node, child) = if layout.view == View::Detail {
            page.line(Ink::Plain, 0, &format!("TCP: {tcp_line}"));
            tcp::fields(page, segment, detail);
            (0, words::DETAIL_COLUMNS)
        } else {
            page.line(Ink::Plain, 0, &format!("{}TCP: {tcp_line}", words::COLLAPSED));
            (words::NODE_COLUMNS, words::CHILD_COLUMNS)
        };
        if let Some(payload) = &payload {
            page.line(ink, node, &format!("SMTP: {}", payload.title()));
            for line in lines {
                page.line(ink, child, &format!("SMTP: {line}"));
            }
        }
        self.remarks(page, frame, own_remarks(segment, followed, is_known, detail), child, layout);
        if layout.hex {
            let hidden = hidden(frame, segment, payload.as_ref(), detail, layout);
            page.blank();
            hex::dump(page, frame.packet.data, |at| hidden.get(at).copied().unwrap_or(true));
        }
        page.blank();
    }

    fn unreachable(
        &self,
        page: &mut Page,
        frame: &SessionFrame<'_>,
        unreachable: &Unreachable,
        detail: &FrameDetail<'_>,
        layout: &TraceLayout,
    ) {
        if layout.view == View::Dialogue {
            return;
        }
        let name = if unreachable.reported_by.is_ipv4() { "ICMP" } else { "ICMPv6" };
        let line = words::icmp(name, unreachable.reason);
        let said = line.strip_prefix(name).and_then(|line| line.strip_prefix(": ")).unwrap_or_default().to_owned();
        top(page, frame, detail, (Ink::Plain, name, said), layout);
        if layout.view == View::Summary {
            return self.remarks(page, frame, Vec::new(), 0, layout);
        }
        link_and_ip(page, frame, detail, layout);
        let columns = if layout.view == View::Detail { 0 } else { words::NODE_COLUMNS };
        page.line(Ink::Plain, columns, &line);
        self.remarks(page, frame, Vec::new(), words::CHILD_COLUMNS, layout);
        if layout.hex {
            page.blank();
            // It quotes the start of a segment, which may carry data behind the SYN's header.
            let quoted = detail.ip_payload_at.saturating_add(ICMP_AND_QUOTED_HEADERS);
            let shows_all = layout.mail_text && layout.show_credentials;
            hex::dump(page, frame.packet.data, |at| at >= quoted && !shows_all);
        }
        page.blank();
    }

    fn remarks(
        &self,
        page: &mut Page,
        frame: &SessionFrame<'_>,
        own: Vec<String>,
        columns: usize,
        layout: &TraceLayout,
    ) {
        if layout.plain {
            return;
        }
        let columns = if layout.view == View::Summary { layout.columns.number + 1 } else { columns };
        let remarks = self.remarks.get(&frame.packet.frame).into_iter().flatten().map(String::as_str);
        for text in own.iter().map(String::as_str).chain(remarks) {
            page.line(Ink::Fault, columns, &format!("{}{text}", words::REMARK));
        }
    }
}

/// What a segment itself gives cause to say. `is_known` is whether what it repeats has the same octets.
fn own_remarks(segment: &Segment<'_>, followed: Followed, is_known: bool, detail: &FrameDetail<'_>) -> Vec<String> {
    let mut remarks = Vec::new();
    if detail.is_fragment {
        remarks.push("fragments: this frame completes a datagram; the parts before it are not shown".to_owned());
    }
    if followed.is_repeated {
        remarks.push(format!("retransmission: {}", if is_known { words::SAME_BYTES } else { words::OTHER_BYTES }));
    }
    let captured = segment.payload.len();
    if usize::try_from(segment.payload_wire_len).is_ok_and(|octets| captured < octets) {
        remarks.push(format!("cut: the capture has the first {captured} of these {} bytes", segment.payload_wire_len));
    }
    remarks
}

/// The ICMP header, an IPv6 header and the shortest TCP header.
const ICMP_AND_QUOTED_HEADERS: usize = 8 + 40 + 20;

/// Each line with its frame, its time and who sent it.
fn dialogue(page: &mut Page, frame: &SessionFrame<'_>, from: Direction, lines: &[String], layout: &TraceLayout) {
    let Columns { number: number_columns, seconds: seconds_columns, .. } = layout.columns;
    let (number, seconds) = (frame.packet.frame, seconds(frame.since_first_ns));
    let who = if from == Direction::ClientToServer { 'C' } else { 'S' };
    for line in lines {
        page.line(ink(from), 0, &format!("{number:<number_columns$} {seconds:>seconds_columns$} {who}: {line}"));
    }
}

const fn ink(direction: Direction) -> Ink {
    match direction {
        Direction::ClientToServer => Ink::Client,
        Direction::ServerToClient => Ink::Server,
    }
}

/// What a segment carries; `other_copies` of its octets are not those that were read.
fn payload<'a>(
    segment: &Segment<'a>,
    followed: Followed,
    other_copies: &[Range<usize>],
    side: &Side,
) -> Option<Payload<'a>> {
    let octets = segment.payload;
    let runs = match followed.offset {
        // Of octets that were not captured the kind is still known.
        Some(offset) if octets.is_empty() => {
            side.spans.runs_by(offset, 1, Shown::class).into_iter().map(|(_, kind)| (0, kind)).collect()
        }
        Some(offset) => unknown_in(side.spans.runs_by(offset, octets.len(), Shown::class), other_copies),
        None => vec![(octets.len(), SpanKind::Unknown)],
    };
    (segment.payload_wire_len > 0).then(|| Payload {
        octets,
        wire_octets: segment.payload_wire_len,
        is_client: followed.direction == Direction::ClientToServer,
        runs,
        continued_from: side.last_data,
    })
}

/// `runs`, but that nothing is known of `unknown`.
fn unknown_in(runs: Vec<(usize, SpanKind)>, unknown: &[Range<usize>]) -> Vec<(usize, SpanKind)> {
    let mut rest = unknown.iter().peekable();
    let mut told: Vec<(usize, SpanKind)> = Vec::new();
    let mut at = 0;
    for (octets, kind) in runs {
        let end = at + octets;
        while at < end {
            while rest.next_if(|range| range.end <= at).is_some() {}
            let (stop, kind) = match rest.peek() {
                Some(range) if range.start <= at => (range.end, SpanKind::Unknown),
                Some(range) => (range.start, kind),
                None => (end, kind),
            };
            let step = stop.min(end) - at;
            match told.last_mut() {
                Some((last, before)) if *before == kind => *last += step,
                _ => told.push((step, kind)),
            }
            at += step;
        }
    }
    told
}

/// The summary line: in detail with both pairs of addresses, else with that of IP, in columns.
fn top(
    page: &mut Page,
    frame: &SessionFrame<'_>,
    detail: &FrameDetail<'_>,
    summary: (Ink, &str, String),
    layout: &TraceLayout,
) {
    let (ink, protocol, mut said) = summary;
    if let Some(event) = frame.packet.event {
        said += &words::event(event);
    }
    let (number, seconds) = (frame.packet.frame, seconds(frame.since_first_ns));
    let (src, dst) = match (detail.ip, frame.content) {
        (Some(ip), _) => (ip.src.to_string(), ip.dst.to_string()),
        // What Wireshark exported has no IP header, and says between whom it went all the same.
        (None, FrameContent::Segment(segment, _)) => (segment.src.ip().to_string(), segment.dst.ip().to_string()),
        (None, FrameContent::Unreachable(_)) => ("?".to_owned(), "?".to_owned()),
    };
    if layout.view == View::Detail {
        let (from, to) = match detail.link.addresses {
            Some((from, to)) => (hardware(from), hardware(to)),
            None => (src.clone(), dst.clone()),
        };
        let columns = words::NUMBER_COLUMNS;
        let text = format!("{number:<columns$} {seconds} {from} --> {to} {protocol} {said}  {src} --> {dst} IP");
        page.line(ink, 0, &text);
        page.blank();
    } else {
        let widths = layout.columns;
        let (number_columns, seconds_columns, address) = (widths.number, widths.seconds, widths.address);
        page.line(
            if layout.view == View::Summary { ink } else { Ink::Plain },
            0,
            &format!("{number:<number_columns$} {seconds:>seconds_columns$} {src:<address$} --> {dst:<address$} {protocol:<4} {said}"),
        );
    }
}

/// Attested (Q303802): twelve hex digits where Network Monitor knew no name.
fn hardware(address: [u8; 6]) -> String {
    address.iter().map(|octet| format!("{octet:02X}")).collect()
}

fn seconds(ns: i64) -> String {
    let sign = if ns < 0 { "-" } else { "" };
    let ns = ns.unsigned_abs();
    let (whole, rest) = (ns / NANOS_PER_SEC.unsigned_abs(), ns % NANOS_PER_SEC.unsigned_abs());
    let columns = words::SECONDS_DECIMALS;
    let fraction = rest / 10_u64.pow(9 - u32::try_from(columns).unwrap_or(9));
    format!("{sign}{whole}.{fraction:0columns$}")
}

fn link_and_ip(page: &mut Page, frame: &SessionFrame<'_>, detail: &FrameDetail<'_>, layout: &TraceLayout) {
    let collapsed = |page: &mut Page, line: &str| page.line(Ink::Plain, 0, &format!("{}{line}", words::COLLAPSED));
    collapsed(page, words::FRAME);
    collapsed(page, &words::link(&frame.packet.link.name(), detail.link.ether_type));
    let Some(ip) = detail.ip else { return };
    if layout.view == View::Detail {
        page.line(Ink::Plain, 0, &ip::line(&ip));
        ip::fields(page, &ip);
    } else {
        collapsed(page, &ip::line(&ip));
    }
}

fn header_octets(detail: &FrameDetail<'_>) -> usize {
    detail::TcpFields::read(detail.transport).map_or(0, |header| usize::try_from(header.header_octets).unwrap_or(0))
}

/// Which captured octets of the frame the hex dump must not give away.
fn hidden(
    frame: &SessionFrame<'_>,
    segment: &Segment<'_>,
    payload: Option<&Payload<'_>>,
    detail: &FrameDetail<'_>,
    layout: &TraceLayout,
) -> Vec<bool> {
    let data = frame.packet.data;
    let mut hidden = vec![false; data.len()];
    let shown = layout.shown();
    let mut hide = |from: usize, to: usize| {
        hidden.iter_mut().take(to).skip(from).for_each(|octet| *octet = true);
    };
    if shown.allows(SpanKind::Unknown) {
        return hidden;
    }
    let start = match segment.payload {
        [] => Some(detail.ip_payload_at.saturating_add(header_octets(detail))),
        payload => detail::offset_in(data, payload),
    };
    let (Some(start), false) = (start, detail.is_fragment) else {
        hide(detail.ip_payload_at, data.len());
        return hidden;
    };
    let mut at = start;
    for (octets, kind) in payload.map(|payload| payload.runs.as_slice()).unwrap_or_default() {
        let end = at.saturating_add(*octets);
        if !shown.allows(*kind) {
            hide(at, end);
        }
        at = end;
    }
    // A trailer may repeat anything, and some drivers pad short frames with what was in memory, not with zeros or spaces.
    let end = start.saturating_add(segment.payload.len());
    let behind = data.get(end..).unwrap_or_default();
    if ![0, b' '].iter().any(|filler| behind.iter().all(|octet| octet == filler)) {
        hide(end, data.len());
    }
    hidden
}
