//! Discount codes and the audit chain, passed on and not counted: a claim is counted where reminders are, and the rest a person starts.

use super::Metered;
use crate::error::StoreError;
use crate::tables::codes::{
    Added, CodeChange, CodeLog, CodePage, CodeRecord, CodeStore, FreeCode, HeldCode, Holder, NewCode, Pool,
    PoolCounts, Redeemed, Seed,
};
use crate::tables::{AuditLog, AuditRecord};
use beckon_domain::code::PoolName;
use beckon_domain::{DiscountCode, OrderId, Timestamp};

impl<T: CodeStore> CodeStore for Metered<T> {
    async fn create_pool(&self, pool: &Pool) -> Result<Pool, StoreError> {
        self.tables.create_pool(pool).await
    }

    async fn pool(&self, name: &PoolName) -> Result<Option<Pool>, StoreError> {
        self.tables.pool(name).await
    }

    async fn pools(&self) -> Result<Vec<Pool>, StoreError> {
        self.tables.pools().await
    }

    async fn keep_seed(&self, pool: &PoolName, import: &str, seed: Seed) -> Result<Seed, StoreError> {
        self.tables.keep_seed(pool, import, seed).await
    }

    async fn add_codes(
        &self,
        pool: &PoolName,
        import: &str,
        codes: &[NewCode],
    ) -> Result<Vec<Added>, StoreError> {
        self.tables.add_codes(pool, import, codes).await
    }

    async fn find_free(
        &self,
        pool: &PoolName,
        now: Timestamp,
        spread: u64,
    ) -> Result<Option<FreeCode>, StoreError> {
        self.tables.find_free(pool, now, spread).await
    }

    async fn hold_code(&self, code: &FreeCode, holder: &Holder) -> Result<bool, StoreError> {
        self.tables.hold_code(code, holder).await
    }

    async fn return_held(&self, code: &HeldCode) -> Result<bool, StoreError> {
        self.tables.return_held(code).await
    }

    async fn code(&self, code: &DiscountCode) -> Result<Option<CodeRecord>, StoreError> {
        self.tables.code(code).await
    }

    async fn mark_redeemed(
        &self,
        code: &DiscountCode,
        order: Option<&OrderId>,
        at: Timestamp,
    ) -> Result<Redeemed, StoreError> {
        self.tables.mark_redeemed(code, order, at).await
    }

    async fn count_codes(&self, pool: &PoolName, now: Timestamp) -> Result<PoolCounts, StoreError> {
        self.tables.count_codes(pool, now).await
    }

    async fn code_page(&self, pool: &PoolName, after: Option<&str>) -> Result<CodePage, StoreError> {
        self.tables.code_page(pool, after).await
    }

    async fn delete_free(&self, pool: &PoolName, count_max: u32) -> Result<u64, StoreError> {
        self.tables.delete_free(pool, count_max).await
    }
}

impl<T: CodeLog> CodeLog for Metered<T> {
    async fn record_codes(&self, change: &CodeChange) -> Result<bool, StoreError> {
        self.tables.record_codes(change).await
    }

    async fn code_changes(&self, pool: &PoolName, limit: u32) -> Result<Vec<CodeChange>, StoreError> {
        self.tables.code_changes(pool, limit).await
    }
}

impl<T: AuditLog> AuditLog for Metered<T> {
    async fn put_audit(&self, record: &AuditRecord) -> Result<bool, StoreError> {
        self.tables.put_audit(record).await
    }

    async fn audit_head(&self) -> Result<Option<AuditRecord>, StoreError> {
        self.tables.audit_head().await
    }

    async fn audit_page(&self, after: u64, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.tables.audit_page(after, limit).await
    }
}
