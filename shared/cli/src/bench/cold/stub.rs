//! What a function meets on Lambda, on this machine: the runtime API, and of AWS as little as a start and an invocation need.

use crate::error::CliError;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

const RUNTIME: &str = "/2018-06-01/runtime/";
/// No bucket holds anything.
const EMPTY_LIST: &str =
    "<ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>0</KeyCount></ListBucketResult>";

/// What the function under measurement did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Seen {
    /// It asked for its next invocation.
    Next(Instant),
    /// It answered one; whether with success.
    Answered(bool),
}

/// One function's stay.
struct Visit {
    seen: mpsc::UnboundedSender<Seen>,
    payload: Mutex<Option<oneshot::Receiver<&'static str>>>,
}

/// The stay as the one who measures it sees it.
pub(super) struct Watched {
    /// What it does.
    pub seen: mpsc::UnboundedReceiver<Seen>,
    /// Hands it its invocation.
    pub invoke: oneshot::Sender<&'static str>,
}

/// The server. It ends with the runtime that it runs on.
pub(super) struct Stub {
    address: SocketAddr,
    visit: Arc<Mutex<Arc<Visit>>>,
}

impl Stub {
    pub(super) async fn start() -> Result<Self, CliError> {
        let unable = |e: std::io::Error| CliError::caused("no port on 127.0.0.1", &e);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(unable)?;
        let address = listener.local_addr().map_err(unable)?;
        let visit = Arc::new(Mutex::new(Arc::new(visit().0)));
        let router = Router::new().fallback(answer).with_state(visit.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, visit })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins another stay: what an earlier function still asks belongs to its own.
    pub(super) fn begin(&self) -> Watched {
        let (visit, watched) = visit();
        *self.visit.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(visit);
        watched
    }
}

fn visit() -> (Visit, Watched) {
    let (told, seen) = mpsc::unbounded_channel();
    let (invoke, payload) = oneshot::channel();
    (Visit { seen: told, payload: Mutex::new(Some(payload)) }, Watched { seen, invoke })
}

async fn answer(
    State(visit): State<Arc<Mutex<Arc<Visit>>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let at = Instant::now();
    let visit = visit.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(asked) = uri.path().strip_prefix(RUNTIME) {
        return runtime(&visit, asked, at).await;
    }
    match headers.get("x-amz-target").and_then(|target| target.to_str().ok()) {
        Some(target) => aws_json(target, &body).to_string().into_response(),
        None if method == Method::GET && uri.query().is_some_and(|query| query.contains("list-type")) => {
            EMPTY_LIST.into_response()
        }
        None if method == Method::GET && !uri.path().starts_with("/v2/email") => {
            (StatusCode::NOT_FOUND, "<Error><Code>NoSuchKey</Code></Error>").into_response()
        }
        None => "{}".into_response(),
    }
}

/// The runtime API: the first `next` waits for the invocation, the second for ever.
async fn runtime(visit: &Visit, asked: &str, at: Instant) -> Response {
    // Nobody may be listening any more.
    let tell = |seen| _ = visit.seen.send(seen);
    if asked != "invocation/next" {
        tell(Seen::Answered(asked.ends_with("/response")));
        return StatusCode::ACCEPTED.into_response();
    }
    tell(Seen::Next(at));
    let payload = visit.payload.lock().unwrap_or_else(PoisonError::into_inner).take();
    let payload = match payload {
        Some(payload) => payload.await,
        None => std::future::pending().await,
    };
    let Ok(payload) = payload else { return StatusCode::GONE.into_response() };
    let function = "arn:aws:lambda:eu-west-1:000000000000:function:bench";
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", "4102444800000"),
        ("lambda-runtime-invoked-function-arn", function),
        ("content-type", "application/json"),
    ];
    (headers, payload).into_response()
}

/// Tables without rows, streams that take everything, and the secret of a laptop.
fn aws_json(target: &str, body: &[u8]) -> Value {
    let entries = |list: &str, entry: Value| {
        let asked: Value = serde_json::from_slice(body).unwrap_or_default();
        vec![entry; asked[list].as_array().map_or(0, Vec::len)]
    };
    match target.rsplit('.').next().unwrap_or_default() {
        "GetSecretValue" => json!({ "Name": "bench", "SecretString": SECRET }),
        "Query" | "Scan" => json!({ "Items": [], "Count": 0, "ScannedCount": 0 }),
        "BatchGetItem" => json!({ "Responses": {}, "UnprocessedKeys": {} }),
        "BatchWriteItem" => json!({ "UnprocessedItems": {} }),
        "PutRecords" => {
            let record = json!({ "SequenceNumber": "1", "ShardId": "shardId-000000000000" });
            json!({ "FailedRecordCount": 0, "Records": entries("Records", record) })
        }
        "PutEvents" => {
            json!({ "FailedEntryCount": 0, "Entries": entries("Entries", json!({ "EventId": "1" })) })
        }
        _ => json!({}),
    }
}

const SECRET: &str = r#"{"pepper_id":"local","pepper":"a pepper for laptops only",
"keys":[{"key":"pk_local","source":"browser"},{"key":"sk_local","source":"server"}]}"#;
