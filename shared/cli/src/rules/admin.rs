//! The admin API as a caller sees it.

use crate::error::CliError;
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use std::time::Duration;

/// Longest time that an answer may take: the gateway gives up before.
const PATIENCE: Duration = Duration::from_secs(35);

/// Tries of a request that the store did not take whole.
const TRIES: u32 = 5;

/// An admin API, and the key to it.
pub(crate) struct Admin {
    client: Client,
    endpoint: String,
    key: String,
}

/// What the API answered: what was asked for, or a problem (RFC 9457).
pub(crate) enum Answer {
    /// 2xx.
    Done(Value),
    /// Anything else.
    Problem(Value),
}

impl Admin {
    /// The admin API at an address.
    pub(crate) fn new(endpoint: &str, key: String) -> Result<Self, CliError> {
        let client = Client::builder().timeout(PATIENCE).build();
        let client = client.map_err(|e| CliError::caused("the HTTP client did not start", &e))?;
        Ok(Self { client, endpoint: endpoint.trim_end_matches('/').to_owned(), key })
    }

    /// Asks for something.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Answer, CliError> {
        self.send(self.client.get(self.url(path, query))).await
    }

    /// Has something done.
    pub(crate) async fn post(
        &self,
        path: &str,
        query: &[(&str, String)],
        body: String,
    ) -> Result<Answer, CliError> {
        self.send(self.client.post(self.url(path, query)).body(body)).await
    }

    /// Has something put in the place of what is there.
    pub(crate) async fn put(
        &self,
        path: &str,
        query: &[(&str, String)],
        body: String,
    ) -> Result<Answer, CliError> {
        self.send(self.client.put(self.url(path, query)).body(body)).await
    }

    /// Has something done with a body of this type.
    pub(crate) async fn post_as(
        &self,
        path: &str,
        query: &[(&str, String)],
        content_type: &'static str,
        body: Vec<u8>,
    ) -> Result<Answer, CliError> {
        let request = self.client.post(self.url(path, query)).header("content-type", content_type);
        self.send(request.body(body)).await
    }

    /// Posts, again and again when the store did not take all of it: for requests of which nothing counts twice.
    pub(crate) async fn post_whole(
        &self,
        path: &str,
        query: &[(&str, String)],
        content_type: &'static str,
        body: Vec<u8>,
    ) -> Result<Value, CliError> {
        for attempt in 1.. {
            let answer = self.post_as(path, query, content_type, body.clone()).await;
            let may_pass = match &answer {
                Ok(Answer::Problem(problem)) => [429, 503].iter().any(|status| problem["status"] == *status),
                Ok(Answer::Done(_)) => false,
                Err(_) => attempt > 1,
            };
            if may_pass && attempt < TRIES {
                tokio::time::sleep(Duration::from_secs(1 << (attempt - 1))).await;
                continue;
            }
            return answer?.done(None);
        }
        Err(CliError::failed("the store did not take a part of it: run the same command again"))
    }

    /// Has something deleted.
    pub(crate) async fn delete(&self, path: &str, query: &[(&str, String)]) -> Result<Answer, CliError> {
        self.send(self.client.delete(self.url(path, query))).await
    }

    /// Asks the decisions API of the same place.
    pub(crate) async fn decide(&self, body: String) -> Result<Answer, CliError> {
        self.send(self.client.post(format!("{}/v1/decisions", self.endpoint)).body(body)).await
    }

    /// Has the decisions API of the same place make a token of a preview.
    pub(crate) async fn preview(&self, body: String) -> Result<Answer, CliError> {
        self.send(self.client.post(format!("{}/v1/previews", self.endpoint)).body(body)).await
    }

    fn url(&self, path: &str, query: &[(&str, String)]) -> String {
        let pairs = query.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
        let query = pairs.collect::<Vec<_>>().join("&");
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}/admin/v1{path}{mark}{query}", self.endpoint)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer, CliError> {
        let response = request.basic_auth(&self.key, None::<&str>).send().await.map_err(|error| {
            if error.is_connect() || error.is_builder() {
                let mend = "start `beckon serve`, or name another place with --endpoint or --stack-name";
                return CliError::usage(format!("nothing answers at {}: {mend}", self.endpoint));
            }
            CliError::caused(&format!("no answer came from {}", self.endpoint), &error)
        })?;
        let (status, body) = (response.status(), response.json().await.unwrap_or(Value::Null));
        if status.is_success() { Ok(Answer::Done(body)) } else { Ok(Answer::Problem(body)) }
    }
}

impl Answer {
    /// What was asked for. A problem becomes what a person is told, with each of its places in `file`.
    pub(crate) fn done(self, file: Option<&str>) -> Result<Value, CliError> {
        match self {
            Self::Done(value) => Ok(value),
            Self::Problem(problem) => Err(told(&problem, file)),
        }
    }
}

/// A problem in the words of the command. What the caller can mend has exit code 2.
fn told(problem: &Value, file: Option<&str>) -> CliError {
    let (status, detail) = (problem["status"].as_u64().unwrap_or_default(), problem["detail"].as_str());
    let detail = detail.filter(|d| !d.is_empty()).unwrap_or("the API did not say what is wrong");
    let mut lines = vec![detail.to_owned()];
    for error in problem["errors"].as_array().into_iter().flatten() {
        let place = match (file, error["line"].as_u64(), error["column"].as_u64()) {
            (Some(file), Some(line), Some(column)) => format!("{file}:{line}:{column}: "),
            _ => String::new(),
        };
        lines.push(format!("{place}{}", error["detail"].as_str().unwrap_or_default()));
    }
    let message = lines.join("\nbeckon: ");
    if (400..500).contains(&status) { CliError::usage(message) } else { CliError::failed(message) }
}

/// A value as a query may hold it: everything but letters, digits and `-._~` as `%XX`.
pub(crate) fn encoded(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(byte));
            }
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_wrong_with_a_file_is_told_by_its_place() {
        let problem = json!({ "status": 422, "detail": "the ruleset is not valid", "errors": [
            { "pointer": "", "code": "ruleset.invalid", "detail": "write x", "line": 3, "column": 5 }] });
        let message = told(&problem, Some("shop.yaml")).to_string();
        assert_eq!(message, "the ruleset is not valid\nbeckon: shop.yaml:3:5: write x");
        assert!(!told(&Value::Null, None).to_string().is_empty());
    }

    #[test]
    fn a_note_survives_its_way_through_a_query() {
        let admin = Admin::new("http://127.0.0.1:1/", String::new()).unwrap();
        let url = admin.url("/rulesets", &[("note", "a & b=ü".to_owned()), ("dry_run", "true".to_owned())]);
        assert_eq!(url, "http://127.0.0.1:1/admin/v1/rulesets?note=a%20%26%20b%3D%C3%BC&dry_run=true");
    }
}
