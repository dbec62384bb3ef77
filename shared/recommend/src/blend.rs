//! Several rankings become one.
//!
//! `score(x) = Σ over layers of weight × score in the layer / best score in the layer`; a product that a layer does not
//! rank gets nothing from it. A weighted sum of scores that were scaled to at most 1 ("CombSUM", Fox and Shaw:
//! "Combination of multiple searches", TREC-2, 1994): the best of a layer counts its whole weight, and how far the others
//! follow behind it is kept, which a fusion by ranks would lose.

use crate::Scored;
use crate::policy::NEXT_STRATEGY_WEIGHT;
use beckon_domain::ProductId;

/// One ranking, and how much it counts.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// Best first.
    pub ranked: &'a [Scored],
    /// How much the best of it counts; 0 or less: nothing.
    pub weight: f64,
}

/// A list as scores, from 1 of the first to a half of the last: so that of two layers of which the second weighs
/// [`crate::policy::NEXT_STRATEGY_WEIGHT`], the first comes whole before the second.
#[must_use]
pub fn by_rank(products: &[ProductId]) -> Vec<Scored> {
    let steps = products.len().saturating_sub(1).max(1) as f64;
    let score = |rank: usize| 1.0 - 0.5 * rank as f64 / steps;
    products.iter().enumerate().map(|(rank, id)| Scored { product: id.clone(), score: score(rank) }).collect()
}

/// Strategies as one order: each weighs [`NEXT_STRATEGY_WEIGHT`] of the one before it, times its factor. Where all factors are
/// alike the lists come one after the other, as they are.
#[must_use]
pub fn by_worth(strategies: &[(&[ProductId], f64)]) -> Vec<ProductId> {
    let ranked: Vec<Vec<Scored>> = strategies.iter().map(|(products, _)| by_rank(products)).collect();
    let (mut layers, mut weight) = (Vec::with_capacity(ranked.len()), 1.0);
    for (ranked, (_, factor)) in ranked.iter().zip(strategies) {
        layers.push(Layer { ranked, weight: weight * factor });
        weight *= NEXT_STRATEGY_WEIGHT;
    }
    let count = ranked.iter().map(Vec::len).sum();
    blend(&layers, count).into_iter().map(|one| one.product).collect()
}

/// At most `count` products, best first, each once; of equal ones the first id. A layer that ranks nothing takes nothing
/// from the others: then the result has the order of the other layer.
#[must_use]
pub fn blend(layers: &[Layer<'_>], count: usize) -> Vec<Scored> {
    let mut all: Vec<Scored> = Vec::with_capacity(layers.iter().map(|layer| layer.ranked.len()).sum());
    for layer in layers.iter().filter(|layer| layer.weight > 0.0) {
        let best = layer.ranked.iter().map(|one| one.score).fold(0.0, f64::max);
        if best <= 0.0 {
            continue;
        }
        let positive = layer.ranked.iter().filter(|one| one.score > 0.0);
        all.extend(
            positive
                .map(|one| Scored { product: one.product.clone(), score: one.score / best * layer.weight }),
        );
    }
    // Stable: what one layer gave comes before what a later one gave, so that sums are always taken in one order.
    all.sort_by(|a, b| a.product.cmp(&b.product));
    all.dedup_by(|next, kept| {
        let is_same = next.product == kept.product;
        if is_same {
            kept.score += next.score;
        }
        is_same
    });
    all.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.product.cmp(&b.product)));
    all.truncate(count);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(told: &[(&str, f64)]) -> Vec<Scored> {
        told.iter()
            .map(|(id, score)| Scored { product: ProductId::new(id).unwrap(), score: *score })
            .collect()
    }

    fn ids(ranked: &[Scored]) -> Vec<&str> {
        ranked.iter().map(|one| one.product.as_str()).collect()
    }

    #[test]
    fn scores_are_scaled_by_the_best_of_their_layer_and_added() {
        let (a, b) = (ranked(&[("x", 10.0), ("y", 5.0)]), ranked(&[("z", 0.4), ("y", 0.2)]));
        let blended = blend(&[Layer { ranked: &a, weight: 1.0 }, Layer { ranked: &b, weight: 3.0 }], 10);
        let told: Vec<_> = blended.iter().map(|one| (one.product.as_str(), one.score)).collect();
        assert_eq!(told, [("z", 3.0), ("y", 2.0), ("x", 1.0)]);
        assert_eq!(ids(&blend(&[Layer { ranked: &a, weight: 1.0 }], 1)), ["x"]);
    }

    #[test]
    fn strategies_keep_their_order_until_one_is_worth_more() {
        let list = |ids: &[&str]| ids.iter().map(|id| ProductId::new(id).unwrap()).collect::<Vec<_>>();
        let (own, sellers, last) = (list(&["a", "b", "c"]), list(&["x", "y"]), list(&["z"]));
        let order = |factors: [f64; 3]| {
            let all = [(&own[..], factors[0]), (&sellers[..], factors[1]), (&last[..], factors[2])];
            by_worth(&all).iter().map(ToString::to_string).collect::<Vec<_>>().join("")
        };
        for even in [0.5, 1.0, 2.0] {
            assert_eq!(order([even; 3]), "abcxyz");
        }
        assert_eq!(order([0.5, 2.0, 1.0]), "xaybcz", "four times as much: .98 and .49 among .5 to .25");
        assert_eq!(order([1.0, 1.3, 1.0]), "abxcyz", "a little more");
        assert_eq!(order([1.0, 1.0, 2.0]), "abcxzy");
    }

    #[test]
    fn a_layer_without_a_say_leaves_the_order_of_the_other() {
        let a = ranked(&[("b", 2.0), ("a", 2.0), ("c", 1.0), ("never", 0.0)]);
        for silent in [ranked(&[]), ranked(&[("c", 0.0)])] {
            let layers = [Layer { ranked: &silent, weight: 5.0 }, Layer { ranked: &a, weight: 0.1 }];
            assert_eq!(ids(&blend(&layers, 10)), ["a", "b", "c"], "of equal ones the first id");
        }
        let zero = ranked(&[("z", 1.0)]);
        let layers = [Layer { ranked: &zero, weight: 0.0 }, Layer { ranked: &a, weight: 1.0 }];
        assert_eq!(ids(&blend(&layers, 1)), ["a"]);
        assert!(blend(&[], 5).is_empty());
    }
}
