//! What the end-to-end tests share: a stack with a steerable clock, on memory or on the embedded DynamoDB, and the faults
//! that can be put between a function and what it calls.
#![forbid(unsafe_code)]
#![recursion_limit = "256"]
// A harness that cannot do what a test asks for must stop that test with the reason, and nobody else uses it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

pub mod answer;
pub mod body;
pub mod books;
pub mod delivery;
pub mod events;
pub mod fault;
pub mod world;

pub use answer::{Answer, misfit};
pub use delivery::Delivery;
pub use events::Teller;
pub use fault::{Fault, Faults, Faulty};
pub use world::World;
