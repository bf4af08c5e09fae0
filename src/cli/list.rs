//! Lists of files (`--files-from`).

use std::io::{self, Read};
use std::path::PathBuf;

use super::platform;

/// The paths in a list: one a line, or separated by NUL where there is any, as `find -print0` writes them.
///
/// # Errors
///
/// If the list cannot be read.
pub(super) fn read(list: &mut dyn Read) -> io::Result<Vec<PathBuf>> {
    let mut octets = Vec::new();
    list.read_to_end(&mut octets)?;
    let separator = if octets.contains(&0) { 0 } else { b'\n' };
    let entries = octets.split(|octet| *octet == separator);
    Ok(entries
        .map(|entry| entry.strip_suffix(b"\r").unwrap_or(entry))
        .filter(|entry| !entry.is_empty())
        .map(platform::path)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_lines_or_nul_separated_names() {
        let list = |text: &[u8]| read(&mut &text[..]).unwrap();
        assert_eq!(list(b"a.pcap\r\nb c.pcap\n\n"), [PathBuf::from("a.pcap"), PathBuf::from("b c.pcap")]);
        assert_eq!(list(b"a\nb.pcap\0c.pcap\0"), [PathBuf::from("a\nb.pcap"), PathBuf::from("c.pcap")]);
        assert_eq!(list(b""), Vec::<PathBuf>::new());
    }
}
