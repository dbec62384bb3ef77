//! What a person bought: sums per currency, and the products bought last.

use crate::id::ProductId;
use crate::money::Money;
use crate::policy::{BOUGHT_COUNT_MAX, CURRENCY_COUNT_MAX};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A product that was bought, and when last.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Bought {
    /// When last (event time).
    pub at: Timestamp,
    /// The product.
    pub product: ProductId,
}

/// The history of purchases. How many there were is in [`crate::profile::Counts::orders`], how many within a window in
/// [`crate::counters::Counters`].
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Orders {
    /// When last (event time).
    pub last_at: Option<Timestamp>,
    /// Sums of the orders' totals, one for each currency, in the order of their codes; amounts of two currencies are
    /// never added. Orders without a total add nothing.
    totals: Vec<Money>,
    /// Products bought, each once, longest ago first.
    products: Vec<Bought>,
}

impl Orders {
    /// `Order Completed`, however late it arrives.
    pub fn apply<'a>(
        &mut self,
        total: Option<Money>,
        products: impl Iterator<Item = &'a ProductId>,
        at: Timestamp,
    ) {
        self.last_at = self.last_at.max(Some(at));
        if let Some(total) = total {
            self.add_total(total);
        }
        for product in products {
            self.remember(product, at);
        }
    }

    /// Sums of the orders' totals, one for each currency.
    #[must_use]
    pub fn totals(&self) -> &[Money] {
        &self.totals
    }

    /// The sum in one currency.
    #[must_use]
    pub fn total(&self, currency: crate::Currency) -> Option<Money> {
        self.totals.iter().find(|total| total.currency == currency).copied()
    }

    /// Products bought, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Bought> {
        self.products.iter().rev()
    }

    /// When a product was last bought, if it is among those remembered.
    #[must_use]
    pub fn bought_at(&self, product: &str) -> Option<Timestamp> {
        self.products.iter().find(|bought| bought.product.as_str() == product).map(|bought| bought.at)
    }

    /// The purchases of two halves of one person.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        let mut merged = self.clone();
        merged.last_at = merged.last_at.max(other.last_at);
        for total in &other.totals {
            merged.add_total(*total);
        }
        for bought in &other.products {
            merged.remember(&bought.product, bought.at);
        }
        merged
    }

    /// Beyond the cap the last codes of the alphabet are not summed: a code that is left out once stays out, whatever
    /// comes later, so the order of events does not matter.
    fn add_total(&mut self, add: Money) {
        match self.totals.binary_search_by_key(&add.currency, |total| total.currency) {
            Ok(index) => self.totals[index].minor = self.totals[index].minor.saturating_add(add.minor),
            Err(index) => self.totals.insert(index, add),
        }
        self.totals.truncate(CURRENCY_COUNT_MAX);
    }

    fn remember(&mut self, product: &ProductId, at: Timestamp) {
        let known = self.products.iter().position(|bought| bought.product == *product);
        let before = known.map(|index| self.products.remove(index).at);
        let bought = Bought { at: before.map_or(at, |before| before.max(at)), product: product.clone() };
        let index = self.products.partition_point(|kept| *kept < bought);
        self.products.insert(index, bought);
        if self.products.len() > BOUGHT_COUNT_MAX {
            self.products.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Currency, DurationMs};
    use proptest::prelude::*;

    fn orders(all: &[(u8, u8, u16)]) -> Orders {
        let mut orders = Orders::default();
        for (currency, product, minute) in all {
            let letters = [char::from(b'A' + currency / 4 % 26), char::from(b'A' + currency % 4)];
            let currency = Currency::new(&format!("A{}{}", letters[0], letters[1])).unwrap();
            let product = ProductId::new(&format!("p{product}")).unwrap();
            let at = Timestamp::EPOCH + DurationMs::from_minutes(u64::from(*minute));
            orders.apply(Some(Money { minor: i64::from(*minute), currency }), [product].iter(), at);
        }
        orders
    }

    #[test]
    fn currencies_are_summed_apart_and_a_product_is_remembered_once() {
        let mut orders = Orders::default();
        let product = ProductId::new("tent").unwrap();
        for (total, minute) in [("10.00 EUR", 5), ("2.50 EUR", 3), ("7.00 USD", 4)] {
            let at = Timestamp::EPOCH + DurationMs::from_minutes(minute);
            orders.apply(Money::parse(total).ok(), [product.clone()].iter(), at);
        }
        let totals: Vec<String> = orders.totals().iter().map(ToString::to_string).collect();
        assert_eq!(totals, ["12.50 EUR", "7.00 USD"]);
        let last = Timestamp::EPOCH + DurationMs::from_minutes(5);
        assert_eq!((orders.last_at, orders.bought_at("tent")), (Some(last), Some(last)));
        assert_eq!(orders.newest_first().count(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn neither_the_order_of_purchases_nor_that_of_merging_matters_even_beyond_the_caps(
            all in proptest::collection::vec((0..24_u8, 0..80_u8, 0..500_u16), 0..120), cut in 0..120_usize,
        ) {
            let whole = orders(&all);
            prop_assert!(whole.totals.len() <= CURRENCY_COUNT_MAX && whole.products.len() <= BOUGHT_COUNT_MAX);
            let (a, b) = all.split_at(cut.min(all.len()));
            prop_assert_eq!(&orders(a).merge(&orders(b)), &whole);
            prop_assert_eq!(&orders(b).merge(&orders(a)), &whole);
            let mut sorted = all.clone();
            sorted.sort_unstable();
            prop_assert_eq!(orders(&sorted), whole);
        }
    }
}
