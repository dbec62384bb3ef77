//! What moves a replay: rows become requests, and the clock stops wherever a reminder falls due.

use super::format::{Reader, Row};
use super::report::Report;
use crate::conservation::Collected;
use crate::error::CliError;
use crate::stack::{Stack, Tables};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use beckon_domain::id::{AnonymousId, UserId};
use beckon_domain::{DurationMs, ProfileKey, Timestamp};
use beckon_runtime::clock::Hand;
use beckon_store::objects::memory::MemoryFailedEvents;
use beckon_store::tables::{Contact, DUE_SHARD_COUNT};
use beckon_wire::limits::{BODY_BYTES_MAX, EVENT_COUNT_MAX};
use data_encoding::BASE64;
use indicatif::ProgressBar;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;
use tower::ServiceExt;

/// Time one request spans at most when no reminder limits it.
const SPAN_MAX: DurationMs = DurationMs::from_hours(1);
/// Rows between two looks at the progress bar.
const PROGRESS_ROWS: u64 = 500;

/// A replay under way.
pub struct Drive<T> {
    stack: Stack<T, MemoryFailedEvents>,
    router: Router,
    hand: Hand,
    idle: Option<DurationMs>,
    users: BTreeSet<ProfileKey>,
    collected: Collected,
    rejected_by_code: BTreeMap<String, u64>,
    bad_rows: Vec<String>,
    bad_row_count: u64,
    abandonment_count: u64,
    not_sent: BTreeMap<String, u64>,
}

/// Rows that go out as one request.
#[derive(Default)]
struct Pending {
    events: Vec<Value>,
    bytes: usize,
    first_at: Timestamp,
    last_at: Timestamp,
}

impl<T: Tables> Drive<T> {
    /// A replay on a fresh stack; `idle` is the delay of the ruleset's reminder.
    pub fn new(stack: Stack<T, MemoryFailedEvents>, hand: Hand, idle: Option<DurationMs>) -> Self {
        let router = stack.router();
        Self {
            stack,
            router,
            hand,
            idle,
            users: BTreeSet::new(),
            collected: Collected::default(),
            rejected_by_code: BTreeMap::new(),
            bad_rows: Vec::new(),
            bad_row_count: 0,
            abandonment_count: 0,
            not_sent: BTreeMap::new(),
        }
    }

    /// Replays every row, then lets time pass until the last cart could be due.
    pub async fn run(mut self, mut reader: Reader, bar: &ProgressBar) -> Result<Report, CliError> {
        let began = Instant::now();
        let (mut pending, mut row_count, mut last_at) = (Pending::default(), 0_u64, Timestamp::EPOCH);
        let mut horizon = Timestamp::EPOCH;
        while let Some(row) = reader.next() {
            row_count += 1;
            if row_count.is_multiple_of(PROGRESS_ROWS) {
                bar.set_position(reader.bytes_read());
                bar.set_message(format!("{row_count} events"));
            }
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    self.bad_row(&error.to_string());
                    continue;
                }
            };
            // A file is in time order up to its clock's whims; replay never goes back.
            let at = row.at.max(last_at);
            last_at = at;
            let bytes = 400 + row.body.to_string().len();
            let full =
                pending.events.len() == EVENT_COUNT_MAX || pending.bytes + bytes > BODY_BYTES_MAX * 9 / 10;
            if !pending.events.is_empty() && (full || at > horizon) {
                self.send(&mut pending).await?;
                self.pass_to(at).await?;
            }
            if pending.events.is_empty() {
                pending.first_at = at;
                let span = self.idle.unwrap_or(SPAN_MAX);
                horizon = self.earliest_due().await?.map_or(at + span, |due| due.min(at + span));
            }
            pending.bytes += bytes;
            pending.last_at = at;
            let event = self.event(row, at).await?;
            pending.events.push(event);
        }
        if let Some(error) = reader.failure() {
            return Err(CliError::usage(error));
        }
        self.send(&mut pending).await?;
        let end = last_at + self.idle.unwrap_or(DurationMs::ZERO);
        self.pass_to(end + DurationMs::from_ms(1)).await?;
        self.report(row_count, began.elapsed()).await
    }

    fn bad_row(&mut self, message: &str) {
        self.bad_row_count += 1;
        if self.bad_rows.len() < 10 {
            self.bad_rows.push(message.to_owned());
        }
    }

    /// The row as a Segment event of its user, who consents and can be reached.
    async fn event(&mut self, row: Row, at: Timestamp) -> Result<Value, CliError> {
        let Row { number, user, mut body, anonymous, .. } = row;
        let pepper = &self.stack.secrets.pepper;
        let key = if anonymous {
            AnonymousId::new(&user).ok().map(|id| pepper.anonymous(&id))
        } else {
            UserId::new(&user).ok().map(|id| pepper.customer(&id))
        };
        if let Some(key) = key
            && self.users.insert(key.clone())
        {
            let email = Some(format!("user-{}@replay.shop.example", self.users.len()));
            let contact = Contact { email, verified: true, at, ..Contact::default() };
            let put = self.stack.tables.put_contact(&key, &contact).await;
            put.map_err(|e| CliError::caused("a synthetic contact could not be stored", &e))?;
        }
        body[if anonymous { "anonymousId" } else { "userId" }] = json!(user);
        if body.get("messageId").is_none_or(Value::is_null) {
            body["messageId"] = json!(format!("row-{number}"));
        }
        body["timestamp"] = json!(at.as_ms());
        if !body["context"].is_object() {
            body["context"] = json!({});
        }
        if body["context"]["consent"]["marketing_email"].is_null() {
            body["context"]["consent"] = json!({ "marketing_email": true });
        }
        Ok(body)
    }

    /// Sends what is pending at the time of its last row, and delivers it.
    async fn send(&mut self, pending: &mut Pending) -> Result<(), CliError> {
        let Pending { events, last_at, .. } = std::mem::take(pending);
        if events.is_empty() {
            return Ok(());
        }
        self.hand.set(last_at);
        let count = events.len() as u64;
        let body = json!({ "sentAt": last_at.as_ms(), "batch": events }).to_string();
        let request = Request::post("/v1/batch")
            .header(header::AUTHORIZATION, format!("Basic {}", BASE64.encode(b"sk_local:")))
            .body(Body::from(body))
            .map_err(|e| CliError::caused("a request could not be built", &e))?;
        let Ok(response) = self.router.clone().oneshot(request).await;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await;
        let bytes = bytes.map_err(|e| CliError::caused("an answer could not be read", &e))?;
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if !status.is_success() {
            return Err(CliError::failed(format!("the collector answered {status}: {answer}")));
        }
        self.collected.received += count;
        self.collected.accepted += answer["accepted"].as_u64().unwrap_or_default();
        for verdict in answer["rejected"].as_array().into_iter().flatten() {
            self.collected.rejected += 1;
            let code = verdict["code"].as_str().unwrap_or("unknown").to_owned();
            *self.rejected_by_code.entry(code).or_default() += 1;
        }
        self.deliver().await
    }

    async fn deliver(&self) -> Result<(), CliError> {
        let drained = self.stack.drain().await?;
        if drained.stuck_count > 0 {
            return Err(CliError::failed(format!("{} records cannot be applied", drained.stuck_count)));
        }
        Ok(())
    }

    /// Lets time pass up to just before `at`, stopping wherever a reminder falls due. What happens at the very instant
    /// belongs to the window before it, so events come first.
    async fn pass_to(&mut self, at: Timestamp) -> Result<(), CliError> {
        let mut before = None;
        while let Some(due_at) = self.earliest_due().await?.filter(|due_at| *due_at < at) {
            if before == Some(due_at) {
                return Err(CliError::failed("a reminder stays due after the mailer has run"));
            }
            before = Some(due_at);
            self.hand.set(due_at);
            let report = self.stack.tick().await?;
            self.count(&report);
            self.deliver().await?;
        }
        Ok(())
    }

    fn count(&mut self, report: &Value) {
        self.abandonment_count += report["sent"].as_u64().unwrap_or_default();
        for (reason, count) in report["notSent"].as_object().into_iter().flatten() {
            let count = count.as_u64().unwrap_or_default();
            self.abandonment_count += count;
            *self.not_sent.entry(reason.clone()).or_default() += count;
        }
    }

    async fn earliest_due(&self) -> Result<Option<Timestamp>, CliError> {
        let mut earliest = None;
        for shard in 0..DUE_SHARD_COUNT {
            let page = self.stack.tables.due(shard, Timestamp::from_ms(i64::MAX), None, 1).await;
            let page = page.map_err(|e| CliError::caused("the due index cannot be read", &e))?;
            let at = page.first().map(|due| due.at);
            earliest = match (earliest, at) {
                (Some(a), Some(b)) => Some(std::cmp::min(a, b)),
                (a, b) => a.or(b),
            };
        }
        Ok(earliest)
    }

    async fn report(self, row_count: u64, elapsed: std::time::Duration) -> Result<Report, CliError> {
        let profiles = self.stack.tables.scan_profiles().await;
        let profiles = profiles.map_err(|e| CliError::caused("the profiles cannot be read", &e))?;
        let documents = self.stack.failed.documents();
        let mut failed_by_reason: BTreeMap<String, u64> = BTreeMap::new();
        for reason in documents.keys().filter_map(|key| key.split('/').nth(1)) {
            *failed_by_reason.entry(reason.to_owned()).or_default() += 1;
        }
        let conservation = self.stack.conservation(self.collected, documents.len() as u64).await?;
        Ok(Report {
            rows: row_count,
            bad_rows: self.bad_row_count,
            bad_row_samples: self.bad_rows,
            seconds: elapsed.as_secs_f64(),
            events_per_second: row_count as f64 / elapsed.as_secs_f64().max(1e-9),
            profiles: profiles.len() as u64,
            sessions: profiles.iter().map(|(_, p)| u64::from(p.sessions.count)).sum(),
            carts: profiles.iter().map(|(_, p)| p.counts.carts).sum(),
            orders: profiles.iter().map(|(_, p)| p.counts.orders).sum(),
            abandonments: self.abandonment_count,
            reminder_delay: self.idle.map(|idle| idle.to_string()),
            mails: self.stack.sender.sent_count(),
            not_mailed_by_reason: self.not_sent,
            rejected_by_code: self.rejected_by_code,
            failed_by_reason,
            conservation,
        })
    }
}
