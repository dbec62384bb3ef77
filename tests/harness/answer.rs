//! An HTTP answer, and how it is held against what a file expects.

use axum::body::{Bytes, to_bytes};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::Value;

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Answer {
    /// Reads a response.
    pub async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("an answer of this process can be read");
        Self { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header; empty when it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Where a value does not have what is expected of it; `None` when it fits. An object may have more fields than expected,
/// an array must have the same length, and an expected null stands for a field that is not there.
#[must_use]
pub fn misfit(expected: &Value, got: &Value) -> Option<String> {
    fit(expected, got, "")
}

fn fit(expected: &Value, got: &Value, at: &str) -> Option<String> {
    match (expected, got) {
        (Value::Object(fields), Value::Object(_)) => {
            fields.iter().find_map(|(name, value)| fit(value, &got[name], &format!("{at}/{name}")))
        }
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => {
            let pairs = items.iter().zip(others).enumerate();
            pairs.into_iter().find_map(|(index, (a, b))| fit(a, b, &format!("{at}/{index}")))
        }
        _ if expected == got => None,
        // YAML writes 1 where JSON answers 1.0.
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => None,
        _ => Some(format!("at `{at}`: expected {expected}, got {got}")),
    }
}
