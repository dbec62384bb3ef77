//! Events whose record nears the mapping's age limit: what is not applied is kept as failed, before the mapping would
//! discard it.

use crate::batch::{Part, failed};
use crate::error::ProcessError;
use crate::guard::TimeLeft;
use crate::process::{Outcome, Profiler, first_sequence};
use beckon_domain::Timestamp;
use beckon_store::ErrorKind;
use beckon_store::objects::FailedEventStore;
use beckon_store::streams::EventStream;
use beckon_store::tables::{ConfigStore, ProfileStore, Read, Stored};
use beckon_wire::failed::FailedReason;
use futures_util::StreamExt;

/// Parts of one batch in which something expires are looked at so many at a time.
const CONCURRENCY: usize = 16;

/// A part with its profile, read strongly.
type Loaded = (Part, Option<Stored>);

impl<T, S, F> Profiler<T, S, F>
where
    T: ProfileStore + ConfigStore,
    S: EventStream,
    F: FailedEventStore,
{
    /// Takes out of the parts what expires and is not applied, and keeps it as failed. Returns what is left to settle: the
    /// parts that were touched with their profile, and the others as they were.
    pub(crate) async fn set_aside_expiring(
        &self,
        parts: Vec<Part>,
        until: Option<Timestamp>,
        time: TimeLeft,
        outcome: &mut Outcome,
    ) -> (Vec<Loaded>, Vec<Part>) {
        let Some(until) = until else { return (Vec::new(), parts) };
        let (expiring, others): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(|p| p.expires(until));
        let expiring = expiring.into_iter().map(|part| {
            let first = first_sequence(&part);
            Box::pin(async move { (first, self.set_part_aside(part, until, time).await) })
        });
        let mut done = futures_util::stream::iter(expiring).buffered(CONCURRENCY);
        let mut loaded = Vec::new();
        while let Some((first, result)) = done.next().await {
            match result {
                Ok((rest, failed_count)) => {
                    outcome.failed_count += failed_count;
                    // Without events nothing is left to settle.
                    loaded.extend(rest.filter(|(part, _)| !part.work.is_empty()));
                }
                Err(error) => outcome.settled(first, Err(error)),
            }
        }
        (loaded, others)
    }

    /// Only marks tell what is applied. When they cannot be read the part stays, and comes again: what may have been
    /// applied is nothing that this profiler keeps as failed.
    async fn set_part_aside(
        &self,
        mut part: Part,
        until: Timestamp,
        time: TimeLeft,
    ) -> Result<(Option<Loaded>, u64), ProcessError> {
        if time.is_over(self.clock.now()) {
            return Err(ProcessError::OutOfTime);
        }
        let stored = match self.tables.load(std::slice::from_ref(&part.key), Read::Strong).await {
            Ok(mut stored) => stored.remove(&part.key),
            Err(error) if error.kind == ErrorKind::Corrupt => {
                tracing::error!(error = ?error, profile = ?part.key, "profile cannot be read");
                return Ok((None, self.set_aside(&part).await?));
            }
            Err(error) => return Err(error.into()),
        };
        let marks = stored.as_ref().map(|s| &s.profile.marks);
        let is_applied = |work: &crate::batch::Work| marks.is_some_and(|m| m.covers(&work.item.position));
        // What is applied stays in the part: a merge record may still have to be put.
        let (expired, rest): (Vec<_>, Vec<_>) =
            part.work.into_iter().partition(|work| work.expires(until) && !is_applied(work));
        let now_ms = self.clock.now().as_ms();
        for work in &expired {
            let detail = "the record neared the age at which the stream's mapping discards it";
            self.keep(&failed(work, &part.key, FailedReason::Expired, detail, now_ms)).await?;
        }
        part.work = rest;
        Ok((Some((part, stored)), expired.len() as u64))
    }
}
