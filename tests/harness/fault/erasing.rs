//! Faults between whoever erases and the tables.

use super::{Faulty, store_error};
use beckon_domain::{ContactHash, Erasure, ErasureId, Profile, ProfileKey, Timestamp};
use beckon_store::StoreError;
use beckon_store::tables::{
    ErasureRequest, ErasureStore, PersonStore, ProfilePage, Save, Trace, TracePage, Versioned,
};

impl<T: PersonStore> PersonStore for Faulty<T> {
    async fn erase_contact(&self, key: &ProfileKey, erasure: &Erasure) -> Result<(), StoreError> {
        self.faults.around("erase_contact", self.inner.erase_contact(key, erasure), store_error).await
    }

    async fn release_contact(&self, key: &ProfileKey, at: Timestamp) -> Result<(), StoreError> {
        self.faults.around("release_contact", self.inner.release_contact(key, at), store_error).await
    }

    async fn profile_page(&self, after: Option<&str>, limit: u32) -> Result<ProfilePage, StoreError> {
        self.faults.around("profile_page", self.inner.profile_page(after, limit), store_error).await
    }

    async fn replace_state(
        &self,
        key: &ProfileKey,
        profile: &Profile,
        read_version: u64,
    ) -> Result<Save, StoreError> {
        let replaced = self.inner.replace_state(key, profile, read_version);
        self.faults.around("replace_state", replaced, store_error).await
    }

    async fn trace_page(&self, of: &[ProfileKey], after: Option<&str>) -> Result<TracePage, StoreError> {
        self.faults.around("trace_page", self.inner.trace_page(of, after), store_error).await
    }

    async fn erase_trace(&self, trace: &Trace, of: &[ProfileKey]) -> Result<(), StoreError> {
        self.faults.around("erase_trace", self.inner.erase_trace(trace, of), store_error).await
    }

    async fn erase_history(&self, recipient: &ContactHash) -> Result<(), StoreError> {
        self.faults.around("erase_history", self.inner.erase_history(recipient), store_error).await
    }
}

impl<T: ErasureStore> ErasureStore for Faulty<T> {
    async fn save_erasure(
        &self,
        request: &ErasureRequest,
        read_version: Option<u64>,
    ) -> Result<Save, StoreError> {
        let saved = self.inner.save_erasure(request, read_version);
        self.faults.around("save_erasure", saved, store_error).await
    }

    async fn erasures(&self) -> Result<Vec<Versioned<ErasureRequest>>, StoreError> {
        self.faults.around("erasures", self.inner.erasures(), store_error).await
    }

    async fn delete_erasure(&self, id: &ErasureId) -> Result<(), StoreError> {
        self.faults.around("delete_erasure", self.inner.delete_erasure(id), store_error).await
    }
}
