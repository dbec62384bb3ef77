//! The end of a run: nothing is in flight, the books balance, and every profile is what the oracle says.

use super::book::short;
use super::oracle::Oracle;
use super::world::{Outcome, World};
use crate::conservation::{Collected, Conservation};
use beckon_domain::{DurationMs, Profile, ProfileKey, ReminderStatus};
use beckon_store::tables::{LedgerRow, LedgerScan, OutreachStore, ProfileScan};
use futures_util::FutureExt;
use std::collections::BTreeSet;

impl World {
    /// Holds the end against the oracle.
    pub(crate) fn finish(mut self) -> Outcome {
        if let Some(violation) = self.contact_violation() {
            self.net.lock().book.violated(|| violation);
        }
        // A day later everything is looked through again, and what was delivered late with it.
        self.hand.set(self.now() + DurationMs::from_hours(24));
        self.deliver_archive(true);
        if let Some(violation) = self.reconcile_violation() {
            self.net.lock().book.violated(|| violation);
        }
        if let Some(violation) = self.archive_violation() {
            self.net.lock().book.violated(|| violation);
        }
        let scanned = self.tables.inner.scan_profiles().now_or_never();
        let profiles = scanned.and_then(Result::ok).unwrap_or_default();
        let balance = self.balance(&profiles);
        if self.net.lock().book.violation.is_none()
            && let Some(violation) = self.violation_at_drain(&profiles, &balance)
        {
            self.net.lock().book.violation = Some(violation);
        }
        let reported = self.reported();
        let mut ground = self.net.lock();
        for (key, profile) in &profiles {
            ground.trace.mix_text(key.as_str());
            ground.trace.mix(profile.tallies.applied << 32 | profile.counts.events);
        }
        Outcome {
            violation: ground.book.violation.clone(),
            trace: ground.trace,
            faults: ground.faults,
            balance,
            events: balance.collected.accepted,
            calls: ground.call_count,
            mails: ground.book.mail.counts(),
            reported,
            profiles: profiles.len() as u64,
        }
    }

    /// What SES took, what it told, and what the mailer answered must be what the ledger says.
    fn mail_violation(&self) -> Option<String> {
        let tables = &self.tables.inner;
        let row = |id: &_| tables.reminder(id).now_or_never()?.ok()?.map(|row| row.state);
        let erased = self.erased_episodes();
        let ground = self.net.lock();
        if let Some(violation) = ground.book.mail.unlawful_ledger(&erased, row) {
            return Some(violation);
        }
        let page = tables.scan_ledger(None, u32::MAX).now_or_never()?.ok()?;
        let id = page.rows.iter().find_map(|row| match row {
            LedgerRow::Reminder(id, row) => {
                let is_sent = matches!(row.status, ReminderStatus::Sent { .. });
                (is_sent && !ground.book.mail.was_taken(id)).then_some(id)
            }
            LedgerRow::Conversion(_) => None,
        })?;
        Some(format!("{} is SENT in the ledger, and SES never took it", id.decision_id()))
    }

    fn balance(&self, profiles: &[(ProfileKey, Profile)]) -> Conservation {
        let ground = self.net.lock();
        let book = &ground.book;
        let accepted = book.accepted_count;
        let collected = Collected { received: accepted + self.rejected, rejected: self.rejected, accepted };
        let lines_put = book.log.iter().map(|logged| logged.told.len().max(1) as u64).sum();
        let (failed, own) = book.failed_counts();
        Conservation::of(collected, profiles, failed, book.in_flight().0, lines_put).with_internal_failed(own)
    }

    fn violation_at_drain(
        &self,
        profiles: &[(ProfileKey, Profile)],
        balance: &Conservation,
    ) -> Option<String> {
        let erased = self.erased();
        if let Some(violation) = self.erasure_violation(profiles) {
            return Some(violation);
        }
        let ground = self.net.lock();
        let book = &ground.book;
        let undone = self.mapping.undone().count();
        let (events, internal) = book.in_flight();
        if undone > 0 || events > 0 || internal > 0 {
            return Some(format!(
                "at the end {undone} records wait, and {events} events and {internal} of Beckon's own are not settled"
            ));
        }
        if !balance.holds() {
            return Some(format!("the books: {balance}"));
        }
        if let Some(at) = self.tables.inner.earliest_due() {
            return Some(format!("a cart or a timer that was due at {at:?} was never answered"));
        }
        // A child that is read early is applied early; otherwise a person's events are applied in the order of the stream.
        let unsorted = book.accounts.iter().find(|(_, account)| !account.settled.is_sorted());
        if let Some((key, _)) = unsorted.filter(|_| !self.early) {
            return Some(format!("{}: its events were not applied in the order of the stream", short(key)));
        }
        let oracle = Oracle::of(book, &self.ruleset, !self.early, erased);
        let written = self.tables.inner.conversions().iter().map(|row| row.conversion.id).collect();
        let violation = oracle.violation.clone().or_else(|| oracle.unheard(book));
        let violation = violation.or_else(|| oracle.unwritten(&written));
        let violation = violation.or_else(|| self.report_violation(book, &oracle));
        if violation.is_some() {
            return violation;
        }
        // Of whom everything was kept as failed, while the table took no write, nothing need be there.
        let has_settled = |key: &&ProfileKey| book.accounts.get(*key).is_some_and(|a| !a.settled.is_empty());
        let settled: BTreeSet<ProfileKey> = oracle.profiles.keys().filter(has_settled).cloned().collect();
        drop(ground);
        if let Some(violation) = self.mail_violation().or_else(|| self.code_violation()) {
            return Some(violation);
        }
        if let Some(violation) = self.trends_violation(&oracle) {
            return Some(violation);
        }
        let stored: Vec<&ProfileKey> = profiles.iter().map(|(key, _)| key).collect();
        if let Some(missing) = settled.iter().find(|key| !stored.contains(key)) {
            return Some(format!("{} has no profile", short(missing)));
        }
        let mut living = profiles.iter().filter(|(key, _)| !oracle.erased.contains(key));
        living.find_map(|(key, profile)| oracle.misfit(key, profile))
    }
}
