//! Discount codes in memory.

use super::MemoryTables;
use crate::error::StoreError;
use crate::tables::codes::{
    Added, CodeChange, CodeLog, CodeOrigin, CodePage, CodeRecord, CodeState, CodeStore, FreeCode, HeldCode,
    Holder, Holding, NewCode, Pool, PoolCounts, Redeemed, Seed,
};
use beckon_domain::code::PoolName;
use beckon_domain::{DiscountCode, OrderId, ProfileKey, Timestamp};
use std::collections::BTreeMap;
use std::ops::Bound;

/// Free codes among which one is chosen.
const CANDIDATE_COUNT: usize = 200;
/// Codes of one page: few, so that what pages through them is tried.
const PAGE_COUNT: usize = 100;

/// Pools, codes, and who put them there.
#[derive(Default)]
pub(super) struct Codes {
    pools: BTreeMap<PoolName, Pool>,
    seeds: BTreeMap<(PoolName, String), Seed>,
    rows: BTreeMap<DiscountCode, (CodeRecord, CodeOrigin)>,
    changes: BTreeMap<(PoolName, String, u64), CodeChange>,
}

/// In the order of a page: free ones first, then held, then redeemed ones.
const fn rank(state: &CodeState) -> u8 {
    match state {
        CodeState::Free | CodeState::Returned(_) => 0,
        CodeState::Held(_) => 1,
        CodeState::Redeemed { .. } => 2,
    }
}

impl Codes {
    fn of_pool<'a>(&'a self, pool: &'a PoolName) -> impl Iterator<Item = &'a CodeRecord> {
        self.rows.values().map(|(record, _)| record).filter(move |record| record.pool == *pool)
    }

    /// Codes that one of these people has, had or used.
    pub(super) fn of<'a>(&'a self, people: &'a [ProfileKey]) -> impl Iterator<Item = &'a CodeRecord> {
        let is_theirs = move |record: &&CodeRecord| {
            record.state.holding().is_some_and(|holding| people.contains(&holding.holder.profile))
        };
        self.rows.values().map(|(record, _)| record).filter(is_theirs)
    }

    /// A code was given to somebody, and nobody knows to whom.
    pub(super) fn forget_holder(&mut self, code: &DiscountCode, people: &[ProfileKey]) {
        let Some((record, _)) = self.rows.get_mut(code) else { return };
        record.state = record.state.clone().without(people);
    }

    /// Takes a code for a reminder. Returns what it holds now; `None` when the code is not free any more, and then nothing
    /// was changed.
    pub(super) fn take(&mut self, free: &FreeCode, holder: &Holder) -> Option<HeldCode> {
        let (record, _) = self.rows.get_mut(&free.code)?;
        if rank(&record.state) != 0 || record.pool != free.pool {
            return None;
        }
        let holding = Holding { holder: holder.clone(), expires_at: free.expiry.ends_at(holder.at) };
        record.state = CodeState::Held(holding);
        record.clone().into_held()
    }

    /// Gives a code back. Returns whether that reminder held it; if not, nothing was changed.
    pub(super) fn give_back(&mut self, held: &HeldCode) -> bool {
        let Some((record, _)) = self.rows.get_mut(&held.code) else { return false };
        let CodeState::Held(holding) = &record.state else { return false };
        let is_own = holding.holder.reminder == held.holding.holder.reminder;
        if is_own {
            record.state = CodeState::Returned(held.holding.clone());
        }
        is_own
    }
}

impl CodeStore for MemoryTables {
    async fn create_pool(&self, pool: &Pool) -> Result<Pool, StoreError> {
        let mut tables = self.lock();
        Ok(tables.codes.pools.entry(pool.name.clone()).or_insert_with(|| pool.clone()).clone())
    }

    async fn pool(&self, name: &PoolName) -> Result<Option<Pool>, StoreError> {
        Ok(self.lock().codes.pools.get(name).cloned())
    }

    async fn pools(&self) -> Result<Vec<Pool>, StoreError> {
        Ok(self.lock().codes.pools.values().cloned().collect())
    }

    async fn keep_seed(&self, pool: &PoolName, import: &str, seed: Seed) -> Result<Seed, StoreError> {
        Ok(*self.lock().codes.seeds.entry((pool.clone(), import.to_owned())).or_insert(seed))
    }

    async fn add_codes(
        &self,
        pool: &PoolName,
        import: &str,
        codes: &[NewCode],
    ) -> Result<Vec<Added>, StoreError> {
        let mut tables = self.lock();
        let add = |NewCode { code, expiry, row }: &NewCode| {
            let origin = CodeOrigin { pool: pool.clone(), import: import.to_owned(), row: *row };
            if let Some((_, known)) = tables.codes.rows.get(code) {
                return if *known == origin { Added::Again } else { Added::Known(known.clone()) };
            }
            let (code, pool) = (code.clone(), pool.clone());
            let record = CodeRecord { code: code.clone(), pool, expiry: *expiry, state: CodeState::Free };
            tables.codes.rows.insert(code, (record, origin));
            Added::New
        };
        Ok(codes.iter().map(add).collect())
    }

    async fn find_free(
        &self,
        pool: &PoolName,
        now: Timestamp,
        spread: u64,
    ) -> Result<Option<FreeCode>, StoreError> {
        let tables = self.lock();
        let is_free = |record: &&CodeRecord| rank(&record.state) == 0 && !record.expiry.is_over(now);
        let candidates: Vec<&CodeRecord> =
            tables.codes.of_pool(pool).filter(is_free).take(CANDIDATE_COUNT).collect();
        let index = spread.checked_rem(candidates.len() as u64).unwrap_or_default();
        let found = candidates.get(index as usize);
        Ok(found.map(|record| FreeCode {
            code: record.code.clone(),
            pool: record.pool.clone(),
            expiry: record.expiry,
        }))
    }

    async fn hold_code(&self, code: &FreeCode, holder: &Holder) -> Result<bool, StoreError> {
        Ok(self.lock().codes.take(code, holder).is_some())
    }

    async fn return_held(&self, code: &HeldCode) -> Result<bool, StoreError> {
        Ok(self.lock().codes.give_back(code))
    }

    async fn code(&self, code: &DiscountCode) -> Result<Option<CodeRecord>, StoreError> {
        Ok(self.lock().codes.rows.get(code).map(|(record, _)| record.clone()))
    }

    async fn mark_redeemed(
        &self,
        code: &DiscountCode,
        order: Option<&OrderId>,
        at: Timestamp,
    ) -> Result<Redeemed, StoreError> {
        let mut tables = self.lock();
        let Some((record, _)) = tables.codes.rows.get_mut(code) else { return Ok(Redeemed::Unknown) };
        if let CodeState::Redeemed { .. } = record.state {
            return Ok(Redeemed::Again(record.clone()));
        }
        let holding = record.state.holding().cloned();
        record.state = CodeState::Redeemed { holding, order: order.cloned(), at };
        Ok(Redeemed::New(record.clone()))
    }

    async fn count_codes(&self, pool: &PoolName, now: Timestamp) -> Result<PoolCounts, StoreError> {
        let tables = self.lock();
        let one = |record: &CodeRecord| {
            let mut counts = PoolCounts::default();
            match rank(&record.state) {
                0 if record.expiry.is_over(now) => counts.expired = 1,
                0 => counts.free = 1,
                1 => counts.held = 1,
                _ => counts.redeemed = 1,
            }
            counts
        };
        Ok(tables.codes.of_pool(pool).fold(PoolCounts::default(), |sum, record| sum.plus(&one(record))))
    }

    async fn code_page(&self, pool: &PoolName, after: Option<&str>) -> Result<CodePage, StoreError> {
        let tables = self.lock();
        let name = |record: &CodeRecord| format!("{}.{}", rank(&record.state), record.code);
        let sorted: BTreeMap<String, &CodeRecord> =
            tables.codes.of_pool(pool).map(|record| (name(record), record)).collect();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut rest = sorted.range::<str, _>((from, Bound::Unbounded));
        let mut page = CodePage::default();
        for (name, record) in rest.by_ref().take(PAGE_COUNT) {
            let is_returned = matches!(record.state, CodeState::Returned(_));
            let state = if is_returned { CodeState::Free } else { record.state.clone() };
            page.codes.push(CodeRecord { state, ..(*record).clone() });
            page.next = Some(name.clone());
        }
        if rest.next().is_none() {
            page.next = None;
        }
        Ok(page)
    }

    async fn delete_free(&self, pool: &PoolName, count_max: u32) -> Result<u64, StoreError> {
        let mut tables = self.lock();
        let free = tables.codes.of_pool(pool).filter(|record| rank(&record.state) == 0);
        let codes: Vec<DiscountCode> =
            free.map(|record| record.code.clone()).take(count_max as usize).collect();
        for code in &codes {
            tables.codes.rows.remove(code);
        }
        Ok(codes.len() as u64)
    }
}

impl CodeLog for MemoryTables {
    async fn record_codes(&self, change: &CodeChange) -> Result<bool, StoreError> {
        let key = (change.pool.clone(), change.import.clone(), change.part);
        let mut tables = self.lock();
        let is_new = !tables.codes.changes.contains_key(&key);
        if is_new {
            tables.codes.changes.insert(key, change.clone());
        }
        Ok(is_new)
    }

    async fn code_changes(&self, pool: &PoolName, limit: u32) -> Result<Vec<CodeChange>, StoreError> {
        let tables = self.lock();
        let of_pool = tables.codes.changes.values().filter(|change| change.pool == *pool);
        Ok(CodeChange::newest(of_pool.cloned().collect(), limit))
    }
}
