//! LZNT1 (MS-XCA 2.5), which some writers of traces are said to use.

use super::xpress::{Damage, repeat};

/// Octets a chunk unpacks to at most.
const CHUNK_OCTETS: usize = 4096;
/// A chunk's head: it is compressed.
const COMPRESSED: u16 = 0x8000;

/// Unpacks `input` behind the octets of `output`, until that is `most` octets longer.
pub(super) fn unpack(mut input: &[u8], most: usize, output: &mut Vec<u8>) -> Result<(), Damage> {
    let start = output.len();
    while output.len() - start < most {
        let Some((head, rest)) = input.split_first_chunk() else { return Err(Damage::Early) };
        let head = u16::from_le_bytes(*head);
        if head == 0 {
            return Err(Damage::Early);
        }
        let octets = usize::from(head & 0x0fff) + 1;
        let (chunk, after) = rest.split_at_checked(octets).unwrap_or((rest, &[]));
        if head & COMPRESSED == 0 {
            output.extend_from_slice(chunk);
        } else {
            unpack_chunk(chunk, output)?;
        }
        if chunk.len() < octets {
            output.truncate(start + most);
            return if output.len() - start < most { Err(Damage::Early) } else { Ok(()) };
        }
        input = after;
    }
    output.truncate(start + most);
    Ok(())
}

/// Unpacks one chunk, in whose matches distance and length share 16 bits by how far it was unpacked.
fn unpack_chunk(chunk: &[u8], output: &mut Vec<u8>) -> Result<(), Damage> {
    let (start, mut at) = (output.len(), 0);
    while let Some(&flags) = chunk.get(at) {
        at += 1;
        for bit in 0..8 {
            if output.len() - start > CHUNK_OCTETS {
                return Err(Damage::Wrong);
            }
            if flags >> bit & 1 == 0 {
                let Some(&octet) = chunk.get(at) else { return Ok(()) };
                output.push(octet);
                at += 1;
                continue;
            }
            let Some(pair) = chunk.get(at..).and_then(|rest| rest.first_chunk()) else { return Ok(()) };
            at += 2;
            let word = usize::from(u16::from_le_bytes(*pair));
            let length_bits = (4..12).find(|bits| output.len() - start <= 1 << bits).map_or(4, |bits| 16 - bits);
            let (distance, octets) = ((word >> length_bits) + 1, (word & ((1 << length_bits) - 1)) + 3);
            if repeat(output, start, distance, octets).is_break() {
                return Err(Damage::Wrong);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpacked(input: &[u8], most: usize) -> Result<Vec<u8>, Damage> {
        let mut output = b"before".to_vec();
        unpack(input, most, &mut output)?;
        Ok(output.split_off(6))
    }

    #[test]
    fn chunks_with_and_without_compression() {
        // Four literals, then ten octets that repeat the last four; then a chunk as it is.
        let packed = [0x06, 0xb0, 0x10, b'a', b'b', b'c', b'd', 0x07, 0x30, 0x01, 0x30, b'e', b'f'];
        assert_eq!(unpacked(&packed, 16).unwrap(), b"abcdabcdabcdabef");
        assert_eq!(unpacked(&packed, 15).unwrap(), b"abcdabcdabcdabe");
        assert_eq!(unpacked(&packed, 17), Err(Damage::Early));
        assert_eq!(unpacked(&packed[..8], 14), Err(Damage::Early));
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        // A match with nothing before it, and a chunk that is longer than chunks are.
        assert_eq!(unpacked(&[0x02, 0xb0, 0x01, 0, 0], 9), Err(Damage::Wrong));
        let long = [0x07, 0xb0, 0x06, b'a', 0xff, 0x0f, 0xff, 0x0f, 0xff, 0x0f];
        assert_eq!(unpacked(&long, 100_000), Err(Damage::Wrong));
    }
}
