//! Erasing, in memory.

use super::{MemoryTables, unpack};
use crate::error::{ErrorKind, StoreError};
use crate::tables::{
    ContactRow, ErasureRequest, ErasureStore, PersonStore, ProfilePage, Save, Stored, Trace, TracePage,
    Versioned,
};
use beckon_domain::packed::pack;
use beckon_domain::{ContactHash, Erasure, ErasureId, Profile, ProfileKey, Timestamp};
use std::ops::Bound;

/// Traces of one page: few, so that what pages through them is tried.
const PAGE_COUNT: usize = 50;

impl PersonStore for MemoryTables {
    async fn erase_contact(&self, key: &ProfileKey, erasure: &Erasure) -> Result<(), StoreError> {
        let mut tables = self.lock();
        if let Some(row) = ContactRow::erased(tables.contacts.get(key), erasure) {
            tables.contacts.insert(key.clone(), row);
        }
        Ok(())
    }

    async fn release_contact(&self, key: &ProfileKey, at: Timestamp) -> Result<(), StoreError> {
        let mut tables = self.lock();
        if let Some(row) = tables.contacts.get(key).and_then(|row| row.released(at)) {
            tables.contacts.insert(key.clone(), row);
        }
        Ok(())
    }

    async fn profile_page(&self, after: Option<&str>, limit: u32) -> Result<ProfilePage, StoreError> {
        let tables = self.lock();
        let after = after.and_then(|after| ProfileKey::parse(after).ok());
        let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut page = ProfilePage::default();
        let mut rest = tables.profiles.range((from, Bound::Unbounded));
        for (key, row) in rest.by_ref().take(limit as usize) {
            page.next = Some(key.as_str().to_owned());
            if let Ok(profile) = unpack("list profiles", row) {
                page.profiles.push((key.clone(), Stored { profile, version: row.version }));
            }
        }
        if rest.next().is_none() {
            page.next = None;
        }
        Ok(page)
    }

    async fn replace_state(
        &self,
        key: &ProfileKey,
        profile: &Profile,
        read_version: u64,
    ) -> Result<Save, StoreError> {
        let packed = pack(profile).map_err(|e| StoreError::new("save a profile", ErrorKind::Refused, e))?;
        let mut tables = self.lock();
        let Some(row) = tables.profiles.get_mut(key).filter(|row| row.version == read_version) else {
            return Ok(Save::Conflict);
        };
        (row.packed, row.version) = (packed, read_version + 1);
        Ok(Save::Saved)
    }

    async fn trace_page(&self, of: &[ProfileKey], after: Option<&str>) -> Result<TracePage, StoreError> {
        let tables = self.lock();
        let reminders = tables.ledger.reminders.iter().filter(|(_, row)| of.contains(&row.state.profile));
        let reminders = reminders.map(|(id, row)| Trace::Reminder(*id, Box::new(row.state.clone())));
        let orders = tables.conversions.values().filter(|row| of.contains(&row.profile));
        let orders = orders.map(|row| Trace::Order(Box::new(row.clone())));
        let codes = tables.codes.of(of).map(|record| Trace::Code(Box::new(record.clone())));
        let runs = tables.runs.of(of);
        let from = after.and_then(|after| after.parse().ok()).unwrap_or(0_usize);
        let traces = reminders.chain(orders).chain(codes).chain(runs);
        let traces: Vec<Trace> = traces.skip(from).take(PAGE_COUNT).collect();
        let next = (traces.len() == PAGE_COUNT).then(|| (from + traces.len()).to_string());
        Ok(TracePage { traces, next })
    }

    async fn erase_trace(&self, trace: &Trace, of: &[ProfileKey]) -> Result<(), StoreError> {
        let mut tables = self.lock();
        match trace {
            Trace::Reminder(id, _) => drop(tables.ledger.reminders.remove(id)),
            Trace::Order(row) => drop(tables.conversions.remove(&row.conversion.id)),
            Trace::Code(record) => tables.codes.forget_holder(&record.code, of),
            Trace::Listed { .. } => {}
            Trace::Run(run, row) => tables.runs.remove(run, row),
        }
        Ok(())
    }

    async fn erase_history(&self, recipient: &ContactHash) -> Result<(), StoreError> {
        self.lock().ledger.histories.remove(recipient);
        Ok(())
    }
}

impl ErasureStore for MemoryTables {
    async fn save_erasure(
        &self,
        request: &ErasureRequest,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        let mut tables = self.lock();
        if tables.erasures.get(&request.id).map(|kept| kept.version) != read_version {
            return Ok(Save::Conflict);
        }
        let version = read_version.unwrap_or_default() + 1;
        tables.erasures.insert(request.id.clone(), Versioned { state: request.clone(), version });
        Ok(Save::Saved)
    }

    async fn erasures(&self) -> Result<Vec<Versioned<ErasureRequest>>, StoreError> {
        let mut found: Vec<_> = self.lock().erasures.values().cloned().collect();
        found.sort_by(|a, b| (a.state.at, &a.state.id).cmp(&(b.state.at, &b.state.id)));
        Ok(found)
    }

    async fn delete_erasure(&self, id: &ErasureId) -> Result<(), StoreError> {
        self.lock().erasures.remove(id);
        Ok(())
    }
}
