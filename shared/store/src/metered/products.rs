//! Products and imports, passed on. Products are counted among the rows of CatalogTable; the log of imports, which a
//! person starts, is not.

use super::Metered;
use super::size::ItemSize;
use crate::error::StoreError;
use crate::tables::catalog::TextKey;
use crate::tables::products::ProductKey;
use crate::tables::{ImportLog, ImportPart, ImportRecord, ProductPage, ProductStore, Read, Save, Told};
use beckon_domain::catalog::packed::pack_facts;
use beckon_domain::{ProductFacts, ProductId, Timestamp};
use std::collections::BTreeMap;

impl<T> Metered<T> {
    fn product_put(&self, id: &ProductId, packed_bytes: usize, told_at: Timestamp, told: Told) {
        let item = ItemSize::default().bytes_attribute("s", packed_bytes).text("o", "f");
        let item = item.number("u", told_at.as_ms().unsigned_abs());
        let saved = if told == Told::Taken { Save::Saved } else { Save::Conflict };
        self.catalog_put(ProductKey(id.clone()).to_text(), item, saved);
    }
}

impl<T: ProductStore> ProductStore for Metered<T> {
    async fn put_product(&self, facts: &ProductFacts) -> Result<Told, StoreError> {
        let told = self.tables.put_product(facts).await?;
        let packed_bytes = pack_facts(facts).map_or(0, |packed| packed.len());
        self.product_put(&facts.id, packed_bytes, facts.updated_at, told);
        Ok(told)
    }

    async fn delete_product(
        &self,
        id: &ProductId,
        told_at: Timestamp,
        forgotten_at: Timestamp,
    ) -> Result<Told, StoreError> {
        let told = self.tables.delete_product(id, told_at, forgotten_at).await?;
        self.product_put(id, 0, told_at, told);
        Ok(told)
    }

    async fn products(
        &self,
        ids: &[ProductId],
        read: Read,
    ) -> Result<BTreeMap<ProductId, ProductFacts>, StoreError> {
        let keys: Vec<ProductKey> = ids.iter().cloned().map(ProductKey).collect();
        self.catalog_read(&keys, read);
        self.tables.products(ids, read).await
    }

    async fn product_page(&self, after: Option<&str>) -> Result<ProductPage, StoreError> {
        // For snapshots, which somebody asks for: not counted.
        self.tables.product_page(after).await
    }
}

impl<T: ImportLog> ImportLog for Metered<T> {
    async fn record_import(&self, part: &ImportPart) -> Result<bool, StoreError> {
        self.tables.record_import(part).await
    }

    async fn latest_import(&self) -> Result<Option<ImportRecord>, StoreError> {
        self.tables.latest_import().await
    }
}
