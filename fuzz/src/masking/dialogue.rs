//! From octets to who says what: an octet chooses the row of a rule.

use std::collections::HashMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::script::Script;
use super::super::support::Side;
use super::planted::PLANTED;
use super::rows::RULES;

/// What one side writes at once.
#[derive(Clone, Debug)]
pub struct Write {
    pub side: Side,
    pub octets: Vec<u8>,
}

/// Reads rows, whose choices are the script's.
pub struct Rows<'s, 'o> {
    pub script: &'s mut Script<'o>,
    /// What each name became last; planted texts keep what they became first.
    last: HashMap<&'static str, String>,
}

impl<'s, 'o> Rows<'s, 'o> {
    pub fn new(script: &'s mut Script<'o>) -> Self {
        Self { script, last: HashMap::new() }
    }

    /// The writes of a row of the rule `name`.
    pub fn writes(&mut self, name: &str) -> Vec<Write> {
        self.last.insert(ENCODED, String::new());
        self.last.insert(DECODED, String::new());
        let text = self.named(name);
        let mut writes: Vec<Write> = Vec::new();
        let mut is_parted = true;
        for line in text.lines() {
            let Some((who, line)) = line.split_once(' ') else {
                is_parted = true;
                continue;
            };
            let side = if who == "S" { Side::Server } else { Side::Client };
            let octets = line_octets(who, line);
            match writes.last_mut() {
                Some(before) if before.side == side && !is_parted => before.octets.extend(octets),
                _ => writes.push(Write { side, octets }),
            }
            is_parted = false;
        }
        writes
    }

    /// A row of the rule `name`, or the planted text of that name.
    pub fn named(&mut self, name: &str) -> String {
        if let Some((name, _, values)) = PLANTED.iter().find(|(planted, ..)| *planted == name) {
            let script = &mut *self.script;
            return self.last.entry(name).or_insert_with(|| script.choice(values).to_owned()).clone();
        }
        let (name, rows) = RULES.iter().find(|(rule, _)| *rule == name).unwrap_or_else(|| panic!("no rule {name}"));
        let row = self.script.choice(rows);
        let text = self.filled_in(row);
        self.last.insert(name, text.clone());
        text
    }

    /// `row` with all that stands in braces put in its place.
    fn filled_in(&mut self, row: &str) -> String {
        let Some((before, rest)) = row.split_once('{') else { return row.to_owned() };
        let end = closing_brace(rest);
        let (inner, after) = (&rest[..end], &rest[end + 1..]);
        let value = match inner.split_once(' ') {
            Some((ENCODED, text)) => self.encoded(text),
            Some(("hex", text)) => digits("", &self.filled_in(text)),
            Some(("%", text)) => digits("%", &self.filled_in(text)),
            _ => match inner.strip_prefix('=') {
                Some(name) => self.last.get(name).cloned().unwrap_or_default(),
                None => self.named(inner),
            },
        };
        [before, &value, &self.filled_in(after)].concat()
    }

    fn encoded(&mut self, text: &str) -> String {
        let text = self.filled_in(text);
        let encoded = STANDARD.encode(&text);
        self.last.insert(ENCODED, encoded.clone());
        self.last.insert(DECODED, text.replace(char::is_control, " "));
        encoded
    }
}

/// What the last secret of a scene is called, as it was sent and as it is.
const ENCODED: &str = "64";
const DECODED: &str = "decoded";

/// A line feed alone.
const LF: char = '⏎';

fn closing_brace(text: &str) -> usize {
    let mut depth = 0;
    let closes = |octet: u8| {
        depth += i32::from(octet == b'{') - i32::from(octet == b'}');
        depth < 0
    };
    text.bytes().position(closes).expect("a brace is closed")
}

fn digits(before: &str, text: &str) -> String {
    text.bytes().fold(String::new(), |mut digits, octet| {
        let _ = write!(digits, "{before}{octet:02X}");
        digits
    })
}

fn line_octets(who: &str, line: &str) -> Vec<u8> {
    let end = if line.ends_with(LF) { "" } else { "\r\n" };
    let line = [&line.replace('¶', "\r\n").replace(LF, "\n"), end].concat();
    match who {
        "B" => format!("BDAT {}\r\n{line}", line.len()).into(),
        "L" => format!("BDAT {} LAST\r\n{line}", line.len()).into(),
        _ => line.into(),
    }
}
