//! Decompressing on a thread of its own, ahead of whoever reads the result.

use std::io::{self, Read};
use std::mem;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread;

use super::Input;

/// Octets that are read without a second thread: small captures end before it would pay.
const ALONE_OCTETS: usize = 1024 * 1024;
/// Octets read in one piece.
const PIECE_OCTETS: usize = 256 * 1024;
/// Pieces under way: read, waiting to be read into, or on loan to the reader.
const PIECES: usize = 4;

/// A stream that, once it has turned out to be long, is read by another thread.
///
/// What it gives is the same as that of the stream itself: the same octets, then the same error or end.
pub(super) struct ReadAhead(State);

enum State {
    Alone { input: Input, left: usize },
    Ahead(Ahead),
    Ended,
}

impl ReadAhead {
    pub(super) const fn new(input: Input) -> Self {
        Self(State::Alone { input, left: ALONE_OCTETS })
    }
}

impl Read for ReadAhead {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            State::Alone { input, left } => {
                let read = input.read(buf)?;
                *left = left.saturating_sub(read);
                if *left == 0
                    && let State::Alone { input, .. } = mem::replace(&mut self.0, State::Ended)
                {
                    self.0 = start(input);
                }
                Ok(read)
            }
            State::Ahead(ahead) => {
                let result = ahead.read(buf);
                if result.is_err() || (matches!(result, Ok(0)) && !buf.is_empty()) {
                    self.0 = State::Ended;
                }
                result
            }
            State::Ended => Ok(0),
        }
    }
}

/// Goes on with `input` on a thread; without one where the system gives none.
fn start(input: Input) -> State {
    let (inputs, input_there) = mpsc::sync_channel::<Input>(1);
    let (full_there, full) = mpsc::sync_channel(PIECES);
    let (empty, empty_there) = mpsc::channel();
    let work = move || {
        if let Ok(input) = input_there.recv() {
            read_pieces(input, &empty_there, &full_there);
        }
    };
    // Nobody waits for the thread: it ends with the stream, or as soon as the pieces' reader is gone.
    let handed_over = thread::Builder::new().spawn(work).map_err(drop).map(|_| inputs);
    match handed_over {
        Ok(inputs) => match inputs.send(input) {
            Ok(()) => {
                for _ in 0..PIECES {
                    // Fails only where the thread is gone, which the first read then finds.
                    let _ = empty.send(vec![0; PIECE_OCTETS]);
                }
                State::Ahead(Ahead { full, empty, piece: Vec::new(), at: 0, end: 0 })
            }
            Err(mpsc::SendError(input)) => State::Alone { input, left: usize::MAX },
        },
        Err(()) => State::Alone { input, left: usize::MAX },
    }
}

/// A buffer, and how many octets of it were read; 0 at the end.
type Piece = io::Result<(Vec<u8>, usize)>;

fn read_pieces(mut input: Input, empty: &Receiver<Vec<u8>>, full: &SyncSender<Piece>) {
    while let Ok(mut buffer) = empty.recv() {
        let read = loop {
            match input.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        let is_last = !matches!(read, Ok(1..));
        if full.send(read.map(|read| (buffer, read))).is_err() || is_last {
            return;
        }
    }
}

struct Ahead {
    full: Receiver<Piece>,
    empty: Sender<Vec<u8>>,
    piece: Vec<u8>,
    at: usize,
    end: usize,
}

impl Ahead {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.at == self.end && !buf.is_empty() {
            let next = self.full.recv().map_err(|_| io::Error::other("the thread that decompresses ended early"))?;
            let (piece, end) = next?;
            let spent = mem::replace(&mut self.piece, piece);
            (self.at, self.end) = (0, end);
            if !spent.is_empty() {
                // Fails only after the last piece, when no more are wanted.
                let _ = self.empty.send(spent);
            }
        }
        let read = self.piece.get(self.at..self.end).unwrap_or_default().read(buf)?;
        self.at += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives octets a few at a time, is interrupted now and then, and ends as told.
    struct Slow {
        octets: io::Cursor<Vec<u8>>,
        reads: usize,
        end: Option<&'static str>,
    }

    impl Read for Slow {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            self.reads += 1;
            if self.reads.is_multiple_of(7) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let room = buf.len().min(1 + self.reads * 977 % 100_000);
            match (self.octets.read(&mut buf[..room])?, self.end) {
                (0, Some(text)) => Err(io::Error::other(text)),
                (read, _) => Ok(read),
            }
        }
    }

    fn slow(octets: &[u8], end: Option<&'static str>) -> ReadAhead {
        ReadAhead::new(Box::new(Slow { octets: io::Cursor::new(octets.to_vec()), reads: 0, end }))
    }

    fn octets(len: u32) -> Vec<u8> {
        (0..len).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect()
    }

    #[test]
    fn the_octets_are_those_of_the_stream() {
        for len in [0, 5, 1_048_575, 1_048_576, 1_048_577, 5_000_000] {
            let (expected, mut got) = (octets(len), Vec::new());
            let mut stream = slow(&expected, None);
            stream.read_to_end(&mut got).unwrap();
            assert!(got == expected, "{len} bytes");
            assert_eq!(stream.read(&mut [0; 8]).unwrap(), 0);
            assert_eq!(matches!(stream.0, State::Alone { .. }), len < 1_048_576, "{len} bytes");
        }
    }

    #[test]
    fn an_error_comes_after_every_octet_before_it() {
        for len in [100, 5_000_000] {
            let (expected, mut got) = (octets(len), Vec::new());
            let error = slow(&expected, Some("the disk is gone")).read_to_end(&mut got).unwrap_err();
            assert_eq!(error.to_string(), "the disk is gone");
            assert!(got == expected, "{len} bytes");
        }
    }

    #[test]
    fn a_stream_may_be_left_in_the_middle() {
        let mut stream = slow(&octets(9_000_000), None);
        let mut buf = vec![0; 2_000_000];
        stream.read_exact(&mut buf).unwrap();
        let State::Ahead(ahead) = stream.0 else { panic!("no thread") };
        drop(ahead);
    }
}
