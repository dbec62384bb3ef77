//! Known-bad variants of sending mail, wrapped around the ledger as the functions see it.

use super::bugs::Bug;
use super::ground::Net;
use beckon_domain::outreach::reminder::LEASE;
use beckon_domain::{ContactHash, DiscountCode, ProfileKey, Reminder, ReminderStatus};
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{CodeStore, LedgerChange, OutreachStore, Stored, Versioned};
use futures_util::FutureExt;
use std::collections::BTreeMap;

/// What a variant makes of a change of the ledger.
pub(crate) enum Twisted {
    /// It is answered as written, and is not.
    Forgotten,
    /// It is written so.
    Changed(Box<LedgerChange>),
}

/// A change of the ledger, as the variant writes it.
pub(crate) fn twist_change(net: &Net, tables: &MemoryTables, change: &LedgerChange) -> Twisted {
    let (bug, is_run) = {
        let ground = net.lock();
        (ground.bug, ground.notes.mail.is_run)
    };
    let mut change = change.clone();
    let status = &change.row.status;
    match bug {
        // Nothing is written before the mail, and what is not known to be sent is sent again.
        Bug::SendThenMark if is_run => {
            if matches!(
                status,
                ReminderStatus::Claimed { .. }
                    | ReminderStatus::Sending { .. }
                    | ReminderStatus::Unknown { .. }
            ) {
                return Twisted::Forgotten;
            }
            let stored = tables.reminder(&change.id).now_or_never().and_then(Result::ok).flatten();
            change.read_version = stored.map(|row| row.version);
        }
        Bug::MarkThenSend if matches!(status, ReminderStatus::Sending { .. }) => {
            change.row.status = ReminderStatus::Sent { message_id: String::new() };
        }
        Bug::HistoryForgotten => change.history = None,
        Bug::CodeForgotten => change.code = None,
        Bug::CodeGivenBack if matches!(status, ReminderStatus::Unknown { .. }) => {
            give_back(tables, &change.row)
        }
        Bug::FeedbackIgnored if !is_run => return Twisted::Forgotten,
        Bug::TimersUnwritten
            if matches!(status, ReminderStatus::Suppressed { .. } | ReminderStatus::Deferred { .. }) =>
        {
            return Twisted::Forgotten;
        }
        _ => {}
    }
    Twisted::Changed(Box::new(change))
}

fn give_back(tables: &MemoryTables, row: &Reminder) {
    let code = row.offer.as_ref().and_then(|offer| DiscountCode::new(&offer.code).ok());
    let held = code.and_then(|code| tables.held(&code).now_or_never()?.ok()?);
    if let Some(held) = held {
        drop(tables.return_held(&held).now_or_never());
    }
}

/// A row of the ledger, as the variant reads it: a send that takes longer than a lease is anybody's, or a claim is.
pub(crate) fn twist_row(net: &Net, row: &mut Option<Versioned<Reminder>>) {
    let bug = net.lock().bug;
    let Some(Versioned { state, .. }) = row else { return };
    match &mut state.status {
        ReminderStatus::Sending { owner } if bug == Bug::SendingTakenOver => {
            let (owner, lease_until) = (owner.clone(), state.at + LEASE);
            state.status = ReminderStatus::Claimed { owner, lease_until };
        }
        ReminderStatus::Claimed { lease_until, .. } if bug == Bug::ClaimIgnored => *lease_until = state.at,
        _ => {}
    }
}

/// Whether an address is suppressed, as the variant remembers it.
pub(crate) fn twist_suppression(net: &Net, contact: &ContactHash, is_suppressed: bool) -> bool {
    let mut ground = net.lock();
    if !matches!(ground.bug, Bug::SuppressionOnce | Bug::NoSecondLook) {
        return is_suppressed;
    }
    *ground.notes.mail.suppressed.entry(contact.clone()).or_insert(is_suppressed)
}

/// Profiles, as a run of the variant remembers them.
pub(crate) fn twist_look(net: &Net, found: &mut BTreeMap<ProfileKey, Stored>) {
    let mut ground = net.lock();
    if ground.bug != Bug::NoSecondLook || !ground.notes.mail.is_run {
        return;
    }
    for (key, stored) in found {
        *stored = ground.notes.mail.seen.entry(key.clone()).or_insert_with(|| stored.clone()).clone();
    }
}
