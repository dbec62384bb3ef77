//! HTTP in, HTTP out: paths, bodies and headers. What a request means is decided in `process`.

use crate::audit;
use crate::change::Noted;
use crate::error::AdminError;
use crate::mail;
use crate::process::{Admin, Caller};
use crate::rights::{self, RightsTables};
use crate::{catalog, codes, engagement, experiments, keys};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use beckon_runtime::fresh_id;
use beckon_store::models::ModelObjects;
use beckon_store::tables::{
    AuditLog, CatalogStore, CodeLog, CodeStore, EngagementStore, ExperimentStore, ImportLog, KeyStore,
    LedgerScan, LimitsStore, MailContentStore, ModelStore, ProductStore, ReputationStore, RulesetDocument,
    RulesetStore, SwitchStore,
};
use beckon_wire::admin::{HistoryAsk, PublishAsk, RollbackAsk};
use beckon_wire::auth::basic_user;
use beckon_wire::limits::RULESET_BYTES_MAX;
use beckon_wire::path::PathText;
use beckon_wire::problem::Problem;
use serde::Serialize;
use std::sync::Arc;

/// Bytes of a rollback's body.
const ROLLBACK_BYTES_MAX: usize = 8 * 1024;

/// Admin, as axum hands it over.
pub(crate) type Shared<T, O> = State<Arc<Admin<T, O>>>;

/// The tables that admin needs.
pub trait AdminTables:
    RulesetStore
    + ExperimentStore
    + EngagementStore
    + ProductStore
    + CatalogStore
    + ImportLog
    + ModelStore
    + KeyStore
    + AuditLog
    + MailTables
    + RightsTables
{
}

impl<
    T: RulesetStore
        + ExperimentStore
        + EngagementStore
        + ProductStore
        + CatalogStore
        + ImportLog
        + ModelStore
        + KeyStore
        + AuditLog
        + MailTables
        + RightsTables,
> AdminTables for T
{
}

/// The tables that admin needs for mail and its codes.
pub trait MailTables:
    MailContentStore + SwitchStore + ReputationStore + LimitsStore + LedgerScan + CodeStore + CodeLog + 'static
{
}

impl<
    T: MailContentStore
        + SwitchStore
        + ReputationStore
        + LimitsStore
        + LedgerScan
        + CodeStore
        + CodeLog
        + 'static,
> MailTables for T
{
}

/// The routes of admin. Pages have no business here, so there is no CORS.
pub fn router<T: AdminTables, O: ModelObjects + 'static>(admin: Arc<Admin<T, O>>) -> Router {
    let nothing_else = || async { Problem::method_not_allowed() };
    Router::new()
        .route(
            "/admin/v1/rulesets",
            get(history::<T, O>).post(publish::<T, O>).put(publish::<T, O>).fallback(nothing_else),
        )
        .route("/admin/v1/rulesets/active", get(active::<T, O>).fallback(nothing_else))
        .route("/admin/v1/rulesets/check", post(check::<T, O>).fallback(nothing_else))
        .route("/admin/v1/rulesets/rollback", post(roll_back::<T, O>).fallback(nothing_else))
        .route("/admin/v1/rulesets/{version}", get(version::<T, O>).fallback(nothing_else))
        .route(
            "/admin/v1/experiments",
            get(experiments::live::<T, O>).put(experiments::publish::<T, O>).fallback(nothing_else),
        )
        .route("/admin/v1/experiments/check", post(experiments::check::<T, O>).fallback(nothing_else))
        .route("/admin/v1/experiments/kill", post(experiments::kill_all::<T, O>).fallback(nothing_else))
        .route("/admin/v1/experiments/rollback", post(experiments::roll_back::<T, O>).fallback(nothing_else))
        .route("/admin/v1/experiments/versions", get(experiments::history::<T, O>).fallback(nothing_else))
        .route(
            "/admin/v1/experiments/versions/{version}",
            get(experiments::version::<T, O>).fallback(nothing_else),
        )
        .route("/admin/v1/experiments/{id}/kill", post(experiments::kill::<T, O>).fallback(nothing_else))
        .route("/admin/v1/experiments/{id}/ramp", post(experiments::ramp::<T, O>).fallback(nothing_else))
        .route("/admin/v1/experiments/{id}/stop", post(experiments::stop::<T, O>).fallback(nothing_else))
        .route("/admin/v1/reports/engagement", get(engagement::report::<T, O>).fallback(nothing_else))
        .route("/admin/v1/reports/experiments/{id}", get(experiments::report::<T, O>).fallback(nothing_else))
        .route(
            "/admin/v1/mail/content",
            get(mail::live::<T, O>).put(mail::publish::<T, O>).fallback(nothing_else),
        )
        .route("/admin/v1/mail/content/check", post(mail::check::<T, O>).fallback(nothing_else))
        .route("/admin/v1/catalog", get(catalog::status::<T, O>).fallback(nothing_else))
        .route("/admin/v1/catalog/publish", post(catalog::publish::<T, O>).fallback(nothing_else))
        .route("/admin/v1/catalog/deletions", post(catalog::delete_many::<T, O>).fallback(nothing_else))
        .route(
            "/admin/v1/catalog/products",
            get(catalog::page::<T, O>).post(catalog::import::<T, O>).fallback(nothing_else),
        )
        .route(
            "/admin/v1/catalog/products/{id}",
            get(catalog::product::<T, O>).delete(catalog::delete_one::<T, O>).fallback(nothing_else),
        )
        .route("/admin/v1/mail/pause", post(mail::pause::<T, O>).fallback(nothing_else))
        .route("/admin/v1/mail/report", get(mail::report::<T, O>).fallback(nothing_else))
        .route("/admin/v1/mail/resume", post(mail::resume::<T, O>).fallback(nothing_else))
        .route("/admin/v1/mail/status", get(mail::status::<T, O>).fallback(nothing_else))
        .route("/admin/v1/codes", get(codes::list::<T, O>).fallback(nothing_else))
        .route(
            "/admin/v1/codes/{pool}",
            get(codes::show::<T, O>)
                .post(codes::upload::<T, O>)
                .delete(codes::delete::<T, O>)
                .fallback(nothing_else),
        )
        .route("/admin/v1/codes/{pool}/generate", post(codes::generate::<T, O>).fallback(nothing_else))
        .route("/admin/v1/codes/{pool}/codes", get(codes::listed::<T, O>).fallback(nothing_else))
        .route("/admin/v1/codes/check/{code}", get(codes::check::<T, O>).fallback(nothing_else))
        .route("/admin/v1/keys", get(keys::list::<T, O>).post(keys::create::<T, O>).fallback(nothing_else))
        .route("/admin/v1/keys/{id}", delete(keys::revoke::<T, O>).fallback(nothing_else))
        .route("/admin/v1/privacy/export", post(rights::export::<T, O>).fallback(nothing_else))
        .route("/admin/v1/privacy/erase", post(rights::erase::<T, O>).fallback(nothing_else))
        .route("/admin/v1/privacy/release", post(rights::release::<T, O>).fallback(nothing_else))
        .route("/admin/v1/privacy/status", post(rights::status::<T, O>).fallback(nothing_else))
        .route("/admin/v1/audit", get(audit::page::<T, O>).fallback(nothing_else))
        .route_layer(from_fn_with_state(admin.clone(), audit::audited::<T, O>))
        .layer(map_response(beckon_runtime::http::sealed))
        .with_state(admin)
}

async fn publish<T: RulesetStore, O>(State(admin): Shared<T, O>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        let source = admin.source(user(&parts).as_deref()).await?;
        let ask = PublishAsk::parse(&parts.uri)?;
        let text = ruleset(body).await?;
        admin.publish(&text, ask, Caller { source: &source, request_id: &request_id }).await
    };
    answer_noted(result.await, &request_id)
}

async fn check<T: RulesetStore, O>(State(admin): Shared<T, O>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        admin.source(user(&parts).as_deref()).await?;
        let text = ruleset(body).await?;
        Ok(admin.check(&text, &request_id))
    };
    answer(result.await, &request_id)
}

async fn roll_back<T: RulesetStore, O>(State(admin): Shared<T, O>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        let source = admin.source(user(&parts).as_deref()).await?;
        let body = to_bytes(body, ROLLBACK_BYTES_MAX).await;
        let body =
            body.map_err(|_| Problem::too_large(format!("at most {ROLLBACK_BYTES_MAX} bytes are taken")))?;
        admin.roll_back(RollbackAsk::parse(&body)?, Caller { source: &source, request_id: &request_id }).await
    };
    answer_noted(result.await, &request_id)
}

async fn history<T: RulesetStore, O>(State(admin): Shared<T, O>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        admin.source(user(&parts).as_deref()).await?;
        admin.history(HistoryAsk::parse(&parts.uri)?, &request_id).await
    };
    answer(result.await, &request_id)
}

async fn active<T: RulesetStore, O>(State(admin): Shared<T, O>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        admin.source(user(&parts).as_deref()).await?;
        admin.active(&request_id).await
    };
    answer(result.await, &request_id)
}

async fn version<T: RulesetStore, O>(
    State(admin): Shared<T, O>,
    PathText(version): PathText,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        admin.source(user(&parts).as_deref()).await?;
        admin.version(&version).await
    };
    yaml(result.await, &request_id)
}

/// A version, as it was published.
pub(crate) fn yaml(result: Result<RulesetDocument, AdminError>, request_id: &str) -> Response {
    match result {
        Ok(document) => {
            let yaml = HeaderValue::from_static("application/yaml; charset=utf-8");
            let mut response = (([(header::CONTENT_TYPE, yaml)]), document.body).into_response();
            seal(&mut response);
            response
        }
        Err(error) => refuse(error, request_id),
    }
}

pub(crate) fn user(parts: &Parts) -> Option<String> {
    parts.headers.get(header::AUTHORIZATION).and_then(|h| h.to_str().ok()).and_then(basic_user)
}

/// The body, as a ruleset's text. It is read after the key is known, and never beyond its limit.
async fn ruleset(body: Body) -> Result<String, Problem> {
    let bytes = to_bytes(body, RULESET_BYTES_MAX).await.map_err(|_| {
        Problem::too_large(format!("a ruleset may have {RULESET_BYTES_MAX} bytes: split it or shorten it"))
    })?;
    String::from_utf8(bytes.into()).map_err(|_| Problem::bad_request("the ruleset is not UTF-8"))
}

pub(crate) fn answer<A: Serialize>(result: Result<A, AdminError>, request_id: &str) -> Response {
    match result {
        Ok(answer) => {
            let mut response = axum::Json(answer).into_response();
            seal(&mut response);
            response
        }
        Err(error) => refuse(error, request_id),
    }
}

/// The same of what changed something: the audit chain is told what.
pub(crate) fn answer_noted<A: Serialize>(result: Result<Noted<A>, AdminError>, request_id: &str) -> Response {
    match result {
        Ok(Noted { answer: told, change }) => {
            let mut response = answer(Ok(told), request_id);
            response.extensions_mut().insert(change);
            response
        }
        Err(error) => refuse(error, request_id),
    }
}

fn refuse(error: AdminError, request_id: &str) -> Response {
    if matches!(error, AdminError::Store(_) | AdminError::Unfinished(_)) {
        tracing::error!(
            request.id = request_id,
            error = ?error,
            error.transient = error.is_transient(),
            "admin request failed"
        );
    }
    error.into_problem().for_request(request_id).into_response()
}

/// Neither caches nor browsers make anything of an answer.
fn seal(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}
