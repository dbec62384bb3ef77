//! Codes of pools behind the network. They are taken in the ledger's transaction, see [`super::outreach`]; what they
//! mean is in [`super::pool`].

use super::ground::{Fate, Reach};
use super::ports::{SimTables, store_error};
use beckon_domain::code::PoolName;
use beckon_domain::{DiscountCode, OrderId, Timestamp};
use beckon_store::StoreError;
use beckon_store::tables::codes::{Added, CodePage, CodeRecord, NewCode, Pool, Seed};
use beckon_store::tables::{CodeStore, FreeCode, HeldCode, Holder, PoolCounts, Redeemed};

impl CodeStore for SimTables {
    async fn create_pool(&self, pool: &Pool) -> Result<Pool, StoreError> {
        self.inner.create_pool(pool).await
    }

    async fn pool(&self, name: &PoolName) -> Result<Option<Pool>, StoreError> {
        self.inner.pool(name).await
    }

    async fn pools(&self) -> Result<Vec<Pool>, StoreError> {
        self.inner.pools().await
    }

    async fn keep_seed(&self, pool: &PoolName, import: &str, seed: Seed) -> Result<Seed, StoreError> {
        self.inner.keep_seed(pool, import, seed).await
    }

    async fn add_codes(
        &self,
        pool: &PoolName,
        import: &str,
        codes: &[NewCode],
    ) -> Result<Vec<Added>, StoreError> {
        self.inner.add_codes(pool, import, codes).await
    }

    async fn find_free(
        &self,
        pool: &PoolName,
        now: Timestamp,
        spread: u64,
    ) -> Result<Option<FreeCode>, StoreError> {
        const NAME: &str = "find a free code";
        match self.net.arrive(NAME, Reach::All, false).await {
            Fate::Through => self.inner.find_free(pool, now, spread).await,
            fate => Err(store_error(NAME, fate)),
        }
    }

    async fn hold_code(&self, code: &FreeCode, holder: &Holder) -> Result<bool, StoreError> {
        self.inner.hold_code(code, holder).await
    }

    async fn return_held(&self, code: &HeldCode) -> Result<bool, StoreError> {
        const NAME: &str = "give a code back";
        match self.net.arrive(NAME, Reach::All, false).await {
            Fate::Through => self.inner.return_held(code).await,
            fate => Err(store_error(NAME, fate)),
        }
    }

    async fn code(&self, code: &DiscountCode) -> Result<Option<CodeRecord>, StoreError> {
        const NAME: &str = "read a code";
        match self.net.arrive(NAME, Reach::All, false).await {
            Fate::Through => self.inner.code(code).await,
            fate => Err(store_error(NAME, fate)),
        }
    }

    async fn mark_redeemed(
        &self,
        code: &DiscountCode,
        order: Option<&OrderId>,
        at: Timestamp,
    ) -> Result<Redeemed, StoreError> {
        const NAME: &str = "redeem a code";
        match self.net.arrive(NAME, Reach::All, false).await {
            Fate::Through => self.inner.mark_redeemed(code, order, at).await,
            fate => Err(store_error(NAME, fate)),
        }
    }

    async fn count_codes(&self, pool: &PoolName, now: Timestamp) -> Result<PoolCounts, StoreError> {
        self.inner.count_codes(pool, now).await
    }

    async fn code_page(&self, pool: &PoolName, after: Option<&str>) -> Result<CodePage, StoreError> {
        self.inner.code_page(pool, after).await
    }

    async fn delete_free(&self, pool: &PoolName, count_max: u32) -> Result<u64, StoreError> {
        self.inner.delete_free(pool, count_max).await
    }
}
