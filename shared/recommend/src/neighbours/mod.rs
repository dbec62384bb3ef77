//! The fresh layer: which products are looked at together with a product, and which are bought with it, as the stream
//! tells it.
//!
//! Two products of one session make a pair: of a before b at distance d, a learns that b followed (points / d), b that a
//! came before (half as many). A product's pairs are one bounded list, [`Neighbours`]; [`rank`] walks the lists of a
//! session's products.
//!
//! **What is exact, and what is not.** Weights are decayed forward in fixed point, and all pairs of a batch are summed
//! before they touch the list: the order within a batch never matters, and while fewer products than places were seen,
//! no order does. Beyond that the weakest leaves, with what it had gathered: a product that comes again after it left
//! begins anew. The list's total keeps counting, so the shares of those who stay are right.

mod list;
mod rank;
mod stored;

pub use list::{Neighbour, Neighbours, Pair};
pub use rank::{Candidate, rank, rank_where};

#[cfg(test)]
mod tests;
