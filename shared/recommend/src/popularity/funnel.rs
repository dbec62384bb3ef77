//! The funnel of one product or category: how many of those who look put it into a cart, and buy it.

use super::trend::Totals;

/// Counts of each step. What was counted for a product in a session or a day is bounded
/// ([`beckon_domain::trail`]), so a program that reloads a page does not thin the funnel out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Funnel {
    /// Views.
    pub views: u64,
    /// Times it was put into a cart.
    pub carts: u64,
    /// Orders of it.
    pub purchases: u64,
}

impl Funnel {
    pub(super) const fn of(totals: Totals) -> Self {
        Self { views: totals.views, carts: totals.carts, purchases: totals.purchases }
    }

    /// Of the views, those that were followed by a cart: between 0 and 1, `None` without views.
    #[must_use]
    pub fn cart_rate(&self) -> Option<f64> {
        rate(self.carts, self.views)
    }

    /// Of what was put into carts, what was bought: between 0 and 1, `None` when nothing was put into any.
    #[must_use]
    pub fn purchase_rate(&self) -> Option<f64> {
        rate(self.purchases, self.carts)
    }

    /// Of the views, those that were followed by an order: between 0 and 1, `None` without views.
    #[must_use]
    pub fn conversion(&self) -> Option<f64> {
        rate(self.purchases, self.views)
    }
}

/// A step may be reached without the one before it (a cart filled from a list), so a rate is held at 1.
fn rate(reached: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| (reached as f64 / of as f64).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_of_the_step_before_and_none_of_nothing() {
        let funnel = Funnel { views: 200, carts: 20, purchases: 5 };
        assert_eq!(
            (funnel.cart_rate(), funnel.purchase_rate(), funnel.conversion()),
            (Some(0.1), Some(0.25), Some(0.025))
        );
        assert_eq!(Funnel::default().conversion(), None);
        assert_eq!(Funnel { views: 1, carts: 3, purchases: 0 }.cart_rate(), Some(1.0));
    }
}
