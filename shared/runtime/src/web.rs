//! Requests over HTTPS: the AWS clients' and those to an address of the stack's own, all by one client.

use crate::aws::CONNECT;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use http_body_util::{BodyExt, Limited};
use serde_json::Value;
use std::error::Error;
use std::time::Duration;

/// How long a request may take, answer included.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of an answer at most.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// Nothing came in time.
    #[error("no answer within {} seconds", PATIENCE.as_secs())]
    Late,
    /// The request cannot be made, did not arrive, or its answer did not.
    #[error("the request failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

impl WebError {
    /// Whether the same request may succeed later: always, for an address that is none cannot be told from one that is away.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        true
    }
}

/// A client. Clones share its connections. Making one reads the root certificates of the machine: once is enough.
#[derive(Clone, Debug)]
pub struct WebClient(SharedHttpConnector);

impl Default for WebClient {
    fn default() -> Self {
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT).build();
        let connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .connector_settings(settings)
            .proxy_config(ProxyConfig::from_env())
            .build();
        Self(SharedHttpConnector::new(connector))
    }
}

/// As the HTTPS client of AWS clients. The SDK's own makes a connector for each of its clients when that is made, throws it
/// away, and makes another with the first call, each with all root certificates.
impl HttpClient for WebClient {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        self.0.clone()
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        Some(ConnectorMetadata::new("hyper", Some("1.x".into())))
    }
}

impl WebClient {
    /// Posts JSON. Returns the status and the answer; of one that is no JSON, nothing but the status.
    ///
    /// # Errors
    /// When there is no answer in time.
    pub async fn post(&self, url: &str, body: &Value) -> Result<(u16, Value), WebError> {
        tokio::time::timeout(PATIENCE, self.exchange(url, body)).await.unwrap_or(Err(WebError::Late))
    }

    async fn exchange(&self, url: &str, body: &Value) -> Result<(u16, Value), WebError> {
        let bytes = body.to_string().into_bytes();
        let length = bytes.len();
        let mut request = HttpRequest::new(bytes.into());
        request.set_method("POST").map_err(failed)?;
        request.set_uri(url).map_err(failed)?;
        request.headers_mut().insert("content-type", "application/json");
        request.headers_mut().insert("content-length", length.to_string());
        let response = self.0.call(request).await.map_err(failed)?;
        let status = response.status().as_u16();
        let answer = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let answer = answer.map_err(WebError::Failed)?.to_bytes();
        Ok((status, serde_json::from_slice(&answer).unwrap_or_default()))
    }
}

fn failed(error: impl Error + Send + Sync + 'static) -> WebError {
    WebError::Failed(error.into())
}
