//! What became of decisions: `GET /admin/v1/reports/engagement`. The rows of slots and days are read and added up
//! ([`figures`]); what may be said of rules that stopped paying follows from their days ([`stopped`]).

mod figures;
mod stopped;

use crate::error::AdminError;
use crate::handler::{Shared, answer, user};
use crate::process::Admin;
use axum::extract::{Request, State};
use axum::response::Response;
use beckon_domain::Day;
use beckon_runtime::fresh_id;
use beckon_store::tables::{EngagementStore, RulesetStore};
use beckon_wire::engagement::{EngagementAnswer, EngagementAsk, EngagementBy, day_name};

/// What somebody with a publishable key is told.
const REFUSAL: &str = "a publishable key shows no reports: send a secret key (sk_)";

impl<T: EngagementStore, O> Admin<T, O> {
    /// What became of decisions on these days.
    ///
    /// # Errors
    /// When a table fails.
    pub(crate) async fn engagement_report(
        &self,
        ask: EngagementAsk,
        request_id: &str,
    ) -> Result<EngagementAnswer, AdminError> {
        // Today is not over: its views are there before their clicks.
        let until = ask.to.min(Day::of(self.clock.now()).before(1));
        let first = ask.from.min(until.before(stopped::DAYS - 1));
        let rows = self.tables.slot_days(first, ask.to.max(until)).await?;
        let asked = rows.iter().filter(|(of, _)| ask.from <= of.day && of.day <= ask.to);
        let groups = figures::grouped(asked, ask.by);
        let days = rows.iter().filter(|(of, _)| of.day <= until);
        Ok(EngagementAnswer {
            request_id: request_id.to_owned(),
            from: day_name(ask.from),
            to: day_name(ask.to),
            by: ask.by.name(),
            groups: figures::told(&groups),
            stopped_paying: stopped::told(&figures::grouped(days, EngagementBy::Rule), until),
        })
    }
}

pub(crate) async fn report<T, O>(State(admin): Shared<T, O>, request: Request) -> Response
where
    T: RulesetStore + EngagementStore,
{
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        admin.source_for(user(&parts).as_deref(), REFUSAL).await?;
        let ask = EngagementAsk::parse(&parts.uri, Day::of(admin.clock.now()))?;
        admin.engagement_report(ask, &request_id).await
    };
    answer(result.await, &request_id)
}

#[cfg(test)]
mod tests;
