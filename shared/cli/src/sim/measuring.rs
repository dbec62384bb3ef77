//! What a report of the simulation's experiment must say of each person, by the events that were applied: of the variants
//! that a person was shown the first counts, and each thing they did within the window after it counts once. It knows no
//! outbox, no findings and no joining of rows.

use super::book::{Book, Told, short};
use super::experiments::{OPENED, WINDOW, run};
use super::oracle::{Named, Oracle};
use super::world::{Reported, World};
use beckon_domain::event::EventKind;
use beckon_domain::experiment::{RunFold, RunRow, Tally, TallyBook};
use beckon_domain::id::VariantId;
use beckon_domain::key::ProfileKind;
use beckon_domain::policy::FACT_COUNT_MAX;
use beckon_domain::{Money, ProfileKey, Timestamp};
use beckon_rules::experiments::ORDER;
use beckon_store::tables::ExperimentStore;
use futures_util::FutureExt;
use std::collections::{BTreeMap, BTreeSet};

/// What somebody did that counts: when, and what it was worth.
type Deed = (Timestamp, Option<Money>);

/// What one person was shown and did.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    /// Every variant that they were shown, and when.
    shown: BTreeSet<(Timestamp, VariantId)>,
    /// What they did, by its goal and by what makes it one and the same.
    deeds: BTreeMap<(&'static str, String), Deed>,
}

impl Seen {
    /// What of these lines, in this order, is of the person's own row: until a proof makes them somebody else's.
    pub(crate) fn of(book: &Book, key: &ProfileKey, places: &[(usize, usize)]) -> Self {
        let (mut seen, mut known) = (Self::default(), BTreeSet::<Named>::new());
        for (record, line) in places {
            let told = &book.log[*record].told[*line];
            if !known.insert((told.line.source.clone(), told.line.id.clone())) {
                continue;
            }
            seen.take(told);
            let proves = matches!(&told.event.kind, EventKind::Identify { link: Some(_), .. });
            if proves && key.kind() == ProfileKind::Anonymous {
                break;
            }
        }
        seen
    }

    fn take(&mut self, told: &Told) {
        let at = told.event.occurred_at;
        let own = || format!("{} {}", told.line.source, told.line.id);
        match &told.event.kind {
            EventKind::Exposed { variant, .. } => drop(self.shown.insert((at, variant.clone()))),
            EventKind::OrderCompleted { order, total, .. } => {
                let what = order.as_ref().map_or_else(own, |order| order.as_str().to_owned());
                self.did((ORDER, what), (at, *total));
            }
            EventKind::Track(name) if name.as_str() == OPENED.1 => self.did((OPENED.0, own()), (at, None)),
            _ => {}
        }
    }

    fn did(&mut self, what: (&'static str, String), deed: Deed) {
        let first = self.deeds.entry(what).or_insert(deed);
        *first = deed.min(*first);
    }

    /// Both are one person.
    fn join(&mut self, other: Self) {
        self.shown.extend(other.shown);
        other.deeds.into_iter().for_each(|(what, deed)| self.did(what, deed));
    }

    /// What a report must say of the person; `None` of who was shown nothing.
    fn tally(&self) -> Option<(&VariantId, Tally)> {
        let (shown_at, variant) = self.shown.first()?;
        let crossed_over = self.shown.iter().any(|(_, other)| other != variant);
        let mut tally = Tally { people: 1, crossed_over: crossed_over.into(), ..Tally::default() };
        let mut paid = BTreeMap::new();
        for ((goal, _), (at, value)) in &self.deeds {
            if *at < *shown_at || *at >= *shown_at + WINDOW {
                continue;
            }
            let goal = beckon_domain::id::GoalId::new(goal).ok()?;
            let of_goal = tally.goals.entry(goal).or_default();
            of_goal.people = 1;
            of_goal.times += 1;
            of_goal.times_squares = of_goal.times * of_goal.times;
            if let Some(money) = value {
                let sum: &mut i128 = paid.entry(money.currency).or_default();
                *sum += i128::from(money.minor);
                let moments = of_goal.values.entry(money.currency).or_default();
                (moments.sum, moments.squares) = (*sum, *sum * *sum);
            }
        }
        Some((variant, tally))
    }

    /// Whether a profile can have known all that the person did.
    fn fits(&self) -> bool {
        self.deeds.len() <= FACT_COUNT_MAX
    }

    /// Where the rows of the person do not add up to what must be said.
    pub(crate) fn misfit(&self, key: &ProfileKey, rows: &[RunRow]) -> Option<String> {
        let mut fold = RunFold::default();
        rows.iter().for_each(|row| fold.take(row));
        let book = fold.finish(WINDOW);
        let expected = self.tally();
        let at = self.shown.first().map(|(at, _)| *at);
        let kept = rows.iter().filter_map(|row| match row {
            RunRow::Person { exposed, .. } => exposed.as_ref().map(|exposed| exposed.at),
            RunRow::Reached { .. } => None,
        });
        let is_right = match &expected {
            Some((variant, tally)) => {
                book.unexposed == 0
                    && book.total.len() == 1
                    && book.total.get(*variant).is_some_and(|told| self.allows(told, tally))
                    && kept.min() == at
            }
            None => book == TallyBook::default(),
        };
        (!is_right).then(|| {
            let TallyBook { total, unexposed, .. } = &book;
            format!(
                "a report says of {} {total:?} and {unexposed} not shown anything, expected {expected:?}",
                short(key)
            )
        })
    }

    /// Of who did more than a profile remembers, what came before an exposure that became known late may be missing.
    fn allows(&self, told: &Tally, expected: &Tally) -> bool {
        let is_less = |told: &Tally| {
            let times = |tally: &Tally, goal| tally.goals.get(goal).map_or(0, |tally| tally.times);
            told.goals.keys().all(|goal| times(told, goal) <= times(expected, goal))
        };
        let is_same_person = (told.people, told.crossed_over) == (expected.people, expected.crossed_over);
        if self.fits() { told == expected } else { is_same_person && is_less(told) }
    }
}

impl World {
    /// What reports say at the end, for the table.
    pub(crate) fn reported(&self) -> Reported {
        let mut fold = RunFold::default();
        self.rows().iter().for_each(|row| fold.take(row));
        let mut reported = Reported::default();
        for tally in fold.finish(WINDOW).total.values() {
            reported.people += tally.people;
            reported.crossed_over += tally.crossed_over;
            reported.conversions += tally.goals.values().map(|goal| goal.times).sum::<u64>();
        }
        let ground = self.net.lock();
        let told = ground.book.log.iter().flat_map(|logged| &logged.told);
        let exposures = told.filter(|told| matches!(told.event.kind, EventKind::Exposed { .. }));
        reported.exposures = exposures.count() as u64;
        reported
    }

    /// The rows of the simulation's experiment.
    pub(crate) fn rows(&self) -> Vec<RunRow> {
        let page = run().and_then(|run| self.tables.inner.run_page(&run, None, u32::MAX).now_or_never());
        page.and_then(Result::ok).map(|page| page.rows).unwrap_or_default()
    }

    /// Where a report is not what the events say. Of whoever has anything to do with somebody who was erased, what must be
    /// gone and what may stay are laws of their own.
    pub(crate) fn report_violation(&self, book: &Book, oracle: &Oracle) -> Option<String> {
        let whole = self.rows();
        let mut rows: BTreeMap<&ProfileKey, Vec<RunRow>> = BTreeMap::new();
        let mut people: BTreeMap<&ProfileKey, (Seen, bool)> = BTreeMap::new();
        let joins = oracle.profiles.iter();
        let joins = joins.flat_map(|(to, profile)| profile.merged.iter().map(move |of| (of, to)));
        let joins: BTreeMap<&ProfileKey, &ProfileKey> = joins.collect();
        let person = |key| joins.get(key).copied().unwrap_or(key);
        let is_erased = |key: &ProfileKey| {
            let link = oracle.profiles.get(key).and_then(|profile| profile.link.as_ref());
            oracle.erased.contains(key) || link.is_some_and(|link| oracle.erased.contains(&link.to))
        };
        for (key, account) in &book.accounts {
            let mut places = account.settled.clone();
            if !self.early {
                places.sort_unstable();
            }
            let (seen, has_erased) = people.entry(person(key)).or_default();
            seen.join(Seen::of(book, key, &places));
            *has_erased |= is_erased(key);
        }
        for row in &whole {
            rows.entry(person(row.of())).or_default().push(row.clone());
        }
        let known = people.iter().filter(|(_, (_, is_erased))| !is_erased);
        let misfit =
            known.filter_map(|(key, (seen, _))| seen.misfit(key, rows.get(key).map_or(&[], Vec::as_slice)));
        let nobodys = || {
            rows.keys()
                .find(|key| !people.contains_key(*key))
                .map(|key| format!("a report says something of {}, who did nothing", short(key)))
        };
        misfit.into_iter().next().or_else(nobodys)
    }
}
