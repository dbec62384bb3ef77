//! OutreachTable's orders that followed reminders (`order#…` / `-`), and the whole ledger page by page.
//!
//! An order has a row of its own rather than one below its episode: if news of another step comes late, so that the order
//! seems to belong there, it is still the same row.

use super::ledger_rows::from_item;
use super::outreach::{EPISODE_PREFIX, REMINDER_PREFIX, RETENTION, reminder_id};
use super::schema::{PK, SK, TTL};
use super::{
    DynamoTables, Item, condition_held, corrupt, get_number, get_text, get_time, number, text, time, ttl,
};
use crate::error::StoreError;
use crate::tables::{ConversionRow, ConversionStore, LedgerPage, LedgerRow, LedgerScan};
use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::conversion::{Answered, Conversion, Purchase};
use beckon_domain::id::EffectId;
use beckon_domain::outreach::Group;
use beckon_domain::{CouponCode, Currency, EpisodeId, Money, OrderId, ProfileKey, ReminderId, Timestamp};

const PUT: &str = "write an order of a reminder down";
const SCAN: &str = "read the ledger";
const ORDER_PREFIX: &str = "order#";
const PROFILE: &str = "profile";
const EPISODE: &str = "episode";
const STEP: &str = "step";
const GROUP: &str = "group";
const ANSWERED_AT: &str = "answered_at";
const AT: &str = "at";
const ORDER: &str = "order";
const TOTAL: &str = "total";
const CURRENCY: &str = "currency";
const COUPON: &str = "coupon";
const PERCENT: &str = "percent";

/// The attributes of an order, its key apart.
pub(super) fn attributes(row: &ConversionRow) -> Vec<(&'static str, AttributeValue)> {
    let Conversion { after, purchase, .. } = &row.conversion;
    let mut attributes = vec![
        (PROFILE, text(row.profile.as_str())),
        (EPISODE, text(after.reminder.episode.to_string())),
        (STEP, number(after.reminder.step)),
        (GROUP, text(after.group.code())),
        (ANSWERED_AT, time(after.at)),
        (AT, time(purchase.at)),
    ];
    attributes.extend(purchase.order.as_ref().map(|order| (ORDER, text(order.as_str()))));
    if let Some(total) = purchase.total {
        attributes.extend([(TOTAL, number(total.minor)), (CURRENCY, text(total.currency.to_string()))]);
    }
    attributes.extend(purchase.coupon.as_ref().map(|coupon| (COUPON, text(coupon.as_str()))));
    attributes.extend(row.percent.map(|percent| (PERCENT, number(percent))));
    attributes
}

impl ConversionStore for DynamoTables {
    async fn record_conversion(&self, row: &ConversionRow, now: Timestamp) -> Result<bool, StoreError> {
        let mut put = self
            .client
            .put_item()
            .table_name(&self.names.outreach)
            .item(PK, text(order_key(row.conversion.id)))
            .item(SK, text("-"))
            .item(TTL, ttl(now + RETENTION));
        for (name, value) in attributes(row) {
            put = put.item(name, value);
        }
        let put = put.condition_expression("attribute_not_exists(#k)").expression_attribute_names("#k", PK);
        condition_held(PUT, put.send().await)
    }
}

fn conversion(item: &Item) -> Option<ConversionRow> {
    let field = |name: &str| get_text(item, name);
    let small = |name: &str| get_number(item, name).and_then(|n| u8::try_from(n).ok());
    let episode = EpisodeId::parse(&field(EPISODE)?)?;
    let reminder = ReminderId { episode, step: small(STEP)? };
    let after = Answered { at: get_time(item, ANSWERED_AT)?, reminder, group: Group::parse(&field(GROUP)?)? };
    let total = get_number(item, TOTAL).zip(field(CURRENCY));
    let purchase = Purchase {
        at: get_time(item, AT)?,
        order: field(ORDER).and_then(|order| OrderId::new(&order).ok()),
        total: total.and_then(|(minor, code)| Some(Money { minor, currency: Currency::new(&code).ok()? })),
        coupon: field(COUPON).and_then(|coupon| CouponCode::new(&coupon).ok()),
    };
    let id = EffectId::parse(field(PK)?.strip_prefix(ORDER_PREFIX)?)?;
    Some(ConversionRow {
        profile: ProfileKey::parse(&field(PROFILE)?).ok()?,
        conversion: Conversion { id, after, purchase },
        percent: small(PERCENT),
    })
}

pub(super) fn order_key(id: EffectId) -> String {
    format!("{ORDER_PREFIX}{id}")
}

pub(super) fn row(item: &Item) -> Result<Option<LedgerRow>, StoreError> {
    let key = |name: &str| get_text(item, name).unwrap_or_default();
    if key(PK).starts_with(ORDER_PREFIX) {
        let row = conversion(item).ok_or_else(|| corrupt(SCAN, "order"))?;
        return Ok(Some(LedgerRow::Conversion(Box::new(row))));
    }
    if key(SK).starts_with(REMINDER_PREFIX) {
        let id = reminder_id(item).ok_or_else(|| corrupt(SCAN, "key"))?;
        return Ok(Some(LedgerRow::Reminder(id, Box::new(from_item(item)?))));
    }
    Ok(None)
}

impl LedgerScan for DynamoTables {
    async fn scan_ledger(&self, after: Option<&str>, limit: u32) -> Result<LedgerPage, StoreError> {
        let mut scan = self
            .client
            .scan()
            .table_name(&self.names.outreach)
            .limit(limit.try_into().unwrap_or(i32::MAX))
            .filter_expression("begins_with(#k, :episode) OR begins_with(#k, :order)")
            .expression_attribute_names("#k", PK)
            .expression_attribute_values(":episode", text(EPISODE_PREFIX))
            .expression_attribute_values(":order", text(ORDER_PREFIX));
        if let Some((pk, sk)) = after.and_then(|after| after.split_once('|')) {
            scan = scan.exclusive_start_key(PK, text(pk)).exclusive_start_key(SK, text(sk));
        }
        let page = scan.send().await.map_err(|e| StoreError::from_sdk(SCAN, e))?;
        let rows = page.items.unwrap_or_default();
        let rows = rows.iter().filter_map(|item| row(item).transpose()).collect::<Result<_, _>>()?;
        let next = page.last_evaluated_key.filter(|key| !key.is_empty()).map(|key| {
            format!("{}|{}", get_text(&key, PK).unwrap_or_default(), get_text(&key, SK).unwrap_or_default())
        });
        Ok(LedgerPage { rows, next })
    }
}
