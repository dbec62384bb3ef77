//! Lines that Beckon itself puts: ends of reminders, timers of rules, changes of segments, exposures, merge records.

use super::{
    ConsentLine, Context, ExposureLine, INTERNAL_SOURCE, Line, LineType, MergeLine, Properties, SegmentLine,
    TimerLine, VERSION,
};
use beckon_domain::event::TimerOutcome;
use beckon_domain::experiment::RunId;
use beckon_domain::id::{EffectId, VariantId};
use beckon_domain::{Profile, ProfileKey, ReminderId, Timestamp, packed};
use data_encoding::BASE64;
use std::collections::BTreeMap;

impl Line {
    /// A line that Beckon itself puts under `key`.
    #[must_use]
    fn internal(key: &ProfileKey, id: &str, kind: LineType, at: Timestamp) -> Self {
        Self {
            v: VERSION,
            key: key.as_str().to_owned(),
            id: id.to_owned(),
            source: INTERNAL_SOURCE.to_owned(),
            kind,
            event: None,
            occurred_at: at.as_ms(),
            received_at: at.as_ms(),
            properties: Properties::default(),
            traits: BTreeMap::new(),
            context: Context::default(),
            consent: ConsentLine::default(),
            claim: None,
            link: None,
            internal: true,
            timer: None,
            merge: None,
            segment: None,
            conversion: None,
            exposure: None,
        }
    }

    /// `Timer Due`: a timer of an episode has come to an end for a step of its series. The id says which
    /// timer and how it ended, so that a repetition is recognised.
    #[must_use]
    pub fn timer(
        key: &ProfileKey,
        reminder: ReminderId,
        number: u32,
        outcome: TimerOutcome,
        at: Timestamp,
    ) -> Self {
        let kind = match outcome {
            TimerOutcome::Done => "done".to_owned(),
            TimerOutcome::Skipped => "skipped".to_owned(),
            TimerOutcome::HeldOut => "held-out".to_owned(),
            TimerOutcome::NoContact => "no-contact".to_owned(),
            TimerOutcome::Later { until } => format!("later-{}", until.as_ms()),
        };
        let ReminderId { episode, step } = reminder;
        let id = format!("timer:{episode}:{step}:{number}:{kind}");
        let mut line = Self::internal(key, &id, LineType::Timer, at);
        line.timer = Some(TimerLine { episode: episode.to_string(), number, step, outcome });
        line
    }

    /// The rules must look again, because a timer of theirs was due at `due_at`. The id says which, so that a repetition
    /// is recognised however often the timer is found.
    #[must_use]
    pub fn rules_due(key: &ProfileKey, due_at: Timestamp, now: Timestamp) -> Self {
        let id = format!("rules-due:{}", due_at.as_ms());
        Self { occurred_at: due_at.as_ms(), ..Self::internal(key, &id, LineType::RulesDue, now) }
    }

    /// The person entered or left a segment at `at`: an effect of the rules, recognised by its id.
    #[must_use]
    pub fn segment_changed(
        key: &ProfileKey,
        effect: EffectId,
        segment: SegmentLine,
        at: Timestamp,
        now: Timestamp,
    ) -> Self {
        let id = format!("segment:{effect}");
        let line = Self::internal(key, &id, LineType::Segment, now);
        Self { occurred_at: at.as_ms(), segment: Some(segment), ..line }
    }

    /// An order that followed a reminder is written down. The id names the profile too: what a visitor's profile was told is
    /// forwarded to the customer's, which may have to be told once more after their states are joined.
    #[must_use]
    pub fn conversion_recorded(key: &ProfileKey, id: EffectId, now: Timestamp) -> Self {
        let line = Self::internal(key, &format!("conversion:{id}:{key}"), LineType::Conversion, now);
        Self { conversion: Some(id.to_string()), ..line }
    }

    /// The person is shown a variant of an experiment. The id says which, and to whom, so that a repetition is recognised
    /// and what a visitor was shown is told to the customer, too.
    #[must_use]
    pub fn exposure(key: &ProfileKey, run: &RunId, variant: &VariantId, now: Timestamp) -> Self {
        let id = format!("exposure:{}", EffectId::of_exposure(key.as_str(), &run.to_string(), variant));
        let line = Self::internal(key, &id, LineType::Exposure, now);
        let (experiment, variant) = (run.experiment.as_str().to_owned(), variant.as_str().to_owned());
        Self { exposure: Some(ExposureLine { experiment, run: run.number, variant }), ..line }
    }

    /// The merge record: the frozen state of `from`, put under the customer's key.
    ///
    /// # Errors
    /// When the state cannot be packed.
    pub fn merge(
        to: &ProfileKey,
        from: &ProfileKey,
        state: &Profile,
        at: Timestamp,
    ) -> Result<Self, packed::PackError> {
        let mut line = Self::internal(to, &format!("merge:{from}"), LineType::Merge, at);
        let state = BASE64.encode(&packed::pack(state)?);
        line.merge = Some(MergeLine { from: from.as_str().to_owned(), state });
        Ok(line)
    }
}
