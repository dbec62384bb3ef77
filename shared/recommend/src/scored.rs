//! What every ranking is made of.

use beckon_domain::ProductId;

/// A product and how strongly it is recommended; scores of different layers are not comparable.
#[derive(Clone, PartialEq, Debug)]
pub struct Scored {
    /// Which product.
    pub product: ProductId,
    /// How strongly: more is better.
    pub score: f64,
}
