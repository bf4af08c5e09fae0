//! Plain LZ77, as Windows compresses the buffers of a trace (MS-XCA 2.4, "XPRESS").

use std::ops::ControlFlow;

/// Flags that announce what follows, in one word.
const FLAGS: u32 = 32;
/// The shortest match.
const LEAST_MATCH: usize = 3;

/// Why a stream gives fewer octets than it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Damage {
    /// It ends before. What it gave is sound.
    Early,
    /// It contradicts itself, so nothing of it can be trusted.
    Wrong,
    /// Nobody says how it is compressed.
    Unknown,
}

/// Unpacks `input` behind the octets of `output`, until that is `most` octets longer.
pub(super) fn unpack(input: &[u8], most: usize, output: &mut Vec<u8>) -> Result<(), Damage> {
    let start = output.len();
    let mut stream = Stream { input, at: 0, nibble: None };
    let (mut flags, mut left) = (0_u32, 0_u32);
    while output.len() - start < most {
        if left == 0 {
            flags = u32::from_le_bytes(stream.take()?);
            left = FLAGS;
        }
        let literals = flags.leading_zeros().min(left);
        if literals > 0 {
            let room = most - (output.len() - start);
            let wanted = usize::try_from(literals).unwrap_or(0).min(room);
            let taken = stream.input.get(stream.at..).unwrap_or_default();
            let taken = taken.get(..wanted).unwrap_or(taken);
            output.extend_from_slice(taken);
            stream.at += taken.len();
            if taken.len() < wanted {
                return Err(Damage::Early);
            }
            flags = flags.checked_shl(literals).unwrap_or(0);
            left -= literals;
            continue;
        }
        (flags, left) = (flags << 1, left - 1);
        let (distance, octets) = stream.matched()?;
        let room = most - (output.len() - start);
        if repeat(output, start, distance, octets.min(room)).is_break() {
            return Err(Damage::Wrong);
        }
    }
    Ok(())
}

/// Appends `octets` octets that repeat what stands `distance` before the end; breaks where that is before `start`.
pub(super) fn repeat(output: &mut Vec<u8>, start: usize, distance: usize, octets: usize) -> ControlFlow<()> {
    let Some(from) = output.len().checked_sub(distance).filter(|from| *from >= start) else {
        return ControlFlow::Break(());
    };
    // What is repeated may be longer than the distance: then it has a period, which grows as it is copied.
    let mut left = octets;
    while left > 0 {
        let step = left.min(output.len() - from);
        output.extend_from_within(from..from + step);
        left -= step;
    }
    ControlFlow::Continue(())
}

/// The octets of a compressed stream.
struct Stream<'a> {
    input: &'a [u8],
    at: usize,
    /// The upper half of an octet whose lower half was the length of an earlier match.
    nibble: Option<u8>,
}

impl Stream<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Damage> {
        let octets = self.input.get(self.at..).and_then(|rest| rest.first_chunk()).ok_or(Damage::Early)?;
        self.at += N;
        Ok(*octets)
    }

    /// How far back a match lies, and how long it is.
    fn matched(&mut self) -> Result<(usize, usize), Damage> {
        let word = usize::from(u16::from_le_bytes(self.take()?));
        let (distance, mut octets) = ((word >> 3) + 1, word & 7);
        if octets == 7 {
            octets = 7 + self.long()?;
        }
        Ok((distance, octets.saturating_add(LEAST_MATCH)))
    }

    /// The rest of a length that three bits do not hold.
    fn long(&mut self) -> Result<usize, Damage> {
        let nibble = match self.nibble.take() {
            Some(upper) => upper,
            None => {
                let [octet] = self.take()?;
                self.nibble = Some(octet >> 4);
                octet & 15
            }
        };
        if nibble < 15 {
            return Ok(usize::from(nibble));
        }
        let [octet] = self.take()?;
        if octet < 255 {
            return Ok(15 + usize::from(octet));
        }
        let length = match u16::from_le_bytes(self.take()?) {
            0 => u32::from_le_bytes(self.take()?),
            length => u32::from(length),
        };
        // Such a length counts what the shorter forms hold, too.
        usize::try_from(length)
            .ok()
            .and_then(|length| length.checked_sub(7))
            .filter(|rest| *rest >= 15)
            .ok_or(Damage::Wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpacked(input: &[u8], most: usize) -> Result<Vec<u8>, Damage> {
        let mut output = b"before".to_vec();
        unpack(input, most, &mut output)?;
        Ok(output.split_off(6))
    }

    /// The examples of MS-XCA 3.1.
    #[test]
    fn the_examples_of_the_specification() {
        let alphabet = b"abcdefghijklmnopqrstuvwxyz";
        let packed = [&[0x3f, 0, 0, 0][..], alphabet].concat();
        assert_eq!(unpacked(&packed, 26).unwrap(), alphabet);
        let packed = [0xff, 0xff, 0xff, 0x1f, 0x61, 0x62, 0x63, 0x17, 0x00, 0x0f, 0xff, 0x26, 0x01];
        assert_eq!(unpacked(&packed, 300).unwrap(), b"abc".repeat(100));
    }

    /// Flags for one literal and matches, then `matches`.
    fn after_one_literal(matches: &[u8]) -> Vec<u8> {
        [&[0xff, 0xff, 0xff, 0x7f, b'x'][..], matches].concat()
    }

    #[test]
    fn every_form_of_a_length() {
        for (form, octets) in [
            (&[0x06, 0][..], 9),
            (&[0x07, 0, 0x00], 10),
            (&[0x07, 0, 0x0e], 24),
            (&[0x07, 0, 0x0f, 0], 25),
            (&[0x07, 0, 0x0f, 254], 279),
            (&[0x07, 0, 0x0f, 255, 0x17, 0x01], 282),
            (&[0x07, 0, 0x0f, 255, 0, 0, 0x70, 0x11, 0x01, 0], 70_003),
        ] {
            assert_eq!(unpacked(&after_one_literal(form), 1 + octets).unwrap(), vec![b'x'; 1 + octets], "{form:x?}");
            // It gives no octet more.
            assert_eq!(unpacked(&after_one_literal(form), 2 + octets), Err(Damage::Early), "{form:x?}");
            for cut in 0..form.len() {
                assert_eq!(unpacked(&after_one_literal(&form[..cut]), 1 + octets), Err(Damage::Early));
            }
        }
        // Two matches share the octet of the nibbles.
        let two = after_one_literal(&[0x07, 0, 0x32, 0x07, 0]);
        assert_eq!(unpacked(&two, 1 + 12 + 13).unwrap(), vec![b'x'; 26]);
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        // Before the first octet; a long form of a short length.
        for form in
            [&[0x08, 0][..], &[0xfe, 0xff], &[0x07, 0, 0x0f, 255, 0x15, 0], &[0x07, 0, 0x0f, 255, 0, 0, 0, 0, 0, 0]]
        {
            assert_eq!(unpacked(&after_one_literal(form), 100), Err(Damage::Wrong), "{form:x?}");
        }
    }

    #[test]
    fn a_bomb_gives_what_was_asked_for_and_no_more() {
        let bomb = after_one_literal(&[0x07, 0, 0x0f, 255, 0, 0, 255, 255, 255, 255]);
        assert_eq!(unpacked(&bomb, 5_000).unwrap().len(), 5_000);
    }

    #[test]
    fn what_came_before_the_end_of_the_input_is_kept() {
        let mut output = Vec::new();
        assert_eq!(unpack(b"\0\0\0\0abc", 9, &mut output), Err(Damage::Early));
        assert_eq!(output, b"abc");
    }
}
