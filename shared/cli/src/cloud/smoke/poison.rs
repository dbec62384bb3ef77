//! Steps of bad input: an event that is refused, and records that nobody can read.

use super::until::until;
use super::world::World;
use crate::error::CliError;
use crate::smoke::Steps;
use crate::smoke::events::{TENT, event, why};
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use beckon_domain::id::AnonymousId;
use beckon_domain::{DurationMs, ProfileKey, Timestamp};
use beckon_wire::failed::FailedReason;
use beckon_wire::stream::{ConsentLine, Context, Line, LineType, ProductLine, Properties, VERSION};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const RELATED: &str = "pdp.related";

/// One bad event in a batch.
pub(super) async fn bad_event(steps: &mut Steps, world: &World) -> Result<(), CliError> {
    let other = world.id("other");
    let mut bad = world.ago(event(&other, "Product Added", TENT), "bad", DurationMs::ZERO);
    bad["properties"]["price"] = json!("free");
    let good = world.ago(event(&other, "Product Viewed", TENT), "good", DurationMs::ZERO);
    let answer = world.events(&world.publishable, &[bad, good]).await?;
    let verdict = &answer["rejected"][0];
    let seen = until(
        async || world.decide(&other, Some(TENT), RELATED).await,
        |d| d["reason"]["ruleId"] == "tent-accessories",
    )
    .await?;
    let held = answer["accepted"] == 1 && verdict["pointer"] == "/properties/price" && seen.held;
    let detail = verdict["detail"].as_str().unwrap_or("-");
    steps.step(
        "a bad event gets its verdict, its neighbour is taken",
        held,
        format!("{detail}, {}", seen.after()),
    );
    Ok(())
}

/// Records that the collector would never put, between good ones of the same shard.
pub(super) async fn poison(steps: &mut Steps, world: &World) -> Result<(), CliError> {
    let visitor = world.id("neighbour");
    let id = AnonymousId::new(&visitor).map_err(|e| CliError::caused("a visitor's id cannot be used", &e))?;
    let key = world.secrets.pepper.anonymous(&id);
    let now = world.clock.now();
    let records = [
        line(world, &key, "bag-summer", now)?,
        b"not an event".to_vec(),
        vec![0xff, 0xfe, 0x00],
        line(world, &key, TENT, now)?,
    ];
    let places = put(world, &key, &records).await?;
    let seen = until(
        async || world.decide(&visitor, Some(TENT), RELATED).await,
        |d| d["reason"]["ruleId"] == "tent-accessories",
    )
    .await?;
    let seen_text = format!("{}, {}", why(&seen.value), seen.after());
    steps.step("poisoned records in the stream: their neighbours pass", seen.held, seen_text);

    for (reason, place) in [(FailedReason::Undecodable, &places[1]), (FailedReason::NotUtf8, &places[2])] {
        let name = match reason {
            FailedReason::NotUtf8 => "what is not a text is kept as failed",
            _ => "what is not an event is kept as failed",
        };
        let seen = until(async || failed_event(world, reason, place).await, Option::is_some).await?;
        let key = seen.value.as_deref().unwrap_or("no object in the failed-event bucket");
        steps.step(name, seen.held, format!("{key}, {}", seen.after()));
    }

    let who = json!({ "anonymousId": visitor });
    let latest = async || -> Result<Value, CliError> {
        Ok(world.ask(&world.publishable, &who, None, "home.hero").await?["profile"]["asOf"].clone())
    };
    let before = latest().await?;
    let next = world.ago(event(&visitor, "Product Viewed", "tent-4p"), "after-poison", DurationMs::ZERO);
    world.events(&world.publishable, &[next]).await?;
    let seen = until(latest, |at| at.is_string() && *at != before).await?;
    let seen_text = format!("state of {}, {}", seen.value.as_str().unwrap_or("never"), seen.after());
    steps.step("the shard goes on: the next event becomes state", seen.held, seen_text);
    Ok(())
}

/// A view as the collector would put it.
fn line(world: &World, key: &ProfileKey, product: &str, at: Timestamp) -> Result<Vec<u8>, CliError> {
    let product_line = ProductLine {
        id: product.to_owned(),
        quantity: 1,
        category: Some("tents".to_owned()),
        ..ProductLine::default()
    };
    let line = Line {
        v: VERSION,
        key: key.as_str().to_owned(),
        id: format!("{}-line-{product}", world.run),
        source: world.publishable.source.clone(),
        kind: LineType::Track,
        event: Some("Product Viewed".to_owned()),
        occurred_at: at.as_ms(),
        received_at: at.as_ms(),
        properties: Properties { product: Some(product_line), ..Properties::default() },
        traits: BTreeMap::new(),
        context: Context::default(),
        consent: ConsentLine::default(),
        claim: None,
        link: None,
        internal: false,
        timer: None,
        merge: None,
        segment: None,
        conversion: None,
        exposure: None,
    };
    serde_json::to_vec(&line).map_err(|e| CliError::caused("a stream line could not be written", &e))
}

/// Puts records under one key. Returns where each stands: `shard-number`, as ids of failed events have it.
async fn put(world: &World, key: &ProfileKey, datas: &[Vec<u8>]) -> Result<Vec<String>, CliError> {
    let client = aws_sdk_kinesis::Client::new(&world.sdk);
    let mut request = client.put_records().stream_name(world.deployed.physical("EventStream")?);
    for data in datas {
        let entry =
            PutRecordsRequestEntry::builder().partition_key(key.as_str()).data(Blob::new(data.clone()));
        let entry = entry.build().map_err(|e| CliError::caused("a record could not be written", &e))?;
        request = request.records(entry);
    }
    let answer = request.send().await.map_err(|e| CliError::caused("the stream refused the records", &e))?;
    let places: Vec<String> = answer
        .records()
        .iter()
        .filter_map(|r| Some(format!("{}-{}-", r.shard_id()?, r.sequence_number()?)))
        .collect();
    if places.len() == datas.len() {
        Ok(places)
    } else {
        Err(CliError::failed(format!("the stream took {} of {} records", places.len(), datas.len())))
    }
}

/// The object in which a record of this run is kept as failed.
async fn failed_event(world: &World, reason: FailedReason, place: &str) -> Result<Option<String>, CliError> {
    let bucket = world.deployed.physical("FailedEventBucket")?;
    let keys = world.objects(bucket, &format!("failed/{}/", reason.code())).await?;
    Ok(keys.into_iter().find(|key| key.contains(place)))
}
