//! Every part of what decisions read, going wrong in every way: a page is answered all the same, in full, and told what the
//! answer did without.

use axum::body::Body;
use axum::http::{Request, header};
use beckon_domain::{DurationMs, Profile, ProfileKey, Timestamp};
use beckon_recommend::{BestSellers, Trend};
use beckon_rules::SAMPLE;
use beckon_runtime::Timer;
use beckon_runtime::timer::{Passage, Sleep};
use beckon_store::models::memory::MemoryModels;
use beckon_store::ruleset::ActiveRuleset;
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{
    ActiveDocuments, CatalogStore, ConfigStore, DecisionStore, Due, ListKey, LiveModel, ModelKind,
    ProfileStore, Read, Save, Stored, StoredDecision, TrendKey, Versioned,
};
use beckon_store::{ErrorKind, StoreError};
use beckon_wire::auth::Credentials;
use beckon_wire::decisions::DecisionsResponse;
use data_encoding::BASE64;
use decisions::{BUDGET_DEFAULT, Browser, Decider, DecisionLog, LiveCatalog, LiveSessionIndex};
use harness::World;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Shop = World<MemoryTables>;

/// How a call goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trouble {
    /// It never comes to an end.
    Silent,
    /// It is refused for too much at once, or some keys stay unprocessed.
    Throttled,
    /// What is stored cannot be read.
    Corrupt,
    /// A 5xx, or no connection.
    Down,
    /// A permission is missing.
    Refused,
}

const TROUBLES: [(Trouble, &str); 5] = [
    (Trouble::Silent, "LATE"),
    (Trouble::Throttled, "THROTTLED"),
    (Trouble::Corrupt, "CORRUPT"),
    (Trouble::Down, "UNAVAILABLE"),
    (Trouble::Refused, "UNAVAILABLE"),
];

/// Tables of which some calls go wrong, by their names.
#[derive(Clone)]
struct Troubled {
    inner: MemoryTables,
    troubles: Arc<Mutex<BTreeMap<&'static str, Trouble>>>,
}

impl Troubled {
    fn new(inner: &MemoryTables) -> Self {
        Self { inner: inner.clone(), troubles: Arc::default() }
    }

    fn trouble(&self, call: &'static str, trouble: Trouble) {
        self.troubles.lock().unwrap().insert(call, trouble);
    }

    async fn around<V>(
        &self,
        name: &'static str,
        call: impl Future<Output = Result<V, StoreError>> + Send,
    ) -> Result<V, StoreError> {
        let trouble = self.troubles.lock().unwrap().get(name).copied();
        let kind = match trouble {
            None => return call.await,
            Some(Trouble::Silent) => return std::future::pending().await,
            Some(Trouble::Throttled) => ErrorKind::Throttled,
            Some(Trouble::Corrupt) => ErrorKind::Corrupt,
            Some(Trouble::Down) => ErrorKind::Ambiguous,
            Some(Trouble::Refused) => ErrorKind::Refused,
        };
        Err(StoreError::new(name, kind, "injected"))
    }
}

impl ProfileStore for Troubled {
    async fn load(
        &self,
        keys: &[ProfileKey],
        read: Read,
    ) -> Result<BTreeMap<ProfileKey, Stored>, StoreError> {
        self.around("load", self.inner.load(keys, read)).await
    }

    async fn save(
        &self,
        key: &ProfileKey,
        profile: &Profile,
        read_version: Option<u64>,
        due_at: Option<Timestamp>,
    ) -> Result<Save, StoreError> {
        self.inner.save(key, profile, read_version, due_at).await
    }

    async fn due(
        &self,
        shard: u32,
        until: Timestamp,
        after: Option<&Due>,
        limit: u32,
    ) -> Result<Vec<Due>, StoreError> {
        self.inner.due(shard, until, after, limit).await
    }
}

impl ConfigStore for Troubled {
    async fn active_documents(&self) -> Result<ActiveDocuments, StoreError> {
        self.around("active_ruleset", self.inner.active_documents()).await
    }

    async fn live_model(&self, kind: ModelKind) -> Result<Option<LiveModel>, StoreError> {
        let name = match kind {
            ModelKind::Catalog => "catalog",
            ModelKind::SessionIndex => "session_index",
            _ => "live_model",
        };
        self.around(name, self.inner.live_model(kind)).await
    }

    async fn active_mail_content(&self) -> Result<Option<beckon_store::tables::MailDocument>, StoreError> {
        self.inner.active_mail_content().await
    }
}

impl CatalogStore for Troubled {
    async fn load_trends(
        &self,
        keys: &[TrendKey],
        read: Read,
    ) -> Result<BTreeMap<TrendKey, Versioned<Trend>>, StoreError> {
        self.around("load_trends", self.inner.load_trends(keys, read)).await
    }

    async fn save_trend(
        &self,
        key: &TrendKey,
        trend: &Trend,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        self.inner.save_trend(key, trend, read_version).await
    }

    async fn best_sellers(
        &self,
        keys: &[ListKey],
        read: Read,
    ) -> Result<BTreeMap<ListKey, Versioned<BestSellers>>, StoreError> {
        self.around("best_sellers", self.inner.best_sellers(keys, read)).await
    }

    async fn save_best_sellers(
        &self,
        key: &ListKey,
        list: &BestSellers,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        self.inner.save_best_sellers(key, list, read_version).await
    }
}

impl DecisionStore for Troubled {
    async fn put_decision(&self, decision: &StoredDecision) -> Result<(), StoreError> {
        self.around("put_decision", self.inner.put_decision(decision)).await
    }

    async fn decision(&self, request: &str, now: Timestamp) -> Result<Option<StoredDecision>, StoreError> {
        self.inner.decision(request, now).await
    }
}

/// Time that is over for whatever does not come at once.
struct Impatient;

impl Passage for Impatient {
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn pass(&self, _: Duration) -> Sleep {
        Box::pin(std::future::ready(()))
    }
}

/// A shop that has sold something, and whose feed says that the mug is sold out.
async fn shop() -> Shop {
    let rules = SAMPLE.replace("recommend: accessories", "recommend: similar");
    let mut shop = World::on(MemoryTables::default(), &rules).await;
    let ids = ["tent-2p", "tent-4p", "tarp", "bag-summer", "bag-winter", "mat-air", "pack-25", "pack-50"];
    let ids = ids.into_iter().chain(["rain-cover", "stove-gas", "pot-set", "mug"]);
    let rows = ids.map(|id| {
        let stock = if id == "mug" { "out_of_stock" } else { "in_stock" };
        json!({ "id": id, "title": id, "price": "10.00 EUR", "availability": stock }).to_string() + "\n"
    });
    let credentials = BASE64.encode(b"sk_local:");
    let feed = Request::post("/admin/v1/catalog/products")
        .header(header::AUTHORIZATION, format!("Basic {credentials}"))
        .header(header::CONTENT_TYPE, "application/x-ndjson")
        .body(Body::from(rows.collect::<String>()))
        .unwrap();
    let told = shop.request(feed).await;
    assert_eq!(told.status, 200, "{}", told.text());
    let published = shop.post("/admin/v1/catalog/publish", "sk_local", &json!({})).await;
    assert_eq!(published.status, 200, "{}", published.text());
    shop.stack.catalog.read(shop.stack.clock.now()).await;
    let view = json!({ "type": "track", "event": "Product Viewed", "anonymousId": "anna",
        "properties": { "product_id": "tent-2p", "category": "tents" } });
    shop.events("pk_local", &[view]).await;
    shop
}

fn decider(shop: &Shop, tables: &Troubled) -> Decider<Troubled> {
    let (secrets, clock) = (shop.stack.secrets.clone(), shop.stack.clock.clone());
    Decider::new(tables.clone(), ActiveRuleset::default(), secrets, clock)
        .with_catalog(shop.stack.catalog.clone())
        .with_log(DecisionLog::keeping(tables.clone()))
        .with_budget(BUDGET_DEFAULT, Timer::of(Impatient))
}

async fn ask(decider: &Decider<Troubled>, request_id: &str) -> DecisionsResponse {
    let body = json!({ "anonymousId": "anna",
        "context": { "page": { "type": "PRODUCT", "productId": "tent-4p" } },
        "slots": [{ "id": "home.hero", "count": 4 }, { "id": "pdp.related", "count": 5 }] });
    let body = body.to_string();
    decider
        .decide(body.as_bytes(), &Credentials::of_key("pk_local"), Browser::default(), request_id)
        .await
        .unwrap()
}

/// Whether a page can be filled with it.
fn check(answer: &DecisionsResponse, knows_stock: bool, what: &str) {
    for (decision, count) in answer.decisions.iter().zip([4, 5]) {
        let ids: Vec<&str> = decision.items.iter().flatten().map(|item| item.product_id.as_str()).collect();
        let different: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!((ids.len(), different.len()), (count, count), "{what}: {ids:?}");
        assert!(!different.contains("tent-4p"), "{what}: the page's own product");
        assert!(!knows_stock || !different.contains("mug"), "{what}: sold out");
    }
    assert_eq!(answer.decisions.len(), 2, "{what}");
}

const REQUEST: &str = "01a20266-8bf4-7399-8c43-1b130cabfccd";

#[tokio::test]
async fn every_part_may_go_wrong_in_every_way_and_costs_nothing_but_itself() {
    let shop = shop().await;
    let parts = [
        ("profile", "load"),
        ("ruleset", "active_ruleset"),
        ("best_sellers", "best_sellers"),
        ("items", "load_trends"),
        ("propensity", "live_model"),
    ];
    for (part, call) in parts {
        for (trouble, reason) in TROUBLES {
            for is_warm in [true, false] {
                if part == "ruleset" && !is_warm {
                    // Without any ruleset there is nothing to decide by: deciding.rs.
                    continue;
                }
                let tables = Troubled::new(&shop.stack.tables);
                let (decider, what) =
                    (decider(&shop, &tables), format!("{part}, {trouble:?}, warm {is_warm}"));
                if is_warm {
                    let answer = ask(&decider, "warm").await;
                    check(&answer, true, &what);
                    assert!(answer.degraded.is_empty(), "{what}: {:?}", answer.degraded);
                    shop.pass(DurationMs::from_minutes(2));
                }
                tables.trouble(call, trouble);
                let answer = ask(&decider, REQUEST).await;
                check(&answer, true, &what);
                // A list that cannot be read is one that nobody has: it is as stale as it is empty.
                assert_eq!(answer.degraded, [part], "{what}");
                let codes: Vec<_> =
                    answer.decisions.iter().map(|d| (d.reason.code, d.fallback.reason)).collect();
                let fell_back = ("ERROR_FALLBACK", Some(reason));
                let is_fallen = codes.iter().all(|code| *code == fell_back);
                assert_eq!(is_fallen, part == "profile", "{what}: {codes:?}");
            }
        }
    }
}

#[tokio::test]
async fn with_nothing_but_what_is_in_memory_a_page_is_still_filled() {
    let shop = shop().await;
    for (trouble, _) in TROUBLES {
        let tables = Troubled::new(&shop.stack.tables);
        let decider = decider(&shop, &tables);
        ask(&decider, "warm").await;
        shop.pass(DurationMs::from_hours(2));
        for call in ["load", "active_ruleset", "best_sellers", "load_trends", "live_model", "put_decision"] {
            tables.trouble(call, trouble);
        }
        for _ in 0..3 {
            let answer = ask(&decider, REQUEST).await;
            check(&answer, true, &format!("everything {trouble:?}"));
            assert_eq!(answer.degraded[..3], ["profile", "ruleset", "best_sellers"], "{trouble:?}");
            shop.pass(DurationMs::from_minutes(1));
        }
    }
}

#[tokio::test]
async fn a_catalog_or_an_index_that_was_never_had_is_told_and_the_rules_fill_the_page() {
    let shop = shop().await;
    for (trouble, _) in TROUBLES.into_iter().filter(|(trouble, _)| *trouble != Trouble::Silent) {
        let tables = Troubled::new(&shop.stack.tables);
        tables.trouble("catalog", trouble);
        tables.trouble("session_index", trouble);
        let now = shop.stack.clock.now();
        let catalog = LiveCatalog::reading(tables.clone(), MemoryModels::default());
        let session_index = LiveSessionIndex::reading(tables.clone(), MemoryModels::default());
        catalog.read(now).await;
        session_index.read(now).await;
        let decider = Decider { session_index, ..decider(&shop, &tables).with_catalog(catalog) };
        let answer = ask(&decider, REQUEST).await;
        check(&answer, false, &format!("no catalog: {trouble:?}"));
        assert_eq!(answer.degraded, ["catalog", "session_index"], "{trouble:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_written_down_in_time_costs_the_explanation_and_not_the_answer() {
    let shop = shop().await;
    for (trouble, _) in TROUBLES {
        let tables = Troubled::new(&shop.stack.tables);
        let (decider, kept) = (decider(&shop, &tables), shop.stack.tables.decisions().len());
        tables.trouble("put_decision", trouble);
        let answer = ask(&decider, REQUEST).await;
        check(&answer, true, &format!("not kept: {trouble:?}"));
        assert!(answer.degraded.is_empty(), "the answer is as good as any: {:?}", answer.degraded);
        assert_eq!(shop.stack.tables.decisions().len(), kept);
    }
    ask(&decider(&shop, &Troubled::new(&shop.stack.tables)), REQUEST).await;
    assert_eq!(shop.stack.tables.decisions().last().unwrap().request, REQUEST);
}

/// Time of which each look at it takes some.
struct Hasty(Mutex<u32>);

impl Passage for Hasty {
    fn elapsed(&self) -> Duration {
        let mut looks = self.0.lock().unwrap();
        *looks += 1;
        Duration::from_millis(u64::from(*looks) * 20)
    }

    fn pass(&self, _: Duration) -> Sleep {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn slots_for_which_no_time_is_left_show_what_everybody_is_shown() {
    let shop = shop().await;
    let tables = Troubled::new(&shop.stack.tables);
    ask(&decider(&shop, &tables), "warm").await;
    let hasty =
        decider(&shop, &tables).with_budget(Duration::from_millis(30), Timer::of(Hasty(Mutex::new(0))));
    let answer = ask(&hasty, REQUEST).await;
    check(&answer, true, "hasty");
    let late = |n: usize| answer.decisions[n].fallback.reason == Some("LATE");
    assert!(!late(0) && late(1), "the first slot had its time, the second had none: {answer:?}");
}
