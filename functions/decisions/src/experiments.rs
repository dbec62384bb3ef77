//! Experiments of a request: who is in which variant, and that this is told.
//!
//! Who falls where is asked of the rules, in this process. That somebody is shown a variant for the first time is one line
//! in the event stream, under the key of their profile. It is put while the answer is made, and waited for as long as the
//! request may take. One that gets lost is put again with the next decision: the same hash gives the same variant.

use crate::person::Who;
use crate::reading::Lookup;
use crate::slots::person;
use beckon_domain::id::SlotId;
use beckon_domain::{ProfileKey, Timestamp};
use beckon_rules::{Asked, Assigned, Forced, InSlot, Page, Ruleset, Subject};
use beckon_runtime::Deadline;
use beckon_store::streams::{EventStream, NewRecord};
use beckon_wire::decisions::ExperimentAnswer;
use beckon_wire::stream::{Line, encode};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

type Put<'a> =
    Pin<Box<dyn Future<Output = Result<(), Box<dyn std::error::Error + Send + Sync>>> + Send + 'a>>;

/// A stream, whichever it is.
trait Sink: Send + Sync {
    fn put(&self, records: Vec<NewRecord>) -> Put<'_>;
}

struct Stream<S>(S);

impl<S: EventStream> Sink for Stream<S> {
    fn put(&self, records: Vec<NewRecord>) -> Put<'_> {
        Box::pin(async move { self.0.put(records).await.map_err(Into::into) })
    }
}

/// Where it is told that somebody is shown a variant for the first time. Without a stream nobody hears of it, and whoever is
/// in an experiment stays where their hash is.
#[derive(Clone, Default)]
pub struct Exposures {
    sink: Option<Arc<dyn Sink>>,
}

impl Exposures {
    /// One that puts into the event stream and waits for it.
    #[must_use]
    pub fn putting<S: EventStream + 'static>(stream: S) -> Self {
        Self { sink: Some(Arc::new(Stream(stream))) }
    }

    /// What the person is shown for the first time, to be put.
    pub(crate) fn put(&self, key: &ProfileKey, assigned: &Assigned<'_>, now: Timestamp) -> Untold {
        let lines: Vec<Line> =
            assigned.exposures().map(|(run, variant)| Line::exposure(key, run, variant, now)).collect();
        let sink = self.sink.clone().filter(|_| !lines.is_empty());
        Untold { sink, key: key.clone(), lines }
    }
}

/// Exposures that are not told yet.
pub(crate) struct Untold {
    sink: Option<Arc<dyn Sink>>,
    key: ProfileKey,
    lines: Vec<Line>,
}

impl Untold {
    /// Tells them, for as long as the request may take. What does not get there is counted in the log.
    pub(crate) async fn within(self, whole: Deadline, request_id: &str) {
        let Some(sink) = &self.sink else { return };
        let lost = |error: &dyn std::fmt::Debug| {
            let count = self.lines.len();
            tracing::warn!(request.id = request_id, error = ?error, exposure.lost_count = count, "exposures not put");
        };
        let records = match encode(&self.lines) {
            Ok(datas) => NewRecord::of_key(self.key.as_str(), datas),
            Err(error) => return lost(&error),
        };
        match whole.within(sink.put(records)).await {
            Some(Ok(())) => {}
            Some(Err(error)) => lost(&error),
            None => lost(&"no time was left"),
        }
    }
}

/// Who asks, as experiments see them.
pub(crate) struct Asker<'a> {
    /// Whose profiles the request names.
    pub who: &'a Who,
    /// What the store had to say of them.
    pub lookup: &'a Lookup,
    /// Whether it is nobody: a program.
    pub is_bot: bool,
    /// What somebody asked to see.
    pub forced: &'a Forced,
}

impl Asker<'_> {
    /// What experiments do with who asks for these slots.
    pub(crate) fn assigned<'r>(
        &self,
        ruleset: &'r Ruleset,
        page: &Page,
        slots: &[&SlotId],
        now: Timestamp,
    ) -> Assigned<'r> {
        let known = match self.lookup {
            Lookup::Answered(known) => known.as_deref(),
            // Nobody knows what they were shown before, nor whether they agree.
            Lookup::Failed(_) => return Assigned::default(),
        };
        let person = person(known, page);
        // By the browser's own id where there is one: whoever logs in stays where they are.
        let unit = self.who.visitor.as_ref().or(self.who.customer.as_ref()).filter(|_| !self.is_bot);
        let measured = known.map(|known| &known.profile.measured);
        let subject = Subject { unit: unit.map(ProfileKey::as_str), measured, forced: self.forced };
        ruleset.assign(&subject, Asked::Slots(slots), &person, now)
    }

    /// Under which key the profile is kept that an exposure belongs to: the customer's of a customer.
    pub(crate) fn key(&self) -> Option<ProfileKey> {
        self.lookup.known().and_then(|known| known.key.clone()).or_else(|| self.who.key())
    }
}

/// The experiment of a slot, as the page is told it.
pub(crate) fn told(in_slot: InSlot<'_>) -> ExperimentAnswer {
    let run = &in_slot.experiment.run;
    ExperimentAnswer {
        key: run.experiment.to_string(),
        run: run.number,
        variant: in_slot.variant.to_string(),
        in_experiment: in_slot.is_in,
        bucket: in_slot.bucket,
    }
}
