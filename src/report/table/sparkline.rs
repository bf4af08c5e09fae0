//! Lost sessions over time in one line of block characters.

use super::footer::FooterLines;
use crate::report::run::Run;
use crate::report::volume::Volume;
use crate::report::words::{date_and_time, span};

/// From this width on there is room for it.
const LEAST_WIDTH: usize = 80;
/// Steps shown at the most.
const MOST_STEPS: usize = 60;
/// How many sessions were lost, from one on.
const LEVELS: [char; 7] = ['\u{2582}', '\u{2583}', '\u{2584}', '\u{2585}', '\u{2586}', '\u{2587}', '\u{2588}'];
/// Sessions, and none of them lost.
const NONE_LOST: char = '\u{2581}';

/// The line, where the terminal has such characters, is wide enough, and something was lost in more than one step.
pub(super) fn line(lines: &mut FooterLines, run: &Run) {
    if !run.options.has_blocks || lines.width() < LEAST_WIDTH || run.totals.summary().mail_lost() == 0 {
        return;
    }
    let zone = &run.options.zone;
    let bars = run.totals.timeline().bars(MOST_STEPS.min(lines.width() - LEAST_WIDTH / 2));
    let Some(bars) = bars.filter(|bars| bars.bars.len() > 1) else { return };
    let from = date_and_time(bars.start, zone);
    let text = drawn(&bars.bars);
    lines.blank();
    lines.block(&format!("Lost  {text}"));
    lines.paragraph("      ", &format!("from {from} {} on, each block is {}", zone.name(), span(bars.width_ns)));
}

fn drawn(bars: &[Volume]) -> String {
    let most = bars.iter().map(Volume::lost).max().unwrap_or(0).max(1);
    let level = |bar: &Volume| match bar.lost() {
        _ if *bar == Volume::default() => ' ',
        0 => NONE_LOST,
        lost => {
            let at = lost.saturating_mul(LEVELS.len() as u64).div_ceil(most).saturating_sub(1);
            usize::try_from(at).ok().and_then(|at| LEVELS.get(at)).copied().unwrap_or('\u{2588}')
        }
    };
    bars.iter().map(level).collect()
}
