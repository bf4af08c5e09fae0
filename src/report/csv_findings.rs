//! Comma-separated values: one row a finding, in place of the rows of sessions.

use std::io::{self, Write};

use super::csv::{guarded, head, joined, line, or_empty};
use super::digest::Digest;
use super::finding::{Finding, Peers};
use super::relay::Argument;
use super::run::{Form, Run};
use super::totals::Totals;
use super::{escape, findings};
use crate::diagnosis::Fault;

/// A column: its name, and what stands in it.
type Column = (&'static str, fn(&Finding, &Totals) -> String);

const COLUMNS: [Column; 25] = [
    ("sessions", |finding, _| finding.sessions.to_string()),
    ("cause", |finding, _| finding.trouble.rule.code.to_owned()),
    ("reason", |finding, _| or_empty(finding.trouble.reason.map(|reason| reason.code))),
    ("problems", |finding, _| joined(finding.trouble.problems.iter().map(|problem| problem.code().to_owned()), " ")),
    ("fault", |finding, _| or_empty(finding.trouble.fault.map(Fault::code))),
    ("title", |finding, _| findings::title(finding)),
    ("sessions_of_run", |_, totals| totals.summary().sessions.to_string()),
    ("first", |finding, _| finding.first.to_string()),
    ("last", |finding, _| finding.last.to_string()),
    ("clients", |finding, _| finding.clients.number().to_string()),
    ("client_ips", |finding, _| peers(&finding.clients)),
    ("servers", |finding, _| finding.servers.number().to_string()),
    ("server_ips", |finding, _| peers(&finding.servers)),
    ("products", |finding, _| joined(finding.products.iter().map(ToString::to_string), "; ")),
    ("arguments", |finding, _| {
        joined(finding.arguments_most_first().into_iter().map(|(sent, _)| argument(sent)), "; ")
    }),
    ("suggestions", |finding, _| joined(suggestions(finding), "; ")),
    ("arguments_omitted", |finding, _| finding.arguments_omitted.to_string()),
    ("replies", |finding, _| joined(finding.refusals.kept.iter().map(|refusal| refusal.text.to_string()), "; ")),
    ("replies_omitted", |finding, _| finding.refusals.omitted.to_string()),
    ("captures", |finding, _| finding.captures.to_string()),
    ("tickets", |finding, _| finding.tickets.to_string()),
    ("example_capture", |finding, _| finding.example.source.clone()),
    ("example_session", |finding, _| finding.example.key.1.to_string()),
    ("example_first_frame", |finding, _| finding.example.frames.0.to_string()),
    ("remedy", findings::fix),
];

fn peers(peers: &Peers) -> String {
    joined(peers.most_first().into_iter().map(|(address, _)| address.to_string()), " ")
}

fn argument(argument: &Argument) -> String {
    format!("{} {}", argument.verb, escape::text(&argument.octets)).trim_end().to_owned()
}

fn suggestions(finding: &Finding) -> impl Iterator<Item = String> {
    finding.arguments_most_first().into_iter().filter_map(|(sent, _)| sent.suggestion.as_deref().map(str::to_owned))
}

/// Writes the rows at the end.
pub(super) struct CsvFindings<'w> {
    out: Box<dyn Write + 'w>,
}

impl<'w> CsvFindings<'w> {
    pub(super) const fn new(out: Box<dyn Write + 'w>) -> Self {
        Self { out }
    }
}

impl Form for CsvFindings<'_> {
    fn session(&mut self, _: &Digest<'_>) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self, run: &Run) -> io::Result<()> {
        self.out.write_all(&head(run.options.excel, COLUMNS.map(|(name, _)| name.to_owned()))?)?;
        for finding in run.totals.findings() {
            self.out
                .write_all(&line(run.options.excel, COLUMNS.map(|(_, cell)| guarded(&cell(finding, &run.totals))))?)?;
        }
        self.out.flush()
    }
}
