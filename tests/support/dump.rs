//! Reading back the hex dumps of a trace.

/// The octets a trace gives away in hex, those hidden as `*`.
pub(crate) fn dumped(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    for line in text.lines() {
        let is_dump =
            line.len() > 7 && line.as_bytes()[5] == b':' && line[..5].bytes().all(|digit| digit.is_ascii_hexdigit());
        let cells = line.get(7..).filter(|_| is_dump).map(|rest| &rest[..rest.len().min(48)]).unwrap_or_default();
        octets.extend(cells.split_whitespace().map(|cell| u8::from_str_radix(cell, 16).unwrap_or(b'*')));
    }
    octets
}
