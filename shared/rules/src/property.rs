//! Properties of events, as rules name them: Segment's names for those that Beckon knows, and any other.

use crate::value::{Kind, Test, Value};
use beckon_domain::event::{Event, EventKind, Item, TraitValue};
use beckon_domain::watched::Observed;
use beckon_domain::{Currency, Money, SmolStr};
use std::fmt;

/// A property of an event.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Property {
    Product,
    Category,
    Brand,
    Name,
    /// Of one unit.
    Price,
    Quantity,
    /// Of an order.
    Total,
    Order,
    /// Of `Segment Entered` and `Segment Exited`.
    Segment,
    Other(SmolStr),
}

/// Those that Beckon knows, by their names.
const KNOWN: [(&str, Property); 9] = [
    ("product_id", Property::Product),
    ("category", Property::Category),
    ("brand", Property::Brand),
    ("name", Property::Name),
    ("price", Property::Price),
    ("quantity", Property::Quantity),
    ("total", Property::Total),
    ("order_id", Property::Order),
    ("segment", Property::Segment),
];

impl Property {
    pub(crate) fn named(name: &str) -> Self {
        let known = KNOWN.into_iter().find(|(known, _)| *known == name);
        known.map_or_else(|| Self::Other(SmolStr::new(name)), |(_, property)| property)
    }

    /// The names that Beckon knows.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        KNOWN.into_iter().map(|(name, _)| name)
    }

    pub(crate) fn name(&self) -> &str {
        if let Self::Other(name) = self {
            return name;
        }
        KNOWN.iter().find(|(_, property)| property == self).map_or("", |(name, _)| name)
    }

    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Price | Self::Total => Kind::Money,
            Self::Quantity => Kind::Number,
            Self::Other(_) => Kind::Any,
            _ => Kind::Text,
        }
    }

    /// Whether it is told of each product of an event, and not of the event.
    const fn is_of_items(&self) -> bool {
        matches!(
            self,
            Self::Product | Self::Category | Self::Brand | Self::Name | Self::Price | Self::Quantity
        )
    }

    fn of_item<'a>(&self, item: &'a Item, currency: Currency) -> Option<Value<'a>> {
        Some(match self {
            Self::Product => Value::Text(item.product.as_str()),
            Self::Category => Value::Text(item.category.as_ref()?.as_str()),
            Self::Brand => Value::Text(item.brand.as_ref()?.as_str()),
            Self::Name => Value::Text(item.name.as_deref()?),
            Self::Price => Value::Number(major(item.price?, currency)?),
            Self::Quantity => Value::Number(f64::from(item.quantity)),
            _ => return None,
        })
    }

    fn of_event<'a>(&self, event: &'a Event, currency: Currency) -> Option<Value<'a>> {
        match (self, &event.kind) {
            (Self::Total, EventKind::OrderCompleted { total, .. }) => {
                Some(Value::Number(major((*total)?, currency)?))
            }
            (Self::Order, EventKind::OrderCompleted { order, .. }) => {
                Some(Value::Text(order.as_ref()?.as_str()))
            }
            (Self::Segment, EventKind::SegmentChanged { segment, .. }) => Some(Value::Text(segment)),
            (Self::Product, EventKind::ProductDwelled { product, .. }) => Some(Value::Text(product.as_str())),
            _ => Some(match event.property(self.name())? {
                TraitValue::Bool(flag) => Value::Flag(*flag),
                TraitValue::Number(number) => Value::Number(*number),
                TraitValue::Text(text) => Value::Text(text),
            }),
        }
    }
}

/// An amount in major units, if it is in this currency: amounts of others are not known, because nobody says at what rate.
pub(crate) fn major(money: Money, currency: Currency) -> Option<f64> {
    let unit = f64::from(10_u32.pow(currency.exponent()));
    (money.currency == currency).then(|| money.minor as f64 / unit)
}

/// What events are asked for: all of it must hold. Of an event with several products, one product must have all that is
/// asked of products.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Filter(pub(crate) Vec<(Property, Vec<Test>)>);

impl Filter {
    /// The values of a property in an event that passes: one for each product that passes, if products are asked for.
    /// Without a property one value that is not known for each occurrence. Empty when the event does not pass.
    pub(crate) fn values(
        &self,
        event: &Event,
        of: Option<&Property>,
        currency: Currency,
    ) -> Vec<Option<Observed>> {
        let items = items(event);
        let asks_items = |property: &Property| property.is_of_items() && !items.is_empty();
        let passes = |(property, tests): &(Property, Vec<Test>), item: Option<&Item>| {
            let value = match item {
                Some(item) if asks_items(property) => property.of_item(item, currency),
                _ => property.of_event(event, currency),
            };
            tests.iter().all(|test| test.holds(value))
        };
        let (of_items, of_event): (Vec<_>, Vec<_>) =
            self.0.iter().partition(|(property, _)| asks_items(property));
        if !of_event.into_iter().all(|filter| passes(filter, None)) {
            return Vec::new();
        }
        let values_of_items = of.filter(|property| asks_items(property));
        if of_items.is_empty() && values_of_items.is_none() {
            return vec![of.and_then(|property| observed(property.of_event(event, currency)?))];
        }
        let passing = items.iter().filter(|item| of_items.iter().all(|filter| passes(filter, Some(item))));
        let values = passing.map(|item| {
            let value = values_of_items.map(|property| property.of_item(item, currency));
            value.unwrap_or_else(|| of?.of_event(event, currency)).and_then(observed)
        });
        // Without a value of each product, one occurrence is enough however many products pass.
        values.take(if values_of_items.is_some() { usize::MAX } else { 1 }).collect()
    }
}

/// The products that an event names.
fn items(event: &Event) -> &[Item] {
    match &event.kind {
        EventKind::ProductViewed(item)
        | EventKind::ProductAdded(_, item)
        | EventKind::ProductRemoved(_, item) => std::slice::from_ref(item),
        EventKind::CartUpdated(_, items) | EventKind::OrderCompleted { items, .. } => items,
        _ => &[],
    }
}

/// A value as it is remembered: numbers in thousandths, texts up to 100 bytes, yes and no as texts.
fn observed(value: Value<'_>) -> Option<Observed> {
    match value {
        Value::Number(number) => Some(Observed::Number((number * 1_000.0).round() as i64)),
        Value::Text(text) if text.len() <= TEXT_BYTES_MAX => Some(Observed::Text(SmolStr::new(text))),
        Value::Flag(flag) => Some(Observed::Text(SmolStr::new(if flag { "true" } else { "false" }))),
        Value::Text(_) | Value::List(_) => None,
    }
}

/// The longest text that is remembered of an event.
const TEXT_BYTES_MAX: usize = 100;

/// A remembered value, to be compared.
pub(crate) fn remembered(value: &Observed) -> Value<'_> {
    match value {
        Observed::Number(thousandths) => Value::Number(*thousandths as f64 / 1_000.0),
        Observed::Text(text) => Value::Text(text),
    }
}

/// Tests as one mapping has them.
pub(crate) fn listed(tests: &[Test]) -> String {
    tests.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (property, tests)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            match tests.as_slice() {
                [Test::Eq(value)] => write!(f, "{comma}{}: {value}", property.name())?,
                tests => write!(f, "{comma}{}: {{{}}}", property.name(), listed(tests))?,
            }
        }
        Ok(())
    }
}
