//! Where an archive lies.

use super::super::ReplayOptions;
use super::super::format::input::{Input, Source};
use crate::cloud::TargetArgs;
use crate::cloud::target::Target;
use crate::error::CliError;
use beckon_store::StoreError;
use beckon_store::archive::folder::objects;
use beckon_store::archive::s3::S3Archive;
use beckon_store::archive::{ArchiveObjects, PREFIX};
use beckon_store::objects::Kept;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where an archive lies.
pub(super) enum Place {
    /// In a folder, with whatever is below it.
    Folder(PathBuf),
    /// One object.
    File(PathBuf),
    /// In a bucket.
    Bucket { url: String, archive: S3Archive },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) | Self::File(path) => write!(f, "{}", path.display()),
            Self::Bucket { url, .. } => f.write_str(url),
        }
    }
}

impl Place {
    /// What the argument means.
    ///
    /// # Errors
    /// When there is nothing of that name, or no way to reach a bucket.
    pub async fn of(file: &Path, options: &ReplayOptions) -> Result<Self, CliError> {
        if let Some(address) = file.to_str().and_then(|text| text.strip_prefix("s3://")) {
            let (bucket, prefix) = address.split_once('/').unwrap_or((address, ""));
            return bucket_of(bucket, prefix, options).await;
        }
        if options.endpoint_url.is_some() || options.region.is_some() {
            return Err(CliError::usage(
                "--endpoint-url and --region say where a bucket is: replay s3://BUCKET/PREFIX, or leave them out",
            ));
        }
        match std::fs::metadata(file) {
            Ok(metadata) if metadata.is_dir() => Ok(Self::Folder(file.to_owned())),
            Ok(_) => Ok(Self::File(file.to_owned())),
            Err(source) => Err(CliError::usage(super::ReadError::Open { path: file.to_owned(), source })),
        }
    }

    /// Its objects, in the order of hour and name.
    pub async fn objects(&self) -> Result<Vec<Kept>, CliError> {
        match self {
            Self::Folder(folder) => objects(folder).map_err(|e| {
                CliError::usage(format!("the folder {self} cannot be read: {e}; check its permissions"))
            }),
            Self::File(file) => {
                let bytes = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
                Ok(vec![Kept { key: String::new(), bytes, at: None }])
            }
            Self::Bucket { archive, .. } => archive.objects().await.map_err(|e| self.unreadable(&e)),
        }
    }

    /// The plain bytes of an object, and its name for people.
    pub async fn source(&self, key: &str) -> Result<(PathBuf, Source), CliError> {
        let path = match self {
            Self::Folder(folder) => folder.join(key),
            Self::File(file) => file.clone(),
            Self::Bucket { archive, .. } => {
                let name = format!("{self} object {key}");
                let bytes = archive.read_archived(key).await.map_err(|e| self.unreadable(&e))?;
                let bytes = bytes
                    .ok_or_else(|| CliError::failed(format!("{name} was deleted meanwhile; replay again")))?;
                return Ok((PathBuf::from(name), Input::of(bytes)));
            }
        };
        let (_, source) = Input::open(&path).map_err(CliError::usage)?;
        Ok((path, source))
    }

    /// What S3 refuses is for the person to mend: a wrong name, missing permissions.
    fn unreadable(&self, error: &StoreError) -> CliError {
        let told = CliError::caused(&format!("the archive {self} cannot be read"), error);
        if error.is_transient() { told } else { CliError::usage(told) }
    }
}

async fn bucket_of(bucket: &str, prefix: &str, options: &ReplayOptions) -> Result<Place, CliError> {
    if bucket.is_empty() {
        return Err(CliError::usage("s3:// names no bucket: write s3://BUCKET, or s3://BUCKET/PREFIX"));
    }
    // Without a prefix the whole archive is meant, and not what else the bucket holds.
    let prefix = if prefix.is_empty() { PREFIX } else { prefix };
    let (endpoint_url, region) = (options.endpoint_url.clone(), options.region.clone());
    let is_emulated = endpoint_url.is_some();
    let args = TargetArgs { endpoint_url, stack_name: Some(bucket.to_owned()), region, port: None };
    let sdk = Target::of(&args)?.sdk().await;
    if sdk.region().is_none() {
        return Err(CliError::usage(format!(
            "no region is set for s3://{bucket}: give --region, or set AWS_REGION or AWS_PROFILE"
        )));
    }
    // Emulators are reached by an address without a bucket's name in it.
    let config = aws_sdk_s3::config::Builder::from(&sdk).force_path_style(is_emulated).build();
    let archive = S3Archive::new(aws_sdk_s3::Client::from_conf(config), bucket, prefix);
    Ok(Place::Bucket { url: format!("s3://{bucket}/{prefix}"), archive })
}
