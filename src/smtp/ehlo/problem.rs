//! The names, references and words of what [`check`](super::check) finds.

use super::{LABEL_OCTETS, LiteralFault, NAME_OCTETS, literal};

/// Why an argument is malformed. The order is that of the documentation and of problems at the same octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProblemCode {
    /// Nothing follows the verb.
    Empty,
    /// It ends in a dot, the fault of KB 240832.
    TrailingDot,
    /// It starts with a dot.
    LeadingDot,
    /// Two dots meet.
    EmptyLabel,
    /// A label has an underscore.
    Underscore,
    /// A printable character other than letters, digits, hyphen, dot and underscore.
    BadCharacter,
    /// A space or tab inside: more than one word.
    Whitespace,
    /// An octet above 127.
    NonAscii,
    /// An octet below 32 other than tab, or 127.
    ControlCharacter,
    /// A label starts with a hyphen.
    LeadingHyphen,
    /// A label ends with a hyphen.
    TrailingHyphen,
    /// A label has more than 63 octets.
    LabelTooLong,
    /// The argument has more than 255 octets.
    NameTooLong,
    /// Four labels of digits: an IPv4 address without brackets.
    DottedDecimal,
    /// Brackets that hold no address, or only one bracket.
    BadAddressLiteral,
    /// An IPv6 address without brackets.
    BareIpv6,
}

impl ProblemCode {
    /// Every code, in order.
    pub const ALL: [Self; 16] = [
        Self::Empty,
        Self::TrailingDot,
        Self::LeadingDot,
        Self::EmptyLabel,
        Self::Underscore,
        Self::BadCharacter,
        Self::Whitespace,
        Self::NonAscii,
        Self::ControlCharacter,
        Self::LeadingHyphen,
        Self::TrailingHyphen,
        Self::LabelTooLong,
        Self::NameTooLong,
        Self::DottedDecimal,
        Self::BadAddressLiteral,
        Self::BareIpv6,
    ];

    /// The stable name reports use, such as `trailing-dot`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TrailingDot => "trailing-dot",
            Self::LeadingDot => "leading-dot",
            Self::EmptyLabel => "empty-label",
            Self::Underscore => "underscore",
            Self::BadCharacter => "bad-character",
            Self::Whitespace => "whitespace",
            Self::NonAscii => "non-ascii",
            Self::ControlCharacter => "control-character",
            Self::LeadingHyphen => "leading-hyphen",
            Self::TrailingHyphen => "trailing-hyphen",
            Self::LabelTooLong => "label-too-long",
            Self::NameTooLong => "name-too-long",
            Self::DottedDecimal => "dotted-decimal",
            Self::BadAddressLiteral => "bad-address-literal",
            Self::BareIpv6 => "bare-ipv6",
        }
    }

    /// The section the argument breaks, such as `RFC 5321 4.1.2`.
    pub fn reference(self) -> &'static str {
        match self {
            Self::Empty | Self::Whitespace => "RFC 5321 4.1.1.1",
            Self::LabelTooLong => "RFC 1035 2.3.4",
            Self::NameTooLong => "RFC 5321 4.5.3.1.2",
            Self::DottedDecimal => "RFC 1123 2.1",
            Self::BadAddressLiteral | Self::BareIpv6 => "RFC 5321 4.1.3",
            _ => "RFC 5321 4.1.2",
        }
    }
}

/// What more is to say about a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Detail {
    /// How often it occurs in the argument.
    Times(usize),
    /// The length that is too long, in octets.
    Octets(usize),
    /// Which rule of address literals is broken.
    Literal(LiteralFault),
}

/// One fault of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// Which fault.
    pub code: ProblemCode,
    /// Octets from the start of the argument to the first offending octet; 0 where nothing is there.
    pub offset: usize,
    /// What more is to say.
    pub detail: Detail,
}

impl Problem {
    /// The fault in words that continue `EHLO argument "sub2." ...`, such as `ends in a dot`. Bytes are numbered from 1.
    /// `argument` is the one checked; of its octets only printable ASCII ones appear, others as `\xNN`.
    pub fn message(&self, argument: &[u8]) -> String {
        let octet = || shown(argument, self.offset);
        match self.code {
            ProblemCode::Empty => "is empty".to_owned(),
            ProblemCode::TrailingDot if argument == b"." => "is only a dot".to_owned(),
            ProblemCode::TrailingDot => "ends in a dot".to_owned(),
            ProblemCode::LeadingDot => "starts with a dot".to_owned(),
            ProblemCode::EmptyLabel => format!("has two dots in a row{}", self.place()),
            ProblemCode::Underscore => self.counted("an underscore", "underscores"),
            ProblemCode::BadCharacter => match self.detail {
                Detail::Times(2..) => {
                    format!("{}: {}", self.counted("", "characters that a host name cannot have"), octet())
                }
                _ => format!("has the character {}{}, which a host name cannot have", octet(), self.place()),
            },
            ProblemCode::Whitespace => match argument.get(self.offset) {
                Some(b'\t') => self.counted("a tab inside", "blanks inside"),
                _ => self.counted("a blank inside", "blanks inside"),
            },
            ProblemCode::NonAscii => {
                format!("{} ({})", self.counted("a non-ASCII byte", "non-ASCII bytes"), octet())
            }
            ProblemCode::ControlCharacter => {
                format!("{} ({})", self.counted("a control character", "control characters"), octet())
            }
            ProblemCode::LeadingHyphen => format!("has a label that starts with a hyphen{}", self.place()),
            ProblemCode::TrailingHyphen => format!("has a label that ends with a hyphen{}", self.place()),
            ProblemCode::LabelTooLong => {
                format!("has a label of {} bytes, more than the {LABEL_OCTETS} allowed", self.octets())
            }
            ProblemCode::NameTooLong => {
                format!("is {} bytes long, more than the {NAME_OCTETS} allowed", self.octets())
            }
            ProblemCode::DottedDecimal => dotted_decimal_message(argument).to_owned(),
            ProblemCode::BadAddressLiteral => self.literal_message(),
            ProblemCode::BareIpv6 => match literal::strip_ipv6_tag(argument) {
                Some(_) => "is an IPv6 address without brackets".to_owned(),
                None => "is an IPv6 address without brackets and the tag IPv6:".to_owned(),
            },
        }
    }

    /// ` at byte N`, from 1.
    fn place(&self) -> String {
        format!(" at byte {}", self.offset.saturating_add(1))
    }

    /// `has one at byte N`, or `has 3 many, the first at octet N`.
    fn counted(&self, one: &str, many: &str) -> String {
        match self.detail {
            Detail::Times(times @ 2..) => format!("has {times} {many}, the first{}", self.place()),
            _ => format!("has {one}{}", self.place()),
        }
    }

    fn octets(&self) -> usize {
        match self.detail {
            Detail::Octets(octets) => octets,
            Detail::Times(_) | Detail::Literal(_) => 0,
        }
    }

    fn literal_message(&self) -> String {
        let Detail::Literal(fault) = self.detail else { return "is not an address literal".to_owned() };
        match fault {
            LiteralFault::NotClosed => "has an opening bracket but no closing one".to_owned(),
            LiteralFault::NotOpened => "has a closing bracket but no opening one".to_owned(),
            LiteralFault::TextBefore => "has text before the opening bracket".to_owned(),
            LiteralFault::TextAfter => "has text after the closing bracket".to_owned(),
            LiteralFault::Empty => "has brackets with nothing inside".to_owned(),
            LiteralFault::InnerBracket => format!("has another bracket inside the brackets{}", self.place()),
            LiteralFault::Ipv6WithoutTag => "has an IPv6 address in brackets without the tag IPv6:".to_owned(),
            LiteralFault::NotIpv6 => "has brackets, but no IPv6 address inside".to_owned(),
            LiteralFault::NumberOver255 => format!("has a number over 255 in its IPv4 address{}", self.place()),
            LiteralFault::NotIpv4 => "has brackets, but no IPv4 address inside".to_owned(),
            LiteralFault::NameInside => "has a name in brackets, which are for addresses".to_owned(),
            LiteralFault::NoAddress => "has brackets, but no address inside".to_owned(),
        }
    }
}

fn dotted_decimal_message(argument: &[u8]) -> &'static str {
    let body = argument.strip_suffix(b".").unwrap_or(argument);
    match std::str::from_utf8(body).map(str::parse::<std::net::Ipv4Addr>) {
        Ok(Ok(_)) => "is an IPv4 address without brackets",
        _ => "has the form of an IPv4 address, but a host name cannot have this form",
    }
}

/// The octet at `offset` as printable ASCII.
fn shown(argument: &[u8], offset: usize) -> String {
    match argument.get(offset) {
        Some(octet) if octet.is_ascii_graphic() => char::from(*octet).to_string(),
        Some(octet) => format!("\\x{octet:02x}"),
        None => String::new(),
    }
}

/// What is odd about an argument or its line without making it malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Note {
    /// A name without a dot, as KB 240832 allows: the server appends its own domain.
    SingleLabel,
    /// The name `localhost`, which tells the server nothing. Not noted as a single label, too.
    Localhost,
    /// A name of digits, such as `12345`. Not noted as a single label, too.
    AllNumeric,
    /// Blanks after the argument, which RFC 5321 4.1.1 asks servers to tolerate.
    TrailingBlanks,
    /// More than one blank before the argument.
    SeveralBlanks,
    /// A tab before the argument.
    Tab,
    /// The line ended in a line feed alone.
    BareLf,
    /// The tag of an IPv6 literal not written `IPv6`.
    TagCase,
}

impl Note {
    /// Every note.
    pub const ALL: [Self; 8] = [
        Self::SingleLabel,
        Self::Localhost,
        Self::AllNumeric,
        Self::TrailingBlanks,
        Self::SeveralBlanks,
        Self::Tab,
        Self::BareLf,
        Self::TagCase,
    ];

    /// What it means, in words.
    pub fn message(self) -> &'static str {
        match self {
            Self::SingleLabel => "a name without a dot: allowed, the server adds its own domain",
            Self::Localhost => "`localhost` tells the server nothing",
            Self::AllNumeric => "a name with only digits",
            Self::TrailingBlanks => "blanks after the argument: allowed (RFC 5321 4.1.1)",
            Self::SeveralBlanks => "more than one blank before the argument",
            Self::Tab => "a tab before the argument, instead of a space",
            Self::BareLf => "the line ends with a line feed alone, not with CRLF (RFC 5321 2.3.8)",
            Self::TagCase => "the tag of an IPv6 literal should be written as `IPv6`",
        }
    }

    /// The stable name reports use, such as `single-label`.
    pub fn code(self) -> &'static str {
        match self {
            Self::SingleLabel => "single-label",
            Self::Localhost => "localhost",
            Self::AllNumeric => "all-numeric",
            Self::TrailingBlanks => "trailing-blanks",
            Self::SeveralBlanks => "several-blanks",
            Self::Tab => "tab",
            Self::BareLf => "bare-lf",
            Self::TagCase => "tag-case",
        }
    }
}
