//! Tables: what the template makes is what a laptop's engine was given, kept safe, and forgotten when its time is over.

use crate::model::{Template, assert_finds, assert_none, each, target};
use crate::source::{table_id, tables_with_ttl};
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{KeySchemaElement, TableDescription};
use beckon_store::tables::dynamodb::{DynamoTables, TableNames};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What is kept when a stack goes, if its parameter says so.
const STATEFUL: [&str; 5] = [
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::Kinesis::Stream",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
];

/// Keys, indexes and billing of each table, by logical id.
type Shapes = BTreeMap<String, Value>;

fn key_schema(keys: &[KeySchemaElement]) -> Value {
    keys.iter().map(|k| json!([k.attribute_name(), k.key_type().as_str()])).collect()
}

fn described(table: &TableDescription) -> Value {
    let attributes = table.attribute_definitions().iter();
    let types: BTreeMap<&str, &str> =
        attributes.map(|a| (a.attribute_name(), a.attribute_type().as_str())).collect();
    let indexes = table.global_secondary_indexes().iter().map(|index| {
        let projection = index.projection().and_then(|p| p.projection_type()).map(|kind| kind.as_str());
        (index.index_name().unwrap_or_default(), json!([key_schema(index.key_schema()), projection]))
    });
    let billing = table.billing_mode_summary().and_then(|s| s.billing_mode()).map(|mode| mode.as_str());
    json!({
        "keys": key_schema(table.key_schema()),
        "types": types,
        "indexes": indexes.collect::<BTreeMap<_, _>>(),
        "local": table.local_secondary_indexes().len(),
        "billing": billing,
    })
}

fn templated(properties: &Value) -> Value {
    let keys = |schema: &Value| -> Value {
        each(schema).into_iter().map(|k| json!([k["AttributeName"], k["KeyType"]])).collect()
    };
    let attributes = each(&properties["AttributeDefinitions"]).into_iter();
    let types: BTreeMap<String, Value> = attributes
        .map(|a| (a["AttributeName"].as_str().unwrap_or_default().to_owned(), a["AttributeType"].clone()))
        .collect();
    let indexes: BTreeMap<String, Value> = each(&properties["GlobalSecondaryIndexes"])
        .into_iter()
        .map(|index| {
            let name = index["IndexName"].as_str().unwrap_or_default().to_owned();
            (name, json!([keys(&index["KeySchema"]), index["Projection"]["ProjectionType"]]))
        })
        .collect();
    json!({
        "keys": keys(&properties["KeySchema"]),
        "types": types,
        "indexes": indexes,
        "local": each(&properties["LocalSecondaryIndexes"]).len(),
        "billing": properties["BillingMode"],
    })
}

/// The tables that the code makes in an embedded engine, as that engine describes them.
async fn shapes() -> Shapes {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(dynoxide::server::serve_on(listener, dynoxide::Database::memory().unwrap()));
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint)
        .build();
    let client = aws_sdk_dynamodb::Client::from_conf(config);
    let TableNames { profile, contact, outreach, config, catalog, audit, experiment, decision } =
        TableNames::local();
    DynamoTables::new(client.clone(), TableNames::local()).create_missing().await.unwrap();
    let mut shapes = Shapes::new();
    let names = [
        ("profile", profile),
        ("contact", contact),
        ("outreach", outreach),
        ("config", config),
        ("catalog", catalog),
        ("audit", audit),
        ("experiment", experiment),
        ("decision", decision),
    ];
    for (id, name) in names {
        let answer = client.describe_table().table_name(name).send().await.unwrap();
        shapes.insert(table_id(id), described(answer.table().unwrap()));
    }
    shapes
}

/// What differs between the template's tables and these.
fn differences(template: &Template, shapes: &Shapes) -> Vec<String> {
    let tables: BTreeMap<&str, &Value> = template.of_type("AWS::DynamoDB::Table").into_iter().collect();
    let mut faults = Vec::new();
    for (id, shape) in shapes {
        let Some(properties) = tables.get(id.as_str()) else {
            faults.push(format!("{id}: the code needs this table and the template has none"));
            continue;
        };
        let found = templated(properties);
        for (part, expected) in
            shape.as_object().unwrap().iter().filter(|(part, value)| found[*part] != **value)
        {
            let place = "shared/store/src/tables/dynamodb/schema.rs";
            faults.push(format!("{id}: {part} are {} and {expected} in {place}", found[part]));
        }
    }
    let extra = tables.keys().filter(|id| !shapes.contains_key(**id));
    faults.extend(extra.map(|id| format!("{id}: the code knows no such table")));
    faults
}

/// What is wrong with how data is kept, given the tables in which the code writes a time to live.
fn keeping(template: &Template, with_ttl: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, resource) in template.section("Resources") {
        if STATEFUL.iter().any(|kind| resource["Type"] == *kind) {
            for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
                if !template.is_by_parameter(&resource[policy]) {
                    faults
                        .push(format!("{id}: {policy} must be by a parameter, or data goes with the stack"));
                }
            }
        }
    }
    for (id, table) in template.of_type("AWS::DynamoDB::Table") {
        if table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] != true {
            faults.push(format!("{id}: PointInTimeRecoverySpecification must be enabled"));
        }
        if !table["SSESpecification"]["SSEEnabled"].is_boolean() {
            faults.push(format!("{id}: SSESpecification.SSEEnabled must say which key"));
        }
        if !template.is_by_parameter(&table["DeletionProtectionEnabled"]) {
            faults.push(format!("{id}: DeletionProtectionEnabled must be by a parameter"));
        }
        let ttl = &table["TimeToLiveSpecification"];
        let has_ttl = ttl["AttributeName"] == "x" && ttl["Enabled"] == true;
        if with_ttl.contains(id) && !has_ttl {
            faults.push(format!("{id}: TimeToLiveSpecification must be enabled on x, which the code writes"));
        }
        if !with_ttl.contains(id) && !ttl.is_null() {
            faults.push(format!("{id}: TimeToLiveSpecification: the code writes no time to live"));
        }
    }
    let contacts = &template.root["Resources"]["ContactTable"]["Properties"]["SSESpecification"];
    let key = target(&contacts["KMSMasterKeyId"]).map(|key| &template.root["Resources"][key]["Type"]);
    if key.is_none_or(|kind| kind != "AWS::KMS::Key") || contacts["SSEEnabled"] != true {
        faults.push("ContactTable: SSESpecification must name a key of its own".to_owned());
    }
    faults
}

#[tokio::test]
async fn the_templates_tables_are_those_that_the_code_makes() {
    assert_none(&differences(&Template::own(), &shapes().await));
}

#[test]
fn data_outlives_mistakes() {
    let with_ttl = tables_with_ttl();
    assert_eq!(with_ttl.len(), 6, "tables with a time to live: {with_ttl:?}");
    assert_none(&keeping(&Template::own(), &with_ttl));
}

const GOOD: &str = r#"
Parameters: {Data: {Default: Retain}}
Resources:
  ContactKey: {Type: AWS::KMS::Key, DeletionPolicy: !Ref Data, UpdateReplacePolicy: !Ref Data}
  ContactTable:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: !Ref Data
    UpdateReplacePolicy: !Ref Data
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: t, AttributeType: N}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      GlobalSecondaryIndexes:
        - {IndexName: due, KeySchema: [{AttributeName: t, KeyType: HASH}], Projection: {ProjectionType: KEYS_ONLY}}
      TimeToLiveSpecification: {AttributeName: x, Enabled: true}
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
      SSESpecification: {SSEEnabled: true, KMSMasterKeyId: !GetAtt ContactKey.Arn}
      DeletionProtectionEnabled: !If [Keeps, true, false]
"#;

#[test]
fn a_table_that_differs_from_the_codes_is_found() {
    let properties = Template::parse(GOOD).unwrap();
    let shape = templated(properties.of_type("AWS::DynamoDB::Table")[0].1);
    let shapes = Shapes::from([("ContactTable".to_owned(), shape)]);
    assert_finds(
        |template| differences(template, &shapes),
        GOOD,
        &[
            ("PAY_PER_REQUEST", "PROVISIONED", "ContactTable: billing"),
            ("AttributeName: pk, AttributeType: S", "AttributeName: pk, AttributeType: B", "types are"),
            ("AttributeName: pk, KeyType", "AttributeName: sk, KeyType", "keys are"),
            ("KEYS_ONLY", "ALL", "indexes are"),
            ("IndexName: due", "IndexName: later", "indexes are"),
            ("  ContactTable:", "  OtherTable:", "OtherTable: the code knows no such"),
            ("  ContactTable:", "  OtherTable:", "ContactTable: the code needs this"),
        ],
    );
}

#[test]
fn data_that_is_not_kept_is_found() {
    let with_ttl = BTreeSet::from(["ContactTable".to_owned()]);
    assert_finds(
        |template| keeping(template, &with_ttl),
        GOOD,
        &[
            ("DeletionPolicy: !Ref Data,", "DeletionPolicy: Delete,", "ContactKey: DeletionPolicy"),
            ("    UpdateReplacePolicy: !Ref Data\n", "", "ContactTable: UpdateReplacePolicy"),
            ("PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false", "PointInTimeRecovery"),
            ("SSEEnabled: true", "SSEType: KMS", "SSESpecification.SSEEnabled"),
            ("!GetAtt ContactKey.Arn", "alias/x", "must name a key of its own"),
            ("!If [Keeps, true, false]", "true", "DeletionProtectionEnabled must be by"),
            ("AttributeName: x,", "AttributeName: y,", "must be enabled on x"),
        ],
    );
    let none = keeping(&Template::parse(GOOD).unwrap(), &BTreeSet::new());
    assert!(none.iter().any(|f| f.contains("the code writes no time to live")), "{none:?}");
}
