//! How a numbered item changes: a compare-and-set on its number, and a record in AuditTable, in one transaction.

use super::schema::{PK, SK};
use super::{DynamoTables, number, text};
use aws_sdk_dynamodb::types::Put;
use aws_sdk_dynamodb::types::builders::PutBuilder;

/// The attribute with the number of the latest change.
pub(super) const NUMBER: &str = "number";

/// Sort key of a change: its number with leading zeros, so that texts sort as numbers do.
pub(super) fn change_key(number: u64) -> String {
    format!("{number:012}")
}

/// The put of an item if the change before this one is its latest.
pub(super) fn following(put: PutBuilder, change: u64) -> PutBuilder {
    let put = put.item(NUMBER, number(change)).expression_attribute_names("#number", NUMBER);
    match change {
        // There is none yet, or it is older than the numbers.
        0 | 1 => put.condition_expression("attribute_not_exists(#number)"),
        later => put
            .condition_expression("#number = :before")
            .expression_attribute_values(":before", number(later - 1)),
    }
}

impl DynamoTables {
    /// The put of the record of a change of one thing, if there is none of its number.
    pub(super) fn change_record(&self, about: &str, change: u64) -> PutBuilder {
        Put::builder()
            .table_name(&self.names.audit)
            .item(PK, text(about))
            .item(SK, text(change_key(change)))
            .item(NUMBER, number(change))
            .condition_expression("attribute_not_exists(#k)")
            .expression_attribute_names("#k", PK)
    }
}
