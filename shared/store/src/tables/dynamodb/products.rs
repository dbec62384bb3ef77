//! Products in CatalogTable (`product#<id>`): packed facts, when and by whom they were told, in one conditional write.

use super::schema::{PK, STATE, TTL};
use super::{DynamoTables, Item, condition_held, corrupt, get_text, text, time, ttl};
use crate::error::{ErrorKind, StoreError};
use crate::tables::Read;
use crate::tables::catalog::TextKey;
use crate::tables::products::{ProductKey, ProductPage, ProductStore, Told};
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::catalog::FactsSource;
use beckon_domain::catalog::packed::{pack_facts, unpack_facts};
use beckon_domain::policy::EVENT_FACTS_RETENTION;
use beckon_domain::{ProductFacts, ProductId, Timestamp};
use std::collections::BTreeMap;

/// When it was told (N, ms).
const TOLD_AT: &str = "u";
/// Who told it (S): `f` a feed, `e` an event.
const SOURCE: &str = "o";
const PUT: &str = "put a product";
const DELETE: &str = "delete a product";
const LOAD: &str = "load products";
const LIST: &str = "list products";

const fn code(source: FactsSource) -> &'static str {
    match source {
        FactsSource::Feed => "f",
        FactsSource::Event => "e",
    }
}

/// Facts of an item; `None` of one that says that its product is deleted.
fn facts_of(operation: &'static str, item: &Item) -> Result<Option<ProductFacts>, StoreError> {
    let Some(packed) = item.get(STATE) else { return Ok(None) };
    let packed = packed.as_b().map_err(|_| corrupt(operation, "state"))?;
    let facts = unpack_facts(packed.as_ref());
    facts.map(Some).map_err(|e| StoreError::new(operation, ErrorKind::Corrupt, e))
}

impl DynamoTables {
    /// A put that takes place unless what is there outweighs it.
    fn tell(&self, id: &ProductId, source: FactsSource, told_at: Timestamp) -> PutItemFluentBuilder {
        let condition = match source {
            FactsSource::Feed => "attribute_not_exists(#k) OR #o = :event OR #u <= :u",
            FactsSource::Event => "attribute_not_exists(#k) OR (#o = :event AND #u < :u)",
        };
        self.client
            .put_item()
            .table_name(&self.names.catalog)
            .item(PK, text(ProductKey(id.clone()).to_text()))
            .item(TOLD_AT, time(told_at))
            .item(SOURCE, text(code(source)))
            .condition_expression(condition)
            .expression_attribute_names("#k", PK)
            .expression_attribute_names("#o", SOURCE)
            .expression_attribute_names("#u", TOLD_AT)
            .expression_attribute_values(":event", text(code(FactsSource::Event)))
            .expression_attribute_values(":u", time(told_at))
    }
}

fn told(held: bool) -> Told {
    if held { Told::Taken } else { Told::Older }
}

impl ProductStore for DynamoTables {
    async fn put_product(&self, facts: &ProductFacts) -> Result<Told, StoreError> {
        let packed = pack_facts(facts).map_err(|e| StoreError::new(PUT, ErrorKind::Refused, e))?;
        let put = self.tell(&facts.id, facts.source, facts.updated_at);
        let mut put = put.item(STATE, AttributeValue::B(Blob::new(packed)));
        if facts.source == FactsSource::Event {
            // Ids that somebody made up do not stay for ever.
            put = put.item(TTL, ttl(facts.updated_at + EVENT_FACTS_RETENTION));
        }
        condition_held(PUT, put.send().await).map(told)
    }

    async fn delete_product(
        &self,
        id: &ProductId,
        told_at: Timestamp,
        forgotten_at: Timestamp,
    ) -> Result<Told, StoreError> {
        let put = self.tell(id, FactsSource::Feed, told_at).item(TTL, ttl(forgotten_at));
        condition_held(DELETE, put.send().await).map(told)
    }

    async fn products(
        &self,
        ids: &[ProductId],
        read: Read,
    ) -> Result<BTreeMap<ProductId, ProductFacts>, StoreError> {
        let mut keys: Vec<String> = ids.iter().map(|id| ProductKey(id.clone()).to_text()).collect();
        keys.sort_unstable();
        keys.dedup();
        let items = self.get_states(LOAD, &self.names.catalog, &keys, read).await?;
        let facts = items.iter().filter_map(|item| facts_of(LOAD, item).transpose());
        facts.map(|facts| facts.map(|facts| (facts.id.clone(), facts))).collect()
    }

    async fn product_page(&self, after: Option<&str>) -> Result<ProductPage, StoreError> {
        let start = after.map(|after| Item::from([(PK.to_owned(), text(after))]));
        let scan = self
            .client
            .scan()
            .table_name(&self.names.catalog)
            .filter_expression("begins_with(#k, :product)")
            .expression_attribute_names("#k", PK)
            .expression_attribute_values(":product", text("product#"))
            .set_exclusive_start_key(start);
        let answer = scan.send().await.map_err(|e| StoreError::from_sdk(LIST, e))?;
        let items = answer.items.unwrap_or_default();
        let facts = items.iter().filter_map(|item| facts_of(LIST, item).transpose());
        let products = facts.collect::<Result<Vec<_>, _>>()?;
        let next = answer.last_evaluated_key.and_then(|key| get_text(&key, PK));
        Ok(ProductPage { products, next })
    }
}
