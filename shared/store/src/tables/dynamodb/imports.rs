//! Imports in AuditTable (`catalog` / the time of the telling, the import, the part): a record for each part, written once.

use super::schema::{PK, SK};
use super::{
    DynamoTables, Item, condition_held, corrupt, get_number, get_text, get_time, number, text, time,
};
use crate::error::StoreError;
use crate::tables::products::{ImportCounts, ImportLog, ImportPart, ImportRecord};
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use beckon_domain::Timestamp;

const CATALOG: &str = "catalog";
const AT: &str = "at";
const TOLD_AT: &str = "told_at";
const IMPORT: &str = "import";
const PART: &str = "part";
const WHO: &str = "who";
const BY: &str = "by";
const NOTE: &str = "note";
const COUNTS: [&str; 5] = ["rows", "written", "older", "deleted", "refused"];
const RECORD: &str = "record an import";
const LIST: &str = "list imports";

fn values(counts: &ImportCounts) -> [u64; 5] {
    [counts.rows, counts.written, counts.older, counts.deleted, counts.refused]
}

/// Milliseconds with leading zeros, so that texts sort as times do.
fn import_key(told_at: Timestamp, import: &str) -> String {
    format!("{:014}#{import}#", told_at.as_ms())
}

impl DynamoTables {
    fn parts(&self) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.names.audit)
            .expression_attribute_names("#k", PK)
            .expression_attribute_values(":catalog", text(CATALOG))
            .consistent_read(true)
    }
}

impl ImportLog for DynamoTables {
    async fn record_import(&self, part: &ImportPart) -> Result<bool, StoreError> {
        let sort_key = format!("{}{}", import_key(part.told_at, &part.import), part.part);
        let mut put = self
            .client
            .put_item()
            .table_name(&self.names.audit)
            .item(PK, text(CATALOG))
            .item(SK, text(sort_key))
            .item(IMPORT, text(&part.import))
            .item(PART, text(&part.part))
            .item(TOLD_AT, time(part.told_at))
            .item(AT, time(part.at))
            .item(WHO, text(&part.who))
            .condition_expression("attribute_not_exists(#k)")
            .expression_attribute_names("#k", PK);
        for (name, value) in [(BY, &part.by), (NOTE, &part.note)] {
            if let Some(value) = value {
                put = put.item(name, text(value));
            }
        }
        for (name, value) in COUNTS.into_iter().zip(values(&part.counts)) {
            put = put.item(name, number(value));
        }
        condition_held(RECORD, put.send().await)
    }

    async fn latest_import(&self) -> Result<Option<ImportRecord>, StoreError> {
        let newest =
            self.parts().key_condition_expression("#k = :catalog").scan_index_forward(false).limit(1);
        let newest = newest.send().await.map_err(|e| StoreError::from_sdk(LIST, e))?;
        let Some(newest) = newest.items.unwrap_or_default().first().map(part_of).transpose()? else {
            return Ok(None);
        };
        let (mut record, mut start) = (None, None);
        loop {
            let parts = self
                .parts()
                .key_condition_expression("#k = :catalog AND begins_with(#n, :import)")
                .expression_attribute_names("#n", SK)
                .expression_attribute_values(":import", text(import_key(newest.told_at, &newest.import)))
                .set_exclusive_start_key(start);
            let page = parts.send().await.map_err(|e| StoreError::from_sdk(LIST, e))?;
            for item in page.items.unwrap_or_default() {
                record = Some(ImportRecord::with(record, part_of(&item)?));
            }
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                return Ok(record);
            }
        }
    }
}

fn part_of(item: &Item) -> Result<ImportPart, StoreError> {
    let count = |name: &str| get_number(item, name).and_then(|n| u64::try_from(n).ok()).unwrap_or_default();
    let [rows, written, older, deleted, refused] = COUNTS.map(count);
    Ok(ImportPart {
        import: get_text(item, IMPORT).ok_or_else(|| corrupt(LIST, "import"))?,
        part: get_text(item, PART).ok_or_else(|| corrupt(LIST, "part"))?,
        told_at: get_time(item, TOLD_AT).ok_or_else(|| corrupt(LIST, "time"))?,
        at: get_time(item, AT).ok_or_else(|| corrupt(LIST, "time"))?,
        who: get_text(item, WHO).unwrap_or_default(),
        by: get_text(item, BY),
        note: get_text(item, NOTE),
        counts: ImportCounts { rows, written, older, deleted, refused },
    })
}
