//! HTTP in, HTTP out, for products.

use crate::error::AdminError;
use crate::handler::{Shared, answer, answer_noted, user};
use crate::process::{Admin, Caller};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use beckon_domain::ProductId;
use beckon_domain::SourceId;
use beckon_runtime::fresh_id;
use beckon_store::models::ModelObjects;
use beckon_store::tables::{CatalogStore, ImportLog, ModelStore, ProductStore};
use beckon_wire::catalog::feed::{CHUNK_BYTES_MAX, FeedFormat};
use beckon_wire::catalog::{DeleteAsk, ImportAsk, PageAsk};
use beckon_wire::path::PathText;
use beckon_wire::problem::Problem;

/// What a request is told of that a key of pages sends.
const SECRET_ONLY: &str = "a publishable key changes and shows no products: send a secret key (sk_)";

/// The source of who asks, found before anything is read of a body.
async fn source<T, O>(admin: &Admin<T, O>, parts: &Parts) -> Result<SourceId, AdminError> {
    admin.source_for(user(parts).as_deref(), SECRET_ONLY).await
}

async fn bytes(body: Body) -> Result<Bytes, Problem> {
    to_bytes(body, CHUNK_BYTES_MAX).await.map_err(|_| {
        Problem::too_large(format!(
            "at most {CHUNK_BYTES_MAX} bytes are taken: send the feed in several parts"
        ))
    })
}

fn format(headers: &HeaderMap) -> Result<FeedFormat, Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.and_then(FeedFormat::of_content_type).ok_or_else(|| {
        Problem::unsupported("send JSON Lines as `Content-Type: application/x-ndjson`, or CSV as `text/csv`")
    })
}

pub(crate) async fn import<T, O>(State(admin): Shared<T, O>, request: Request) -> Response
where
    T: ProductStore + ImportLog,
{
    let (parts, body) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        let source = source(&admin, &parts).await?;
        let caller = Caller { source: &source, request_id: &request_id };
        let (format, ask) = (format(&parts.headers)?, ImportAsk::parse(&parts.uri, admin.clock.now())?);
        admin.import(format, &bytes(body).await?, ask, caller).await
    };
    answer_noted(result.await, &request_id)
}

pub(crate) async fn delete_many<T, O>(State(admin): Shared<T, O>, request: Request) -> Response
where
    T: ProductStore + ImportLog,
{
    let (parts, body) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        let source = source(&admin, &parts).await?;
        let caller = Caller { source: &source, request_id: &request_id };
        let ask = ImportAsk::parse(&parts.uri, admin.clock.now())?;
        admin.delete(DeleteAsk::parse(&bytes(body).await?)?, ask, caller).await
    };
    answer_noted(result.await, &request_id)
}

pub(crate) async fn delete_one<T, O>(
    State(admin): Shared<T, O>,
    PathText(id): PathText,
    request: Request,
) -> Response
where
    T: ProductStore + ImportLog,
{
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        let source = source(&admin, &parts).await?;
        let caller = Caller { source: &source, request_id: &request_id };
        let ask = ImportAsk::parse(&parts.uri, admin.clock.now())?;
        let id = ProductId::new(&id).map_err(|error| Problem::bad_request(format!("the id {error}")))?;
        admin.delete(DeleteAsk { ids: vec![id] }, ask, caller).await
    };
    answer_noted(result.await, &request_id)
}

pub(crate) async fn product<T, O>(
    State(admin): Shared<T, O>,
    PathText(id): PathText,
    request: Request,
) -> Response
where
    T: ProductStore + CatalogStore,
{
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        source(&admin, &parts).await?;
        admin.product(&id, &request_id).await
    };
    answer(result.await, &request_id)
}

pub(crate) async fn page<T, O>(State(admin): Shared<T, O>, request: Request) -> Response
where
    T: ProductStore + ImportLog,
{
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        source(&admin, &parts).await?;
        admin.page(PageAsk::parse(&parts.uri)?, &request_id).await
    };
    answer(result.await, &request_id)
}

pub(crate) async fn status<T, O>(State(admin): Shared<T, O>, request: Request) -> Response
where
    T: ProductStore + ImportLog + ModelStore,
    O: ModelObjects,
{
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        source(&admin, &parts).await?;
        admin.catalog(&request_id).await
    };
    answer(result.await, &request_id)
}

pub(crate) async fn publish<T, O>(State(admin): Shared<T, O>, request: Request) -> Response
where
    T: ProductStore + ImportLog + ModelStore,
    O: ModelObjects,
{
    let (parts, _) = request.into_parts();
    let request_id = fresh_id();
    let result = async {
        let source = source(&admin, &parts).await?;
        admin.publish_catalog(Caller { source: &source, request_id: &request_id }).await
    };
    answer_noted(result.await, &request_id)
}
