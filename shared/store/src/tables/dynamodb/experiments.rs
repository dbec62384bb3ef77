//! ExperimentTable: `<experiment>#<run>#<part>` / `<profile key>#x` for who was shown which variant first and whose rows
//! theirs are, `<profile key>#f#<goal>#<fact>` for what they did.
//!
//! Every write is one conditional request that comes to the same in any order; nothing is read before it.

use super::schema::{PK, SK, TTL};
use super::{
    DynamoTables, Item, condition_held, corrupt, get_number, get_text, get_time, number, text, time, ttl,
};
use crate::error::StoreError;
use crate::tables::experiments::{RUN_RETENTION, RUN_SHARD_COUNT};
use crate::tables::{ExperimentStore, RunPage, Trace};
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::experiment::{Exposed, Fact, Finding, RunId, RunRow};
use beckon_domain::id::{EffectId, ExperimentId, GoalId, VariantId};
use beckon_domain::{Currency, Money, ProfileKey, Timestamp};

const RECORD: &str = "write a finding of an experiment down";
const READ: &str = "read the rows of an experiment";
const ERASE: &str = "take a person out of an experiment";
const VARIANT: &str = "variant";
const AT: &str = "at";
const CROSSED_OVER: &str = "crossed_over";
const JOINED_TO: &str = "joined_to";
const VALUE: &str = "value";
const CURRENCY: &str = "currency";
/// What the sort key of an exposure ends with.
const EXPOSURE: &str = "#x";
/// What stands before goal and fact.
const FACT: &str = "#f#";
/// Between the two keys of a page's end: no id has it.
const CUT: char = '\n';
/// Keys that one filter may name: three operands each, of 300 (AWS).
pub(super) const FILTER_KEYS_MAX: usize = 50;

fn part(run: &RunId, shard: u32) -> String {
    format!("{run}#{shard}")
}

fn part_of(run: &RunId, of: &ProfileKey) -> String {
    part(run, of.shard(RUN_SHARD_COUNT))
}

fn exposure_key(of: &ProfileKey) -> String {
    format!("{of}{EXPOSURE}")
}

fn fact_key(of: &ProfileKey, fact: &Fact) -> String {
    // The fact last: it has no `#`, whatever a goal is called.
    format!("{of}{FACT}{}#{}", fact.goal, fact.id)
}

fn run_of(pk: &str) -> Option<RunId> {
    let mut parts = pk.rsplitn(3, '#').skip(1);
    let number = parts.next()?.parse().ok()?;
    Some(RunId { experiment: ExperimentId::new(parts.next()?).ok()?, number })
}

fn row_of(item: &Item) -> Option<(RunId, RunRow)> {
    let (pk, sk) = (get_text(item, PK)?, get_text(item, SK)?);
    let (run, (of, rest)) = (run_of(&pk)?, sk.split_once('#')?);
    let of = ProfileKey::parse(of).ok()?;
    let Some(rest) = rest.strip_prefix("f#") else {
        let shown = get_text(item, VARIANT).zip(get_time(item, AT));
        let exposed = shown.map(|(variant, at)| {
            let crossed_over = item.contains_key(CROSSED_OVER);
            Some(Exposed { run: run.clone(), variant: VariantId::new(&variant).ok()?, at, crossed_over })
        });
        let joined_to = get_text(item, JOINED_TO).map(|key| ProfileKey::parse(&key).ok());
        // One that cannot be read is not one that is not there.
        let (exposed, joined_to) = (exposed.map_or(Some(None), |e| e.map(Some))?, joined_to);
        return Some((
            run,
            RunRow::Person { of, exposed, joined_to: joined_to.map_or(Some(None), |j| j.map(Some))? },
        ));
    };
    let (goal, id) = rest.rsplit_once('#')?;
    let value = get_number(item, VALUE).zip(get_text(item, CURRENCY));
    let value = value.and_then(|(minor, code)| Some(Money { minor, currency: Currency::new(&code).ok()? }));
    let fact =
        Fact { at: get_time(item, AT)?, id: EffectId::parse(id)?, goal: GoalId::new(goal).ok()?, value };
    Some((run, RunRow::Reached { of, fact }))
}

pub(super) fn trace_of(item: &Item) -> Result<Trace, StoreError> {
    let (run, row) = row_of(item).ok_or_else(|| corrupt(READ, "row"))?;
    Ok(Trace::Run(run, Box::new(row)))
}

impl DynamoTables {
    fn change_exposure(&self, run: &RunId, of: &ProfileKey, change: &str) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.names.experiment)
            .key(PK, text(part_of(run, of)))
            .key(SK, text(exposure_key(of)))
            .update_expression(change)
    }

    /// At most three requests, and one where the person was shown one variant only.
    async fn record_exposure(&self, of: &ProfileKey, new: &Exposed) -> Result<(), StoreError> {
        let set = "SET #variant = :variant, #at = :at, #x = :x";
        let put = |condition: &str| {
            self.change_exposure(&new.run, of, set)
                .condition_expression(condition)
                .expression_attribute_names("#variant", VARIANT)
                .expression_attribute_names("#at", AT)
                .expression_attribute_names("#x", TTL)
                .expression_attribute_values(":variant", text(new.variant.as_str()))
                .expression_attribute_values(":at", time(new.at))
                .expression_attribute_values(":x", ttl(new.at + RUN_RETENTION))
        };
        let first = put("attribute_not_exists(#at) OR (#variant = :variant AND #at > :at)");
        let is_first = condition_held(RECORD, first.send().await)?;
        if is_first && !new.crossed_over {
            return Ok(());
        }
        // Before an earlier exposure replaces the other one: what is begun anew must still find both.
        let mut crossed = self
            .change_exposure(&new.run, of, "SET #crossed = :yes")
            .expression_attribute_names("#crossed", CROSSED_OVER)
            .expression_attribute_values(":yes", AttributeValue::Bool(true));
        if !new.crossed_over {
            crossed = crossed
                .condition_expression("#variant <> :variant")
                .expression_attribute_names("#variant", VARIANT)
                .expression_attribute_values(":variant", text(new.variant.as_str()));
        }
        if condition_held(RECORD, crossed.send().await)? && !is_first {
            let earlier = put("#at > :at OR (#at = :at AND #variant > :variant)");
            condition_held(RECORD, earlier.send().await)?;
        }
        Ok(())
    }

    async fn record_joining(
        &self,
        of: &ProfileKey,
        (run, visitor): (&RunId, &ProfileKey),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let joined = self
            .change_exposure(run, visitor, "SET #joined = :of, #x = if_not_exists(#x, :x)")
            .expression_attribute_names("#joined", JOINED_TO)
            .expression_attribute_names("#x", TTL)
            .expression_attribute_values(":of", text(of.as_str()))
            .expression_attribute_values(":x", ttl(now + RUN_RETENTION));
        joined.send().await.map_err(|e| StoreError::from_sdk(RECORD, e))?;
        Ok(())
    }

    async fn record_fact(&self, of: &ProfileKey, run: &RunId, fact: &Fact) -> Result<(), StoreError> {
        let mut put = self
            .client
            .put_item()
            .table_name(&self.names.experiment)
            .item(PK, text(part_of(run, of)))
            .item(SK, text(fact_key(of, fact)))
            .item(AT, time(fact.at))
            .item(TTL, ttl(fact.at + RUN_RETENTION))
            .expression_attribute_names("#at", AT)
            .expression_attribute_values(":at", time(fact.at));
        // The lesser one stays: the earlier, then the one without a value, then the smaller value, then the currency.
        let mut lesser = "attribute_not_exists(#at) OR #at > :at".to_owned();
        if let Some(value) = fact.value {
            lesser += " OR (#at = :at AND (#v > :v OR (#v = :v AND #c > :c)))";
            put = put
                .item(VALUE, number(value.minor))
                .item(CURRENCY, text(value.currency.as_str()))
                .expression_attribute_names("#c", CURRENCY)
                .expression_attribute_values(":v", number(value.minor))
                .expression_attribute_values(":c", text(value.currency.as_str()));
        } else {
            lesser += " OR (#at = :at AND attribute_exists(#v))";
        }
        let put = put.expression_attribute_names("#v", VALUE).condition_expression(lesser);
        condition_held(RECORD, put.send().await).map(|_| ())
    }

    /// A page of everybody's rows: those of these people, and of visitors who turned out to be one of them. At most
    /// [`FILTER_KEYS_MAX`] people.
    pub(super) async fn scan_runs(
        &self,
        of: &[ProfileKey],
        after: Option<&str>,
    ) -> Result<(Vec<Trace>, Option<String>), StoreError> {
        let mut scan = self.client.scan().table_name(&self.names.experiment).consistent_read(true);
        let mut theirs = Vec::new();
        for (n, key) in of.iter().enumerate() {
            theirs.push(format!("begins_with(#sk, :s{n}) OR #joined = :k{n}"));
            scan = scan
                .expression_attribute_values(format!(":s{n}"), text(format!("{key}#")))
                .expression_attribute_values(format!(":k{n}"), text(key.as_str()));
        }
        scan = scan
            .filter_expression(theirs.join(" OR "))
            .expression_attribute_names("#sk", SK)
            .expression_attribute_names("#joined", JOINED_TO);
        if let Some((pk, sk)) = after.and_then(|after| after.split_once(CUT)) {
            scan = scan.exclusive_start_key(PK, text(pk)).exclusive_start_key(SK, text(sk));
        }
        let page = scan.send().await.map_err(|e| StoreError::from_sdk(READ, e))?;
        let rows = page.items.unwrap_or_default().iter().map(trace_of).collect::<Result<_, _>>()?;
        let next = page.last_evaluated_key.filter(|key| !key.is_empty());
        let next = next.and_then(|key| Some(format!("{}{CUT}{}", get_text(&key, PK)?, get_text(&key, SK)?)));
        Ok((rows, next))
    }

    /// Deletes a row.
    pub(super) async fn delete_run_row(&self, run: &RunId, row: &RunRow) -> Result<(), StoreError> {
        let sk = match row {
            RunRow::Person { of, .. } => exposure_key(of),
            RunRow::Reached { of, fact } => fact_key(of, fact),
        };
        let delete = self.client.delete_item().table_name(&self.names.experiment);
        let deleted = delete.key(PK, text(part_of(run, row.of()))).key(SK, text(sk)).send().await;
        deleted.map_err(|e| StoreError::from_sdk(ERASE, e))?;
        Ok(())
    }
}

impl ExperimentStore for DynamoTables {
    async fn record_finding(
        &self,
        of: &ProfileKey,
        finding: &Finding,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match finding {
            Finding::Exposed(exposed) => self.record_exposure(of, exposed).await,
            Finding::Reached(run, fact) => self.record_fact(of, run, fact).await,
            Finding::Joined(run, visitor) => self.record_joining(of, (run, visitor), now).await,
        }
    }

    async fn run_page(&self, run: &RunId, after: Option<&str>, limit: u32) -> Result<RunPage, StoreError> {
        // The part, and the last row of it that was read; without a row, its beginning.
        let (shard, row) = after.and_then(|after| after.split_once(CUT)).unwrap_or(("0", ""));
        let shard: u32 = shard.parse().unwrap_or_default();
        let pk = part(run, shard);
        let mut query = self
            .client
            .query()
            .table_name(&self.names.experiment)
            .key_condition_expression("#k = :part")
            .expression_attribute_names("#k", PK)
            .expression_attribute_values(":part", text(&pk))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        if !row.is_empty() {
            query = query.exclusive_start_key(PK, text(&pk)).exclusive_start_key(SK, text(row));
        }
        let page = query.send().await.map_err(|e| StoreError::from_sdk(READ, e))?;
        let rows = page.items.unwrap_or_default();
        let rows = rows.iter().map(|item| row_of(item).map(|(_, row)| row));
        let rows = rows.collect::<Option<Vec<_>>>().ok_or_else(|| corrupt(READ, "row"))?;
        let last = page.last_evaluated_key.and_then(|key| get_text(&key, SK));
        let next = match last {
            Some(last) => Some(format!("{shard}{CUT}{last}")),
            None => (shard + 1 < RUN_SHARD_COUNT).then(|| format!("{}{CUT}", shard + 1)),
        };
        Ok(RunPage { rows, next })
    }
}
