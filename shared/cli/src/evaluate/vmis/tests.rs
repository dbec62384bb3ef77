//! VMIS-kNN against its definition, without an index, on generated sessions.

use super::*;
use crate::dice::Dice;
use crate::evaluate::ranker::TrainingSession;
use beckon_domain::Timestamp;

fn product(number: u64) -> ProductId {
    ProductId::new(&format!("p{number}")).unwrap()
}

fn sessions(dice: &mut Dice, count: u64, products: u64) -> Vec<Vec<ProductId>> {
    let session = |dice: &mut Dice| {
        let length = dice.between(1, 12);
        // Twice by chance: some products are much more popular.
        (0..length).map(|_| product(dice.below(products) * dice.below(products) / products)).collect()
    };
    (0..count).map(|_| session(dice)).collect()
}

fn training(sessions: &[Vec<ProductId>]) -> TrainingSet {
    let session = |(at, products): (i64, &Vec<ProductId>)| TrainingSession {
        products: products.clone(),
        at: Timestamp::from_ms(at * 1_000),
    };
    TrainingSet { sessions: (1..).zip(sessions).map(session).collect(), has_times: false }
}

/// The definition, read aloud.
fn defined(
    sessions: &[Vec<ProductId>],
    p: VmisParameters,
    session: &[ProductId],
    count: usize,
) -> Vec<Scored> {
    let mut lengths: Vec<usize> = sessions.iter().map(Vec::len).collect();
    lengths.sort_unstable();
    let longest = lengths[(lengths.len() as f64 * LENGTH_PERCENTILE) as usize];
    let mut clicks: Vec<&ProductId> = sessions.iter().flatten().collect();
    let total = clicks.len() as f64;
    let occurs = |product: &ProductId| sessions.iter().flatten().filter(|p| *p == product).count();
    clicks.sort_unstable();
    clicks.dedup();
    let cut = &session[session.len().saturating_sub(p.session_items)..];
    let mut walk: Vec<(&ProductId, usize)> = Vec::new();
    for (step, product) in cut.iter().rev().enumerate() {
        if clicks.contains(&product) && walk.iter().all(|(known, _)| *known != product) {
            walk.push((product, step));
        }
    }
    // Each item's newest sessions, together; the newest of those.
    let has = |number: usize, product: &ProductId| sessions[number].contains(product);
    let posting = |product: &ProductId| {
        let may = |number: &usize| sessions[*number].len() <= longest && has(*number, product);
        (0..sessions.len()).rev().filter(may).take(p.candidates).collect::<Vec<_>>()
    };
    let postings: Vec<Vec<usize>> = walk.iter().map(|(product, _)| posting(product)).collect();
    let mut candidates: Vec<usize> = postings.concat();
    candidates.sort_unstable_by(|a, b| b.cmp(a));
    candidates.dedup();
    candidates.truncate(p.candidates);
    let similarity = |number: &usize| {
        let shared = walk.iter().zip(&postings).filter(|(_, posting)| posting.contains(number));
        shared.map(|((_, step), _)| (cut.len() - step) as f64 / walk.len() as f64).sum::<f64>()
    };
    let mut neighbours: Vec<(usize, f64)> = candidates.iter().map(|n| (*n, similarity(n))).collect();
    neighbours.sort_by(|a, b| b.1.total_cmp(&a.1).then(b.0.cmp(&a.0)));
    neighbours.truncate(p.neighbours);
    let mut ranked: Vec<Scored> = Vec::new();
    for product in clicks {
        let with = neighbours.iter().filter(|(number, _)| has(*number, product));
        let weight = |(number, similarity): &(usize, f64)| {
            let step = walk.iter().find(|(shared, _)| has(*number, shared)).unwrap().1;
            (1.0 - 0.1 * (step as f64 + 1.0)) * similarity
        };
        let weights: Vec<f64> = with.map(weight).collect();
        if !weights.is_empty() {
            let rarity = if p.prefers_rare { (total / occurs(product) as f64).ln() } else { 1.0 };
            ranked.push(Scored { product: product.clone(), score: weights.iter().sum::<f64>() * rarity });
        }
    }
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.product.cmp(&b.product)));
    ranked.truncate(count);
    ranked
}

#[test]
fn the_index_ranks_as_the_definition_does() {
    for seed in 0..60 {
        let mut dice = Dice::new(seed, 1);
        let count = dice.between(1, 80);
        let known = sessions(&mut dice, count, 25);
        let p = VmisParameters {
            candidates: dice.index(20) + 1,
            neighbours: dice.index(12) + 1,
            session_items: dice.index(9) + 1,
            prefers_rare: dice.chance(500),
        };
        let vmis = Vmis::with(&training(&known), p);
        // Products that nobody has seen are asked about too; and twice, because memory is used again.
        for session in sessions(&mut dice, 15, 30) {
            let expected = defined(&known, p, &session, 20);
            for _ in 0..2 {
                assert_eq!(vmis.rank(&session, 20), expected, "seed {seed}, {p:?}, {session:?}");
            }
        }
    }
}

#[test]
fn a_shop_of_one_product_and_a_session_of_nothing_known_are_answered() {
    let vmis = Vmis::build(&training(&[vec![product(1)], vec![product(1), product(1)]]));
    let ranked = vmis.rank(&[product(1)], 20);
    assert_eq!(ranked.iter().map(|entry| entry.product.as_str()).collect::<Vec<_>>(), ["p1"]);
    assert!(vmis.rank(&[product(2)], 20).is_empty() && vmis.rank(&[], 20).is_empty());
    assert!(Vmis::build(&TrainingSet::default()).rank(&[product(1)], 20).is_empty());
}
