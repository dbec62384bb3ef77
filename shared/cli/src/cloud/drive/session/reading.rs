//! Finding shards, and reading them.

use super::{Ended, Session, ShardState};
use crate::cloud::drive::reader::{Place, ReadError};
use crate::error::CliError;
use std::collections::BTreeMap;

/// Records in memory above which reading waits.
const UNDONE_MAX: usize = 20_000;
/// Failed reads of a shard in a row after which the emulator counts as away.
const FAULTS_MAX: u32 = 10;

impl Session {
    /// Finds new shards, and whether the mapping is still the same.
    pub(super) async fn look(&mut self, is_first: bool) -> Result<Option<Ended>, CliError> {
        match self.api.get().await {
            Ok(Some(settings)) if settings == *self.settings => {}
            Ok(_) => return Ok(Some(Ended::Changed)),
            Err(error) => return Ok(Some(Ended::Away(error.to_string()))),
        }
        let listed = match self.stream.shards().await {
            Ok(listed) => listed,
            Err(ReadError::Trouble(why)) => return Ok(Some(Ended::Away(why))),
            Err(_) => return Ok(Some(Ended::Away("the stream is not there".to_owned()))),
        };
        for shard in listed {
            let id = shard.shard_id.clone();
            let is_closed =
                shard.sequence_number_range.as_ref().is_some_and(|r| r.ending_sequence_number.is_some());
            if let Some(known) = self.shards.get_mut(&id) {
                if known.is_gone {
                    // It is back: another life of the stream.
                    return Ok(Some(Ended::Changed));
                }
                known.is_closed = is_closed;
                continue;
            }
            let parents = [shard.parent_shard_id(), shard.adjacent_parent_shard_id()];
            self.mapping.open_shard(&id, parents.into_iter().flatten());
            let done = self.checkpoints.of(&self.stream.arn, &id);
            let place = match done {
                Some(number) => Place::After(number.to_owned()),
                // A shard that came of a split is never begun at its latest record.
                None if self.settings.starts_latest && is_first => Place::Latest,
                None => Place::Oldest,
            };
            self.settings.say(format_args!("{id}: read from {}", described(&place)));
            let state = ShardState {
                place,
                iterator: None,
                is_closed,
                is_done: false,
                is_gone: false,
                fault_count: 0,
                written: BTreeMap::new(),
            };
            self.shards.insert(id, state);
        }
        Ok(None)
    }

    /// Reads every shard once. Returns whether there is more at once.
    pub(super) async fn read_all(&mut self) -> Result<bool, Ended> {
        let mut has_more = false;
        let names: Vec<String> = self.shards.keys().cloned().collect();
        for name in names {
            if self.mapping.undone().take(UNDONE_MAX).count() == UNDONE_MAX {
                return Ok(false);
            }
            if !self.mapping.is_readable(&name) {
                continue;
            }
            match self.read(&name).await {
                Ok(more) => has_more |= more,
                Err(ReadError::Place) => self.lose_place(&name),
                Err(ReadError::Gone) => self.lose_shard(&name),
                Err(ReadError::Trouble(why)) => {
                    if self.fault(&name) >= FAULTS_MAX {
                        return Err(Ended::Away(why));
                    }
                }
            }
        }
        Ok(has_more)
    }

    async fn read(&mut self, name: &str) -> Result<bool, ReadError> {
        let Some(shard) = self.shards.get_mut(name) else { return Ok(false) };
        if shard.is_done {
            return Ok(false);
        }
        let iterator = match shard.iterator.take() {
            Some(iterator) => iterator,
            None => self.stream.iterator(name, &shard.place).await?,
        };
        // Known before the read: what it does not bring can then never come.
        let was_closed = shard.is_closed;
        let read = self.stream.read(iterator).await?;
        shard.fault_count = 0;
        let now = self.clock.now();
        for record in &read.records {
            if let Some(entry) = record.entry() {
                shard.written.insert(entry.sequence.clone(), record.sequence.clone());
                self.mapping.push(name, entry, now);
            } else {
                self.settings.say(format_args!("{name}: a record without a number was left out"));
            }
        }
        if let Some(last) = read.records.last() {
            shard.place = Place::After(last.sequence.clone());
        } else if !matches!(shard.place, Place::After(_)) {
            shard.iterator = read.next;
        }
        if read.is_end || (was_closed && read.records.is_empty() && !read.has_more) {
            shard.is_done = true;
            self.mapping.close_shard(name);
            self.settings.say(format_args!("{name}: read to its end"));
        }
        Ok(read.has_more)
    }

    /// One more read of a shard has failed. Returns how many in a row.
    fn fault(&mut self, name: &str) -> u32 {
        self.shards.get_mut(name).map_or(0, |shard| {
            shard.fault_count += 1;
            shard.fault_count
        })
    }

    /// The place is not known any more. Behind a record that was read a fresh iterator is enough; a checkpoint that the
    /// stream does not know is of another life of it.
    fn lose_place(&mut self, name: &str) {
        let fault_count = self.fault(name);
        let Some(shard) = self.shards.get_mut(name) else { return };
        shard.iterator = None;
        if matches!(shard.place, Place::After(_)) && fault_count >= 2 {
            self.settings.say(format_args!(
                "{name}: its checkpoint is not known to the stream: read from its oldest record"
            ));
            self.checkpoints.forget(&self.stream.arn, name);
            shard.place = Place::Oldest;
        }
    }

    /// The shard is not there any more: MiniStack removes a shard that is split at once. What was read of it is still
    /// delivered. Whether the stream is gone with it, the next look tells.
    fn lose_shard(&mut self, name: &str) {
        let Some(shard) = self.shards.get_mut(name) else { return };
        (shard.is_done, shard.is_gone) = (true, true);
        self.mapping.close_shard(name);
        self.settings.say(format_args!("{name}: the stream does not hold it any more"));
    }
}

fn described(place: &Place) -> String {
    match place {
        Place::Oldest => "its oldest record".to_owned(),
        Place::Latest => "what comes next".to_owned(),
        Place::After(number) => format!("behind {number}"),
    }
}
