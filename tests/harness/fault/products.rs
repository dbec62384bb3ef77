//! Faults between whoever tells products and the tables.

use super::{Faulty, store_error};
use beckon_domain::{ProductFacts, ProductId, Timestamp};
use beckon_store::StoreError;
use beckon_store::tables::{ImportLog, ImportPart, ImportRecord, ProductPage, ProductStore, Read, Told};
use std::collections::BTreeMap;

impl<T: ProductStore> ProductStore for Faulty<T> {
    async fn put_product(&self, facts: &ProductFacts) -> Result<Told, StoreError> {
        self.faults.around("put_product", self.inner.put_product(facts), store_error).await
    }

    async fn delete_product(
        &self,
        id: &ProductId,
        told_at: Timestamp,
        forgotten_at: Timestamp,
    ) -> Result<Told, StoreError> {
        let call = self.inner.delete_product(id, told_at, forgotten_at);
        self.faults.around("delete_product", call, store_error).await
    }

    async fn products(
        &self,
        ids: &[ProductId],
        read: Read,
    ) -> Result<BTreeMap<ProductId, ProductFacts>, StoreError> {
        self.faults.around("products", self.inner.products(ids, read), store_error).await
    }

    async fn product_page(&self, after: Option<&str>) -> Result<ProductPage, StoreError> {
        self.faults.around("product_page", self.inner.product_page(after), store_error).await
    }
}

impl<T: ImportLog> ImportLog for Faulty<T> {
    async fn record_import(&self, part: &ImportPart) -> Result<bool, StoreError> {
        self.faults.around("record_import", self.inner.record_import(part), store_error).await
    }

    async fn latest_import(&self) -> Result<Option<ImportRecord>, StoreError> {
        self.faults.around("latest_import", self.inner.latest_import(), store_error).await
    }
}
