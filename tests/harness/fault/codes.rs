//! Faults between whoever hands out codes, or keeps the audit chain, and the tables.

use super::{Faulty, store_error};
use beckon_domain::code::PoolName;
use beckon_domain::{DiscountCode, OrderId, Timestamp};
use beckon_store::StoreError;
use beckon_store::tables::codes::{
    Added, CodeChange, CodeLog, CodePage, CodeRecord, CodeStore, FreeCode, HeldCode, Holder, NewCode, Pool,
    PoolCounts, Redeemed, Seed,
};
use beckon_store::tables::{AuditLog, AuditRecord};

impl<T: CodeStore> CodeStore for Faulty<T> {
    async fn create_pool(&self, pool: &Pool) -> Result<Pool, StoreError> {
        self.faults.around("create_pool", self.inner.create_pool(pool), store_error).await
    }

    async fn pool(&self, name: &PoolName) -> Result<Option<Pool>, StoreError> {
        self.faults.around("pool", self.inner.pool(name), store_error).await
    }

    async fn pools(&self) -> Result<Vec<Pool>, StoreError> {
        self.faults.around("pools", self.inner.pools(), store_error).await
    }

    async fn keep_seed(&self, pool: &PoolName, import: &str, seed: Seed) -> Result<Seed, StoreError> {
        self.faults.around("keep_seed", self.inner.keep_seed(pool, import, seed), store_error).await
    }

    async fn add_codes(
        &self,
        pool: &PoolName,
        import: &str,
        codes: &[NewCode],
    ) -> Result<Vec<Added>, StoreError> {
        self.faults.around("add_codes", self.inner.add_codes(pool, import, codes), store_error).await
    }

    async fn find_free(
        &self,
        pool: &PoolName,
        now: Timestamp,
        spread: u64,
    ) -> Result<Option<FreeCode>, StoreError> {
        self.faults.around("find_free", self.inner.find_free(pool, now, spread), store_error).await
    }

    async fn hold_code(&self, code: &FreeCode, holder: &Holder) -> Result<bool, StoreError> {
        self.faults.around("hold_code", self.inner.hold_code(code, holder), store_error).await
    }

    async fn return_held(&self, code: &HeldCode) -> Result<bool, StoreError> {
        self.faults.around("return_held", self.inner.return_held(code), store_error).await
    }

    async fn code(&self, code: &DiscountCode) -> Result<Option<CodeRecord>, StoreError> {
        self.faults.around("code", self.inner.code(code), store_error).await
    }

    async fn mark_redeemed(
        &self,
        code: &DiscountCode,
        order: Option<&OrderId>,
        at: Timestamp,
    ) -> Result<Redeemed, StoreError> {
        self.faults.around("mark_redeemed", self.inner.mark_redeemed(code, order, at), store_error).await
    }

    async fn count_codes(&self, pool: &PoolName, now: Timestamp) -> Result<PoolCounts, StoreError> {
        self.faults.around("count_codes", self.inner.count_codes(pool, now), store_error).await
    }

    async fn code_page(&self, pool: &PoolName, after: Option<&str>) -> Result<CodePage, StoreError> {
        self.faults.around("code_page", self.inner.code_page(pool, after), store_error).await
    }

    async fn delete_free(&self, pool: &PoolName, count_max: u32) -> Result<u64, StoreError> {
        self.faults.around("delete_free", self.inner.delete_free(pool, count_max), store_error).await
    }
}

impl<T: CodeLog> CodeLog for Faulty<T> {
    async fn record_codes(&self, change: &CodeChange) -> Result<bool, StoreError> {
        self.faults.around("record_codes", self.inner.record_codes(change), store_error).await
    }

    async fn code_changes(&self, pool: &PoolName, limit: u32) -> Result<Vec<CodeChange>, StoreError> {
        self.faults.around("code_changes", self.inner.code_changes(pool, limit), store_error).await
    }
}

impl<T: AuditLog> AuditLog for Faulty<T> {
    async fn put_audit(&self, record: &AuditRecord) -> Result<bool, StoreError> {
        self.faults.around("put_audit", self.inner.put_audit(record), store_error).await
    }

    async fn audit_head(&self) -> Result<Option<AuditRecord>, StoreError> {
        self.faults.around("audit_head", self.inner.audit_head(), store_error).await
    }

    async fn audit_page(&self, after: u64, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.faults.around("audit_page", self.inner.audit_page(after, limit), store_error).await
    }
}
