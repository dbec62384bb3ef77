//! A signal: what one event says about one product. It names no person.

use beckon_domain::event::{Event, EventKind, Item};
use beckon_domain::{Category, ProductId, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which signal: a hash of its event's source and id, its kind, and its place among the event's products. The same event
/// gives the same ids, however often it is folded.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SignalId([u8; 8]);

impl SignalId {
    fn derive(event: &Event, kind: SignalKind, index: u32) -> Self {
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        // No id has a control character, so zeros keep the parts apart.
        for part in [event.source.as_str(), event.id.as_str(), kind.name()] {
            hasher.update(part.as_bytes());
            hasher.update(&[0]);
        }
        hasher.update(&index.to_be_bytes());
        Self(hasher.digest().to_be_bytes())
    }

    /// Parses the 16 hexadecimal digits that [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }
}

impl fmt::Display for SignalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for SignalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignalId({self})")
    }
}

/// What was done with the product.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalKind {
    /// It was viewed.
    View,
    /// It was put into a cart.
    Cart,
    /// It was ordered.
    Purchase,
}

impl SignalKind {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Cart => "cart",
            Self::Purchase => "purchase",
        }
    }
}

/// What one event says about one product.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signal {
    /// Which signal.
    pub id: SignalId,
    /// When it happened (event time).
    pub at: Timestamp,
    /// What was done.
    pub kind: SignalKind,
    /// With which product.
    pub product: ProductId,
    /// The product's category, as the event named it.
    pub category: Option<Category>,
    /// Units; of a view 1.
    pub quantity: u32,
}

impl Signal {
    /// The signals of an event: a view, an add, or each product of an order once. A snapshot of a cart gives none: what
    /// it repeats was told by adds, and nobody knows what is new in it.
    #[must_use]
    pub fn of(event: &Event) -> Vec<Self> {
        match &event.kind {
            EventKind::ProductViewed(item) => vec![Self::new(event, SignalKind::View, 0, item, 1)],
            EventKind::ProductAdded(_, item) => {
                vec![Self::new(event, SignalKind::Cart, 0, item, item.quantity.max(1))]
            }
            EventKind::OrderCompleted { items, .. } => ordered(event, items),
            _ => Vec::new(),
        }
    }

    fn new(event: &Event, kind: SignalKind, index: u32, item: &Item, quantity: u32) -> Self {
        Self {
            id: SignalId::derive(event, kind, index),
            at: event.occurred_at,
            kind,
            product: item.product.clone(),
            category: item.category.clone(),
            quantity,
        }
    }
}

/// A product that stands in several lines of an order was ordered once, with all their units.
fn ordered(event: &Event, items: &[Item]) -> Vec<Signal> {
    let mut signals: Vec<Signal> = Vec::new();
    for item in items {
        let quantity = item.quantity.max(1);
        match signals.iter_mut().find(|signal| signal.product == item.product) {
            Some(signal) => {
                signal.quantity = signal.quantity.saturating_add(quantity);
                signal.category = signal.category.take().or_else(|| item.category.clone());
            }
            None => {
                let index = u32::try_from(signals.len()).unwrap_or(u32::MAX);
                signals.push(Signal::new(event, SignalKind::Purchase, index, item, quantity));
            }
        }
    }
    signals
}

#[cfg(test)]
mod tests {
    use super::*;
    use beckon_domain::consent::ConsentChoices;
    use beckon_domain::event::CartRef;
    use beckon_domain::id::{EventId, SourceId};

    fn event(id: &str, kind: EventKind) -> Event {
        Event {
            id: EventId::new(id).unwrap(),
            source: SourceId::new("web").unwrap(),
            occurred_at: Timestamp::from_ms(1),
            received_at: Timestamp::from_ms(2),
            consent: ConsentChoices::default(),
            timezone: None,
            locale: None,
            claim: None,
            device: None,
            details: None,
            kind,
        }
    }

    fn item(product: &str, category: Option<&str>, quantity: u32) -> Item {
        Item {
            product: ProductId::new(product).unwrap(),
            category: category.map(|c| Category::new(c).unwrap()),
            brand: None,
            name: None,
            price: None,
            quantity,
        }
    }

    #[test]
    fn an_order_gives_each_of_its_products_once_with_all_units() {
        let items = vec![item("tent", None, 2), item("mug", None, 0), item("tent", Some("tents"), 3)];
        let signals = Signal::of(&event("o", EventKind::OrderCompleted { order: None, total: None, items }));
        let told: Vec<_> = signals.iter().map(|s| (s.product.as_str(), s.kind.name(), s.quantity)).collect();
        assert_eq!(told, [("tent", "purchase", 5), ("mug", "purchase", 1)]);
        assert_eq!(signals[0].category.as_ref().map(Category::as_str), Some("tents"));
        assert_ne!(signals[0].id, signals[1].id);
    }

    #[test]
    fn a_snapshot_of_a_cart_and_what_names_no_product_give_no_signal() {
        let none = [
            EventKind::CartUpdated(CartRef::default(), vec![item("tent", None, 1)]),
            EventKind::ProductRemoved(CartRef::default(), item("tent", None, 1)),
            EventKind::Page,
        ];
        for kind in none {
            assert!(Signal::of(&event("e", kind)).is_empty());
        }
    }

    #[test]
    fn an_id_is_the_same_for_the_same_event_and_another_for_another() {
        let view =
            |id: &str| Signal::of(&event(id, EventKind::ProductViewed(item("tent", None, 1)))).remove(0).id;
        let add = EventKind::ProductAdded(CartRef::default(), item("tent", None, 1));
        assert_eq!(view("e"), view("e"));
        assert_ne!(view("e"), view("f"));
        assert_ne!(view("e"), Signal::of(&event("e", add)).remove(0).id);
        assert_eq!(SignalId::parse(&view("e").to_string()), Some(view("e")));
        // What is put again after an update of Beckon must be recognised: a change here would let it count twice.
        assert_eq!(view("e").to_string(), "623f55c99a169318");
        assert_eq!(SignalId::parse("zz"), None);
    }
}
