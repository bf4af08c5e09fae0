//! What a run is to read.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::container::Origin;
use crate::scan::CaptureSource;

/// Something to read.
#[derive(Clone, Debug)]
pub enum Input {
    /// Standard input, and what stands for its path in reports.
    Stdin(PathBuf),
    /// A file that was named: it has to be a capture, or hold one.
    File(PathBuf),
    /// A file found in a folder: it may be anything.
    Found(PathBuf),
    /// A folder that could not be listed, and what the operating system said.
    Unlisted(PathBuf, String),
}

/// A path as it was given, and what it stands for.
#[derive(Clone, Debug)]
pub struct Given {
    /// The path; of standard input the name that reports give it.
    pub path: PathBuf,
    /// What is to read.
    pub inputs: Vec<Input>,
}

impl Given {
    /// What `path` stands for: `-` is standard input, which reports call `stdin`; a folder is every file below it in order
    /// of name. Symbolic links in a folder are not followed, so that none leads in a circle.
    pub fn new(path: &Path, stdin: &Path) -> Self {
        if path.as_os_str() == "-" {
            return Self { path: stdin.to_owned(), inputs: vec![Input::Stdin(stdin.to_owned())] };
        }
        let inputs = if path.is_dir() { files_in(path) } else { vec![Input::File(path.to_owned())] };
        Self { path: path.to_owned(), inputs }
    }
}

impl Given {
    /// The same, but what is no capture need not be one, as in a folder.
    #[must_use]
    pub fn found(mut self) -> Self {
        for input in &mut self.inputs {
            if let Input::File(path) = input {
                *input = Input::Found(std::mem::take(path));
            }
        }
        self
    }

    /// The ticket that `input` belongs to: the entry of the folder given through which it was found, else what was given.
    pub(super) fn ticket_of(&self, input: &Input) -> PathBuf {
        let entry = || input.path()?.strip_prefix(&self.path).ok()?.components().next();
        entry().map_or_else(|| self.path.clone(), |entry| self.path.join(entry))
    }
}

fn files_in(folder: &Path) -> Vec<Input> {
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter();
    let inputs = entries.filter_map(|entry| match entry {
        Ok(entry) => entry.file_type().is_file().then(|| Input::Found(entry.into_path())),
        Err(error) => Some(unlisted(folder, &error)),
    });
    inputs.collect()
}

/// All that `paths` stand for, see [`Given::new`].
pub fn expand(paths: &[PathBuf]) -> Vec<Input> {
    paths.iter().flat_map(|path| Given::new(path, Path::new("-")).inputs).collect()
}

/// Whether two of the inputs look like parts of a rotated capture: names that differ only in a counter or a time, as
/// `dumpcap -b` (`trace_00001_20240305100000.pcapng`), `tcpdump -C` (`trace.pcap`, `trace.pcap1`) and `nmcap` chains
/// (`trace(1).cap`) give them.
pub fn looks_like_a_set(inputs: &[Input]) -> bool {
    let mut stems: Vec<_> = inputs.iter().filter_map(Input::path).filter_map(stem_of_a_part).collect();
    stems.sort();
    stems.windows(2).any(|pair| pair.first() == pair.get(1))
}

/// Folder and name of a file without counter and time; none if it has neither.
fn stem_of_a_part(path: &Path) -> Option<(Option<&Path>, String)> {
    let name = path.file_name()?.to_str()?;
    let is_counter = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    let (stem, extension) = name.rsplit_once('.')?;
    let base = if let Some((base, time)) = stem.rsplit_once('_')
        && is_counter(time)
    {
        base.rsplit_once('_').filter(|(_, counter)| is_counter(counter)).map_or(base, |(base, _)| base)
    } else if let Some((base, counter)) = stem.strip_suffix(')').and_then(|stem| stem.rsplit_once('('))
        && is_counter(counter)
    {
        base
    } else {
        let extension_base = extension.trim_end_matches(|character: char| character.is_ascii_digit());
        let is_known = ["pcap", "cap", "pcapng", "dmp"].contains(&extension_base);
        return is_known.then(|| (path.parent(), format!("{stem}.{extension_base}")));
    };
    Some((path.parent(), format!("{base}.{extension}")))
}

/// What the names of captures end in, before a counter and a compression.
const CAPTURE_EXTENSIONS: [&str; 8] = ["pcap", "pcapng", "cap", "trc", "enc", "dmp", "snoop", "etl"];
const COMPRESSION_EXTENSIONS: [&str; 6] = ["gz", "zst", "lz4", "xz", "bz2", "z"];

/// Whether a file or member is named as captures are: `trace.pcap`, `trace.pcap1`, `TRACE.CAP.gz`.
fn is_named_as_a_capture(path: &Path) -> bool {
    let extension = |path: &Path| Some(path.extension()?.to_str()?.to_ascii_lowercase());
    let is_packed = extension(path).is_some_and(|extension| COMPRESSION_EXTENSIONS.contains(&&*extension));
    let stem = path.with_extension("");
    let name = if is_packed { &stem } else { path };
    let is_capture = |extension: String| {
        CAPTURE_EXTENSIONS.contains(&extension.trim_end_matches(|character: char| character.is_ascii_digit()))
    };
    extension(name).is_some_and(is_capture)
}

impl Input {
    /// The file, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdin(_) => None,
            Self::File(path) | Self::Found(path) | Self::Unlisted(path, _) => Some(path),
        }
    }

    /// Whether it can be read more than once: a file, and no pipe.
    pub(super) fn is_file(&self) -> bool {
        self.path().is_some_and(Path::is_file)
    }

    /// Whether it was found in a folder, and so need not be a capture.
    pub(super) const fn is_found(&self) -> bool {
        matches!(self, Self::Found(_))
    }

    /// Whether what is no capture need not be one, by the name of the file or the member: all that was found and is not named
    /// as captures are.
    pub(super) fn may_be_anything(&self, member: Option<&str>) -> bool {
        let name = member.map(Path::new).or_else(|| self.path());
        (self.is_found() || member.is_some()) && !name.is_some_and(is_named_as_a_capture)
    }

    pub(super) fn source(&self, member: Option<String>) -> CaptureSource {
        let path = match self {
            Self::Stdin(path) | Self::File(path) | Self::Found(path) | Self::Unlisted(path, _) => path,
        };
        CaptureSource::new(path, member)
    }

    /// Opens it from its start.
    ///
    /// # Errors
    ///
    /// What the operating system said.
    pub fn open(&self) -> io::Result<Origin> {
        match self {
            Self::Stdin(_) => Ok(Origin::Stream(Box::new(io::stdin()))),
            Self::File(path) | Self::Found(path) => File::open(path).map(Origin::File),
            Self::Unlisted(_, reason) => Err(io::Error::other(reason.clone())),
        }
    }
}

fn unlisted(folder: &Path, error: &walkdir::Error) -> Input {
    let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
    Input::Unlisted(error.path().unwrap_or(folder).to_owned(), reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_captures_are_known_by_their_names() {
        let inputs = |names: &[&str]| names.iter().map(|name| Input::File(PathBuf::from(name))).collect::<Vec<_>>();
        for set in [
            &["t/trace_00001_20240305100000.pcapng", "t/trace_00002_20240305110000.pcapng"][..],
            &["trace.pcap", "other.pcap", "trace.pcap1"],
            &["trace(1).cap", "trace(2).cap"],
            &["trace_00001.pcap", "trace_00002.pcap"],
        ] {
            assert!(looks_like_a_set(&inputs(set)), "{set:?}");
        }
        for apart in [
            &["a.pcap", "b.pcap"][..],
            &["x/trace.pcap", "y/trace.pcap1"],
            &["trace(1).cap", "trace(1).pcap"],
            &["report_2024.txt"],
        ] {
            assert!(!looks_like_a_set(&inputs(apart)), "{apart:?}");
        }
    }

    #[test]
    fn captures_are_known_by_their_names() {
        for name in
            ["a.pcap", "t/A.PCAPNG", "a.cap.gz", "a.pcap12", "x.trc", "x.enc.zst", "x.dmp", "x.snoop", "x.pcap1.xz"]
        {
            assert!(is_named_as_a_capture(Path::new(name)), "{name}");
        }
        for name in ["pcap", "a.txt", "a.gz", "a.pcap/notes", "a.pcap.txt", "capture", "a.zip", ".pcap"] {
            assert!(!is_named_as_a_capture(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn a_ticket_is_the_entry_of_the_folder_or_the_file_given() {
        let given = |path: &str| Given { path: PathBuf::from(path), inputs: Vec::new() };
        for (path, found, ticket) in [
            ("tickets", "tickets/4711/a/b.pcap", "tickets/4711"),
            ("tickets/", "tickets/4711.zip", "tickets/4711.zip"),
            (".", "./4711/a.pcap", "./4711"),
            ("/t/4711", "/t/4711/a.pcap", "/t/4711/a.pcap"),
            ("t", "t", "t"),
        ] {
            assert_eq!(given(path).ticket_of(&Input::Found(PathBuf::from(found))), Path::new(ticket));
        }
        assert_eq!(given("a.pcap").ticket_of(&Input::File(PathBuf::from("a.pcap"))), Path::new("a.pcap"));
        assert_eq!(given("-").ticket_of(&Input::Stdin(PathBuf::from("-"))), Path::new("-"));
    }
}
