use super::*;
use crate::process::{Collector, Told};
use beckon_domain::catalog::FactsSource;
use beckon_domain::{Currency, DurationMs, Money, ProductFacts, ProductId};
use beckon_runtime::{Clock, Secrets};
use beckon_store::streams::memory::MemoryStream;
use beckon_store::tables::memory::MemoryTables;
use beckon_wire::auth::Credentials;
use beckon_wire::capture::CaptureAnswer;
use serde_json::{Value, json};

type Memory = Collector<MemoryStream, MemoryTables>;

fn collector(guard: Guard, at: Timestamp) -> Memory {
    Collector {
        stream: MemoryStream::new(1, || Timestamp::EPOCH, || ()),
        tables: MemoryTables::default(),
        secrets: Secrets::local().unwrap(),
        clock: Clock::manual(at).0,
        currency: Currency::new("EUR").unwrap(),
        public_url: "https://api.example".to_owned(),
        guard,
        metrics: beckon_runtime::Metrics::default(),
    }
}

fn start() -> Timestamp {
    Timestamp::from_ms(1_800_000_000_000)
}

async fn send(collector: &Memory, key: &str, events: &[Value]) -> Result<CaptureAnswer, CollectError> {
    let body = json!({ "batch": events }).to_string();
    collector.collect(body.as_bytes(), &Credentials::of_key(key), None, Told::default(), "r").await
}

fn lines(collector: &Memory) -> Vec<Value> {
    let datas = collector.stream.take().into_iter().map(|record| String::from_utf8(record.data).unwrap());
    let texts = datas.flat_map(|data| data.lines().map(ToOwned::to_owned).collect::<Vec<_>>());
    texts.map(|text| serde_json::from_str(&text).unwrap()).collect()
}

fn track(event: &str, id: &str, properties: Value) -> Value {
    json!({ "type": "track", "event": event, "anonymousId": "v", "messageId": id, "properties": properties })
}

#[tokio::test]
async fn who_sends_too_much_is_asked_to_wait_and_nothing_of_it_is_kept_half() {
    let collector = collector(
        Guard::new(Rates { key_per_second: 0, visitor_per_second: 2 }, PagePurchases::Counted),
        start(),
    );
    let pages = |visitor: &str, count: usize| -> Vec<Value> {
        let page =
            |n| json!({ "type": "page", "anonymousId": visitor, "messageId": format!("{visitor}-{n}") });
        (0..count).map(page).collect()
    };
    assert_eq!(send(&collector, "pk_local", &pages("bot", 500)).await.unwrap().accepted, 500);
    let mut both = pages("someone", 1);
    both.extend(pages("bot", 101));
    let error = send(&collector, "pk_local", &both).await.unwrap_err();
    let problem = error.into_problem();
    assert_eq!((problem.status(), problem.retry_after_secs()), (429, Some(1)));
    assert_eq!(lines(&collector).len(), 500, "nothing of the refused request");
    assert_eq!(send(&collector, "pk_local", &pages("someone", 1)).await.unwrap().accepted, 1);
    assert_eq!(
        send(&collector, "sk_local", &pages("bot", 500)).await.unwrap().accepted,
        500,
        "a server speaks for many"
    );
}

#[tokio::test]
async fn a_page_is_not_believed_about_prices_that_the_shop_told_the_catalog() {
    let collector = collector(Guard::default(), start());
    let product = |id: &str| ProductId::new(id).unwrap();
    let price = |text: &str| Money::parse(text).ok();
    let put = async |id: &str, text: &str, source| {
        let facts =
            ProductFacts { price: price(text), ..ProductFacts::new(product(id), id, start(), source) };
        collector.tables.put_product(&facts).await.unwrap();
    };
    put("tent", "199.00 EUR", FactsSource::Feed).await;
    put("mat", "20.00 EUR", FactsSource::Event).await;
    let told = json!({ "currency": "EUR", "products": [
        { "product_id": "tent", "price": 0.01 }, { "product_id": "mat", "price": 0.02 }, { "product_id": "new", "price": 0.03 },
    ] });
    let prices = |line: &Value| -> Vec<Value> {
        let products = line["properties"]["products"].as_array().unwrap();
        products.iter().map(|product| product["price_minor"].clone()).collect()
    };
    for (key, expected) in [("pk_local", [19_900, 2, 3]), ("sk_local", [1, 2, 3])] {
        send(&collector, key, &[track("Cart Updated", key, told.clone())]).await.unwrap();
        assert_eq!(prices(&lines(&collector)[0]), expected, "{key}");
    }
    let single = json!({ "product_id": "tent", "price": 5, "currency": "EUR" });
    let foreign = json!({ "product_id": "tent", "price": 5, "currency": "USD" });
    let silent = json!({ "product_id": "tent" });
    let events = [single, foreign, silent].map(|told| track("Product Added", &told.to_string(), told));
    send(&collector, "pk_local", &events).await.unwrap();
    let told: Vec<Value> =
        lines(&collector).iter().map(|line| line["properties"]["product"]["price_minor"].clone()).collect();
    assert_eq!(told, [json!(19_900), json!(500), json!(19_900)]);
}

#[tokio::test]
async fn a_new_price_counts_within_five_minutes() {
    let mut collector = collector(Guard::default(), start());
    let facts = |price: &str, at| {
        let facts = ProductFacts::new(ProductId::new("tent").unwrap(), "Tent", at, FactsSource::Feed);
        ProductFacts { price: Money::parse(price).ok(), ..facts }
    };
    collector.tables.put_product(&facts("100.00 EUR", start())).await.unwrap();
    let mut seen = Vec::new();
    for minute in [0, 4, 5] {
        collector.clock = Clock::manual(start() + DurationMs::from_minutes(minute)).0;
        let viewed =
            track("Product Viewed", &minute.to_string(), json!({ "product_id": "tent", "price": 1 }));
        send(&collector, "pk_local", &[viewed]).await.unwrap();
        seen.push(lines(&collector)[0]["properties"]["product"]["price_minor"].clone());
        collector
            .tables
            .put_product(&facts("120.00 EUR", start() + DurationMs::from_minutes(1)))
            .await
            .unwrap();
    }
    assert_eq!(seen, [10_000, 10_000, 12_000]);
}

#[tokio::test]
async fn a_pages_purchase_waits_for_the_server_where_the_shop_wants_it() {
    let order = track("Order Completed", "m-1", json!({ "order_id": "A-1", "total": 9, "currency": "EUR" }));
    for (policy, key, name) in [
        (PagePurchases::Counted, "pk_local", "Order Completed"),
        (PagePurchases::Unconfirmed, "pk_local", "Order Unconfirmed"),
        (PagePurchases::Unconfirmed, "sk_local", "Order Completed"),
    ] {
        let collector = collector(Guard::new(Rates::default(), policy), start());
        let answer = send(&collector, key, std::slice::from_ref(&order)).await.unwrap();
        let told = lines(&collector);
        assert_eq!(told[0]["event"], name, "{policy:?} {key}");
        assert_eq!(told[0]["id"] == "m-1", name == "Order Completed", "the server's may have the same id");
        let warned: Vec<&str> = answer.warnings.iter().map(|verdict| verdict.fault.code).collect();
        assert_eq!(warned == ["order.unconfirmed"], name == "Order Unconfirmed", "{warned:?}");
    }
}

#[tokio::test]
async fn of_a_request_that_is_refused_no_part_takes_from_a_bucket_and_the_rest_of_it_reads_no_prices() {
    let bounds = Rates { key_per_second: 0, visitor_per_second: 1 };
    let collector = collector(Guard::new(bounds, PagePurchases::Counted), start());
    let viewed = |n: usize| track("Product Viewed", &n.to_string(), json!({ "product_id": n.to_string() }));
    let views: Vec<Value> = (0..500).map(viewed).collect();
    assert_eq!(send(&collector, "pk_local", &views).await.unwrap().accepted, 500);
    // 100 are left: the second part of 64 is the one too many.
    let more: Vec<Value> = (1_000..1_500).map(viewed).collect();
    assert_eq!(send(&collector, "pk_local", &more).await.unwrap_err().into_problem().status(), 429);
    let is_known = |n: usize| {
        let ids = [n.to_string()];
        super::lock(&collector.guard.prices).wanted(ids.iter().map(String::as_str), start()).is_empty()
    };
    assert!(
        is_known(499) && is_known(1_063) && !is_known(1_064),
        "the first part's were read, and no others"
    );
    assert_eq!(send(&collector, "pk_local", &more[..100]).await.unwrap().accepted, 100, "all 100 are left");
}

#[tokio::test]
async fn one_request_reads_no_more_than_so_many_products_in_all_of_its_parts() {
    let collector = collector(Guard::default(), start());
    let product = |n: usize| json!({ "product_id": n.to_string() });
    let updated = |n: usize| {
        let products: Vec<Value> = (n * 90..(n + 1) * 90).map(product).collect();
        track("Cart Updated", &n.to_string(), json!({ "products": products }))
    };
    let updates: Vec<Value> = (0..100).map(updated).collect();
    assert_eq!(send(&collector, "pk_local", &updates).await.unwrap().accepted, 100);
    let ids: Vec<String> = (0..9_000).map(|n| n.to_string()).collect();
    let unknown = super::lock(&collector.guard.prices).wanted(ids.iter().map(String::as_str), start());
    assert_eq!(unknown.len(), 8_500);
}
