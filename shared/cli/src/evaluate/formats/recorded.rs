//! What `beckon replay` reads, as sessions: a person's views that are at most 30 minutes apart.

use super::{BadRows, FileSession, Kind, SessionFile};
use crate::error::CliError;
use crate::replay::format::{Format, Reader, Row};
use beckon_domain::{DurationMs, ProductId, Timestamp};
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;

/// A longer pause between two views ends a session.
const GAP: DurationMs = DurationMs::from_minutes(30);

/// Reads the file's views. What is carted or ordered was viewed before: as a next item it would be easy to guess.
pub(super) fn read(path: &Path, format: Format) -> Result<SessionFile, CliError> {
    let mut reader = Reader::open(path, format).map_err(CliError::usage)?;
    let (mut views, mut bad_rows) =
        (HashMap::<String, Vec<(Timestamp, ProductId)>>::new(), BadRows::default());
    for row in reader.by_ref() {
        match row {
            Ok(row) => {
                if let Some(product) = viewed(&row) {
                    views.entry(row.user).or_default().push((row.at, product));
                }
            }
            Err(error) => bad_rows.add(&error),
        }
    }
    if let Some(failure) = reader.failure() {
        return Err(CliError::usage(failure));
    }
    let mut people: Vec<_> = views.into_iter().collect();
    people.sort_by(|a, b| a.0.cmp(&b.0));
    let sessions = people.into_iter().flat_map(|(_, views)| sessions(views)).collect();
    Ok(SessionFile { kind: Kind::Recorded(format), sessions, bad_rows })
}

fn viewed(row: &Row) -> Option<ProductId> {
    let is_view = row.body.get("event").and_then(Value::as_str) == Some("Product Viewed");
    let id = row.body.pointer("/properties/product_id").and_then(Value::as_str).filter(|_| is_view)?;
    ProductId::new(id).ok()
}

fn sessions(mut views: Vec<(Timestamp, ProductId)>) -> Vec<FileSession> {
    views.sort_by_key(|view| view.0);
    let mut sessions: Vec<FileSession> = Vec::new();
    for (at, product) in views {
        match sessions.last_mut() {
            Some(session) if session.at.is_some_and(|last| at.since(last) <= GAP) => {
                session.products.push(product);
                session.at = Some(at);
            }
            _ => sessions.push(FileSession { products: vec![product], at: Some(at) }),
        }
    }
    sessions
}
