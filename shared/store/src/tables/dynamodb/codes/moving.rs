//! How a code changes hands: what a transaction needs for it.

use super::item::{self, List, held_attributes, listed};
use super::{put, refused, row_key};
use crate::error::StoreError;
use crate::tables::codes::{CodeRecord, CodeState, FreeCode, HeldCode, Holder, Holding};
use crate::tables::dynamodb::schema::{PK, SK};
use crate::tables::dynamodb::{DynamoTables, number, text};
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem, Update};

pub(super) const TAKE: &str = "take a code";
pub(super) const RETURN: &str = "return a code";

impl DynamoTables {
    /// What a claim's transaction needs besides, to take a code: it fails when the code is not free any more.
    ///
    /// # Errors
    /// When the items cannot be built, which no valid code causes.
    pub fn take_code(&self, free: &FreeCode, holder: &Holder) -> Result<Vec<TransactWriteItem>, StoreError> {
        let FreeCode { code, pool, expiry } = free.clone();
        let holding = Holding { holder: holder.clone(), expires_at: expiry.ends_at(holder.at) };
        let record = CodeRecord { code, pool, expiry, state: CodeState::Held(holding) };
        let items = || {
            let row = self
                .update_row(&record)
                .condition_expression("#state IN (:free, :returned)")
                .expression_attribute_values(":free", text(CodeState::Free.name()))
                .expression_attribute_values(":returned", text("RETURNED"))
                .build()?;
            let free = self.delete_listed(List::Free, &record);
            let free = free.condition_expression("attribute_exists(#k)").expression_attribute_names("#k", PK);
            Ok(vec![
                TransactWriteItem::builder().update(row).build(),
                TransactWriteItem::builder().delete(free.build()?).build(),
                put(self.put_listed(List::Held, &record)?),
            ])
        };
        items().map_err(refused(TAKE))
    }

    /// What a transaction needs besides, to give a code back: it fails unless that reminder holds it. Only for a mail that
    /// was certainly not sent.
    ///
    /// # Errors
    /// When the items cannot be built, which no valid code causes.
    pub fn return_code(&self, held: &HeldCode) -> Result<Vec<TransactWriteItem>, StoreError> {
        let HeldCode { code, pool, expiry, holding } = held.clone();
        let reminder = holding.holder.reminder;
        let record = CodeRecord { code, pool, expiry, state: CodeState::Returned(holding) };
        let items = || {
            let row = self
                .update_row(&record)
                .condition_expression("#state = :held AND #episode = :episode AND #step = :step")
                .expression_attribute_names("#episode", item::EPISODE)
                .expression_attribute_names("#step", item::STEP)
                .expression_attribute_values(":held", text("HELD"))
                .expression_attribute_values(":episode", text(reminder.episode.to_string()))
                .expression_attribute_values(":step", number(reminder.step))
                .build()?;
            let held = self.delete_listed(List::Held, &record).build()?;
            Ok(vec![
                TransactWriteItem::builder().update(row).build(),
                TransactWriteItem::builder().delete(held).build(),
                put(self.put_listed(List::Free, &record)?),
            ])
        };
        items().map_err(refused(RETURN))
    }

    /// The row of a code becomes what the record says; where it came from stays.
    pub(super) fn update_row(&self, record: &CodeRecord) -> aws_sdk_dynamodb::types::builders::UpdateBuilder {
        let mut set = vec!["#state = :state".to_owned()];
        let mut update = Update::builder()
            .table_name(&self.names.outreach)
            .key(PK, text(row_key(&record.code)))
            .key(SK, text("-"))
            .expression_attribute_names("#state", item::STATE)
            .expression_attribute_values(":state", text(record.state.name()));
        for (name, value) in held_attributes(&record.state) {
            set.push(format!("#new_{name} = :new_{name}"));
            update = update
                .expression_attribute_names(format!("#new_{name}"), name)
                .expression_attribute_values(format!(":new_{name}"), value);
        }
        let ends = record.state.holding().is_some_and(|holding| holding.expires_at.is_some());
        let mut expression = format!("SET {}", set.join(", "));
        if !ends {
            // Whoever had it before may have had it until some time.
            expression.push_str(" REMOVE #ends");
            update = update.expression_attribute_names("#ends", item::ENDS_AT);
        }
        update.update_expression(expression)
    }

    /// The item of a code in a list of its pool.
    pub(super) fn put_listed(&self, list: List, record: &CodeRecord) -> super::Built<Put> {
        let put = Put::builder()
            .table_name(&self.names.outreach)
            .item(PK, text(list.shard_of(record)))
            .item(SK, text(record.code.as_str()));
        listed(list, record).into_iter().fold(put, |put, (name, value)| put.item(name, value)).build()
    }

    pub(super) fn delete_listed(
        &self,
        list: List,
        record: &CodeRecord,
    ) -> aws_sdk_dynamodb::types::builders::DeleteBuilder {
        Delete::builder()
            .table_name(&self.names.outreach)
            .key(PK, text(list.shard_of(record)))
            .key(SK, text(record.code.as_str()))
    }
}
