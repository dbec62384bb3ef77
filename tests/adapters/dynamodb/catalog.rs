//! CatalogTable: what is asked, and what each answer means.

use super::tables;
use crate::server::{Reply, Server};
use beckon_domain::{Category, ProductId};
use beckon_recommend::popularity::packed::{pack_best_sellers, pack_trend};
use beckon_recommend::{BestSellers, Trend};
use beckon_store::ErrorKind;
use beckon_store::tables::{CatalogStore, ListKey, Read, Save, TrendKey};
use data_encoding::BASE64;
use serde_json::{Value, json};

fn tent() -> TrendKey {
    TrendKey::Item(ProductId::new("tent#2p").unwrap())
}

fn item(key: &str, state: &[u8], version: u64) -> Value {
    json!({ "pk": { "S": key }, "s": { "B": BASE64.encode(state) }, "v": { "N": version.to_string() } })
}

fn answer(items: &[Value]) -> Reply {
    Reply::ok(&json!({ "Responses": { "beckon-catalog": items }, "UnprocessedKeys": {} }))
}

#[tokio::test]
async fn a_trend_is_one_conditional_put_with_a_time_to_live() {
    let server = Server::playing([Reply::ok(&json!({}))]).await;
    let trend = Trend::default();
    assert_eq!(tables(&server).save_trend(&tent(), &trend, Some(7)).await.unwrap(), Save::Saved);
    let request = server.only_request();
    assert_eq!(request.header("x-amz-target"), "DynamoDB_20120810.PutItem");
    assert_eq!(request.body["TableName"], "beckon-catalog");
    assert_eq!(request.body["ExpressionAttributeValues"], json!({ ":v": { "N": "7" } }));
    let mut expected = item("item#tent#2p", &pack_trend(&trend).unwrap(), 8);
    expected["x"] = json!({ "N": (365 * 86_400).to_string() });
    assert_eq!(request.body["Item"], expected);
}

#[tokio::test]
async fn a_first_list_is_a_put_that_asks_for_no_item_and_stays_for_ever() {
    let server = Server::playing([Reply::ok(&json!({}))]).await;
    let list = BestSellers::default();
    assert_eq!(tables(&server).save_best_sellers(&ListKey::Store, &list, None).await.unwrap(), Save::Saved);
    let request = server.only_request();
    assert_eq!(request.body["ConditionExpression"], "attribute_not_exists(#k)");
    assert_eq!(request.body["Item"], item("best#", &pack_best_sellers(&list).unwrap(), 1));
}

#[tokio::test]
async fn lists_are_read_in_one_eventual_request_that_names_no_key_twice() {
    let (store, tents) = (ListKey::Store, ListKey::Category(Category::new("tents").unwrap()));
    let packed = pack_best_sellers(&BestSellers::default()).unwrap();
    let server = Server::playing([answer(&[item("best#tents", &packed, 3)])]).await;
    let keys = [store.clone(), tents.clone(), store];
    let found = tables(&server).best_sellers(&keys, Read::Eventual).await.unwrap();
    assert_eq!(found.iter().map(|(key, list)| (key, list.version)).collect::<Vec<_>>(), [(&tents, 3)]);
    let asked = &server.only_request().body["RequestItems"]["beckon-catalog"];
    assert_eq!(asked["Keys"], json!([{ "pk": { "S": "best#" } }, { "pk": { "S": "best#tents" } }]));
    assert_eq!(asked["ConsistentRead"], false);
}

#[tokio::test]
async fn what_cannot_be_read_is_corrupt_and_never_a_new_trend() {
    let good = pack_trend(&Trend::default()).unwrap();
    let no_version = json!({ "pk": { "S": "item#tent#2p" }, "s": { "B": BASE64.encode(&good) } });
    let another_kind = item("best#", &good, 1);
    for broken in [item("item#tent#2p", &[9, 9], 1), item("item#tent#2p", &[], 1), no_version, another_kind] {
        let server = Server::playing([answer(std::slice::from_ref(&broken))]).await;
        let error = tables(&server).load_trends(&[tent()], Read::Strong).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Corrupt, "{broken}");
        assert!(!error.is_transient());
    }
}
