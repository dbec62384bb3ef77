//! A fold that panics: a bug of ours must cost one line, not its neighbours.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Folds; `None` when it panicked. A fold is pure, so a panic leaves nothing half done.
pub fn caught<T>(fold: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(fold)).ok()
}

/// The first of `count` lines whose presence makes the fold of all lines up to it panic. Only a bug leads here, so it may
/// be slow.
pub fn first<T>(count: usize, fold_up_to: impl Fn(usize) -> T) -> usize {
    (0..count).find(|last| caught(|| fold_up_to(*last)).is_none()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_panics_is_found_among_its_neighbours() {
        let lines = [1, 2, 0, 3];
        let fold = |last: usize| lines[..=last].iter().map(|divisor| 6 / divisor).sum::<i32>();
        assert_eq!(caught(|| fold(1)), Some(9));
        assert_eq!(caught(|| fold(3)), None);
        assert_eq!(first(lines.len(), fold), 2);
    }
}
