//! DynamoDB on a laptop: the engine embedded, behind the same adapter and SDK client that run in the cloud.

use crate::error::CliError;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, retry::RetryConfig, timeout::TimeoutConfig,
};
use beckon_store::StoreError;
use beckon_store::models::ModelObjects;
use beckon_store::models::folder::FolderModels;
use beckon_store::models::memory::MemoryModels;
use beckon_store::tables::dynamodb::{DynamoTables, TableNames};
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

/// Where a laptop keeps what is too large for an item: a folder beside the tables' file, or memory as they are.
#[derive(Clone)]
pub enum LocalModels {
    /// In memory.
    Memory(MemoryModels),
    /// In a folder.
    Folder(FolderModels),
}

impl Default for LocalModels {
    fn default() -> Self {
        Self::Memory(MemoryModels::default())
    }
}

impl ModelObjects for LocalModels {
    async fn put_model(&self, key: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        match self {
            Self::Memory(models) => models.put_model(key, bytes).await,
            Self::Folder(models) => models.put_model(key, bytes).await,
        }
    }

    async fn model_object(&self, key: &str, bytes_max: u64) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Self::Memory(models) => models.model_object(key, bytes_max).await,
            Self::Folder(models) => models.model_object(key, bytes_max).await,
        }
    }
}

/// Starts the engine on a loopback port of its own and returns tables that exist. It ends with the process.
///
/// # Errors
/// When the file cannot be opened or the engine does not start.
pub async fn tables(file: Option<&Path>) -> Result<DynamoTables, CliError> {
    let database = match file {
        None => dynoxide::Database::memory(),
        Some(file) => {
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder).map_err(|e| {
                    CliError::usage(format!("cannot make the folder {}: {e}", folder.display()))
                })?;
            }
            dynoxide::Database::new(&file.to_string_lossy())
        }
    };
    let database = database.map_err(|e| match file {
        Some(file) => CliError::usage(format!(
            "cannot open the state in {}: {e}; is another `beckon serve` using it? delete it to start afresh, or use --memory",
            file.display()
        )),
        None => CliError::failed(format!("the embedded DynamoDB did not start: {e}")),
    })?;
    let endpoint =
        start(database).map_err(|e| CliError::failed(format!("the embedded DynamoDB did not start: {e}")))?;
    let tables = DynamoTables::new(client(&endpoint), TableNames::local());
    tables.create_missing().await.map_err(|e| CliError::caused("the embedded DynamoDB has no tables", &e))?;
    Ok(tables)
}

/// Serves the engine from a thread of its own, so that its work never waits behind a function's.
fn start(database: dynoxide::Database) -> std::io::Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    listener.set_nonblocking(true)?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("dynamodb".to_owned()).spawn(move || {
        runtime.block_on(async move {
            if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                dynoxide::server::serve_on(listener, database).await;
            }
        });
    })?;
    Ok(endpoint)
}

fn client(endpoint: &str) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(10))
        .operation_timeout(Duration::from_secs(20))
        .build();
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "laptop"))
        .endpoint_url(endpoint)
        .retry_config(RetryConfig::standard().with_max_attempts(2))
        .timeout_config(timeouts)
        .build();
    Client::from_conf(config)
}
