//! A capture whose filter speaks of its end, as `--since 2h` does: it is read to its end first, and then again.

use std::fs::File;
use std::io::{self, Read};

use super::{BatchOptions, Input};
use crate::capture::{self, CaptureReader, ReadError};
use crate::container::{Member, Peeled};
use crate::filter::SessionFilter;
use crate::twice::Rereadable;

/// Opens a capture that was found in `input`, and says what its sessions have to pass.
///
/// What can be read only once, as a pipe or a member of an archive, is put by for the second reading.
pub(super) fn open(
    input: &Input,
    member: Member,
    options: &BatchOptions<'_>,
) -> Result<(Box<dyn CaptureReader>, SessionFilter), ReadError> {
    let open_options = options.scan.open_options();
    if !options.filter.needs_end() {
        return Ok((capture::open_peeled(member.content, &open_options)?, options.filter.clone()));
    }
    if let (None, Some(path)) = (&member.path, input.path().filter(|path| path.is_file())) {
        let end = capture::last_time(capture::open_peeled(member.content, &open_options)?.as_mut());
        let file = File::open(path).map_err(|source| ReadError::Open { source })?;
        return Ok((capture::open_file(file, u64::MAX, &open_options)?, options.filter.ending_at(end)));
    }
    let layers = member.content.layers.clone();
    let (mut kept, error) = Rereadable::keep(member.content, &open_options)?;
    let end = capture::last_time(kept.open(&open_options)?.as_mut());
    let stream = Box::new(kept.read()?.chain(Failing(error)));
    Ok((capture::open_peeled(Peeled { stream, layers, file: None }, &open_options)?, options.filter.ending_at(end)))
}

/// Ends what was put by as what was read ended: in an error, if there was one.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}
