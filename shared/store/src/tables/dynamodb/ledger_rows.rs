//! A reminder's row, and what an address was sent, as attributes that people can read in the console.

use super::{Item, corrupt, get_number, get_text, get_time, number, text, time};
use crate::error::{ErrorKind, StoreError};
use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::outreach::{Feedback, Group, History, Mailed, Offer};
use beckon_domain::{ContactHash, Currency, Money, ProfileKey, Reminder, ReminderId, ReminderStatus};

const GET: &str = "read a reminder";
const STATUS: &str = "status";
const PROFILE: &str = "profile";
const OWNER: &str = "owner";
const LEASE_UNTIL: &str = "lease_until";
const REASON: &str = "reason";
const UNTIL: &str = "until";
const MESSAGE_ID: &str = "message_id";
const AT: &str = "at";
const ATTEMPT: &str = "attempt";
const GROUP: &str = "group";
const ASSIGNED_AT: &str = "assigned_at";
const RECIPIENT: &str = "recipient";
const PERCENT: &str = "percent";
const CODE: &str = "code";
const EXPIRES_AT: &str = "expires_at";
const POOL: &str = "pool";
const VALUE: &str = "cart_value";
const CURRENCY: &str = "currency";
const MAILS: &str = "mails";
const DELIVERED_AT: &str = "delivered_at";
const BOUNCED_AT: &str = "bounced_at";
const COMPLAINED_AT: &str = "complained_at";
const OPENED_AT: &str = "opened_at";
const CLICKED_AT: &str = "clicked_at";

type Attributes = Vec<(&'static str, AttributeValue)>;

/// The attributes of a row, its key and version apart.
pub(super) fn reminder_attributes(row: &Reminder) -> Attributes {
    let mut attributes = status_attributes(&row.status);
    attributes.extend([
        (PROFILE, text(row.profile.as_str())),
        (AT, time(row.at)),
        (ATTEMPT, number(row.attempt)),
    ]);
    let times = [
        (ASSIGNED_AT, row.assigned_at),
        (DELIVERED_AT, row.feedback.delivered_at),
        (BOUNCED_AT, row.feedback.bounced_at),
        (COMPLAINED_AT, row.feedback.complained_at),
        (OPENED_AT, row.feedback.opened_at),
        (CLICKED_AT, row.feedback.clicked_at),
    ];
    attributes.extend(times.into_iter().filter_map(|(name, at)| Some((name, time(at?)))));
    attributes.extend(row.group.map(|group| (GROUP, text(group.code()))));
    attributes.extend(row.recipient.as_ref().map(|recipient| (RECIPIENT, text(recipient.as_str()))));
    if let Some(offer) = &row.offer {
        attributes.extend([(PERCENT, number(offer.percent)), (CODE, text(&offer.code))]);
        attributes.extend(offer.expires_at.map(|at| (EXPIRES_AT, time(at))));
        attributes.extend(offer.pool.as_ref().map(|pool| (POOL, text(pool))));
    }
    if let Some(value) = row.cart_value {
        attributes.extend([(VALUE, number(value.minor)), (CURRENCY, text(value.currency.to_string()))]);
    }
    attributes
}

/// The attributes that say a status.
fn status_attributes(status: &ReminderStatus) -> Attributes {
    let mut attributes = vec![(STATUS, text(status.name()))];
    match status {
        ReminderStatus::Claimed { owner, lease_until } => {
            attributes.extend([(OWNER, text(owner)), (LEASE_UNTIL, time(*lease_until))]);
        }
        ReminderStatus::Sending { owner } => attributes.push((OWNER, text(owner))),
        ReminderStatus::Sent { message_id } => attributes.push((MESSAGE_ID, text(message_id))),
        ReminderStatus::Deferred { until, .. } => attributes.push((UNTIL, time(*until))),
        ReminderStatus::Failed { .. }
        | ReminderStatus::Unknown { .. }
        | ReminderStatus::Suppressed { .. }
        | ReminderStatus::Cancelled { .. } => {}
    }
    attributes.extend(status.reason().map(|reason| (REASON, text(reason))));
    attributes
}

/// The row that an item holds.
pub(super) fn from_item(item: &Item) -> Result<Reminder, StoreError> {
    let profile = get_text(item, PROFILE).and_then(|key| ProfileKey::parse(&key).ok());
    let recipient = get_text(item, RECIPIENT).map(|hash| ContactHash::parse(&hash)).transpose();
    let small = |name: &str| get_number(item, name).and_then(|n| u8::try_from(n).ok());
    let offer = small(PERCENT).map(|percent| Offer {
        percent,
        code: get_text(item, CODE).unwrap_or_default(),
        expires_at: get_time(item, EXPIRES_AT),
        pool: get_text(item, POOL),
    });
    let cart_value = get_number(item, VALUE)
        .zip(get_text(item, CURRENCY))
        .and_then(|(minor, currency)| Some(Money { minor, currency: Currency::new(&currency).ok()? }));
    Ok(Reminder {
        profile: profile.ok_or_else(|| corrupt(GET, "profile"))?,
        status: status_of(item)?,
        at: get_time(item, AT).ok_or_else(|| corrupt(GET, "time"))?,
        attempt: small(ATTEMPT).unwrap_or_default(),
        group: get_text(item, GROUP).and_then(|code| Group::parse(&code)),
        assigned_at: get_time(item, ASSIGNED_AT),
        recipient: recipient.map_err(|e| StoreError::new(GET, ErrorKind::Corrupt, e))?,
        offer,
        cart_value,
        feedback: Feedback {
            delivered_at: get_time(item, DELIVERED_AT),
            bounced_at: get_time(item, BOUNCED_AT),
            complained_at: get_time(item, COMPLAINED_AT),
            opened_at: get_time(item, OPENED_AT),
            clicked_at: get_time(item, CLICKED_AT),
        },
    })
}

fn status_of(item: &Item) -> Result<ReminderStatus, StoreError> {
    let field = |name: &str| get_text(item, name).unwrap_or_default();
    let reason = field(REASON);
    Ok(match field(STATUS).as_str() {
        "CLAIMED" => ReminderStatus::Claimed {
            owner: field(OWNER),
            lease_until: get_time(item, LEASE_UNTIL).ok_or_else(|| corrupt(GET, "lease"))?,
        },
        "SENDING" => ReminderStatus::Sending { owner: field(OWNER) },
        "SENT" => ReminderStatus::Sent { message_id: field(MESSAGE_ID) },
        "FAILED" => ReminderStatus::Failed { reason },
        "UNKNOWN" => ReminderStatus::Unknown { reason },
        "SUPPRESSED" => ReminderStatus::Suppressed { reason },
        "DEFERRED" => ReminderStatus::Deferred {
            reason,
            until: get_time(item, UNTIL).ok_or_else(|| corrupt(GET, "time to wait until"))?,
        },
        "CANCELLED" => ReminderStatus::Cancelled { reason },
        _ => return Err(corrupt(GET, "status")),
    })
}

/// What an address was sent: one text a mail, `{ms} {decision id} {d or -}`, oldest first.
pub(super) fn history_item(history: &History) -> Attributes {
    let mails = history.mails().iter().map(|mail| {
        let discount = if mail.has_discount { "d" } else { "-" };
        text(format!("{} {} {discount}", mail.at.as_ms(), mail.reminder.decision_id()))
    });
    vec![(MAILS, AttributeValue::L(mails.collect()))]
}

/// Reads [`history_item`].
pub(super) fn history_of(item: &Item) -> Result<History, StoreError> {
    let broken = || corrupt("read the history of an address", "mails");
    let mails = item.get(MAILS).and_then(|mails| mails.as_l().ok()).ok_or_else(broken)?;
    let parsed = mails.iter().map(|mail| {
        let mut parts = mail.as_s().ok()?.split(' ');
        let at = beckon_domain::Timestamp::from_ms(parts.next()?.parse().ok()?);
        let reminder = ReminderId::of_decision_id(parts.next()?)?;
        Some(Mailed { reminder, at, has_discount: parts.next()? == "d" })
    });
    Ok(History::of(parsed.collect::<Option<_>>().ok_or_else(broken)?))
}
