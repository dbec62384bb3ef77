//! What moves a replay: rows become requests, and the clock stops wherever a reminder or a timer falls due.

mod archived;
mod due;
mod finish;

use super::cost::Flushed;
use super::disorder::Disturbance;
use super::format::{Reader, Row};
use super::journal::Journal;
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
use beckon_store::metered::{Meter, Metered};
use beckon_store::objects::memory::MemoryFailedEvents;
use beckon_store::tables::Contact;
use beckon_wire::limits::{BODY_BYTES_MAX, EVENT_COUNT_MAX};
use data_encoding::BASE64;
use indicatif::ProgressBar;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;
use tower::ServiceExt;

/// Time one flush spans at most when no reminder limits it.
const SPAN_MAX: DurationMs = DurationMs::from_hours(1);
/// The same where the rules have timers, which may be shorter than any reminder's delay: the cart mailer's own period.
const TIMED_SPAN_MAX: DurationMs = DurationMs::from_minutes(1);
/// Rows between two looks at the progress bar.
const PROGRESS_ROWS: u64 = 500;

/// What a replay runs on.
pub(super) struct Setup<T> {
    /// A fresh stack, on tables that are counted.
    pub stack: Stack<Metered<T>, MemoryFailedEvents>,
    /// The same tables, for what the replay itself asks.
    pub tables: T,
    /// The count.
    pub meter: Meter,
    /// The clock's hand.
    pub hand: Hand,
    /// The delay of the ruleset's reminder.
    pub idle: Option<DurationMs>,
    /// Whether time alone may change what holds of a person.
    pub has_timers: bool,
    /// Deliver after so many rows; `None`: before a reminder could be due.
    pub batch_rows: Option<u64>,
    /// Make product ids at least this long.
    pub id_bytes: Option<u64>,
    /// What goes wrong on the way.
    pub disturbance: Disturbance,
    /// Where carts and sessions are written down, if anywhere.
    pub journal: Option<Journal>,
}

/// A replay under way.
pub(super) struct Drive<T> {
    setup: Setup<T>,
    router: Router,
    users: BTreeSet<ProfileKey>,
    collected: Collected,
    rejected_by_code: BTreeMap<String, u64>,
    bad_rows: Vec<String>,
    bad_row_count: u64,
    abandonment_count: u64,
    not_sent: BTreeMap<String, u64>,
    flushed: Flushed,
}

/// Rows on their way: those of the next request, and what is known of those that were put and not delivered.
#[derive(Default)]
struct Pending {
    events: Vec<Value>,
    bytes: usize,
    last_at: Timestamp,
    /// Until when nothing can be due that is not in the index.
    horizon: Timestamp,
    /// Rows since the last delivery.
    rows: u64,
    /// Profiles since the last delivery.
    profiles: BTreeSet<ProfileKey>,
    /// Events the request takes, if that is decided.
    events_max: Option<usize>,
}

impl Pending {
    /// Whether the request can take no event of so many bytes.
    fn is_full(&self, bytes: usize) -> bool {
        let count_max = self.events_max.unwrap_or(EVENT_COUNT_MAX).min(EVENT_COUNT_MAX);
        self.events.len() >= count_max || self.bytes + bytes > BODY_BYTES_MAX * 9 / 10
    }
}

impl<T: Tables> Drive<T> {
    /// A replay that has not begun.
    pub fn new(setup: Setup<T>) -> Self {
        let router = setup.stack.router();
        Self {
            setup,
            router,
            users: BTreeSet::new(),
            collected: Collected::default(),
            rejected_by_code: BTreeMap::new(),
            bad_rows: Vec::new(),
            bad_row_count: 0,
            abandonment_count: 0,
            not_sent: BTreeMap::new(),
            flushed: Flushed::default(),
        }
    }

    /// Replays every row, then lets time pass until the last cart could be due. Returns the journal's text too, if
    /// there is one.
    pub async fn run(
        mut self,
        mut reader: Reader,
        bar: &ProgressBar,
    ) -> Result<(Report, Option<String>), CliError> {
        let began = Instant::now();
        let (mut pending, mut row_count, mut last_at) = (Pending::default(), 0_u64, Timestamp::EPOCH);
        while let Some(row) = reader.next() {
            row_count += 1;
            if row_count.is_multiple_of(PROGRESS_ROWS) {
                bar.set_position(reader.bytes_read());
                bar.set_message(format!("{row_count} events"));
            }
            match row {
                Err(error) => self.bad_row(&error.to_string()),
                Ok(row) => {
                    // A file is in time order up to its clock's whims; replay never goes back.
                    last_at = row.at.max(last_at);
                    self.take(row, last_at, &mut pending).await?;
                }
            }
        }
        if let Some(error) = reader.failure() {
            return Err(CliError::usage(error));
        }
        for event in self.setup.disturbance.repetitions(u64::MAX - 1) {
            self.push(event, last_at, &mut pending).await?;
        }
        self.flush(&mut pending).await?;
        self.pass_to_end(last_at).await?;
        self.report(row_count, began.elapsed()).await
    }

    fn bad_row(&mut self, message: &str) {
        self.bad_row_count += 1;
        if self.bad_rows.len() < 10 {
            self.bad_rows.push(message.to_owned());
        }
    }

    /// Takes a row, after whatever must happen before it.
    async fn take(&mut self, row: Row, at: Timestamp, pending: &mut Pending) -> Result<(), CliError> {
        for event in self.setup.disturbance.repetitions_before(at) {
            self.push(event, pending.last_at, pending).await?;
        }
        if self.is_over(at, pending) {
            self.flush(pending).await?;
            self.pass_to(at).await?;
        }
        let number = row.number;
        for event in self.setup.disturbance.repetitions(number) {
            self.push(event, at, pending).await?;
        }
        let (event, key) = self.event(row, at).await?;
        self.setup.disturbance.sent(number, at, &event);
        self.push(event, at, pending).await?;
        self.begin_window(at, pending).await?;
        pending.rows += 1;
        pending.profiles.extend(key);
        Ok(())
    }

    /// Whether what is pending must be delivered before what happens at `at`.
    fn is_over(&self, at: Timestamp, pending: &Pending) -> bool {
        match self.setup.batch_rows {
            Some(rows) => pending.rows >= rows,
            None => at > pending.horizon,
        }
    }

    /// Sets, with the first row after a delivery, until when nothing can be due that is not in the index.
    async fn begin_window(&self, at: Timestamp, pending: &mut Pending) -> Result<(), CliError> {
        if pending.rows == 0 {
            let span = self.setup.idle.unwrap_or(SPAN_MAX);
            let span = if self.setup.has_timers { span.min(TIMED_SPAN_MAX) } else { span };
            pending.horizon = self.earliest_due().await?.map_or(at + span, |due| due.min(at + span));
        }
        Ok(())
    }

    /// Puts an event into the request, after sending a full one.
    async fn push(&mut self, event: Value, at: Timestamp, pending: &mut Pending) -> Result<(), CliError> {
        let bytes = 100 + event.to_string().len();
        if pending.is_full(bytes) && !pending.events.is_empty() {
            self.send(pending).await?;
            // Where a number of rows decides, a full request alone delivers nothing.
            if self.setup.batch_rows.is_none() && self.setup.disturbance.delivers() {
                self.deliver_events(pending).await?;
            }
        }
        if pending.events.is_empty() {
            pending.events_max = self.setup.disturbance.request_events();
        }
        pending.bytes += bytes;
        pending.last_at = at;
        pending.events.push(event);
        Ok(())
    }

    /// The row as a Segment event of its user, who consents and can be reached.
    async fn event(&mut self, row: Row, at: Timestamp) -> Result<(Value, Option<ProfileKey>), CliError> {
        let Row { number, user, mut body, anonymous, .. } = row;
        let pepper = &self.setup.stack.secrets.pepper;
        let key = if anonymous {
            AnonymousId::new(&user).ok().map(|id| pepper.anonymous(&id))
        } else {
            UserId::new(&user).ok().map(|id| pepper.customer(&id))
        };
        if body.get("messageId").is_none_or(Value::is_null) {
            body["messageId"] = json!(format!("row-{number}"));
        }
        if let Some(width) = self.setup.id_bytes {
            super::pad::product_ids(&mut body["properties"], usize::try_from(width).unwrap_or(0));
        }
        if let Some(key) = &key {
            self.give_contact(key, at).await?;
            if let Some(journal) = &mut self.setup.journal {
                journal.event(key, &user, number, at, &body);
            }
        }
        address(&mut body, &user, anonymous, at);
        Ok((body, key))
    }

    /// Makes somebody reachable, once.
    async fn give_contact(&mut self, key: &ProfileKey, at: Timestamp) -> Result<(), CliError> {
        if !self.users.insert(key.clone()) {
            return Ok(());
        }
        let email = Some(format!("user-{}@replay.shop.example", self.users.len()));
        let contact = Contact { email, verified: true, at, ..Contact::default() };
        let put = self.setup.tables.put_contact(key, &contact).await;
        put.map_err(|e| CliError::caused("a synthetic contact could not be stored", &e))?;
        Ok(())
    }

    /// Sends what is pending at the time of its last row.
    async fn send(&mut self, pending: &mut Pending) -> Result<(), CliError> {
        let events = std::mem::take(&mut pending.events);
        pending.bytes = 0;
        if events.is_empty() {
            return Ok(());
        }
        self.setup.hand.set(pending.last_at);
        let count = events.len() as u64;
        let body = json!({ "sentAt": pending.last_at.as_ms(), "batch": events }).to_string();
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
        Ok(())
    }

    /// Sends and delivers what is pending: a flush.
    async fn flush(&mut self, pending: &mut Pending) -> Result<(), CliError> {
        self.send(pending).await?;
        self.deliver_events(pending).await
    }

    async fn deliver_events(&mut self, pending: &mut Pending) -> Result<(), CliError> {
        let before = self.setup.meter.usage().profile;
        self.deliver().await?;
        let used = self.setup.meter.usage().profile.since(&before);
        self.flushed.usage = self.flushed.usage.plus(&used);
        self.flushed.flushes += u64::from(pending.rows > 0);
        self.flushed.events += pending.rows;
        self.flushed.profile_flushes += pending.profiles.len() as u64;
        pending.rows = 0;
        pending.profiles.clear();
        Ok(())
    }

    async fn deliver(&self) -> Result<(), CliError> {
        let drained = self.setup.stack.drain().await?;
        if drained.stuck_count > 0 {
            return Err(CliError::failed(format!("{} records cannot be applied", drained.stuck_count)));
        }
        Ok(())
    }
}

/// Says who a row's event is of, and when; of somebody who consents, where the row says nothing of it.
pub(crate) fn address(body: &mut Value, user: &str, anonymous: bool, at: Timestamp) {
    body[if anonymous { "anonymousId" } else { "userId" }] = json!(user);
    body["timestamp"] = json!(at.as_ms());
    if !body["context"].is_object() {
        body["context"] = json!({});
    }
    if body["context"]["consent"]["marketing_email"].is_null() {
        body["context"]["consent"] = json!({ "marketing_email": true });
    }
}

fn unreadable(error: &beckon_store::StoreError) -> CliError {
    CliError::caused("the profiles cannot be read", error)
}
