//! Models that are too large for an item: objects in a bucket, a folder or memory, written once under the hash of their
//! bytes, and read only if they are what their pointer says.

use crate::error::{ErrorKind, StoreError};
use crate::tables::models::{MODEL_INLINE_BYTES_MAX, ModelKind, ModelPlace};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::future::Future;

pub mod folder;
pub mod memory;
pub mod s3;

/// Bytes that a model may have: a Lambda of the default size still holds it twice.
pub const MODEL_BYTES_MAX: u64 = 128 * 1024 * 1024;
const READ: &str = "read a model";
const KEEP: &str = "keep a model";

/// Where models lie that are too large for an item.
pub trait ModelObjects: Send + Sync {
    /// Keeps an object, whole or not at all. Written again, it is kept once.
    fn put_model(&self, key: &str, bytes: Vec<u8>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// An object; `None` when there is none of that key. One that is larger than `bytes_max` is not read: corrupt.
    fn model_object(
        &self,
        key: &str,
        bytes_max: u64,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;
}

/// SHA-256 in lower-case hexadecimal digits.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// The version of a model: the first 12 digits of its hash.
#[must_use]
pub fn model_version(bytes: &[u8]) -> String {
    let mut version = sha256_hex(bytes);
    version.truncate(12);
    version
}

/// Keeps a model where models of its size belong, and says where that is.
///
/// # Errors
/// When it is too large, or the place does not take it.
pub async fn keep<O: ModelObjects>(
    objects: &O,
    kind: ModelKind,
    bytes: Vec<u8>,
) -> Result<ModelPlace, StoreError> {
    let size = bytes.len() as u64;
    if size > MODEL_BYTES_MAX {
        let why = format!("it has {size} bytes, and {MODEL_BYTES_MAX} are allowed");
        return Err(StoreError::new(KEEP, ErrorKind::Refused, why));
    }
    if bytes.len() <= MODEL_INLINE_BYTES_MAX {
        return Ok(ModelPlace::Inline(bytes));
    }
    let sha256 = sha256_hex(&bytes);
    let key = format!("models/{}/{sha256}", kind.name());
    objects.put_model(&key, bytes).await?;
    Ok(ModelPlace::Object { key, sha256, bytes: size })
}

/// The bytes of a model, if they are those that its pointer names.
///
/// # Errors
/// Corrupt when they are missing, cut off or others; otherwise when the place cannot be read.
pub async fn fetch<O: ModelObjects>(objects: &O, place: &ModelPlace) -> Result<Vec<u8>, StoreError> {
    let (key, sha256, size) = match place {
        ModelPlace::Inline(bytes) => return Ok(bytes.clone()),
        ModelPlace::Object { key, sha256, bytes } => (key, sha256, *bytes),
    };
    let corrupt = |why: &'static str| StoreError::new(READ, ErrorKind::Corrupt, why);
    let found = objects.model_object(key, size.min(MODEL_BYTES_MAX)).await?;
    let found = found.ok_or_else(|| corrupt("its object is not there"))?;
    if found.len() as u64 != size || sha256_hex(&found) != *sha256 {
        return Err(corrupt("its object is not what the pointer says"));
    }
    Ok(found)
}

/// What is larger than it may be is not read.
fn within(size: u64, bytes_max: u64) -> Result<(), StoreError> {
    if size <= bytes_max {
        return Ok(());
    }
    let why = format!("the object has {size} bytes, and {bytes_max} were expected at most");
    Err(StoreError::new(READ, ErrorKind::Corrupt, why))
}
