//! From the thread that unpacks an archive to the one that reads its members.
//!
//! The decoders lend their members: they cannot be handed on as streams that own themselves. So each archive is
//! unpacked by a thread of its own that pushes octets through a short channel, and a member is the other end of it.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};

use super::NoteKind;
use super::expansion::Expansion;
use super::layer::explain;
use crate::limits::Limits;

/// What all archives of one walk share.
pub(super) struct Shared {
    pub(super) limits: Limits,
    pub(super) passwords: Vec<String>,
    pub(super) expansion: Arc<Expansion>,
    pub(super) spooled_octets: AtomicU64,
    members: AtomicU64,
    stopped: AtomicBool,
}

impl Shared {
    pub(super) fn new(limits: &Limits, passwords: &[String]) -> Arc<Self> {
        Arc::new(Self {
            limits: limits.clone(),
            passwords: passwords.to_vec(),
            expansion: Expansion::new(limits),
            spooled_octets: AtomicU64::new(0),
            members: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        })
    }

    /// Ends the work of every thread at its next step.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

/// What an archive's thread says.
pub(super) enum Message {
    Member { name: String, feed: Feed },
    Note { name: Option<String>, kind: NoteKind, message: String },
}

type Chunk = io::Result<Vec<u8>>;

const CHUNK_OCTETS: usize = 64 * 1024;
/// Chunks unpacked ahead of the reader.
const CHUNKS_AHEAD: usize = 4;

/// Where the thread of one archive puts its members and notes.
pub(super) struct Outlet {
    pub(super) shared: Arc<Shared>,
    /// How many archives are around this one.
    pub(super) depth: usize,
    messages: SyncSender<Message>,
    archive: &'static str,
    members: u64,
}

/// What became of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    /// It was read to its end.
    Whole,
    /// Its reader wanted no more of it.
    Dropped,
    /// It could not be read to its end; its reader knows.
    Broken,
    /// The walk is over, or a bound was reached: no member is wanted any more.
    Stop,
}

pub(super) fn channel(shared: &Arc<Shared>, archive: &'static str, depth: usize) -> (Outlet, Receiver<Message>) {
    let (messages, receiver) = mpsc::sync_channel(1);
    (Outlet { shared: Arc::clone(shared), depth, messages, archive, members: 0 }, receiver)
}

impl Outlet {
    /// Hands on a member, from where `content` stands.
    pub(super) fn member(&mut self, name: String, content: &mut dyn Read) -> Passed {
        if !self.admit() {
            return Passed::Stop;
        }
        let (chunks, receiver) = mpsc::sync_channel::<Chunk>(CHUNKS_AHEAD);
        if self.messages.send(Message::Member { name, feed: Feed::new(receiver) }).is_err() {
            return Passed::Stop;
        }
        let mut failed = None;
        loop {
            let (chunk, passed) = match self.next_chunk(content, &mut failed) {
                Ok(chunk) if chunk.is_empty() => (Ok(chunk), Some(Passed::Whole)),
                Ok(chunk) => (Ok(chunk), None),
                Err(e) if self.is_over() => (Err(e), Some(Passed::Stop)),
                Err(e) => (Err(e), Some(Passed::Broken)),
            };
            let is_taken = chunks.send(chunk).is_ok();
            match passed {
                Some(passed) => return passed,
                None if self.is_over() => return Passed::Stop,
                None if !is_taken => return Passed::Dropped,
                None => {}
            }
        }
    }

    /// Unpacks the rest of a member nobody wants, for the sake of those packed behind it.
    pub(super) fn drain(&mut self, content: &mut dyn Read) -> Passed {
        let mut failed = None;
        loop {
            match self.next_chunk(content, &mut failed) {
                Ok(chunk) if chunk.is_empty() => return Passed::Whole,
                _ if self.is_over() => return Passed::Stop,
                Ok(_) => {}
                Err(_) => return Passed::Broken,
            }
        }
    }

    /// Says that a member, or the archive itself, could not be read.
    pub(super) fn note(&mut self, name: Option<String>, kind: NoteKind, message: impl Into<String>) {
        // Without a listener the walk is over, which the next member shows.
        let _ = self.messages.send(Message::Note { name, kind, message: message.into() });
    }

    pub(super) fn is_over(&self) -> bool {
        self.shared.is_stopped() || self.shared.expansion.is_spent()
    }

    /// Counts one more entry of the archive, whatever it is; false when there were too many.
    pub(super) fn admit(&mut self) -> bool {
        if self.is_over() {
            return false;
        }
        let limits = &self.shared.limits;
        self.members += 1;
        let all = self.shared.members.fetch_add(1, Ordering::Relaxed) + 1;
        let message = if self.members > limits.archive_members {
            format!("only its first {} members were read; unpack it first", limits.archive_members)
        } else if all > limits.input_members {
            format!("only the first {} members of the input were read; unpack it first", limits.input_members)
        } else {
            return true;
        };
        self.note(None, NoteKind::Bound, message);
        false
    }

    /// The next octets of a member, as many as come together: some decoders give them line by line. None at the end.
    /// An error that follows octets is kept for the next time in `failed`.
    fn next_chunk(&self, content: &mut dyn Read, failed: &mut Option<io::Error>) -> Chunk {
        let mut chunk = vec![0; CHUNK_OCTETS];
        let mut len = 0;
        while let (Some(room), None) = (chunk.get_mut(len..).filter(|room| !room.is_empty()), &failed) {
            match content.read(room) {
                Ok(0) => break,
                Ok(read) => {
                    len = len.saturating_add(read);
                    *failed = self.shared.expansion.add(read as u64).err();
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => *failed = Some(explain(e, self.archive)),
            }
        }
        chunk.truncate(len);
        match failed.take_if(|_| len == 0) {
            Some(error) => Err(error),
            None => Ok(chunk),
        }
    }
}

/// The octets of a member as they are unpacked.
pub(super) struct Feed {
    chunks: Chunks,
    current: Vec<u8>,
    given: usize,
    ended: bool,
}

/// Shared with [`Closer`]; `None` once closed.
type Chunks = Arc<Mutex<Option<Receiver<Chunk>>>>;

/// Ends a [`Feed`] from outside: the archive's thread must not wait for a reader that was put aside.
pub(super) struct Closer(Chunks);

impl Closer {
    pub(super) fn close(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Feed {
    fn new(receiver: Receiver<Chunk>) -> Self {
        Self { chunks: Arc::new(Mutex::new(Some(receiver))), current: Vec::new(), given: 0, ended: false }
    }

    pub(super) fn closer(&self) -> Closer {
        Closer(Arc::clone(&self.chunks))
    }

    fn refill(&mut self) -> io::Result<()> {
        let received = match &*self.chunks.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(chunks) => chunks.recv().ok(),
            None => return Err(io::Error::other("the archive around it was left")),
        };
        self.given = 0;
        self.current.clear();
        self.ended = true;
        match received {
            Some(chunk) => self.current = chunk?,
            None => return Err(io::Error::new(io::ErrorKind::InvalidData, "the archive around it broke its reader")),
        }
        self.ended = self.current.is_empty();
        Ok(())
    }
}

impl Read for Feed {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.given == self.current.len() && !self.ended && !buf.is_empty() {
            self.refill()?;
        }
        let n = self.current.get(self.given..).unwrap_or_default().read(buf)?;
        self.given += n;
        Ok(n)
    }
}
