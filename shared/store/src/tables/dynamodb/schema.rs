//! The tables as they must exist. On AWS the template makes them; a laptop's engine gets them from here.

use super::{DynamoTables, TableNames};
use crate::error::StoreError;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};

/// Key of a profile, a contact, a trend (S).
pub(super) const PK: &str = "pk";
/// Sort key of the ledger, the configuration and the audit (S).
pub(super) const SK: &str = "sk";
/// Packed state (B).
pub(super) const STATE: &str = "s";
/// Version (N).
pub(super) const VERSION: &str = "v";
/// Part of the due index (S), while something is due.
pub(super) const DUE_SHARD: &str = "d";
/// Due time (N, ms), while something is due.
pub(super) const DUE_AT: &str = "t";
/// TTL (N, seconds).
pub(super) const TTL: &str = "x";
/// The sparse index over due times.
pub const DUE_INDEX: &str = "due";

type Built<T> = Result<T, aws_sdk_dynamodb::error::BuildError>;

fn key(name: &str, kind: KeyType) -> Built<KeySchemaElement> {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build()
}

fn attribute(name: &str, kind: ScalarAttributeType) -> Built<AttributeDefinition> {
    AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build()
}

fn due_index() -> Built<GlobalSecondaryIndex> {
    GlobalSecondaryIndex::builder()
        .index_name(DUE_INDEX)
        .key_schema(key(DUE_SHARD, KeyType::Hash)?)
        .key_schema(key(DUE_AT, KeyType::Range)?)
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
        .build()
}

impl TableNames {
    /// The names that a laptop's engine uses.
    #[must_use]
    pub fn local() -> Self {
        Self {
            profile: "beckon-profile".into(),
            contact: "beckon-contact".into(),
            outreach: "beckon-outreach".into(),
            config: "beckon-config".into(),
            catalog: "beckon-catalog".into(),
            audit: "beckon-audit".into(),
            experiment: "beckon-experiment".into(),
            decision: "beckon-decision".into(),
        }
    }
}

impl DynamoTables {
    /// Creates the tables that do not exist yet.
    ///
    /// # Errors
    /// When the engine refuses.
    pub async fn create_missing(&self) -> Result<(), StoreError> {
        const OPERATION: &str = "create a table";
        let invalid = |e| StoreError::new(OPERATION, crate::ErrorKind::Refused, e);
        for (name, has_sort_key, has_due_index) in [
            (&self.names.profile, false, true),
            (&self.names.contact, false, false),
            (&self.names.outreach, true, false),
            (&self.names.config, true, false),
            (&self.names.catalog, false, false),
            (&self.names.audit, true, false),
            (&self.names.experiment, true, false),
            (&self.names.decision, false, false),
        ] {
            let mut table = self
                .client
                .create_table()
                .table_name(name)
                .billing_mode(BillingMode::PayPerRequest)
                .key_schema(key(PK, KeyType::Hash).map_err(invalid)?)
                .attribute_definitions(attribute(PK, ScalarAttributeType::S).map_err(invalid)?);
            if has_sort_key {
                table = table
                    .key_schema(key(SK, KeyType::Range).map_err(invalid)?)
                    .attribute_definitions(attribute(SK, ScalarAttributeType::S).map_err(invalid)?);
            }
            if has_due_index {
                table = table
                    .attribute_definitions(attribute(DUE_SHARD, ScalarAttributeType::S).map_err(invalid)?)
                    .attribute_definitions(attribute(DUE_AT, ScalarAttributeType::N).map_err(invalid)?)
                    .global_secondary_indexes(due_index().map_err(invalid)?);
            }
            if let Err(error) = table.send().await
                && error.code() != Some("ResourceInUseException")
            {
                return Err(StoreError::from_sdk(OPERATION, error));
            }
        }
        Ok(())
    }
}
