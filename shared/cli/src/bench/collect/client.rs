//! A connection that is kept open, and one request after the other.

use crate::error::CliError;
use axum::body::Bytes;
use axum::http::{Request, StatusCode, header};
use data_encoding::BASE64;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// The secret key of `serve`.
const KEY: &str = "sk_local:";

/// What was answered.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    pub body: Bytes,
}

/// One connection.
pub(super) struct Client {
    sender: SendRequest<Full<Bytes>>,
    authorization: String,
}

fn broken(error: &dyn std::error::Error) -> CliError {
    CliError::caused("`beckon serve` did not answer", error)
}

impl Client {
    pub(super) async fn connect(to: SocketAddr) -> Result<Self, CliError> {
        let stream = TcpStream::connect(to).await.map_err(|e| broken(&e))?;
        stream.set_nodelay(true).map_err(|e| broken(&e))?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|e| broken(&e))?;
        // It ends with its sender; what goes wrong, the sender is told.
        tokio::spawn(async { _ = connection.await });
        Ok(Self { sender, authorization: format!("Basic {}", BASE64.encode(KEY.as_bytes())) })
    }

    /// Posts JSON, and waits for the whole answer.
    pub(super) async fn post(&mut self, path: &str, body: String) -> Result<Answer, CliError> {
        let request = Request::post(path)
            .header(header::HOST, "127.0.0.1")
            .header(header::AUTHORIZATION, &self.authorization)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(body))
            .map_err(|e| CliError::caused("the request", &e))?;
        self.sender.ready().await.map_err(|e| broken(&e))?;
        let response = self.sender.send_request(request).await.map_err(|e| broken(&e))?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|e| broken(&e))?.to_bytes();
        Ok(Answer { status, body })
    }

    /// Sends a batch. Returns how many of its events were acknowledged, which must be all of them.
    pub(super) async fn batch(&mut self, body: String, size: usize) -> Result<usize, CliError> {
        let answer = self.post("/v1/batch", body).await?;
        let accepted = answer.json()?["accepted"].as_u64();
        if answer.status == StatusCode::OK && accepted == Some(size as u64) {
            return Ok(size);
        }
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        Err(CliError::failed(format!("a batch was answered {}: {said}", answer.status)))
    }
}

impl Answer {
    pub(super) fn json(&self) -> Result<Value, CliError> {
        serde_json::from_slice(&self.body).map_err(|e| CliError::caused("an answer that is no JSON", &e))
    }
}
