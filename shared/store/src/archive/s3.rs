//! The archive in an S3 bucket, as Firehose writes it: for a person's command and for the trainer.

use super::{ArchiveObjects, RewriteArchive};
use crate::error::StoreError;
use crate::objects::Kept;
use crate::objects::s3::{list_objects, read_object};
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;

const REWRITE: &str = "rewrite archived events";

/// The archived objects below a prefix of a bucket.
#[derive(Clone, Debug)]
pub struct S3Archive {
    client: Client,
    bucket: String,
    prefix: String,
}

impl S3Archive {
    /// The objects of this bucket whose keys begin with the prefix.
    #[must_use]
    pub fn new(client: Client, bucket: impl Into<String>, prefix: impl Into<String>) -> Self {
        Self { client, bucket: bucket.into(), prefix: prefix.into() }
    }

    /// The archive of this bucket, by a function's AWS configuration.
    #[must_use]
    pub fn from_config(config: &aws_config::SdkConfig, bucket: impl Into<String>) -> Self {
        Self::new(Client::new(config), bucket, super::PREFIX)
    }

    /// The objects of the prefix, in the order of the keys.
    ///
    /// # Errors
    /// When S3 does not answer, or refuses.
    pub async fn objects(&self) -> Result<Vec<Kept>, StoreError> {
        self.list_archived(&self.prefix).await
    }
}

impl ArchiveObjects for S3Archive {
    async fn list_archived(&self, prefix: &str) -> Result<Vec<Kept>, StoreError> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let mut found = list_objects(list, usize::MAX, "list archived events").await?;
        found.retain(|kept| super::is_object(&kept.key));
        found.sort();
        Ok(found)
    }

    async fn read_archived(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let get = self.client.get_object().bucket(&self.bucket).key(key);
        read_object(get, u64::MAX, "read archived events").await
    }
}

impl RewriteArchive for S3Archive {
    async fn rewrite_archived(&self, key: &str, document: Option<Vec<u8>>) -> Result<(), StoreError> {
        match document {
            Some(document) => {
                let put = self.client.put_object().bucket(&self.bucket).key(key);
                put.body(ByteStream::from(document))
                    .send()
                    .await
                    .map(|_| ())
                    .map_err(|e| StoreError::from_sdk(REWRITE, e))
            }
            None => {
                let delete = self.client.delete_object().bucket(&self.bucket).key(key);
                delete.send().await.map(|_| ()).map_err(|e| StoreError::from_sdk(REWRITE, e))
            }
        }
    }
}
