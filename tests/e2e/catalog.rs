//! A shop tells its products, and decisions have them.

use axum::body::Body;
use axum::http::{Method, Request, header};
use beckon_domain::DurationMs;
use beckon_store::tables::memory::MemoryTables;
use beckon_wire::catalog::feed::ROW_COUNT_MAX;
use data_encoding::BASE64;
use decisions::CATALOG_CHECK_PAUSE;
use harness::{Answer, World};
use serde_json::{Value, json};

const PRODUCTS: &str = "/admin/v1/catalog/products";

fn request(method: Method, path: &str, key: &str, kind: &str, body: impl Into<Body>) -> Request<Body> {
    let credentials = BASE64.encode(format!("{key}:").as_bytes());
    let request = Request::builder().method(method).uri(path);
    let request = request.header(header::AUTHORIZATION, format!("Basic {credentials}"));
    request.header(header::CONTENT_TYPE, kind).body(body.into()).unwrap()
}

async fn import<T: beckon_cli::stack::Tables>(world: &World<T>, query: &str, feed: &str) -> Answer {
    let path = format!("{PRODUCTS}{query}");
    let kind = if feed.starts_with('{') { "application/x-ndjson" } else { "text/csv; charset=utf-8" };
    world.request(request(Method::POST, &path, "sk_local", kind, feed.to_owned())).await
}

async fn asked<T: beckon_cli::stack::Tables>(world: &World<T>, method: Method, path: &str) -> Answer {
    world.request(request(method, path, "sk_local", "", "")).await
}

async fn title<T: beckon_cli::stack::Tables>(world: &World<T>, id: &str) -> Option<String> {
    let answer = asked(world, Method::GET, &format!("{PRODUCTS}/{id}")).await;
    assert!([200, 404].contains(&answer.status), "{}", answer.text());
    answer.json()["product"]["title"].as_str().map(ToOwned::to_owned)
}

const FEED: &str = "id,title,price,availability,product_type
tent-2p,Tent for two,399.00 EUR,in stock,Outdoor > Tents
mug,Mug,eighteen euros,in stock,Kitchen
,Nameless,1.00 EUR,in stock,Kitchen
lamp,Head Lamp,25.00 EUR,out_of_stock,Outdoor > Light
";

#[tokio::test]
async fn a_feed_is_taken_with_its_bad_rows_told_by_their_numbers_and_an_older_one_changes_nothing() {
    let world = Box::pin(World::dynamodb(beckon_rules::SAMPLE)).await;
    let dry = import(&world, "?dry_run=true", FEED).await.json();
    assert_eq!((&dry["dryRun"], &dry["rows"], &dry["written"]), (&json!(true), &json!(4), &json!(2)));
    assert_eq!(title(&world, "tent-2p").await, None, "a dry run changes nothing");

    let taken = import(&world, "?import=night-1&first_row=102&note=night&by=cron", FEED).await;
    assert_eq!(taken.status, 200, "{}", taken.text());
    let taken = taken.json();
    assert_eq!((&taken["written"], &taken["older"]), (&json!(2), &json!(0)));
    let rows: Vec<_> =
        taken["errors"].as_array().unwrap().iter().map(|e| e["row"].as_u64().unwrap()).collect();
    assert_eq!(rows, [103, 104]);
    assert!(taken["errors"][0]["detail"].to_string().contains("15.00 EUR"), "{taken}");

    let found = asked(&world, Method::GET, &format!("{PRODUCTS}/tent-2p")).await.json();
    let product = json!({ "id": "tent-2p", "title": "Tent for two", "price": "399.00 EUR",
        "availability": "in_stock", "product_type": "Outdoor > Tents" });
    assert_eq!((&found["product"], &found["source"]), (&product, &json!("feed")));
    let page = asked(&world, Method::GET, PRODUCTS).await.json();
    assert_eq!(page["products"].as_array().unwrap().len(), 2);

    // What was said before counts less, whenever it arrives.
    let stale = import(&world, "?as_of=2025-11-01T00:00:00Z", "{\"id\":\"tent-2p\",\"title\":\"Old\"}").await;
    assert_eq!((&stale.json()["written"], &stale.json()["older"]), (&json!(0), &json!(1)));
    assert_eq!(title(&world, "tent-2p").await.as_deref(), Some("Tent for two"));

    // The answer got lost and the part is sent again: it counts once.
    import(&world, "?import=night-1&first_row=102", FEED).await;
    let status = asked(&world, Method::GET, "/admin/v1/catalog").await.json();
    let expected = json!({ "import": "night-1", "who": "server", "by": "cron", "note": "night", "parts": 1,
        "rows": 4, "written": 2, "refused": 2, "deleted": 0 });
    assert_eq!(harness::misfit(&expected, &status["lastImport"]), None, "{status}");
}

#[tokio::test]
async fn what_is_deleted_stays_deleted_until_a_newer_feed_has_it() {
    let world = World::memory().await;
    import(&world, "", FEED).await;
    world.pass(DurationMs::from_minutes(1));
    let deleted = asked(&world, Method::DELETE, &format!("{PRODUCTS}/tent-2p")).await;
    assert_eq!((deleted.status, &deleted.json()["deleted"]), (200, &json!(1)), "{}", deleted.text());
    let body = json!({ "ids": ["lamp", "never-told"] }).to_string();
    let path = "/admin/v1/catalog/deletions";
    let many = world.request(request(Method::POST, path, "sk_local", "application/json", body)).await;
    assert_eq!((many.status, &many.json()["deleted"]), (200, &json!(2)), "{}", many.text());
    for id in ["tent-2p", "lamp", "never-told"] {
        assert_eq!(title(&world, id).await, None, "{id}");
    }
    import(&world, "?as_of=2025-11-22T08:26:40Z", FEED).await;
    assert_eq!(title(&world, "tent-2p").await, None, "that was said before it was deleted");
    import(&world, "", FEED).await;
    assert!(title(&world, "tent-2p").await.is_some());
    // Any script, and whatever a path must write otherwise.
    import(&world, "", "{\"id\":\"帳篷/2 p?\",\"title\":\"A tent\"}").await;
    assert_eq!(title(&world, "%E5%B8%B3%E7%AF%B7%2F2%20p%3F").await.as_deref(), Some("A tent"));
}

/// What decisions have in memory, once what loads beside them has had its turn.
async fn held(world: &World<MemoryTables>) -> Vec<(String, bool)> {
    let body = json!({ "slots": [{ "id": "home.hero" }] });
    assert_eq!(world.post("/v1/decisions", "pk_local", &body).await.status, 200);
    let catalog = &world.stack.catalog;
    let _ = catalog.get(world.stack.clock.now());
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    let snapshot = catalog.get(world.stack.clock.now());
    snapshot
        .iter()
        .flat_map(|s| s.iter().map(|e| (e.id().to_string(), e.is_in_stock())).collect::<Vec<_>>())
        .collect()
}

#[tokio::test]
async fn decisions_have_what_is_published_within_the_stated_time() {
    let world = World::memory().await;
    assert_eq!(held(&world).await, []);
    let before = asked(&world, Method::GET, "/admin/v1/catalog").await.json();
    assert_eq!((&before["snapshot"], &before["lastImport"]), (&Value::Null, &Value::Null));
    import(&world, "", FEED).await;
    let published = asked(&world, Method::POST, "/admin/v1/catalog/publish").await;
    assert_eq!((published.status, &published.json()["products"]), (200, &json!(2)), "{}", published.text());
    world.pass(CATALOG_CHECK_PAUSE);
    assert_eq!(held(&world).await, [("lamp".to_owned(), false), ("tent-2p".to_owned(), true)]);

    import(&world, "", "{\"id\":\"lamp\",\"title\":\"Lamp\",\"availability\":\"in stock\"}").await;
    asked(&world, Method::POST, "/admin/v1/catalog/publish").await;
    world.pass(CATALOG_CHECK_PAUSE);
    assert_eq!(held(&world).await[0], ("lamp".to_owned(), true));
    let status = asked(&world, Method::GET, "/admin/v1/catalog").await.json();
    let expected = json!({ "products": 2, "whole": 2, "omitted": 0, "ageSeconds": 60 });
    assert_eq!(harness::misfit(&expected, &status["snapshot"]), None, "{status}");
}

#[tokio::test]
async fn an_empty_catalog_and_one_of_one_product_are_catalogs() {
    let world = World::memory().await;
    for (feed, count) in [("id,title\n", 0), ("{\"id\":\"mug\",\"title\":\"Mug\"}", 1)] {
        let taken = import(&world, "", feed).await.json();
        assert_eq!(taken["rows"], count, "{taken}");
        let published = asked(&world, Method::POST, "/admin/v1/catalog/publish").await.json();
        assert_eq!(published["products"], count, "{published}");
        world.pass(CATALOG_CHECK_PAUSE);
        assert_eq!(held(&world).await.len(), count);
    }
}

#[tokio::test]
async fn products_are_for_secret_keys_and_what_cannot_be_read_is_told_in_one_line() {
    let world = World::memory().await;
    let csv = "text/csv";
    let all = [
        (Method::GET, "/admin/v1/catalog"),
        (Method::POST, "/admin/v1/catalog/publish"),
        (Method::POST, "/admin/v1/catalog/deletions"),
        (Method::GET, PRODUCTS),
        (Method::POST, PRODUCTS),
        (Method::GET, "/admin/v1/catalog/products/mug"),
        (Method::DELETE, "/admin/v1/catalog/products/mug"),
    ];
    for (method, path) in all {
        for (key, status) in [("pk_local", 403), ("nobody", 401)] {
            let answer = world.request(request(method.clone(), path, key, csv, FEED)).await;
            assert_eq!(
                (answer.status, answer.header("content-type")),
                (status, "application/problem+json"),
                "{path}"
            );
        }
    }
    let many = format!("id,title\n{}", "mug,Mug\n".repeat(ROW_COUNT_MAX + 1));
    let cases = [
        ("application/json", "", FEED.to_owned(), 415, "application/x-ndjson"),
        (csv, "?dryrun=true", FEED.to_owned(), 400, "cannot be used"),
        (csv, "", String::new(), 400, "names of its columns"),
        (csv, "", "name;price\nMug;1\n".to_owned(), 400, "no column `id`"),
        (csv, "", many, 400, "in several requests"),
        (csv, "", "x".repeat(600 * 1024), 413, "in several parts"),
        ("application/x-ndjson", "", "[{}]".to_owned(), 400, "JSON Lines"),
    ];
    for (kind, query, body, status, told) in cases {
        let path = format!("{PRODUCTS}{query}");
        let answer = world.request(request(Method::POST, &path, "sk_local", kind, body)).await;
        assert_eq!(answer.status, status, "{told}: {}", answer.text());
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(told) && !detail.contains('\n'), "{detail}");
    }
}

#[tokio::test]
async fn an_event_fills_a_gap_and_a_browser_is_never_believed_over_the_feed() {
    let mut world = World::memory().await;
    let view = |id: &str, product: &str, name: &str, price: f64| {
        json!({ "type": "track", "event": "Product Viewed", "anonymousId": "anna", "messageId": id, "properties": {
            "product_id": product, "name": name, "price": price, "currency": "EUR", "category": "Outdoor", "brand": "B" } })
    };
    import(&world, "", FEED).await;
    world
        .events("pk_local", &[view("1", "tent-2p", "Free tent", 0.01), view("2", "stool", "Stool", 20.0)])
        .await;
    let tent = asked(&world, Method::GET, &format!("{PRODUCTS}/tent-2p")).await.json();
    assert_eq!(
        (&tent["product"]["title"], &tent["product"]["price"]),
        (&json!("Tent for two"), &json!("399.00 EUR"))
    );
    let stool = asked(&world, Method::GET, &format!("{PRODUCTS}/stool")).await.json();
    let expected = json!({ "source": "event", "product": { "title": "Stool", "price": "20.00 EUR",
        "product_type": "Outdoor", "brand": "B" } });
    assert_eq!(harness::misfit(&expected, &stool), None, "{stool}");

    // The shop's word replaces it, although it is older, and a deletion is no gap.
    import(&world, "?as_of=2025-11-01T00:00:00Z", "{\"id\":\"stool\",\"title\":\"Camping Stool\"}").await;
    world.pass(DurationMs::from_hours(2));
    world.events("pk_local", &[view("3", "stool", "Stool", 1.0)]).await;
    assert_eq!(title(&world, "stool").await.as_deref(), Some("Camping Stool"));
    asked(&world, Method::DELETE, &format!("{PRODUCTS}/stool")).await;
    world.pass(DurationMs::from_hours(2));
    world.events("pk_local", &[view("4", "stool", "Stool", 1.0)]).await;
    assert_eq!(title(&world, "stool").await, None);
}
