//! Sets of numbers, as the comparisons of rules make them: spans with open or closed ends.

/// A span of numbers.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Span {
    pub(crate) from: f64,
    /// Whether `from` itself is left out.
    pub(crate) from_open: bool,
    pub(crate) to: f64,
    /// Whether `to` itself is left out.
    pub(crate) to_open: bool,
}

impl Span {
    pub(crate) const ALL: Self = Self::closed(f64::NEG_INFINITY, f64::INFINITY);

    pub(crate) const fn closed(from: f64, to: f64) -> Self {
        Self { from, from_open: false, to, to_open: false }
    }

    pub(crate) const fn above(from: f64, from_open: bool) -> Self {
        Self { from, from_open, ..Self::ALL }
    }

    pub(crate) const fn below(to: f64, to_open: bool) -> Self {
        Self { to, to_open, ..Self::ALL }
    }

    fn is_empty(self) -> bool {
        self.from > self.to || (self.from == self.to && (self.from_open || self.to_open))
    }

    fn both(self, other: Self) -> Self {
        let (from, from_open) = if self.from == other.from {
            (self.from, self.from_open || other.from_open)
        } else if self.from > other.from {
            (self.from, self.from_open)
        } else {
            (other.from, other.from_open)
        };
        let (to, to_open) = if self.to == other.to {
            (self.to, self.to_open || other.to_open)
        } else if self.to < other.to {
            (self.to, self.to_open)
        } else {
            (other.to, other.to_open)
        };
        Self { from, from_open, to, to_open }
    }

    fn contains(self, inner: Self) -> bool {
        self.both(inner) == inner
    }

    /// The numbers `n / per_unit` of it, for whole `n`: closed, and in these whole numbers.
    fn on_grid(self, per_unit: f64) -> Self {
        let is_above =
            |n: f64| if self.from_open { n / per_unit > self.from } else { n / per_unit >= self.from };
        let is_below = |n: f64| if self.to_open { n / per_unit < self.to } else { n / per_unit <= self.to };
        let mut from = whole(self.from * per_unit) - 1.0;
        while from.is_finite() && !is_above(from) {
            from += 1.0;
        }
        let mut to = whole(self.to * per_unit) + 1.0;
        while to.is_finite() && !is_below(to) {
            to -= 1.0;
        }
        Self::closed(from, to)
    }
}

/// The whole part. Beyond 2⁵³ every number is whole.
fn whole(number: f64) -> f64 {
    if (-9.0e15..=9.0e15).contains(&number) { number as i64 as f64 } else { number }
}

/// A set of numbers: spans from the lowest to the highest that neither overlap nor touch.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Numbers(Vec<Span>);

/// Which numbers there are.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Grid {
    /// All of them.
    Real,
    /// So many between one whole number and the next.
    Steps(u32),
}

impl Numbers {
    /// The numbers of a span that there are.
    pub(crate) fn of(span: Span, grid: Grid) -> Self {
        let span = match grid {
            Grid::Real => span,
            Grid::Steps(per_unit) if is_near(span) => span.on_grid(f64::from(per_unit)),
            // So far out the steps are too many to tell apart.
            Grid::Steps(per_unit) => {
                let scale = f64::from(per_unit);
                Span { from: span.from * scale, to: span.to * scale, ..span }
            }
        };
        Self(if span.is_empty() { Vec::new() } else { vec![span] })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Everything in either.
    pub(crate) fn union(&self, other: &Self, grid: Grid) -> Self {
        let mut spans = [self.0.as_slice(), other.0.as_slice()].concat();
        spans.sort_by(|a, b| a.from.total_cmp(&b.from).then(a.from_open.cmp(&b.from_open)));
        let gap = if grid == Grid::Real { 0.0 } else { 1.0 };
        let mut joined: Vec<Span> = Vec::new();
        for span in spans {
            match joined.last_mut() {
                Some(last) if touches(*last, span, gap) => {
                    if span.to > last.to || (span.to == last.to && !span.to_open) {
                        (last.to, last.to_open) = (span.to, span.to_open);
                    }
                }
                _ => joined.push(span),
            }
        }
        Self(joined)
    }

    /// Everything in both.
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        let pairs = self.0.iter().flat_map(|a| other.0.iter().map(|b| a.both(*b)));
        Self(pairs.filter(|span| !span.is_empty()).collect())
    }

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.0.iter().any(|a| other.0.iter().any(|b| !a.both(*b).is_empty()))
    }

    pub(crate) fn contains(&self, inner: &Self) -> bool {
        inner.0.iter().all(|inner| self.0.iter().any(|span| span.contains(*inner)))
    }

    /// One number of it.
    pub(crate) fn example(&self, grid: Grid) -> Option<f64> {
        let span = self.0.first()?;
        let number = match (span.from.is_finite(), span.to.is_finite()) {
            (true, _) if !span.from_open => span.from,
            (_, true) if !span.to_open => span.to,
            (true, true) => span.from / 2.0 + span.to / 2.0,
            (true, false) => span.from + 1.0,
            (false, true) => span.to - 1.0,
            (false, false) => 0.0,
        };
        Some(match grid {
            Grid::Real => number,
            Grid::Steps(per_unit) => number / f64::from(per_unit),
        })
    }
}

/// Whether the whole numbers between are exact.
fn is_near(span: Span) -> bool {
    [span.from, span.to].into_iter().all(|end| !end.is_finite() || (-1.0e13..=1.0e13).contains(&end))
}

/// Whether nothing lies between a span and one that begins later.
fn touches(span: Span, next: Span, gap: f64) -> bool {
    next.from < span.to + gap
        || (next.from == span.to + gap && (gap > 0.0 || !span.to_open || !next.from_open))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(spans: &[Span], grid: Grid) -> Numbers {
        spans.iter().fold(Numbers::default(), |all, span| all.union(&Numbers::of(*span, grid), grid))
    }

    #[test]
    fn open_ends_do_not_meet_and_closed_ones_do() {
        let (below, from, above) = (Span::below(3.0, true), Span::above(3.0, false), Span::above(3.0, true));
        let of = |span| Numbers::of(span, Grid::Real);
        assert!(!of(below).overlaps(&of(from)) && !of(below).overlaps(&of(above)));
        assert!(of(from).contains(&of(above)) && !of(above).contains(&of(from)));
        assert_eq!(numbers(&[below, from], Grid::Real), of(Span::ALL));
        assert_ne!(numbers(&[below, above], Grid::Real), of(Span::ALL), "3 itself is in neither");
    }

    #[test]
    fn between_two_whole_numbers_there_is_nothing() {
        let whole = |span| Numbers::of(span, Grid::Steps(1));
        let between = whole(Span::above(3.0, true)).intersection(&whole(Span::below(4.0, true)));
        assert!(between.is_empty());
        let joined = numbers(&[Span::closed(1.0, 2.0), Span::closed(3.0, 4.0)], Grid::Steps(1));
        assert!(joined.contains(&whole(Span::closed(1.0, 4.0))), "nothing lies between 2 and 3");
        let cents = |span| Numbers::of(span, Grid::Steps(100));
        let between = cents(Span::above(10.0, true)).intersection(&cents(Span::below(10.01, true)));
        assert!(between.is_empty(), "no amount lies between two cents");
        assert_eq!(cents(Span::above(0.29, false)).example(Grid::Steps(100)), Some(0.29));
    }

    #[test]
    fn an_example_is_one_of_them() {
        let open = Span { from: 3.0, from_open: true, to: 4.0, to_open: true };
        assert_eq!(Numbers::of(open, Grid::Real).example(Grid::Real), Some(3.5));
        assert_eq!(Numbers::of(Span::ALL, Grid::Real).example(Grid::Real), Some(0.0));
        assert_eq!(Numbers::of(Span::below(5.0, true), Grid::Steps(1)).example(Grid::Steps(1)), Some(4.0));
    }
}
