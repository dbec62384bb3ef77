//! Pools (`pools` / the name), seeds (`pool#<name>` / `seed#<import>`), and codes that come into a pool.

use super::super::schema::{PK, SK};
use super::super::{
    DynamoTables, Item, condition_held, corrupt, get_number, get_text, get_time, number, text, time,
};
use super::item::{self, List, expiry_attributes};
use super::{put, refused, row_key};
use crate::error::StoreError;
use crate::tables::codes::{Added, CodeOrigin, CodeRecord, CodeState, NewCode, Pool, PoolKind, Seed};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, Put};
use beckon_domain::code::{PoolName, Worth};
use futures_util::future::try_join_all;

/// Codes that are written at the same time.
pub(super) const CONCURRENT_WRITES: usize = 32;
const POOLS: &str = "pools";
const KIND: &str = "kind";
const PERCENT: &str = "percent";
const LABEL: &str = "label";
const SEED: &str = "seed";
const AT: &str = "at";
const CREATE: &str = "create a pool";
const GET_POOL: &str = "get a pool";
const LIST_POOLS: &str = "list pools";
const KEEP_SEED: &str = "keep a seed";
const ADD: &str = "add a code";

impl DynamoTables {
    pub(super) async fn put_pool(&self, pool: &Pool) -> Result<Pool, StoreError> {
        let (name, worth) = match &pool.worth {
            Worth::Percent(percent) => (PERCENT, number(percent)),
            Worth::Label(label) => (LABEL, text(label.as_str())),
        };
        let put = self
            .client
            .put_item()
            .table_name(&self.names.outreach)
            .item(PK, text(POOLS))
            .item(SK, text(pool.name.as_str()))
            .item(KIND, text(pool.kind.name()))
            .item(AT, time(pool.created_at))
            .item(name, worth)
            .condition_expression("attribute_not_exists(#k)")
            .expression_attribute_names("#k", PK);
        if condition_held(CREATE, put.send().await)? {
            return Ok(pool.clone());
        }
        self.get_pool(&pool.name).await?.ok_or_else(|| corrupt(CREATE, "pool"))
    }

    pub(super) async fn get_pool(&self, name: &PoolName) -> Result<Option<Pool>, StoreError> {
        let item = self.item_of_codes(GET_POOL, POOLS, name.as_str()).await?;
        item.as_ref().map(|item| pool_of(GET_POOL, item)).transpose()
    }

    pub(super) async fn all_pools(&self) -> Result<Vec<Pool>, StoreError> {
        let (mut pools, mut after) = (Vec::new(), None::<String>);
        loop {
            let (items, next) =
                self.listed_page(LIST_POOLS, POOLS.to_owned(), after.as_deref(), super::PAGE_COUNT).await?;
            for item in &items {
                pools.push(pool_of(LIST_POOLS, item)?);
            }
            after = next;
            if after.is_none() {
                return Ok(pools);
            }
        }
    }

    pub(super) async fn put_seed(
        &self,
        pool: &PoolName,
        import: &str,
        seed: Seed,
    ) -> Result<Seed, StoreError> {
        let (pk, sk) = (format!("pool#{pool}"), format!("seed#{import}"));
        let put = self
            .client
            .put_item()
            .table_name(&self.names.outreach)
            .item(PK, text(pk.as_str()))
            .item(SK, text(sk.as_str()))
            .item(SEED, AttributeValue::B(Blob::new(seed)))
            .condition_expression("attribute_not_exists(#k)")
            .expression_attribute_names("#k", PK);
        if condition_held(KEEP_SEED, put.send().await)? {
            return Ok(seed);
        }
        let item = self.item_of_codes(KEEP_SEED, &pk, &sk).await?.unwrap_or_default();
        let kept = item.get(SEED).and_then(|seed| seed.as_b().ok());
        let kept = kept.and_then(|kept| Seed::try_from(kept.as_ref()).ok());
        kept.ok_or_else(|| corrupt(KEEP_SEED, "seed"))
    }

    pub(super) async fn add_each(
        &self,
        pool: &PoolName,
        import: &str,
        codes: &[NewCode],
    ) -> Result<Vec<Added>, StoreError> {
        let mut added = Vec::with_capacity(codes.len());
        // One after the other where a call names a code twice: which row came first must not be left to chance.
        for some in codes.chunks(CONCURRENT_WRITES) {
            let adds = some.iter().enumerate().map(|(index, code)| async move {
                let is_repeated = some.iter().take(index).any(|before| before.code == code.code);
                let added = if is_repeated { None } else { Some(self.add(pool, import, code).await?) };
                Ok::<_, StoreError>(added)
            });
            for (code, done) in some.iter().zip(try_join_all(adds).await?) {
                added.push(match done {
                    Some(done) => done,
                    None => self.add(pool, import, code).await?,
                });
            }
        }
        Ok(added)
    }

    /// Adds a code by one transaction: its row, which no pool may have yet, and its item among the free ones.
    async fn add(&self, pool: &PoolName, import: &str, new: &NewCode) -> Result<Added, StoreError> {
        let origin = CodeOrigin { pool: pool.clone(), import: import.to_owned(), row: new.row };
        let record = CodeRecord {
            code: new.code.clone(),
            pool: pool.clone(),
            expiry: new.expiry,
            state: CodeState::Free,
        };
        let mut row = Put::builder()
            .table_name(&self.names.outreach)
            .item(PK, text(row_key(&new.code)))
            .item(SK, text("-"))
            .item(item::STATE, text(record.state.name()))
            .item(item::POOL, text(pool.as_str()))
            .item(item::IMPORT, text(import))
            .item(item::ROW, number(new.row))
            .condition_expression("attribute_not_exists(#k)")
            .expression_attribute_names("#k", PK);
        if let Some((name, value)) = expiry_attributes(new.expiry) {
            row = row.item(name, value);
        }
        let row = put(row.build().map_err(refused(ADD))?);
        let listed = put(self.put_listed(List::Free, &record).map_err(refused(ADD))?);
        if self.transact(ADD, vec![row, listed]).await? {
            return Ok(Added::New);
        }
        let known = self.item_of_codes(ADD, &row_key(&new.code), "-").await?;
        let known = known.as_ref().map(origin_of).transpose()?.ok_or_else(|| corrupt(ADD, "row"))?;
        Ok(if known == origin { Added::Again } else { Added::Known(known) })
    }
}

fn origin_of(item: &Item) -> Result<CodeOrigin, StoreError> {
    let pool = get_text(item, item::POOL).and_then(|name| PoolName::new(&name).ok());
    Ok(CodeOrigin {
        pool: pool.ok_or_else(|| corrupt(ADD, "pool"))?,
        import: get_text(item, item::IMPORT).unwrap_or_default(),
        row: get_number(item, item::ROW).and_then(|row| u64::try_from(row).ok()).unwrap_or_default(),
    })
}

fn pool_of(operation: &'static str, item: &Item) -> Result<Pool, StoreError> {
    let name = get_text(item, SK).and_then(|name| PoolName::new(&name).ok());
    let kind = get_text(item, KIND).and_then(|kind| PoolKind::parse(&kind));
    let percent = get_number(item, PERCENT).and_then(|percent| u64::try_from(percent).ok());
    let worth = match (percent, get_text(item, LABEL)) {
        (Some(percent), _) => Worth::percent(percent).ok(),
        (None, label) => label.and_then(|label| Worth::label(&label).ok()),
    };
    Ok(Pool {
        name: name.ok_or_else(|| corrupt(operation, "name"))?,
        kind: kind.ok_or_else(|| corrupt(operation, "kind"))?,
        worth: worth.ok_or_else(|| corrupt(operation, "worth"))?,
        created_at: get_time(item, AT).ok_or_else(|| corrupt(operation, "time"))?,
    })
}
