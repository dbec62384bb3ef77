//! Models: what is live in ConfigTable (`model#<kind>` / `live`), and how each training ended in AuditTable
//! (`model#<kind>` / the number), together.

use super::changes::{NUMBER, following};
use super::config::{AT, FROM, PACKED_BODY, VERSION_NAME};
use super::rulesets::saved;
use super::schema::{PK, SK};
use super::{DynamoTables, Item, corrupt, get_number, get_text, get_time, number, text, time};
use crate::error::{ErrorKind, StoreError};
use crate::tables::models::{MODEL_CARD_BYTES_MAX, MODEL_INLINE_BYTES_MAX};
use crate::tables::rulesets::{pack_body, unpack_body};
use crate::tables::{
    LiveModel, ModelKind, ModelPlace, ModelStanding, ModelStore, Save, TrainingEnd, TrainingRecord,
};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};

const LIVE: &str = "live";
/// The model itself (B).
const INLINE: &str = "model";
/// Key of its object (S), the object's hash (S) and its size (N).
const OBJECT_KEY: &str = "key";
const OBJECT_SHA256: &str = "sha256";
const OBJECT_BYTES: &str = "bytes";
/// When it was made (N).
const MADE_AT: &str = "made_at";
const ID: &str = "id";
const END: &str = "end";
const MADE: &str = "made";
const WHO: &str = "who";
const REASON: &str = "reason";
const READ: &str = "read a model";
const RECORD: &str = "record a training";
const LIST: &str = "list trainings";

fn partition(kind: ModelKind) -> String {
    format!("model#{}", kind.name())
}

fn refused(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::new(RECORD, ErrorKind::Refused, why)
}

fn packed_card(card: &str) -> Result<AttributeValue, StoreError> {
    if card.len() > MODEL_CARD_BYTES_MAX {
        return Err(refused("the model card is too large"));
    }
    Ok(AttributeValue::B(Blob::new(pack_body(card).map_err(refused)?)))
}

fn with_live(put: PutBuilder, live: &LiveModel) -> Result<PutBuilder, StoreError> {
    let put = put
        .item(VERSION_NAME, text(&live.version))
        .item(MADE_AT, time(live.made_at))
        .item(PACKED_BODY, packed_card(&live.card)?);
    match &live.place {
        ModelPlace::Inline(bytes) if bytes.len() > MODEL_INLINE_BYTES_MAX => {
            Err(refused("the model is too large for an item"))
        }
        ModelPlace::Inline(bytes) => Ok(put.item(INLINE, AttributeValue::B(Blob::new(bytes.clone())))),
        ModelPlace::Object { key, sha256, bytes } => Ok(put
            .item(OBJECT_KEY, text(key))
            .item(OBJECT_SHA256, text(sha256))
            .item(OBJECT_BYTES, number(bytes))),
    }
}

fn card_of(operation: &'static str, item: &Item) -> Result<Option<String>, StoreError> {
    let packed = item.get(PACKED_BODY).and_then(|value| value.as_b().ok());
    packed.map(|packed| unpack_body(operation, packed.as_ref())).transpose()
}

fn place_of(item: &Item) -> Option<ModelPlace> {
    if let Some(bytes) = item.get(INLINE).and_then(|value| value.as_b().ok()) {
        return Some(ModelPlace::Inline(bytes.as_ref().to_vec()));
    }
    let (key, sha256) = (get_text(item, OBJECT_KEY)?, get_text(item, OBJECT_SHA256)?);
    let bytes = u64::try_from(get_number(item, OBJECT_BYTES)?).ok()?;
    Some(ModelPlace::Object { key, sha256, bytes })
}

pub(super) fn live_of(item: &Item) -> Result<Option<LiveModel>, StoreError> {
    let Some(version) = get_text(item, VERSION_NAME) else { return Ok(None) };
    Ok(Some(LiveModel {
        version,
        made_at: get_time(item, MADE_AT).ok_or_else(|| corrupt(READ, "time"))?,
        judged_at: get_time(item, AT).ok_or_else(|| corrupt(READ, "time"))?,
        card: card_of(READ, item)?.ok_or_else(|| corrupt(READ, "card"))?,
        place: place_of(item).ok_or_else(|| corrupt(READ, "place"))?,
    }))
}

pub(super) fn record_of(item: &Item) -> Result<TrainingRecord, StoreError> {
    let missing = |what: &'static str| corrupt(LIST, what);
    let number = get_number(item, NUMBER).and_then(|n| u64::try_from(n).ok());
    let end = get_text(item, END).and_then(|end| TrainingEnd::parse(&end));
    Ok(TrainingRecord {
        number: number.ok_or_else(|| missing("number"))?,
        id: get_text(item, ID).unwrap_or_default(),
        at: get_time(item, AT).ok_or_else(|| missing("time"))?,
        end: end.ok_or_else(|| missing("end"))?,
        from: get_text(item, FROM),
        made: get_text(item, MADE),
        who: get_text(item, WHO).unwrap_or_default(),
        reason: get_text(item, REASON).unwrap_or_default(),
        card: card_of(LIST, item)?.unwrap_or_default(),
    })
}

impl DynamoTables {
    /// What is live of a kind.
    pub(super) async fn standing(
        &self,
        kind: ModelKind,
        is_strong: bool,
    ) -> Result<ModelStanding, StoreError> {
        let item = self.item_of_config(READ, &partition(kind), LIVE, is_strong).await?;
        let Some(item) = item else { return Ok(ModelStanding::default()) };
        let number = get_number(&item, NUMBER).and_then(|n| u64::try_from(n).ok());
        Ok(ModelStanding { number: number.ok_or_else(|| corrupt(READ, "number"))?, live: live_of(&item)? })
    }

    /// What is live, if the training before is the latest.
    pub(super) fn put_live_model(
        &self,
        kind: ModelKind,
        live: Option<&LiveModel>,
        record: &TrainingRecord,
    ) -> Result<Put, StoreError> {
        let put = Put::builder()
            .table_name(&self.names.config)
            .item(PK, text(partition(kind)))
            .item(SK, text(LIVE))
            .item(AT, time(record.at));
        let put = match live {
            Some(live) => with_live(put, live)?,
            None => put,
        };
        following(put, record.number).build().map_err(refused)
    }

    /// The record of a training, if there is none of its number.
    pub(super) fn put_training(&self, kind: ModelKind, record: &TrainingRecord) -> Result<Put, StoreError> {
        let mut put = self
            .change_record(&partition(kind), record.number)
            .item(ID, text(&record.id))
            .item(AT, time(record.at))
            .item(END, text(record.end.name()))
            .item(WHO, text(&record.who))
            .item(REASON, text(&record.reason));
        for (name, value) in [(FROM, &record.from), (MADE, &record.made)] {
            if let Some(value) = value {
                put = put.item(name, text(value));
            }
        }
        if !record.card.is_empty() {
            put = put.item(PACKED_BODY, packed_card(&record.card)?);
        }
        put.build().map_err(refused)
    }
}

impl ModelStore for DynamoTables {
    async fn model_standing(&self, kind: ModelKind) -> Result<ModelStanding, StoreError> {
        self.standing(kind, true).await
    }

    async fn record_training(
        &self,
        kind: ModelKind,
        live: Option<&LiveModel>,
        record: &TrainingRecord,
    ) -> Result<Save, StoreError> {
        let live = TransactWriteItem::builder().put(self.put_live_model(kind, live, record)?).build();
        let record = TransactWriteItem::builder().put(self.put_training(kind, record)?).build();
        let write = self.client.transact_write_items().transact_items(live).transact_items(record);
        saved(RECORD, write.send().await)
    }

    async fn trainings(
        &self,
        kind: ModelKind,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<TrainingRecord>, StoreError> {
        let items = self.records_before(LIST, &partition(kind), before, limit).await?;
        items.iter().map(record_of).collect()
    }
}
