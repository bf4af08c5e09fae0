//! How large the directory of a 7z archive is (7zFormat.txt in the 7-Zip sources), before the crate loads it whole.

use crate::container::NoteKind;
use crate::container::unpack::archive::ArchiveRefusal;
use crate::container::unpack::source::Seekable;

/// The start header: signature, version, checksum, and where the directory lies.
const START_OCTETS: usize = 32;
/// What a packed directory says of its packing; some 50 octets in what 7-Zip makes.
const DESCRIPTION_OCTETS: u64 = 1024;
const PACKED_DIRECTORY: u8 = 0x17;

/// Whether the archive has a directory at all. One is refused that has more than `max` octets unpacked, or that is
/// packed in more ways than encryption and one compression.
pub(super) fn check(source: &mut Seekable, max: u64) -> Result<bool, ArchiveRefusal> {
    let cut_off = || ArchiveRefusal::new(NoteKind::Unreadable, "it is cut off; copy the file again");
    let damaged = || ArchiveRefusal::new(NoteKind::Unreadable, "it is damaged: its directory is invalid");
    let too_large = || {
        ArchiveRefusal::new(NoteKind::Bound, format!("its directory has more than {} KiB; unpack it first", max >> 10))
    };
    let mut start = [0; START_OCTETS];
    if source.read_at(0, &mut start)? < START_OCTETS {
        return Err(cut_off());
    }
    let number = |at: usize| start.get(at..).and_then(|s| s.first_chunk()).map_or(0, |s| u64::from_le_bytes(*s));
    let (offset, octets) = (number(12), number(20));
    if start.iter().skip(8).all(|&octet| octet == 0) {
        return Err(cut_off()); // written last, and never was
    }
    if octets == 0 {
        return Ok(false);
    }
    if octets > max {
        return Err(too_large());
    }
    let at = offset.saturating_add(START_OCTETS as u64);
    if at.saturating_add(octets) > source.octets()? {
        return Err(cut_off());
    }
    let mut description = vec![0; usize::try_from(octets.min(DESCRIPTION_OCTETS)).unwrap_or(0)];
    source.read_at(at, &mut description)?;
    let Some((&PACKED_DIRECTORY, description)) = description.split_first() else { return Ok(true) };
    let (coders, unpacked) = Numbers(description).packing().ok_or_else(damaged)?;
    match (coders, unpacked) {
        (3.., _) => Err(damaged()),
        (_, unpacked) if unpacked > max => Err(too_large()),
        _ => Ok(true),
    }
}

/// The numbers and properties that describe packed streams.
struct Numbers<'a>(&'a [u8]);

impl Numbers<'_> {
    fn octet(&mut self) -> Option<u8> {
        let (&octet, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(octet)
    }

    fn skip(&mut self, octets: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(octets).ok()?..)?;
        Some(())
    }

    /// A number of 1 to 9 octets: as many follow the first as it has leading ones.
    fn number(&mut self) -> Option<u64> {
        let first = self.octet()?;
        let follow = first.leading_ones();
        let mut value = 0;
        for at in 0..follow {
            value |= u64::from(self.octet()?) << (8 * at);
        }
        let high = if follow < 7 { u64::from(first & (0x7f >> follow)) } else { 0 };
        Some(value | high.checked_shl(8 * follow).unwrap_or(0))
    }

    /// The coders of the one folder there must be, and the largest size any of them unpacks to.
    fn packing(&mut self) -> Option<(u64, u64)> {
        if self.octet()? == 6 {
            self.pack_info()?;
            (self.octet()? == 7).then_some(())?;
        }
        let one_folder = self.octet()? == 0x0b && self.number()? == 1 && self.octet()? == 0;
        one_folder.then_some(())?;
        let coders = self.number()?;
        for _ in 0..coders {
            let flags = self.octet()?;
            self.skip(u64::from(flags & 0x0f))?;
            // More inputs or outputs than one each is nothing a directory needs.
            (flags & 0xd0 == 0).then_some(())?;
            if flags & 0x20 != 0 {
                let properties = self.number()?;
                self.skip(properties)?;
            }
        }
        for _ in 1..coders {
            self.number()?;
            self.number()?;
        }
        (self.octet()? == 0x0c).then_some(())?;
        let mut largest = 0;
        for _ in 0..coders {
            largest = largest.max(self.number()?);
        }
        Some((coders, largest))
    }

    fn pack_info(&mut self) -> Option<()> {
        let (_, streams) = (self.number()?, self.number()?);
        loop {
            match self.octet()? {
                0 => return Some(()),
                9 => {
                    for _ in 0..streams {
                        self.number()?;
                    }
                }
                0x0a => {
                    // Only when every stream has a checksum; one there must be of each.
                    (self.octet()? == 1).then_some(())?;
                    self.skip(streams.checked_mul(4)?)?;
                }
                _ => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length() {
        let cases: [(&[u8], u64); 6] = [
            (&[0x7f], 127),
            (&[0x80, 0x80], 128),
            (&[0xbf, 0xff], 0x3fff),
            (&[0xc1, 0x34, 0x12], 0x11234),
            (&[0xff, 1, 2, 3, 4, 5, 6, 7, 8], 0x0807_0605_0403_0201),
            (&[0xfe, 1, 2, 3, 4, 5, 6, 7], 0x0007_0605_0403_0201),
        ];
        for (octets, number) in cases {
            assert_eq!(Numbers(octets).number(), Some(number), "{octets:x?}");
        }
        assert_eq!(Numbers(&[0x80]).number(), None);
    }
}
