//! What the archive and the failed events hold of a person: read with the caller's own rights, because no function that
//! answers requests may read either.

use crate::cloud;
use crate::error::CliError;
use crate::failed::document::{Content, Item, payload, read_all};
use crate::failed::place::s3_client;
use crate::rules::place::PlaceArgs;
use beckon_store::archive::reader::FolderReader;
use beckon_store::archive::s3::S3Archive;
use beckon_store::archive::{ArchiveObjects, PREFIX};
use beckon_store::objects::folder::FolderFailedEvents;
use beckon_store::objects::s3::S3FailedEvents;
use flate2::bufread::MultiGzDecoder;
use indicatif::ProgressBar;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

/// Adds what there is of these keys to the document: `archive`, the lines as they are, and `failedEvents`.
pub(super) async fn add(
    document: &mut Value,
    place: &PlaceArgs,
    folder: &Path,
    bar: &ProgressBar,
) -> Result<(), CliError> {
    let keys = document["keys"].as_array().into_iter().flatten();
    let keys: BTreeSet<String> = keys.filter_map(|key| Some(key.as_str()?.to_owned())).collect();
    let (lines, items) = match place.stack_args() {
        None => {
            let lines = archived(&FolderReader::new(folder.join("archive")), &keys, bar).await?;
            (lines, read_all(&FolderFailedEvents::new(folder)).await?)
        }
        Some(args) => {
            let mut target = cloud::meant(args)?;
            target.settle().await?;
            let sdk = target.sdk().await;
            let deployed = cloud::deployed(&target, &sdk).await?;
            // A stack need not have an archive.
            let lines = match deployed.physical("ArchiveBucket") {
                Ok(bucket) => archived(&S3Archive::from_config(&sdk, bucket), &keys, bar).await?,
                Err(_) => Vec::new(),
            };
            let bucket = deployed.physical("FailedEventBucket")?;
            (lines, read_all(&S3FailedEvents::new(s3_client(&sdk), bucket)).await?)
        }
    };
    document["archive"] = lines.into();
    document["failedEvents"] = items.iter().flat_map(|item| failed(item, &keys)).collect::<Vec<_>>().into();
    Ok(())
}

/// The archived lines of these keys, in the order of the archive.
async fn archived(
    archive: &impl ArchiveObjects,
    keys: &BTreeSet<String>,
    bar: &ProgressBar,
) -> Result<Vec<Value>, CliError> {
    let unread = |e| CliError::caused("the archive cannot be read", &e);
    let objects = archive.list_archived(PREFIX).await.map_err(unread)?;
    bar.set_length(objects.len() as u64);
    let mut lines = Vec::new();
    for object in objects {
        bar.inc(1);
        // What is deleted meanwhile was too old.
        let Some(bytes) = archive.read_archived(&object.key).await.map_err(unread)? else { continue };
        let mut text = Vec::new();
        if object.key.ends_with(".gz") {
            MultiGzDecoder::new(bytes.as_slice())
                .read_to_end(&mut text)
                .map_err(|e| CliError::caused(&format!("{} is damaged", object.key), &e))?;
        } else {
            text = bytes;
        }
        let found = text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
        lines.extend(found.filter(|line: &Value| line["key"].as_str().is_some_and(|key| keys.contains(key))));
    }
    Ok(lines)
}

/// What a document of the failed events holds of these keys.
fn failed(item: &Item, keys: &BTreeSet<String>) -> Vec<Value> {
    let told = |key: &str, data: &[u8]| {
        let data = String::from_utf8_lossy(data);
        keys.contains(key).then(|| json!({ "object": item.key, "reason": item.reason(), "data": data }))
    };
    match &item.content {
        Content::Event(event) => told(&event.partition_key, &payload(event)).into_iter().collect(),
        Content::Batch(batch) => {
            let records = batch.records.iter().flatten();
            records.filter_map(|record| told(&record.partition_key, &record.data)).collect()
        }
        Content::Unreadable(_) => Vec::new(),
    }
}
