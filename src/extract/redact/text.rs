//! Masking the text of commands and replies: mailboxes' local parts and addresses, octet for octet.

use std::collections::HashSet;
use std::net::Ipv6Addr;

use super::hello::mask_hello;

/// What a masked octet becomes. No X: a verb of Xs is what a middlebox makes of one.
pub(super) const MASK: u8 = b'_';

/// Verbs that are shown, the extensions too.
const VERBS: &[&[u8]] = &[
    b"EHLO",
    b"HELO",
    b"LHLO",
    b"MAIL",
    b"RCPT",
    b"DATA",
    b"BDAT",
    b"AUTH",
    b"X-EXPS",
    b"STARTTLS",
    b"X-ANONYMOUSTLS",
    b"RSET",
    b"NOOP",
    b"QUIT",
    b"VRFY",
    b"EXPN",
    b"HELP",
    b"ETRN",
    b"ATRN",
    b"TURN",
    b"SEND",
    b"SOML",
    b"SAML",
    b"XCLIENT",
    b"XFORWARD",
    b"BURL",
    b"ONEX",
    b"VERB",
    b"XEXCH50",
    b"X-LINK2STATE",
    b"XSHADOW",
];

/// Local parts kept of one session, and octets of one (RFC 5321 4.5.3.1.1).
const MOST_NAMES: usize = 1_024;
const NAME_OCTETS: usize = 64;

/// Local parts that commands named, in lower case.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(HashSet<Vec<u8>>);

impl Names {
    fn add(&mut self, name: &mut Vec<u8>) {
        let name = std::mem::take(name).to_ascii_lowercase();
        if name.len() > 1 && self.0.len() < MOST_NAMES {
            self.0.insert(name);
        }
    }

    fn has(&self, word: &[u8]) -> bool {
        self.0.contains(&word.to_ascii_lowercase())
    }

    /// Adds those of a whole command line.
    pub(super) fn learn(&mut self, line: &[u8]) {
        let mut command = CommandLine::default();
        for octet in line.iter().chain(b"\n") {
            command.octet(*octet, self);
        }
    }
}

/// A command line, masked octet by octet as it comes.
#[derive(Debug, Default)]
pub(super) struct CommandLine {
    word: Vec<u8>,
    place: Place,
}

/// Where in a command line the next octet stands.
#[derive(Debug, Default)]
enum Place {
    #[default]
    Verb,
    /// The argument of a hello: shown but for addresses in it.
    Hello,
    /// The size of a chunk.
    Shown,
    Masked,
    /// `FROM:` or `TO:`.
    Keyword,
    Local {
        is_quoted: bool,
        is_escaped: bool,
    },
    /// Behind the @.
    DomainStart,
    Domain,
    /// A domain that may be an address.
    MaskedDomain,
}

const LOCAL: Place = Place::Local { is_quoted: false, is_escaped: false };

impl CommandLine {
    /// The beginning of a line.
    pub(super) const fn at_start() -> Self {
        Self { word: Vec::new(), place: Place::Verb }
    }

    /// A line of which the beginning is not known.
    pub(super) const fn lost() -> Self {
        Self { word: Vec::new(), place: Place::Masked }
    }

    /// Masks octets of the stream, which may begin and end inside a line.
    pub(super) fn mask(&mut self, octets: &mut [u8], names: &mut Names) {
        for line in octets.split_inclusive_mut(|octet| *octet == b'\n') {
            let began = !matches!(self.place, Place::Hello);
            let is_ended = line.ends_with(b"\n");
            let mut argument_at = line.len();
            for (at, octet) in line.iter_mut().enumerate() {
                if matches!(self.place, Place::Hello) {
                    argument_at = argument_at.min(at);
                }
                *octet = self.octet(*octet, names);
            }
            mask_hello(line.get_mut(argument_at..).unwrap_or_default(), began && is_ended);
        }
    }

    /// What to show for the next octet. Addresses in a hello's argument are still to be masked.
    fn octet(&mut self, octet: u8, names: &mut Names) -> u8 {
        match octet {
            b'\n' => {
                if matches!(self.place, Place::Local { .. }) {
                    names.add(&mut self.word);
                }
                *self = Self::default();
                return octet;
            }
            b'\r' => return octet,
            _ => {}
        }
        match self.place {
            Place::Verb => self.verb(octet),
            Place::Shown | Place::Hello => octet,
            Place::Masked => masked(octet),
            Place::Keyword => self.keyword(octet),
            Place::Local { is_quoted, is_escaped } => self.local(octet, is_quoted, is_escaped, names),
            Place::DomainStart | Place::Domain | Place::MaskedDomain => self.domain(octet),
        }
    }

    fn verb(&mut self, octet: u8) -> u8 {
        if octet == b' ' || octet == b'\t' {
            if !self.word.is_empty() {
                let word = std::mem::take(&mut self.word);
                self.place = match word.as_slice() {
                    b"EHLO" | b"HELO" | b"LHLO" => Place::Hello,
                    b"BDAT" => Place::Shown,
                    b"MAIL" | b"RCPT" => Place::Keyword,
                    word if word.len() >= 4 && word.iter().all(|octet| *octet == b'X') => Place::Hello,
                    _ => Place::Masked,
                };
            }
            return octet;
        }
        self.word.push(octet.to_ascii_uppercase());
        let is_mangled = self.word.iter().all(|octet| *octet == b'X');
        if is_mangled || VERBS.iter().any(|verb| verb.starts_with(&self.word)) {
            // Of a mangled verb the first letters tell as much as all.
            self.word.truncate(NAME_OCTETS);
            return octet;
        }
        self.place = Place::Masked;
        MASK
    }

    fn keyword(&mut self, octet: u8) -> u8 {
        match octet {
            b' ' | b'\t' => octet,
            b':' => {
                self.word.clear();
                self.place = LOCAL;
                octet
            }
            _ => {
                self.word.push(octet.to_ascii_uppercase());
                if [&b"FROM"[..], b"TO"].iter().any(|word| word.starts_with(&self.word)) {
                    return octet;
                }
                self.place = Place::Masked;
                MASK
            }
        }
    }

    fn local(&mut self, octet: u8, is_quoted: bool, is_escaped: bool, names: &mut Names) -> u8 {
        let toggles = octet == b'"' && !is_escaped;
        self.place =
            Place::Local { is_quoted: is_quoted != toggles, is_escaped: is_quoted && octet == b'\\' && !is_escaped };
        match octet {
            b'<' if self.word.is_empty() => octet,
            b' ' | b'\t' if self.word.is_empty() => octet,
            b'@' if !is_quoted => {
                names.add(&mut self.word);
                self.place = Place::DomainStart;
                octet
            }
            b'>' | b' ' | b'\t' if !is_quoted => {
                names.add(&mut self.word);
                self.place = Place::Masked;
                octet
            }
            _ => {
                if !toggles && self.word.len() < NAME_OCTETS {
                    self.word.push(octet);
                }
                MASK
            }
        }
    }

    fn domain(&mut self, octet: u8) -> u8 {
        match octet {
            b'>' | b' ' | b'\t' => {
                self.place = Place::Masked;
                return octet;
            }
            // A source route goes on (RFC 5321 4.1.1.3).
            b',' | b':' if !matches!(self.place, Place::MaskedDomain) => {
                self.word.clear();
                self.place = LOCAL;
                return octet;
            }
            _ => {}
        }
        if matches!(self.place, Place::DomainStart) {
            let may_be_address = octet == b'[' || octet.is_ascii_digit();
            self.place = if may_be_address { Place::MaskedDomain } else { Place::Domain };
        }
        match self.place {
            Place::Domain if octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-') => octet,
            _ => MASK,
        }
    }
}

fn masked(octet: u8) -> u8 {
    if octet == b' ' || octet == b'\t' { octet } else { MASK }
}

/// Masks mailboxes' local parts, names that commands gave, and IP addresses in a whole line.
pub(super) fn mask_text(line: &mut [u8], names: &Names) {
    mask_dotted(line);
    let mut start = 0;
    while start < line.len() {
        let length = line.get(start..).unwrap_or_default().iter().position(|octet| is_delimiter(*octet));
        let end = length.map_or(line.len(), |length| start + length);
        let is_quoted = start > 0 && line.get(start - 1) == Some(&b'"') && line.get(start) == Some(&b'@');
        if is_quoted {
            mask_quoted(line.get_mut(..start - 1).unwrap_or_default());
        }
        if let Some(word) = line.get_mut(start..end) {
            mask_word(word, names);
        }
        start = end + 1;
    }
}

fn is_delimiter(octet: u8) -> bool {
    octet.is_ascii_whitespace() || b"<>()[]{}\"',;=".contains(&octet)
}

fn mask_word(word: &mut [u8], names: &Names) {
    if let Some(at) = word.iter().rposition(|octet| *octet == b'@') {
        // `To:ann@example.com` keeps its keyword.
        let from = word.iter().take(at).position(|octet| *octet == b':').map_or(0, |colon| colon + 1);
        word.iter_mut().take(at).skip(from).for_each(|octet| *octet = MASK);
        return;
    }
    let text = std::str::from_utf8(word).unwrap_or_default();
    let bare = text.trim_start_matches("IPv6:").trim_end_matches(['.', ':']);
    let is_v6 = bare.bytes().filter(|octet| *octet == b':').count() > 1 && bare.parse::<Ipv6Addr>().is_ok();
    let trimmed = word.trim_ascii();
    let trimmed = trimmed.strip_suffix(b":").or_else(|| trimmed.strip_suffix(b".")).unwrap_or(trimmed);
    let trimmed = trimmed.strip_suffix(b"...").unwrap_or(trimmed);
    if is_v6 || names.has(trimmed) {
        word.iter_mut().filter(|octet| is_v6 == octet.is_ascii_hexdigit() || !is_v6).for_each(|octet| *octet = MASK);
    }
}

/// Masks back to the quote that opens a quoted local part.
fn mask_quoted(before: &mut [u8]) {
    let open = before.iter().rposition(|octet| *octet == b'"').map_or(0, |at| at + 1);
    before.iter_mut().skip(open).for_each(|octet| *octet = MASK);
}

/// Masks the digits of IPv4 addresses, dotted or with hyphens as in names of dial-in hosts, whatever stands around them,
/// other numbers too.
fn mask_dotted(line: &mut [u8]) {
    const NUMBERS: usize = 4;
    let is_part = |octet: &u8| octet.is_ascii_digit() || b".-".contains(octet);
    for run in line.split_mut(|octet| !is_part(octet)) {
        let mut numbers: Vec<_> =
            run.split_mut(|octet| !octet.is_ascii_digit()).filter(|number| !number.is_empty()).collect();
        let is_small = |number: &&mut [u8]| std::str::from_utf8(number).is_ok_and(|text| text.parse::<u8>().is_ok());
        let are_small: Vec<bool> = numbers.iter().map(is_small).collect();
        for (at, window) in are_small.windows(NUMBERS).enumerate() {
            if window.iter().all(|is_small| *is_small) {
                numbers.iter_mut().skip(at).take(NUMBERS).for_each(|number| number.fill(MASK));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str) -> String {
        let (mut command, mut names) = (CommandLine::default(), Names::default());
        let mut octets = line.as_bytes().to_vec();
        command.mask(&mut octets, &mut names);
        String::from_utf8(octets).unwrap()
    }

    #[test]
    fn commands_lose_their_mailboxes_and_nothing_else() {
        for (line, masked) in [
            ("EHLO sub2.\r\n", "EHLO sub2.\r\n"),
            ("XXXX sub2\r\n", "XXXX sub2\r\n"),
            ("EHLO [192.0.2.10]\r\n", "EHLO [111.0.1.11]\r\n"),
            ("MAIL FROM:<ann.b@example.com> SIZE=10\r\n", "MAIL FROM:<_____@example.com> _______\r\n"),
            ("mail from: <>\r\n", "mail from: <>\r\n"),
            ("RCPT TO:<@a.example,@b.example:joe@c.example>\r\n", "RCPT TO:<@a.example,@b.example:___@c.example>\r\n"),
            ("RCPT TO:<\"a@ b\\\"c\"@x.example>\r\n", "RCPT TO:<_________@x.example>\r\n"),
            ("RCPT TO:<ann@[192.0.2.1]>\r\n", "RCPT TO:<___@___________>\r\n"),
            ("RCPT TO:ann\r\n", "RCPT TO:___\r\n"),
            ("RCPT ann@example.com\r\n", "RCPT _______________\r\n"),
            ("VRFY ann\r\n", "VRFY ___\r\n"),
            ("secret word\r\n", "se____ ____\r\n"),
            ("BDAT 86 LAST\r\nQUIT\r\n", "BDAT 86 LAST\r\nQUIT\r\n"),
        ] {
            assert_eq!(command(line), masked, "{line}");
        }
    }

    #[test]
    fn replies_lose_mailboxes_names_and_addresses() {
        let mut names = Names::default();
        names.learn(b"RCPT TO:<Ann@example.com>");
        for (line, masked) in [
            ("550 5.1.1 <bob@example.com>: User unknown", "550 5.1.1 <___@example.com>: User unknown"),
            ("550 No mailbox ann. here", "550 No mailbox ____ here"),
            ("250 Hello [192.0.2.10], 10.1.2.3:25", "250 Hello [___._._.__], __._._._:25"),
            ("220 mx Version: 5.5.1774.114.11 at 13:32:00", "220 mx Version: 5.5.1774.114.11 at 13:32:00"),
            ("250 Hello ip-192-0-2-10.isp.example", "250 Hello ip-___-_-_-__.isp.example"),
            ("Hello ip7-192-0-2-10-25.isp.example", "Hello ip_-___-_-_-__-__.isp.example"),
            ("refused 2001-192.0.2.10.", "refused 2001-___._._.__."),
            ("2.0.0 ok, 4.7.1-650", "2.0.0 ok, 4.7.1-650"),
            ("250 Hello [IPv6:2001:db8::1]", "250 Hello [IPv_:____:___::_]"),
            ("550 \"a b\"@example.com unknown", "550 \"___\"@example.com unknown"),
        ] {
            let mut octets = line.as_bytes().to_vec();
            mask_text(&mut octets, &names);
            let shown = String::from_utf8(octets).unwrap();
            assert_eq!(shown, masked);
        }
    }
}
