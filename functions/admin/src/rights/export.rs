//! What is held on a person, as one document. Nothing in it is about anybody else: the customer that a visitor merely claims
//! to be is left out.

use super::{LOOK_MAX, RightsTables};
use crate::error::AdminError;
use crate::process::Admin;
use beckon_domain::experiment::{RunId, RunRow};
use beckon_domain::outreach::History;
use beckon_domain::{ContactHash, Money, Profile, ProfileKey, Reminder, ReminderId, Timestamp};
use beckon_store::tables::codes::CodeRecord;
use beckon_store::tables::{Contact, ConversionRow, Trace};
use beckon_wire::format_time;
use beckon_wire::rights::{PersonAsk, RemovedAnswer};
use serde_json::{Value, json};

impl<T: RightsTables, O> Admin<T, O> {
    /// What is held on a person in the tables. What has no time for one answer comes with the next: `next` names it.
    ///
    /// # Errors
    /// When a table fails.
    pub async fn export(&self, ask: &PersonAsk, request_id: &str) -> Result<Value, AdminError> {
        let person = self.person(ask).await?;
        let keys: Vec<ProfileKey> = person.iter().map(|(key, _)| key.clone()).collect();
        let (traces, next) = self.traces(&keys, ask.after.clone()).await?;
        let mut document = json!({
            "requestId": request_id,
            "person": self.named(ask),
            "exportedAt": format_time(self.clock.now()),
            "keys": keys,
            "outreach": traces.iter().filter_map(trace_told).collect::<Vec<_>>(),
            "next": next,
        });
        if ask.after.is_some() {
            return Ok(document);
        }
        let (mut contacts, mut addresses) = (Vec::new(), Vec::new());
        for key in &keys {
            let Some(contact) = self.tables.contact(key, Timestamp::EPOCH).await? else { continue };
            for hash in contact.email.iter().flat_map(|email| self.secrets.contacts(email)) {
                addresses.extend(self.address_told(&hash).await?);
            }
            contacts.push(contact_told(key, &contact));
        }
        let held = person.iter().filter_map(|(key, stored)| Some((key, stored.as_ref()?)));
        let profiles = held.map(|(key, stored)| profile_told(key, &stored.profile));
        document["profiles"] = profiles.collect::<Vec<_>>().into();
        document["contacts"] = contacts.into();
        document["addresses"] = addresses.into();
        let erasures = self.erasures(ask, request_id).await?.erasures;
        document["erasures"] = json!(erasures);
        Ok(document)
    }

    /// How much an erasure would remove.
    pub(super) async fn count(&self, ask: &PersonAsk) -> Result<RemovedAnswer, AdminError> {
        let person = self.person(ask).await?;
        let keys: Vec<ProfileKey> = person.iter().map(|(key, _)| key.clone()).collect();
        let (traces, _) = self.traces(&keys, None).await?;
        let held = person.iter().filter_map(|(_, stored)| stored.as_ref());
        let listed = |trace: &&Trace| !matches!(trace, Trace::Listed { .. });
        Ok(RemovedAnswer {
            profiles: held.filter(|stored| !stored.profile.is_tombstone()).count() as u64,
            outreach: traces.iter().filter(listed).count() as u64,
            ..RemovedAnswer::default()
        })
    }

    /// What OutreachTable holds, as far as the time reaches.
    async fn traces(
        &self,
        keys: &[ProfileKey],
        mut after: Option<String>,
    ) -> Result<(Vec<Trace>, Option<String>), AdminError> {
        let (began, mut traces) = (self.clock.now(), Vec::new());
        loop {
            let page = self.tables.trace_page(keys, after.as_deref()).await?;
            traces.extend(page.traces);
            after = page.next;
            if after.is_none() || self.clock.now().since(began) >= LOOK_MAX {
                return Ok((traces, after));
            }
        }
    }

    /// What is held under the hash of an address: whether it is suppressed, and what it was sent.
    async fn address_told(&self, hash: &ContactHash) -> Result<Option<Value>, AdminError> {
        let suppression = self.tables.suppression(hash).await?;
        let history = self.tables.history(hash).await?.map(|kept| kept.state);
        if suppression.is_none() && history.is_none() {
            return Ok(None);
        }
        Ok(Some(json!({
            "hash": hash.as_str(),
            "suppressed": suppression.map(|known| {
                json!({ "reason": known.reason.name(), "at": format_time(known.at) })
            }),
            "mails": history.iter().flat_map(History::mails).map(|mail| json!({
                "reminder": mail.reminder.decision_id(),
                "at": format_time(mail.at),
                "discount": mail.has_discount,
            })).collect::<Vec<_>>(),
        })))
    }
}

fn profile_told(key: &ProfileKey, profile: &Profile) -> Value {
    let own = Profile { claim: None, ..profile.clone() };
    json!({ "key": key.as_str(), "state": own, "decisions": own.touches, "erased": profile.is_tombstone() })
}

fn contact_told(key: &ProfileKey, contact: &Contact) -> Value {
    json!({
        "profile": key.as_str(),
        "email": contact.email,
        "phone": contact.phone,
        "firstName": contact.first_name,
        "lastName": contact.last_name,
        "verified": contact.verified,
        "at": format_time(contact.at),
        "expiresAt": contact.expires_at.map(format_time),
    })
}

/// What is held, in words; nothing of a list that only repeats it.
fn trace_told(trace: &Trace) -> Option<Value> {
    match trace {
        Trace::Reminder(id, row) => Some(reminder_told(*id, row)),
        Trace::Order(row) => Some(order_told(row)),
        Trace::Code(record) => Some(code_told(record)),
        Trace::Listed { .. } => None,
        Trace::Run(run, row) => Some(run_told(run, row)),
    }
}

fn reminder_told(id: ReminderId, row: &Reminder) -> Value {
    let times = [
        ("delivered", row.feedback.delivered_at),
        ("bounced", row.feedback.bounced_at),
        ("complained", row.feedback.complained_at),
        ("opened", row.feedback.opened_at),
        ("clicked", row.feedback.clicked_at),
    ];
    let feedback: serde_json::Map<String, Value> =
        times.into_iter().filter_map(|(name, at)| Some((name.to_owned(), json!(format_time(at?))))).collect();
    json!({
        "kind": "reminder",
        "reminder": id.decision_id(),
        "status": row.status.name(),
        "reason": row.status.reason(),
        "at": format_time(row.at),
        "group": row.group.map(|group| group.code()),
        "code": row.offer.as_ref().map(|offer| &offer.code),
        "percent": row.offer.as_ref().map(|offer| offer.percent),
        "cartValue": row.cart_value.map(money),
        "feedback": feedback,
    })
}

fn order_told(row: &ConversionRow) -> Value {
    let purchase = &row.conversion.purchase;
    json!({
        "kind": "order",
        "order": purchase.order.as_ref().map(ToString::to_string),
        "at": format_time(purchase.at),
        "total": purchase.total.map(money),
        "coupon": purchase.coupon.as_ref().map(|coupon| coupon.as_str().to_owned()),
        "afterReminder": row.conversion.after.reminder.decision_id(),
    })
}

fn code_told(record: &CodeRecord) -> Value {
    let holding = record.state.holding();
    json!({
        "kind": "code",
        "code": record.code.to_string(),
        "pool": record.pool.to_string(),
        "state": record.state.name(),
        "heldAt": holding.map(|holding| format_time(holding.holder.at)),
    })
}

/// What is kept of a person in a run of an experiment.
fn run_told(run: &RunId, row: &RunRow) -> Value {
    match row {
        RunRow::Person { exposed, joined_to, .. } => json!({
            "kind": "exposure",
            "experiment": run.experiment.as_str(),
            "run": run.number,
            "variant": exposed.as_ref().map(|exposed| exposed.variant.as_str()),
            "at": exposed.as_ref().map(|exposed| format_time(exposed.at)),
            "crossedOver": exposed.as_ref().map(|exposed| exposed.crossed_over),
            "joinedTo": joined_to.as_ref().map(ProfileKey::as_str),
        }),
        RunRow::Reached { fact, .. } => json!({
            "kind": "goal",
            "experiment": run.experiment.as_str(),
            "run": run.number,
            "goal": fact.goal.as_str(),
            "at": format_time(fact.at),
            "value": fact.value.map(money),
        }),
    }
}

fn money(money: Money) -> String {
    money.to_string()
}
