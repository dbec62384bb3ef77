//! A contact's tombstone takes nothing in, what is held of a person is found and taken out, and requests are kept.

use super::{key, minute, pepper, profile};
use crate::tables::codes::{CodeState, Holder, NewCode, Pool, PoolKind};
use crate::tables::{
    CodeStore, Contact, ContactStore, ConversionRow, ConversionStore, DUE_SHARD_COUNT, ErasureRequest,
    ErasureStore, HistoryChange, LedgerChange, OutreachStore, PersonStore, ProfileStore, Removed, Save,
    Swept, Trace,
};
use beckon_domain::abandonment::SkipReason;
use beckon_domain::code::{Expiry, PoolName, Worth};
use beckon_domain::conversion::{Answered, Conversion, Purchase};
use beckon_domain::id::EffectId;
use beckon_domain::outreach::{Group, History, Mailed};
use beckon_domain::{DiscountCode, EpisodeId, Erasure, ErasureId, OrderId, ProfileKey, Reminder, ReminderId};
use std::collections::BTreeSet;

pub(super) async fn all<T>(tables: &T)
where
    T: PersonStore + ErasureStore + ContactStore + OutreachStore + ConversionStore + CodeStore + ProfileStore,
{
    contacts(tables).await;
    traces(tables).await;
    profiles(tables).await;
    requests(tables).await;
}

fn erasure() -> Erasure {
    Erasure::new(ErasureId::new("er-1").unwrap(), minute(10), minute(500))
}

fn contact(at: u64) -> Contact {
    Contact { email: Some("a@shop.example".into()), verified: true, at: minute(at), ..Contact::default() }
}

/// Where a tombstone stands, no contact is taken, whoever tells it; afterwards only what is newer than it.
async fn contacts<T: PersonStore + ContactStore>(tables: &T) {
    for name in ["erased", "erased, and never told of"] {
        let key = key(name);
        if name == "erased" {
            assert!(tables.put_contact(&key, &contact(1)).await.unwrap());
        }
        for _ in 0..2 {
            tables.erase_contact(&key, &erasure()).await.unwrap();
        }
        assert_eq!(tables.contact(&key, minute(2)).await.unwrap(), None);
        for at in [2, 20] {
            assert!(!tables.put_contact(&key, &contact(at)).await.unwrap(), "{name}: told at {at}");
        }
        tables.release_contact(&key, minute(30)).await.unwrap();
        assert!(!tables.put_contact(&key, &contact(20)).await.unwrap(), "it is from before");
        assert!(tables.put_contact(&key, &contact(31)).await.unwrap());
        assert!(tables.contact(&key, minute(32)).await.unwrap().is_some());
        let unverified = Contact { verified: false, ..contact(5) };
        assert!(!tables.put_contact(&key, &unverified).await.unwrap(), "still from before");
        tables.erase_contact(&key, &Erasure { at: minute(40), ..erasure() }).await.unwrap();
        assert_eq!(tables.contact(&key, minute(41)).await.unwrap(), None);
        assert!(!tables.put_contact(&key, &contact(60)).await.unwrap());
    }
    tables.release_contact(&key("never erased"), minute(1)).await.unwrap();
    assert!(tables.put_contact(&key("never erased"), &contact(1)).await.unwrap());
}

async fn found<T: PersonStore>(tables: &T, of: &[ProfileKey]) -> Vec<Trace> {
    let (mut traces, mut after) = (Vec::new(), None);
    loop {
        let page = tables.trace_page(of, after.as_deref()).await.unwrap();
        traces.extend(page.traces);
        match page.next {
            Some(next) => after = Some(next),
            None => return traces,
        }
    }
}

/// Somebody with a reminder, an order after it, what the address was sent, and a code of the pool.
async fn somebody<T>(tables: &T, name: &str, pool: &PoolName, code: &DiscountCode) -> ProfileKey
where
    T: OutreachStore + ConversionStore + CodeStore,
{
    let key = key(name);
    let episode = if name == "e-gone" { "a" } else { "b" };
    let reminder = ReminderId { episode: EpisodeId::parse(&episode.repeat(32)).unwrap(), step: 1 };
    let row = Reminder::skip(None, &key, SkipReason::NoConsent, None, minute(1)).unwrap();
    let recipient = pepper().contact(&format!("{name}@shop.example"));
    let mailed = Mailed { reminder, at: minute(1), has_discount: false };
    let history = HistoryChange { recipient, history: History::EMPTY.with(mailed), read_version: None };
    let change = LedgerChange { id: reminder, row, read_version: None, history: Some(history), code: None };
    assert_eq!(tables.save_reminder(&change, minute(1)).await.unwrap(), Save::Saved);
    let after = Answered { at: minute(1), reminder, group: Group::Treated };
    let order = OrderId::new(&format!("order-{name}")).unwrap();
    let id = EffectId::of_order(&order);
    let purchase = Purchase { at: minute(2), order: Some(order), total: None, coupon: None };
    let conversion = Conversion { id, after, purchase };
    let row = ConversionRow { profile: key.clone(), conversion, percent: None };
    assert!(tables.record_conversion(&row, minute(2)).await.unwrap());
    let new = NewCode { code: code.clone(), expiry: Expiry::Never, row: 1 };
    tables.add_codes(pool, name, std::slice::from_ref(&new)).await.unwrap();
    let free = crate::tables::FreeCode { code: code.clone(), pool: pool.clone(), expiry: Expiry::Never };
    let holder = Holder { reminder, profile: key.clone(), at: minute(1) };
    assert!(tables.hold_code(&free, &holder).await.unwrap());
    key
}

async fn traces<T>(tables: &T)
where
    T: PersonStore + OutreachStore + ConversionStore + CodeStore,
{
    let name = PoolName::new("erasing").unwrap();
    let pool = Pool {
        name: name.clone(),
        kind: PoolKind::Uploaded,
        worth: Worth::percent(10).unwrap(),
        created_at: minute(0),
    };
    tables.create_pool(&pool).await.unwrap();
    let codes = ["GONE-1", "STAYS-1"].map(|code| DiscountCode::new(code).unwrap());
    let gone = [somebody(tables, "e-gone", &name, &codes[0]).await];
    let stays = [somebody(tables, "e-stays", &name, &codes[1]).await];
    let before = found(tables, &stays).await;
    let kinds = |traces: &[Trace]| {
        let count = |is: fn(&Trace) -> bool| traces.iter().filter(|trace| is(trace)).count();
        [
            count(|t| matches!(t, Trace::Reminder(..))),
            count(|t| matches!(t, Trace::Order(_))),
            count(|t| matches!(t, Trace::Code(_))),
        ]
    };
    let theirs = found(tables, &gone).await;
    assert_eq!(kinds(&theirs), [1, 1, 1]);
    for trace in theirs.iter().chain(&theirs) {
        tables.erase_trace(trace, &gone).await.unwrap();
    }
    assert_eq!(found(tables, &gone).await, []);
    assert_eq!(found(tables, &stays).await, before, "others are left alone");
    let code = tables.code(&codes[0]).await.unwrap().unwrap();
    let CodeState::Held(holding) = code.state else { panic!("nobody is given the code again: {code:?}") };
    assert_eq!(holding.holder.profile, ProfileKey::nobody());
    assert_eq!(tables.find_free(&name, minute(3), 0).await.unwrap(), None);
    assert_eq!(tables.count_codes(&name, minute(3)).await.unwrap().held, 2);

    let [gone, stays] = ["e-gone", "e-stays"].map(|name| pepper().contact(&format!("{name}@shop.example")));
    tables.erase_history(&gone).await.unwrap();
    assert_eq!(tables.history(&gone).await.unwrap(), None);
    assert!(tables.history(&stays).await.unwrap().is_some());
}

/// Pages neither skip nor repeat a profile.
async fn profiles<T: PersonStore + ProfileStore>(tables: &T) {
    let expected: BTreeSet<ProfileKey> = (0..9).map(|n| key(&format!("page-{n}"))).collect();
    for key in &expected {
        tables.save(key, &profile(4), None, None).await.unwrap();
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = tables.profile_page(after.as_deref(), 4).await.unwrap();
        seen.extend(page.profiles.into_iter().map(|(key, _)| key));
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let one = key("page-0");
    assert_eq!(tables.save(&one, &profile(4), Some(1), Some(minute(5))).await.unwrap(), Save::Saved);
    assert_eq!(tables.replace_state(&one, &profile(5), 1).await.unwrap(), Save::Conflict);
    assert_eq!(tables.replace_state(&one, &profile(5), 2).await.unwrap(), Save::Saved);
    let due = tables.due(one.shard(DUE_SHARD_COUNT), minute(5), None, 1_000).await.unwrap();
    assert!(due.iter().any(|due| due.key == one), "what is due stays due");
    assert_eq!(tables.save(&one, &profile(6), Some(3), None).await.unwrap(), Save::Saved);
    let distinct: BTreeSet<ProfileKey> = seen.iter().cloned().collect();
    assert_eq!(distinct.len(), seen.len(), "a page repeated a profile");
    assert!(distinct.is_superset(&expected));
}

/// A request is written against the version that was read, and read as it was written.
async fn requests<T: ErasureStore>(tables: &T) {
    assert_eq!(tables.erasures().await.unwrap(), []);
    let request = |id: &str, at: u64| ErasureRequest {
        id: ErasureId::new(id).unwrap(),
        at: minute(at),
        until: minute(900),
        keys: [key("e-gone")].into(),
        contacts: [pepper().contact("a@shop.example")].into(),
        erased_at: Some(minute(3)),
        released_at: None,
        swept: Swept { archive_under_way: Some((minute(4), "events/x.gz".into())), ..Swept::default() },
        removed: Removed { profiles: 2, ..Removed::default() },
    };
    let (first, second) = (request("b", 1), request("a", 2));
    assert_eq!(tables.save_erasure(&second, None).await.unwrap(), Save::Saved);
    assert_eq!(tables.save_erasure(&first, None).await.unwrap(), Save::Saved);
    assert_eq!(tables.save_erasure(&first, None).await.unwrap(), Save::Conflict);
    let changed = ErasureRequest { released_at: Some(minute(5)), ..first };
    assert_eq!(tables.save_erasure(&changed, Some(1)).await.unwrap(), Save::Saved);
    assert_eq!(tables.save_erasure(&changed, Some(1)).await.unwrap(), Save::Conflict);
    let kept = tables.erasures().await.unwrap();
    assert_eq!(kept.iter().map(|kept| kept.version).collect::<Vec<_>>(), [2, 1], "oldest first");
    assert_eq!((&kept[0].state, &kept[1].state), (&changed, &second));
    for id in [&changed.id, &second.id] {
        tables.delete_erasure(id).await.unwrap();
    }
    assert_eq!(tables.erasures().await.unwrap(), []);
}
