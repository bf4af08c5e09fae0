//! What is planted into dialogues, and how it is found again, whatever it is written in.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Which outputs promise to hide a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// All: it is a secret of AUTH or mail text.
    Always,
    /// Redacted extracts: it tells whose mail it is, or where from.
    Redacted,
}

/// What is planted: the name by which rows ask for it, who hides it, and what it may be. One value of each is chosen for a
/// capture. None stands in an output by chance, for anything of them is looked for everywhere.
pub const PLANTED: &[(&str, Hidden, &[&str])] = &[
    ("user", Hidden::Always, &["quokka.user", "wallaby77kim", "Zoë.quoll@wombat"]),
    ("pass", Hidden::Always, &["hunterZebra91", "Tr0ub4dor&3xyz", "geheimWört!7788"]),
    ("challenge", Hidden::Always, &["1896.697170952@wombatChallenge", "a0b1c2d3e4f5a6b7"]),
    ("token", Hidden::Always, &["ya29.vF9dft4qmTc2Nvb3", "eyJraWQiOiJnbnUifQ.dingoToken"]),
    ("nonce", Hidden::Always, &["rOprNGfwEbeRWgbNEkqO"]),
    ("text", Hidden::Always, &["platypusInvoice", "echidnaMeeting at nine", "Käsekuchenrezept"]),
    ("sender", Hidden::Redacted, &["annsmith", "ann.smith-jones", "ann_smith+news"]),
    ("rcpt", Hidden::Redacted, &["bobmiller", "bob.o'miller", "\"bob.k.miller\""]),
    ("v4", Hidden::Redacted, &["145.183.220.117"]),
    ("v4 in hexadecimal", Hidden::Redacted, &["91b7dc75"]),
    ("v6", Hidden::Redacted, &["2a02:c207:55::1"]),
];

/// So many octets of a planted text in a row tell it, and so many digits of base64.
const TELLING_OCTETS: usize = 8;
const TELLING_DIGITS: usize = 11;

/// Finds what telling of planted texts.
pub struct Search {
    patterns: AhoCorasick,
}

/// Everything that is always hidden, and everything that is hidden in redacted extracts.
pub static ALWAYS: LazyLock<Search> = LazyLock::new(|| Search::new(|hidden| hidden == Hidden::Always));
pub static REDACTED: LazyLock<Search> = LazyLock::new(|| Search::new(|_| true));

impl Search {
    fn new(wants: impl Fn(Hidden) -> bool) -> Self {
        let planted = PLANTED.iter().filter(|(_, hidden, _)| wants(*hidden));
        let parts = planted.flat_map(|(_, _, values)| values.iter().flat_map(|value| telling_parts(value.as_bytes())));
        let patterns = AhoCorasick::builder().ascii_case_insensitive(true).build(parts).unwrap();
        Self { patterns }
    }

    /// The first telling part in `octets`, with what stands around it.
    pub fn find(&self, octets: &[u8]) -> Option<String> {
        let found = self.patterns.find(octets)?;
        let around = found.start().saturating_sub(60)..(found.end() + 40).min(octets.len());
        Some(format!("{} in {}", octets[found.range()].escape_ascii(), octets[around].escape_ascii()))
    }
}

/// All that gives `text` away: parts of it as it is, in hexadecimal, percent-encoded, and in base64 from any octet on.
fn telling_parts(text: &[u8]) -> Vec<Vec<u8>> {
    let plain = text.windows(TELLING_OCTETS.min(text.len())).map(<[u8]>::to_vec);
    let mut parts: Vec<Vec<u8>> = plain.collect();
    for index in 0..parts.len() {
        let digits = |prefix: &str| parts[index].iter().map(|octet| format!("{prefix}{octet:02x}")).collect::<String>();
        let (hex, percent) = (digits(""), digits("%"));
        parts.push(hex.into_bytes());
        parts.push(percent.into_bytes());
    }
    for before in 0..3 {
        // What stands before and behind the text has a share in the digits at its ends.
        let digits = STANDARD.encode([&[0; 2][..before], text].concat());
        let own = (before * 8).div_ceil(6)..(before + text.len()) * 8 / 6;
        let own = &digits.as_bytes()[own];
        parts.extend(own.windows(TELLING_DIGITS.min(own.len())).map(<[u8]>::to_vec));
    }
    parts
}

/// Every text is found in every writing: a search that finds nothing would prove nothing.
pub fn finds_what_is_planted() {
    for (_, hidden, values) in PLANTED {
        for value in *values {
            let octets = value.as_bytes();
            let digits = |prefix: &str| octets.iter().map(|octet| format!("{prefix}{octet:02X}")).collect::<String>();
            let mut writings = vec![octets.to_vec(), digits("").into_bytes(), digits("%").into_bytes()];
            writings.extend((0..3).map(|before| STANDARD.encode([&b"\0x"[..before], octets, b"\0y"].concat()).into()));
            for writing in writings {
                assert!(REDACTED.find(&writing).is_some(), "{value} as {}", writing.escape_ascii());
                assert_eq!(ALWAYS.find(&writing).is_some(), *hidden == Hidden::Always, "{value}");
            }
        }
    }
}
