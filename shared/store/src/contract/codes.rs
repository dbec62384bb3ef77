//! What every adapter promises of discount codes.

use super::{key, minute};
use crate::tables::ReminderId;
use crate::tables::codes::{
    Added, CodeAction, CodeChange, CodeLog, CodeOrigin, CodeState, CodeStore, FreeCode, Holder, NewCode,
    Pool, PoolCounts, PoolKind, Redeemed,
};
use beckon_domain::code::{CodePrefix, Expiry, PoolName, Worth};
use beckon_domain::id::{EventId, SourceId};
use beckon_domain::{DiscountCode, DurationMs, EpisodeId, OrderId};
use std::collections::BTreeSet;

pub(super) async fn all<T: CodeStore + CodeLog>(tables: &T) {
    a_code_is_known_once(tables).await;
    one_reminder_takes_a_code(tables).await;
    a_code_is_redeemed_once(tables).await;
    expired_ones_are_skipped(tables).await;
    many_are_counted_paged_and_deleted(tables).await;
    changes(tables).await;
}

fn name(text: &str) -> PoolName {
    PoolName::new(text).unwrap()
}

fn code(text: &str) -> DiscountCode {
    DiscountCode::new(text).unwrap()
}

fn new(text: &str, row: u64) -> NewCode {
    NewCode { code: code(text), expiry: Expiry::Never, row }
}

fn holder(who: &str, step: u8) -> Holder {
    let episode = EpisodeId::derive(who, &SourceId::new("web").unwrap(), &EventId::new("code").unwrap());
    Holder { reminder: ReminderId { episode, step }, profile: key(who), at: minute(10) }
}

async fn counts<T: CodeStore>(tables: &T, pool: &str) -> (u64, u64, u64, u64) {
    let PoolCounts { free, expired, held, redeemed } =
        tables.count_codes(&name(pool), minute(20)).await.unwrap();
    (free, expired, held, redeemed)
}

async fn make<T: CodeStore>(tables: &T, pool: &str) {
    let kind = PoolKind::Uploaded;
    let pool = Pool { name: name(pool), kind, worth: Worth::Percent(10), created_at: minute(0) };
    assert_eq!(tables.create_pool(&pool).await.unwrap(), pool);
}

/// A code is in one pool, and there once; the same row of the same import again is no duplicate. A pool stays what it was.
async fn a_code_is_known_once<T: CodeStore>(tables: &T) {
    assert_eq!(tables.pool(&name("once")).await.unwrap(), None);
    make(tables, "once").await;
    let other = Pool {
        name: name("once"),
        kind: PoolKind::Generated,
        worth: Worth::label("5 EUR").unwrap(),
        created_at: minute(1),
    };
    let kept = tables.create_pool(&other).await.unwrap();
    assert_eq!((kept.kind, kept.worth), (PoolKind::Uploaded, Worth::Percent(10)));
    let words = Pool { name: name("words"), ..other };
    assert_eq!(tables.create_pool(&words).await.unwrap(), words);
    let names: Vec<_> = tables.pools().await.unwrap().into_iter().map(|pool| pool.name).collect();
    assert_eq!(names, [name("once"), name("words")]);
    assert_eq!(tables.pool(&name("words")).await.unwrap(), Some(words));

    let codes = [new("once-1", 2), new("once-2", 3), new("once-1", 4)];
    let first = CodeOrigin { pool: name("once"), import: "i".to_owned(), row: 2 };
    let added = tables.add_codes(&name("once"), "i", &codes).await.unwrap();
    assert_eq!(added, [Added::New, Added::New, Added::Known(first.clone())]);
    let again = tables.add_codes(&name("once"), "i", &codes).await.unwrap();
    assert_eq!(again, [Added::Again, Added::Again, Added::Known(first.clone())], "the answer was lost");
    let later = tables.add_codes(&name("once"), "j", &codes[..1]).await.unwrap();
    assert_eq!(later, [Added::Known(first.clone())], "another file");
    let elsewhere = tables.add_codes(&name("words"), "i", &codes[..1]).await.unwrap();
    assert_eq!(elsewhere, [Added::Known(first.clone())], "another pool");
    assert_eq!((counts(tables, "once").await, counts(tables, "words").await), ((2, 0, 0, 0), (0, 0, 0, 0)));

    // What was handed out, and what was used, is known too.
    let free = tables.find_free(&name("once"), minute(1), 0).await.unwrap().unwrap();
    assert!(tables.hold_code(&free, &holder("once", 1)).await.unwrap());
    tables.mark_redeemed(&code("once-2"), None, minute(2)).await.unwrap();
    let known = tables.add_codes(&name("words"), "k", &codes[..2]).await.unwrap();
    assert!(known.iter().all(|added| matches!(added, Added::Known(_))), "{known:?}");
    let seed = tables.keep_seed(&name("words"), "g", [7; 32]).await.unwrap();
    assert_eq!((seed, tables.keep_seed(&name("words"), "g", [8; 32]).await.unwrap()), ([7; 32], [7; 32]));
    assert_eq!(tables.keep_seed(&name("words"), "h", [8; 32]).await.unwrap(), [8; 32]);
}

/// Of two reminders that want one code, one takes it; only that one can give it back, and then it is free again.
async fn one_reminder_takes_a_code<T: CodeStore>(tables: &T) {
    make(tables, "take").await;
    let lasting = NewCode { expiry: Expiry::For(DurationMs::from_hours(48)), ..new("take-1", 1) };
    tables.add_codes(&name("take"), "i", &[lasting]).await.unwrap();
    let free = tables.find_free(&name("take"), minute(9), 77).await.unwrap().unwrap();
    let (ada, bob) = (holder("ada", 1), holder("bob", 1));
    assert!(tables.hold_code(&free, &ada).await.unwrap());
    assert!(!tables.hold_code(&free, &bob).await.unwrap(), "it is taken");
    assert!(!tables.hold_code(&free, &ada).await.unwrap(), "and not twice by the same");
    assert_eq!(tables.find_free(&name("take"), minute(9), 3).await.unwrap(), None);
    assert_eq!(counts(tables, "take").await, (0, 0, 1, 0));
    let held = tables.held(&free.code).await.unwrap().unwrap();
    assert_eq!((&held.holding.holder, &held.pool), (&ada, &name("take")));
    let ends_at = minute(10) + DurationMs::from_hours(48);
    assert_eq!(held.holding.expires_at, Some(ends_at), "what the mail says is what the till is told");

    let mut others = held.clone();
    others.holding.holder.reminder.step = 2;
    assert!(!tables.return_held(&others).await.unwrap(), "it belongs to step 1");
    assert!(tables.return_held(&held).await.unwrap());
    assert!(!tables.return_held(&held).await.unwrap(), "it was given back");
    assert_eq!((counts(tables, "take").await, tables.held(&free.code).await.unwrap()), ((1, 0, 0, 0), None));
    let state = tables.code(&free.code).await.unwrap().unwrap().state;
    assert_eq!(state, CodeState::Returned(held.holding));

    let again = tables.find_free(&name("take"), minute(11), 5).await.unwrap().unwrap();
    assert_eq!(again, free);
    assert!(tables.hold_code(&again, &bob).await.unwrap());
    assert_eq!(tables.held(&free.code).await.unwrap().unwrap().holding.holder, bob);
    let nowhere = FreeCode { code: code("take-9"), ..free };
    assert!(!tables.hold_code(&nowhere, &bob).await.unwrap(), "there is no such code");
}

/// The first order that used a code stays; a code that nobody was given can be given to nobody afterwards.
async fn a_code_is_redeemed_once<T: CodeStore>(tables: &T) {
    make(tables, "used").await;
    tables.add_codes(&name("used"), "i", &[new("used-1", 1)]).await.unwrap();
    let (order, later) = (OrderId::new("o-1").unwrap(), OrderId::new("o-2").unwrap());
    let unknown = tables.mark_redeemed(&code("used-9"), Some(&order), minute(3)).await.unwrap();
    assert_eq!(unknown, Redeemed::Unknown);
    let free = tables.find_free(&name("used"), minute(1), 1).await.unwrap().unwrap();
    assert!(tables.hold_code(&free, &holder("ada", 1)).await.unwrap());
    let held = tables.held(&free.code).await.unwrap().unwrap();
    let first = tables.mark_redeemed(&free.code, Some(&order), minute(12)).await.unwrap();
    let Redeemed::New(record) = first else { panic!("{first:?}") };
    let expected =
        CodeState::Redeemed { holding: Some(held.holding.clone()), order: Some(order), at: minute(12) };
    assert_eq!(record.state, expected);
    let second = tables.mark_redeemed(&free.code, Some(&later), minute(13)).await.unwrap();
    assert_eq!(second, Redeemed::Again(record.clone()), "the first order stays");
    assert_eq!(tables.code(&free.code).await.unwrap(), Some(record));
    assert!(!tables.return_held(&held).await.unwrap(), "what was used is not given back");
    assert_eq!(counts(tables, "used").await, (0, 0, 0, 1));

    // Given back and used all the same, and used without having been handed out.
    for given_back in [true, false] {
        let text = if given_back { "used-2" } else { "used-3" };
        tables.add_codes(&name("used"), "i", &[new(text, 2)]).await.unwrap();
        let free = tables.find_free(&name("used"), minute(1), 1).await.unwrap().unwrap();
        if given_back {
            assert!(tables.hold_code(&free, &holder("eve", 1)).await.unwrap());
            let held = tables.held(&free.code).await.unwrap().unwrap();
            assert!(tables.return_held(&held).await.unwrap());
        }
        let marked = tables.mark_redeemed(&code(text), None, minute(14)).await.unwrap();
        assert!(matches!(marked, Redeemed::New(_)), "{marked:?}");
        assert_eq!(tables.find_free(&name("used"), minute(15), 1).await.unwrap(), None, "{text}");
        assert!(!tables.hold_code(&free, &holder("bob", 1)).await.unwrap(), "{text}");
    }
    assert_eq!(counts(tables, "used").await, (0, 0, 0, 3));
}

/// Nobody is given a code whose time is over.
async fn expired_ones_are_skipped<T: CodeStore>(tables: &T) {
    make(tables, "over").await;
    let until = |text: &str, row, at| NewCode { expiry: Expiry::At(minute(at)), ..new(text, row) };
    let codes: Vec<_> =
        (0..60).map(|n| until(&format!("over-{n}"), n, if n == 42 { 30 } else { 5 })).collect();
    tables.add_codes(&name("over"), "i", &codes).await.unwrap();
    for spread in 0..20 {
        let found = tables.find_free(&name("over"), minute(5), spread).await.unwrap().unwrap();
        assert_eq!((found.code, found.expiry), (code("over-42"), Expiry::At(minute(30))));
    }
    assert_eq!(tables.find_free(&name("over"), minute(30), 1).await.unwrap(), None);
    assert_eq!(counts(tables, "over").await, (1, 59, 0, 0));
}

/// Every code is on one page, free ones before others; what is deleted is unknown, and what somebody has is not deleted.
async fn many_are_counted_paged_and_deleted<T: CodeStore>(tables: &T) {
    make(tables, "many").await;
    let prefix = CodePrefix::new("many-").unwrap();
    let made = |row| {
        let code = DiscountCode::of_seed(&prefix, &[3; 32], row);
        NewCode { code, expiry: Expiry::For(DurationMs::from_days(2)), row }
    };
    let codes: Vec<_> = (0..250).map(made).collect();
    let added = tables.add_codes(&name("many"), "i", &codes).await.unwrap();
    assert!(added.iter().all(|added| *added == Added::New));
    let mut taken = BTreeSet::new();
    for spread in 0..40_u64 {
        let free = tables.find_free(&name("many"), minute(1), spread * 7).await.unwrap().unwrap();
        assert!(tables.hold_code(&free, &holder(&format!("m{spread}"), 1)).await.unwrap());
        taken.insert(free.code);
    }
    let used = taken.first().unwrap().clone();
    tables.mark_redeemed(&used, None, minute(11)).await.unwrap();
    assert_eq!(counts(tables, "many").await, (210, 0, 39, 1));
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = tables.code_page(&name("many"), after.as_deref()).await.unwrap();
        found.extend(page.codes);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let states: Vec<&str> = found.iter().map(|record| record.state.name()).collect();
    assert_eq!((states.len(), states[0], states[210], states[249]), (250, "FREE", "HELD", "REDEEMED"));
    let all: BTreeSet<_> = found.iter().map(|record| record.code.clone()).collect();
    assert_eq!(all, codes.iter().map(|new| new.code.clone()).collect());
    let handed: BTreeSet<_> =
        found.iter().filter(|record| record.state.holding().is_some()).map(|r| r.code.clone()).collect();
    assert_eq!(handed, taken);

    assert_eq!(tables.delete_free(&name("many"), 60).await.unwrap(), 60);
    assert_eq!(tables.delete_free(&name("many"), 1_000).await.unwrap(), 150);
    assert_eq!(tables.delete_free(&name("many"), 1_000).await.unwrap(), 0);
    assert_eq!(counts(tables, "many").await, (0, 0, 39, 1));
    let gone = codes.iter().find(|new| !taken.contains(&new.code)).unwrap();
    assert_eq!(tables.code(&gone.code).await.unwrap(), None);
    let again = tables.add_codes(&name("many"), "j", std::slice::from_ref(gone)).await.unwrap();
    assert_eq!(again, [Added::New], "what is unknown may come again");
}

/// A part is written down once; the newest import is told first.
async fn changes<T: CodeLog>(tables: &T) {
    let change = |import: &str, part, codes| CodeChange {
        pool: name("log"),
        import: import.to_owned(),
        part,
        action: CodeAction::Upload,
        at: minute(part),
        who: "server".to_owned(),
        by: Some("night job".to_owned()),
        note: None,
        codes,
        refused: 1,
    };
    assert!(tables.record_codes(&change("a", 1, 10)).await.unwrap());
    assert!(tables.record_codes(&change("a", 2, 20)).await.unwrap());
    assert!(tables.record_codes(&change("b", 1, 30)).await.unwrap());
    assert!(!tables.record_codes(&change("a", 2, 99)).await.unwrap(), "again");
    let found = tables.code_changes(&name("log"), 2).await.unwrap();
    assert_eq!(found, [change("a", 2, 20), change("b", 1, 30)]);
    assert!(tables.code_changes(&name("nobody"), 2).await.unwrap().is_empty());
}
