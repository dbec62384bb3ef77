use super::*;
use crate::experiment::RunId;
use crate::id::{ExperimentId, OrderId, UserId};
use crate::{Money, Pepper};
use proptest::prelude::*;

const DAY: i64 = 86_400_000;
const WEEK: DurationMs = DurationMs::from_days(7);

fn key(name: &str) -> ProfileKey {
    Pepper::new("1", b"0123456789abcdef").unwrap().customer(&UserId::new(name).unwrap())
}

fn variant(name: &str) -> VariantId {
    VariantId::new(name).unwrap()
}

fn shown(of: &str, name: &str, at: i64) -> RunRow {
    let run = RunId { experiment: ExperimentId::new("hero").unwrap(), number: 1 };
    let exposed = Exposed { run, variant: variant(name), at: Timestamp::from_ms(at), crossed_over: false };
    RunRow::Person { of: key(of), exposed: Some(exposed), joined_to: None }
}

fn joins(of: &str, to: &str) -> RunRow {
    RunRow::Person { of: key(of), exposed: None, joined_to: Some(key(to)) }
}

fn bought(of: &str, order: &str, cents: i64, at: i64) -> RunRow {
    let id = EffectId::of_order(&OrderId::new(order).unwrap());
    let value = Some(Money { minor: cents, currency: Currency::new("EUR").unwrap() });
    let fact = Fact { at: Timestamp::from_ms(at), id, goal: GoalId::new("order").unwrap(), value };
    RunRow::Reached { of: key(of), fact }
}

fn folded<'a>(rows: impl IntoIterator<Item = &'a RunRow>) -> TallyBook {
    let mut fold = RunFold::default();
    rows.into_iter().for_each(|row| fold.take(row));
    fold.finish(WEEK)
}

fn order_of<'a>(book: &'a TallyBook, name: &str) -> &'a GoalTally {
    &book.total[&variant(name)].goals[&GoalId::new("order").unwrap()]
}

#[test]
fn revenue_is_of_people_and_its_squares_are_of_what_each_paid_in_all() {
    let rows = [
        shown("anna", "a", 0),
        bought("anna", "o-1", 300, 0),
        bought("anna", "o-2", 200, 2 * DAY),
        shown("ben", "a", DAY),
        shown("cleo", "b", DAY),
        bought("cleo", "o-3", 700, DAY + 1),
    ];
    let book = folded(&rows);
    let a = order_of(&book, "a");
    let euro = Currency::new("EUR").unwrap();
    assert_eq!((book.total[&variant("a")].people, a.people, a.times, a.times_squares), (2, 1, 2, 4));
    assert_eq!(a.values[&euro], Moments { sum: 500, squares: 250_000 });
    assert_eq!(order_of(&book, "b").values[&euro], Moments { sum: 700, squares: 490_000 });
    let first_day = &book.days[&0][&variant("a")];
    assert_eq!((first_day.people, first_day.goals.values().next().unwrap().times), (1, 1));
    assert_eq!(book.days.keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn only_what_comes_inside_the_window_after_the_exposure_counts() {
    let week = WEEK.as_ms() as i64;
    for (at, counts) in [(9, false), (10, true), (10 + week - 1, true), (10 + week, false)] {
        let book = folded(&[shown("anna", "a", 10), bought("anna", "o-1", 100, at)]);
        assert_eq!(!book.total[&variant("a")].goals.is_empty(), counts, "at {at}");
    }
}

#[test]
fn what_was_found_of_a_visitor_is_the_customers_and_counts_once() {
    let rows = [
        shown("phone", "a", 10),
        bought("phone", "o-1", 300, 20),
        joins("phone", "anna"),
        shown("laptop", "b", 15),
        joins("laptop", "anna"),
        shown("anna", "a", 10),
        bought("anna", "o-1", 300, 20),
        bought("anna", "o-2", 100, 30),
    ];
    let book = folded(&rows);
    assert_eq!(book.total.len(), 1, "she is in the variant that she was shown first");
    let a = &book.total[&variant("a")];
    assert_eq!((a.people, a.crossed_over, order_of(&book, "a").times), (1, 1, 2));
}

#[test]
fn who_was_never_exposed_is_in_no_variant() {
    let book = folded(&[bought("anna", "o-1", 100, 5), joins("phone", "ben")]);
    assert_eq!((book.total.len(), book.unexposed), (0, 2));
}

fn row() -> impl Strategy<Value = RunRow> {
    let who = || (0..6_u8).prop_map(|n| format!("p{n}"));
    prop_oneof![
        (who(), 0..2_u8, 0..40_i64).prop_map(|(who, v, at)| shown(&who, &format!("v{v}"), at)),
        (who(), 0..4_u8, 1..9_i64, 0..40_i64).prop_map(|(who, order, cents, at)| bought(
            &who,
            &format!("o-{order}"),
            cents,
            at
        )),
        // Visitors are the first ones, customers the last two.
        (0..4_u8, 4..6_u8).prop_map(|(who, to)| joins(&format!("p{who}"), &format!("p{to}"))),
    ]
}

proptest! {
    #[test]
    fn neither_the_order_of_rows_nor_reading_one_twice_matters(
        (rows, shuffled) in prop::collection::vec(row(), 0..40)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        again in 0..40_usize,
    ) {
        let twice = shuffled.iter().chain(rows.get(again));
        prop_assert_eq!(folded(&rows), folded(twice));
    }

    #[test]
    fn the_days_add_up_to_the_whole(rows in prop::collection::vec(row(), 0..40)) {
        let book = folded(&rows);
        let people: u64 = book.total.values().map(|tally| tally.people).sum();
        let by_day: u64 = book.days.values().flat_map(|day| day.values()).map(|tally| tally.people).sum();
        prop_assert_eq!(people, by_day);
    }
}
