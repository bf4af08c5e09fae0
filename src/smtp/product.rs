//! Which server product is speaking, from the text of its greeting or its EHLO response.
//!
//! The table below has one row a product. A row names a product only by words that are its own: `<host> ESMTP` alone
//! is sent by qmail and by many others, so it names nobody. The first row that matches wins.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memchr2_iter;

use crate::smtp::MASK;

/// What a greeting or an EHLO response tells of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Product {
    /// The product with its version where the text has one, such as `Sendmail 8.14.4`; `None` when the text names none.
    /// Printable ASCII.
    pub name: Option<String>,
    /// The build of a product whose name already tells its release, such as `5.0.2195.5329`. Printable ASCII.
    pub build: Option<String>,
    /// A middlebox overwrote text: the greeting with asterisks, a keyword with `X`.
    pub masked: bool,
    /// Whether it is one of the systems KB 240832 is about.
    pub system_of_kb240832: bool,
}

/// Octets of greeting text looked at; RFC 5321 4.5.3.1.5 allows a line 512.
const TEXT_OCTETS: usize = 4096;
/// Octets of a version kept.
const VERSION_OCTETS: usize = 40;

/// One product and how its greeting is recognised. Letter case does not matter.
struct BannerRow {
    /// Phrases that must all occur; each starts and ends at the edge of a word.
    phrases: &'static [&'static str],
    name: &'static str,
    version: Version,
    system_of_kb240832: bool,
}

/// Where the version stands and what it is for; each phrase is tried until one is followed by a version.
enum Version {
    None,
    /// The word after the phrase is added to the name.
    Word(&'static [&'static str]),
    /// All words up to the closing parenthesis are added to the name.
    Words(&'static [&'static str]),
    /// The word after the phrase is the build; the name says the release.
    Build(&'static str),
}

const fn kb(phrases: &'static [&'static str], name: &'static str, version: Version) -> BannerRow {
    BannerRow { phrases, name, version, system_of_kb240832: true }
}

const fn other(phrases: &'static [&'static str], name: &'static str, version: Version) -> BannerRow {
    BannerRow { phrases, name, version, system_of_kb240832: false }
}

const IIS_BUILD: Version = Version::Build("Version: ");

#[rustfmt::skip]
const PRODUCTS: &[BannerRow] = &[
    // The systems of KB 240832 first: IIS and MCIS, Exchange, Notes and Domino, Sendmail.
    kb(&["Microsoft SMTP MAIL ready"], "Microsoft IIS 4.0 SMTP / MCIS 2.x", IIS_BUILD),
    kb(&["Microsoft ESMTP MAIL Service, Version: 5.0."], "Microsoft IIS 5.0 SMTP / Exchange 2000", IIS_BUILD),
    other(&["Microsoft ESMTP MAIL Service, Version: 6.0.2600."], "Microsoft IIS 5.1 SMTP", IIS_BUILD),
    kb(&["Microsoft ESMTP MAIL Service, Version: 6.0."], "Microsoft IIS 6.0 SMTP / Exchange 2003", IIS_BUILD),
    other(&["Microsoft ESMTP MAIL Service, Version: 7.0."], "Microsoft IIS 7.0 SMTP", IIS_BUILD),
    other(&["Microsoft ESMTP MAIL Service, Version: 7.5."], "Microsoft IIS 7.5 SMTP", IIS_BUILD),
    other(&["Microsoft ESMTP MAIL Service, Version: 8.0."], "Microsoft IIS 8.0 SMTP", IIS_BUILD),
    other(&["Microsoft ESMTP MAIL Service, Version: 8.5."], "Microsoft IIS 8.5 SMTP", IIS_BUILD),
    other(&["Microsoft ESMTP MAIL Service, Version: 10.0."], "Microsoft IIS 10.0 SMTP", IIS_BUILD),
    other(&["Microsoft ESMTP MAIL Service, Version:"], "Microsoft IIS SMTP", IIS_BUILD),
    other(&["mail.protection.outlook.com Microsoft ESMTP MAIL Service ready"], "Microsoft Exchange Online", Version::None),
    other(&["outlook.office365.com Microsoft ESMTP MAIL Service ready"], "Microsoft Exchange Online", Version::None),
    kb(&["Microsoft ESMTP MAIL Service ready"], "Microsoft Exchange 2007 or later", Version::None),
    kb(&["Microsoft Exchange Internet Mail Service 5.0."], "Microsoft Exchange 5.0 Internet Mail Service", Version::Word(&["Mail Service "])),
    kb(&["Microsoft Exchange Internet Mail Service 5.5."], "Microsoft Exchange 5.5 Internet Mail Service", Version::Word(&["Mail Service "])),
    kb(&["Microsoft Exchange"], "Microsoft Exchange Server", Version::Word(&["Mail Service ", "Mail Connector <"])),
    kb(&["Lotus SMTP MTA Service"], "Lotus Notes SMTP MTA", Version::None),
    kb(&["Lotus Notes ESMTP Server"], "Lotus Notes SMTP MTA", Version::None),
    kb(&["(Lotus Domino Build"], "Lotus Domino build", Version::Words(&["Domino Build "])),
    kb(&["(Lotus Domino"], "Lotus Domino", Version::Words(&["Domino Release "])),
    kb(&["(IBM Domino"], "IBM Domino", Version::Words(&["Domino Release "])),
    kb(&["(HCL Domino"], "HCL Domino", Version::Words(&["Domino Release "])),
    kb(&[" Sendmail"], "Sendmail", Version::Word(&[" Sendmail "])),
    // Everybody else.
    other(&["ESMTP", " Exim"], "Exim", Version::Word(&[" Exim "])),
    other(&["ESMTP", "(Exim"], "Exim", Version::Word(&["(Exim "])),
    other(&["ESMTP Postfix"], "Postfix", Version::Word(&["ESMTP Postfix (", "ESMTP Postfix "])),
    other(&["ESMTP", "MDaemon"], "MDaemon", Version::Word(&["MDaemon v", "MDaemon "])),
    other(&["NT-ESMTP Server", "(IMail"], "IMail", Version::Word(&["(IMail "])),
    other(&["ESMTP OpenSMTPD"], "OpenSMTPD", Version::Word(&["OpenSMTPD "])),
    other(&["ESMTP Haraka"], "Haraka", Version::Word(&["Haraka/", "Haraka "])),
    other(&["(JAMES SMTP Server"], "Apache James", Version::Word(&["(JAMES SMTP Server "])),
    other(&["(JAMES ESMTP Server"], "Apache James", Version::Word(&["(JAMES ESMTP Server "])),
    other(&["GroupWise Internet Agent"], "Novell GroupWise", Version::Word(&["Internet Agent "])),
    other(&["GroupWise SMTP/MIME Daemon"], "Novell GroupWise", Version::Word(&["MIME Daemon "])),
    other(&["SMTP Merak"], "Merak Mail Server", Version::Word(&["SMTP Merak "])),
    other(&["ESMTP Merak"], "Merak Mail Server", Version::Word(&["ESMTP Merak "])),
    other(&["ESMTP IceWarp"], "IceWarp", Version::Word(&["ESMTP IceWarp "])),
    other(&[" Kerio Connect"], "Kerio Connect", Version::Word(&["Kerio Connect "])),
    other(&[" Kerio MailServer"], "Kerio MailServer", Version::Word(&["Kerio MailServer "])),
    other(&["ESMTP CommuniGate Pro"], "CommuniGate Pro", Version::Word(&["CommuniGate Pro "])),
    other(&["ESMTP MailEnable Service"], "MailEnable", Version::Word(&["Version: "])),
    other(&["(Netscape Messaging Server"], "Netscape Messaging Server", Version::Word(&["Messaging Server "])),
    other(&["(iPlanet Messaging Server"], "iPlanet Messaging Server", Version::Word(&["Messaging Server "])),
    other(&["(Post.Office"], "Post.Office", Version::Word(&["(Post.Office v", "(Post.Office "])),
    other(&["Sun Internet Mail Server"], "Sun Internet Mail Server", Version::Word(&["Mail Server sims.", "Mail Server "])),
    other(&["(PMDF"], "PMDF", Version::Word(&["(PMDF V", "(PMDF "])),
    other(&["Symantec Messaging Gateway"], "Symantec Messaging Gateway", Version::None),
    other(&[" SonicWall"], "SonicWall Email Security", Version::Word(&["SonicWall "])),
    other(&["InterLock SMTP Gateway"], "InterLock SMTP Gateway", Version::Word(&["SMTP Gateway "])),
    other(&["CheckPoint FireWall-1 secure"], "Check Point FireWall-1", Version::None),
    other(&["SMTP/cmap ready"], "Cisco PIX 4.x", Version::None),
    other(&["SMTP/smap Ready"], "TIS FWTK smap", Version::None),
    other(&[" ESMTP ", " - gsmtp"], "Gmail", Version::None),
    other(&["mx.google.com ESMTP"], "Gmail", Version::None),
    other(&["Coremail SMTP"], "Coremail", Version::None),
    other(&["Esmtp QQ Mail Server"], "QQ Mail", Version::None),
    other(&[".mx.aol.com ESMTP"], "AOL", Version::None),
    other(&[".mimecast.com ESMTP"], "Mimecast", Version::None),
    other(&[".pphosted.com ESMTP"], "Proofpoint", Version::None),
    other(&["INetSim Mail Service"], "INetSim", Version::None),
    other(&["smtp4dev ready"], "smtp4dev", Version::None),
    other(&["Python SMTP proxy version"], "Python smtpd", Version::Word(&["SMTP proxy version "])),
    other(&["Python SMTP"], "aiosmtpd", Version::Word(&["Python SMTP "])),
    other(&["running IBM VM SMTP"], "IBM VM SMTP", Version::Word(&["SMTP Level ", "VM SMTP "])),
];

/// Recognises the server by its greeting: the text after `220-` or `220 `, one item a line.
pub(crate) fn recognise(greeting_lines: &[&[u8]]) -> Product {
    if is_masked(greeting_lines) {
        return Product { masked: true, ..Product::default() };
    }
    let text = joined(greeting_lines);
    if let Some(row) = first_row(&text) {
        return row.product(&text);
    }
    let name = greeting_lines.iter().any(|line| is_barracuda(line)).then(|| "Barracuda Email Gateway".to_owned());
    Product { name, ..Product::default() }
}

/// What of a line of a greeting tells of the product: the phrases it has, and the version.
pub(super) fn telling(line: &[u8]) -> Vec<Range<usize>> {
    let text = joined(&[line]);
    let mut found: Vec<Range<usize>> = phrases_in(&text).map(|(_, range)| range).collect();
    found.extend(first_row(&text).and_then(|row| row.version_in(&text)));
    if is_barracuda(line) {
        found.push(0..text.len());
    }
    // Before the line stands a line feed.
    found.into_iter().map(|range| range.start.saturating_sub(1)..range.end.saturating_sub(1)).collect()
}

/// Recognises the server, or a middlebox before it, by the lines of its EHLO response: the text after `250-` or `250 `.
pub(crate) fn recognise_from_ehlo(lines: &[&[u8]]) -> Product {
    const EXCHANGE: [&[u8]; 4] = [b"X-EXPS", b"XEXCH50", b"X-LINK2STATE", b"X-ANONYMOUSTLS"];
    // The first line is the server's greeting, keywords follow (RFC 5321 4.1.1.1).
    let keywords = || lines.iter().skip(1).filter_map(|line| line.split(|o| matches!(o, b' ' | b'=')).next());
    let exchange = keywords().any(|keyword| EXCHANGE.iter().any(|known| keyword.eq_ignore_ascii_case(known)));
    Product {
        name: exchange.then(|| "Microsoft Exchange Server".to_owned()),
        build: None,
        masked: keywords().any(is_overwritten_keyword),
        system_of_kb240832: exchange,
    }
}

/// As many octets as each phrase has at least; they rule out all phrases at nearly all places of a text.
const HEAD_OCTETS: usize = 3;

/// The phrases of [`PRODUCTS`] in order, and which of them have an octet as their first, second or third, one bit a phrase. To
/// look for them one by one takes a third of the time of a whole table report.
struct Phrases {
    texts: Vec<&'static str>,
    having: [[u128; 256]; HEAD_OCTETS],
}

static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
    let texts: Vec<&str> = PRODUCTS.iter().flat_map(|row| row.phrases).copied().collect();
    let mut having = [[0; 256]; HEAD_OCTETS];
    for (number, text) in texts.iter().enumerate() {
        for (expected, having) in text.bytes().zip(&mut having) {
            for (octet, phrases) in (0..=u8::MAX).zip(having) {
                *phrases |= u128::from(octet.eq_ignore_ascii_case(&expected)) << number;
            }
        }
    }
    Phrases { texts, having }
});

/// The phrases that occur in `text` behind its first octet, each by its number and where it stands.
fn phrases_in(text: &str) -> impl Iterator<Item = (u32, Range<usize>)> {
    let Phrases { texts, having } = &*PHRASES;
    let possible = move |[before, head @ ..]: &[u8; HEAD_OCTETS + 1]| {
        if is_in_word(Some(before)) && is_in_word(head.first()) {
            return 0;
        }
        let having = head.iter().zip(having).map(|(octet, having)| having.get(usize::from(*octet)));
        having.fold(u128::MAX, |possible, phrases| possible & phrases.copied().unwrap_or_default())
    };
    let places = (1..).zip(text.as_bytes().array_windows().map(possible)).filter(|(_, possible)| *possible != 0);
    places.flat_map(move |(start, possible)| {
        ones(possible).filter_map(move |number| {
            let phrase = texts.get(number as usize).filter(|phrase| is_phrase_at(text, start, phrase))?;
            Some((number, start..start + phrase.len()))
        })
    })
}

/// The numbers of the bits that are set.
fn ones(mut bits: u128) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let number = bits.trailing_zeros();
        bits &= bits.checked_sub(1)?;
        Some(number)
    })
}

/// Whether `phrase` stands at `start` and ends at the edge of a word.
fn is_phrase_at(text: &str, start: usize, phrase: &str) -> bool {
    let found = text.get(start..).and_then(|rest| rest.split_at_checked(phrase.len()));
    found.is_some_and(|(found, rest)| found.eq_ignore_ascii_case(phrase) && ends_word(phrase, rest))
}

/// The first row all of whose phrases occur in `text`.
fn first_row(text: &str) -> Option<&'static BannerRow> {
    let mut present = phrases_in(text).fold(0_u128, |present, (number, _)| present | 1 << number);
    PRODUCTS.iter().find(|row| {
        let phrases = (1 << row.phrases.len()) - 1;
        let is_there = present & phrases == phrases;
        present >>= row.phrases.len();
        is_there
    })
}

impl BannerRow {
    fn product(&self, text: &str) -> Product {
        let version = self.version_in(text).and_then(|range| text.get(range)).map(str::to_owned);
        let (version, build) = if let Version::Build(_) = self.version { (None, version) } else { (version, None) };
        let name = match version {
            Some(version) => format!("{} {version}", self.name),
            None => self.name.to_owned(),
        };
        Product { name: Some(name), build, masked: false, system_of_kb240832: self.system_of_kb240832 }
    }

    /// Where in `text` its version stands.
    fn version_in(&self, text: &str) -> Option<Range<usize>> {
        match self.version {
            Version::None => None,
            Version::Word(markers) => version_after(text, markers, false),
            Version::Words(markers) => version_after(text, markers, true),
            Version::Build(marker) => version_after(text, &[marker], false),
        }
    }
}

/// The lines as one text, octets outside printable ASCII as `?`. The lines are kept apart by line feeds: a phrase that
/// starts with a blank must not match the host name a line starts with.
fn joined(lines: &[&[u8]]) -> String {
    let mut text = Vec::with_capacity(lines.iter().map(|line| line.len() + 1).sum::<usize>().min(TEXT_OCTETS));
    for line in lines {
        text.push(b'\n');
        let room = TEXT_OCTETS.saturating_sub(text.len()).min(line.len());
        text.extend(line.iter().take(room).map(|octet| if matches!(octet, 32..=126) { *octet } else { b'?' }));
    }
    String::from_utf8(text).unwrap_or_default()
}

/// Whether `phrase` begins at the edge of a word; one that begins with no letter or digit does so anywhere.
fn begins_word(before: &str, phrase: &str) -> bool {
    !(is_in_word(phrase.as_bytes().first()) && is_in_word(before.as_bytes().last()))
}

/// Whether `phrase` ends at the edge of a word.
fn ends_word(phrase: &str, rest: &str) -> bool {
    !(is_in_word(phrase.as_bytes().last()) && is_in_word(rest.as_bytes().first()))
}

fn is_in_word(octet: Option<&u8>) -> bool {
    octet.is_some_and(u8::is_ascii_alphanumeric)
}

/// What follows the first occurrence of `phrase` that begins at the edge of a word.
fn after<'a>(text: &'a str, phrase: &str) -> Option<&'a str> {
    let fits = |start: &usize| {
        let Some((before, rest)) = text.split_at_checked(*start) else { return false };
        let found = rest.get(..phrase.len()).is_some_and(|found| found.eq_ignore_ascii_case(phrase));
        found && begins_word(before, phrase)
    };
    let initial = *phrase.as_bytes().first()?;
    let mut starts = memchr2_iter(initial.to_ascii_lowercase(), initial.to_ascii_uppercase(), text.as_bytes());
    let start = starts.find(fits)?;
    text.get(start + phrase.len()..)
}

/// Where the version stands that follows the first of `markers` that has one: it starts with a letter or digit and has a digit.
fn version_after(text: &str, markers: &[&str], to_parenthesis: bool) -> Option<Range<usize>> {
    markers.iter().find_map(|marker| {
        let rest = after(text, marker)?.trim_start_matches(' ');
        let start = text.len() - rest.len();
        let is_end = |c: char| match to_parenthesis {
            true => matches!(c, ')' | '\n'),
            false => !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+')),
        };
        let end = rest.find(is_end).unwrap_or(rest.len());
        let version = rest.get(..end.min(VERSION_OCTETS))?.trim_end_matches(['-', '.', ' ']);
        let is_version = version.starts_with(|c: char| c.is_ascii_alphanumeric()) && version.contains(char::is_numeric);
        is_version.then_some(start..start + version.len())
    })
}

/// A Cisco PIX overwrites all of the greeting but `2`, `0` and blanks with asterisks.
fn is_masked(lines: &[&[u8]]) -> bool {
    // A secret was there.
    if lines.contains(&MASK) {
        return false;
    }
    let octets = || lines.iter().copied().flatten();
    octets().filter(|octet| **octet == b'*').count() >= 2
        && octets().all(|octet| matches!(octet, b'*' | b'2' | b'0' | b' '))
}

/// A Barracuda gateway greets `<host> ESMTP (<32 hexadecimal digits>)`.
fn is_barracuda(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let Some((rest, hash)) = line.strip_suffix(b")").and_then(|line| line.split_last_chunk::<32>()) else {
        return false;
    };
    rest.ends_with(b" ESMTP (") && hash.iter().all(u8::is_ascii_hexdigit)
}

/// A middlebox hides an extension by writing `X` over its keyword, the length unchanged: `XXXXXXXA` was `STARTTLS`.
fn is_overwritten_keyword(keyword: &[u8]) -> bool {
    let Some((last, rest)) = keyword.split_last() else { return false };
    rest.len() >= 3 && last.is_ascii_uppercase() && rest.iter().all(|octet| *octet == b'X')
}

#[cfg(test)]
mod tests;
