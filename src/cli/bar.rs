//! A progress bar on a terminal, for work that takes long.

use std::fs::Metadata;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ehlotrace::batch::{Input, Progress};
use indicatif::{BinaryBytes, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work that is done sooner than this shows no bar.
const PATIENCE: Duration = Duration::from_millis(700);
const REDRAW: Duration = Duration::from_millis(100);

/// Does `work`, and shows on standard error how far it is. Nothing of the bar is left at the end.
pub(super) fn during<T>(inputs: &[Input], progress: &Progress, work: impl FnOnce() -> T) -> T {
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        let drawing = scope.spawn(|| draw(inputs, progress, &is_done));
        let result = work();
        is_done.store(true, Ordering::Release);
        drawing.thread().unpark();
        result
    })
}

fn draw(inputs: &[Input], progress: &Progress, is_done: &AtomicBool) {
    let started = Instant::now();
    thread::park_timeout(PATIENCE);
    if is_done.load(Ordering::Acquire) {
        return;
    }
    let total = total_octets(inputs);
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    let template =
        if total.is_some() { "{msg} [{bar:30}] {bytes} of {total_bytes}{prefix}" } else { "{msg} {bytes}{prefix}" };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    while !is_done.load(Ordering::Acquire) {
        let octets = progress.octets().min(total.unwrap_or(u64::MAX));
        bar.set_message(format!("{} of {} captures", progress.inputs(), inputs.len()));
        bar.set_prefix(pace(octets, total, started.elapsed()));
        bar.set_position(octets);
        thread::park_timeout(REDRAW);
    }
    bar.finish_and_clear();
}

/// Bytes to be read in all; none if an input does not say, as a pipe.
fn total_octets(inputs: &[Input]) -> Option<u64> {
    inputs.iter().map(|input| Some(input.path()?.metadata().ok().filter(Metadata::is_file)?.len())).sum()
}

/// How fast it goes and how long it will take, once something was read.
fn pace(octets: u64, total: Option<u64>, elapsed: Duration) -> String {
    let Some(each_second) = u128::from(octets).saturating_mul(1_000).checked_div(elapsed.as_millis()) else {
        return String::new();
    };
    if each_second == 0 {
        return String::new();
    }
    let rate = BinaryBytes(u64::try_from(each_second).unwrap_or(u64::MAX));
    let left = total.and_then(|total| u64::try_from(u128::from(total.saturating_sub(octets)) / each_second).ok());
    match left {
        Some(left) => format!(", {rate}/s, {} left", HumanDuration(Duration::from_secs(left))),
        None => format!(", {rate}/s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_rate_before_anything_was_read() {
        assert_eq!(pace(0, Some(100), Duration::from_secs(2)), "");
        assert_eq!(pace(0, None, Duration::ZERO), "");
        assert_eq!(pace(2_097_152, Some(4_194_304), Duration::from_secs(2)), ", 1.00 MiB/s, 2 seconds left");
        assert_eq!(pace(2_097_152, None, Duration::from_secs(2)), ", 1.00 MiB/s");
    }

    #[test]
    fn a_pipe_has_no_length() {
        let file = Input::File("Cargo.toml".into());
        assert_eq!(
            total_octets(&[file.clone(), file.clone()]),
            std::fs::metadata("Cargo.toml").ok().map(|m| 2 * m.len())
        );
        assert_eq!(total_octets(&[file, Input::Stdin("-".into())]), None);
    }
}
