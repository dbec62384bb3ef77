//! Models in an S3 bucket.

use super::{KEEP, ModelObjects, READ};
use crate::error::StoreError;
use crate::objects::s3::read_object;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;

/// Models in a bucket.
#[derive(Clone, Debug)]
pub struct S3Models {
    client: Client,
    bucket: String,
}

impl S3Models {
    /// Models in this bucket, by a function's AWS configuration.
    #[must_use]
    pub fn from_config(config: &aws_config::SdkConfig, bucket: impl Into<String>) -> Self {
        Self::new(Client::new(config), bucket)
    }

    /// Models in this bucket, behind a client.
    #[must_use]
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self { client, bucket: bucket.into() }
    }
}

impl ModelObjects for S3Models {
    async fn put_model(&self, key: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        let put = self.client.put_object().bucket(&self.bucket).key(key);
        let put = put.content_type("application/octet-stream").body(ByteStream::from(bytes));
        put.send().await.map_err(|e| StoreError::from_sdk(KEEP, e))?;
        Ok(())
    }

    async fn model_object(&self, key: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let get = self.client.get_object().bucket(&self.bucket).key(key);
        read_object(get, bytes_max, READ).await
    }
}
