//! Every capture in an input, however it is packed.

use std::fs::File;
use std::io::{Read, Seek};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;

use super::archive::{ArchiveKind, ArchiveRefusal, kind_of};
use super::compression::{HEAD_OCTETS, peel_within};
use super::layer::{Counted, Tagged};
use super::pipe::{Message, Outlet, Shared, channel};
use super::signature::compression_of;
use super::source::Source;
use super::{MAX_DEPTH, Member, MemberNote, NoteKind, Origin, Peeled, WalkOptions, Walked, again};

/// Hands every member in `origin` to `visit`, in the order of the archives, and says through `note` what could not be
/// read. Members that are archives or mails themselves are walked in their place. The rest is handed on whatever it
/// is: the visitor finds out whether it is a capture.
///
/// An input that is no archive is handed on as the one member, and nothing is noted of it: its reader meets whatever is
/// wrong with it.
///
/// ```
/// use std::fs::File;
/// use std::ops::ControlFlow;
/// use ehlotrace::container::{Origin, WalkOptions, walk};
/// use ehlotrace::scan::{ScanOptions, scan_capture};
/// use ehlotrace::{capture, limits::Limits};
///
/// let origin = Origin::File(File::open("samples/mixed.pcapng")?);
/// let (options, limits, passwords) = (ScanOptions::default(), Limits::default(), ["infected".to_owned()]);
/// let mut visit = |member: ehlotrace::container::Member| {
///     let path = member.path.clone().unwrap_or_default();
///     match capture::open_peeled(member.content, &options.open_options()) {
///         Ok(reader) => {
///             let report = scan_capture(reader, &options, &mut |_, _| {});
///             println!("{path}: {} sessions", report.sessions);
///         }
///         Err(error) => println!("{path}: {error}"),
///     }
///     ControlFlow::Continue(())
/// };
/// let walked = walk(origin, WalkOptions::new(&limits, &passwords), &mut visit, &mut |note| {
///     println!("{}: {}", note.path.unwrap_or_default(), note.message);
/// });
/// assert_eq!(walked.members, 1);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn walk(
    origin: Origin,
    options: WalkOptions<'_>,
    visit: &mut dyn FnMut(Member) -> ControlFlow<()>,
    note: &mut dyn FnMut(MemberNote),
) -> Walked {
    let shared = Shared::new(options.limits, options.passwords);
    let source = match origin.into_source() {
        Source::File(file) => {
            shared.expansion.add_raw(file.metadata().map_or(0, |m| m.len()));
            Source::File(file)
        }
        Source::Stream(inner) => Source::Stream(Box::new(Counted { inner, expansion: Arc::clone(&shared.expansion) })),
    };
    let mut walk = Walk { shared, visit, note, walked: Walked::default() };
    // That the visitor has seen enough is no failure.
    let _ = walk.enter(source, None, 0);
    walk.walked
}

struct Walk<'w> {
    shared: Arc<Shared>,
    visit: &'w mut dyn FnMut(Member) -> ControlFlow<()>,
    note: &'w mut dyn FnMut(MemberNote),
    walked: Walked,
}

impl Walk<'_> {
    fn note(&mut self, path: Option<&String>, kind: NoteKind, message: String) {
        (self.note)(MemberNote { path: path.cloned(), kind, message });
    }

    /// Looks at what `source` begins with. `depth` archives are around it.
    fn enter(&mut self, source: Source, path: Option<String>, depth: usize) -> ControlFlow<()> {
        let (stream, file): (Box<dyn Read + Send>, _) = match source {
            Source::File(mut file) => match kind_of(&head_of(&mut file)) {
                Some(kind) => return self.open(kind, Source::File(file), path, depth),
                None => {
                    let again = again(&file);
                    (Box::new(file), again)
                }
            },
            Source::Stream(stream) => (stream, None),
        };
        let (stream, layers) = match peel_within(stream, &self.shared.expansion) {
            Ok(peeled) => peeled,
            Err(e) => {
                self.note(path.as_ref(), NoteKind::Unreadable, e.to_string());
                return ControlFlow::Continue(());
            }
        };
        if let Some(kind) = kind_of(stream.head()) {
            return self.open(kind, Source::Stream(Box::new(Tagged(stream))), path, depth);
        }
        if let (Some(compression), Some(path)) = (compression_of(stream.head()), &path) {
            let message = format!("{compression} data inside {MAX_DEPTH} other compressions; unpack it first");
            self.note(Some(path), NoteKind::Bound, message);
            return ControlFlow::Continue(());
        }
        self.walked.members += 1;
        (self.visit)(Member { path, content: Peeled::new(stream, layers).of_file(file) })
    }

    fn open(
        &mut self,
        kind: &'static ArchiveKind,
        source: Source,
        path: Option<String>,
        depth: usize,
    ) -> ControlFlow<()> {
        if path.is_none() {
            self.walked.archive = Some(kind.signature.name);
        }
        if depth >= self.shared.limits.archive_depth {
            let message = format!("{} inside {depth} other archives or mails; unpack it first", kind.signature.name);
            self.note(path.as_ref(), NoteKind::Bound, message);
            return ControlFlow::Continue(());
        }
        let (mut outlet, messages) = channel(&self.shared, kind.signature.name, depth);
        let work = move || read(kind, source, &mut outlet);
        let worker = match thread::Builder::new().name("unpacking".to_owned()).spawn(work) {
            Ok(worker) => worker,
            Err(e) => {
                self.note(path.as_ref(), NoteKind::Unreadable, format!("no thread to unpack it: {e}"));
                return ControlFlow::Continue(());
            }
        };
        for message in messages {
            let flow = match message {
                Message::Member { name, feed } => {
                    let name = self.joined(path.as_deref(), &name);
                    let closer = feed.closer();
                    let flow = self.enter(Source::Stream(Box::new(feed)), Some(name), depth + 1);
                    closer.close();
                    flow
                }
                Message::Note { name, kind, message } => {
                    let named = name.map(|name| self.joined(path.as_deref(), &name));
                    self.note(named.as_ref().or(path.as_ref()), kind, message);
                    ControlFlow::Continue(())
                }
            };
            if self.is_spent(path.as_ref()) || flow.is_break() {
                self.shared.stop();
                return ControlFlow::Break(());
            }
        }
        if worker.join().is_err() {
            // Last resort: a decoder that panics takes its own thread with it and nothing else.
            let message = format!("{} that broke its reader; unpack it first", kind.signature.name);
            self.note(path.as_ref(), NoteKind::Unreadable, message);
        }
        if self.is_spent(path.as_ref()) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Whether too much was unpacked, which ends the walk and is noted once.
    fn is_spent(&mut self, path: Option<&String>) -> bool {
        let is_spent = self.shared.expansion.is_spent();
        if is_spent && !self.shared.is_stopped() {
            self.shared.stop();
            let message = format!("{}; the rest was not read", self.shared.expansion.message());
            self.note(path, NoteKind::Bound, message);
        }
        is_spent
    }

    fn joined(&self, path: Option<&str>, name: &str) -> String {
        let max = self.shared.limits.member_name_octets;
        let name = if name.len() > max {
            format!("{}…", name.get(..name.floor_char_boundary(max)).unwrap_or_default())
        } else {
            name.to_owned()
        };
        match path {
            Some(path) => format!("{path}/{name}"),
            None => name,
        }
    }
}

/// What runs in the thread of an archive.
fn read(kind: &ArchiveKind, source: Source, outlet: &mut Outlet) {
    match (kind.read)(source, outlet) {
        Err(ArchiveRefusal { kind: reason, message }) if !outlet.is_over() => {
            outlet.note(None, reason, format!("{}: {message}", kind.signature.name));
        }
        _ => {}
    }
}

/// The first octets of a file, which stands at its start before and after.
fn head_of(file: &mut File) -> Vec<u8> {
    let mut head = Vec::new();
    let read = file.take(HEAD_OCTETS as u64).read_to_end(&mut head);
    match read.and_then(|_| file.rewind()) {
        Ok(()) => head,
        // Whoever reads it as a stream meets the error.
        Err(_) => Vec::new(),
    }
}
