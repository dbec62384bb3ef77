//! A person is erased while everything else goes on: events, links, merge records, mail, what is put again. At the end
//! nothing of them is in any table but tombstones, hashes and the request itself.

use super::book::short;
use super::bugs::Bug;
use super::fault::Fault;
use super::feedback::reach;
use super::ports::SimTables;
use super::script::customer_id;
use super::world::{Ended, Waiting, Work, World};
use beckon_domain::id::UserId;
use beckon_domain::{
    ContactHash, DurationMs, EpisodeId, Erasure, ErasureId, Profile, ProfileKey, SourceId, Timestamp,
};
use beckon_store::StoreError;
use beckon_store::tables::{
    ContactStore, ErasureRequest, ErasureStore, OutreachStore, PersonStore, ProfilePage, Save,
    SuppressionReason, SuppressionStore, Trace, TracePage, Versioned,
};
use beckon_wire::rights::PersonAsk;
use futures_util::FutureExt;
use std::collections::BTreeSet;
use std::sync::Arc;
use trainer::Sweeper;

/// When the sweep looks for the first time: each hour it does.
const SWEPT_AFTER: DurationMs = DurationMs::from_minutes(40);

impl PersonStore for SimTables {
    async fn erase_contact(&self, key: &ProfileKey, erasure: &Erasure) -> Result<(), StoreError> {
        reach(&self.net, "erase a contact", self.inner.erase_contact(key, erasure)).await
    }

    async fn release_contact(&self, key: &ProfileKey, at: Timestamp) -> Result<(), StoreError> {
        self.inner.release_contact(key, at).await
    }

    async fn profile_page(&self, after: Option<&str>, limit: u32) -> Result<ProfilePage, StoreError> {
        self.inner.profile_page(after, limit).await
    }

    async fn replace_state(
        &self,
        key: &ProfileKey,
        profile: &Profile,
        read_version: u64,
    ) -> Result<Save, StoreError> {
        self.inner.replace_state(key, profile, read_version).await
    }

    async fn trace_page(&self, of: &[ProfileKey], after: Option<&str>) -> Result<TracePage, StoreError> {
        reach(&self.net, "look for a person", self.inner.trace_page(of, after)).await
    }

    async fn erase_trace(&self, trace: &Trace, of: &[ProfileKey]) -> Result<(), StoreError> {
        reach(&self.net, "take a person out", self.inner.erase_trace(trace, of)).await
    }

    async fn erase_history(&self, recipient: &ContactHash) -> Result<(), StoreError> {
        reach(&self.net, "erase what an address was sent", self.inner.erase_history(recipient)).await
    }
}

impl ErasureStore for SimTables {
    async fn save_erasure(
        &self,
        request: &ErasureRequest,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        reach(&self.net, "write a request to erase", self.inner.save_erasure(request, read_version)).await
    }

    async fn erasures(&self) -> Result<Vec<Versioned<ErasureRequest>>, StoreError> {
        reach(&self.net, "read the requests to erase", self.inner.erasures()).await
    }

    async fn delete_erasure(&self, id: &ErasureId) -> Result<(), StoreError> {
        self.inner.delete_erasure(id).await
    }
}

/// What a known-bad variant makes of a tombstone that is to be written.
pub(crate) fn twist_tombstone(bug: Bug, profile: &mut Profile) {
    if !profile.is_tombstone() {
        return;
    }
    match bug {
        Bug::ErasedWithoutTombstone => *profile = Profile { tallies: profile.tallies, ..Profile::default() },
        Bug::TombstoneWithoutMarks => profile.marks = beckon_domain::mark::Marks::default(),
        _ => {}
    }
}

impl World {
    /// The shop has a customer erased; what fails is asked for again until it is done.
    pub(crate) fn erase(&mut self, customer: usize) {
        let Ok(id) = UserId::new(&customer_id(customer)) else { return };
        let ask =
            PersonAsk { customer: Some(id), visitor: None, dry_run: false, allow_return: false, after: None };
        let (admin, request_id) = (Arc::clone(&self.admin), format!("erase-{}", self.order));
        let call = async move {
            let Ok(source) = SourceId::new("backend") else { return Ended::Erased(false) };
            let caller = admin::Caller { source: &source, request_id: &request_id };
            Ended::Erased(admin.erase(&ask, caller).await.is_ok())
        };
        self.has_erased = true;
        self.start(Work::Erase { customer }, None, Box::pin(call));
    }

    /// A request to erase has ended.
    pub(crate) fn was_erased(&mut self, customer: usize, ended: &Ended) {
        if matches!(ended, Ended::Erased(true)) {
            self.net.lock().count(Fault::Erased);
            self.wait(self.now() + SWEPT_AFTER, Waiting::Sweep);
            if let Some(after) = self.back_after(customer) {
                self.wait(self.now() + after, Waiting::Release { customer });
            }
            return;
        }
        let pause = DurationMs::from_ms(self.net.lock().dice.between(50, 5_000));
        self.wait(self.now() + pause, Waiting::Erase { customer });
    }

    /// What only a scan finds goes, as each hour.
    pub(crate) fn sweep(&mut self) {
        self.deliver_archive(false);
        let sweeper = Sweeper {
            tables: self.tables.inner.clone(),
            archive: self.archive.clone(),
            failed: self.failed.clone(),
            clock: self.profiler.clock.clone(),
        };
        drop(sweeper.run(None).now_or_never());
    }

    /// Profiles of people who were erased.
    pub(crate) fn erased(&self) -> BTreeSet<ProfileKey> {
        self.requests().into_iter().flat_map(|request| request.keys).collect()
    }

    /// Carts of people who were erased.
    pub(crate) fn erased_episodes(&self) -> BTreeSet<EpisodeId> {
        let erased = self.erased();
        self.net.lock().book.mail.episodes_of(&erased)
    }

    /// A contact that was told after its person was erased. No sweep is needed for it.
    pub(crate) fn contact_violation(&self) -> Option<String> {
        let tables = &self.tables.inner;
        let is_back = |key: &ProfileKey| {
            tables
                .contact(key, Timestamp::EPOCH)
                .now_or_never()
                .is_some_and(|told| matches!(told, Ok(Some(_))))
        };
        let returned = self.returned();
        let key = self.erased().into_iter().find(|key| !returned.contains(key) && is_back(key))?;
        Some(format!("{} was erased, and its contact is back", short(&key)))
    }

    /// Something of an erased person that is held at the end.
    pub(crate) fn erasure_violation(&self, profiles: &[(ProfileKey, Profile)]) -> Option<String> {
        let (mut erased, returned) = (self.erased(), self.returned());
        erased.retain(|key| !returned.contains(key));
        for (key, profile) in profiles.iter().filter(|(key, _)| !returned.contains(key)) {
            if erased.contains(key) && !profile.is_tombstone() {
                return Some(format!("{} was erased, and its profile is back", short(key)));
            }
            if erased.contains(key) {
                continue;
            }
            let link = profile.link.iter().map(|link| &link.to);
            let claim = profile.claim.iter().map(|told| &told.value);
            let mut named = link.chain(&profile.merged).chain(claim);
            if named.any(|other| erased.contains(other)) {
                return Some(format!("{} names somebody who was erased", short(key)));
            }
        }
        let found = self.trace_violation().or_else(|| self.failed_violation());
        if let Some(violation) = found.or_else(|| self.return_violation(profiles)) {
            return Some(violation);
        }
        let tables = &self.tables.inner;
        let requests = tables.erasures().now_or_never()?.ok()?;
        for contact in requests.iter().flat_map(|kept| &kept.state.contacts) {
            if tables.history(contact).now_or_never()?.ok()?.is_some() {
                return Some("what the address of an erased person was sent is remembered".to_owned());
            }
            let reason = tables.suppression(contact).now_or_never()?.ok()?.map(|known| known.reason);
            if reason != Some(SuppressionReason::Erased) {
                return Some("the address of an erased person is not suppressed".to_owned());
            }
        }
        None
    }
}
