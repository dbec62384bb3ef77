//! The catalog as decisions hold it: made of all products, kept as one object, and read if it is what its pointer says.
//!
//! It takes the way of a model: an object under the hash of its bytes, and a pointer in ConfigTable that changes together
//! with a record of who had it made.

use crate::error::{ErrorKind, StoreError};
use crate::models::{MODEL_BYTES_MAX, ModelObjects, fetch, model_version, sha256_hex};
use crate::tables::{
    LiveModel, ModelKind, ModelPlace, ModelStore, ProductStore, Save, TrainingEnd, TrainingRecord,
};
use beckon_domain::Timestamp;
use beckon_domain::catalog::packed::{pack_snapshot, unpack_snapshot};
use beckon_domain::catalog::{CatalogSnapshot, SnapshotBuilder, SnapshotError};
use beckon_domain::policy::SNAPSHOT_BYTES_MAX;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::io::{Read as _, Write as _};

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum CatalogUnavailable {
    /// A table or the bucket cannot be read.
    #[error("failed to load the snapshot of the catalog")]
    Store(#[source] StoreError),
    /// What was read is no snapshot that this release understands.
    #[error("the live snapshot of the catalog cannot be used")]
    Snapshot(#[source] SnapshotError),
}

impl CatalogUnavailable {
    /// Whether the same read may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Snapshot(error) => error.is_transient(),
        }
    }
}

/// Who has a snapshot made, and when.
#[derive(Clone, Debug)]
pub struct Publication<'a> {
    /// Unique id of the request: by it a change whose answer got lost is known again.
    pub id: &'a str,
    /// Who: the source of the key, or a command.
    pub who: &'a str,
    /// When.
    pub at: Timestamp,
}

/// What became of a publication.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Published {
    /// The snapshot's version.
    pub version: String,
    /// The version that was live before, if any was.
    pub from: Option<String>,
    /// Products in it.
    pub products: usize,
    /// Of those with title, link and picture.
    pub whole: usize,
    /// Products that did not fit.
    pub omitted: usize,
    /// Bytes of its object.
    pub bytes: u64,
    /// Bytes that it takes in memory.
    pub memory_bytes: usize,
}

/// Makes a snapshot of all products.
///
/// # Errors
/// When the table cannot be read.
pub async fn snapshot<T: ProductStore>(tables: &T, now: Timestamp) -> Result<CatalogSnapshot, StoreError> {
    let mut builder = SnapshotBuilder::default();
    let mut after: Option<String> = None;
    loop {
        let page = tables.product_page(after.as_deref()).await?;
        page.products.into_iter().for_each(|facts| builder.add(facts));
        after = page.next;
        if after.is_none() {
            return Ok(builder.build(now));
        }
    }
}

/// Makes a snapshot of all products and makes it live. `None` when somebody else's became live in between.
///
/// # Errors
/// When a table or the bucket does not do what is asked.
pub async fn publish<T: ProductStore + ModelStore, O: ModelObjects>(
    tables: &T,
    objects: &O,
    publication: Publication<'_>,
) -> Result<Option<Published>, StoreError> {
    const OPERATION: &str = "publish the catalog";
    let standing = tables.model_standing(ModelKind::Catalog).await?;
    let snapshot = snapshot(tables, publication.at).await?;
    let packed = compressed(&snapshot).map_err(|e| StoreError::new(OPERATION, ErrorKind::Refused, e))?;
    let (version, sha256, bytes) = (model_version(&packed), sha256_hex(&packed), packed.len() as u64);
    // Always an object: whoever looks whether there is a newer one reads the pointer alone.
    let key = format!("models/{}/{sha256}", ModelKind::Catalog.name());
    objects.put_model(&key, packed).await?;
    let published = Published {
        version: version.clone(),
        from: standing.live.as_ref().map(|live| live.version.clone()),
        products: snapshot.len(),
        whole: snapshot.whole_count(),
        omitted: snapshot.omitted_count(),
        bytes,
        memory_bytes: snapshot.bytes(),
    };
    let card = format!(
        r#"{{"products":{},"whole":{},"omitted":{},"bytes":{bytes},"memoryBytes":{}}}"#,
        published.products, published.whole, published.omitted, published.memory_bytes
    );
    let live = LiveModel {
        version: version.clone(),
        made_at: publication.at,
        judged_at: publication.at,
        card: card.clone(),
        place: ModelPlace::Object { key, sha256, bytes },
    };
    let record = TrainingRecord {
        number: standing.number + 1,
        id: publication.id.to_owned(),
        at: publication.at,
        end: TrainingEnd::Published,
        from: standing.live.map(|live| live.version),
        made: Some(version),
        who: publication.who.to_owned(),
        reason: "the catalog was published".to_owned(),
        card,
    };
    let error = match tables.record_training(ModelKind::Catalog, Some(&live), &record).await {
        Ok(Save::Saved) => return Ok(Some(published)),
        Ok(Save::Conflict) => None,
        Err(error) if error.kind == ErrorKind::Ambiguous => Some(error),
        Err(error) => return Err(error),
    };
    // Was it we, after an answer that got lost, or somebody else?
    let latest = tables.trainings(ModelKind::Catalog, Some(record.number + 1), 1).await?.into_iter().next();
    match (latest.filter(|latest| latest.number == record.number), error) {
        (Some(latest), _) if latest.id == record.id => Ok(Some(published)),
        (None, Some(error)) => Err(error),
        _ => Ok(None),
    }
}

/// The snapshot that a pointer names.
///
/// # Errors
/// When it cannot be read, or is not what the pointer says.
pub async fn load<O: ModelObjects>(
    objects: &O,
    live: &LiveModel,
) -> Result<CatalogSnapshot, CatalogUnavailable> {
    let bytes = fetch(objects, &live.place).await.map_err(CatalogUnavailable::Store)?;
    let mut packed = Vec::new();
    // Texts and numbers of a snapshot never take more packed than in memory; what does was not written by us.
    let bytes_max = (SNAPSHOT_BYTES_MAX as u64 * 2).min(MODEL_BYTES_MAX);
    let corrupt = |error| StoreError::new("read the catalog", ErrorKind::Corrupt, error);
    let read = GzDecoder::new(bytes.as_slice()).take(bytes_max).read_to_end(&mut packed);
    read.map_err(|error| CatalogUnavailable::Store(corrupt(error)))?;
    drop(bytes);
    unpack_snapshot(&packed).map_err(CatalogUnavailable::Snapshot)
}

fn compressed(snapshot: &CatalogSnapshot) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&pack_snapshot(snapshot)?)?;
    Ok(encoder.finish()?)
}
