//! `SessionId<TAB>ItemId<TAB>Time`: a click a line, sessions and clicks in any order.

use super::FileSession;
use super::plain::product;
use crate::replay::format::{instant, short};
use beckon_domain::{ProductId, Timestamp};
use std::collections::HashMap;

/// Clicks that have been read.
#[derive(Default)]
pub(super) struct Clicks {
    /// Where each session is in `by_session`, by its id.
    index_of: HashMap<String, usize>,
    /// In the order in which sessions first appear.
    by_session: Vec<Vec<(Timestamp, ProductId)>>,
}

impl Clicks {
    /// Takes a row.
    pub fn add(&mut self, row: &str) -> Result<(), String> {
        let fields: Vec<&str> = row.split('\t').map(str::trim).collect();
        let &[session, item, time] = fields.as_slice() else {
            return Err(format!("{} columns instead of 3; expected SessionId, ItemId, Time", fields.len()));
        };
        if session.is_empty() {
            return Err("SessionId is empty; leave the row out".to_owned());
        }
        let product = product(item, "ItemId")?;
        let at = seconds(time)?;
        let index = match self.index_of.get(session) {
            Some(index) => *index,
            None => {
                self.index_of.insert(session.to_owned(), self.by_session.len());
                self.by_session.push(Vec::new());
                self.by_session.len() - 1
            }
        };
        if let Some(clicks) = self.by_session.get_mut(index) {
            clicks.push((at, product));
        }
        Ok(())
    }

    /// The sessions, each with its clicks in time order; of the same second in the file's.
    pub fn sessions(self) -> Vec<FileSession> {
        let session = |mut clicks: Vec<(Timestamp, ProductId)>| {
            clicks.sort_by_key(|click| click.0);
            let at = clicks.last().map(|click| click.0);
            FileSession { products: clicks.into_iter().map(|click| click.1).collect(), at }
        };
        self.by_session.into_iter().map(session).collect()
    }
}

/// Seconds since 1970, perhaps with a fraction.
fn seconds(text: &str) -> Result<Timestamp, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() => instant((seconds * 1_000.0).round() as i64, "Time"),
        _ => Err(format!("Time is `{}`; expected seconds since 1970, such as 1592337718", short(text))),
    }
}
