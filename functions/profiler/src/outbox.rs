//! What the rules made others hear of, and what experiments found: put after the state that holds it is written, and put again when that may not have
//! happened.
//!
//! A batch whose effects were not all put is not acknowledged, so it is delivered again, and something of it is then behind
//! the profile's marks. Where nothing is, the write before belongs to a batch that was acknowledged, and so were its
//! effects: the next write forgets them. Right after a write of its own a part is behind the marks too, so that one
//! question decides both. That the batch before was acknowledged holds within a shard only: a child shard may be read before
//! its parent is done. So a person whose events came from another shard too, until that shard's mark is dropped, is told
//! of twice rather than never.

use crate::batch::{Part, Work};
use crate::error::ProcessError;
use crate::expiry::is_applied;
use crate::process::Profiler;
use beckon_domain::reaction::{Effect, Happened};
use beckon_domain::{Profile, ProfileKey};
use beckon_store::bus::{BusEvent, EventBus};
use beckon_store::objects::FailedEventStore;
use beckon_store::streams::{EventStream, NewRecord};
use beckon_store::tables::{ConfigStore, ExperimentStore, ProfileStore, Stored};
use beckon_wire::bus::event_of;
use beckon_wire::stream::{Line, SegmentLine, encode};

/// The version of the state whose outbox was put for this part: once is enough.
#[derive(Default)]
pub(crate) struct OutboxPut(Option<u64>);

/// Whether something of the part is behind the profile's marks, or the person's events came from another shard too: then
/// what the last write holds for others may not have been put.
fn may_be_unheard(part: &Part, profile: &Profile) -> bool {
    let is_of_other_shards = |work: &Work| profile.marks.know_other_than(&work.item.position.shard);
    part.work.iter().any(|work| is_applied(Some(profile), work) || is_of_other_shards(work))
}

impl<T, S, F, B> Profiler<T, S, F, B>
where
    T: ProfileStore + ConfigStore + ExperimentStore,
    S: EventStream,
    F: FailedEventStore,
    B: EventBus,
{
    /// Puts the outbox of a stored state, unless the batch that wrote it was acknowledged, or it was put for this part.
    pub(crate) async fn put_outbox(
        &self,
        part: &Part,
        stored: Option<&Stored>,
        put: &mut OutboxPut,
    ) -> Result<(), ProcessError> {
        let Some(Stored { profile, version }) = stored else { return Ok(()) };
        let effects = &profile.rules.outbox;
        if effects.is_empty() || put.0 == Some(*version) || !may_be_unheard(part, profile) {
            return Ok(());
        }
        self.put_segments(&part.key, effects).await?;
        let events = effects.iter().map(|effect| bus_event(&part.key, effect));
        if let Err(error) = self.bus.put(events.collect::<Result<_, _>>()?).await {
            if !error.is_transient() {
                // An alarm counts this line.
                tracing::error!(error = ?error, "the event bus takes nothing");
            }
            return Err(error.into());
        }
        put.0 = Some(*version);
        Ok(())
    }

    /// Puts what reports must be told of a stored state, as the outbox of the rules is put. Each finding is the same whenever
    /// it is told, so telling it twice changes nothing.
    pub(crate) async fn put_findings(
        &self,
        part: &Part,
        stored: Option<&Stored>,
        put: &mut OutboxPut,
    ) -> Result<(), ProcessError> {
        let Some(Stored { profile, version }) = stored else { return Ok(()) };
        let findings = &profile.measured.outbox;
        if findings.is_empty() || put.0 == Some(*version) || !may_be_unheard(part, profile) {
            return Ok(());
        }
        for finding in findings {
            self.tables.record_finding(&part.key, finding, self.clock.now()).await?;
        }
        put.0 = Some(*version);
        Ok(())
    }

    /// Segments entered and left are events of the person too, in their order.
    async fn put_segments(&self, key: &ProfileKey, effects: &[Effect]) -> Result<(), ProcessError> {
        let now = self.clock.now();
        let line = |effect: &Effect| {
            let (id, entered) = match &effect.happened {
                Happened::SegmentEntered(segment) => (segment, true),
                Happened::SegmentExited(segment) => (segment, false),
                Happened::RuleMatched { .. } => return None,
            };
            let segment = SegmentLine { id: id.clone(), entered };
            Some(Line::segment_changed(key, effect.id, segment, effect.at, now))
        };
        let lines: Vec<Line> = effects.iter().filter_map(line).collect();
        if lines.is_empty() {
            return Ok(());
        }
        self.stream.put(NewRecord::of_key(key.as_str(), encode(&lines)?)).await?;
        Ok(())
    }
}

fn bus_event(key: &ProfileKey, effect: &Effect) -> Result<BusEvent, serde_json::Error> {
    let (detail_type, detail) = event_of(key, effect)?;
    Ok(BusEvent { detail_type, at: effect.at, detail })
}
