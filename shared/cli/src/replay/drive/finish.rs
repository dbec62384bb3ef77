//! The end of a replay: everything is counted.

use super::{Drive, Setup, unreadable};
use crate::conservation::failed_by_stream;
use crate::error::CliError;
use crate::replay::cost::Cost;
use crate::replay::journal::Journal;
use crate::replay::report::Report;
use crate::replay::state_hash::state_hash;
use crate::replay::trends::Trends;
use crate::stack::Tables;
use std::collections::BTreeMap;

impl<T: Tables> Drive<T> {
    /// What there is to say at the end, and the journal's text, if there is one.
    pub(super) async fn report(
        self,
        row_count: u64,
        elapsed: std::time::Duration,
    ) -> Result<(Report, Option<String>), CliError> {
        let Setup { stack, tables, meter, idle, batch_rows, disturbance, journal, .. } = self.setup;
        let profiles = tables.scan_profiles().await.map_err(|e| unreadable(&e))?;
        let documents = stack.failed.documents();
        let mut failed_by_reason: BTreeMap<String, u64> = BTreeMap::new();
        for reason in documents.keys().filter_map(|key| key.split('/').nth(1)) {
            *failed_by_reason.entry(reason.to_owned()).or_default() += 1;
        }
        let (failed_events, failed_signals) = failed_by_stream(documents.values());
        let trends = tables.scan_trends().await;
        let trends = trends.map_err(|e| CliError::caused("the trends cannot be read", &e))?;
        let trends = Trends::of(&trends, stack.signal_conservation(failed_signals).await?);
        let conservation = stack.conservation(self.collected, failed_events).await?;
        let noted = journal.as_ref().map(Journal::due_count);
        if noted.is_some_and(|noted| noted != self.abandonment_count) {
            let noted = noted.unwrap_or_default();
            return Err(CliError::failed(format!(
                "{noted} carts were due and the mailer settled {}: a bug of Beckon",
                self.abandonment_count
            )));
        }
        let report = Report {
            rows: row_count,
            bad_rows: self.bad_row_count,
            bad_row_samples: self.bad_rows,
            seconds: elapsed.as_secs_f64(),
            events_per_second: row_count as f64 / elapsed.as_secs_f64().max(1e-9),
            profiles: profiles.len() as u64,
            sessions: profiles.iter().map(|(_, p)| u64::from(p.sessions.count)).sum(),
            carts: profiles.iter().map(|(_, p)| p.counts.carts).sum(),
            orders: profiles.iter().map(|(_, p)| p.counts.orders).sum(),
            abandonments: self.abandonment_count,
            reminder_delay: idle.map(|idle| idle.to_string()),
            mails: stack.sender.sent_count(),
            not_mailed_by_reason: self.not_sent,
            rejected_by_code: self.rejected_by_code,
            failed_by_reason,
            repeated: disturbance.repeated(),
            state_hash: state_hash(&profiles)?,
            cost: Cost::of(&meter, &self.flushed, batch_rows),
            archive: None,
            conservation,
            trends,
        };
        Ok((report, journal.map(|journal| journal.finish(&profiles))))
    }
}
