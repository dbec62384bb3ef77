//! Products and imports in memory.

use super::MemoryTables;
use crate::error::{ErrorKind, StoreError};
use crate::tables::Read;
use crate::tables::catalog::TextKey;
use crate::tables::products::{
    ImportLog, ImportPart, ImportRecord, ProductKey, ProductPage, ProductStore, Told,
};
use beckon_domain::catalog::FactsSource;
use beckon_domain::catalog::packed::{pack_facts, unpack_facts};
use beckon_domain::{ProductFacts, ProductId, Timestamp};
use std::collections::BTreeMap;
use std::ops::Bound;

/// Products of one page: few, so that what pages through them is tried.
const PAGE_COUNT: usize = 100;

/// A product, or that it is deleted.
pub(super) struct Row {
    packed: Option<Vec<u8>>,
    told_at: Timestamp,
    source: FactsSource,
}

/// Products and imports.
#[derive(Default)]
pub(super) struct Products {
    rows: BTreeMap<ProductId, Row>,
    imports: BTreeMap<(Timestamp, String, String), ImportPart>,
}

impl Row {
    /// Whether it stays when something else is told.
    fn outweighs(&self, source: FactsSource, told_at: Timestamp) -> bool {
        match (self.source, source) {
            (FactsSource::Event, FactsSource::Feed) => false,
            (FactsSource::Feed, FactsSource::Event) => true,
            (FactsSource::Event, FactsSource::Event) => self.told_at >= told_at,
            (FactsSource::Feed, FactsSource::Feed) => self.told_at > told_at,
        }
    }

    fn facts(&self) -> Result<Option<ProductFacts>, StoreError> {
        let unpacked = self.packed.as_deref().map(unpack_facts).transpose();
        unpacked.map_err(|e| StoreError::new("load products", ErrorKind::Corrupt, e))
    }
}

impl MemoryTables {
    fn tell(&self, id: &ProductId, row: Row) -> Told {
        let mut tables = self.lock();
        let rows = &mut tables.products.rows;
        if rows.get(id).is_some_and(|known| known.outweighs(row.source, row.told_at)) {
            return Told::Older;
        }
        rows.insert(id.clone(), row);
        Told::Taken
    }
}

impl ProductStore for MemoryTables {
    async fn put_product(&self, facts: &ProductFacts) -> Result<Told, StoreError> {
        let packed =
            pack_facts(facts).map_err(|e| StoreError::new("put a product", ErrorKind::Refused, e))?;
        let row = Row { packed: Some(packed), told_at: facts.updated_at, source: facts.source };
        Ok(self.tell(&facts.id, row))
    }

    async fn delete_product(
        &self,
        id: &ProductId,
        told_at: Timestamp,
        _forgotten_at: Timestamp,
    ) -> Result<Told, StoreError> {
        Ok(self.tell(id, Row { packed: None, told_at, source: FactsSource::Feed }))
    }

    async fn products(
        &self,
        ids: &[ProductId],
        _read: Read,
    ) -> Result<BTreeMap<ProductId, ProductFacts>, StoreError> {
        let tables = self.lock();
        let rows = ids.iter().filter_map(|id| tables.products.rows.get(id));
        let facts = rows.filter_map(|row| row.facts().transpose());
        facts.map(|facts| facts.map(|facts| (facts.id.clone(), facts))).collect()
    }

    async fn product_page(&self, after: Option<&str>) -> Result<ProductPage, StoreError> {
        let tables = self.lock();
        let after = after.and_then(ProductKey::of_text).map(|ProductKey(id)| id);
        let from = after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut rows = tables.products.rows.range::<ProductId, _>((from, Bound::Unbounded));
        let mut page = ProductPage::default();
        for (id, row) in rows.by_ref().take(PAGE_COUNT) {
            page.products.extend(row.facts()?);
            page.next = Some(ProductKey(id.clone()).to_text());
        }
        if rows.next().is_none() {
            page.next = None;
        }
        Ok(page)
    }
}

impl ImportLog for MemoryTables {
    async fn record_import(&self, part: &ImportPart) -> Result<bool, StoreError> {
        let key = (part.told_at, part.import.clone(), part.part.clone());
        let mut tables = self.lock();
        let is_new = !tables.products.imports.contains_key(&key);
        if is_new {
            tables.products.imports.insert(key, part.clone());
        }
        Ok(is_new)
    }

    async fn latest_import(&self) -> Result<Option<ImportRecord>, StoreError> {
        let tables = self.lock();
        let parts = &tables.products.imports;
        let Some(((told_at, import, _), _)) = parts.last_key_value() else { return Ok(None) };
        let own = parts.values().filter(|part| part.told_at == *told_at && part.import == *import);
        Ok(own.cloned().fold(None, |before, part| Some(ImportRecord::with(before, part))))
    }
}
