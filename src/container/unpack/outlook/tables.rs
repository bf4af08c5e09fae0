//! How long the tables of a compound file are (MS-CFB 2.2 to 2.6), before the cfb crate loads them whole.

use std::io;

use crate::container::NoteKind;
use crate::container::unpack::archive::ArchiveRefusal;
use crate::container::unpack::source::Seekable;

const HEADER_OCTETS: usize = 512;
/// Sector numbers from here on are marks: the end of a chain, a free sector.
const FIRST_MARK: u32 = 0xffff_fffa;
/// Octets of a file that are still looked at: the sector tables of larger ones would take too much memory.
const FILE_OCTETS: u64 = 1 << 30;

/// Refuses a file whose directory or table of small sectors has more than `max` octets.
pub(super) fn check(source: &mut Seekable, max: u64) -> Result<(), ArchiveRefusal> {
    let octets = source.octets()?;
    let mut header = [0; HEADER_OCTETS];
    source.read_at(0, &mut header)?;
    let shift = if field(&header, 26) & 0xffff == 4 { 12 } else { 9 };
    let table = SectorTable { header, shift };
    let too_large =
        |what: &str| ArchiveRefusal::new(NoteKind::Bound, format!("its {what} too large; save the attachments"));
    if octets > FILE_OCTETS {
        return Err(too_large("content is"));
    }
    for (first, what) in [(48, "directory is"), (60, "table of small sectors is")] {
        let first = field(&table.header, first);
        if table.chain_is_longer(source, first, max >> shift)? {
            return Err(too_large(what));
        }
    }
    Ok(())
}

struct SectorTable {
    header: [u8; HEADER_OCTETS],
    /// Octets of a sector, as a power of 2.
    shift: u32,
}

impl SectorTable {
    /// Whether the chain of sectors from `sector` on goes on after `max` of them. One that cannot be followed ends.
    fn chain_is_longer(&self, source: &mut Seekable, mut sector: u32, max: u64) -> io::Result<bool> {
        let mut at_block = None;
        for _ in 0..=max {
            if sector >= FIRST_MARK {
                return Ok(false);
            }
            let entries_shift = self.shift - 2;
            let block = sector >> entries_shift;
            let table_sector = match at_block {
                Some((known, table_sector)) if known == block => Some(table_sector),
                _ => self.table_sector(source, block)?,
            };
            let Some(table_sector) = table_sector else { return Ok(false) };
            at_block = Some((block, table_sector));
            let Some(next) = self.entry(source, table_sector, sector & ((1 << entries_shift) - 1))? else {
                return Ok(false);
            };
            sector = next;
        }
        Ok(true)
    }

    /// Where the block of the sector table with this number lies: the first 109 are in the header, the rest in a chain.
    fn table_sector(&self, source: &mut Seekable, block: u32) -> io::Result<Option<u32>> {
        const IN_HEADER: u32 = 109;
        let Some(further) = block.checked_sub(IN_HEADER) else {
            let at = usize::try_from(block).unwrap_or(usize::MAX).saturating_mul(4).saturating_add(76);
            return Ok(Some(field(&self.header, at)).filter(|&sector| sector < FIRST_MARK));
        };
        let per_sector = (1_u32 << (self.shift - 2)) - 1;
        let mut sector = field(&self.header, 68);
        for _ in 0..further / per_sector {
            match self.entry(source, sector, per_sector)? {
                Some(next) => sector = next,
                None => return Ok(None),
            }
        }
        Ok(self.entry(source, sector, further % per_sector)?.filter(|&sector| sector < FIRST_MARK))
    }

    /// The number at `index` in a sector of numbers; `None` outside of the file.
    fn entry(&self, source: &mut Seekable, sector: u32, index: u32) -> io::Result<Option<u32>> {
        if sector >= FIRST_MARK {
            return Ok(None);
        }
        let at = ((u64::from(sector) + 1) << self.shift) + u64::from(index) * 4;
        let mut number = [0; 4];
        let len = source.read_at(at, &mut number)?;
        Ok((len == number.len()).then(|| u32::from_le_bytes(number)))
    }
}

fn field(octets: &[u8], at: usize) -> u32 {
    octets.get(at..).and_then(|octets| octets.first_chunk()).map_or(0, |field| u32::from_le_bytes(*field))
}
