//! Discount codes: uploaded, made, counted, looked up by a till, and deleted while nobody has them.

mod answer;
mod routes;

pub(crate) use routes::{check, delete, generate, list, listed, show, upload};

use self::answer::{change_told, checked, pool_told, record_told};
use crate::change::{Change, Noted, Values, values};
use crate::error::AdminError;
use crate::process::{Admin, Caller};
use beckon_domain::DiscountCode;
use beckon_domain::code::{Expiry, PoolName, Worth};
use beckon_runtime::fresh_seed;
use beckon_store::StoreError;
use beckon_store::tables::codes::{
    Added, CodeAction, CodeChange, CodeLog, CodeStore, NewCode, NoSuchPage, Pool, PoolCounts, PoolKind,
};
use beckon_wire::catalog::RowError;
use beckon_wire::codes::{
    CheckAnswer, CodeFormat, CodesAnswer, DeletedCodesAnswer, GenerateAsk, GeneratedAnswer, PageAnswer,
    PoolAnswer, PoolsAnswer, Told, UploadAsk, UploadedAnswer, rows,
};
use beckon_wire::problem::Problem;

/// Changes of a pool that are told.
const CHANGE_COUNT: u32 = 20;
/// Codes that one request deletes at most.
const DELETE_COUNT_MAX: u32 = 2_000;

/// A store that may take the rest when it is asked again.
fn unfinished(error: StoreError) -> AdminError {
    if error.is_transient() { AdminError::Unfinished(error) } else { AdminError::Store(error) }
}

/// A page that no page before named is the caller's mistake, and no fault of the table.
fn no_page(error: StoreError) -> AdminError {
    if error.source.is::<NoSuchPage>() {
        return Problem::bad_request("`after` is not the `next` of a page before: leave it out to begin")
            .into();
    }
    error.into()
}

/// What a request did, for the record.
struct Done {
    action: CodeAction,
    part: u64,
    codes: u64,
    /// Of those that were added, how many were not there when the request came.
    codes_new: u64,
    refused: u64,
}

impl<T: CodeStore + CodeLog, O> Admin<T, O> {
    /// The pool that codes are to come into; made by the request that brings its first ones.
    async fn pool_for(
        &self,
        name: &PoolName,
        kind: PoolKind,
        worth: Option<Worth>,
    ) -> Result<Pool, AdminError> {
        let found = match (self.tables.pool(name).await?, &worth) {
            (Some(pool), _) => pool,
            (None, Some(worth)) => {
                let (name, worth) = (name.clone(), worth.clone());
                self.tables.create_pool(&Pool { name, kind, worth, created_at: self.clock.now() }).await?
            }
            (None, None) => {
                let detail = format!(
                    "there is no pool {name} yet: say what its codes are worth, by `percent` or by `label`"
                );
                return Err(Problem::bad_request(detail).into());
            }
        };
        if found.kind != kind {
            let is = found.kind.name();
            return Err(Problem::conflict(format!("the codes of {name} are {is}: name another pool")).into());
        }
        if worth.is_some_and(|worth| worth != found.worth) {
            let is = &found.worth;
            return Err(
                Problem::conflict(format!("each code of {name} is worth {is}: name another pool")).into()
            );
        }
        Ok(found)
    }

    /// Takes a part of a file of codes over. A row that gives no code is told and stops no other.
    ///
    /// # Errors
    /// When nothing of it can be read, the pool is another kind, or a table fails: then the same request again does the
    /// rest.
    pub async fn upload_codes(
        &self,
        name: &PoolName,
        (format, body): (CodeFormat, &[u8]),
        ask: UploadAsk,
        caller: Caller<'_>,
    ) -> Result<Noted<UploadedAnswer>, AdminError> {
        let rows = rows(format, body, ask.first_row, self.clock.now()).map_err(Problem::bad_request)?;
        let before = self.counted(name).await?;
        let import = ask.told.import.clone().unwrap_or_else(|| caller.request_id.to_owned());
        let (mut errors, mut added, mut pool) = (rows.errors, rows.codes.len() as u64, None);
        if !ask.dry_run {
            let made = self.pool_for(name, PoolKind::Uploaded, ask.worth.clone()).await?;
            let new = |row: beckon_wire::codes::CodeRow| NewCode {
                code: row.code,
                expiry: row.expiry,
                row: row.row,
            };
            let codes: Vec<NewCode> = rows.codes.into_iter().map(new).collect();
            let done = self.tables.add_codes(name, &import, &codes).await.map_err(unfinished)?;
            let codes_new = done.iter().filter(|added| **added == Added::New).count() as u64;
            for (code, done) in codes.iter().zip(done) {
                if let Added::Known(origin) = done {
                    let detail = match (origin.pool == *name, origin.import == import) {
                        (true, true) => format!("row {} has this code too", origin.row),
                        (true, false) => "the pool has or had this code already".to_owned(),
                        (false, _) => format!("the pool {} has or had this code already", origin.pool),
                    };
                    errors.push(RowError { row: code.row, id: Some(code.code.to_string()), detail });
                }
            }
            errors.sort_by_key(|error| error.row);
            added = rows.row_count - errors.len() as u64;
            let refused = errors.len() as u64;
            let (action, part) = (CodeAction::Upload, ask.first_row);
            let done = Done { action, part, codes: added, codes_new, refused };
            self.note(name, &import, &ask.told, done, caller).await?;
            pool = Some(self.filled(made).await?);
        }
        let after = pool.as_ref().map_or_else(|| before.clone(), values);
        let (request_id, dry_run, rows) = (caller.request_id.to_owned(), ask.dry_run, rows.row_count);
        let answer = UploadedAnswer { request_id, import, dry_run, rows, added, errors, pool };
        Ok(Noted { answer, change: Change::new(before, after) })
    }

    /// Makes codes. The same request again, under the same name of an import, makes the same ones.
    ///
    /// # Errors
    /// When the pool is another kind, or a table fails: then the same request again does the rest.
    pub async fn generate_codes(
        &self,
        name: &PoolName,
        ask: GenerateAsk,
        caller: Caller<'_>,
    ) -> Result<Noted<GeneratedAnswer>, AdminError> {
        let before = self.counted(name).await?;
        let made = self.pool_for(name, PoolKind::Generated, ask.worth.clone()).await?;
        let import = ask.told.import.clone().unwrap_or_else(|| caller.request_id.to_owned());
        let seed = fresh_seed().map_err(|error| {
            tracing::error!(request.id = caller.request_id, error = %error, "no randomness");
            Problem::internal()
        })?;
        let seed = self.tables.keep_seed(name, &import, seed).await.map_err(unfinished)?;
        let (mut added, mut codes_new, mut number, mut round) = (0, 0, 1, ask.count);
        // A code that is known by chance, as good as never, is made up for by the next number.
        while round > 0 {
            let code = |row| NewCode {
                code: DiscountCode::of_seed(&ask.prefix, &seed, row),
                expiry: Expiry::For(ask.valid_for),
                row,
            };
            let codes: Vec<NewCode> = (number..number + round).map(code).collect();
            let done = self.tables.add_codes(name, &import, &codes).await.map_err(unfinished)?;
            let known = done.iter().filter(|added| matches!(added, Added::Known(_))).count() as u64;
            codes_new += done.iter().filter(|added| **added == Added::New).count() as u64;
            added += round - known;
            number += round;
            round = known;
        }
        let done = Done { action: CodeAction::Generate, part: 1, codes: added, codes_new, refused: 0 };
        self.note(name, &import, &ask.told, done, caller).await?;
        let pool = self.filled(made).await?;
        let change = Change::new(before, values(&pool));
        let answer = GeneratedAnswer { request_id: caller.request_id.to_owned(), import, added, pool };
        Ok(Noted { answer, change })
    }

    /// Deletes codes that nobody has.
    ///
    /// # Errors
    /// 404 without such a pool; when a table fails: then the same request again does the rest.
    pub async fn delete_codes(
        &self,
        name: &PoolName,
        told: &Told,
        caller: Caller<'_>,
    ) -> Result<Noted<DeletedCodesAnswer>, AdminError> {
        let pool = self.known(name).await?;
        let before = values(&self.standing(pool.clone()).await?);
        let deleted = self.tables.delete_free(name, DELETE_COUNT_MAX).await.map_err(unfinished)?;
        if deleted > 0 {
            // Each request is a change of its own: which part of what it is nobody knows.
            let (action, codes) = (CodeAction::Delete, deleted);
            let done = Done { action, part: 1, codes, codes_new: 0, refused: 0 };
            self.note(name, caller.request_id, told, done, caller).await?;
        }
        let pool = self.standing(pool).await?;
        let more = pool.free + pool.expired > 0;
        let change = Change::new(before, values(&pool));
        let answer = DeletedCodesAnswer { request_id: caller.request_id.to_owned(), deleted, more, pool };
        Ok(Noted { answer, change })
    }

    /// All pools and how they stand.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn code_pools(&self, request_id: &str) -> Result<PoolsAnswer, AdminError> {
        let mut pools = Vec::new();
        for pool in self.tables.pools().await? {
            pools.push(self.standing(pool).await?);
        }
        Ok(PoolsAnswer { request_id: request_id.to_owned(), pools })
    }

    /// A pool, how it stands, and what was done to it.
    ///
    /// # Errors
    /// 404 without such a pool; when a table fails.
    pub async fn code_pool(&self, name: &PoolName, request_id: &str) -> Result<CodesAnswer, AdminError> {
        let pool = self.standing(self.known(name).await?).await?;
        let changes = self.tables.code_changes(name, CHANGE_COUNT).await?;
        let changes = changes.into_iter().map(change_told).collect();
        Ok(CodesAnswer { request_id: request_id.to_owned(), pool, changes })
    }

    /// A page of a pool's codes.
    ///
    /// # Errors
    /// 404 without such a pool; when the table fails.
    pub async fn listed_codes(
        &self,
        name: &PoolName,
        after: Option<&str>,
        request_id: &str,
    ) -> Result<PageAnswer, AdminError> {
        self.known(name).await?;
        let page = self.tables.code_page(name, after).await.map_err(no_page)?;
        let codes = page.codes.into_iter().map(record_told).collect();
        Ok(PageAnswer { request_id: request_id.to_owned(), codes, next: page.next })
    }

    /// What a till may do with a code. A text that can be no code is an unknown one.
    ///
    /// # Errors
    /// When the table fails.
    pub async fn check_code(&self, typed: &str, request_id: &str) -> Result<CheckAnswer, AdminError> {
        let mut found = None;
        if let Ok(code) = DiscountCode::new(typed) {
            found = self.tables.code(&code).await?;
            if let (None, Some(meant)) = (&found, code.mended()) {
                found = self.tables.code(&meant).await?;
            }
        }
        let pool = match &found {
            Some(record) => self.tables.pool(&record.pool).await?,
            None => None,
        };
        let text =
            found.as_ref().map_or_else(|| typed.trim().to_uppercase(), |record| record.code.to_string());
        Ok(checked(text, found, pool, self.clock.now(), request_id))
    }

    async fn known(&self, name: &PoolName) -> Result<Pool, AdminError> {
        let pool = self.tables.pool(name).await?;
        pool.ok_or_else(|| Problem::not_found(format!("there is no pool {name}")).into())
    }

    /// How a pool stands, if there is one. Others may take codes of it at the same time.
    async fn counted(&self, name: &PoolName) -> Result<Values, AdminError> {
        match self.tables.pool(name).await? {
            Some(pool) => Ok(values(&self.standing(pool).await?)),
            None => Ok(Values::new()),
        }
    }

    /// How a pool stands.
    async fn standing(&self, pool: Pool) -> Result<PoolAnswer, AdminError> {
        let counts = self.tables.count_codes(&pool.name, self.clock.now()).await?;
        Ok(pool_told(pool, &counts))
    }

    /// How a pool stands that got codes. It is logged: somebody who adds codes uses it, and so must know when it is low.
    async fn filled(&self, pool: Pool) -> Result<PoolAnswer, AdminError> {
        let counts: PoolCounts = self.tables.count_codes(&pool.name, self.clock.now()).await?;
        counts.log(&pool.name);
        Ok(pool_told(pool, &counts))
    }

    async fn note(
        &self,
        pool: &PoolName,
        import: &str,
        told: &Told,
        done: Done,
        caller: Caller<'_>,
    ) -> Result<(), AdminError> {
        let change = CodeChange {
            pool: pool.clone(),
            import: import.to_owned(),
            part: done.part,
            action: done.action,
            at: self.clock.now(),
            who: caller.source.as_str().to_owned(),
            by: told.by.clone(),
            note: told.note.clone(),
            codes: done.codes,
            refused: done.refused,
        };
        let is_new = self.tables.record_codes(&change).await.map_err(unfinished)?;
        if !is_new && done.codes_new > 0 {
            // The same file as once before, and its codes had been deleted in between: that is a change of its own.
            let change = CodeChange { import: caller.request_id.to_owned(), ..change };
            self.tables.record_codes(&change).await.map_err(unfinished)?;
        }
        tracing::info!(
            request.id = caller.request_id,
            source = caller.source.as_str(),
            pool = pool.as_str(),
            action = done.action.name(),
            codes = done.codes,
            refused = done.refused,
            "codes changed"
        );
        Ok(())
    }
}
