//! Facts as a feed says them: what is written is read back as the same facts.

use crate::format_time;
use beckon_domain::catalog::Sale;
use beckon_domain::{Category, ProductFacts, SmolStr};
use serde::Serialize;
use std::collections::BTreeMap;

/// A row of a feed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedProduct {
    id: String,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sale_price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sale_price_effective_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    availability: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item_group_id: Option<String>,
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, String>))]
    attributes: BTreeMap<SmolStr, SmolStr>,
}

impl From<&ProductFacts> for FeedProduct {
    fn from(facts: &ProductFacts) -> Self {
        let path: Vec<&str> = facts.path.iter().map(Category::as_str).collect();
        Self {
            id: facts.id.as_str().to_owned(),
            title: facts.title.clone(),
            link: facts.link.clone(),
            image_link: facts.image_link.clone(),
            price: facts.price.map(|price| price.to_string()),
            sale_price: facts.sale.map(|sale| sale.price.to_string()),
            sale_price_effective_date: facts.sale.as_ref().and_then(interval),
            availability: facts.availability.word(),
            product_type: Some(path.join(" > ")).filter(|path| !path.is_empty()),
            brand: facts.brand.as_ref().map(|brand| brand.as_str().to_owned()),
            item_group_id: facts.group.as_ref().map(|group| group.as_str().to_owned()),
            attributes: facts.attributes.clone(),
        }
    }
}

/// `2026-11-24T00:00:00.000Z/..`: an end that is open is two points (ISO 8601-2).
fn interval(sale: &Sale) -> Option<String> {
    let end = |end: Option<_>| end.map_or_else(|| "..".to_owned(), format_time);
    (sale.from.is_some() || sale.until.is_some()).then(|| format!("{}/{}", end(sale.from), end(sale.until)))
}
