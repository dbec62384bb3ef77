//! Discount codes in OutreachTable. The row of a code (`code#<CODE>` / `-`) is what decides: every transaction has its
//! condition there. Beside it stands one item in a list of its pool, by state and shard: `pool#<name>#<shard>` / the code
//! for free ones, `held#…` and `redeemed#…` for the others. Lists are found in and counted; a counter would be one hot item,
//! and a counter for each shard would make transactions meet that have nothing else in common.

mod adding;
pub(super) mod item;
mod log;
mod moving;

use self::item::{List, record, record_of, state_of};
use self::moving::{RETURN, TAKE};
use super::rulesets::saved;
use super::schema::{PK, SK};
use super::{DynamoTables, Item, get_text, text, time};
use crate::error::{ErrorKind, StoreError};
use crate::tables::codes::{
    Added, CODE_SHARD_COUNT, CodePage, CodeRecord, CodeState, CodeStore, FreeCode, HeldCode, Holder, NewCode,
    NoSuchPage, Pool, PoolCounts, Redeemed, Seed,
};
use crate::tables::{ReminderId, Save};
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, Select, TransactWriteItem};
use beckon_domain::code::PoolName;
use beckon_domain::{DiscountCode, OrderId, Timestamp};
use futures_util::future::try_join_all;

/// Free codes that are looked at in a shard at a time.
const CANDIDATE_COUNT: i32 = 25;
/// Codes of one page.
const PAGE_COUNT: i32 = 500;
/// Times that a redemption looks again, when the code was taken or given back in between.
const REDEEM_TRIES: u32 = 4;
const ROW_PREFIX: &str = "code#";
const REDEEM: &str = "redeem a code";
const FIND: &str = "find a free code";
const COUNT: &str = "count codes";
const LIST: &str = "list codes";
const GET: &str = "get a code";
const DELETE: &str = "delete free codes";

type Built<T> = Result<T, aws_sdk_dynamodb::error::BuildError>;

fn refused(operation: &'static str) -> impl Fn(aws_sdk_dynamodb::error::BuildError) -> StoreError {
    move |error| StoreError::new(operation, ErrorKind::Refused, error)
}

fn put(put: Put) -> TransactWriteItem {
    TransactWriteItem::builder().put(put).build()
}

/// Key of the row of a code.
pub(super) fn row_key(code: &DiscountCode) -> String {
    format!("{ROW_PREFIX}{code}")
}

/// The code whose row an item is; `None` when it is another item.
pub(super) fn code_of(operation: &'static str, item: &Item) -> Result<Option<CodeRecord>, StoreError> {
    let row = get_text(item, PK).unwrap_or_default();
    let Some(code) = row.strip_prefix(ROW_PREFIX).and_then(|code| DiscountCode::new(code).ok()) else {
        return Ok(None);
    };
    let (pool, state) = state_of(operation, item)?;
    Ok(Some(record(item, code, &pool, state)))
}

impl DynamoTables {
    /// Whether a transaction took place. A condition that did not hold is an answer.
    async fn transact(
        &self,
        operation: &'static str,
        items: Vec<TransactWriteItem>,
    ) -> Result<bool, StoreError> {
        let write = self.client.transact_write_items().set_transact_items(Some(items));
        Ok(saved(operation, write.send().await)? == Save::Saved)
    }

    /// An item of the table, read strongly.
    async fn item_of_codes(
        &self,
        operation: &'static str,
        pk: &str,
        sk: &str,
    ) -> Result<Option<Item>, StoreError> {
        let get = self.client.get_item().table_name(&self.names.outreach);
        let get = get.key(PK, text(pk)).key(SK, text(sk)).consistent_read(true);
        Ok(get.send().await.map_err(|e| StoreError::from_sdk(operation, e))?.item)
    }

    /// A page of one shard of a list, after a code.
    async fn listed_page(
        &self,
        operation: &'static str,
        shard: String,
        after: Option<&str>,
        limit: i32,
    ) -> Result<(Vec<Item>, Option<String>), StoreError> {
        let start = after
            .map(|after| Item::from([(PK.to_owned(), text(shard.as_str())), (SK.to_owned(), text(after))]));
        let query = self
            .client
            .query()
            .table_name(&self.names.outreach)
            .key_condition_expression("#k = :shard")
            .expression_attribute_names("#k", PK)
            .expression_attribute_values(":shard", text(shard))
            .consistent_read(true)
            .limit(limit)
            .set_exclusive_start_key(start);
        let page = query.send().await.map_err(|e| StoreError::from_sdk(operation, e))?;
        let next = page.last_evaluated_key.and_then(|key| get_text(&key, SK));
        Ok((page.items.unwrap_or_default(), next))
    }

    /// How many items a shard of a list has, and how many of them are not over.
    async fn count_listed(&self, shard: String, now: Timestamp) -> Result<(u64, u64), StoreError> {
        let (mut all, mut live, mut start) = (0, 0, None);
        loop {
            let query = self
                .client
                .query()
                .table_name(&self.names.outreach)
                .key_condition_expression("#k = :shard")
                .filter_expression("attribute_not_exists(#over) OR #over > :now")
                .expression_attribute_names("#k", PK)
                .expression_attribute_names("#over", item::EXPIRES_AT)
                .expression_attribute_values(":shard", text(shard.as_str()))
                .expression_attribute_values(":now", time(now))
                .select(Select::Count)
                .consistent_read(true)
                .set_exclusive_start_key(start);
            let page = query.send().await.map_err(|e| StoreError::from_sdk(COUNT, e))?;
            all += u64::try_from(page.scanned_count).unwrap_or_default();
            live += u64::try_from(page.count).unwrap_or_default();
            start = page.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                return Ok((all, live));
            }
        }
    }

    /// The transaction that notes a redemption, on condition that the code stands as it was read.
    fn redeem_items(&self, before: &CodeRecord, after: &CodeRecord) -> Built<Vec<TransactWriteItem>> {
        let list = List::of(&before.state);
        let mut row = self
            .update_row(after)
            .condition_expression("#state = :before")
            .expression_attribute_values(":before", text(before.state.name()));
        if let Some(ReminderId { episode, step }) = before.state.holding().map(|h| h.holder.reminder) {
            row = row
                .condition_expression("#state = :before AND #held_by = :held_by AND #held_step = :held_step")
                .expression_attribute_names("#held_by", item::EPISODE)
                .expression_attribute_names("#held_step", item::STEP)
                .expression_attribute_values(":held_by", text(episode.to_string()))
                .expression_attribute_values(":held_step", super::number(step));
        }
        // The item of a free code may be gone already, by its time to live.
        let listed = self.delete_listed(list, before).build()?;
        Ok(vec![
            TransactWriteItem::builder().update(row.build()?).build(),
            TransactWriteItem::builder().delete(listed).build(),
            put(self.put_listed(List::Redeemed, after)?),
        ])
    }

    /// Deletes a code that nobody has. Returns whether nobody had it.
    async fn delete_code(&self, record: &CodeRecord) -> Result<bool, StoreError> {
        let row = Delete::builder()
            .table_name(&self.names.outreach)
            .key(PK, text(row_key(&record.code)))
            .key(SK, text("-"))
            .condition_expression("#state IN (:free, :returned)")
            .expression_attribute_names("#state", item::STATE)
            .expression_attribute_values(":free", text(CodeState::Free.name()))
            .expression_attribute_values(":returned", text("RETURNED"));
        let row = row.build().map_err(refused(DELETE))?;
        let listed = self.delete_listed(List::Free, record).build().map_err(refused(DELETE))?;
        let delete = |delete: Delete| TransactWriteItem::builder().delete(delete).build();
        self.transact(DELETE, vec![delete(row), delete(listed)]).await
    }
}

impl CodeStore for DynamoTables {
    async fn create_pool(&self, pool: &Pool) -> Result<Pool, StoreError> {
        self.put_pool(pool).await
    }

    async fn pool(&self, name: &PoolName) -> Result<Option<Pool>, StoreError> {
        self.get_pool(name).await
    }

    async fn pools(&self) -> Result<Vec<Pool>, StoreError> {
        self.all_pools().await
    }

    async fn keep_seed(&self, pool: &PoolName, import: &str, seed: Seed) -> Result<Seed, StoreError> {
        self.put_seed(pool, import, seed).await
    }

    async fn add_codes(
        &self,
        pool: &PoolName,
        import: &str,
        codes: &[NewCode],
    ) -> Result<Vec<Added>, StoreError> {
        self.add_each(pool, import, codes).await
    }

    async fn find_free(
        &self,
        pool: &PoolName,
        now: Timestamp,
        spread: u64,
    ) -> Result<Option<FreeCode>, StoreError> {
        let (first, choice) = (spread % u64::from(CODE_SHARD_COUNT), spread / u64::from(CODE_SHARD_COUNT));
        for offset in 0..CODE_SHARD_COUNT {
            let shard = (first as u32 + offset) % CODE_SHARD_COUNT;
            let mut after: Option<String> = None;
            loop {
                let name = List::Free.shard(pool, shard);
                let (items, next) = self.listed_page(FIND, name, after.as_deref(), CANDIDATE_COUNT).await?;
                let records = items.iter().map(|item| record_of(FIND, item, pool, CodeState::Free));
                let mut free = records.collect::<Result<Vec<_>, _>>()?;
                free.retain(|record| !record.expiry.is_over(now));
                let index = choice.checked_rem(free.len() as u64).unwrap_or_default();
                if let Some(CodeRecord { code, pool, expiry, .. }) = free.into_iter().nth(index as usize) {
                    return Ok(Some(FreeCode { code, pool, expiry }));
                }
                after = next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(None)
    }

    async fn hold_code(&self, code: &FreeCode, holder: &Holder) -> Result<bool, StoreError> {
        self.transact(TAKE, self.take_code(code, holder)?).await
    }

    async fn return_held(&self, code: &HeldCode) -> Result<bool, StoreError> {
        self.transact(RETURN, self.return_code(code)?).await
    }

    async fn code(&self, code: &DiscountCode) -> Result<Option<CodeRecord>, StoreError> {
        let Some(item) = self.item_of_codes(GET, &row_key(code), "-").await? else { return Ok(None) };
        let (pool, state) = state_of(GET, &item)?;
        Ok(Some(item::record(&item, code.clone(), &pool, state)))
    }

    async fn mark_redeemed(
        &self,
        code: &DiscountCode,
        order: Option<&OrderId>,
        at: Timestamp,
    ) -> Result<Redeemed, StoreError> {
        for _ in 0..REDEEM_TRIES {
            let Some(before) = self.code(code).await? else { return Ok(Redeemed::Unknown) };
            if let CodeState::Redeemed { .. } = before.state {
                return Ok(Redeemed::Again(before));
            }
            let holding = before.state.holding().cloned();
            let state = CodeState::Redeemed { holding, order: order.cloned(), at };
            let after = CodeRecord { state, ..before.clone() };
            let items = self.redeem_items(&before, &after).map_err(refused(REDEEM))?;
            if self.transact(REDEEM, items).await? {
                return Ok(Redeemed::New(after));
            }
        }
        Err(StoreError::new(
            REDEEM,
            ErrorKind::Throttled,
            "the code changed hands each time it was looked at",
        ))
    }

    async fn count_codes(&self, pool: &PoolName, now: Timestamp) -> Result<PoolCounts, StoreError> {
        let count = |list: List| async move {
            let shards = (0..CODE_SHARD_COUNT).map(|shard| self.count_listed(list.shard(pool, shard), now));
            let counts = try_join_all(shards).await?;
            let sum = |(all, live), (a, l): &(u64, u64)| (all + a, live + l);
            Ok::<_, StoreError>(counts.iter().fold((0, 0), sum))
        };
        let (all, free) = count(List::Free).await?;
        let (held, _) = count(List::Held).await?;
        let (redeemed, _) = count(List::Redeemed).await?;
        Ok(PoolCounts { free, expired: all - free, held, redeemed })
    }

    async fn code_page(&self, pool: &PoolName, after: Option<&str>) -> Result<CodePage, StoreError> {
        let (list, shard, code) = after
            .map_or(Some((List::Free, 0, None)), List::parse_cursor)
            .ok_or_else(|| StoreError::new(LIST, ErrorKind::Refused, NoSuchPage))?;
        let (items, next) = self.listed_page(LIST, list.shard(pool, shard), code, PAGE_COUNT).await?;
        let record = |item: &Item| {
            let state = if list == List::Free { CodeState::Free } else { state_of(LIST, item)?.1 };
            record_of(LIST, item, pool, state)
        };
        let codes = items.iter().map(record).collect::<Result<Vec<_>, _>>()?;
        Ok(CodePage { codes, next: list.cursor(shard, next.as_deref()) })
    }

    async fn delete_free(&self, pool: &PoolName, count_max: u32) -> Result<u64, StoreError> {
        let mut deleted = 0;
        for shard in 0..CODE_SHARD_COUNT {
            let name = List::Free.shard(pool, shard);
            let mut after: Option<String> = None;
            while deleted < u64::from(count_max) {
                let limit =
                    i32::try_from(u64::from(count_max) - deleted).unwrap_or(PAGE_COUNT).min(PAGE_COUNT);
                let (items, next) = self.listed_page(DELETE, name.clone(), after.as_deref(), limit).await?;
                let records = items.iter().map(|item| record_of(DELETE, item, pool, CodeState::Free));
                let records = records.collect::<Result<Vec<_>, _>>()?;
                for some in records.chunks(adding::CONCURRENT_WRITES) {
                    let gone = try_join_all(some.iter().map(|record| self.delete_code(record))).await?;
                    deleted += gone.into_iter().filter(|is_gone| *is_gone).count() as u64;
                }
                after = next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(deleted)
    }
}

/// An attribute and its value.
type Attribute = (&'static str, AttributeValue);
