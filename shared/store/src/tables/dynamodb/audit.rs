//! The audit chain in AuditTable (`chain` / the number): one item a record, put under the condition that nothing is there.

use super::schema::{PK, SK};
use super::{DynamoTables, Item, condition_held, corrupt, get_text, text};
use crate::error::StoreError;
use crate::tables::{AuditLog, AuditRecord};

const CHAIN: &str = "chain";
const TEXT: &str = "text";
const HASH: &str = "hash";
const PUT: &str = "put a record into the audit chain";
const READ: &str = "read the audit chain";

/// So many digits that numbers sort as texts.
fn place(number: u64) -> String {
    format!("{number:020}")
}

impl AuditLog for DynamoTables {
    async fn put_audit(&self, record: &AuditRecord) -> Result<bool, StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.names.audit)
            .item(PK, text(CHAIN))
            .item(SK, text(place(record.number)))
            .item(TEXT, text(&record.text))
            .item(HASH, text(&record.hash))
            .condition_expression("attribute_not_exists(#k)")
            .expression_attribute_names("#k", PK);
        condition_held(PUT, put.send().await)
    }

    async fn audit_head(&self) -> Result<Option<AuditRecord>, StoreError> {
        Ok(self.audit_query(u64::MAX, false, 1).await?.pop())
    }

    async fn audit_page(&self, after: u64, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.audit_query(after, true, limit).await
    }
}

impl DynamoTables {
    /// Records after this number in their order, or those before it from the latest on.
    async fn audit_query(
        &self,
        number: u64,
        is_forward: bool,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        let compared =
            if is_forward { "#k = :chain AND #s > :number" } else { "#k = :chain AND #s < :number" };
        let query = self
            .client
            .query()
            .table_name(&self.names.audit)
            .key_condition_expression(compared)
            .expression_attribute_names("#k", PK)
            .expression_attribute_names("#s", SK)
            .expression_attribute_values(":chain", text(CHAIN))
            .expression_attribute_values(":number", text(place(number)))
            .scan_index_forward(is_forward)
            .consistent_read(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        let page = query.send().await.map_err(|e| StoreError::from_sdk(READ, e))?;
        page.items.unwrap_or_default().iter().map(record_of).collect()
    }
}

fn record_of(item: &Item) -> Result<AuditRecord, StoreError> {
    let number = get_text(item, SK).and_then(|number| number.parse().ok());
    Ok(AuditRecord {
        number: number.ok_or_else(|| corrupt(READ, "number"))?,
        text: get_text(item, TEXT).ok_or_else(|| corrupt(READ, "text"))?,
        hash: get_text(item, HASH).ok_or_else(|| corrupt(READ, "hash"))?,
    })
}
