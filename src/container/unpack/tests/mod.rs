mod archives;
mod bombs;
mod bounds;
mod compression;
mod corpus;
mod encrypted;
mod hostile;
mod mails;
mod make;

use std::io::{Cursor, Read};
use std::ops::ControlFlow;

use super::{MemberNote, NoteKind, Origin, WalkOptions, Walked, walk};
use crate::limits::Limits;

/// A member as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    path: Option<String>,
    content: Vec<u8>,
    error: Option<std::io::ErrorKind>,
    layers: Vec<&'static str>,
}

/// What one walk gave.
struct Outcome {
    members: Vec<Seen>,
    notes: Vec<MemberNote>,
    walked: Walked,
}

impl Outcome {
    /// Paths and contents, as far as they were read without error.
    fn read(&self) -> Vec<(&str, &[u8])> {
        let whole = self.members.iter().filter(|m| m.error.is_none());
        whole.map(|m| (m.path.as_deref().unwrap_or("-"), m.content.as_slice())).collect()
    }

    /// Path, kind and message of each note.
    fn notes(&self) -> Vec<(&str, NoteKind, &str)> {
        self.notes.iter().map(|n| (n.path.as_deref().unwrap_or("-"), n.kind, n.message.as_str())).collect()
    }
}

fn walk_with(origin: Origin, limits: &Limits, passwords: &[&str], keep: usize) -> Outcome {
    let passwords: Vec<String> = passwords.iter().map(|&p| p.to_owned()).collect();
    let (mut members, mut notes) = (Vec::new(), Vec::new());
    let walked = walk(
        origin,
        WalkOptions { limits, passwords: &passwords },
        &mut |member| {
            let (mut stream, mut content) = (member.content.stream, Vec::new());
            let mut error = stream.by_ref().take(keep as u64).read_to_end(&mut content).err();
            if error.is_none() && content.len() == keep {
                error = std::io::copy(&mut stream, &mut std::io::sink()).err();
            }
            let error = error.map(|e| e.kind());
            members.push(Seen { path: member.path, content, error, layers: member.content.layers });
            ControlFlow::Continue(())
        },
        &mut |note| notes.push(note),
    );
    Outcome { members, notes, walked }
}

fn seen(octets: &[u8], passwords: &[&str]) -> Outcome {
    walk_with(Origin::Stream(Box::new(Cursor::new(octets.to_vec()))), &Limits::default(), passwords, 1 << 20)
}
