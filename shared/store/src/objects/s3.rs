//! Failed events in an S3 bucket.

use super::{FailedEventStore, object_key};
use crate::error::StoreError;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;

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
        Self { client: Client::new(config), bucket: bucket.into() }
    }
}

impl FailedEventStore for S3FailedEvents {
    async fn keep(&self, id: &str, reason: &str, document: Vec<u8>) -> Result<(), StoreError> {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(object_key(id, reason))
            .content_type("application/json")
            .body(ByteStream::from(document))
            .send()
            .await
            .map_err(|e| StoreError::from_sdk("keep a failed event", e))?;
        Ok(())
    }
}
