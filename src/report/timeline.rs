//! Sessions over time, in a bounded number of steps: as it gets longer, the steps get wider.
//!
//! Steps are counted from 1970, and each width is a multiple of the one before it, so nothing is lost when steps are put
//! together; what comes out does not depend on the order in which sessions come.

use std::collections::BTreeMap;

use crate::time::{NANOS_PER_SEC, Timestamp};

/// Widths of a step in seconds: from one second to 52 weeks.
const WIDTHS_S: [i64; 13] = [1, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400, 604_800, 4 * 604_800, 52 * 604_800];

/// What happened in one step.
pub(super) trait Bin: Clone + Default {
    /// Adds what happened in the step after it.
    fn add_later(&mut self, later: &Self);
}

/// The steps in which something happened.
#[derive(Clone, Debug)]
pub(super) struct Timeline<B> {
    most: usize,
    /// Which of the widths.
    width: usize,
    bins: BTreeMap<i64, B>,
}

/// Steps of one width without a gap between them.
#[derive(Clone, Debug)]
pub(super) struct Bars<B> {
    /// When the first one begins.
    pub(super) start: Timestamp,
    pub(super) width_ns: i64,
    pub(super) bars: Vec<B>,
}

fn width_ns(width: usize) -> i64 {
    WIDTHS_S.get(width).or(WIDTHS_S.last()).map_or(1, |seconds| seconds * NANOS_PER_SEC)
}

impl<B: Bin> Timeline<B> {
    /// One that keeps at most so many steps in which something happened, but never fewer than there are years in it.
    pub(super) const fn new(most: usize) -> Self {
        Self { most, width: 0, bins: BTreeMap::new() }
    }

    /// The step of `time`.
    pub(super) fn at(&mut self, time: Timestamp) -> &mut B {
        let step = |width| time.as_nanos().div_euclid(width_ns(width));
        while self.bins.len() >= self.most
            && self.width + 1 < WIDTHS_S.len()
            && !self.bins.contains_key(&step(self.width))
        {
            self.bins = put_together(&self.bins, self.width, self.width + 1);
            self.width += 1;
        }
        self.bins.entry(step(self.width)).or_default()
    }

    /// The steps in which something happened, in order of time.
    pub(super) fn bins(&self) -> impl Iterator<Item = &B> {
        self.bins.values()
    }

    /// At most so many steps, from the first to the last in which something happened; none where nothing did.
    pub(super) fn bars(&self, most: usize) -> Option<Bars<B>> {
        let mut width = self.width;
        let mut bins = self.bins.clone();
        loop {
            let (first, last) = (*bins.first_key_value()?.0, *bins.last_key_value()?.0);
            let number = usize::try_from(last - first).unwrap_or(usize::MAX).saturating_add(1);
            if number <= most || width + 1 >= WIDTHS_S.len() {
                let mut bars = vec![B::default(); number.min(MOST_BARS)];
                for (step, bin) in bins {
                    if let Some(bar) = usize::try_from(step - first).ok().and_then(|at| bars.get_mut(at)) {
                        *bar = bin;
                    }
                }
                let start = Timestamp::from_nanos_i128(i128::from(first) * i128::from(width_ns(width)));
                return Some(Bars { start, width_ns: width_ns(width), bars });
            }
            bins = put_together(&bins, width, width + 1);
            width += 1;
        }
    }
}

/// More years than a time in nanoseconds can span.
const MOST_BARS: usize = 600;

fn put_together<B: Bin>(bins: &BTreeMap<i64, B>, from: usize, to: usize) -> BTreeMap<i64, B> {
    let times = width_ns(to) / width_ns(from);
    let mut wider: BTreeMap<i64, B> = BTreeMap::new();
    for (step, bin) in bins {
        wider.entry(step.div_euclid(times)).or_default().add_later(bin);
    }
    wider
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    struct Times(Vec<i64>);

    impl Bin for Times {
        fn add_later(&mut self, later: &Self) {
            self.0.extend(&later.0);
        }
    }

    fn of(seconds: &[i64], most: usize) -> Timeline<Times> {
        let mut timeline = Timeline::<Times>::new(most);
        for second in seconds {
            timeline.at(Timestamp::from_nanos(second * NANOS_PER_SEC)).0.push(*second);
        }
        timeline
    }

    #[test]
    fn every_width_holds_whole_steps_of_the_one_before() {
        assert!(WIDTHS_S.windows(2).all(|pair| pair[1] % pair[0] == 0 && pair[1] > pair[0]));
    }

    #[test]
    fn bars_are_as_narrow_as_they_may_be() {
        let bars = of(&[100, 103, 130], 10).bars(10).unwrap();
        assert_eq!((bars.start.as_nanos(), bars.width_ns), (100 * NANOS_PER_SEC, 5 * NANOS_PER_SEC));
        let held: Vec<_> = bars.bars.into_iter().map(|bar| bar.0).collect();
        assert_eq!(held, [vec![100, 103], vec![], vec![], vec![], vec![], vec![], vec![130]]);
    }

    #[test]
    fn a_time_far_off_makes_the_bars_wide_and_not_many() {
        let bars = of(&[-9_000_000_000, 0, 9_000_000_000], 10).bars(50).unwrap();
        assert_eq!(bars.bars.iter().filter(|bar| !bar.0.is_empty()).count(), 3);
        assert!(bars.bars.len() <= MOST_BARS);
        assert_eq!(of(&[], 10).bars(50).map(|bars| bars.bars.len()), None);
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_changes_nothing(mut seconds in prop::collection::vec(0i64..100_000, 1..200)) {
            let one = of(&seconds, 8);
            seconds.sort_unstable();
            let other = of(&seconds, 8);
            prop_assert!(one.bins.len() <= 8);
            prop_assert_eq!(one.width, other.width);
            let sorted = |timeline: &Timeline<Times>| -> Vec<Vec<i64>> {
                let held = timeline.bins().map(|bin| { let mut held = bin.0.clone(); held.sort_unstable(); held });
                held.collect()
            };
            prop_assert_eq!(sorted(&one), sorted(&other));
        }
    }
}
