//! The argument of EHLO, HELO and LHLO: is it a host name or an address literal (RFC 5321 4.1.1.1, 4.1.2, 4.1.3)?
//!
//! [`check`] takes what follows the verb and lists every fault of the argument, what is odd but allowed, and the
//! argument that was probably meant. A bare IPv4 address is a fault although the letter of the Domain grammar admits it:
//! a host name never has that form (RFC 1123 2.1). Blanks around the argument are none, RFC 5321 4.1.1 tolerates them.

mod literal;
mod pages;
mod problem;
mod suggestion;
#[cfg(test)]
mod tests;

pub use literal::LiteralFault;
pub use problem::{Detail, Note, Problem, ProblemCode};

/// Octets a label may have (RFC 1035 2.3.4).
const LABEL_OCTETS: usize = 63;
/// Octets the argument may have (RFC 5321 4.5.3.1.2).
const NAME_OCTETS: usize = 255;

/// How the command line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// Carriage return and line feed, as RFC 5321 2.3.8 demands.
    CrLf,
    /// A line feed alone.
    Lf,
}

impl LineEnd {
    /// How many octets it has.
    pub const fn octets(self) -> u64 {
        match self {
            Self::CrLf => 2,
            Self::Lf => 1,
        }
    }
}

/// What follows the verb, cut into blanks, argument and blanks. Blanks are spaces and tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HelloArgument<'a> {
    /// The blanks between verb and argument; empty when there is no argument.
    pub leading: &'a [u8],
    /// The argument, no blank at either end; offsets of [`Problem`] count from its first octet.
    pub octets: &'a [u8],
    /// The blanks after the argument, or after the verb when there is no argument.
    pub trailing: &'a [u8],
}

/// What [`check`] found about one argument.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArgumentCheck {
    /// Every fault, one entry a code, in order of offset, then of [`ProblemCode`].
    pub problems: Vec<Problem>,
    /// What is odd but allowed, in the order of [`Note`].
    pub notes: Vec<Note>,
    /// The well-formed argument that was probably meant, where it can be derived from a malformed one.
    pub suggestion: Option<String>,
}

impl ArgumentCheck {
    /// Whether the argument is a host name or an address literal.
    pub fn is_well_formed(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Cuts `after_verb`, the octets between the verb and the line end, into blanks and argument.
pub fn split_argument(after_verb: &[u8]) -> HelloArgument<'_> {
    let is_argument = |octet: &u8| !is_blank(*octet);
    let start = after_verb.iter().position(is_argument).unwrap_or(0);
    let end = after_verb.iter().rposition(is_argument).map_or(0, |last| last + 1);
    let (before, trailing) = after_verb.split_at_checked(end).unwrap_or((after_verb, &[]));
    let (leading, octets) = before.split_at_checked(start).unwrap_or((&[], before));
    HelloArgument { leading, octets, trailing }
}

/// Checks the argument in `after_verb`, the octets between the verb and the line end.
///
/// ```
/// use ehlotrace::smtp::ehlo::{LineEnd, ProblemCode, check};
///
/// let found = check(b" sub2.", LineEnd::CrLf);
/// assert_eq!((found.problems[0].code, found.problems[0].offset), (ProblemCode::TrailingDot, 4));
/// assert_eq!(found.suggestion.as_deref(), Some("sub2"));
/// assert!(check(b" mail.example.com", LineEnd::CrLf).is_well_formed());
/// ```
pub fn check(after_verb: &[u8], end: LineEnd) -> ArgumentCheck {
    let argument = split_argument(after_verb);
    let problems = problems(argument.octets);
    let suggestion = if problems.is_empty() { None } else { suggestion::derive(argument.octets) };
    let notes = notes(&argument, end, problems.is_empty());
    ArgumentCheck { problems, notes, suggestion }
}

/// What form the argument has; each form is judged by its own rules, so that one slip is not reported under several codes.
enum Form {
    /// It opens or closes with a bracket.
    Literal,
    /// Four labels of digits.
    DottedDecimal,
    /// An IPv6 address, no brackets.
    BareIpv6,
    /// Anything else is judged as a host name.
    Name,
}

impl Form {
    /// The form of `body`, an argument without its final dot.
    fn of(body: &[u8]) -> Self {
        if body.first() == Some(&b'[') || body.last() == Some(&b']') {
            Self::Literal
        } else if is_dotted_decimal(body) {
            Self::DottedDecimal
        } else if literal::bare_ipv6(body) {
            Self::BareIpv6
        } else {
            Self::Name
        }
    }
}

/// The fault of an argument of `octets` octets, if those are too many (RFC 5321 4.5.3.1.2).
pub(crate) fn too_long(octets: usize) -> Option<Problem> {
    let detail = Detail::Octets(octets);
    (octets > NAME_OCTETS).then_some(Problem { code: ProblemCode::NameTooLong, offset: NAME_OCTETS, detail })
}

/// Every fault of `argument`, which has no blank at either end.
fn problems(argument: &[u8]) -> Vec<Problem> {
    let mut found = Found(Vec::new());
    if argument.is_empty() {
        found.add(ProblemCode::Empty, 0);
    }
    found.0.extend(too_long(argument.len()));
    // A final dot is a fault of its own, so the rest is judged as if it were not there.
    let body = argument.strip_suffix(b".").unwrap_or(argument);
    if body.len() < argument.len() {
        found.add(ProblemCode::TrailingDot, body.len());
    }
    match Form::of(body) {
        Form::Literal => literal_problems(body, &mut found),
        Form::BareIpv6 => found.add(ProblemCode::BareIpv6, 0),
        Form::DottedDecimal => {
            found.add(ProblemCode::DottedDecimal, 0);
            label_problems(argument, &mut found);
        }
        Form::Name => {
            octet_problems(argument, &mut found);
            label_problems(argument, &mut found);
        }
    }
    found.0.sort_by_key(|problem| (problem.offset, problem.code));
    found.0
}

/// Problems gathered so far, one entry a code.
struct Found(Vec<Problem>);

impl Found {
    /// Records one occurrence at `offset`; only the first of a code makes an entry, further ones are counted in it.
    fn add(&mut self, code: ProblemCode, offset: usize) {
        self.add_with(code, offset, Detail::Times(1));
    }

    fn add_with(&mut self, code: ProblemCode, offset: usize, detail: Detail) {
        let Some(known) = self.0.iter_mut().find(|problem| problem.code == code) else {
            self.0.push(Problem { code, offset, detail });
            return;
        };
        if let Detail::Times(times) = &mut known.detail {
            *times = times.saturating_add(1);
        }
    }
}

/// Octets no form allows hide what the brackets hold, so the literal is judged only without them.
fn literal_problems(body: &[u8], found: &mut Found) {
    let before = found.0.len();
    for (offset, octet) in body.iter().enumerate() {
        if let Some(code @ (ProblemCode::Whitespace | ProblemCode::NonAscii | ProblemCode::ControlCharacter)) =
            octet_fault(*octet)
        {
            found.add(code, offset);
        }
    }
    if found.0.len() == before
        && let Err((offset, fault)) = literal::parse(body)
    {
        found.add_with(ProblemCode::BadAddressLiteral, offset, Detail::Literal(fault));
    }
}

fn octet_problems(name: &[u8], found: &mut Found) {
    for (offset, octet) in name.iter().enumerate() {
        if let Some(code) = octet_fault(*octet) {
            found.add(code, offset);
        }
    }
}

/// Why `octet` may not stand in a host name (RFC 5321 4.1.2: letters, digits, hyphens, dots between labels).
fn octet_fault(octet: u8) -> Option<ProblemCode> {
    match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' => None,
        b'_' => Some(ProblemCode::Underscore),
        b' ' | b'\t' => Some(ProblemCode::Whitespace),
        0..=31 | 127 => Some(ProblemCode::ControlCharacter),
        128..=255 => Some(ProblemCode::NonAscii),
        _ => Some(ProblemCode::BadCharacter),
    }
}

fn label_problems(name: &[u8], found: &mut Found) {
    // The single dot of "." is already the trailing one.
    if name.len() > 1 && name.first() == Some(&b'.') {
        found.add(ProblemCode::LeadingDot, 0);
    }
    for (offset, _) in name.windows(2).enumerate().filter(|(_, pair)| pair == b"..") {
        found.add(ProblemCode::EmptyLabel, offset);
    }
    let mut start = 0;
    for label in name.split(|octet| *octet == b'.') {
        if label.first() == Some(&b'-') {
            found.add(ProblemCode::LeadingHyphen, start);
        }
        // A label of one hyphen has already been counted above.
        if label.len() > 1 && label.last() == Some(&b'-') {
            found.add(ProblemCode::TrailingHyphen, start + label.len() - 1);
        }
        if label.len() > LABEL_OCTETS {
            found.add_with(ProblemCode::LabelTooLong, start + LABEL_OCTETS, Detail::Octets(label.len()));
        }
        start += label.len() + 1;
    }
}

fn notes(argument: &HelloArgument<'_>, end: LineEnd, well_formed: bool) -> Vec<Note> {
    let mut notes = Vec::new();
    if well_formed {
        notes.extend(form_note(argument.octets));
    }
    let mut note_if = |holds: bool, note: Note| notes.extend(holds.then_some(note));
    note_if(!argument.trailing.is_empty(), Note::TrailingBlanks);
    note_if(argument.leading.len() > 1, Note::SeveralBlanks);
    note_if(argument.leading.contains(&b'\t'), Note::Tab);
    note_if(end == LineEnd::Lf, Note::BareLf);
    note_if(matches!(literal::parse(argument.octets), Ok(literal) if literal.tag_case), Note::TagCase);
    notes
}

/// What is odd about a well-formed argument itself; the most telling note only.
fn form_note(octets: &[u8]) -> Option<Note> {
    if octets.eq_ignore_ascii_case(b"localhost") {
        Some(Note::Localhost)
    } else if octets.iter().all(|octet| octet.is_ascii_digit() || *octet == b'.') {
        Some(Note::AllNumeric)
    } else if !octets.contains(&b'.') && octets.first() != Some(&b'[') {
        Some(Note::SingleLabel)
    } else {
        None
    }
}

/// Whether `octets` has the form #.#.#.# of RFC 1123 2.1, whatever the numbers.
fn is_dotted_decimal(octets: &[u8]) -> bool {
    let is_number = |label: &[u8]| !label.is_empty() && label.iter().all(u8::is_ascii_digit);
    octets.split(|octet| *octet == b'.').count() == 4 && octets.split(|octet| *octet == b'.').all(is_number)
}

fn is_blank(octet: u8) -> bool {
    octet == b' ' || octet == b'\t'
}
