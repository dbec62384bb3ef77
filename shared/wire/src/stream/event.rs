//! From a line to the event it says.

use super::{Line, LineError, LineType, ProductLine, Scalar, undecodable};
use beckon_domain::consent::ConsentChoices;
use beckon_domain::event::{CartRef, Event, EventKind, Item, TraitValue};
use beckon_domain::id::{Brand, EventName};
use beckon_domain::{
    CartId, Category, Currency, DurationMs, EventId, Money, OrderId, ProductId, ProfileKey, SourceId,
    Timestamp, packed,
};
use data_encoding::BASE64;
use std::collections::BTreeMap;

impl Line {
    /// The event a line says.
    ///
    /// # Errors
    /// When a value is invalid; the collector never writes such a line.
    pub fn to_event(&self) -> Result<Event, LineError> {
        let key = |text: &Option<String>| {
            text.as_deref().map(ProfileKey::parse).transpose().map_err(|e| undecodable(e.to_string()))
        };
        Ok(Event {
            id: EventId::new(&self.id).map_err(|e| undecodable(format!("id {e}")))?,
            source: SourceId::new(&self.source).map_err(|e| undecodable(format!("source {e}")))?,
            occurred_at: Timestamp::from_ms(self.occurred_at),
            received_at: Timestamp::from_ms(self.received_at),
            consent: ConsentChoices {
                analytics: self.consent.analytics,
                personalization: self.consent.personalization,
                marketing_email: self.consent.marketing_email,
            },
            timezone: self.context.timezone.clone(),
            locale: self.context.locale.clone(),
            claim: key(&self.claim)?,
            kind: self.event_kind(key(&self.link)?)?,
        })
    }

    fn event_kind(&self, link: Option<ProfileKey>) -> Result<EventKind, LineError> {
        Ok(match self.kind {
            LineType::Page => EventKind::Page,
            LineType::Screen => EventKind::Screen,
            LineType::Group => EventKind::Group,
            LineType::Identify => EventKind::Identify { traits: self.trait_values(), link },
            LineType::Track => self.track()?,
            LineType::Timer => {
                let timer = self.timer.as_ref().ok_or_else(|| undecodable("a timer line without a timer"))?;
                EventKind::TimerDue {
                    episode: timer.episode.clone(),
                    timer: timer.number,
                    outcome: timer.outcome,
                }
            }
            LineType::Merge => {
                let merge = self.merge.as_ref().ok_or_else(|| undecodable("a merge line without a state"))?;
                let from = ProfileKey::parse(&merge.from).map_err(|e| undecodable(e.to_string()))?;
                let bytes =
                    BASE64.decode(merge.state.as_bytes()).map_err(|_| undecodable("state not base64"))?;
                let state = packed::unpack(&bytes).map_err(|e| undecodable(e.to_string()))?;
                EventKind::Merge { from, state: Box::new(state) }
            }
        })
    }

    fn trait_values(&self) -> BTreeMap<String, TraitValue> {
        let value = |scalar: &Scalar| match scalar {
            Scalar::Bool(value) => TraitValue::Bool(*value),
            Scalar::Number(value) => TraitValue::Number(*value),
            Scalar::Text(value) => TraitValue::Text(value.clone()),
        };
        self.traits.iter().map(|(name, scalar)| (name.clone(), value(scalar))).collect()
    }

    fn track(&self) -> Result<EventKind, LineError> {
        let name = self.event.as_deref().ok_or_else(|| undecodable("a track line without an event name"))?;
        let properties = &self.properties;
        let currency = properties.currency.as_deref().map(Currency::new).transpose();
        let currency = currency.map_err(|e| undecodable(e.to_string()))?;
        let product = || {
            let line = properties
                .product
                .as_ref()
                .ok_or_else(|| undecodable(format!("{name} without a product")))?;
            item(line, currency)
        };
        let products = || {
            properties.products.iter().flatten().map(|line| item(line, currency)).collect::<Result<_, _>>()
        };
        Ok(match name {
            "Product Viewed" => EventKind::ProductViewed(product()?),
            "Product Added" => EventKind::ProductAdded(self.cart()?, product()?),
            "Product Removed" => EventKind::ProductRemoved(self.cart()?, product()?),
            "Product Dwelled" => EventKind::ProductDwelled {
                product: product()?.product,
                engaged: DurationMs::from_ms(properties.engaged_ms.unwrap_or_default()),
            },
            "Cart Updated" => EventKind::CartUpdated(self.cart()?, products().map_err(undecodable_item)?),
            "Order Completed" => EventKind::OrderCompleted {
                order: properties.order_id.as_deref().and_then(|id| OrderId::new(id).ok()),
                total: properties
                    .total_minor
                    .zip(currency)
                    .map(|(minor, currency)| Money { minor, currency }),
                items: products().map_err(undecodable_item)?,
            },
            _ => EventKind::Track(EventName::new(name).map_err(|e| undecodable(format!("event name {e}")))?),
        })
    }

    fn cart(&self) -> Result<CartRef, LineError> {
        let id = self.properties.cart_id.as_deref().map(CartId::new).transpose();
        let id = id.map_err(|e| undecodable(format!("cart id {e}")))?;
        Ok(CartRef { id, url: self.properties.cart_url.clone() })
    }
}

fn undecodable_item(error: LineError) -> LineError {
    LineError { detail: format!("in products: {}", error.detail), ..error }
}

fn item(line: &ProductLine, currency: Option<Currency>) -> Result<Item, LineError> {
    Ok(Item {
        product: ProductId::new(&line.id).map_err(|e| undecodable(format!("product id {e}")))?,
        category: line.category.as_deref().and_then(|c| Category::new(c).ok()),
        brand: line.brand.as_deref().and_then(|b| Brand::new(b).ok()),
        name: line.name.clone(),
        price: line.price_minor.zip(currency).map(|(minor, currency)| Money { minor, currency }),
        quantity: line.quantity,
    })
}
