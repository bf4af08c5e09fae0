//! Secrets of a session, so that a server that repeats one in a reply does not give it away.
//!
//! Of what is masked on the client's side, and of what it says in base64, every run of six octets is remembered, case
//! ignored, and what is shorter as a whole. A word of a reply that has one of them is masked, unless the client said the same
//! openly.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::base64;
use crate::smtp::MASK;
use crate::smtp::reply::EnhancedStatusCode;

/// Shorter parts stand in replies by chance, but for those that are a secret of their own.
const PART_OCTETS: usize = 6;

/// Names of mechanisms, which stand beside secrets and are none.
const MECHANISMS: &[&[u8]] = &[
    b"ANONYMOUS",
    b"CRAM-MD5",
    b"DIGEST-MD5",
    b"EXTERNAL",
    b"GSSAPI",
    b"KERBEROS_V4",
    b"LOGIN",
    b"NTLM",
    b"OAUTHBEARER",
    b"PLAIN",
    b"SCRAM-SHA-1",
    b"SCRAM-SHA-1-PLUS",
    b"SCRAM-SHA-256",
    b"SCRAM-SHA-256-PLUS",
    b"XOAUTH2",
];

/// Six octets in lower case, or fewer where these are all there is, as a number.
type SixOctets = u64;

/// What one client kept to itself, and what it said openly.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    parts: BTreeSet<SixOctets>,
    open: BTreeSet<SixOctets>,
    /// Whether a part is shorter than six octets.
    has_short: bool,
    /// There were too many: any text may hold one.
    is_full: bool,
    /// One is missing from the capture: the next replies may hold it.
    is_missing: bool,
}

impl Secrets {
    /// Whether no secret was seen and none is missing.
    pub(super) fn is_none(&self) -> bool {
        self.parts.is_empty() && !self.is_full && !self.is_missing
    }

    /// Whether parts of a secret are remembered.
    pub(super) fn has_parts(&self) -> bool {
        !self.parts.is_empty()
    }

    /// Notes that there is more of a secret than can be remembered.
    pub(super) const fn set_full(&mut self) {
        self.is_full = true;
    }

    /// Notes whether a secret is missing from the capture.
    pub(super) const fn set_missing(&mut self, is_missing: bool) {
        self.is_missing = is_missing;
    }

    /// Remembers `text`, what was masked; a `piece` may begin anywhere in its base64. At most `most` parts are kept.
    pub(super) fn add(&mut self, text: &[u8], is_piece: bool, most: usize) {
        for word in text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
            if MECHANISMS.iter().any(|name| name.eq_ignore_ascii_case(word)) {
                continue;
            }
            self.add_parts(word, most);
            for skipped in 0..if is_piece { 4 } else { 1 } {
                let decoded = decoded(word.get(skipped..).unwrap_or_default());
                // PLAIN and OAUTHBEARER part their fields by controls.
                for field in decoded.split(u8::is_ascii_control) {
                    self.add_parts(field, most);
                    // SCRAM and OAUTHBEARER name what they say: `n=ann,r=...`.
                    for value in field.split(|octet| matches!(octet, b',' | b' ')) {
                        let equals = value.iter().position(|octet| *octet == b'=').unwrap_or(value.len());
                        self.add_short(value.get(equals + 1..).unwrap_or_default(), most);
                    }
                }
            }
        }
    }

    fn add_parts(&mut self, octets: &[u8], most: usize) {
        for part in parts(octets) {
            if self.parts.len() >= most {
                self.is_full = true;
                return;
            }
            self.parts.insert(part);
        }
        self.add_short(octets, most);
    }

    /// Remembers what has no six octets.
    fn add_short(&mut self, octets: &[u8], most: usize) {
        if octets.is_empty() || octets.len() >= PART_OCTETS || !octets.iter().any(u8::is_ascii_alphanumeric) {
            return;
        }
        self.has_short = true;
        self.is_full |= self.parts.len() >= most;
        if !self.is_full {
            self.parts.insert(short_part(octets));
        }
    }

    /// Remembers what is no secret: it was said openly. At most `most` parts are kept.
    pub(super) fn add_open(&mut self, text: &[u8], most: usize) {
        for part in parts(text).chain(short_parts(text).map(|(_, part)| part)) {
            if self.open.len() >= most {
                return;
            }
            self.open.insert(part);
        }
    }

    /// Whether `line`, which is no command, has a part of a secret, or looks like one of which nothing was seen before.
    pub(super) fn is_in(&self, line: &[u8]) -> bool {
        looks_like_base64(line.trim_ascii()) || (!self.parts.is_empty() && parts(line).any(|part| self.tells(part)))
    }

    /// What of a reply's `text` has to be hidden: words with a part of a secret, or all of it but the enhanced status code.
    pub(super) fn hidden(&self, code: u16, text: &[u8]) -> Vec<Range<usize>> {
        if self.is_full || self.is_missing {
            return all_but_code(code, text);
        }
        let mut hidden: Vec<Range<usize>> = Vec::new();
        let mut hide = |range: Range<usize>| {
            let word = word_around(text, range);
            match hidden.last_mut() {
                Some(last) if last.end >= word.start && last.start <= word.start => last.end = last.end.max(word.end),
                _ => hidden.push(word),
            }
        };
        for (at, _) in parts(text).enumerate().filter(|(_, part)| self.tells(*part)) {
            hide(at..at + PART_OCTETS);
        }
        if self.has_short {
            let start = words_at(code, text);
            short_parts(text)
                .filter(|(range, part)| range.start >= start && self.tells(*part))
                .for_each(|(range, _)| hide(range));
        }
        in_order(hidden)
    }

    fn tells(&self, part: SixOctets) -> bool {
        self.parts.contains(&part) && !self.open.contains(&part)
    }
}

/// What has to be hidden of the text of a reply, or of a line that is none, code 0, that may answer a secret the capture lacks: what looks like base64, and
/// all of it where the code is one of AUTH's.
pub(super) fn hidden_of_unseen(code: u16, text: &[u8]) -> Vec<Range<usize>> {
    if is_about_auth(code, text) {
        return all_but_code(code, text);
    }
    if (100..400).contains(&code) {
        return Vec::new();
    }
    let mut hidden = Vec::new();
    let mut start = 0;
    for word in text.split(u8::is_ascii_whitespace) {
        if looks_like_base64(word) {
            hidden.push(start..start + word.len());
        }
        start += word.len() + 1;
    }
    hidden
}

/// Whether a reply is to AUTH, by its codes (RFC 4954 6 and 4.7, RFC 5248), or a refusal that speaks of it.
pub(super) fn is_about_auth(code: u16, text: &[u8]) -> bool {
    const WORDS: [&[u8]; 6] = [b"authenti", b"credential", b"login", b"password", b"sasl", b"username"];
    const DETAILS: [&str; 7] = [".7.8", ".7.9", ".7.11", ".7.12", ".7.13", ".7.14", ".5.6"];
    let speaks_of = |word: &&[u8]| text.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word));
    let enhanced = || EnhancedStatusCode::parse(text, code).map(|found| found.to_string()).unwrap_or_default();
    matches!(code, 235 | 432 | 454 | 534 | 535 | 538)
        || (400..600).contains(&code)
            && (WORDS.iter().any(speaks_of) && !speaks_of(&&b"required"[..])
                || DETAILS.iter().any(|detail| enhanced().get(1..) == Some(detail)))
}

/// `text` with the mask in the place of what is hidden.
pub(super) fn masked(text: &[u8], hidden: &[Range<usize>]) -> Box<[u8]> {
    let mut masked = Vec::with_capacity(text.len());
    let mut at = 0;
    for range in hidden {
        masked.extend_from_slice(text.get(at..range.start).unwrap_or_default());
        masked.extend_from_slice(MASK);
        at = range.end;
    }
    masked.extend_from_slice(text.get(at..).unwrap_or_default());
    masked.into()
}

/// All of `text` but an enhanced status code; nothing if no word is long enough to be a secret.
pub(super) fn all_but_code(code: u16, text: &[u8]) -> Vec<Range<usize>> {
    let start = words_at(code, text);
    let mut words = text.get(start..).unwrap_or_default().split(u8::is_ascii_whitespace);
    let may_tell = words.any(|word| word.len() > 2);
    may_tell.then_some(start..text.len()).into_iter().collect()
}

/// Where the words of a reply begin, behind an enhanced status code.
fn words_at(code: u16, text: &[u8]) -> usize {
    let word = text.iter().position(|octet| *octet == b' ').map_or(text.len(), |space| space + 1);
    if EnhancedStatusCode::parse(text, code).is_some() { word } else { 0 }
}

/// Ranges in ascending order, those that overlap joined.
pub(super) fn in_order(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    ranges.dedup_by(|next, range| {
        let overlaps = next.start <= range.end;
        if overlaps {
            range.end = range.end.max(next.end);
        }
        overlaps
    });
    ranges
}

fn parts(octets: &[u8]) -> impl Iterator<Item = SixOctets> {
    octets
        .windows(PART_OCTETS)
        .map(|window| window.iter().fold(0, |part, octet| part << 8 | SixOctets::from(octet.to_ascii_lowercase())))
}

/// What has fewer than six octets and no letter or digit beside it, and where it stands.
fn short_parts(octets: &[u8]) -> impl Iterator<Item = (Range<usize>, SixOctets)> {
    let is_word = |at: Option<usize>| at.and_then(|at| octets.get(at)).is_some_and(u8::is_ascii_alphanumeric);
    let starts = (0..octets.len()).filter(move |start| !is_word(start.checked_sub(1)));
    let ranges = starts.flat_map(|start| (1..PART_OCTETS).map(move |length| start..start + length));
    let whole = ranges.filter(move |range| !is_word(Some(range.end)));
    whole.filter_map(|range| Some((range.clone(), short_part(octets.get(range)?))))
}

/// Fewer than six octets as a number that no six octets are.
fn short_part(octets: &[u8]) -> SixOctets {
    let length = octets.len() as SixOctets;
    octets.iter().fold(length, |part, octet| part << 8 | SixOctets::from(octet.to_ascii_lowercase())) | 1 << 63
}

/// `range` up to the blanks on both sides.
fn word_around(text: &[u8], range: Range<usize>) -> Range<usize> {
    let (before, after) = (text.get(..range.start), text.get(range.end..));
    let start = before.and_then(|text| text.iter().rposition(u8::is_ascii_whitespace)).map_or(0, |blank| blank + 1);
    let end = after.and_then(|text| text.iter().position(u8::is_ascii_whitespace));
    start..end.map_or(text.len(), |blank| range.end + blank)
}

/// What base64 of either alphabet says up to the first octet that is none.
fn decoded(word: &[u8]) -> Vec<u8> {
    let standard = word.iter().map(|octet| match octet {
        b'-' => b'+',
        b'_' => b'/',
        octet => *octet,
    });
    let digits: Vec<u8> = standard.take_while(|octet| base64::is_digit(*octet)).collect();
    let mut decoded = Vec::with_capacity(word.len());
    base64::decode(&digits, &mut decoded);
    decoded
}

/// Whether words may be the argument of AUTH: one names a mechanism, or one beside another looks like what one answers.
pub(super) fn may_be_auth(text: &[u8]) -> bool {
    let is_mechanism = |word: &[u8]| MECHANISMS.iter().any(|name| name.eq_ignore_ascii_case(word));
    let words = || text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words().any(is_mechanism) || words().count() > 1 && words().any(looks_like_base64)
}

/// Whether a word may be base64: words of a language have capitals at their start or throughout, and no digits.
pub(super) fn looks_like_base64(word: &[u8]) -> bool {
    const FEWEST: usize = 8;
    let is_digit = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/' | b'=');
    let start = word.iter().position(is_digit).unwrap_or(word.len());
    let end = word.iter().rposition(is_digit).map_or(start, |last| last + 1);
    let word = word.get(start..end).unwrap_or_default();
    let has = |of: fn(&u8) -> bool| word.iter().any(of);
    let is_mixed = has(u8::is_ascii_lowercase) && word.iter().skip(1).any(u8::is_ascii_uppercase);
    let is_numbered = has(u8::is_ascii_alphabetic) && has(u8::is_ascii_digit);
    word.len() >= FEWEST && word.iter().all(is_digit) && (is_mixed || is_numbered || word.ends_with(b"="))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 1_000;

    fn secrets(texts: &[&str]) -> Secrets {
        let mut secrets = Secrets::default();
        for text in texts {
            secrets.add(text.as_bytes(), false, MOST);
        }
        secrets
    }

    fn shown(secrets: &Secrets, code: u16, text: &str) -> String {
        String::from_utf8(masked(text.as_bytes(), &secrets.hidden(code, text.as_bytes())).into()).unwrap()
    }

    /// `AHF1b2trYQBodW50ZXJaZWJyYTkx` is `\0quokka\0hunterZebra91`.
    #[test]
    fn a_word_with_six_octets_of_a_secret_is_masked() {
        let secrets = secrets(&["PLAIN AHF1b2trYQBodW50ZXJaZWJyYTkx"]);
        for (text, expected) in [
            ("5.5.1 unrecognized command 'AHF1b2trYQBodW50ZXJaZWJyYTkx'", "5.5.1 unrecognized command ***"),
            ("bad ahf1b2 and so on", "bad *** and so on"),
            ("bad ahf1b and so on", "bad ahf1b and so on"),
            ("user quokka, password <HUNTERZEBRA91>!", "user *** password ***"),
            ("Zebra9 Zebra8 xxterZebxx", "*** Zebra8 ***"),
            ("authentication failed", "authentication failed"),
            ("", ""),
        ] {
            assert_eq!(shown(&secrets, 535, text), expected);
        }
    }

    /// `AGFubgB4NzEh` is `\0ann\0x71!`, `biwsbj1hbm4scj14` is `n,,n=ann,r=x`.
    #[test]
    fn a_short_secret_is_masked_where_it_is_a_word_of_its_own() {
        for (secret, text, expected) in [
            ("PLAIN AGFubgB4NzEh", "no <ANN> with x71! or x71, annual", "no *** with *** or x71, annual"),
            ("SCRAM-SHA-1 biwsbj1hbm4scj14", "5.7.8 user ann is no n", "5.7.8 user *** is no n"),
            ("ann", "ann", "***"),
            ("5", "5.7.8 no 5", "5.7.8 no ***"),
        ] {
            assert_eq!(shown(&secrets(&[secret]), 535, text), expected);
        }
        let mut secrets = secrets(&["AGFubgB4NzEh"]);
        secrets.add_open(b"MAIL FROM:<ann@example.com>", MOST);
        assert_eq!(shown(&secrets, 550, "ann x71!"), "ann ***");
    }

    #[test]
    fn a_piece_of_base64_is_read_from_any_octet() {
        for cut in 1..9 {
            let mut secrets = Secrets::default();
            secrets.add(&b"AHF1b2trYQBodW50ZXJaZWJyYTkx"[cut..], true, MOST);
            assert_eq!(shown(&secrets, 535, "no hunterZebra91 here"), "no *** here", "{cut}");
        }
    }

    #[test]
    fn what_was_said_openly_and_names_of_mechanisms_are_no_secrets() {
        let mut secrets = secrets(&["CRAM-MD5 YWxpY2VAZXhhbXBsZS5jb20="]);
        assert_eq!(shown(&secrets, 504, "CRAM-MD5 for alice@example.com"), "CRAM-MD5 for ***");
        secrets.add_open(b"MAIL FROM:<alice@example.com>", MOST);
        assert_eq!(shown(&secrets, 250, "alice@example.com is fine"), "alice@example.com is fine");
        assert!(secrets.is_in(b"ywxpy2vazx") && !secrets.is_in(b"alice@example.com"));
    }

    #[test]
    fn past_the_bound_and_after_a_secret_the_capture_lacks_all_text_is_masked() {
        let mut secrets = Secrets::default();
        secrets.add(b"0123456789", false, 3);
        assert_eq!(shown(&secrets, 535, "5.7.8 anything at all"), "5.7.8 ***");
        assert_eq!(shown(&secrets, 535, "2.7.8 anything at all"), "***");
        let mut secrets = Secrets::default();
        assert!(secrets.is_none());
        secrets.set_missing(true);
        assert_eq!(shown(&secrets, 500, "unknown command"), "***");
        assert_eq!(shown(&secrets, 500, "so be it"), "so be it");
    }

    #[test]
    fn of_an_unseen_secret_base64_is_masked() {
        let shown = |code, text: &str| {
            String::from_utf8(masked(text.as_bytes(), &hidden_of_unseen(code, text.as_bytes())).into()).unwrap()
        };
        for (text, expected) in [
            ("5.5.1 Command 'aHVudGVyMg==' unrecognized", "5.5.1 Command *** unrecognized"),
            (
                "5.5.4 <sub2.>: Helo command rejected: Invalid name",
                "5.5.4 <sub2.>: Helo command rejected: Invalid name",
            ),
            ("Authentication REQUIRED mail.example.com", "Authentication REQUIRED mail.example.com"),
            ("aHVudGVy", "***"),
        ] {
            assert_eq!(shown(500, text), expected);
        }
        assert_eq!(shown(535, "5.7.8 no such user: quokka"), "5.7.8 ***");
        assert_eq!(shown(501, "5.5.2 bad password: quokka"), "5.5.2 ***");
        assert_eq!(shown(500, "5.7.9 quokka too weak"), "5.7.9 ***");
        assert_eq!(shown(550, "5.7.1 quokka is blocked"), "5.7.1 quokka is blocked");
        assert_eq!(shown(250, "queued as aHVudGVy"), "queued as aHVudGVy");
    }
}
