//! OutreachTable: the switch of sending (`switch#mail` / `-`) and what SES allows (`account#mail` / `-`); AuditTable:
//! every turn of the switch (`mail` / the number).

use super::changes::{NUMBER, following};
use super::rulesets::saved;
use super::schema::{PK, SK};
use super::{DynamoTables, Item, corrupt, get_number, get_text, get_time, number, text, time};
use crate::error::{ErrorKind, StoreError};
use crate::tables::{LimitsStore, Save, Sending, SendingSwitch, SwitchAction, SwitchChange, SwitchStore};
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use beckon_domain::Timestamp;
use beckon_domain::reputation::Figures;
use beckon_domain::send_limits::{SendLimits, Standing};

const SWITCH: &str = "switch#mail";
const ACCOUNT: &str = "account#mail";
const MAIL: &str = "sending";
const CHANGE: &str = "turn the switch of sending";
const GET: &str = "read the switch of sending";
const ID: &str = "id";
const AT: &str = "at";
const ACTION: &str = "action";
const WHO: &str = "who";
const BY: &str = "by";
const REASON: &str = "reason";
const SENDS: &str = "sends";
const DELIVERIES: &str = "deliveries";
const BOUNCES: &str = "bounces";
const COMPLAINTS: &str = "complaints";
const COUNTING_SINCE: &str = "counting_since";
const PER_SECOND: &str = "per_second";
const PER_DAY: &str = "per_day";
const SENT_LAST_DAY: &str = "sent_last_day";
const IS_SENDING_ENABLED: &str = "is_sending_enabled";
const HAS_PRODUCTION_ACCESS: &str = "has_production_access";
const STANDING: &str = "standing";

/// The attributes of a change, the same in both tables.
fn attributes(change: &SwitchChange) -> Vec<(&'static str, AttributeValue)> {
    let figures = change.figures;
    let mut attributes = vec![
        (ID, text(&change.id)),
        (AT, time(change.at)),
        (ACTION, text(change.action.name())),
        (WHO, text(&change.who)),
        (SENDS, number(figures.sends)),
        (DELIVERIES, number(figures.deliveries)),
        (BOUNCES, number(figures.bounces)),
        (COMPLAINTS, number(figures.complaints)),
        (COUNTING_SINCE, time(change.counting_since)),
    ];
    for (name, value) in [(BY, &change.by), (REASON, &change.reason)] {
        attributes.extend(value.as_ref().map(|value| (name, text(value))));
    }
    attributes
}

fn change_of(item: &Item) -> Result<SwitchChange, StoreError> {
    let count = |name: &str| get_number(item, name).map_or(0, i64::unsigned_abs);
    let action = get_text(item, ACTION).and_then(|name| SwitchAction::parse(&name));
    Ok(SwitchChange {
        number: get_number(item, NUMBER).ok_or_else(|| corrupt(GET, "number"))?.unsigned_abs(),
        id: get_text(item, ID).unwrap_or_default(),
        at: get_time(item, AT).ok_or_else(|| corrupt(GET, "time"))?,
        action: action.ok_or_else(|| corrupt(GET, "action"))?,
        who: get_text(item, WHO).unwrap_or_default(),
        by: get_text(item, BY),
        reason: get_text(item, REASON),
        figures: Figures {
            sends: count(SENDS),
            deliveries: count(DELIVERIES),
            bounces: count(BOUNCES),
            complaints: count(COMPLAINTS),
        },
        counting_since: get_time(item, COUNTING_SINCE).ok_or_else(|| corrupt(GET, "time of counting"))?,
    })
}

impl DynamoTables {
    /// A row of OutreachTable with a key of its own.
    async fn single(&self, operation: &'static str, pk: &str) -> Result<Option<Item>, StoreError> {
        let get = self.client.get_item().table_name(&self.names.outreach).consistent_read(true);
        let answer = get.key(PK, text(pk)).key(SK, text("-")).send().await;
        Ok(answer.map_err(|e| StoreError::from_sdk(operation, e))?.item)
    }

    fn put_switch(&self, change: &SwitchChange) -> Result<Put, StoreError> {
        let mut put =
            Put::builder().table_name(&self.names.outreach).item(PK, text(SWITCH)).item(SK, text("-"));
        for (name, value) in attributes(change) {
            put = put.item(name, value);
        }
        following(put, change.number).build().map_err(|e| StoreError::new(CHANGE, ErrorKind::Refused, e))
    }

    fn put_record(&self, change: &SwitchChange) -> Result<Put, StoreError> {
        let mut put = self.change_record(MAIL, change.number);
        for (name, value) in attributes(change) {
            put = put.item(name, value);
        }
        put.build().map_err(|e| StoreError::new(CHANGE, ErrorKind::Refused, e))
    }
}

impl SendingSwitch for DynamoTables {
    async fn sending(&self) -> Result<Sending, StoreError> {
        let item = self.single(GET, SWITCH).await?;
        Ok(Sending { latest: item.as_ref().map(change_of).transpose()? })
    }
}

impl SwitchStore for DynamoTables {
    async fn change_sending(&self, change: &SwitchChange) -> Result<Save, StoreError> {
        let switch = TransactWriteItem::builder().put(self.put_switch(change)?).build();
        let record = TransactWriteItem::builder().put(self.put_record(change)?).build();
        let write = self.client.transact_write_items().transact_items(switch).transact_items(record);
        saved(CHANGE, write.send().await)
    }

    async fn sending_changes(&self, limit: u32) -> Result<Vec<SwitchChange>, StoreError> {
        let items = self.records_before("list turns of the switch", MAIL, None, limit).await?;
        items.iter().map(change_of).collect()
    }
}

impl LimitsStore for DynamoTables {
    async fn record_limits(&self, limits: &SendLimits, now: Timestamp) -> Result<(), StoreError> {
        let mut put = self
            .client
            .put_item()
            .table_name(&self.names.outreach)
            .item(PK, text(ACCOUNT))
            .item(SK, text("-"))
            .item(AT, time(now))
            .item(PER_SECOND, number(limits.per_second))
            .item(SENT_LAST_DAY, number(limits.sent_last_day))
            .item(IS_SENDING_ENABLED, AttributeValue::Bool(limits.is_sending_enabled))
            .item(HAS_PRODUCTION_ACCESS, AttributeValue::Bool(limits.has_production_access))
            .item(STANDING, text(limits.standing.name()));
        if let Some(per_day) = limits.per_day {
            put = put.item(PER_DAY, number(per_day));
        }
        put.send().await.map_err(|e| StoreError::from_sdk("write down what SES allows", e))?;
        Ok(())
    }

    async fn limits(&self) -> Result<Option<(SendLimits, Timestamp)>, StoreError> {
        const OPERATION: &str = "read what SES allows";
        let Some(item) = self.single(OPERATION, ACCOUNT).await? else { return Ok(None) };
        let count = |name: &str| get_number(&item, name).map(i64::unsigned_abs);
        let flag = |name: &str| item.get(name).and_then(|v| v.as_bool().ok().copied()).unwrap_or(false);
        let limits = SendLimits {
            per_second: count(PER_SECOND).and_then(|n| u32::try_from(n).ok()).unwrap_or(1),
            per_day: count(PER_DAY),
            sent_last_day: count(SENT_LAST_DAY).unwrap_or_default(),
            is_sending_enabled: flag(IS_SENDING_ENABLED),
            has_production_access: flag(HAS_PRODUCTION_ACCESS),
            standing: Standing::parse(&get_text(&item, STANDING).unwrap_or_default()),
        };
        Ok(Some((limits, get_time(&item, AT).ok_or_else(|| corrupt(OPERATION, "time"))?)))
    }
}
