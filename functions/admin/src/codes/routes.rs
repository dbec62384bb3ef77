//! HTTP in, HTTP out, for codes.

use crate::error::AdminError;
use crate::handler::{Shared, answer, answer_noted, user};
use crate::process::{Admin, Caller};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::Response;
use beckon_domain::SourceId;
use beckon_runtime::fresh_id;
use beckon_store::tables::codes::{CodeLog, CodeStore};
use beckon_wire::catalog::feed::CHUNK_BYTES_MAX;
use beckon_wire::codes::{CodeFormat, GenerateAsk, UploadAsk, deletion, page_after, pool_name};
use beckon_wire::path::PathText;
use beckon_wire::problem::Problem;

/// What a request is told of that a key of pages sends.
const SECRET_ONLY: &str = "a publishable key changes and shows no codes: send a secret key (sk_)";

/// The source of who asks, found before anything is read of a body.
async fn source<T, O>(admin: &Admin<T, O>, parts: &Parts) -> Result<SourceId, AdminError> {
    admin.source_for(user(parts).as_deref(), SECRET_ONLY).await
}

async fn bytes(body: Body) -> Result<Bytes, Problem> {
    to_bytes(body, CHUNK_BYTES_MAX).await.map_err(|_| {
        Problem::too_large(format!(
            "at most {CHUNK_BYTES_MAX} bytes are taken: send the codes in several parts"
        ))
    })
}

fn format(parts: &Parts) -> Result<CodeFormat, Problem> {
    let content_type = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.and_then(CodeFormat::of_content_type).ok_or_else(|| {
        Problem::unsupported("send CSV as `Content-Type: text/csv`, or JSON as `application/json`")
    })
}

pub(crate) async fn upload<T: CodeStore + CodeLog, O>(
    State(admin): Shared<T, O>,
    PathText(pool): PathText,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        let source = source(&admin, &parts).await?;
        let caller = Caller { source: &source, request_id: &request_id };
        let (pool, format, ask) = (pool_name(&pool)?, format(&parts)?, UploadAsk::parse(&parts.uri)?);
        admin.upload_codes(&pool, (format, &bytes(body).await?), ask, caller).await
    };
    answer_noted(result.await, &request_id)
}

pub(crate) async fn generate<T: CodeStore + CodeLog, O>(
    State(admin): Shared<T, O>,
    PathText(pool): PathText,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        let source = source(&admin, &parts).await?;
        let caller = Caller { source: &source, request_id: &request_id };
        let pool = pool_name(&pool)?;
        admin.generate_codes(&pool, GenerateAsk::parse(&bytes(body).await?)?, caller).await
    };
    answer_noted(result.await, &request_id)
}

pub(crate) async fn delete<T: CodeStore + CodeLog, O>(
    State(admin): Shared<T, O>,
    PathText(pool): PathText,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        let source = source(&admin, &parts).await?;
        let caller = Caller { source: &source, request_id: &request_id };
        admin.delete_codes(&pool_name(&pool)?, &deletion(&parts.uri)?, caller).await
    };
    answer_noted(result.await, &request_id)
}

pub(crate) async fn list<T: CodeStore + CodeLog, O>(
    State(admin): Shared<T, O>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        source(&admin, &parts).await?;
        admin.code_pools(&request_id).await
    };
    answer(result.await, &request_id)
}

pub(crate) async fn show<T: CodeStore + CodeLog, O>(
    State(admin): Shared<T, O>,
    PathText(pool): PathText,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        source(&admin, &parts).await?;
        admin.code_pool(&pool_name(&pool)?, &request_id).await
    };
    answer(result.await, &request_id)
}

pub(crate) async fn listed<T: CodeStore + CodeLog, O>(
    State(admin): Shared<T, O>,
    PathText(pool): PathText,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        source(&admin, &parts).await?;
        admin.listed_codes(&pool_name(&pool)?, page_after(&parts.uri)?.as_deref(), &request_id).await
    };
    answer(result.await, &request_id)
}

pub(crate) async fn check<T: CodeStore + CodeLog, O>(
    State(admin): Shared<T, O>,
    PathText(code): PathText,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        source(&admin, &parts).await?;
        admin.check_code(&code, &request_id).await
    };
    answer(result.await, &request_id)
}
