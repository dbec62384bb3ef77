//! HTTP for experiments.

use super::Switched;
use crate::change::Noted;
use crate::error::AdminError;
use crate::handler::{Shared, answer, answer_noted, user, yaml};
use crate::process::{Admin, Caller};
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use beckon_domain::SourceId;
use beckon_rules::switch::Switch;
use beckon_runtime::fresh_id;
use beckon_store::tables::{DocumentKind, RulesetStore};
use beckon_wire::admin::{HistoryAsk, PublishAsk, RollbackAsk};
use beckon_wire::experiments::{ExperimentsChangedAnswer, KillAsk, RampAsk, StopAsk};
use beckon_wire::limits::RULESET_BYTES_MAX;
use beckon_wire::path::PathText;
use beckon_wire::problem::Problem;

/// What somebody with a publishable key is told.
pub(super) const REFUSAL: &str =
    "a publishable key changes and shows no experiments: send a secret key (sk_)";
/// Bytes of a body that is no document.
const ASK_BYTES_MAX: usize = 8 * 1024;

async fn small(body: Body) -> Result<Vec<u8>, Problem> {
    let body = to_bytes(body, ASK_BYTES_MAX).await;
    let body = body.map_err(|_| Problem::too_large(format!("at most {ASK_BYTES_MAX} bytes are taken")))?;
    Ok(body.into())
}

/// The document, read after the key is known, and never beyond its limit.
async fn document(body: Body) -> Result<String, Problem> {
    let bytes = to_bytes(body, RULESET_BYTES_MAX).await;
    let bytes = bytes.map_err(|_| {
        Problem::too_large(format!(
            "a document of experiments may have {RULESET_BYTES_MAX} bytes: shorten it"
        ))
    })?;
    String::from_utf8(bytes.into()).map_err(|_| Problem::bad_request("the document is not UTF-8"))
}

pub(crate) async fn live<T: RulesetStore, O>(State(admin): Shared<T, O>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        admin.source_for(user(&parts).as_deref(), REFUSAL).await?;
        admin.live_experiments(&request_id).await
    };
    answer(result.await, &request_id)
}

pub(crate) async fn history<T: RulesetStore, O>(State(admin): Shared<T, O>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        admin.source_for(user(&parts).as_deref(), REFUSAL).await?;
        admin.experiments_history(HistoryAsk::parse(&parts.uri)?, &request_id).await
    };
    answer(result.await, &request_id)
}

pub(crate) async fn version<T: RulesetStore, O>(
    State(admin): Shared<T, O>,
    PathText(version): PathText,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        admin.source_for(user(&parts).as_deref(), REFUSAL).await?;
        admin.kept_version(DocumentKind::Experiments, &version).await
    };
    yaml(result.await, &request_id)
}

pub(crate) async fn check<T: RulesetStore, O>(State(admin): Shared<T, O>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        admin.source_for(user(&parts).as_deref(), REFUSAL).await?;
        admin.check_experiments(&document(body).await?, &request_id).await
    };
    answer(result.await, &request_id)
}

pub(crate) async fn publish<T: RulesetStore, O>(State(admin): Shared<T, O>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        let source = admin.source_for(user(&parts).as_deref(), REFUSAL).await?;
        let ask = PublishAsk::parse(&parts.uri)?;
        let text = document(body).await?;
        admin.publish_experiments(&text, ask, Caller { source: &source, request_id: &request_id }).await
    };
    answer_noted(result.await, &request_id)
}

pub(crate) async fn roll_back<T: RulesetStore, O>(State(admin): Shared<T, O>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        let source = admin.source_for(user(&parts).as_deref(), REFUSAL).await?;
        let ask = RollbackAsk::parse(&small(body).await?)?;
        admin.roll_experiments_back(ask, Caller { source: &source, request_id: &request_id }).await
    };
    answer_noted(result.await, &request_id)
}

/// Whoever may switch, and the body.
async fn switching<T, O>(admin: &Admin<T, O>, request: Request) -> Result<(SourceId, Vec<u8>), AdminError> {
    let (parts, body) = request.into_parts();
    let source = admin.source_for(user(&parts).as_deref(), REFUSAL).await?;
    Ok((source, small(body).await?))
}

async fn switch<T: RulesetStore, O>(
    admin: &Admin<T, O>,
    experiment: Option<String>,
    request: Request,
    parse: impl FnOnce(&[u8]) -> Result<Switched, Problem>,
) -> Response {
    let request_id = fresh_id();
    let result: Result<Noted<ExperimentsChangedAnswer>, AdminError> = async {
        let (source, body) = switching(admin, request).await?;
        let ask = Switched { experiment, ..parse(&body)? };
        admin.switch_experiment(ask, Caller { source: &source, request_id: &request_id }).await
    }
    .await;
    answer_noted(result, &request_id)
}

pub(crate) async fn stop<T: RulesetStore, O>(
    State(admin): Shared<T, O>,
    PathText(id): PathText,
    request: Request,
) -> Response {
    let parse = |body: &[u8]| {
        let StopAsk { winner, note, by, expect } = StopAsk::parse(body)?;
        Ok(Switched { experiment: None, switch: Switch::Stop { winner }, note, by, expect })
    };
    switch(&admin, Some(id), request, parse).await
}

fn killed(body: &[u8]) -> Result<Switched, Problem> {
    let KillAsk { note, by, expect } = KillAsk::parse(body)?;
    Ok(Switched { experiment: None, switch: Switch::Kill, note, by, expect })
}

pub(crate) async fn kill<T: RulesetStore, O>(
    State(admin): Shared<T, O>,
    PathText(id): PathText,
    request: Request,
) -> Response {
    switch(&admin, Some(id), request, killed).await
}

pub(crate) async fn kill_all<T: RulesetStore, O>(State(admin): Shared<T, O>, request: Request) -> Response {
    switch(&admin, None, request, killed).await
}

pub(crate) async fn ramp<T: RulesetStore, O>(
    State(admin): Shared<T, O>,
    PathText(id): PathText,
    request: Request,
) -> Response {
    let parse = |body: &[u8]| {
        let RampAsk { percent, note, by, expect } = RampAsk::parse(body)?;
        Ok(Switched { experiment: None, switch: Switch::Ramp { percent }, note, by, expect })
    };
    switch(&admin, Some(id), request, parse).await
}
