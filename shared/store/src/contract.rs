//! What every adapter of the tables promises, as a suite: run against memory and against DynamoDB's engine, so that the
//! stand-in cannot drift from the real thing. Each function takes an empty set of tables.
#![expect(clippy::unwrap_used, reason = "assertions of a test suite")]

mod audit;
mod codes;
mod conversions;
mod decisions;
mod engagement;
mod erasing;
mod experiments;
mod keys;
mod ledger;
mod models;
mod outreach_sending;
mod products;
mod rulesets;

pub use models::model_objects;

use crate::objects::{FailedEventArchive, FailedEventStore, Kept, RewriteObjects};
use crate::tables::{
    AuditLog, CatalogScan, CatalogStore, CodeLog, CodeStore, ConfigStore, Contact, ContactStore,
    ConversionStore, DUE_SHARD_COUNT, DecisionStore, Due, EngagementStore, ErasureStore, ExperimentStore,
    ImportLog, KeyStore, LedgerScan, LimitsStore, ListKey, MailContentStore, ModelStore, OutreachStore,
    PersonStore, ProductStore, ProfileStore, Read, ReputationStore, RulesetStore, Save, SuppressionStore,
    SwitchStore, TrendKey, Versioned,
};
use beckon_domain::id::UserId;
use beckon_domain::mark::{Position, SequenceNumber, ShardKey};
use beckon_domain::{Category, DurationMs, Pepper, ProductId, Profile, ProfileKey, Timestamp};
use beckon_recommend::popularity::{Delivered, fold};
use beckon_recommend::{BestSellers, Other, Signal, SignalId, SignalKind, Trend};
use std::collections::BTreeSet;

fn pepper() -> Pepper {
    Pepper::new("1", b"0123456789abcdef").unwrap()
}

fn key(name: &str) -> ProfileKey {
    pepper().customer(&UserId::new(name).unwrap())
}

fn minute(n: u64) -> Timestamp {
    Timestamp::from_ms(1_763_800_000_000) + DurationMs::from_minutes(n)
}

fn profile(adds: u64) -> Profile {
    let mut profile = Profile { last_received_at: minute(0), ..Profile::default() };
    profile.counts.adds = adds;
    profile
}

/// Runs the whole suite.
pub async fn all<T>(tables: &T)
where
    T: ProfileStore
        + ContactStore
        + OutreachStore
        + LedgerScan
        + ConversionStore
        + ConfigStore
        + RulesetStore
        + MailContentStore
        + ModelStore
        + CatalogStore
        + CatalogScan
        + ProductStore
        + ImportLog
        + SuppressionStore
        + ReputationStore
        + SwitchStore
        + LimitsStore
        + CodeStore
        + CodeLog
        + AuditLog
        + KeyStore
        + PersonStore
        + ErasureStore
        + ExperimentStore
        + EngagementStore
        + DecisionStore,
{
    compare_and_set(tables).await;
    due_index(tables).await;
    loads_many(tables).await;
    contacts(tables).await;
    ledger::all(tables).await;
    conversions::all(tables).await;
    decisions::kept_until_their_time_is_over(tables).await;
    outreach_sending::all(tables).await;
    rulesets::all(tables).await;
    models::all(tables).await;
    products::all(tables).await;
    codes::all(tables).await;
    audit::all(tables).await;
    keys::all(tables).await;
    erasing::all(tables).await;
    experiments::all(tables).await;
    engagement::all(tables).await;
    trends(tables).await;
    best_sellers(tables).await;
}

/// A write names the version it read; a stale or a second first write is a conflict and changes nothing.
async fn compare_and_set<T: ProfileStore>(tables: &T) {
    let key = key("cas");
    assert!(tables.load(std::slice::from_ref(&key), Read::Strong).await.unwrap().is_empty());
    assert_eq!(tables.save(&key, &profile(1), None, None).await.unwrap(), Save::Saved);
    assert_eq!(tables.save(&key, &profile(9), None, None).await.unwrap(), Save::Conflict);
    assert_eq!(tables.save(&key, &profile(2), Some(1), None).await.unwrap(), Save::Saved);
    assert_eq!(tables.save(&key, &profile(9), Some(1), None).await.unwrap(), Save::Conflict);
    let stored = tables.load(std::slice::from_ref(&key), Read::Strong).await.unwrap().remove(&key).unwrap();
    assert_eq!((stored.version, stored.profile), (2, profile(2)));
}

/// An entry is in the index while the profile is due and at no other time; pages neither skip nor repeat.
async fn due_index<T: ProfileStore>(tables: &T) {
    let keys: Vec<_> = (0..40).map(|n| key(&format!("due-{n}"))).collect();
    for (n, key) in keys.iter().enumerate() {
        // Half of them at the same instant: a page boundary must not depend on distinct times.
        let at = minute(if n % 2 == 0 { 10 } else { 10 + n as u64 });
        tables.save(key, &profile(0), None, Some(at)).await.unwrap();
    }
    tables.save(&keys[0], &profile(1), Some(1), None).await.unwrap();
    tables.save(&keys[1], &profile(1), Some(1), Some(minute(500))).await.unwrap();
    let mut found = BTreeSet::new();
    for shard in 0..DUE_SHARD_COUNT {
        let mut after: Option<Due> = None;
        loop {
            let page = tables.due(shard, minute(100), after.as_ref(), 3).await.unwrap();
            assert!(page.len() <= 3);
            assert!(page.is_sorted_by_key(|due| due.at), "earliest first");
            for due in &page {
                assert_eq!(due.key.shard(DUE_SHARD_COUNT), shard);
                assert!(found.insert(due.key.clone()), "a page repeated an entry");
            }
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
        }
    }
    assert_eq!(found, keys[2..].iter().cloned().collect());
}

/// Many keys are loaded in one call, more than one request of DynamoDB holds; missing ones are left out.
async fn loads_many<T: ProfileStore>(tables: &T) {
    let keys: Vec<_> = (0..230).map(|n| key(&format!("many-{n}"))).collect();
    for key in keys.iter().step_by(2) {
        tables.save(key, &profile(3), None, None).await.unwrap();
    }
    let loaded = tables.load(&keys, Read::Eventual).await.unwrap();
    assert_eq!(loaded.keys().cloned().collect::<BTreeSet<_>>(), keys.iter().step_by(2).cloned().collect());
}

/// Newer wins, verified wins over unverified, given fields only are replaced, and expiry hides.
async fn contacts<T: ContactStore>(tables: &T) {
    let key = key("contact");
    let contact = |email: Option<&str>, verified, at| Contact {
        email: email.map(ToOwned::to_owned),
        verified,
        at: minute(at),
        ..Contact::default()
    };
    assert_eq!(tables.contact(&key, minute(0)).await.unwrap(), None);
    let unverified = Contact { expires_at: Some(minute(50)), ..contact(Some("a@shop.example"), false, 1) };
    assert!(tables.put_contact(&key, &unverified).await.unwrap());
    assert!(tables.contact(&key, minute(49)).await.unwrap().is_some());
    assert_eq!(tables.contact(&key, minute(50)).await.unwrap(), None, "expired");
    let verified = Contact { first_name: Some("B".into()), ..contact(Some("b@shop.example"), true, 2) };
    assert!(tables.put_contact(&key, &verified).await.unwrap());
    assert!(!tables.put_contact(&key, &contact(Some("c@shop.example"), false, 9)).await.unwrap());
    assert!(!tables.put_contact(&key, &contact(Some("d@shop.example"), true, 2)).await.unwrap(), "not newer");
    let consented = Contact { consent: Some(true), ..contact(None, true, 2) };
    assert!(!tables.put_contact(&key, &consented).await.unwrap(), "told again at the same instant");
    let phone = Contact { phone: Some("1".into()), ..contact(None, true, 3) };
    assert!(tables.put_contact(&key, &phone).await.unwrap());
    let kept = tables.contact(&key, minute(99)).await.unwrap().unwrap();
    assert_eq!(kept.email.as_deref(), Some("b@shop.example"));
    assert_eq!((kept.phone.as_deref(), kept.first_name.as_deref()), (Some("1"), Some("B")));
    assert!(kept.verified && kept.expires_at.is_none());
    let unknown = Contact { expires_at: Some(minute(40)), ..contact(None, true, 4) };
    assert!(tables.put_contact(&key, &unknown).await.unwrap());
    assert!(tables.contact(&key, minute(99)).await.unwrap().is_some(), "silence takes no consent back");
    let refused = Contact { consent: Some(false), expires_at: Some(minute(40)), ..contact(None, true, 5) };
    assert!(tables.put_contact(&key, &refused).await.unwrap());
    assert_eq!(tables.contact(&key, minute(40)).await.unwrap(), None);

    let other = self::key("contact-2");
    tables.put_contact(&other, &contact(Some("stranger@shop.example"), false, 9)).await.unwrap();
    let vouched = Contact { phone: Some("1".into()), ..contact(None, true, 1) };
    assert!(tables.put_contact(&other, &vouched).await.unwrap(), "a server's word counts, however old");
    let kept = tables.contact(&other, minute(99)).await.unwrap().unwrap();
    assert_eq!(
        (kept.email, kept.verified),
        (None, true),
        "a stranger's address is not vouched for along with it"
    );
}

fn other() -> ProductId {
    ProductId::new("other").unwrap()
}

/// A trend that counted so many views.
fn trend(views: u64) -> Trend {
    let delivered = (1..=views).map(|n| Delivered {
        position: Position {
            shard: ShardKey::new("1", "shard-0"),
            sequence: SequenceNumber::parse(&n.to_string()).unwrap(),
            offset: 0,
        },
        arrived_at: minute(0),
        signal: Signal {
            id: SignalId::parse(&format!("{n:016x}")).unwrap(),
            at: minute(0),
            kind: SignalKind::View,
            product: ProductId::new("p").unwrap(),
            category: Category::new("c").ok(),
            quantity: 1,
            called: None,
            others: vec![Other { product: other(), category: None, price_band: None, distance: 1 }],
        },
    });
    fold(None, &delivered.collect::<Vec<_>>()).unwrap_or_default()
}

/// A trend is written against the version that was read; items and categories of one name are two; many are loaded in
/// one call, named twice or not there at all.
async fn trends<T: CatalogStore + CatalogScan>(tables: &T) {
    let item = |n: u64| TrendKey::Item(ProductId::new(&format!("many#{n}")).unwrap());
    let category = TrendKey::Category(Category::new("many#0").unwrap());
    assert!(tables.load_trends(&[item(0), category.clone()], Read::Strong).await.unwrap().is_empty());
    assert_eq!(tables.save_trend(&item(0), &trend(1), None).await.unwrap(), Save::Saved);
    assert_eq!(tables.save_trend(&item(0), &trend(9), None).await.unwrap(), Save::Conflict);
    assert_eq!(tables.save_trend(&item(0), &trend(2), Some(1)).await.unwrap(), Save::Saved);
    assert_eq!(tables.save_trend(&item(0), &trend(9), Some(1)).await.unwrap(), Save::Conflict);
    assert_eq!(tables.save_trend(&category, &trend(5), None).await.unwrap(), Save::Saved);
    for n in (2..230).step_by(2) {
        tables.save_trend(&item(n), &trend(3), None).await.unwrap();
    }
    let keys: Vec<TrendKey> = (0..230).chain([0, 1]).map(item).chain([category.clone()]).collect();
    let loaded = tables.load_trends(&keys, Read::Eventual).await.unwrap();
    assert_eq!(loaded.len(), 116);
    assert_eq!(loaded[&item(0)], Versioned { state: trend(2), version: 2 });
    assert_eq!(loaded[&category], Versioned { state: trend(5), version: 1 });
    let products: Vec<ProductId> = (0..3).map(|n| ProductId::new(&format!("many#{n}")).unwrap()).collect();
    let neighbours = tables.neighbours(&products, Read::Eventual).await.unwrap();
    let names =
        |product: &ProductId| neighbours[product].iter().map(|n| n.product().clone()).collect::<Vec<_>>();
    assert_eq!((neighbours.len(), names(&products[0])), (2, vec![other()]), "what is not there is left out");
    let scanned: BTreeSet<TrendKey> =
        tables.scan_trends().await.unwrap().into_iter().map(|(key, _)| key).collect();
    assert_eq!(scanned, loaded.into_keys().collect());
}

/// The store's list and each category's are written apart, against the version that was read, and are no trends.
async fn best_sellers<T: CatalogStore + CatalogScan>(tables: &T) {
    let list = |n: u64| {
        let mut list = BestSellers::default();
        list.offer(&ProductId::new("p").unwrap(), &trend(n));
        list
    };
    let (store, category) = (ListKey::Store, ListKey::Category(Category::new("c#").unwrap()));
    let keys = [store.clone(), category.clone(), store.clone()];
    let trend_count = tables.scan_trends().await.unwrap().len();
    assert!(tables.best_sellers(&keys, Read::Strong).await.unwrap().is_empty());
    assert_eq!(tables.save_best_sellers(&store, &list(1), None).await.unwrap(), Save::Saved);
    assert_eq!(tables.save_best_sellers(&store, &list(9), None).await.unwrap(), Save::Conflict);
    assert_eq!(tables.save_best_sellers(&category, &list(2), None).await.unwrap(), Save::Saved);
    assert_eq!(tables.save_best_sellers(&category, &list(3), Some(1)).await.unwrap(), Save::Saved);
    assert_eq!(tables.save_best_sellers(&category, &list(9), Some(1)).await.unwrap(), Save::Conflict);
    let loaded = tables.best_sellers(&keys, Read::Eventual).await.unwrap();
    assert_eq!(loaded[&store], Versioned { state: list(1), version: 1 });
    assert_eq!(loaded[&category], Versioned { state: list(3), version: 2 });
    let trending = [ListKey::Trending, ListKey::TrendingIn(Category::new("c#").unwrap())];
    for key in &trending {
        assert_eq!(tables.save_best_sellers(key, &list(4), None).await.unwrap(), Save::Saved);
    }
    assert_eq!(tables.best_sellers(&trending, Read::Strong).await.unwrap().len(), 2);
    assert_eq!(
        tables.best_sellers(&keys, Read::Strong).await.unwrap(),
        loaded,
        "they are lists of their own"
    );
    assert_eq!(tables.scan_trends().await.unwrap().len(), trend_count);
}

/// What every adapter of the failed events promises. Takes an empty one; separate, because no table is one.
pub async fn failed_events<F: FailedEventStore + FailedEventArchive + RewriteObjects>(kept: &F) {
    let keys = async |prefix: &str| -> Vec<String> {
        kept.list(prefix).await.unwrap().into_iter().map(|Kept { key, .. }| key).collect()
    };
    assert!(keys("failed/").await.is_empty(), "what is not there is empty, and no error");
    assert_eq!(kept.read("failed/expired/e_1.json").await.unwrap(), None);
    for document in ["a longer document", "again"] {
        kept.keep("e:1", "expired", document.into()).await.unwrap();
    }
    kept.keep("e:2", "panicked", b"other".to_vec()).await.unwrap();
    assert_eq!(keys("failed/").await, ["failed/expired/e_1.json", "failed/panicked/e_2.json"]);
    assert_eq!(keys("failed/p").await, ["failed/panicked/e_2.json"], "a prefix is no folder");
    let all = kept.list("failed/").await.unwrap();
    assert_eq!(kept.list_first("failed/", 2).await.unwrap(), all);
    assert_eq!(kept.list_first("failed/", 1).await.unwrap(), all[..1], "the first, in the order of the keys");
    let one = &kept.list("failed/expired/").await.unwrap()[0];
    assert_eq!((one.bytes, kept.read(&one.key).await.unwrap()), (5, Some(b"again".to_vec())));

    for note in ["first", "second"] {
        kept.note_redriven(&one.key, note.into()).await.unwrap();
    }
    kept.keep("e:1", "expired", b"a late redelivery".to_vec()).await.unwrap();
    let note = "redriven/failed/expired/e_1.json";
    assert_eq!(keys("redriven/").await, [note], "a note stays when its event is kept anew");
    assert_eq!(kept.read(note).await.unwrap(), Some(b"second".to_vec()));
    assert_eq!(keys("failed/expired/").await, ["failed/expired/e_1.json"], "nothing is taken away");

    kept.rewrite(&one.key, Some(b"less".to_vec())).await.unwrap();
    assert_eq!(kept.read(&one.key).await.unwrap(), Some(b"less".to_vec()));
    for _ in 0..2 {
        kept.rewrite(&one.key, None).await.unwrap();
        assert_eq!(kept.read(&one.key).await.unwrap(), None);
    }
    assert_eq!(keys("failed/").await, ["failed/panicked/e_2.json"], "and nothing else");
}
