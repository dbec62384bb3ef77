//! What a layer recommends.

use beckon_domain::ProductId;

/// A product and how strongly it is recommended; scores of different layers are not comparable.
#[derive(Clone, PartialEq, Debug)]
pub struct Scored {
    /// The product.
    pub product: ProductId,
    /// How strongly.
    pub score: f64,
}
