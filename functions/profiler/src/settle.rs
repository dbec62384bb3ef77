//! One profile's part of a batch: fold, put what must go first, write once, put what must go after.

use crate::batch::{Part, Work, failed};
use crate::error::ProcessError;
use crate::outbox::OutboxPut;
use crate::process::{LiveRules, Profiler};
use crate::tally::Tally;
use beckon_batch::panics;
use beckon_domain::fold::{Folded, Item};
use beckon_domain::merge::portable;
use beckon_domain::policy::Policy;
use beckon_domain::reaction::{NoRules, Reaction};
use beckon_domain::{Erasure, Profile, ProfileKey};
use beckon_recommend::engagement::SlotSignal;
use beckon_recommend::{Signal, SignalId};
use beckon_store::bus::EventBus;
use beckon_store::erasing::erase_profile;
use beckon_store::objects::FailedEventStore;
use beckon_store::streams::{EventStream, NewRecord};
use beckon_store::tables::{ConfigStore, ExperimentStore, ProfileStore, Read, Save, Stored};
use beckon_wire::failed::FailedReason;
use beckon_wire::signal;
use beckon_wire::slot_signal;
use beckon_wire::stream::{Line, encode, forwarded, join};
use std::collections::BTreeSet;

/// What a part is folded by.
type FoldedBy<'a> = (&'a Policy, &'a dyn Reaction);

/// Attempts to write one profile against others, or against answers that never came.
pub(crate) const ATTEMPTS_MAX: u32 = 6;

impl<T, S, F, B> Profiler<T, S, F, B>
where
    T: ProfileStore + ConfigStore + ExperimentStore,
    S: EventStream,
    F: FailedEventStore,
    B: EventBus,
{
    /// Settles a part. After an error nothing later of this profile has been touched, and the tally counts what was settled
    /// before it.
    pub(crate) async fn settle(
        &self,
        mut part: Part,
        mut stored: Option<Stored>,
        rules: &LiveRules,
        tally: &mut Tally,
    ) -> Result<(), ProcessError> {
        let (mut at, mut attempts) = (0, 0);
        let (mut told, mut outbox, mut findings) =
            (BTreeSet::new(), OutboxPut::default(), OutboxPut::default());
        let (policy, reaction) = (&rules.policy, rules.reaction());
        loop {
            // The outbox: a merge record may not have been put when this state was written, so it is put (again) before
            // a later write forgets it. The customer's side knows its id.
            self.put_pending_merge(&part.key, stored.as_ref()).await?;
            self.put_outbox(&part, stored.as_ref(), &mut outbox).await?;
            self.put_findings(&part, stored.as_ref(), &mut findings).await?;
            if at == part.work.len() {
                return Ok(());
            }
            let before = stored.as_ref().map(|s| &s.profile);
            let Some(folded) = self.fold_caught(before, &part.key, &part.work[at..], (policy, reaction))
            else {
                let index = at + self.first_panic(before, &part.key, &part.work[at..], (policy, reaction));
                self.keep_panicked(&part.work.remove(index), &part.key, tally).await?;
                continue;
            };
            self.put_forwards(&folded, &part.work[at..]).await?;
            if !folded.changed {
                tally.settle(&folded, &part.work[at..], self.clock.now());
                at += folded.consumed;
                continue;
            }
            if self.is_expiring(stored.as_ref().map(|s| &s.profile), &part.work[at..]) {
                return Err(ProcessError::Expiring);
            }
            let read_version = stored.as_ref().map(|s| s.version);
            let due_at = folded.profile.due_at(policy);
            self.put_signals(&folded, &part.work[at..], &mut told).await?;
            self.erase_visitors(&folded).await?;
            match self.tables.save(&part.key, &folded.profile, read_version, due_at).await {
                Ok(Save::Saved) => {
                    tally.settle(&folded, &part.work[at..], self.clock.now());
                    at += folded.consumed;
                    let version = read_version.unwrap_or_default() + 1;
                    stored = Some(Stored { profile: folded.profile, version });
                }
                Ok(Save::Conflict) => {
                    tally.conflict();
                    attempts += 1;
                    stored = self.reload(&part.key, attempts).await?;
                }
                // It may have been written: read again; if it was, the fold finds nothing left to do.
                Err(error) if error.is_transient() && attempts + 1 < ATTEMPTS_MAX => {
                    attempts += 1;
                    stored = self.reload(&part.key, attempts).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// A part whose profile cannot be read: its events are kept as failed, so that they neither get lost nor block their
    /// shard, and can be put again once the profile is mended.
    pub(crate) async fn set_aside(&self, part: &Part, tally: &mut Tally) -> Result<(), ProcessError> {
        let now_ms = self.clock.now().as_ms();
        for work in &part.work {
            let detail = "the stored profile cannot be read";
            self.keep(&failed(work, &part.key, FailedReason::CorruptProfile, detail, now_ms)).await?;
            tally.fail(FailedReason::CorruptProfile);
        }
        Ok(())
    }

    async fn reload(&self, key: &ProfileKey, attempts: u32) -> Result<Option<Stored>, ProcessError> {
        if attempts >= ATTEMPTS_MAX {
            return Err(ProcessError::Contended { attempts });
        }
        Ok(self.tables.load(std::slice::from_ref(key), Read::Strong).await?.remove(key))
    }

    /// What the applied events say about products and slots goes before the write: after it, marks and ring would hide the events,
    /// and what was not put by then would be lost. If the write fails the signals are put again, and their ids tell the
    /// trends. `told` are those that the stream took from this part already.
    async fn put_signals(
        &self,
        folded: &Folded,
        work: &[Work],
        told: &mut BTreeSet<SignalId>,
    ) -> Result<(), ProcessError> {
        let (mut signals, mut of_slots) = (Vec::new(), Vec::new());
        for one in &folded.applied {
            let Some(Work { item, .. }) = work.get(one.index) else { continue };
            signals.extend(Signal::of(&item.event, &one.told));
            of_slots.extend(SlotSignal::of(&item.event, &one.engaged));
        }
        signals.retain(|signal| !told.contains(&signal.id));
        of_slots.retain(|signal| !told.contains(&signal.id));
        if signals.is_empty() && of_slots.is_empty() {
            return Ok(());
        }
        let records = signal::records(&signals)?.into_iter().chain(slot_signal::records(&of_slots)?);
        let record = |(partition_key, data)| NewRecord { partition_key, data };
        self.signals.put(records.map(record).collect()).await?;
        told.extend(signals.iter().map(|signal| signal.id));
        told.extend(of_slots.iter().map(|signal| signal.id));
        Ok(())
    }

    /// Visitors of a customer who was erased while their merge record was under way go before the write that drops it: after
    /// it, nobody would know of them.
    async fn erase_visitors(&self, folded: &Folded) -> Result<(), ProcessError> {
        let Some(erasure) = &folded.profile.erasure else { return Ok(()) };
        let erasure = Erasure { kept_out: 0, internal_kept_out: 0, ..erasure.clone() };
        for visitor in &folded.erase {
            erase_profile(&self.tables, visitor, &erasure).await?;
        }
        Ok(())
    }

    async fn put_pending_merge(&self, key: &ProfileKey, stored: Option<&Stored>) -> Result<(), ProcessError> {
        let Some(profile) = stored.map(|s| &s.profile) else { return Ok(()) };
        let Some(link) = profile.link.as_ref().filter(|link| link.merge_pending) else { return Ok(()) };
        let line = Line::merge(&link.to, key, &portable(profile), link.at)?;
        let datas = encode(std::slice::from_ref(&line))?;
        self.stream.put(NewRecord::of_key(&line.key, datas)).await?;
        Ok(())
    }

    /// Puts events of a linked visitor to their customers, and writes nothing. One at which the fold panics is kept as
    /// failed and taken out.
    pub(crate) async fn forward(
        &self,
        linked: &Profile,
        key: &ProfileKey,
        work: &mut Vec<Work>,
        tally: &mut Tally,
    ) -> Result<(), ProcessError> {
        // What a link forwards depends on no policy, and nothing reacts to it.
        let policy = Policy::default();
        let by: FoldedBy<'_> = (&policy, &NoRules);
        loop {
            if let Some(folded) = self.fold_caught(Some(linked), key, work, by) {
                self.put_forwards(&folded, work).await?;
                return Ok(());
            }
            let index = self.first_panic(Some(linked), key, work, by);
            self.keep_panicked(&work.remove(index), key, tally).await?;
        }
    }

    async fn keep_panicked(
        &self,
        work: &Work,
        key: &ProfileKey,
        tally: &mut Tally,
    ) -> Result<(), ProcessError> {
        let detail = "applying the event panicked: a bug of Beckon";
        let now_ms = self.clock.now().as_ms();
        self.keep(&failed(work, key, FailedReason::Panicked, detail, now_ms)).await?;
        tally.fail(FailedReason::Panicked);
        Ok(())
    }

    /// Events of a frozen visitor, one record per customer they go to, in order.
    async fn put_forwards(&self, folded: &Folded, work: &[Work]) -> Result<(), ProcessError> {
        let mut records: Vec<(&ProfileKey, Vec<Vec<u8>>)> = Vec::new();
        for forward in &folded.forwards {
            let line = forwarded(&work[forward.index].line, &forward.to)?;
            match records.iter_mut().find(|(to, _)| *to == &forward.to) {
                Some((_, lines)) => lines.push(line),
                None => records.push((&forward.to, vec![line])),
            }
        }
        if records.is_empty() {
            return Ok(());
        }
        let of_customer = |(to, lines): (&ProfileKey, _)| NewRecord::of_key(to.as_str(), join(lines));
        self.stream.put(records.into_iter().flat_map(of_customer).collect()).await?;
        Ok(())
    }

    /// Folds; `None` when it panicked.
    fn fold_caught(
        &self,
        before: Option<&Profile>,
        key: &ProfileKey,
        work: &[Work],
        (policy, reaction): FoldedBy<'_>,
    ) -> Option<Folded> {
        let items = items(work);
        panics::caught(|| (self.fold)(before, key, &items, policy, reaction))
    }

    /// The first event whose presence makes the fold panic.
    fn first_panic(
        &self,
        before: Option<&Profile>,
        key: &ProfileKey,
        work: &[Work],
        (policy, reaction): FoldedBy<'_>,
    ) -> usize {
        panics::first(work.len(), |last| (self.fold)(before, key, &items(&work[..=last]), policy, reaction))
    }
}

fn items(work: &[Work]) -> Vec<Item> {
    work.iter().map(|w| w.item.clone()).collect()
}
