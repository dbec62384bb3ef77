//! HTTP in, HTTP out, for keys.

use crate::handler::{Shared, answer, answer_noted, user};
use crate::process::Caller;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use beckon_runtime::fresh_id;
use beckon_store::tables::KeyStore;
use beckon_wire::keys::{CreateKeyAsk, RevokeKeyAsk};
use beckon_wire::path::PathText;
use beckon_wire::problem::Problem;

/// What somebody with a publishable key is told.
const REFUSAL: &str = "a publishable key makes and shows no keys: send a secret key (sk_)";
/// Bytes of a body.
const BODY_BYTES_MAX: usize = 16 * 1024;

pub(crate) async fn list<T: KeyStore, O>(State(admin): Shared<T, O>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        admin.source_for(user(&parts).as_deref(), REFUSAL).await?;
        admin.made_keys(&request_id).await
    };
    answer(result.await, &request_id)
}

pub(crate) async fn create<T: KeyStore, O>(State(admin): Shared<T, O>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        let source = admin.source_for(user(&parts).as_deref(), REFUSAL).await?;
        let body = to_bytes(body, BODY_BYTES_MAX).await;
        let body =
            body.map_err(|_| Problem::too_large(format!("at most {BODY_BYTES_MAX} bytes are taken")))?;
        let ask = CreateKeyAsk::parse(&body, admin.clock.now())?;
        admin.create_key(ask, Caller { source: &source, request_id: &request_id }).await
    };
    answer_noted(result.await, &request_id)
}

pub(crate) async fn revoke<T: KeyStore, O>(
    State(admin): Shared<T, O>,
    PathText(id): PathText,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        let source = admin.source_for(user(&parts).as_deref(), REFUSAL).await?;
        let ask = RevokeKeyAsk::parse(&parts.uri)?;
        admin.revoke_key(&id, ask, Caller { source: &source, request_id: &request_id }).await
    };
    answer_noted(result.await, &request_id)
}
