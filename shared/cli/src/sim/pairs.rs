//! What goes with what: each product is told what the profiles say, and its neighbours are what it was told.

use super::book::{Book, short};
use super::ground::Basis;
use super::oracle::{Named, Oracle};
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
/// Signals are put before the profile is written, so one of a fold that began from a stale read may say less of what
/// came before it, or what a visitor saw before it whose events are a customer's by now; one of events that were given
/// up in the end stands before what then never was; and one of a fold that another shard's overtook ([`is_overtaken`])
/// says what came before it until then. All others are held against what was.
pub(super) fn untold(oracle: &Oracle, book: &Book, log: &[LoggedSignals]) -> Option<String> {
    let mut told: BTreeMap<SignalId, Vec<(&Signal, &Basis)>> = BTreeMap::new();
    for logged in log {
        for (_, signal) in &logged.lines {
            told.entry(signal.id).or_default().push((signal, &logged.basis));
        }
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
    oracle.signals.iter().find_map(|(id, (key, expected, named))| {
        let (source, event) = named;
        let inexact = || overtaken.contains(&(source, event)) || given_up.contains(key.as_str());
        let what = || format!("{} of {} by {}", expected.kind.name(), expected.product, short(key));
        let Some(told) = told.get(id) else {
            let is_pair = expected.kind == beckon_recommend::SignalKind::Next;
            return (!is_pair || !inexact()).then(|| format!("a {} was never told", what()));
        };
        let mut others = told.iter().filter(|(told, _)| *told != expected && !inexact());
        let (other, _) = others.find(|(_, basis)| !is_overtaken(book, named, basis))?;
        Some(format!("a {} was told with {:?}, expected {:?}", what(), other.others, expected.others))
    })
}

/// Whether what was told of an event is of a fold whose write came to nothing, and events of another shard were written
/// before the event was, or with it.
///
/// A batch that comes again is folded from what its shard left, and then tells the same. But after a resharding a
/// child may be read while its parent is not done, and a person then has events in two shards, between which nothing
/// promises an order. If one shard's are told and cannot be written, and the other's are, the first are told again
/// behind them.
fn is_overtaken(book: &Book, named: &Named, basis: &Basis) -> bool {
    let told = || book.log.iter().flat_map(|logged| &logged.told);
    let Some(shard) = &basis.shard else { return false };
    basis.versions.iter().any(|(key, from)| {
        let of_key = || told().filter(|told| told.line.key == key.as_str());
        let of_event = of_key().filter(|told| told.line.source == named.0 && told.line.id == named.1);
        let Some(until) = of_event.filter_map(|told| told.settled_by).min() else { return false };
        let others = of_key().filter(|told| told.position.shard != *shard);
        others.filter_map(|told| told.settled_by).any(|by| *from < by && by <= until)
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

#[cfg(test)]
mod tests {
    use super::super::book::{EPOCH, Logged, Origin, Told};
    use super::*;
    use beckon_domain::event::TimerOutcome;
    use beckon_domain::id::UserId;
    use beckon_domain::mark::{SequenceNumber, ShardKey};
    use beckon_domain::{Pepper, ReminderId, Timestamp};
    use beckon_store::streams::memory::StreamRecord;
    use beckon_wire::stream::{Line, encode};

    fn key() -> ProfileKey {
        Pepper::new("1", b"0123456789abcdef").unwrap().customer(&UserId::new("c").unwrap())
    }

    /// A record of one event, and the version that settled it.
    fn logged(shard: &str, id: &str, settled_by: u64) -> Logged {
        let reminder = ReminderId::of_decision_id("mail.00112233445566778899aabbccddeeff.1").unwrap();
        let at = Timestamp::from_ms(1);
        let line = Line::timer(&key(), reminder, 1, TimerOutcome::Done, at);
        let data = encode(std::slice::from_ref(&line)).unwrap().concat();
        let (line, event) = Line::parse(std::str::from_utf8(&data).unwrap(), key().as_str()).unwrap();
        let line = Line { source: "web".into(), id: id.into(), ..line };
        let (partition_key, sequence) = (key().as_str().to_owned(), SequenceNumber::parse("7").unwrap());
        let position = Position { shard: ShardKey::new(EPOCH, shard), sequence, offset: 0 };
        let (settled_by, settled_at) = (Some(settled_by), Some(at));
        let (expired, forwarded) = (false, false);
        let told = Told { position, line, event, settled: true, settled_by, settled_at, expired, forwarded };
        let (shard, sequence) = (shard.to_owned(), "7".to_owned());
        let record = StreamRecord { shard, sequence, partition_key, data, arrived_at: at };
        Logged { record, origin: Origin::Collector, told: vec![told], failed: 0 }
    }

    fn is_excused(log: &[Logged], from: u64) -> bool {
        let mut book = Book::default();
        book.log.extend_from_slice(log);
        let shard = Some(ShardKey::new(EPOCH, "parent"));
        let basis = Basis { shard, versions: [(key(), from)].into() };
        is_overtaken(&book, &("web".to_owned(), "e".to_owned()), &basis)
    }

    #[test]
    fn only_what_another_shard_overtook_is_excused() {
        let child_first = [logged("parent", "e", 3), logged("child", "x", 2)];
        assert!(is_excused(&child_first, 1));
        assert!(!is_excused(&child_first, 2), "it was told by who knew the child's");
        let own_first = [logged("parent", "x", 2), logged("parent", "e", 3)];
        assert!(!is_excused(&own_first, 1), "what comes again is told as it was");
        let child_later = [logged("parent", "e", 3), logged("child", "x", 4)];
        assert!(!is_excused(&child_later, 1));
        let sent_again = [logged("parent", "e", 2), logged("child", "x", 3), logged("child", "e", 4)];
        assert!(!is_excused(&sent_again, 1), "a repetition that the profile knows changes nothing");
        let by_the_child = [logged("child", "x", 2), logged("child", "e", 2), logged("parent", "e", 3)];
        assert!(is_excused(&by_the_child, 1));
    }
}
