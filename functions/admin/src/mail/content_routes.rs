//! HTTP for the content of mails.

use super::content;
use crate::error::AdminError;
use crate::handler::{Shared, answer, answer_noted, user};
use crate::process::Caller;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use beckon_mail::DOCUMENT_BYTES_MAX;
use beckon_runtime::fresh_id;
use beckon_store::tables::MailContentStore;
use beckon_wire::admin::PublishAsk;
use beckon_wire::problem::Problem;

const REFUSAL: &str = "a publishable key changes and shows no mails: send a secret key (sk_)";

pub(crate) async fn publish<T: MailContentStore, O>(
    State(admin): Shared<T, O>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        let source = admin.source_for(user(&parts).as_deref(), REFUSAL).await?;
        let ask = PublishAsk::parse(&parts.uri)?;
        let document = document(body).await?;
        admin.publish_mail(&document, ask, Caller { source: &source, request_id: &request_id }).await
    };
    answer_noted(result.await, &request_id)
}

pub(crate) async fn check<T: MailContentStore, O>(State(admin): Shared<T, O>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        admin.source_for(user(&parts).as_deref(), REFUSAL).await?;
        content::check(&document(body).await?, &request_id)
    };
    answer(result.await, &request_id)
}

pub(crate) async fn live<T: MailContentStore, O>(State(admin): Shared<T, O>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        admin.source_for(user(&parts).as_deref(), REFUSAL).await?;
        admin.live_mail(&request_id).await
    };
    answer(result.await, &request_id)
}

/// The body, read after the key is known, and never beyond its limit.
async fn document(body: Body) -> Result<String, AdminError> {
    let bytes = to_bytes(body, DOCUMENT_BYTES_MAX).await.map_err(|_| {
        Problem::too_large(format!(
            "content may have {DOCUMENT_BYTES_MAX} bytes as one document: shorten the templates"
        ))
    })?;
    Ok(String::from_utf8(bytes.into()).map_err(|_| Problem::bad_request("the document is not UTF-8"))?)
}
