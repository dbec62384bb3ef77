//! What came of an experiment: `GET /admin/v1/reports/experiments/{id}`. The rows of a run are read page by page and added up;
//! what is said of them follows from the tallies alone ([`figures`]).

mod figures;

use super::experiment_told;
use super::routes::REFUSAL;
use crate::error::AdminError;
use crate::handler::{Shared, answer, user};
use crate::process::Admin;
use axum::extract::{Request, State};
use axum::response::Response;
use beckon_domain::DurationMs;
use beckon_domain::experiment::{RunFold, RunId};
use beckon_domain::id::ExperimentId;
use beckon_rules::experiments::Experiments;
use beckon_runtime::fresh_id;
use beckon_store::tables::{DocumentKind, ExperimentStore, RulesetStore};
use beckon_wire::experiments::{ReportAnswer, ReportAsk};
use beckon_wire::path::PathText;
use beckon_wire::problem::Problem;

/// Rows of one page.
const PAGE: u32 = 1_000;
/// How long one request reads; API Gateway waits 30 seconds.
const READ_TIME_MAX: DurationMs = DurationMs::from_ms(18_000);

impl<T: RulesetStore + ExperimentStore, O> Admin<T, O> {
    /// What came of an experiment so far.
    ///
    /// # Errors
    /// 404 when there is none of that name, or when a table fails.
    pub(crate) async fn experiment_report(
        &self,
        id: &str,
        ask: ReportAsk,
        request_id: &str,
    ) -> Result<ReportAnswer, AdminError> {
        let ruleset = self.ruleset_below().await?;
        let live = self.tables.live_document(DocumentKind::Experiments).await?;
        let experiments = match live {
            Some(live) => Experiments::load(&live.document.body, &ruleset).map_err(|e| super::refused(&e))?,
            None => Experiments::default(),
        };
        let missing = || Problem::not_found("the live document has no experiment of this name");
        let id = ExperimentId::new(id).map_err(|_| missing())?;
        let experiment = experiments.experiment(&id).ok_or_else(missing)?;
        let number = ask.run.unwrap_or(experiment.run.number);
        let run = RunId { experiment: id, number };
        let (mut fold, mut after, begun_at) = (RunFold::default(), None, self.clock.now());
        let complete = loop {
            let page = self.tables.run_page(&run, after.as_deref(), PAGE).await?;
            page.rows.iter().for_each(|row| fold.take(row));
            after = page.next;
            if after.is_none() {
                break true;
            }
            if self.clock.now().since(begun_at) >= READ_TIME_MAX {
                break false;
            }
        };
        let book = fold.finish(experiment.window);
        let read = figures::Read { book: &book, complete, now: self.clock.now() };
        let told = figures::of(experiment, &read, ruleset.currency());
        let experiment = experiment_told(experiment, self.clock.now());
        Ok(ReportAnswer { request_id: request_id.to_owned(), experiment, run: number, ..told })
    }
}

pub(crate) async fn report<T, O>(
    State(admin): Shared<T, O>,
    PathText(id): PathText,
    request: Request,
) -> Response
where
    T: RulesetStore + ExperimentStore,
{
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        admin.source_for(user(&parts).as_deref(), REFUSAL).await?;
        admin.experiment_report(&id, ReportAsk::parse(&parts.uri)?, &request_id).await
    };
    answer(result.await, &request_id)
}
