//! What a slot shows everybody (`GET /v1/recommendations/{slot}`): of no person, so that caches may keep it.

use super::answer::{ItemAnswer, OfferAnswer};
use super::request::COUNT_MAX;
use crate::admin::{query, refused};
use crate::problem::{Fault, Problem};
use axum::http::Uri;
use beckon_domain::Category;
use beckon_domain::id::SlotId;
use serde::{Deserialize, Serialize};

/// Bytes of a locale at most.
const LOCALE_BYTES_MAX: usize = 64;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Query {
    category: Option<String>,
    count: Option<u64>,
    locale: Option<String>,
    write_key: Option<String>,
}

/// What a slot shows everybody, as it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EverybodyAsk {
    /// The slot.
    pub slot: SlotId,
    /// The category of the page.
    pub category: Option<Category>,
    /// How many items; the ruleset's count when absent.
    pub count: Option<usize>,
    /// The language of the page.
    pub locale: Option<String>,
    /// The write key, when it is not the user of Basic auth.
    pub write_key: Option<String>,
}

impl EverybodyAsk {
    /// Reads the slot of the path and the query.
    ///
    /// # Errors
    /// 400 with the first thing that is wrong; 404 for what can be no slot's id.
    pub fn parse(slot: &str, uri: &Uri) -> Result<Self, Problem> {
        let slot = SlotId::new(slot).map_err(|_| Problem::not_found("no slot is called so"))?;
        let asked: Query = query(uri)?;
        let category = asked.category.filter(|category| !category.trim().is_empty());
        let category = category.map(|category| {
            Category::new(category.trim())
                .map_err(|e| refused(Fault::new("?category", "schema.value", e.to_string())))
        });
        let count = match asked.count {
            Some(count) if !(1..=COUNT_MAX).contains(&count) => {
                let detail = format!("expected a whole number from 1 to {COUNT_MAX}");
                return Err(refused(Fault::new("?count", "schema.value", detail)));
            }
            count => count.map(|count| count as usize),
        };
        let locale = asked.locale.filter(|locale| !locale.is_empty() && locale.len() <= LOCALE_BYTES_MAX);
        Ok(Self { slot, category: category.transpose()?, count, locale, write_key: asked.write_key })
    }
}

/// What a slot shows everybody.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct EverybodyResponse {
    /// The slot.
    pub slot_id: String,
    /// Name and version of the ruleset that decided.
    pub config_version: String,
    /// `recommendations` or `offer`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Products, best first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<ItemAnswer>>,
    /// Content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer: Option<OfferAnswer>,
    /// The rule about the page alone that matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_id: Option<String>,
}
