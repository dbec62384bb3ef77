use super::*;
use crate::policy::{COMBINATION_COUNT_MAX, SLOT_RECENT_COUNT_MAX};
use crate::popularity::Delivered;
use crate::signal::SignalId;
use beckon_domain::engagement::{Model, Models};
use beckon_domain::id::{OfferId, RuleId, SlotId, StrategyId};
use beckon_domain::mark::{Position, SequenceNumber, ShardKey};
use beckon_domain::{Currency, Day, DurationMs, Money, Timestamp};

const START: Timestamp = Timestamp::from_ms(1_763_800_000_000);

fn signal(n: u64, rule: &str, strategies: &[&str], event: SlotEvent) -> Delivered<SlotSignal> {
    let sequence =
        SequenceNumber::parse(&format!("4954511524349098501828006771497314458218{n:016}")).unwrap();
    Delivered {
        position: Position { shard: ShardKey::new("73a7a80d", "shardId-000000000000"), sequence, offset: 0 },
        arrived_at: START,
        signal: SlotSignal {
            id: SignalId::parse(&format!("{n:016x}")).unwrap(),
            at: START,
            slot: SlotId::new("home.hero").unwrap(),
            rule: RuleId::new(rule).ok(),
            offer: None,
            strategies: strategies.iter().map(|name| StrategyId::new(name).unwrap()).collect(),
            event,
        },
    }
}

fn order(models: &[Model], converted: &[Model], value: &str) -> SlotEvent {
    let of = |models: &[Model]| models.iter().fold(Models::NONE, |all, model| all.with(*model));
    SlotEvent::Order { models: of(models), converted: of(converted), value: Money::parse(value).ok() }
}

fn counts<'a>(row: &'a SlotDayRow, rule: &str, strategy: Option<&str>) -> Option<&'a Counts> {
    let strategy = strategy.map(|name| StrategyId::new(name).unwrap());
    let of = Combination { rule: RuleId::new(rule).ok(), offer: None, strategy };
    row.iter().find(|(known, _)| **known == of).map(|(_, counts)| counts)
}

#[test]
fn a_decision_is_counted_whole_and_for_each_of_its_strategies() {
    let told = [
        signal(1, "r", &["for_you", "pinned"], SlotEvent::View),
        signal(2, "r", &["for_you"], SlotEvent::Click),
        signal(3, "r", &["for_you"], order(&[Model::First, Model::Last], &[Model::Last], "30.00 EUR")),
        signal(4, "s", &[], SlotEvent::View),
    ];
    let row = fold(None, &told).unwrap();
    let whole = counts(&row, "r", None).unwrap();
    assert_eq!((whole.views, whole.clicks), (1, 1));
    assert_eq!(whole.direct, Credit::default());
    assert_eq!((whole.first.orders, whole.first.conversions), (1, 0));
    assert_eq!((whole.last.orders, whole.last.conversions), (1, 1));
    assert_eq!(whole.last.revenue[&Currency::new("EUR").unwrap()], 3_000);
    let strategy = |name| counts(&row, "r", Some(name)).map(|c| (c.views, c.clicks, c.last.orders));
    assert_eq!((strategy("for_you"), strategy("pinned")), (Some((1, 1, 1)), Some((1, 0, 0))));
    assert_eq!(counts(&row, "s", None).map(|counts| counts.views), Some(1));
    assert_eq!(row.signals(), (4, 0));
}

#[test]
fn what_comes_again_counts_once_with_its_record_and_as_one_that_was_put_again() {
    let told = [signal(1, "r", &[], SlotEvent::View), signal(2, "r", &[], SlotEvent::View)];
    let row = fold(None, &told).unwrap();
    assert_eq!(fold(Some(&row), &told), None, "a redelivered record");
    let mut again = signal(3, "r", &[], SlotEvent::View);
    again.signal.id = told[0].signal.id;
    let row = fold(Some(&row), [&again]).unwrap();
    assert_eq!((counts(&row, "r", None).unwrap().views, row.signals()), (2, (2, 1)));
}

#[test]
fn an_id_is_known_among_so_many_others_and_no_more() {
    let views = |from: u64, count: u64| (from..from + count).map(|n| signal(n, "r", &[], SlotEvent::View));
    let put_again = |between: u64| {
        let mut told: Vec<_> = views(1, 1 + between).collect();
        let mut again = signal(10_000, "r", &[], SlotEvent::View);
        again.signal.id = told[0].signal.id;
        told.push(again);
        fold(None, &told).unwrap().signals().1
    };
    let most = SLOT_RECENT_COUNT_MAX as u64;
    assert_eq!((put_again(most - 1), put_again(most)), (1, 0));
}

#[test]
fn beyond_its_room_the_rest_is_counted_together_and_nothing_is_lost() {
    let count = 3 * COMBINATION_COUNT_MAX as u64;
    let told: Vec<_> =
        (1..=count).map(|n| signal(n, &format!("rule-{n}"), &["pinned"], SlotEvent::View)).collect();
    let row = fold(None, &told).unwrap();
    assert_eq!(row.iter().count(), COMBINATION_COUNT_MAX);
    let wholes = row.iter().filter(|(of, _)| of.strategy.is_none()).map(|(_, counts)| counts.views);
    assert_eq!(wholes.sum::<u64>() + row.other().views, count);
    let strategies = row.iter().filter(|(of, _)| of.strategy.is_some()).map(|(_, counts)| counts.views);
    assert_eq!(strategies.sum::<u64>() + row.other_strategies().views, count);
}

#[test]
fn a_row_is_of_the_day_on_which_it_happened() {
    let mut late = signal(1, "r", &[], SlotEvent::View);
    late.signal.at = Day::of(START).start() - DurationMs::from_ms(1);
    let of = SlotDay::of(&late.signal);
    assert_eq!(of.day, Day::of(START).before(1));
    assert_eq!(of.expires_at(), Day::of(START).after(400).start());
}

fn full() -> SlotDayRow {
    let told: Vec<_> = (1..=2_000)
        .map(|n| {
            let mut one =
                signal(n, &format!("rule-of-some-length-{}", n % 60), &["for_you"], SlotEvent::View);
            one.signal.offer = OfferId::new(&format!("offer-{}", n % 4)).ok();
            if n % 3 == 0 {
                one.signal.event = order(&Model::ALL, &Model::ALL, "30.00 EUR");
            }
            one
        })
        .collect();
    fold(None, &told).unwrap()
}

#[test]
fn the_stored_form_is_small_and_has_not_changed() {
    let row = full();
    let bytes = pack_slot_day(&row).unwrap();
    assert_eq!(unpack_slot_day(&bytes).unwrap(), row);
    // A measurement with room: whoever makes rows larger is told, because each batch writes them.
    assert!(bytes.len() < 14 * 1_024, "a full row takes {} bytes", bytes.len());
    let some = [
        signal(1, "r", &["for_you", "pinned"], SlotEvent::View),
        signal(2, "r", &["for_you"], SlotEvent::Click),
        signal(3, "r", &["for_you"], order(&Model::ALL, &[Model::Last], "30.00 EUR")),
    ];
    let bytes = pack_slot_day(&fold(None, &some).unwrap()).unwrap();
    let fixture = include_str!("../../testdata/slot-day-v1.hex").trim();
    assert_eq!(data_encoding::HEXLOWER.encode(&bytes), fixture);
}
