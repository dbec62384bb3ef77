//! What the rules made others hear of: put after the state that holds it is written, and put again when that may not have
//! happened.
//!
//! A batch whose effects were not all put is not acknowledged, so it is delivered again, and something of it is then behind
//! the profile's marks. Where nothing is, the write before belongs to a batch that was acknowledged, and so were its
//! effects: the next write forgets them. Right after a write of its own a part is behind the marks too, so that one
//! question decides both.

use crate::batch::Part;
use crate::error::ProcessError;
use crate::expiry::is_applied;
use crate::process::Profiler;
use beckon_domain::ProfileKey;
use beckon_domain::reaction::{Effect, Happened};
use beckon_store::bus::{BusEvent, EventBus};
use beckon_store::objects::FailedEventStore;
use beckon_store::streams::{EventStream, NewRecord};
use beckon_store::tables::{ConfigStore, ProfileStore, Stored};
use beckon_wire::bus::event_of;
use beckon_wire::stream::{Line, SegmentLine, encode};

/// The version of the state whose outbox was put for this part: once is enough.
#[derive(Default)]
pub(crate) struct OutboxPut(Option<u64>);

impl<T, S, F, B> Profiler<T, S, F, B>
where
    T: ProfileStore + ConfigStore,
    S: EventStream,
    F: FailedEventStore,
    B: EventBus,
{
    /// Puts the outbox of a stored state, unless nothing of the part was applied before, or this state's was put for it.
    pub(crate) async fn put_outbox(
        &self,
        part: &Part,
        stored: Option<&Stored>,
        put: &mut OutboxPut,
    ) -> Result<(), ProcessError> {
        let Some(Stored { profile, version }) = stored else { return Ok(()) };
        let effects = &profile.rules.outbox;
        let is_ours = || part.work.iter().any(|work| is_applied(Some(profile), work));
        if effects.is_empty() || put.0 == Some(*version) || !is_ours() {
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
