//! The use case: a body becomes records in the stream, contact data in its table, and an answer with verdicts.

use crate::error::CollectError;
use crate::guard::Guard;
use crate::identity::{Addressed, address};
use crate::proof::{Proof, proofs};
use beckon_domain::id::EffectId;
use beckon_domain::key::{WriteKey, WriteKeyKind};
use beckon_domain::{Currency, DurationMs, EventId, ProfileKey, SourceId, Timestamp};
use beckon_runtime::{Clock, Metrics, Secrets, fresh_id};
use beckon_store::streams::{EventStream, NewRecord};
use beckon_store::tables::{Contact, ContactStore, ProductStore};
use beckon_wire::auth::Credentials;
use beckon_wire::bots::is_bot;
use beckon_wire::capture::landing::{self, EMAIL_LINK_CLICKED};
use beckon_wire::capture::{
    BOT, Body, CaptureAnswer, Captured, EventType, Received, Verdict, capture, parse_batch, parse_single,
};
use beckon_wire::limits::EVENT_COUNT_MAX;
use beckon_wire::problem::{Fault, Problem};
use beckon_wire::stream::{Line, encode};
use beckon_wire::token::TokenFault;

/// How long a contact is kept when no consent to marketing e-mail came with it.
const UNCONSENTED_CONTACT_RETENTION: DurationMs = DurationMs::from_days(30);

/// Everything the collector needs.
#[derive(Clone, Debug)]
pub struct Collector<S, C> {
    /// Where events go.
    pub stream: S,
    /// Where contact data goes, and what products cost.
    pub tables: C,
    /// Pepper and write keys.
    pub secrets: Secrets,
    /// The time.
    pub clock: Clock,
    /// Currency of prices that name none.
    pub currency: Currency,
    /// Address under which the API is reached, as the settings of analytics.js name it.
    pub public_url: String,
    /// Bounds on what strangers can do.
    pub guard: Guard,
    /// Where it is told what a request came to.
    pub metrics: Metrics,
}

/// What the headers of a request tell of the person behind it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told<'a> {
    /// `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// `Sec-GPC: 1`, Global Privacy Control.
    pub gpc: bool,
}

/// What a request became, before anything is written.
#[derive(Default)]
pub(crate) struct Sorted {
    /// Lines per profile, profiles and lines in the order they came.
    records: Vec<(ProfileKey, Vec<Line>)>,
    contacts: Vec<(ProfileKey, Contact)>,
    accepted: usize,
    /// Events that the request may still make: clicks, and further items of one event.
    room: usize,
    clamped: usize,
    pub(crate) rejected: Vec<Verdict>,
    pub(crate) warnings: Vec<Verdict>,
}

impl<S: EventStream, C: ContactStore + ProductStore> Collector<S, C> {
    /// Takes the body of a request. `event_type` is what a single-event path says; `None` for a batch.
    ///
    /// # Errors
    /// When the request cannot be read, its key is unknown, or the stream did not acknowledge everything.
    pub async fn collect(
        &self,
        bytes: &[u8],
        credentials: &Credentials,
        event_type: Option<EventType>,
        told: Told<'_>,
        request_id: &str,
    ) -> Result<CaptureAnswer, CollectError> {
        let body = if event_type.is_some() { parse_single(bytes)? } else { parse_batch(bytes)? };
        let presented = credentials.user.as_deref().or(body.write_key.as_deref());
        let key = self.secrets.find_key(presented, self.clock.now()).await?;
        let key = key.ok_or_else(Problem::unauthorized)?;
        let misplaced = credentials.admit(&key)?;
        let proofs = proofs(&body, &key, &self.secrets, self.clock.now()).await?;
        let mut sorted = self.sort(&body, &key, &proofs, event_type, told);
        sorted.warnings.extend(misplaced.map(|fault| Verdict::new(0, "{}", fault)));
        self.keep(sorted, &key, request_id).await
    }

    /// Writes what a request became, and says so.
    pub(crate) async fn keep(
        &self,
        mut sorted: Sorted,
        key: &WriteKey,
        request_id: &str,
    ) -> Result<CaptureAnswer, CollectError> {
        let now = self.clock.now();
        self.guard.admit(&sorted.records, key, now)?;
        if key.kind == WriteKeyKind::Publishable {
            self.guard.correct_prices(&self.tables, &mut sorted, now).await;
        }
        self.put(std::mem::take(&mut sorted.records)).await?;
        for (key, contact) in &sorted.contacts {
            self.tables.put_contact(key, contact).await.map_err(CollectError::Contact)?;
        }
        if key.source.is_canary() {
            tracing::debug!(request.id = request_id, "the canary's event collected");
            return Ok(answer(sorted, request_id));
        }
        tracing::info!(
            request.id = request_id,
            source = key.source.as_str(),
            accepted_count = sorted.accepted,
            event.rejected_count = sorted.rejected.len(),
            event.bot_count = sorted.rejected.iter().filter(|verdict| verdict.fault.code == BOT).count(),
            event.clamped_count = sorted.clamped,
            "request collected"
        );
        Ok(answer(sorted, request_id))
    }

    pub(crate) fn sort(
        &self,
        body: &Body<'_>,
        key: &WriteKey,
        proofs: &[Proof],
        event_type: Option<EventType>,
        told: Told<'_>,
    ) -> Sorted {
        let is_publishable = key.kind == WriteKeyKind::Publishable;
        let room = EVENT_COUNT_MAX.saturating_sub(body.events.len());
        let mut sorted = Sorted { room, ..Sorted::default() };
        let sent_at = body.sent_at.as_ref().and_then(beckon_wire::parse_time);
        if body.sent_at.is_some() && sent_at.is_none() && !body.events.is_empty() {
            let fault = Fault::new("/sentAt", "schema.timestamp", "not a time; clocks were not corrected");
            sorted.warnings.push(Verdict::new(0, "{}", fault));
        }
        let received = Received {
            at: self.clock.now(),
            sent_at,
            source: &key.source,
            currency: self.currency,
            context: &body.context,
            event_type,
            // Behind a secret key is a server, whose own user agent says nothing of the person.
            is_bot: is_publishable && told.user_agent.is_some_and(is_bot),
            gpc: told.gpc,
            room: sorted.room,
            fresh_id: &fresh_id,
        };
        for (index, (json, proof)) in body.events.iter().zip(proofs).enumerate() {
            let captured = capture(json, &Received { room: sorted.room, ..received.clone() });
            let user = captured.as_ref().ok().and_then(|captured| captured.user.as_ref());
            let (proof, fault) = match proof {
                Some(Ok(proof)) if user.is_some_and(|user| user != proof) => {
                    (None, Some(TokenFault::OtherPerson))
                }
                Some(Ok(proof)) => (Some(proof), None),
                Some(Err(fault)) => (None, Some(*fault)),
                None => (None, None),
            };
            sorted.warnings.extend(fault.map(|fault| Verdict::new(index, json, fault.into())));
            let addressed = captured.and_then(|c| {
                address(&c, key.kind, proof, &self.secrets.pepper).map(|addressed| (c, addressed))
            });
            match addressed {
                Ok((mut captured, addressed)) => {
                    captured.warnings.extend(self.guard.purchase(&mut captured.line, key.kind));
                    if captured.id_is_personal {
                        captured.line.id = self.secrets.pepper.event_id(&captured.line.id);
                    }
                    sorted.accept(index, json, captured, addressed, received.at);
                }
                Err(fault) => sorted.rejected.push(Verdict::new(index, json, fault)),
            }
        }
        sorted
    }

    async fn put(&self, records: Vec<(ProfileKey, Vec<Line>)>) -> Result<(), CollectError> {
        let mut new = Vec::with_capacity(records.len());
        for (key, lines) in records {
            let datas = encode(&lines).map_err(CollectError::Encode)?;
            new.extend(NewRecord::of_key(key.as_str(), datas));
        }
        if new.is_empty() {
            return Ok(());
        }
        self.stream.put(new).await.map_err(CollectError::Stream)
    }
}

impl Sorted {
    fn accept(&mut self, index: usize, json: &str, captured: Captured, addressed: Addressed, now: Timestamp) {
        self.accepted += 1;
        self.clamped += usize::from(captured.clamped);
        self.warnings.extend(captured.warnings.into_iter().map(|fault| Verdict::new(index, json, fault)));
        if let Some(traits) = captured.contact {
            let contact = Contact {
                email: traits.email,
                phone: traits.phone,
                first_name: traits.first_name,
                last_name: traits.last_name,
                verified: addressed.is_proven,
                at: Timestamp::from_ms(captured.line.occurred_at),
                expires_at: Some(now + UNCONSENTED_CONTACT_RETENTION),
                consent: captured.line.consent.marketing_email,
            };
            self.contacts.push((addressed.contact, contact));
        }
        let mut line = captured.line;
        addressed.key.as_str().clone_into(&mut line.key);
        line.claim = addressed.claim.map(|key| key.as_str().to_owned());
        line.link = addressed.link.map(|key| key.as_str().to_owned());
        let click = captured.landing.map(|id| landing::click(&line, id));
        let items =
            captured.more.into_iter().map(|item| Line { properties: item.properties, ..line.clone() });
        let items: Vec<Line> = items.collect();
        self.put_down(&addressed.key, line);
        for (number, item) in items.into_iter().enumerate() {
            self.put_more(&addressed.key, item, &format!("item {}", number + 1));
        }
        if let Some(click) = click {
            self.put_click(&addressed.key, click);
        }
    }

    /// The products that its events name.
    pub(crate) fn products<'a>(&'a self) -> impl Iterator<Item = &'a str> {
        let lines = self.records.iter().flat_map(|(_, lines)| lines);
        let of = |line: &'a Line| {
            let properties = &line.properties;
            properties.product.iter().chain(properties.products.iter().flatten())
        };
        lines.flat_map(of).map(|product| product.id.as_str())
    }

    /// Its events.
    pub(crate) fn lines_mut(&mut self) -> impl Iterator<Item = &mut Line> {
        self.records.iter_mut().flat_map(|(_, lines)| lines)
    }

    fn put_down(&mut self, key: &ProfileKey, line: Line) {
        match self.records.iter_mut().find(|(of, _)| of == key) {
            Some((_, lines)) => lines.push(line),
            None => self.records.push((key.clone(), vec![line])),
        }
    }

    /// A landing's click, behind its page. What happens on the page tells the same address: one click for a person, a
    /// request and a mail. A request with its events and clicks is never larger than the largest one without.
    fn put_click(&mut self, key: &ProfileKey, click: Line) {
        let mut lines = self.records.iter().filter(|(of, _)| of == key).flat_map(|(_, lines)| lines);
        if self.room == 0 || lines.any(|line| is_same_click(line, &click)) {
            return;
        }
        self.put_more(key, click, EMAIL_LINK_CLICKED);
    }

    /// An event that another one makes, behind it. Its id follows from the other's, so that a retry makes the same one.
    fn put_more(&mut self, key: &ProfileKey, mut line: Line, what: &str) {
        let (Ok(source), Ok(event)) = (SourceId::new(&line.source), EventId::new(&line.id)) else { return };
        line.id = EffectId::derive(key.as_str(), &source, &event, what).to_string();
        self.room = self.room.saturating_sub(1);
        self.accepted += 1;
        self.put_down(key, line);
    }
}

fn answer(sorted: Sorted, request_id: &str) -> CaptureAnswer {
    CaptureAnswer {
        success: true,
        request_id: request_id.to_owned(),
        accepted: sorted.accepted,
        clamped: sorted.clamped,
        rejected: sorted.rejected,
        warnings: sorted.warnings,
    }
}

/// Whether a line is a click on a link of the same mail.
fn is_same_click(line: &Line, click: &Line) -> bool {
    line.event == click.event
        && line.properties.extra.get("decision_id") == click.properties.extra.get("decision_id")
}

#[cfg(test)]
mod tests;
