//! A fresh stack behind a real port, and the hand on its clock.

use crate::conservation::Collected;
use crate::error::CliError;
use crate::laptop;
use crate::laptop::LocalModels;
use crate::smoke::events::slot_request;
use crate::stack::{NO_EXPERIMENTS, Parts, Stack};
use beckon_domain::consent::ConsentDefault;
use beckon_domain::{DurationMs, Timestamp};
use beckon_rules::SAMPLE;
use beckon_runtime::Clock;
use beckon_runtime::clock::Hand;
use beckon_store::objects::memory::MemoryFailedEvents;
use beckon_store::tables::dynamodb::DynamoTables;
use reqwest::Client;
use serde_json::{Value, json};

/// Where the story begins: any day will do.
const START: Timestamp = Timestamp::from_ms(1_763_800_000_000);

/// A stack, its address, and its clock.
pub(crate) struct World {
    pub(crate) stack: Stack<DynamoTables, MemoryFailedEvents>,
    pub(crate) base_url: String,
    client: Client,
    hand: Hand,
    collected: Collected,
}

impl World {
    pub(crate) async fn new() -> Result<Self, CliError> {
        let failed = |e: std::io::Error| CliError::failed(format!("no loopback port could be used: {e}"));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed)?;
        let base_url = format!("http://{}", listener.local_addr().map_err(failed)?);
        let (clock, hand) = Clock::manual(START);
        let stack = Stack::new(Parts {
            tables: laptop::tables(None).await?,
            failed: MemoryFailedEvents::default(),
            models: LocalModels::default(),
            ruleset: SAMPLE.to_owned(),
            experiments: Some(NO_EXPERIMENTS.to_owned()),
            clock,
            shard_count: 2,
            batch_size: 100,
            epoch: "smoke".to_owned(),
            public_url: base_url.clone(),
            consent_default: ConsentDefault::default(),
            feed: None,
        })
        .await?;
        let app = stack.router();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { stack, base_url, client: Client::new(), hand, collected: Collected::default() })
    }

    pub(crate) fn pass(&self, time: DurationMs) {
        self.hand.advance(time);
    }

    /// Posts JSON with a key. Returns status and body.
    pub(crate) async fn post(&self, path: &str, key: &str, body: &Value) -> Result<(u16, Value), CliError> {
        let url = format!("{}{path}", self.base_url);
        let request = self.client.post(url).basic_auth(key, None::<&str>).json(body);
        let response = request.send().await.map_err(|e| CliError::caused("a request failed", &e))?;
        let status = response.status().as_u16();
        Ok((status, response.json().await.unwrap_or(Value::Null)))
    }

    /// Posts a batch, delivers it to the profiler, and keeps the books.
    pub(crate) async fn events(&mut self, key: &str, events: &[Value]) -> Result<Value, CliError> {
        let (status, answer) = self.post("/v1/batch", key, &json!({ "batch": events })).await?;
        if status != 200 {
            return Err(CliError::failed(format!("the collector answered {status}: {answer}")));
        }
        let rejected = answer["rejected"].as_array().map_or(0, Vec::len) as u64;
        self.collected.received += events.len() as u64;
        self.collected.rejected += rejected;
        self.collected.accepted += answer["accepted"].as_u64().unwrap_or_default();
        self.stack.drain().await?;
        Ok(answer)
    }

    /// A record was put past the collector: in the books it counts as accepted.
    pub(crate) fn poisoned(&mut self) {
        self.collected.received += 1;
        self.collected.accepted += 1;
    }

    /// Asks for one slot. Returns its decision.
    pub(crate) async fn decide(
        &self,
        who: &Value,
        product: Option<&str>,
        slot: &str,
    ) -> Result<Value, CliError> {
        let body = slot_request(who, product, slot);
        let (status, answer) = self.post("/v1/decisions", "pk_local", &body).await?;
        if status == 200 { Ok(answer["decisions"][0].clone()) } else { Ok(answer) }
    }

    /// Fetches a page. Returns status and text.
    pub(crate) async fn page(&self, url: &str, form: Option<&str>) -> Result<(u16, String), CliError> {
        let request = match form {
            None => self.client.get(url),
            Some(form) => self.client.post(url).body(form.to_owned()),
        };
        let response = request.send().await.map_err(|e| CliError::caused("a page failed", &e))?;
        Ok((response.status().as_u16(), response.text().await.unwrap_or_default()))
    }

    /// One run of the mailer, and delivery of what it put. Returns how many mails there are in all.
    pub(crate) async fn mailer(&self) -> Result<u64, CliError> {
        self.stack.tick().await?;
        self.stack.drain().await?;
        Ok(self.stack.sender.sent_count())
    }

    pub(crate) async fn conservation(&self) -> Result<crate::conservation::Conservation, CliError> {
        let (failed, _) = crate::conservation::failed_by_stream(self.stack.failed.documents().values());
        self.stack.conservation(self.collected, failed).await
    }
}
