//! What a client says: the commands of RFC 5321 4.1 and its extensions.

use crate::smtp::ehlo::LineEnd;
use crate::time::Moment;

/// The verb of a command line, case ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verb {
    /// RFC 5321 4.1.1.1.
    Ehlo,
    /// RFC 5321 4.1.1.1.
    Helo,
    /// The hello of LMTP (RFC 2033 4.1).
    Lhlo,
    /// RFC 5321 4.1.1.2.
    Mail,
    /// RFC 5321 4.1.1.3.
    Rcpt,
    /// RFC 5321 4.1.1.4.
    Data,
    /// The line with a single dot that ends mail data (RFC 5321 4.1.1.4): no command of its own, but it gets a reply.
    EndOfData,
    /// RFC 3030.
    Bdat,
    /// RFC 4954; Exchange's `X-EXPS` too.
    Auth,
    /// RFC 3207; Exchange's `X-ANONYMOUSTLS` too.
    StartTls,
    /// RFC 5321 4.1.1.5.
    Rset,
    /// RFC 5321 4.1.1.9.
    Noop,
    /// RFC 5321 4.1.1.10.
    Quit,
    /// RFC 5321 4.1.1.6.
    Vrfy,
    /// RFC 5321 4.1.1.7.
    Expn,
    /// RFC 5321 4.1.1.8.
    Help,
    /// Of Postfix: whose session a proxy passes on.
    XClient,
    /// Of Postfix: for whom a proxy passes a message on, for the server's log and filters.
    XForward,
    /// Any other that some RFC or a common server defines: ETRN, TURN, SEND ...
    Extension,
    /// A verb a middlebox has overwritten with Xs.
    Mangled,
    /// An empty line.
    Blank,
    /// None of these.
    Unknown,
}

impl Verb {
    /// Reads the verb at the start of `line` and gives what follows it. Blanks before a verb are passed over, as servers do.
    pub fn parse(line: &[u8]) -> (Self, &[u8]) {
        let line = line.trim_ascii_start();
        let end = line.iter().position(|octet| octet.is_ascii_whitespace()).unwrap_or(line.len());
        let (word, rest) = line.split_at(end);
        let mut upper = [0_u8; LONGEST_VERB];
        let verb = match upper.get_mut(..word.len()) {
            Some(upper) => {
                upper.copy_from_slice(word);
                upper.make_ascii_uppercase();
                Self::from_upper(upper)
            }
            None => Self::Unknown,
        };
        (verb, rest)
    }

    fn from_upper(word: &[u8]) -> Self {
        match word {
            b"EHLO" => Self::Ehlo,
            b"HELO" => Self::Helo,
            b"LHLO" => Self::Lhlo,
            b"MAIL" => Self::Mail,
            b"RCPT" => Self::Rcpt,
            b"DATA" => Self::Data,
            b"BDAT" => Self::Bdat,
            b"AUTH" | b"X-EXPS" => Self::Auth,
            b"STARTTLS" | b"X-ANONYMOUSTLS" => Self::StartTls,
            b"RSET" => Self::Rset,
            b"NOOP" => Self::Noop,
            b"QUIT" => Self::Quit,
            b"VRFY" => Self::Vrfy,
            b"EXPN" => Self::Expn,
            b"HELP" => Self::Help,
            b"XCLIENT" => Self::XClient,
            b"XFORWARD" => Self::XForward,
            b"ETRN" | b"ATRN" | b"TURN" | b"SEND" | b"SOML" | b"SAML" | b"BURL" | b"ONEX" | b"VERB" | b"XEXCH50"
            | b"X-LINK2STATE" | b"XSHADOW" => Self::Extension,
            b"" => Self::Blank,
            word if word.len() >= 4 && word.iter().all(|octet| *octet == b'X') => Self::Mangled,
            _ => Self::Unknown,
        }
    }

    /// Whether the argument is the client's name.
    pub const fn is_hello(self) -> bool {
        matches!(self, Self::Ehlo | Self::Helo | Self::Lhlo)
    }

    /// Whether the line is a command anyone knows, and so no part of something else.
    pub const fn is_known(self) -> bool {
        !matches!(self, Self::Unknown | Self::Blank | Self::Mangled)
    }

    /// The verb in upper case; `.` for the end of mail data; none where the line itself has to say.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::Ehlo => "EHLO",
            Self::Helo => "HELO",
            Self::Lhlo => "LHLO",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::EndOfData => ".",
            Self::Bdat => "BDAT",
            Self::Auth => "AUTH",
            Self::StartTls => "STARTTLS",
            Self::Rset => "RSET",
            Self::Noop => "NOOP",
            Self::Quit => "QUIT",
            Self::Vrfy => "VRFY",
            Self::Expn => "EXPN",
            Self::Help => "HELP",
            Self::XClient => "XCLIENT",
            Self::XForward => "XFORWARD",
            Self::Extension | Self::Mangled | Self::Blank | Self::Unknown => return None,
        })
    }
}

const LONGEST_VERB: usize = 16;

/// One command line.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Command {
    /// Its verb.
    pub verb: Verb,
    /// The line as sent, without line end, cut at the bound; `***` in place of secrets and mail text.
    pub line: Box<[u8]>,
    /// How the line ended.
    pub end: LineEnd,
    /// Whether the capture lacks the line's end, or the bound cut it.
    pub is_cut: bool,
    /// The frame with the line's last octet.
    pub moment: Moment,
}

impl Command {
    /// The verb in upper case, as the line has it where it is none of the known ones, printable characters only.
    pub fn verb_name(&self) -> String {
        if let Some(name) = self.verb.name() {
            return name.to_owned();
        }
        let line = self.line.trim_ascii_start();
        let word = line.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        let printable =
            |octet: &u8| if octet.is_ascii_graphic() { char::from(octet.to_ascii_uppercase()) } else { '?' };
        word.iter().take(LONGEST_VERB).map(printable).collect()
    }

    /// What follows a hello's verb: its blanks, the argument, trailing blanks.
    pub fn after_verb(&self) -> &[u8] {
        Verb::parse(&self.line).1
    }
}

/// The size and the LAST mark of a BDAT command (RFC 3030 2): `BDAT 86 LAST`. None if it is malformed.
pub(super) fn parse_bdat(after_verb: &[u8]) -> Option<(u64, bool)> {
    let mut words = after_verb.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let size = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
    let is_last = match words.next() {
        None => false,
        Some(word) if word.eq_ignore_ascii_case(b"LAST") => true,
        Some(_) => return None,
    };
    if words.next().is_none() { Some((size, is_last)) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_found_whatever_their_case_and_blanks() {
        for (line, verb, rest) in [
            (&b"EHLO sub2."[..], Verb::Ehlo, &b" sub2."[..]),
            (b"helo\tx", Verb::Helo, b"\tx"),
            (b"  Quit", Verb::Quit, b""),
            (b"MAIL FROM:<a@example.com>", Verb::Mail, b" FROM:<a@example.com>"),
            (b"EHLOx y", Verb::Unknown, b" y"),
            (b"XXXX sub2", Verb::Mangled, b" sub2"),
            (b"", Verb::Blank, b""),
            (b"0123456789abcdefg", Verb::Unknown, b""),
        ] {
            assert_eq!(Verb::parse(line), (verb, rest), "{}", line.escape_ascii());
        }
    }

    #[test]
    fn bdat_takes_a_size_and_perhaps_last() {
        assert_eq!(parse_bdat(b" 86 LAST"), Some((86, true)));
        assert_eq!(parse_bdat(b" 0 last"), Some((0, true)));
        assert_eq!(parse_bdat(b" 1000"), Some((1000, false)));
        for bad in [&b""[..], b" LAST", b" -1", b" 12 FIRST", b" 12 LAST x", b" 99999999999999999999"] {
            assert_eq!(parse_bdat(bad), None, "{}", bad.escape_ascii());
        }
    }
}
