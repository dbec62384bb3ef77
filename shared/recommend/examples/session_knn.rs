//! What a session index takes and how long it ranks, on sessions of a file: one session a line, product ids in order,
//! oldest session first; asked are lines of `products<TAB>target`.
//!
//! `cargo run --release -p beckon-recommend --example session_knn -- TRAIN TEST`

// What measures reads files and the clock; the crate does neither.
#![allow(clippy::disallowed_methods)]

use beckon_domain::{ProductId, Timestamp};
use beckon_recommend::session_knn::{Limits, PastSession, Scoring, SessionIndex};
use std::time::Instant;

const COUNT: usize = 20;

fn ids(text: &str) -> Vec<ProductId> {
    text.split_whitespace().filter_map(|id| ProductId::new(id).ok()).collect()
}

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [train, test] = arguments.as_slice() else { return Err("name two files: TRAIN TEST".to_owned()) };
    let read = |path: &str| std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
    let (train, test) = (read(train)?, read(test)?);
    let sessions = (0_i64..)
        .zip(train.lines())
        .map(|(at, line)| PastSession { products: ids(line), ended_at: Timestamp::from_ms(at * 60_000) });
    let begun = Instant::now();
    let index = SessionIndex::build(sessions, &Limits::default(), Scoring::default());
    println!(
        "{} sessions, {} products, built in {} ms",
        index.session_count(),
        index.product_count(),
        begun.elapsed().as_millis()
    );
    let packed = index.pack();
    let begun = Instant::now();
    let index = SessionIndex::unpack(&packed).map_err(|error| error.to_string())?;
    println!(
        "{} bytes stored, read in {:.1} ms, {} bytes in memory",
        packed.len(),
        begun.elapsed().as_secs_f64() * 1_000.0,
        index.memory_bytes()
    );
    let pairs = test.lines().filter_map(|line| line.split_once('\t'));
    let pairs: Vec<_> = pairs.map(|(session, target)| (ids(session), target.trim().to_owned())).collect();
    let (mut hits, mut reciprocal) = (0_usize, 0.0);
    let mut nanoseconds = Vec::with_capacity(pairs.len());
    for (session, target) in &pairs {
        let begun = Instant::now();
        let ranked = index.rank(session, Timestamp::EPOCH, COUNT);
        nanoseconds.push(begun.elapsed().as_nanos());
        if let Some(at) = ranked.iter().position(|scored| scored.product.as_str() == target) {
            hits += 1;
            reciprocal += 1.0 / (at + 1) as f64;
        }
    }
    nanoseconds.sort_unstable();
    let quantile = |share: usize| nanoseconds.get(nanoseconds.len() * share / 100).unwrap_or(&0) / 1_000;
    let asked = pairs.len().max(1) as f64;
    println!("HR@{COUNT} {:.4}  MRR@{COUNT} {:.4}", hits as f64 / asked, reciprocal / asked);
    println!(
        "{} asked: p50 {} us, p90 {} us, p99 {} us",
        pairs.len(),
        quantile(50),
        quantile(90),
        quantile(99)
    );
    Ok(())
}
