//! The switch of sending: `POST /admin/v1/mail/pause` and `resume`. Each turn is written down with who made it and why.

use crate::change::{Change, Noted, Values};
use crate::error::AdminError;
use crate::handler::{Shared, answer_noted, user};
use crate::process::{Admin, Caller};
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use beckon_domain::reputation::{Figures, first_hour};
use beckon_runtime::fresh_id;
use beckon_store::switching::{Turn, Turned, turn};
use beckon_store::tables::{ReputationStore, SwitchAction, SwitchChange, SwitchStore};
use beckon_wire::format_time;
use beckon_wire::problem::{Fault, Problem};
use beckon_wire::sending::{FiguresAnswer, SwitchAsk, SwitchedAnswer, TurnAnswer};

/// What somebody with a publishable key is told.
pub(super) const REFUSAL: &str = "a publishable key sends and stops no mail: send a secret key (sk_)";
/// Bytes of a body.
const BODY_BYTES_MAX: usize = 8 * 1024;

impl<T: SwitchStore + ReputationStore, O> Admin<T, O> {
    /// Turns the switch. Asked again, it is the same.
    ///
    /// # Errors
    /// 400 for a pause without a reason, 409 when somebody else turned it in between, or when a table fails.
    pub async fn switch(
        &self,
        action: SwitchAction,
        ask: SwitchAsk,
        caller: Caller<'_>,
    ) -> Result<Noted<SwitchedAnswer>, AdminError> {
        if action == SwitchAction::Pause && ask.reason.is_none() {
            let fault = Fault::new("/reason", "schema.missing", "say why, for whoever resumes it");
            return Err(Problem::bad_request("a pause needs a reason").with(fault).into());
        }
        let before = self.tables.sending().await?;
        let was_paused = before.is_paused();
        let now = self.clock.now();
        let figures = self.tables.figures(first_hour(now), before.counting_since()).await?;
        let asked = Turn {
            id: caller.request_id.to_owned(),
            action,
            who: caller.source.as_str().to_owned(),
            by: ask.by,
            reason: ask.reason,
            figures,
        };
        let (latest, changed) = match turn(&self.tables, before, asked, now).await? {
            Turned::Changed(change) => (Some(change), true),
            Turned::Already(sending) => (sending.latest, false),
            Turned::Overtaken => {
                let detail = "somebody else turned the switch just now: look at the status, and ask again if it still holds";
                return Err(Problem::conflict(detail).into());
            }
        };
        if changed {
            tracing::info!(
                request.id = caller.request_id,
                source = caller.source.as_str(),
                switch.action = action.name(),
                "sending was switched"
            );
        }
        let paused = action == SwitchAction::Pause;
        let value = |paused: bool| Values::from_iter([("paused".to_owned(), paused.into())]);
        let change = Change::new(value(was_paused), value(paused));
        let (request_id, latest) = (caller.request_id.to_owned(), latest.map(told));
        Ok(Noted { answer: SwitchedAnswer { request_id, paused, changed, latest }, change })
    }
}

/// A turn as it is told.
pub(super) fn told(change: SwitchChange) -> TurnAnswer {
    TurnAnswer {
        number: change.number,
        at: format_time(change.at),
        action: change.action.name(),
        who: change.who,
        by: change.by,
        reason: change.reason,
        figures: figures_told(change.figures),
    }
}

pub(super) const fn figures_told(figures: Figures) -> FiguresAnswer {
    let Figures { sends, deliveries, bounces, complaints } = figures;
    FiguresAnswer { sends, deliveries, bounces, complaints }
}

pub(crate) async fn pause<T, O>(state: Shared<T, O>, request: Request) -> Response
where
    T: SwitchStore + ReputationStore,
{
    switch(state, request, SwitchAction::Pause).await
}

pub(crate) async fn resume<T, O>(state: Shared<T, O>, request: Request) -> Response
where
    T: SwitchStore + ReputationStore,
{
    switch(state, request, SwitchAction::Resume).await
}

async fn switch<T, O>(State(admin): Shared<T, O>, request: Request, action: SwitchAction) -> Response
where
    T: SwitchStore + ReputationStore,
{
    let (parts, body) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        let source = admin.source_for(user(&parts).as_deref(), REFUSAL).await?;
        let body = to_bytes(body, BODY_BYTES_MAX).await;
        let body =
            body.map_err(|_| Problem::too_large(format!("at most {BODY_BYTES_MAX} bytes are taken")))?;
        admin
            .switch(action, SwitchAsk::parse(&body)?, Caller { source: &source, request_id: &request_id })
            .await
    };
    answer_noted(result.await, &request_id)
}
