//! What happens, as it happens: the source of `/live`.
//!
//! The functions know nothing of it. It looks at what passes: records in the stream, profiles after a batch, answers of the
//! decisions API, mails in the inbox, failed events.

use beckon_domain::{Profile, ProfileKey, Timestamp};
use beckon_mapping::Batch;
use beckon_runtime::Clock;
use beckon_store::StoreError;
use beckon_store::objects::FailedEventStore;
use beckon_store::streams::memory::StreamRecord;
use beckon_store::tables::{ProfileStore, Read};
use beckon_wire::stream::{Line, LineType};
use cart_mailer::send::recording::Recorded;
use serde_json::{Value, json};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast;

/// Messages a new watcher is shown at first.
const BACKLOG_MAX: usize = 400;
/// Messages a slow watcher may fall behind; then it is told to catch up by reconnecting.
const CHANNEL_MAX: usize = 4_096;
/// Profiles shown per batch; the rest of a large one is only counted.
const PROFILES_PER_BATCH_MAX: usize = 20;

#[derive(Default)]
struct Inner {
    seq: u64,
    backlog: VecDeque<String>,
    totals: Totals,
    profiles: BTreeSet<ProfileKey>,
    mails_seen: usize,
}

#[derive(Default)]
struct Totals {
    events: u64,
    decisions: u64,
    mails: u64,
    failed: u64,
}

/// The feed. Clones of its `Arc` share it.
pub struct Feed {
    inner: Mutex<Inner>,
    sender: broadcast::Sender<String>,
    clock: Clock,
    speed: f64,
}

impl Feed {
    /// A feed of a stack with this clock, which runs at this speed.
    #[must_use]
    pub fn new(clock: Clock, speed: f64) -> Self {
        Self { inner: Mutex::default(), sender: broadcast::channel(CHANNEL_MAX).0, clock, speed }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What happened lately, and everything from now on.
    #[must_use]
    pub fn watch(&self) -> (Vec<String>, broadcast::Receiver<String>) {
        let inner = self.lock();
        (inner.backlog.iter().cloned().collect(), self.sender.subscribe())
    }

    fn push(
        &self,
        inner: &mut Inner,
        at: Timestamp,
        kind: &str,
        profile: Option<&str>,
        title: &str,
        detail: &Value,
    ) {
        inner.seq += 1;
        let message = json!({
            "seq": inner.seq, "at": at.as_ms(), "kind": kind, "profile": profile, "title": title, "detail": detail,
        })
        .to_string();
        inner.backlog.push_back(message.clone());
        if inner.backlog.len() > BACKLOG_MAX {
            inner.backlog.pop_front();
        }
        // Nobody may be watching.
        let _ = self.sender.send(message);
    }

    /// The totals, as a message.
    #[must_use]
    pub fn totals(&self) -> String {
        let inner = self.lock();
        let Totals { events, decisions, mails, failed } = inner.totals;
        json!({ "kind": "totals", "detail": {
            "events": events, "profiles": inner.profiles.len(), "decisions": decisions, "mails": mails,
            "failed": failed, "clock": self.clock.now().as_ms(), "speed": self.speed, "publishable_key": "pk_local",
        }})
        .to_string()
    }

    /// A batch was delivered: its events, and the profiles they made.
    pub async fn batch<T: ProfileStore>(&self, batch: &Batch<StreamRecord>, tables: &T) {
        let mut keys = BTreeSet::new();
        {
            let mut inner = self.lock();
            for record in &batch.records {
                for line in record.data.split(|byte| *byte == b'\n') {
                    let Ok(line) = serde_json::from_slice::<Line>(line) else { continue };
                    inner.totals.events += u64::from(!line.internal);
                    let at = Timestamp::from_ms(line.occurred_at);
                    self.push(&mut inner, at, "event", Some(&line.key), title(&line), &detail(&line));
                }
                keys.extend(ProfileKey::parse(&record.partition_key).ok());
            }
        }
        let shown: Vec<ProfileKey> = keys.iter().take(PROFILES_PER_BATCH_MAX).cloned().collect();
        let loaded = tables.load(&shown, Read::Eventual).await.unwrap_or_default();
        let mut inner = self.lock();
        inner.profiles.extend(keys);
        for (key, stored) in &loaded {
            let profile = &stored.profile;
            let title = if profile.is_known(key) { "customer" } else { "visitor" };
            self.push(
                &mut inner,
                profile.last_seen_at,
                "profile",
                Some(key.as_str()),
                title,
                &summary(profile),
            );
        }
    }

    /// The decisions API has answered.
    pub fn decisions(&self, answer: &Value) {
        let now = self.clock.now();
        let mut inner = self.lock();
        for decision in answer["decisions"].as_array().into_iter().flatten() {
            inner.totals.decisions += 1;
            let items = decision["items"].as_array().into_iter().flatten();
            let products: Vec<&str> = items.filter_map(|item| item["productId"].as_str()).collect();
            let detail = json!({
                "reason": decision["reason"]["code"],
                "rule": decision["reason"]["ruleId"],
                "person": answer["profile"]["state"],
                "shows": if products.is_empty() { decision["offer"]["id"].clone() } else { json!(products) },
            });
            let slot = decision["slotId"].as_str().unwrap_or_default();
            self.push(&mut inner, now, "decision", None, slot, &detail);
        }
    }

    /// Mails of the inbox that were not shown yet.
    pub fn mails(&self, mails: &[Recorded]) {
        let mut inner = self.lock();
        let seen = inner.mails_seen;
        for recorded in mails.iter().skip(seen) {
            inner.totals.mails += 1;
            let detail = json!({ "id": recorded.id, "to": recorded.email.to });
            self.push(&mut inner, recorded.at, "mail", None, &recorded.email.subject, &detail);
        }
        inner.mails_seen = mails.len().max(seen);
    }

    fn failed(&self, id: &str, reason: &str) {
        let mut inner = self.lock();
        inner.totals.failed += 1;
        let detail = json!({ "id": id, "reason": reason });
        self.push(&mut inner, self.clock.now(), "failed", None, reason, &detail);
    }
}

fn title(line: &Line) -> &str {
    match line.kind {
        LineType::Track => line.event.as_deref().unwrap_or("track"),
        LineType::Page => "page",
        LineType::Screen => "screen",
        LineType::Identify => "identify",
        LineType::Group => "group",
        LineType::Timer | LineType::RulesDue => "Timer Due",
        LineType::Segment if line.segment.as_ref().is_some_and(|segment| segment.entered) => {
            "Segment Entered"
        }
        LineType::Segment => "Segment Exited",
        LineType::Conversion => "Conversion Recorded",
        LineType::Exposure => "Experiment Viewed",
        LineType::Merge => "Profile Merged",
    }
}

fn detail(line: &Line) -> Value {
    let mut detail = serde_json::Map::new();
    if let Some(product) = &line.properties.product {
        detail.insert("product".to_owned(), json!(product.id));
    }
    if let Some(products) = &line.properties.products {
        let ids: Vec<&str> = products.iter().map(|p| p.id.as_str()).collect();
        detail.insert("products".to_owned(), json!(ids));
    }
    if let Some(url) = &line.context.page_url {
        detail.insert("page".to_owned(), json!(url));
    }
    if let Some(ms) = line.properties.engaged_ms {
        detail.insert("engaged".to_owned(), json!(format!("{} s", ms / 1_000)));
    }
    if let Some(segment) = &line.segment {
        detail.insert("segment".to_owned(), json!(segment.id));
    }
    if line.link.is_some() {
        detail.insert("proves".to_owned(), json!("customer"));
    }
    if line.internal {
        detail.insert("by".to_owned(), json!("Beckon"));
    }
    Value::Object(detail)
}

fn summary(profile: &Profile) -> Value {
    let viewed: Vec<&str> = profile.viewed.newest_first().take(3).map(|v| v.product.as_str()).collect();
    let cart: Vec<String> =
        profile.cart.lines.iter().map(|l| format!("{} × {}", l.quantity, l.product)).take(4).collect();
    let mut summary =
        json!({ "events": profile.counts.events, "sessions": profile.sessions.count, "viewed": viewed });
    if !cart.is_empty() {
        summary["cart"] = json!(cart);
    }
    if profile.counts.orders > 0 {
        summary["orders"] = json!(profile.counts.orders);
    }
    if let Some(link) = &profile.link {
        summary["frozen, now"] = json!(link.to.as_str().chars().take(12).collect::<String>());
    }
    summary
}

/// A failed-event store that the feed watches.
#[derive(Clone)]
pub struct Watched<F> {
    /// Where they are kept.
    pub inner: F,
    /// Who is told.
    pub feed: Arc<Feed>,
}

impl<F: FailedEventStore> FailedEventStore for Watched<F> {
    async fn keep(&self, id: &str, reason: &str, document: Vec<u8>) -> Result<(), StoreError> {
        self.inner.keep(id, reason, document).await?;
        self.feed.failed(id, reason);
        Ok(())
    }
}
