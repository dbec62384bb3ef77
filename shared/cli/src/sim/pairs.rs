//! What goes with what: each product is told what the profiles say, and its neighbours are what it was told.

use super::book::{Book, short};
use super::oracle::Oracle;
use super::signals::LoggedSignals;
use beckon_domain::ProfileKey;
use beckon_domain::mark::Position;
use beckon_recommend::policy::{NEIGHBOUR_COUNT_MAX, TOGETHER_COUNT_MAX};
use beckon_recommend::popularity::{Delivered, fold};
use beckon_recommend::{Signal, SignalId, Trend};
use beckon_store::tables::TrendKey;
use std::collections::{BTreeMap, BTreeSet};

/// Where the stream of signals is not what the events say: each is told, and as it was.
///
/// Signals are put before the profile is written, so one of a fold that began from a stale read may say less of what came
/// before it, or what a visitor saw before it whose events are a customer's by now; and one of events that were given up in
/// the end stands before what then never was. Only of other profiles is all of it held against what was.
pub(super) fn untold(oracle: &Oracle, book: &Book, log: &[LoggedSignals]) -> Option<String> {
    let mut told: BTreeMap<SignalId, Vec<&Signal>> = BTreeMap::new();
    for (_, signal) in log.iter().flat_map(|logged| &logged.lines) {
        told.entry(signal.id).or_default().push(signal);
    }
    let given_up: BTreeSet<&str> = book
        .log
        .iter()
        .flat_map(|logged| logged.told.iter().filter(|told| told.expired || logged.failed > 0))
        .map(|told| told.line.key.as_str())
        .collect();
    let mut overtaken: BTreeSet<(&str, &str)> = BTreeSet::new();
    for line in book.log.iter().flat_map(|logged| &logged.told).map(|told| &told.line) {
        if ProfileKey::parse(&line.key).is_ok_and(|key| book.overtaken.contains(&key)) {
            overtaken.insert((&line.source, &line.id));
        }
    }
    oracle.signals.iter().find_map(|(id, (key, expected, (source, event)))| {
        let inexact = || overtaken.contains(&(source, event)) || given_up.contains(key.as_str());
        let what = || format!("{} of {} by {}", expected.kind.name(), expected.product, short(key));
        let Some(told) = told.get(id) else {
            let is_pair = expected.kind == beckon_recommend::SignalKind::Next;
            return (!is_pair || !inexact()).then(|| format!("a {} was never told", what()));
        };
        let other = told.iter().find(|told| **told != expected).filter(|_| !inexact())?;
        Some(format!("a {} was told with {:?}, expected {:?}", what(), other.others, expected.others))
    })
}

/// Where a product's neighbours are not what its lines say, each signal once: as long as each repetition says the same, and
/// the lists have room for all products.
pub(super) fn misfit(key: &TrendKey, lines: &[&(Position, Signal)], trend: &Trend) -> Option<String> {
    let mut once: BTreeMap<SignalId, &(Position, Signal)> = BTreeMap::new();
    for line in lines {
        if once.insert(line.1.id, line).is_some_and(|before| before.1 != line.1) {
            return None;
        }
    }
    let others: BTreeSet<_> = once.values().flat_map(|line| &line.1.others).map(|o| &o.product).collect();
    if matches!(key, TrendKey::Category(_)) || others.len() > NEIGHBOUR_COUNT_MAX.min(TOGETHER_COUNT_MAX) {
        return None;
    }
    // One at a time, without any state but the lists themselves.
    let each = once.values().map(|(position, signal)| Delivered {
        position: position.clone(),
        arrived_at: signal.at,
        signal: signal.clone(),
    });
    let mut expected = Trend::default();
    for (number, one) in each.enumerate() {
        let alone = beckon_domain::mark::ShardKey::new("oracle", &number.to_string());
        let one = Delivered { position: Position { shard: alone, ..one.position }, ..one };
        expected = fold(Some(&expected), [&one]).unwrap_or(expected);
    }
    let same =
        expected.neighbours() == trend.neighbours() && expected.bought_together() == trend.bought_together();
    (!same).then(|| format!("{key:?}: its neighbours are not those of the signals"))
}
