//! AuditTable's chain: what was asked of the admin API and what came of it, in one order, each record with the hash of the
//! one before it. What a record says, and what its hash is of, is not the table's business.

use crate::error::StoreError;
use std::future::Future;

/// A link of the chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditRecord {
    /// Its place, from 1 and without gaps.
    pub number: u64,
    /// What it says, byte for byte as it was hashed.
    pub text: String,
    /// The hash of the text, hexadecimal.
    pub hash: String,
}

/// AuditTable's chain. Records are put, once, and never altered or deleted: there is no call for either.
pub trait AuditLog: Send + Sync {
    /// Puts a record at its place, if nothing is there. Returns whether it was put.
    fn put_audit(&self, record: &AuditRecord) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// The latest record. A strong read.
    fn audit_head(&self) -> impl Future<Output = Result<Option<AuditRecord>, StoreError>> + Send;

    /// Records after this number, in their order. A strong read.
    fn audit_page(
        &self,
        after: u64,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<AuditRecord>, StoreError>> + Send;
}
