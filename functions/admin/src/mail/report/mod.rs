//! What mails achieve: `GET /admin/v1/mail/report`. The ledger is read page by page for a while; who is told that it was not
//! all of it asks again with the cursor and adds the tallies up.

mod summary;
mod tally;

pub use beckon_statistics::Difference;
pub use summary::{GroupSummary, SampleRatio, Summary};
pub use tally::{Bought, Period, PersonTally, StepTally, Sums, Tally};

use super::switch::REFUSAL;
use crate::error::AdminError;
use crate::handler::{Shared, answer, user};
use crate::process::Admin;
use axum::extract::{Request, State};
use axum::response::Response;
use beckon_domain::DurationMs;
use beckon_rules::Ruleset;
use beckon_runtime::fresh_id;
use beckon_store::tables::{LedgerScan, RulesetStore};
use beckon_wire::format_time;
use beckon_wire::mail_report::ReportAsk;
use serde::Serialize;

/// The period when none is told.
const PERIOD: DurationMs = DurationMs::from_days(30);
/// Rows of one page.
const PAGE: u32 = 1_000;
/// How long one request reads; API Gateway waits 30 seconds.
const READ_TIME_MAX: DurationMs = DurationMs::from_ms(8_000);
/// People and orders of one answer at most, so that it fits into a Lambda's answer of 6 MB.
const ENTRY_COUNT_MAX: usize = 20_000;

/// What mails achieved, or a part of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// The period's first moment (RFC 3339).
    pub since: String,
    /// The first moment after it.
    pub until: String,
    /// Whether the ledger was read to its end.
    pub complete: bool,
    /// What to name to go on, when it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Of 10,000 people so many are to be held out by the live rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holdout: Option<u32>,
    /// What the rows that were read add up to.
    pub tally: Tally,
    /// What that says; only where it is all of the ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
}

impl<T: LedgerScan + RulesetStore, O> Admin<T, O> {
    /// What mails achieved in a period.
    ///
    /// # Errors
    /// When a table fails.
    pub async fn mail_report(&self, ask: ReportAsk, request_id: &str) -> Result<ReportAnswer, AdminError> {
        let begun_at = self.clock.now();
        let until = ask.until.unwrap_or(begun_at);
        let period = Period { since: ask.since.unwrap_or(until - PERIOD), until };
        let (mut tally, mut cursor) = (Tally::default(), ask.cursor.clone());
        loop {
            let page = self.tables.scan_ledger(cursor.as_deref(), PAGE).await?;
            page.rows.iter().for_each(|row| tally.count(row, period));
            cursor = page.next;
            let entries = tally.people.len() + tally.bought.len();
            let is_over = self.clock.now().since(begun_at) >= READ_TIME_MAX || entries >= ENTRY_COUNT_MAX;
            if cursor.is_none() || is_over {
                break;
            }
        }
        let holdout = self.holdout().await?;
        let is_whole = cursor.is_none() && ask.cursor.is_none();
        Ok(ReportAnswer {
            request_id: request_id.to_owned(),
            since: format_time(period.since),
            until: format_time(period.until),
            complete: cursor.is_none(),
            cursor,
            holdout,
            summary: is_whole.then(|| Summary::of(&tally, holdout)),
            tally,
        })
    }

    /// The share that the live rules hold out.
    async fn holdout(&self) -> Result<Option<u32>, AdminError> {
        let Some(live) = self.tables.live_ruleset().await? else { return Ok(None) };
        let ruleset = Ruleset::parse(&live.document.body).ok();
        Ok(ruleset.and_then(|ruleset| Some(ruleset.reminder()?.series.holdout)))
    }
}

pub(crate) async fn report<T, O>(State(admin): Shared<T, O>, request: Request) -> Response
where
    T: LedgerScan + RulesetStore,
{
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        admin.source_for(user(&parts).as_deref(), REFUSAL).await?;
        admin.mail_report(ReportAsk::parse(&parts.uri)?, &request_id).await
    };
    answer(result.await, &request_id)
}
