//! What every adapter promises of the numbers of decisions: compare-and-set by slot and day, and all slots of some days.

use super::minute;
use crate::tables::{EngagementStore, Read, Save};
use beckon_domain::Day;
use beckon_domain::id::{RuleId, SlotId};
use beckon_domain::mark::{Position, SequenceNumber, ShardKey};
use beckon_recommend::SignalId;
use beckon_recommend::engagement::{SlotDay, SlotDayRow, SlotEvent, SlotSignal, fold};
use beckon_recommend::popularity::Delivered;

fn of(day: u32, slot: &str) -> SlotDay {
    SlotDay { day: Day::of(minute(0)).after(day), slot: SlotId::new(slot).unwrap() }
}

/// A row with so many views.
fn row(of: &SlotDay, views: u64) -> SlotDayRow {
    let view = |n: u64| Delivered {
        position: Position {
            shard: ShardKey::new("1", "s"),
            sequence: SequenceNumber::parse(&n.to_string()).unwrap(),
            offset: 0,
        },
        arrived_at: minute(n),
        signal: SlotSignal {
            id: SignalId::parse(&format!("{n:016x}")).unwrap(),
            at: minute(n),
            slot: of.slot.clone(),
            rule: RuleId::new("r").ok(),
            offer: None,
            strategies: Vec::new(),
            event: SlotEvent::View,
        },
    };
    let views: Vec<_> = (1..=views).map(view).collect();
    fold(None, &views).unwrap()
}

pub(super) async fn all<T: EngagementStore>(tables: &T) {
    // A slot whose name could be mistaken for a part of a key.
    let hero = of(0, "home#hero");
    assert_eq!(tables.load_slot_day(&hero, Read::Strong).await.unwrap(), None);
    let save = |views, version| {
        let hero = hero.clone();
        async move { tables.save_slot_day(&hero, &row(&hero, views), version).await.unwrap() }
    };
    assert_eq!(save(1, None).await, Save::Saved);
    assert_eq!(save(9, None).await, Save::Conflict, "a second first write");
    assert_eq!(save(2, Some(1)).await, Save::Saved);
    assert_eq!(save(9, Some(1)).await, Save::Conflict, "a stale write");
    let stored = tables.load_slot_day(&hero, Read::Strong).await.unwrap().unwrap();
    assert_eq!((stored.version, stored.state), (2, row(&hero, 2)));
    assert_eq!(tables.load_slot_day(&of(0, "home"), Read::Strong).await.unwrap(), None);

    let more = [of(0, "zz"), of(1, "cart"), of(2, "home#hero"), of(3, "cart"), of(90_000, "cart")];
    for (views, one) in (3..).zip(&more) {
        assert_eq!(tables.save_slot_day(one, &row(one, views), None).await.unwrap(), Save::Saved);
    }
    let found = tables.slot_days(hero.day, hero.day.after(2)).await.unwrap();
    let expected = [(hero.clone(), 2), (more[0].clone(), 3), (more[1].clone(), 4), (more[2].clone(), 5)];
    let expected = expected.map(|(of, views)| (of.clone(), row(&of, views)));
    assert_eq!(found, expected, "by day and slot, both ends included");
    assert!(tables.slot_days(hero.day.before(9), hero.day.before(1)).await.unwrap().is_empty());
}
