//! What a slot shows everybody: for caches, of nobody, and the same as long as it is the same.

use axum::body::Body;
use axum::http::Request;
use beckon_domain::DurationMs;
use beckon_rules::SAMPLE;
use beckon_store::tables::memory::MemoryTables;
use harness::{Answer, Faults, Faulty, World};
use serde_json::json;

async fn get<T: beckon_cli::stack::Tables>(shop: &World<T>, path: &str, tag: Option<&str>) -> Answer {
    let request = Request::get(path);
    let request = match tag {
        Some(tag) => request.header("if-none-match", tag),
        None => request,
    };
    shop.request(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_cache_may_keep_it_and_asks_again_with_its_tag() {
    let mut shop = World::memory().await;
    let path = "/v1/recommendations/home.hero?count=3&category=tents&locale=de-DE&writeKey=pk_local";
    let first = get(&shop, path, None).await;
    assert_eq!(first.status, 200, "{}", first.text());
    assert_eq!(first.header("cache-control"), "public, max-age=60, stale-while-revalidate=300");
    assert_eq!(first.json()["items"].as_array().unwrap().len(), 3);
    let tag = first.header("etag");
    assert!(tag.len() > 10 && tag.starts_with('"') && tag.ends_with('"'), "a strong tag: {tag}");
    for known in [tag.to_owned(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let again = get(&shop, path, Some(&known)).await;
        assert_eq!((again.status, again.text().as_str(), again.header("etag")), (304, "", tag), "{known}");
    }
    assert_eq!(get(&shop, path, Some("\"other\"")).await.text(), first.text());

    // Something sells: once the list in memory is too old, it is another answer with another tag.
    let order = json!({ "type": "track", "event": "Order Completed", "anonymousId": "ben",
        "properties": { "products": [{ "product_id": "tarp", "category": "tents" }] } });
    shop.events("pk_local", &[order]).await;
    shop.pass(DurationMs::from_minutes(1));
    let newer = get(&shop, path, Some(tag)).await;
    assert_eq!((newer.status, &newer.json()["items"][0]["productId"]), (200, &json!("tarp")));
}

#[tokio::test]
async fn nobodys_profile_is_read_and_made_up_categories_cost_no_reads() {
    let faults = Faults::default();
    let shop = World::on(Faulty::new(MemoryTables::default(), &faults), SAMPLE).await;
    get(&shop, "/v1/recommendations/home.hero?writeKey=pk_local", None).await;
    let before = faults.calls().len();
    for n in 0..50 {
        let path = format!("/v1/recommendations/home.hero?category=made-up-{n}&writeKey=pk_local");
        let answer = get(&shop, &path, None).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(faults.calls().split_off(before), Vec::<&str>::new());
    assert!(!faults.calls().contains(&"load"), "{:?}", faults.calls());
}

#[tokio::test]
async fn what_was_decided_with_less_than_there_is_is_not_to_be_kept() {
    let faults = Faults::default();
    let shop = World::on(Faulty::new(MemoryTables::default(), &faults), SAMPLE).await;
    let path = "/v1/recommendations/home.hero?writeKey=pk_local";
    get(&shop, path, None).await;
    shop.pass(DurationMs::from_minutes(1));
    faults.set_broken(true);
    let answer = get(&shop, path, None).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
    assert_eq!(answer.json()["items"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused() {
    let shop = World::memory().await;
    for (query, status) in [
        ("home.hero", 401),
        ("home.hero?writeKey=pk_none", 401),
        ("home.hero?writeKey=pk_local&count=0", 400),
        ("home.hero?writeKey=pk_local&count=51", 400),
        ("home.hero?writeKey=pk_local&count=x", 400),
        ("nowhere?writeKey=pk_local", 404),
    ] {
        let answer = get(&shop, &format!("/v1/recommendations/{query}"), None).await;
        assert_eq!(answer.status, status, "{query}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_product_is_in_one_slot_only_where_that_is_asked_for() {
    let shop = World::memory().await;
    let ask = async |dedupe: bool| {
        let slots = json!([{ "id": "home.hero", "count": 3 }, { "id": "pdp.related", "count": 3 }]);
        let body = json!({ "slots": slots, "options": { "dedupe": dedupe } });
        let answer = shop.post("/v1/decisions", "pk_local", &body).await.json();
        let ids = |n: usize| {
            let items = answer["decisions"][n]["items"].as_array().unwrap().clone();
            items.into_iter().map(|item| item["productId"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        (ids(0), ids(1))
    };
    let (first, second) = ask(false).await;
    assert_eq!(first, second, "both show everybody's favourites");
    let (first_of_two, second_of_two) = ask(true).await;
    assert_eq!((first_of_two, second_of_two.len()), (first.clone(), 3), "the first slot has its choice");
    assert!(second_of_two.iter().all(|id| !first.contains(id)), "{second_of_two:?}");
}
