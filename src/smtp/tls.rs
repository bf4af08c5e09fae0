//! TLS inside an SMTP connection: only its record headers are read (RFC 8446 5.1), to tell a handshake that worked.

/// What the record headers of both directions say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tls {
    /// What the client sent.
    pub client: Records,
    /// What the server sent.
    pub server: Records,
}

impl Tls {
    /// Whether both ends went on to exchange data: the handshake worked.
    ///
    /// In TLS 1.3 the client's Finished and an alert instead of it both travel as application data, so a single short
    /// record of the client proves nothing.
    pub const fn is_established(&self) -> bool {
        self.server.data_records > 0 && (self.client.sent_long_data || self.client.data_records > 1)
    }

    /// Whether anything that is TLS was seen.
    pub const fn is_seen(&self) -> bool {
        self.client.records > 0 || self.server.records > 0
    }
}

/// The records of one direction.
#[derive(Clone, Copy, Debug, Default)]
pub struct Records {
    /// All records.
    pub records: u64,
    /// Application data records.
    pub data_records: u64,
    /// Whether one of them, sent after data of the other direction, was too long to be an alert.
    pub sent_long_data: bool,
    /// The level and description of an alert sent in the clear (RFC 8446 6).
    pub alert: Option<(u8, u8)>,
    parser: Parser,
}

/// How far into a record the octets read so far reach.
#[derive(Clone, Copy, Debug, Default)]
enum Parser {
    #[default]
    Start,
    Header {
        read: u8,
        octets: [u8; HEADER_OCTETS],
    },
    Body {
        left: u32,
        content_type: u8,
        alert_level: Option<u8>,
    },
    /// The octets are no TLS; nothing more is read.
    Lost,
}

const HEADER_OCTETS: usize = 5;
const ALERT: u8 = 21;
const APPLICATION_DATA: u8 = 23;
/// An alert of 2 octets with its content type and the longest authentication tag and nonce in use.
const LONGEST_ENCRYPTED_ALERT: u32 = 40;

impl Records {
    /// Whether `octets`, the first of a direction, begin a TLS record.
    pub fn looks_like_tls(octets: &[u8]) -> bool {
        matches!(octets, [20..=23, 3, ..] | [20..=23])
    }

    /// Reads the next octets. `peer_sent_data` is whether the other direction has sent data.
    pub(super) fn push(&mut self, mut octets: &[u8], peer_sent_data: bool) {
        while let [first, rest @ ..] = octets {
            match &mut self.parser {
                Parser::Lost => return,
                Parser::Start => {
                    self.parser = if matches!(first, 20..=24) {
                        Parser::Header { read: 0, octets: [0; HEADER_OCTETS] }
                    } else {
                        Parser::Lost
                    };
                }
                Parser::Header { read, octets: header } => {
                    if let Some(slot) = header.get_mut(usize::from(*read)) {
                        *slot = *first;
                    }
                    *read += 1;
                    if usize::from(*read) == HEADER_OCTETS {
                        let header = *header;
                        self.begin(header, peer_sent_data);
                    }
                    octets = rest;
                }
                Parser::Body { left: 0, .. } => self.parser = Parser::Start,
                Parser::Body { left, content_type, alert_level } => {
                    // An alert of exactly two octets is in the clear.
                    if *content_type == ALERT && *left == 2 {
                        *alert_level = Some(*first);
                    } else if let (ALERT, 1, Some(level)) = (*content_type, *left, *alert_level) {
                        self.alert = Some((level, *first));
                    }
                    let step =
                        if *content_type == ALERT { 1 } else { octets.len().min(usize::try_from(*left).unwrap_or(0)) };
                    *left -= u32::try_from(step).unwrap_or(0);
                    octets = octets.get(step..).unwrap_or_default();
                }
            }
        }
    }

    fn begin(&mut self, header: [u8; HEADER_OCTETS], peer_sent_data: bool) {
        let [content_type, major, _, high, low] = header;
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
        // Only an alert of two octets is read; a longer one is encrypted.
        let content_type = if content_type == ALERT && left != 2 { APPLICATION_DATA } else { content_type };
        self.parser = Parser::Body { left, content_type, alert_level: None };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(content_type: u8, body: &[u8]) -> Vec<u8> {
        let [high, low] = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&[content_type, 3, 3, high, low], body].concat()
    }

    #[test]
    fn an_alert_in_the_clear_is_read_however_it_is_cut() {
        let octets = [record(22, &[1; 80]), record(21, &[2, 48])].concat();
        for cut in 0..=octets.len() {
            let mut records = Records::default();
            let (one, two) = octets.split_at(cut);
            records.push(one, false);
            records.push(two, false);
            assert_eq!((records.records, records.alert), (2, Some((2, 48))), "cut at {cut}");
        }
    }

    #[test]
    fn a_short_record_of_the_client_is_no_handshake_that_worked() {
        let mut tls = Tls::default();
        tls.server.push(&record(23, &[0; 900]), false);
        tls.client.push(&record(23, &[0; 19]), true);
        assert!(!tls.is_established());
        tls.client.push(&record(23, &[0; 53]), true);
        assert!(tls.is_established());
    }

    #[test]
    fn what_is_no_tls_is_not_read_on() {
        let mut records = Records::default();
        records.push(b"250 mail.example.com", false);
        records.push(&record(22, &[1; 8]), false);
        assert_eq!(records.records, 0);
        assert!(!Records::looks_like_tls(b"EHLO x"));
        assert!(Records::looks_like_tls(&[22, 3, 1]));
    }
}
