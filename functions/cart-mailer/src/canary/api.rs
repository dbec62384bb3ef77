//! The stack's API as the canary reaches it.

use beckon_runtime::{WebClient, WebError};
use serde_json::Value;
use std::future::Future;
use std::time::Duration;

/// How long to wait between two questions: what is measured is as exact as that.
const PAUSE: Duration = Duration::from_millis(250);

/// The collector and decisions, by the way that pages take.
pub trait Api: Send + Sync {
    /// Posts JSON to a path. Returns status and answer.
    fn post(&self, path: &str, body: &Value) -> impl Future<Output = Result<(u16, Value), WebError>> + Send;

    /// Waits until it is worth asking again.
    fn wait(&self) -> impl Future<Output = ()> + Send;
}

/// The API at an address.
#[derive(Clone, Debug)]
pub struct HttpsApi {
    base_url: String,
    client: WebClient,
}

impl HttpsApi {
    /// The API under this address, without a slash at its end, asked by this client.
    #[must_use]
    pub fn new(base_url: String, client: WebClient) -> Self {
        Self { base_url, client }
    }
}

impl Api for HttpsApi {
    async fn post(&self, path: &str, body: &Value) -> Result<(u16, Value), WebError> {
        self.client.post(&format!("{}{path}", self.base_url), body).await
    }

    async fn wait(&self) {
        tokio::time::sleep(PAUSE).await;
    }
}
