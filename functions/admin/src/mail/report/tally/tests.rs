use super::*;
use crate::mail::report::Summary;
use beckon_domain::ProfileKey;
use beckon_domain::abandonment::SkipReason;
use beckon_domain::conversion::{Answered, Purchase};
use beckon_domain::id::{EffectId, UserId};
use beckon_domain::outreach::{Claim, MailEvent, Offer, OnUnknown};
use beckon_domain::{DurationMs, EpisodeId, OrderId, Pepper};

fn minute(n: u64) -> Timestamp {
    Timestamp::from_ms(1_763_800_000_000) + DurationMs::from_minutes(n)
}

fn pepper() -> Pepper {
    Pepper::new("1", b"0123456789abcdef").unwrap()
}

fn who(n: u8) -> ProfileKey {
    pepper().customer(&UserId::new(&format!("u{n}")).unwrap())
}

fn id(n: u8, step: u8) -> ReminderId {
    ReminderId { episode: EpisodeId::parse(&format!("{n:032x}")).unwrap(), step }
}

/// A mail to a person that went out at a minute, and what SES told of it.
fn sent(n: u8, step: u8, at: u64, events: &[MailEvent]) -> LedgerRow {
    let offer = Offer { percent: 10, code: "BACK-1".into(), expires_at: Some(minute(9_999)), pool: None };
    let claim = Claim {
        profile: who(n),
        owner: "run".into(),
        now: minute(at),
        recipient: pepper().contact("a@shop.example"),
        offer: Some(offer),
        cart_value: None,
        on_unknown: OnUnknown::GiveUp,
    };
    let row = Reminder::claim(None, claim).unwrap().begin_sending("run", minute(at)).unwrap();
    let status = ReminderStatus::Sent { message_id: "m".into() };
    let mut row = row.settle("run", status, minute(at)).unwrap();
    events.iter().for_each(|event| row.feedback.observe(event, minute(at + 1)));
    LedgerRow::Reminder(id(n, step), Box::new(row))
}

fn skipped(n: u8, step: u8, at: u64, reason: SkipReason) -> LedgerRow {
    let row = Reminder::skip(None, &who(n), reason, None, minute(at)).unwrap();
    LedgerRow::Reminder(id(n, step), Box::new(row))
}

fn bought(n: u8, step: u8, at: u64, group: Group, (total, percent): (&str, Option<u8>)) -> LedgerRow {
    let order = OrderId::new(&format!("o-{n}-{at}")).unwrap();
    let purchase = Purchase {
        at: minute(at + 30),
        order: Some(order.clone()),
        total: Money::parse(total).ok(),
        coupon: None,
    };
    let after = Answered { at: minute(at), reminder: id(n, step), group };
    let conversion = Conversion { id: EffectId::of_order(&order), after, purchase };
    LedgerRow::Conversion(Box::new(ConversionRow { profile: who(n), conversion, percent }))
}

fn ledger() -> Vec<LedgerRow> {
    let machine = MailEvent::Opened { machine: true };
    let person = MailEvent::Clicked { machine: false };
    vec![
        sent(1, 1, 10, &[MailEvent::Delivered, machine.clone()]),
        sent(1, 2, 1_450, &[MailEvent::Delivered, MailEvent::Opened { machine: false }, person]),
        bought(1, 2, 1_450, Group::Treated, ("90.00 EUR", Some(10))),
        bought(1, 2, 1_451, Group::Treated, ("5.00 USD", None)),
        sent(2, 1, 20, &[MailEvent::Bounced { permanent: true }]),
        sent(3, 1, 30, &[MailEvent::Delivered, MailEvent::Complained]),
        skipped(4, 1, 40, SkipReason::HeldOut),
        skipped(4, 2, 1_480, SkipReason::HeldOut),
        bought(4, 1, 40, Group::HeldOut, ("40.00 EUR", None)),
        skipped(5, 1, 50, SkipReason::HeldOut),
        skipped(6, 1, 60, SkipReason::NoConsent),
        skipped(7, 1, 70, SkipReason::OutOfStock),
        sent(8, 1, 90_000, &[]),
    ]
}

const PERIOD: Period =
    Period { since: minute_0(), until: Timestamp::from_ms(1_763_800_000_000 + 80_000 * 60_000) };

const fn minute_0() -> Timestamp {
    Timestamp::from_ms(1_763_800_000_000)
}

fn tally(rows: &[LedgerRow]) -> Tally {
    let mut tally = Tally::default();
    rows.iter().for_each(|row| tally.count(row, PERIOD));
    tally.merge(Tally::default());
    tally
}

#[test]
fn requirement_46_each_step_tells_what_became_of_its_mails_and_who_bought_after_it() {
    let tally = tally(&ledger());
    let (first, second) = (&tally.steps[&1], &tally.steps[&2]);
    assert_eq!(
        (first.sent, first.delivered, first.opened, first.clicked),
        (3, 2, 0, 0),
        "machines set aside"
    );
    assert_eq!((first.bounced, first.complained, first.orders), (1, 1, 0));
    assert_eq!((second.sent, second.opened, second.clicked, second.orders), (1, 1, 1, 2));
    assert_eq!(second.revenue, Sums::from([("EUR".to_owned(), 9_000), ("USD".to_owned(), 500)]));
    assert_eq!(second.discount, Sums::from([("EUR".to_owned(), 900)]), "10 % where the coupon was ours");
    let rows: Vec<(u8, &str, usize)> = tally
        .bought
        .iter()
        .map(|row| (row.step, row.total.as_deref().unwrap_or_default(), row.profile.len()))
        .collect();
    assert_eq!(rows, [(1, "40.00 EUR", 15), (2, "90.00 EUR", 15), (2, "5.00 USD", 15)]);
}

#[test]
fn requirement_50_every_mail_that_was_not_sent_is_counted_with_its_reason() {
    let tally = tally(&ledger());
    let expected = [("HELD_OUT", 2), ("NO_CONSENT", 1), ("OUT_OF_STOCK", 1)];
    let expected = expected.map(|(reason, count)| (reason.to_owned(), count)).into_iter().collect();
    assert_eq!(tally.steps[&1].not_sent, expected);
    for reason in SkipReason::ALL {
        let mut one = Tally::default();
        one.count(&skipped(1, 1, 5, *reason), PERIOD);
        assert_eq!(one.steps[&1].not_sent[reason.code()], 1, "{reason:?}");
    }
}

#[test]
fn requirement_45_groups_are_as_they_were_assigned_whether_mailed_or_not() {
    let summary = Summary::of(&tally(&ledger()), Some(4_000));
    assert_eq!((summary.treated.people, summary.treated.buyers, summary.treated.orders), (3, 1, 2));
    assert_eq!((summary.held_out.people, summary.held_out.buyers, summary.held_out.orders), (2, 1, 1));
    let lift = summary.lift.unwrap();
    assert!(lift.value < 0.0 && lift.too_few, "{lift:?}");
    assert!(summary.revenue_lift["EUR"].too_few);
    let ratio = summary.sample_ratio.unwrap();
    assert!((ratio.found - 0.4).abs() < 1e-12 && !ratio.warning, "{ratio:?}");
    assert!(Summary::of(&Tally::default(), Some(1_000)).lift.is_none(), "nobody yet");
}

#[test]
fn a_person_stays_in_the_group_of_the_first_time() {
    let rows = [skipped(1, 1, 5, SkipReason::HeldOut), sent(1, 2, 9, &[])];
    for rows in [rows.clone(), {
        let [a, b] = rows;
        [b, a]
    }] {
        let summary = Summary::of(&tally(&rows), None);
        assert_eq!((summary.held_out.people, summary.treated.people), (1, 0));
    }
}

#[test]
fn parts_add_up_to_the_whole_wherever_the_ledger_is_cut_and_in_any_order() {
    let rows = ledger();
    let whole = tally(&rows);
    for first in 0..=rows.len() {
        for second in first..=rows.len() {
            let parts = [&rows[..first], &rows[first..second], &rows[second..]].map(tally);
            let [a, b, c] = parts;
            let (mut left, mut right) = (a.clone(), b.clone());
            left.merge(b);
            left.merge(c.clone());
            right.merge(c);
            right.merge(a);
            assert_eq!((&left, &right), (&whole, &whole), "cut at {first} and {second}");
        }
    }
    let json = serde_json::to_string(&whole).unwrap();
    assert_eq!(serde_json::from_str::<Tally>(&json).unwrap(), whole, "as it is told over HTTP");
}
