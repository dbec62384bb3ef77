//! A place in a ranking.

use beckon_domain::ProductId;

/// A product and how strongly it is recommended; scores of different layers are not comparable.
#[derive(Clone, PartialEq, Debug)]
pub struct Scored {
    /// Which product.
    pub product: ProductId,
    /// How strongly: more is better, 0 or less is never recommended.
    pub score: f64,
}
