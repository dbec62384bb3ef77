//! Failed events in an S3 bucket.

use super::{FailedEventArchive, FailedEventStore, Kept, RewriteObjects, object_key, redriven_key};
use crate::error::{ErrorKind, StoreError};
use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;
use aws_sdk_s3::operation::list_objects_v2::builders::ListObjectsV2FluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use beckon_domain::Timestamp;

/// Failed events in a bucket.
#[derive(Clone, Debug)]
pub struct S3FailedEvents {
    client: Client,
    bucket: String,
}

impl S3FailedEvents {
    /// Failed events in this bucket, by a function's AWS configuration.
    #[must_use]
    pub fn from_config(config: &aws_config::SdkConfig, bucket: impl Into<String>) -> Self {
        Self::new(Client::new(config), bucket)
    }

    /// Failed events in this bucket, behind a client.
    #[must_use]
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self { client, bucket: bucket.into() }
    }

    async fn put(&self, operation: &'static str, key: String, document: Vec<u8>) -> Result<(), StoreError> {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type("application/json")
            .body(ByteStream::from(document))
            .send()
            .await
            .map_err(|e| StoreError::from_sdk(operation, e))?;
        Ok(())
    }
}

impl FailedEventStore for S3FailedEvents {
    async fn keep(&self, id: &str, reason: &str, document: Vec<u8>) -> Result<(), StoreError> {
        self.put("keep a failed event", object_key(id, reason), document).await
    }
}

impl FailedEventArchive for S3FailedEvents {
    async fn list(&self, prefix: &str) -> Result<Vec<Kept>, StoreError> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        list_objects(list, usize::MAX, "list failed events").await
    }

    async fn list_first(&self, prefix: &str, count_max: usize) -> Result<Vec<Kept>, StoreError> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        list_objects(list, count_max, "count failed events").await
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let get = self.client.get_object().bucket(&self.bucket).key(key);
        read_object(get, u64::MAX, "read a failed event").await
    }

    async fn note_redriven(&self, key: &str, note: Vec<u8>) -> Result<(), StoreError> {
        self.put("note a redriven event", redriven_key(key), note).await
    }
}

impl RewriteObjects for S3FailedEvents {
    async fn rewrite(&self, key: &str, document: Option<Vec<u8>>) -> Result<(), StoreError> {
        const OPERATION: &str = "rewrite failed events";
        match document {
            Some(document) => self.put(OPERATION, key.to_owned(), document).await,
            None => {
                let delete = self.client.delete_object().bucket(&self.bucket).key(key);
                delete.send().await.map(|_| ()).map_err(|e| StoreError::from_sdk(OPERATION, e))
            }
        }
    }
}

/// The objects that a request lists, page by page, so many at most.
pub(crate) async fn list_objects(
    list: ListObjectsV2FluentBuilder,
    count_max: usize,
    operation: &'static str,
) -> Result<Vec<Kept>, StoreError> {
    let (mut found, mut token) = (Vec::new(), None);
    loop {
        let page = list.clone().set_continuation_token(token).send().await;
        let page = page.map_err(|e| StoreError::from_sdk(operation, e))?;
        for object in page.contents() {
            let bytes = object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
            let at = object.last_modified().map(|at| Timestamp::from_ms(at.secs().saturating_mul(1_000)));
            found.extend(object.key().map(|key| Kept { key: key.to_owned(), bytes, at }));
        }
        token = page.next_continuation_token().map(str::to_owned);
        if token.is_none() || found.len() >= count_max {
            found.truncate(count_max);
            return Ok(found);
        }
    }
}

/// A whole object; `None` when there is none of that key. One that is larger than `bytes_max` is not read: corrupt.
pub(crate) async fn read_object(
    get: GetObjectFluentBuilder,
    bytes_max: u64,
    operation: &'static str,
) -> Result<Option<Vec<u8>>, StoreError> {
    let object = match get.send().await {
        Ok(object) => object,
        Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => {
            return Ok(None);
        }
        Err(error) => return Err(StoreError::from_sdk(operation, error)),
    };
    if object.content_length().and_then(|bytes| u64::try_from(bytes).ok()).is_some_and(|b| b > bytes_max) {
        return Err(StoreError::new(operation, ErrorKind::Corrupt, "the object is larger than it may be"));
    }
    let body = object.body.collect().await;
    let body = body.map_err(|e| StoreError::new(operation, ErrorKind::Ambiguous, e))?;
    Ok(Some(body.to_vec()))
}
