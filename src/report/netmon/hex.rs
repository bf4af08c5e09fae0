//! The hex dump of a frame, as Q172983 prints it.

use super::page::{Ink, Page};
use super::words;

/// Writes `octets`; those that `is_hidden` says stand as `**`, and as `*` in the text beside.
pub(super) fn dump(page: &mut Page, octets: &[u8], is_hidden: impl Fn(usize) -> bool) {
    let mut at = 0;
    for row in octets.chunks(words::HEX_OCTETS) {
        let mut hex = String::new();
        let mut text = String::new();
        for (offset, octet) in row.iter().enumerate() {
            if is_hidden(at + offset) {
                hex.push_str(" **");
                text.push('*');
            } else {
                hex.push_str(&format!(" {octet:02X}"));
                text.push(if matches!(octet, b' '..=b'~') { char::from(*octet) } else { '.' });
            }
        }
        let columns = words::HEX_OCTETS * 3;
        page.line(Ink::Plain, 0, format!("{at:05X}: {hex:<columns$}   {text}").trim_end());
        at += row.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dumped(octets: &[u8], is_hidden: impl Fn(usize) -> bool) -> String {
        let mut page = Page::new(false);
        dump(&mut page, octets, is_hidden);
        page.finish()
    }

    #[test]
    fn the_second_frame_of_q172983() {
        let octets = b"\x02\x60\x8C\x3B\x85\xC1\x02\x60\x8C\x9E\x18\x8B\x08\x00\x45\x00\
            \x00\x2C\x5B\x00\x40\x00\x80\x06\x93\x4C\x83\x6B\x02\xD3\x83\x6B\
            \x02\xD6\x00\x8B\x04\x0D\x00\x10\xEE\x8D\x00\x7D\x74\x7F\x60\x12\
            \x22\x38\x01\x2D\x00\x00\x02\x04\x05\xB4\x20\x20";
        assert_eq!(
            dumped(octets, |_| false),
            "00000:  02 60 8C 3B 85 C1 02 60 8C 9E 18 8B 08 00 45 00   .`.;...`......E.\n\
             00010:  00 2C 5B 00 40 00 80 06 93 4C 83 6B 02 D3 83 6B   .,[.@....L.k...k\n\
             00020:  02 D6 00 8B 04 0D 00 10 EE 8D 00 7D 74 7F 60 12   ...........}t.`.\n\
             00030:  22 38 01 2D 00 00 02 04 05 B4 20 20               \"8.-......\n"
        );
    }

    #[test]
    fn hidden_octets_are_starred_out_in_both_columns() {
        assert_eq!(
            dumped(b"ab\x1bd", |at| at == 1),
            "00000:  61 ** 1B 64                                       a*.d\n"
        );
    }
}
