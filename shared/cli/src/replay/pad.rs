//! Longer product ids, to measure what a shop with such ids would store.

use serde_json::Value;

/// Fills the product ids of an event up to `width` bytes with zeros in front.
pub(super) fn product_ids(properties: &mut Value, width: usize) {
    if let Some(Value::String(id)) = properties.get_mut("product_id") {
        *id = format!("{}{id}", "0".repeat(width.saturating_sub(id.len())));
    }
    if let Some(Value::Array(products)) = properties.get_mut("products") {
        products.iter_mut().for_each(|product| product_ids(product, width));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_get_their_length_wherever_they_stand_and_longer_ones_stay() {
        let mut properties = json!({"product_id": "7", "total": 3, "products": [{"product_id": "é"}, {"product_id": "12345"}]});
        product_ids(&mut properties, 4);
        let expected = json!({"product_id": "0007", "total": 3, "products": [{"product_id": "00é"}, {"product_id": "12345"}]});
        assert_eq!(properties, expected);
        product_ids(&mut properties, 0);
        assert_eq!(properties, expected);
    }
}
