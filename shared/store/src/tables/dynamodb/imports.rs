//! Imports in AuditTable (`catalog` / the time of the telling and the import): counts that grow by each part once.

use super::schema::{PK, SK};
use super::{
    DynamoTables, Item, condition_held, corrupt, get_number, get_text, get_time, number, text, time,
};
use crate::error::StoreError;
use crate::tables::products::{ImportCounts, ImportLog, ImportPart, ImportRecord};
use aws_sdk_dynamodb::types::AttributeValue;

const CATALOG: &str = "catalog";
const AT: &str = "at";
const TOLD_AT: &str = "told_at";
const IMPORT: &str = "import";
const WHO: &str = "who";
const BY: &str = "by";
const NOTE: &str = "note";
/// The parts that were counted (string set).
const PARTS: &str = "parts";
const COUNTS: [&str; 5] = ["rows", "written", "older", "deleted", "refused"];
const RECORD: &str = "record an import";
const LIST: &str = "list imports";

fn values(counts: &ImportCounts) -> [u64; 5] {
    [counts.rows, counts.written, counts.older, counts.deleted, counts.refused]
}

/// Milliseconds with leading zeros, so that texts sort as times do.
fn sort_key(part: &ImportPart) -> String {
    format!("{:014}#{}", part.told_at.as_ms(), part.import)
}

impl ImportLog for DynamoTables {
    async fn record_import(&self, part: &ImportPart) -> Result<bool, StoreError> {
        let texts = [(IMPORT, Some(&part.import)), (WHO, Some(&part.who)), (BY, part.by.as_ref())];
        let mut set = vec!["#at = :at".to_owned(), "#told_at = :told_at".to_owned()];
        let mut update = self
            .client
            .update_item()
            .table_name(&self.names.audit)
            .key(PK, text(CATALOG))
            .key(SK, text(sort_key(part)))
            .condition_expression("attribute_not_exists(#parts) OR NOT contains(#parts, :part)")
            .expression_attribute_names("#at", AT)
            .expression_attribute_names("#told_at", TOLD_AT)
            .expression_attribute_names("#parts", PARTS)
            .expression_attribute_values(":at", time(part.at))
            .expression_attribute_values(":told_at", time(part.told_at))
            .expression_attribute_values(":part", text(&part.part))
            .expression_attribute_values(":parts", AttributeValue::Ss(vec![part.part.clone()]));
        for (name, value) in texts.into_iter().chain([(NOTE, part.note.as_ref())]) {
            if let Some(value) = value {
                set.push(format!("#{name} = :{name}"));
                update = update
                    .expression_attribute_names(format!("#{name}"), name)
                    .expression_attribute_values(format!(":{name}"), text(value));
            }
        }
        let mut add = vec!["#parts :parts".to_owned()];
        for (name, value) in COUNTS.into_iter().zip(values(&part.counts)) {
            add.push(format!("#{name} :{name}"));
            update = update
                .expression_attribute_names(format!("#{name}"), name)
                .expression_attribute_values(format!(":{name}"), number(value));
        }
        let update = update.update_expression(format!("SET {} ADD {}", set.join(", "), add.join(", ")));
        condition_held(RECORD, update.send().await)
    }

    async fn imports(&self, limit: u32) -> Result<Vec<ImportRecord>, StoreError> {
        let answer = self
            .client
            .query()
            .table_name(&self.names.audit)
            .key_condition_expression("#k = :catalog")
            .expression_attribute_names("#k", PK)
            .expression_attribute_values(":catalog", text(CATALOG))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|e| StoreError::from_sdk(LIST, e))?;
        answer.items.unwrap_or_default().iter().map(import_of).collect()
    }
}

fn import_of(item: &Item) -> Result<ImportRecord, StoreError> {
    let count = |name: &str| get_number(item, name).and_then(|n| u64::try_from(n).ok()).unwrap_or_default();
    let [rows, written, older, deleted, refused] = COUNTS.map(count);
    let parts = item.get(PARTS).and_then(|parts| parts.as_ss().ok()).map_or(0, |parts| parts.len() as u64);
    Ok(ImportRecord {
        import: get_text(item, IMPORT).ok_or_else(|| corrupt(LIST, "import"))?,
        told_at: get_time(item, TOLD_AT).ok_or_else(|| corrupt(LIST, "time"))?,
        at: get_time(item, AT).ok_or_else(|| corrupt(LIST, "time"))?,
        who: get_text(item, WHO).unwrap_or_default(),
        by: get_text(item, BY),
        note: get_text(item, NOTE),
        parts,
        counts: ImportCounts { rows, written, older, deleted, refused },
    })
}
