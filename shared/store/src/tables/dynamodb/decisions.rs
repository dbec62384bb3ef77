//! DecisionTable: one item of each request (`pk` = its id), its text compressed, gone when its time is over.

use super::schema::{PK, TTL};
use super::{DynamoTables, corrupt, get_number, get_text, text, ttl};
use crate::error::{ErrorKind, StoreError};
use crate::tables::rulesets::unpack_body;
use crate::tables::{DECISION_BYTES_MAX, DecisionStore, StoredDecision};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::{DurationMs, ProfileKey, Timestamp};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

const PUT: &str = "write a decision down";
const READ: &str = "read a decision";
/// Whose (S).
const PROFILE: &str = "p";
/// What was decided, compressed (B).
const BODY: &str = "z";

/// Compressed in little time: a page waits, and a write of up to 1 KB costs one unit.
fn packed(body: &str) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body.as_bytes())?;
    encoder.finish()
}

impl DecisionStore for DynamoTables {
    async fn put_decision(&self, decision: &StoredDecision) -> Result<(), StoreError> {
        if decision.body.len() > DECISION_BYTES_MAX {
            return Err(StoreError::new(PUT, ErrorKind::Refused, "it is too long"));
        }
        let body = packed(&decision.body).map_err(|e| StoreError::new(PUT, ErrorKind::Refused, e))?;
        let mut put = self
            .client
            .put_item()
            .table_name(&self.names.decision)
            .item(PK, text(&decision.request))
            .item(BODY, AttributeValue::B(Blob::new(body)))
            .item(TTL, ttl(decision.expires_at));
        if let Some(profile) = &decision.profile {
            put = put.item(PROFILE, text(profile.as_str()));
        }
        put.send().await.map(|_| ()).map_err(|e| StoreError::from_sdk(PUT, e))
    }

    async fn decision(&self, request: &str, now: Timestamp) -> Result<Option<StoredDecision>, StoreError> {
        let get = self.client.get_item().table_name(&self.names.decision).key(PK, text(request));
        let answer = get.send().await.map_err(|e| StoreError::from_sdk(READ, e))?;
        let Some(item) = answer.item else { return Ok(None) };
        let seconds = get_number(&item, TTL).and_then(|seconds| u64::try_from(seconds).ok());
        let seconds = seconds.ok_or_else(|| corrupt(READ, "time"))?;
        let body = item.get(BODY).and_then(|body| body.as_b().ok()).ok_or_else(|| corrupt(READ, "text"))?;
        let found = StoredDecision {
            request: request.to_owned(),
            profile: get_text(&item, PROFILE).and_then(|key| ProfileKey::parse(&key).ok()),
            body: unpack_body(READ, body.as_ref())?,
            expires_at: Timestamp::EPOCH + DurationMs::from_secs(seconds),
        };
        Ok((now < found.expires_at).then_some(found))
    }
}
