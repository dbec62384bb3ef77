use super::figures::{Groups, grouped, told};
use super::stopped;
use beckon_domain::engagement::{Model, Models};
use beckon_domain::id::{RuleId, SlotId, StrategyId};
use beckon_domain::mark::{Position, SequenceNumber, ShardKey};
use beckon_domain::{Day, Money};
use beckon_recommend::SignalId;
use beckon_recommend::engagement::{SlotDay, SlotDayRow, SlotEvent, SlotSignal, fold};
use beckon_recommend::popularity::Delivered;
use beckon_wire::engagement::EngagementBy;

const TODAY: Day = Day::from_number(20_780);

/// So many decisions of a rule on a day: seen, clicked, and with an order by their last touch.
struct Told(&'static str, u64, u64, u64);

fn row(slot: &str, day: Day, told: &[Told]) -> (SlotDay, SlotDayRow) {
    let slot = SlotId::new(slot).unwrap();
    let (mut delivered, mut number) = (Vec::new(), 0_u64);
    let mut say = |rule: &str, strategies: &[&str], event: SlotEvent| {
        number += 1;
        let sequence = SequenceNumber::parse(&number.to_string()).unwrap();
        delivered.push(Delivered {
            position: Position { shard: ShardKey::new("1", "s"), sequence, offset: 0 },
            arrived_at: day.start(),
            signal: SlotSignal {
                id: SignalId::parse(&format!("{number:016x}")).unwrap(),
                at: day.start(),
                slot: slot.clone(),
                rule: RuleId::new(rule).ok(),
                offer: None,
                strategies: strategies.iter().map(|name| StrategyId::new(name).unwrap()).collect(),
                event,
            },
        });
    };
    let last = Models::NONE.with(Model::Last);
    let order = SlotEvent::Order { models: last, converted: last, value: Money::parse("10.00 EUR").ok() };
    for Told(rule, views, clicks, orders) in told {
        (0..*views).for_each(|_| say(rule, &["for_you", "pinned"], SlotEvent::View));
        (0..*clicks).for_each(|_| say(rule, &["for_you"], SlotEvent::Click));
        (0..*orders).for_each(|_| say(rule, &["for_you"], order));
    }
    (SlotDay { day, slot }, fold(None, &delivered).unwrap())
}

fn groups(rows: &[(SlotDay, SlotDayRow)], by: EngagementBy) -> Groups {
    grouped(rows.iter(), by)
}

#[test]
fn rows_add_up_by_rule_slot_and_source_and_days_stay_apart() {
    let rows = [
        row("hero", TODAY.before(1), &[Told("a", 10, 2, 1), Told("", 5, 0, 0)]),
        row("hero", TODAY, &[Told("a", 10, 1, 0)]),
        row("aside", TODAY, &[Told("b", 30, 6, 2)]),
    ];
    let by = |by| -> Vec<(Option<String>, u64, u64, u64)> {
        let told = told(&groups(&rows, by));
        told.into_iter().map(|g| (g.key, g.views, g.clicks, g.credit[2].conversions)).collect()
    };
    let key = |key: &str| Some(key.to_owned());
    assert_eq!(by(EngagementBy::Rule), [(key("b"), 30, 6, 2), (key("a"), 20, 3, 1), (None, 5, 0, 0)]);
    assert_eq!(by(EngagementBy::Slot), [(key("aside"), 30, 6, 2), (key("hero"), 25, 3, 1)]);
    assert_eq!(by(EngagementBy::Offer), [(None, 55, 9, 3)]);
    assert_eq!(by(EngagementBy::Source), [(key("for_you"), 55, 9, 3), (key("pinned"), 55, 0, 0)]);
    let all = told(&groups(&rows, EngagementBy::Rule));
    let days: Vec<(u64, u64, u64)> =
        all[1].days.iter().map(|day| (day.views, day.clicks, day.conversions)).collect();
    assert_eq!(days, [(10, 2, 1), (10, 1, 0)]);
    let rate = all[0].click_rate.unwrap();
    assert!(rate.interval.low < 0.2 && 0.2 < rate.interval.high, "{rate:?}");
    assert_eq!(all[0].credit[2].revenue[0].total, 2_000);
    assert_eq!(all[0].credit[2].model, "last");
}

#[test]
fn more_conversions_than_views_are_no_rate() {
    let rows = [row("hero", TODAY, &[Told("a", 1, 1, 2)])];
    let told = told(&groups(&rows, EngagementBy::Rule));
    assert!(told[0].credit[2].conversion_rate.is_none() && told[0].click_rate.is_some());
}

/// A rule that is as it was, one that lost its clicks, one that is young, and one that few see.
fn history(today: Day) -> Vec<(SlotDay, SlotDayRow)> {
    let day = |back: u32| {
        let lately = back < 7;
        let clicks = if lately { 4 } else { 16 };
        let mut told = vec![Told("steady", 200, 16, 6), Told("tired", 200, clicks, 6), Told("rare", 5, 0, 0)];
        if lately {
            told.push(Told("young", 200, 1, 0));
        }
        row("hero", today.before(back), &told)
    };
    (0..35).map(day).collect()
}

#[test]
fn a_rule_whose_clicks_have_fallen_is_named_and_no_other() {
    let rows = history(TODAY);
    let said = stopped::told(&groups(&rows, EngagementBy::Rule), TODAY);
    let named: Vec<(&str, &str)> = said.rules.iter().map(|rule| (rule.rule.as_str(), rule.metric)).collect();
    assert_eq!(named, [("tired", "clicks")]);
    assert!(said.rules[0].lately.rate < said.rules[0].before.rate && said.rules[0].p_value < said.level);
    assert_eq!(
        said.asked, 4,
        "clicks and conversions of the two rules that enough have seen for long enough"
    );
    // Three weeks earlier nobody could know.
    let early = stopped::told(&groups(&rows[22..], EngagementBy::Rule), TODAY.before(22));
    assert_eq!((early.rules.len(), early.asked), (0, 0), "too few views before");
}
