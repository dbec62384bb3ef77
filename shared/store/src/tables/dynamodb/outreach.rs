//! OutreachTable: the ledger of reminders (`episode#…` / `reminder#n`).

use super::schema::{PK, SK, TTL};
use super::{DynamoTables, Item, condition_held, corrupt, get_text, get_time, text, time, ttl};
use crate::error::StoreError;
use crate::tables::{NO_ANSWER, OutreachStore, Reminder, ReminderId, ReminderStatus};
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use beckon_domain::abandonment::SkipReason;
use beckon_domain::{ContactHash, DurationMs, ProfileKey, Timestamp};

/// How long the ledger is kept.
const REMINDER_RETENTION: DurationMs = DurationMs::from_days(365);
const STATUS: &str = "status";
const PROFILE: &str = "profile";
const OWNER: &str = "owner";
const LEASE_UNTIL: &str = "lease_until";
const REASON: &str = "reason";
const MESSAGE_ID: &str = "message_id";
const AT: &str = "at";
const CLAIM: &str = "claim a reminder";
const ADVANCE: &str = "advance a reminder";
const SKIP: &str = "record a skipped reminder";
const GET: &str = "get a reminder";

/// A row may be claimed when there is none, when a claim's lease is over, or when nothing was sent and the cart is due
/// again ([`ReminderStatus::may_be_claimed`]).
const MAY_BE_CLAIMED: &str =
    "attribute_not_exists(#k) OR (#status = :claimed AND #lease <= :now) OR #status = :suppressed";

fn keys(id: &ReminderId) -> (String, String) {
    (format!("episode#{}", id.episode), format!("reminder#{}", id.step))
}

impl DynamoTables {
    fn put_if_claimable(
        &self,
        id: &ReminderId,
        profile: &ProfileKey,
        status: &ReminderStatus,
        now: Timestamp,
    ) -> PutItemFluentBuilder {
        let (pk, sk) = keys(id);
        let mut put = self
            .client
            .put_item()
            .table_name(&self.names.outreach)
            .item(PK, text(pk))
            .item(SK, text(sk))
            .item(PROFILE, text(profile.as_str()))
            .item(AT, time(now))
            .item(TTL, ttl(now + REMINDER_RETENTION))
            .condition_expression(MAY_BE_CLAIMED)
            .expression_attribute_names("#k", PK)
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_names("#lease", LEASE_UNTIL)
            .expression_attribute_values(":claimed", text("CLAIMED"))
            .expression_attribute_values(":suppressed", text("SUPPRESSED"))
            .expression_attribute_values(":now", time(now));
        for (name, value) in attributes(status) {
            put = put.item(name, value);
        }
        put
    }

    fn update(&self, id: &ReminderId, status: &ReminderStatus, now: Timestamp) -> UpdateItemFluentBuilder {
        let (pk, sk) = keys(id);
        let mut set = vec!["#at = :now".to_owned()];
        let mut update = self
            .client
            .update_item()
            .table_name(&self.names.outreach)
            .key(PK, text(pk))
            .key(SK, text(sk))
            .expression_attribute_names("#at", AT)
            .expression_attribute_names("#status", STATUS)
            .expression_attribute_values(":now", time(now));
        for (name, value) in attributes(status) {
            set.push(format!("#{name} = :new_{name}"));
            update = update
                .expression_attribute_names(format!("#{name}"), name)
                .expression_attribute_values(format!(":new_{name}"), value);
        }
        update.update_expression(format!("SET {}", set.join(", ")))
    }
}

/// The attributes that say a status.
fn attributes(status: &ReminderStatus) -> Vec<(&'static str, aws_sdk_dynamodb::types::AttributeValue)> {
    let mut attributes = vec![(STATUS, text(status.name()))];
    match status {
        ReminderStatus::Claimed { owner, lease_until } => {
            attributes.push((OWNER, text(owner)));
            attributes.push((LEASE_UNTIL, time(*lease_until)));
        }
        ReminderStatus::Sending { owner } => attributes.push((OWNER, text(owner))),
        ReminderStatus::Sent { message_id } => attributes.push((MESSAGE_ID, text(message_id))),
        ReminderStatus::Failed { reason }
        | ReminderStatus::Unknown { reason }
        | ReminderStatus::Suppressed { reason } => attributes.push((REASON, text(reason))),
    }
    attributes
}

impl OutreachStore for DynamoTables {
    async fn claim(
        &self,
        id: &ReminderId,
        profile: &ProfileKey,
        owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<bool, StoreError> {
        let status = ReminderStatus::Claimed { owner: owner.to_owned(), lease_until };
        condition_held(CLAIM, self.put_if_claimable(id, profile, &status, now).send().await)
    }

    async fn advance(
        &self,
        id: &ReminderId,
        owner: &str,
        status: ReminderStatus,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let update = self
            .update(id, &status, now)
            .condition_expression("#owner = :owner AND (#status = :claimed OR #status = :sending)")
            .expression_attribute_names("#owner", OWNER)
            .expression_attribute_values(":owner", text(owner))
            .expression_attribute_values(":claimed", text("CLAIMED"))
            .expression_attribute_values(":sending", text("SENDING"));
        condition_held(ADVANCE, update.send().await)
    }

    async fn give_up_sending(
        &self,
        id: &ReminderId,
        began_until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let status = ReminderStatus::Unknown { reason: NO_ANSWER.to_owned() };
        let update = self
            .update(id, &status, now)
            .condition_expression("#status = :sending AND #at <= :until")
            .expression_attribute_values(":sending", text("SENDING"))
            .expression_attribute_values(":until", time(began_until));
        condition_held(ADVANCE, update.send().await)
    }

    async fn record_skip(
        &self,
        id: &ReminderId,
        profile: &ProfileKey,
        reason: SkipReason,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let status = ReminderStatus::Suppressed { reason: reason.code().to_owned() };
        condition_held(SKIP, self.put_if_claimable(id, profile, &status, now).send().await).map(|_| ())
    }

    async fn reminder(&self, id: &ReminderId) -> Result<Option<Reminder>, StoreError> {
        let (pk, sk) = keys(id);
        let answer = self
            .client
            .get_item()
            .table_name(&self.names.outreach)
            .key(PK, text(pk))
            .key(SK, text(sk))
            .consistent_read(true)
            .send()
            .await
            .map_err(|e| StoreError::from_sdk(GET, e))?;
        answer.item.as_ref().map(from_item).transpose()
    }

    async fn is_suppressed(&self, contact: &ContactHash) -> Result<bool, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.names.outreach)
            .key(PK, text(format!("suppression#{}", contact.as_str())))
            .key(SK, text("-"))
            .consistent_read(true)
            .send()
            .await
            .map_err(|e| StoreError::from_sdk("look up a suppression", e))?;
        Ok(answer.item.is_some())
    }
}

fn from_item(item: &Item) -> Result<Reminder, StoreError> {
    let profile = get_text(item, PROFILE).and_then(|k| ProfileKey::parse(&k).ok());
    let profile = profile.ok_or_else(|| corrupt(GET, "profile"))?;
    let at = get_time(item, AT).ok_or_else(|| corrupt(GET, "time"))?;
    let field = |name: &str| get_text(item, name).unwrap_or_default();
    let status = match field(STATUS).as_str() {
        "CLAIMED" => ReminderStatus::Claimed {
            owner: field(OWNER),
            lease_until: get_time(item, LEASE_UNTIL).ok_or_else(|| corrupt(GET, "lease"))?,
        },
        "SENDING" => ReminderStatus::Sending { owner: field(OWNER) },
        "SENT" => ReminderStatus::Sent { message_id: field(MESSAGE_ID) },
        "FAILED" => ReminderStatus::Failed { reason: field(REASON) },
        "UNKNOWN" => ReminderStatus::Unknown { reason: field(REASON) },
        "SUPPRESSED" => ReminderStatus::Suppressed { reason: field(REASON) },
        _ => return Err(corrupt(GET, "status")),
    };
    Ok(Reminder { profile, status, at })
}
