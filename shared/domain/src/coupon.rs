//! What events say of coupons: Segment's `Coupon Entered`, `Applied`, `Denied`, `Removed`, and the coupon of an order.

use crate::code::{CouponCode, DiscountCode};
use crate::event::{EventKind, TraitValue};
use crate::id::{CartId, EventName, OrderId};
use crate::money::{Currency, Money};
use smol_str::SmolStr;

/// A coupon that a person enters, uses or takes back, as Segment's events tell it (e-commerce spec V2). Which of the three
/// names is the code, every shop decides for itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Coupon {
    /// `coupon_id`, `coupon_name` and `coupon`, in this order, as far as they are told.
    pub names: Vec<CouponCode>,
    /// `order_id`.
    pub order: Option<OrderId>,
    /// `cart_id`.
    pub cart: Option<CartId>,
    /// What it takes off.
    pub discount: Option<Money>,
}

fn value<'a>(properties: &'a [(SmolStr, TraitValue)], name: &str) -> Option<&'a TraitValue> {
    properties.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

impl Coupon {
    /// Reads the properties of a coupon event. Its amount is in its `currency`, or else in this one. What cannot be read is
    /// left out: no event is lost for its coupon.
    fn read(properties: &[(SmolStr, TraitValue)], currency: Option<Currency>) -> Self {
        let text = |name: &str| value(properties, name).and_then(CouponCode::of_value);
        let id = |name: &str| match value(properties, name)? {
            TraitValue::Text(text) => Some(text.trim().to_owned()),
            number => CouponCode::of_value(number).map(|number| number.to_string()),
        };
        let told = match value(properties, "currency") {
            Some(TraitValue::Text(code)) => Currency::new(code.trim()).ok(),
            _ => None,
        };
        let discount = match value(properties, "discount") {
            Some(TraitValue::Number(amount)) => told.or(currency).map(|c| Money::from_major(*amount, c)),
            _ => None,
        };
        Self {
            names: ["coupon_id", "coupon_name", "coupon"].into_iter().filter_map(text).collect(),
            order: id("order_id").and_then(|id| OrderId::new(&id).ok()),
            cart: id("cart_id").and_then(|id| CartId::new(&id).ok()),
            discount: discount.and_then(Result::ok),
        }
    }

    /// What of its names may be codes of ours, each once.
    #[must_use]
    pub fn codes(&self) -> Vec<DiscountCode> {
        let mut codes: Vec<DiscountCode> = self.names.iter().flat_map(CouponCode::discount_codes).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}

/// The kind of a coupon event of this name.
fn kind_of(name: &EventName) -> Option<fn(Box<Coupon>) -> EventKind> {
    Some(match name.as_str() {
        "Coupon Entered" => EventKind::CouponEntered,
        "Coupon Applied" => EventKind::CouponApplied,
        "Coupon Denied" => EventKind::CouponDenied,
        "Coupon Removed" => EventKind::CouponRemoved,
        _ => return None,
    })
}

impl EventKind {
    /// The same with what the event's properties say of coupons: an order gets its coupon, and what is called like a coupon
    /// event becomes one. An amount without a currency of its own is in `currency`.
    #[must_use]
    pub fn with_coupon(mut self, properties: &[(SmolStr, TraitValue)], currency: Option<Currency>) -> Self {
        match &mut self {
            Self::OrderCompleted { coupon, .. } => {
                *coupon = value(properties, "coupon").and_then(CouponCode::of_value);
            }
            Self::Track(name) => {
                if let Some(kind) = kind_of(name) {
                    return kind(Box::new(Coupon::read(properties, currency)));
                }
            }
            _ => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(name: &str, properties: &[(&str, TraitValue)]) -> EventKind {
        let properties: Vec<_> = properties.iter().map(|(n, v)| (SmolStr::new(n), v.clone())).collect();
        let kind = EventKind::Track(EventName::new(name).unwrap());
        kind.with_coupon(&properties, Currency::new("EUR").ok())
    }

    fn text(text: &str) -> TraitValue {
        TraitValue::Text(text.to_owned())
    }

    #[test]
    fn a_coupon_event_says_which_coupon_of_which_order_and_what_it_took_off() {
        let told = [
            ("coupon_id", text("may_deals")),
            ("coupon_name", text("cart-1a2b, x")),
            ("order_id", TraitValue::Number(77.0)),
            ("cart_id", text("c-1")),
            ("discount", TraitValue::Number(23.32)),
        ];
        let applied = track("Coupon Applied", &told);
        let EventKind::CouponApplied(coupon) = &applied else { panic!("{applied:?}") };
        let names: Vec<&str> = coupon.names.iter().map(CouponCode::as_str).collect();
        assert_eq!(names, ["MAY_DEALS", "CART-1A2B, X"]);
        assert_eq!(coupon.order.as_ref().map(OrderId::as_str), Some("77"));
        assert_eq!(coupon.cart.as_ref().map(CartId::as_str), Some("c-1"));
        assert_eq!(coupon.discount, Money::parse("23.32 EUR").ok());
        let codes: Vec<String> = coupon.codes().iter().map(ToString::to_string).collect();
        assert_eq!(codes, ["CART-1A2B", "MAY_DEALS"]);
        let in_dollars = track("Coupon Removed", &[told[4].clone(), ("currency", text("usd"))]);
        let EventKind::CouponRemoved(coupon) = in_dollars else { panic!("no removal") };
        assert_eq!(coupon.discount, Money::parse("23.32 USD").ok());
    }

    #[test]
    fn what_cannot_be_read_costs_nothing_else() {
        let code = [("coupon_id", text("CART-1A2B"))];
        for name in ["Coupon Entered", "Coupon Denied", "Coupon Removed", "Checkout Started"] {
            assert_eq!(track(name, &code).name(), name);
        }
        let odd = [("coupon_id", TraitValue::Bool(true)), ("discount", TraitValue::Number(-1.0))];
        assert_eq!(track("Coupon Applied", &odd), EventKind::CouponApplied(Box::default()));
        let order = EventKind::OrderCompleted { order: None, total: None, items: vec![], coupon: None };
        let order = order.with_coupon(&[(SmolStr::new("coupon"), text("save-1 save-1"))], None);
        let EventKind::OrderCompleted { coupon, .. } = order else { panic!("no order") };
        assert_eq!(coupon, CouponCode::new("SAVE-1 SAVE-1").ok());
    }
}
