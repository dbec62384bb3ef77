//! HTTP in, HTTP out, for the rights of a person. What is written down of an answer names nobody.

use super::RightsTables;
use crate::audit::Recorded;
use crate::error::AdminError;
use crate::handler::{Shared, answer, answer_noted, user};
use crate::process::{Admin, Caller};
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use beckon_domain::SourceId;
use beckon_runtime::fresh_id;
use beckon_wire::problem::Problem;
use beckon_wire::rights::PersonAsk;
use serde_json::{Map, json};

/// What somebody with a publishable key is told.
const REFUSAL: &str = "a publishable key shows and erases nobody: send a secret key (sk_)";
/// Bytes of a body.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// Who asks, and about whom.
async fn asked<T, O>(
    admin: &Admin<T, O>,
    request: Request,
    parse: fn(&[u8]) -> Result<PersonAsk, Problem>,
) -> Result<(SourceId, PersonAsk), AdminError> {
    let (parts, body) = request.into_parts();
    let source = admin.source_for(user(&parts).as_deref(), REFUSAL).await?;
    let body = to_bytes(body, BODY_BYTES_MAX).await;
    let body = body.map_err(|_| Problem::too_large(format!("at most {BODY_BYTES_MAX} bytes are taken")))?;
    Ok((source, parse(&body)?))
}

pub(crate) async fn export<T: RightsTables, O>(State(admin): Shared<T, O>, request: Request) -> Response {
    let request_id = fresh_id();
    let result = async {
        let (_, ask) = asked(&admin, request, PersonAsk::parse).await?;
        admin.export(&ask, &request_id).await
    };
    let result = result.await;
    let mut said = Map::new();
    if let Ok(document) = &result {
        said.insert("person".to_owned(), document["person"].clone());
        let profiles = document["profiles"].as_array().map_or(0, Vec::len);
        said.insert("profiles".to_owned(), json!(profiles));
    }
    let mut response = answer(result, &request_id);
    response.extensions_mut().insert(Recorded(said));
    response
}

pub(crate) async fn erase<T: RightsTables, O>(State(admin): Shared<T, O>, request: Request) -> Response {
    let request_id = fresh_id();
    let result = async {
        let (source, ask) = asked(&admin, request, PersonAsk::parse).await?;
        admin.erase(&ask, Caller { source: &source, request_id: &request_id }).await
    };
    answer_noted(result.await, &request_id)
}

pub(crate) async fn release<T: RightsTables, O>(State(admin): Shared<T, O>, request: Request) -> Response {
    let request_id = fresh_id();
    let result = async {
        let (source, ask) = asked(&admin, request, PersonAsk::parse).await?;
        admin.release(&ask, Caller { source: &source, request_id: &request_id }).await
    };
    answer_noted(result.await, &request_id)
}

pub(crate) async fn status<T: RightsTables, O>(State(admin): Shared<T, O>, request: Request) -> Response {
    let request_id = fresh_id();
    let result = async {
        let (_, ask) = asked(&admin, request, PersonAsk::parse_any).await?;
        admin.erasures(&ask, &request_id).await
    };
    answer(result.await, &request_id)
}
