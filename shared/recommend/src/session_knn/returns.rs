//! How often people come back to what they saw in the same session, counted from past sessions.
//!
//! Shops differ in this more than in anything else: where one product page is loaded again and again, the next event is
//! most often one of the last three products; where a feed only goes forward, it hardly ever is. So nothing is assumed,
//! and the share is counted by how long ago a product was last seen and how often.

use super::Lists;

/// Products back, each counted once, for which it is counted: 0 is the newest.
pub(super) const PLACES: usize = 32;
/// How often a product was seen; the last one stands for as often or more.
pub(super) const TIMES: usize = 4;
/// A share of 1 in the unit that is stored.
const UNIT: u64 = 1 << 16;
/// Cases in which nobody came back that are added to those of each place, and cases of the place that are added to those
/// of each number of times: what was rarely seen is neither all nor nothing.
const PRIOR: u64 = 20;

/// The share of cases, in 2^-16, in which the next product was the one so many places back that was seen so many times.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Returns(pub(super) [[u16; TIMES]; PLACES]);

impl Default for Returns {
    fn default() -> Self {
        Self([[0; TIMES]; PLACES])
    }
}

/// Products of a session so far, newest first, with how often they were seen.
#[derive(Default)]
struct Recent(Vec<(u32, usize)>);

impl Recent {
    /// Takes the next product in, and says where it was.
    fn see(&mut self, product: u32) -> Option<usize> {
        let place = self.0.iter().position(|(known, _)| *known == product);
        let times = place.map_or(0, |place| self.0.remove(place).1);
        self.0.insert(0, (product, times + 1));
        self.0.truncate(PLACES);
        place
    }
}

fn class(times: usize) -> usize {
    times.clamp(1, TIMES) - 1
}

impl Returns {
    /// Counts.
    pub fn of(sessions: &Lists) -> Self {
        let mut cases = [[(0_u64, 0_u64); TIMES]; PLACES];
        for session in 0..sessions.len() {
            let mut recent = Recent::default();
            for &product in sessions.at(session) {
                let before: Vec<usize> = recent.0.iter().map(|(_, times)| *times).collect();
                let came_back = recent.see(product);
                for (place, times) in before.into_iter().enumerate() {
                    let (returned, all) = &mut cases[place][class(times)];
                    *returned += u64::from(came_back == Some(place));
                    *all += 1;
                }
            }
        }
        let mut shares = Self::default();
        for (place, of_place) in cases.iter().enumerate() {
            let (returned, all) = of_place.iter().fold((0, 0), |sum, case| (sum.0 + case.0, sum.1 + case.1));
            for (times, case) in of_place.iter().enumerate() {
                let expected = PRIOR * UNIT * returned / (all + PRIOR);
                let share = (case.0 * UNIT + expected) / (case.1 + PRIOR);
                shares.0[place][times] = u16::try_from(share).unwrap_or(u16::MAX);
            }
        }
        shares
    }

    /// The share for a product so many places back that was seen so many times.
    pub fn share(&self, place: usize, times: usize) -> f64 {
        let of_place = self.0.get(place).copied().unwrap_or_default();
        f64::from(of_place[class(times)]) / UNIT as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_returns_is_counted_by_place_and_times() {
        // Many times there and back, and never otherwise.
        let session = [0, 1, 0, 2];
        let sessions = Lists {
            starts: (0..=10_000).map(|at| at * 4).collect(),
            numbers: session.iter().copied().cycle().take(40_000).collect(),
        };
        let returns = Returns::of(&sessions);
        // The newest was never next; the one before it, seen once, in one case of two (then 1, seen once, was not).
        assert_eq!(returns.share(0, 1), 0.0);
        assert!((returns.share(1, 1) - 0.5).abs() < 0.01, "{}", returns.share(1, 1));
        assert_eq!(returns.share(5, 1), 0.0);
        assert_eq!(returns.share(usize::MAX, usize::MAX), 0.0);
    }

    #[test]
    fn a_session_of_more_products_than_are_counted_is_counted_as_far_as_they_go() {
        let there_and_back = (0..40).chain((0..40).rev()).collect::<Vec<u32>>();
        let returns = Returns::of(&Lists { starts: vec![0, 80], numbers: there_and_back });
        assert!(returns.share(PLACES - 1, 1) > 0.0);
    }
}
