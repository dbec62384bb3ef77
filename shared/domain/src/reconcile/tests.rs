use super::*;
use proptest::prelude::*;

/// What became of one event: how often its line was put, how often each put was archived, and how it ended.
#[derive(Clone, Copy, Debug)]
struct Fate {
    /// Further puts of the same bytes.
    puts: u8,
    /// Further puts of the same event by a retry of a client: another time of receipt, so another line.
    retries: u8,
    /// Second copies that whoever delivers to the archive made.
    copies: u8,
    /// Whether every put was kept as failed, in place of being settled.
    fails: bool,
}

fn fate() -> impl Strategy<Value = Fate> {
    (0..3_u8, 0..3_u8, 0..2_u8, prop::bool::weighted(0.1)).prop_map(|(puts, retries, copies, fails)| Fate {
        puts,
        retries,
        copies,
        fails,
    })
}

/// The account of a profile whose every event ended as it must.
fn right(fates: &[Fate]) -> Account {
    let (mut archived, mut settled, mut failed) = (Archived::default(), Settled::default(), 0);
    for fate in fates {
        let taken = 1 + u64::from(fate.puts) + u64::from(fate.retries);
        archived.lines += taken + u64::from(fate.copies);
        archived.distinct += 1 + u64::from(fate.retries);
        archived.events += 1;
        if fate.fails {
            failed += taken;
        } else {
            settled.applied += 1;
            settled.repeated += taken as u32 - 1;
        }
    }
    let settled = Remembered::Counts(settled);
    Account { archived, settled, failed, uncertain: 0 }
}

fn with(account: Account, change: impl Fn(&mut Settled)) -> Account {
    let Remembered::Counts(mut settled) = account.settled else { return account };
    change(&mut settled);
    Account { settled: Remembered::Counts(settled), ..account }
}

proptest! {
    #[test]
    fn whatever_is_repeated_copied_or_fails_is_no_gap(fates in prop::collection::vec(fate(), 0..40)) {
        let account = right(&fates);
        let balance = judge(&account);
        prop_assert!(balance.holds(), "{balance:?}");
        prop_assert_eq!(balance.copied, fates.iter().map(|fate| u64::from(fate.copies)).sum::<u64>());
    }

    #[test]
    fn every_line_of_a_right_account_is_in_one_column(fates in prop::collection::vec(fate(), 0..40)) {
        let b = judge(&right(&fates));
        prop_assert_eq!(b.archived, b.applied + b.repeated + b.failed + b.uncertain + b.copied + b.unseen + b.missing);
    }

    #[test]
    fn a_lost_event_is_missing_unless_a_batch_that_was_given_up_has_it(
        fates in prop::collection::vec(fate(), 0..40),
    ) {
        // One more event, archived once and settled nowhere; the others without second copies to hide behind.
        let fates: Vec<Fate> = fates.into_iter().map(|fate| Fate { puts: 0, ..fate }).collect();
        let mut account = right(&fates);
        account.archived.lines += 1;
        account.archived.distinct += 1;
        account.archived.events += 1;
        let balance = judge(&account);
        prop_assert_eq!((balance.missing, balance.surplus), (1, 0));
        let balance = judge(&Account { uncertain: 1, ..account });
        prop_assert_eq!((balance.missing, balance.uncertain), (0, 1));
    }

    #[test]
    fn an_event_that_is_applied_twice_is_surplus(fates in prop::collection::vec(fate(), 1..40)) {
        prop_assume!(fates.iter().any(|fate| !fate.fails));
        let fates: Vec<Fate> = fates.into_iter().map(|fate| Fate { fails: false, ..fate }).collect();
        // Behind a redelivery: nothing more is archived.
        let redelivered = with(right(&fates), |settled| settled.applied += 1);
        prop_assert!(judge(&redelivered).surplus >= 1);
        // Behind a retry of its producer: what should be a repetition was applied.
        let retries = right(&fates);
        let mistaken = with(retries, |settled| {
            if settled.repeated > 0 {
                settled.repeated -= 1;
                settled.applied += 1;
            }
        });
        let is_planted = mistaken != retries;
        prop_assert_eq!(judge(&mistaken).surplus, u64::from(is_planted));
    }

    #[test]
    fn of_an_hour_that_was_forgotten_nothing_is_said(fates in prop::collection::vec(fate(), 0..40)) {
        let account = Account { settled: Remembered::Forgotten, ..right(&fates) };
        let balance = judge(&account);
        prop_assert!(balance.holds());
        prop_assert_eq!(balance.unseen, balance.archived);
    }
}

#[test]
fn balances_add_up() {
    let one = judge(&right(&[Fate { puts: 1, retries: 0, copies: 1, fails: false }]));
    let mut sum = one;
    sum += Balance { missing: 1, surplus: 2, ..one };
    assert_eq!((sum.archived, sum.applied, sum.copied, sum.gap()), (6, 2, 2, 3));
    assert!(!sum.holds());
}
