//! Windows event traces around packets: what netsh and pktmon leave, written by the layouts that are published.
//!
//! It uses nothing of the other support, for the unit tests of the format build traces with it, too.

/// The providers of packets, as GUIDs lie in a file.
pub(crate) const NDIS: [u8; 16] =
    [0x6e, 0, 0xd6, 0x2e, 0x29, 0x47, 0x09, 0x46, 0xb4, 0x23, 0x3e, 0xe7, 0xbc, 0xd6, 0x78, 0xef];
pub(crate) const PKTMON: [u8; 16] =
    [0xd9, 0x80, 0x4f, 0x4d, 0xbd, 0xc8, 0x73, 0x4d, 0xbb, 0x5b, 0x19, 0xc9, 0x04, 0x02, 0xc5, 0xac];

/// Bits of the keyword of a packet event of NDIS-PacketCapture.
pub(crate) mod keyword {
    pub(crate) const CAPTURED: u64 = 0x8000_0600_0000_0000;
    pub(crate) const ETHERNET: u64 = 0x1;
    pub(crate) const BROADBAND: u64 = 0x200;
    pub(crate) const WIRELESS: u64 = 0x1_0000;
    pub(crate) const SWITCH: u64 = 0x100_0000;
    pub(crate) const CUT: u64 = 0x200_0000;
    pub(crate) const FIRST: u64 = 0x4000_0000;
    pub(crate) const LAST: u64 = 0x8000_0000;
    pub(crate) const SENT: u64 = 0x1_0000_0000;
    pub(crate) const RECEIVED: u64 = 0x2_0000_0000;
}

/// 1970 in units of 100 ns since 1601.
const EPOCH: i64 = 116_444_736_000_000_000;
const BUFFER_HEADER: usize = 72;

/// What one event says, its data apart.
#[derive(Clone, Copy)]
pub(crate) struct Event {
    pub(crate) provider: [u8; 16],
    pub(crate) id: u16,
    pub(crate) keyword: u64,
    pub(crate) thread: u32,
}

/// A trace under construction.
#[derive(Clone)]
pub(crate) struct Trace {
    start_ns: i64,
    /// Octets of a buffer.
    pub(crate) buffer_octets: usize,
    /// 1 performance counter, 2 system time, 3 processor cycles.
    pub(crate) clock: u32,
    /// Hertz of the performance counter.
    pub(crate) frequency: i64,
    pub(crate) megahertz: u32,
    /// How buffers are compressed; 3 is XPRESS, the only one that is written here.
    pub(crate) compression: Option<u16>,
    pub(crate) is_circular: bool,
    pub(crate) is_closed: bool,
    pub(crate) lost: (u32, u32),
    /// The events of each processor's open buffer.
    open: Vec<Vec<u8>>,
    /// Processor, sequence number and events of every buffer.
    done: Vec<(u16, u64, Vec<u8>)>,
}

impl Trace {
    /// A trace that begins at so many nanoseconds since 1970, of so many processors.
    pub(crate) fn new(start_ns: i64, processors: usize) -> Self {
        Self {
            start_ns,
            buffer_octets: 4096,
            clock: 1,
            frequency: 10_000_000,
            megahertz: 2_400,
            compression: None,
            is_circular: false,
            is_closed: true,
            lost: (0, 0),
            open: vec![Vec::new(); processors],
            done: Vec::new(),
        }
    }

    /// The stamp of a moment.
    fn stamp(&self, time_ns: i64) -> i64 {
        let since = i128::from(time_ns - self.start_ns);
        let stamp = match self.clock {
            1 => i128::from(self.first_stamp()) + since * i128::from(self.frequency) / 1_000_000_000,
            2 => i128::from(self.first_stamp()) + since / 100,
            _ => i128::from(self.first_stamp()) + since * i128::from(self.megahertz) / 1_000,
        };
        stamp as i64
    }

    fn first_stamp(&self) -> i64 {
        if self.clock == 2 { self.start_ns / 100 + EPOCH } else { 2_612_963_192_268 }
    }

    /// An event of a processor.
    pub(crate) fn event(&mut self, processor: usize, time_ns: i64, event: Event, data: &[u8]) -> &mut Self {
        let octets = 80 + data.len();
        let mut record = Vec::with_capacity(octets);
        record.extend((octets as u16).to_le_bytes());
        record.extend([0x13, 0xc0, 0, 0, 0, 0]);
        record.extend(event.thread.to_le_bytes());
        record.extend(4_u32.to_le_bytes());
        record.extend(self.stamp(time_ns).to_le_bytes());
        record.extend(event.provider);
        record.extend(event.id.to_le_bytes());
        record.extend([0, 0x10, 4, 0, 0, 0]);
        record.extend(event.keyword.to_le_bytes());
        record.extend([0; 24]);
        record.extend(data);
        self.raw(processor, record)
    }

    /// Any octets as an event.
    pub(crate) fn raw(&mut self, processor: usize, mut record: Vec<u8>) -> &mut Self {
        record.resize(record.len().next_multiple_of(8), 0);
        if BUFFER_HEADER + self.open[processor].len() + record.len() > self.buffer_octets {
            self.flush(processor);
        }
        self.open[processor].extend(record);
        self
    }

    /// Ends the processor's buffer.
    pub(crate) fn flush(&mut self, processor: usize) {
        let events = std::mem::take(&mut self.open[processor]);
        if !events.is_empty() {
            self.done.push((processor as u16, self.done.len() as u64 + 1, events));
        }
    }

    /// A packet of NDIS-PacketCapture in one event, at one layer of the adapter 8.
    pub(crate) fn ndis(&mut self, processor: usize, time_ns: i64, sent: bool, layer: u32, frame: &[u8]) -> &mut Self {
        use keyword::{CAPTURED, ETHERNET, FIRST, LAST, RECEIVED, SENT};
        let keyword = CAPTURED | ETHERNET | FIRST | LAST | if sent { SENT } else { RECEIVED };
        self.ndis_event(processor, time_ns, keyword, layer, frame)
    }

    /// An event of NDIS-PacketCapture with this keyword.
    pub(crate) fn ndis_event(
        &mut self,
        processor: usize,
        time_ns: i64,
        keyword: u64,
        layer: u32,
        fragment: &[u8],
    ) -> &mut Self {
        let mut data = Vec::new();
        for field in [8, layer, fragment.len() as u32] {
            data.extend(field.to_le_bytes());
        }
        data.extend(fragment);
        data.extend([0; 16]);
        let event = Event { provider: NDIS, id: 1001, keyword, thread: 100 + processor as u32 };
        self.event(processor, time_ns, event, &data)
    }

    /// A frame of PktMon at a component.
    pub(crate) fn pktmon(&mut self, processor: usize, time_ns: i64, frame: &PktmonFrame<'_>) -> &mut Self {
        let id = if frame.drop_reason == 0 { 160 } else { 170 };
        let event = Event { provider: PKTMON, id, keyword: 0x10, thread: 200 + processor as u32 };
        self.event(processor, time_ns, event, &frame.data())
    }

    /// The file, its buffers sorted by processor as in a trace that was rewritten, or in the order in which they were full.
    pub(crate) fn finish(mut self, is_sorted: bool) -> Vec<u8> {
        for processor in 0..self.open.len() {
            self.flush(processor);
        }
        let mut buffers = std::mem::take(&mut self.done);
        if is_sorted {
            buffers.sort_by_key(|(processor, sequence, _)| (std::cmp::Reverse(*processor), *sequence));
        }
        if self.is_circular {
            let newest = buffers.len() / 3;
            buffers.rotate_right(newest);
        }
        let mut file = self.header_buffer(buffers.len() as u32);
        for (processor, sequence, events) in buffers {
            file.extend(self.buffer(processor, sequence, 0, &events));
        }
        file
    }

    fn header_buffer(&self, buffers: u32) -> Vec<u8> {
        let mut body = Vec::new();
        let mode = 1 | if self.is_circular { 2 } else { 0 } | if self.compression.is_some() { 0x401_0000 } else { 0 };
        body.extend((self.buffer_octets as u32).to_le_bytes());
        body.extend([10, 0, 2, 0]);
        for field in [22_621, self.open.len() as u32] {
            body.extend(field.to_le_bytes());
        }
        let end = if self.is_closed { self.start_ns / 100 + EPOCH + 600_000_000 } else { 0 };
        body.extend(end.to_le_bytes());
        for field in [156_250, 0, mode, buffers + 1, 1, 8, self.lost.0, self.megahertz] {
            body.extend(field.to_le_bytes());
        }
        body.resize(248, 0);
        body.extend((self.start_ns / 100 + EPOCH - 2_000_000_000).to_le_bytes());
        body.extend(self.frequency.to_le_bytes());
        body.extend((self.start_ns / 100 + EPOCH).to_le_bytes());
        body.extend(self.clock.to_le_bytes());
        body.extend(self.lost.1.to_le_bytes());
        assert_eq!(body.len(), 280);
        for name in ["NetTrace", "C:\\mail.etl"] {
            body.extend(name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
        }
        let mut event = vec![2, 0, 2, 0xc0];
        event.extend((32 + body.len() as u16).to_le_bytes());
        event.extend([0; 10]);
        event.extend(self.first_stamp().to_le_bytes());
        event.extend([0; 8]);
        event.extend(body);
        event.resize(event.len().next_multiple_of(8), 0);
        let octets = if self.compression.is_some() { 1024 } else { self.buffer_octets.max(1024) };
        let whole = Self { compression: None, buffer_octets: octets, ..self.clone() };
        let mut buffer = whole.buffer(0, 0, 4, &event);
        let state = self.compression.map_or(3, u32::from);
        buffer[0x2c..0x30].copy_from_slice(&state.to_le_bytes());
        buffer
    }

    fn buffer(&self, processor: u16, sequence: u64, kind: u16, events: &[u8]) -> Vec<u8> {
        let used = (BUFFER_HEADER + events.len()) as u32;
        let (octets, content, flag) = match self.compression {
            Some(_) => {
                let packed = xpress(events);
                (BUFFER_HEADER + packed.len(), packed, 0x60_u16)
            }
            None => (self.buffer_octets, events.to_vec(), 0x20),
        };
        let mut buffer = Vec::new();
        for field in [octets as u32, used, 0, 0] {
            buffer.extend(field.to_le_bytes());
        }
        buffer.extend([0; 8]);
        buffer.extend(sequence.to_le_bytes());
        buffer.extend([0; 8]);
        buffer.extend(processor.to_le_bytes());
        buffer.extend(40_u16.to_le_bytes());
        for field in [3, used] {
            buffer.extend(field.to_le_bytes());
        }
        for field in [flag, kind] {
            buffer.extend(field.to_le_bytes());
        }
        buffer.extend([0; 16]);
        buffer.extend(content);
        buffer.resize(octets, 0xff);
        buffer
    }
}

/// A frame as PktMon records it at one place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PktmonFrame<'a> {
    /// What appearances of one packet have in common, and which of them this is; 0 on builds that do not count.
    pub(crate) group: u64,
    pub(crate) appearance: u16,
    pub(crate) sent: bool,
    /// 1 Ethernet, 2 Wi-Fi, 3 IP.
    pub(crate) kind: u16,
    pub(crate) component: u16,
    pub(crate) edge: u16,
    /// 0 of a frame that was not dropped.
    pub(crate) drop_reason: u32,
    /// Octets of it that are recorded.
    pub(crate) most_octets: usize,
    pub(crate) octets: &'a [u8],
}

impl PktmonFrame<'_> {
    fn data(&self) -> Vec<u8> {
        let logged = &self.octets[..self.octets.len().min(self.most_octets)];
        let mut data = self.group.to_le_bytes().to_vec();
        let direction = if self.sent { 4 } else { 3 };
        for field in [1, self.appearance, direction, self.kind, self.component, self.edge, 0] {
            data.extend(field.to_le_bytes());
        }
        for field in [self.drop_reason, 0] {
            data.extend(field.to_le_bytes());
        }
        for field in [self.octets.len() as u16, logged.len() as u16] {
            data.extend(field.to_le_bytes());
        }
        data.extend(logged);
        data
    }
}

/// The octets as a stream of plain XPRESS (MS-XCA 2.3), with the first match found.
pub(crate) fn xpress(octets: &[u8]) -> Vec<u8> {
    const WINDOW: usize = 8_192;
    let mut packed = Packed { out: vec![0; 4], flags_at: 0, flags: 0, count: 0, nibble_at: None };
    let mut latest = std::collections::HashMap::new();
    let mut at = 0;
    while at < octets.len() {
        let found = octets.get(at..at + 3).and_then(|key| latest.insert(key, at));
        match found.filter(|from| at - from <= WINDOW) {
            Some(from) => {
                let same = octets[at..].iter().zip(&octets[from..]).take_while(|(one, other)| one == other).count();
                packed.matched(at - from, same.min(60_000));
                at += same.min(60_000);
            }
            None => {
                packed.out.push(octets[at]);
                packed.flag(0);
                at += 1;
            }
        }
    }
    packed.finish()
}

struct Packed {
    out: Vec<u8>,
    flags_at: usize,
    flags: u32,
    count: u32,
    nibble_at: Option<usize>,
}

impl Packed {
    fn matched(&mut self, distance: usize, octets: usize) {
        let mut left = octets - 3;
        self.out.extend((((distance - 1) << 3 | left.min(7)) as u16).to_le_bytes());
        if left >= 7 {
            left -= 7;
            match self.nibble_at.take() {
                Some(at) => self.out[at] |= (left.min(15) as u8) << 4,
                None => {
                    self.nibble_at = Some(self.out.len());
                    self.out.push(left.min(15) as u8);
                }
            }
            if left >= 15 {
                left -= 15;
                self.out.push(left.min(255) as u8);
                if left >= 255 {
                    self.out.extend(((left + 22) as u16).to_le_bytes());
                }
            }
        }
        self.flag(1);
    }

    fn flag(&mut self, flag: u32) {
        self.flags = self.flags << 1 | flag;
        self.count += 1;
        if self.count == 32 {
            self.out[self.flags_at..self.flags_at + 4].copy_from_slice(&self.flags.to_le_bytes());
            (self.flags_at, self.flags, self.count) = (self.out.len(), 0, 0);
            self.out.extend([0; 4]);
        }
    }

    fn finish(mut self) -> Vec<u8> {
        let rest = 32 - self.count;
        let ones = u32::try_from((1_u64 << rest) - 1).unwrap_or(u32::MAX);
        let flags = self.flags.checked_shl(rest).unwrap_or(0) | ones;
        self.out[self.flags_at..self.flags_at + 4].copy_from_slice(&flags.to_le_bytes());
        self.out
    }
}
