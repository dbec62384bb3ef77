//! The other end of the wire: an HTTP server on loopback that plays a script and keeps every request.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, Response, Uri};
use serde_json::Value;
use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    pub path: String,
    headers: HeaderMap,
    pub body: Value,
}

impl Request {
    /// A header, empty when it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The operation of AWS's JSON protocols: `PutItem` of `DynamoDB_20120810.PutItem`.
    pub fn operation(&self) -> &str {
        self.header("x-amz-target").rsplit('.').next().unwrap()
    }
}

/// What the server does with a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Answers.
    Answer { status: u16, error_type: Option<String>, body: String },
    /// Reads the request and closes the connection without an answer.
    HangUp,
    /// Reads the request and never answers.
    Silence,
}

impl Reply {
    /// 200 with a document.
    pub fn ok(body: &Value) -> Self {
        Self::Answer { status: 200, error_type: None, body: body.to_string() }
    }

    /// A status and a body that is no document of the service: what a balancer answers.
    pub fn foreign(status: u16) -> Self {
        Self::Answer { status, error_type: None, body: "<html>no</html>".to_owned() }
    }

    /// An error by AWS's JSON protocols, which name it in the body.
    pub fn json_error(status: u16, code: &str) -> Self {
        let body = serde_json::json!({ "__type": format!("com.amazonaws.test#{code}"), "message": "played" });
        Self::Answer { status, error_type: None, body: body.to_string() }
    }

    /// An error by AWS's REST protocol, which names it in a header.
    pub fn rest_error(status: u16, code: &str) -> Self {
        Self::rest_error_saying(status, code, "played")
    }

    /// The same, with these words.
    pub fn rest_error_saying(status: u16, code: &str, message: &str) -> Self {
        let body = serde_json::json!({ "message": message }).to_string();
        Self::Answer { status, error_type: Some(code.to_owned()), body }
    }
}

type Script = dyn FnMut(&Request) -> Reply + Send;

#[derive(Clone)]
struct Stage {
    script: Arc<Mutex<Box<Script>>>,
    requests: Arc<Mutex<Vec<Request>>>,
}

/// A server that ends with the value.
pub struct Server {
    pub endpoint: String,
    requests: Arc<Mutex<Vec<Request>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// A server that asks `script` for each reply.
    pub async fn asking(script: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::default();
        let stage = Stage { script: Arc::new(Mutex::new(Box::new(script))), requests: Arc::clone(&requests) };
        // No limit: a full PutRecords is larger than axum's usual one.
        let router = Router::new().fallback(play).layer(DefaultBodyLimit::disable()).with_state(stage);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { endpoint, requests, task }
    }

    /// A server that plays these replies, one each. A request more than that is answered 501, and counted.
    pub async fn playing(replies: impl IntoIterator<Item = Reply>) -> Self {
        let mut replies: VecDeque<Reply> = replies.into_iter().collect();
        Self::asking(move |_| replies.pop_front().unwrap_or_else(|| Reply::foreign(501))).await
    }

    /// Every request so far, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The only request there was.
    pub fn only_request(&self) -> Request {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "exactly one request is expected");
        requests.remove(0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn play(
    State(stage): State<Stage>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let request = Request { method, path: uri.path().to_owned(), headers, body };
    stage.requests.lock().unwrap().push(request.clone());
    let reply = (stage.script.lock().unwrap())(&request);
    match reply {
        Reply::Answer { status, error_type, body } => {
            let mut response = Response::builder().status(status).header("content-type", "application/json");
            if let Some(error_type) = error_type {
                response = response.header("x-amzn-errortype", error_type);
            }
            response.body(Body::from(body)).unwrap()
        }
        // Unwinding ends the task that owns the connection, and so the connection; the panic hook is not called.
        Reply::HangUp => std::panic::resume_unwind(Box::new("the connection is closed on purpose")),
        Reply::Silence => pending().await,
    }
}

/// An address that refuses connections for as long as the value lives: bound, so that nobody else gets the port, and
/// never listened on.
pub struct Refusing {
    pub endpoint: String,
    _socket: TcpSocket,
}

impl Refusing {
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self { endpoint: format!("http://{}", socket.local_addr().unwrap()), _socket: socket }
    }
}
