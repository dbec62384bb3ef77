//! What the admin API says of codes.

use crate::catalog::RowError;
use serde::Serialize;

/// A pool and how it stands.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PoolAnswer {
    /// Its name.
    pub pool: String,
    /// `uploaded` or `generated`.
    pub kind: &'static str,
    /// What each code is worth, in words.
    pub worth: String,
    /// Per cent, if that is what it is.
    pub percent: Option<u8>,
    /// Codes that somebody can be given.
    pub free: u64,
    /// Codes that nobody has and whose time is over.
    pub expired: u64,
    /// Codes that somebody has.
    pub held: u64,
    /// Codes that were used.
    pub redeemed: u64,
    /// Whether new codes are needed soon.
    pub low: bool,
}

/// All pools.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PoolsAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// The pools, by name.
    pub pools: Vec<PoolAnswer>,
}

/// A pool and what was done to it last.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CodePoolAnswer))]
#[serde(rename_all = "camelCase")]
pub struct CodesAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// The pool.
    #[serde(flatten)]
    pub pool: PoolAnswer,
    /// Changes, the newest first.
    pub changes: Vec<CodeChangeAnswer>,
}

/// A change of a pool.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CodeChangeAnswer {
    /// The import.
    pub import: String,
    /// Which part of it.
    pub part: u64,
    /// `upload`, `generate` or `delete`.
    pub action: &'static str,
    /// When.
    pub at: String,
    /// Who: the source of the key.
    pub who: String,
    /// Who, in the caller's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Codes that were added or deleted.
    pub codes: u64,
    /// Rows that gave no code.
    pub refused: u64,
}

/// What became of a part of an upload.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UploadedAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// The import that it is a part of.
    pub import: String,
    /// Whether nothing was done.
    pub dry_run: bool,
    /// Rows that held something.
    pub rows: u64,
    /// Codes of these rows that are in the pool; of a dry run, that are well written.
    pub added: u64,
    /// Rows that gave no code: bad ones, and codes that are known.
    pub errors: Vec<RowError>,
    /// How the pool stands, unless nothing was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<PoolAnswer>,
}

/// What became of a generation.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct GeneratedAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// The import.
    pub import: String,
    /// Codes that are in the pool now.
    pub added: u64,
    /// How the pool stands.
    pub pool: PoolAnswer,
}

/// What became of a deletion.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeletedCodesAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// Free codes that are deleted now.
    pub deleted: u64,
    /// Whether there are more: ask again.
    pub more: bool,
    /// How the pool stands.
    pub pool: PoolAnswer,
}

/// A code of a list.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ListedCode {
    /// The code.
    pub code: String,
    /// `FREE`, `HELD`, `RETURNED` or `REDEEMED`.
    pub state: &'static str,
    /// When it ends, if that is known.
    pub expires_at: Option<String>,
    /// Since when somebody has it.
    pub held_at: Option<String>,
    /// The episode of the reminder that names it.
    pub episode: Option<String>,
    /// The step of that reminder.
    pub step: Option<u8>,
    /// The order that used it.
    pub order: Option<String>,
    /// When it was used.
    pub redeemed_at: Option<String>,
}

/// A page of a pool's codes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CodePageAnswer))]
#[serde(rename_all = "camelCase")]
pub struct PageAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// The codes, free ones first. A page may be empty and not be the last one.
    pub codes: Vec<ListedCode>,
    /// `after` of the next page, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What a till may do with a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CodeStatus {
    /// Take it.
    Valid,
    /// Its time is over.
    Expired,
    /// It was used.
    Redeemed,
    /// Nobody was given it by Beckon.
    Unknown,
}

/// What a till is told of a code. Every field is always there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CodeCheckAnswer))]
#[serde(rename_all = "camelCase")]
pub struct CheckAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// The code that was meant: a letter that looks like a digit is read as one.
    pub code: String,
    /// What to do with it.
    pub status: CodeStatus,
    /// Its pool, unless it is unknown.
    pub pool: Option<String>,
    /// What it is worth, in words.
    pub worth: Option<String>,
    /// Per cent, if that is what it is worth.
    pub percent: Option<u8>,
    /// When it ends, if it does.
    pub expires_at: Option<String>,
    /// The order that used it, if that is known.
    pub order: Option<String>,
}
