//! The use case: a body becomes records in the stream, contact data in its table, and an answer with verdicts.

use crate::error::CollectError;
use crate::guard::Guard;
use crate::identity::address;
use crate::proof::{Proof, proofs};
use crate::sorted::Sorted;
use beckon_domain::key::{WriteKey, WriteKeyKind};
use beckon_domain::{Currency, Timestamp};
use beckon_runtime::{Clock, Metrics, Secrets, fresh_id};
use beckon_store::streams::EventStream;
use beckon_store::tables::{ContactStore, ProductStore};
use beckon_wire::auth::Credentials;
use beckon_wire::bots::is_bot;
use beckon_wire::capture::{
    BOT, Body, CaptureAnswer, EventType, Received, Verdict, capture, parse_batch, parse_single, parts,
};
use beckon_wire::problem::{Fault, Problem};
use beckon_wire::token::TokenFault;
use std::ops::Range;

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

/// A request that may be sorted: who sent it is known, and what its tokens prove.
pub(crate) struct Sent<'a> {
    pub(crate) body: &'a Body<'a>,
    pub(crate) key: &'a WriteKey,
    /// One for each event.
    pub(crate) proofs: &'a [Proof],
    pub(crate) event_type: Option<EventType>,
    pub(crate) told: Told<'a>,
}

/// The clocks of a request: ours, and the sender's when it was sent.
#[derive(Clone, Copy)]
struct Sorting {
    now: Timestamp,
    sent_at: Option<Timestamp>,
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
        let sent = Sent { body: &body, key: &key, proofs: &proofs, event_type, told };
        let mut sorted = self.take(&sent).await?;
        sorted.warnings.extend(misplaced.map(|fault| Verdict::new(0, "{}", fault)));
        self.keep(sorted, &key, request_id).await
    }

    /// Sorts a request, a part of its events at a time, unless it is more than its key or a visitor may send.
    pub(crate) async fn take(&self, sent: &Sent<'_>) -> Result<Sorted, CollectError> {
        let (events, now) = (&sent.body.events, self.clock.now());
        let mut sorted = Sorted::of(events.len());
        let sent_at = sent.body.sent_at.as_ref().and_then(beckon_wire::parse_time);
        if sent.body.sent_at.is_some() && sent_at.is_none() && !events.is_empty() {
            let fault = Fault::new("/sentAt", "schema.timestamp", "not a time; clocks were not corrected");
            sorted.warnings.push(Verdict::new(0, "{}", fault));
        }
        for part in parts(events) {
            let is_last = part.end == events.len();
            self.sort(&mut sorted, part, sent, Sorting { now, sent_at });
            // Only the whole request takes from its buckets; a part of it must not have prices read that are never used.
            self.guard.admit(&sorted, sent.key, now, is_last)?;
            if sent.key.kind == WriteKeyKind::Publishable {
                self.guard.correct_prices(&self.tables, &mut sorted, now).await;
            }
            sorted.write().map_err(CollectError::Encode)?;
        }
        Ok(sorted)
    }

    /// Writes what a request became, and says so.
    pub(crate) async fn keep(
        &self,
        mut sorted: Sorted,
        key: &WriteKey,
        request_id: &str,
    ) -> Result<CaptureAnswer, CollectError> {
        let records = sorted.take_records();
        if !records.is_empty() {
            self.stream.put(records).await.map_err(CollectError::Stream)?;
        }
        for (key, contact) in &sorted.contacts {
            self.tables.put_contact(key, contact).await.map_err(CollectError::Contact)?;
        }
        if key.source.is_canary() {
            tracing::debug!(request.id = request_id, "the canary's event collected");
            return Ok(sorted.answer(request_id));
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
        Ok(sorted.answer(request_id))
    }

    /// A part of its events.
    fn sort(&self, sorted: &mut Sorted, part: Range<usize>, sent: &Sent<'_>, at: Sorting) {
        let Sent { body, key, told, .. } = *sent;
        let received = Received {
            at: at.now,
            sent_at: at.sent_at,
            source: &key.source,
            currency: self.currency,
            context: &body.context,
            event_type: sent.event_type,
            // Behind a secret key is a server, whose own user agent says nothing of the person.
            is_bot: key.kind == WriteKeyKind::Publishable && told.user_agent.is_some_and(is_bot),
            gpc: told.gpc,
            room: sorted.room,
            fresh_id: &fresh_id,
        };
        let events = body.events.iter().zip(sent.proofs).enumerate();
        for (index, (json, proof)) in events.skip(part.start).take(part.len()) {
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
    }
}

#[cfg(test)]
mod tests;
