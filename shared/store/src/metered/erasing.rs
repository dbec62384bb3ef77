//! Erasing, passed on. A person asks for it now and then: not counted.

use super::Metered;
use crate::error::StoreError;
use crate::tables::{
    ErasureRequest, ErasureStore, PersonStore, ProfilePage, Save, Trace, TracePage, Versioned,
};
use beckon_domain::{ContactHash, Erasure, ErasureId, Profile, ProfileKey, Timestamp};

impl<T: PersonStore> PersonStore for Metered<T> {
    async fn erase_contact(&self, key: &ProfileKey, erasure: &Erasure) -> Result<(), StoreError> {
        self.tables.erase_contact(key, erasure).await
    }

    async fn release_contact(&self, key: &ProfileKey, at: Timestamp) -> Result<(), StoreError> {
        self.tables.release_contact(key, at).await
    }

    async fn profile_page(&self, after: Option<&str>, limit: u32) -> Result<ProfilePage, StoreError> {
        self.tables.profile_page(after, limit).await
    }

    async fn replace_state(
        &self,
        key: &ProfileKey,
        profile: &Profile,
        read_version: u64,
    ) -> Result<Save, StoreError> {
        self.tables.replace_state(key, profile, read_version).await
    }

    async fn trace_page(&self, of: &[ProfileKey], after: Option<&str>) -> Result<TracePage, StoreError> {
        self.tables.trace_page(of, after).await
    }

    async fn erase_trace(&self, trace: &Trace, of: &[ProfileKey]) -> Result<(), StoreError> {
        self.tables.erase_trace(trace, of).await
    }

    async fn erase_history(&self, recipient: &ContactHash) -> Result<(), StoreError> {
        self.tables.erase_history(recipient).await
    }
}

impl<T: ErasureStore> ErasureStore for Metered<T> {
    async fn save_erasure(
        &self,
        request: &ErasureRequest,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        self.tables.save_erasure(request, read_version).await
    }

    async fn erasures(&self) -> Result<Vec<Versioned<ErasureRequest>>, StoreError> {
        self.tables.erasures().await
    }

    async fn delete_erasure(&self, id: &ErasureId) -> Result<(), StoreError> {
        self.tables.delete_erasure(id).await
    }
}
