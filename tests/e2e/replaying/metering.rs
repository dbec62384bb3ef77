//! The counted cost against the embedded engine's own: bytes by the size it gives its table, units by what it says that
//! each put has consumed.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, ConsumedCapacity, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    Projection, ProjectionType, ReturnConsumedCapacity, ScalarAttributeType,
};
use beckon_domain::id::{EventName, ProductId, UserId};
use beckon_domain::{DurationMs, Pepper, Profile, ProfileKey, Timestamp};
use beckon_store::metered::{Meter, Metered};
use beckon_store::tables::dynamodb::{DynamoTables, TableNames};
use beckon_store::tables::{ProfileStore, Save};
use std::net::TcpListener;

const START: Timestamp = Timestamp::from_ms(1_763_800_000_000);
const COPY: &str = "copy";

fn engine() -> Client {
    let database = dynoxide::Database::memory().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            dynoxide::server::serve_on(listener, database).await;
        });
    });
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint)
        .build();
    Client::from_conf(config)
}

fn key(name: &str, kind: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
}

fn attribute(name: &str, kind: ScalarAttributeType) -> AttributeDefinition {
    AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
}

/// A table like ProfileTable, which items are copied to so that the engine says what their puts consume.
async fn create_copy(client: &Client) {
    let index = GlobalSecondaryIndex::builder()
        .index_name("due")
        .key_schema(key("d", KeyType::Hash))
        .key_schema(key("t", KeyType::Range))
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
        .build()
        .unwrap();
    client
        .create_table()
        .table_name(COPY)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key("pk", KeyType::Hash))
        .attribute_definitions(attribute("pk", ScalarAttributeType::S))
        .attribute_definitions(attribute("d", ScalarAttributeType::S))
        .attribute_definitions(attribute("t", ScalarAttributeType::N))
        .global_secondary_indexes(index)
        .send()
        .await
        .unwrap();
}

/// Copies the one item of ProfileTable; returns what that consumed.
async fn copy(client: &Client, table: &str) -> ConsumedCapacity {
    let item = client.scan().table_name(table).send().await.unwrap().items.unwrap().remove(0);
    let put = client.put_item().table_name(COPY).set_item(Some(item));
    let put = put.return_consumed_capacity(ReturnConsumedCapacity::Indexes).send().await.unwrap();
    put.consumed_capacity.expect("the engine says what a put consumes")
}

async fn table_bytes(client: &Client, table: &str) -> i64 {
    let answer = client.describe_table().table_name(table).send().await.unwrap();
    answer.table.unwrap().table_size_bytes.unwrap()
}

fn who() -> ProfileKey {
    Pepper::new("1", b"0123456789abcdef").unwrap().customer(&UserId::new("anna").unwrap())
}

/// A profile that grows with `size`.
fn profile(size: u64) -> Profile {
    let at = START + DurationMs::from_secs(size);
    let mut profile = Profile { last_received_at: at, last_seen_at: at, ..Profile::default() };
    profile.counts.events = size;
    for n in 0..size {
        let product = ProductId::new(&format!("product-{n}-{}", "x".repeat(60))).unwrap();
        profile.viewed.view(&product, None, at + DurationMs::from_ms(n));
        profile.remember_event(&EventName::new(&format!("event {n} {}", "y".repeat(60))).unwrap(), at);
    }
    profile
}

#[tokio::test]
async fn sizes_and_units_are_those_that_the_engine_reports() {
    let client = engine();
    let tables = DynamoTables::new(client.clone(), TableNames::local());
    tables.create_missing().await.unwrap();
    create_copy(&client).await;
    let (meter, names) = (Meter::default(), TableNames::local());
    let metered = Metered::new(tables, meter.clone());
    let minute = |n: u64| Some(START + DurationMs::from_minutes(n));
    // It appears, grows, moves in the index, shrinks, stays, leaves the index, and comes back.
    let steps = [
        (0, None),
        (3, minute(10)),
        (12, minute(20)),
        (24, minute(20)),
        (2, minute(20)),
        (2, None),
        (9, minute(7)),
    ];
    let mut sizes = Vec::new();
    for (version, (size, due_at)) in (0_u64..).zip(steps) {
        let before = meter.usage().profile;
        let read_version = (version > 0).then_some(version);
        assert_eq!(metered.save(&who(), &profile(size), read_version, due_at).await.unwrap(), Save::Saved);
        let used = meter.usage().profile.since(&before);
        let bytes = meter.item_bytes(&who()).unwrap();
        assert_eq!(i64::from(bytes), table_bytes(&client, &names.profile).await, "step {version}");
        let told = copy(&client, &names.profile).await;
        let table_units = told.table.as_ref().and_then(|t| t.capacity_units).unwrap();
        let index_units = told.capacity_units.unwrap() - table_units;
        assert_eq!(used.write_units as f64, table_units, "step {version}, {bytes} bytes");
        assert_eq!(used.index_units as f64, index_units, "step {version}");
        sizes.push(bytes);
    }
    assert!(
        sizes.iter().any(|bytes| *bytes > 2_048) && sizes[0] < 1_024,
        "{sizes:?}: more than one unit and one"
    );
}

#[tokio::test]
async fn a_condition_that_does_not_hold_is_billed_by_what_is_there() {
    let meter = Meter::default();
    let metered = Metered::new(beckon_store::tables::memory::MemoryTables::default(), meter.clone());
    assert_eq!(metered.save(&who(), &profile(24), None, None).await.unwrap(), Save::Saved);
    let before = meter.usage().profile;
    assert_eq!(metered.save(&who(), &profile(1), None, None).await.unwrap(), Save::Conflict);
    let used = meter.usage().profile.since(&before);
    assert_eq!((used.write_requests, used.failed_conditions, used.index_units), (1, 1, 0));
    assert_eq!(used.write_units, before.write_units, "as much as the item that is there");
    assert!(used.write_units > 1);
}
