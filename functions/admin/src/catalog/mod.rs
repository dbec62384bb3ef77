//! Products: told by feeds, deleted, looked at, and made into the snapshot that decisions hold.

mod product;
mod routes;

pub(crate) use routes::{delete_many, delete_one, import, page, product, publish, status};

use crate::change::{Change, LISTED_MAX, Noted, Values};
use crate::error::AdminError;
use crate::process::{Admin, Caller};
use beckon_domain::policy::TOMBSTONE_RETENTION;
use beckon_domain::{ProductFacts, ProductId, Timestamp};
use beckon_store::StoreError;
use beckon_store::catalog::{Publication, publish as make_live};
use beckon_store::models::ModelObjects;
use beckon_store::tables::{
    ImportCounts, ImportLog, ImportPart, ImportRecord, ModelKind, ModelStore, ProductStore, Read, Told,
};
use beckon_wire::catalog::feed::{FeedFormat, FeedProduct, parse};
use beckon_wire::catalog::{
    CatalogAnswer, DeleteAsk, DeletedAnswer, ImportAnswer, ImportAsk, ImportedAnswer, ListedProduct, PageAsk,
    ProductsAnswer, PublishedAnswer, SnapshotAnswer,
};
use beckon_wire::format_time;
use beckon_wire::problem::Problem;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use std::future::Future;

/// Products that are written at the same time.
const CONCURRENT_WRITES: usize = 32;

/// An import as a request names it, with what it leaves out.
struct Import {
    name: String,
    told_at: Timestamp,
}

impl<T: ProductStore + ImportLog, O> Admin<T, O> {
    fn import_of(&self, ask: &ImportAsk, caller: Caller<'_>) -> Import {
        let name = ask.import.clone().unwrap_or_else(|| caller.request_id.to_owned());
        Import { name, told_at: ask.as_of.unwrap_or_else(|| self.clock.now()) }
    }

    /// Takes a part of a feed over. A row that cannot be read is told and stops no other.
    ///
    /// # Errors
    /// When nothing of it can be read, or a table fails: then the same request again does the rest.
    pub async fn import(
        &self,
        format: FeedFormat,
        body: &[u8],
        ask: ImportAsk,
        caller: Caller<'_>,
    ) -> Result<Noted<ImportAnswer>, AdminError> {
        let import = self.import_of(&ask, caller);
        let feed = parse(format, body, ask.first_row, import.told_at)
            .map_err(|error| Problem::bad_request(error.to_string()))?;
        let products = &feed.products;
        let told: Vec<&ProductId> = products.iter().map(|(_, facts)| &facts.id).collect();
        let before = self.told_of(&told).await?;
        let (mut written, mut older) = (products.len() as u64, 0);
        if !ask.dry_run {
            let mut puts = Vec::with_capacity(products.len());
            for (_, facts) in products {
                puts.push(self.tables.put_product(facts));
            }
            (written, older) = tellings(puts).await?;
            let counts = ImportCounts {
                rows: feed.row_count,
                written,
                older,
                deleted: 0,
                refused: feed.errors.len() as u64,
            };
            let first = ask.first_row.unwrap_or_else(|| format.first_row());
            self.write_down(&import, &ask, format!("rows {first:010}"), counts, caller).await?;
        }
        let after = if ask.dry_run { before.clone() } else { self.told_of(&told).await? };
        let answer = ImportAnswer {
            request_id: caller.request_id.to_owned(),
            import: import.name,
            as_of: format_time(import.told_at),
            dry_run: ask.dry_run,
            rows: feed.row_count,
            written,
            older,
            errors: feed.errors,
            notes: feed.notes,
        };
        Ok(Noted { answer, change: Change::new(before, after) })
    }

    /// Deletes products.
    ///
    /// # Errors
    /// When a table fails: then the same request again does the rest.
    pub async fn delete(
        &self,
        delete: DeleteAsk,
        ask: ImportAsk,
        caller: Caller<'_>,
    ) -> Result<Noted<DeletedAnswer>, AdminError> {
        let import = self.import_of(&ask, caller);
        let told: Vec<&ProductId> = delete.ids.iter().collect();
        let before = self.told_of(&told).await?;
        let (mut deleted, mut older) = (delete.ids.len() as u64, 0);
        if !ask.dry_run {
            let forgotten_at = self.clock.now() + TOMBSTONE_RETENTION;
            let mut deletions = Vec::with_capacity(delete.ids.len());
            for id in &delete.ids {
                deletions.push(self.tables.delete_product(id, import.told_at, forgotten_at));
            }
            (deleted, older) = tellings(deletions).await?;
            let counts = ImportCounts { deleted, older, ..ImportCounts::default() };
            let first = ask.first_row.unwrap_or_default();
            self.write_down(&import, &ask, format!("deleted {first:010}"), counts, caller).await?;
        }
        let after = if ask.dry_run { before.clone() } else { self.told_of(&told).await? };
        let answer = DeletedAnswer {
            request_id: caller.request_id.to_owned(),
            import: import.name,
            as_of: format_time(import.told_at),
            dry_run: ask.dry_run,
            deleted,
            older,
        };
        Ok(Noted { answer, change: Change::new(before, after) })
    }

    /// Price and stock of the first of these products, and how many they are.
    async fn told_of(&self, ids: &[&ProductId]) -> Result<Values, AdminError> {
        let first: Vec<ProductId> = ids.iter().take(LISTED_MAX).map(|id| (*id).clone()).collect();
        let found = self.tables.products(&first, Read::Strong).await?;
        let told = |(id, facts): (ProductId, ProductFacts)| {
            let product = json!(FeedProduct::from(&facts));
            let names = ["price", "sale_price", "availability"];
            let facts = names.into_iter().filter(|name| !product[name].is_null());
            (id.to_string(), facts.map(|name| (name.to_owned(), product[name].clone())).collect::<Value>())
        };
        let products: Values = found.into_iter().map(told).collect();
        Ok(Values::from_iter([
            ("named".to_owned(), json!(ids.len())),
            ("products".to_owned(), products.into()),
        ]))
    }

    async fn write_down(
        &self,
        import: &Import,
        ask: &ImportAsk,
        part: String,
        counts: ImportCounts,
        caller: Caller<'_>,
    ) -> Result<(), AdminError> {
        let part = ImportPart {
            import: import.name.clone(),
            told_at: import.told_at,
            part,
            at: self.clock.now(),
            who: caller.source.as_str().to_owned(),
            by: ask.by.clone(),
            note: ask.note.clone(),
            counts,
        };
        self.tables.record_import(&part).await.map_err(unfinished)?;
        tracing::info!(
            request.id = caller.request_id,
            source = caller.source.as_str(),
            import.name = part.import,
            import.written = counts.written,
            import.deleted = counts.deleted,
            import.refused = counts.refused,
            "products were told"
        );
        Ok(())
    }

    /// A page of all products.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn page(&self, ask: PageAsk, request_id: &str) -> Result<ProductsAnswer, AdminError> {
        let page = self.tables.product_page(ask.after.as_deref()).await?;
        let products = page.products.iter().map(listed).collect();
        Ok(ProductsAnswer { request_id: request_id.to_owned(), products, next: page.next })
    }
}

impl<T: ProductStore + ImportLog + ModelStore, O: ModelObjects> Admin<T, O> {
    /// Makes a snapshot of all products, and makes it live.
    ///
    /// # Errors
    /// 409 when somebody else did so in between; when a table or the bucket fails.
    pub async fn publish_catalog(&self, caller: Caller<'_>) -> Result<Noted<PublishedAnswer>, AdminError> {
        let (id, who) = (caller.request_id, caller.source.as_str());
        let publication = Publication { id, who, at: self.clock.now() };
        let published = make_live(&self.tables, &self.objects, publication).await.map_err(unfinished)?;
        let published = published.ok_or_else(|| {
            Problem::conflict("another snapshot became live in between: ask again if yours still holds")
        })?;
        tracing::info!(
            request.id = id,
            source = who,
            catalog.version = published.version,
            catalog.products = published.products,
            catalog.omitted = published.omitted,
            "catalog is live"
        );
        let change = Change::of_value("version", published.from.as_deref(), Some(&published.version));
        let answer = PublishedAnswer {
            request_id: id.to_owned(),
            version: published.version,
            products: published.products as u64,
            whole: published.whole as u64,
            omitted: published.omitted as u64,
            bytes: published.bytes,
            memory_bytes: published.memory_bytes as u64,
        };
        Ok(Noted { answer, change })
    }

    /// How the catalog stands.
    ///
    /// # Errors
    /// When a table fails.
    pub async fn catalog(&self, request_id: &str) -> Result<CatalogAnswer, AdminError> {
        let live = self.tables.model_standing(ModelKind::Catalog).await?.live;
        let now = self.clock.now();
        let snapshot = live.map(|live| SnapshotAnswer {
            made_at: format_time(live.made_at),
            age_seconds: now.since(live.made_at).as_ms() / 1_000,
            card: serde_json::from_str(&live.card).unwrap_or_default(),
            version: live.version,
        });
        let last_import = self.tables.latest_import().await?.map(imported);
        Ok(CatalogAnswer { request_id: request_id.to_owned(), now: format_time(now), snapshot, last_import })
    }
}

/// How many tellings counted, and how many came too late.
async fn tellings<F>(writes: Vec<F>) -> Result<(u64, u64), AdminError>
where
    F: Future<Output = Result<Told, StoreError>>,
{
    let told = stream::iter(writes).buffer_unordered(CONCURRENT_WRITES);
    let count = |(taken, older): (u64, u64), told| async move {
        Ok(match told {
            Told::Taken => (taken + 1, older),
            Told::Older => (taken, older + 1),
        })
    };
    told.try_fold((0, 0), count).await.map_err(unfinished)
}

/// A store that may take the rest when it is asked again.
fn unfinished(error: StoreError) -> AdminError {
    if error.is_transient() { AdminError::Unfinished(error) } else { AdminError::Store(error) }
}

fn listed(facts: &ProductFacts) -> ListedProduct {
    ListedProduct {
        id: facts.id.as_str().to_owned(),
        source: facts.source.name(),
        as_of: format_time(facts.updated_at),
    }
}

fn imported(record: ImportRecord) -> ImportedAnswer {
    let ImportRecord { import, told_at, at, who, by, note, parts, counts } = record;
    let ImportCounts { rows, written, older, deleted, refused } = counts;
    let (as_of, at) = (format_time(told_at), format_time(at));
    ImportedAnswer { import, as_of, at, who, by, note, parts, rows, written, older, deleted, refused }
}
