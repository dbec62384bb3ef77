//! What every adapter promises of the ledger of reminders, and of what each address was sent.

use super::{key, minute, pepper};
use crate::tables::{
    HistoryChange, LedgerChange, LedgerRow, LedgerScan, OutreachStore, Save, Versioned, observe,
};
use beckon_domain::abandonment::SkipReason;
use beckon_domain::id::{EventId, SourceId};
use beckon_domain::outreach::{Claim, History, MailEvent, Mailed, Offer, OnUnknown};
use beckon_domain::{EpisodeId, Money, Reminder, ReminderId, ReminderStatus, Timestamp};

/// Runs this part of the suite.
pub(super) async fn all<T: OutreachStore + LedgerScan>(tables: &T) {
    versions(tables).await;
    together(tables).await;
    every_status(tables).await;
    events(tables).await;
}

fn id(name: &str) -> ReminderId {
    let (source, event) = (SourceId::new("web").unwrap(), EventId::new(name).unwrap());
    ReminderId { episode: EpisodeId::derive("p", &source, &event), step: 1 }
}

fn claimed(owner: &str, now: Timestamp) -> Reminder {
    let claim = Claim {
        profile: key("who"),
        owner: owner.to_owned(),
        now,
        recipient: pepper().contact("a@shop.example"),
        offer: Some(Offer {
            percent: 10,
            code: "BACK-1".into(),
            expires_at: Some(minute(99)),
            pool: Some("spring".into()),
        }),
        cart_value: Money::parse("12.34 EUR").ok(),
        on_unknown: OnUnknown::GiveUp,
    };
    Reminder::claim(None, claim).unwrap()
}

fn change(id: ReminderId, row: Reminder, read_version: Option<u64>) -> LedgerChange {
    LedgerChange { id, row, read_version, history: None, code: None }
}

/// A row is written against the version that was read, and comes back as it was written.
async fn versions<T: OutreachStore>(tables: &T) {
    let (id, now) = (id("versions"), minute(0));
    assert_eq!(tables.reminder(&id).await.unwrap(), None);
    let first = claimed("run-1", now);
    assert_eq!(tables.save_reminder(&change(id, first.clone(), None), now).await.unwrap(), Save::Saved);
    let second = claimed("run-2", now);
    assert_eq!(tables.save_reminder(&change(id, second.clone(), None), now).await.unwrap(), Save::Conflict);
    assert_eq!(tables.reminder(&id).await.unwrap(), Some(Versioned { state: first.clone(), version: 1 }));
    let sending = first.begin_sending("run-1", minute(1)).unwrap();
    let next = change(id, sending.clone(), Some(1));
    assert_eq!(tables.save_reminder(&next, now).await.unwrap(), Save::Saved);
    assert_eq!(tables.save_reminder(&next, now).await.unwrap(), Save::Conflict, "its own write is the other");
    assert_eq!(tables.reminder(&id).await.unwrap(), Some(Versioned { state: sending, version: 2 }));
}

/// A row and what the address was sent are written both or neither.
async fn together<T: OutreachStore>(tables: &T) {
    let (recipient, now) = (pepper().contact("together@shop.example"), minute(0));
    assert_eq!(tables.history(&recipient).await.unwrap(), None);
    let with = |name: &str, read_version| {
        let mail = Mailed { reminder: id(name), at: minute(3), has_discount: true };
        let history = History::EMPTY.with(mail);
        let history = HistoryChange { recipient: recipient.clone(), history, read_version };
        LedgerChange { history: Some(history), ..change(id(name), claimed("run-1", now), None) }
    };
    let first = with("together-1", None);
    assert_eq!(tables.save_reminder(&first, now).await.unwrap(), Save::Saved);
    let kept = tables.history(&recipient).await.unwrap().unwrap();
    assert_eq!((Some(kept.state), kept.version), (first.history.map(|h| h.history), 1));
    // Another reminder of the address that did not know of the first.
    assert_eq!(tables.save_reminder(&with("together-2", None), now).await.unwrap(), Save::Conflict);
    assert_eq!(tables.reminder(&id("together-2")).await.unwrap(), None, "neither is written");
    assert_eq!(tables.save_reminder(&with("together-2", Some(1)), now).await.unwrap(), Save::Saved);
    assert_eq!(tables.save_reminder(&with("together-1", Some(2)), now).await.unwrap(), Save::Conflict);
    let kept = tables.history(&recipient).await.unwrap().unwrap();
    assert_eq!((kept.state.mails()[0].reminder, kept.version), (id("together-2"), 2), "neither is written");
}

/// Every status comes back as it was written, and the whole ledger can be read page by page.
async fn every_status<T: OutreachStore + LedgerScan>(tables: &T) {
    let reason = || "why".to_owned();
    let statuses = [
        ReminderStatus::Sent { message_id: "m".into() },
        ReminderStatus::Failed { reason: reason() },
        ReminderStatus::Unknown { reason: reason() },
        ReminderStatus::Suppressed { reason: reason() },
        ReminderStatus::Deferred { reason: reason(), until: minute(7) },
        ReminderStatus::Cancelled { reason: reason() },
    ];
    for (index, status) in statuses.into_iter().enumerate() {
        let id = id(&format!("status-{index}"));
        let row = Reminder { status, ..claimed("run-1", minute(0)) };
        tables.save_reminder(&change(id, row.clone(), None), minute(0)).await.unwrap();
        assert_eq!(tables.reminder(&id).await.unwrap().unwrap().state, row);
    }
    let held_out = Reminder::skip(None, &key("who"), SkipReason::HeldOut, None, minute(5)).unwrap();
    tables.save_reminder(&change(id("held"), held_out.clone(), None), minute(0)).await.unwrap();
    assert_eq!(tables.reminder(&id("held")).await.unwrap().unwrap().state, held_out);
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = tables.scan_ledger(after.as_deref(), 3).await.unwrap();
        found.extend(page.rows.into_iter().filter_map(|row| match row {
            LedgerRow::Reminder(id, row) => Some((id, *row)),
            LedgerRow::Conversion(_) => None,
        }));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let of_status = |name: &str| found.iter().filter(|(_, row)| row.status.name() == name).count();
    assert_eq!((of_status("SENT"), of_status("DEFERRED"), of_status("SUPPRESSED")), (1, 1, 2));
    assert!(found.iter().any(|(found, row)| *found == id("held") && *row == held_out));
}

/// What SES says resolves a row whatever its order, once.
async fn events<T: OutreachStore>(tables: &T) {
    let (id, now) = (id("events"), minute(0));
    let sent = MailEvent::Sent { message_id: "m".into() };
    assert!(!observe(tables, &id, &sent, now, now).await.unwrap(), "nobody's mail");
    let row = claimed("run-1", now).begin_sending("run-1", now).unwrap().give_up(minute(20)).unwrap();
    tables.save_reminder(&change(id, row, None), now).await.unwrap();
    assert!(observe(tables, &id, &MailEvent::Delivered, minute(2), now).await.unwrap());
    assert!(observe(tables, &id, &sent, minute(1), now).await.unwrap());
    assert!(!observe(tables, &id, &sent, minute(1), now).await.unwrap(), "told before");
    let row = tables.reminder(&id).await.unwrap().unwrap().state;
    assert_eq!(row.status, ReminderStatus::Sent { message_id: "m".into() });
    assert_eq!(row.feedback.delivered_at, Some(minute(2)));
}
