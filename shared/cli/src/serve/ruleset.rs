//! Which ruleset `serve` begins with: the one that was named, the one that somebody published the last time, the sample.

use crate::error::CliError;
use crate::stack::WHO;
use beckon_rules::{Ruleset, SAMPLE};
use beckon_store::tables::RulesetStore;
use std::path::Path;

/// A ruleset, and where it comes from, for people.
#[derive(Clone, Debug)]
pub(super) struct Beginning {
    pub(super) text: String,
    pub(super) compiled: Ruleset,
    pub(super) from: String,
    /// Whether it is the sample shop's.
    pub(super) is_sample: bool,
    is_named: bool,
}

/// The ruleset that was named, or the sample.
pub(super) fn read(file: Option<&Path>) -> Result<Beginning, CliError> {
    let (text, from) = match file {
        None => (SAMPLE.to_owned(), "the sample".to_owned()),
        Some(file) => {
            let text = std::fs::read_to_string(file).map_err(|e| {
                CliError::usage(format!("the ruleset {} cannot be read: {e}", file.display()))
            })?;
            (text, file.display().to_string())
        }
    };
    let compiled = Ruleset::parse(&text).map_err(|e| CliError::ruleset(&from, &e))?;
    Ok(Beginning { text, compiled, from, is_sample: file.is_none(), is_named: file.is_some() })
}

impl Beginning {
    /// What somebody published stays, unless another one was named. What an earlier `serve` began with does not: the
    /// sample of a newer release replaces that of an older one.
    pub(super) async fn or_published<T: RulesetStore>(self, tables: &T) -> Result<Self, CliError> {
        let unreadable = |e| CliError::caused("the ruleset that is live cannot be read", &e);
        let latest = tables.ruleset_changes(None, 1).await.map_err(unreadable)?;
        let is_published = latest.first().is_some_and(|change| change.who != WHO);
        if self.is_named || !is_published {
            return Ok(self);
        }
        let Some(live) = tables.live_ruleset().await.map_err(unreadable)? else { return Ok(self) };
        let text = live.document.body;
        // One that this release cannot read any more would keep everything from starting.
        let Ok(compiled) = Ruleset::parse(&text) else { return Ok(self) };
        Ok(Self { text, compiled, from: "as it was published".to_owned(), is_sample: false, is_named: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::publish;
    use admin::{Proposal, make_live, run_tests};
    use beckon_domain::Timestamp;
    use beckon_store::tables::memory::MemoryTables;
    use beckon_store::tables::{ChangeKind, DocumentKind};

    #[tokio::test]
    async fn what_was_published_outlives_a_restart_and_an_old_sample_does_not() {
        let (tables, now) = (MemoryTables::default(), Timestamp::from_ms(1));
        let old_sample = SAMPLE.replace("name: Outdoor sample", "name: Older");
        publish(&tables, &old_sample, now).await.unwrap();
        assert_eq!(read(None).unwrap().or_published(&tables).await.unwrap().text, SAMPLE);
        let autumn = SAMPLE.replace("name: Outdoor sample", "name: Autumn");
        let proposal = Proposal {
            of: DocumentKind::Ruleset,
            id: "1".to_owned(),
            kind: ChangeKind::Publish,
            document: admin::check(&autumn, run_tests).unwrap().document,
            who: "server".to_owned(),
            by: None,
            note: None,
            tests: Default::default(),
            expect: None,
        };
        make_live(&tables, proposal, now).await.unwrap();
        assert_eq!(read(None).unwrap().or_published(&tables).await.unwrap().compiled.name(), "Autumn");
        let named = Beginning { is_named: true, ..read(None).unwrap() };
        assert_eq!(named.or_published(&tables).await.unwrap().text, SAMPLE, "a file that was named counts");
    }
}
