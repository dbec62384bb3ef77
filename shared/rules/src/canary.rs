//! What the canary is shown: rules of its own, so that what is right is known beforehand.

/// The ruleset that the canary's decisions are made by.
pub const RULES: &str = include_str!("canary.yaml");
/// Its slot.
pub const SLOT: &str = "beckon.canary";
/// The rule that holds once the canary has viewed a product.
pub const RULE: &str = "canary-viewed";

/// Products that it views in turn. None of them is shown to who viewed nothing.
const PRODUCTS: [&str; 3] = ["beckon-canary-1", "beckon-canary-2", "beckon-canary-3"];
/// Visitors that it is in turn, so that its events are spread over the shards; each has one profile.
const VISITOR_COUNT: u64 = 8;

/// Who the canary is in a run, and what it views: another product than the same visitor viewed the time before.
#[must_use]
pub fn visit(run: u64) -> (String, &'static str) {
    let round = run / VISITOR_COUNT;
    let product = PRODUCTS[(round % PRODUCTS.len() as u64) as usize];
    (format!("beckon-canary-{}", run % VISITOR_COUNT), product)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ruleset;
    use beckon_domain::ProductId;
    use beckon_domain::id::SlotId;
    use std::collections::BTreeMap;

    #[test]
    fn its_ruleset_is_valid_and_has_what_it_asks_for() {
        let ruleset = Ruleset::parse(RULES).unwrap();
        for product in PRODUCTS {
            assert!(ruleset.products().iter().any(|known| known.id == ProductId::new(product).unwrap()));
        }
        assert!(ruleset.questions(&[&SlotId::new(SLOT).unwrap()]).is_empty(), "nothing learned is asked for");
        assert!(RULES.contains(RULE));
    }

    #[test]
    fn no_visitor_views_the_same_product_twice_in_a_row_and_there_are_few_visitors() {
        let mut last = BTreeMap::new();
        for run in 0..1_000 {
            let (visitor, product) = visit(run);
            assert_ne!(last.insert(visitor, product), Some(product));
        }
        assert_eq!(last.len() as u64, VISITOR_COUNT);
    }
}
