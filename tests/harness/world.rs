//! A stack, the hand on its clock, and its books.

use crate::answer::Answer;
use crate::books::balanced;
use crate::fault::Reached;
use axum::body::Body;
use axum::http::{Method, Request, header};
use beckon_cli::conservation::{Collected, Conservation, SignalConservation, failed_by_stream};
use beckon_cli::laptop::LocalModels;
use beckon_cli::stack::{NO_EXPERIMENTS, Parts, Tables, publish_experiments, signals_epoch};
use beckon_cli::{Stack, laptop};
use beckon_domain::consent::ConsentDefault;
use beckon_domain::id::{AnonymousId, UserId};
use beckon_domain::outreach::series::STEP_COUNT_MAX;
use beckon_domain::{Currency, DurationMs, EpisodeId, ProfileKey, Timestamp};
use beckon_rules::{Ruleset, SAMPLE};
use beckon_runtime::clock::Hand;
use beckon_runtime::{Clock, Metrics, Secrets};
use beckon_store::bus::memory::MemoryBus;
use beckon_store::objects::memory::MemoryFailedEvents;
use beckon_store::propensity::ActivePropensity;
use beckon_store::ruleset::{ActiveRuleset, RULESET_AGE_MAX};
use beckon_store::streams::memory::MemoryStream;
use beckon_store::tables::dynamodb::DynamoTables;
use beckon_store::tables::memory::MemoryTables;
use beckon_store::tables::{Reminder, ReminderId, ReminderStatus};
use cart_mailer::Mailer;
use cart_mailer::send::account::MemoryAccount;
use collector::Collector;
use data_encoding::BASE64;
use profiler::Profiler;
use serde_json::{Value, json};
use tower::ServiceExt;
use trends::{SeenProducts, Trends};

/// Where every story begins: any day will do.
pub const START: Timestamp = Timestamp::from_ms(1_763_800_000_000);
/// The life of the stream.
pub const EPOCH: &str = "e2e";
/// Where unsubscribe links lead.
pub const PUBLIC_URL: &str = "https://shop.example";

/// A stack, its clock, and its books.
pub struct World<T> {
    /// The functions.
    pub stack: Stack<T, MemoryFailedEvents>,
    /// What was collected.
    pub collected: Collected,
    hand: Hand,
    episodes: Vec<(EpisodeId, ProfileKey)>,
}

impl World<MemoryTables> {
    /// On memory, with the sample's rules.
    pub async fn memory() -> Self {
        Self::on(MemoryTables::default(), SAMPLE).await
    }
}

impl World<DynamoTables> {
    /// On an embedded DynamoDB of its own.
    pub async fn dynamodb(ruleset: &str) -> Self {
        Self::on(laptop::tables(None).await.expect("the embedded DynamoDB starts"), ruleset).await
    }
}

impl<T: Tables> World<T> {
    /// On these tables, with these rules. Two shards, so that nothing works by accident of one order.
    pub async fn on(tables: T, ruleset: &str) -> Self {
        Self::with_shards(tables, ruleset, 2).await
    }

    /// On a stream with so many shards.
    pub async fn with_shards(tables: T, ruleset: &str, shard_count: u32) -> Self {
        Self::with(tables, ruleset, shard_count, ConsentDefault::default()).await
    }

    /// The same, where people who chose nothing have agreed to these purposes.
    pub async fn with(tables: T, ruleset: &str, shard_count: u32, consent_default: ConsentDefault) -> Self {
        let (clock, hand) = Clock::manual(START);
        let stack = Stack::new(Parts {
            tables,
            failed: MemoryFailedEvents::default(),
            models: LocalModels::default(),
            ruleset: ruleset.to_owned(),
            experiments: Some(NO_EXPERIMENTS.to_owned()),
            clock,
            shard_count,
            batch_size: 100,
            epoch: EPOCH.to_owned(),
            public_url: PUBLIC_URL.to_owned(),
            consent_default,
            feed: None,
        });
        let stack = stack.await.expect("the stack starts").with_metrics(&balanced());
        Self { stack, collected: Collected::default(), hand, episodes: Vec::new() }
    }

    /// Writes another secret, and starts all functions anew.
    pub fn restarted_with(self, secrets: Secrets) -> Self {
        Self { stack: self.stack.with_secrets(secrets), ..self }
    }

    /// Makes experiments live, and lets functions hear of them.
    pub async fn publish_experiments(&self, document: &str) {
        let ruleset = self.stack.tables.active_documents().await.expect("the tables answer").ruleset;
        let ruleset = Ruleset::parse(&ruleset.expect("a ruleset is live").body).expect("it is valid");
        let now = self.stack.clock.now();
        publish_experiments(&self.stack.tables, document, &ruleset, now).await.expect("the experiments fit");
        self.pass(RULESET_AGE_MAX);
    }

    /// Lets time pass.
    pub fn pass(&self, time: DurationMs) {
        self.hand.advance(time);
    }

    /// Moves the clock to this time since the start, never back.
    pub fn at(&self, since_start: DurationMs) {
        self.hand.set(START + since_start);
    }

    /// Any request, as the gateway would hand it on.
    pub async fn request(&self, request: Request<Body>) -> Answer {
        let response = self.stack.router().oneshot(request).await.expect("a router always answers");
        Answer::read(response).await
    }

    /// Posts JSON, with a write key as the user of Basic auth.
    pub async fn post(&self, path: &str, key: &str, body: &Value) -> Answer {
        let credentials = BASE64.encode(format!("{key}:").as_bytes());
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Basic {credentials}"))
            .body(Body::from(body.to_string()))
            .expect("a path and a key make a request");
        self.request(request).await
    }

    /// Posts events and keeps the books, but does not deliver them.
    pub async fn collect(&mut self, key: &str, events: &[Value]) -> Answer {
        self.capture("/v1/batch", key, &json!({ "batch": events })).await
    }

    /// Posts to any path of the collector and keeps the books.
    pub async fn capture(&mut self, path: &str, key: &str, body: &Value) -> Answer {
        let put_before = self.stack.stream.lines_put();
        let answer = self.post(path, key, body).await;
        let put = self.stack.stream.lines_put() - put_before;
        let json = answer.json();
        if answer.status == 200 {
            let rejected = json["rejected"].as_array().map_or(0, Vec::len) as u64;
            self.collected.received += body["batch"].as_array().map_or(1, |events| events.len() as u64);
            self.collected.rejected += rejected;
            self.collected.accepted += json["accepted"].as_u64().unwrap_or_default();
        } else {
            // What a refused request left in the stream is there, whatever the client was told.
            self.collected.received += put;
            self.collected.accepted += put;
        }
        answer
    }

    /// Posts events that must be read, delivers them, and returns the collector's answer.
    pub async fn events(&mut self, key: &str, events: &[Value]) -> Value {
        let answer = self.collect(key, events).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        self.drain().await;
        answer.json()
    }

    /// A record was put past the collector: in the books it counts as accepted.
    pub fn put_past_the_collector(&mut self, lines: u64) {
        self.collected.received += lines;
        self.collected.accepted += lines;
    }

    /// Asks for one slot. Returns its decision.
    pub async fn decide(&self, who: &Value, page: &Value, slot: &str) -> Value {
        let mut body = who.clone();
        body["context"] = json!({ "page": page });
        body["slots"] = json!([{ "id": slot }]);
        let answer = self.post("/v1/decisions", "pk_local", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["decisions"][0].clone()
    }

    /// Delivers everything that waits in the stream.
    pub async fn drain(&mut self) {
        self.try_drain().await.unwrap_or_else(|error| panic!("{error}"));
    }

    /// The same, with an error instead of a panic.
    ///
    /// # Errors
    /// When records do not get through.
    pub async fn try_drain(&mut self) -> Result<(), String> {
        let drained = self.stack.drain().await.map_err(|e| e.to_string())?;
        self.see_episodes().await;
        match drained.stuck_count {
            0 => Ok(()),
            stuck => Err(format!("{stuck} records do not get through the profiler")),
        }
    }

    /// One run of the mailer, and delivery of what it put. Returns its report.
    pub async fn mailer(&mut self) -> Value {
        let report = self.stack.tick().await.expect("the mailer runs");
        self.drain().await;
        report
    }

    /// Mails sent so far.
    pub fn mails(&self) -> u64 {
        self.stack.sender.sent_count()
    }

    /// Remembers the carts that are open now, so that the ledger can be asked about them when they are gone.
    pub async fn see_episodes(&mut self) {
        let profiles = self.stack.tables.scan_profiles().await.expect("profiles can be listed");
        for (key, profile) in profiles {
            let Some(episode) = profile.cart.episode.as_ref().map(|e| e.id) else { continue };
            if !self.episodes.iter().any(|(known, _)| *known == episode) {
                self.episodes.push((episode, key));
            }
        }
    }

    /// The ledger's rows of every cart seen so far, oldest cart first, and of each cart step by step.
    pub async fn ledger(&self) -> Vec<Reminder> {
        let mut rows = Vec::new();
        for (episode, _) in &self.episodes {
            for step in 1..=STEP_COUNT_MAX as u8 {
                let id = ReminderId { episode: *episode, step };
                let row = self.stack.tables.reminder(&id).await.expect("the ledger can be read");
                rows.extend(row.map(|row| row.state));
            }
        }
        rows
    }

    /// The ledger in words: `SENT`, `SUPPRESSED NO_CONSENT`, `DEFERRED QUIET`.
    pub async fn ledger_words(&self) -> Vec<String> {
        let word = |row: Reminder| match &row.status {
            ReminderStatus::Suppressed { reason } => format!("SUPPRESSED {reason}"),
            ReminderStatus::Deferred { reason, .. } => format!("DEFERRED {reason}"),
            status => status.name().to_owned(),
        };
        self.ledger().await.into_iter().map(word).collect()
    }

    /// The key of a visitor's profile.
    #[must_use]
    pub fn visitor(&self, anonymous: &str) -> ProfileKey {
        self.stack.secrets.pepper.anonymous(&AnonymousId::new(anonymous).expect("an id"))
    }

    /// The key of a customer's profile.
    #[must_use]
    pub fn customer(&self, user: &str) -> ProfileKey {
        self.stack.secrets.pepper.customer(&UserId::new(user).expect("an id"))
    }

    /// A collector like the stack's, with other parts between it and the stack's.
    pub fn collector_on<S, C>(&self, stream: S, tables: C) -> Collector<S, C> {
        Collector {
            stream,
            tables,
            secrets: self.stack.secrets.clone(),
            clock: self.stack.clock.clone(),
            currency: Currency::new("EUR").expect("a currency"),
            public_url: PUBLIC_URL.to_owned(),
            guard: collector::Guard::unlimited(),
            metrics: Metrics::default(),
        }
    }

    /// A profiler like the stack's.
    pub fn profiler(&self) -> Profiler<T, MemoryStream, MemoryFailedEvents, MemoryBus> {
        let Stack { tables, stream, failed, .. } = &self.stack;
        self.profiler_on(tables.clone(), stream.clone(), failed.clone())
    }

    /// A profiler like the stack's, with other parts between it and the stack's. Signals go to the stack's stream, through
    /// the same faults as events.
    pub fn profiler_on<U, S: Reached, F>(
        &self,
        tables: U,
        stream: S,
        failed: F,
    ) -> Profiler<U, S, F, MemoryBus> {
        self.profiler_telling(tables, stream, failed, self.stack.bus.clone())
    }

    /// The same, with something between it and the bus too.
    pub fn profiler_telling<U, S: Reached, F, B>(
        &self,
        tables: U,
        stream: S,
        failed: F,
        bus: B,
    ) -> Profiler<U, S, F, B> {
        Profiler {
            tables,
            signals: stream.reaching(&self.stack.signals),
            stream,
            failed,
            bus,
            rulesets: ActiveRuleset::default(),
            clock: self.stack.clock.clone(),
            epoch: EPOCH.to_owned(),
            record_age_max: None,
            fold: beckon_domain::fold::fold,
            metrics: balanced(),
        }
    }

    /// Trends like the stack's, with other parts between them and the stack's.
    pub fn trends_on<U, F>(&self, tables: U, failed: F) -> Trends<U, F> {
        Trends {
            tables,
            failed,
            clock: self.stack.clock.clone(),
            epoch: signals_epoch(EPOCH),
            seen: SeenProducts::default(),
            metrics: Metrics::default(),
        }
    }

    /// A mailer like the stack's, with other parts between it and the stack's.
    pub fn mailer_on<U, S, M>(&self, tables: U, stream: S, sender: M) -> Mailer<U, S, M, MemoryAccount> {
        Mailer {
            tables,
            stream,
            sender,
            rulesets: ActiveRuleset::default(),
            account: MemoryAccount::default(),
            is_paced: false,
            content: cart_mailer::mail::ActiveMailContent::default(),
            propensity: ActivePropensity::default(),
            secrets: self.stack.secrets.clone(),
            clock: self.stack.clock.clone(),
            from: "Outdoor sample <reminders@shop.example>".to_owned(),
            public_url: PUBLIC_URL.to_owned(),
            metrics: Metrics::default(),
        }
    }

    /// The balance now.
    pub async fn conservation(&self) -> Conservation {
        let (failed, _) = failed_by_stream(self.stack.failed.documents().values());
        self.stack.conservation(self.collected, failed).await.expect("profiles can be listed")
    }

    /// The balance of signals now.
    pub async fn signal_conservation(&self) -> SignalConservation {
        let (_, failed) = failed_by_stream(self.stack.failed.documents().values());
        self.stack.signal_conservation(failed).await.expect("trends can be listed")
    }

    /// The end of every story: everything is delivered, nothing is lost or counted twice, and no mail shows a template.
    pub async fn finish(&mut self) -> Conservation {
        self.try_finish().await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same, with an error instead of a panic.
    ///
    /// # Errors
    /// What does not hold.
    pub async fn try_finish(&mut self) -> Result<Conservation, String> {
        self.try_drain().await?;
        let balance = self.conservation().await;
        if !balance.holds() || balance.in_flight != 0 {
            return Err(format!("the books: {balance}"));
        }
        let signals = self.signal_conservation().await;
        if !signals.holds() || signals.in_flight != 0 {
            return Err(format!("the books of signals: {signals}"));
        }
        for recorded in self.stack.sender.mails() {
            let email = &recorded.email;
            let shows = |part: &String| ["{{", "{%"].iter().any(|marker| part.contains(marker));
            let unescaped = email.html.contains("<script") || email.subject.contains(['\r', '\n']);
            if unescaped || [&email.subject, &email.text, &email.html].into_iter().any(shows) {
                return Err(format!(
                    "a mail shows a template marker, a script or two subjects: {}",
                    email.html
                ));
            }
        }
        Ok(balance)
    }
}
