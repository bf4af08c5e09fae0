//! The record layer (RFC 8446 5.1): where records begin, and what of them is in the clear.

use super::Alert;
use super::hello::message_octets;
use crate::time::Moment;

/// The records of one direction.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Records {
    /// All records.
    pub records: u64,
    /// Application data records.
    pub data_records: u64,
    /// Whether one of them, sent after data of the other direction, was too long to be an alert.
    pub sent_long_data: bool,
    /// An alert sent in the clear: the first fatal one, else the latest.
    pub alert: Option<Alert>,
    /// Whether octets are missing, so that it is not known where the next record begins: nothing more was read.
    pub is_cut_off: bool,
    /// Whether a hello was passed over, for it is longer than those that are read.
    pub is_hello_too_long: bool,
    /// Whether it sent a handshake message after ChangeCipherSpec: up to TLS 1.2 its Finished.
    pub is_finished: bool,
    is_ciphered: bool,
    parser: Parser,
    hello: Hello,
    wanted: Wanted,
}

/// Which handshake message is to be read next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A hello.
    #[default]
    Hello,
    /// A certificate: of a session that is resumed none comes.
    Certificate,
    /// None.
    Nothing,
}

/// How far into a record the octets read so far reach.
#[derive(Clone, Copy, Debug, Default)]
enum Parser {
    #[default]
    Start,
    Header {
        read: usize,
        octets: [u8; HEADER_OCTETS],
    },
    Body {
        left: u32,
        kind: Body,
    },
    /// The octets are no TLS; nothing more is read.
    Lost,
}

/// What a record's body is, as far as that matters here.
#[derive(Clone, Copy, Debug)]
enum Body {
    /// A part of a handshake message, perhaps.
    Handshake,
    /// An alert in the clear; its level once that was read.
    Alert {
        level: Option<u8>,
    },
    Opaque,
}

/// The octets of a hello that may go over several records.
#[derive(Clone, Debug)]
enum Hello {
    Open(Vec<u8>),
    /// It was read, or cannot be.
    Done,
}

impl Default for Hello {
    fn default() -> Self {
        Self::Open(Vec::new())
    }
}

const HEADER_OCTETS: usize = 5;
const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
/// The first octet of a ClientHello in the form of SSL 2.0, and a part of its length.
const SSL2_LENGTH: u8 = 0x80;
const APPLICATION_DATA: u8 = 23;
/// The largest record under encryption has 2^14 octets and 2,048 more (RFC 5246 6.2.3).
const LONGEST_RECORD: u16 = (1 << 14) + 2048;
/// An alert of 2 octets with its content type and the longest authentication tag and nonce in use.
const LONGEST_ENCRYPTED_ALERT: u32 = 40;

impl Records {
    /// Whether `octets`, which stand where a line of the dialogue may begin, begin a TLS record or a ClientHello in the form
    /// of SSL 2.0 (RFC 5246 E.2).
    pub(crate) fn looks_like_tls(octets: &[u8]) -> bool {
        matches!(octets, [20..=23, 3, ..] | [20..=23] | [0x80..=0xff, _, 1, 0 | 3, ..])
    }

    /// Whether `octets`, which may be anything, are a whole header of a TLS record and what follows.
    pub(in crate::smtp) fn is_surely_tls(octets: &[u8]) -> bool {
        match *octets {
            [20..=23, 3, 0..=4, high, low, ..] => u16::from_be_bytes([high, low]) <= LONGEST_RECORD,
            _ => false,
        }
    }

    /// Whether nothing was read or passed over so far.
    pub(in crate::smtp) const fn is_untouched(&self) -> bool {
        self.records == 0 && !self.is_cut_off && matches!(self.parser, Parser::Start)
    }

    /// Reads the next octets. `peer_sent_data` is whether the other direction has sent data.
    ///
    /// `tell` is given each handshake message from the first on, with whatever else stands behind it, and answers which is
    /// to be read next. A message that does not end within `hello_octets` octets is passed over.
    pub(super) fn push(
        &mut self,
        mut octets: &[u8],
        moment: Moment,
        peer_sent_data: bool,
        hello_octets: usize,
        tell: &mut dyn FnMut(&[u8]) -> Wanted,
    ) {
        while let [first, rest @ ..] = octets {
            match &mut self.parser {
                Parser::Lost => return,
                Parser::Start => {
                    self.parser = if matches!(first, 20..=24) || *first >= SSL2_LENGTH && self.records == 0 {
                        Parser::Header { read: 0, octets: [0; HEADER_OCTETS] }
                    } else {
                        Parser::Lost
                    };
                }
                Parser::Header { read, octets: header } => {
                    if let Some(slot) = header.get_mut(*read) {
                        *slot = *first;
                    }
                    *read += 1;
                    if *read == HEADER_OCTETS {
                        let header = *header;
                        self.begin(header, peer_sent_data);
                    }
                    octets = rest;
                }
                Parser::Body { left: 0, .. } => self.parser = Parser::Start,
                Parser::Body { left, kind } => {
                    let step = octets.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= u32::try_from(step).unwrap_or(*left);
                    let (body, rest) = octets.split_at_checked(step).unwrap_or((octets, &[]));
                    match kind {
                        Body::Handshake => {
                            let is_hello = self.wanted == Wanted::Hello;
                            let is_too_long = self.hello.push(body, hello_octets, &mut self.wanted, tell);
                            self.is_hello_too_long |= is_too_long && is_hello;
                        }
                        Body::Alert { level } => read_alert(&mut self.alert, level, body, moment),
                        Body::Opaque => {}
                    }
                    octets = rest;
                }
            }
        }
    }

    /// The next `octets` octets are missing. Inside a record it is known where the next begins.
    pub(super) fn skip(&mut self, octets: u64) {
        let octets = u32::try_from(octets).unwrap_or(u32::MAX);
        match &mut self.parser {
            Parser::Lost => {}
            Parser::Body { left, kind } if octets <= *left => {
                *left -= octets;
                if matches!(kind, Body::Handshake) {
                    self.hello = Hello::Done;
                }
                *kind = Body::Opaque;
            }
            _ => {
                self.parser = Parser::Lost;
                self.is_cut_off = true;
            }
        }
    }

    fn begin(&mut self, header: [u8; HEADER_OCTETS], peer_sent_data: bool) {
        let [content_type, major, _, high, low] = header;
        if content_type >= SSL2_LENGTH {
            // Its length counts what follows the first 2 octets.
            let octets = u16::from_be_bytes([content_type & !SSL2_LENGTH, major]);
            self.records += 1;
            self.parser = Parser::Body { left: u32::from(octets.saturating_sub(3)), kind: Body::Opaque };
            return;
        }
        if major != 3 {
            self.parser = Parser::Lost;
            return;
        }
        let left = u32::from(u16::from_be_bytes([high, low]));
        self.records += 1;
        if content_type == APPLICATION_DATA {
            self.data_records += 1;
            self.sent_long_data |= peer_sent_data && left > LONGEST_ENCRYPTED_ALERT;
        }
        self.is_finished |= content_type == HANDSHAKE && self.is_ciphered;
        self.is_ciphered |= content_type == CHANGE_CIPHER_SPEC;
        if self.is_ciphered && self.wanted == Wanted::Certificate {
            self.hello = Hello::Done;
        }
        let kind = match content_type {
            HANDSHAKE => Body::Handshake,
            // A longer one is encrypted.
            ALERT if left == 2 => Body::Alert { level: None },
            _ => Body::Opaque,
        };
        self.parser = Parser::Body { left, kind };
    }
}

fn read_alert(kept: &mut Option<Alert>, level: &mut Option<u8>, octets: &[u8], moment: Moment) {
    for octet in octets {
        match *level {
            None => *level = Some(*octet),
            Some(level) => {
                if !kept.is_some_and(|kept| kept.is_fatal()) {
                    *kept = Some(Alert { level, description: *octet, moment });
                }
            }
        }
    }
}

impl Hello {
    /// Says whether it is too long.
    fn push(&mut self, octets: &[u8], most: usize, wanted: &mut Wanted, tell: &mut dyn FnMut(&[u8]) -> Wanted) -> bool {
        let Self::Open(kept) = self else { return false };
        let room = most.saturating_sub(kept.len());
        kept.extend_from_slice(octets.get(..room).unwrap_or(octets));
        while let Some(needed) = message_octets(kept).filter(|needed| *needed <= kept.len()) {
            *wanted = tell(kept);
            if *wanted == Wanted::Nothing {
                *self = Self::Done;
                return false;
            }
            kept.drain(..needed);
        }
        // A message that would not fit is not waited for.
        let is_too_long = kept.len() >= most || message_octets(kept).is_some_and(|needed| needed > most);
        if is_too_long {
            *self = Self::Done;
        }
        is_too_long
    }
}
