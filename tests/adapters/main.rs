//! Each adapter against the real thing, or against a server on loopback that speaks its protocol.
//!
//! The AWS clients are the real ones; only the other end of the wire is played ([`server`]). S3's adapter is not here:
//! its client is not a dependency of this package.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails by panicking")]
#![recursion_limit = "256"] // the nested futures of the AWS clients

mod clients;
mod contract;
mod dynamodb;
mod eventbridge;
mod kinesis;
mod models;
mod objects;
mod patience;
mod server;
mod ses;
mod ses_account;
