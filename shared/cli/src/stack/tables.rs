//! What the functions of a stack ask of its tables, together.

use beckon_store::tables::{
    AuditLog, CatalogScan, CatalogStore, CodeLog, CodeStore, ConfigStore, ContactStore, ConversionStore,
    DecisionStore, EngagementStore, ErasureStore, ExperimentStore, ImportLog, KeyStore, LedgerScan,
    LimitsStore, MailContentStore, ModelStore, OutreachStore, PersonStore, ProductStore, ProfileScan,
    ProfileStore, ReputationStore, RulesetStore, SuppressionStore, SwitchStore,
};

/// Tables that a stack can run on.
pub trait Tables:
    ProfileStore
    + ContactStore
    + OutreachStore
    + ConversionStore
    + LedgerScan
    + SuppressionStore
    + ReputationStore
    + SwitchStore
    + LimitsStore
    + ConfigStore
    + RulesetStore
    + MailContentStore
    + ModelStore
    + CatalogStore
    + ProductStore
    + ImportLog
    + CodeStore
    + CodeLog
    + AuditLog
    + KeyStore
    + PersonStore
    + ErasureStore
    + ExperimentStore
    + EngagementStore
    + ProfileScan
    + CatalogScan
    + DecisionStore
    + Clone
    + 'static
{
}

impl<T> Tables for T where
    T: ProfileStore
        + ContactStore
        + OutreachStore
        + ConversionStore
        + LedgerScan
        + SuppressionStore
        + ReputationStore
        + SwitchStore
        + LimitsStore
        + ConfigStore
        + RulesetStore
        + MailContentStore
        + ModelStore
        + CatalogStore
        + ProductStore
        + ImportLog
        + CodeStore
        + CodeLog
        + AuditLog
        + KeyStore
        + PersonStore
        + ErasureStore
        + ExperimentStore
        + EngagementStore
        + ProfileScan
        + CatalogScan
        + DecisionStore
        + Clone
        + 'static
{
}
