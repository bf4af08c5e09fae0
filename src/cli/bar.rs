//! A progress bar on a terminal, for work that takes long.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ehlotrace::batch::{Input, Progress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

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
    thread::park_timeout(PATIENCE);
    if is_done.load(Ordering::Acquire) {
        return;
    }
    let sizes = inputs.iter().filter_map(Input::path).filter_map(|path| path.metadata().ok());
    let total = sizes.map(|metadata| metadata.len()).sum();
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let template = "{msg} [{bar:30}] {bytes} of {total_bytes}, {binary_bytes_per_sec}, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    while !is_done.load(Ordering::Acquire) {
        bar.set_message(format!("{} of {} captures", progress.inputs(), inputs.len()));
        bar.set_position(progress.octets().min(total));
        thread::park_timeout(REDRAW);
    }
    bar.finish_and_clear();
}
