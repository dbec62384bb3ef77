//! Files of sessions. Which kind a file is, its first line tells.
//!
//! | Kind | A line is | Times |
//! |---|---|---|
//! | sessions | a session: ids with spaces between, oldest first | none: file order is time order |
//! | pairs | `prefix<TAB>target`: a session so far and what came next; to test with only | none |
//! | clicks | `SessionId<TAB>ItemId<TAB>Time`, with that header; seconds since 1970 | each click's |
//! | recorded | what `beckon replay` reads: Taobao and REES46 as CSV; views, 30 minutes apart | each view's |
//!
//! A bad row is told and passed over, as `beckon replay` does; a file of nothing else is refused.

mod clicks;
mod plain;
mod recorded;
#[cfg(test)]
mod tests;

use crate::error::CliError;
use crate::replay::format::input::Input;
use crate::replay::format::lines::{LINE_BYTES_MAX, Lines};
use crate::replay::format::{Format, ReadError, RowError};
use beckon_domain::{ProductId, Timestamp};
use std::path::Path;

/// Bad rows that are shown.
const BAD_ROW_SAMPLES_MAX: usize = 3;
/// The first line of a file of clicks.
const CLICKS_HEADER: [&str; 3] = ["SessionId", "ItemId", "Time"];

/// What kind of file it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A session a line.
    Sessions,
    /// A prefix and its target a line.
    Pairs,
    /// A click a line, with its session and time.
    Clicks,
    /// Recorded behaviour.
    Recorded(Format),
}

/// A session as the file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileSession {
    /// What was looked at, oldest first; of a pair, its target last.
    pub products: Vec<ProductId>,
    /// When it ended, if the file tells.
    pub at: Option<Timestamp>,
}

/// Everything in a file.
#[derive(Debug)]
pub(super) struct SessionFile {
    pub kind: Kind,
    /// Oldest first where times are known, else in the file's order.
    pub sessions: Vec<FileSession>,
    pub bad_rows: BadRows,
}

/// Rows that were passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct BadRows {
    /// How many.
    pub count: u64,
    /// The first of them: what is wrong and what to do.
    pub samples: Vec<String>,
}

impl BadRows {
    fn add(&mut self, error: &RowError) {
        self.count += 1;
        if self.samples.len() < BAD_ROW_SAMPLES_MAX {
            self.samples.push(error.to_string());
        }
    }
}

/// Reads a file of sessions, plain or gzip.
///
/// # Errors
/// When it cannot be read to its end, or holds no session.
pub(super) fn read(path: &Path) -> Result<SessionFile, CliError> {
    let (_, source) = Input::open(path).map_err(CliError::usage)?;
    let mut lines = Lines::new(source);
    let first = lines.next().map_err(|source| broken(path, 0, source))?;
    let kind = first.map(|text| kind_of(&String::from_utf8_lossy(text.bytes)));
    let mut file = match kind {
        None => return Err(empty(path, &BadRows::default())),
        Some(Kind::Recorded(format)) => recorded::read(path, format)?,
        Some(kind) => text(path, kind)?,
    };
    if file.sessions.is_empty() {
        return Err(empty(path, &file.bad_rows));
    }
    // Stable: sessions that ended at the same time stay in the file's order.
    file.sessions.sort_by_key(|session| session.at);
    Ok(file)
}

fn kind_of(first: &str) -> Kind {
    let mut tabbed = first.split('\t').map(str::trim);
    if CLICKS_HEADER.iter().all(|name| tabbed.next() == Some(name)) {
        return Kind::Clicks;
    }
    match first {
        _ if first.contains('\t') => Kind::Pairs,
        _ if first.starts_with("user_id,") => Kind::Recorded(Format::Taobao),
        _ if first.starts_with("event_time,") => Kind::Recorded(Format::Rees46),
        _ => Kind::Sessions,
    }
}

/// Reads a file that is lines and nothing else.
fn text(path: &Path, kind: Kind) -> Result<SessionFile, CliError> {
    let (_, source) = Input::open(path).map_err(CliError::usage)?;
    let mut lines = Lines::new(source);
    let (mut plain, mut clicks) = (Vec::new(), clicks::Clicks::default());
    let (mut bad_rows, mut number) = (BadRows::default(), 0);
    if kind == Kind::Clicks {
        lines.next().map_err(|source| broken(path, 1, source))?;
    }
    loop {
        let at = lines.line();
        let Some(text) = lines.next().map_err(|source| broken(path, at, source))? else { break };
        number += 1;
        let row = if text.is_too_long {
            Err(format!("the line has more than {LINE_BYTES_MAX} bytes; cut the session"))
        } else {
            std::str::from_utf8(text.bytes)
                .map_err(|_| "the row is not UTF-8; save the file as UTF-8".to_owned())
                .and_then(|row| match kind {
                    Kind::Clicks => clicks.add(row),
                    Kind::Pairs => plain::pair(row).map(|session| plain.push(session)),
                    _ => plain::session(row).map(|session| plain.push(session)),
                })
        };
        if let Err(reason) = row {
            bad_rows.add(&RowError { number, line: lines.line(), reason });
        }
    }
    let sessions = if kind == Kind::Clicks { clicks.sessions() } else { plain };
    Ok(SessionFile { kind, sessions, bad_rows })
}

fn broken(path: &Path, line: u64, source: std::io::Error) -> CliError {
    CliError::usage(ReadError::Broken { path: path.to_owned(), line, source })
}

fn empty(path: &Path, bad_rows: &BadRows) -> CliError {
    let why = match bad_rows.samples.first() {
        Some(first) => format!("none of its {} rows can be read, the first of them {first}", bad_rows.count),
        None => "it is empty".to_owned(),
    };
    CliError::usage(format!(
        "{}: no session in it: {why}; expected a session a line, prefix<TAB>target, SessionId/ItemId/Time, or a \
         Taobao or REES46 file",
        path.display()
    ))
}
