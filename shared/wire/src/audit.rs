//! Entries of the audit chain (`/admin/v1/audit`): what was asked of the admin API, by whom, and what came of it.
//!
//! Each request that may change something has two entries: `asked`, which is kept before anything is done, and `done` with
//! the answer. The text of an entry names the hash of the entry before it, and its own hash is the SHA-256 of the text; so
//! no entry can be altered, taken out or put in between without every later one being another.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// What the first entry names as the hash before it.
pub const BEFORE_ALL: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Whether an entry says what was wanted or what came of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Somebody asked. Nothing was done yet.
    Asked,
    /// It was answered. An entry that was asked and has none may have been done in part: its function ended on the way.
    Done,
}

/// What an entry says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuditEntry {
    /// Its place, from 1 and without gaps.
    pub number: u64,
    /// When (RFC 3339).
    pub at: String,
    /// The id that both entries of a request have.
    pub request_id: String,
    /// Wanted, or what came of it.
    pub stage: Stage,
    /// Who: the source of the key.
    pub who: String,
    /// What, such as `PUT /admin/v1/rulesets`.
    pub action: String,
    /// Of what: the path and the query as they were asked.
    pub subject: String,
    /// The HTTP status of the answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// What the answer says in single values, such as `version`.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub result: Map<String, Value>,
    /// What was there before, by name; empty where nothing was. Only where the request changes something when it is done.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub before: Option<Map<String, Value>>,
    /// What is there since, in the same way.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub after: Option<Map<String, Value>>,
    /// The hash of the entry before it, [`BEFORE_ALL`] of the first.
    pub previous: String,
}

impl AuditEntry {
    /// Its text and the hash of that.
    ///
    /// # Errors
    /// None that a value of this type can cause.
    pub fn seal(&self) -> Result<(String, String), serde_json::Error> {
        let text = serde_json::to_string(self)?;
        let hash = hash(&text);
        Ok((text, hash))
    }
}

fn hash(text: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}

/// Why a chain is not whole.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ChainFault {
    /// A number is not the next one.
    #[error("entry {expected} is missing: {found} follows")]
    Missing {
        /// The number that should follow.
        expected: u64,
        /// The one that does.
        found: u64,
    },
    /// Its text is not what was hashed.
    #[error("entry {0} was altered: its text does not have its hash")]
    Altered(u64),
    /// It was written after another entry than the one that is before it now.
    #[error("entry {0} does not follow the one before it: one of them was replaced")]
    Unlinked(u64),
    /// Its text is no entry.
    #[error("entry {0} cannot be read")]
    Unreadable(u64),
}

/// A chain, as far as it was looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chain {
    /// The number of the last entry.
    pub number: u64,
    /// Its hash.
    pub hash: String,
}

impl Default for Chain {
    fn default() -> Self {
        Self { number: 0, hash: BEFORE_ALL.to_owned() }
    }
}

impl Chain {
    /// Looks at the next record.
    ///
    /// # Errors
    /// When it is not what followed.
    pub fn take(&mut self, number: u64, text: &str, told_hash: &str) -> Result<AuditEntry, ChainFault> {
        if number != self.number + 1 {
            return Err(ChainFault::Missing { expected: self.number + 1, found: number });
        }
        if hash(text) != told_hash {
            return Err(ChainFault::Altered(number));
        }
        let entry: AuditEntry = serde_json::from_str(text).map_err(|_| ChainFault::Unreadable(number))?;
        if entry.number != number || entry.previous != self.hash {
            return Err(ChainFault::Unlinked(number));
        }
        told_hash.clone_into(&mut self.hash);
        self.number = number;
        Ok(entry)
    }
}

/// A record, as the API tells it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordAnswer {
    /// Its place.
    pub number: u64,
    /// The entry, byte for byte as it was hashed.
    pub text: String,
    /// The hash of the text.
    pub hash: String,
}

/// A page of the chain.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuditAnswer {
    /// The id under which the request is logged.
    pub request_id: String,
    /// Records in their order.
    pub records: Vec<RecordAnswer>,
    /// `after` of the next page, when there may be one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(count: u64) -> Vec<RecordAnswer> {
        let mut previous = BEFORE_ALL.to_owned();
        let record = |number| {
            let entry = AuditEntry {
                number,
                at: "2026-01-01T00:00:00Z".to_owned(),
                request_id: format!("r-{number}"),
                stage: Stage::Asked,
                who: "server".to_owned(),
                action: "PUT /admin/v1/rulesets".to_owned(),
                subject: "/admin/v1/rulesets".to_owned(),
                status: None,
                result: Map::new(),
                before: None,
                after: None,
                previous: previous.clone(),
            };
            let (text, hash) = entry.seal().unwrap();
            previous.clone_from(&hash);
            RecordAnswer { number, text, hash }
        };
        (1..=count).map(record).collect()
    }

    fn verified(records: &[RecordAnswer]) -> Result<u64, ChainFault> {
        let mut chain = Chain::default();
        for record in records {
            chain.take(record.number, &record.text, &record.hash)?;
        }
        Ok(chain.number)
    }

    #[test]
    fn a_whole_chain_is_whole_and_whatever_is_done_to_it_is_noticed() {
        let whole = chain(5);
        assert_eq!(verified(&whole), Ok(5));
        let with = |change: &dyn Fn(&mut Vec<RecordAnswer>)| {
            let mut records = whole.clone();
            change(&mut records);
            verified(&records)
        };
        let rehashed = |record: &mut RecordAnswer| {
            record.text = record.text.replace("server", "nobody");
            record.hash = hash(&record.text);
        };
        let altered = with(&|records| records[2].text = records[2].text.replace("server", "nobody"));
        assert_eq!(altered, Err(ChainFault::Altered(3)));
        assert_eq!(with(&|records| rehashed(&mut records[2])), Err(ChainFault::Unlinked(4)));
        assert_eq!(with(&|r| drop(r.remove(1))), Err(ChainFault::Missing { expected: 2, found: 3 }));
        assert_eq!(with(&|r| r.swap(1, 2)), Err(ChainFault::Missing { expected: 2, found: 3 }));
        let twice = with(&|records| records.insert(1, records[0].clone()));
        assert_eq!(twice, Err(ChainFault::Missing { expected: 2, found: 1 }));
        let renumbered = with(&|records| {
            records.remove(1);
            (2..).zip(&mut records[1..]).for_each(|(number, record)| record.number = number);
        });
        assert_eq!(renumbered, Err(ChainFault::Unlinked(2)));
        let scribbled = with(&|records| {
            records[4].text = "{}".to_owned();
            records[4].hash = hash("{}");
        });
        assert_eq!(scribbled, Err(ChainFault::Unreadable(5)));
    }
}
