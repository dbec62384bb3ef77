//! Changes of pools in AuditTable (`codes#<pool>` / the import and the part): a record for each part, written once.

use super::super::schema::{PK, SK};
use super::super::{
    DynamoTables, Item, condition_held, corrupt, get_number, get_text, get_time, number, text, time,
};
use crate::error::StoreError;
use crate::tables::codes::{CodeAction, CodeChange, CodeLog};
use beckon_domain::Timestamp;
use beckon_domain::code::PoolName;

const IMPORT: &str = "import";
const PART: &str = "part";
const ACTION: &str = "action";
const AT: &str = "at";
const WHO: &str = "who";
const BY: &str = "by";
const NOTE: &str = "note";
const CODES: &str = "codes";
const REFUSED: &str = "refused";
const RECORD: &str = "record a change of codes";
const LIST: &str = "list changes of codes";

impl CodeLog for DynamoTables {
    async fn record_codes(&self, change: &CodeChange) -> Result<bool, StoreError> {
        let mut put = self
            .client
            .put_item()
            .table_name(&self.names.audit)
            .item(PK, text(format!("codes#{}", change.pool)))
            .item(SK, text(format!("{}#{:010}", change.import, change.part)))
            .item(IMPORT, text(&change.import))
            .item(PART, number(change.part))
            .item(ACTION, text(change.action.name()))
            .item(AT, time(change.at))
            .item(WHO, text(&change.who))
            .item(CODES, number(change.codes))
            .item(REFUSED, number(change.refused))
            .condition_expression("attribute_not_exists(#k)")
            .expression_attribute_names("#k", PK);
        for (name, value) in [(BY, &change.by), (NOTE, &change.note)] {
            if let Some(value) = value {
                put = put.item(name, text(value));
            }
        }
        condition_held(RECORD, put.send().await)
    }

    async fn code_changes(&self, pool: &PoolName, limit: u32) -> Result<Vec<CodeChange>, StoreError> {
        let (mut changes, mut start) = (Vec::new(), None);
        loop {
            let query = self
                .client
                .query()
                .table_name(&self.names.audit)
                .key_condition_expression("#k = :about")
                .expression_attribute_names("#k", PK)
                .expression_attribute_values(":about", text(format!("codes#{pool}")))
                .consistent_read(true)
                .set_exclusive_start_key(start);
            let page = query.send().await.map_err(|e| StoreError::from_sdk(LIST, e))?;
            for item in page.items.unwrap_or_default() {
                changes.push(change_of(pool, &item)?);
            }
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                return Ok(CodeChange::newest(changes, limit));
            }
        }
    }
}

fn change_of(pool: &PoolName, item: &Item) -> Result<CodeChange, StoreError> {
    let count = |name: &str| get_number(item, name).and_then(|n| u64::try_from(n).ok()).unwrap_or_default();
    let action = get_text(item, ACTION).and_then(|action| CodeAction::parse(&action));
    let at: Option<Timestamp> = get_time(item, AT);
    Ok(CodeChange {
        pool: pool.clone(),
        import: get_text(item, IMPORT).ok_or_else(|| corrupt(LIST, "import"))?,
        part: count(PART),
        action: action.ok_or_else(|| corrupt(LIST, "action"))?,
        at: at.ok_or_else(|| corrupt(LIST, "time"))?,
        who: get_text(item, WHO).unwrap_or_default(),
        by: get_text(item, BY),
        note: get_text(item, NOTE),
        codes: count(CODES),
        refused: count(REFUSED),
    })
}
