//! A deployed stack from outside: its API with both write keys, its mailer, its ledger, its inbox.

use super::mail::Inbox;
use crate::cloud::resources::{self, Deployed, WriteKeyText};
use crate::cloud::target::{Kind, Target};
use crate::error::CliError;
use crate::smoke::events::slot_request;
use aws_config::SdkConfig;
use beckon_domain::key::WriteKeyKind;
use beckon_domain::{DurationMs, Timestamp};
use beckon_runtime::{Clock, Secrets, fresh_id};
use beckon_store::tables::dynamodb::{DynamoTables, TableNames};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use std::time::Duration;

/// A call that takes longer has failed: longer than any cold start.
const CALL_MAX: Duration = Duration::from_secs(35);

/// How far this machine's clock may be ahead of S3's.
const CLOCKS_APART_MAX: DurationMs = DurationMs::from_minutes(2);

/// A stack, its address and its keys.
pub(super) struct World {
    pub(super) base_url: String,
    /// Told apart from every other run: stacks live on.
    pub(super) run: String,
    /// What back-dated events are counted from.
    pub(super) began: Timestamp,
    pub(super) publishable: WriteKeyText,
    pub(super) secret: WriteKeyText,
    pub(super) secrets: Secrets,
    pub(super) inbox: Inbox,
    pub(super) sdk: SdkConfig,
    pub(super) deployed: Deployed,
    pub(super) clock: Clock,
    client: Client,
    kind: Kind,
    pub(super) tables: DynamoTables,
}

impl World {
    pub(super) async fn new(target: &Target) -> Result<Self, CliError> {
        let sdk = target.sdk().await;
        let deployed = crate::cloud::deployed(target, &sdk).await?;
        let document = resources::secret(&deployed, &sdk).await?;
        let keys = resources::keys_of(&document)?;
        let secrets = Secrets::parse(&document)
            .map_err(|e| CliError::caused("the stack's secret cannot be used", &e))?;
        let client = Client::builder().timeout(CALL_MAX).build();
        let client = client.map_err(|e| CliError::caused("no HTTP client could be made", &e))?;
        let outreach = deployed.physical("OutreachTable")?.to_owned();
        let catalog = deployed.physical("CatalogTable")?.to_owned();
        let names = TableNames { outreach, catalog, ..TableNames::default() };
        let clock = Clock::system();
        Ok(Self {
            base_url: deployed.api_url(target)?,
            run: fresh_id(),
            began: clock.now(),
            publishable: of_kind(&keys, WriteKeyKind::Publishable)?,
            secret: of_kind(&keys, WriteKeyKind::Secret)?,
            secrets,
            inbox: Inbox::of(target, &client).await,
            tables: DynamoTables::from_config(&sdk, names),
            kind: target.kind,
            sdk,
            deployed,
            clock,
            client,
        })
    }

    /// S3. Emulators are reached by an address without a bucket's name in it.
    pub(super) fn s3(&self) -> aws_sdk_s3::Client {
        let is_emulated = self.sdk.endpoint_url().is_some();
        let config = aws_sdk_s3::config::Builder::from(&self.sdk).force_path_style(is_emulated).build();
        aws_sdk_s3::Client::from_conf(config)
    }

    /// Keys of the objects below a prefix that this run may have written.
    pub(super) async fn objects(&self, bucket: &str, prefix: &str) -> Result<Vec<String>, CliError> {
        let (client, mut keys, mut token) = (self.s3(), Vec::new(), None::<String>);
        loop {
            let request =
                client.list_objects_v2().bucket(bucket).prefix(prefix).set_continuation_token(token);
            let page = request.send().await;
            let page = page.map_err(|e| CliError::caused("a bucket could not be listed", &e))?;
            let since = (self.began - CLOCKS_APART_MAX).as_ms().div_euclid(1_000);
            let is_new = |object: &&aws_sdk_s3::types::Object| {
                object.last_modified().is_none_or(|at| at.secs() >= since)
            };
            let found = page.contents().iter().filter(is_new).filter_map(|object| object.key());
            keys.extend(found.map(str::to_owned));
            token = page.next_continuation_token().map(str::to_owned);
            if token.is_none() {
                return Ok(keys);
            }
        }
    }

    /// Whether it is not AWS that answers.
    pub(super) fn is_emulated(&self) -> bool {
        self.kind != Kind::Aws
    }

    /// An id of this run.
    pub(super) fn id(&self, name: &str) -> String {
        format!("smoke-{name}-{}", self.run)
    }

    /// An address of this run: on AWS one of SES's simulator, which takes every label and costs no reputation.
    pub(super) fn address(&self, name: &str) -> String {
        match self.kind {
            Kind::Aws => format!("success+{name}-{}@simulator.amazonses.com", self.run),
            Kind::MiniStack | Kind::Emulator => format!("smoke-{name}-{}@shop.example", self.run),
        }
    }

    /// Calls the API as a page of the shop does. Returns the answer whatever its status.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: &Value,
    ) -> Result<Response, CliError> {
        let request = self.client.request(method.clone(), format!("{}{path}", self.base_url));
        let mut request = request.header("origin", "https://shop.example");
        if method == Method::OPTIONS {
            request = request.header("access-control-request-method", "POST");
            request = request.header("access-control-request-headers", "authorization,content-type");
        } else {
            request = request.json(body);
        }
        if let Some(key) = key {
            request = request.basic_auth(key, None::<&str>);
        }
        request.send().await.map_err(|e| CliError::caused(&format!("{path} did not answer"), &e))
    }

    /// Posts JSON with a key. Returns status and body.
    pub(super) async fn post(&self, path: &str, key: &str, body: &Value) -> Result<(u16, Value), CliError> {
        let response = self.call(Method::POST, path, Some(key), body).await?;
        let status = response.status().as_u16();
        Ok((status, response.json().await.unwrap_or(Value::Null)))
    }

    /// Publishes a ruleset. Returns status and body.
    pub(super) async fn publish(&self, text: &str) -> Result<(u16, Value), CliError> {
        let path = "/admin/v1/rulesets?note=smoke";
        let request = self.client.post(format!("{}{path}", self.base_url)).body(text.to_owned());
        let answer = request.header("content-type", "application/yaml");
        let answer = answer.basic_auth(&self.secret.key, None::<&str>).send().await;
        let answer = answer.map_err(|e| CliError::caused(&format!("{path} did not answer"), &e))?;
        let status = answer.status().as_u16();
        Ok((status, answer.json().await.unwrap_or(Value::Null)))
    }

    /// Posts a batch with what it says of the time already in it ([`dated`]).
    pub(super) async fn events(&self, key: &WriteKeyText, events: &[Value]) -> Result<Value, CliError> {
        let body = json!({ "sentAt": self.clock.now().as_ms(), "batch": events });
        let (status, answer) = self.post("/v1/batch", &key.key, &body).await?;
        if status == 200 {
            Ok(answer)
        } else {
            Err(CliError::failed(format!("the collector answered {status}: {answer}")))
        }
    }

    /// An event as it happened some time before now, with an id of this run.
    pub(super) fn ago(&self, event: Value, id: &str, ago: DurationMs) -> Value {
        dated(event, &format!("{}-{id}", self.run), self.clock.now() - ago)
    }

    /// An event as it happened some time before this run began: such events keep their distances, however long a step
    /// took.
    pub(super) fn before(&self, event: Value, id: &str, before: DurationMs) -> Value {
        dated(event, &format!("{}-{id}", self.run), self.began - before)
    }

    /// Asks for one slot. Returns the whole answer.
    pub(super) async fn ask(
        &self,
        key: &WriteKeyText,
        who: &Value,
        product: Option<&str>,
        slot: &str,
    ) -> Result<Value, CliError> {
        let body = slot_request(who, product, slot);
        Ok(self.post("/v1/decisions", &key.key, &body).await?.1)
    }

    /// Asks for one slot as a page does. Returns its decision.
    pub(super) async fn decide(
        &self,
        anonymous: &str,
        product: Option<&str>,
        slot: &str,
    ) -> Result<Value, CliError> {
        let answer = self.ask(&self.publishable, &json!({ "anonymousId": anonymous }), product, slot).await?;
        Ok(match answer["decisions"].get(0) {
            Some(decision) => decision.clone(),
            None => answer,
        })
    }

    /// Fetches a page of the API. Returns status and text.
    pub(super) async fn page(&self, path: &str, form: Option<&str>) -> Result<u16, CliError> {
        let url = format!("{}{path}", self.base_url);
        let request = match form {
            None => self.client.get(url),
            Some(form) => {
                let request =
                    self.client.post(url).header("content-type", "application/x-www-form-urlencoded");
                request.body(form.to_owned())
            }
        };
        let response = request.send().await.map_err(|e| CliError::caused("a page did not answer", &e))?;
        Ok(response.status().as_u16())
    }
}

fn of_kind(keys: &[WriteKeyText], kind: WriteKeyKind) -> Result<WriteKeyText, CliError> {
    let is_kind = |key: &&WriteKeyText| key.key.starts_with(kind.prefix());
    keys.iter().find(is_kind).cloned().ok_or_else(|| {
        let prefix = kind.prefix();
        CliError::usage(format!(
            "the stack's secret has no {prefix} write key: add one, the smoke test needs both"
        ))
    })
}

/// An event that happened at this time of the sender's clock, under this id.
fn dated(mut event: Value, id: &str, at: Timestamp) -> Value {
    event["messageId"] = json!(id);
    event["timestamp"] = json!(at.as_ms());
    event
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_domain::{Currency, SourceId};
    use beckon_wire::capture::{EventType, Received, capture, parse_batch};

    #[test]
    fn a_back_dated_event_happened_that_long_before_it_was_received() {
        let client_now = Timestamp::from_ms(1_763_800_000_000);
        let event = crate::smoke::events::event("visitor", "Product Viewed", "tent-2p");
        let event = dated(event, "m-1", client_now - DurationMs::from_minutes(16));
        let text = json!({ "sentAt": client_now.as_ms(), "batch": [event] }).to_string();
        let body = parse_batch(text.as_bytes()).unwrap();
        // Our clock is an hour ahead of the sender's: what counts is the distance.
        let received_at = client_now + DurationMs::from_hours(1);
        let received = Received {
            at: received_at,
            sent_at: body.sent_at.as_ref().and_then(beckon_wire::parse_time),
            source: &SourceId::new("web").unwrap(),
            currency: Currency::new("EUR").unwrap(),
            context: &body.context,
            event_type: None::<EventType>,
            is_bot: false,
            gpc: false,
            room: beckon_wire::limits::EVENT_COUNT_MAX,
            fresh_id: &|| String::new(),
        };
        let line = capture(body.events[0], &received).unwrap().line;
        assert_eq!(line.occurred_at, (received_at - DurationMs::from_minutes(16)).as_ms());
        assert_eq!(line.id, "m-1", "an episode is found by the id of its first event");
    }
}
