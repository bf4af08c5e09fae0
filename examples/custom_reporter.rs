//! A report of one's own: lost sessions by cause, as CSV. `cargo run --example custom_reporter samples/`.

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ehlotrace::batch::{self, BatchOptions, Given};
use ehlotrace::diagnosis::Diagnosis;
use ehlotrace::report::{Reporter, Summary};
use ehlotrace::scan::ScanOptions;
use ehlotrace::scan::{CaptureReport, CaptureSource};
use ehlotrace::session::Session;

/// Counts losses by cause and writes them at the end.
struct Causes<W> {
    out: W,
    summary: Summary,
}

impl<W: Write> Reporter for Causes<W> {
    fn capture_begin(&mut self, _: usize, _: &CaptureSource) -> io::Result<()> {
        Ok(())
    }

    fn session(&mut self, _: usize, _: &Session, diagnosis: &Diagnosis) -> io::Result<()> {
        self.summary.sessions += 1;
        if let Some(rule) = diagnosis.cause {
            *self.summary.by_cause.entry(rule.code).or_default() += 1;
        }
        Ok(())
    }

    fn capture_end(&mut self, _: usize, _: &CaptureReport) -> io::Result<()> {
        self.summary.captures += 1;
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        writeln!(self.out, "cause,sessions")?;
        for (cause, sessions) in &self.summary.by_cause {
            writeln!(self.out, "{cause},{sessions}")?;
        }
        self.out.flush()
    }

    fn summary(&self) -> &Summary {
        &self.summary
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if paths.is_empty() {
        paths.push("samples".into());
    }
    let given: Vec<Given> = paths.iter().map(|path| Given::new(path, Path::new("-"))).collect();
    let mut causes = Causes { out: io::stdout().lock(), summary: Summary::default() };
    let result = batch::run(&given, &BatchOptions::new(ScanOptions::default()), &mut causes)?;
    for failure in result.failures {
        writeln!(io::stderr(), "{}: {}", failure.source.path, failure.message)?;
    }
    Ok(())
}
