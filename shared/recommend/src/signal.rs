//! A signal: what one event says about one product. It names no person.
//!
//! A view says something about each product looked at before it too: that this one came next. What an event says of two
//! products goes to each of them as a signal of its own, because each has a reader of its own.

use crate::policy::TOGETHER_TOLD_COUNT_MAX;
use beckon_domain::event::{Event, EventKind, Item};
use beckon_domain::trail::{Step, Told};
use beckon_domain::{Brand, Category, Money, PriceBand, ProductId, SmolStr, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which signal: a hash of its event's source and id, its kind, and its place among the event's products. The same event
/// gives the same ids, however often it is folded.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SignalId([u8; 8]);

impl SignalId {
    /// `index` is its place among the event's products. What is told of a product before the event's own is known by that
    /// product instead, so that an event says it once, wherever the product stands.
    fn derive(event: &Event, kind: SignalKind, index: u32, before: Option<&ProductId>) -> Self {
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        // No id has a control character, so zeros keep the parts apart.
        for part in [event.source.as_str(), event.id.as_str(), kind.name()] {
            hasher.update(part.as_bytes());
            hasher.update(&[0]);
        }
        hasher.update(&index.to_be_bytes());
        hasher.update(before.map_or("", ProductId::as_str).as_bytes());
        Self(hasher.digest().to_be_bytes())
    }

    /// A hash of texts, none of which has a control character.
    pub(crate) fn of_parts(parts: &[&str]) -> Self {
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        for part in parts {
            hasher.update(part.as_bytes());
            hasher.update(&[0]);
        }
        Self(hasher.digest().to_be_bytes())
    }

    /// The second half of it: enough to tell a few apart.
    #[must_use]
    pub const fn half(self) -> [u8; 4] {
        let [.., a, b, c, d] = self.0;
        [a, b, c, d]
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
    /// It was viewed, and then another product was.
    Next,
}

impl SignalKind {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Cart => "cart",
            Self::Purchase => "purchase",
            Self::Next => "next",
        }
    }
}

/// Another product of the same session or order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Other {
    /// Which product.
    pub product: ProductId,
    /// Its category, if it was told.
    pub category: Option<Category>,
    /// Its price band, if a price was told.
    pub price_band: Option<PriceBand>,
    /// How many products further on or back in the session, from 1 on; in an order 1.
    pub distance: u8,
}

/// What an event calls a product. It may come from anybody's browser: it fills a gap where no feed tells the product.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Called {
    /// Its name, as the person saw it.
    pub name: SmolStr,
    /// Its brand.
    pub brand: Option<Brand>,
    /// Price of one unit.
    pub price: Option<Money>,
}

impl Called {
    fn of(item: &Item) -> Option<Box<Self>> {
        let name = item.name.clone().filter(|name| !name.trim().is_empty())?;
        Some(Box::new(Self { name, brand: item.brand.clone(), price: item.price }))
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
    /// What the event calls it; `None` when it gives no name.
    pub called: Option<Box<Called>>,
    /// Of a view the products looked at before it, of [`SignalKind::Next`] the one after it, of an order some of the others.
    pub others: Vec<Other>,
}

impl Signal {
    /// The signals of an event: a view and what came before it, an add, or each product of an order once. A snapshot of a
    /// cart gives none: what it repeats was told by adds, and nobody knows what is new in it. No product gets two.
    #[must_use]
    pub fn of(event: &Event, told: &Told) -> Vec<Self> {
        if !told.counts {
            return Vec::new();
        }
        match &event.kind {
            EventKind::ProductViewed(item) => viewed(event, item, &told.before),
            EventKind::ProductAdded(_, item) => {
                vec![Self::new(event, SignalKind::Cart, 0, item, item.quantity.max(1))]
            }
            EventKind::OrderCompleted { items, .. } => ordered(event, items),
            _ => Vec::new(),
        }
    }

    fn new(event: &Event, kind: SignalKind, index: u32, item: &Item, quantity: u32) -> Self {
        Self {
            id: SignalId::derive(event, kind, index, None),
            at: event.occurred_at,
            kind,
            product: item.product.clone(),
            category: item.category.clone(),
            quantity,
            called: Called::of(item),
            others: Vec::new(),
        }
    }
}

impl Other {
    fn of(item: &Item) -> Self {
        Self {
            product: item.product.clone(),
            category: item.category.clone(),
            price_band: item.price.map(PriceBand::of),
            distance: 1,
        }
    }

    fn before((distance, step): (u8, &Step)) -> Self {
        let Step { product, category, price_band } = step.clone();
        Self { product, category, price_band, distance }
    }
}

/// The view itself, which says what came before it, and to each of those that this one came next.
fn viewed(event: &Event, item: &Item, before: &[Step]) -> Vec<Signal> {
    let mut signals = vec![Signal::new(event, SignalKind::View, 0, item, 1)];
    signals[0].others = (1..).zip(before).map(Other::before).collect();
    for (distance, step) in (1..).zip(before) {
        signals.push(Signal {
            id: SignalId::derive(event, SignalKind::Next, 0, Some(&step.product)),
            at: event.occurred_at,
            kind: SignalKind::Next,
            product: step.product.clone(),
            category: None,
            quantity: 1,
            called: None,
            others: vec![Other { distance, ..Other::of(item) }],
        });
    }
    signals
}

/// A product that stands in several lines of an order was ordered once, with all their units.
fn ordered(event: &Event, items: &[Item]) -> Vec<Signal> {
    let mut signals: Vec<Signal> = Vec::new();
    let mut bought: Vec<Other> = Vec::new();
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
                bought.push(Other::of(item));
            }
        }
    }
    // Of a large order each product is told of those that come after it, the first again after the last.
    let count = TOGETHER_TOLD_COUNT_MAX.min(bought.len().saturating_sub(1));
    for (index, signal) in signals.iter_mut().enumerate() {
        signal.others = bought.iter().cycle().skip(index + 1).take(count).cloned().collect();
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

    fn others(signal: &Signal) -> Vec<(&str, u8)> {
        signal.others.iter().map(|other| (other.product.as_str(), other.distance)).collect()
    }

    const COUNTS: Told = Told { counts: true, before: Vec::new() };

    #[test]
    fn an_order_gives_each_of_its_products_once_with_all_units_and_the_others() {
        let items = vec![item("tent", None, 2), item("mug", None, 0), item("tent", Some("tents"), 3)];
        let order = event("o", EventKind::OrderCompleted { order: None, total: None, items, coupon: None });
        let signals = Signal::of(&order, &COUNTS);
        let told: Vec<_> = signals.iter().map(|s| (s.product.as_str(), s.kind.name(), s.quantity)).collect();
        assert_eq!(told, [("tent", "purchase", 5), ("mug", "purchase", 1)]);
        assert_eq!(signals[0].category.as_ref().map(Category::as_str), Some("tents"));
        assert_ne!(signals[0].id, signals[1].id);
        assert_eq!(others(&signals[0]), [("mug", 1)]);
        assert_eq!(others(&signals[1]), [("tent", 1)]);
    }

    #[test]
    fn a_large_order_tells_each_product_of_so_many_others_and_not_of_itself() {
        let items = (0..40).map(|n| item(&format!("p{n}"), None, 1)).collect();
        let order = event("o", EventKind::OrderCompleted { order: None, total: None, items, coupon: None });
        for signal in Signal::of(&order, &COUNTS) {
            assert_eq!(signal.others.len(), TOGETHER_TOLD_COUNT_MAX);
            assert!(signal.others.iter().all(|other| other.product != signal.product));
        }
    }

    #[test]
    fn a_view_says_what_came_before_it_and_to_each_of_those_that_it_came_next() {
        let step = |product: &str, band| Step {
            product: ProductId::new(product).unwrap(),
            category: Category::new("mats").ok(),
            price_band: PriceBand::from_number(band),
        };
        let told = Told { counts: true, before: vec![step("mat", 3), step("mug", 4)] };
        let view = event("e", EventKind::ProductViewed(item("tent", Some("tents"), 1)));
        let signals = Signal::of(&view, &told);
        let kinds: Vec<_> = signals.iter().map(|s| (s.product.as_str(), s.kind.name(), others(s))).collect();
        let expected = [
            ("tent", "view", vec![("mat", 1), ("mug", 2)]),
            ("mat", "next", vec![("tent", 1)]),
            ("mug", "next", vec![("tent", 2)]),
        ];
        assert_eq!(kinds, expected);
        assert_eq!(signals[0].others[1].price_band, PriceBand::from_number(4));
        assert_eq!(signals[2].others[0].category, Category::new("tents").ok());
        // Whatever else was looked at in between, what is said to one product is one signal.
        let other = Told { counts: true, before: vec![step("hut", 3), step("mat", 3)] };
        assert_eq!(Signal::of(&view, &other)[2].id, signals[1].id);
        assert!(Signal::of(&view, &Told { counts: false, ..told }).is_empty());
    }

    #[test]
    fn a_snapshot_of_a_cart_and_what_names_no_product_give_no_signal() {
        let none = [
            EventKind::CartUpdated(CartRef::default(), vec![item("tent", None, 1)]),
            EventKind::ProductRemoved(CartRef::default(), item("tent", None, 1)),
            EventKind::Page,
        ];
        for kind in none {
            assert!(Signal::of(&event("e", kind), &COUNTS).is_empty());
        }
    }

    #[test]
    fn an_id_is_the_same_for_the_same_event_and_another_for_another() {
        let view = |id: &str| {
            Signal::of(&event(id, EventKind::ProductViewed(item("tent", None, 1))), &COUNTS).remove(0).id
        };
        let add = EventKind::ProductAdded(CartRef::default(), item("tent", None, 1));
        assert_eq!(view("e"), view("e"));
        assert_ne!(view("e"), view("f"));
        assert_ne!(view("e"), Signal::of(&event("e", add), &COUNTS).remove(0).id);
        assert_eq!(SignalId::parse(&view("e").to_string()), Some(view("e")));
        // What is put again after an update of Beckon must be recognised: a change here would let it count twice.
        assert_eq!(view("e").to_string(), "623f55c99a169318");
        assert_eq!(SignalId::parse("zz"), None);
    }
}
